/* SPDX-License-Identifier: Apache-2.0 */
#include "base/utf8.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static uint32_t lead_bits(uint8_t byte, size_t *ret_len)
{
	if (byte >= 0xc2 && byte <= 0xdf)
		return *ret_len = 2, byte & 0x1fu;
	if (byte >= 0xe0 && byte <= 0xef)
		return *ret_len = 3, byte & 0x0fu;
	if (byte >= 0xf0 && byte <= 0xf4)
		return *ret_len = 4, byte & 0x07u;
	return *ret_len = 0, 0;
}

/* Decodes the character at the front; 0 bytes when there is no valid one. */
static size_t decode(const char *text, size_t len, uint32_t *ret_point)
{
	const uint8_t *bytes = (const uint8_t *)text;
	size_t want;
	uint32_t point;

	if (len == 0)
		return 0;
	if (bytes[0] < 0x80) {
		*ret_point = bytes[0];
		return 1;
	}
	point = lead_bits(bytes[0], &want);
	if (want == 0 || want > len)
		return 0;
	for (size_t i = 1; i < want; i++) {
		if ((bytes[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (bytes[i] & 0x3fu);
	}
	if ((want == 3 && point < 0x800) || (want == 4 && point < 0x10000) || point > 0x10ffff ||
	    (point >= 0xd800 && point <= 0xdfff))
		return 0;
	*ret_point = point;
	return want;
}

size_t kist_utf8_step(const char *text, size_t len)
{
	uint32_t point;

	return decode(text, len, &point);
}

bool kist_utf8_valid(const char *text, size_t len)
{
	for (size_t i = 0; i < len;) {
		const size_t step = kist_utf8_step(text + i, len - i);

		if (step == 0)
			return false;
		i += step;
	}
	return true;
}

static bool is_control(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point < 0xa0) || point == 0x061c || point == 0x200e ||
	       point == 0x200f || point == 0x2028 || point == 0x2029 ||
	       (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069);
}

/* Writes the shown form of the bytes at the front to @ret (up to 17 bytes); gives how many were read. */
static size_t show(const char *text, size_t len, bool exact, char ret[static 17])
{
	uint32_t point = 0;
	const size_t step = decode(text, len, &point);
	const size_t raw = step == 0 ? 1 : step;

	if (exact && step == 1 && point == '\\') {
		strncpy(ret, "\\\\", 3);
	} else if (step > 0 && !is_control(point)) {
		memcpy(ret, text, step);
		ret[step] = '\0';
	} else if (step == 1 && point == '\n') {
		strncpy(ret, "\\n", 3);
	} else if (step == 1 && point == '\t') {
		strncpy(ret, "\\t", 3);
	} else {
		for (size_t i = 0; i < raw; i++)
			snprintf(ret + 4 * i, 5, "\\x%02x", (unsigned)(uint8_t)text[i]);
	}
	return raw;
}

static void escape(const char *text, size_t len, bool exact, char *ret, size_t size)
{
	size_t used = 0;
	size_t cut = 0; /* Where "..." still fits. */

	for (size_t i = 0; i < len;) {
		char shown[17];
		const size_t step = show(text + i, len - i, exact, shown);
		const size_t add = strlen(shown);

		if (used + add + 1 > size) {
			memcpy(ret + cut, "...", 4);
			return;
		}
		memcpy(ret + used, shown, add);
		used += add;
		i += step;
		if (used + 4 <= size)
			cut = used;
	}
	ret[used] = '\0';
}

/* First and last of ranges in rising order.  Source: Unicode 15, EastAsianWidth W and F, in whole blocks. */
static const uint32_t wide[][2] = {
	{ 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x23e9, 0x23ec },	  { 0x2e80, 0x303e },
	{ 0x3041, 0x33ff },   { 0x3400, 0x4dbf },   { 0x4e00, 0x9fff },	  { 0xa000, 0xa4cf },
	{ 0xa960, 0xa97f },   { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },	  { 0xfe30, 0xfe6f },
	{ 0xff00, 0xff60 },   { 0xffe0, 0xffe6 },   { 0x16fe0, 0x18cff }, { 0x1b000, 0x1b2ff },
	{ 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1faff }, { 0x20000, 0x3fffd },
};

/* Combining marks, zero-width characters and variation selectors. */
static const uint32_t narrow[][2] = {
	{ 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd }, { 0x064b, 0x065f }, { 0x0e31, 0x0e31 },
	{ 0x0e34, 0x0e3a }, { 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x200b, 0x200f }, { 0x20d0, 0x20ff },
	{ 0xfe00, 0xfe0f }, { 0xfe20, 0xfe2f }, { 0xfeff, 0xfeff },
};

static bool in_ranges(uint32_t c, const uint32_t (*ranges)[2], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (c >= ranges[i][0] && c <= ranges[i][1])
			return true;
	}
	return false;
}

static uint32_t code_point_of(const char *text, size_t len)
{
	uint32_t c = (unsigned char)text[0];

	if (len > 1)
		c &= 0xffu >> (len + 1);
	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char)text[i] & 0x3f);
	return c;
}

size_t kist_utf8_width(const char *text)
{
	size_t left = strlen(text);
	size_t width = 0;

	while (left > 0) {
		const size_t len = kist_utf8_step(text, left);
		const uint32_t c = len ? code_point_of(text, len) : 0xfffd;

		/* Nearly all text lies before the first range. */
		if (c < narrow[0][0])
			width++;
		else if (in_ranges(c, wide, sizeof(wide) / sizeof(wide[0])))
			width += 2;
		else if (!in_ranges(c, narrow, sizeof(narrow) / sizeof(narrow[0])))
			width++;
		text += len ? len : 1;
		left -= len ? len : 1;
	}
	return width;
}

void kist_text_escape(const char *text, size_t len, char *ret, size_t size)
{
	escape(text, len, false, ret, size);
}

void kist_name_escape(const char *name, size_t len, char *ret, size_t size)
{
	escape(name, len, true, ret, size);
}
