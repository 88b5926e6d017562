/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CARE_COLLECT_H
#define KIST_CARE_COLLECT_H

#include "flow/flow.h"

/*
 * Collecting: removing what no name leads to any more.
 *
 *   1. packs that were condemned before, or whose session was fenced before, are deleted
 *   2. mark what the names lead to (mark.h)
 *   3. one commit: forget the records of what is not reached, condemn the packs of which nothing is reached,
 *      fence the sessions of packs that no commit names and that have been silent for long; then these packs
 *      are deleted
 *   4. packs that are largely dead are copied, without what is dead; one commit names the copies and condemns
 *      the old ones, which are then deleted
 *   5. a commit says what was deleted
 *
 * Nobody waits for a collector.  Commits that others make meanwhile are taken into account before it commits
 * itself: what a new name leads to is reached too, and its packs stay.
 *
 * Memory: that of mark.h for the whole store, and of store/copy.h.
 * Thread: one flow, one thread at a time; many collectors and writers may run at once on one store.
 * Source: docs/format/store.md, section 4; docs/adr/0008-sessions-without-a-commit.md.
 */

/** Seconds after which a silent session counts as given up. */
#define KIST_COLLECT_GRACE_SECONDS ((uint64_t)24 * 60 * 60)
/** A pack is compacted when at least this part of its bytes is dead, in percent. */
#define KIST_COLLECT_DEAD_PERCENT 25
/** What one run copies at most, in percent of the store. */
#define KIST_COLLECT_COPY_PERCENT 10
/** So many small packs are merged: those of less than an eighth of what a pack is filled to. */
#define KIST_COLLECT_SMALL_PACKS 32

/** struct kist_collect_options - How a store is to be collected. */
struct kist_collect_options {
	bool dry_run; /* look, and change nothing */
	bool all;     /* compact whatever has anything dead in it, however much is to be copied */
	uint64_t grace_seconds;
};

/** struct kist_collected - What was done, or with dry_run would be. */
struct kist_collected {
	uint64_t artifacts; /* forgotten */
	uint64_t packs_deleted;
	uint64_t bytes_deleted;
	uint64_t packs_compacted; /* of those that were deleted */
	uint64_t packs_written;
	uint64_t bytes_written;
	uint64_t bytes_kept;	/* of all live packs, afterwards */
	uint64_t bytes_dead;	/* of these, that no name leads to */
	uint64_t packs_unnamed; /* that no commit names, and that were left alone: a writer may be at work */
	uint64_t bytes_unnamed;
	uint64_t packs_damaged;	    /* left alone: what is in them is not known */
	struct kist_error short_of; /* why less was done than could be: no room to compact; or KIST_OK */
};

/**
 * kist_collect() - Collects the flow's store.
 *
 * Errors: KIST_CORRUPT (what a name leads to cannot be read, so that nobody knows what it needs: nothing that
 * it may need is removed; the text has the name); KIST_CANCELLED with KIST_CODE_COLLECTED (another collector
 * was faster); KIST_LIMIT (too busy a store); KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_collect(struct kist_flow *flow, const struct kist_collect_options *options,
				      struct kist_collected *ret, struct kist_error *err);

#endif
