/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/filter_decimal_kernel.h"

#include <string.h>

#define BLOCK	     512
#define LOG_8	     3
#define EXPONENT_MAX 18
/* At least this part of the sample must fit. */
#define FIT_PERCENT 95

static const double powers[EXPONENT_MAX + 1] = { 1e0,  1e1,  1e2,  1e3,	 1e4,  1e5,  1e6,  1e7,	 1e8, 1e9,
						 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18 };

/* Below 2^51 adding this leaves no bits for a fraction: the sum is rounded to a whole number. */
#define ROUNDER 0x1.8p52
#define LIMIT	0x1p51

/* Whether @word is i / 10^e, bit for bit: NaN, infinities and -0 are not. */
static bool decimal_of(uint64_t word, double power, int64_t *ret)
{
	double value;
	double scaled;
	double again;
	uint64_t bits;

	memcpy(&value, &word, sizeof(value));
	scaled = value * power;
	if (!(scaled > -LIMIT && scaled < LIMIT))
		return false;
	*ret = (int64_t)(scaled + ROUNDER - ROUNDER);
	again = (double)*ret / power;
	memcpy(&bits, &again, sizeof(bits));
	return bits == word;
}

static uint64_t word_at(const uint8_t *words, size_t at)
{
	uint64_t word;

	memcpy(&word, words + 8 * at, sizeof(word));
	return word;
}

int kist_filter_decimal_exponent(const uint8_t *words, size_t count)
{
	for (int exponent = 0; exponent <= EXPONENT_MAX && count > 0; exponent++) {
		size_t fit = 0;
		int64_t number;

		for (size_t i = 0; i < count; i++)
			fit += decimal_of(word_at(words, i), powers[exponent], &number);
		if (fit * 100 >= count * FIT_PERCENT)
			return exponent;
	}
	return -1;
}

/* Where exceptions are noted while their number is not known yet: the words behind room for all gaps. */
struct notes {
	uint8_t *gaps;
	uint8_t *words;
	size_t count;
	size_t count_max;
	size_t next; /* index of the first word that the next gap counts */
};

static bool note(struct notes *notes, size_t index, uint64_t word)
{
	const uint32_t gap = (uint32_t)(index - notes->next);

	if (notes->count == notes->count_max)
		return false;
	memcpy(notes->gaps + 4 * notes->count, &gap, sizeof(gap));
	memcpy(notes->words + 8 * notes->count, &word, sizeof(word));
	notes->count++;
	notes->next = index + 1;
	return true;
}

bool kist_filter_decimal_forward(const struct kist_filter_ops *ops, const uint8_t *words, size_t count,
				 int exponent, size_t exceptions_max, uint8_t *ret, size_t *ret_exceptions)
{
	struct notes notes = { .gaps = ret + 8 * count,
			       .words = ret + 8 * count + 4 * exceptions_max,
			       .count_max = exceptions_max };
	const double power = powers[exponent];
	int64_t numbers[1 + BLOCK];
	uint8_t block[8 * BLOCK];

	numbers[0] = 0;
	for (size_t at = 0; at < count; at += BLOCK) {
		const size_t n = count - at < BLOCK ? count - at : BLOCK;

		for (size_t i = 0; i < n; i++) {
			const uint64_t word = word_at(words, at + i);

			if (decimal_of(word, power, &numbers[1 + i]))
				continue;
			numbers[1 + i] = numbers[i];
			if (!note(&notes, at + i, word))
				return false;
		}
		ops->minus[LOG_8]((const uint8_t *)(numbers + 1), (const uint8_t *)numbers, block, n);
		ops->split[LOG_8](block, n, ret + at, count);
		numbers[0] = numbers[n];
	}
	memmove(ret + 8 * count + 4 * notes.count, notes.words, 8 * notes.count);
	*ret_exceptions = notes.count;
	return true;
}

/* Puts the exceptions back; false when one lies behind the end. */
static bool restore(const uint8_t *notes, size_t exceptions, uint8_t *words, size_t count)
{
	size_t at = 0;

	for (size_t i = 0; i < exceptions; i++) {
		uint32_t gap;

		memcpy(&gap, notes + 4 * i, sizeof(gap));
		if (gap >= count - at)
			return false;
		at += gap;
		memcpy(words + 8 * at, notes + 4 * exceptions + 8 * i, 8);
		at++;
	}
	return true;
}

bool kist_filter_decimal_back(const struct kist_filter_ops *ops, const uint8_t *filtered, size_t count,
			      int exponent, size_t exceptions, uint8_t *ret)
{
	const double power = powers[exponent];
	int64_t numbers[1 + BLOCK];
	uint8_t block[8 * BLOCK];

	numbers[0] = 0;
	for (size_t at = 0; at < count; at += BLOCK) {
		const size_t n = count - at < BLOCK ? count - at : BLOCK;

		ops->merge[LOG_8](filtered + at, count, block, n);
		ops->sum[LOG_8](block, (uint8_t *)(numbers + 1), n, 1);
		for (size_t i = 0; i < n; i++) {
			const double value = (double)numbers[1 + i] / power;

			memcpy(ret + 8 * (at + i), &value, sizeof(value));
		}
		numbers[0] = numbers[n];
	}
	return restore(filtered + 8 * count, exceptions, ret, count);
}
