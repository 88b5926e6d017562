/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_batch.h"

#include <errno.h>

#include "csvtest.h"

static const char text[] = "i,g,b,u,z,n\n1,0.5,true,x,\xff,\n,,,,,\n-3,nan,false,\"\",y\xfe,\n";

START_TEST(batches_hold_values_nulls_and_offsets)
{
	struct csvtest_table t;
	struct ArrowArrayStream *stream;
	struct ArrowArray array;
	const uint8_t *valid;

	csvtest_open(&t, text, sizeof(text) - 1, NULL);
	ck_assert_int_eq(t.status, KIST_OK);
	ck_assert_int_eq(t.object.kind, KIST_KIND_TABLE);
	ck_assert_str_eq(t.object.type, "kist.csv");
	ck_assert_str_eq(csvtest_schema(&t), "l:i g:g b:b u:u z:z u:n");
	stream = t.object.value;
	ck_assert_int_eq(stream->get_next(stream, &array), 0);
	ck_assert_int_eq(array.length, 3);
	ck_assert_int_eq(array.null_count, 0);
	ck_assert_int_eq(array.n_children, 6);
	valid = array.children[0]->buffers[0];
	ck_assert_uint_eq(valid[0], 5);
	ck_assert_int_eq(array.children[0]->null_count, 1);
	ck_assert_int_eq(((const int64_t *)array.children[0]->buffers[1])[2], -3);
	ck_assert(((const double *)array.children[1]->buffers[1])[0] == 0.5);
	ck_assert_uint_eq(((const uint8_t *)array.children[2]->buffers[1])[0], 1);
	ck_assert_int_eq(((const int32_t *)array.children[3]->buffers[1])[3], 1);
	ck_assert_int_eq(array.children[3]->null_count, 1);
	ck_assert_int_eq(((const int32_t *)array.children[4]->buffers[1])[3], 3);
	ck_assert_mem_eq(array.children[4]->buffers[2], "\xffy\xfe", 3);
	ck_assert_int_eq(array.children[5]->null_count, 3);
	for (int64_t i = 0; i < 6; i++) {
		for (int64_t k = 0; k < array.children[i]->n_buffers; k++)
			ck_assert_uint_eq((uintptr_t)array.children[i]->buffers[k] % 64, 0);
	}
	array.release(&array);
	ck_assert_ptr_null(array.release);
	ck_assert_int_eq(stream->get_next(stream, &array), 0);
	ck_assert_ptr_null(array.release);
	ck_assert_ptr_null(stream->get_last_error(stream));
	csvtest_close(&t);
}
END_TEST

START_TEST(children_and_arrays_may_be_moved_and_outlive_the_object)
{
	struct csvtest_table t;
	struct ArrowArrayStream stream;
	struct ArrowSchema schema;
	struct ArrowSchema field;
	struct ArrowArray array;
	struct ArrowArray child;

	csvtest_open(&t, text, sizeof(text) - 1, NULL);
	stream = *(struct ArrowArrayStream *)t.object.value;
	((struct ArrowArrayStream *)t.object.value)->release = NULL;
	t.object.release(&t.object);
	ck_assert_ptr_null(t.object.release);
	ck_assert_int_eq(stream.get_schema(&stream, &schema), 0);
	ck_assert_int_eq(stream.get_next(&stream, &array), 0);
	stream.release(&stream);
	ck_assert_ptr_null(stream.release);
	child = *array.children[3];
	array.children[3]->release = NULL;
	array.release(&array);
	ck_assert_mem_eq(child.buffers[2], "x", 1);
	child.release(&child);
	field = *schema.children[2];
	schema.children[2]->release = NULL;
	schema.release(&schema);
	ck_assert_str_eq(field.name, "b");
	field.release(&field);
	csvtest_close(&t);
}
END_TEST

START_TEST(a_column_without_nulls_has_no_validity)
{
	struct csvtest_table t;
	struct ArrowArrayStream *stream;
	struct ArrowArray array;

	csvtest_open(&t, "a\n1\n2\n", 6, NULL);
	stream = t.object.value;
	ck_assert_int_eq(stream->get_next(stream, &array), 0);
	ck_assert_ptr_null(array.children[0]->buffers[0]);
	array.release(&array);
	csvtest_close(&t);
}
END_TEST

START_TEST(a_changed_name_is_kept_in_the_metadata)
{
	static const char metadata[] = "\1\0\0\0\15\0\0\0kist.csv.name\2\0\0\0x\xff";
	struct csvtest_table t;
	struct ArrowArrayStream *stream;
	struct ArrowSchema schema;

	csvtest_open(&t, "a,x\xff\n1,2\n", 9, NULL);
	stream = t.object.value;
	ck_assert_int_eq(stream->get_schema(stream, &schema), 0);
	ck_assert_ptr_null(schema.children[0]->metadata);
	ck_assert_str_eq(schema.children[1]->name, "x\xef\xbf\xbd");
	ck_assert_mem_eq(schema.children[1]->metadata, metadata, sizeof(metadata) - 1);
	schema.release(&schema);
	csvtest_close(&t);
}
END_TEST

