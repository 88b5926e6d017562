/* SPDX-License-Identifier: Apache-2.0 */

/* The header: read, parsed and checked against the size of its file before anything trusts it. */
#include <stdlib.h>

#include "safetensors.h"

/*
 * Bytes of the shortest entry: "":{"dtype":"U8","shape":[],"data_offsets":[0,0]}, and so the most entries a
 * header can hold.  An entry in memory is not larger: no array outgrows the text it came from.
 */
#define ENTRY_SIZE_MIN 49
_Static_assert(sizeof(struct safetensors_tensor) <= ENTRY_SIZE_MIN, "entries outgrow their text");

struct parser {
	struct safetensors_text text;
	struct safetensors_header *header;
	size_t capacity;
	bool has_meta;
};

static kist_status fault_at(struct parser *parser, kist_status status, const char *code, size_t at,
			    const char *what)
{
	return model_fault_set(parser->text.fault, status, code, safetensors_text_offset(&parser->text, at),
			       "%s", what);
}

/* Names the tensor in the message: the part of a name that fits, in whole characters. */
static kist_status fault_in(struct parser *parser, const struct safetensors_tensor *tensor,
			    kist_status status, const char *code, const char *what)
{
	const char *name = (const char *)parser->header->text + tensor->name;
	int len = (int)(tensor->name_len < 120 ? tensor->name_len : 120);

	while (len > 0 && ((uint8_t)name[len] & 0xC0) == 0x80)
		len--;
	return model_fault_set(parser->text.fault, status, code,
			       safetensors_text_offset(&parser->text, tensor->at), "tensor '%.*s' %s", len,
			       name, what);
}

static kist_status take_dtype(struct parser *parser, struct safetensors_tensor *tensor)
{
	struct safetensors_text *text = &parser->text;
	size_t at;

	MODEL_TRY(safetensors_take_string(text, "E_TENSOR_INFO", &at));
	for (unsigned i = 0; i < MODEL_DTYPE_COUNT; i++) {
		if (safetensors_string_equal(text->data, at, model_dtypes[i].name)) {
			tensor->dtype = (uint8_t)i;
			return KIST_OK;
		}
	}
	return fault_at(parser, KIST_UNSUPPORTED, "E_DTYPE", at - 1, "the dtype is not known");
}

/* An array of at most @max numbers; @numbers may be NULL. */
static kist_status take_numbers(struct parser *parser, size_t max, const char *code, uint64_t *numbers,
				size_t *ret_count)
{
	struct safetensors_text *text = &parser->text;
	bool more = true;
	size_t count = 0;
	int found;

	MODEL_TRY(safetensors_take(text, '[', "E_TENSOR_INFO"));
	MODEL_TRY(safetensors_peek(text, &found));
	if (found == ']') {
		text->at++;
		more = false;
	}
	while (more) {
		uint64_t number;

		MODEL_TRY(safetensors_take_number(text, &number));
		if (count == max)
			return fault_at(parser, strcmp(code, "E_SHAPE") == 0 ? KIST_LIMIT : KIST_CORRUPT,
					code, text->at, "an array has too many numbers");
		if (numbers)
			numbers[count] = number;
		count++;
		MODEL_TRY(safetensors_take_end(text, ']', &more));
	}
	*ret_count = count;
	return KIST_OK;
}

static kist_status take_shape(struct parser *parser, struct safetensors_tensor *tensor)
{
	size_t count = 0;
	int found;

	MODEL_TRY(safetensors_peek(&parser->text, &found));
	tensor->shape = (uint32_t)parser->text.at;
	MODEL_TRY(take_numbers(parser, KIST_RANK_MAX, "E_SHAPE", NULL, &count));
	tensor->ndim = (uint8_t)count;
	return KIST_OK;
}

static kist_status take_offsets(struct parser *parser, struct safetensors_tensor *tensor)
{
	const size_t at = parser->text.at;
	uint64_t pair[2];
	size_t count = 0;

	MODEL_TRY(take_numbers(parser, 2, "E_TENSOR_INFO", pair, &count));
	if (count != 2)
		return fault_at(parser, KIST_CORRUPT, "E_TENSOR_INFO", at,
				"data_offsets must hold two numbers");
	tensor->begin = pair[0];
	tensor->end = pair[1];
	return KIST_OK;
}

