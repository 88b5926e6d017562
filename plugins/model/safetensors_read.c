/* SPDX-License-Identifier: Apache-2.0 */

/* Reading: is it one, is it sound, where do its tensors lie, and what are they. */
#include <stdlib.h>

#include "model_index.h"
#include "safetensors.h"

/* Probe ---------------------------------------------------------------------------------------------- */

enum { SCORE_NONE = 0, SCORE_EMPTY = 40, SCORE_BLANK = 20, SCORE_PARTLY = 60, SCORE_SURE = 95 };

/* The head of a header, read by eye: a byte at a time, and -1 where the head was cut. */
struct glance {
	const uint8_t *head;
	size_t len;
	size_t at;
};

static int glance_byte(struct glance *glance)
{
	while (glance->at < glance->len && strchr(" \t\r\n", glance->head[glance->at]) &&
	       glance->head[glance->at])
		glance->at++;
	return glance->at < glance->len ? glance->head[glance->at++] : -1;
}

/* Skips a string whose quote was read; false where the head was cut. */
static bool glance_string(struct glance *glance)
{
	while (glance->at < glance->len && glance->head[glance->at] != '"')
		glance->at += glance->head[glance->at] == '\\' ? 2 : 1;
	if (glance->at >= glance->len)
		return false;
	glance->at++;
	return true;
}

static bool glance_is(const struct glance *glance, const char *text)
{
	const size_t len = strlen(text);

	return glance->len - glance->at >= len && memcmp(glance->head + glance->at, text, len) == 0;
}

/* After the colon of the first member. */
static int32_t score_value(struct glance *glance, bool is_meta)
{
	int byte = glance_byte(glance);

	if (byte < 0)
		return SCORE_PARTLY;
	if (byte != '{')
		return SCORE_NONE;
	byte = glance_byte(glance);
	if (byte < 0)
		return SCORE_PARTLY;
	if (is_meta)
		return byte == '"' || byte == '}' ? SCORE_SURE : SCORE_NONE;
	if (byte != '"')
		return SCORE_NONE;
	if (glance_is(glance, "dtype\"") || glance_is(glance, "shape\"") ||
	    glance_is(glance, "data_offsets\""))
		return SCORE_SURE;
	return glance->len - glance->at < sizeof("data_offsets\"") - 1 ? SCORE_PARTLY : SCORE_NONE;
}

static int32_t score_header(struct glance *glance)
{
	int byte = glance_byte(glance);
	bool is_meta;

	if (byte < 0)
		return SCORE_BLANK;
	if (byte != '{')
		return SCORE_NONE;
	byte = glance_byte(glance);
	if (byte < 0 || byte == '}')
		return SCORE_EMPTY;
	if (byte != '"')
		return SCORE_NONE;
	is_meta = glance_is(glance, SAFETENSORS_METADATA_KEY "\"");
	if (!glance_string(glance))
		return SCORE_PARTLY;
	byte = glance_byte(glance);
	if (byte < 0)
		return SCORE_PARTLY;
	return byte == ':' ? score_value(glance, is_meta) : SCORE_NONE;
}

kist_status safetensors_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score)
{
	struct glance glance = { .head = head, .len = len, .at = 8 };
	uint64_t size = 0;

	*ret_score = SCORE_NONE;
	if (len < 10 || total_size < len)
		return KIST_OK;
	for (int i = 7; i >= 0; i--)
		size = size << 8 | glance.head[i];
	if (size < 2 || size > SAFETENSORS_HEADER_SIZE_MAX || size > total_size - 8)
		return KIST_OK;
	if (size < len - 8)
		glance.len = 8 + (size_t)size;
	*ret_score = score_header(&glance);
	return KIST_OK;
}

/* Validate and layout --------------------------------------------------------------------------------- */

kist_status safetensors_validate(void *instance, struct kist_call *call, struct kist_source *source,
				 const struct kist_params *params, struct kist_report *report)
{
	struct safetensors_header header;
	struct model_fault fault = { 0 };
	const kist_status status = safetensors_header_read(call, source, &header, &fault);

	(void)instance;
	(void)params;
	if (status == KIST_OK)
		safetensors_header_done(&header);
	if (!fault.code)
		return status;
	report->issue(report, KIST_ISSUE_ERROR, fault.code, fault.offset, fault.text, strlen(fault.text));
	return KIST_OK;
}

static DLDataType dlpack_type(uint8_t dtype)
{
	return (DLDataType){ .code = model_dtypes[dtype].code, .bits = model_dtypes[dtype].bits, .lanes = 1 };
}

