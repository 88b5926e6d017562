/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/mem.h"
#include "object/convert.h"
#include "support/suite.h"
#include "unit/object/tables.h"

START_TEST(a_model_gives_the_tensor_that_is_named_or_its_only_one)
{
	static const char *const names[] = { "x", "y", NULL };
	static const char *const only[] = { "z", NULL };
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	produce_model(names, &object);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, &err), KIST_UNSUPPORTED);
	ck_assert_str_eq(err.text, "cannot make a tensor from a model of 2 tensors; select one of: 'x', 'y'");
	kist_error_clear(&err);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "w", NULL, &ret, &err), KIST_NOT_FOUND);
	ck_assert_str_eq(err.text, "no tensor 'w' in the model; there are: 'x', 'y'");
	ck_assert_ptr_nonnull(object.release);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "y", NULL, &ret, NULL), KIST_OK);
	ck_assert_ptr_null(object.release);
	ck_assert_double_eq(*(const double *)tensor_of(&ret)->data, 1.5);
	kist_object_release(&ret);
	produce_model(only, &object);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_OK);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

static DLManagedTensorVersioned *given;
static kist_status given_status;
static kist_status hostile_get(struct kist_tensor_map *map, struct kist_call *call, uint64_t i,
			       DLManagedTensorVersioned **ret_tensor)
{
	(void)map;
	(void)call;
	(void)i;
	*ret_tensor = given;
	return given_status;
}

START_TEST(a_model_that_gives_rubbish_is_left_alone)
{
	static const char *const only[] = { "z", NULL };
	static double data[1];
	struct kist_object tensor;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	produce_model(only, &object);
	((struct kist_tensor_map *)object.value)->get = hostile_get;
	given = NULL;
	given_status = KIST_OK;
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_INTERNAL);
	given_status = 5;
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_INTERNAL);
	given_status = KIST_CORRUPT;
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_CORRUPT);
	/* A tensor that cannot be used is deleted. */
	produce_tensor(data, INT64, 0, NULL, NULL, &tensor);
	given = tensor.value;
	given->version.major = 9;
	given_status = KIST_OK;
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_INCOMPATIBLE);
	ck_assert_ptr_null(ret.release);
	ck_assert_ptr_nonnull(object.release);
	kist_object_release(&object);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(a_tensor_becomes_a_model_whose_tensors_outlive_it)
{
	static double data[] = { 1, 2 };
	const int64_t shape[] = { 2 };
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	struct kist_tensor_map *map;
	DLManagedTensorVersioned *first;
	DLManagedTensorVersioned *second;
	const char *name;

	produce_tensor(data, (DLDataType){ kDLFloat, 64, 1 }, 1, shape, NULL, &object);
	ck_assert_int_eq(kist_object_convert(&object, MODEL, "", NULL, &ret, NULL), KIST_OK);
	ck_assert_ptr_null(object.release);
	ck_assert_int_eq(kist_object_check(&ret, NULL), KIST_OK);
	map = ret.value;
	ck_assert_uint_eq(map->count, 1);
	ck_assert_int_eq(map->get_name(map, 0, &name), KIST_OK);
	ck_assert_str_eq(name, "data");
	ck_assert_int_eq(map->get_name(map, 1, &name), KIST_INVALID);
	ck_assert_int_eq(map->get(map, NULL, 1, &first), KIST_INVALID);
	ck_assert_int_eq(map->get(map, NULL, 0, &first), KIST_OK);
	ck_assert_int_eq(map->get(map, NULL, 0, &second), KIST_OK);
	first->deleter(first);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 1);
	ck_assert_double_eq(((const double *)second->dl_tensor.data)[1], 2);
	second->deleter(second);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(what_cannot_be_converted_says_from_what_to_what)
{
	static const char *const names[] = { "x", NULL };
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	produce_model(names, &object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE | KIST_KIND_BIT(KIST_KIND_BYTES), "", NULL, &ret, &err),
			 KIST_UNSUPPORTED);
	ck_assert_str_eq(err.text, "cannot make bytes or table from model");
	kist_object_release(&object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "", NULL, &ret, NULL), KIST_INVALID);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

static unsigned polls_left;
static kist_status counting_poll(struct kist_call *call)
{
	(void)call;
	return polls_left == 0 ? KIST_CANCELLED : (polls_left--, KIST_OK);
}

