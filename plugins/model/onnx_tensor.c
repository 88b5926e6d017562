/* SPDX-License-Identifier: Apache-2.0 */

/* Tensors of ONNX: raw bytes, packed numbers, lists of numbers, or a place in another file. */
#include "onnx.h"

#define EXTERNAL_MAX ((size_t)4096)

/*
 * A tensor on its way.
 *
 * @records: How often a field of values is there.  @place: The last of them.
 * @counts:  Values in them; bytes of ONNX_IN_RAW.
 */
struct tensor {
	struct wire_field name;
	struct wire_field place[ONNX_IN_COUNT];
	uint64_t records[ONNX_IN_COUNT];
	uint64_t counts[ONNX_IN_COUNT];
	uint64_t dtype;
	int32_t ndim;
	int64_t shape[KIST_RANK_MAX];
	bool is_external;
	struct wire_field location;
	uint64_t offset;
	uint64_t length;
	bool has_length;
};

static kist_status take_size(struct onnx *onnx, struct tensor *tensor, uint64_t at, uint64_t size)
{
	if (tensor->ndim == KIST_RANK_MAX)
		return model_fault_set(onnx->reader.fault, KIST_LIMIT, "E_SHAPE", at,
				       "a tensor has more than %d dimensions", KIST_RANK_MAX);
	if (size > INT64_MAX)
		return model_reader_fault(&onnx->reader, "E_SHAPE", at, "dimension %d is negative (%lld)",
					  tensor->ndim, (long long)size);
	tensor->shape[tensor->ndim++] = (int64_t)size;
	return KIST_OK;
}

static kist_status take_sizes(struct onnx *onnx, struct tensor *tensor, const struct wire_field *field)
{
	uint64_t size;

	if (field->type == WIRE_VARINT)
		return take_size(onnx, tensor, field->at, field->value);
	onnx->reader.at = field->begin;
	while (onnx->reader.at < field->end) {
		MODEL_TRY(wire_varint(&onnx->reader, field->end, &size));
		MODEL_TRY(take_size(onnx, tensor, field->at, size));
	}
	return KIST_OK;
}

/* How many numbers a packed field holds. */
static kist_status count_packed(struct onnx *onnx, const struct wire_field *field, int values, uint64_t *ret)
{
	const uint64_t len = field->end - field->begin;
	const uint64_t size = values == ONNX_IN_FLOATS ? 4 : 8;
	uint64_t number;

	if (values == ONNX_IN_FLOATS || values == ONNX_IN_DOUBLES) {
		if (len % size != 0)
			return model_reader_fault(&onnx->reader, "E_HEADER_SYNTAX", field->at,
						  "packed numbers are cut off");
		*ret = len / size;
		return KIST_OK;
	}
	onnx->reader.at = field->begin;
	for (*ret = 0; onnx->reader.at < field->end; ++*ret)
		MODEL_TRY(wire_varint(&onnx->reader, field->end, &number));
	return KIST_OK;
}

static kist_status take_values(struct onnx *onnx, struct tensor *tensor, const struct wire_field *field,
			       int values)
{
	uint64_t count = 1;

	if (values == ONNX_IN_RAW)
		count = field->end - field->begin;
	else if (values != ONNX_IN_STRINGS && field->type == WIRE_BYTES)
		MODEL_TRY(count_packed(onnx, field, values, &count));
	tensor->place[values] = *field;
	tensor->records[values]++;
	tensor->counts[values] += count;
	return KIST_OK;
}

static bool to_number(const char *text, uint64_t *ret)
{
	*ret = 0;
	for (const char *at = text; *at; at++) {
		if (*at < '0' || *at > '9' || __builtin_mul_overflow(*ret, 10, ret) ||
		    __builtin_add_overflow(*ret, (uint64_t)(*at - '0'), ret) || *ret > INT64_MAX)
			return false;
	}
	return text[0] != '\0';
}

/* location, offset, length; others, as a check sum, are left as they are. */
static kist_status take_external(struct onnx *onnx, struct tensor *tensor, const struct wire_field *field,
				 unsigned depth)
{
	struct onnx_entry entry = { .key = { .at = 0 } };
	char *const text = onnx->text;
	bool is_offset;

	MODEL_TRY(onnx_walk(onnx, ONNX_ENTRY, field, depth, onnx_take_entry, &entry));
	MODEL_TRY(onnx_text(onnx, &entry.key, text));
	is_offset = strcmp(text, "offset") == 0;
	if (strcmp(text, "location") == 0) {
		tensor->location = entry.value;
	} else if (is_offset || strcmp(text, "length") == 0) {
		MODEL_TRY(onnx_text(onnx, &entry.value, text));
		if (!to_number(text, is_offset ? &tensor->offset : &tensor->length))
			return model_reader_fault(&onnx->reader, "E_OFFSET", field->at,
						  "'%.100s' is no place in another file", text);
		tensor->has_length = tensor->has_length || !is_offset;
	}
	return KIST_OK;
}

