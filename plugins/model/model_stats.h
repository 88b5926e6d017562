/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_MODEL_STATS_H
#define MODEL_MODEL_STATS_H

#include "model.h"
#include "stats/stats_picture.h"
#include "stats/stats_text.h"

/*
 * Statistics of a tensor, for a description.
 *
 * Thread: any function may run on any thread.
 */

/** Bytes of the text of one tensor's. */
#define MODEL_STATS_SIZE_MAX ((size_t)STATS_TEXT_SIZE + (size_t)STATS_BINS_SMALL * 6 + 64 + STATS_NUMBER_SIZE)

/** Types of floating numbers; bytes of a tensor of them that has a ratio; bytes of what is said of all of them. */
#define MODEL_FLOAT_TYPES     4
#define MODEL_FLOAT_SIZE_MIN  16384
#define MODEL_FLOATS_SIZE_MAX (MODEL_FLOAT_TYPES * (STATS_EXPONENTS_SIZE + STATS_NUMBER_SIZE + 128))

/**
 * struct model_floats - Exponents of all tensors of one type; begins zeroed.
 *
 * @bytes, @predicted: Of these tensors, and what they would take.
 */
struct model_floats {
	struct stats_exponents exponents;
	uint64_t bytes;
	double predicted;
};

/**
 * struct model_stats_input - A tensor whose elements lie row-major without gaps.
 *
 * @buffer: MODEL_STEP_SIZE bytes to read into.
 * @sample: Room for STATS_SAMPLE_MAX numbers.
 * @floats: MODEL_FLOAT_TYPES of them, to which it is added.
 * @dtype:  MODEL_F32 and so on.
 */
struct model_stats_input {
	struct kist_call *call;
	struct kist_source *source;
	uint8_t *buffer;
	double *sample;
	struct model_floats *floats;
	uint8_t dtype;
	uint64_t offset;
	uint64_t len;
};

/**
 * model_put_stats() - Writes ",\"min\":..." and the others, in one pass; nothing where elements are no numbers.
 *
 * Errors: what the source and poll give.
 */
kist_status model_put_stats(const struct model_stats_input *input, struct model_out *out);

/** model_put_floats() - Writes ",\"floats\":{...}" by type, at most MODEL_FLOATS_SIZE_MAX bytes; nothing when there are none. */
void model_put_floats(const struct model_floats floats[static MODEL_FLOAT_TYPES], struct model_out *out);

#endif
