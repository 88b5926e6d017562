/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/files.h"

#include <stdio.h>

#include "base/mem.h"
#include "support/suite.h"

#define MANY 3000

START_TEST(each_path_has_one_entry_that_does_not_move)
{
	struct kist_files files = KIST_FILES_INIT;
	struct kist_file *first[MANY];

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < MANY; i++) {
			struct kist_file *file;
			char path[32];

			snprintf(path, sizeof(path), "d%d/f%d", i % 7, i);
			ck_assert_int_eq(kist_files_get(&files, path, &file, NULL), KIST_OK);
			ck_assert_str_eq(file->path, path);
			if (round == 0)
				first[i] = file;
			ck_assert_ptr_eq(file, first[i]);
		}
		ck_assert_uint_eq(files.count, MANY);
	}
	kist_files_done(&files);
}
END_TEST

START_TEST(without_memory_nothing_is_lost)
{
	struct kist_files files = KIST_FILES_INIT;
	struct kist_file *file = NULL;
	unsigned long failed = 0;

	for (int i = 0; i < 1000; i++) {
		char path[32];
		kist_status status;

		snprintf(path, sizeof(path), "f%d", i);
		for (unsigned long k = 1;; k++) {
			kist_mem_fail_at(k);
			status = kist_files_get(&files, path, &file, NULL);
			kist_mem_fail_at(0);
			if (status == KIST_OK)
				break;
			ck_assert_int_eq(status, KIST_NO_MEMORY);
			ck_assert_uint_eq(files.count, (size_t)i);
			failed++;
		}
	}
	ck_assert_uint_ge(failed, 2000);
	ck_assert_uint_eq(files.count, 1000);
	kist_files_done(&files);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("files");

	tcase_add_test(cases, each_path_has_one_entry_that_does_not_move);
	tcase_add_test(cases, without_memory_nothing_is_lost);
	return suite_run(cases, "agent/files");
}
