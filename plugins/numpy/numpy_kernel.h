/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NUMPY_KERNEL_H
#define NUMPY_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The loops over elements: byte order and strides.
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

#endif
