/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "base/num.h"
#include "pack/filter_cells.h"
#include "pack/filter_copies.h"
#include "pack/filter_repeats.h"
#include "pack/filter_try.h"

/* Copies of a base are surely best when they leave one byte in so many; shorter chunks have none. */
#define COPIES_SURELY_IN 24
#define COPIES_SIZE_MIN	 ((size_t)256)
/* Of longer plain bytes a part is tried instead of all. */
#define EXAMPLE_SIZE_MAX ((size_t)128 << 10)
/* Of a text this much is tried both ways, where there is no guess; and what cells must gain. */
#define CELLS_TRIAL_SIZE ((size_t)32 << 10)
#define CELLS_GAIN	 0.9
/* What a slower way of plain bytes must gain. */
#define SLOWER_GAIN 0.99

/* From the fastest to the slowest: each must gain something over those before it. */
static const enum kist_filter_matches ways[] = { KIST_MATCHES_NONE, KIST_MATCHES_NEAR, KIST_MATCHES_ALL };

/* Level 1 finds matches among digits that cost more than the digits; others like this chunk take what is better. */
static kist_status encode_plain(struct kist_filter *filter, const struct kist_filter_input *input,
				struct kist_filter_task *task, struct kist_filter_best *best,
				struct kist_error *err)
{
	const enum kist_filter_matches guess = input->guess ? input->guess->choice.matches : KIST_MATCHES_ANY;
	const struct kist_filter_best stored = *best;

	if (task->level == KIST_FILTER_ARCHIVE ||
	    (guess == KIST_MATCHES_ANY && (!input->is_example || input->raw.size > EXAMPLE_SIZE_MAX)))
		return kist_filter_try(filter, input, task, NULL, best, err);
	if (guess != KIST_MATCHES_ANY) {
		task->plain = guess;
		KIST_TRY(kist_filter_try(filter, input, task, NULL, best, err));
		best->matches = guess;
		best->is_guess = kist_filter_is_as_guessed(input, best->size > 0 ? best->size : best->cost);
		if (best->is_guess)
			return KIST_OK;
	}
	*best = stored;
	best->matches = KIST_MATCHES_ALL;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const size_t before = best->size;

		task->plain = ways[i];
		KIST_TRY(kist_filter_try_gain(filter, input, task, NULL, i > 0 ? SLOWER_GAIN : 1, best, err));
		if (best->size != before)
			best->matches = ways[i];
	}
	return KIST_OK;
}

/* Whether a part of @input, from the middle, becomes smaller by @spec than as plain zstd. */
static kist_status try_cells(struct kist_filter *filter, const struct kist_filter_input *input,
			     const struct kist_filter_task *task, const struct kist_filter_spec *spec,
			     bool *ret, struct kist_error *err)
{
	const size_t len = (size_t)kist_min_u64(input->raw.size, CELLS_TRIAL_SIZE);
	const struct kist_view part = kist_view_of(input->raw.data + (input->raw.size - len) / 2, len);
	struct kist_filter_cells cells = spec->cells;
	uint8_t *const room = filter->room[KIST_ROOM_OTHER];
	size_t size;
	size_t plain;

	KIST_TRY(kist_filter_plain(&filter->coder, task, part, room, len, &plain, err));
	KIST_TRY(kist_filter_cells_encode(filter, task, part, &cells, len, room, &size, err));
	*ret = size > 0 && (plain == 0 || (double)size < CELLS_GAIN * (double)plain);
	return KIST_OK;
}

/* As the text before it, whose delimiter and columns the guess has; best->is_guess says whether that is as good. */
static kist_status follow_guess(struct kist_filter *filter, const struct kist_filter_input *input,
				const struct kist_filter_task *task, struct kist_filter_best *best,
				struct kist_error *err)
{
	const struct kist_filter_guess *const guess = input->guess;
	const struct kist_filter_best stored = *best;
	struct kist_filter_spec spec;

	if (!guess || guess->choice.filter != KIST_FILTER_CELLS || task->level == KIST_FILTER_ARCHIVE ||
	    !kist_filter_spec_read(guess->choice.filter, guess->choice.params, &spec))
		return KIST_OK;
	KIST_TRY(kist_filter_try(filter, input, task, &spec, best, err));
	best->is_guess = best->size > 0 && kist_filter_is_as_guessed(input, best->size);
	if (!best->is_guess)
		*best = stored;
	return KIST_OK;
}

/* Lines that come again from afar are smaller as matches, which no trial of a part and no ratio of cells can tell. */
static kist_status try_matches(struct kist_filter *filter, const struct kist_filter_input *input,
			       struct kist_filter_task *task, struct kist_filter_best *best,
			       struct kist_error *err)
{
	if (!kist_filter_has_lines_again(input->raw))
		return KIST_OK;
	task->matches = true;
	KIST_TRY(kist_filter_try(filter, input, task, NULL, best, err));
	best->is_guess = best->is_guess && best->spec.filter == KIST_FILTER_CELLS;
	return KIST_OK;
}

/* Text: cells in columns where there are such, without a look where that was best for the text before it. */
static kist_status encode_text(struct kist_filter *filter, const struct kist_filter_input *input,
			       struct kist_filter_task *task, struct kist_filter_best *best,
			       struct kist_error *err)
{
	const bool archive = task->level == KIST_FILTER_ARCHIVE;
	struct kist_filter_spec spec = { .filter = KIST_FILTER_CELLS };
	bool gains = archive;

	KIST_TRY(follow_guess(filter, input, task, best, err));
	if (best->is_guess)
		return try_matches(filter, input, task, best, err);
	if (input->raw.size < KIST_FILTER_CELLS_SIZE_MIN || !kist_filter_cells_find(input->raw, &spec.cells))
		return encode_plain(filter, input, task, best, err);
	if (!archive)
		KIST_TRY(try_cells(filter, input, task, &spec, &gains, err));
	if (gains)
		KIST_TRY(kist_filter_try(filter, input, task, &spec, best, err));
	return best->size > 0 && !archive ? try_matches(filter, input, task, best, err)
					  : kist_filter_try(filter, input, task, NULL, best, err);
}

kist_status kist_filter_encode_bytes(struct kist_filter *filter, const struct kist_filter_input *input,
				     struct kist_filter_task *task, struct kist_filter_best *best,
				     struct kist_error *err)
{
	const struct kist_filter_spec copies = { .filter = KIST_FILTER_COPIES };
	const struct kist_filter_best stored = *best;
	bool found;

	if (input->base.size == 0 || input->raw.size < COPIES_SIZE_MIN)
		return encode_text(filter, input, task, best, err);
	if (!filter->table)
		filter->table = kist_alloc(KIST_FILTER_COPIES_TABLE, sizeof(*filter->table));
	if (!filter->table)
		return kist_fail_memory(err, KIST_FILTER_COPIES_TABLE * sizeof(*filter->table));
	/* Fresh bytes are like those around them: matches are what makes them small. */
	task->matches = true;
	KIST_TRY(kist_filter_try(filter, input, task, &copies, best, err));
	found = best->size > 0;
	if (found && best->cost * COPIES_SURELY_IN <= input->raw.size)
		return KIST_OK;
	*best = stored;
	KIST_TRY(encode_text(filter, input, task, best, err));
	return found ? kist_filter_try_base(filter, input, task, best, err) : KIST_OK;
}