START_TEST(a_cancelled_conversion_ends_at_every_poll)
{
	struct kist_call call = { .struct_size = sizeof(call), .poll = counting_poll };
	kist_status status = KIST_CANCELLED;
	unsigned k = 0;

	for (; status == KIST_CANCELLED; k++) {
		struct producer producer;
		struct kist_object object;
		struct kist_object ret = KIST_OBJECT_INIT;

		two_batches(&producer, &object);
		polls_left = k;
		status = kist_object_convert(&object, TENSOR, "", &call, &ret, NULL);
		kist_object_release(&ret);
		ck_assert_ptr_null(object.release);
		ck_assert_int_eq(produce_live(), 0);
	}
	ck_assert_int_eq(status, KIST_OK);
	ck_assert_uint_ge(k, 7);
}
END_TEST

/* Reads a table to its end; what is out of memory once goes on with the next. */
static bool drain(struct kist_object *table)
{
	struct ArrowArrayStream *const stream = table->value;
	struct ArrowSchema schema;
	struct ArrowArray batch;
	bool whole = true;

	if (stream->get_schema(stream, &schema) == 0)
		schema.release(&schema);
	else
		whole = false;
	for (;;) {
		const int error = stream->get_next(stream, &batch);

		if (error != 0) {
			ck_assert_int_eq(error, ENOMEM);
			ck_assert_ptr_null(batch.release);
			return false;
		}
		if (!batch.release)
			return whole;
		batch.release(&batch);
	}
}

static void produce_any(uint32_t kind, struct producer *producer, struct kist_object *ret)
{
	static const char *const names[] = { "x", NULL };
	static int64_t data[] = { 1, 2, 3, 4 };
	const int64_t shape[] = { 2, 2 };

	if (kind == KIST_KIND_TABLE)
		two_batches(producer, ret);
	else if (kind == KIST_KIND_TENSOR)
		produce_tensor(data, INT64, 2, shape, NULL, ret);
	else
		produce_model(names, ret);
}

static const struct {
	uint32_t from;
	uint32_t to;
	const char *select;
} roads[] = {
	{ KIST_KIND_TABLE, KIST_KIND_TENSOR, "a,b" }, { KIST_KIND_TABLE, KIST_KIND_TABLE, "b" },
	{ KIST_KIND_TENSOR, KIST_KIND_TABLE, "" },    { KIST_KIND_TENSOR, KIST_KIND_MODEL, "" },
	{ KIST_KIND_MODEL, KIST_KIND_TENSOR, "x" },
};

START_TEST(conversions_survive_every_failed_allocation)
{
	bool whole = false;

	for (unsigned long k = 1; !whole; k++) {
		struct producer producer;
		struct kist_object object;
		struct kist_object ret = KIST_OBJECT_INIT;
		kist_status status;

		produce_any(roads[_i].from, &producer, &object);
		kist_mem_fail_at(k);
		status = kist_object_convert(&object, KIST_KIND_BIT(roads[_i].to), roads[_i].select, NULL, &ret, NULL);
		whole = status == KIST_OK && (roads[_i].to != KIST_KIND_TABLE || drain(&ret));
		/* The countdown ran out when one more allocation works. */
		kist_mem_fail_at(0);
		if (status != KIST_OK)
			ck_assert_int_eq(status, KIST_NO_MEMORY);
		kist_object_release(&object);
		kist_object_release(&ret);
		ck_assert_int_eq(produce_live(), 0);
	}
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("convert");

	tcase_add_test(tcase, a_model_gives_the_tensor_that_is_named_or_its_only_one);
	tcase_add_test(tcase, a_model_that_gives_rubbish_is_left_alone);
	tcase_add_test(tcase, a_tensor_becomes_a_model_whose_tensors_outlive_it);
	tcase_add_test(tcase, what_cannot_be_converted_says_from_what_to_what);
	tcase_add_test(tcase, a_cancelled_conversion_ends_at_every_poll);
	tcase_add_loop_test(tcase, conversions_survive_every_failed_allocation, 0,
			    (int)(sizeof(roads) / sizeof(roads[0])));
	return suite_run(tcase, "convert");
}
