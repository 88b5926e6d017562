/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "flow/load.h"
#include "flow/tree.h"
#include "support/suite.h"

/*
 * Restoring from records that hold their bytes themselves, so that no store is needed, on a file system that
 * can be made to lack what NFS lacks.
 */

static struct kist_flow flow;
static char dir[64];

/*
 * What openat() of a file without a name, renameat2() with a flag and linkat() end with; 0 does them.  They stand
 * in for the C library's.
 */
static int nameless_errno;
static int rename_errno;
static int link_errno;
static int renames_with_flag;

int openat(int dir_fd, const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;
	va_end(args);
	if ((flags & O_TMPFILE) == O_TMPFILE && nameless_errno != 0) {
		errno = nameless_errno;
		return -1;
	}
	return (int)syscall(SYS_openat, dir_fd, path, flags, mode);
}

int renameat2(int from_fd, const char *from, int to_fd, const char *to, unsigned flags)
{
	renames_with_flag += flags != 0;
	if (flags != 0 && rename_errno != 0) {
		errno = rename_errno;
		return -1;
	}
	return (int)syscall(SYS_renameat2, from_fd, from, to_fd, to, flags);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
	if (link_errno != 0) {
		errno = link_errno;
		return -1;
	}
	return (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
}

/* Of flow.c, which needs workers and plugins: nobody watches. */
void kist_flow_progress(const struct kist_flow *of, uint64_t done, uint64_t total)
{
	(void)of;
	(void)done;
	(void)total;
}

static int remove_one(const char *path, const struct stat *about, int type, struct FTW *walk)
{
	(void)about;
	(void)type;
	(void)walk;
	return remove(path);
}

static int open_up(const char *path, const struct stat *about, int type, struct FTW *walk)
{
	(void)about;
	(void)walk;
	return type == FTW_D || type == FTW_DNR ? chmod(path, 0700) : 0;
}

static void setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/kist-restore-XXXXXX", tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	nameless_errno = 0;
	rename_errno = 0;
	link_errno = 0;
	umask(022);
}

