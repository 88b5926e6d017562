/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "care/collect_private.h"

/* Below this a pack is small: an eighth of what writers fill it to. */
#define SMALL_DATA_SIZE ((uint64_t)8 << 20)
#define SMALL_META_SIZE ((uint64_t)2 << 20)

/* The chunks of one pack that are to be copied, in the order in which they lie there. */
struct copying {
	struct kist_collecting *collecting;
	struct kist_copier *copier;
	struct kist_buf chunks; /* of struct kist_chunk_row */
};

static void copying_done(struct copying *copying)
{
	kist_copier_close(copying->copier);
	kist_buf_done(&copying->chunks);
}

static bool is_small(const struct kist_doomed *doomed)
{
	return doomed->pack.size < (doomed->pack.kind == KIST_PACK_DATA ? SMALL_DATA_SIZE : SMALL_META_SIZE);
}

/* Whether it may be compacted: it is known what is in it, and it is part of what was marked. */
static bool is_known(const struct kist_collecting *collecting, const struct kist_doomed *doomed)
{
	return !doomed->gone && doomed->pack.state == KIST_PACK_SOUND && doomed->live > 0 &&
	       doomed->pack.commit <= collecting->marked_to;
}

static bool is_dead_enough(const struct kist_collecting *collecting, const struct kist_doomed *doomed)
{
	const uint64_t percent = collecting->options->all ? 1 : KIST_COLLECT_DEAD_PERCENT;
	const uint64_t dead = kist_doomed_dead(doomed);

	return dead > 0 && dead * 100 >= doomed->pack.size * percent;
}

static int by_dead_part(const void *a, const void *b)
{
	const struct kist_doomed *one = *(struct kist_doomed *const *)a;
	const struct kist_doomed *other = *(struct kist_doomed *const *)b;
	/* dead / size, compared crosswise: sizes are under 2^28. */
	const uint64_t left = kist_doomed_dead(one) * other->pack.size;
	const uint64_t right = kist_doomed_dead(other) * one->pack.size;

	return left == right  ? memcmp(one->pack.id.bytes, other->pack.id.bytes, KIST_DIGEST_SIZE)
	       : left > right ? -1
			      : 1;
}

/* Appends pointers to the packs that are worth copying: the deadest first, then small ones when there are
 * many. */
static kist_status list_candidates(const struct kist_collecting *collecting, struct kist_buf *ret,
				   struct kist_error *err)
{
	size_t small[2] = { 0, 0 };
	size_t count;
	struct kist_doomed *list = kist_doomed_list(collecting, &count);

	for (size_t i = 0; i < count; i++) {
		struct kist_doomed *doomed = &list[i];

		if (!is_known(collecting, doomed))
			continue;
		small[doomed->pack.kind] += is_small(doomed);
		if (is_dead_enough(collecting, doomed))
			KIST_TRY(kist_buf_append(ret, &doomed, sizeof(doomed), err));
	}
	if (ret->size > 0)
		qsort(ret->data, ret->size / sizeof(struct kist_doomed *), sizeof(struct kist_doomed *),
		      by_dead_part);
	for (size_t i = 0; i < count; i++) {
		struct kist_doomed *doomed = &list[i];

		if (is_known(collecting, doomed) && is_small(doomed) && !is_dead_enough(collecting, doomed) &&
		    small[doomed->pack.kind] >= KIST_COLLECT_SMALL_PACKS)
			KIST_TRY(kist_buf_append(ret, &doomed, sizeof(doomed), err));
	}
	return KIST_OK;
}

