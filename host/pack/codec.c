/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/codec.h"

#include <zstd.h>

#include "base/le.h"
#include "base/num.h"

#define BLOCK_SIZE	((size_t)128 << 10)
#define BLOCK_HEAD_SIZE ((size_t)3)
#define FRAME_HEAD_SIZE ((size_t)9)
/* One segment, a content size of four bytes, no checksum, no dictionary. */
#define FRAME_DESCRIPTOR 0xA0

size_t kist_codec_stored_size(size_t raw_len)
{
	return FRAME_HEAD_SIZE + raw_len + BLOCK_HEAD_SIZE * ((raw_len + BLOCK_SIZE - 1) / BLOCK_SIZE);
}

void kist_codec_store(struct kist_view raw, uint8_t *ret)
{
	kist_le_write32(ret, ZSTD_MAGICNUMBER);
	ret[4] = FRAME_DESCRIPTOR;
	kist_le_write32(ret + 5, (uint32_t)raw.size);
	ret += FRAME_HEAD_SIZE;
	for (size_t at = 0; at < raw.size; at += BLOCK_SIZE) {
		const size_t len = (size_t)kist_min_u64(BLOCK_SIZE, raw.size - at);
		/* Bit 0: the last block.  Bits 1..2: 0, raw.  Then the length. */
		const uint32_t head = (uint32_t)(len << 3) | (at + len == raw.size);

		ret[0] = (uint8_t)head;
		ret[1] = (uint8_t)(head >> 8);
		ret[2] = (uint8_t)(head >> 16);
		memcpy(ret + BLOCK_HEAD_SIZE, raw.data + at, len);
		ret += BLOCK_HEAD_SIZE + len;
	}
}
