/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_TASK_H
#define KIST_TASK_H

#include "kist/plugin.h"

/*
 * Function tasks: the proof that a C function has the signature which the manifest says.
 *
 *     static kist_status scale(const DLManagedTensorVersioned *array, double factor,
 *                              DLManagedTensorVersioned **ret_scaled);
 *
 *     KIST_TASK("scale", scale, (TENSOR, F64, TENSOR_OUT), STATUS);
 *
 * makes the struct kist_task_decl kist_task_scale, whose signature is "tensor,f64,tensor*->status", and does
 * not compile when the function has another prototype.  KIST_TASK_DECL(scale) is its address, for the list of
 * struct kist_plugin.
 *
 * The names of the types, and what each is in C:
 *
 *     I8 ... I64, U8 ... U64   int8_t ... uint64_t      TENSOR      const DLManagedTensorVersioned *
 *     F32, F64                 float, double            TABLE       struct ArrowArrayStream *
 *     B8                       uint8_t, 0 or 1          OBJECT      const struct kist_object *
 *     CSTR                     const char *             CALL        struct kist_call *
 *     BYTES                    const void *, size_t     TENSOR_OUT  DLManagedTensorVersioned **
 *     JSON                     const char *, size_t     OBJECT_OUT  struct kist_object *
 *                                                       REGION_OUT  struct kist_region *
 *
 * NONE stands alone, for a function without arguments.  VOID and STATUS only come back, as every number may.
 * A macro of one of these names must not be defined where KIST_TASK is used.
 *
 * Inputs are borrowed until the function returns and must not be changed.  What is written to an output is the
 * host's from then on: it calls the deleter or the release member.  A function that fails leaves its outputs
 * alone.  A region without a release member is copied when the function returns.
 *
 * Since: 1.0
 */

/* What each type is in the signature. */
#define KIST_TASK_NAME_NONE	  ""
#define KIST_TASK_NAME_VOID	  "void"
#define KIST_TASK_NAME_STATUS	  "status"
#define KIST_TASK_NAME_I8	  "i8"
#define KIST_TASK_NAME_I16	  "i16"
#define KIST_TASK_NAME_I32	  "i32"
#define KIST_TASK_NAME_I64	  "i64"
#define KIST_TASK_NAME_U8	  "u8"
#define KIST_TASK_NAME_U16	  "u16"
#define KIST_TASK_NAME_U32	  "u32"
#define KIST_TASK_NAME_U64	  "u64"
#define KIST_TASK_NAME_F32	  "f32"
#define KIST_TASK_NAME_F64	  "f64"
#define KIST_TASK_NAME_B8	  "b8"
#define KIST_TASK_NAME_CSTR	  "cstr"
#define KIST_TASK_NAME_BYTES	  "bytes"
#define KIST_TASK_NAME_JSON	  "json"
#define KIST_TASK_NAME_TENSOR	  "tensor"
#define KIST_TASK_NAME_TABLE	  "table"
#define KIST_TASK_NAME_OBJECT	  "object"
#define KIST_TASK_NAME_CALL	  "call"
#define KIST_TASK_NAME_TENSOR_OUT "tensor*"
#define KIST_TASK_NAME_OBJECT_OUT "object*"
#define KIST_TASK_NAME_REGION_OUT "region*"

/* What each type is in C. */
#define KIST_TASK_C_NONE       void
#define KIST_TASK_C_VOID       void
#define KIST_TASK_C_STATUS     kist_status
#define KIST_TASK_C_I8	       int8_t
#define KIST_TASK_C_I16	       int16_t
#define KIST_TASK_C_I32	       int32_t
#define KIST_TASK_C_I64	       int64_t
#define KIST_TASK_C_U8	       uint8_t
#define KIST_TASK_C_U16	       uint16_t
#define KIST_TASK_C_U32	       uint32_t
#define KIST_TASK_C_U64	       uint64_t
#define KIST_TASK_C_F32	       float
#define KIST_TASK_C_F64	       double
#define KIST_TASK_C_B8	       uint8_t
#define KIST_TASK_C_CSTR       const char *
#define KIST_TASK_C_BYTES      const void *, size_t
#define KIST_TASK_C_JSON       const char *, size_t
#define KIST_TASK_C_TENSOR     const DLManagedTensorVersioned *
#define KIST_TASK_C_TABLE      struct ArrowArrayStream *
#define KIST_TASK_C_OBJECT     const struct kist_object *
#define KIST_TASK_C_CALL       struct kist_call *
#define KIST_TASK_C_TENSOR_OUT DLManagedTensorVersioned **
#define KIST_TASK_C_OBJECT_OUT struct kist_object *
#define KIST_TASK_C_REGION_OUT struct kist_region *

