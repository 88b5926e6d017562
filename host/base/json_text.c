/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/num.h"
#include "base/utf8.h"

/* Longer numbers are none of ours; strtod() wants a copy. */
#define NUMBER_SIZE_MAX 400
/* Characters without an exponent that are below any double's limit, whatever they are. */
#define DIGITS_SAFE 300
#define EACH_BYTE   UINT64_C(0x0101010101010101)
#define HIGH_BIT    UINT64_C(0x80)

struct scan {
	const uint8_t *at;
	const uint8_t *end;
	const char *wrong; /* NULL: nothing yet */
	size_t values;
	size_t values_max;
};

static bool fail(struct scan *scan, const char *wrong)
{
	if (!scan->wrong)
		scan->wrong = wrong;
	return false;
}

static bool eat(struct scan *scan, char c)
{
	if (scan->at == scan->end || *scan->at != (uint8_t)c)
		return false;
	scan->at++;
	return true;
}

static size_t left(const struct scan *scan)
{
	return (size_t)(scan->end - scan->at);
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
static bool scan_escape(struct scan *scan)
{
	int unit;
	int other;

	if (scan->at == scan->end || !strchr("\"\\/bfnrtu", *scan->at) || *scan->at == '\0')
		return fail(scan, "invalid escape");
	if (*scan->at++ != 'u')
		return true;
	unit = left(scan) >= 4 ? hex4(scan->at) : -1;
	if (unit <= 0 || (unit >= 0xdc00 && unit <= 0xdfff))
		return fail(scan, "invalid escape");
	scan->at += 4;
	if (unit < 0xd800 || unit > 0xdbff)
		return true;
	other = left(scan) >= 6 && scan->at[0] == '\\' && scan->at[1] == 'u' ? hex4(scan->at + 2) : -1;
	if (other < 0xdc00 || other > 0xdfff)
		return fail(scan, "invalid escape");
	scan->at += 6;
	return true;
}

/* Not 0 when a byte of @word is below @n, which is at most 128; now and then when one above such a byte is not. */
static uint64_t bytes_below(uint64_t word, uint64_t n)
{
	return (word - n * EACH_BYTE) & ~word & (HIGH_BIT * EACH_BYTE);
}

/* Passes over what stands in a string as it is, eight bytes at a time. */
static void skip_plain(struct scan *scan)
{
	uint64_t word;

	while (left(scan) >= sizeof(word)) {
		memcpy(&word, scan->at, sizeof(word));
		if ((word & (HIGH_BIT * EACH_BYTE)) != 0 || bytes_below(word, ' ') != 0 ||
		    bytes_below(word ^ ('"' * EACH_BYTE), 1) != 0 ||
		    bytes_below(word ^ ('\\' * EACH_BYTE), 1) != 0)
			return;
		scan->at += sizeof(word);
	}
}

static bool scan_string(struct scan *scan)
{
	if (!eat(scan, '"'))
		return fail(scan, "string expected");
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
			step = kist_utf8_step((const char *)scan->at, left(scan));
		if (c < 0x20 || step == 0)
			return fail(scan, "invalid character in a string");
		scan->at += step;
	}
	return fail(scan, "string without an end");
}

static size_t scan_digits(struct scan *scan)
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

static bool scan_number(struct scan *scan)
{
	const uint8_t *from = scan->at;
	bool has_exponent = false;

	(void)eat(scan, '-');
	if (!eat(scan, '0') && scan_digits(scan) == 0)
		return fail(scan, "value expected");
	if (eat(scan, '.')) {
		if (scan_digits(scan) == 0)
			return fail(scan, "invalid number");
	}
	if (scan->at < scan->end && (*scan->at == 'e' || *scan->at == 'E')) {
		has_exponent = true;
		scan->at++;
		if (!eat(scan, '+'))
			(void)eat(scan, '-');
		if (scan_digits(scan) == 0)
			return fail(scan, "invalid number");
	}
	if ((has_exponent || scan->at - from > DIGITS_SAFE) && !is_finite(from, (size_t)(scan->at - from)))
		return fail(scan, "number out of range");
	return true;
}

