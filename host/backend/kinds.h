/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BACKEND_KINDS_H
#define KIST_BACKEND_KINDS_H

#include "backend/backend.h"

/*
 * The kinds of backend that there are; for backend.c and for tests.  Keys are checked by backend.c.
 */

/** kist_file_backend_open() - The folder at @path. */
KIST_CHECKED kist_status kist_file_backend_open(const char *path, bool create, struct kist_backend **ret,
						struct kist_error *err);

/** kist_file_backend_be_plain() - For tests: @backend does without O_TMPFILE and openat2() from now on. */
void kist_file_backend_be_plain(struct kist_backend *backend);

/** kist_memory_backend_open() - The memory that is called @name in this process. */
KIST_CHECKED kist_status kist_memory_backend_open(const char *name, bool create, struct kist_backend **ret,
						  struct kist_error *err);

/** kist_key_char() - Whether @c may stand in a segment of a key. */
static inline bool kist_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

/** kist_key_segment() - Whether @len bytes are a segment of a key. */
static inline bool kist_key_segment(const char *text, size_t len)
{
	if (len == 0 || (text[0] == '.' && (len == 1 || (len == 2 && text[1] == '.'))))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!kist_key_char(text[i]))
			return false;
	}
	return true;
}

#endif
