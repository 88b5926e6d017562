/* SPDX-License-Identifier: Apache-2.0 */
#include "numpy_literal_kernel.h"

#include <string.h>

/* What next_char() gives beside a code point. */
#define CHAR_END (-1)
#define CHAR_BAD (-2)

bool npy_fault_at(struct npy_reader *reader, enum npy_fault_kind kind, size_t at, const char *what)
{
	if (reader->fault->kind == NPY_FAULT_NONE)
		*reader->fault = (struct npy_fault){ .kind = kind, .at = at, .what = what, .dimension = -1 };
	return false;
}

static uint8_t peek(const struct npy_reader *reader, size_t ahead)
{
	return reader->len - reader->at > ahead ? reader->text[reader->at + ahead] : 0;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

void npy_skip_blank(struct npy_reader *reader)
{
	reader->last = reader->at;
	while (reader->at < reader->len && is_blank(reader->text[reader->at]))
		reader->at++;
}

bool npy_skip(struct npy_reader *reader, char c)
{
	if (reader->at == reader->len || reader->text[reader->at] != (uint8_t)c)
		return false;
	reader->at++;
	npy_skip_blank(reader);
	return true;
}

static bool is_word_char(uint8_t c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
	       c >= 0x80;
}

bool npy_skip_word(struct npy_reader *reader, const char *word)
{
	const size_t len = strlen(word);

	if (reader->len - reader->at < len || memcmp(reader->text + reader->at, word, len) != 0 ||
	    is_word_char(peek(reader, len)))
		return false;
	reader->at += len;
	npy_skip_blank(reader);
	return true;
}

bool npy_open(struct npy_reader *reader, char c)
{
	const size_t at = reader->at;

	if (!npy_skip(reader, c))
		return false;
	if (reader->depth == NPY_DEPTH_MAX)
		return npy_fault_at(reader, NPY_FAULT_DEPTH, at, "more than 32 brackets are open");
	reader->depth++;
	return true;
}

bool npy_close(struct npy_reader *reader, char c)
{
	if (!npy_skip(reader, c))
		return false;
	reader->depth--;
	return true;
}

enum npy_int npy_read_int(struct npy_reader *reader, int64_t *ret_value)
{
	const bool negative = peek(reader, 0) == '-';
	size_t at = reader->at + (negative || peek(reader, 0) == '+' ? 1 : 0);
	const size_t first = at;
	bool too_large = false;
	int64_t value = 0;

	for (; at < reader->len && reader->text[at] >= '0' && reader->text[at] <= '9'; at++) {
		const int64_t digit = reader->text[at] - '0';

		/* Counted below zero, where there is one more number. */
		too_large = too_large || __builtin_mul_overflow(value, 10, &value) ||
			    __builtin_sub_overflow(value, digit, &value);
	}
	if (at == first || (reader->text[first] == '0' && value != 0))
		return NPY_INT_NONE;
	if (at < reader->len && (reader->text[at] == 'L' || reader->text[at] == 'l'))
		at++;
	if (at < reader->len && (is_word_char(reader->text[at]) || reader->text[at] == '.'))
		return NPY_INT_NONE;
	if (too_large || (!negative && __builtin_sub_overflow(0, value, &value)))
		return NPY_INT_TOO_LARGE;
	reader->at = at;
	npy_skip_blank(reader);
	*ret_value = value;
	return NPY_INT_OK;
}

static int hex_digit(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int32_t hex_char(const struct npy_reader *reader, size_t *at, size_t digits)
{
	int32_t value = 0;

	if (reader->len - *at < digits)
		return CHAR_BAD;
	for (size_t i = 0; i < digits; i++) {
		const int digit = hex_digit(reader->text[(*at)++]);

		if (digit < 0 || value > 0x10FFFF)
			return CHAR_BAD;
		value = value * 16 + digit;
	}
	return value <= 0x10FFFF ? value : CHAR_BAD;
}

static int32_t octal_char(const struct npy_reader *reader, size_t *at)
{
	int32_t value = 0;

	for (int i = 0; i < 3 && *at < reader->len && reader->text[*at] >= '0' && reader->text[*at] <= '7';
	     i++)
		value = value * 8 + (reader->text[(*at)++] - '0');
	return value;
}

/* The character after a backslash; *@at stands on it.  A named one, \N{...}, is not read. */
static int32_t escaped_char(const struct npy_reader *reader, size_t *at)
{
	static const char from[] = "\\'\"abfnrtv";
	static const char to[] = "\\'\"\a\b\f\n\r\t\v";
	const uint8_t c = reader->text[*at];
	const char *found = memchr(from, c, sizeof(from) - 1);

	if (found) {
		++*at;
		return to[found - from];
	}
	if (c >= '0' && c <= '7')
		return octal_char(reader, at);
	if (c == 'x' || c == 'u' || c == 'U') {
		++*at;
		return hex_char(reader, at, c == 'x' ? 2 : c == 'u' ? 4 : 8);
	}
	/* Python keeps the backslash of an escape that it does not know. */
	return c == 'N' || c == '\n' || c == '\r' ? CHAR_BAD : '\\';
}

/* A character written plainly; the text is known to be UTF-8 where it has to be. */
static int32_t plain_char(const struct npy_reader *reader, size_t *at)
{
	const uint8_t c = reader->text[(*at)++];
	const int more = !reader->utf8 || c < 0xC0 ? 0 : c < 0xE0 ? 1 : c < 0xF0 ? 2 : 3;
	int32_t value = more == 0 ? c : c & (0x3F >> more);

	for (int i = 0; i < more; i++)
		value = value * 64 + (reader->text[(*at)++] & 0x3F);
	return value;
}

/* The next character of the string in @quote, or CHAR_END behind its closing quote. */
static int32_t next_char(const struct npy_reader *reader, size_t *at, uint8_t quote)
{
	const uint8_t c = *at < reader->len ? reader->text[*at] : 0;

	if (c == 0 || c == '\n' || c == '\r')
		return CHAR_BAD;
	if (c == quote) {
		++*at;
		return CHAR_END;
	}
	if (c != '\\')
		return plain_char(reader, at);
	++*at;
	return *at < reader->len ? escaped_char(reader, at) : CHAR_BAD;
}

/* What stands in a string in @quote as it is, and is nothing but itself. */
static bool is_plain(uint8_t c, uint8_t quote)
{
	return c >= ' ' && c < 0x7F && c != quote && c != '\\';
}

bool npy_read_string(struct npy_reader *reader, struct npy_string *ret_string)
{
	const size_t start = reader->at;
	size_t at = start + (peek(reader, 0) == 'u' ? 1 : 0);
	const uint8_t quote = at < reader->len ? reader->text[at] : 0;
	int32_t c = 0;

	if (quote != '\'' && quote != '"')
		return npy_fault_at(reader, NPY_FAULT_SYNTAX, start, "expected a string");
	ret_string->at = at++;
	while (c >= 0) {
		while (at < reader->len && is_plain(reader->text[at], quote))
			at++;
		c = next_char(reader, &at, quote);
	}
	if (c == CHAR_BAD)
		return npy_fault_at(reader, NPY_FAULT_SYNTAX, at < reader->len ? at : reader->len,
				    "the string does not end, or has an escape that is not allowed");
	reader->at = at;
	npy_skip_blank(reader);
	return true;
}

/* A string that was read once has no bad character: these stop at its end. */
bool npy_string_same(const struct npy_reader *reader, const struct npy_string *a, const struct npy_string *b)
{
	size_t at_a = a->at + 1;
	size_t at_b = b->at + 1;

	for (;;) {
		const int32_t c = next_char(reader, &at_a, reader->text[a->at]);

		if (c != next_char(reader, &at_b, reader->text[b->at]))
			return false;
		if (c < 0)
			return true;
	}
}

bool npy_string_equals(const struct npy_reader *reader, const struct npy_string *string, const char *ascii)
{
	char text[16];
	size_t len;

	return npy_string_ascii(reader, string, text, sizeof(text), &len) && len == strlen(ascii) &&
	       memcmp(text, ascii, len) == 0;
}

bool npy_string_ascii(const struct npy_reader *reader, const struct npy_string *string, char *to, size_t size,
		      size_t *ret_len)
{
	const uint8_t quote = reader->text[string->at];
	size_t at = string->at + 1;
	size_t len = 0;

	for (;;) {
		const uint8_t plain = reader->text[at];
		const int32_t c = is_plain(plain, quote) ? plain : next_char(reader, &at, quote);

		if (c < 0)
			break;
		if (len == size || c == 0 || c > 0x7E)
			return false;
		at += is_plain(plain, quote);
		to[len++] = (char)c;
	}
	*ret_len = len;
	return true;
}

uint32_t npy_string_hash(const struct npy_reader *reader, const struct npy_string *string, uint32_t seed)
{
	size_t at = string->at + 1;
	uint32_t hash = 2166136261u ^ seed;
	int32_t c;

	while ((c = next_char(reader, &at, reader->text[string->at])) >= 0)
		hash = (hash ^ (uint32_t)c) * 16777619u;
	return hash ^ hash >> 15;
}

/* Bytes of the character at @at, or 0: no overlong form, no surrogate, nothing beyond U+10FFFF. */
static size_t utf8_size(const struct npy_reader *reader, size_t at)
{
	const uint8_t c = reader->text[at];
	const size_t size = c < 0x80 ? 1 : c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
	uint8_t second;

	if (size == 0 || reader->len - at < size)
		return 0;
	for (size_t i = 1; i < size; i++) {
		if ((reader->text[at + i] & 0xC0) != 0x80)
			return 0;
	}
	second = size > 1 ? reader->text[at + 1] : 0x80;
	if ((c == 0xE0 && second < 0xA0) || (c == 0xED && second > 0x9F) || (c == 0xF0 && second < 0x90) ||
	    (c == 0xF4 && second > 0x8F))
		return 0;
	return size;
}

bool npy_check_utf8(struct npy_reader *reader)
{
	size_t at = 0;

	while (at < reader->len) {
		const size_t size = utf8_size(reader, at);

		if (size == 0)
			return npy_fault_at(reader, NPY_FAULT_SYNTAX, at, "the header is not UTF-8");
		at += size;
	}
	return true;
}
