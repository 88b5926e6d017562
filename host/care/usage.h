/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CARE_USAGE_H
#define KIST_CARE_USAGE_H

#include "flow/flow.h"
#include "store/idset.h"

/*
 * What holds the bytes of a store: for each name what it leads to, and what nobody else leads to; and the
 * other way round, which names lead to something.
 *
 * Bytes are those in packs: of the records, compressed, each once.
 *
 * Memory: 107 bytes a chunk that a name leads to, and the names.
 * Thread: one flow, one thread at a time.
 */

/** struct kist_usage_name - A name. */
struct kist_usage_name {
	char *name;
	size_t name_len;
	uint64_t size;	 /* of the object; of a folder, of all its files */
	uint64_t stored; /* bytes in packs of all that it leads to */
	uint64_t own;	 /* of these, those that no other name leads to: what dropping it would free */
	uint64_t chunks; /* it leads to */
	bool chosen;
};

/** struct kist_usage - The answer. */
struct kist_usage {
	struct kist_buf names; /* of struct kist_usage_name, in byte order */
	uint64_t stored;       /* what names lead to, once each */
	uint64_t chunks;
	uint64_t bases;	   /* of these, those that have one */
	uint64_t together; /* what no other than the chosen names lead to */
	uint64_t missing;  /* damaged or gone, and so not counted */
};

#define KIST_USAGE_INIT                                                                                      \
	{                                                                                                    \
		.names = KIST_BUF_INIT(SIZE_MAX / 2)                                                         \
	}
#define kist_auto_usage __attribute__((cleanup(kist_usage_done)))
void kist_usage_done(struct kist_usage *usage);

/** kist_usage_count() and kist_usage_name() - The names.  Borrowed. */
size_t kist_usage_count(const struct kist_usage *usage);
const struct kist_usage_name *kist_usage_name(const struct kist_usage *usage, size_t i);

/**
 * kist_usage_all() - Follows every name.
 *
 * @is_chosen: Whether a name is one of those that are asked about; NULL for none.
 *
 * Errors: KIST_LIMIT (names), KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_usage_all(struct kist_flow *flow,
					bool (*is_chosen)(void *ctx, const char *name, size_t len), void *ctx,
					struct kist_usage *ret, struct kist_error *err);

/**
 * kist_usage_dead() - Bytes in packs, of @stats, that nothing with a name leads to: records and their entries.
 * Where something is missing, what it leads to is not known, and counts as dead.
 */
uint64_t kist_usage_dead(const struct kist_usage *usage, const struct kist_registry_stats *stats);

/** struct kist_holder - A name that leads to what is asked about. */
struct kist_holder {
	const char *name;
	size_t name_len;
	struct kist_view path; /* of the first file in a folder that does; else empty */
	uint64_t stored;       /* how much of it, in packs */
};

/**
 * kist_usage_why() - Calls @each for every name that leads to one of the chunks in @wanted, in byte order.
 *
 * @ret_missing: How much cannot be followed, since it is damaged or gone: what leads there is not known.
 *
 * Errors: what @each gives; KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_usage_why(struct kist_flow *flow, const struct kist_idset *wanted,
					kist_status (*each)(void *ctx, const struct kist_holder *holder,
							    struct kist_error *err),
					void *ctx, uint64_t *ret_missing, struct kist_error *err);

/** kist_usage_wanted() - Adds to @wanted what the artifact, chunk or pack @id stands for; says which it is.
 *
 * Errors: KIST_NOT_FOUND.
 */
KIST_CHECKED kist_status kist_usage_wanted(struct kist_flow *flow, const struct kist_digest *id,
					   struct kist_idset *wanted, const char **ret_what,
					   struct kist_error *err);

#endif