static void teardown(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	(void)nftw(dir, open_up, 16, FTW_PHYS);
	(void)nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static json_t *record_of(const char *kind, const void *bytes, size_t size, const struct kist_digest *digest)
{
	kist_auto_json json_t *record = json_pack("{s:s}", "kind", kind);
	struct kist_content content = { .form = KIST_CONTENT_INLINE, .size = size };

	ck_assert_uint_le(size, sizeof(content.bytes));
	memcpy(content.bytes, bytes, size);
	ck_assert_int_eq(kist_record_set_content(record, &content, digest, NULL), KIST_OK);
	return json_incref(record);
}

/* A file of these bytes; @mode -1 for one that was stored without. */
static json_t *file_record(const char *text, int mode)
{
	const struct kist_digest digest = kist_digest_of(kist_view_of(text, strlen(text)));
	json_t *record = record_of("bytes", text, strlen(text), &digest);

	if (mode >= 0)
		json_object_set_new(record, "file", json_pack("{s:i,s:I}", "mode", mode, "mtime_ns", (json_int_t)1));
	return record;
}

/* A tree of the folder @path in a folder "d", both with mode 0555. */
static json_t *tree_record(const char *path)
{
	kist_auto_tree struct kist_tree tree = KIST_TREE_INIT;
	struct kist_tree_entry entry = { .kind = KIST_TREE_FOLDER, .mode = 0555, .path = kist_view_of("d", 1) };
	struct kist_digest digest;

	ck_assert_int_eq(kist_tree_start(&tree, NULL), KIST_OK);
	ck_assert_int_eq(kist_tree_add(&tree, &entry, NULL), KIST_OK);
	entry.path = kist_view_of(path, strlen(path));
	ck_assert_int_eq(kist_tree_add(&tree, &entry, NULL), KIST_OK);
	digest = kist_tree_finish(&tree);
	return record_of("tree", tree.listing.data, tree.listing.size, &digest);
}

static unsigned mode_of(const char *path)
{
	struct stat st;

	ck_assert_int_eq(lstat(path, &st), 0);
	return st.st_mode & 07777;
}

static void expect_file(const char *path, const char *text)
{
	char bytes[300] = "";
	const int fd = open(path, O_RDONLY);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(read(fd, bytes, sizeof(bytes) - 1), (ssize_t)strlen(text));
	ck_assert_str_eq(bytes, text);
	close(fd);
}

static size_t count_files(void)
{
	DIR *all = opendir(".");
	size_t count = 0;

	while (readdir(all))
		count++;
	closedir(all);
	return count - 2;
}

static kist_status load(json_t *record, const char *path, bool force)
{
	const kist_status status = kist_load_path(&flow, record, path, force, NULL);

	json_decref(record);
	return status;
}

/*
 * 0: files without names; 1: these cannot be given a name; 2: none; 3: no rename that does not replace either, as
 * on NFS; 4: no links either.
 */
static void take_away(int what)
{
	nameless_errno = what >= 2 ? EOPNOTSUPP : 0;
	rename_errno = what >= 3 ? EINVAL : 0;
	link_errno = what == 1 ? EPERM : what >= 4 ? EOPNOTSUPP : 0;
	renames_with_flag = 0;
}

START_TEST(a_file_comes_back_and_replaces_none_unasked)
{
	take_away(_i);
	ck_assert_int_eq(load(file_record("one", 0640), "f", false), KIST_OK);
	ck_assert_int_eq(renames_with_flag, _i > 0);
	expect_file("f", "one");
	ck_assert_uint_eq(mode_of("f"), 0640);
	ck_assert_int_eq(load(file_record("two", 0640), "f", false), KIST_EXISTS);
	expect_file("f", "one");
	ck_assert_int_eq(load(file_record("two", -1), "f", true), KIST_OK);
	expect_file("f", "two");
	ck_assert_uint_eq(mode_of("f"), 0644);
	ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(a_tree_comes_back_with_its_modes_and_replaces_none)
{
	take_away(_i);
	ck_assert_int_eq(load(tree_record("d/e"), "t", false), KIST_OK);
	ck_assert_uint_eq(mode_of("t/d"), 0555);
	ck_assert_uint_eq(mode_of("t/d/e"), 0555);
	ck_assert_int_eq(load(tree_record("d/e"), "t", true), KIST_EXISTS);
	ck_assert_int_eq(load(file_record("x", 0600), "t", true), KIST_EXISTS);
	ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(a_failed_restore_leaves_nothing)
{
	json_t *record = file_record("one", 0600);

	json_object_set_new(record, "sha256", json_string("0000000000000000000000000000000000000000000000000000000000000000"));
	ck_assert_int_eq(load(record, "f", false), KIST_CORRUPT);
	rename_errno = EIO;
	link_errno = EIO;
	ck_assert_int_eq(load(file_record("one", 0600), "f", false), KIST_IO);
	nameless_errno = EOPNOTSUPP;
	ck_assert_int_eq(load(file_record("one", 0600), "f", false), KIST_IO);
	ck_assert_int_eq(load(tree_record("d-e"), "t", false), KIST_IO);
	ck_assert_uint_eq(count_files(), 0);
}
END_TEST

START_TEST(set_id_bits_do_not_come_back)
{
	ck_assert_int_eq(load(file_record("x", 07755), "f", false), KIST_OK);
	ck_assert_uint_eq(mode_of("f"), 0755);
}
END_TEST

START_TEST(the_longest_name_comes_back)
{
	char name[NAME_MAX + 2];

	memset(name, 'n', sizeof(name));
	name[NAME_MAX + 1] = '\0';
	ck_assert_int_eq(load(file_record("x", 0600), name, false), KIST_INVALID);
	name[NAME_MAX] = '\0';
	ck_assert_int_eq(load(file_record("x", 0600), name, false), KIST_OK);
	expect_file(name, "x");
}
END_TEST

START_TEST(names_that_are_no_new_name_are_refused)
{
	static const char *const names[] = { "", ".", "..", "/", "x/..", "x/." };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		ck_assert_int_ne(load(file_record("x", 0600), names[i], true), KIST_OK);
	ck_assert_int_eq(load(file_record("x", 0600), "no/such", false), KIST_NOT_FOUND);
	ck_assert_uint_eq(count_files(), 0);
}
END_TEST

START_TEST(a_link_that_has_the_name_is_replaced_not_followed)
{
	ck_assert_int_eq(load(file_record("one", 0600), "f", false), KIST_OK);
	ck_assert_int_eq(symlink("f", "l"), 0);
	ck_assert_int_eq(load(file_record("two", 0600), "l", false), KIST_EXISTS);
	ck_assert_int_eq(load(file_record("two", 0600), "l", true), KIST_OK);
	expect_file("f", "one");
	expect_file("l", "two");
}
END_TEST

START_TEST(a_fifo_is_never_replaced)
{
	ck_assert_int_eq(mkfifo("p", 0600), 0);
	ck_assert_int_eq(load(file_record("x", 0600), "p", false), KIST_EXISTS);
	ck_assert_int_eq(load(file_record("x", 0600), "p", true), KIST_EXISTS);
	ck_assert_int_eq(load(tree_record("d-e"), "p", true), KIST_EXISTS);
	ck_assert_uint_eq(count_files(), 1);
}
END_TEST

START_TEST(what_is_stopped_leaves_nothing)
{
	static const atomic_bool stop = true;

	flow.stop = &stop;
	nameless_errno = _i ? EOPNOTSUPP : 0;
	ck_assert_int_eq(load(file_record("x", 0600), "f", false), KIST_CANCELLED);
	ck_assert_int_eq(load(tree_record("d-e"), "t", false), KIST_CANCELLED);
	flow.stop = NULL;
	ck_assert_uint_eq(count_files(), 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("restore");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, a_file_comes_back_and_replaces_none_unasked, 0, 5);
	tcase_add_loop_test(tests, a_tree_comes_back_with_its_modes_and_replaces_none, 0, 5);
	tcase_add_test(tests, a_failed_restore_leaves_nothing);
	tcase_add_test(tests, set_id_bits_do_not_come_back);
	tcase_add_test(tests, the_longest_name_comes_back);
	tcase_add_test(tests, names_that_are_no_new_name_are_refused);
	tcase_add_test(tests, a_link_that_has_the_name_is_replaced_not_followed);
	tcase_add_test(tests, a_fifo_is_never_replaced);
	tcase_add_loop_test(tests, what_is_stopped_leaves_nothing, 0, 2);
	return suite_run(tests, "restore");
}
