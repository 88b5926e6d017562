/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/codec.h"

#include <zstd.h>
#include <zstd_errors.h>

#include "base/le.h"
#include "base/num.h"

#define BLOCK_SIZE	((size_t)128 << 10)
#define BLOCK_HEAD_SIZE ((size_t)3)
#define FRAME_HEAD_SIZE ((size_t)9)
/* One segment, a content size of four bytes, no checksum, no dictionary. */
#define FRAME_DESCRIPTOR 0xA0

void kist_codec_done(struct kist_codec *codec)
{
	ZSTD_freeCCtx(codec->compressor);
	ZSTD_freeDCtx(codec->decompressor);
	*codec = (struct kist_codec)KIST_CODEC_INIT;
}

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

static ZSTD_CCtx *compressor_of(struct kist_codec *codec)
{
	if (!codec->compressor) {
		codec->compressor = ZSTD_createCCtx();
		if (codec->compressor &&
		    ZSTD_isError(ZSTD_CCtx_setParameter(codec->compressor, ZSTD_c_compressionLevel,
							KIST_CODEC_LEVEL)))
			kist_codec_done(codec);
	}
	return codec->compressor;
}

kist_status kist_codec_compress(struct kist_codec *codec, struct kist_view raw, uint8_t *ret,
				size_t *ret_size, struct kist_error *err)
{
	ZSTD_CCtx *ctx = compressor_of(codec);
	size_t size;

	if (!ctx)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory: zstd cannot start");
	/*
	 * Room for less than the stored body, so that zstd gives up on what does not shrink.  It does so at
	 * 2 GB/s, faster than SHA-256; a check of a sample would not see long repeats.
	 */
	size = ZSTD_compress2(ctx, ret, kist_codec_stored_size(raw.size) - 1, raw.data, raw.size);
	if (!ZSTD_isError(size))
		*ret_size = size;
	else if (ZSTD_getErrorCode(size) == ZSTD_error_dstSize_tooSmall)
		*ret_size = 0;
	else
		return kist_fail(err, KIST_NO_MEMORY, "zstd cannot compress: %s", ZSTD_getErrorName(size));
	return KIST_OK;
}

kist_status kist_codec_decode(struct kist_codec *codec, struct kist_view body, uint8_t *ret, size_t raw_len,
			      struct kist_error *err)
{
	size_t size;

	if (!codec->decompressor)
		codec->decompressor = ZSTD_createDCtx();
	if (!codec->decompressor)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory: zstd cannot start");
	/* The decoder would take several frames, and skippable ones; a body is exactly one that holds data.
	 */
	if (body.size < 4 || kist_le_read32(body.data) != ZSTD_MAGICNUMBER ||
	    ZSTD_findFrameCompressedSize(body.data, body.size) != body.size ||
	    ZSTD_getFrameContentSize(body.data, body.size) != raw_len)
		return kist_fail(err, KIST_CORRUPT, "not one zstd frame of %zu bytes", raw_len);
	size = ZSTD_decompressDCtx(codec->decompressor, ret, raw_len, body.data, body.size);
	if (ZSTD_isError(size) && ZSTD_getErrorCode(size) == ZSTD_error_memory_allocation)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory: zstd cannot decode");
	if (size != raw_len)
		return kist_fail(err, KIST_CORRUPT, "zstd frame cannot be decoded: %s",
				 ZSTD_isError(size) ? ZSTD_getErrorName(size) : "too short");
	return KIST_OK;
}
