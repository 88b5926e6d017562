/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_JSON_H
#define KIST_BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>

#include "base/buf.h"

/*
 * JSON by jansson, with limits on what comes in and one canonical form going out.
 *
 * Thread: all functions may run at once on different values.
 */

/** Nesting that kist_json_parse() accepts. */
#define KIST_JSON_DEPTH_MAX 16
/**
 * Values that it accepts: one, and one more for each '[', ',' and ':' that is no part of a string.  It bounds
 * the memory that they take.
 */
#define KIST_JSON_VALUES_MAX ((size_t)1 << 19)

static inline void kist_json_unref_(json_t **slot)
{
	json_decref(*slot);
}

/** A json_t * whose reference is dropped at the end of its scope. */
#define kist_auto_json __attribute__((cleanup(kist_json_unref_)))

/**
 * kist_json_parse() - Reads one JSON value: UTF-8, no duplicate keys, depth at most KIST_JSON_DEPTH_MAX, at
 * most KIST_JSON_VALUES_MAX values.
 *
 * A whole number that does not fit 64 bits becomes the nearest real number: that is how one of 2^63 to 10^21
 * stands in canonical text.
 *
 * @ret: A new reference.
 *
 * Errors: KIST_CORRUPT with the code E_JSON and the byte offset; KIST_NO_MEMORY for the text.  When there is no memory
 * for the value the process ends: the reader below cannot be trusted then.
 */
KIST_CHECKED kist_status kist_json_parse(struct kist_view text, json_t **ret, struct kist_error *err);

/** kist_json_copy() - A copy of @value with all that is in it; NULL when there is no memory for all of it. */
json_t *kist_json_copy(const json_t *value);

/**
 * kist_json_canonical() - Appends @value in canonical form: keys sorted, no blanks, shortest numbers.
 *
 * Errors: KIST_INVALID (a number that is not finite), KIST_LIMIT (the buf's, or what kist_json_parse() would
 * refuse: nothing is written that cannot be read), KIST_NO_MEMORY.
 * Source: RFC 8785.  Integers are written as they are, also past 2^53.
 */
KIST_CHECKED kist_status kist_json_canonical(const json_t *value, struct kist_buf *ret,
					     struct kist_error *err);

/** kist_json_canonical_any() - The same with any number of values: for what json_text.h reads. */
KIST_CHECKED kist_status kist_json_canonical_any(const json_t *value, struct kist_buf *ret,
						 struct kist_error *err);

/** kist_json_get_text() - Member @key as a string, or NULL when it is missing or no string.  Borrowed. */
const char *kist_json_get_text(const json_t *object, const char *key);

/** kist_json_get_u64() - Member @key as an integer >= 0; false when it is missing or none. */
bool kist_json_get_u64(const json_t *object, const char *key, uint64_t *ret);

/**
 * kist_json_real() - @number, or "NaN", "Infinity" or "-Infinity" where JSON has no number for it.  New reference,
 * or NULL.
 */
json_t *kist_json_real(double number);

/** kist_json_get_real() - The number that kist_json_real() wrote, or any other; false: @value is none, or NULL. */
bool kist_json_get_real(const json_t *value, double *ret);

/** kist_json_text() - A string of any bytes: invalid UTF-8 is shown as U+FFFD.  New reference, or NULL. */
json_t *kist_json_text(const char *text, size_t len);

/**
 * kist_json_set_bytes() - Sets "<key>" of @object to kist_json_text() of @bytes, and where they are not UTF-8
 * "<key>_bytes" to their hex digits.
 *
 * @key: At most KIST_JSON_BYTES_KEY_MAX characters.
 *
 * Errors: KIST_NO_MEMORY.
 */
#define KIST_JSON_BYTES_KEY_MAX ((size_t)32)
KIST_CHECKED kist_status kist_json_set_bytes(json_t *object, const char *key, const char *bytes, size_t len,
					     struct kist_error *err);

#endif
