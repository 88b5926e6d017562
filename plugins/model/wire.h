/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_WIRE_H
#define MODEL_WIRE_H

#include "model_reader.h"

/*
 * The wire format of Protocol Buffers, field by field.
 *
 *     message := field*        field := tag value        tag := varint, number << 3 | type
 *
 * Refused with E_HEADER_SYNTAX: a varint of more than ten bytes or 64 bits, the number 0, groups, and types that do
 * not exist; with E_TRUNCATED: what is longer than the message that it stands in.
 *
 * Thread: a struct is used by one thread at a time.
 * Source: the manual of Protocol Buffers, "Encoding".
 */

enum { WIRE_VARINT = 0, WIRE_FIXED64 = 1, WIRE_BYTES = 2, WIRE_FIXED32 = 5 };

/**
 * struct wire_field - @value: Of a number.  @begin, @end: Where its value lies; of bytes, without their length.
 *
 * @at: Where its tag lies.
 */
struct wire_field {
	uint32_t number;
	uint8_t type;
	uint64_t value;
	uint64_t at;
	uint64_t begin;
	uint64_t end;
};

/** wire_varint() - Reads a number that ends before @end.  Errors: as wire_next(). */
kist_status wire_varint(struct model_reader *reader, uint64_t end, uint64_t *ret);

/**
 * wire_next() - Reads the field at @reader->at, of a message that ends at @end, and leaves @reader->at behind it.
 *
 * Errors: KIST_CORRUPT, with the fault set; what the source and poll give.
 */
kist_status wire_next(struct model_reader *reader, uint64_t end, struct wire_field *ret);

#endif
