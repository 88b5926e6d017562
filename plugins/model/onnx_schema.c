/* SPDX-License-Identifier: Apache-2.0 */
#include "onnx_schema.h"

#include <stddef.h>

#include "wire.h"

#define INT(number_)                                                                                         \
	{                                                                                                    \
		.number = (number_), .kind = ONNX_INT                                                        \
	}
#define INTS(number_)                                                                                        \
	{                                                                                                    \
		.number = (number_), .kind = ONNX_INTS, .is_many = true                                      \
	}
#define FLOAT(number_)                                                                                       \
	{                                                                                                    \
		.number = (number_), .kind = ONNX_FLOAT                                                      \
	}
#define FLOATS(number_)                                                                                      \
	{                                                                                                    \
		.number = (number_), .kind = ONNX_FLOATS, .is_many = true                                    \
	}
#define DOUBLES(number_)                                                                                     \
	{                                                                                                    \
		.number = (number_), .kind = ONNX_DOUBLES, .is_many = true                                   \
	}
#define TEXT(number_)                                                                                        \
	{                                                                                                    \
		.number = (number_), .kind = ONNX_BYTES                                                      \
	}
#define TEXTS(number_)                                                                                       \
	{                                                                                                    \
		.number = (number_), .kind = ONNX_BYTES, .is_many = true                                     \
	}
#define ONE(number_, what_)                                                                                  \
	{                                                                                                    \
		.number = (number_), .kind = ONNX_INNER, .inner = ONNX_##what_                               \
	}
#define MANY(number_, what_)                                                                                 \
	{                                                                                                    \
		.number = (number_), .kind = ONNX_INNER, .inner = ONNX_##what_, .is_many = true              \
	}

static const struct onnx_field fields[ONNX_MESSAGES][ONNX_FIELDS_MAX] = {
	[ONNX_ANNOTATION] = { TEXT(1), MANY(2, ENTRY) },
	[ONNX_ATTRIBUTE] = { TEXT(1), FLOAT(2), INT(3), TEXT(4), ONE(5, TENSOR), ONE(6, GRAPH), FLOATS(7),
			     INTS(8), TEXTS(9), MANY(10, TENSOR), MANY(11, GRAPH), TEXT(13), ONE(14, TYPE),
			     MANY(15, TYPE), INT(20), TEXT(21), ONE(22, SPARSE), MANY(23, SPARSE) },
	[ONNX_DIMENSION] = { INT(1), TEXT(2), TEXT(3) },
	[ONNX_ENTRY] = { TEXT(1), TEXT(2) },
	[ONNX_FUNCTION] = { TEXT(1), TEXTS(4), TEXTS(5), TEXTS(6), MANY(7, NODE), TEXT(8), MANY(9, OPSET),
			    TEXT(10), MANY(11, ATTRIBUTE), MANY(12, VALUE), TEXT(13), MANY(14, ENTRY) },
	[ONNX_GRAPH] = { MANY(1, NODE), TEXT(2), MANY(5, TENSOR), TEXT(10), MANY(11, VALUE), MANY(12, VALUE),
			 MANY(13, VALUE), MANY(14, ANNOTATION), MANY(15, SPARSE), MANY(16, ENTRY) },
	[ONNX_MAP] = { INT(1), ONE(2, TYPE) },
	[ONNX_MODEL] = { INT(1), TEXT(2), TEXT(3), TEXT(4), INT(5), TEXT(6), ONE(7, GRAPH), MANY(8, OPSET),
			 MANY(14, ENTRY), MANY(20, TRAINING), MANY(25, FUNCTION), MANY(26, OTHER) },
	[ONNX_NODE] = { TEXTS(1), TEXTS(2), TEXT(3), TEXT(4), MANY(5, ATTRIBUTE), TEXT(6), TEXT(7), TEXT(8),
			MANY(9, ENTRY), MANY(10, OTHER) },
	[ONNX_OPSET] = { TEXT(1), INT(2) },
	[ONNX_SEQUENCE] = { ONE(1, TYPE) },
	[ONNX_SHAPE] = { MANY(1, DIMENSION) },
	[ONNX_SPARSE] = { ONE(1, TENSOR), ONE(2, TENSOR), INTS(3) },
	[ONNX_TENSOR] = { INTS(1), INT(2), ONE(3, OTHER), FLOATS(4), INTS(5), TEXTS(6), INTS(7), TEXT(8),
			  TEXT(9), DOUBLES(10), INTS(11), TEXT(12), MANY(13, ENTRY), INT(14),
			  MANY(16, ENTRY) },
	[ONNX_TENSOR_TYPE] = { INT(1), ONE(2, SHAPE) },
	[ONNX_TRAINING] = { ONE(1, GRAPH), ONE(2, GRAPH), MANY(3, ENTRY), MANY(4, ENTRY) },
	[ONNX_TYPE] = { ONE(1, TENSOR_TYPE), ONE(4, SEQUENCE), ONE(5, MAP), TEXT(6), ONE(8, TENSOR_TYPE),
			ONE(9, SEQUENCE), ONE(7, OTHER) },
	[ONNX_VALUE] = { TEXT(1), ONE(2, TYPE), TEXT(3), MANY(4, ENTRY) },
};

const struct onnx_field *onnx_field_find(enum onnx_message message, uint32_t number, unsigned *ret_i)
{
	for (unsigned i = 0; i < ONNX_FIELDS_MAX && fields[message][i].number != 0; i++) {
		if (fields[message][i].number == number) {
			*ret_i = i;
			return &fields[message][i];
		}
	}
	return NULL;
}

bool onnx_field_allows(const struct onnx_field *field, uint8_t wire_type)
{
	switch (field->kind) {
	case ONNX_INT:
		return wire_type == WIRE_VARINT;
	case ONNX_INTS:
		return wire_type == WIRE_VARINT || wire_type == WIRE_BYTES;
	case ONNX_FLOAT:
		return wire_type == WIRE_FIXED32;
	case ONNX_FLOATS:
		return wire_type == WIRE_FIXED32 || wire_type == WIRE_BYTES;
	case ONNX_DOUBLES:
		return wire_type == WIRE_FIXED64 || wire_type == WIRE_BYTES;
	default:
		return wire_type == WIRE_BYTES;
	}
}
