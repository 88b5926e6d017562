/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_OBJECT_CONVERT_H
#define KIST_OBJECT_CONVERT_H

#include "base/err.h"
#include "kist/host.h"
#include "kist/object.h"

/*
 * Typed objects of one kind made from another.
 *
 *     table  -> tensor   numeric columns of equal length: one column gives rank 1, several rank 2 (rows,
 *                        columns); all int64 gives i64, else f64; nulls become NaN in f64 and are refused in
 *                        i64
 *     tensor -> table    rank 1 gives one column, rank 2 one column per second index ("c0", "c1", ...),
 *                        rank 0 one row
 *     model  -> tensor   the named tensor, or the only one
 *     tensor -> model    one tensor called "data"
 *     any    -> same     with a selection: some columns of a table
 *
 * Numbers stay what they are: an integer that f64 cannot hold exactly is refused.  A tensor of floating
 * numbers below 32 bits becomes columns of f32.  A tensor whose elements are something else than its element
 * type says (kist_object.logical) is refused.  Several kinds wanted: the object's own kind first, then table,
 * tensor, model.
 *
 * Every input is checked first (object/check.h): producers are hostile.
 *
 * Thread: one object, one thread at a time.
 */

/**
 * kist_object_convert() - Makes an object of one of @kinds from @object.
 *
 * @object:   Given on success (the result may lean on it); left alone on failure, but for a table that fails
 *            while its batches are read: that is released, since they are gone.
 * @kinds:    KIST_KIND_BIT of each kind that is wanted.
 * @select:   "" for all; a tensor's name; or column names "a,b" (a column of just that name goes first).
 * @call:     For producers that need one; polled.  May be NULL.
 * @ret:      Empty before; kist_object_release() it.  Set on success only.
 *
 * Errors: KIST_UNSUPPORTED (says from what to what, and what could be selected), KIST_NOT_FOUND (@select;
 * names what there is), KIST_AMBIGUOUS (@select fits two columns), KIST_INVALID, KIST_LIMIT, KIST_NO_MEMORY,
 * and the producer's.
 */
KIST_CHECKED kist_status kist_object_convert(struct kist_object *object, uint32_t kinds, const char *select,
					     struct kist_call *call, struct kist_object *ret,
					     struct kist_error *err);

/**
 * kist_object_rows() - A table of @count rows of @object, without the @skip first ones, and of some columns; fewer rows
 * where it has no more.  Batches behind the last row are not asked for.
 *
 * @object: A table.  Given on success, left alone on failure.
 * @select: "" for all columns; else as above.
 * @ret:    Empty before; kist_object_release() it.  Set on success only.
 *
 * Errors: KIST_UNSUPPORTED (no table), and as above.
 */
KIST_CHECKED kist_status kist_object_rows(struct kist_object *object, const char *select, uint64_t skip,
					  uint64_t count, struct kist_object *ret, struct kist_error *err);

#endif
