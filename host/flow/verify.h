/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_VERIFY_H
#define KIST_FLOW_VERIFY_H

#include "flow/load.h"

/*
 * Verifying a store: every commit, every pack with every chunk, every artifact from its record to its bytes,
 * and every name.
 *
 * Thread: one flow, one thread at a time.
 */

/** struct kist_damage - One thing that is wrong. */
struct kist_damage {
	const char *what; /* "commit", "pack", "chunk", "artifact" or "name" */
	const char *id;	  /* number, hex, or the escaped name */
	const struct kist_error *why;
};

/** struct kist_verified - What was looked at. */
struct kist_verified {
	uint64_t commits;
	uint64_t packs;
	uint64_t artifacts;
	uint64_t bytes;
	uint64_t damages;
};

/**
 * kist_verify_store() - Checks everything and reports all damage, not the first alone, and the names it
 * hurts.
 *
 * Writers do not lean on packs that were found damaged: putting the same bytes again heals what was hurt.
 *
 * @each: Told of each damage; may be NULL.
 *
 * Errors: KIST_CORRUPT when anything is damaged or missing; KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_verify_store(struct kist_flow *flow,
					   void (*each)(void *ctx, const struct kist_damage *damage),
					   void *ctx, struct kist_verified *ret, struct kist_error *err);

/** kist_verify_artifact() - Checks one artifact: its record, all of its bytes, and all files of a tree. */
KIST_CHECKED kist_status kist_verify_artifact(struct kist_flow *flow, const struct kist_artifact *artifact,
					      struct kist_error *err);

#endif