static kist_status give_parts(struct kist_call *call, const struct safetensors_header *header,
			      struct kist_layout *layout)
{
	for (size_t i = 0; i < header->count; i++) {
		const struct safetensors_tensor *tensor = &header->tensors[i];
		int64_t shape[KIST_RANK_MAX];
		const struct kist_part part = {
			.struct_size = sizeof(part),
			.name = safetensors_name(header, i),
			.offset = header->data_offset + tensor->begin,
			.len = tensor->end - tensor->begin,
			.dtype = dlpack_type(tensor->dtype),
			.ndim = tensor->ndim,
			.shape = tensor->ndim > 0 ? shape : NULL,
		};

		if (i % 1024 == 0)
			MODEL_TRY(call->poll(call));
		safetensors_shape(header, i, shape);
		MODEL_TRY(layout->part(layout, &part));
	}
	return KIST_OK;
}

kist_status safetensors_layout(void *instance, struct kist_call *call, struct kist_source *source,
			       const struct kist_params *params, struct kist_layout *layout)
{
	struct safetensors_header header;
	struct model_fault fault = { 0 };
	kist_status status = safetensors_header_read(call, source, &header, &fault);

	(void)instance;
	(void)params;
	if (status != KIST_OK)
		return model_fault_fail(&fault, call, status);
	status = give_parts(call, &header, layout);
	safetensors_header_done(&header);
	return status;
}

/* Tensors --------------------------------------------------------------------------------------------- */

struct held_map {
	struct kist_tensor_map map;
	struct kist_source *source;
	struct safetensors_header header;
};

static kist_status map_get(struct kist_tensor_map *map, struct kist_call *call, uint64_t i,
			   DLManagedTensorVersioned **ret_tensor)
{
	const struct held_map *held = map->ctx;
	const struct safetensors_tensor *tensor;
	int64_t shape[KIST_RANK_MAX];

	if (i >= map->count)
		return kist_failf(call, KIST_INVALID, "E_INDEX", KIST_NO_OFFSET, "tensor %llu of %llu",
				  (unsigned long long)i, (unsigned long long)map->count);
	tensor = &held->header.tensors[i];
	safetensors_shape(&held->header, i, shape);
	return model_tensor_make(call, held->source,
				 &(struct model_entry){ .dtype = dlpack_type(tensor->dtype),
							.ndim = tensor->ndim,
							.shape = shape,
							.offset = held->header.data_offset + tensor->begin,
							.len = tensor->end - tensor->begin },
				 ret_tensor);
}

static kist_status map_get_name(struct kist_tensor_map *map, uint64_t i, const char **ret_name)
{
	const struct held_map *held = map->ctx;

	if (i >= map->count)
		return KIST_INVALID;
	*ret_name = safetensors_name(&held->header, i);
	return KIST_OK;
}

static void release_map(struct kist_object *object)
{
	struct held_map *held = object->priv;

	safetensors_header_done(&held->header);
	free(held);
	object->value = NULL;
	object->release = NULL;
}

static void fill_map(struct held_map *held, struct kist_source *source)
{
	held->source = source;
	held->map = (struct kist_tensor_map){ .struct_size = sizeof(held->map),
					      .ctx = held,
					      .count = held->header.count,
					      .meta = held->header.meta,
					      .meta_len = held->header.meta_len,
					      .get_name = map_get_name,
					      .get = map_get };
}

kist_status safetensors_deserialize(void *instance, struct kist_call *call, struct kist_source *source,
				    const struct kist_params *params, struct kist_object *ret_object)
{
	struct model_fault fault = { 0 };
	struct held_map *held = calloc(1, sizeof(*held));
	kist_status status;

	(void)instance;
	(void)params;
	if (!held)
		return model_no_memory(call);
	status = safetensors_header_read(call, source, &held->header, &fault);
	if (status != KIST_OK) {
		free(held);
		return model_fault_fail(&fault, call, status);
	}
	fill_map(held, source);
	/* The struct is the host's, which may be older and smaller. */
	ret_object->kind = KIST_KIND_MODEL;
	ret_object->flags = 0;
	ret_object->type = SAFETENSORS_TYPE;
	ret_object->type_major = SAFETENSORS_MAJOR;
	ret_object->type_minor = SAFETENSORS_MINOR;
	ret_object->value = &held->map;
	ret_object->release = release_map;
	ret_object->priv = held;
	return KIST_OK;
}
