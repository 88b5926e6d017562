/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_input.h"

#include <stdlib.h>
#include <string.h>

/* Reads up to @room bytes of the source, at least one. */
static kist_status read_source(struct csv_input *in, uint8_t *to, size_t room, size_t *ret_len,
			       struct csv_fault *fault)
{
	const uint64_t left = in->source->size - in->at;
	size_t want = room < CSV_PIECE_SIZE ? room : CSV_PIECE_SIZE;
	kist_status status;

	want = want < left ? want : (size_t)left;
	status = csv_fault_pass(fault, in->source->read_at(in->source, in->at, to, want, ret_len));
	if (status != KIST_OK)
		return status;
	if (*ret_len == 0 || *ret_len > want)
		return csv_fault_set(fault, KIST_CORRUPT, "E_TRUNCATED", in->at,
				     "the source ends before its size of %llu bytes",
				     (unsigned long long)in->source->size);
	in->at += *ret_len;
	return KIST_OK;
}

static kist_status find_order(struct csv_input *in, struct csv_fault *fault)
{
	uint8_t mark[2] = { 0, 0 };
	size_t len = 0;

	while (len < sizeof(mark) && in->at < in->source->size) {
		size_t got;
		const kist_status status = read_source(in, mark + len, sizeof(mark) - len, &got, fault);

		if (status != KIST_OK)
			return status;
		len += got;
	}
	in->at = 0;
	in->encoding = mark[0] == 0xff ? CSV_ENCODING_UTF16LE : CSV_ENCODING_UTF16BE;
	if (memcmp(mark, "\xff\xfe", 2) == 0 || memcmp(mark, "\xfe\xff", 2) == 0 || in->source->size == 0)
		return KIST_OK;
	return csv_fault_set(fault, KIST_UNSUPPORTED, "E_ENCODING", 0,
			     "the text has no byte order mark: say encoding=utf-16le or utf-16be");
}

kist_status csv_input_open(struct csv_input *in, struct kist_source *source, enum csv_encoding encoding,
			   struct csv_fault *fault)
{
	*in = (struct csv_input){ .source = source, .encoding = encoding };
	if (encoding == CSV_ENCODING_UTF8)
		return KIST_OK;
	in->raw = malloc(CSV_PIECE_SIZE);
	if (!in->raw)
		return csv_fault_set(fault, KIST_NO_MEMORY, "", KIST_NO_OFFSET,
				     "no memory to read the table");
	return encoding == CSV_ENCODING_UTF16 ? find_order(in, fault) : KIST_OK;
}

void csv_input_close(struct csv_input *in)
{
	free(in->raw);
	in->raw = NULL;
}

static kist_status fill_raw(struct csv_input *in, struct csv_fault *fault)
{
	const size_t left = in->raw_end - in->raw_at;
	size_t got = 0;
	kist_status status;

	if (left > 0)
		memmove(in->raw, in->raw + in->raw_at, left);
	in->raw_at = 0;
	in->raw_end = left;
	if (in->at >= in->source->size)
		return csv_fault_set(fault, KIST_CORRUPT, "E_ENCODING", in->at - left,
				     "the text ends inside a character of %s",
				     csv_encoding_name(in->encoding));
	status = read_source(in, in->raw + left, CSV_PIECE_SIZE - left, &got, fault);
	in->raw_end += got;
	return status;
}

kist_status csv_input_read(struct csv_input *in, uint8_t *to, size_t room, size_t *ret_len,
			   struct csv_fault *fault)
{
	if (in->encoding == CSV_ENCODING_UTF8)
		return read_source(in, to, room, ret_len, fault);
	for (*ret_len = 0; *ret_len == 0;) {
		const size_t left = in->raw_end - in->raw_at;
		const size_t fits = room / CSV_DECODE_GROWTH;
		size_t used;
		bool good;

		good = csv_decode(in->encoding, in->raw + in->raw_at, left < fits ? left : fits, to, &used,
				  ret_len);
		in->raw_at += used;
		/* What comes before a wrong character is given first. */
		if (*ret_len > 0)
			return KIST_OK;
		if (!good)
			return csv_fault_set(
				fault, KIST_CORRUPT, "E_ENCODING", in->at - (in->raw_end - in->raw_at),
				"the bytes are no character of %s", csv_encoding_name(in->encoding));
		if (fill_raw(in, fault) != KIST_OK)
			return fault->status;
	}
	return KIST_OK;
}
