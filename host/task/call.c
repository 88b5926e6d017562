/* SPDX-License-Identifier: Apache-2.0 */
#include "task/call.h"

#include <ffi.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

/* bytes and json are two arguments in C. */
#define SLOTS_MAX ((size_t)2 * KIST_SIGNATURE_ARGS_MAX)

struct kist_task {
	struct kist_signature signature;
	void (*function)(void);
	size_t slot_count;
	ffi_type *types[SLOTS_MAX]; /* @cif keeps a pointer to them */
	ffi_cif cif;
};

union slot {
	int8_t i8;
	int16_t i16;
	int32_t i32;
	int64_t i64;
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;
	uint64_t u64;
	float f32;
	double f64;
	const void *pointer;
	size_t size;
};

/* libffi writes a whole ffi_arg for a narrow integer, and some targets a whole vector register. */
union result {
	ffi_arg natural;
	ffi_sarg integer;
	uint64_t u64;
	int64_t i64;
	float f32;
	double f64;
	uint8_t whole[16];
} __attribute__((aligned(16)));

static ffi_type *type_of(uint8_t type)
{
	switch (type) {
	case KIST_TASK_VOID:
		return &ffi_type_void;
	case KIST_TASK_I8:
		return &ffi_type_sint8;
	case KIST_TASK_I16:
		return &ffi_type_sint16;
	case KIST_TASK_STATUS:
	case KIST_TASK_I32:
		return &ffi_type_sint32;
	case KIST_TASK_I64:
		return &ffi_type_sint64;
	case KIST_TASK_B8:
	case KIST_TASK_U8:
		return &ffi_type_uint8;
	case KIST_TASK_U16:
		return &ffi_type_uint16;
	case KIST_TASK_U32:
		return &ffi_type_uint32;
	case KIST_TASK_U64:
		return &ffi_type_uint64;
	case KIST_TASK_F32:
		return &ffi_type_float;
	case KIST_TASK_F64:
		return &ffi_type_double;
	default:
		return &ffi_type_pointer;
	}
}

static bool is_pair(uint8_t type)
{
	return type == KIST_TASK_BYTES || type == KIST_TASK_JSON;
}

static kist_status check_signature(const struct kist_signature *signature, struct kist_error *err)
{
	if (signature->arg_count > KIST_SIGNATURE_ARGS_MAX || signature->ret > KIST_TASK_B8)
		return kist_fail(err, KIST_INVALID, "not a signature that was read from text");
	for (size_t i = 0; i < signature->arg_count; i++) {
		if (signature->args[i] <= KIST_TASK_STATUS || signature->args[i] >= KIST_TASK_TYPE_COUNT)
			return kist_fail(err, KIST_INVALID, "argument %zu has no type", i);
	}
	return KIST_OK;
}

kist_status kist_task_prepare(const struct kist_signature *signature, void (*function)(void),
			      struct kist_task **ret, struct kist_error *err)
{
	kist_auto_task struct kist_task *task = NULL;

	KIST_TRY(check_signature(signature, err));
	if (!function)
		return kist_fail(err, KIST_INVALID, "the task has no function");
	task = kist_alloc(1, sizeof(*task));
	if (!task)
		return kist_fail_memory(err, sizeof(*task));
	task->signature = *signature;
	task->function = function;
	for (size_t i = 0; i < signature->arg_count; i++) {
		task->types[task->slot_count++] = type_of(signature->args[i]);
		if (is_pair(signature->args[i]))
			task->types[task->slot_count++] =
				sizeof(size_t) == 8 ? &ffi_type_uint64 : &ffi_type_uint32;
	}
	if (ffi_prep_cif(&task->cif, FFI_DEFAULT_ABI, (unsigned)task->slot_count, type_of(signature->ret),
			 task->types) != FFI_OK)
		return kist_fail(err, KIST_INTERNAL, "libffi refuses the signature");
	*ret = kist_steal(task);
	return KIST_OK;
}

void kist_task_free(struct kist_task *task)
{
	kist_free(task);
}

/* Bits of a scalar integer's type; 0 for other types. */
static unsigned bits_of(uint8_t type)
{
	static const uint8_t bits[] = {
		[KIST_TASK_I8] = 8, [KIST_TASK_I16] = 16, [KIST_TASK_I32] = 32, [KIST_TASK_I64] = 64,
		[KIST_TASK_U8] = 8, [KIST_TASK_U16] = 16, [KIST_TASK_U32] = 32, [KIST_TASK_U64] = 64
	};

	return type <= KIST_TASK_U64 ? bits[type] : 0;
}

static bool number_fits(const struct kist_task_value *value)
{
	const unsigned bits = bits_of(value->type);

	if (value->type == KIST_TASK_B8)
		return value->integer == 0 || value->integer == 1;
	if (value->type == KIST_TASK_F32)
		return !isfinite(value->real) || isfinite((float)value->real);
	if (bits == 0 || bits == 64)
		return true;
	if (value->type >= KIST_TASK_U8)
		return value->natural >> bits == 0;
	return value->integer >= -((int64_t)1 << (bits - 1)) && value->integer < (int64_t)1 << (bits - 1);
}

static kist_status check_arg(uint8_t type, const struct kist_task_value *value, size_t index,
			     struct kist_error *err)
{
	const char *const text = value->bytes.data;

