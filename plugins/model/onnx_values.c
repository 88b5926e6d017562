/* SPDX-License-Identifier: Apache-2.0 */

/* The element types of ONNX, and the elements of a tensor that stand in a list of numbers. */
#include "onnx.h"

#include <stdlib.h>

const struct onnx_dtype onnx_dtypes[ONNX_DTYPE_COUNT] = {
	[1] = { "float32", kDLFloat, 32, ONNX_IN_FLOATS, 1 },
	[2] = { "uint8", kDLUInt, 8, ONNX_IN_INT32S, 1 },
	[3] = { "int8", kDLInt, 8, ONNX_IN_INT32S, 1 },
	[4] = { "uint16", kDLUInt, 16, ONNX_IN_INT32S, 1 },
	[5] = { "int16", kDLInt, 16, ONNX_IN_INT32S, 1 },
	[6] = { "int32", kDLInt, 32, ONNX_IN_INT32S, 1 },
	[7] = { "int64", kDLInt, 64, ONNX_IN_INT64S, 1 },
	[ONNX_DTYPE_STRING] = { "string", 0, 0, ONNX_IN_STRINGS, 1 },
	[9] = { "bool", kDLBool, 8, ONNX_IN_INT32S, 1 },
	[10] = { "float16", kDLFloat, 16, ONNX_IN_INT32S, 1 },
	[11] = { "float64", kDLFloat, 64, ONNX_IN_DOUBLES, 1 },
	[12] = { "uint32", kDLUInt, 32, ONNX_IN_UINT64S, 1 },
	[13] = { "uint64", kDLUInt, 64, ONNX_IN_UINT64S, 1 },
	[14] = { "complex64", kDLComplex, 64, ONNX_IN_FLOATS, 2 },
	[15] = { "complex128", kDLComplex, 128, ONNX_IN_DOUBLES, 2 },
	[16] = { "bfloat16", kDLBfloat, 16, ONNX_IN_INT32S, 1 },
	[17] = { "float8_e4m3fn", kDLFloat8_e4m3fn, 8, ONNX_IN_INT32S, 1 },
	[18] = { "float8_e4m3fnuz", kDLFloat8_e4m3fnuz, 8, ONNX_IN_INT32S, 1 },
	[19] = { "float8_e5m2", kDLFloat8_e5m2, 8, ONNX_IN_INT32S, 1 },
	[20] = { "float8_e5m2fnuz", kDLFloat8_e5m2fnuz, 8, ONNX_IN_INT32S, 1 },
	[21] = { "uint4", kDLUInt, 4, ONNX_IN_INT32S, 1 },
	[22] = { "int4", kDLInt, 4, ONNX_IN_INT32S, 1 },
	[23] = { "float4_e2m1fn", kDLFloat4_e2m1fn, 4, ONNX_IN_INT32S, 1 },
	[24] = { "float8_e8m0fnu", kDLFloat8_e8m0fnu, 8, ONNX_IN_INT32S, 1 },
	[25] = { "uint2", kDLUInt, 2, ONNX_IN_INT32S, 1 },
	[26] = { "int2", kDLInt, 2, ONNX_IN_INT32S, 1 },
	[27] = { "float6_e2m3fn", kDLFloat6_e2m3fn, 6, ONNX_IN_INT32S, 1 },
	[28] = { "float6_e3m2fn", kDLFloat6_e3m2fn, 6, ONNX_IN_INT32S, 1 },
};

const char *onnx_dtype_name(uint64_t data_type)
{
	return data_type < ONNX_DTYPE_COUNT ? onnx_dtypes[data_type].name : NULL;
}

int onnx_value_field(uint32_t number)
{
	static const struct {
		uint32_t number;
		int field;
	} rows[] = { { 4, ONNX_IN_FLOATS },  { 5, ONNX_IN_INT32S }, { 6, ONNX_IN_STRINGS },
		     { 7, ONNX_IN_INT64S },  { 9, ONNX_IN_RAW },    { 10, ONNX_IN_DOUBLES },
		     { 11, ONNX_IN_UINT64S } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].number == number)
			return rows[i].field;
	}
	return -1;
}

/* What onnx_decode() does with each number of a list. */
struct decoding {
	struct model_reader reader;
	struct model_fault fault;
	unsigned size; /* of a number */
	uint8_t *to;
	uint64_t left;
};

static void put_element(struct decoding *decoding, uint64_t number)
{
	for (unsigned i = 0; i < decoding->size && decoding->left > 0; i++, decoding->left--)
		*decoding->to++ = (uint8_t)(number >> 8 * i);
}

static kist_status decode_numbers(struct decoding *decoding, const struct wire_field *field, int values)
{
	struct model_reader *const reader = &decoding->reader;
	const uint64_t size = values == ONNX_IN_FLOATS ? 4 : 8;
	uint64_t number;

	if (field->type == WIRE_VARINT) {
		put_element(decoding, field->value);
		return KIST_OK;
	}
	reader->at = field->begin;
	while (reader->at < field->end) {
		number = 0;
		if (values != ONNX_IN_FLOATS && values != ONNX_IN_DOUBLES) {
			MODEL_TRY(wire_varint(reader, field->end, &number));
			put_element(decoding, number);
			continue;
		}
		if (size > decoding->left)
			return KIST_OK;
		MODEL_TRY(model_reader_bytes(reader, decoding->to, size));
		decoding->to += size;
		decoding->left -= size;
	}
	return KIST_OK;
}

/* All fields of values, of which a tensor that was checked has those of one number. */
static kist_status decode_fields(struct decoding *decoding, uint64_t begin, uint64_t end)
{
	struct model_reader *const reader = &decoding->reader;
	struct wire_field field;
	int values;

	reader->at = begin;
	while (reader->at < end) {
		MODEL_TRY(wire_next(reader, end, &field));
		values = onnx_value_field(field.number);
		if (values >= 0)
			MODEL_TRY(decode_numbers(decoding, &field, values));
		reader->at = field.end;
	}
	return KIST_OK;
}

/* The type may stand behind the values. */
static kist_status find_size(struct decoding *decoding, uint64_t begin, uint64_t end)
{
	struct model_reader *const reader = &decoding->reader;
	const struct onnx_dtype *dtype;
	struct wire_field field;

	reader->at = begin;
	while (reader->at < end) {
		MODEL_TRY(wire_next(reader, end, &field));
		if (field.number != 2 || field.value >= ONNX_DTYPE_COUNT)
			continue;
		dtype = &onnx_dtypes[field.value];
		decoding->size = dtype->bits < 8 ? 1 : dtype->bits / 8u / dtype->parts;
	}
	return KIST_OK;
}

kist_status onnx_decode(struct kist_call *call, struct kist_source *source, uint64_t offset, uint64_t len,
			uint8_t *to, uint64_t size)
{
	struct decoding *const decoding = calloc(1, sizeof(*decoding));
	kist_status status;

	if (!decoding)
		return model_no_memory(call);
	model_reader_init(&decoding->reader, call, source, &decoding->fault);
	decoding->to = to;
	decoding->left = size;
	status = find_size(decoding, offset, offset + len);
	if (status == KIST_OK)
		status = decode_fields(decoding, offset, offset + len);
	status = model_fault_fail(&decoding->fault, call, status);
	free(decoding);
	return status;
}
