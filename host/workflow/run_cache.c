/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "job/commit.h"
#include "plugin/manifest_type.h"
#include "route/route.h"
#include "workflow/run_private.h"

/*
 * Results of steps for later runs.  Under "kist:cache/<key>" lies what the step gave:
 *
 *     {"kist_step":1, "key":"<key>", "task":"...", "outputs":[{"name":"...", "value":...}
 *      | {"name":"...", "kind":"tensor", "artifact":"<id>", "reader":"<digest of a manifest>"?}, ...]}
 *
 * An object is kept as its bytes, or, a tensor, as an artifact task writes it; that only when what is read back
 * was written again with the same bytes of the same element types: a file may be poorer than the object.
 */

#define ENCODING	"kist.step@1.0"
#define ENCODING_OUTPUT "kist.step.output@1.0"
#define NAME_SIZE	(sizeof(KIST_RUN_CACHE_PREFIX) + KIST_DIGEST_HEX_SIZE + 1 + 256)

static bool is_used(const struct kist_running *running)
{
	return running->job != NULL && !running->options->no_cache;
}

void kist_running_cache_target(struct kist_running *running, struct kist_route_target *ret)
{
	const struct kist_route_query query = { .kind = KIST_KIND_TENSOR };
	kist_auto_route struct kist_route route = KIST_ROUTE_INIT;
	const struct kist_catalog *catalog;

	*ret = (struct kist_route_target){ .entry = NULL };
	if (!running->options->no_cache && kist_flow_catalog(running->flow, &catalog, NULL) == KIST_OK &&
	    kist_route_object(catalog, &query, &route, NULL) == KIST_OK)
		*ret = route.target;
}

/* "kist:cache/<key>", or "kist:cache/<key>.<output>".  Gives its length; 0: it is too long. */
static size_t make_name(const struct kist_digest *key, const char *output, char ret[static NAME_SIZE])
{
	char hex[KIST_DIGEST_HEX_SIZE];
	int len;

	kist_digest_hex(key, hex);
	len = snprintf(ret, NAME_SIZE, KIST_RUN_CACHE_PREFIX "%s%s%s", hex, output ? "." : "",
		       output ? output : "");
	return len < (int)NAME_SIZE ? (size_t)len : 0;
}

/* A file without a name: to write to, and as the worker reads it. */
static kist_status open_unnamed(struct kist_running *running, int *ret_write, int *ret_read,
				struct kist_error *err)
{
	kist_auto_fd int fd = -1;
	char path[PATH_MAX];
	kist_status status;

	KIST_TRY(kist_running_new_path(running, "", path, err));
	KIST_TRY(kist_open_at(AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, 0600, &fd, err));
	status = kist_open_at(AT_FDCWD, path, O_RDONLY, 0, ret_read, err);
	(void)unlink(path);
	KIST_TRY(status);
	*ret_write = kist_fd_move(&fd);
	return KIST_OK;
}

/* The bytes of an artifact, all of them proved, as a file that the worker reads. */
static kist_status restore(struct kist_running *running, const json_t *record, int *ret_fd,
			   struct kist_error *err)
{
	kist_auto_fd int fd = -1;

	KIST_TRY(open_unnamed(running, &fd, ret_fd, err));
	return kist_load_file(running->flow, record, fd, err);
}

static kist_status read_tensor(struct kist_running *running, int fd, struct kist_value *ret,
			       struct kist_error *err)
{
	struct kist_serializer_ref serializer;
	kist_auto_json json_t *params = NULL;
	struct kist_route_target target;
	struct kist_input input = { .fd = fd };
	struct stat status;

	kist_running_cache_target(running, &target);
	if (!target.entry)
		return kist_fail(err, KIST_UNSUPPORTED, "no plugin reads tensors");
	if (fstat(fd, &status) < 0)
		return kist_fail_errno(err, errno, "cannot look at a file");
	input.size = (uint64_t)status.st_size;
	KIST_TRY(kist_flow_serializer(running->flow, &target, false, NULL, &serializer, &params, err));
	return kist_worker_deserialize(running->flow->worker, &serializer, &input, &ret->object, &ret->kind,
				       err);
}

/* A tensor is read by the very plugin that it was proved with. */
static bool is_reader(struct kist_running *running, const json_t *row)
{
	const char *reader = kist_json_get_text(row, "reader");
	struct kist_route_target target;
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_running_cache_target(running, &target);
	if (!reader || !target.entry)
		return false;
	kist_digest_hex(&target.entry->digest, hex);
	return strcmp(reader, hex) == 0;
}

