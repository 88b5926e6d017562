/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_decode.h"

#include <string.h>

#define BAD UINT32_MAX

/* Windows-1252 from 0x80 to 0x9f; the rest is Latin-1.  Source: the WHATWG index of ftp.unicode.org CP1252.TXT. */
static const uint16_t cp1252[32] = { 0x20ac, 0,	     0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021,
				     0x02c6, 0x2030, 0x0160, 0x2039, 0x0152, 0,	     0x017d, 0,
				     0,	     0x2018, 0x2019, 0x201c, 0x201d, 0x2022, 0x2013, 0x2014,
				     0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0,	     0x017e, 0x0178 };

static size_t put_character(uint8_t *to, uint32_t c)
{
	if (c < 0x80) {
		to[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		to[0] = (uint8_t)(0xc0 | c >> 6);
		to[1] = (uint8_t)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		to[0] = (uint8_t)(0xe0 | c >> 12);
		to[1] = (uint8_t)(0x80 | (c >> 6 & 63));
		to[2] = (uint8_t)(0x80 | (c & 63));
		return 3;
	}
	to[0] = (uint8_t)(0xf0 | c >> 18);
	to[1] = (uint8_t)(0x80 | (c >> 12 & 63));
	to[2] = (uint8_t)(0x80 | (c >> 6 & 63));
	to[3] = (uint8_t)(0x80 | (c & 63));
	return 4;
}

static uint32_t unit_at(const uint8_t *from, bool big)
{
	return big ? (uint32_t)from[0] << 8 | from[1] : (uint32_t)from[1] << 8 | from[0];
}

/* The character at @from; *@ret_size is 0 if it goes on behind @len. */
static uint32_t utf16_character(const uint8_t *from, size_t len, bool big, size_t *ret_size)
{
	uint32_t high;
	uint32_t low;

	*ret_size = len < 2 ? 0 : 2;
	if (len < 2)
		return 0;
	high = unit_at(from, big);
	if (high < 0xd800 || high > 0xdfff)
		return high;
	if (high > 0xdbff)
		return BAD;
	*ret_size = len < 4 ? 0 : 4;
	if (len < 4)
		return 0;
	low = unit_at(from + 2, big);
	return low < 0xdc00 || low > 0xdfff ? BAD : 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

static uint32_t character(enum csv_encoding encoding, const uint8_t *from, size_t len, size_t *ret_size)
{
	*ret_size = 1;
	switch (encoding) {
	case CSV_ENCODING_UTF16LE:
	case CSV_ENCODING_UTF16BE:
		return utf16_character(from, len, encoding == CSV_ENCODING_UTF16BE, ret_size);
	case CSV_ENCODING_CP1252:
		if (from[0] < 0x80 || from[0] > 0x9f)
			return from[0];
		return cp1252[from[0] - 0x80] ? cp1252[from[0] - 0x80] : BAD;
	default:
		return from[0];
	}
}

bool csv_decode(enum csv_encoding encoding, const uint8_t *from, size_t len, uint8_t *to, size_t *ret_used,
		size_t *ret_made)
{
	size_t made = 0;
	size_t at = 0;
	bool good = true;

	*ret_used = *ret_made = len;
	if (encoding == CSV_ENCODING_UTF8) {
		if (len > 0)
			memcpy(to, from, len);
		return true;
	}
	while (at < len) {
		size_t size;
		const uint32_t c = character(encoding, from + at, len - at, &size);

		good = c != BAD;
		if (size == 0 || !good)
			break;
		made += put_character(to + made, c);
		at += size;
	}
	*ret_used = at;
	*ret_made = made;
	return good;
}

uint64_t csv_encoded_size(enum csv_encoding encoding, const uint8_t *text, size_t len)
{
	const bool wide = encoding == CSV_ENCODING_UTF16LE || encoding == CSV_ENCODING_UTF16BE;
	uint64_t characters = 0;
	uint64_t pairs = 0;

	if (encoding == CSV_ENCODING_UTF8)
		return len;
	for (size_t i = 0; i < len; i++) {
		characters += (text[i] & 0xc0) != 0x80;
		pairs += text[i] >= 0xf0;
	}
	return wide ? 2 * (characters + pairs) : characters;
}