/* Chooses the first of the candidates, as far as one run may copy; one at least. */
static kist_status choose(struct kist_collecting *collecting, size_t *ret_count, struct kist_error *err)
{
	kist_auto_buf struct kist_buf candidates = KIST_BUF_INIT(SIZE_MAX / 2);
	struct kist_doomed **list;
	uint64_t copied = 0;
	uint64_t most = UINT64_MAX;
	uint64_t total = 0;
	size_t count;
	const struct kist_doomed *all = kist_doomed_list(collecting, &count);

	for (size_t i = 0; i < count; i++)
		total += all[i].gone ? 0 : all[i].pack.size;
	if (!collecting->options->all)
		most = total / 100 * KIST_COLLECT_COPY_PERCENT;
	KIST_TRY(list_candidates(collecting, &candidates, err));
	list = (struct kist_doomed **)(void *)candidates.data;
	*ret_count = 0;
	for (size_t i = 0; i < candidates.size / sizeof(*list); i++) {
		if (*ret_count > 0 && list[i]->live > most - copied)
			continue;
		copied += kist_min_u64(list[i]->live, most - copied);
		list[i]->chosen = true;
		++*ret_count;
	}
	return KIST_OK;
}

static kist_status see_chunk(void *ctx, const struct kist_digest *id, const struct kist_location *where,
			     struct kist_error *err)
{
	struct copying *copying = ctx;
	struct kist_collecting *collecting = copying->collecting;
	struct kist_chunk_row row = { .id = *id };
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	if (!kist_idset_has(&collecting->mark.chunks, id))
		return KIST_OK;
	/* From where the registry reads it, and from nowhere else. */
	status = kist_registry_find_chunk(collecting->flow->registry, id, &row.where, &why);
	if (status != KIST_OK && status != KIST_NOT_FOUND)
		return kist_fail_as(err, status, &why);
	/* Nor what another collector has taken away since it was marked: its names were dropped. */
	if (status == KIST_NOT_FOUND || !kist_digest_equal(&row.where.pack, &where->pack))
		return KIST_OK;
	return kist_buf_append(&copying->chunks, &row, sizeof(row), err);
}

static int by_offset(const void *a, const void *b)
{
	const struct kist_chunk_row *one = a;
	const struct kist_chunk_row *other = b;

	return one->where.offset < other->where.offset ? -1 : one->where.offset > other->where.offset;
}

/* What is wrong with this pack alone: it stays as it is. */
static bool is_of_the_pack(kist_status status)
{
	return status == KIST_CORRUPT || status == KIST_NOT_FOUND || status == KIST_INCOMPATIBLE;
}

static kist_status copy_pack(struct copying *copying, const struct kist_doomed *doomed,
			     struct kist_error *err)
{
	const struct kist_chunk_row *rows;

	copying->chunks.size = 0;
	KIST_TRY(kist_store_read_index(copying->collecting->flow->store, &doomed->pack.id, see_chunk, copying,
				       err));
	if (copying->chunks.size > 0)
		qsort(copying->chunks.data, copying->chunks.size / sizeof(*rows), sizeof(*rows), by_offset);
	rows = (const void *)copying->chunks.data;
	for (size_t i = 0; i < copying->chunks.size / sizeof(*rows); i++)
		KIST_TRY(kist_copier_add(copying->copier, &rows[i].where, &rows[i].id, err));
	return KIST_OK;
}

static kist_status copy_chosen(struct copying *copying, struct kist_error *err)
{
	struct kist_collecting *collecting = copying->collecting;
	uint64_t done = 0;
	size_t count;
	struct kist_doomed *list = kist_doomed_list(collecting, &count);

	for (size_t i = 0; i < count; i++) {
		struct kist_error why = KIST_ERROR_INIT;
		kist_status status;

		if (!list[i].chosen)
			continue;
		status = copy_pack(copying, &list[i], &why);
		if (is_of_the_pack(status)) {
			const kist_status noted = kist_registry_suspect_pack(collecting->flow->registry,
									     &list[i].pack.id, true, NULL);

			(void)noted;
			list[i].chosen = false;
			collecting->done.packs_damaged++;
		} else if (status != KIST_OK) {
			if (err && err->status == KIST_OK)
				*err = why;
			return status;
		}
		done += list[i].live;
		kist_flow_progress(collecting->flow, done, 0);
	}
	return KIST_OK;
}

