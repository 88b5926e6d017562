/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/filter_try.h"

#include <string.h>

#include "pack/filter_cells.h"
#include "pack/filter_copies.h"

/* Copies of a base are given up when they leave more than one byte in so many. */
#define COPIES_LEAVE_IN 2
/* A guess is followed when the ratio is the same but for so much. */
#define GUESS_DRIFT 0.15

/* Filters to the room for that; false when it does not fit. */
static bool forward(struct kist_filter *filter, const struct kist_filter_input *input,
		    struct kist_filter_spec *spec)
{
	uint8_t *const to = filter->room[KIST_ROOM_FILTERED];

	if (spec->filter != KIST_FILTER_COPIES)
		return kist_filter_forward(filter->ops, spec, input->raw.data, input->raw.size,
					   input->base.data, to);
	return kist_filter_copies_forward(input->raw, input->base, filter->table,
					  input->raw.size / COPIES_LEAVE_IN, to, &spec->copies, &spec->fresh);
}

/* Filters and codes; *@ret_size is 0 when it does not get below @limit. */
static kist_status encode_with(struct kist_filter *filter, const struct kist_filter_input *input,
			       const struct kist_filter_task *task, struct kist_filter_spec *spec,
			       size_t limit, uint8_t *ret, size_t *ret_size, struct kist_error *err)
{
	const uint8_t *streams = input->raw.data;
	size_t body = 0;
	size_t len;

	if (spec->filter == KIST_FILTER_CELLS)
		return kist_filter_cells_encode(filter, task, input->raw, &spec->cells, limit, ret, ret_size,
						err);
	*ret_size = 0;
	if (spec->filter != KIST_FILTER_NONE) {
		streams = filter->room[KIST_ROOM_FILTERED];
		if (!forward(filter, input, spec))
			return KIST_OK;
	}
	for (size_t i = 0; (len = kist_filter_stream(spec, input->raw.size, i)) > 0; i++) {
		size_t size;

		KIST_TRY(kist_filter_frame(&filter->coder, task, kist_view_of(streams, len), ret + body,
					   limit - 1 - body, &size, err));
		if (size == 0)
			return KIST_OK;
		body += size;
		streams += len;
	}
	*ret_size = body;
	return KIST_OK;
}

static size_t extra_of(const struct kist_filter_spec *spec)
{
	return spec->filter == KIST_FILTER_NONE ? 0 : KIST_FILTER_HEAD_EXTRA;
}

kist_status kist_filter_try(struct kist_filter *filter, const struct kist_filter_input *input,
			    const struct kist_filter_task *task, const struct kist_filter_spec *spec,
			    struct kist_filter_best *best, struct kist_error *err)
{
	struct kist_filter_spec tried =
		spec ? *spec : (struct kist_filter_spec){ .filter = KIST_FILTER_NONE };
	uint8_t *const to = best->size > 0 ? filter->room[KIST_ROOM_OTHER] : best->body;
	size_t size;

	if (best->cost <= extra_of(&tried) + 1)
		return KIST_OK;
	if (spec)
		KIST_TRY(encode_with(filter, input, task, &tried, best->cost - extra_of(&tried), to, &size,
				     err));
	else
		KIST_TRY(kist_filter_plain(&filter->coder, task, input->raw, to, best->cost - 1, &size, err));
	if (size == 0)
		return KIST_OK;
	if (to != best->body)
		memcpy(best->body, to, size);
	best->size = size;
	best->cost = size + extra_of(&tried);
	best->spec = tried;
	return KIST_OK;
}

kist_status kist_filter_try_gain(struct kist_filter *filter, const struct kist_filter_input *input,
				 const struct kist_filter_task *task, const struct kist_filter_spec *spec,
				 double gain, struct kist_filter_best *best, struct kist_error *err)
{
	const size_t cost = best->cost;
	const size_t limit = (size_t)((double)cost * gain);

	best->cost = limit;
	KIST_TRY(kist_filter_try(filter, input, task, spec, best, err));
	if (best->cost == limit)
		best->cost = cost;
	return KIST_OK;
}

struct kist_filter_spec kist_filter_base_spec(const struct kist_filter_hint *hint)
{
	if (hint->kind == KIST_FILTER_BYTES)
		return (struct kist_filter_spec){ .filter = KIST_FILTER_COPIES };
	return (struct kist_filter_spec){ .filter = KIST_FILTER_BASE,
					  .width = (uint8_t)hint->width,
					  .float_keys = hint->kind == KIST_FILTER_REAL };
}

kist_status kist_filter_try_base(struct kist_filter *filter, const struct kist_filter_input *input,
				 const struct kist_filter_task *task, struct kist_filter_best *best,
				 struct kist_error *err)
{
	const struct kist_filter_spec spec = kist_filter_base_spec(&input->hint);

	return kist_filter_try_gain(filter, input, task, &spec, KIST_FILTER_BASE_GAIN, best, err);
}

bool kist_filter_is_as_guessed(const struct kist_filter_input *input, size_t size)
{
	const double expected = input->guess->ratio * (double)input->raw.size;

	return (double)size >= (1 - GUESS_DRIFT) * expected && (double)size <= (1 + GUESS_DRIFT) * expected;
}
