/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/import.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "flow/save.h"
#include "job/commit.h"
#include "store/lean.h"
#include "workflow/run.h"

#define TRIES_MAX 5
/* Chunks that are put at once. */
#define BATCH_COUNT_MAX ((size_t)256)
#define BATCH_SIZE_MAX	((size_t)16 << 20)
/* Of how many names is told that they mean something else. */
#define TOLD_MAX 5

/* What an import works with. */
struct importing {
	struct kist_flow *flow;
	const struct kist_bundle_checked *checked;
	const struct kist_import_options *options;
	struct kist_imported done;
	struct kist_buf conflicts; /* text */
	size_t conflict_count;
};

void kist_imported_done(struct kist_imported *imported)
{
	json_decref(imported->names);
	imported->names = NULL;
}

/* Chunks on their way into the store. */
struct batch {
	struct kist_buf bytes;
	struct kist_view views[BATCH_COUNT_MAX];
	struct kist_digest ids[BATCH_COUNT_MAX];
	size_t count;
	enum kist_chunk_kind kind;
};

static void batch_free(struct batch **slot)
{
	if (*slot)
		kist_buf_done(&(*slot)->bytes);
	kist_free(*slot);
}

static kist_status flush(struct batch *batch, struct kist_save *save, struct kist_error *err)
{
	const size_t count = batch->count;

	batch->count = 0;
	batch->bytes.size = 0;
	return count > 0 ? kist_save_chunks(save, batch->kind, batch->views, batch->ids, count, err)
			 : KIST_OK;
}

static kist_status put_chunks(struct importing *importing, struct kist_save *save, struct kist_error *err)
{
	const struct kist_bundle *bundle = importing->checked->bundle;
	__attribute__((cleanup(batch_free))) struct batch *batch = kist_alloc(1, sizeof(*batch));
	kist_auto_buf struct kist_buf chunk = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	uint64_t done = 0;

	if (!batch)
		return kist_fail_memory(err, sizeof(*batch));
	batch->bytes = (struct kist_buf)KIST_BUF_INIT(BATCH_SIZE_MAX);
	/* Once: views of it must not move. */
	KIST_TRY(kist_buf_reserve(&batch->bytes, BATCH_SIZE_MAX, err));
	for (size_t i = 0; i < bundle->count; i++) {
		KIST_TRY(kist_flow_check_stop(importing->flow, err));
		KIST_TRY(kist_bundle_get(bundle, &bundle->chunks[i].id, &chunk, err));
		if (batch->count == BATCH_COUNT_MAX || batch->kind != bundle->chunks[i].kind ||
		    chunk.size > BATCH_SIZE_MAX - batch->bytes.size)
			KIST_TRY(flush(batch, save, err));
		batch->kind = bundle->chunks[i].kind;
		batch->views[batch->count] = kist_view_of(batch->bytes.data + batch->bytes.size, chunk.size);
		batch->ids[batch->count++] = bundle->chunks[i].id;
		KIST_TRY(kist_buf_append(&batch->bytes, chunk.data, chunk.size, err));
		done += chunk.size;
		kist_flow_progress(importing->flow, done, bundle->size);
	}
	return flush(batch, save, err);
}

/* "jobs/<id>/...", of a job in the bundle: nobody else has that id. */
static bool is_of_job(const struct importing *importing, const struct kist_bundle_name *name)
{
	const size_t front = strlen(KIST_RUN_PREFIX);
	const char *end =
		strncmp(name->name, KIST_RUN_PREFIX, front) == 0 ? strchr(name->name + front, '/') : NULL;
	char id[KIST_JOB_ID_MAX + 1];
	char job[KIST_JOB_NAME_SIZE];

	if (!end || (size_t)(end - name->name) - front > KIST_JOB_ID_MAX)
		return false;
	snprintf(id, sizeof(id), "%.*s", (int)((size_t)(end - name->name) - front), name->name + front);
	return kist_bundle_names_has(&importing->checked->names, job, kist_job_name(id, job));
}

static kist_status name_here(const struct importing *importing, const struct kist_bundle_name *name,
			     struct kist_buf *ret, struct kist_error *err)
{
	const char *prefix = importing->options->prefix;

	ret->size = 0;
	if (prefix && !kist_name_is_own(name->name, name->len) && !is_of_job(importing, name))
		KIST_TRY(kist_buf_appendf(ret, err, "%s/", prefix));
	KIST_TRY(kist_buf_append(ret, name->name, name->len, err));
	return kist_name_check((const char *)ret->data, ret->size, err);
}

static kist_status note_conflict(struct importing *importing, const struct kist_buf *name,
				 struct kist_error *err)
{
	if (importing->conflict_count++ >= TOLD_MAX)
		return KIST_OK;
	return kist_buf_appendf(&importing->conflicts, err, "%s'%.*s'",
				importing->conflict_count > 1 ? ", " : "",
				(int)(name->size < 200 ? name->size : 200), (const char *)name->data);
}

static kist_status note_name(struct importing *importing, const struct kist_buf *name, const char *state,
			     struct kist_error *err)
{
	const char *text = (const char *)name->data;
	json_t *row;

