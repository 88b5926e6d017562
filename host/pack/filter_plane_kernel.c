/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/filter_plane_kernel.h"

#include <stdbool.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

/* Bytes that are worked on at once, as bytes and as words: no number leaves its byte where words are shifted. */
#define VECTOR ((size_t)16)
typedef uint8_t bytes_vector __attribute__((vector_size(16)));
typedef uint64_t words_vector __attribute__((vector_size(16)));

/* Digits, signs, points and what is between them are taken as they follow each other; others are counted. */
#define NUMERIC_MIN '+'
#define NUMERIC_MAX ':'
#define BITS_MAX    4

size_t kist_filter_plane_head_size(uint8_t bits)
{
	switch (bits) {
	case 0:
	case 1:
	case 2:
	case 4:
		return 1 + ((size_t)1 << bits);
	case 8:
		return 1;
	default:
		return 0;
	}
}

size_t kist_filter_plane_size(uint8_t bits, size_t count)
{
	return (count * bits + 7) / 8;
}

/* What bytes there are. */
struct range {
	uint8_t lowest;
	uint8_t least; /* but for zeros; 0 when there is no other */
	uint8_t most;
};

static struct range with(struct range range, uint8_t byte)
{
	/* A zero is the greatest so. */
	const uint8_t turned = (uint8_t)(byte - 1);

	range.lowest = byte < range.lowest ? byte : range.lowest;
	range.least = turned < range.least ? turned : range.least;
	range.most = byte > range.most ? byte : range.most;
	return range;
}

static struct range range_of(const uint8_t *plane, size_t count)
{
	struct range range = { .lowest = UINT8_MAX, .least = UINT8_MAX };
	size_t at = 0;

#ifdef __x86_64__
	const __m128i one = _mm_set1_epi8(1);
	__m128i lowest = _mm_set1_epi8(-1);
	__m128i least = lowest;
	__m128i most = _mm_setzero_si128();
	uint8_t bytes[3][VECTOR];

	for (; count - at >= VECTOR; at += VECTOR) {
		const __m128i some = _mm_loadu_si128((const void *)(plane + at));

		lowest = _mm_min_epu8(lowest, some);
		least = _mm_min_epu8(least, _mm_sub_epi8(some, one));
		most = _mm_max_epu8(most, some);
	}
	_mm_storeu_si128((void *)bytes[0], lowest);
	_mm_storeu_si128((void *)bytes[1], _mm_add_epi8(least, one));
	_mm_storeu_si128((void *)bytes[2], most);
	for (size_t i = 0; at > 0 && i < sizeof(bytes); i++)
		range = with(range, bytes[i / VECTOR][i % VECTOR]);
#endif
	for (; at < count; at++)
		range = with(range, plane[at]);
	range.least++;
	return range;
}

static uint8_t bits_for(unsigned values)
{
	return values <= 1 ? 0 : values <= 2 ? 1 : values <= 4 ? 2 : values <= 16 ? 4 : 8;
}

/* The different bytes, in order, when they are few: then each becomes its number.  *@ret_bits is 8 for many. */
static void number_bytes(uint8_t *plane, size_t count, uint8_t *ret_bits, uint8_t *ret_bytes)
{
	bool seen[256] = { false };
	uint8_t numbers[256];
	unsigned values = 0;

	for (size_t i = 0; i < count; i++)
		seen[plane[i]] = true;
	for (unsigned byte = 0; byte < 256; byte++) {
		numbers[byte] = (uint8_t)values;
		if (seen[byte] && values < 1u << BITS_MAX)
			ret_bytes[values] = (uint8_t)byte;
		values += seen[byte];
	}
	*ret_bits = bits_for(values);
	if (*ret_bits > BITS_MAX)
		return;
	for (size_t i = 0; i < count; i++)
		plane[i] = numbers[plane[i]];
	for (unsigned i = values; i < 1u << *ret_bits; i++)
		ret_bytes[i] = 0;
}

/* Numbers of @bits: the bytes less @base, and zeros as they are. */
static void pack(const uint8_t *plane, size_t count, uint8_t bits, uint8_t base, uint8_t *ret)
{
	const size_t size = kist_filter_plane_size(bits, count);
	const size_t per = 8u / bits;
	/* The last of each byte's numbers is there so far. */
	const size_t whole = count > (per - 1) * size ? count - (per - 1) * size : 0;
	size_t at = 0;

	for (; whole - at >= VECTOR; at += VECTOR) {
		words_vector packed = { 0 };

		for (size_t k = 0; k < per; k++) {
			bytes_vector from;

			memcpy(&from, plane + at + k * size, sizeof(from));
			from = (from - base) & (bytes_vector)(from != 0);
			packed |= (words_vector)from << k * bits;
		}
		memcpy(ret + at, &packed, sizeof(packed));
	}
	for (; at < size; at++) {
		unsigned byte = 0;

		for (size_t k = 0; k < per && at + k * size < count; k++) {
			const uint8_t from = plane[at + k * size];

			byte |= (unsigned)(from != 0 ? (uint8_t)(from - base) : 0) << k * bits;
		}
		ret[at] = (uint8_t)byte;
	}
}

