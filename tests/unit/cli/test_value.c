/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/value.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/table.h"
#include "support/suite.h"

#define PRINTED_SIZE_MAX ((size_t)64 << 10)

/* What kist_print_value() prints of the JSON @text, which is dropped. */
static void print(json_t *value, char ret[static PRINTED_SIZE_MAX])
{
	FILE *file = tmpfile();
	const int kept = dup(STDOUT_FILENO);
	size_t got;

	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(value);
	ck_assert_int_eq(fflush(stdout), 0);
	ck_assert_int_ge(dup2(fileno(file), STDOUT_FILENO), 0);
	kist_print_value(value, 0);
	ck_assert_int_eq(fflush(stdout), 0);
	ck_assert_int_ge(dup2(kept, STDOUT_FILENO), 0);
	ck_assert_int_eq(close(kept), 0);
	rewind(file);
	got = fread(ret, 1, PRINTED_SIZE_MAX - 1, file);
	ret[got] = '\0';
	ck_assert_int_eq(fclose(file), 0);
	json_decref(value);
}

START_TEST(what_a_plugin_says_is_not_read_as_kists_own)
{
	char text[PRINTED_SIZE_MAX];

	print(json_pack("{s:i,s:{s:i,s:i,s:i},s:{s:i}}", "size", 2048, "info", "size", 5, "mode", 3, "mtime_ns", 7,
			"file", "mode", 0644),
	      text);
	ck_assert_ptr_nonnull(strstr(text, "2.0 KiB (2048 bytes)"));
	ck_assert_ptr_nonnull(strstr(text, "0644 rw-r--r--"));
	ck_assert_ptr_nonnull(strstr(text, "size      5\n"));
	ck_assert_ptr_nonnull(strstr(text, "mode      3\n"));
	ck_assert_ptr_nonnull(strstr(text, "mtime_ns  7\n"));
	ck_assert_ptr_null(strstr(text, "1970"));
}
END_TEST

START_TEST(a_table_with_too_many_columns_says_so)
{
	for (int more = 0; more < 2; more++) {
		char text[PRINTED_SIZE_MAX];
		json_t *row = json_object();

		for (int i = 0; i < KIST_COLUMNS_MAX + more; i++) {
			char key[16];

			snprintf(key, sizeof(key), "column%d", i);
			ck_assert_int_eq(json_object_set_new(row, key, json_integer(i)), 0);
		}
		print(json_pack("{s:[o]}", "columns", row), text);
		ck_assert_int_eq(strstr(text, "... and more columns") != NULL, more);
	}
}
END_TEST

START_TEST(a_list_that_is_cut_says_so)
{
	static const struct {
		size_t count;
		int width; /* of each */
		bool is_cut;
	} lists[] = { { 20, 30, false }, { 21, 30, true }, { 1000, 30, true }, { 20, 100, true } };

	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		char text[PRINTED_SIZE_MAX];
		char all[32];
		json_t *list = json_array();
		json_t *object = json_object();

		snprintf(all, sizeof(all), "... %zu in all", lists[i].count);
		for (size_t k = 0; k < lists[i].count; k++) {
			char key[120];

			snprintf(key, sizeof(key), "%0*zu", lists[i].width, k);
			ck_assert_int_eq(json_array_append_new(list, json_string(key)), 0);
			ck_assert_int_eq(json_object_set_new(object, key, json_integer(1)), 0);
		}
		kist_cell_text(list, text, 1200);
		ck_assert_int_eq(strstr(text, all) != NULL, lists[i].is_cut);
		ck_assert_int_eq(text[strlen(text) - 1], ']');
		kist_cell_text(object, text, 1200);
		ck_assert_int_eq(strstr(text, all) != NULL, lists[i].is_cut);
		json_decref(list);
		json_decref(object);
	}
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("value");

	tcase_add_test(tcase, what_a_plugin_says_is_not_read_as_kists_own);
	tcase_add_test(tcase, a_table_with_too_many_columns_says_so);
	tcase_add_test(tcase, a_list_that_is_cut_says_so);
	return suite_run(tcase, "value");
}