/* Counts the rows; every batch keeps to the limits. */
static int64_t count_rows(struct csvtest_table *t, int64_t *ret_batches)
{
	struct ArrowArrayStream *stream = t->object.value;
	struct ArrowArray array;
	int64_t rows = 0;

	*ret_batches = 0;
	for (;;) {
		ck_assert_int_eq(stream->get_next(stream, &array), 0);
		if (!array.release)
			return rows;
		ck_assert_int_le(array.length, CSV_BATCH_ROWS_MAX);
		rows += array.length;
		++*ret_batches;
		array.release(&array);
	}
}

START_TEST(batches_end_at_their_greatest_number_of_rows_and_bytes)
{
	const size_t size = 2 + 2 * (CSV_BATCH_ROWS_MAX + 1);
	char *many = malloc(size);
	char *wide = malloc(3 * 600000 + 4);
	struct csvtest_table t;
	int64_t batches;

	for (size_t i = 0; i < size; i += 2)
		memcpy(many + i, i ? "1\n" : "a\n", 2);
	csvtest_open(&t, many, size, NULL);
	ck_assert_int_eq(count_rows(&t, &batches), CSV_BATCH_ROWS_MAX + 1);
	ck_assert_int_eq(batches, 2);
	csvtest_close(&t);
	memset(wide, 'x', 3 * 600000);
	for (size_t i = 1; i <= 3; i++)
		wide[i * 600000 - 1] = '\n';
	csvtest_open(&t, wide, 3 * 600000, plugtest_params("header=string:no", NULL));
	ck_assert_int_eq(count_rows(&t, &batches), 3);
	ck_assert_int_eq(batches, 2);
	csvtest_close(&t);
	free(many);
	free(wide);
}
END_TEST

START_TEST(a_source_that_fails_later_gives_an_error_with_a_text)
{
	struct csvtest_table t;
	struct ArrowArrayStream *stream;
	struct ArrowArray array;
	size_t size = 4;
	int error = 0;
	char *many = malloc(1000004);

	memcpy(many, "a,b\n", 4);
	while (size < 1000004) {
		memcpy(many + size, "1,2\n", 4);
		size += 4;
	}
	csvtest_open(&t, many, 1000004, NULL);
	ck_assert_int_eq(t.status, KIST_OK);
	t.source.fail_at = t.source.calls + 2;
	stream = t.object.value;
	while ((error = stream->get_next(stream, &array)) == 0 && array.release)
		array.release(&array);
	ck_assert_int_eq(error, EIO);
	ck_assert_ptr_null(array.release);
	ck_assert_str_eq(stream->get_last_error(stream), "cannot read the source");
	ck_assert_int_eq(stream->get_next(stream, &array), EIO);
	csvtest_close(&t);
	free(many);
}
END_TEST

/* The text is larger than what is read ahead, so that its tail is read twice. */
START_TEST(bytes_that_change_between_the_readings_are_noticed)
{
	static const char *const later[] = { "1,x\n", "1,2,", "\"a,\n", "\"\",1" };
	const size_t size = 4 * 200000;
	char *data = malloc(size);
	struct csvtest_table t;
	struct ArrowArrayStream *stream;
	struct ArrowArray array = { 0 };
	int error = 0;

	for (size_t i = 0; i < size; i += 4)
		memcpy(data + i, i ? "1,2\n" : "a,b\n", 4);
	csvtest_open(&t, data, size, NULL);
	ck_assert_int_eq(t.status, KIST_OK);
	memcpy(data + size - 8, later[_i], 4);
	stream = t.object.value;
	while ((error = stream->get_next(stream, &array)) == 0 && array.release)
		array.release(&array);
	ck_assert_int_eq(error, EILSEQ);
	ck_assert_uint_gt(strlen(stream->get_last_error(stream)), 10);
	csvtest_close(&t);
	free(data);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("table");

	tcase_add_test(tcase, batches_hold_values_nulls_and_offsets);
	tcase_add_test(tcase, children_and_arrays_may_be_moved_and_outlive_the_object);
	tcase_add_test(tcase, a_column_without_nulls_has_no_validity);
	tcase_add_test(tcase, a_changed_name_is_kept_in_the_metadata);
	tcase_add_test(tcase, batches_end_at_their_greatest_number_of_rows_and_bytes);
	tcase_add_test(tcase, a_source_that_fails_later_gives_an_error_with_a_text);
	tcase_add_loop_test(tcase, bytes_that_change_between_the_readings_are_noticed, 0, 4);
	return suite_run(tcase, "csv_table");
}