static kist_status take_member(struct parser *parser, struct safetensors_tensor *tensor, unsigned *seen)
{
	static const char *const keys[] = { "dtype", "shape", "data_offsets" };
	static kist_status (*const takes[])(
		struct parser *, struct safetensors_tensor *) = { take_dtype, take_shape, take_offsets };
	struct safetensors_text *text = &parser->text;
	size_t key;

	MODEL_TRY(safetensors_take_string(text, "E_HEADER_SYNTAX", &key));
	for (unsigned i = 0; i < 3; i++) {
		if (!safetensors_string_equal(text->data, key, keys[i]))
			continue;
		if (*seen & 1u << i)
			return fault_at(parser, KIST_CORRUPT, "E_DUPLICATE", key - 1,
					"an entry has a key twice");
		*seen |= 1u << i;
		MODEL_TRY(safetensors_take(text, ':', "E_HEADER_SYNTAX"));
		return takes[i](parser, tensor);
	}
	return fault_at(parser, KIST_CORRUPT, "E_TENSOR_INFO", key - 1,
			"an entry has a key other than dtype, shape and data_offsets");
}

static kist_status take_tensor(struct parser *parser, struct safetensors_tensor *tensor)
{
	struct safetensors_text *text = &parser->text;
	unsigned seen = 0;
	bool more = true;
	int found;

	MODEL_TRY(safetensors_take(text, '{', "E_TENSOR_INFO"));
	MODEL_TRY(safetensors_peek(text, &found));
	if (found == '}') {
		text->at++;
		more = false;
	}
	while (more) {
		MODEL_TRY(take_member(parser, tensor, &seen));
		MODEL_TRY(safetensors_take_end(text, '}', &more));
	}
	if (seen != 7)
		return fault_at(parser, KIST_CORRUPT, "E_TENSOR_INFO", tensor->at,
				"an entry must have dtype, shape and data_offsets");
	return KIST_OK;
}

/* Decodes the name where it stands: it only gets shorter, and its NUL fits on the closing quote. */
static kist_status decode_name(struct parser *parser, struct safetensors_tensor *tensor, size_t at)
{
	struct safetensors_string string = { .data = parser->text.data, .at = at };
	uint8_t *to = parser->header->text + at;
	uint32_t len = 0;
	int byte;

	while ((byte = safetensors_string_next(&string)) >= 0) {
		if (byte == 0)
			return fault_at(parser, KIST_UNSUPPORTED, "E_NAME", at - 1,
					"a tensor name holds a NUL");
		if (len == SAFETENSORS_NAME_SIZE_MAX)
			return fault_at(parser, KIST_LIMIT, "E_NAME", at - 1,
					"a tensor name is longer than 64 KiB");
		to[len++] = (uint8_t)byte;
	}
	to[len] = '\0';
	tensor->at = (uint32_t)at - 1;
	tensor->name = (uint32_t)at;
	tensor->name_len = len;
	return KIST_OK;
}

static kist_status take_meta(struct parser *parser, size_t key)
{
	struct safetensors_text *text = &parser->text;
	struct safetensors_pairs pairs;
	size_t begin;
	int found;

	if (parser->has_meta)
		return fault_at(parser, KIST_CORRUPT, "E_DUPLICATE", key - 1, "the metadata is there twice");
	MODEL_TRY(safetensors_take(text, ':', "E_HEADER_SYNTAX"));
	MODEL_TRY(safetensors_peek(text, &found));
	begin = text->at;
	MODEL_TRY(safetensors_pairs_take(text, &pairs));
	safetensors_pairs_done(&pairs);
	parser->has_meta = true;
	parser->header->meta = (const char *)parser->header->text + begin;
	parser->header->meta_len = text->at - begin;
	return KIST_OK;
}

static kist_status grow(struct parser *parser)
{
	struct safetensors_header *header = parser->header;
	const size_t most = header->size / ENTRY_SIZE_MIN + 1;
	const size_t next = parser->capacity > most / 2 ? most : parser->capacity * 2 + 16;
	struct safetensors_tensor *tensors;

	if (header->count < parser->capacity)
		return KIST_OK;
	tensors = realloc(header->tensors, next * sizeof(*tensors));
	if (!tensors)
		return model_no_memory(parser->text.call);
	header->tensors = tensors;
	parser->capacity = next;
	return KIST_OK;
}

static kist_status take_entry(struct parser *parser)
{
	struct safetensors_text *text = &parser->text;
	struct safetensors_tensor tensor = { 0 };
	size_t key;

	MODEL_TRY(safetensors_take_string(text, "E_HEADER_SYNTAX", &key));
	if (safetensors_string_equal(text->data, key, SAFETENSORS_METADATA_KEY))
		return take_meta(parser, key);
	MODEL_TRY(decode_name(parser, &tensor, key));
	MODEL_TRY(safetensors_take(text, ':', "E_HEADER_SYNTAX"));
	MODEL_TRY(take_tensor(parser, &tensor));
	MODEL_TRY(grow(parser));
	parser->header->tensors[parser->header->count++] = tensor;
	return KIST_OK;
}

