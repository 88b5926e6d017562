/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/filter_choose.h"

#include <string.h>

#include "base/num.h"
#include "pack/filter_decimal_kernel.h"
#include "pack/filter_record_kernel.h"

#define PIECES 4
/* What a frame costs, whatever is in it. */
#define FRAME_COST 16.0
#define IMPOSSIBLE 1e18

static size_t unit_of(const struct kist_filter_hint *hint)
{
	if (hint->kind == KIST_FILTER_STRUCT && hint->record_size > 0)
		return hint->record_size;
	return hint->width > 0 ? hint->width : 1;
}

void kist_filter_sample_take(const struct kist_filter_input *input, struct kist_filter_sample *sample)
{
	const size_t unit = unit_of(&input->hint);
	/* Rows of narrow elements are records too, so a piece begins with a row where rows are short. */
	const size_t row =
		input->hint.row > 1 && input->hint.row <= KIST_FILTER_DISTANCE_MAX ? input->hint.row : 1;
	const size_t whole = unit * row <= KIST_FILTER_RECORD_MAX * 8 ? unit * row : unit;
	const size_t size = KIST_FILTER_SAMPLE_SIZE / PIECES;
	const bool all = input->raw.size <= KIST_FILTER_SAMPLE_SIZE || whole > size;

	sample->piece =
		all ? (size_t)kist_min_u64(input->raw.size, KIST_FILTER_SAMPLE_SIZE) : size - size % whole;
	sample->len = all ? sample->piece : PIECES * sample->piece;
	sample->has_base = input->base.size > 0;
	for (size_t i = 0; i * sample->piece < sample->len; i++) {
		size_t at = all ? 0 : (input->raw.size - sample->piece) / (PIECES - 1) * i;

		at -= at % whole;
		memcpy(sample->raw + i * sample->piece, input->raw.data + at, sample->piece);
		if (sample->has_base)
			memcpy(sample->base + i * sample->piece, input->base.data + at, sample->piece);
	}
}

static double estimate(const struct kist_filter_sample *sample, const struct kist_filter_spec *spec,
		       struct kist_view raw, uint8_t *room)
{
	struct kist_filter_spec tried = *spec;
	double size = 0;
	size_t at = 0;
	size_t len;

	if (raw.size == 0 ||
	    !kist_filter_forward(sample->ops, &tried, raw.data, raw.size, sample->base, room))
		return IMPOSSIBLE;
	for (size_t i = 0; (len = kist_filter_stream(&tried, raw.size, i)) > 0; i++) {
		const struct kist_filter_stats stats = kist_filter_stats_of(kist_view_of(room + at, len));

		/* The sample stands for a chunk, in which a frame weighs little. */
		size += kist_filter_stats_size(&stats, len) + FRAME_COST / 8;
		at += len;
	}
	return size;
}

/* Of a field of @sample at @offset the filter that makes it smallest.  Records have no base: its room is
 * free. */
static uint8_t choose_column(struct kist_filter_sample *sample, size_t record_size, size_t offset,
			     size_t width)
{
	uint8_t best_filter = KIST_FILTER_NONE;
	double best = IMPOSSIBLE;
	size_t len = 0;

	for (size_t at = offset; at + width <= sample->len; at += record_size, len += width)
		memcpy(sample->base + len, sample->raw + at, width);
	for (uint8_t filter = KIST_FILTER_NONE; filter <= KIST_FILTER_DELTA; filter++) {
		struct kist_filter_spec spec = { .filter = filter,
						 .width = filter == KIST_FILTER_NONE ? 0 : (uint8_t)width,
						 .distance = filter == KIST_FILTER_DELTA };
		uint8_t params[KIST_FILTER_PARAMS_SIZE];
		double size;

		kist_filter_spec_write(&spec, params);
		if (!kist_filter_spec_read(filter, params, &spec))
			continue;
		size = estimate(sample, &spec, kist_view_of(sample->base, len), sample->filtered);
		if (size < best) {
			best = size;
			best_filter = filter;
		}
	}
	return best_filter;
}

static void choose_columns(struct kist_filter_sample *sample, const struct kist_filter_hint *hint,
			   struct kist_filter_spec *spec)
{
	size_t offset = 0;

