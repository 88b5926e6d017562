/* SPDX-License-Identifier: Apache-2.0 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/mem.h"
#include "kist/host.h"
#include "support/suite.h"
#include "task/call.h"

/* One identity function for each scalar: the value must come back as it went in. */
#define IDENTITY(name, type)          \
	static type name(type value)  \
	{                             \
		return value;         \
	}
IDENTITY(same_i8, int8_t)
IDENTITY(same_i16, int16_t)
IDENTITY(same_i32, int32_t)
IDENTITY(same_i64, int64_t)
IDENTITY(same_u8, uint8_t)
IDENTITY(same_u16, uint16_t)
IDENTITY(same_u32, uint32_t)
IDENTITY(same_u64, uint64_t)
IDENTITY(same_f32, float)
IDENTITY(same_f64, double)

static struct kist_task *prepared(const char *text, void (*function)(void))
{
	struct kist_signature signature;
	struct kist_task *task = NULL;

	ck_assert_int_eq(kist_signature_parse(text, &signature, NULL), KIST_OK);
	ck_assert_int_eq(kist_task_prepare(&signature, function, &task, NULL), KIST_OK);
	return task;
}

#define PREPARED(text, function) prepared(text, (void (*)(void))(function))

static const struct {
	const char *signature;
	void (*function)(void);
	uint8_t type;
	int64_t low;
	int64_t high;
} signed_rows[] = {
	{ "i8->i8", (void (*)(void))same_i8, KIST_TASK_I8, INT8_MIN, INT8_MAX },
	{ "i16->i16", (void (*)(void))same_i16, KIST_TASK_I16, INT16_MIN, INT16_MAX },
	{ "i32->i32", (void (*)(void))same_i32, KIST_TASK_I32, INT32_MIN, INT32_MAX },
	{ "i64->i64", (void (*)(void))same_i64, KIST_TASK_I64, INT64_MIN, INT64_MAX },
};

START_TEST(signed_integers_pass_at_their_edges_and_not_beyond)
{
	kist_auto_task struct kist_task *task = prepared(signed_rows[_i].signature, signed_rows[_i].function);
	const int64_t low = signed_rows[_i].low;
	const int64_t high = signed_rows[_i].high;
	const int64_t values[] = { low, low + 1, -1, 0, 1, high - 1, high };
	struct kist_task_value arg = { .type = signed_rows[_i].type };
	struct kist_task_value ret;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		arg.integer = values[i];
		memset(&ret, 0xa5, sizeof(ret));
		ck_assert_int_eq(kist_task_call(task, &arg, 1, &ret, NULL), KIST_OK);
		ck_assert_uint_eq(ret.type, signed_rows[_i].type);
		ck_assert_int_eq(ret.integer, values[i]);
	}
	if (high == INT64_MAX)
		return;
	arg.integer = high + 1;
	ck_assert_int_eq(kist_task_call(task, &arg, 1, &ret, NULL), KIST_INVALID);
	arg.integer = low - 1;
	ck_assert_int_eq(kist_task_call(task, &arg, 1, &ret, NULL), KIST_INVALID);
}
END_TEST

static const struct {
	const char *signature;
	void (*function)(void);
	uint8_t type;
	uint64_t high;
} unsigned_rows[] = {
	{ "u8->u8", (void (*)(void))same_u8, KIST_TASK_U8, UINT8_MAX },
	{ "u16->u16", (void (*)(void))same_u16, KIST_TASK_U16, UINT16_MAX },
	{ "u32->u32", (void (*)(void))same_u32, KIST_TASK_U32, UINT32_MAX },
	{ "u64->u64", (void (*)(void))same_u64, KIST_TASK_U64, UINT64_MAX },
};

START_TEST(unsigned_integers_pass_at_their_edges_and_not_beyond)
{
	kist_auto_task struct kist_task *task = prepared(unsigned_rows[_i].signature, unsigned_rows[_i].function);
	const uint64_t high = unsigned_rows[_i].high;
	const uint64_t values[] = { 0, 1, high / 2, high / 2 + 1, high - 1, high };
	struct kist_task_value arg = { .type = unsigned_rows[_i].type };
	struct kist_task_value ret;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		arg.natural = values[i];
		ck_assert_int_eq(kist_task_call(task, &arg, 1, &ret, NULL), KIST_OK);
		ck_assert_uint_eq(ret.type, unsigned_rows[_i].type);
		ck_assert_uint_eq(ret.natural, values[i]);
	}
	arg.natural = high + 1;
	if (high != UINT64_MAX)
		ck_assert_int_eq(kist_task_call(task, &arg, 1, &ret, NULL), KIST_INVALID);
}
END_TEST