static kist_status take_header(struct parser *parser)
{
	struct safetensors_text *text = &parser->text;
	bool more = true;
	int found;

	MODEL_TRY(safetensors_take(text, '{', "E_HEADER_SYNTAX"));
	MODEL_TRY(safetensors_peek(text, &found));
	if (found == '}') {
		text->at++;
		more = false;
	}
	while (more) {
		MODEL_TRY(take_entry(parser));
		MODEL_TRY(safetensors_take_end(text, '}', &more));
	}
	MODEL_TRY(safetensors_peek(text, &found));
	if (found >= 0)
		return fault_at(parser, KIST_CORRUPT, "E_HEADER_SYNTAX", text->at,
				"something other than white space follows the header's object");
	return KIST_OK;
}

static int compare_names(const void *context, uint32_t a, uint32_t b)
{
	const struct safetensors_header *header = context;
	const struct safetensors_tensor *left = &header->tensors[a];
	const struct safetensors_tensor *right = &header->tensors[b];

	/* Both end in a NUL and hold none, so the shorter is the smaller. */
	return strcmp((const char *)header->text + left->name, (const char *)header->text + right->name);
}

static int compare_offsets(const void *context, uint32_t a, uint32_t b)
{
	const struct safetensors_header *header = context;
	const struct safetensors_tensor *left = &header->tensors[a];
	const struct safetensors_tensor *right = &header->tensors[b];

	if (left->begin != right->begin)
		return left->begin < right->begin ? -1 : 1;
	return (left->end > right->end) - (left->end < right->end);
}

static kist_status check_names(struct parser *parser, uint32_t *order)
{
	const struct safetensors_header *header = parser->header;

	MODEL_TRY(model_sort(parser->text.call, order, header->count, compare_names, header));
	for (size_t i = 1; i < header->count; i++) {
		if (compare_names(header, order[i - 1], order[i]) == 0)
			return fault_in(parser, &header->tensors[order[i]], KIST_CORRUPT, "E_DUPLICATE",
					"is there twice");
	}
	return KIST_OK;
}

static kist_status arrange(struct parser *parser, uint32_t *order)
{
	struct safetensors_header *header = parser->header;
	struct safetensors_tensor *sorted;

	for (uint32_t i = 0; i < header->count; i++)
		order[i] = i;
	MODEL_TRY(model_sort(parser->text.call, order, header->count, compare_offsets, header));
	sorted = malloc((header->count + 1) * sizeof(*sorted));
	if (!sorted)
		return model_no_memory(parser->text.call);
	for (size_t i = 0; i < header->count; i++)
		sorted[i] = header->tensors[order[i]];
	free(header->tensors);
	header->tensors = sorted;
	return KIST_OK;
}

static kist_status check_tensor(struct parser *parser, size_t i, uint64_t begin)
{
	const struct safetensors_tensor *tensor = &parser->header->tensors[i];
	int64_t shape[KIST_RANK_MAX];
	struct model_size size;

	if (tensor->begin != begin)
		return fault_in(parser, tensor, KIST_CORRUPT, "E_OFFSET",
				tensor->begin < begin ? "overlaps the one before it"
						      : "leaves a hole before it");
	if (tensor->end < tensor->begin)
		return fault_in(parser, tensor, KIST_CORRUPT, "E_OFFSET", "ends before it begins");
	safetensors_shape(parser->header, i, shape);
	size = model_size_of(tensor->dtype, shape, tensor->ndim);
	if (size.fault == MODEL_SIZE_OVERFLOW)
		return fault_in(parser, tensor, KIST_CORRUPT, "E_OVERFLOW", "has more than 2^63-1 bits");
	if (size.fault == MODEL_SIZE_MISALIGNED)
		return fault_in(parser, tensor, KIST_CORRUPT, "E_MISALIGNED", "does not fill whole bytes");
	if (tensor->end - tensor->begin != size.bytes)
		return fault_in(parser, tensor, KIST_CORRUPT, "E_TENSOR_INFO",
				"has another number of bytes than its shape and dtype need");
	return KIST_OK;
}

static kist_status check_tensors(struct parser *parser, uint64_t data_size)
{
	const struct safetensors_header *header = parser->header;
	uint64_t end = 0;

	for (size_t i = 0; i < header->count; i++) {
		if (i % 8192 == 0)
			MODEL_TRY(parser->text.call->poll(parser->text.call));
		MODEL_TRY(check_tensor(parser, i, end));
		end = header->tensors[i].end;
	}
	if (end < data_size)
		return model_fault_set(parser->text.fault, KIST_CORRUPT, "E_INCOMPLETE",
				       header->data_offset + end, "%llu byte%s the last tensor",
				       (unsigned long long)(data_size - end),
				       data_size - end == 1 ? " follows" : "s follow");
	if (end > data_size)
		return model_fault_set(parser->text.fault, KIST_CORRUPT, "E_INCOMPLETE",
				       header->data_offset + data_size, "%llu byte%s missing at the end",
				       (unsigned long long)(end - data_size),
				       end - data_size == 1 ? " is" : "s are");
	return KIST_OK;
}

