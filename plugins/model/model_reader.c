/* SPDX-License-Identifier: Apache-2.0 */
#include "model_reader.h"

void model_reader_init(struct model_reader *reader, struct kist_call *call, struct kist_source *source,
		       struct model_fault *fault)
{
	reader->call = call;
	reader->source = source;
	reader->fault = fault;
	reader->at = 0;
	reader->end = source->size;
	reader->held_at = 0;
	reader->held_size = 0;
}

uint64_t model_reader_left(const struct model_reader *reader)
{
	return reader->at < reader->end ? reader->end - reader->at : 0;
}

/* Fetches the bytes from reader->at on. */
static kist_status fetch(struct model_reader *reader)
{
	const uint64_t left = model_reader_left(reader);
	const size_t size = left < MODEL_READER_SIZE ? (size_t)left : MODEL_READER_SIZE;

	MODEL_TRY(reader->call->poll(reader->call));
	reader->held_size = 0;
	MODEL_TRY(kist_read_exact(reader->call, reader->source, reader->at, reader->held, size));
	reader->held_at = reader->at;
	reader->held_size = size;
	return KIST_OK;
}

kist_status model_reader_bytes(struct model_reader *reader, void *ret, uint64_t len)
{
	uint8_t *to = ret;

	if (len > model_reader_left(reader))
		return model_reader_fault(
			reader, "E_TRUNCATED", reader->at, "%llu bytes belong here, and %llu are left",
			(unsigned long long)len, (unsigned long long)model_reader_left(reader));
	if (!to) {
		reader->at += len;
		return KIST_OK;
	}
	while (len > 0) {
		size_t step;

		if (reader->at < reader->held_at || reader->at - reader->held_at >= reader->held_size)
			MODEL_TRY(fetch(reader));
		step = reader->held_size - (size_t)(reader->at - reader->held_at);
		step = len < step ? (size_t)len : step;
		memcpy(to, reader->held + (reader->at - reader->held_at), step);
		to += step;
		reader->at += step;
		len -= step;
	}
	return KIST_OK;
}

/* Little-endian numbers of up to eight bytes. */
static kist_status take(struct model_reader *reader, size_t size, uint64_t *ret)
{
	uint8_t bytes[8];

	MODEL_TRY(model_reader_bytes(reader, bytes, size));
	*ret = 0;
	for (size_t i = size; i > 0; i--)
		*ret = *ret << 8 | bytes[i - 1];
	return KIST_OK;
}

kist_status model_reader_u8(struct model_reader *reader, uint8_t *ret)
{
	return model_reader_bytes(reader, ret, 1);
}

kist_status model_reader_u16(struct model_reader *reader, uint16_t *ret)
{
	uint64_t number;

	MODEL_TRY(take(reader, 2, &number));
	*ret = (uint16_t)number;
	return KIST_OK;
}

kist_status model_reader_u32(struct model_reader *reader, uint32_t *ret)
{
	uint64_t number;

	MODEL_TRY(take(reader, 4, &number));
	*ret = (uint32_t)number;
	return KIST_OK;
}

kist_status model_reader_u64(struct model_reader *reader, uint64_t *ret)
{
	return take(reader, 8, ret);
}

kist_status model_reader_fault(struct model_reader *reader, const char *code, uint64_t offset,
			       const char *format, ...)
{
	char text[sizeof(reader->fault->text)];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return model_fault_set(reader->fault, KIST_CORRUPT, code, offset, "%s", text);
}
