/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "care/repair_private.h"
#include "store/copy.h"
#include "store/log.h"
#include "store/mend.h"

/* A copy is begun anew when something was collected meanwhile; a commit is tried again when others came
 * first. */
#define COPY_TRIES_MAX	 16
#define COMMIT_TRIES_MAX 1000

/* One go: chunks on their way to new packs, and the commit for them. */
struct copying {
	struct kist_repairing *repairing;
	bool replace;	    /* condemn the packs that are not needed */
	uint64_t collected; /* the newest commit that took anything away, when it began */
	uint64_t head;	    /* what was committed up to then was judged */
	struct kist_copier *copier;
	struct kist_idset copied;
	bool vanished; /* something that was sound is no longer there: nothing may be taken away */
	/* Of the pack that is looked at. */
	const struct kist_pack_row *row;
};

static void copying_done(struct copying *copying)
{
	kist_copier_close(copying->copier);
	kist_idset_done(&copying->copied);
}

static struct kist_bad_pack *bad_list(const struct kist_repairing *repairing, size_t *ret_count)
{
	*ret_count = repairing->bad.size / sizeof(struct kist_bad_pack);
	return (void *)repairing->bad.data;
}

static bool is_replaced(const struct copying *copying, const struct kist_bad_pack *bad)
{
	return copying->replace && !bad->is_needed;
}

/*
 * Whether a sound record of a bad pack is to be copied.  What lies in a sound pack need not be, nor what is
 * read where it lies and stays there; and a record that was forgotten must not count again.
 */
static kist_status is_wanted(struct copying *copying, const struct kist_bad_pack *bad,
			     const struct kist_sound_record *record, bool *ret, struct kist_error *err)
{
	struct kist_repairing *const repairing = copying->repairing;
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_location where;
	bool forgotten = false;
	kist_status status;

	*ret = false;
	/* Data packs hold data alone: else it is no record of this pack, but bytes of an object that look so.
	 */
	if (!record->is_proved || (record->kind == KIST_CHUNK_DATA) != (bad->row.kind == KIST_PACK_DATA) ||
	    kist_idset_has(&copying->copied, &record->id))
		return KIST_OK;
	status = kist_registry_find_chunk(repairing->flow->registry, &record->id, &where, &why);
	if (status != KIST_OK && status != KIST_NOT_FOUND)
		return kist_fail_as(err, status, &why);
	if (status == KIST_OK && !kist_repair_bad(repairing, &where.pack))
		return KIST_OK;
	if (status == KIST_NOT_FOUND && record->kind == KIST_CHUNK_RECORD)
		KIST_TRY(kist_registry_is_forgotten(repairing->flow->registry, &record->id, bad->row.commit,
						    &forgotten, err));
	*ret = !forgotten &&
	       (is_replaced(copying, bad) || !kist_idset_has(&repairing->readable, &record->id));
	return KIST_OK;
}

static kist_status copy_records(struct copying *copying, const struct kist_bad_pack *bad,
				const struct kist_pack_remedy *remedy, struct kist_error *err)
{
	const struct kist_sound_record *records = (const void *)remedy->records.data;

	for (size_t i = 0; i < remedy->records.size / sizeof(*records); i++) {
		const struct kist_view bytes =
			kist_view_of(remedy->bytes.data + records[i].offset, records[i].len);
		bool wanted;

		KIST_TRY(is_wanted(copying, bad, &records[i], &wanted, err));
		if (!wanted)
			continue;
		if (!copying->repairing->options->dry_run)
			KIST_TRY(kist_copier_put(copying->copier, bad->row.kind, bytes, err));
		KIST_TRY(kist_idset_add(&copying->copied, &records[i].id, err));
	}
	return KIST_OK;
}

static size_t proved_count(const struct kist_pack_remedy *remedy)
{
	const struct kist_sound_record *records = (const void *)remedy->records.data;
	size_t count = 0;

	for (size_t i = 0; i < remedy->records.size / sizeof(*records); i++)
		count += records[i].is_proved;
	return count;
}

static kist_status copy_bad_pack(struct copying *copying, const struct kist_bad_pack *bad,
				 struct kist_error *err)
{
	kist_auto_pack_remedy struct kist_pack_remedy remedy = KIST_PACK_REMEDY_INIT;
	struct kist_repairing *const repairing = copying->repairing;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	if (bad->is_gone || (copying->replace ? bad->is_needed : bad->unreadable_count == 0))
		return KIST_OK;
	KIST_TRY(kist_flow_check_stop(repairing->flow, err));
	status = kist_repair_mend(repairing, &bad->row, true, &repairing->sound, &remedy, &why);
	/* A collector was faster, or more has broken since: all is looked at anew. */
	copying->vanished = copying->vanished || status == KIST_NOT_FOUND ||
			    (status == KIST_OK && proved_count(&remedy) < bad->sound_count);
	if (status == KIST_NOT_FOUND)
		return KIST_OK;
	if (status != KIST_OK)
		return kist_fail_as(err, status, &why);
	return copy_records(copying, bad, &remedy, err);
}

