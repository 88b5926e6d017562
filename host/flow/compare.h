/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_COMPARE_H
#define KIST_FLOW_COMPARE_H

#include "flow/load.h"

/*
 * What became of each part between two versions of an object: the tensors of a model.
 *
 * Parts are those of the list in the description, by "name", "offset" and "bytes".  Where chunks agree nothing is
 * read; only parts that are of one type and size, and differ, are read, from both.
 *
 * Thread: one flow, one thread at a time.
 */

/**
 * kist_compare_parts() - Sets "status" of each part in @list: "same", "changed" or "new"; and puts those of @old_list
 * that are gone behind them, with "status" "gone".
 *
 * A part that changed and kept its type and shape has "equal": how many of its elements are as they were, from 0 to
 * 1 (of bytes, where elements are no floating numbers of 16 to 64 bits); and of those "l2", the length of the
 * difference, and "max_abs", the largest difference of two elements: null when one is not finite.
 * A part without a name or a place is left as it is.
 *
 * @list:     Of the object of @record; changed.
 * @old_list: Of that of @old_record.
 *
 * Errors: those of reading; KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_compare_parts(struct kist_flow *flow, const json_t *record, json_t *list,
					    const json_t *old_record, const json_t *old_list,
					    struct kist_error *err);

/**
 * kist_compare_infos() - The same of what two descriptions tell of: models by their tensors; of two arrays @info itself
 * gets the "status", and maybe the rest.
 *
 * Errors: KIST_UNSUPPORTED (neither two models nor two arrays), and as above.
 */
KIST_CHECKED kist_status kist_compare_infos(struct kist_flow *flow, const json_t *record, json_t *info,
					    const json_t *old_record, const json_t *old_info,
					    struct kist_error *err);

#endif