static kist_status take_field(struct onnx *onnx, void *state, const struct onnx_field *known,
			      const struct wire_field *field, unsigned depth)
{
	struct tensor *const tensor = state;
	const int values = onnx_value_field(known->number);

	if (values >= 0)
		return take_values(onnx, tensor, field, values);
	switch (known->number) {
	case 1:
		return take_sizes(onnx, tensor, field);
	case 2:
		tensor->dtype = field->value;
		return KIST_OK;
	case 8:
		tensor->name = *field;
		return KIST_OK;
	case 13:
		return take_external(onnx, tensor, field, depth + 1);
	case 14:
		tensor->is_external = field->value == 1;
		return KIST_OK;
	default:
		return onnx_enter(onnx, known, field, depth);
	}
}

/* A name in the folder of the model, or in one below it. */
static bool is_sound_location(const char *location)
{
	const char *part = location;

	if (location[0] == '\0' || location[0] == '/' || strchr(location, '\\') ||
	    (location[0] != '\0' && location[1] == ':'))
		return false;
	while (part) {
		if (strncmp(part, "..", 2) == 0 && (part[2] == '\0' || part[2] == '/'))
			return false;
		part = strchr(part, '/');
		part = part ? part + 1 : NULL;
	}
	return true;
}

static kist_status put_external(struct onnx *onnx, const struct tensor *tensor)
{
	struct model_out *const out = &onnx->external;
	const size_t mark = out->size;

	onnx->index->absent++;
	model_out_text(out, mark > 0 ? ",{\"tensor\":" : "{\"tensor\":");
	model_out_string(out, onnx->name, strlen(onnx->name));
	MODEL_TRY(onnx_put(onnx, ",\"location\":", &tensor->location, out));
	if (!is_sound_location(onnx->text))
		return model_reader_fault(&onnx->reader, "E_PATH", tensor->location.at,
					  "tensor '%.100s' lies outside of the model's folder: '%.100s'",
					  onnx->name, onnx->text);
	model_out_text(out, ",\"offset\":");
	model_out_number(out, tensor->offset);
	if (tensor->has_length) {
		model_out_text(out, ",\"length\":");
		model_out_number(out, tensor->length);
	}
	model_out_text(out, "}");
	if (!model_out_keep(out, mark))
		onnx->external_left_out++;
	return KIST_OK;
}

static kist_status wrong(struct onnx *onnx, const struct wire_field *field, const char *what)
{
	return model_reader_fault(&onnx->reader, "E_TENSOR_INFO", field->at, "tensor '%.100s' %s", onnx->name,
				  what);
}

/* Elements and raw bytes, within bounds. */
static kist_status take_count(struct onnx *onnx, const struct tensor *tensor, const struct wire_field *field,
			      uint64_t *ret_count, uint64_t *ret_bytes)
{
	const unsigned bits = onnx_dtypes[tensor->dtype].bits;
	uint64_t all;

	*ret_count = model_element_count(tensor->shape, tensor->ndim);
	if (*ret_count == UINT64_MAX ||
	    __builtin_mul_overflow(*ret_count, (uint64_t)(bits > 8 ? bits / 8 : 1), &all) || all > INT64_MAX)
		return model_reader_fault(&onnx->reader, "E_OVERFLOW", field->at,
					  "tensor '%.100s' has 2^63 bytes or more", onnx->name);
	*ret_bytes = bits >= 8 ? *ret_count * (bits / 8)
			       : (*ret_count / 8) * bits + (*ret_count % 8 * bits + 7) / 8;
	return KIST_OK;
}

static kist_status check_external(struct onnx *onnx, const struct tensor *tensor,
				  const struct wire_field *field, uint64_t bytes)
{
	for (int i = 0; i < ONNX_IN_COUNT; i++) {
		if (tensor->counts[i] > 0)
			return wrong(onnx, field, "lies in another file, and has values too");
	}
	if (tensor->dtype == ONNX_DTYPE_STRING)
		return wrong(onnx, field, "holds texts, which cannot lie in another file");
	if (tensor->location.begin == tensor->location.end)
		return wrong(onnx, field, "lies in another file, which is not named");
	if ((tensor->has_length && tensor->length != bytes) || tensor->offset > INT64_MAX - bytes)
		return model_reader_fault(&onnx->reader, "E_OFFSET", field->at,
					  "tensor '%.100s' of %llu bytes has another length in its file",
					  onnx->name, (unsigned long long)bytes);
	return KIST_OK;
}

