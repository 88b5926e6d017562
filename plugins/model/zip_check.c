/* SPDX-License-Identifier: Apache-2.0 */

/* The bytes of an entry, inflated, and held against what is told of them. */
#include <stdlib.h>
#include <zlib.h>

#include "zip.h"

#define PIECE_SIZE ((size_t)256 << 10)

/* An entry on its way. */
struct unzipping {
	struct kist_call *call;
	struct kist_source *source;
	const struct zip_entry *entry;
	struct model_fault *fault;
	uint8_t *ret; /* may be NULL */
	uint64_t made;
	uLong crc;
	uint8_t in[PIECE_SIZE];
	uint8_t out[PIECE_SIZE];
};

static kist_status fault(const struct unzipping *unzipping, const char *code, const char *what)
{
	return model_fault_set(unzipping->fault, KIST_CORRUPT, code, unzipping->entry->data_at, "%s", what);
}

static kist_status give(struct unzipping *unzipping, const uint8_t *bytes, size_t size)
{
	if (size > unzipping->entry->size - unzipping->made)
		return fault(unzipping, "E_BOMB", "an entry inflates to more than its size");
	unzipping->crc = crc32(unzipping->crc, bytes, (uInt)size);
	if (unzipping->ret && size > 0)
		memcpy(unzipping->ret + unzipping->made, bytes, size);
	unzipping->made += size;
	return KIST_OK;
}

/* Reads the next piece of what is stored, of which @left bytes are left. */
static kist_status fetch(struct unzipping *unzipping, uint64_t left, size_t *ret)
{
	const struct zip_entry *const entry = unzipping->entry;

	*ret = left < PIECE_SIZE ? (size_t)left : PIECE_SIZE;
	MODEL_TRY(unzipping->call->poll(unzipping->call));
	return kist_read_exact(unzipping->call, unzipping->source, entry->data_at + entry->stored_size - left,
			       unzipping->in, *ret);
}

static kist_status take_stored(struct unzipping *unzipping)
{
	for (uint64_t left = unzipping->entry->stored_size; left > 0;) {
		size_t size;

		MODEL_TRY(fetch(unzipping, left, &size));
		MODEL_TRY(give(unzipping, unzipping->in, size));
		left -= size;
	}
	return KIST_OK;
}

static kist_status inflate_piece(struct unzipping *unzipping, z_stream *stream, int *ret)
{
	do {
		stream->next_out = unzipping->out;
		stream->avail_out = PIECE_SIZE;
		*ret = inflate(stream, Z_NO_FLUSH);
		if (*ret == Z_MEM_ERROR)
			return model_no_memory(unzipping->call);
		if (*ret != Z_OK && *ret != Z_STREAM_END && *ret != Z_BUF_ERROR)
			return fault(unzipping, "E_ZIP", "an entry does not inflate");
		MODEL_TRY(give(unzipping, unzipping->out, PIECE_SIZE - stream->avail_out));
	} while (*ret != Z_STREAM_END && stream->avail_out == 0);
	return KIST_OK;
}

static kist_status take_deflated(struct unzipping *unzipping, z_stream *stream)
{
	uint64_t left = unzipping->entry->stored_size;
	int result = Z_OK;

	while (left > 0 && result != Z_STREAM_END) {
		size_t size;

		MODEL_TRY(fetch(unzipping, left, &size));
		left -= size;
		stream->next_in = unzipping->in;
		stream->avail_in = (uInt)size;
		MODEL_TRY(inflate_piece(unzipping, stream, &result));
	}
	if (result != Z_STREAM_END || left > 0 || stream->avail_in > 0)
		return fault(unzipping, "E_ZIP", "an entry's deflated bytes do not end where it does");
	return KIST_OK;
}

static kist_status take(struct unzipping *unzipping)
{
	z_stream stream = { .next_in = NULL };
	kist_status status;

	if (unzipping->entry->method == ZIP_STORED) {
		MODEL_TRY(take_stored(unzipping));
	} else {
		if (inflateInit2(&stream, -MAX_WBITS) != Z_OK)
			return model_no_memory(unzipping->call);
		status = take_deflated(unzipping, &stream);
		(void)inflateEnd(&stream);
		MODEL_TRY(status);
	}
	if (unzipping->made != unzipping->entry->size)
		return fault(unzipping, "E_ZIP", "an entry inflates to less than its size");
	return (uint32_t)unzipping->crc == unzipping->entry->crc
		       ? KIST_OK
		       : fault(unzipping, "E_CRC", "an entry's bytes are not those of its CRC-32");
}

kist_status zip_check(struct kist_call *call, struct kist_source *source, const struct zip_entry *entry,
		      uint8_t *ret, struct model_fault *fault_)
{
	struct unzipping *const unzipping = malloc(sizeof(*unzipping));
	kist_status status;

	if (!unzipping)
		return model_no_memory(call);
	unzipping->call = call;
	unzipping->source = source;
	unzipping->entry = entry;
	unzipping->fault = fault_;
	unzipping->ret = ret;
	unzipping->made = 0;
	unzipping->crc = crc32(0, NULL, 0);
	status = take(unzipping);
	free(unzipping);
	return status;
}
