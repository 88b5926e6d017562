/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/suite.h"
#include "unit/plugin/folder.h"

static char root[FOLDER_PATH_SIZE];

static void setup(void)
{
	folder_make(root);
}

static void teardown(void)
{
	folder_remove(root);
}

static const char *below(const char *name)
{
	static char path[2 * FOLDER_PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

static kist_status open_dir(const char *path, struct kist_error *err)
{
	kist_auto_mem char *resolved = NULL;
	kist_auto_fd int fd = -1;

	return kist_search_open_dir(path, &resolved, &fd, err);
}

static kist_status open_file(const char *name, struct kist_error *err)
{
	kist_auto_mem char *resolved = NULL;
	kist_auto_fd int dir_fd = -1;
	kist_auto_fd int fd = -1;

	ck_assert_int_eq(kist_search_open_dir(root, &resolved, &dir_fd, NULL), KIST_OK);
	return kist_search_open_file(dir_fd, name, &fd, err);
}

static const struct {
	struct kist_identity identity;
	bool elevated;
} identities[] = {
	{ { .uid = 1000, .euid = 1000, .gid = 100, .egid = 100 }, false },
	{ { .uid = 0, .euid = 0, .capabilities = UINT64_MAX }, false },
	{ { .uid = 1000, .euid = 0, .gid = 100, .egid = 100 }, true },
	{ { .uid = 0, .euid = 1000 }, true },
	{ { .uid = 1000, .euid = 1000, .gid = 100, .egid = 0 }, true },
	{ { .uid = 1000, .euid = 1000, .gid = 100, .egid = 100, .secure = true }, true },
	{ { .uid = 0, .euid = 0, .secure = true }, true },
	{ { .uid = 1000, .euid = 1000, .gid = 100, .egid = 100, .capabilities = 2 }, true },
};

START_TEST(more_rights_than_the_caller_is_elevated)
{
	ck_assert_int_eq(kist_identity_elevated(&identities[_i].identity), identities[_i].elevated);
}
END_TEST

START_TEST(a_folder_below_a_sticky_one_passes)
{
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_mkdirs_at(AT_FDCWD, below("shared/own"), 0755, NULL), KIST_OK);
	ck_assert_int_eq(chmod(below("shared"), 01777), 0);
	ck_assert_msg(open_dir(below("shared/own"), &err) == KIST_OK, "%s", err.text);
	/* But the sticky folder itself takes files from everybody. */
	ck_assert_int_eq(open_dir(below("shared"), &err), KIST_DENIED);
	ck_assert_ptr_nonnull(strstr(err.text, "is writable by others: run 'chmod go-w' on it"));
}
END_TEST

START_TEST(a_folder_that_others_can_exchange_is_refused)
{
	static const mode_t modes[] = { 0775, 0757, 0777 };
	struct kist_error err = KIST_ERROR_INIT;
	char expected[2 * FOLDER_PATH_SIZE + 80];

	ck_assert_int_eq(kist_mkdirs_at(AT_FDCWD, below("open/own"), 0755, NULL), KIST_OK);
	ck_assert_int_eq(chmod(below("open"), modes[_i]), 0);
	ck_assert_int_eq(open_dir(below("open/own"), &err), KIST_DENIED);
	snprintf(expected, sizeof(expected), "'%s/open' is writable by %s: run 'chmod go-w' on it", root,
		 modes[_i] & 2 ? "others" : "its group");
	ck_assert_str_eq(err.text, expected);
}
END_TEST

START_TEST(a_folder_of_another_user_is_refused)
{
	struct kist_error err = KIST_ERROR_INIT;

	if (geteuid() != 0)
		return;
	ck_assert_int_eq(kist_mkdirs_at(AT_FDCWD, below("theirs/own"), 0755, NULL), KIST_OK);
	ck_assert_int_eq(chown(below("theirs"), 65534, 65534), 0);
	ck_assert_int_eq(open_dir(below("theirs/own"), &err), KIST_DENIED);
	ck_assert_ptr_nonnull(strstr(err.text, "belongs to user 65534: it must belong to root or to you"));
}
END_TEST

START_TEST(a_path_through_a_symlink_is_checked_where_it_leads)
{
	struct kist_error err = KIST_ERROR_INIT;
	kist_auto_mem char *resolved = NULL;
	kist_auto_fd int fd = -1;

	ck_assert_int_eq(kist_mkdirs_at(AT_FDCWD, below("real"), 0755, NULL), KIST_OK);
	ck_assert_int_eq(symlink("real", below("link")), 0);
	ck_assert_int_eq(kist_search_open_dir(below("link"), &resolved, &fd, &err), KIST_OK);
	ck_assert_str_eq(resolved, below("real"));
	ck_assert_int_eq(chmod(below("real"), 0777), 0);
	ck_assert_int_eq(open_dir(below("link"), &err), KIST_DENIED);
}
END_TEST

START_TEST(a_missing_folder_is_not_there)
{
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(open_dir(below("none"), &err), KIST_NOT_FOUND);
	ck_assert_str_eq(err.text, "not there");
}
END_TEST

START_TEST(a_file_is_opened_only_when_it_is_one)
{
	struct kist_error err = KIST_ERROR_INIT;

	folder_write(root, "file", "x", 1);
	ck_assert_int_eq(open_file("file", &err), KIST_OK);
	ck_assert_int_eq(open_file("none", &err), KIST_NOT_FOUND);
	kist_error_clear(&err);
	ck_assert_int_eq(symlink("file", below("link")), 0);
	ck_assert_int_eq(open_file("link", &err), KIST_DENIED);
	ck_assert_str_eq(err.text, "'link' is a symbolic link: put the file itself there");
	kist_error_clear(&err);
	ck_assert_int_eq(symlink("/etc/passwd", below("out")), 0);
	ck_assert_int_eq(open_file("out", &err), KIST_DENIED);
	kist_error_clear(&err);
	ck_assert_int_eq(open_file("../file", &err), KIST_DENIED);
	ck_assert_str_eq(err.text, "'../file' is not a plain file name");
	kist_error_clear(&err);
	ck_assert_int_eq(open_file("..", &err), KIST_DENIED);
	kist_error_clear(&err);
	ck_assert_int_eq(mkdir(below("folder"), 0755), 0);
	ck_assert_int_eq(open_file("folder", &err), KIST_DENIED);
	ck_assert_str_eq(err.text, "'folder' is not a regular file");
	kist_error_clear(&err);
	ck_assert_int_eq(mkfifo(below("pipe"), 0644), 0);
	ck_assert_int_eq(open_file("pipe", &err), KIST_DENIED);
	ck_assert_str_eq(err.text, "'pipe' is not a regular file");
}
END_TEST

START_TEST(a_file_that_others_can_write_is_refused)
{
	struct kist_error err = KIST_ERROR_INIT;

	folder_write(root, "file", "x", 1);
	ck_assert_int_eq(chmod(below("file"), 0664), 0);
	ck_assert_int_eq(open_file("file", &err), KIST_DENIED);
	ck_assert_str_eq(err.text, "'file' is writable by its group: run 'chmod go-w' on it");
}
END_TEST

static kist_status gather(void *ctx, const char *name, struct kist_error *err)
{
	(void)err;
	strcat(strcat(ctx, name), " ");
	return KIST_OK;
}

START_TEST(names_come_in_byte_order)
{
	static const char *const names[] = { "b", "a", "B", "10", "9", ".hidden", "\xc3\xa4" };
	kist_auto_mem char *resolved = NULL;
	kist_auto_fd int dir_fd = -1;
	char list[128] = "";

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		folder_write(root, names[i], "", 0);
	ck_assert_int_eq(kist_search_open_dir(root, &resolved, &dir_fd, NULL), KIST_OK);
	ck_assert_int_eq(kist_search_names(dir_fd, gather, list, NULL), KIST_OK);
	ck_assert_str_eq(list, "10 9 B a b \xc3\xa4 ");
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("all");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, more_rights_than_the_caller_is_elevated, 0,
			    (int)(sizeof(identities) / sizeof(identities[0])));
	tcase_add_test(tests, a_folder_below_a_sticky_one_passes);
	tcase_add_loop_test(tests, a_folder_that_others_can_exchange_is_refused, 0, 3);
	tcase_add_test(tests, a_folder_of_another_user_is_refused);
	tcase_add_test(tests, a_path_through_a_symlink_is_checked_where_it_leads);
	tcase_add_test(tests, a_missing_folder_is_not_there);
	tcase_add_test(tests, a_file_is_opened_only_when_it_is_one);
	tcase_add_test(tests, a_file_that_others_can_write_is_refused);
	tcase_add_test(tests, names_come_in_byte_order);
	return suite_run(tests, "search");
}