	if (strncmp(text, KIST_JOB_PART_PREFIX, strlen(KIST_JOB_PART_PREFIX)) == 0)
		return KIST_OK;
	row = json_pack("{ss}", "state", state);
	if (!row || json_array_append_new(importing->done.names, row) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return kist_name_json(row, text, name->size, err);
}

/* Sets one name, unless it means that already. */
static kist_status set_name(struct importing *importing, const struct kist_bundle_name *name,
			    struct kist_save *save, struct kist_error *err)
{
	kist_auto_buf struct kist_buf here = KIST_BUF_INIT(2 * KIST_NAME_SIZE_MAX);
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_digest meant;
	const char *state = "new";
	kist_status status;

	KIST_TRY(name_here(importing, name, &here, err));
	if (!kist_buf_text(&here))
		return kist_fail_memory(err, here.size);
	status = kist_registry_find_ref(importing->flow->registry, (const char *)here.data, here.size, &meant,
					&why);
	if (status != KIST_OK && status != KIST_NOT_FOUND)
		return kist_fail_as(err, status, &why);
	if (status == KIST_OK && kist_digest_equal(&meant, &name->artifact)) {
		importing->done.same++;
		return note_name(importing, &here, "same", err);
	}
	if (status == KIST_OK) {
		state = "replaced";
		importing->done.replaced++;
		if (!importing->options->replace)
			KIST_TRY(note_conflict(importing, &here, err));
	} else {
		importing->done.set++;
	}
	KIST_TRY(note_name(importing, &here, state, err));
	return save ? kist_save_own_ref(save, (const char *)here.data, here.size, &name->artifact, "put", err)
		    : KIST_OK;
}

/* All names, against what the store says now; @save NULL: nothing is set. */
static kist_status set_names(struct importing *importing, struct kist_save *save, struct kist_error *err)
{
	const struct kist_bundle_names *names = &importing->checked->names;

	kist_imported_done(&importing->done);
	importing->done = (struct kist_imported){ .names = json_array() };
	importing->conflict_count = 0;
	importing->conflicts.size = 0;
	if (!importing->done.names)
		return kist_fail_memory(err, sizeof(json_t));
	for (size_t i = 0; i < kist_bundle_names_count(names); i++)
		KIST_TRY(set_name(importing, kist_bundle_names_at(names, i), save, err));
	if (importing->conflict_count == 0)
		return KIST_OK;
	return kist_fail(err, KIST_EXISTS,
			 "%.*s%s mean%s something else in this store: say --prefix to set the names below "
			 "another, or --replace",
			 (int)importing->conflicts.size, (const char *)importing->conflicts.data,
			 importing->conflict_count > TOLD_MAX ? " and others" : "",
			 importing->conflict_count > 1 ? "" : "s");
}

/* Just before the commit is tried, once all others were folded. */
static kist_status make_last(void *ctx, struct kist_save *last, struct kist_error *err)
{
	return set_names(ctx, last, err);
}

static kist_status import_once(struct importing *importing, struct kist_error *err)
{
	kist_auto_save struct kist_save *save = NULL;
	struct kist_write_stats stats;

	KIST_TRY(kist_save_open(importing->flow, &save, err));
	KIST_TRY(put_chunks(importing, save, err));
	stats = kist_save_stats(save);
	/* All of it is there, as it should be. */
	if (stats.chunks_new == 0 && importing->done.set == 0 && importing->done.replaced == 0)
		return KIST_OK;
	kist_save_set_last(save, make_last, NULL, importing);
	KIST_TRY(kist_save_commit(save, err));
	importing->done.chunks_new = stats.chunks_new;
	importing->done.bytes_new = stats.raw_bytes_new;
	return KIST_OK;
}

static kist_status import(struct importing *importing, struct kist_error *err)
{
	/* Before anything is written: most conflicts are known by now. */
	KIST_TRY(set_names(importing, NULL, err));
	if (importing->options->dry_run)
		return KIST_OK;
	for (unsigned left = TRIES_MAX;; left--) {
		struct kist_error why = KIST_ERROR_INIT;
		const kist_status status = import_once(importing, &why);

		if (status == KIST_OK)
			return KIST_OK;
		if (left == 1 || !kist_is_collected(&why))
			return kist_fail_as(err, status, &why);
	}
}

kist_status kist_bundle_import(struct kist_flow *flow, const struct kist_bundle_checked *checked,
			       const struct kist_import_options *options, struct kist_imported *ret,
			       struct kist_error *err)
{
	struct importing importing = { .flow = flow,
				       .checked = checked,
				       .options = options,
				       .conflicts = KIST_BUF_INIT((size_t)8 << 10) };
	kist_status status;

	if (options->prefix)
		KIST_TRY(kist_name_check_given(options->prefix, strlen(options->prefix), err));
	status = import(&importing, err);
	kist_buf_done(&importing.conflicts);
	if (status != KIST_OK) {
		kist_imported_done(&importing.done);
		return status;
	}
	kist_imported_done(ret);
	*ret = importing.done;
	return KIST_OK;
}
