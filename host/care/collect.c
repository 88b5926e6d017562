/* SPDX-License-Identifier: Apache-2.0 */
#include "care/collect.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "care/collect_private.h"
#include "registry/checkpoint.h"
#include "store/lean.h"
#include "store/log.h"
#include "store/packs.h"
#include "store/spare.h"

#define COMMIT_TRIES_MAX 1000
/* Records that one commit forgets: under 20 MB of JSON. */
#define FORGET_MAX ((size_t)250000)

static void collecting_done(struct kist_collecting *collecting)
{
	kist_mark_done(&collecting->mark);
	kist_buf_done(&collecting->doomed);
	kist_buf_done(&collecting->orphans);
	kist_idset_done(&collecting->forget);
	json_decref(collecting->deleted);
}

static kist_status check_session(struct kist_collecting *collecting, const uint8_t *session,
				 struct kist_error *err)
{
	bool fenced = false;

	if (session)
		KIST_TRY(kist_registry_is_fenced(collecting->flow->registry, session, &fenced, err));
	return fenced ? kist_fail_at(err, KIST_CANCELLED, KIST_CODE_COLLECTED, KIST_NO_OFFSET,
				     "another collector has taken this one for given up; try again")
		      : KIST_OK;
}

kist_status kist_collect_commit(struct kist_collecting *collecting,
				kist_status (*fill)(void *ctx, json_t *commit, struct kist_error *err),
				void *ctx, const uint8_t *session, bool *ret_made, struct kist_error *err)
{
	struct kist_registry *registry = collecting->flow->registry;

	*ret_made = false;
	for (int i = 0; i < COMMIT_TRIES_MAX; i++) {
		kist_auto_json json_t *commit = json_object();
		struct kist_digest previous;
		kist_status status;
		uint64_t head;

		if (!commit)
			return kist_fail_memory(err, sizeof(json_t));
		/* Only who has folded all commits before it may create one, and what they need is not dead.
		 */
		KIST_TRY(kist_registry_fold(registry, err));
		kist_registry_head(registry, &head, &previous);
		KIST_TRY(kist_collect_catch_up(collecting, head, err));
		KIST_TRY(check_session(collecting, session, err));
		KIST_TRY(fill(ctx, commit, err));
		if (json_object_size(commit) == 0)
			return KIST_OK;
		status = kist_log_append(collecting->flow->store, head + 1, &previous, commit, NULL, err);
		*ret_made = status == KIST_OK;
		if (status == KIST_OK) {
			collecting->marked_to = head + 1;
			return kist_registry_fold(registry, err);
		}
		if (status != KIST_EXISTS)
			return status;
		kist_error_clear(err);
	}
	return kist_fail(err, KIST_LIMIT, "the store is too busy: %d commits came first", COMMIT_TRIES_MAX);
}

/* Deletes the file of a pack of @size bytes, and counts it.  @named: a commit names it. */
static kist_status delete_pack(struct kist_collecting *collecting, const struct kist_digest *id,
			       uint64_t size, bool named, struct kist_error *err)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	if (!collecting->options->dry_run)
		KIST_TRY(kist_packs_delete(collecting->flow->store, id, err));
	collecting->done.packs_deleted += size > 0;
	collecting->done.bytes_deleted += size;
	kist_digest_hex(id, hex);
	if (named && json_array_append_new(collecting->deleted, json_string(hex)) != 0)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while making JSON");
	return KIST_OK;
}

/* What collectors before this one condemned, and did not come to delete. */
static kist_status delete_condemned(struct kist_collecting *collecting, struct kist_error *err)
{
	kist_auto_buf struct kist_buf ids = KIST_BUF_INIT(SIZE_MAX / 2);
	const struct kist_digest *list;

	KIST_TRY(kist_registry_condemned(collecting->flow->registry, &ids, err));
	list = (const void *)ids.data;
	for (size_t i = 0; i < ids.size / sizeof(*list); i++) {
		uint64_t size;

		KIST_TRY(kist_packs_size(collecting->flow->store, &list[i], &size, err));
		KIST_TRY(delete_pack(collecting, &list[i], size, true, err));
	}
	return KIST_OK;
}

/* Packs of sessions that are fenced, each once. */
static kist_status delete_orphans(struct kist_collecting *collecting, struct kist_error *err)
{
	size_t count;
	struct kist_orphan *list = kist_orphan_list(collecting, &count);

	for (size_t i = 0; i < count; i++) {
		if (!list[i].dead || list[i].gone)
			continue;
		KIST_TRY(delete_pack(collecting, &list[i].id, list[i].size, false, err));
		list[i].gone = true;
	}
	return KIST_OK;
}

kist_status kist_collect_fill_condemned(struct kist_collecting *collecting, json_t *commit,
					struct kist_error *err)
{
	size_t count;
	const struct kist_doomed *list = kist_doomed_list(collecting, &count);

