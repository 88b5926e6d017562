/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "base/mem.h"
#include "object/kept_table.h"
#include "object/stream.h"
#include "support/suite.h"
#include "unit/object/tables.h"

/* Reads all of @object and gives how many rows there are. */
static int64_t rows_of(const struct kist_object *object)
{
	kist_auto_schema struct ArrowSchema schema = { .release = NULL };
	struct kist_error err = KIST_ERROR_INIT;
	int64_t rows = 0;

	ck_assert_int_eq(kist_object_check(object, &err), KIST_OK);
	ck_assert_msg(kist_stream_schema(object->value, &schema, &err) == KIST_OK, "%s", err.text);
	ck_assert_int_eq(schema.n_children, 2);
	ck_assert_str_eq(schema.children[1]->name, "b");
	for (;;) {
		kist_auto_array struct ArrowArray batch = { .release = NULL };

		ck_assert_msg(kist_stream_next(object->value, &schema, &batch, &err) == KIST_OK, "%s", err.text);
		if (!batch.release)
			return rows;
		rows += batch.length;
	}
}

START_TEST(everyone_reads_all_rows)
{
	struct producer producer;
	struct kist_kept_table *table = NULL;
	struct kist_object first = KIST_OBJECT_INIT;
	struct kist_object again = KIST_OBJECT_INIT;
	struct kist_object object;
	struct kist_error err = KIST_ERROR_INIT;

	two_batches(&producer, &object);
	object.type = "test.rows";
	ck_assert_msg(kist_kept_table_new(&object, NULL, &table, &err) == KIST_OK, "%s", err.text);
	ck_assert_ptr_null(object.release);
	ck_assert_int_eq(kist_kept_table_read(table, &first, &err), KIST_OK);
	ck_assert_str_eq(first.type, "test.rows");
	ck_assert_int_eq(rows_of(&first), 3);
	ck_assert_int_eq(kist_kept_table_read(table, &again, &err), KIST_OK);
	/* A reader lives on without the table. */
	kist_kept_table_unref(table);
	ck_assert_int_eq(rows_of(&again), 3);
	kist_object_release(&first);
	kist_object_release(&again);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(a_column_may_be_moved_out_and_outlives_all_else)
{
	struct producer producer;
	struct kist_kept_table *table = NULL;
	struct kist_object reader = KIST_OBJECT_INIT;
	struct ArrowArray batch = { .release = NULL };
	struct ArrowArray column;
	struct ArrowArrayStream *stream;
	struct kist_object object;

	two_batches(&producer, &object);
	ck_assert_int_eq(kist_kept_table_new(&object, NULL, &table, NULL), KIST_OK);
	ck_assert_int_eq(kist_kept_table_read(table, &reader, NULL), KIST_OK);
	kist_kept_table_unref(table);
	stream = reader.value;
	ck_assert_int_eq(stream->get_next(stream, &batch), 0);
	column = *batch.children[0];
	batch.children[0]->release = NULL;
	kist_array_release(&batch);
	kist_object_release(&reader);
	ck_assert_int_gt(produce_live(), 0);
	ck_assert_int_eq(((const int64_t *)column.buffers[1])[1], 2);
	kist_array_release(&column);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(a_table_that_cannot_be_read_is_released)
{
	struct producer producer;
	struct kist_kept_table *table = NULL;
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_object object;

	two_batches(&producer, &object);
	producer.fail_at = 1;
	producer.error = EIO;
	producer.error_text = "the disk is gone";
	ck_assert_int_eq(kist_kept_table_new(&object, NULL, &table, &err), KIST_IO);
	ck_assert_msg(strstr(err.text, "the disk is gone"), "%s", err.text);
	ck_assert_ptr_null(object.release);
	ck_assert_ptr_null(table);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

static kist_status say_stop(struct kist_call *call)
{
	(void)call;
	return KIST_CANCELLED;
}

START_TEST(reading_can_be_cancelled)
{
	struct kist_call call = { .struct_size = sizeof(call), .poll = say_stop };
	struct producer producer;
	struct kist_kept_table *table = NULL;
	struct kist_object object;

	two_batches(&producer, &object);
	ck_assert_int_eq(kist_kept_table_new(&object, &call, &table, NULL), KIST_CANCELLED);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(every_failed_allocation_leaves_nothing)
{
	for (unsigned long k = 1;; k++) {
		struct producer producer;
		struct kist_kept_table *table = NULL;
		struct kist_object reader = KIST_OBJECT_INIT;
		struct ArrowArray batch = { .release = NULL };
		struct ArrowArrayStream *stream;
		struct kist_object object;
		kist_status status;

		two_batches(&producer, &object);
		kist_mem_fail_at(k);
		status = kist_kept_table_new(&object, NULL, &table, NULL);
		if (status == KIST_OK)
			status = kist_kept_table_read(table, &reader, NULL);
		stream = reader.value;
		if (status == KIST_OK && stream->get_next(stream, &batch) != 0)
			status = KIST_NO_MEMORY;
		kist_mem_fail_at(0);
		kist_array_release(&batch);
		kist_object_release(&reader);
		kist_kept_table_unref(table);
		ck_assert_int_eq(produce_live(), 0);
		if (status == KIST_OK)
			break;
		ck_assert_int_eq(status, KIST_NO_MEMORY);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("kept_table");

	tcase_add_test(tcase, everyone_reads_all_rows);
	tcase_add_test(tcase, a_column_may_be_moved_out_and_outlives_all_else);
	tcase_add_test(tcase, a_table_that_cannot_be_read_is_released);
	tcase_add_test(tcase, reading_can_be_cancelled);
	tcase_add_test(tcase, every_failed_allocation_leaves_nothing);
	return suite_run(tcase, "kept_table");
}