/* How many there are: 1 to 16. */
#define KIST_TASK_COUNT_(...)                                                                                \
	KIST_TASK_PICK_(__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0)
#define KIST_TASK_PICK_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, n, ...) n
#define KIST_TASK_JOIN_(a, b)									       KIST_TASK_JOIN2_(a, b)
#define KIST_TASK_JOIN2_(a, b)									       a##b

/* All of them as the text of a signature. */
#define KIST_TASK_NAMES_(...)	   KIST_TASK_JOIN_(KIST_TASK_NAMES_, KIST_TASK_COUNT_(__VA_ARGS__))(__VA_ARGS__)
#define KIST_TASK_NAMES_1(a)	   KIST_TASK_NAME_##a
#define KIST_TASK_NAMES_2(a, ...)  KIST_TASK_NAME_##a "," KIST_TASK_NAMES_1(__VA_ARGS__)
#define KIST_TASK_NAMES_3(a, ...)  KIST_TASK_NAME_##a "," KIST_TASK_NAMES_2(__VA_ARGS__)
#define KIST_TASK_NAMES_4(a, ...)  KIST_TASK_NAME_##a "," KIST_TASK_NAMES_3(__VA_ARGS__)
#define KIST_TASK_NAMES_5(a, ...)  KIST_TASK_NAME_##a "," KIST_TASK_NAMES_4(__VA_ARGS__)
#define KIST_TASK_NAMES_6(a, ...)  KIST_TASK_NAME_##a "," KIST_TASK_NAMES_5(__VA_ARGS__)
#define KIST_TASK_NAMES_7(a, ...)  KIST_TASK_NAME_##a "," KIST_TASK_NAMES_6(__VA_ARGS__)
#define KIST_TASK_NAMES_8(a, ...)  KIST_TASK_NAME_##a "," KIST_TASK_NAMES_7(__VA_ARGS__)
#define KIST_TASK_NAMES_9(a, ...)  KIST_TASK_NAME_##a "," KIST_TASK_NAMES_8(__VA_ARGS__)
#define KIST_TASK_NAMES_10(a, ...) KIST_TASK_NAME_##a "," KIST_TASK_NAMES_9(__VA_ARGS__)
#define KIST_TASK_NAMES_11(a, ...) KIST_TASK_NAME_##a "," KIST_TASK_NAMES_10(__VA_ARGS__)
#define KIST_TASK_NAMES_12(a, ...) KIST_TASK_NAME_##a "," KIST_TASK_NAMES_11(__VA_ARGS__)
#define KIST_TASK_NAMES_13(a, ...) KIST_TASK_NAME_##a "," KIST_TASK_NAMES_12(__VA_ARGS__)
#define KIST_TASK_NAMES_14(a, ...) KIST_TASK_NAME_##a "," KIST_TASK_NAMES_13(__VA_ARGS__)
#define KIST_TASK_NAMES_15(a, ...) KIST_TASK_NAME_##a "," KIST_TASK_NAMES_14(__VA_ARGS__)
#define KIST_TASK_NAMES_16(a, ...) KIST_TASK_NAME_##a "," KIST_TASK_NAMES_15(__VA_ARGS__)

