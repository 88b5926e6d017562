/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/suite.h"

static char folder[PATH_MAX];
static int folder_fd = -1;

static void make_folder(void)
{
	const char *const base = getenv("TMPDIR");

	snprintf(folder, sizeof(folder), "%s/kist-file-XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(kist_open_at(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0, &folder_fd, NULL), KIST_OK);
}

static void drop_folder(void)
{
	(void)unlinkat(folder_fd, "a/b/c", AT_REMOVEDIR);
	(void)unlinkat(folder_fd, "a/b", AT_REMOVEDIR);
	(void)unlinkat(folder_fd, "a/file", 0);
	(void)unlinkat(folder_fd, "a", AT_REMOVEDIR);
	(void)unlinkat(folder_fd, "file", 0);
	(void)unlinkat(folder_fd, "link", 0);
	kist_fd_close(&folder_fd);
	ck_assert_int_eq(rmdir(folder), 0);
}

static struct kist_view view(const char *text)
{
	return kist_view_of(text, strlen(text));
}

START_TEST(a_file_is_put_in_place_whole_and_read_back)
{
	kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(100);
	struct stat status;

	ck_assert_int_eq(kist_replace_file_at(folder_fd, "file", view("first"), 0600, true, NULL), KIST_OK);
	ck_assert_int_eq(kist_replace_file_at(folder_fd, "file", view("second"), 0644, false, NULL), KIST_OK);
	ck_assert_int_eq(kist_read_file_at(folder_fd, "file", &buf, NULL), KIST_OK);
	ck_assert_str_eq(kist_buf_text(&buf), "second");
	ck_assert_int_eq(fstatat(folder_fd, "file", &status, 0), 0);
	ck_assert_uint_eq(status.st_mode & 0600, 0600);
	ck_assert_int_eq(kist_replace_file_at(folder_fd, "no/file", view("x"), 0600, true, NULL), KIST_NOT_FOUND);
}
END_TEST

START_TEST(nothing_is_left_behind_when_a_file_cannot_be_put_in_place)
{
	DIR *dir;
	int entries = 0;

	ck_assert_int_eq(kist_mkdirs_at(folder_fd, "a/b", 0700, NULL), KIST_OK);
	ck_assert_int_eq(kist_replace_file_at(folder_fd, "a", view("x"), 0600, false, NULL), KIST_IO);
	dir = opendir(folder);
	ck_assert_ptr_nonnull(dir);
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir))
		entries += entry->d_name[0] != '.';
	(void)closedir(dir);
	ck_assert_int_eq(entries, 1);
}
END_TEST

START_TEST(the_limit_of_the_buf_is_the_limit_of_the_file)
{
	for (size_t max = 4; max <= 6; max++) {
		kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(max);
		struct kist_error err = KIST_ERROR_INIT;

		ck_assert_int_eq(kist_replace_file_at(folder_fd, "file", view("12345"), 0600, false, NULL), KIST_OK);
		ck_assert_int_eq(kist_read_file_at(folder_fd, "file", &buf, &err), max < 5 ? KIST_LIMIT : KIST_OK);
		if (max < 5)
			ck_assert_str_eq(err.text, "file: more than 4 bytes");
	}
}
END_TEST

