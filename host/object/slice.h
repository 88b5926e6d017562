/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_OBJECT_SLICE_H
#define KIST_OBJECT_SLICE_H

#include <stdbool.h>

#include "base/err.h"
#include "kist/stream.h"

/*
 * Which elements of an array are meant, in the words of numpy's basic slicing.
 *
 *     slice := "[" item, item, ... "]", with or without the brackets
 *     item  := index | start:stop | start:stop:step | "..."      each number may be missing or negative
 *
 * Limits: KIST_RANK_MAX items and an ellipsis.
 * Thread: pure.
 * Source: the numpy manual, "Basic slicing and indexing".
 */

enum kist_slice_kind { KIST_SLICE_RANGE, KIST_SLICE_INDEX, KIST_SLICE_ELLIPSIS };

/** struct kist_slice_item - One item; of an index only @start counts. */
struct kist_slice_item {
	enum kist_slice_kind kind;
	bool has_start;
	bool has_stop;
	int64_t start;
	int64_t stop;
	int64_t step; /* never 0 */
};

/** struct kist_slice - What was said; nothing of it depends on an array.  {0} means all of it. */
struct kist_slice {
	size_t count;
	struct kist_slice_item items[KIST_RANK_MAX + 1];
};

/** struct kist_axis - Of one dimension: @count elements from @start on, each @step further. */
struct kist_axis {
	int64_t start; /* within the dimension, unless @count is 0 */
	int64_t count;
	int64_t step;
	bool is_index; /* the dimension is gone from the result */
};

/**
 * kist_slice_read() - Reads @text.
 *
 * Errors: KIST_INVALID (says where it is no slice; a step of 0; several ellipses; too many items).
 */
KIST_CHECKED kist_status kist_slice_read(const char *text, struct kist_slice *ret, struct kist_error *err);

/**
 * kist_slice_resolve() - What @slice means in an array of @shape.
 *
 * A range beyond the end is cut, an index beyond it is an error, as in numpy.
 *
 * @rank:  0..KIST_RANK_MAX.
 * @shape: No size is negative.
 * @ret:   @rank of them.
 *
 * Errors: KIST_INVALID (too many items, an index out of bounds).
 */
KIST_CHECKED kist_status kist_slice_resolve(const struct kist_slice *slice, size_t rank, const int64_t *shape,
					    struct kist_axis *ret, struct kist_error *err);

#endif
