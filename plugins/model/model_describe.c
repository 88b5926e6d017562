/* SPDX-License-Identifier: Apache-2.0 */

/* What an index says of a model, and the statistics of what can be averaged, in one pass. */
#include <stdlib.h>

#include "model_index.h"
#include "model_kernel.h"
#include "model_stats.h"

/* Bytes of a description; of its metadata; of the statistics of one tensor; and of what ends it. */
#define DESCRIPTION_SIZE_MAX ((size_t)256 << 10)
#define METADATA_SIZE_MAX    ((size_t)64 << 10)
#define TAIL_SIZE_MAX	     (MODEL_FLOATS_SIZE_MAX + 64)
#define DTYPE_NAME_SIZE	     ((size_t)32)
/* Elements that no list of types has. */
#define OTHER_DTYPE "complex128"
/* Kinds of blocks that are told apart: more than any format has. */
#define BLOCKS_MAX 64
/* How often the bytes of a file are looked at: weights are tied in pairs, as those of a model's two ends. */
#define LOOKS_MAX 2

struct describing {
	struct kist_call *call;
	struct kist_source *source;
	const struct model_index *index;
	struct model_out out;
	uint8_t *buffer;
	double *sample;
	struct model_floats *floats;
	uint64_t budget; /* bytes that may still be looked at: tensors may share theirs */
	uint64_t listed;
	uint64_t left_out;
};

static void put_field(struct model_out *out, const char *name, uint64_t number)
{
	model_out_text(out, name);
	model_out_number(out, number);
}

static void name_dtype(DLDataType dtype, char ret[static DTYPE_NAME_SIZE])
{
	const int known = model_dtype_find(dtype.code, dtype.bits);

	snprintf(ret, DTYPE_NAME_SIZE, "%s", known >= 0 ? model_dtypes[known].common : OTHER_DTYPE);
}

struct block_count {
	const char *stored_as;
	uint64_t elements;
};

static void add_block(struct block_count blocks[static BLOCKS_MAX], const struct model_tensor *tensor)
{
	size_t i = 0;

	while (i < BLOCKS_MAX - 1 && blocks[i].stored_as &&
	       strcmp(blocks[i].stored_as, tensor->stored_as) != 0)
		i++;
	blocks[i].stored_as = tensor->stored_as;
	blocks[i].elements += tensor->elements;
}

static void put_count(struct model_out *out, const char *name, uint64_t elements, bool *is_first)
{
	model_out_text(out, *is_first ? "\"" : ",\"");
	model_out_text(out, name);
	put_field(out, "\":", elements);
	*is_first = false;
}

/* Elements of each type, in the order of the types; then of each kind of blocks, by what they are stored as. */
static void put_dtypes(struct model_out *out, const struct model_index *index)
{
	uint64_t elements[MODEL_DTYPE_COUNT + 1] = { 0 };
	bool is_there[MODEL_DTYPE_COUNT + 1] = { false };
	struct block_count blocks[BLOCKS_MAX] = { { NULL, 0 } };
	bool is_first = true;

	for (size_t i = 0; i < index->tensors.count; i++) {
		const struct model_tensor *const tensor = model_index_at(index, i);
		const int known = model_dtype_find(tensor->dtype.code, tensor->dtype.bits);
		const size_t at = known >= 0 ? (size_t)known : MODEL_DTYPE_COUNT;

		if (tensor->is_blocks) {
			add_block(blocks, tensor);
			continue;
		}
		elements[at] += tensor->elements;
		is_there[at] = true;
	}
	model_out_text(out, ",\"dtypes\":{");
	for (size_t i = 0; i <= MODEL_DTYPE_COUNT; i++) {
		if (is_there[i])
			put_count(out, i < MODEL_DTYPE_COUNT ? model_dtypes[i].common : OTHER_DTYPE,
				  elements[i], &is_first);
	}
	for (size_t i = 0; i < BLOCKS_MAX && blocks[i].stored_as; i++)
		put_count(out, blocks[i].stored_as, blocks[i].elements, &is_first);
	model_out_text(out, "}");
}

static void put_metadata(struct model_out *out, const struct model_index *index)
{
	if (index->meta.size == 0)
		return;
	if (index->meta.size <= METADATA_SIZE_MAX) {
		model_out_text(out, ",\"metadata\":");
		model_out_bytes(out, index->meta.data, index->meta.size);
	} else {
		put_field(out, ",\"metadata_bytes_left_out\":", index->meta.size);
	}
	if (index->meta_left_out > 0)
		put_field(out, ",\"metadata_left_out\":", index->meta_left_out);
}