static bool scan_word(struct scan *scan, const char *word)
{
	const size_t len = strlen(word);

	if (left(scan) < len || memcmp(scan->at, word, len) != 0)
		return fail(scan, "value expected");
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
static bool rises(struct kist_view one, struct kist_view other)
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

static bool scan_value(struct scan *scan, int depth);

/* One more '[', ',' or ':'. */
static bool count_value(struct scan *scan)
{
	return scan->values++ < scan->values_max || fail(scan, "too many values");
}

static bool scan_key(struct scan *scan, struct kist_view *previous, bool first)
{
	const uint8_t *from = scan->at;
	struct kist_view key;

	if (!scan_string(scan))
		return false;
	key = kist_view_of(from + 1, (size_t)(scan->at - from) - 2);
	if (!first && !rises(*previous, key)) {
		scan->at = from;
		return fail(scan, "keys out of order");
	}
	*previous = key;
	return (eat(scan, ':') || fail(scan, "':' expected")) && count_value(scan);
}

static bool scan_items(struct scan *scan, char end, int depth)
{
	struct kist_view key = { .size = 0 };
	bool first = true;

	if (depth > KIST_JSON_DEPTH_MAX)
		return fail(scan, "nested too deep");
	scan->at++;
	if (end == ']' && !count_value(scan))
		return false;
	if (eat(scan, end))
		return true;
	for (;;) {
		if (end == '}' && !scan_key(scan, &key, first))
			return false;
		first = false;
		if (!scan_value(scan, depth))
			return false;
		if (eat(scan, end))
			return true;
		if (!eat(scan, ','))
			return fail(scan, "',' or the end expected");
		if (!count_value(scan))
			return false;
	}
}

/* Recurses as deep as KIST_JSON_DEPTH_MAX. */
static bool scan_value(struct scan *scan, int depth)
{
	if (scan->at == scan->end)
		return fail(scan, "value expected");
	switch (*scan->at) {
	case '{':
		return scan_items(scan, '}', depth + 1);
	case '[':
		return scan_items(scan, ']', depth + 1);
	case '"':
		return scan_string(scan);
	case 't':
		return scan_word(scan, "true");
	case 'f':
		return scan_word(scan, "false");
	case 'n':
		return scan_word(scan, "null");
	default:
		return scan_number(scan);
	}
}

kist_status kist_json_check(struct kist_view text, size_t values_max, struct kist_error *err)
{
	struct scan scan = { .at = text.data,
			     .end = text.size ? text.data + text.size : text.data,
			     .values = 1,
			     .values_max = values_max };

	if (scan_value(&scan, 0) && scan.at < scan.end)
		(void)fail(&scan, "more than one value");
	if (!scan.wrong)
		return KIST_OK;
	return kist_fail_at(err, KIST_CORRUPT, "E_JSON", (uint64_t)(text.size - left(&scan)), "%s",
			    scan.wrong);
}

static const uint8_t *string_end(const uint8_t *at, const uint8_t *end)
{
	const uint8_t *quote = memchr(at + 1, '"', (size_t)(end - at) - 1);

	if (!quote)
		return end;
	if (!memchr(at + 1, '\\', (size_t)(quote - at) - 1))
		return quote + 1;
	for (at++; at < end; at++) {
		if (*at == '"')
			return at + 1;
		if (*at == '\\' && ++at == end)
			break;
	}
	return end;
}

/* Where the value at @at ends. */
static const uint8_t *value_end(const uint8_t *at, const uint8_t *end)
{
	size_t depth = 0;

	while (at < end) {
		const uint8_t c = *at;

		if (depth == 0 && (c == ',' || c == ']' || c == '}'))
			break;
		if (c == '"') {
			at = string_end(at, end);
			continue;
		}
		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
		at++;
	}
	return at;
}

struct kist_json_walk kist_json_walk(struct kist_view value)
{
	struct kist_json_walk walk = { .rest = { .size = 0 } };

	if (value.size < 2 || (value.data[0] != '{' && value.data[0] != '['))
		return walk;
	walk.is_object = value.data[0] == '{';
	walk.rest = kist_view_of(value.data + 1, value.size - 2);
	return walk;
}

bool kist_json_next(struct kist_json_walk *walk, struct kist_json_item *ret)
{
	const uint8_t *at = walk->rest.data;
	const uint8_t *end;
	const uint8_t *stop;

	if (walk->rest.size == 0)
		return false;
	end = at + walk->rest.size;
	ret->key = kist_view_of(at, 0);
	if (walk->is_object) {
		stop = string_end(at, end);
		if (stop - at < 2 || stop == end)
			return false;
		ret->key = kist_view_of(at + 1, (size_t)(stop - at) - 2);
		at = stop + 1;
	}
	stop = value_end(at, end);
	ret->value = kist_view_of(at, (size_t)(stop - at));
	stop += stop < end;
	walk->rest = kist_view_of(stop, (size_t)(end - stop));
	return true;
}

struct kist_view kist_json_find(struct kist_view object, const char *key)
{
	struct kist_json_walk walk = kist_json_walk(object);
	struct kist_json_item item;

	while (walk.is_object && kist_json_next(&walk, &item)) {
		if (kist_json_is(item.key, key))
			return item.value;
	}
	return (struct kist_view){ .size = 0 };
}

bool kist_json_plain(struct kist_view value, struct kist_view *ret)
{
	if (value.size < 2 || value.data[0] != '"' || value.data[value.size - 1] != '"' ||
	    memchr(value.data, '\\', value.size))
		return false;
	*ret = kist_view_of(value.data + 1, value.size - 2);
	return true;
}

bool kist_json_u64(struct kist_view value, uint64_t *ret)
{
	uint64_t number = 0;

	if (value.size == 0)
		return false;
	for (size_t i = 0; i < value.size; i++) {
		const uint8_t c = value.data[i];

		if (c < '0' || c > '9' || __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(c - '0'), &number) || number > INT64_MAX)
			return false;
	}
	*ret = number;
	return true;
}