START_TEST(floats_pass_at_their_edges)
{
	kist_auto_task struct kist_task *single = PREPARED("f32->f32", same_f32);
	kist_auto_task struct kist_task *twice = PREPARED("f64->f64", same_f64);
	const double values[] = { 0.0, -0.0, 1.5, -FLT_MAX, FLT_MAX, FLT_MIN, (double)FLT_TRUE_MIN, INFINITY, -INFINITY };
	struct kist_task_value arg = { .type = KIST_TASK_F32 };
	struct kist_task_value ret;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		arg.real = values[i];
		arg.type = KIST_TASK_F32;
		ck_assert_int_eq(kist_task_call(single, &arg, 1, &ret, NULL), KIST_OK);
		ck_assert(memcmp(&ret.real, &values[i], sizeof(double)) == 0);
		arg.type = KIST_TASK_F64;
		ck_assert_int_eq(kist_task_call(twice, &arg, 1, &ret, NULL), KIST_OK);
		ck_assert(memcmp(&ret.real, &values[i], sizeof(double)) == 0);
	}
	arg.real = DBL_MAX;
	ck_assert_int_eq(kist_task_call(twice, &arg, 1, &ret, NULL), KIST_OK);
	ck_assert(ret.real >= DBL_MAX);
	arg.type = KIST_TASK_F32;
	ck_assert_int_eq(kist_task_call(single, &arg, 1, &ret, NULL), KIST_INVALID);
	arg.real = NAN;
	ck_assert_int_eq(kist_task_call(single, &arg, 1, &ret, NULL), KIST_OK);
	ck_assert(isnan(ret.real));
}
END_TEST

static uint8_t sloppy_bool(uint8_t value)
{
	return value ? 0x80 : 0;
}

START_TEST(a_bool_is_normalised_to_0_or_1)
{
	kist_auto_task struct kist_task *task = PREPARED("b8->b8", sloppy_bool);
	struct kist_task_value arg = { .type = KIST_TASK_B8, .integer = 1 };
	struct kist_task_value ret;

	ck_assert_int_eq(kist_task_call(task, &arg, 1, &ret, NULL), KIST_OK);
	ck_assert_int_eq(ret.integer, 1);
	arg.integer = 0;
	ck_assert_int_eq(kist_task_call(task, &arg, 1, &ret, NULL), KIST_OK);
	ck_assert_int_eq(ret.integer, 0);
	arg.integer = 2;
	ck_assert_int_eq(kist_task_call(task, &arg, 1, &ret, NULL), KIST_INVALID);
}
END_TEST

static int nothing_calls;
static void nothing(void)
{
	nothing_calls++;
}

START_TEST(a_function_without_arguments_and_return_is_called)
{
	kist_auto_task struct kist_task *task = PREPARED("->void", nothing);
	struct kist_task_value ret = { .type = 99 };

	nothing_calls = 0;
	ck_assert_int_eq(kist_task_call(task, NULL, 0, &ret, NULL), KIST_OK);
	ck_assert_int_eq(nothing_calls, 1);
	ck_assert_uint_eq(ret.type, KIST_TASK_VOID);
}
END_TEST

static uint64_t count_bytes(const char *text, const void *data, size_t size, uint8_t which)
{
	uint64_t count = 0;

	for (size_t i = 0; i < size; i++)
		count += ((const uint8_t *)data)[i] == which;
	return count * 100 + strlen(text);
}

START_TEST(text_and_bytes_arrive_with_their_length)
{
	kist_auto_task struct kist_task *task = PREPARED("cstr,bytes,u8->u64", count_bytes);
	struct kist_task_value args[] = {
		{ .type = KIST_TASK_CSTR, .bytes = { "abc", 3 } },
		{ .type = KIST_TASK_BYTES, .bytes = { "a\0b\0c", 5 } },
		{ .type = KIST_TASK_U8, .natural = 0 },
	};
	struct kist_task_value ret;

	ck_assert_int_eq(kist_task_call(task, args, 3, &ret, NULL), KIST_OK);
	ck_assert_uint_eq(ret.natural, 203);
	args[1].bytes.data = NULL;
	args[1].bytes.size = 0;
	ck_assert_int_eq(kist_task_call(task, args, 3, &ret, NULL), KIST_OK);
	ck_assert_uint_eq(ret.natural, 3);
}
END_TEST

