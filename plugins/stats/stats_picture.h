/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATS_PICTURE_H
#define STATS_PICTURE_H

#include "stats_sample_kernel.h"

/*
 * What can be drawn of an array, as JSON (docs/guide/objects.md, "What is drawn").
 *
 * Thread: pure.
 */

/** Bins of the histogram of an array, and of one of many. */
#define STATS_BINS	 32
#define STATS_BINS_SMALL 12
/** Points of a curve; rows and columns of a heat map. */
#define STATS_SIDE_MAX 64
/** Exponents that are told apart. */
#define STATS_EXPONENTS 64
/** Bytes that stats_exponents_text() takes at most, NUL included. */
#define STATS_EXPONENTS_SIZE ((size_t)STATS_EXPONENTS * 21 + 96)
/** Bytes that stats_histogram_text() takes at most, NUL included. */
#define STATS_HISTOGRAM_SIZE ((size_t)STATS_BINS * 6 + 64)
/** And stats_picture_text(). */
#define STATS_PICTURE_SIZE (STATS_HISTOGRAM_SIZE + (size_t)STATS_SIDE_MAX * STATS_SIDE_MAX * 2 + 256)

/**
 * stats_histogram_text() - ,"histogram":{"of":n,"counts":[...]} between min and max; nothing when no number of
 * the sample is finite.  Returns the length.
 */
size_t stats_histogram_text(const struct stats *stats, const struct stats_sample *sample, size_t bins,
			    char ret[static STATS_HISTOGRAM_SIZE]);

/**
 * stats_picture_text() - The same, and a curve of one row, or a heat map of several.
 *
 * @is_transposed: The map is turned, so that rows of the sample are columns.
 * @cells_max:     Points or cells at most.
 */
size_t stats_picture_text(const struct stats *stats, const struct stats_sample *sample, bool is_transposed,
			  uint64_t cells_max, char ret[static STATS_PICTURE_SIZE]);

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
 * stats_exponents_text() - ,"exponents":{"of":n,"from":e,"counts":[...]}: how many numbers, finite and not zero, are at
 * least 2^e and below 2^(e+1) without their sign, and so on up to the largest; of more than STATS_EXPONENTS the first
 * count has all that are smaller.  Nothing when there is no such number.  Returns the length.
 */
size_t stats_exponents_text(const struct stats_exponents *exponents, char ret[static STATS_EXPONENTS_SIZE]);

/**
 * stats_exponents_ratio() - How many times smaller floating numbers of @type would be if each exponent took as many bits
 * as it tells of, and everything else what it takes; in hundredths.
 *
 * Returns 0 when there are no numbers, or @type is no floating one.
 */
double stats_exponents_ratio(const struct stats_exponents *exponents, enum stats_type type);

#endif
