/* SPDX-License-Identifier: Apache-2.0 */

/* The preview: what the header says, and the statistics of what can be averaged, in one pass. */
#include <stdlib.h>

#include "model_stats.h"
#include "safetensors.h"

/* Bytes of a preview; of its metadata; of the statistics of one tensor; and of what ends a preview. */
#define PREVIEW_SIZE_MAX  ((size_t)256 << 10)
#define METADATA_SIZE_MAX ((size_t)64 << 10)
#define TAIL_SIZE_MAX	  (MODEL_FLOATS_SIZE_MAX + 64)

struct preview {
	struct kist_call *call;
	struct kist_source *source;
	const struct safetensors_header *header;
	struct model_out out;
	uint8_t *buffer;
	double *sample;
	struct model_floats *floats;
	uint64_t left_out;
	uint64_t listed;
};

static uint64_t element_count(const struct safetensors_tensor *tensor)
{
	return (tensor->end - tensor->begin) * 8 / model_dtypes[tensor->dtype].bits;
}

static void put_field(struct model_out *out, const char *name, uint64_t number)
{
	model_out_text(out, name);
	model_out_number(out, number);
}

static kist_status put_pairs(struct preview *preview, const struct safetensors_pairs *pairs)
{
	struct model_out *out = &preview->out;
	uint64_t left_out = 0;
	bool first = true;

	out->limit = out->size + METADATA_SIZE_MAX;
	for (size_t i = 0; i < pairs->count; i++) {
		const size_t mark = out->size;

		if (i % 256 == 0)
			MODEL_TRY(preview->call->poll(preview->call));
		if (!first)
			model_out_text(out, ",");
		safetensors_string_put(out, pairs->data, pairs->at[i]);
		model_out_text(out, ":");
		safetensors_string_put(out, pairs->data, safetensors_pairs_value(pairs, i));
		if (model_out_keep(out, mark))
			first = false;
		else
			left_out++;
	}
	out->limit = PREVIEW_SIZE_MAX;
	model_out_text(out, "}");
	if (left_out > 0)
		put_field(out, ",\"metadata_left_out\":", left_out);
	return KIST_OK;
}

static kist_status put_metadata(struct preview *preview)
{
	struct model_fault fault = { 0 };
	struct safetensors_pairs pairs = { 0 };
	struct safetensors_text text = { .data = (const uint8_t *)preview->header->meta,
					 .size = preview->header->meta_len,
					 .base = KIST_NO_OFFSET,
					 .call = preview->call,
					 .fault = &fault };
	kist_status status;

	model_out_text(&preview->out, ",\"metadata\":{");
	if (text.data)
		MODEL_TRY(safetensors_pairs_take(&text, &pairs));
	status = put_pairs(preview, &pairs);
	safetensors_pairs_done(&pairs);
	return status;
}

static void put_dtypes(struct preview *preview, const uint64_t counts[MODEL_DTYPE_COUNT],
		       const uint64_t tensors[MODEL_DTYPE_COUNT])
{
	struct model_out *out = &preview->out;
	bool first = true;

	model_out_text(out, ",\"dtypes\":{");
	for (int i = 0; i < MODEL_DTYPE_COUNT; i++) {
		if (tensors[i] == 0)
			continue;
		model_out_text(out, first ? "\"" : ",\"");
		model_out_text(out, model_dtypes[i].common);
		put_field(out, "\":", counts[i]);
		first = false;
	}
	model_out_text(out, "}");
}

static kist_status put_summary(struct preview *preview)
{
	const struct safetensors_header *header = preview->header;
	uint64_t counts[MODEL_DTYPE_COUNT] = { 0 };
	uint64_t tensors[MODEL_DTYPE_COUNT] = { 0 };
	uint64_t parameters = 0;

	for (size_t i = 0; i < header->count; i++) {
		const uint64_t count = element_count(&header->tensors[i]);

		counts[header->tensors[i].dtype] += count;
		tensors[header->tensors[i].dtype]++;
		parameters += count;
	}
	model_out_text(&preview->out, "{\"kind\":\"model\",\"format\":\"safetensors\"");
	put_field(&preview->out, ",\"tensors\":", header->count);
	put_field(&preview->out, ",\"parameters\":", parameters);
	put_field(&preview->out, ",\"bytes\":", header->count ? header->tensors[header->count - 1].end : 0);
	MODEL_TRY(put_metadata(preview));
	put_dtypes(preview, counts, tensors);
	return KIST_OK;
}