/* The copies, and what they stand for.  Copies of what was spared in the meantime lie there twice: no harm.
 */
struct compaction {
	struct kist_collecting *collecting;
	json_t *packs;
};

static kist_status fill(void *ctx, json_t *commit, struct kist_error *err)
{
	struct compaction *compaction = ctx;

	if (compaction->collecting->overtaken)
		return KIST_OK;
	KIST_TRY(kist_collect_fill_condemned(compaction->collecting, commit, err));
	if (json_object_size(commit) == 0 || json_array_size(compaction->packs) == 0)
		return KIST_OK;
	return kist_record_set_take(commit, "packs", json_incref(compaction->packs), err);
}

static void count_written(struct kist_collecting *collecting, const json_t *packs)
{
	const json_t *pack;
	size_t i;

	json_array_foreach(packs, i, pack) {
		collecting->done.packs_written++;
		collecting->done.bytes_written += (uint64_t)json_integer_value(json_object_get(pack, "size"));
	}
}

static void unchoose(struct kist_collecting *collecting)
{
	size_t count;
	struct kist_doomed *list = kist_doomed_list(collecting, &count);

	for (size_t i = 0; i < count; i++)
		list[i].chosen = false;
}

static kist_status compact(struct copying *copying, struct kist_error *err)
{
	struct kist_collecting *collecting = copying->collecting;
	struct compaction compaction = { .collecting = collecting };
	kist_auto_json json_t *packs = NULL;
	kist_status status;
	bool made = false;

	KIST_TRY(kist_copier_open(collecting->flow->store, &copying->copier, err));
	KIST_TRY(copy_chosen(copying, err));
	KIST_TRY(kist_copier_finish(copying->copier, &packs, err));
	compaction.packs = packs;
	status = kist_collect_commit(collecting, fill, &compaction, kist_copier_session(copying->copier),
				     &made, err);
	/* After KIST_IO nobody knows whether the commit is there. */
	if (made || status == KIST_IO)
		kist_copier_keep(copying->copier);
	if (!made)
		unchoose(collecting);
	if (status != KIST_OK || !made)
		return status;
	count_written(collecting, packs);
	return KIST_OK;
}

/* With dry_run: as if all that is live in them were written. */
static void count_as_if(struct kist_collecting *collecting)
{
	size_t count;
	struct kist_doomed *list = kist_doomed_list(collecting, &count);

	for (size_t i = 0; i < count; i++) {
		if (!list[i].chosen)
			continue;
		list[i].gone = true;
		collecting->done.packs_deleted++;
		collecting->done.packs_compacted++;
		collecting->done.bytes_deleted += list[i].pack.size;
		collecting->done.bytes_written += list[i].live;
	}
}

kist_status kist_collect_compact(struct kist_collecting *collecting, struct kist_error *err)
{
	__attribute__((cleanup(copying_done))) struct copying copying = {
		.collecting = collecting,
		.chunks = KIST_BUF_INIT(KIST_PACK_CHUNKS_MAX * sizeof(struct kist_chunk_row)),
	};
	struct kist_error why = KIST_ERROR_INIT;
	uint64_t before = collecting->done.packs_deleted;
	kist_status status;
	size_t count;

	KIST_TRY(choose(collecting, &count, err));
	if (count == 0)
		return KIST_OK;
	if (collecting->options->dry_run) {
		count_as_if(collecting);
		return KIST_OK;
	}
	status = compact(&copying, &why);
	if (status == KIST_IO && (why.sys_errno == ENOSPC || why.sys_errno == EDQUOT)) {
		/* What could be had without room was had before. */
		unchoose(collecting);
		collecting->done.short_of = why;
		return KIST_OK;
	}
	if (status != KIST_OK) {
		if (err && err->status == KIST_OK)
			*err = why;
		return status;
	}
	KIST_TRY(kist_collect_delete_chosen(collecting, err));
	collecting->done.packs_compacted = collecting->done.packs_deleted - before;
	return KIST_OK;
}
