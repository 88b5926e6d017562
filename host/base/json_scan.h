/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_JSON_SCAN_H
#define KIST_BASE_JSON_SCAN_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Strings, numbers and words of JSON, one by one, for who reads it where it lies.
 *
 * Thread: one struct kist_scan, one thread at a time.
 * Source: RFC 8259; the order of keys: RFC 8785.
 */

/** struct kist_scan - What is still to be read. */
struct kist_scan {
	const uint8_t *at;
	const uint8_t *end;
	const char *wrong; /* NULL: nothing yet */
	size_t values;	   /* as KIST_JSON_VALUES_MAX counts them */
	size_t values_max;
	size_t escapes; /* in the strings that were passed over */
};

/** kist_scan_of() - From the front of @text. */
static inline struct kist_scan kist_scan_of(struct kist_view text, size_t values_max)
{
	return (struct kist_scan){ .at = text.data,
				   .end = text.size ? text.data + text.size : text.data,
				   .values = 1,
				   .values_max = values_max };
}

/** kist_scan_eat() - Passes over @c, if it is next. */
static inline bool kist_scan_eat(struct kist_scan *scan, char c)
{
	if (scan->at == scan->end || *scan->at != (uint8_t)c)
		return false;
	scan->at++;
	return true;
}

static inline size_t kist_scan_left(const struct kist_scan *scan)
{
	return (size_t)(scan->end - scan->at);
}

/** kist_scan_fail() - Notes the first thing that is wrong.  Returns false. */
bool kist_scan_fail(struct kist_scan *scan, const char *wrong);

/** kist_scan_string() - Passes over a string: UTF-8, no NUL, no half of a pair.  False: it is none. */
bool kist_scan_string(struct kist_scan *scan);

/** kist_scan_number() - Passes over a number that is finite as a double.  False: it is none. */
bool kist_scan_number(struct kist_scan *scan);

/** kist_scan_word() - Passes over @word.  False: something else stands there. */
bool kist_scan_word(struct kist_scan *scan, const char *word);

/** kist_scan_count() - Counts one more '[', ',' or ':'.  False: these are too many. */
bool kist_scan_count(struct kist_scan *scan);

/** kist_json_rises() - Whether key @other comes after key @one; both as they are spelled in checked text. */
bool kist_json_rises(struct kist_view one, struct kist_view other);

#endif
