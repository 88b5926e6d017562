/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/filter_words_kernel.h"

#include <string.h>

#include "pack/filter_record_kernel.h"

/* Bytes that are worked on at a time: what is mapped is still in the first cache when it is split. */
#define BLOCK_SIZE 4096
#define WIDTH_MAX  8

/* Words under way: a filter that maps words one by one, and then splits them. */
struct words {
	const struct kist_filter_ops *ops;
	const struct kist_filter_spec *spec;
	int log;
	size_t count;
};

/* The words that @n words from @at on are compared with: those before them, zeros before the first. */
static const uint8_t *earlier(const struct words *words, const uint8_t *raw, size_t at, size_t n,
			      uint8_t *room)
{
	const size_t width = words->spec->width;
	const size_t distance = words->spec->distance;
	const size_t missing = at >= distance ? 0 : distance - at < n ? distance - at : n;

	if (missing == 0)
		return raw + (at - distance) * width;
	memset(room, 0, missing * width);
	if (n > missing)
		memcpy(room + missing * width, raw, (n - missing) * width);
	return room;
}

static const uint8_t *map(const struct words *words, const uint8_t *raw, const uint8_t *base, size_t at,
			  size_t n, uint8_t *room)
{
	const uint8_t *const from = raw + at * words->spec->width;
	uint8_t other[BLOCK_SIZE];

	switch (words->spec->filter) {
	case KIST_FILTER_FLOAT:
		words->ops->rotate[words->log](from, room, n);
		return room;
	case KIST_FILTER_DELTA:
		words->ops->minus[words->log](from, earlier(words, raw, at, n, other), room, n);
		return room;
	case KIST_FILTER_BASE:
		(words->spec->float_keys ? words->ops->minus_keys : words->ops->minus)[words->log](
			from, base + at * words->spec->width, room, n);
		return room;
	default:
		return from;
	}
}

/* Before @to lie the words before number @at, as many as the distance is. */
static void unmap_delta(const struct words *words, const uint8_t *mapped, size_t at, size_t n, uint8_t *to)
{
	static const uint8_t zeros[BLOCK_SIZE];
	const size_t width = words->spec->width;
	const size_t distance = words->spec->distance;
	const size_t first = at >= distance ? 0 : distance - at < n ? distance - at : n;

	words->ops->plus[words->log](mapped, zeros, to, first);
	if (n > first)
		words->ops->sum[words->log](mapped + first * width, to + first * width, n - first, distance);
}

static void unmap(const struct words *words, const uint8_t *mapped, const uint8_t *base, size_t at, size_t n,
		  uint8_t *to)
{
	switch (words->spec->filter) {
	case KIST_FILTER_FLOAT:
		words->ops->unrotate[words->log](mapped, to, n);
		break;
	case KIST_FILTER_DELTA:
		unmap_delta(words, mapped, at, n, to);
		break;
	case KIST_FILTER_BASE:
		(words->spec->float_keys ? words->ops->plus_keys : words->ops->plus)[words->log](
			mapped, base + at * words->spec->width, to, n);
		break;
	default:
		memcpy(to, mapped, n * words->spec->width);
	}
}

/* Planes of bits of @n words from @at on; both are multiples of 8, but for the last @n. */
static void bits_forward(const struct words *words, const uint8_t *from, size_t at, size_t n, uint8_t *ret)
{
	const size_t eighth = words->count / 8;
	uint8_t planes[BLOCK_SIZE];
	uint8_t turned[BLOCK_SIZE];

	words->ops->split[words->log](from, n, planes, n);
	for (size_t j = 0; j < words->spec->width; j++) {
		words->ops->transpose(planes + j * n, turned, n / 8);
		words->ops->split[3](turned, n / 8, ret + j * words->count + at / 8, eighth);
	}
}

static void bits_back(const struct words *words, const uint8_t *filtered, size_t at, size_t n, uint8_t *to)
{
	const size_t eighth = words->count / 8;
	uint8_t planes[BLOCK_SIZE];
	uint8_t turned[BLOCK_SIZE];

	for (size_t j = 0; j < words->spec->width; j++) {
		words->ops->merge[3](filtered + j * words->count + at / 8, eighth, turned, n / 8);
		words->ops->transpose(turned, planes + j * n, n / 8);
	}
	words->ops->merge[words->log](planes, n, to, n);
}

static struct words words_of(const struct kist_filter_ops *ops, const struct kist_filter_spec *spec,
			     size_t count)
{
	return (struct words){
		.ops = ops, .spec = spec, .log = kist_filter_log(spec->width), .count = count
	};
}

void kist_filter_words_forward(const struct kist_filter_ops *ops, const struct kist_filter_spec *spec,
			       const uint8_t *raw, size_t count, const uint8_t *base, uint8_t *ret)
{
	const struct words words = words_of(ops, spec, count);
	const size_t block = BLOCK_SIZE / spec->width;
	uint8_t room[BLOCK_SIZE];

	for (size_t at = 0; at < count; at += block) {
		const size_t n = count - at < block ? count - at : block;

		if (spec->filter == KIST_FILTER_BITS)
			bits_forward(&words, raw + at * spec->width, at, n, ret);
		else
			ops->split[words.log](map(&words, raw, base, at, n, room), n, ret + at, count);
	}
}

/* @n words from @at on to @to, before which the words before them lie. */
static void words_back(const struct words *words, const uint8_t *filtered, const uint8_t *base, size_t at,
		       size_t n, uint8_t *to)
{
	uint8_t room[BLOCK_SIZE];

	if (words->spec->filter == KIST_FILTER_BITS) {
		bits_back(words, filtered, at, n, to);
	} else if (words->spec->filter == KIST_FILTER_PLANES) {
		words->ops->merge[words->log](filtered + at, words->count, to, n);
	} else {
		words->ops->merge[words->log](filtered + at, words->count, room, n);
		unmap(words, room, base, at, n, to);
	}
}

void kist_filter_words_back(const struct kist_filter_ops *ops, const struct kist_filter_spec *spec,
			    const uint8_t *filtered, size_t count, const uint8_t *base, uint8_t *ret)
{
	const struct words words = words_of(ops, spec, count);
	const size_t block = BLOCK_SIZE / spec->width;

	for (size_t at = 0; at < count; at += block) {
		const size_t n = count - at < block ? count - at : block;

		words_back(&words, filtered, base, at, n, ret + at * spec->width);
	}
}

bool kist_filter_words_equal(const struct kist_filter_ops *ops, const struct kist_filter_spec *spec,
			     const uint8_t *filtered, size_t count, const uint8_t *base, const uint8_t *raw)
{
	const struct words words = words_of(ops, spec, count);
	const size_t block = BLOCK_SIZE / spec->width;
	uint8_t back[KIST_FILTER_DISTANCE_MAX * WIDTH_MAX + BLOCK_SIZE];
	uint8_t *const to = back + KIST_FILTER_DISTANCE_MAX * WIDTH_MAX;

	for (size_t at = 0; at < count; at += block) {
		const size_t n = count - at < block ? count - at : block;
		const uint8_t *const from = raw + at * spec->width;
		const size_t before = (spec->distance < at ? spec->distance : at) * spec->width;

		/* What lies before is as it should be: it was looked at. */
		memcpy(to - before, from - before, before);
		words_back(&words, filtered, base, at, n, to);
		if (memcmp(to, from, n * spec->width) != 0)
			return false;
	}
	return true;
}
