/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/literals.h"

#include <string.h>

#include "base/le.h"
#include "base/num.h"

#define MAGIC		UINT32_C(0xFD2FB528)
#define DESCRIPTOR	0xA0
#define BLOCK_HEAD_SIZE ((size_t)3)
/* Where the streams begin, behind the first: three times 16 bits.  And the number of sequences behind them: 0. */
#define JUMPS_SIZE     ((size_t)6)
#define SEQUENCES_SIZE ((size_t)1)
/* Shorter blocks have no code; others are to gain one byte in so many. */
#define CODED_SIZE_MIN ((size_t)256)
#define GAIN_IN	       64

enum block_kind { RAW = 0, SAME = 1, COMPRESSED = 2 };

/* What bit 0 says of the last block. */
static void write_block_head(uint8_t *to, enum block_kind kind, size_t size, bool last)
{
	const uint32_t head = (uint32_t)(size << 3) | (uint32_t)kind << 1 | last;

	to[0] = (uint8_t)head;
	to[1] = (uint8_t)(head >> 8);
	to[2] = (uint8_t)(head >> 16);
}

/* Both sizes take as many bits as the larger one needs: 10, 14 or 18. */
struct head {
	size_t size;
	unsigned format;
	unsigned bits;
};

/* What is coded takes less room than the bytes. */
static struct head head_of(size_t len)
{
	if (len < (size_t)1 << 10)
		return (struct head){ .size = 3, .format = 1, .bits = 10 };
	if (len < (size_t)1 << 14)
		return (struct head){ .size = 4, .format = 2, .bits = 14 };
	return (struct head){ .size = 5, .format = 3, .bits = 18 };
}

static void write_head(const struct head *head, size_t len, size_t size, uint8_t *to)
{
	const uint64_t bits = (uint64_t)COMPRESSED | head->format << 2 | (uint64_t)len << 4 |
			      (uint64_t)size << (4 + head->bits);

	for (size_t i = 0; i < head->size; i++)
		to[i] = (uint8_t)(bits >> 8 * i);
}

/* What a block with a code is made of, without its header. */
struct coded {
	struct head head;
	struct kist_huffman_code code;
	uint8_t table[KIST_HUFFMAN_TABLE_MAX];
	size_t table_size;
	size_t streams[KIST_HUFFMAN_STREAMS];
	size_t size; /* of all */
};

/* Whether a code makes the block smaller, and which one. */
static bool find_code(struct kist_view block, struct coded *ret)
{
	struct kist_huffman_counts counts;

	if (block.size < CODED_SIZE_MIN)
		return false;
	kist_huffman_count(block.data, block.size, &counts);
	if (!kist_huffman_make(&counts, &ret->code))
		return false;
	ret->table_size = kist_huffman_describe(&ret->code, ret->table);
	if (ret->table_size == 0)
		return false;
	kist_huffman_sizes(&counts, &ret->code, ret->streams);
	ret->head = head_of(block.size);
	ret->size = ret->head.size + ret->table_size + JUMPS_SIZE + SEQUENCES_SIZE;
	for (size_t i = 0; i < KIST_HUFFMAN_STREAMS; i++)
		ret->size += ret->streams[i];
	return ret->size < block.size - block.size / GAIN_IN;
}

static void write_coded(struct kist_view block, const struct coded *coded, uint8_t *to,
			enum kist_huffman_with with)
{
	write_head(&coded->head, block.size, coded->size - coded->head.size - SEQUENCES_SIZE, to);
	to += coded->head.size;
	memcpy(to, coded->table, coded->table_size);
	to += coded->table_size;
	for (size_t i = 0; i + 1 < KIST_HUFFMAN_STREAMS; i++) {
		to[2 * i] = (uint8_t)coded->streams[i];
		to[2 * i + 1] = (uint8_t)(coded->streams[i] >> 8);
	}
	to += JUMPS_SIZE;
	kist_huffman_write(block.data, block.size, &coded->code, coded->streams, to, with);
	for (size_t i = 0; i < KIST_HUFFMAN_STREAMS; i++)
		to += coded->streams[i];
	*to = 0;
}

bool kist_literals_are_same(struct kist_view bytes)
{
	return bytes.data[0] == bytes.data[bytes.size - 1] &&
	       memcmp(bytes.data, bytes.data + 1, bytes.size - 1) == 0;
}

/* Gives the bytes that were written, with the header; 0 when they do not fit. */
static size_t write_block(struct kist_view block, bool last, uint8_t *to, size_t room,
			  enum kist_huffman_with with)
{
	struct coded coded;

	if (kist_literals_are_same(block)) {
		if (room < BLOCK_HEAD_SIZE + 1)
			return 0;
		write_block_head(to, SAME, block.size, last);
		to[BLOCK_HEAD_SIZE] = block.data[0];
		return BLOCK_HEAD_SIZE + 1;
	}
	if (find_code(block, &coded)) {
		if (room < BLOCK_HEAD_SIZE + coded.size)
			return 0;
		write_block_head(to, COMPRESSED, coded.size, last);
		write_coded(block, &coded, to + BLOCK_HEAD_SIZE, with);
		return BLOCK_HEAD_SIZE + coded.size;
	}
	if (room < BLOCK_HEAD_SIZE + block.size)
		return 0;
	write_block_head(to, RAW, block.size, last);
	memcpy(to + BLOCK_HEAD_SIZE, block.data, block.size);
	return BLOCK_HEAD_SIZE + block.size;
}

size_t kist_literals_frame(struct kist_view stream, uint8_t *ret, size_t room, enum kist_huffman_with with)
{
	/* None is much shorter than the others. */
	const size_t blocks = (stream.size + KIST_HUFFMAN_LEN_MAX - 1) / KIST_HUFFMAN_LEN_MAX;
	const size_t len = (stream.size + blocks - 1) / blocks;
	size_t size = KIST_LITERALS_HEAD_SIZE;

	if (room < size)
		return 0;
	kist_le_write32(ret, MAGIC);
	ret[4] = DESCRIPTOR;
	kist_le_write32(ret + 5, (uint32_t)stream.size);
	for (size_t at = 0; at < stream.size; at += len) {
		const struct kist_view block =
			kist_view_of(stream.data + at, (size_t)kist_min_u64(len, stream.size - at));
		const size_t written =
			write_block(block, at + len >= stream.size, ret + size, room - size, with);

		if (written == 0)
			return 0;
		size += written;
	}
	return size;
}
