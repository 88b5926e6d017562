/* SPDX-License-Identifier: Apache-2.0 */
#include "base/beneath.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/suite.h"

static char folder[PATH_MAX];
static int folder_fd = -1;

static const char *const things[] = { "up", "file", "last", "links", "in/deep/file", "in/deep", "in/made", "in" };

static void make_folder(void)
{
	const char *const base = getenv("TMPDIR");
	int fd;

	snprintf(folder, sizeof(folder), "%s/kist-beneath-XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(kist_open_at(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0, &folder_fd, NULL), KIST_OK);
	ck_assert_int_eq(mkdirat(folder_fd, "in", 0700), 0);
	ck_assert_int_eq(mkdirat(folder_fd, "in/deep", 0700), 0);
	ck_assert_int_eq(kist_open_at(folder_fd, "in/deep/file", O_CREAT | O_WRONLY, 0600, &fd, NULL), KIST_OK);
	kist_fd_close(&fd);
	ck_assert_int_eq(kist_open_at(folder_fd, "file", O_CREAT | O_WRONLY, 0600, &fd, NULL), KIST_OK);
	kist_fd_close(&fd);
	ck_assert_int_eq(symlinkat("in", folder_fd, "links"), 0);
	ck_assert_int_eq(symlinkat("file", folder_fd, "last"), 0);
	ck_assert_int_eq(symlinkat("..", folder_fd, "up"), 0);
}

static void drop_folder(void)
{
	for (size_t i = 0; i < sizeof(things) / sizeof(things[0]); i++) {
		if (unlinkat(folder_fd, things[i], 0) != 0)
			(void)unlinkat(folder_fd, things[i], AT_REMOVEDIR);
	}
	kist_fd_close(&folder_fd);
	ck_assert_int_eq(rmdir(folder), 0);
}

#define LETTERS_64  "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijkl"
#define LETTERS_256 LETTERS_64 LETTERS_64 LETTERS_64 LETTERS_64

static const struct {
	const char *path;
	int flags;
	kist_status status;
} opens[] = {
	{ "", O_RDONLY | O_DIRECTORY, KIST_OK },
	{ "file", O_RDONLY, KIST_OK },
	{ "in/deep/file", O_RDONLY, KIST_OK },
	{ "in/deep", O_RDONLY | O_DIRECTORY, KIST_OK },
	{ "in/made", O_CREAT | O_EXCL | O_WRONLY, KIST_OK },
	{ "file", O_CREAT | O_EXCL | O_WRONLY, KIST_EXISTS },
	{ "gone", O_RDONLY, KIST_NOT_FOUND },
	{ "gone/file", O_RDONLY, KIST_NOT_FOUND },
	{ "file/in", O_RDONLY, KIST_NOT_FOUND },
	{ "last", O_RDONLY, KIST_DENIED },
	{ "links", O_RDONLY | O_DIRECTORY, KIST_DENIED },
	{ "links/deep/file", O_RDONLY, KIST_DENIED },
	{ "up/file", O_RDONLY, KIST_DENIED },
	{ LETTERS_256, O_CREAT | O_WRONLY, KIST_IO },
	{ LETTERS_256 "/file", O_RDONLY, KIST_IO },
};
#define OPENS ((int)(sizeof(opens) / sizeof(opens[0])))

/* Even numbers with openat2(), odd ones component by component. */
START_TEST(both_ways_of_opening_follow_no_link_and_say_the_same)
{
	const bool plain = _i % 2 == 1;
	kist_auto_fd int fd = -1;

	ck_assert_msg(kist_open_beneath(folder_fd, opens[_i / 2].path, opens[_i / 2].flags, 0600, plain, &fd,
					NULL) == opens[_i / 2].status,
		      "'%s', %s", opens[_i / 2].path, plain ? "plain" : "openat2");
	ck_assert_int_eq(fd >= 0, opens[_i / 2].status == KIST_OK);
}
END_TEST

START_TEST(folders_are_made_but_never_behind_a_link_or_a_file)
{
	kist_auto_fd int fd = -1;
	struct stat made;
	struct stat opened;

	ck_assert_int_eq(kist_make_beneath(folder_fd, "in/made", true, &fd, NULL), KIST_OK);
	ck_assert_int_eq(fstatat(folder_fd, "in/made", &made, AT_SYMLINK_NOFOLLOW), 0);
	ck_assert_int_eq(fstat(fd, &opened), 0);
	ck_assert_uint_eq(made.st_ino, opened.st_ino);
	kist_fd_close(&fd);
	ck_assert_int_eq(kist_make_beneath(folder_fd, "in/made", false, &fd, NULL), KIST_OK);
	kist_fd_close(&fd);
	ck_assert_int_eq(kist_make_beneath(folder_fd, "links/new", false, &fd, NULL), KIST_DENIED);
	ck_assert_int_eq(kist_make_beneath(folder_fd, "file/new", false, &fd, NULL), KIST_DENIED);
	ck_assert_int_eq(kist_make_beneath(folder_fd, LETTERS_256, false, &fd, NULL), KIST_IO);
	ck_assert_int_eq(faccessat(folder_fd, "in/new", F_OK, 0), -1);
	ck_assert_int_eq(fd, -1);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("beneath");

	tcase_add_checked_fixture(tcase, make_folder, drop_folder);
	tcase_add_loop_test(tcase, both_ways_of_opening_follow_no_link_and_say_the_same, 0, 2 * OPENS);
	tcase_add_test(tcase, folders_are_made_but_never_behind_a_link_or_a_file);
	return suite_run(tcase, "beneath");
}
