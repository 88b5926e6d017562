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
static size_t show(const char *text, size_t len, char ret[static 17])
{
	uint32_t point = 0;
	const size_t step = decode(text, len, &point);
	const size_t raw = step == 0 ? 1 : step;

	if (step > 0 && !is_control(point)) {
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

void kist_text_escape(const char *text, size_t len, char *ret, size_t size)
{
	size_t used = 0;
	size_t cut = 0; /* Where "..." still fits. */

	for (size_t i = 0; i < len;) {
		char shown[17];
		const size_t step = show(text + i, len - i, shown);
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
