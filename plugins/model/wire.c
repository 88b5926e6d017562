/* SPDX-License-Identifier: Apache-2.0 */
#include "wire.h"

#define VARINT_SIZE_MAX 10

static kist_status too_long(struct model_reader *reader, uint64_t at)
{
	return model_reader_fault(reader, "E_TRUNCATED", at,
				  "a field is longer than the message it stands in");
}

kist_status wire_varint(struct model_reader *reader, uint64_t end, uint64_t *ret)
{
	const uint64_t at = reader->at;
	uint64_t number = 0;
	uint8_t byte;

	for (unsigned i = 0; i < VARINT_SIZE_MAX; i++) {
		if (reader->at >= end)
			return too_long(reader, at);
		MODEL_TRY(model_reader_u8(reader, &byte));
		/* Of the tenth byte only one bit is left. */
		if (i == VARINT_SIZE_MAX - 1 && byte > 1)
			break;
		number |= (uint64_t)(byte & 0x7F) << 7 * i;
		if (byte < 0x80) {
			*ret = number;
			return KIST_OK;
		}
	}
	return model_reader_fault(reader, "E_HEADER_SYNTAX", at, "a number has more than 64 bits");
}

/* Sets where the value lies. */
static kist_status take_value(struct model_reader *reader, uint64_t end, struct wire_field *field)
{
	uint64_t len = field->type == WIRE_FIXED32 ? 4 : 8;

	field->begin = reader->at;
	switch (field->type) {
	case WIRE_VARINT:
		return wire_varint(reader, end, &field->value);
	case WIRE_BYTES:
		MODEL_TRY(wire_varint(reader, end, &len));
		field->begin = reader->at;
		break;
	case WIRE_FIXED32:
	case WIRE_FIXED64:
		break;
	default:
		return model_reader_fault(reader, "E_HEADER_SYNTAX", field->at,
					  "there is no field of type %u", field->type);
	}
	if (len > end - reader->at)
		return too_long(reader, field->at);
	return model_reader_bytes(reader, NULL, len);
}

kist_status wire_next(struct model_reader *reader, uint64_t end, struct wire_field *ret)
{
	struct wire_field field = { .at = reader->at };
	uint64_t tag;

	MODEL_TRY(wire_varint(reader, end, &tag));
	if (tag > UINT32_MAX || tag >> 3 == 0)
		return model_reader_fault(reader, "E_HEADER_SYNTAX", field.at, "no field has such a number");
	field.number = (uint32_t)(tag >> 3);
	field.type = (uint8_t)(tag & 7);
	MODEL_TRY(take_value(reader, end, &field));
	field.end = reader->at;
	*ret = field;
	return KIST_OK;
}
