/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_json.h"

#include <string.h>

static void fail(struct csv_json *j)
{
	j->bad = true;
	j->at = j->end;
}

/* The next byte that is no blank, or NUL at the end. */
static char peek(struct csv_json *j)
{
	while (j->at < j->end && (*j->at == ' ' || *j->at == '\t' || *j->at == '\n' || *j->at == '\r'))
		j->at++;
	return j->at < j->end ? *j->at : '\0';
}

static bool take(struct csv_json *j, char c)
{
	if (peek(j) != c || j->at == j->end)
		return false;
	j->at++;
	return true;
}

static bool enter(struct csv_json *j)
{
	if (++j->depth > CSV_JSON_DEPTH_MAX)
		fail(j);
	j->first = true;
	return !j->bad;
}

/* Whether another member follows in what is closed by @close. */
static bool follows(struct csv_json *j, char close)
{
	const bool first = j->first;

	j->first = false;
	if (!j->bad && take(j, close)) {
		j->depth--;
		return false;
	}
	if (!first && !take(j, ','))
		fail(j);
	return !j->bad;
}

static int hex_digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* Four hexadecimal digits, or 0 with @bad. */
static uint32_t hex_unit(struct csv_json *j)
{
	uint32_t unit = 0;

	for (int i = 0; i < 4; i++) {
		const int digit = j->at < j->end ? hex_digit(*j->at++) : -1;

		if (digit < 0) {
			fail(j);
			return 0;
		}
		unit = unit << 4 | (uint32_t)digit;
	}
	return unit;
}

static void put_utf8(struct csv_json *j, uint32_t c)
{
	if (c < 0x80) {
		*j->room++ = (char)c;
	} else if (c < 0x800) {
		*j->room++ = (char)(0xc0 | c >> 6);
		*j->room++ = (char)(0x80 | (c & 63));
	} else if (c < 0x10000) {
		*j->room++ = (char)(0xe0 | c >> 12);
		*j->room++ = (char)(0x80 | (c >> 6 & 63));
		*j->room++ = (char)(0x80 | (c & 63));
	} else {
		*j->room++ = (char)(0xf0 | c >> 18);
		*j->room++ = (char)(0x80 | (c >> 12 & 63));
		*j->room++ = (char)(0x80 | (c >> 6 & 63));
		*j->room++ = (char)(0x80 | (c & 63));
	}
}

/* Behind "\u".  Half a pair is wrong. */
static void put_unit(struct csv_json *j)
{
	uint32_t unit = hex_unit(j);
	uint32_t low;

	if (unit >= 0xd800 && unit < 0xdc00 && j->end - j->at >= 6 && memcmp(j->at, "\\u", 2) == 0) {
		j->at += 2;
		low = hex_unit(j);
		if (low < 0xdc00 || low > 0xdfff)
			fail(j);
		unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
	} else if (unit >= 0xd800 && unit < 0xe000) {
		fail(j);
	}
	if (!j->bad)
		put_utf8(j, unit);
}

static void put_escape(struct csv_json *j)
{
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	const char c = j->at < j->end ? *j->at++ : '\0';
	const char *const name = c != '\0' ? strchr(names, c) : NULL;

	if (c == 'u')
		put_unit(j);
	else if (name)
		*j->room++ = values[name - names];
	else
		fail(j);
}

/* Behind the quote.  No text is longer without its escapes. */
static void read_string(struct csv_json *j, struct csv_json_text *ret)
{
	char *const from = j->room;

	while (!j->bad) {
		const char c = j->at < j->end ? *j->at++ : '\0';

		if (c == '"')
			break;
		if ((uint8_t)c < 0x20)
			fail(j);
		else if (c == '\\')
			put_escape(j);
		else
			*j->room++ = c;
	}
	*ret = (struct csv_json_text){ from, (size_t)(j->room - from) };
}

bool csv_json_string(struct csv_json *j, struct csv_json_text *ret)
{
	if (!take(j, '"')) {
		csv_json_skip(j);
		return false;
	}
	read_string(j, ret);
	return !j->bad;
}

bool csv_json_begin(struct csv_json *j, char open)
{
	if (take(j, open))
		return enter(j);
	csv_json_skip(j);
	return false;
}

bool csv_json_key(struct csv_json *j, struct csv_json_text *ret)
{
	if (!follows(j, '}'))
		return false;
	if (!take(j, '"')) {
		fail(j);
		return false;
	}
	read_string(j, ret);
	if (!take(j, ':'))
		fail(j);
	return !j->bad;
}

bool csv_json_item(struct csv_json *j)
{
	return follows(j, ']');
}

bool csv_json_true(struct csv_json *j)
{
	const bool is_true = peek(j) == 't';

	csv_json_skip(j);
	return is_true && !j->bad;
}

/* A number or a word; which number it is does not matter here. */
static void skip_scalar(struct csv_json *j)
{
	static const char *const words[] = { "true", "false", "null" };
	const char *const from = j->at;

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const size_t len = strlen(words[i]);

		if ((size_t)(j->end - j->at) >= len && memcmp(j->at, words[i], len) == 0) {
			j->at += len;
			return;
		}
	}
	while (j->at < j->end && *j->at != '\0' && strchr("0123456789+-.eE", *j->at))
		j->at++;
	if (j->at == from)
		fail(j);
}

void csv_json_skip(struct csv_json *j)
{
	const unsigned int outside = j->depth;
	char closers[CSV_JSON_DEPTH_MAX + 1];
	struct csv_json_text text;

	do {
		const char c = peek(j);

		if (j->depth > outside) {
			const char close = closers[j->depth];
			const bool more = close == '}' ? csv_json_key(j, &text) : csv_json_item(j);

			if (!more)
				continue;
		} else if (c == '\0') {
			fail(j);
		}
		if (j->bad)
			return;
		if (take(j, '"')) {
			read_string(j, &text);
		} else if (peek(j) == '{' || peek(j) == '[') {
			const char close = *j->at++ == '{' ? '}' : ']';

			if (enter(j))
				closers[j->depth] = close;
		} else {
			skip_scalar(j);
		}
	} while (!j->bad && j->depth > outside);
	/* The value itself was a member of what is around it. */
	j->first = false;
}

bool csv_json_ended(struct csv_json *j)
{
	return !j->bad && peek(j) == '\0' && j->at == j->end;
}

bool csv_json_is(const struct csv_json_text *text, const char *word)
{
	return text->len == strlen(word) && memcmp(text->data, word, text->len) == 0;
}
