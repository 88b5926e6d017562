/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_FILTER_CELLS_PARTS_KERNEL_H
#define KIST_PACK_FILTER_CELLS_PARTS_KERNEL_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "pack/filter_cells_kernel.h"

/*
 * What both ways of the filter of cells share: sizes of what they write, the rows that they work on at a
 * time, and numbers of more than a byte.
 *
 * Thread: pure.
 */

/** Cells are moved as words, the last of which ends with them. */
#define KIST_CELLS_WORD	     ((size_t)8)
#define KIST_CELLS_WORD_LOG  3
#define KIST_CELLS_WORDS_MAX (KIST_FILTER_CELLS_WIDTH_MAX / KIST_CELLS_WORD)
/** Rows that are worked on at once; of cells that are written back, so many words. */
#define KIST_CELLS_ROWS_MAX   ((size_t)256)
#define KIST_CELLS_ROOM_WORDS ((size_t)4096)
/** What is said of a text, and of a stretch. */
#define KIST_CELLS_TEXT_SIZE  ((size_t)4)
#define KIST_CELLS_OTHER_SIZE ((size_t)8)

/** Bytes of a vector, that much is copied at once. */
#define KIST_CELLS_VECTOR ((size_t)16)

/** kist_cells_copy() - A few bytes: compilers would take instructions that are for many. */
static inline void kist_cells_copy(const uint8_t *from, size_t count, uint8_t *to)
{
	size_t at = 0;

	for (; count - at >= KIST_CELLS_VECTOR; at += KIST_CELLS_VECTOR)
		memcpy(to + at, from + at, KIST_CELLS_VECTOR);
	for (; at < count; at++)
		to[at] = from[at];
}

static inline uint32_t kist_cells_read32(const uint8_t *from)
{
	uint32_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static inline uint64_t kist_cells_read64(const uint8_t *from)
{
	uint64_t value;

	memcpy(&value, from, sizeof(value));
	return value;
}

static inline void kist_cells_write32(uint8_t *to, uint32_t value)
{
	memcpy(to, &value, sizeof(value));
}

static inline void kist_cells_write64(uint8_t *to, uint64_t value)
{
	memcpy(to, &value, sizeof(value));
}

#endif
