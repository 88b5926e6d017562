/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/filter.h"

#include <string.h>

#include "base/mem.h"
#include "pack/codec.h"
#include "pack/filter_choose.h"
#include "pack/filter_repeats.h"
#include "pack/filter_try.h"

/* Shorter chunks, which are records, gain less than half of what they take with their heads, for ten times the time. */
#define STORED_BELOW ((size_t)192)
/* Shorter chunks cannot gain what the extension of the record costs. */
#define RAW_SIZE_MIN ((size_t)256)
/* A part of one in so many bytes that is unchanged, seen in steps of so many, is reason to try the base. */
#define ALIKE_IN   4
#define ALIKE_STEP ((size_t)64)
/* And any filter so much over plain zstd. */
#define FILTER_GAIN 0.99
/* What the sample finds so much worse than the best is not tried even for the archive; it sees runs too well.
 */
#define FAR_FROM_BEST 2.0

void kist_filter_done(struct kist_filter *filter)
{
	kist_filter_coder_done(&filter->coder);
	kist_dictionary_done(&filter->dictionary);
	for (size_t i = 0; i < sizeof(filter->room) / sizeof(filter->room[0]); i++)
		kist_free(filter->room[i]);
	kist_free(filter->table);
	*filter = (struct kist_filter)KIST_FILTER_INIT;
}

kist_status kist_filter_reserve(struct kist_filter *filter, size_t len, struct kist_error *err)
{
	const size_t size = kist_filter_spare_size(kist_filter_size_max(len));

	if (!filter->ops)
		filter->ops = kist_filter_ops_best();
	if (!filter->room[KIST_ROOM_SAMPLE])
		filter->room[KIST_ROOM_SAMPLE] = kist_alloc(1, sizeof(struct kist_filter_sample));
	if (!filter->room[KIST_ROOM_SAMPLE])
		return kist_fail_memory(err, sizeof(struct kist_filter_sample));
	for (size_t i = KIST_ROOM_FILTERED; i <= KIST_ROOM_OTHER && filter->room_size < size; i++) {
		uint8_t *const grown = kist_realloc(filter->room[i], size, 1);

		if (!grown)
			return kist_fail_memory(err, size);
		filter->room[i] = grown;
	}
	if (filter->room_size < size)
		filter->room_size = size;
	return KIST_OK;
}

struct kist_filter_hint kist_filter_hint_of(const struct kist_part *part)
{
	struct kist_filter_hint hint = { .kind = KIST_FILTER_BYTES };
	const uint32_t lanes = part->dtype.lanes > 0 ? part->dtype.lanes : 1;
	const int64_t row = part->ndim >= 2 && part->shape ? part->shape[part->ndim - 1] : 0;

	if (part->dtype.bits == 0 || part->dtype.bits % 8 != 0)
		return hint;
	hint.width = part->dtype.bits / 8u;
	hint.row = row > 1 && row <= KIST_FILTER_DISTANCE_MAX ? (uint32_t)row * lanes : lanes;
	switch (part->dtype.code) {
	case kDLInt:
	case kDLUInt:
	case kDLBool:
	case kDLOpaqueHandle:
		hint.kind = KIST_FILTER_INT;
		break;
	case kDLComplex:
		hint.kind = KIST_FILTER_REAL;
		hint.width /= 2;
		hint.row *= 2;
		break;
	default:
		hint.kind = KIST_FILTER_REAL;
	}
	return hint;
}

/* Bytes of the sample as plain zstd. */
static kist_status estimate_plain(struct kist_filter *filter, const struct kist_filter_task *task,
				  const struct kist_filter_sample *sample, double *ret,
				  struct kist_error *err)
{
	const struct kist_view bytes = kist_view_of(sample->raw, sample->len);
	size_t size;

	KIST_TRY(kist_filter_plain(&filter->coder, task, bytes, task->spare, sample->len, &size, err));
	*ret = size > 0 ? (double)size : (double)sample->len;
	return KIST_OK;
}

