/* SPDX-License-Identifier: Apache-2.0 */
#include "model_stats.h"

#include <math.h>

#include "model_kernel.h"

/* Which numbers elements are; STATS_NONE for those of less than a byte or of several numbers. */
static enum stats_type stats_type_of(uint8_t dtype)
{
	static const uint8_t types[MODEL_DTYPE_COUNT] = {
		[MODEL_BOOL] = STATS_BOOL, [MODEL_U8] = STATS_U8,   [MODEL_I8] = STATS_I8,
		[MODEL_I16] = STATS_I16,   [MODEL_U16] = STATS_U16, [MODEL_F16] = STATS_F16,
		[MODEL_BF16] = STATS_BF16, [MODEL_I32] = STATS_I32, [MODEL_U32] = STATS_U32,
		[MODEL_F32] = STATS_F32,   [MODEL_F64] = STATS_F64, [MODEL_I64] = STATS_I64,
		[MODEL_U64] = STATS_U64,
	};

	return (enum stats_type)types[dtype];
}

static kist_status compute(const struct model_stats_input *input, struct stats *stats,
			   struct stats_sample *sample)
{
	uint64_t at = input->offset;
	uint64_t left = input->len;

	while (left > 0) {
		const size_t step = left < MODEL_STEP_SIZE ? (size_t)left : MODEL_STEP_SIZE;

		MODEL_TRY(input->call->poll(input->call));
		MODEL_TRY(kist_read_exact(input->call, input->source, at, input->buffer, step));
		stats_add(stats, input->buffer, step / stats_size(stats->type));
		stats_sample_add(sample, input->buffer, step / stats_size(stats->type));
		at += step;
		left -= step;
		input->call->progress(input->call, at, input->source->size);
	}
	stats_finish(stats);
	return KIST_OK;
}

static void put_ratio(double ratio, struct model_out *out)
{
	char text[STATS_NUMBER_SIZE];

	model_out_text(out, ",\"ratio\":");
	model_out_bytes(out, text, stats_number_text(ratio, false, text));
}

/* What the exponents of one tensor say of it, and of all of its type. */
static void put_exponents(const struct model_stats_input *input, const struct stats_sample *sample,
			  struct model_out *out)
{
	struct stats_exponents exponents = { 0 };
	struct model_floats *floats;
	double ratio;

	if (!stats_is_floating(sample->type) || input->len < MODEL_FLOAT_SIZE_MIN)
		return;
	floats = &input->floats[sample->type - STATS_F16];
	stats_exponents_add(&exponents, sample);
	stats_exponents_join(&floats->exponents, &exponents);
	ratio = stats_exponents_ratio(&exponents, sample->type);
	floats->bytes += input->len;
	floats->predicted += (double)input->len / ratio;
	put_ratio(ratio, out);
}

kist_status model_put_stats(const struct model_stats_input *input, struct model_out *out)
{
	const enum stats_type type = stats_type_of(input->dtype);
	char text[STATS_TEXT_SIZE + STATS_HISTOGRAM_SIZE];
	struct stats_out json = { .to = text, .size = sizeof(text) };
	struct stats_sample sample;
	struct stats stats;

	if (type == STATS_NONE)
		return KIST_OK;
	stats_init(&stats, type);
	stats_sample_init(&sample, type, 1, input->len / stats_size(type), input->sample);
	MODEL_TRY(compute(input, &stats, &sample));
	stats_put(&json, &stats);
	stats_put_histogram(&json, &stats, &sample, STATS_BINS_SMALL);
	model_out_text(out, ",");
	model_out_bytes(out, text, json.len);
	put_exponents(input, &sample, out);
	return KIST_OK;
}

void model_put_floats(const struct model_floats floats[static MODEL_FLOAT_TYPES], struct model_out *out)
{
	static const char *const names[MODEL_FLOAT_TYPES] = { "float16", "bfloat16", "float32", "float64" };
	const char *before = ",\"floats\":{\"";

	for (size_t i = 0; i < MODEL_FLOAT_TYPES; i++) {
		char text[STATS_EXPONENTS_SIZE];
		struct stats_out json = { .to = text, .size = sizeof(text) };

		if (floats[i].bytes == 0)
			continue;
		model_out_text(out, before);
		model_out_text(out, names[i]);
		model_out_text(out, "\":{\"bytes\":");
		model_out_number(out, floats[i].bytes);
		stats_put_exponents(&json, &floats[i].exponents);
		model_out_bytes(out, text, json.len);
		put_ratio(round(100 * ((double)floats[i].bytes / floats[i].predicted)) / 100, out);
		before = "},\"";
	}
	if (before[0] == '}')
		model_out_text(out, "}}");
}
