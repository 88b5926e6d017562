/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_FILTER_CHOOSE_H
#define KIST_PACK_FILTER_CHOOSE_H

#include "pack/filter.h"

/*
 * Which filter: candidates by what the elements are, judged by a sample of the bytes.
 *
 * Thread: pure.
 */

#define KIST_FILTER_CANDIDATES_MAX 10

/** Bytes of the sample at most: pieces of whole elements from all over the chunk. */
#define KIST_FILTER_SAMPLE_SIZE ((size_t)32 << 10)

/** struct kist_filter_sample - Some bytes of a chunk, and of its base in the same places. */
struct kist_filter_sample {
	const struct kist_filter_ops *ops;
	size_t len;
	size_t piece; /* bytes in a row */
	bool has_base;
	uint8_t raw[KIST_FILTER_SAMPLE_SIZE];
	uint8_t base[KIST_FILTER_SAMPLE_SIZE];
	uint8_t filtered[KIST_FILTER_SAMPLE_SIZE + KIST_FILTER_SAMPLE_SIZE / 8];
};

/** kist_filter_sample_take() - Fills @sample from @input; pieces begin with a whole element or record. */
void kist_filter_sample_take(const struct kist_filter_input *input, struct kist_filter_sample *sample);

/** kist_filter_candidates() - The filters that may suit; their number.  Uses @sample as room. */
size_t kist_filter_candidates(const struct kist_filter_input *input, struct kist_filter_sample *sample,
			      struct kist_filter_spec ret[static KIST_FILTER_CANDIDATES_MAX]);

/** kist_filter_estimate() - Bytes that the sample probably takes with @spec; a huge number if it does not
 * fit. */
double kist_filter_estimate(struct kist_filter_sample *sample, const struct kist_filter_spec *spec);

#endif
