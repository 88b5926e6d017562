/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_OBJECT_ARROW_FORMAT_H
#define KIST_OBJECT_ARROW_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Format strings of the Arrow C data interface: "l", "d:12,2", "+w:4".
 *
 * Thread: pure.
 * Source: the Arrow columnar format, "The Arrow C data interface", "Data type description - format strings".
 */

/** Longest format string that is read. */
#define KIST_ARROW_FORMAT_SIZE_MAX ((size_t)1024)
/** Members of a union. */
#define KIST_ARROW_UNION_MAX 127

/** How the buffers of an array lie. */
enum {
	KIST_ARROW_NULL,	 /* no buffers */
	KIST_ARROW_FIXED,	 /* validity, values of @bits */
	KIST_ARROW_BINARY,	 /* validity, offsets of @bits, data */
	KIST_ARROW_VIEW,	 /* validity, views, data ..., sizes of the data buffers */
	KIST_ARROW_LIST,	 /* validity, offsets of @bits; one child */
	KIST_ARROW_LISTVIEW,	 /* validity, offsets and sizes of @bits; one child */
	KIST_ARROW_FIXED_LIST,	 /* validity; one child with @width values for each */
	KIST_ARROW_STRUCT,	 /* validity; children of the same length */
	KIST_ARROW_MAP,		 /* as list of 32 bits; the child is a struct of two */
	KIST_ARROW_SPARSE_UNION, /* type ids; children of the same length */
	KIST_ARROW_DENSE_UNION,	 /* type ids, offsets of 32 bits; children */
	KIST_ARROW_RUN_END	 /* no buffers; run ends and values as children */
};

/** Numbers that a tensor can hold. */
enum { KIST_ARROW_NO_NUMBER, KIST_ARROW_SIGNED, KIST_ARROW_UNSIGNED, KIST_ARROW_FLOAT };

/** struct kist_arrow_format - A format string that was read. */
struct kist_arrow_format {
	uint8_t layout;
	uint8_t number;			       /* KIST_ARROW_SIGNED ... for c C s S i I l L e f g */
	uint32_t bits;			       /* of a value, an offset or a size */
	uint32_t width;			       /* of a fixed-size list */
	uint32_t member_count;		       /* of a union */
	uint8_t members[KIST_ARROW_UNION_MAX]; /* type id of each */
};

/** kist_arrow_format_parse() - Reads a format string; false for what is none. */
bool kist_arrow_format_parse(const char *text, struct kist_arrow_format *ret);

/** kist_arrow_format_name() - What a column of this format holds, in a word: "text", "timestamps", "lists".
 */
const char *kist_arrow_format_name(const char *text);

/** kist_arrow_buffers() - How many buffers an array of @format has; for KIST_ARROW_VIEW the least. */
int64_t kist_arrow_buffers(const struct kist_arrow_format *format);

/** kist_arrow_has_validity() - Whether the first buffer is a validity bitmap. */
bool kist_arrow_has_validity(const struct kist_arrow_format *format);

#endif
