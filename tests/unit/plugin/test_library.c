/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/suite.h"
#include "unit/plugin/folder.h"

/* A copy of a first-party plugin, which its build trusts. */
static char root[FOLDER_PATH_SIZE];
static struct kist_catalog *catalog;
static const struct kist_catalog_entry *entry;

static void copy(const char *name)
{
	static uint8_t data[4 << 20];
	const char *build = getenv("top_builddir");
	char path[FOLDER_PATH_SIZE];
	size_t size;

	snprintf(path, sizeof(path), "%s/plugins/numpy/%s", build ? build : ".", name);
	size = folder_read(path, data, sizeof(data));
	ck_assert_uint_gt(size, 0);
	folder_write(root, name, data, size);
}

static void setup(void)
{
	folder_make(root);
	copy("kist.numpy.plugin.json");
	copy("kist-numpy.so");
	catalog = folder_catalog(root, NULL, KIST_POLICY_PINNED);
	ck_assert_uint_eq(catalog->entry_count, 1);
	entry = &catalog->entries[0];
}

static void teardown(void)
{
	kist_catalog_close(catalog);
	folder_remove(root);
}

static const char *library(void)
{
	static char path[2 * FOLDER_PATH_SIZE];

	snprintf(path, sizeof(path), "%s/kist-numpy.so", root);
	return path;
}

static kist_status try_open(struct kist_error *err)
{
	kist_auto_fd int fd = -1;

	return kist_catalog_open_library(entry, &fd, err);
}

START_TEST(the_copy_is_sealed_and_whole)
{
	struct kist_error err = KIST_ERROR_INIT;
	kist_auto_fd int fd = -1;
	struct stat info;

	ck_assert_msg(kist_catalog_open_library(entry, &fd, &err) == KIST_OK, "%s", err.text);
	ck_assert_int_eq(fcntl(fd, F_GET_SEALS) & (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE),
			 F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	ck_assert_int_eq(fstat(fd, &info), 0);
	ck_assert_uint_eq((uint64_t)info.st_size, entry->manifest->library_size);
	ck_assert_int_eq(pwrite(fd, "x", 1, 0), -1);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
}
END_TEST

START_TEST(one_changed_byte_is_refused)
{
	struct kist_error err = KIST_ERROR_INIT;
	kist_auto_fd int fd = open(library(), O_RDWR | O_CLOEXEC);
	uint8_t byte;
	const off_t at = (off_t)(entry->manifest->library_size * (unsigned)_i / 4);

	ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
	byte ^= 1;
	ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	ck_assert_int_eq(try_open(&err), KIST_DENIED);
	ck_assert_ptr_nonnull(
		strstr(err.text, "library 'kist-numpy.so' of plugin 'kist.numpy': not the library that its "
				 "manifest names: its SHA-256 is "));
}
END_TEST

START_TEST(another_size_is_refused)
{
	struct kist_error err = KIST_ERROR_INIT;
	char expected[256];

	ck_assert_int_eq(truncate(library(), 100), 0);
	ck_assert_int_eq(try_open(&err), KIST_DENIED);
	snprintf(expected, sizeof(expected),
		 "library 'kist-numpy.so' of plugin 'kist.numpy': not the library that its manifest names: "
		 "it has 100 "
		 "bytes, not %llu",
		 (unsigned long long)entry->manifest->library_size);
	ck_assert_str_eq(err.text, expected);
}
END_TEST

START_TEST(a_missing_library_is_told)
{
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(unlink(library()), 0);
	ck_assert_int_eq(try_open(&err), KIST_NOT_FOUND);
	ck_assert_str_eq(err.text,
			 "library 'kist-numpy.so' of plugin 'kist.numpy': 'kist-numpy.so' is not there");
}
END_TEST

START_TEST(a_library_behind_a_symlink_is_refused)
{
	struct kist_error err = KIST_ERROR_INIT;
	char moved[2 * FOLDER_PATH_SIZE];

	snprintf(moved, sizeof(moved), "%s/moved.so", root);
	ck_assert_int_eq(rename(library(), moved), 0);
	ck_assert_int_eq(symlink("moved.so", library()), 0);
	ck_assert_int_eq(try_open(&err), KIST_DENIED);
	ck_assert_ptr_nonnull(strstr(err.text, "is a symbolic link"));
}
END_TEST

START_TEST(a_library_that_others_can_write_is_refused)
{
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(chmod(library(), 0666), 0);
	ck_assert_int_eq(try_open(&err), KIST_DENIED);
	ck_assert_ptr_nonnull(strstr(err.text, "is writable by others"));
	kist_error_clear(&err);
	ck_assert_int_eq(chmod(library(), 0644), 0);
	ck_assert_int_eq(chmod(root, 0777), 0);
	ck_assert_int_eq(try_open(&err), KIST_DENIED);
	ck_assert_int_eq(chmod(root, 0755), 0);
}
END_TEST

START_TEST(a_refused_plugin_gives_no_library)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_catalog_entry refused = *entry;
	int fd = -1;

	(void)kist_fail(&refused.refusal, KIST_DENIED, "not trusted");
	ck_assert_int_eq(kist_catalog_open_library(&refused, &fd, &err), KIST_DENIED);
	ck_assert_ptr_nonnull(strstr(err.text, "kist.numpy.plugin.json': not trusted"));
	ck_assert_int_eq(fd, -1);
}
END_TEST

START_TEST(running_out_of_memory_leaks_nothing)
{
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_mem_fail_at(k);
		status = try_open(NULL);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_uint_lt(k, 50);
	}
	kist_mem_fail_at(0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("all");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, the_copy_is_sealed_and_whole);
	tcase_add_loop_test(tests, one_changed_byte_is_refused, 0, 4);
	tcase_add_test(tests, another_size_is_refused);
	tcase_add_test(tests, a_missing_library_is_told);
	tcase_add_test(tests, a_library_behind_a_symlink_is_refused);
	tcase_add_test(tests, a_library_that_others_can_write_is_refused);
	tcase_add_test(tests, a_refused_plugin_gives_no_library);
	tcase_add_test(tests, running_out_of_memory_leaks_nothing);
	return suite_run(tests, "library");
}