static kist_status check_header(struct parser *parser, uint64_t data_size)
{
	const size_t count = parser->header->count;
	uint32_t *order = malloc((count + 1) * sizeof(*order));
	kist_status status;

	if (!order)
		return model_no_memory(parser->text.call);
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	status = check_names(parser, order);
	if (status == KIST_OK)
		status = arrange(parser, order);
	free(order);
	return status == KIST_OK ? check_tensors(parser, data_size) : status;
}

static kist_status read_size(struct kist_call *call, struct kist_source *source, size_t *ret_size,
			     struct model_fault *fault)
{
	uint8_t bytes[8];
	uint64_t size = 0;

	if (source->size < 8)
		return model_fault_set(fault, KIST_CORRUPT, "E_HEADER_TOO_SMALL", source->size,
				       "a file of less than 8 bytes has no header");
	MODEL_TRY(kist_read_exact(call, source, 0, bytes, sizeof(bytes)));
	for (int i = 7; i >= 0; i--)
		size = size << 8 | bytes[i];
	if (size > SAFETENSORS_HEADER_SIZE_MAX)
		return model_fault_set(fault, KIST_LIMIT, "E_HEADER_TOO_LARGE", 0,
				       "a header of %llu bytes: at most %u are allowed",
				       (unsigned long long)size, SAFETENSORS_HEADER_SIZE_MAX);
	if (size > source->size - 8)
		return model_fault_set(fault, KIST_CORRUPT, "E_HEADER_LENGTH", 0,
				       "a header of %llu bytes does not fit in the file",
				       (unsigned long long)size);
	*ret_size = (size_t)size;
	return KIST_OK;
}

static kist_status read_text(struct kist_call *call, struct kist_source *source,
			     struct safetensors_header *header)
{
	header->text = malloc(header->size + 1);
	if (!header->text)
		return model_no_memory(call);
	header->text[header->size] = '\0';
	for (size_t at = 0; at < header->size; at += MODEL_STEP_SIZE) {
		const size_t left = header->size - at;
		const size_t step = left < MODEL_STEP_SIZE ? left : MODEL_STEP_SIZE;

		MODEL_TRY(call->poll(call));
		MODEL_TRY(kist_read_exact(call, source, 8 + at, header->text + at, step));
	}
	return KIST_OK;
}

static kist_status read_header(struct kist_call *call, struct kist_source *source,
			       struct safetensors_header *header, struct model_fault *fault)
{
	struct parser parser = { .header = header };

	MODEL_TRY(read_size(call, source, &header->size, fault));
	header->data_offset = 8 + header->size;
	MODEL_TRY(read_text(call, source, header));
	parser.text = (struct safetensors_text){
		.data = header->text, .size = header->size, .base = 8, .call = call, .fault = fault
	};
	MODEL_TRY(safetensors_check_utf8(&parser.text));
	MODEL_TRY(take_header(&parser));
	return check_header(&parser, source->size - header->data_offset);
}

kist_status safetensors_header_read(struct kist_call *call, struct kist_source *source,
				    struct safetensors_header *ret_header, struct model_fault *fault)
{
	struct safetensors_header header = { 0 };
	const kist_status status = read_header(call, source, &header, fault);

	if (status == KIST_OK)
		*ret_header = header;
	else
		safetensors_header_done(&header);
	return status;
}

void safetensors_header_done(struct safetensors_header *header)
{
	free(header->text);
	free(header->tensors);
	*header = (struct safetensors_header){ 0 };
}

const char *safetensors_name(const struct safetensors_header *header, size_t i)
{
	return (const char *)header->text + header->tensors[i].name;
}

/* The text was checked when it was taken: digits, white space and commas up to the bracket. */
void safetensors_shape(const struct safetensors_header *header, size_t i, int64_t ret_shape[KIST_RANK_MAX])
{
	const uint8_t *at = header->text + header->tensors[i].shape + 1;

	for (uint8_t k = 0; k < header->tensors[i].ndim; k++) {
		int64_t number = 0;

		while (*at < '0' || *at > '9')
			at++;
		for (; *at >= '0' && *at <= '9'; at++)
			number = number * 10 + (*at - '0');
		ret_shape[k] = number;
	}
}