/* All of them as the arguments of a prototype. */
#define KIST_TASK_TYPES_(...)	   KIST_TASK_JOIN_(KIST_TASK_TYPES_, KIST_TASK_COUNT_(__VA_ARGS__))(__VA_ARGS__)
#define KIST_TASK_TYPES_1(a)	   KIST_TASK_C_##a
#define KIST_TASK_TYPES_2(a, ...)  KIST_TASK_C_##a, KIST_TASK_TYPES_1(__VA_ARGS__)
#define KIST_TASK_TYPES_3(a, ...)  KIST_TASK_C_##a, KIST_TASK_TYPES_2(__VA_ARGS__)
#define KIST_TASK_TYPES_4(a, ...)  KIST_TASK_C_##a, KIST_TASK_TYPES_3(__VA_ARGS__)
#define KIST_TASK_TYPES_5(a, ...)  KIST_TASK_C_##a, KIST_TASK_TYPES_4(__VA_ARGS__)
#define KIST_TASK_TYPES_6(a, ...)  KIST_TASK_C_##a, KIST_TASK_TYPES_5(__VA_ARGS__)
#define KIST_TASK_TYPES_7(a, ...)  KIST_TASK_C_##a, KIST_TASK_TYPES_6(__VA_ARGS__)
#define KIST_TASK_TYPES_8(a, ...)  KIST_TASK_C_##a, KIST_TASK_TYPES_7(__VA_ARGS__)
#define KIST_TASK_TYPES_9(a, ...)  KIST_TASK_C_##a, KIST_TASK_TYPES_8(__VA_ARGS__)
#define KIST_TASK_TYPES_10(a, ...) KIST_TASK_C_##a, KIST_TASK_TYPES_9(__VA_ARGS__)
#define KIST_TASK_TYPES_11(a, ...) KIST_TASK_C_##a, KIST_TASK_TYPES_10(__VA_ARGS__)
#define KIST_TASK_TYPES_12(a, ...) KIST_TASK_C_##a, KIST_TASK_TYPES_11(__VA_ARGS__)
#define KIST_TASK_TYPES_13(a, ...) KIST_TASK_C_##a, KIST_TASK_TYPES_12(__VA_ARGS__)
#define KIST_TASK_TYPES_14(a, ...) KIST_TASK_C_##a, KIST_TASK_TYPES_13(__VA_ARGS__)
#define KIST_TASK_TYPES_15(a, ...) KIST_TASK_C_##a, KIST_TASK_TYPES_14(__VA_ARGS__)
#define KIST_TASK_TYPES_16(a, ...) KIST_TASK_C_##a, KIST_TASK_TYPES_15(__VA_ARGS__)

#ifdef __cplusplus
/* A function that does not throw converts to one that may: it is as good. */
template <class Wanted> struct kist_task_prototype_ {
	static constexpr bool is(...)
	{
		return false;
	}
	static constexpr bool is(Wanted *)
	{
		return true;
	}
};
#define KIST_TASK_PROVE_(function_, prototype_)                                                              \
	static_assert(kist_task_prototype_<prototype_>::is(&function_),                                      \
		      #function_ " has another prototype than its signature says")
#else
#define KIST_TASK_PROVE_(function_, prototype_)                                                              \
	_Static_assert(_Generic(&function_, prototype_ * : 1, default : 0),                                  \
		       #function_ " has another prototype than its signature says")
#endif

/**
 * KIST_TASK() - Declares a function task, with proof.  At file scope, once for each function.
 *
 * @name_:     The task's name, as in the manifest.
 * @function_: The function.
 * @args_:     Its arguments, in parentheses: (TENSOR, F64, TENSOR_OUT), or (NONE).
 * @ret_:      What it returns: VOID, STATUS or a number.
 */
#define KIST_TASK(name_, function_, args_, ret_)                                                             \
	typedef KIST_TASK_C_##ret_ kist_task_prototype_of_##function_(KIST_TASK_TYPES_ args_);               \
	KIST_TASK_PROVE_(function_, kist_task_prototype_of_##function_);                                     \
	static const struct kist_task_decl kist_task_##function_ = {                                         \
		KIST_SIZED(struct kist_task_decl), 0, name_,                                                 \
		KIST_TASK_NAMES_ args_ "->" KIST_TASK_NAME_##ret_, (void (*)(void))function_                 \
	}

/** KIST_TASK_DECL() - The address of what KIST_TASK() made of @function_. */
#define KIST_TASK_DECL(function_) (&kist_task_##function_)

#endif
