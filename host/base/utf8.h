/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_UTF8_H
#define KIST_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/*
 * UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF) and text made safe to show.
 *
 * Thread: pure.
 */

/** kist_utf8_step() - Bytes of the valid character at the front of @text, or 0 when there is none. */
size_t kist_utf8_step(const char *text, size_t len);

/** kist_utf8_valid() - Whether all @len bytes are UTF-8. */
bool kist_utf8_valid(const char *text, size_t len);

/**
 * kist_utf8_width() - Columns that NUL-terminated UTF-8 takes on a terminal: wide characters 2, combining
 * ones 0.
 */
size_t kist_utf8_width(const char *text);

/**
 * kist_text_escape() - Makes any bytes fit for one line of a message or a terminal.
 *
 * Control characters (C0, DEL, C1, line separators and bidirectional controls) and invalid bytes come out
 * as \xHH, newline and tab as \n and \t; the rest as it is.  What does not fit in @size bytes is cut at a
 * character and ended by "...".
 *
 * @ret: NUL-terminated.  @size is at least 4.
 */
void kist_text_escape(const char *text, size_t len, char *ret, size_t size);

/**
 * kist_name_escape() - The same, and a backslash comes out as two: no two names look alike.
 *
 * Not for what goes into an error's text, which is escaped again.
 */
void kist_name_escape(const char *name, size_t len, char *ret, size_t size);

#endif
