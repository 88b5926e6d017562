/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/filter_repeats.h"

#include <string.h>

#include "base/le.h"

/* A stretch is chosen when these bits of the lower half of a product are so; for zeros they are not. */
#define CHOOSER	     UINT32_C(0x9e3779b1)
#define CHOSEN_SHIFT 26
#define CHOSEN	     UINT32_C(45)
/* A word is folded to its lower half with shifts of both words of a stretch, so that each bit has its say. */
#define FOLD	    29
#define OTHER_LEFT  5
#define OTHER_RIGHT 23

#define TABLE_BITS  12
#define TABLE_SHIFT 52
#define STEP	    ((size_t)8)
#define MULTIPLIER  UINT64_C(0x9e3779b97f4a7c15)
#define OTHER	    UINT64_C(0xc2b2ae3d27d4eb4f)
/* Repeats count from one stretch in so many on. */
#define REPEATS_IN 32
/* Of lines: in a part from the middle, as much as level 1 of zstd looks back; those of the last of so many parts of it
 * are looked for in those before, wherever in a word they begin.  One in so many is enough. */
#define LINES_PART_SIZE ((size_t)512 << 10)
#define LINES_LAST_IN	8
#define LINES_IN	8
/* In shorter stretches lines of numbers are alike too. */
#define LINES_LEN ((size_t)32)

static bool is_chosen(uint64_t first, uint64_t second)
{
	const uint64_t folded = first ^ first >> FOLD ^ second << OTHER_LEFT ^ second >> OTHER_RIGHT;

	return (uint32_t)folded * CHOOSER >> CHOSEN_SHIFT == CHOSEN;
}

uint32_t kist_filter_choices_plain(const uint8_t *at)
{
	uint64_t first = kist_le_read64(at);
	uint32_t choices = 0;

	for (unsigned i = 0; i < KIST_FILTER_CHOICES; i++) {
		const uint64_t second = kist_le_read64(at + STEP * (i + 1));

		choices |= (uint32_t)is_chosen(first, second) << i;
		first = second;
	}
	return choices;
}

#if defined(__x86_64__)

#include <immintrin.h>

/* Four stretches at once. */
__attribute__((target("avx2"))) static uint32_t choices_avx2(const uint8_t *at)
{
	const __m256i chooser = _mm256_set1_epi64x(CHOOSER);
	const __m256i mask = _mm256_set1_epi64x((long long)(UINT64_C(63) << CHOSEN_SHIFT));
	const __m256i chosen = _mm256_set1_epi64x((long long)((uint64_t)CHOSEN << CHOSEN_SHIFT));
	uint32_t choices = 0;

	for (unsigned i = 0; i < KIST_FILTER_CHOICES; i += 4) {
		const __m256i first = _mm256_loadu_si256((const void *)(at + STEP * i));
		const __m256i second = _mm256_loadu_si256((const void *)(at + STEP * (i + 1)));
		const __m256i folded =
			_mm256_xor_si256(_mm256_xor_si256(first, _mm256_srli_epi64(first, FOLD)),
					 _mm256_xor_si256(_mm256_slli_epi64(second, OTHER_LEFT),
							  _mm256_srli_epi64(second, OTHER_RIGHT)));
		const __m256i found =
			_mm256_cmpeq_epi64(_mm256_and_si256(_mm256_mul_epu32(folded, chooser), mask), chosen);

		choices |= (uint32_t)_mm256_movemask_pd(_mm256_castsi256_pd(found)) << i;
	}
	return choices;
}

uint32_t kist_filter_choices(const uint8_t *at)
{
	return __builtin_cpu_supports("avx2") ? choices_avx2(at) : kist_filter_choices_plain(at);
}

#else

uint32_t kist_filter_choices(const uint8_t *at)
{
	return kist_filter_choices_plain(at);
}

#endif

/* The stretches that were chosen so far. */
struct repeats {
	struct kist_view raw;
	size_t chosen;
	size_t found;
	size_t len;			 /* bytes that are compared, of which a stretch is the first */
	uint32_t table[1 << TABLE_BITS]; /* where one lies, and 1; or 0 */
};

static void remember(struct repeats *repeats, size_t at)
{
	const uint8_t *const bytes = repeats->raw.data;
	const uint64_t first = kist_le_read64(bytes + at);
	const uint64_t second = kist_le_read64(bytes + at + STEP);
	const uint64_t hash = (first ^ second * OTHER) * MULTIPLIER;
	uint32_t *const slot = &repeats->table[hash >> TABLE_SHIFT];

	if (repeats->raw.size - at < repeats->len || (first == second && first == (first << 8 | first >> 56)))
		return;
	repeats->chosen++;
	repeats->found += *slot > 0 && memcmp(bytes + *slot - 1, bytes + at, repeats->len) == 0;
	*slot = (uint32_t)at + 1;
}

/* Remembers the stretches from @at on, in steps, up to @end. */
static void look(struct repeats *repeats, size_t at, size_t end)
{
	const uint8_t *const bytes = repeats->raw.data;

	for (; at + KIST_FILTER_CHOICES_BYTES <= end; at += STEP * KIST_FILTER_CHOICES) {
		uint32_t choices = kist_filter_choices(bytes + at);

		for (; choices != 0; choices &= choices - 1)
			remember(repeats, at + STEP * (size_t)__builtin_ctz(choices));
	}
	for (; at + 2 * STEP <= end; at += STEP) {
		if (is_chosen(kist_le_read64(bytes + at), kist_le_read64(bytes + at + STEP)))
			remember(repeats, at);
	}
}

bool kist_filter_has_repeats(struct kist_view raw)
{
	struct repeats repeats = { .raw = raw, .chosen = 1, .len = 2 * STEP };

	look(&repeats, 0, raw.size);
	return repeats.found * REPEATS_IN > repeats.chosen;
}

bool kist_filter_has_lines_again(struct kist_view raw)
{
	const size_t size = raw.size < LINES_PART_SIZE ? raw.size : LINES_PART_SIZE;
	const size_t last = size - size / LINES_LAST_IN;
	struct repeats repeats = { .raw = kist_view_of(raw.data + (raw.size - size) / 2, size),
				   .len = LINES_LEN };

	look(&repeats, 0, last);
	repeats.chosen = 1;
	repeats.found = 0;
	for (size_t i = 0; i < STEP; i++)
		look(&repeats, last + i, size);
	return repeats.found * LINES_IN > repeats.chosen;
}
