/* SPDX-License-Identifier: Apache-2.0 */
#include "object/convert.h"

#include <stdio.h>
#include <string.h>

#include "support/suite.h"
#include "unit/object/tables.h"

START_TEST(the_same_kind_without_a_selection_is_only_moved)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	void *value;

	two_batches(&producer, &object);
	value = object.value;
	ck_assert_int_eq(kist_object_convert(&object, TABLE | TENSOR, "", NULL, &ret, NULL), KIST_OK);
	ck_assert_ptr_eq(ret.value, value);
	ck_assert_str_eq(ret.type, "test.table");
	ck_assert_ptr_null(object.release);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(selected_columns_come_in_the_order_in_which_they_are_named)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	struct ArrowArrayStream *stream;
	struct ArrowSchema schema;
	struct ArrowArray batch;

	two_batches(&producer, &object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "b,a", NULL, &ret, NULL), KIST_OK);
	ck_assert_ptr_null(object.release);
	stream = ret.value;
	ck_assert_int_eq(stream->get_schema(stream, &schema), 0);
	ck_assert_int_eq(kist_schema_tree_check(&schema, NULL), KIST_OK);
	ck_assert_int_eq(schema.n_children, 2);
	ck_assert_str_eq(schema.children[0]->name, "b");
	ck_assert_str_eq(schema.children[0]->format, "f");
	ck_assert_str_eq(schema.children[1]->name, "a");
	ck_assert_int_eq(stream->get_next(stream, &batch), 0);
	ck_assert_int_eq(kist_array_check(&schema, &batch, NULL), KIST_OK);
	batch.release(&batch);
	ck_assert_int_eq(stream->get_next(stream, &batch), 0);
	ck_assert_int_eq(kist_array_check(&schema, &batch, NULL), KIST_OK);
	ck_assert_int_eq(batch.offset, 2);
	ck_assert_int_eq(((const int64_t *)batch.children[1]->buffers[1])[batch.offset], 3);
	/* What a consumer moves out outlives its batch and the stream. */
	{
		struct ArrowArray column = *batch.children[1];

		batch.children[1]->release = NULL;
		batch.release(&batch);
		kist_object_release(&ret);
		ck_assert_int_eq(((const int64_t *)column.buffers[1])[2], 3);
		column.release(&column);
	}
	schema.release(&schema);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

/* Column "a" of some rows, each batch in brackets. */
static void rows_are(uint64_t skip, uint64_t count, const char *expected)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	struct ArrowArrayStream *stream;
	struct ArrowSchema schema;
	char text[200] = "";

	two_batches(&producer, &object);
	ck_assert_int_eq(kist_object_rows(&object, "a", skip, count, &ret, NULL), KIST_OK);
	stream = ret.value;
	ck_assert_int_eq(stream->get_schema(stream, &schema), 0);
	for (;;) {
		struct ArrowArray batch;

		ck_assert_int_eq(stream->get_next(stream, &batch), 0);
		if (!batch.release)
			break;
		ck_assert_int_eq(kist_array_check(&schema, &batch, NULL), KIST_OK);
		strcat(text, "[");
		for (int64_t i = 0; i < batch.length; i++) {
			const struct ArrowArray *column = batch.children[0];
			const int64_t at = batch.offset + column->offset + i;

			snprintf(text + strlen(text), 30, "%lld ", (long long)((const int64_t *)column->buffers[1])[at]);
		}
		strcat(text, "]");
		batch.release(&batch);
	}
	ck_assert_str_eq(text, expected);
	schema.release(&schema);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}

START_TEST(rows_are_taken_across_batches)
{
	rows_are(0, UINT64_MAX, "[1 2 ][3 ]");
	rows_are(1, 1, "[2 ]");
	rows_are(1, 2, "[2 ][3 ]");
	rows_are(2, 5, "[3 ]");
	rows_are(0, 0, "");
	rows_are(1000, 5, "");
}
END_TEST

