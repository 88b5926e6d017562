/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/literals.h"

#include <string.h>

#include "base/le.h"
#include "pack/huffman_read.h"

#define MAGIC		UINT32_C(0xFD2FB528)
#define DESCRIPTOR	0xA0
#define BLOCK_HEAD_SIZE ((size_t)3)
#define JUMPS_SIZE	((size_t)6)
/* Of the literals: those that bring their code with them. */
#define CODED 2
/* What has more bits for a byte comes one by one, and zstd is faster at that. */
#define BITS_MAX 4

enum block_kind { RAW = 0, SAME = 1, COMPRESSED = 2 };

/* The header of the literals; false for one that is not written here. */
static bool read_head(struct kist_view *block, size_t *ret_len, size_t *ret_size)
{
	/* By the format: with 0 there is one stream. */
	static const uint8_t bits[4] = { 0, 10, 14, 18 };
	const unsigned format = block->size > 0 ? block->data[0] >> 2 & 3 : 0;
	const size_t size = format + 2;
	uint64_t word = 0;

	if (format == 0 || block->size < size || (block->data[0] & 3) != CODED)
		return false;
	for (size_t i = 0; i < size; i++)
		word |= (uint64_t)block->data[i] << 8 * i;
	*ret_len = (size_t)(word >> 4) & (((size_t)1 << bits[format]) - 1);
	*ret_size = (size_t)(word >> (4 + bits[format])) & (((size_t)1 << bits[format]) - 1);
	*block = kist_view_of(block->data + size, block->size - size);
	return true;
}

/* A block of literals in four streams, and no sequences; *@ret_len is at least that many bytes at first. */
static bool read_coded(struct kist_view block, uint8_t *ret, size_t *ret_len)
{
	const size_t room = *ret_len < KIST_HUFFMAN_LEN_MAX ? *ret_len : KIST_HUFFMAN_LEN_MAX;
	struct kist_huffman_reader reader;
	size_t sizes[KIST_HUFFMAN_STREAMS];
	size_t table;
	size_t left;
	size_t len;
	size_t size;

	if (!read_head(&block, &len, &size) || len < KIST_HUFFMAN_LEN_MIN || len > room ||
	    size * 8 > len * BITS_MAX || block.size != size + 1 || block.data[size] != 0)
		return false;
	table = kist_huffman_open(&reader, block.data, size);
	if (table == 0 || size - table < JUMPS_SIZE)
		return false;
	left = size - table - JUMPS_SIZE;
	for (size_t i = 0; i + 1 < KIST_HUFFMAN_STREAMS; i++) {
		sizes[i] = kist_le_read16(block.data + table + 2 * i);
		if (sizes[i] > left)
			return false;
		left -= sizes[i];
	}
	sizes[KIST_HUFFMAN_STREAMS - 1] = left;
	*ret_len = len;
	return kist_huffman_read(&reader, block.data + table + JUMPS_SIZE, sizes, ret, len);
}

/* Takes the first block off @frame; its bytes are added to *@ret_at. */
static bool read_block(struct kist_view *frame, uint8_t *ret, size_t len, size_t *ret_at, bool *ret_last)
{
	const size_t room = len - *ret_at;
	enum block_kind kind;
	size_t stored;
	size_t size;
	uint32_t head;

	if (frame->size < BLOCK_HEAD_SIZE)
		return false;
	head = (uint32_t)frame->data[0] | (uint32_t)frame->data[1] << 8 | (uint32_t)frame->data[2] << 16;
	kind = (enum block_kind)(head >> 1 & 3);
	size = head >> 3;
	stored = kind == SAME ? 1 : size;
	*ret_last = head & 1;
	*frame = kist_view_of(frame->data + BLOCK_HEAD_SIZE, frame->size - BLOCK_HEAD_SIZE);
	if (stored > frame->size || size > (kind == COMPRESSED ? KIST_HUFFMAN_LEN_MAX : room) ||
	    kind > COMPRESSED)
		return false;
	if (kind == COMPRESSED) {
		size = room;
		if (!read_coded(kist_view_of(frame->data, stored), ret + *ret_at, &size))
			return false;
	} else if (kind == SAME) {
		memset(ret + *ret_at, frame->data[0], size);
	} else {
		memcpy(ret + *ret_at, frame->data, size);
	}
	*ret_at += size;
	*frame = kist_view_of(frame->data + stored, frame->size - stored);
	return true;
}

bool kist_literals_read(struct kist_view frame, uint8_t *ret, size_t len)
{
	bool last = false;
	size_t at = 0;

	if (frame.size < KIST_LITERALS_HEAD_SIZE || kist_le_read32(frame.data) != MAGIC ||
	    frame.data[4] != DESCRIPTOR || kist_le_read32(frame.data + 5) != len)
		return false;
	frame = kist_view_of(frame.data + KIST_LITERALS_HEAD_SIZE, frame.size - KIST_LITERALS_HEAD_SIZE);
	while (!last) {
		if (!read_block(&frame, ret, len, &at, &last))
			return false;
	}
	return at == len && frame.size == 0;
}