START_TEST(arguments_that_do_not_fit_the_signature_are_refused)
{
	kist_auto_task struct kist_task *task = PREPARED("cstr,bytes,u8->u64", count_bytes);
	struct kist_task_value args[] = {
		{ .type = KIST_TASK_CSTR, .bytes = { "a\0c", 3 } },
		{ .type = KIST_TASK_BYTES, .bytes = { "x", 1 } },
		{ .type = KIST_TASK_U8, .natural = 0 },
	};
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_task_value ret;

	ck_assert_int_eq(kist_task_call(task, args, 3, &ret, &err), KIST_INVALID);
	ck_assert_str_eq(err.text, "argument 0: text with a NUL within cannot be passed as cstr");
	args[0].bytes.data = NULL;
	ck_assert_int_eq(kist_task_call(task, args, 3, &ret, NULL), KIST_INVALID);
	args[0].bytes.data = "abc";
	args[1].bytes.data = NULL;
	ck_assert_int_eq(kist_task_call(task, args, 3, &ret, NULL), KIST_INVALID);
	args[1].bytes.data = "x";
	args[2].type = KIST_TASK_I8;
	kist_error_clear(&err);
	ck_assert_int_eq(kist_task_call(task, args, 3, &ret, &err), KIST_INVALID);
	ck_assert_str_eq(err.text, "argument 2 is i8 where the signature says u8");
	ck_assert_int_eq(kist_task_call(task, args, 2, &ret, NULL), KIST_INVALID);
}
END_TEST

/* The sum gives each argument its own weight, so that two that are swapped are seen. */
static double weigh(int8_t a, uint8_t b, int16_t c, uint16_t d, int32_t e, uint32_t f, int64_t g, uint64_t h, float i,
		    double j, uint8_t k, float l, double m, float n, double o, int8_t p)
{
	return a + 2 * b + 3 * c + 4 * d + 5.0 * e + 6.0 * f + 7.0 * (double)g + 8.0 * (double)h + 9 * (double)i +
	       10 * j + 11 * k + 12 * (double)l + 13 * m + 14 * (double)n + 15 * o + 16 * p;
}

START_TEST(sixteen_mixed_arguments_arrive_in_order)
{
	static const uint8_t types[16] = { KIST_TASK_I8,  KIST_TASK_U8,	 KIST_TASK_I16, KIST_TASK_U16,
					   KIST_TASK_I32, KIST_TASK_U32, KIST_TASK_I64, KIST_TASK_U64,
					   KIST_TASK_F32, KIST_TASK_F64, KIST_TASK_B8,	KIST_TASK_F32,
					   KIST_TASK_F64, KIST_TASK_F32, KIST_TASK_F64, KIST_TASK_I8 };
	kist_auto_task struct kist_task *task =
		PREPARED("i8,u8,i16,u16,i32,u32,i64,u64,f32,f64,b8,f32,f64,f32,f64,i8->f64", weigh);
	struct kist_task_value args[16];
	struct kist_task_value ret;

	for (int i = 0; i < 16; i++) {
		args[i] = (struct kist_task_value){ .type = types[i] };
		if (types[i] == KIST_TASK_F32 || types[i] == KIST_TASK_F64)
			args[i].real = i + 0.5;
		else
			args[i].integer = types[i] == KIST_TASK_B8 ? 1 : i + 1;
	}
	args[0].integer = -1;
	args[15].integer = -16;
	ck_assert_int_eq(kist_task_call(task, args, 16, &ret, NULL), KIST_OK);
	ck_assert_double_eq(ret.real, weigh(-1, 2, 3, 4, 5, 6, 7, 8, 8.5f, 9.5, 1, 11.5f, 12.5, 13.5f, 14.5, -16));
}
END_TEST

static size_t sizes(const void *a, size_t an, const void *b, size_t bn, const void *c, size_t cn, const void *d,
		    size_t dn, const void *e, size_t en)
{
	return a && b && c && d && e ? an + 10 * bn + 100 * cn + 1000 * dn + 10000 * en : 0;
}

START_TEST(pairs_that_spill_to_the_stack_arrive_in_order)
{
	kist_auto_task struct kist_task *task = PREPARED("bytes,json,bytes,json,bytes->u64", sizes);
	struct kist_task_value args[5];
	struct kist_task_value ret;

	for (size_t i = 0; i < 5; i++)
		args[i] = (struct kist_task_value){ .type = i % 2 ? KIST_TASK_JSON : KIST_TASK_BYTES,
						    .bytes = { "1234567", i + 1 } };
	ck_assert_int_eq(kist_task_call(task, args, 5, &ret, NULL), KIST_OK);
	ck_assert_uint_eq(ret.natural, 54321);
}
END_TEST

static kist_status fill_region(struct kist_call *call, const struct kist_object *object, struct kist_region *out)
{
	out->base = object;
	out->len = (uint64_t)(uintptr_t)call;
	return KIST_OK;
}

