/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_JSON_NORMAL_H
#define KIST_BASE_JSON_NORMAL_H

#include "base/buf.h"

/*
 * Any JSON to canonical JSON, from text to text.
 *
 * Thread: pure, in a locale whose point is '.'.
 * Source: RFC 8785.
 */

/**
 * kist_json_normal() - Appends the canonical form of @text: what kist_json_canonical() writes of what
 * kist_json_parse() reads, in a tenth of the time where no string has escapes and no whole number 19 digits.
 *
 * @ret: As it was after a failure.
 *
 * Errors: as these two.
 */
KIST_CHECKED kist_status kist_json_normal(struct kist_view text, struct kist_buf *ret,
					  struct kist_error *err);

#endif