/* The filter of which the sample promises most, without a base, and the bytes that it promises. */
static double choose_filter(const struct kist_filter_input *input, struct kist_filter_sample *sample,
			    struct kist_filter_spec *ret_spec)
{
	struct kist_filter_spec specs[KIST_FILTER_CANDIDATES_MAX];
	const struct kist_filter_spec none = { .filter = KIST_FILTER_NONE };
	const size_t count = kist_filter_candidates(input, sample, specs);
	/* Numbers of one byte may be best as they are, but without matches. */
	double best = kist_filter_estimate(sample, &none);

	*ret_spec = none;
	for (size_t i = 0; i < count; i++) {
		const double size = kist_filter_estimate(sample, &specs[i]);

		if (size < best) {
			best = size;
			*ret_spec = specs[i];
		}
	}
	return best;
}

/* What the sample says, without a base: true and a filter, or false for plain zstd; and bytes of the sample.
 */
static kist_status choose(struct kist_filter *filter, const struct kist_filter_input *input,
			  const struct kist_filter_task *task, struct kist_filter_sample *sample,
			  struct kist_filter_spec *ret_spec, bool *ret_filtered, double *ret_size,
			  struct kist_error *err)
{
	const double best = choose_filter(input, sample, ret_spec);
	double plain;

	KIST_TRY(estimate_plain(filter, task, sample, &plain, err));
	*ret_filtered = best < FILTER_GAIN * plain;
	*ret_size = best < plain ? best : plain;
	return KIST_OK;
}

/* Whether a good part of the chunk stands in its base as it is: a sample may have missed that. */
static bool is_much_alike(const struct kist_filter_input *input)
{
	size_t same = 0;

	for (size_t at = 0; at + ALIKE_STEP <= input->raw.size; at += ALIKE_STEP)
		same += memcmp(input->raw.data + at, input->base.data + at, ALIKE_STEP) == 0;
	return same * ALIKE_STEP >= input->raw.size / ALIKE_IN;
}

/* Everything that has a chance, and the smallest of it. */
static kist_status try_all(struct kist_filter *filter, const struct kist_filter_input *input,
			   const struct kist_filter_task *task, struct kist_filter_sample *sample,
			   struct kist_filter_best *best, struct kist_error *err)
{
	struct kist_filter_spec specs[KIST_FILTER_CANDIDATES_MAX];
	const size_t count = kist_filter_candidates(input, sample, specs);
	double sizes[KIST_FILTER_CANDIDATES_MAX];
	double least = 0;

	for (size_t i = 0; i < count; i++) {
		sizes[i] = kist_filter_estimate(sample, &specs[i]);
		least = i == 0 || sizes[i] < least ? sizes[i] : least;
	}
	for (size_t i = 0; i < count; i++) {
		if (sizes[i] <= FAR_FROM_BEST * least)
			KIST_TRY(kist_filter_try(filter, input, task, &specs[i], best, err));
	}
	KIST_TRY(kist_filter_try(filter, input, task, NULL, best, err));
	return sample->has_base && count > 0 ? kist_filter_try_base(filter, input, task, best, err) : KIST_OK;
}

/* The best without a base, as far as the sample shows it. */
static kist_status try_chosen(struct kist_filter *filter, const struct kist_filter_input *input,
			      const struct kist_filter_task *task, const struct kist_filter_spec *spec,
			      bool filtered, struct kist_filter_best *best, struct kist_error *err)
{
	/*
	 * A sample does not show what comes back from far away, nor what frames cost a short chunk: plain
	 * zstd has its chance there.
	 */
	if (filtered)
		KIST_TRY(kist_filter_try(filter, input, task, spec, best, err));
	if (!filtered || task->matches || input->raw.size <= KIST_FILTER_SAMPLE_SIZE)
		KIST_TRY(kist_filter_try(filter, input, task, NULL, best, err));
	return KIST_OK;
}