	for (size_t i = 0; i < hint->column_count; i++) {
		const uint8_t width = hint->columns[i].width;

		spec->columns[i].width = width;
		spec->columns[i].filter = choose_column(sample, hint->record_size, offset, width);
		offset += width;
	}
	spec->column_count = (uint8_t)hint->column_count;
}

static bool columns_fit(const struct kist_filter_hint *hint)
{
	size_t sum = 0;

	for (size_t i = 0; i < hint->column_count && i < KIST_FILTER_FIELDS_MAX; i++) {
		if (hint->columns[i].width == 0 || hint->columns[i].width > KIST_FILTER_FIELD_MAX)
			return false;
		sum += hint->columns[i].width;
	}
	return hint->column_count > 0 && hint->column_count <= KIST_FILTER_FIELDS_MAX &&
	       sum == hint->record_size;
}

/* The list under way. */
struct list {
	struct kist_filter_spec *specs;
	size_t count;
};

static void add(struct list *list, enum kist_filter_id filter, size_t width, size_t distance)
{
	struct kist_filter_spec spec = { .filter = (uint8_t)filter,
					 .width = (uint8_t)width,
					 .distance = (uint16_t)distance };
	uint8_t params[KIST_FILTER_PARAMS_SIZE];

	/* What does not go with this width is left out. */
	kist_filter_spec_write(&spec, params);
	if (list->count < KIST_FILTER_CANDIDATES_MAX && kist_filter_spec_read((uint8_t)filter, params, &spec))
		list->specs[list->count++] = spec;
}

static void add_record(struct list *list, const struct kist_filter_hint *hint, size_t record_size,
		       struct kist_filter_sample *sample)
{
	struct kist_filter_spec spec = { .filter = KIST_FILTER_RECORD, .record_size = (uint16_t)record_size };

	if (record_size < 2 || record_size > KIST_FILTER_RECORD_MAX || record_size > sample->piece / 16)
		return;
	list->specs[list->count++] = spec;
	if (hint->kind == KIST_FILTER_STRUCT && columns_fit(hint)) {
		choose_columns(sample, hint, &spec);
		list->specs[list->count++] = spec;
	}
}

size_t kist_filter_candidates(const struct kist_filter_input *input, struct kist_filter_sample *sample,
			      struct kist_filter_spec ret[static KIST_FILTER_CANDIDATES_MAX])
{
	const struct kist_filter_hint *const hint = &input->hint;
	const size_t width = hint->width <= 8 ? hint->width : 0;
	struct list list = { .specs = ret };

	if (hint->kind == KIST_FILTER_STRUCT) {
		add_record(&list, hint, hint->record_size, sample);
		return list.count;
	}
	if (hint->kind == KIST_FILTER_BYTES || kist_filter_log(width) < 0)
		return 0;
	add(&list, KIST_FILTER_FLOAT, width, 0);
	add(&list, KIST_FILTER_PLANES, width, 0);
	add(&list, KIST_FILTER_DELTA, width, 1);
	/* A distance is judged where the sample reaches over it more than once. */
	if (hint->row > 1 && hint->row <= KIST_FILTER_DISTANCE_MAX && 4 * hint->row * width <= sample->piece)
		add(&list, KIST_FILTER_DELTA, width, hint->row);
	if (hint->kind == KIST_FILTER_INT) {
		add(&list, KIST_FILTER_BITS, width, 0);
		if (width == 1)
			add_record(&list, hint, hint->row, sample);
	} else if (width == 8) {
		const int exponent =
			kist_filter_decimal_exponent(sample->raw, kist_min_u64(sample->len / 8, 512));

		if (exponent >= 0) {
			add(&list, KIST_FILTER_DECIMAL, width, 0);
			ret[list.count - 1].exponent = (uint8_t)exponent;
		}
	}
	return list.count;
}

double kist_filter_estimate(struct kist_filter_sample *sample, const struct kist_filter_spec *spec)
{
	if (spec->filter == KIST_FILTER_BASE && !sample->has_base)
		return IMPOSSIBLE;
	return estimate(sample, spec, kist_view_of(sample->raw, sample->len), sample->filtered);
}