static bool recall_object(struct kist_running *running, const json_t *row, struct kist_value *ret)
{
	const char *kind = kist_json_get_text(row, "kind");
	const char *hex = kist_json_get_text(row, "artifact");
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_WORKER_VALUE_SIZE_MAX);
	struct kist_flow *flow = running->flow;
	struct kist_digest id;

	if (!kind || !hex || !kist_digest_parse(hex, strlen(hex), &id) ||
	    kist_registry_get_artifact(flow->registry, &id, &artifact, NULL) != KIST_OK)
		return false;
	if (strcmp(kind, kist_manifest_kind_name(KIST_KIND_TENSOR)) == 0)
		return is_reader(running, row) &&
		       restore(running, artifact.record, &ret->fd, NULL) == KIST_OK &&
		       read_tensor(running, ret->fd, ret, NULL) == KIST_OK && ret->kind == KIST_KIND_TENSOR;
	ret->kind = strcmp(kind, kist_manifest_kind_name(KIST_KIND_VALUE)) == 0 ? KIST_KIND_VALUE
										: KIST_KIND_BYTES;
	return kist_load_bytes(flow, artifact.record, &bytes, NULL) == KIST_OK &&
	       kist_worker_make(flow->worker, ret->kind,
				bytes.data ? kist_buf_view(&bytes) : kist_view_of("", 0), &ret->object,
				NULL) == KIST_OK;
}

static bool recall_output(struct kist_running *running, const json_t *row, const char *name,
			  struct kist_value *ret)
{
	const char *given = kist_json_get_text(row, "name");

	if (!given || strcmp(given, name) != 0)
		return false;
	ret->json = json_incref(json_object_get(row, "value"));
	return ret->json || recall_object(running, row, ret);
}

static void drop_values(struct kist_running *running, struct kist_value *values, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (values[i].object != 0)
			(void)!kist_worker_drop(running->flow->worker, values[i].object, NULL);
		kist_value_done(&values[i]);
	}
	kist_free(values);
}

/* What was kept under @key, read and looked at. */
static bool find_entry(struct kist_running *running, const struct kist_digest *key, json_t **ret)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_WORKER_VALUE_SIZE_MAX);
	struct kist_flow *flow = running->flow;
	const char *encoding;
	struct kist_digest id;
	char hex[KIST_DIGEST_HEX_SIZE];
	char name[NAME_SIZE];
	const char *of;

	if (kist_registry_find_ref(flow->registry, name, make_name(key, NULL, name), &id, NULL) != KIST_OK ||
	    kist_registry_get_artifact(flow->registry, &id, &artifact, NULL) != KIST_OK)
		return false;
	encoding = kist_json_get_text(artifact.record, "encoding");
	if (!encoding || strcmp(encoding, ENCODING) != 0 ||
	    kist_load_bytes(flow, artifact.record, &text, NULL) != KIST_OK ||
	    kist_json_parse(kist_buf_view(&text), ret, NULL) != KIST_OK)
		return false;
	kist_digest_hex(key, hex);
	of = kist_json_get_text(*ret, "key");
	return of && strcmp(of, hex) == 0;
}

bool kist_running_recall(struct kist_running *running, size_t step, const struct kist_digest *key)
{
	const struct kist_step *made_of = &running->entrypoint->steps[step];
	const size_t count = made_of->output_count;
	kist_auto_json json_t *entry = NULL;
	struct kist_value *values;
	const json_t *rows;
	size_t got = 0;

	if (!is_used(running) || !find_entry(running, key, &entry))
		return false;
	rows = json_object_get(entry, "outputs");
	if (json_array_size(rows) != count)
		return false;
	values = kist_alloc(count, sizeof(*values));
	if (!values)
		return false;
	for (size_t i = 0; i < count; i++)
		values[i] = (struct kist_value)KIST_VALUE_INIT;
	while (got < count &&
	       recall_output(running, json_array_get(rows, got), made_of->outputs[got].name, &values[got]))
		got++;
	if (got < count) {
		drop_values(running, values, count);
		return false;
	}
	running->steps[step].values = values;
	return true;
}

/* What a serializer writes: its digest with that of its parts, and its bytes where they are wanted. */
struct proof {
	struct kist_hasher hasher;
	uint64_t size;
	int fd; /* -1: not wanted */
	struct kist_error failed;
};

static kist_status prove_part(void *ctx, const struct kist_part *part, struct kist_error *err)
{
	struct proof *proof = ctx;
	const DLDataType dtype = part ? part->dtype : (DLDataType){ .bits = 0 };

	(void)err;
	kist_hasher_add(&proof->hasher, kist_view_of(&dtype, sizeof(dtype)));
	kist_hasher_add(&proof->hasher, kist_view_of(&proof->size, sizeof(proof->size)));
	return KIST_OK;
}