/* Of a short chunk the sample is the whole: plain zstd is not estimated, but what the filter must be better than. */
static kist_status encode_short(struct kist_filter *filter, const struct kist_filter_input *input,
				const struct kist_filter_task *task, struct kist_filter_sample *sample,
				struct kist_filter_best *best, struct kist_error *err)
{
	struct kist_filter_spec spec;
	const double filtered = choose_filter(input, sample, &spec);

	KIST_TRY(kist_filter_try(filter, input, task, NULL, best, err));
	if (filtered >= FILTER_GAIN * (best->size > 0 ? (double)best->size : (double)input->raw.size))
		return KIST_OK;
	return kist_filter_try(filter, input, task, &spec, best, err);
}

/* Whether the base may gain enough, when the best without one takes @size bytes of the sample. */
static bool is_likely(const struct kist_filter_input *input, struct kist_filter_sample *sample, double size)
{
	const struct kist_filter_spec spec = kist_filter_base_spec(&input->hint);

	return kist_filter_estimate(sample, &spec) < KIST_FILTER_BASE_GAIN * size || is_much_alike(input);
}

static bool guess_of(const struct kist_filter_input *input, const struct kist_filter_task *task,
		     struct kist_filter_spec *ret)
{
	const struct kist_filter_guess *const guess = input->guess;

	return guess && guess->choice.filter != KIST_FILTER_NONE && input->hint.kind != KIST_FILTER_STRUCT &&
	       !task->matches && task->level != KIST_FILTER_ARCHIVE && input->base.size == 0 &&
	       kist_filter_spec_read(guess->choice.filter, guess->choice.params, ret) &&
	       ret->width == input->hint.width && ret->filter != KIST_FILTER_BASE;
}

static bool is_same(const struct kist_filter_spec *a, const struct kist_filter_spec *b)
{
	return a->filter == b->filter && a->width == b->width && a->distance == b->distance &&
	       a->exponent == b->exponent;
}

/*
 * With @guess first, which a chunk like this one was best with.  When this one is not so much smaller by it, or smaller
 * still, a sample is looked at, which may say the same.
 */
static kist_status encode_guessed(struct kist_filter *filter, const struct kist_filter_input *input,
				  const struct kist_filter_task *task, struct kist_filter_sample *sample,
				  const struct kist_filter_spec *guess, struct kist_filter_best *best,
				  struct kist_error *err)
{
	const struct kist_filter_best stored = *best;
	struct kist_filter_spec spec;
	double size;
	bool filtered;

	KIST_TRY(kist_filter_try(filter, input, task, guess, best, err));
	best->is_guess = best->size > 0 && kist_filter_is_as_guessed(input, best->size);
	if (best->is_guess)
		return KIST_OK;
	kist_filter_sample_take(input, sample);
	KIST_TRY(choose(filter, input, task, sample, &spec, &filtered, &size, err));
	if (best->size > 0 && filtered && is_same(&spec, guess))
		return KIST_OK;
	*best = stored;
	return try_chosen(filter, input, task, &spec, filtered, best, err);
}

static kist_status encode(struct kist_filter *filter, const struct kist_filter_input *input,
			  struct kist_filter_best *best, struct kist_error *err)
{
	struct kist_filter_sample *const sample = (void *)filter->room[KIST_ROOM_SAMPLE];
	struct kist_filter_task task = { .level = input->level, .spare = filter->room[KIST_ROOM_SPARE] };
	struct kist_filter_spec spec;
	struct kist_filter_best stored = *best;
	double size;
	bool likely;
	bool filtered;

