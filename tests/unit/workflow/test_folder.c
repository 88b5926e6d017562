/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/suite.h"

#include "support/must.h"
#include "workflow/folder.h"

static char base[64];
static struct kist_run_folder folder;

static void setup(void)
{
	const char *dir = getenv("TMPDIR");

	must(snprintf(base, sizeof(base), "%s/folder-XXXXXX", dir && strlen(dir) < 40 ? dir : "/tmp") > 0 &&
	     mkdtemp(base));
	folder = (struct kist_run_folder)KIST_RUN_FOLDER_INIT;
}

static void teardown(void)
{
	kist_run_folder_remove(&folder);
	must(rmdir(base) == 0);
}

static bool is_there(const char *path)
{
	struct stat status;

	return lstat(path, &status) == 0;
}

static void write_file(const char *path)
{
	FILE *file = fopen(path, "we");

	must(file != NULL && fclose(file) == 0);
}

static void path_in(const char *name, char ret[static 128])
{
	must(snprintf(ret, 128, "%s/%s", base, name) < 128);
}

START_TEST(each_path_is_another_one_in_the_same_folder_that_goes_with_all_that_is_in_it)
{
	char first[PATH_MAX];
	char second[PATH_MAX];

	ck_assert_int_eq(kist_run_folder_path(&folder, base, "", first, NULL), KIST_OK);
	ck_assert_int_eq(kist_run_folder_path(&folder, base, "npy", second, NULL), KIST_OK);
	ck_assert_str_ne(first, second);
	ck_assert_str_eq(second + strlen(second) - 4, ".npy");
	ck_assert_int_eq(strncmp(first, folder.path, strlen(folder.path)), 0);
	ck_assert_int_eq(mkdir(first, 0700), 0);
	write_file(second);
	kist_run_folder_remove(&folder);
	ck_assert(!is_there(second));
	kist_run_folder_remove(&folder);
}
END_TEST

START_TEST(what_a_killed_run_left_is_taken_away_and_nothing_else)
{
	struct kist_run_folder other = KIST_RUN_FOLDER_INIT;
	static const char *const names[] = { KIST_RUN_FOLDER_PREFIX "short", KIST_RUN_FOLDER_PREFIX "longer1",
					     "other-folder-XX" };
	char path[PATH_MAX];
	char left[128];
	char inner[PATH_MAX];
	char link[128];

	ck_assert_int_eq(kist_run_folder_path(&other, base, "", path, NULL), KIST_OK);
	write_file(path);
	path_in(KIST_RUN_FOLDER_PREFIX "abcdef", left);
	ck_assert_int_eq(mkdir(left, 0700), 0);
	snprintf(inner, sizeof(inner), "%s/1.npy", left);
	write_file(inner);
	path_in(KIST_RUN_FOLDER_PREFIX "linked", link);
	ck_assert_int_eq(symlink(other.path, link), 0);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char kept[128];

		path_in(names[i], kept);
		ck_assert_int_eq(mkdir(kept, 0700), 0);
	}
	ck_assert_int_eq(kist_run_folder_path(&folder, base, "", inner, NULL), KIST_OK);
	ck_assert(!is_there(left));
	ck_assert(is_there(path) && is_there(link));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char kept[128];

		path_in(names[i], kept);
		ck_assert_int_eq(rmdir(kept), 0);
	}
	ck_assert_int_eq(unlink(link), 0);
	kist_run_folder_remove(&other);
	ck_assert(!is_there(path));
}
END_TEST

START_TEST(what_cannot_be_made_is_said)
{
	struct kist_error err = KIST_ERROR_INIT;
	char path[PATH_MAX];
	char long_path[PATH_MAX];
	char nowhere[128];

	path_in("nowhere", nowhere);
	ck_assert_int_ne(kist_run_folder_path(&folder, nowhere, "", path, &err), KIST_OK);
	ck_assert_ptr_nonnull(strstr(err.text, "nowhere"));
	memset(long_path, 'x', sizeof(long_path) - 1);
	long_path[sizeof(long_path) - 1] = '\0';
	ck_assert_int_eq(kist_run_folder_path(&folder, long_path, "", path, NULL), KIST_LIMIT);
	ck_assert_int_eq(kist_run_folder_path(&folder, base, long_path, path, NULL), KIST_LIMIT);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("folder");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, each_path_is_another_one_in_the_same_folder_that_goes_with_all_that_is_in_it);
	tcase_add_test(tcase, what_a_killed_run_left_is_taken_away_and_nothing_else);
	tcase_add_test(tcase, what_cannot_be_made_is_said);
	return suite_run(tcase, "folder");
}
