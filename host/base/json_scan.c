/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "base/num.h"
#include "base/utf8.h"

/* Longer numbers are none of ours; strtod() wants a copy. */
#define NUMBER_SIZE_MAX 400
/* Characters without an exponent that are below any double's limit, whatever they are. */
#define DIGITS_SAFE 300
#define EACH_BYTE   UINT64_C(0x0101010101010101)
#define HIGH_BIT    UINT64_C(0x80)

bool kist_scan_fail(struct kist_scan *scan, const char *wrong)
{
	if (!scan->wrong)
		scan->wrong = wrong;
	return false;
}

/* The four digits of \uXXXX, or -1. */
static int hex4(const uint8_t *at)
{
	int unit = 0;

	for (int i = 0; i < 4; i++) {
		const char c = (char)at[i];
		const int digit = kist_hex_digit(c >= 'A' && c <= 'F' ? (char)(c + 32) : c);

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

/* Behind a backslash.  NUL is no character of a text here, and half a pair is none anywhere. */
static bool scan_escape(struct kist_scan *scan)
{
	int unit;
	int other;

	if (scan->at == scan->end || !strchr("\"\\/bfnrtu", *scan->at) || *scan->at == '\0')
		return kist_scan_fail(scan, "invalid escape");
	scan->escapes++;
	if (*scan->at++ != 'u')
		return true;
	unit = kist_scan_left(scan) >= 4 ? hex4(scan->at) : -1;
	if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff))
		return kist_scan_fail(scan, "invalid escape");
	scan->at += 4;
	if (unit < 0xd800 || unit > 0xdbff)
		return true;
	other = kist_scan_left(scan) >= 6 && scan->at[0] == '\\' && scan->at[1] == 'u' ? hex4(scan->at + 2)
										       : -1;
	if (other < 0xdc00 || other > 0xdfff)
		return kist_scan_fail(scan, "invalid escape");
	scan->at += 6;
	return true;
}

/* The top bits of the bytes of @word that are below @n, which is at most 128; perhaps of others, behind the first such. */
static uint64_t bytes_below(uint64_t word, uint64_t n)
{
	return (word - n * EACH_BYTE) & ~word & (HIGH_BIT * EACH_BYTE);
}

/* Passes over what stands in a string as it is, eight bytes at a time, as long as there are eight. */
static void skip_plain(struct kist_scan *scan)
{
	while (kist_scan_left(scan) >= sizeof(uint64_t)) {
		const uint64_t word = kist_le_read64(scan->at);
		const uint64_t others = (word & (HIGH_BIT * EACH_BYTE)) | bytes_below(word, ' ') |
					bytes_below(word ^ ('"' * EACH_BYTE), 1) |
					bytes_below(word ^ ('\\' * EACH_BYTE), 1);

		if (others != 0) {
			scan->at += __builtin_ctzll(others) / 8;
			return;
		}
		scan->at += sizeof(word);
	}
}

bool kist_scan_string(struct kist_scan *scan)
{
	if (!kist_scan_eat(scan, '"'))
		return kist_scan_fail(scan, "string expected");
	skip_plain(scan);
	while (scan->at < scan->end) {
		const uint8_t c = *scan->at;
		size_t step = 1;

		if (c == '"') {
			scan->at++;
			return true;
		}
		if (c == '\\') {
			scan->at++;
			if (!scan_escape(scan))
				return false;
			continue;
		}
		if (c >= 0x80)
			step = kist_utf8_step((const char *)scan->at, kist_scan_left(scan));
		if (c < 0x20 || step == 0)
			return kist_scan_fail(scan, "invalid character in a string");
		scan->at += step;
	}
	return kist_scan_fail(scan, "string without an end");
}

static size_t scan_digits(struct kist_scan *scan)
{
	const uint8_t *from = scan->at;

	while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
		scan->at++;
	return (size_t)(scan->at - from);
}

/* Whether what is no short number has a finite value. */
static bool is_finite(const uint8_t *from, size_t size)
{
	char text[NUMBER_SIZE_MAX + 1];

	if (size > NUMBER_SIZE_MAX)
		return false;
	memcpy(text, from, size);
	text[size] = '\0';
	return isfinite(strtod(text, NULL));
}

bool kist_scan_number(struct kist_scan *scan)
{
	const uint8_t *from = scan->at;
	bool has_exponent = false;

	(void)kist_scan_eat(scan, '-');
	if (!kist_scan_eat(scan, '0') && scan_digits(scan) == 0)
		return kist_scan_fail(scan, "value expected");
	if (kist_scan_eat(scan, '.')) {
		if (scan_digits(scan) == 0)
			return kist_scan_fail(scan, "invalid number");
	}
	if (scan->at < scan->end && (*scan->at == 'e' || *scan->at == 'E')) {
		has_exponent = true;
		scan->at++;
		if (!kist_scan_eat(scan, '+'))
			(void)kist_scan_eat(scan, '-');
		if (scan_digits(scan) == 0)
			return kist_scan_fail(scan, "invalid number");
	}
	if ((has_exponent || scan->at - from > DIGITS_SAFE) && !is_finite(from, (size_t)(scan->at - from)))
		return kist_scan_fail(scan, "number out of range");
	return true;
}

bool kist_scan_word(struct kist_scan *scan, const char *word)
{
	const size_t len = strlen(word);

	if (kist_scan_left(scan) < len || memcmp(scan->at, word, len) != 0)
		return kist_scan_fail(scan, "value expected");
	scan->at += len;
	return true;
}

/* The next UTF-16 unit of a checked text; *@low is the second half of a pair, once. */
static unsigned next_unit(struct kist_view *text, unsigned *low)
{
	static const char letters[] = "bfnrt";
	static const char meant[] = "\b\f\n\r\t";
	const uint8_t *at = text->data;
	unsigned code = at[0];
	size_t step = 1;

	if (*low) {
		code = *low;
		*low = 0;
		return code;
	}
	if (code == '\\' && at[1] == 'u') {
		code = (unsigned)hex4(at + 2);
		step = 6;
	} else if (code == '\\') {
		const char *letter = strchr(letters, at[1]);

		code = letter ? (uint8_t)meant[letter - letters] : at[1];
		step = 2;
	} else if (code >= 0xf0) {
		code = (code & 7) << 18 | (at[1] & 63U) << 12 | (at[2] & 63U) << 6 | (at[3] & 63U);
		step = 4;
	} else if (code >= 0xe0) {
		code = (code & 15) << 12 | (at[1] & 63U) << 6 | (at[2] & 63U);
		step = 3;
	} else if (code >= 0xc0) {
		code = (code & 31) << 6 | (at[1] & 63U);
		step = 2;
	}
	*text = kist_view_of(at + step, text->size - step);
	if (code < 0x10000)
		return code;
	*low = 0xdc00 + ((code - 0x10000) & 0x3ff);
	return 0xd800 + ((code - 0x10000) >> 10);
}

/* The order of RFC 8785, by UTF-16 units. */
bool kist_json_rises(struct kist_view one, struct kist_view other)
{
	unsigned one_low = 0;
	unsigned other_low = 0;

	while ((one.size > 0 || one_low) && (other.size > 0 || other_low)) {
		const unsigned a = next_unit(&one, &one_low);
		const unsigned b = next_unit(&other, &other_low);

		if (a != b)
			return a < b;
	}
	return one.size == 0 && !one_low && (other.size > 0 || other_low);
}

/* One more '[', ',' or ':'. */
bool kist_scan_count(struct kist_scan *scan)
{
	return scan->values++ < scan->values_max || kist_scan_fail(scan, "too many values");
}
