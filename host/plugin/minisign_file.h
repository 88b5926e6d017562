/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_MINISIGN_FILE_H
#define KIST_PLUGIN_MINISIGN_FILE_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * What the files of plugin/minisign.h have in common.
 *
 * Thread: pure.
 */

/**
 * kist_minisign_lines() - The @count lines of @text, and no more; each ends with a newline or CR and newline, the
 * last one may end with the text.
 *
 * Errors: KIST_CORRUPT with @code; KIST_LIMIT.
 */
KIST_CHECKED kist_status kist_minisign_lines(struct kist_view text, struct kist_view *ret_lines, size_t count,
					     const char *what, const char *code, struct kist_error *err);

/** kist_minisign_is_comment() - Whether @line begins with "untrusted comment: ". */
bool kist_minisign_is_comment(struct kist_view line);

#endif