START_TEST(pointers_are_passed_as_they_are)
{
	kist_auto_task struct kist_task *task = PREPARED("call,object,region*->status", fill_region);
	struct kist_region region = { .struct_size = sizeof(region) };
	struct kist_object object = { .struct_size = sizeof(object) };
	struct kist_task_value args[] = {
		{ .type = KIST_TASK_CALL, .pointer = NULL },
		{ .type = KIST_TASK_OBJECT, .pointer = &object },
		{ .type = KIST_TASK_REGION_OUT, .pointer = &region },
	};
	struct kist_task_value ret;

	ck_assert_int_eq(kist_task_call(task, args, 3, &ret, NULL), KIST_OK);
	ck_assert_ptr_eq(region.base, &object);
	ck_assert_uint_eq(region.len, 0);
}
END_TEST

static kist_status give_status(int32_t status)
{
	return status;
}

START_TEST(a_status_that_comes_back_is_the_result)
{
	kist_auto_task struct kist_task *task = PREPARED("i32->status", give_status);
	static const struct {
		int32_t given;
		kist_status want;
	} rows[] = {
		{ KIST_OK, KIST_OK },
		{ KIST_CORRUPT, KIST_CORRUPT },
		{ KIST_STATUS_MIN, KIST_STATUS_MIN },
		{ KIST_STATUS_MIN - 1, KIST_INTERNAL },
		{ 1, KIST_INTERNAL },
		{ INT32_MAX, KIST_INTERNAL },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct kist_task_value arg = { .type = KIST_TASK_I32, .integer = rows[i].given };
		struct kist_task_value ret = { .type = 99 };

		ck_assert_int_eq(kist_task_call(task, &arg, 1, &ret, NULL), rows[i].want);
		ck_assert_uint_eq(ret.type, rows[i].want == KIST_OK ? KIST_TASK_STATUS : 99);
	}
}
END_TEST

START_TEST(a_task_without_a_function_or_with_a_false_type_is_refused)
{
	struct kist_signature signature = { .arg_count = 1, .args = { KIST_TASK_I8 }, .ret = KIST_TASK_VOID };
	struct kist_task *task = NULL;

	ck_assert_int_eq(kist_task_prepare(&signature, NULL, &task, NULL), KIST_INVALID);
	signature.args[0] = KIST_TASK_VOID;
	ck_assert_int_eq(kist_task_prepare(&signature, nothing, &task, NULL), KIST_INVALID);
	signature.args[0] = KIST_TASK_TYPE_COUNT;
	ck_assert_int_eq(kist_task_prepare(&signature, nothing, &task, NULL), KIST_INVALID);
	signature.arg_count = KIST_SIGNATURE_ARGS_MAX + 1;
	ck_assert_int_eq(kist_task_prepare(&signature, nothing, &task, NULL), KIST_INVALID);
	signature.arg_count = 0;
	signature.ret = KIST_TASK_CSTR;
	ck_assert_int_eq(kist_task_prepare(&signature, nothing, &task, NULL), KIST_INVALID);
	ck_assert_ptr_null(task);
}
END_TEST

START_TEST(preparing_survives_every_failed_allocation)
{
	const struct kist_signature signature = { .ret = KIST_TASK_VOID };
	struct kist_task *task = NULL;
	unsigned long k = 1;

	for (;; k++) {
		kist_mem_fail_at(k);
		if (kist_task_prepare(&signature, nothing, &task, NULL) == KIST_OK)
			break;
		ck_assert_ptr_null(task);
	}
	kist_mem_fail_at(0);
	ck_assert_uint_gt(k, 1);
	kist_task_free(task);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("call");

	tcase_add_loop_test(tcase, signed_integers_pass_at_their_edges_and_not_beyond, 0, 4);
	tcase_add_loop_test(tcase, unsigned_integers_pass_at_their_edges_and_not_beyond, 0, 4);
	tcase_add_test(tcase, floats_pass_at_their_edges);
	tcase_add_test(tcase, a_bool_is_normalised_to_0_or_1);
	tcase_add_test(tcase, a_function_without_arguments_and_return_is_called);
	tcase_add_test(tcase, text_and_bytes_arrive_with_their_length);
	tcase_add_test(tcase, arguments_that_do_not_fit_the_signature_are_refused);
	tcase_add_test(tcase, sixteen_mixed_arguments_arrive_in_order);
	tcase_add_test(tcase, pairs_that_spill_to_the_stack_arrive_in_order);
	tcase_add_test(tcase, pointers_are_passed_as_they_are);
	tcase_add_test(tcase, a_status_that_comes_back_is_the_result);
	tcase_add_test(tcase, a_task_without_a_function_or_with_a_false_type_is_refused);
	tcase_add_test(tcase, preparing_survives_every_failed_allocation);
	return suite_run(tcase, "call");
}
