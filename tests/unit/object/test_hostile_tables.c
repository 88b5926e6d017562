/* SPDX-License-Identifier: Apache-2.0 */
#include "object/convert.h"
#include "support/suite.h"
#include "unit/object/tables.h"

/* What a hostile producer does to its second batch. */
static void too_few_children(struct ArrowArray *batch)
{
	batch->n_children = 1;
}
static void too_many_children(struct ArrowArray *batch)
{
	batch->n_children = 3;
}
static void null_values(struct ArrowArray *batch)
{
	batch->children[0]->buffers[1] = NULL;
}
static void huge_length(struct ArrowArray *batch)
{
	batch->length = INT64_MAX;
	batch->offset = 1;
}
static void long_batch(struct ArrowArray *batch)
{
	batch->length = 100;
}
static void no_buffers(struct ArrowArray *batch)
{
	batch->children[0]->buffers = NULL;
}
static void null_rows(struct ArrowArray *batch)
{
	static const uint8_t bitmap[1] = { 0 };

	batch->buffers[0] = bitmap;
	batch->null_count = -1;
}

static const struct {
	void (*spoil)(struct ArrowArray *);
	kist_status status;
} spoils[] = {
	{ too_few_children, KIST_INVALID }, { too_many_children, KIST_INVALID }, { null_values, KIST_INVALID },
	{ huge_length, KIST_LIMIT },	    { long_batch, KIST_INVALID },	 { no_buffers, KIST_INVALID },
	{ null_rows, KIST_UNSUPPORTED },
};

START_TEST(hostile_batches_end_the_conversion)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	two_batches(&producer, &object);
	spoils[_i].spoil(producer.batches[1]);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), spoils[_i].status);
	ck_assert_ptr_null(object.release);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(hostile_batches_end_a_selection_as_they_pass)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	struct ArrowArrayStream *stream;
	struct ArrowArray batch;

	two_batches(&producer, &object);
	spoils[_i].spoil(producer.batches[1]);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "b", NULL, &ret, NULL), KIST_OK);
	stream = ret.value;
	ck_assert_int_eq(stream->get_next(stream, &batch), 0);
	ck_assert_ptr_null(stream->get_last_error(stream));
	batch.release(&batch);
	ck_assert_int_ne(stream->get_next(stream, &batch), 0);
	ck_assert_ptr_null(batch.release);
	ck_assert_ptr_nonnull(stream->get_last_error(stream));
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(a_stream_that_forgets_its_release_is_released_once)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	two_batches(&producer, &object);
	producer.sticky_release = true;
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "", NULL, &ret, NULL), KIST_OK);
	ck_assert_ptr_null(object.release);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("hostile tables");

	tcase_add_loop_test(tcase, hostile_batches_end_the_conversion, 0, (int)(sizeof(spoils) / sizeof(spoils[0])));
	tcase_add_loop_test(tcase, hostile_batches_end_a_selection_as_they_pass, 0,
			    (int)(sizeof(spoils) / sizeof(spoils[0])));
	tcase_add_test(tcase, a_stream_that_forgets_its_release_is_released_once);
	return suite_run(tcase, "hostile tables");
}