	for (size_t i = 0; i < count; i++) {
		if (list[i].chosen)
			KIST_TRY(kist_record_add_hex(commit, "condemn", list[i].pack.id.bytes,
						     KIST_DIGEST_SIZE, err));
	}
	return KIST_OK;
}

kist_status kist_collect_delete_chosen(struct kist_collecting *collecting, struct kist_error *err)
{
	size_t count;
	struct kist_doomed *list = kist_doomed_list(collecting, &count);

	for (size_t i = 0; i < count; i++) {
		if (!list[i].chosen)
			continue;
		list[i].chosen = false;
		list[i].gone = true;
		KIST_TRY(delete_pack(collecting, &list[i].pack.id, list[i].pack.size, true, err));
	}
	return KIST_OK;
}

/* What one commit of a sweep holds. */
struct sweep {
	struct kist_collecting *collecting;
	size_t to; /* slots of the forgotten, up to this one */
	size_t forgotten;
};

static bool is_reached(const struct kist_collecting *collecting, const struct kist_digest *id)
{
	return kist_idset_has(&collecting->mark.artifacts, id) ||
	       kist_idset_has(&collecting->mark.chunks, id);
}

/* Records that are not reached, even now; FORGET_MAX at most. */
static kist_status fill_forgotten(struct sweep *sweep, json_t *commit, struct kist_error *err)
{
	const struct kist_collecting *collecting = sweep->collecting;
	const struct kist_idset *set = &collecting->forget;

	sweep->forgotten = 0;
	for (sweep->to = collecting->forgotten_to; sweep->to < set->capacity; sweep->to++) {
		const struct kist_digest *id = &set->slots[sweep->to];

		if (sweep->forgotten == FORGET_MAX)
			return KIST_OK;
		if (!set->used[sweep->to] || is_reached(collecting, id))
			continue;
		KIST_TRY(kist_record_add_hex(commit, "forget", id->bytes, KIST_DIGEST_SIZE, err));
		sweep->forgotten++;
	}
	return KIST_OK;
}

static bool same_session(const struct kist_orphan *one, const struct kist_orphan *other)
{
	return memcmp(one->session, other->session, KIST_SESSION_SIZE) == 0;
}

/* A pack of them was named in the meantime: whoever did that is alive. */
static void spare_session(struct kist_orphan *list, size_t count, const struct kist_orphan *named)
{
	for (size_t i = 0; i < count; i++) {
		if (same_session(&list[i], named))
			list[i].fence = false;
	}
}

static kist_status fill_fences(struct kist_collecting *collecting, json_t *commit, struct kist_error *err)
{
	size_t count;
	struct kist_orphan *list = kist_orphan_list(collecting, &count);

	for (size_t i = 0; i < count; i++) {
		bool condemned;
		bool live;

		KIST_TRY(kist_registry_find_pack(collecting->flow->registry, &list[i].id, &live, &condemned,
						 err));
		if (live || condemned)
			spare_session(list, count, &list[i]);
	}
	for (size_t i = 0; i < count; i++) {
		bool listed = false;

		for (size_t j = 0; j < i && !listed; j++)
			listed = list[j].fence && same_session(&list[j], &list[i]);
		if (list[i].fence && !listed)
			KIST_TRY(kist_record_add_hex(commit, "fence", list[i].session, KIST_SESSION_SIZE,
						     err));
	}
	return KIST_OK;
}

/* When there is more to forget than one commit can, the packs wait for the last one. */
static kist_status fill_sweep(void *ctx, json_t *commit, struct kist_error *err)
{
	struct sweep *sweep = ctx;

	KIST_TRY(fill_forgotten(sweep, commit, err));
	if (sweep->to < sweep->collecting->forget.capacity)
		return KIST_OK;
	KIST_TRY(kist_collect_fill_condemned(sweep->collecting, commit, err));
	return fill_fences(sweep->collecting, commit, err);
}

/* The packs of which nothing is reached. */
static void choose_dead(struct kist_collecting *collecting)
{
	size_t count;
	struct kist_doomed *list = kist_doomed_list(collecting, &count);

	for (size_t i = 0; i < count; i++) {
		const bool known =
			list[i].pack.state == KIST_PACK_SOUND || list[i].pack.state == KIST_PACK_SUSPECT;

		collecting->done.packs_damaged += !known;
		list[i].chosen = known && list[i].live == 0 && list[i].pack.commit <= collecting->marked_to;
	}
}

static void condemn_orphans(struct kist_collecting *collecting)
{
	size_t count;
	struct kist_orphan *list = kist_orphan_list(collecting, &count);

	for (size_t i = 0; i < count; i++)
		list[i].dead = list[i].dead || list[i].fence;
}