/* A chunk of a sound pack, which is read from a bad one because that is newer, and is not sound there. */
static kist_status copy_older(void *ctx, const struct kist_digest *id, const struct kist_location *where,
			      struct kist_error *err)
{
	struct copying *copying = ctx;
	struct kist_repairing *const repairing = copying->repairing;
	kist_auto_chunk_reader struct kist_chunk_reader reader = { .record = { .data = NULL } };
	kist_auto_buf struct kist_buf raw = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_bad_pack *bad;
	kist_status status;
	bool lost;

	KIST_TRY(kist_repair_is_lost(repairing, id, &lost, &bad, err));
	if (!lost || !bad || kist_idset_has(&copying->copied, id))
		return KIST_OK;
	status = kist_store_read_chunk_with(repairing->flow->store, &reader, where, id, &raw, &why);
	if (kist_is_damage(status, &why) || status == KIST_INCOMPATIBLE)
		return KIST_OK;
	if (status != KIST_OK)
		return kist_fail_as(err, status, &why);
	if (!repairing->options->dry_run)
		KIST_TRY(kist_copier_put(copying->copier, copying->row->kind, kist_buf_view(&reader.record),
					 err));
	return kist_idset_add(&copying->copied, id, err);
}

static kist_status copy_duplicates(struct copying *copying, struct kist_error *err)
{
	kist_auto_buf struct kist_buf packs = KIST_BUF_INIT(SIZE_MAX / 2);
	struct kist_repairing *const repairing = copying->repairing;
	const struct kist_pack_row *rows;

	KIST_TRY(kist_registry_packs(repairing->flow->registry, &packs, err));
	rows = (const void *)packs.data;
	for (size_t i = 0; i < packs.size / sizeof(*rows); i++) {
		struct kist_error why = KIST_ERROR_INIT;
		kist_status status;

		if (kist_repair_bad(repairing, &rows[i].id))
			continue;
		copying->row = &rows[i];
		status =
			kist_store_read_index(repairing->flow->store, &rows[i].id, copy_older, copying, &why);
		if (status != KIST_OK && !kist_is_damage(status, &why) && status != KIST_INCOMPATIBLE)
			return kist_fail_as(err, status, &why);
	}
	return KIST_OK;
}

static kist_status copy_all(struct copying *copying, struct kist_error *err)
{
	size_t count;
	const struct kist_bad_pack *list = bad_list(copying->repairing, &count);

	for (size_t i = 0; i < count; i++)
		KIST_TRY(copy_bad_pack(copying, &list[i], err));
	return copying->replace ? KIST_OK : copy_duplicates(copying, err);
}

static kist_status fill(const struct copying *copying, json_t *packs, json_t *commit, struct kist_error *err)
{
	size_t count;
	const struct kist_bad_pack *list = bad_list(copying->repairing, &count);

	if (json_array_size(packs) > 0)
		KIST_TRY(kist_record_set_take(commit, "packs", json_incref(packs), err));
	for (size_t i = 0; i < count; i++) {
		if (is_replaced(copying, &list[i]))
			KIST_TRY(kist_record_add_hex(commit, "condemn", list[i].row.id.bytes,
						     KIST_DIGEST_SIZE, err));
	}
	return KIST_OK;
}

/* Whether what was judged and copied is still all there is to it, now that the log is folded to @head. */
static kist_status still_stands(struct copying *copying, uint64_t head, bool *ret, struct kist_error *err)
{
	struct kist_repairing *const repairing = copying->repairing;
	uint64_t collected;
	bool hurt = false;

	KIST_TRY(kist_registry_last_collected(repairing->flow->registry, &collected, err));
	if (copying->replace && collected == copying->collected)
		KIST_TRY(kist_repair_judge_commits(repairing, copying->head + 1, head, &hurt, err));
	copying->head = head;
	*ret = collected == copying->collected && !hurt && !copying->vanished;
	return KIST_OK;
}