	if (value->type != type)
		return kist_fail(err, KIST_INVALID, "argument %zu is %s where the signature says %s", index,
				 kist_task_type_name(value->type), kist_task_type_name(type));
	if (!number_fits(value))
		return kist_fail(err, KIST_INVALID, "argument %zu does not fit %s", index,
				 kist_task_type_name(type));
	if (type == KIST_TASK_CSTR && (!text || strnlen(text, value->bytes.size) != value->bytes.size ||
				       text[value->bytes.size] != '\0'))
		return kist_fail(err, KIST_INVALID,
				 "argument %zu: text with a NUL within cannot be passed as cstr", index);
	if (is_pair(type) && !text && value->bytes.size > 0)
		return kist_fail(err, KIST_INVALID, "argument %zu: %zu bytes at no address", index,
				 value->bytes.size);
	return KIST_OK;
}

static void put_scalar(const struct kist_task_value *value, union slot *slot)
{
	switch (value->type) {
	case KIST_TASK_I8:
		slot->i8 = (int8_t)value->integer;
		break;
	case KIST_TASK_I16:
		slot->i16 = (int16_t)value->integer;
		break;
	case KIST_TASK_I32:
		slot->i32 = (int32_t)value->integer;
		break;
	case KIST_TASK_I64:
		slot->i64 = value->integer;
		break;
	case KIST_TASK_U8:
		slot->u8 = (uint8_t)value->natural;
		break;
	case KIST_TASK_U16:
		slot->u16 = (uint16_t)value->natural;
		break;
	case KIST_TASK_U32:
		slot->u32 = (uint32_t)value->natural;
		break;
	case KIST_TASK_U64:
		slot->u64 = value->natural;
		break;
	case KIST_TASK_F32:
		slot->f32 = (float)value->real;
		break;
	case KIST_TASK_F64:
		slot->f64 = value->real;
		break;
	default:
		slot->u8 = (uint8_t)value->integer;
	}
}

/* Gives how many slots were filled. */
static size_t put_arg(const struct kist_task_value *value, union slot *slots)
{
	if (value->type <= KIST_TASK_B8) {
		put_scalar(value, slots);
		return 1;
	}
	if (value->type == KIST_TASK_CSTR || is_pair(value->type)) {
		slots[0].pointer = value->bytes.data;
		slots[1].size = value->bytes.size;
		return is_pair(value->type) ? 2 : 1;
	}
	slots[0].pointer = value->pointer;
	return 1;
}

static void take_result(uint8_t type, const union result *result, struct kist_task_value *ret)
{
	*ret = (struct kist_task_value){ .type = type };
	switch (type) {
	case KIST_TASK_VOID:
		break;
	case KIST_TASK_I8:
		ret->integer = (int8_t)result->integer;
		break;
	case KIST_TASK_I16:
		ret->integer = (int16_t)result->integer;
		break;
	case KIST_TASK_STATUS:
	case KIST_TASK_I32:
		ret->integer = (int32_t)result->integer;
		break;
	case KIST_TASK_I64:
		ret->integer = result->i64;
		break;
	case KIST_TASK_U8:
		ret->natural = (uint8_t)result->natural;
		break;
	case KIST_TASK_U16:
		ret->natural = (uint16_t)result->natural;
		break;
	case KIST_TASK_U32:
		ret->natural = (uint32_t)result->natural;
		break;
	case KIST_TASK_U64:
		ret->natural = result->u64;
		break;
	case KIST_TASK_F32:
		ret->real = (double)result->f32;
		break;
	case KIST_TASK_F64:
		ret->real = result->f64;
		break;
	default:
		ret->integer = (uint8_t)result->natural != 0;
	}
}

static kist_status check_status(int64_t status, struct kist_error *err)
{
	if (status > KIST_OK || status < KIST_STATUS_MIN)
		return kist_fail(err, KIST_INTERNAL, "the function returned %lld, which is no status",
				 (long long)status);
	if (status < KIST_OK)
		return kist_fail(err, (kist_status)status, "the function failed without saying why: %s",
				 kist_status_name((kist_status)status));
	return KIST_OK;
}

kist_status kist_task_call(const struct kist_task *task, const struct kist_task_value *args, size_t arg_count,
			   struct kist_task_value *ret, struct kist_error *err)
{
	const struct kist_signature *const signature = &task->signature;
	union slot slots[SLOTS_MAX + 1];
	void *pointers[SLOTS_MAX];
	union result result = { .whole = { 0 } };
	struct kist_task_value value;
	ffi_cif cif = task->cif;
	size_t used = 0;

	if (arg_count != signature->arg_count)
		return kist_fail(err, KIST_INVALID, "%zu arguments where the signature has %u", arg_count,
				 signature->arg_count);
	for (size_t i = 0; i < arg_count; i++) {
		KIST_TRY(check_arg(signature->args[i], &args[i], i, err));
		used += put_arg(&args[i], &slots[used]);
	}
	for (size_t i = 0; i < used; i++)
		pointers[i] = &slots[i];
	ffi_call(&cif, task->function, &result, pointers);
	take_result(signature->ret, &result, &value);
	if (signature->ret == KIST_TASK_STATUS)
		KIST_TRY(check_status(value.integer, err));
	*ret = value;
	return KIST_OK;
}
