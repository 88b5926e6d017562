/* SPDX-License-Identifier: Apache-2.0 */

/* Reading: is it one, where do its tensors lie, and what are they. */
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

/* Index ---------------------------------------------------------------------------------------------- */

/* Bytes of metadata that are told. */
#define METADATA_SIZE_MAX ((size_t)64 << 10)

static kist_status take_tensors(struct kist_call *call, const struct safetensors_header *header,
				struct model_index *index)
{
	for (size_t i = 0; i < header->count; i++) {
		const struct safetensors_tensor *const tensor = &header->tensors[i];
		const struct model_dtype *const dtype = &model_dtypes[tensor->dtype];
		int64_t shape[KIST_RANK_MAX];

		if (i % 1024 == 0)
			MODEL_TRY(call->poll(call));
		safetensors_shape(header, i, shape);
		MODEL_TRY(model_index_add(
			call, index,
			&(struct model_entry){
				.name = safetensors_name(header, i),
				.name_len = tensor->name_len,
				.stored_as = dtype->name,
				.dtype = { .code = dtype->code, .bits = dtype->bits, .lanes = 1 },
				.ndim = tensor->ndim,
				.shape = shape,
				.offset = header->data_offset + tensor->begin,
				.len = tensor->end - tensor->begin }));
	}
	return KIST_OK;
}

static kist_status put_pairs(struct kist_call *call, const struct safetensors_pairs *pairs,
			     struct model_index *index)
{
	struct model_out *const out = &index->meta;
	bool first = true;

	model_out_text(out, "{");
	for (size_t i = 0; i < pairs->count; i++) {
		const size_t mark = out->size;

		if (i % 256 == 0)
			MODEL_TRY(call->poll(call));
		if (!first)
			model_out_text(out, ",");
		safetensors_string_put(out, pairs->data, pairs->at[i]);
		model_out_text(out, ":");
		safetensors_string_put(out, pairs->data, safetensors_pairs_value(pairs, i));
		if (model_out_keep(out, mark))
			first = false;
		else
			index->meta_left_out++;
	}
	out->limit++;
	model_out_text(out, "}");
	return out->failed ? model_no_memory(call) : KIST_OK;
}

/* As it stands, for a model; and sorted by key, for a description. */
static kist_status take_metadata(struct kist_call *call, const struct safetensors_header *header,
				 struct model_index *index, struct model_fault *fault)
{
	struct safetensors_pairs pairs = { 0 };
	struct safetensors_text text = { .data = (const uint8_t *)header->meta,
					 .size = header->meta_len,
					 .base = KIST_NO_OFFSET,
					 .call = call,
					 .fault = fault };
	kist_status status;

	index->texts.limit = header->meta_len;
	index->meta.limit = METADATA_SIZE_MAX - 1;
	model_out_bytes(&index->texts, header->meta, header->meta_len);
	if (index->texts.failed)
		return model_no_memory(call);
	MODEL_TRY(safetensors_pairs_take(&text, &pairs));
	status = put_pairs(call, &pairs, index);
	safetensors_pairs_done(&pairs);
	return status;
}

static kist_status read_index(struct kist_call *call, struct kist_source *source, struct model_index *index,
			      struct model_fault *fault)
{
	struct safetensors_header header;
	kist_status status;

	MODEL_TRY(safetensors_header_read(call, source, &header, fault));
	status = take_tensors(call, &header, index);
	if (status == KIST_OK && header.meta)
		status = take_metadata(call, &header, index, fault);
	safetensors_header_done(&header);
	return status;
}

/* A header takes less memory than the index of many tensors. */
static kist_status prove(struct kist_call *call, struct kist_source *source, struct model_fault *fault)
{
	struct safetensors_header header;

	MODEL_TRY(safetensors_header_read(call, source, &header, fault));
	safetensors_header_done(&header);
	return KIST_OK;
}

static const struct model_format format = { .type = SAFETENSORS_TYPE,
					    .name = "safetensors",
					    .major = SAFETENSORS_MAJOR,
					    .minor = SAFETENSORS_MINOR,
					    .read = read_index,
					    .prove = prove };

kist_status safetensors_open(const struct kist_host *host, struct kist_call *call, void **ret_instance)
{
	(void)host;
	(void)call;
	*ret_instance = (void *)(uintptr_t)&format;
	return KIST_OK;
}