/* Whether there are no others than the two ends of @range: then the greater becomes 1, the other 0. */
static bool number_two(uint8_t *plane, size_t count, const struct range *range)
{
	uint8_t others = 0;
	size_t at = 0;

	for (; count - at >= VECTOR; at += VECTOR) {
		bytes_vector bytes;
		words_vector other;

		memcpy(&bytes, plane + at, sizeof(bytes));
		other = (words_vector)((bytes != range->lowest) & (bytes != range->most));
		if ((other[0] | other[1]) != 0)
			return false;
	}
	for (; at < count; at++)
		others |= plane[at] != range->lowest && plane[at] != range->most;
	if (others != 0)
		return false;
	for (at = 0; count - at >= VECTOR; at += VECTOR) {
		bytes_vector bytes;

		memcpy(&bytes, plane + at, sizeof(bytes));
		bytes = (bytes_vector)(bytes == range->most) & 1;
		memcpy(plane + at, &bytes, sizeof(bytes));
	}
	for (; at < count; at++)
		plane[at] = plane[at] == range->most;
	return true;
}

size_t kist_filter_plane_pack(uint8_t *plane, size_t count, uint8_t *ret_head, uint8_t *ret)
{
	const struct range range = range_of(plane, count);
	uint8_t base = range.lowest == 0 ? (uint8_t)(range.least - 1) : range.least;
	uint8_t bits = range.most == 0 ? 0 : bits_for(range.most - base + 1u);

	for (unsigned i = 0; i < 1u << BITS_MAX; i++)
		ret_head[1 + i] = (uint8_t)(base + i);
	if (range.lowest == 0)
		ret_head[1] = 0;
	/* Other than digits, neighbours are seldom all there. */
	if (bits > 1 && (range.least < NUMERIC_MIN || range.most > NUMERIC_MAX)) {
		if (number_two(plane, count, &range)) {
			bits = 1;
			ret_head[1] = range.lowest;
			ret_head[2] = range.most;
		} else {
			number_bytes(plane, count, &bits, ret_head + 1);
		}
		base = 0;
	}
	ret_head[0] = bits;
	if (bits == 8)
		memmove(ret, plane, count);
	else if (bits > 0)
		pack(plane, count, bits, base, ret);
	return kist_filter_plane_size(bits, count);
}

/* Numbers that lie beside each other, all in the same bits of their bytes. */
struct run {
	const uint8_t *from;
	unsigned shift;
	uint8_t mask;
	const uint8_t *bytes; /* that they stand for */
};

/* Where they follow each other from the second on, the first of them being what it likes. */
static size_t unpack_in_order(const struct run *run, size_t count, uint8_t *ret)
{
	const uint8_t base = (uint8_t)(run->bytes[1] - 1);
	const uint8_t first = run->bytes[0];
	size_t at = 0;

	for (; count - at >= VECTOR; at += VECTOR) {
		words_vector words;
		bytes_vector numbers;
		bytes_vector others;

		memcpy(&words, run->from + at, sizeof(words));
		numbers = (bytes_vector)(words >> run->shift) & run->mask;
		others = (bytes_vector)(numbers != 0);
		numbers = ((numbers + base) & others) | (first & ~others);
		memcpy(ret + at, &numbers, sizeof(numbers));
	}
	return at;
}

static void unpack_run(const struct run *run, size_t count, uint8_t *ret)
{
	bool in_order = true;
	size_t at = 0;

	for (unsigned i = 2; i <= run->mask; i++)
		in_order = in_order && run->bytes[i] == (uint8_t)(run->bytes[1] - 1 + i);
	if (in_order)
		at = unpack_in_order(run, count, ret);
	for (; at < count; at++)
		ret[at] = run->bytes[run->from[at] >> run->shift & run->mask];
}

void kist_filter_plane_unpack(const uint8_t *head, const uint8_t *packed, size_t count, size_t at,
			      size_t some, uint8_t *ret)
{
	const uint8_t bits = head[0];
	const size_t size = kist_filter_plane_size(bits, count);

	if (bits == 0)
		memset(ret, head[1], some);
	else if (bits == 8)
		memcpy(ret, packed + at, some);
	else {
		while (some > 0) {
			const size_t part = at / size;
			const size_t from = at % size;
			const size_t run_len = some < size - from ? some : size - from;
			const struct run run = { .from = packed + from,
						 .shift = (unsigned)part * bits,
						 .mask = (uint8_t)((1u << bits) - 1),
						 .bytes = head + 1 };

			unpack_run(&run, run_len, ret);
			ret += run_len;
			at += run_len;
			some -= run_len;
		}
	}
}