/* The one field that holds the values, or -1 where there are none. */
static kist_status find_values(struct onnx *onnx, const struct tensor *tensor, const struct wire_field *field,
			       uint64_t count, int *ret)
{
	const struct onnx_dtype *const dtype = &onnx_dtypes[tensor->dtype];

	*ret = -1;
	for (int i = 0; i < ONNX_IN_COUNT; i++) {
		if (tensor->counts[i] == 0)
			continue;
		if (*ret >= 0)
			return wrong(onnx, field, "has values in two fields");
		if (i != dtype->in && (i != ONNX_IN_RAW || tensor->dtype == ONNX_DTYPE_STRING))
			return wrong(onnx, field, "has its values in a field that is not for them");
		*ret = i;
	}
	if ((*ret >= 0) != (count > 0))
		return wrong(onnx, field, count > 0 ? "has no values" : "has values, and no elements");
	return KIST_OK;
}

/* Of elements that are less than a byte, how many numbers of a list hold them. */
static uint64_t list_count(const struct onnx_dtype *dtype, uint64_t count, uint64_t bytes)
{
	return dtype->bits >= 8 || dtype->bits == 6 ? count * dtype->parts : bytes;
}

/*
 * Where the bytes are: those of raw values, and of floating numbers that are packed as one, lie in the file; others
 * are in a list, which onnx_decode() goes through.
 */
static kist_status add_to_index(struct onnx *onnx, const struct tensor *tensor,
				const struct wire_field *field, int values, uint64_t count, uint64_t bytes)
{
	const struct onnx_dtype *const dtype = &onnx_dtypes[tensor->dtype];
	const bool is_flat = values == ONNX_IN_RAW ||
			     ((values == ONNX_IN_FLOATS || values == ONNX_IN_DOUBLES) &&
			      tensor->records[values] == 1 && tensor->place[values].type == WIRE_BYTES);
	const bool is_packed = dtype->bits < 8;
	int64_t row = (int64_t)(is_packed && !is_flat ? list_count(dtype, count, bytes) : bytes);
	struct model_entry entry = {
		.name = onnx->name,
		.name_len = strlen(onnx->name),
		.stored_as = dtype->name,
		.dtype = { .code = dtype->code, .bits = dtype->bits, .lanes = 1 },
		.ndim = tensor->ndim,
		.shape = tensor->shape,
		.offset = is_flat ? tensor->place[values].begin : field->begin,
		.len = is_flat ? bytes : field->end - field->begin,
	};

	if (values < 0) {
		entry.offset = field->begin;
		entry.len = 0;
		row = 0;
	}
	/* Elements of less than a byte are a row of bytes. */
	if (is_packed) {
		entry.dtype = (DLDataType){ .code = kDLUInt, .bits = 8, .lanes = 1 };
		entry.ndim = 1;
		entry.shape = &row;
		entry.elements = count;
	}
	entry.is_coded = values >= 0 && !is_flat;
	return model_index_add(onnx->reader.call, onnx->index, &entry);
}

static kist_status check_values(struct onnx *onnx, const struct tensor *tensor,
				const struct wire_field *field, bool is_named)
{
	const struct onnx_dtype *const dtype = &onnx_dtypes[tensor->dtype];
	uint64_t count = 0;
	uint64_t bytes = 0;
	int values;

	MODEL_TRY(take_count(onnx, tensor, field, &count, &bytes));
	if (tensor->is_external) {
		MODEL_TRY(check_external(onnx, tensor, field, bytes));
		return put_external(onnx, tensor);
	}
	MODEL_TRY(find_values(onnx, tensor, field, count, &values));
	if (values >= 0 &&
	    tensor->counts[values] != (values == ONNX_IN_RAW	   ? bytes
				       : values == ONNX_IN_STRINGS ? count
								   : list_count(dtype, count, bytes)))
		return wrong(onnx, field, "has more or fewer values than its shape needs");
	if (!is_named)
		return KIST_OK;
	if (tensor->dtype == ONNX_DTYPE_STRING) {
		onnx->string_tensors++;
		return KIST_OK;
	}
	return add_to_index(onnx, tensor, field, values, count, bytes);
}

kist_status onnx_take_tensor(struct onnx *onnx, const struct wire_field *field, unsigned depth, bool is_named)
{
	struct tensor tensor = { .dtype = 0 };

	MODEL_TRY(onnx_walk(onnx, ONNX_TENSOR, field, depth, take_field, &tensor));
	MODEL_TRY(onnx_text(onnx, &tensor.name, onnx->name));
	if (is_named && onnx->name[0] == '\0')
		return model_reader_fault(&onnx->reader, "E_NAME", field->at, "a tensor has no name");
	if (!onnx_dtype_name(tensor.dtype))
		return model_reader_fault(&onnx->reader, "E_DTYPE", field->at,
					  "tensor '%.100s': there is no type %lld", onnx->name,
					  (long long)tensor.dtype);
	if (!is_named)
		onnx->other_tensors++;
	return check_values(onnx, &tensor, field, is_named);
}
