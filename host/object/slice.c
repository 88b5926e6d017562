/* SPDX-License-Identifier: Apache-2.0 */
#include "object/slice.h"

#include <inttypes.h>
#include <string.h>

#include "base/num.h"

struct reader {
	const char *text;
	const char *at;
	const char *end;
	struct kist_error *err;
};

static void skip_blanks(struct reader *reader)
{
	while (reader->at < reader->end && *reader->at == ' ')
		reader->at++;
}

static bool take(struct reader *reader, const char *word)
{
	const size_t len = strlen(word);

	skip_blanks(reader);
	if ((size_t)(reader->end - reader->at) < len || memcmp(reader->at, word, len) != 0)
		return false;
	reader->at += len;
	return true;
}

static kist_status fail_here(const struct reader *reader)
{
	return kist_fail(reader->err, KIST_INVALID,
			 "'%.100s' is no slice such as 0:10,:,-1: it cannot be read from '%.20s' on",
			 reader->text, reader->at);
}

/* A number, if there is one. */
static kist_status take_number(struct reader *reader, bool *ret_has, int64_t *ret)
{
	const bool is_negative = take(reader, "-");
	const char *const start = reader->at;
	uint64_t value = 0;

	while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9')
		reader->at++;
	*ret_has = reader->at > start;
	if (!*ret_has)
		return is_negative ? fail_here(reader) : KIST_OK;
	if (!kist_u64_parse(start, (size_t)(reader->at - start), &value) || value > INT64_MAX)
		return kist_fail(reader->err, KIST_INVALID, "'%.100s' holds a number beyond 2^63-1",
				 reader->text);
	*ret = is_negative ? -(int64_t)value : (int64_t)value;
	return KIST_OK;
}

static kist_status take_item(struct reader *reader, struct kist_slice_item *item)
{
	bool has_step = false;

	*item = (struct kist_slice_item){ .kind = KIST_SLICE_RANGE, .step = 1 };
	if (take(reader, "...")) {
		item->kind = KIST_SLICE_ELLIPSIS;
		return KIST_OK;
	}
	KIST_TRY(take_number(reader, &item->has_start, &item->start));
	if (!take(reader, ":")) {
		item->kind = KIST_SLICE_INDEX;
		return item->has_start ? KIST_OK : fail_here(reader);
	}
	KIST_TRY(take_number(reader, &item->has_stop, &item->stop));
	if (take(reader, ":"))
		KIST_TRY(take_number(reader, &has_step, &item->step));
	if (item->step == 0)
		return kist_fail(reader->err, KIST_INVALID, "the step of a slice cannot be zero: '%.100s'",
				 reader->text);
	return KIST_OK;
}

static kist_status check_ellipses(const struct reader *reader, const struct kist_slice *slice)
{
	size_t ellipses = 0;

	for (size_t i = 0; i < slice->count; i++)
		ellipses += slice->items[i].kind == KIST_SLICE_ELLIPSIS;
	return ellipses < 2 ? KIST_OK
			    : kist_fail(reader->err, KIST_INVALID,
					"a slice has one ellipsis at most: '%.100s'", reader->text);
}

kist_status kist_slice_read(const char *text, struct kist_slice *ret, struct kist_error *err)
{
	struct reader reader = { .text = text, .at = text, .end = text + strlen(text), .err = err };
	const bool has_bracket = take(&reader, "[");
	struct kist_slice slice = { .count = 0 };

	do {
		if (slice.count == sizeof(slice.items) / sizeof(slice.items[0]))
			return kist_fail(err, KIST_INVALID, "a slice has %d dimensions at most",
					 KIST_RANK_MAX);
		KIST_TRY(take_item(&reader, &slice.items[slice.count]));
		slice.count++;
	} while (take(&reader, ","));
	if (has_bracket && !take(&reader, "]"))
		return fail_here(&reader);
	skip_blanks(&reader);
	if (reader.at < reader.end)
		return fail_here(&reader);
	KIST_TRY(check_ellipses(&reader, &slice));
	*ret = slice;
	return KIST_OK;
}

static int64_t clamp(int64_t value, int64_t least, int64_t most)
{
	return value < least ? least : value > most ? most : value;
}

/* Where a bound of a range lies: from the end when negative, and no further than one beside the dimension. */
static int64_t bound(int64_t value, int64_t size, int64_t step)
{
	const int64_t least = step > 0 ? 0 : -1;
	const int64_t most = step > 0 ? size : size - 1;

	return clamp(value < 0 && value >= -size ? value + size : value, least, most);
}

static struct kist_axis resolve_range(const struct kist_slice_item *item, int64_t size)
{
	const int64_t first = item->step > 0 ? 0 : size - 1;
	const int64_t last = item->step > 0 ? size : -1;
	const int64_t start = item->has_start ? bound(item->start, size, item->step) : first;
	const int64_t stop = item->has_stop ? bound(item->stop, size, item->step) : last;
	const int64_t way = item->step > 0 ? stop - start : start - stop;
	/* Never negated: -2^63 has no counterpart. */
	const uint64_t stride = item->step > 0 ? (uint64_t)item->step : 0 - (uint64_t)item->step;
	const int64_t count = way > 0 ? (int64_t)(((uint64_t)way - 1) / stride) + 1 : 0;

	/* The step of a single element is of no account, and one that is too long is not to be multiplied. */
	return (struct kist_axis){ .start = count > 0 ? start : 0,
				   .count = count,
				   .step = count > 1 ? item->step : 1 };
}

static kist_status resolve_item(const struct kist_slice_item *item, size_t dimension, int64_t size,
				struct kist_axis *ret, struct kist_error *err)
{
	if (item->kind == KIST_SLICE_RANGE) {
		*ret = resolve_range(item, size);
		return KIST_OK;
	}
	if (item->start >= size || item->start < -size)
		return kist_fail(err, KIST_INVALID,
				 "index %" PRId64 " is out of bounds for dimension %zu, which has %" PRId64
				 " element%s",
				 item->start, dimension, size, kist_plural((uint64_t)size));
	*ret = (struct kist_axis){ .start = item->start < 0 ? item->start + size : item->start,
				   .count = 1,
				   .step = 1,
				   .is_index = true };
	return KIST_OK;
}

kist_status kist_slice_resolve(const struct kist_slice *slice, size_t rank, const int64_t *shape,
			       struct kist_axis *ret, struct kist_error *err)
{
	size_t named = 0;
	size_t dimension = 0;

	for (size_t i = 0; i < slice->count; i++)
		named += slice->items[i].kind != KIST_SLICE_ELLIPSIS;
	if (named > rank)
		return kist_fail(err, KIST_INVALID,
				 "too many indices: the array has %zu dimension%s, the slice %zu", rank,
				 kist_plural(rank), named);
	for (size_t i = 0; i < rank; i++)
		ret[i] = (struct kist_axis){ .count = shape[i], .step = 1 };
	for (size_t i = 0; i < slice->count; i++) {
		if (slice->items[i].kind == KIST_SLICE_ELLIPSIS) {
			dimension += rank - named;
			continue;
		}
		KIST_TRY(resolve_item(&slice->items[i], dimension, shape[dimension], &ret[dimension], err));
		dimension++;
	}
	return KIST_OK;
}
