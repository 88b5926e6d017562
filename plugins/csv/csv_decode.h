/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_DECODE_H
#define CSV_DECODE_H

#include "csv_dialect.h"

/*
 * UTF-8 out of other encodings, piece by piece.
 *
 * Each character becomes one, so that from the UTF-8 of a stretch follows how many bytes it took.
 *
 * Thread: pure.
 */

/* A byte becomes so many at most, and two bytes three. */
#define CSV_DECODE_GROWTH 3u

/**
 * csv_decode() - Decode what is whole in @from to @to, which has room for CSV_DECODE_GROWTH times @len.
 *
 * @encoding: Not CSV_ENCODING_UTF16.  UTF-8 is copied.
 * @ret_used: Bytes of @from that were read: all but an unfinished character at the end; up to what is wrong on
 *            failure.
 * @ret_made: Bytes written.
 *
 * Returns false where the bytes are no character.
 */
bool csv_decode(enum csv_encoding encoding, const uint8_t *from, size_t len, uint8_t *to, size_t *ret_used,
		size_t *ret_made);

/** csv_encoded_size() - Bytes that well-formed UTF-8 took before it was decoded. */
uint64_t csv_encoded_size(enum csv_encoding encoding, const uint8_t *text, size_t len);

#endif
