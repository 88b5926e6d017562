/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"

#include <string.h>

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void kist_base64_write(const uint8_t *bytes, size_t size, char *ret_text)
{
	size_t len = 0;

	for (size_t i = 0; i < size; i += 3) {
		const size_t left = size - i;
		const uint32_t group = (uint32_t)bytes[i] << 16 |
				       (left > 1 ? (uint32_t)bytes[i + 1] << 8 : 0) |
				       (left > 2 ? bytes[i + 2] : 0);

		ret_text[len++] = alphabet[group >> 18];
		ret_text[len++] = alphabet[group >> 12 & 63];
		ret_text[len++] = left > 1 ? alphabet[group >> 6 & 63] : '=';
		ret_text[len++] = left > 2 ? alphabet[group & 63] : '=';
	}
	ret_text[len] = '\0';
}

/* Four characters, the last @padding of them "="; false when one of the others is none. */
static bool read_group(const char *text, size_t padding, uint32_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < 4; i++) {
		const char *at = i < 4 - padding && text[i] ? strchr(alphabet, text[i]) : NULL;

		if (!at && (i < 4 - padding || text[i] != '='))
			return false;
		*ret = *ret << 6 | (at ? (uint32_t)(at - alphabet) : 0);
	}
	return true;
}

bool kist_base64_read(const char *text, size_t len, uint8_t *ret, size_t size)
{
	if (len != KIST_BASE64_LEN(size))
		return false;
	for (size_t i = 0; i < size; i += 3, text += 4) {
		const size_t here = size - i < 3 ? size - i : 3;
		uint32_t group;

		if (!read_group(text, 3 - here, &group) || (group & ((1u << 8 * (3 - here)) - 1)) != 0)
			return false;
		for (size_t k = 0; k < here; k++)
			ret[i + k] = (uint8_t)(group >> (16 - 8 * k));
	}
	return true;
}