/* *@ret_again: something was taken away, or is needed, that was not when it began. */
static kist_status commit(struct copying *copying, json_t *packs, bool *ret_again, struct kist_error *err)
{
	struct kist_repairing *const repairing = copying->repairing;
	kist_auto_json json_t *body = json_object();

	if (!body)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(fill(copying, packs, body, err));
	if (json_object_size(body) == 0)
		return KIST_OK;
	for (int i = 0; i < COMMIT_TRIES_MAX; i++) {
		struct kist_digest previous;
		kist_status status;
		uint64_t head;
		bool stands;

		KIST_TRY(kist_registry_fold(repairing->flow->registry, err));
		kist_registry_head(repairing->flow->registry, &head, &previous);
		KIST_TRY(still_stands(copying, head, &stands, err));
		*ret_again = !stands;
		if (!stands)
			return KIST_OK;
		status = kist_log_append(repairing->flow->store, head + 1, &previous, body, NULL, err);
		/* After KIST_IO nobody knows whether the commit is there. */
		if (status == KIST_OK || status == KIST_IO)
			kist_copier_keep(copying->copier);
		if (status != KIST_EXISTS)
			return status == KIST_OK ? kist_registry_fold(repairing->flow->registry, err)
						 : status;
		kist_error_clear(err);
	}
	return kist_fail(err, KIST_LIMIT, "the store is too busy: %d commits came first", COMMIT_TRIES_MAX);
}

static kist_status copy_and_commit(struct copying *copying, bool *ret_again, struct kist_error *err)
{
	kist_auto_json json_t *packs = NULL;

	*ret_again = false;
	if (copying->repairing->options->dry_run)
		return copy_all(copying, err);
	KIST_TRY(kist_copier_open(copying->repairing->flow->store, &copying->copier, err));
	KIST_TRY(copy_all(copying, err));
	KIST_TRY(kist_copier_finish(copying->copier, &packs, err));
	return commit(copying, packs, ret_again, err);
}

/* What was copied is read from there from now on, or would be. */
static kist_status note_copied(struct copying *copying, struct kist_error *err)
{
	const struct kist_idset *copied = &copying->copied;

	for (size_t i = 0; i < copied->capacity; i++) {
		if (copied->used[i])
			KIST_TRY(kist_idset_add(&copying->repairing->sound, &copied->slots[i], err));
	}
	copying->repairing->done.chunks_saved += copied->count;
	return KIST_OK;
}

static kist_status try_once(struct kist_repairing *repairing, bool replace, bool *ret_again,
			    struct kist_error *err)
{
	__attribute__((cleanup(copying_done))) struct copying copying = { .repairing = repairing,
									  .replace = replace,
									  .copied = KIST_IDSET_INIT };
	struct kist_digest digest;

	KIST_TRY(kist_registry_fold(repairing->flow->registry, err));
	KIST_TRY(kist_registry_last_collected(repairing->flow->registry, &copying.collected, err));
	kist_registry_head(repairing->flow->registry, &copying.head, &digest);
	if (replace)
		KIST_TRY(kist_repair_judge(repairing, err));
	KIST_TRY(copy_and_commit(&copying, ret_again, err));
	return *ret_again ? KIST_OK : note_copied(&copying, err);
}

static kist_status drop_gone(struct kist_repairing *repairing, struct kist_error *err)
{
	size_t count;
	struct kist_bad_pack *list = bad_list(repairing, &count);
	size_t kept = 0;

	for (size_t i = 0; i < count; i++) {
		bool condemned;
		bool live;

		KIST_TRY(kist_registry_find_pack(repairing->flow->registry, &list[i].row.id, &live,
						 &condemned, err));
		if (live)
			list[kept++] = list[i];
	}
	repairing->bad.size = kept * sizeof(*list);
	return KIST_OK;
}

static kist_status try_often(struct kist_repairing *repairing, bool replace, struct kist_error *err)
{
	bool again = true;

	for (int i = 0; i < COPY_TRIES_MAX; i++) {
		KIST_TRY(try_once(repairing, replace, &again, err));
		if (!again)
			return KIST_OK;
		/* What others have condemned is no part of the store any more. */
		KIST_TRY(drop_gone(repairing, err));
	}
	return kist_fail(err, KIST_LIMIT,
			 "the store is too busy: it was collected %d times meanwhile; try again",
			 COPY_TRIES_MAX);
}

kist_status kist_repair_save(struct kist_repairing *repairing, struct kist_error *err)
{
	return try_often(repairing, false, err);
}

kist_status kist_repair_replace(struct kist_repairing *repairing, struct kist_error *err)
{
	size_t count;
	const struct kist_bad_pack *list;

	KIST_TRY(try_often(repairing, true, err));
	list = bad_list(repairing, &count);
	for (size_t i = 0; i < count; i++) {
		if (list[i].is_needed)
			continue;
		repairing->done.packs_replaced++;
		kist_repair_tell_pack(repairing, &list[i].row.id, "replaced",
				      list[i].is_complete
					      ? "all of it is kept elsewhere"
					      : "all that anything needs of it is kept elsewhere");
	}
	return KIST_OK;
}