/* What goes wrong is kept: a call that is broken off may cost the worker. */
static kist_status prove_bytes(void *ctx, struct kist_view bytes, struct kist_error *err)
{
	struct proof *proof = ctx;

	(void)err;
	proof->size += bytes.size;
	if (proof->size > KIST_RUN_CACHE_SIZE_MAX)
		(void)kist_fail(&proof->failed, KIST_LIMIT, "it is too large to be kept for later runs");
	if (proof->failed.status != KIST_OK)
		return KIST_OK;
	kist_hasher_add(&proof->hasher, bytes);
	if (proof->fd >= 0)
		(void)!kist_write_all(proof->fd, bytes, &proof->failed);
	return KIST_OK;
}

static kist_status prove(struct kist_running *running, const struct kist_route_target *target,
			 uint64_t object, int fd, struct kist_digest *ret, struct kist_error *err)
{
	struct proof proof = { .fd = fd, .failed = KIST_ERROR_INIT };
	const struct kist_output output = { .part = prove_part, .write = prove_bytes, .ctx = &proof };
	struct kist_serializer_ref serializer;
	kist_auto_json json_t *params = NULL;

	kist_hasher_start(&proof.hasher);
	KIST_TRY(kist_flow_serializer(running->flow, target, true, NULL, &serializer, &params, err));
	KIST_TRY(kist_worker_serialize(running->flow->worker, &serializer, object, &output, err));
	*ret = kist_hasher_finish(&proof.hasher);
	return proof.failed.status == KIST_OK ? KIST_OK
					      : kist_fail_as(err, proof.failed.status, &proof.failed);
}

/* Whether a tensor comes back from a file as it is. */
static kist_status check_exact(struct kist_running *running, const struct kist_route_target *target,
			       const struct kist_value *value, struct kist_error *err)
{
	__attribute__((cleanup(kist_value_done))) struct kist_value back = KIST_VALUE_INIT;
	kist_auto_fd int fd = -1;
	struct kist_digest first;
	struct kist_digest again;
	kist_status status;

	KIST_TRY(open_unnamed(running, &fd, &back.fd, err));
	KIST_TRY(prove(running, target, value->object, fd, &first, err));
	KIST_TRY(read_tensor(running, back.fd, &back, err));
	status = prove(running, target, back.object, -1, &again, err);
	(void)!kist_worker_drop(running->flow->worker, back.object, NULL);
	KIST_TRY(status);
	return back.kind == value->kind && kist_digest_equal(&first, &again)
		       ? KIST_OK
		       : kist_fail(err, KIST_UNSUPPORTED, "it does not come back as it was");
}

static kist_status keep_bytes(struct kist_running *running, const struct kist_value *value,
			      const struct kist_save_options *how, struct kist_saved *ret,
			      struct kist_error *err)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT((size_t)1 << 20);
	struct kist_save_made made = { .kind = kist_manifest_kind_name(value->kind),
				       .encoding = ENCODING_OUTPUT,
				       .summary = "an output of a step" };

	KIST_TRY(kist_worker_read(running->flow->worker, value->object, &bytes, err));
	made.bytes = bytes.data ? kist_buf_view(&bytes) : kist_view_of("", 0);
	return kist_save_bytes(running->cache, &made, how, ret, err);
}

/* One row of "outputs". */
static kist_status keep_output(struct kist_running *running, const struct kist_digest *key,
			       const char *output, const struct kist_value *value, json_t *row,
			       struct kist_error *err)
{
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	struct kist_route_target target = { .entry = NULL };
	char hex[KIST_DIGEST_HEX_SIZE];
	char name[NAME_SIZE];
	const struct kist_save_options how = { .name = name,
					       .name_len = make_name(key, output, name),
					       .own_name = true };

	if (value->json)
		return kist_record_set_take(row, "value", json_incref(value->json), err);
	if (value->kind == KIST_KIND_VALUE || value->kind == KIST_KIND_BYTES) {
		KIST_TRY(keep_bytes(running, value, &how, &saved, err));
	} else {
		if (value->kind == KIST_KIND_TENSOR)
			kist_running_cache_target(running, &target);
		if (!target.entry)
			return kist_fail(err, KIST_UNSUPPORTED, "nothing writes it");
		KIST_TRY(check_exact(running, &target, value, err));
		KIST_TRY(kist_save_object(running->cache, value->object, &target, NULL, &how, &saved, err));
		kist_digest_hex(&target.entry->digest, hex);
		KIST_TRY(kist_record_set_text(row, "reader", hex, err));
	}
	KIST_TRY(kist_record_set_text(row, "kind", kist_manifest_kind_name(value->kind), err));
	return kist_record_set_digest(row, "artifact", &saved.artifact, err);
}

static int take_text(const char *text, size_t len, void *ctx)
{
	return kist_buf_append(ctx, text, len, NULL) == KIST_OK ? 0 : -1;
}

