/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_TASK_CALL_H
#define KIST_TASK_CALL_H

#include "task/signature.h"

/*
 * Calls of function tasks by their signature, through libffi.
 *
 * The call is a cast: when the signature is not the function's own, anything can happen.  So it runs only in
 * a worker, and only with a signature that the manifest and the binary agree on.
 *
 * Thread: a prepared task may be called from many threads at once, as far as the function itself may.
 * Source: libffi(3); docs/guide/objects.md, "Function tasks".
 */

/** A function with its signature, prepared for calls. */
struct kist_task;

/**
 * struct kist_task_value - One argument or result.
 *
 * @type:    KIST_TASK_*, as in the signature.
 * @integer: i8 to i64; b8 (0 or 1); status.
 * @natural: u8 to u64.
 * @real:    f32 and f64.
 * @bytes:   cstr, bytes, json.  Borrowed for the call.  For cstr, @data[@size] is the NUL and none stands
 *           before it.
 * @pointer: all others, as task/signature.h says what each is in C.
 */
struct kist_task_value {
	uint8_t type;
	union {
		int64_t integer;
		uint64_t natural;
		double real;
		struct {
			const void *data;
			size_t size;
		} bytes;
		void *pointer;
	};
};

/**
 * kist_task_prepare() - Makes a function ready to be called.
 *
 * @function: Stays where it is (a library is never unmapped).
 * @ret:      kist_task_free() it.
 *
 * Errors: KIST_INVALID (@function is NULL, @signature holds what is no type), KIST_NO_MEMORY, KIST_INTERNAL.
 */
KIST_CHECKED kist_status kist_task_prepare(const struct kist_signature *signature, void (*function)(void),
					   struct kist_task **ret, struct kist_error *err);

/** kist_task_free() - Accepts NULL. */
void kist_task_free(struct kist_task *task);

static inline void kist_task_free_(struct kist_task **slot)
{
	kist_task_free(*slot);
}
#define kist_auto_task __attribute__((cleanup(kist_task_free_)))

/**
 * kist_task_call() - Calls the function.
 *
 * @args: One value for each argument of the signature, of exactly its type.  Borrowed for the call.
 * @ret:  What came back.  Set on success only; for void only the type.
 *
 * Errors: KIST_INVALID (number or type of an argument, a number that does not fit its type, a cstr with a NUL
 * within); of a function that returns a status, that status (KIST_INTERNAL when it is none).
 */
KIST_CHECKED kist_status kist_task_call(const struct kist_task *task, const struct kist_task_value *args,
					size_t arg_count, struct kist_task_value *ret,
					struct kist_error *err);

#endif
