/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CARE_REPAIR_H
#define KIST_CARE_REPAIR_H

#include "care/hurt.h"

/*
 * Repairing the packs of a store: what is damaged is made again from what is left, as far as digests prove
 * it.
 *
 *   0. a checkpoint that does not say what the log says is written anew
 *   1. every pack is checked in full; a damaged one is mended in its place (store/mend.h) when it comes out
 * as it was
 *   2. what is sound in the others and cannot be read there, and sound copies of what is not sound there, are
 * put into new packs
 *   3. a damaged pack of which nothing is needed any more that is lost is replaced: one commit names new
 * packs with all that is sound in it, and condemns it
 *   4. a pack of which something is lost stays as it is, since it may be restored from a copy, and the same
 * bytes may be put again; what is hurt by it is told
 *
 * A repair is a writer, and in step 3 a collector that compacts: it takes away nothing that could still be
 * read, and deletes nothing.
 *
 * Memory: one pack, and 88 bytes at most for each chunk of those that are damaged; store/copy.h.
 * Thread: one flow, one thread at a time; readers, writers, collectors and other repairs may go on.
 * Source: docs/format/store.md, section 9.
 */

/** struct kist_repair_step - What was done, or with dry_run would be.  All Borrowed for the call. */
struct kist_repair_step {
	const char *what; /* "checkpoint", "pack", "artifact" or "name" */
	const char *id;	  /* key, hex, or the escaped name */
	const char *
		did; /* "mended", "removed" (a checkpoint), "replaced", "lost", "newer" (a newer kist made it: left alone) or "hurt" */
	const char *text; /* why, or what helps */
	/* Of an artifact that is hurt: the bytes that are lost. */
	const struct kist_hurt_range *ranges;
	size_t range_count;
};

/** struct kist_repair_options - All Borrowed. */
struct kist_repair_options {
	bool dry_run;
	void (*each)(void *ctx, const struct kist_repair_step *step);
	void *ctx;
};

/** struct kist_repaired - What came of it. */
struct kist_repaired {
	uint64_t packs;		     /* checked */
	uint64_t packs_mended;	     /* as they were again */
	uint64_t packs_replaced;     /* condemned; all of them that is not lost is kept elsewhere */
	uint64_t packs_lost;	     /* of which something is lost that is needed */
	uint64_t packs_newer;	     /* that a newer kist made */
	uint64_t checkpoints_mended; /* written anew, or removed */
	uint64_t chunks_saved;	     /* into new packs */
	uint64_t artifacts_hurt;
	uint64_t names_hurt;
};

/**
 * kist_repair_store() - Repairs all packs.
 *
 * @ret: Set in any case.
 *
 * Errors: KIST_CORRUPT (something is lost); KIST_LIMIT (too busy a store); KIST_CANCELLED, KIST_NO_MEMORY,
 * KIST_IO.
 */
KIST_CHECKED kist_status kist_repair_store(struct kist_flow *flow, const struct kist_repair_options *options,
					   struct kist_repaired *ret, struct kist_error *err);

#endif
