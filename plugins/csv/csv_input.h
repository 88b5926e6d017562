/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_INPUT_H
#define CSV_INPUT_H

#include "csv_decode.h"
#include "csv_fault.h"

/*
 * A source from its start to its end, as UTF-8.
 *
 * Memory: CSV_PIECE_SIZE bytes for an encoding other than UTF-8.
 * Thread: one at a time.
 */

/* Bytes asked of the source at once. */
#define CSV_PIECE_SIZE 262144u
/* Room that csv_input_read() needs. */
#define CSV_INPUT_ROOM 16u

/** struct csv_input - @at: bytes read of the source; @raw_end - @raw_at of them are not decoded yet. */
struct csv_input {
	struct kist_source *source;
	uint64_t at;
	uint8_t *raw;
	size_t raw_at;
	size_t raw_end;
	enum csv_encoding encoding;
};

/**
 * csv_input_open() - Begin.
 *
 * @source: Borrowed until csv_input_close().
 *
 * Errors: the source's; KIST_NO_MEMORY; KIST_UNSUPPORTED (E_ENCODING: CSV_ENCODING_UTF16 without a mark).
 */
kist_status csv_input_open(struct csv_input *input, struct kist_source *source, enum csv_encoding encoding,
			   struct csv_fault *fault);

/** csv_input_close() - Free everything.  May run twice. */
void csv_input_close(struct csv_input *input);

/** csv_input_ended() - Whether nothing is left. */
static inline bool csv_input_ended(const struct csv_input *input)
{
	return input->raw_at == input->raw_end && input->at >= input->source->size;
}

/**
 * csv_input_read() - Read at least one byte.  Not at the end.
 *
 * @room: At least CSV_INPUT_ROOM, or what is left of UTF-8.
 *
 * Errors: the source's; KIST_CORRUPT (E_TRUNCATED; E_ENCODING: bytes that are no character).
 */
kist_status csv_input_read(struct csv_input *input, uint8_t *to, size_t room, size_t *ret_len,
			   struct csv_fault *fault);

#endif
