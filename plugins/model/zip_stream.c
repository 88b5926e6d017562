/* SPDX-License-Identifier: Apache-2.0 */

/* The bytes of an entry, inflated, and held against what is told of them. */
#include <stdlib.h>
#include <zlib.h>

#include "zip.h"

#define PIECE_SIZE ((size_t)256 << 10)

/* @left: Stored bytes that were not read yet.  @made: Bytes that were given. */
struct zip_stream {
	struct kist_call *call;
	struct kist_source *source;
	const struct zip_entry *entry;
	struct model_fault *fault;
	uint64_t left;
	uint64_t made;
	uLong crc;
	z_stream inflater;
	bool is_over; /* the deflated bytes said that they end */
	uint8_t in[PIECE_SIZE];
};

static kist_status fault(const struct zip_stream *stream, const char *code, const char *what)
{
	return model_fault_set(stream->fault, KIST_CORRUPT, code, stream->entry->data_at, "%s", what);
}

kist_status zip_stream_open(struct kist_call *call, struct kist_source *source, const struct zip_entry *entry,
			    struct model_fault *fault_, struct zip_stream **ret)
{
	struct zip_stream *const stream = malloc(sizeof(*stream));

	if (!stream)
		return model_no_memory(call);
	stream->call = call;
	stream->source = source;
	stream->entry = entry;
	stream->fault = fault_;
	stream->left = entry->stored_size;
	stream->made = 0;
	stream->crc = crc32(0, NULL, 0);
	stream->inflater = (z_stream){ .next_in = NULL };
	stream->is_over = false;
	if (entry->method == ZIP_DEFLATED && inflateInit2(&stream->inflater, -MAX_WBITS) != Z_OK) {
		free(stream);
		return model_no_memory(call);
	}
	*ret = stream;
	return KIST_OK;
}

void zip_stream_close(struct zip_stream *stream)
{
	if (stream && stream->entry->method == ZIP_DEFLATED)
		(void)inflateEnd(&stream->inflater);
	free(stream);
}

/* Reads up to @size bytes of what is stored. */
static kist_status fetch(struct zip_stream *stream, uint8_t *to, size_t size)
{
	const struct zip_entry *const entry = stream->entry;

	MODEL_TRY(stream->call->poll(stream->call));
	MODEL_TRY(kist_read_exact(stream->call, stream->source,
				  entry->data_at + entry->stored_size - stream->left, to, size));
	stream->left -= size;
	return KIST_OK;
}

/* Inflates until there is no more room, or the stored bytes are over. */
static kist_status inflate_some(struct zip_stream *stream, uint8_t *to, size_t size, size_t *ret)
{
	z_stream *const inflater = &stream->inflater;
	int result;

	inflater->next_out = to;
	inflater->avail_out = (uInt)size;
	while (inflater->avail_out > 0 && !stream->is_over) {
		if (inflater->avail_in == 0 && stream->left > 0) {
			inflater->avail_in = (uInt)(stream->left < PIECE_SIZE ? stream->left : PIECE_SIZE);
			inflater->next_in = stream->in;
			MODEL_TRY(fetch(stream, stream->in, inflater->avail_in));
		}
		result = inflate(inflater, Z_NO_FLUSH);
		if (result == Z_MEM_ERROR)
			return model_no_memory(stream->call);
		if (result == Z_BUF_ERROR && inflater->avail_in == 0 && stream->left == 0)
			break;
		if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
			return fault(stream, "E_ZIP", "an entry does not inflate");
		stream->is_over = result == Z_STREAM_END;
	}
	*ret = size - inflater->avail_out;
	return KIST_OK;
}

kist_status zip_stream_read(struct zip_stream *stream, uint8_t *ret, size_t size)
{
	while (size > 0) {
		size_t step = size < PIECE_SIZE ? size : PIECE_SIZE;
		size_t got = step;

		if (step > stream->entry->size - stream->made)
			return fault(stream, "E_TRUNCATED", "an entry is shorter than what it holds");
		if (stream->entry->method == ZIP_STORED)
			MODEL_TRY(fetch(stream, ret, step));
		else
			MODEL_TRY(inflate_some(stream, ret, step, &got));
		if (got < step)
			return fault(stream, "E_ZIP", "an entry inflates to less than its size");
		stream->crc = crc32(stream->crc, ret, (uInt)step);
		stream->made += step;
		ret += step;
		size -= step;
	}
	return KIST_OK;
}

kist_status zip_stream_end(struct zip_stream *stream)
{
	uint8_t more;
	size_t got = 0;

	if (stream->entry->method == ZIP_DEFLATED) {
		MODEL_TRY(inflate_some(stream, &more, sizeof(more), &got));
		if (got > 0)
			return fault(stream, "E_BOMB", "an entry inflates to more than its size");
		if (!stream->is_over || stream->left > 0 || stream->inflater.avail_in > 0)
			return fault(stream, "E_ZIP", "an entry's deflated bytes do not end where it does");
	}
	return (uint32_t)stream->crc == stream->entry->crc
		       ? KIST_OK
		       : fault(stream, "E_CRC", "an entry's bytes are not those of its CRC-32");
}

static kist_status read_all(struct zip_stream *stream, uint8_t *ret)
{
	static const size_t step_size = PIECE_SIZE;
	uint8_t *const piece = ret ? NULL : malloc(step_size);
	kist_status status = KIST_OK;

	if (!ret && !piece)
		return model_no_memory(stream->call);
	while (status == KIST_OK && stream->made < stream->entry->size) {
		const uint64_t left = stream->entry->size - stream->made;

		status = zip_stream_read(stream, ret ? ret + stream->made : piece,
					 left < step_size ? (size_t)left : step_size);
	}
	free(piece);
	return status == KIST_OK ? zip_stream_end(stream) : status;
}

kist_status zip_check(struct kist_call *call, struct kist_source *source, const struct zip_entry *entry,
		      uint8_t *ret, struct model_fault *fault_)
{
	struct zip_stream *stream = NULL;
	kist_status status;

	MODEL_TRY(zip_stream_open(call, source, entry, fault_, &stream));
	status = read_all(stream, ret);
	zip_stream_close(stream);
	return status;
}

kist_status zip_check_all(struct kist_call *call, struct kist_source *source, const struct zip *zip,
			  struct model_fault *fault)
{
	for (size_t i = 0; i < zip->entries.count; i++)
		MODEL_TRY(zip_check(call, source, zip_at(zip, i), NULL, fault));
	return KIST_OK;
}