static kist_status remember(struct kist_running *running, size_t step, const struct kist_digest *key,
			    struct kist_error *err)
{
	const struct kist_step *made_of = &running->entrypoint->steps[step];
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_WORKER_VALUE_SIZE_MAX);
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	struct kist_save_made made = { .kind = "value", .encoding = ENCODING, .summary = made_of->task };
	kist_auto_json json_t *entry = NULL;
	char hex[KIST_DIGEST_HEX_SIZE];
	char name[NAME_SIZE];
	const struct kist_save_options how = { .name = name,
					       .name_len = make_name(key, NULL, name),
					       .own_name = true };

	kist_digest_hex(key, hex);
	entry = json_pack("{si,ss,ss,s[]}", "kist_step", 1, "key", hex, "task", made_of->task, "outputs");
	if (!entry)
		return kist_fail_memory(err, sizeof(json_t));
	for (size_t i = 0; i < made_of->output_count; i++) {
		json_t *row = json_pack("{ss}", "name", made_of->outputs[i].name);

		if (!row || json_array_append_new(json_object_get(entry, "outputs"), row) != 0)
			return kist_fail_memory(err, sizeof(json_t));
		KIST_TRY(keep_output(running, key, made_of->outputs[i].name, &running->steps[step].values[i],
				     row, err));
	}
	/* Not the canonical form: 1.0 is to come back as 1.0. */
	if (json_dump_callback(entry, take_text, &text, KIST_CACHE_JSON) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	made.bytes = kist_buf_view(&text);
	return kist_save_bytes(running->cache, &made, &how, &saved, err);
}

void kist_running_remember(struct kist_running *running, size_t step, const struct kist_digest *key)
{
	if (!is_used(running) || running->options->no_artifacts)
		return;
	if (!running->cache && kist_save_open(running->flow, &running->cache, NULL) != KIST_OK)
		return;
	/* What cannot be kept is made again by the next run. */
	(void)!remember(running, step, key, NULL);
}

/* Names under the prefix, and the commits that set them. */
struct names {
	struct kist_buf commits; /* of uint64_t */
	struct kist_save *save;	 /* that drops those set by @newest or before it; NULL: none */
	uint64_t newest;
	size_t dropped;
};

static kist_status see_name(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			    struct kist_error *err)
{
	struct names *names = ctx;

	(void)artifact;
	if (!names->save)
		return kist_buf_append(&names->commits, &ref->commit, sizeof(ref->commit), err);
	if (ref->commit > names->newest)
		return KIST_OK;
	names->dropped++;
	return kist_save_own_ref(names->save, ref->name, ref->name_len, NULL, "rm", err);
}

static int compare_commits(const void *a, const void *b)
{
	const uint64_t *left = a;
	const uint64_t *right = b;

	return (*left > *right) - (*left < *right);
}

static kist_status each_name(struct kist_flow *flow, struct names *names, struct kist_error *err)
{
	return kist_registry_each_name(flow->registry, KIST_RUN_CACHE_PREFIX, strlen(KIST_RUN_CACHE_PREFIX),
				       see_name, names, err);
}

/* The older half goes when there are too many. */
static kist_status make_room(struct kist_running *running, struct kist_error *err)
{
	kist_auto_buf struct kist_buf commits = KIST_BUF_INIT(SIZE_MAX / 2);
	struct names names = { .commits = KIST_BUF_INIT(SIZE_MAX / 2) };
	size_t count;
	kist_status status = each_name(running->flow, &names, err);

	commits = names.commits;
	KIST_TRY(status);
	count = commits.size / sizeof(uint64_t);
	if (count < KIST_RUN_CACHE_NAMES_MAX)
		return KIST_OK;
	qsort(commits.data, count, sizeof(uint64_t), compare_commits);
	memcpy(&names.newest, commits.data + count / 2 * sizeof(uint64_t), sizeof(names.newest));
	names.save = running->cache;
	return each_name(running->flow, &names, err);
}

bool kist_running_commit_cache(struct kist_running *running)
{
	const bool is_done = running->cache && make_room(running, NULL) == KIST_OK &&
			     kist_job_commit(running->job, running->cache, NULL) == KIST_OK;

	kist_save_close(running->cache);
	running->cache = NULL;
	return is_done;
}

kist_status kist_run_cache_drop(struct kist_flow *flow, size_t *ret_count, struct kist_error *err)
{
	kist_auto_save struct kist_save *save = NULL;
	struct names names = { .newest = UINT64_MAX };

	KIST_TRY(kist_save_open(flow, &save, err));
	names.save = save;
	KIST_TRY(each_name(flow, &names, err));
	KIST_TRY(kist_save_commit(save, err));
	*ret_count = names.dropped;
	return KIST_OK;
}
