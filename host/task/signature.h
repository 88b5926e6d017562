/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_TASK_SIGNATURE_H
#define KIST_TASK_SIGNATURE_H

#include <stdbool.h>

#include "base/err.h"

/*
 * Signatures of function tasks: "i64,f64->i64".
 *
 *     signature = [ type *( "," type ) ] "->" return        no blanks; one spelling for each signature
 *     type      = scalar | data | out | number "[]"
 *     return    = "void" | "status" | scalar
 *     scalar    = number | "b8"
 *     number    = "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "f32" | "f64"
 *     data      = "cstr" | "bytes" | "json" | "tensor" | "table" | "object" | "call"
 *     out       = "tensor*" | "object*" | "region*"
 *
 * What each is in C:
 *
 *     b8       uint8_t, 0 or 1                     tensor   const DLManagedTensorVersioned *
 *     cstr     const char *, no NUL within         table    struct ArrowArrayStream *
 *     bytes    const void *, size_t                object   const struct kist_object *
 *     json     const char *, size_t (UTF-8)        call     struct kist_call *
 *     tensor*  DLManagedTensorVersioned **         object*  struct kist_object *
 *     region*  struct kist_region *                status   kist_status
 *     f64[]    const double *, and so on: the elements of a tensor, row-major, without gaps
 *
 * An array says nothing of its length, so it is for ordinary libraries alone (a manifest's "symbol"), which
 * are called with copies that end at a page nobody may touch.
 *
 * A type whose width or owner differs from one compiler or library to the next is not in the grammar: the
 * call is a cast that nobody checks.
 *
 * Limits: KIST_SIGNATURE_ARGS_MAX arguments, KIST_SIGNATURE_SIZE_MAX bytes.
 * Thread: pure.
 * Source: docs/guide/objects.md, "Function tasks".
 */

#define KIST_SIGNATURE_ARGS_MAX 16
#define KIST_SIGNATURE_SIZE_MAX ((size_t)160)

/** The types of the grammar. */
enum {
	KIST_TASK_VOID = 0,
	KIST_TASK_STATUS,
	KIST_TASK_I8,
	KIST_TASK_I16,
	KIST_TASK_I32,
	KIST_TASK_I64,
	KIST_TASK_U8,
	KIST_TASK_U16,
	KIST_TASK_U32,
	KIST_TASK_U64,
	KIST_TASK_F32,
	KIST_TASK_F64,
	KIST_TASK_B8,
	KIST_TASK_CSTR,
	KIST_TASK_BYTES,
	KIST_TASK_JSON,
	KIST_TASK_TENSOR,
	KIST_TASK_TABLE,
	KIST_TASK_OBJECT,
	KIST_TASK_CALL,
	KIST_TASK_TENSOR_OUT,
	KIST_TASK_OBJECT_OUT,
	KIST_TASK_REGION_OUT,
	KIST_TASK_I8_ARRAY, /* from here on in the order of the scalars */
	KIST_TASK_I16_ARRAY,
	KIST_TASK_I32_ARRAY,
	KIST_TASK_I64_ARRAY,
	KIST_TASK_U8_ARRAY,
	KIST_TASK_U16_ARRAY,
	KIST_TASK_U32_ARRAY,
	KIST_TASK_U64_ARRAY,
	KIST_TASK_F32_ARRAY,
	KIST_TASK_F64_ARRAY,
	KIST_TASK_TYPE_COUNT
};

/** struct kist_signature - A signature that was read: @arg_count types of arguments, and what comes back. */
struct kist_signature {
	uint8_t arg_count;
	uint8_t args[KIST_SIGNATURE_ARGS_MAX];
	uint8_t ret;
};

/**
 * kist_signature_parse() - Reads a signature.
 *
 * @text: NUL-terminated, from a manifest: anything.
 * @ret:  Set on success only.
 *
 * Errors: KIST_INVALID with the code E_SIGNATURE and the offset in @text (the text says what to write in
 * place of a type that is refused), KIST_LIMIT (too many arguments, too long).
 */
KIST_CHECKED kist_status kist_signature_parse(const char *text, struct kist_signature *ret,
					      struct kist_error *err);

/** kist_signature_check() - Whether kist_signature_parse() reads @text.  Errors: the same. */
KIST_CHECKED kist_status kist_signature_check(const char *text, struct kist_error *err);

/** kist_signature_is_out() - Whether an argument of this type is written by the function. */
static inline bool kist_signature_is_out(uint8_t type)
{
	return type >= KIST_TASK_TENSOR_OUT && type <= KIST_TASK_REGION_OUT;
}

/** kist_task_type_name() - "i64" for KIST_TASK_I64; "unknown" for what is no type.  Static. */
const char *kist_task_type_name(unsigned type);

#endif