START_TEST(only_a_table_has_rows)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	two_batches(&producer, &object);
	ck_assert_int_eq(kist_object_rows(&object, "none", 0, 1, &ret, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "a", NULL, &ret, NULL), KIST_OK);
	ck_assert_int_eq(kist_object_rows(&ret, "", 0, 1, &object, NULL), KIST_UNSUPPORTED);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(a_selected_schema_keeps_metadata_flags_children_and_dictionary)
{
	static const struct {
		int32_t pairs;
		int32_t key_len;
		char key[4];
		int32_t value_len;
		char value[4];
	} metadata = { 1, 4, "key1", 4, "val1" };
	struct ArrowSchema *const list = produce_schema("+l", "a", produce_schema("u", "item", NULL), NULL);
	struct ArrowSchema *const coded = produce_schema("i", "b", NULL);
	struct producer producer = { .schema = produce_schema("+s", "", list, coded, NULL), .fail_at = -1 };
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	struct ArrowArrayStream *stream;
	struct ArrowSchema schema;

	list->metadata = (const char *)&metadata;
	list->flags = ARROW_FLAG_NULLABLE;
	coded->dictionary = produce_schema("u", NULL, NULL);
	produce_table(&producer, &object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "b,a", NULL, &ret, NULL), KIST_OK);
	stream = ret.value;
	ck_assert_int_eq(stream->get_schema(stream, &schema), 0);
	kist_object_release(&ret);
	ck_assert_str_eq(schema.children[0]->dictionary->format, "u");
	ck_assert_ptr_null(schema.children[0]->dictionary->name);
	ck_assert_int_eq(schema.children[1]->flags, ARROW_FLAG_NULLABLE);
	ck_assert_mem_eq(schema.children[1]->metadata, &metadata, sizeof(metadata));
	ck_assert_str_eq(schema.children[1]->children[0]->name, "item");
	schema.release(&schema);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(a_batch_that_names_one_column_twice_is_refused)
{
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;
	struct ArrowArrayStream *stream;
	struct ArrowArray *second;
	struct ArrowArray *hostile;
	struct ArrowArray batch;

	two_batches(&producer, &object);
	hostile = producer.batches[0];
	second = hostile->children[1];
	hostile->children[1] = hostile->children[0];
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "a,b", NULL, &ret, NULL), KIST_OK);
	stream = ret.value;
	/* The producer's own release must see each child once. */
	{
		struct ArrowArray **const children = hostile->children;
		struct ArrowArray *aliases[2] = { children[0], children[0] };

		children[1] = second;
		hostile->children = aliases;
		ck_assert_int_ne(stream->get_next(stream, &batch), 0);
		ck_assert_str_eq(stream->get_last_error(stream), "two columns of a batch are the same");
	}
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(a_selection_that_is_not_there_names_what_is)
{
	static const struct {
		const char *select;
		kist_status status;
		const char *text;
	} rows[] = {
		{ "c", KIST_NOT_FOUND, "no column 'c'; there are: 'a', 'b'" },
		{ "a,c", KIST_NOT_FOUND, "no column 'c'; there are: 'a', 'b'" },
		{ "a,", KIST_NOT_FOUND, "no column ''; there are: 'a', 'b'" },
		{ "a,a", KIST_INVALID, "the column 'a' is named twice" },
		{ "A", KIST_NOT_FOUND, "no column 'A'; there are: 'a', 'b'" },
	};
	struct producer producer;
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	two_batches(&producer, &object);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct kist_error err = KIST_ERROR_INIT;

		ck_assert_int_eq(kist_object_convert(&object, TABLE, rows[i].select, NULL, &ret, &err), rows[i].status);
		ck_assert_str_eq(err.text, rows[i].text);
		ck_assert_int_eq(kist_object_convert(&object, TENSOR, rows[i].select, NULL, &ret, NULL),
				 rows[i].status);
	}
	kist_object_release(&object);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(two_columns_of_one_name_are_ambiguous_and_a_comma_may_be_in_a_name)
{
	struct producer producer = { .schema = produce_schema("+s", "", produce_schema("l", "x", NULL),
							      produce_schema("l", "x", NULL),
							      produce_schema("l", "y,z", NULL), NULL),
				     .fail_at = -1 };
	struct kist_object object;
	struct kist_object ret = KIST_OBJECT_INIT;

	produce_table(&producer, &object);
	ck_assert_int_eq(kist_object_convert(&object, TABLE, "x", NULL, &ret, NULL), KIST_AMBIGUOUS);
	ck_assert_int_eq(kist_object_convert(&object, TENSOR, "y,z", NULL, &ret, NULL), KIST_OK);
	ck_assert_int_eq(tensor_of(&ret)->ndim, 1);
	kist_object_release(&ret);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("select");

	tcase_add_test(tcase, the_same_kind_without_a_selection_is_only_moved);
	tcase_add_test(tcase, selected_columns_come_in_the_order_in_which_they_are_named);
	tcase_add_test(tcase, rows_are_taken_across_batches);
	tcase_add_test(tcase, only_a_table_has_rows);
	tcase_add_test(tcase, a_selected_schema_keeps_metadata_flags_children_and_dictionary);
	tcase_add_test(tcase, a_batch_that_names_one_column_twice_is_refused);
	tcase_add_test(tcase, a_selection_that_is_not_there_names_what_is);
	tcase_add_test(tcase, two_columns_of_one_name_are_ambiguous_and_a_comma_may_be_in_a_name);
	return suite_run(tcase, "select");
}