static void put_summary(struct describing *describing, const char *format)
{
	const struct model_index *const index = describing->index;
	struct model_out *const out = &describing->out;
	uint64_t parameters = 0;
	uint64_t bytes = 0;

	for (size_t i = 0; i < index->tensors.count; i++) {
		parameters += model_index_at(index, i)->elements;
		bytes += model_index_bytes(index, i);
	}
	model_out_text(out, "{\"kind\":\"model\",\"format\":\"");
	model_out_text(out, format);
	put_field(out, "\",\"tensors\":", index->tensors.count);
	put_field(out, ",\"parameters\":", parameters);
	put_field(out, ",\"bytes\":", bytes);
	put_metadata(out, index);
	put_dtypes(out, index);
}

static kist_status put_stats(struct describing *describing, const struct model_tensor *tensor)
{
	const int dtype = model_dtype_find(tensor->dtype.code, tensor->dtype.bits);

	/* Blocks are bytes in name only. */
	if (dtype < 0 || tensor->has_strides || tensor->is_blocks || tensor->is_coded ||
	    tensor->len > describing->budget)
		return KIST_OK;
	describing->budget -= tensor->len;
	return model_put_stats(&(struct model_stats_input){ .call = describing->call,
							    .source = describing->source,
							    .buffer = describing->buffer,
							    .sample = describing->sample,
							    .floats = describing->floats,
							    .dtype = (uint8_t)dtype,
							    .offset = tensor->offset,
							    .len = tensor->len },
			       &describing->out);
}

/* One entry of the list, or one more that is left out; its statistics always have room. */
static kist_status put_tensor(struct describing *describing, size_t i)
{
	const struct model_tensor *const tensor = model_index_at(describing->index, i);
	struct model_out *const out = &describing->out;
	const size_t mark = out->size;
	char dtype[DTYPE_NAME_SIZE];

	name_dtype(tensor->dtype, dtype);
	out->limit = DESCRIPTION_SIZE_MAX - MODEL_STATS_SIZE_MAX - TAIL_SIZE_MAX;
	model_out_text(out, describing->listed > 0 ? ",{\"name\":" : "{\"name\":");
	model_out_string(out, model_index_name(describing->index, i), tensor->name_len);
	model_out_text(out, ",\"dtype\":\"");
	model_out_text(out, dtype);
	model_out_text(out, "\",\"stored_as\":\"");
	model_out_text(out, tensor->stored_as);
	model_out_text(out, "\",\"shape\":");
	model_out_shape(out, model_index_shape(describing->index, i), tensor->ndim);
	if (tensor->has_strides) {
		model_out_text(out, ",\"strides\":");
		model_out_shape(out, model_index_shape(describing->index, i) + tensor->ndim, tensor->ndim);
	}
	put_field(out, ",\"bytes\":", model_index_bytes(describing->index, i));
	if (!tensor->is_coded)
		put_field(out, ",\"offset\":", tensor->offset);
	if (!model_out_keep(out, mark)) {
		describing->left_out++;
		return KIST_OK;
	}
	describing->listed++;
	out->limit = DESCRIPTION_SIZE_MAX;
	MODEL_TRY(put_stats(describing, tensor));
	model_out_text(out, "}");
	return KIST_OK;
}

static kist_status describe(struct describing *describing, const char *format)
{
	struct model_out *const out = &describing->out;

	out->limit = DESCRIPTION_SIZE_MAX;
	if (__builtin_mul_overflow(describing->source->size, LOOKS_MAX, &describing->budget))
		describing->budget = UINT64_MAX;
	describing->buffer = malloc(MODEL_STEP_SIZE);
	describing->sample = malloc(STATS_SAMPLE_MAX * sizeof(*describing->sample));
	describing->floats = calloc(MODEL_FLOAT_TYPES, sizeof(*describing->floats));
	if (!describing->buffer || !describing->sample || !describing->floats)
		return model_no_memory(describing->call);
	put_summary(describing, format);
	model_out_text(out, ",\"list\":[");
	for (size_t i = 0; i < describing->index->tensors.count; i++) {
		if (i % 256 == 0)
			MODEL_TRY(describing->call->poll(describing->call));
		MODEL_TRY(put_tensor(describing, i));
	}
	out->limit = DESCRIPTION_SIZE_MAX;
	put_field(out, "],\"left_out\":", describing->left_out);
	model_put_floats(describing->floats, out);
	model_out_text(out, "}");
	return out->failed ? model_no_memory(describing->call) : KIST_OK;
}

kist_status model_describe(void *instance, struct kist_call *call, struct kist_source *source,
			   const struct kist_params *params, struct kist_sink *sink)
{
	const struct model_format *const format = instance;
	struct model_index index = { 0 };
	struct model_fault fault = { 0 };
	struct describing describing = { .call = call, .source = source, .index = &index };
	kist_status status = format->read(call, source, &index, &fault);

	(void)params;
	if (status != KIST_OK)
		status = model_fault_fail(&fault, call, status);
	else
		status = describe(&describing, format->name);
	if (status == KIST_OK)
		status = sink->write(sink, describing.out.data, describing.out.size);
	model_out_done(&describing.out);
	free(describing.buffer);
	free(describing.sample);
	free(describing.floats);
	model_index_done(&index);
	return status;
}
