/* SPDX-License-Identifier: Apache-2.0 */

/* UTF-8 that is checked. */
#include "model.h"

static bool is_continuation(uint8_t byte)
{
	return (byte & 0xC0) == 0x80;
}

/* Bytes of the UTF-8 character at @at, or 0; overlong forms, surrogates and U+110000 are none. */
static size_t utf8_length(const uint8_t *data, size_t at, size_t size)
{
	const uint8_t first = data[at];
	const size_t left = size - at;

	if (first < 0x80)
		return 1;
	if (first < 0xC2 || first > 0xF4 || left < 2 || !is_continuation(data[at + 1]))
		return 0;
	if (first < 0xE0)
		return 2;
	if ((first == 0xE0 && data[at + 1] < 0xA0) || (first == 0xED && data[at + 1] > 0x9F) ||
	    (first == 0xF0 && data[at + 1] < 0x90) || (first == 0xF4 && data[at + 1] > 0x8F))
		return 0;
	if (left < 3 || !is_continuation(data[at + 2]))
		return 0;
	if (first < 0xF0)
		return 3;
	return left >= 4 && is_continuation(data[at + 3]) ? 4 : 0;
}

size_t model_utf8_skip(const uint8_t *data, size_t at, size_t stop, size_t size, bool *ret_valid)
{
	*ret_valid = true;
	while (at < stop) {
		uint64_t word;
		size_t len;

		if (size - at >= sizeof(word)) {
			memcpy(&word, data + at, sizeof(word));
			if ((word & 0x8080808080808080u) == 0) {
				at += sizeof(word);
				continue;
			}
		}
		len = utf8_length(data, at, size);
		if (len == 0) {
			*ret_valid = false;
			return at;
		}
		at += len;
	}
	return at;
}

bool model_is_utf8(const char *string, size_t len)
{
	bool valid;

	(void)model_utf8_skip((const uint8_t *)string, 0, len, len, &valid);
	return valid;
}
