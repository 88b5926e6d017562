/* SPDX-License-Identifier: Apache-2.0 */
#include "numpy_kernel.h"

#include <string.h>

void npy_swap(void *data, size_t size, size_t width)
{
	uint8_t *at = data;
	uint16_t x2;
	uint32_t x4;
	uint64_t x8;

	/* Through memcpy, since the data may lie at any address. */
	for (size_t i = 0; width == 2 && i < size; i += 2) {
		memcpy(&x2, at + i, 2);
		x2 = __builtin_bswap16(x2);
		memcpy(at + i, &x2, 2);
	}
	for (size_t i = 0; width == 4 && i < size; i += 4) {
		memcpy(&x4, at + i, 4);
		x4 = __builtin_bswap32(x4);
		memcpy(at + i, &x4, 4);
	}
	for (size_t i = 0; width == 8 && i < size; i += 8) {
		memcpy(&x8, at + i, 8);
		x8 = __builtin_bswap64(x8);
		memcpy(at + i, &x8, 8);
	}
}

void npy_walk_init(struct npy_walk *walk, const void *base, size_t item_size, int rank, const uint64_t *size,
		   const int64_t *stride)
{
	*walk = (struct npy_walk){ .base = base, .item_size = item_size };
	for (int i = 0; i < rank; i++) {
		const int last = walk->rank - 1;

		if (size[i] == 1)
			continue;
		if (last >= 0 && walk->stride[last] == stride[i] * (int64_t)size[i]) {
			walk->size[last] *= size[i];
			walk->stride[last] = stride[i];
			continue;
		}
		walk->size[walk->rank] = size[i];
		walk->stride[walk->rank++] = stride[i];
	}
}

bool npy_walk_is_flat(const struct npy_walk *walk)
{
	return walk->rank == 0 || (walk->rank == 1 && walk->stride[0] == (int64_t)walk->item_size);
}

static const uint8_t *walk_place(const struct npy_walk *walk)
{
	int64_t offset = 0;

	for (int i = 0; i < walk->rank; i++)
		offset += (int64_t)walk->index[i] * walk->stride[i];
	return walk->base + offset;
}

/* One loop a size, so that each copy is a load and a store. */
#define COPY_LOOP(bytes)                                                                                     \
	do {                                                                                                 \
		for (size_t i = 0; i < count; i++)                                                           \
			memcpy(to + i * (bytes), from + (int64_t)i * stride, (bytes));                       \
	} while (0)

static void copy_strided(uint8_t *to, const uint8_t *from, size_t count, int64_t stride, size_t item_size)
{
	if (stride == (int64_t)item_size) {
		memcpy(to, from, count * item_size);
		return;
	}
	switch (item_size) {
	case 1:
		COPY_LOOP(1);
		break;
	case 2:
		COPY_LOOP(2);
		break;
	case 4:
		COPY_LOOP(4);
		break;
	case 8:
		COPY_LOOP(8);
		break;
	default:
		COPY_LOOP(item_size);
	}
}

/* Moves on by @count in the last dimension, and into the next of the one before when it is used up. */
static void walk_on(struct npy_walk *walk, size_t count)
{
	int i = walk->rank - 1;

	walk->index[i] += count;
	while (i > 0 && walk->index[i] == walk->size[i]) {
		walk->index[i--] = 0;
		walk->index[i]++;
	}
}

void npy_walk_fill(struct npy_walk *walk, uint8_t *to, size_t count)
{
	const int last = walk->rank - 1;

	if (walk->rank == 0 && count > 0)
		memcpy(to, walk->base, walk->item_size);
	while (last >= 0 && count > 0) {
		const uint64_t left = walk->size[last] - walk->index[last];
		const size_t run = left < count ? (size_t)left : count;

		copy_strided(to, walk_place(walk), run, walk->stride[last], walk->item_size);
		walk_on(walk, run);
		to += run * walk->item_size;
		count -= run;
	}
}
