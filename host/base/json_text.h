/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_JSON_TEXT_H
#define KIST_BASE_JSON_TEXT_H

#include <stdbool.h>
#include <string.h>

#include "base/buf.h"

/*
 * Canonical JSON that is read where it lies: nothing is built, however much there is.
 *
 * kist_json_check() once for the whole text; after that the other functions walk over it.  On a text that was
 * not checked they stay within it, and what they give means nothing.
 *
 * Thread: pure.
 * Source: RFC 8785.
 */

/**
 * kist_json_check() - Whether @text is one JSON value in canonical form: UTF-8, no blanks, keys that rise
 * strictly, depth at most KIST_JSON_DEPTH_MAX.  How a number or a character is spelled is not looked at.
 *
 * @values_max: As KIST_JSON_VALUES_MAX, which is for what kist_json_parse() is to take, too; else SIZE_MAX.
 *
 * Errors: KIST_CORRUPT with the code E_JSON and the byte offset.
 */
KIST_CHECKED kist_status kist_json_check(struct kist_view text, size_t values_max, struct kist_error *err);

/** struct kist_json_item - A member of an object, or an element of a list.  Borrowed from the text. */
struct kist_json_item {
	struct kist_view key;	/* as it is spelled, without its quotes; empty in a list */
	struct kist_view value; /* its text */
};

/** kist_json_each - Is given @item, Borrowed for the call. */
typedef void kist_json_each(void *ctx, const struct kist_json_item *item);

/**
 * kist_json_check_each() - kist_json_check() that gives the members of an object on its way, in one pass.
 *
 * @each: Called for each of the outermost ones, in order; what it was given means nothing when the check fails.
 *
 * Errors: those of kist_json_check().
 */
KIST_CHECKED kist_status kist_json_check_each(struct kist_view text, size_t values_max, kist_json_each *each,
					      void *ctx, struct kist_error *err);

/** struct kist_json_walk - A walk over the members of an object or the elements of a list. */
struct kist_json_walk {
	struct kist_view rest;
	bool is_object;
};

/** kist_json_walk() - Begins at the front of @value; over what is no object and no list there is nothing. */
struct kist_json_walk kist_json_walk(struct kist_view value);

/** kist_json_next() - The next one; false at the end. */
bool kist_json_next(struct kist_json_walk *walk, struct kist_json_item *ret);

/** kist_json_find() - The value of member @key of @object; empty when it is missing. */
struct kist_view kist_json_find(struct kist_view object, const char *key);

/** kist_json_is() - Whether the text of a value or a key is @text. */
static inline bool kist_json_is(struct kist_view value, const char *text)
{
	return value.size == strlen(text) && memcmp(value.data, text, value.size) == 0;
}

/** kist_json_plain() - What stands in the quotes of @value; false when it is no string, or has escapes. */
bool kist_json_plain(struct kist_view value, struct kist_view *ret);

/** kist_json_u64() - @value as an integer from 0 to INT64_MAX; false when it is none. */
bool kist_json_u64(struct kist_view value, uint64_t *ret);

#endif
