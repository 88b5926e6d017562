/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NUMPY_KERNEL_H
#define NUMPY_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The loops over elements: byte order, strides, statistics.
 *
 * Allocates nothing.  Thread: no shared state.
 */

/** Largest rank of a walk: that of a tensor. */
#define NPY_WALK_RANK_MAX 64

/** npy_swap() - Turns the bytes of each number of @width bytes (1, 2, 4, 8) round; @size is a multiple of it.
 */
void npy_swap(void *data, size_t size, size_t width);

/**
 * struct npy_walk - A way through strided memory, the last dimension fastest.
 *
 * @stride: Bytes.
 */
struct npy_walk {
	const uint8_t *base;
	size_t item_size;
	int rank;
	uint64_t size[NPY_WALK_RANK_MAX];
	int64_t stride[NPY_WALK_RANK_MAX];
	uint64_t index[NPY_WALK_RANK_MAX];
};

/**
 * npy_walk_init() - Begins a walk, and joins dimensions that lie in memory as one.
 *
 * @size, @stride: @rank of them, no size 0.  Every element's place is known to fit in an int64_t.
 */
void npy_walk_init(struct npy_walk *walk, const void *base, size_t item_size, int rank, const uint64_t *size,
		   const int64_t *stride);

/** npy_walk_is_flat() - True when the elements lie one after the other. */
bool npy_walk_is_flat(const struct npy_walk *walk);

/** npy_walk_fill() - Copies the next @count elements to @to.  There are that many. */
void npy_walk_fill(struct npy_walk *walk, uint8_t *to, size_t count);

/**
 * struct npy_stats - What describe says of the numbers.
 *
 * @finite, @nan, @inf, @neg_inf, @zero, @negative: Counts.  Negative ones are below zero, minus infinity too.
 * @mean, @m2: Of the finite ones: the mean and the sum of squared distances from it.
 * @min_*, @max_*: Of the finite ones; the pair for the kind: signed, unsigned (and bool), floating.
 */
struct npy_stats {
	uint64_t finite;
	uint64_t nan;
	uint64_t inf;
	uint64_t neg_inf;
	uint64_t zero;
	uint64_t negative;
	double mean;
	double m2;
	int64_t min_i;
	int64_t max_i;
	uint64_t min_u;
	uint64_t max_u;
	double min_f;
	double max_f;
	uint64_t bytes[256];
};

/** The kind of bfloat16, for which numpy has no character. */
#define NPY_STATS_BFLOAT 'B'

/** npy_stats_can() - True for the elements that have statistics: bool, integers, floating numbers. */
bool npy_stats_can(char kind, size_t item_size);

void npy_stats_init(struct npy_stats *stats);

/** npy_stats_add() - Adds @count elements at @data, which is aligned to them and in native byte order. */
void npy_stats_add(struct npy_stats *stats, char kind, size_t item_size, const void *data, size_t count);

/** npy_stats_finish() - Makes the counts of one-byte elements into the rest. */
void npy_stats_finish(struct npy_stats *stats, char kind, size_t item_size);

#endif
