/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"
#include "care/collect_private.h"
#include "store/log.h"

#define SHOWN_NAME_SIZE ((size_t)256)

struct kist_doomed *kist_doomed_find(const struct kist_collecting *collecting, const struct kist_digest *id)
{
	size_t count;
	struct kist_doomed *list = kist_doomed_list(collecting, &count);
	size_t low = 0;

	while (low < count) {
		const size_t middle = low + (count - low) / 2;
		const int order = memcmp(list[middle].pack.id.bytes, id->bytes, KIST_DIGEST_SIZE);

		if (order == 0)
			return &list[middle];
		if (order < 0)
			low = middle + 1;
		else
			count = middle;
	}
	return NULL;
}

/* Marks what a name leads to, unless it leads elsewhere by now, and another collector has taken that away. */
static kist_status mark_named(struct kist_collecting *collecting, struct kist_view name,
			      const struct kist_digest *artifact, struct kist_error *err)
{
	struct kist_registry *registry = collecting->flow->registry;
	struct kist_error why = KIST_ERROR_INIT;
	char shown[SHOWN_NAME_SIZE];
	struct kist_digest now;
	kist_status status = kist_mark_add(&collecting->mark, artifact, &why);

	if (status == KIST_OK)
		return KIST_OK;
	if (status == KIST_NOT_FOUND || status == KIST_CORRUPT) {
		KIST_TRY(kist_registry_fold(registry, err));
		status = kist_registry_find_ref(registry, (const char *)name.data, name.size, &now, NULL);
		if (status == KIST_NOT_FOUND || (status == KIST_OK && !kist_digest_equal(&now, artifact)))
			return KIST_OK;
	}
	kist_text_escape((const char *)name.data, name.size, shown, sizeof(shown));
	/* What is missing and has a name is damage. */
	return kist_fail_at(err, why.status == KIST_NOT_FOUND ? KIST_CORRUPT : why.status, why.code,
			    why.offset, "nothing was collected: what '%s' needs cannot be told: %s", shown,
			    why.text);
}

static kist_status mark_ref(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			    struct kist_error *err)
{
	(void)artifact;
	return mark_named(ctx, kist_view_of(ref->name, ref->name_len), &ref->artifact, err);
}

/* Packs, in order of id; nothing is known to be live yet. */
static kist_status list_packs(struct kist_collecting *collecting, struct kist_error *err)
{
	kist_auto_buf struct kist_buf packs = KIST_BUF_INIT(SIZE_MAX / 2);
	const struct kist_pack_row *rows;

	KIST_TRY(kist_registry_packs(collecting->flow->registry, &packs, err));
	rows = (const void *)packs.data;
	collecting->doomed.size = 0;
	for (size_t i = 0; i < packs.size / sizeof(*rows); i++) {
		const struct kist_doomed doomed = { .pack = rows[i] };

		KIST_TRY(kist_buf_append(&collecting->doomed, &doomed, sizeof(doomed), err));
	}
	return KIST_OK;
}

/* A walk over all chunks. */
struct weighing {
	struct kist_collecting *collecting;
	struct kist_buf also; /* records that are live as some object's bytes: then what they need is, too */
};

static kist_status weigh(void *ctx, const struct kist_chunk_row *row, struct kist_error *err)
{
	struct weighing *weighing = ctx;
	struct kist_collecting *collecting = weighing->collecting;
	struct kist_doomed *doomed = kist_doomed_find(collecting, &row->where.pack);
	const bool is_record = row->where.kind == KIST_CHUNK_RECORD;

	/* Of a pack that came in the meantime. */
	if (!doomed)
		return KIST_OK;
	if (!kist_idset_has(&collecting->mark.chunks, &row->id)) {
		if (is_record && doomed->pack.commit <= collecting->marked_to)
			return kist_idset_add(&collecting->forget, &row->id, err);
		return KIST_OK;
	}
	doomed->live += kist_location_cost(&row->where);
	if (is_record && !kist_idset_has(&collecting->mark.artifacts, &row->id))
		return kist_buf_append(&weighing->also, &row->id, sizeof(row->id), err);
	return KIST_OK;
}

