/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CONFIG_INTERPOLATE_H
#define KIST_CONFIG_INTERPOLATE_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Variables of the environment in a text:
 *
 *     ${NAME}            its value; an error when it is not set
 *     ${NAME:-default}   the default when it is not set or empty; up to the first '}'
 *     $$                 a '$'
 *
 * Nothing else begins with '$', so that a mistake is told and not passed on.  What is put in is not looked at
 * again, and no command is run.
 *
 * Limits: those of the result's buffer.
 * Thread: pure, but for @variable.
 */

/** What a variable is, or NULL: it is not set. */
typedef const char *(*kist_variable)(const char *name);

#define KIST_VARIABLE_NAME_MAX ((size_t)255)

/**
 * kist_interpolate() - The text with its variables put in; appended to @ret.
 *
 * @variable:  Borrowed; NULL: none is looked up, and the text is only checked.
 * @ret_where: Bytes of @text before what is wrong; set when something is.
 *
 * Errors: KIST_INVALID (the text, or a value that is not UTF-8); KIST_NOT_FOUND (a variable that is not set);
 * KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_interpolate(struct kist_view text, kist_variable variable, struct kist_buf *ret,
					  size_t *ret_where, struct kist_error *err);

#endif
