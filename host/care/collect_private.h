/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CARE_COLLECT_PRIVATE_H
#define KIST_CARE_COLLECT_PRIVATE_H

#include "care/collect.h"
#include "flow/mark.h"
#include "registry/collect.h"
#include "store/copy.h"

/*
 * What the files of a collection share: collect.c (the order of things, commits), collect_plan.c (what is
 * dead), collect_orphan.c (packs that no commit names), collect_compact.c (copying).
 */

/** struct kist_doomed - A live pack, and what is known of it. */
struct kist_doomed {
	struct kist_pack_row pack;
	uint64_t live; /* bytes of what a name leads to: records, and their entries in the index */
	bool chosen;   /* to be condemned by the next commit */
	bool gone;     /* condemned by this collection */
};

/** struct kist_orphan - A pack that no commit names. */
struct kist_orphan {
	struct kist_digest id;
	uint64_t size;
	uint8_t session[KIST_SESSION_SIZE];
	uint32_t time;
	bool fence; /* its session has been silent for long */
	bool dead;  /* its session is fenced */
	bool gone;
};

struct kist_collecting {
	struct kist_flow *flow;
	const struct kist_collect_options *options;
	struct kist_collected done;
	struct kist_mark mark;
	uint64_t marked_to; /* the commit up to which all names were marked */
	bool overtaken; /* another collector has forgotten what is marked here: then its names were dropped
			   since */
	struct kist_buf doomed;	 /* of struct kist_doomed, in order of id */
	struct kist_buf orphans; /* of struct kist_orphan */
	struct kist_idset forget;
	size_t forgotten_to; /* slots of @forget before this one were dealt with */
	json_t *deleted;     /* ids of condemned packs that were deleted */
};

static inline struct kist_doomed *kist_doomed_list(const struct kist_collecting *collecting,
						   size_t *ret_count)
{
	*ret_count = collecting->doomed.size / sizeof(struct kist_doomed);
	return (struct kist_doomed *)(void *)collecting->doomed.data;
}

static inline struct kist_orphan *kist_orphan_list(const struct kist_collecting *collecting,
						   size_t *ret_count)
{
	*ret_count = collecting->orphans.size / sizeof(struct kist_orphan);
	return (struct kist_orphan *)(void *)collecting->orphans.data;
}

/** kist_doomed_dead() - Bytes that no name leads to: 0 when all of the pack is needed. */
static inline uint64_t kist_doomed_dead(const struct kist_doomed *doomed)
{
	const uint64_t needed =
		doomed->live + KIST_PACK_HEAD_SIZE + KIST_PACK_INDEX_SIZE(0) + KIST_PACK_FOOT_SIZE;

	return doomed->live == 0	    ? doomed->pack.size
	       : doomed->pack.size > needed ? doomed->pack.size - needed
					    : 0;
}

/** kist_doomed_find() - The row of pack @id, or NULL. */
struct kist_doomed *kist_doomed_find(const struct kist_collecting *collecting, const struct kist_digest *id);

/** kist_collect_plan() - Marks, and finds out what is dead: fills @doomed and @forget; chooses nothing yet.
 */
KIST_CHECKED kist_status kist_collect_plan(struct kist_collecting *collecting, struct kist_error *err);

/** kist_collect_catch_up() - Reaches what the names of all commits up to @head lead to, and spares its packs.
 */
KIST_CHECKED kist_status kist_collect_catch_up(struct kist_collecting *collecting, uint64_t head,
					       struct kist_error *err);

/** kist_collect_find_orphans() - Fills @orphans.  Nothing is deleted. */
KIST_CHECKED kist_status kist_collect_find_orphans(struct kist_collecting *collecting,
						   struct kist_error *err);

/** kist_collect_compact() - Chooses what to compact and, unless @options->dry_run, does it. */
KIST_CHECKED kist_status kist_collect_compact(struct kist_collecting *collecting, struct kist_error *err);

/**
 * kist_collect_commit() - Commits, after a catch-up, what @fill puts into the commit.
 *
 * @fill:    Called for each try; the commit is empty.  Leaving it empty ends the tries: there is nothing to
 * commit.
 * @session: Of the packs in the commit, or NULL: must not be fenced.
 * @ret_made: Whether a commit was made.
 */
KIST_CHECKED kist_status kist_collect_commit(struct kist_collecting *collecting,
					     kist_status (*fill)(void *ctx, json_t *commit,
								 struct kist_error *err),
					     void *ctx, const uint8_t *session, bool *ret_made,
					     struct kist_error *err);

/** kist_collect_fill_condemned() - Lists every pack that is chosen in @commit. */
KIST_CHECKED kist_status kist_collect_fill_condemned(struct kist_collecting *collecting, json_t *commit,
						     struct kist_error *err);

/** kist_collect_delete_chosen() - Deletes what was chosen and is condemned by now. */
KIST_CHECKED kist_status kist_collect_delete_chosen(struct kist_collecting *collecting,
						    struct kist_error *err);

#endif