/* Commits that everything wholly dead is gone, and deletes it. */
static kist_status sweep_store(struct kist_collecting *collecting, struct kist_error *err)
{
	struct sweep sweep = { .collecting = collecting };
	bool more = !collecting->options->dry_run;

	choose_dead(collecting);
	while (more) {
		bool made;

		KIST_TRY(kist_collect_commit(collecting, fill_sweep, &sweep, NULL, &made, err));
		more = sweep.to < collecting->forget.capacity;
		collecting->forgotten_to = sweep.to;
		collecting->done.artifacts += made ? sweep.forgotten : 0;
	}
	if (collecting->options->dry_run)
		collecting->done.artifacts = collecting->forget.count;
	condemn_orphans(collecting);
	KIST_TRY(kist_collect_delete_chosen(collecting, err));
	return delete_orphans(collecting, err);
}

/* Those that nobody else has announced. */
static kist_status fill_deleted(void *ctx, json_t *commit, struct kist_error *err)
{
	struct kist_collecting *collecting = ctx;

	for (size_t i = 0; i < json_array_size(collecting->deleted); i++) {
		const char *hex = json_string_value(json_array_get(collecting->deleted, i));
		struct kist_digest id;
		bool condemned = false;
		bool live;

		if (hex && kist_digest_parse(hex, strlen(hex), &id))
			KIST_TRY(kist_registry_find_pack(collecting->flow->registry, &id, &live, &condemned,
							 err));
		if (condemned)
			KIST_TRY(kist_record_add_hex(commit, "deleted", id.bytes, KIST_DIGEST_SIZE, err));
	}
	return KIST_OK;
}

/* That nobody need delete them again.  Whoever comes next does it again when this fails: no harm. */
static void announce(struct kist_collecting *collecting)
{
	struct kist_error why = KIST_ERROR_INIT;
	bool made;

	if (collecting->options->dry_run || json_array_size(collecting->deleted) == 0)
		return;
	if (kist_collect_commit(collecting, fill_deleted, collecting, NULL, &made, &why) != KIST_OK &&
	    collecting->done.short_of.status == KIST_OK)
		collecting->done.short_of = why;
}

static void add_up(struct kist_collecting *collecting)
{
	struct kist_collected *done = &collecting->done;
	size_t count;
	const struct kist_doomed *doomed = kist_doomed_list(collecting, &count);
	const struct kist_orphan *orphans;

	done->bytes_kept = done->bytes_written;
	for (size_t i = 0; i < count; i++) {
		if (doomed[i].gone)
			continue;
		done->bytes_kept += doomed[i].pack.size;
		done->bytes_dead += kist_doomed_dead(&doomed[i]);
	}
	orphans = kist_orphan_list(collecting, &count);
	for (size_t i = 0; i < count; i++) {
		if (orphans[i].gone)
			continue;
		done->packs_unnamed++;
		done->bytes_unnamed += orphans[i].size;
	}
}

/* What later ones will be glad of, and nobody needs. */
static void leave_tidy(struct kist_collecting *collecting)
{
	const struct kist_flow *flow = collecting->flow;
	struct kist_error why = KIST_ERROR_INIT;

	kist_spare_keep(kist_store_backend(flow->store), kist_store_uri(flow->store));
	if (kist_registry_make_checkpoint(flow->registry, &why) != KIST_OK)
		return;
}

static kist_status collect(struct kist_collecting *collecting, struct kist_error *err)
{
	struct kist_store *store = collecting->flow->store;

	kist_spare_allow(store);
	if (!collecting->deleted)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while making JSON");
	/* What is taken away rests on the log itself. */
	KIST_TRY(kist_registry_prove(collecting->flow->registry, err));
	KIST_TRY(kist_registry_fold(collecting->flow->registry, err));
	/* What needs no room on the disk comes first. */
	KIST_TRY(kist_collect_find_orphans(collecting, err));
	KIST_TRY(delete_condemned(collecting, err));
	KIST_TRY(delete_orphans(collecting, err));
	KIST_TRY(kist_collect_plan(collecting, err));
	KIST_TRY(sweep_store(collecting, err));
	KIST_TRY(kist_collect_compact(collecting, err));
	announce(collecting);
	add_up(collecting);
	if (!collecting->options->dry_run)
		leave_tidy(collecting);
	return KIST_OK;
}

kist_status kist_collect(struct kist_flow *flow, const struct kist_collect_options *options,
			 struct kist_collected *ret, struct kist_error *err)
{
	__attribute__((cleanup(collecting_done))) struct kist_collecting collecting = {
		.flow = flow,
		.options = options,
		.done = { .short_of = KIST_ERROR_INIT },
		.mark = KIST_MARK_INIT(flow),
		.doomed = KIST_BUF_INIT(SIZE_MAX / 2),
		.orphans = KIST_BUF_INIT(SIZE_MAX / 2),
		.forget = KIST_IDSET_INIT,
		.deleted = json_array(),
	};

	KIST_TRY(collect(&collecting, err));
	*ret = collecting.done;
	return KIST_OK;
}