START_TEST(why_a_file_cannot_be_opened_is_a_status)
{
	int fd = -1;

	ck_assert_int_eq(kist_open_at(folder_fd, "none", O_RDONLY, 0, &fd, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_replace_file_at(folder_fd, "file", view("x"), 0600, false, NULL), KIST_OK);
	ck_assert_int_eq(kist_open_at(folder_fd, "file/x", O_RDONLY, 0, &fd, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_open_at(folder_fd, "file", O_RDWR | O_CREAT | O_EXCL, 0600, &fd, NULL), KIST_EXISTS);
	ck_assert_int_eq(symlinkat("file", folder_fd, "link"), 0);
	ck_assert_int_eq(kist_open_at(folder_fd, "link", O_RDONLY | O_NOFOLLOW, 0, &fd, NULL), KIST_DENIED);
	ck_assert_int_eq(kist_open_at(folder_fd, ".", O_WRONLY, 0, &fd, NULL), KIST_IO);
	ck_assert_int_eq(fd, -1);
	ck_assert_int_eq(kist_open_at(folder_fd, "file", O_RDONLY, 0, &fd, NULL), KIST_OK);
	ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	kist_fd_close(&fd);
	kist_fd_close(&fd);
	ck_assert_int_eq(fd, -1);
}
END_TEST

START_TEST(folders_are_made_with_what_leads_to_them)
{
	char too_long[PATH_MAX + 1];
	struct stat status;

	ck_assert_int_eq(kist_mkdirs_at(folder_fd, "a/b/c", 0700, NULL), KIST_OK);
	ck_assert_int_eq(kist_mkdirs_at(folder_fd, "a/b/c", 0700, NULL), KIST_OK);
	ck_assert_int_eq(fstatat(folder_fd, "a/b/c", &status, 0), 0);
	ck_assert(S_ISDIR(status.st_mode));
	ck_assert_int_eq(kist_mkdirs_at(folder_fd, "", 0700, NULL), KIST_INVALID);
	memset(too_long, 'x', sizeof(too_long));
	too_long[PATH_MAX] = '\0';
	ck_assert_int_eq(kist_mkdirs_at(folder_fd, too_long, 0700, NULL), KIST_INVALID);
}
END_TEST

START_TEST(reads_at_an_offset_are_short_only_at_the_end)
{
	kist_auto_fd int fd = -1;
	char buf[8] = "";
	size_t got = 99;

	ck_assert_int_eq(kist_replace_file_at(folder_fd, "file", view("12345"), 0600, false, NULL), KIST_OK);
	ck_assert_int_eq(kist_open_at(folder_fd, "file", O_RDONLY, 0, &fd, NULL), KIST_OK);
	ck_assert_int_eq(kist_pread_full(fd, buf, 3, 1, &got, NULL), KIST_OK);
	ck_assert_uint_eq(got, 3);
	ck_assert_mem_eq(buf, "234", 3);
	ck_assert_int_eq(kist_pread_full(fd, buf, 8, 3, &got, NULL), KIST_OK);
	ck_assert_uint_eq(got, 2);
	ck_assert_int_eq(kist_pread_full(fd, buf, 8, 5, &got, NULL), KIST_OK);
	ck_assert_uint_eq(got, 0);
	ck_assert_int_eq(kist_pread_full(fd, buf, 8, UINT64_MAX - 2, &got, NULL), KIST_OK);
	ck_assert_uint_eq(got, 0);
	ck_assert_int_eq(kist_pread_full(-1, buf, 8, 0, &got, NULL), KIST_IO);
}
END_TEST

START_TEST(what_cannot_be_written_is_an_error)
{
	kist_auto_fd int fd = -1;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_open_at(AT_FDCWD, "/dev/full", O_WRONLY, 0, &fd, NULL), KIST_OK);
	ck_assert_int_eq(kist_write_all(fd, view("x"), &err), KIST_IO);
	ck_assert_str_eq(err.text, "cannot write 1 bytes: No space left on device");
	ck_assert_int_eq(kist_sync_fd(-1, NULL), KIST_IO);
}
END_TEST

START_TEST(reading_survives_every_failed_allocation)
{
	kist_status status = KIST_NO_MEMORY;
	unsigned long k = 1;

	ck_assert_int_eq(kist_replace_file_at(folder_fd, "file", view("12345"), 0600, false, NULL), KIST_OK);
	for (; status != KIST_OK; k++) {
		kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(1 << 20);
		struct kist_error err = KIST_ERROR_INIT;

		kist_mem_fail_at(k);
		status = kist_read_file_at(folder_fd, "file", &buf, &err);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
	}
	ck_assert_uint_gt(k, 2);
}
END_TEST

START_TEST(a_status_does_not_depend_on_whether_a_reason_is_asked_for)
{
	kist_auto_buf struct kist_buf buf = KIST_BUF_INIT(1);

	ck_assert_int_eq(kist_replace_file_at(folder_fd, "file", view("12345"), 0600, false, NULL), KIST_OK);
	ck_assert_int_eq(kist_read_file_at(folder_fd, "file", &buf, NULL), KIST_LIMIT);
}
END_TEST

START_TEST(a_folder_that_is_listed_closes_what_it_was_given)
{
	kist_auto_dir DIR *dir = NULL;
	kist_auto_fd int fd = -1;
	int given;

	ck_assert_int_eq(kist_dir_open_at(folder_fd, ".", &dir, NULL), KIST_OK);
	ck_assert_ptr_nonnull(readdir(dir));
	kist_dir_close(&dir);
	ck_assert_ptr_null(dir);
	ck_assert_int_eq(kist_dir_open_at(folder_fd, "none", &dir, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_replace_file_at(folder_fd, "file", view("x"), 0600, false, NULL), KIST_OK);
	ck_assert_int_eq(kist_dir_open_at(folder_fd, "file", &dir, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_open_at(folder_fd, "file", O_RDONLY, 0, &fd, NULL), KIST_OK);
	/* What is no folder stays the caller's. */
	ck_assert_int_eq(kist_dir_of_fd(&fd, &dir, NULL), KIST_IO);
	ck_assert_int_ge(fd, 0);
	kist_fd_close(&fd);
	ck_assert_int_eq(kist_open_at(folder_fd, ".", O_RDONLY | O_DIRECTORY, 0, &fd, NULL), KIST_OK);
	given = fd;
	ck_assert_int_eq(kist_dir_of_fd(&fd, &dir, NULL), KIST_OK);
	ck_assert_int_eq(fd, -1);
	kist_dir_close(&dir);
	ck_assert_int_lt(fcntl(given, F_GETFD), 0);
}
END_TEST

START_TEST(who_waits_for_a_lock_gives_up_some_day)
{
	kist_auto_fd int first = -1;
	kist_auto_fd int second = -1;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_open_at(folder_fd, ".", O_RDONLY | O_DIRECTORY, 0, &first, NULL), KIST_OK);
	ck_assert_int_eq(kist_open_at(folder_fd, ".", O_RDONLY | O_DIRECTORY, 0, &second, NULL), KIST_OK);
	ck_assert_int_eq(kist_lock_fd(first, LOCK_SH, 0, "here", NULL), KIST_OK);
	ck_assert_int_eq(kist_lock_fd(second, LOCK_SH, 0, "here", NULL), KIST_OK);
	ck_assert_int_eq(kist_lock_fd(second, LOCK_EX, 0, "here", NULL), KIST_DEADLINE);
	ck_assert_int_eq(kist_lock_fd(second, LOCK_EX, 50, "here", &err), KIST_DEADLINE);
	ck_assert_str_eq(err.text, "somebody else holds 'here'");
	ck_assert_int_eq(flock(first, LOCK_UN), 0);
	ck_assert_int_eq(kist_lock_fd(second, LOCK_EX, 0, "here", NULL), KIST_OK);
	ck_assert_int_eq(kist_lock_fd(-1, LOCK_EX, 0, "here", NULL), KIST_IO);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("file");

	tcase_add_checked_fixture(tcase, make_folder, drop_folder);
	tcase_add_test(tcase, a_file_is_put_in_place_whole_and_read_back);
	tcase_add_test(tcase, nothing_is_left_behind_when_a_file_cannot_be_put_in_place);
	tcase_add_test(tcase, the_limit_of_the_buf_is_the_limit_of_the_file);
	tcase_add_test(tcase, why_a_file_cannot_be_opened_is_a_status);
	tcase_add_test(tcase, folders_are_made_with_what_leads_to_them);
	tcase_add_test(tcase, reads_at_an_offset_are_short_only_at_the_end);
	tcase_add_test(tcase, what_cannot_be_written_is_an_error);
	tcase_add_test(tcase, reading_survives_every_failed_allocation);
	tcase_add_test(tcase, a_folder_that_is_listed_closes_what_it_was_given);
	tcase_add_test(tcase, who_waits_for_a_lock_gives_up_some_day);
	tcase_add_test(tcase, a_status_does_not_depend_on_whether_a_reason_is_asked_for);
	return suite_run(tcase, "file");
}
