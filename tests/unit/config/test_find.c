/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/suite.h"

#include "config/find.h"

static char folder[PATH_MAX];

static void make(const char *path)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(close(fd), 0);
}

static void set_up(void)
{
	const char *base = getenv("TMPDIR");
	char made[PATH_MAX];

	snprintf(made, sizeof(made), "%s/kist-find.XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(made));
	ck_assert_ptr_nonnull(realpath(made, folder));
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(mkdir("a", 0755), 0);
	ck_assert_int_eq(mkdir("a/b", 0755), 0);
}

static void clear_away(void)
{
	ck_assert_int_eq(chdir(folder), 0);
	(void)unlink("kist.yaml");
	(void)unlink("other");
	(void)unlink("a/kist.yaml");
	ck_assert_int_eq(rmdir("a/b"), 0);
	ck_assert_int_eq(rmdir("a"), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}

START_TEST(the_nearest_file_upwards_counts)
{
	char found[PATH_MAX];
	char other[PATH_MAX];
	char expected[PATH_MAX + 20];

	make("kist.yaml");
	ck_assert(kist_config_find_project(found, other));
	ck_assert_str_eq(found, "kist.yaml");
	ck_assert_str_eq(other, "");
	ck_assert_int_eq(chdir("a/b"), 0);
	ck_assert(kist_config_find_project(found, other));
	snprintf(expected, sizeof(expected), "%s/kist.yaml", folder);
	ck_assert_str_eq(found, expected);
	make("../kist.yaml");
	ck_assert(kist_config_find_project(found, other));
	snprintf(expected, sizeof(expected), "%s/a/kist.yaml", folder);
	ck_assert_str_eq(found, expected);
}
END_TEST

START_TEST(a_link_that_leads_nowhere_is_passed_over)
{
	char found[PATH_MAX];
	char other[PATH_MAX];
	char expected[PATH_MAX + 20];

	make("kist.yaml");
	ck_assert_int_eq(symlink("nothing", "a/kist.yaml"), 0);
	ck_assert_int_eq(chdir("a/b"), 0);
	ck_assert(kist_config_find_project(found, other));
	snprintf(expected, sizeof(expected), "%s/kist.yaml", folder);
	ck_assert_str_eq(found, expected);
	snprintf(expected, sizeof(expected), "%s/a/kist.yaml", folder);
	ck_assert_str_eq(other, expected);
}
END_TEST

START_TEST(a_link_to_a_file_of_ours_counts)
{
	char found[PATH_MAX];
	char other[PATH_MAX];

	make("other");
	ck_assert_int_eq(symlink("other", "kist.yaml"), 0);
	ck_assert(kist_config_find_project(found, other));
	ck_assert_str_eq(found, "kist.yaml");
}
END_TEST

/* Only root can give a file away. */
START_TEST(a_file_of_somebody_else_is_passed_over)
{
	char found[PATH_MAX];
	char other[PATH_MAX];
	char expected[PATH_MAX + 20];

	if (geteuid() != 0)
		return;
	make("a/kist.yaml");
	ck_assert_int_eq(chown("a/kist.yaml", 65534, 65534), 0);
	make("kist.yaml");
	ck_assert_int_eq(chdir("a"), 0);
	ck_assert(kist_config_find_project(found, other));
	snprintf(expected, sizeof(expected), "%s/kist.yaml", folder);
	ck_assert_str_eq(found, expected);
	snprintf(expected, sizeof(expected), "%s/a/kist.yaml", folder);
	ck_assert_str_eq(other, expected);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("find");

	tcase_add_checked_fixture(tcase, set_up, clear_away);
	tcase_add_test(tcase, the_nearest_file_upwards_counts);
	tcase_add_test(tcase, a_link_that_leads_nowhere_is_passed_over);
	tcase_add_test(tcase, a_link_to_a_file_of_ours_counts);
	tcase_add_test(tcase, a_file_of_somebody_else_is_passed_over);
	return suite_run(tcase, "find");
}
