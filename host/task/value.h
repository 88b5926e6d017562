/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_TASK_VALUE_H
#define KIST_TASK_VALUE_H

#include "base/json.h"
#include "task/call.h"

/*
 * Arguments and results of function tasks as JSON.
 *
 *     i8 ... u64   an integer that fits; a real number that is one, so that 2^63 to 2^64-1 can be written
 *     f32, f64     a number; "NaN", "Infinity" or "-Infinity", which JSON has no numbers for
 *     b8           true or false
 *     cstr         a string without a NUL
 *
 * Thread: pure.
 */

/**
 * kist_task_value_of_json() - The argument of C type @type that @json is.
 *
 * @ret: A text is borrowed from @json.  Set on success only.
 *
 * Errors: KIST_INVALID with the code E_ARGUMENT: another type, or a number that does not fit; the text says
 * what was given and what fits.
 */
KIST_CHECKED kist_status kist_task_value_of_json(uint8_t type, const json_t *json,
						 struct kist_task_value *ret, struct kist_error *err);

/**
 * kist_task_value_json() - A scalar that came back, as JSON.
 *
 * @ret: New reference.
 *
 * Errors: KIST_LIMIT with the code E_RESULT (a u64 that JSON's integers here do not hold), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_task_value_json(const struct kist_task_value *value, json_t **ret,
					      struct kist_error *err);

#endif