	if (input->hint.kind == KIST_FILTER_BYTES || input->raw.size < RAW_SIZE_MIN)
		return kist_filter_encode_bytes(filter, input, &task, best, err);
	task.matches = kist_filter_has_repeats(input->raw);
	sample->ops = filter->ops;
	if (guess_of(input, &task, &spec))
		return encode_guessed(filter, input, &task, sample, &spec, best, err);
	kist_filter_sample_take(input, sample);
	/* Fields of records are not taken apart for a base. */
	sample->has_base = sample->has_base && input->hint.kind != KIST_FILTER_STRUCT;
	if (task.level == KIST_FILTER_ARCHIVE)
		return try_all(filter, input, &task, sample, best, err);
	if (!sample->has_base && input->raw.size <= KIST_FILTER_SAMPLE_SIZE)
		return encode_short(filter, input, &task, sample, best, err);
	KIST_TRY(choose(filter, input, &task, sample, &spec, &filtered, &size, err));
	if (!sample->has_base)
		return try_chosen(filter, input, &task, &spec, filtered, best, err);
	likely = is_likely(input, sample, size);
	if (likely)
		KIST_TRY(kist_filter_try_base(filter, input, &task, best, err));
	/* When it keeps what the sample promised, what is best without it need not be known. */
	if (best->size > 0 && !task.matches &&
	    (double)best->cost <=
		    KIST_FILTER_BASE_GAIN * size / (double)sample->len * (double)input->raw.size)
		return KIST_OK;
	*best = stored;
	KIST_TRY(try_chosen(filter, input, &task, &spec, filtered, best, err));
	return likely ? kist_filter_try_base(filter, input, &task, best, err) : KIST_OK;
}

/* With the dictionary, and for the archive without it too. */
static kist_status encode_record(struct kist_filter *filter, const struct kist_filter_input *input,
				 struct kist_filter_best *best, bool *ret_with_dictionary,
				 struct kist_error *err)
{
	uint8_t *const spare = filter->room[KIST_ROOM_SPARE];
	size_t size;

	if (input->level == KIST_FILTER_ARCHIVE)
		KIST_TRY(encode(filter, input, best, err));
	KIST_TRY(kist_dictionary_encode(&filter->dictionary, input->raw, spare, best->cost - 1, &size, err));
	*ret_with_dictionary = size > 0;
	if (size == 0)
		return KIST_OK;
	memcpy(best->body, spare, size);
	best->size = size;
	best->spec = (struct kist_filter_spec){ .filter = KIST_FILTER_NONE };
	return KIST_OK;
}

kist_status kist_filter_encode(struct kist_filter *filter, const struct kist_filter_input *input,
			       uint8_t *ret, size_t *ret_size, struct kist_filter_choice *ret_choice,
			       struct kist_error *err)
{
	struct kist_filter_input checked = *input;
	struct kist_filter_best best = { .body = ret, .cost = kist_codec_stored_size(input->raw.size) };

	if (checked.hint.kind != KIST_FILTER_STRUCT && (checked.hint.width == 0 || checked.hint.width > 8 ||
							(checked.hint.width & (checked.hint.width - 1))))
		checked.hint.kind = KIST_FILTER_BYTES;
	if (checked.hint.kind == KIST_FILTER_STRUCT &&
	    (checked.hint.record_size < 2 || checked.hint.record_size > KIST_FILTER_RECORD_MAX))
		checked.hint.kind = KIST_FILTER_BYTES;
	if (input->base.size > KIST_CHUNK_SIZE_MAX ||
	    (input->base.size > 0 && input->base.size != input->raw.size &&
	     checked.hint.kind != KIST_FILTER_BYTES))
		return kist_fail(err, KIST_INVALID, "a base of %zu bytes for a chunk of %zu",
				 input->base.size, input->raw.size);
	KIST_TRY(kist_filter_reserve(filter, input->raw.size, err));
	ret_choice->with_dictionary = false;
	if (input->raw.size < STORED_BELOW && input->base.size == 0 && input->level != KIST_FILTER_ARCHIVE)
		best.size = 0;
	else if (input->is_record && input->raw.size <= KIST_DICTIONARY_RAW_MAX)
		KIST_TRY(encode_record(filter, &checked, &best, &ret_choice->with_dictionary, err));
	else
		KIST_TRY(encode(filter, &checked, &best, err));
	*ret_size = best.size;
	ret_choice->filter = best.spec.filter;
	ret_choice->is_guess = best.is_guess;
	ret_choice->matches = best.matches;
	kist_filter_spec_write(&best.spec, ret_choice->params);
	return KIST_OK;
}
