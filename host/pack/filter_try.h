/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_FILTER_TRY_H
#define KIST_PACK_FILTER_TRY_H

#include "pack/filter_room.h"

/*
 * Encoding a chunk in one way after the other, and keeping the smallest body.
 *
 * Thread: as for struct kist_filter.
 */

/** struct kist_filter_best - The smallest body so far. */
struct kist_filter_best {
	uint8_t *body;
	size_t size; /* 0: stored */
	size_t cost; /* what it takes with its record's extension */
	struct kist_filter_spec spec;
	bool is_guess;
	enum kist_filter_matches matches;
};

/**
 * kist_filter_try() - Encodes with @spec, or as plain zstd when it is NULL, and keeps what is smaller than @best.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_filter_try(struct kist_filter *filter, const struct kist_filter_input *input,
					 const struct kist_filter_task *task,
					 const struct kist_filter_spec *spec, struct kist_filter_best *best,
					 struct kist_error *err);

/** kist_filter_try_gain() - As kist_filter_try(), when it makes of each byte of @best no more than @gain. */
KIST_CHECKED kist_status kist_filter_try_gain(struct kist_filter *filter,
					      const struct kist_filter_input *input,
					      const struct kist_filter_task *task,
					      const struct kist_filter_spec *spec, double gain,
					      struct kist_filter_best *best, struct kist_error *err);

/** KIST_FILTER_BASE_GAIN - A base must gain so much over the best without one. */
#define KIST_FILTER_BASE_GAIN 0.85

/** kist_filter_base_spec() - How elements, or bytes, are encoded against a base. */
struct kist_filter_spec kist_filter_base_spec(const struct kist_filter_hint *hint);

/** kist_filter_try_base() - As kist_filter_try() against the base, when that gains enough over @best. */
KIST_CHECKED kist_status kist_filter_try_base(struct kist_filter *filter,
					      const struct kist_filter_input *input,
					      const struct kist_filter_task *task,
					      struct kist_filter_best *best, struct kist_error *err);

/** kist_filter_is_as_guessed() - Whether a body of @size is as much smaller than the chunk as its guess says. */
bool kist_filter_is_as_guessed(const struct kist_filter_input *input, size_t size);

/**
 * kist_filter_encode_bytes() - Encodes bytes without elements: text by its cells, others as plain zstd; and what a
 * base has of them by where it stands there.  filter_text.c.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_filter_encode_bytes(struct kist_filter *filter,
						  const struct kist_filter_input *input,
						  struct kist_filter_task *task,
						  struct kist_filter_best *best, struct kist_error *err);

#endif
