/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_BASE64_H
#define KIST_BASE_BASE64_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Base64 with padding, read strictly: one text for each value.
 *
 * Thread: pure.
 * Source: RFC 4648, section 4.
 */

/** Characters that @size bytes become, without a NUL. */
#define KIST_BASE64_LEN(size) (((size_t)(size) + 2) / 3 * 4)

/** kist_base64_write() - The text of @bytes, which are few, and a NUL. */
void kist_base64_write(const uint8_t *bytes, size_t size, char *ret_text);

/**
 * kist_base64_read() - Exactly @size bytes from the @len characters at @text.
 *
 * false: another length, a character that is none of the 64, padding elsewhere than at the end, or bits that are
 * not 0 where none should be; what stands at @ret then is not said.
 */
bool kist_base64_read(const char *text, size_t len, uint8_t *ret, size_t size);

#endif