static kist_status weigh_all(struct kist_collecting *collecting, bool *ret_again, struct kist_error *err)
{
	struct weighing weighing = { .collecting = collecting, .also = KIST_BUF_INIT(SIZE_MAX / 2) };
	const struct kist_digest *also;
	kist_status status;

	KIST_TRY(list_packs(collecting, err));
	kist_idset_done(&collecting->forget);
	status = kist_registry_each_chunk(collecting->flow->registry, weigh, &weighing, err);
	also = (const void *)weighing.also.data;
	*ret_again = weighing.also.size > 0;
	for (size_t i = 0; status == KIST_OK && i < weighing.also.size / sizeof(*also); i++)
		status = kist_mark_add(&collecting->mark, &also[i], err);
	kist_buf_done(&weighing.also);
	return status;
}

kist_status kist_collect_plan(struct kist_collecting *collecting, struct kist_error *err)
{
	struct kist_digest digest;
	bool again = true;

	/* The index may run ahead of this, thanks to other processes: the catch-up covers all that came
	 * later. */
	kist_registry_head(collecting->flow->registry, &collecting->marked_to, &digest);
	KIST_TRY(kist_registry_each_ref(collecting->flow->registry, "", 0, mark_ref, collecting, err));
	while (again)
		KIST_TRY(weigh_all(collecting, &again, err));
	return KIST_OK;
}

/* A chunk is needed that was not, when the packs were weighed: where it lies now, it stays. */
static kist_status spare(void *ctx, const struct kist_digest *chunk, struct kist_error *err)
{
	struct kist_collecting *collecting = ctx;
	struct kist_location where;
	struct kist_doomed *doomed;

	KIST_TRY(kist_registry_find_chunk(collecting->flow->registry, chunk, &where, err));
	doomed = kist_doomed_find(collecting, &where.pack);
	if (doomed) {
		doomed->chosen = false;
		doomed->live += kist_location_cost(&where);
	}
	return KIST_OK;
}

static kist_status mark_changes(struct kist_collecting *collecting, const struct kist_commit *commit,
				struct kist_error *err)
{
	struct kist_json_walk refs = kist_json_walk(commit->lists[KIST_COMMIT_REFS]);
	struct kist_ref_change change;
	struct kist_json_item item;

	while (kist_json_next(&refs, &item)) {
		KIST_TRY(kist_ref_change_read(item.value, &change, err));
		if (change.event != KIST_REF_RM)
			KIST_TRY(mark_named(collecting, kist_view_of(change.name, change.name_len),
					    &change.artifact, err));
	}
	return KIST_OK;
}

/* Another collector may have condemned what was chosen here. */
static kist_status drop_gone(struct kist_collecting *collecting, struct kist_error *err)
{
	size_t count;
	struct kist_doomed *list = kist_doomed_list(collecting, &count);

	for (size_t i = 0; i < count; i++) {
		bool condemned;
		bool live;

		if (!list[i].chosen)
			continue;
		KIST_TRY(kist_registry_find_pack(collecting->flow->registry, &list[i].pack.id, &live,
						 &condemned, err));
		list[i].chosen = live;
	}
	return KIST_OK;
}

/* A copy of a record that was forgotten meanwhile would count again, and what it needs may be gone. */
static void see_forgotten(struct kist_collecting *collecting, const struct kist_commit *commit)
{
	struct kist_json_walk forgotten = kist_json_walk(commit->lists[KIST_COMMIT_FORGET]);
	struct kist_json_item item;
	struct kist_digest id;

	while (kist_json_next(&forgotten, &item)) {
		if (kist_commit_digest(item.value, &id) && kist_idset_has(&collecting->mark.artifacts, &id))
			collecting->overtaken = true;
	}
}

kist_status kist_collect_catch_up(struct kist_collecting *collecting, uint64_t head, struct kist_error *err)
{
	kist_auto_commit struct kist_commit commit = KIST_COMMIT_INIT;
	const uint64_t from = collecting->marked_to;
	bool others = false;

	collecting->mark.each = spare;
	collecting->mark.ctx = collecting;
	while (collecting->marked_to < head) {
		struct kist_json_walk condemned;
		struct kist_json_item item;

		KIST_TRY(kist_log_read(collecting->flow->store, collecting->marked_to + 1, &commit, err));
		KIST_TRY(mark_changes(collecting, &commit, err));
		see_forgotten(collecting, &commit);
		condemned = kist_json_walk(commit.lists[KIST_COMMIT_CONDEMN]);
		others = others || kist_json_next(&condemned, &item);
		collecting->marked_to++;
	}
	if (collecting->marked_to > from)
		KIST_TRY(kist_mark_bases(&collecting->mark, err));
	return others ? drop_gone(collecting, err) : KIST_OK;
}
