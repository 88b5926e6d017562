/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATS_PICTURE_H
#define STATS_PICTURE_H

#include "stats_out.h"
#include "stats_sample_kernel.h"

/*
 * What can be drawn of an array, as JSON (docs/guide/objects.md, "What is drawn").
 *
 * Thread: pure.
 */

/** Bins of the histogram of one array of many; of one alone it has STATS_BINS. */
#define STATS_BINS_SMALL 12
/** Points of a curve; rows and columns of a heat map. */
#define STATS_SIDE_MAX 64
/** Exponents that are told apart. */
#define STATS_EXPONENTS 64
/** Bytes that stats_put_exponents() takes at most, NUL included. */
#define STATS_EXPONENTS_SIZE ((size_t)STATS_EXPONENTS * 21 + 96)
/** Bytes that stats_put_histogram() takes at most, NUL included. */
#define STATS_HISTOGRAM_SIZE ((size_t)STATS_BINS * 6 + 64)
/** And stats_put_picture(). */
#define STATS_PICTURE_SIZE (STATS_HISTOGRAM_SIZE + (size_t)STATS_SIDE_MAX * STATS_SIDE_MAX * 2 + 256)

/**
 * stats_put_histogram() - ,"histogram":{"of":n,"counts":[...]} between min and max; nothing when no number of
 * the sample is finite.
 *
 * @bins: STATS_BINS at most.
 */
void stats_put_histogram(struct stats_out *out, const struct stats *stats, const struct stats_sample *sample,
			 size_t bins);

/**
 * stats_put_picture() - The same, and a curve of one row, or a heat map of several.
 *
 * @is_transposed: The map is turned, so that rows of the sample are columns.
 * @cells_max:     Points or cells at most.
 */
void stats_put_picture(struct stats_out *out, const struct stats *stats, const struct stats_sample *sample,
		       bool is_transposed, uint64_t cells_max);

/** Exponents that the bits of a double can have, that of infinities and NaN included. */
#define STATS_EXPONENT_FIELDS 2048

/**
 * struct stats_exponents - How many numbers have each of them; zero before the first number.
 *
 * @zeros: Are not in @counts.
 */
struct stats_exponents {
	uint64_t zeros;
	uint64_t counts[STATS_EXPONENT_FIELDS];
};

/** stats_exponents_add() - Counts those of a sample, too. */
void stats_exponents_add(struct stats_exponents *exponents, const struct stats_sample *sample);

/** stats_exponents_join() - Counts those that @more counted, too. */
void stats_exponents_join(struct stats_exponents *exponents, const struct stats_exponents *more);

/**
 * stats_put_exponents() - ,"exponents":{"of":n,"from":e,"counts":[...]}: how many numbers, finite and not zero, are at
 * least 2^e and below 2^(e+1) without their sign, and so on up to the largest; of more than STATS_EXPONENTS the first
 * count has all that are smaller.  Nothing when there is no such number.
 */
void stats_put_exponents(struct stats_out *out, const struct stats_exponents *exponents);

/**
 * stats_exponents_ratio() - How many times smaller floating numbers of @type would be if each exponent took as many bits
 * as it tells of, and everything else what it takes; in hundredths.
 *
 * Returns 0 when there are no numbers, or @type is no floating one.
 */
double stats_exponents_ratio(const struct stats_exponents *exponents, enum stats_type type);

#endif
