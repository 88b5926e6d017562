/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_ONNX_SCHEMA_H
#define MODEL_ONNX_SCHEMA_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The messages of ONNX: which fields they have, and what stands in them.
 *
 * Source: onnx, onnx.proto of IR version 14.
 */

enum onnx_message {
	ONNX_NONE,
	ONNX_ANNOTATION,
	ONNX_ATTRIBUTE,
	ONNX_DIMENSION,
	ONNX_ENTRY,
	ONNX_FUNCTION,
	ONNX_GRAPH,
	ONNX_MAP,
	ONNX_MODEL,
	ONNX_NODE,
	ONNX_OPSET,
	ONNX_OTHER, /* of which nothing is used */
	ONNX_SEQUENCE,
	ONNX_SHAPE,
	ONNX_SPARSE,
	ONNX_TENSOR,
	ONNX_TENSOR_TYPE,
	ONNX_TRAINING,
	ONNX_TYPE,
	ONNX_VALUE,
	ONNX_MESSAGES
};

/** What a field holds: numbers may be many, and are then packed as bytes or not. */
enum onnx_kind { ONNX_INT, ONNX_INTS, ONNX_FLOAT, ONNX_FLOATS, ONNX_DOUBLES, ONNX_BYTES, ONNX_INNER };

/**
 * struct onnx_field - @inner: Of ONNX_INNER, the message.
 *
 * @is_many: It may be there more than once.
 */
struct onnx_field {
	uint8_t number;
	uint8_t kind;
	uint8_t inner;
	bool is_many;
};

/** Fields of one message at most. */
#define ONNX_FIELDS_MAX 20

/** onnx_field_find() - The field @number of @message, or NULL; *@ret_i is its place among them. */
const struct onnx_field *onnx_field_find(enum onnx_message message, uint32_t number, unsigned *ret_i);

/** onnx_field_allows() - Whether a field is told by a value of this type on the wire. */
bool onnx_field_allows(const struct onnx_field *field, uint8_t wire_type);

#endif