/* One entry of the list, or one more that is left out; its statistics always have room. */
static kist_status put_tensor(struct preview *preview, size_t i)
{
	const struct safetensors_tensor *tensor = &preview->header->tensors[i];
	struct model_out *out = &preview->out;
	const size_t mark = out->size;
	int64_t shape[KIST_RANK_MAX];

	out->limit = PREVIEW_SIZE_MAX - MODEL_STATS_SIZE_MAX - TAIL_SIZE_MAX;
	safetensors_shape(preview->header, i, shape);
	model_out_text(out, preview->listed > 0 ? ",{\"name\":" : "{\"name\":");
	model_out_string(out, safetensors_name(preview->header, i), tensor->name_len);
	model_out_text(out, ",\"dtype\":\"");
	model_out_text(out, model_dtypes[tensor->dtype].common);
	model_out_text(out, "\",\"stored_as\":\"");
	model_out_text(out, model_dtypes[tensor->dtype].name);
	model_out_text(out, "\",\"shape\":");
	model_out_shape(out, shape, tensor->ndim);
	put_field(out, ",\"bytes\":", tensor->end - tensor->begin);
	put_field(out, ",\"offset\":", preview->header->data_offset + tensor->begin);
	if (!model_out_keep(out, mark)) {
		preview->left_out++;
		return KIST_OK;
	}
	preview->listed++;
	out->limit = PREVIEW_SIZE_MAX;
	MODEL_TRY(model_put_stats(
		&(struct model_stats_input){ .call = preview->call,
					     .source = preview->source,
					     .buffer = preview->buffer,
					     .sample = preview->sample,
					     .floats = preview->floats,
					     .dtype = tensor->dtype,
					     .offset = preview->header->data_offset + tensor->begin,
					     .len = tensor->end - tensor->begin },
		out));
	model_out_text(out, "}");
	return KIST_OK;
}

static kist_status make_preview(struct preview *preview)
{
	struct model_out *out = &preview->out;

	out->limit = PREVIEW_SIZE_MAX;
	preview->buffer = malloc(MODEL_STEP_SIZE);
	preview->sample = malloc(STATS_SAMPLE_MAX * sizeof(*preview->sample));
	preview->floats = calloc(MODEL_FLOAT_TYPES, sizeof(*preview->floats));
	if (!preview->buffer || !preview->sample || !preview->floats)
		return model_no_memory(preview->call);
	MODEL_TRY(put_summary(preview));
	model_out_text(out, ",\"list\":[");
	for (size_t i = 0; i < preview->header->count; i++) {
		if (i % 256 == 0)
			MODEL_TRY(preview->call->poll(preview->call));
		MODEL_TRY(put_tensor(preview, i));
	}
	out->limit = PREVIEW_SIZE_MAX;
	put_field(out, "],\"left_out\":", preview->left_out);
	model_put_floats(preview->floats, out);
	model_out_text(out, "}");
	return out->failed ? model_no_memory(preview->call) : KIST_OK;
}

kist_status safetensors_describe(void *instance, struct kist_call *call, struct kist_source *source,
				 const struct kist_params *params, struct kist_sink *sink)
{
	struct safetensors_header header;
	struct model_fault fault = { 0 };
	struct preview preview = { .call = call, .source = source, .header = &header };
	kist_status status = safetensors_header_read(call, source, &header, &fault);

	(void)instance;
	(void)params;
	if (status != KIST_OK)
		return model_fault_fail(&fault, call, status);
	status = make_preview(&preview);
	if (status == KIST_OK)
		status = sink->write(sink, preview.out.data, preview.out.size);
	model_out_done(&preview.out);
	free(preview.buffer);
	free(preview.sample);
	free(preview.floats);
	safetensors_header_done(&header);
	return status;
}
