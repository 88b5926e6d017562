/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATS_KERNEL_H
#define STATS_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Statistics of numbers, for every plugin that has arrays: one pass, at the speed of memory.
 *
 * The same numbers in the same pieces give the same result, bit for bit, on every machine: what describe says
 * stands in a record, and the same file must have the same artifact on all of them.  So the order of all
 * additions is fixed (stats_ops_kernel.h), whatever vectors the processor has, and the compiler must not
 * join a product and a sum into one rounding (-ffp-contract=off).
 *
 * Numbers go through in blocks of STATS_BLOCK.  Of each the sum of the distances from its first number is
 * taken, and that of their squares: the first number is within the spread, so that no digits are lost on data
 * that is large against it.  Blocks are merged by Chan's formula.
 *
 * Allocates nothing.  Thread: no shared state.
 * Source: Chan, Golub, LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances".
 */

/** Numbers in a block. */
#define STATS_BLOCK 4096

/** enum stats_type - Numbers that have statistics, in the machine's byte order. */
enum stats_type {
	STATS_NONE,
	STATS_BOOL,
	STATS_U8,
	STATS_I8,
	STATS_U16,
	STATS_I16,
	STATS_U32,
	STATS_I32,
	STATS_U64,
	STATS_I64,
	STATS_F16,
	STATS_BF16,
	STATS_F32,
	STATS_F64,
	STATS_TYPE_COUNT
};

struct stats_ops;

/**
 * struct stats - What is known of the numbers so far.  Begun by stats_init(); complete after stats_finish().
 *
 * @finite, @nan, @inf, @neg_inf, @zero, @negative: Counts.  Negative ones are below zero, minus infinity too.
 * @min, @max:     Of the finite ones.  Exact, but for STATS_U64 and STATS_I64.
 * @min_i, @max_i, @min_u, @max_u: Those of integers, exact; the pair for the type.
 * @mean, @m2:     Of the finite ones, @m2 the sum of squared distances from the mean; for stats_mean() and
 *                 stats_std().
 * @is_scaled:     @mean is in units of 2^600, and @m2 of its square: else they would be beyond a double.
 * @bytes:         How often each byte comes; of one-byte types.
 */
struct stats {
	enum stats_type type;
	const struct stats_ops *ops;
	uint64_t finite;
	uint64_t nan;
	uint64_t inf;
	uint64_t neg_inf;
	uint64_t zero;
	uint64_t negative;
	double min;
	double max;
	int64_t min_i;
	int64_t max_i;
	uint64_t min_u;
	uint64_t max_u;
	double mean;
	double m2;
	bool is_scaled;
	uint64_t bytes[256];
};

/** stats_size() - Bytes of a number; 0 for STATS_NONE. */
size_t stats_size(enum stats_type type);

bool stats_is_floating(enum stats_type type);
bool stats_is_signed(enum stats_type type);

/** stats_value() - The number at @at, which need not be aligned, as the nearest double. */
double stats_value(enum stats_type type, const void *at);

/** stats_init() - No numbers yet.  @type is not STATS_NONE. */
void stats_init(struct stats *stats, enum stats_type type);

/**
 * stats_add() - Adds @count numbers at @data, which need not be aligned.
 *
 * All pieces but the last have a multiple of STATS_BLOCK numbers: else the result depends on the pieces in its
 * last digits.
 */
void stats_add(struct stats *stats, const void *data, size_t count);

/** stats_finish() - After the last number. */
void stats_finish(struct stats *stats);

/** stats_mean() - Of the finite ones; NaN when there is none. */
double stats_mean(const struct stats *stats);

/**
 * stats_std() - The standard deviation of the population of finite ones; NaN when there is none, and when the
 * spread is so small (below 2^-480) that its square is lost.
 */
double stats_std(const struct stats *stats);

#endif
