/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CARE_VERIFY_H
#define KIST_CARE_VERIFY_H

#include "flow/load.h"

/*
 * Verifying a store: its commits, packs, artifacts and names.
 *
 *     quick  all commits and checkpoints; of every pack the head, footer and index; that all names and artifacts are there
 *     scrub  and the CRC of every record
 *     full   and every chunk decoded and hashed, and every object as a whole
 *     deep   and every typed object by its plugin
 *
 * Thread: one flow, one thread at a time; inside, all cores.
 */

enum kist_verify_level { KIST_VERIFY_QUICK, KIST_VERIFY_SCRUB, KIST_VERIFY_FULL, KIST_VERIFY_DEEP };

/** struct kist_damage - One thing that is wrong. */
struct kist_damage {
	const char *what; /* "commit", "checkpoint", "pack", "chunk", "artifact" or "name" */
	const char *id;	  /* number, key, hex, or the escaped name */
	const char *pack; /* of a chunk or a pack, in hex; else NULL */
	uint64_t offset;  /* in the pack; or KIST_NO_OFFSET */
	bool is_healed;	  /* what was lost there is kept elsewhere: nothing is missing */
	const struct kist_error *why;
};

enum kist_stray_kind {
	KIST_STRAY_UNNAMED,   /* a pack that no commit names: of a put that is under way, or broke off */
	KIST_STRAY_CONDEMNED, /* a pack that was condemned, and not deleted yet */
	KIST_STRAY_FOREIGN,   /* nothing that kist writes */
};

/** struct kist_stray - A file that lies in the store and is no part of it.  That is no damage. */
struct kist_stray {
	enum kist_stray_kind kind;
	const char *key;
	uint64_t size;
};

/** struct kist_verify_options - What is to be checked.  All zero checks the quick things and tells nobody. */
struct kist_verify_options {
	enum kist_verify_level level;
	/* Ends behind the first thing that is past one of them; what was not checked for longest comes first.
	 */
	uint64_t size_max; /* bytes read; 0 for any */
	uint64_t ms_max;   /* 0 for any */
	/* Asks a typed object's plugin; KIST_UNSUPPORTED and KIST_NOT_FOUND when there is none.  For deep
	 * alone. */
	kist_status (*validate)(struct kist_flow *flow, const struct kist_artifact *artifact,
				struct kist_error *err);
	void (*each)(void *ctx, const struct kist_damage *damage); /* may be NULL */
	void (*each_stray)(void *ctx,
			   const struct kist_stray *stray); /* may be NULL: nobody looks for them */
	void *ctx;
};

/** struct kist_verified - What was looked at. */
struct kist_verified {
	uint64_t commits;
	uint64_t checkpoints;
	uint64_t packs;
	uint64_t pack_bytes; /* their sizes */
	uint64_t artifacts;
	uint64_t validated; /* by their plugins */
	uint64_t untyped;   /* that no plugin could be asked about; deep alone */
	uint64_t bytes;	    /* read */
	uint64_t damages;
	uint64_t healed;
	uint64_t left; /* packs, artifacts and stretches of the log that the budget left for another time */
	uint32_t left_since; /* when the oldest of them was checked, seconds since 1970; 0: never */
};

/**
 * kist_verify_store() - Checks what @options say and reports all damage, not the first alone, and the names
 * it hurts.
 *
 * Writers do not lean on packs that were found damaged: putting the same bytes again heals what was hurt.
 * When what was checked is written down in the flow's cache folder, beside the index.
 *
 * Errors: KIST_CORRUPT when anything is damaged or missing; KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_verify_store(struct kist_flow *flow, const struct kist_verify_options *options,
					   struct kist_verified *ret, struct kist_error *err);

/** kist_verify_artifact() - Checks one artifact: its record, all of its bytes, and all files of a tree. */
KIST_CHECKED kist_status kist_verify_artifact(struct kist_flow *flow, const struct kist_artifact *artifact,
					      struct kist_error *err);

/** kist_verify_by_plugin() - For kist_verify_options: has the plugin that reads the artifact look at it. */
KIST_CHECKED kist_status kist_verify_by_plugin(struct kist_flow *flow, const struct kist_artifact *artifact,
					       struct kist_error *err);

#endif
