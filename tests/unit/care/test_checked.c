/* SPDX-License-Identifier: Apache-2.0 */
#include "care/checked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/suite.h"

#define MANY 5000

static char dir[64];
static char file[192];

static void setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/kist-checked-XXXXXX", tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/checked", dir);
}

static void teardown(void)
{
	(void)unlink(file);
	(void)rmdir(dir);
}

static struct kist_digest digest(unsigned number)
{
	return kist_digest_of(kist_view_of(&number, sizeof(number)));
}

static void set(struct kist_checked *checked, unsigned number, unsigned depth, uint32_t time)
{
	const struct kist_digest id = digest(number);

	ck_assert_int_eq(kist_checked_set(checked, &id, depth, time, NULL), KIST_OK);
}

static uint32_t time_of(const struct kist_checked *checked, unsigned number, unsigned depth)
{
	const struct kist_digest id = digest(number);

	return kist_checked_time(checked, &id, depth);
}

START_TEST(what_was_checked_deeper_was_checked)
{
	kist_auto_checked struct kist_checked checked = KIST_CHECKED_INIT;

	ck_assert_uint_eq(time_of(&checked, 1, 0), 0);
	set(&checked, 1, 2, 100);
	ck_assert_uint_eq(time_of(&checked, 1, 0), 100);
	ck_assert_uint_eq(time_of(&checked, 1, 2), 100);
	ck_assert_uint_eq(time_of(&checked, 1, 3), 0);
	set(&checked, 1, 0, 200);
	ck_assert_uint_eq(time_of(&checked, 1, 0), 200);
	ck_assert_uint_eq(time_of(&checked, 1, 1), 100);
	/* A clock that goes back takes nothing away. */
	set(&checked, 1, 0, 150);
	ck_assert_uint_eq(time_of(&checked, 1, 0), 200);
	ck_assert_uint_eq(time_of(&checked, 2, 0), 0);
}
END_TEST

START_TEST(what_is_saved_is_loaded)
{
	kist_auto_checked struct kist_checked checked = KIST_CHECKED_INIT;
	kist_auto_checked struct kist_checked loaded = KIST_CHECKED_INIT;

	for (unsigned i = 0; i < MANY; i++)
		set(&checked, i, i % 4, 1000 + i);
	ck_assert_int_eq(kist_checked_save(&checked, dir, NULL), KIST_OK);
	set(&loaded, 7, 3, 5);
	ck_assert_int_eq(kist_checked_load(&loaded, dir, NULL), KIST_OK);
	ck_assert_uint_eq(loaded.count, MANY);
	for (unsigned i = 0; i < MANY; i++)
		ck_assert_uint_eq(time_of(&loaded, i, i % 4), 1000 + i);
}
END_TEST

START_TEST(a_file_that_is_damaged_says_nothing)
{
	kist_auto_checked struct kist_checked checked = KIST_CHECKED_INIT;
	struct stat about;

	for (unsigned i = 0; i < 5; i++)
		set(&checked, i, 1, 1000);
	ck_assert_int_eq(kist_checked_save(&checked, dir, NULL), KIST_OK);
	ck_assert_int_eq(stat(file, &about), 0);
	for (off_t at = 0; at < about.st_size; at++) {
		kist_auto_checked struct kist_checked loaded = KIST_CHECKED_INIT;
		kist_auto_fd int fd = open(file, O_RDWR | O_CLOEXEC);
		uint8_t byte = 0;

		ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
		byte ^= 0x10;
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
		ck_assert_int_eq(kist_checked_load(&loaded, dir, NULL), KIST_OK);
		ck_assert_uint_eq(loaded.count, 0);
		byte ^= 0x10;
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
	}
	for (off_t size = about.st_size - 1; size >= 0; size--) {
		kist_auto_checked struct kist_checked loaded = KIST_CHECKED_INIT;

		ck_assert_int_eq(truncate(file, size), 0);
		ck_assert_int_eq(kist_checked_load(&loaded, dir, NULL), KIST_OK);
		ck_assert_uint_eq(loaded.count, 0);
	}
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_no_file)
{
	kist_auto_checked struct kist_checked checked = KIST_CHECKED_INIT;

	ck_assert_int_eq(kist_checked_load(&checked, "/proc/nowhere", NULL), KIST_OK);
	ck_assert_int_ne(kist_checked_save(&checked, "/proc/nowhere", NULL), KIST_OK);
}
END_TEST

START_TEST(it_survives_every_failed_allocation)
{
	kist_auto_checked struct kist_checked checked = KIST_CHECKED_INIT;
	kist_status status = KIST_NO_MEMORY;

	for (unsigned i = 0; i < 1000; i++)
		set(&checked, i, 1, 1000);
	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_checked struct kist_checked loaded = KIST_CHECKED_INIT;

		kist_mem_fail_at(k);
		status = kist_checked_save(&checked, dir, NULL);
		if (status == KIST_OK)
			status = kist_checked_load(&loaded, dir, NULL);
		kist_mem_fail_at(0);
		ck_assert_msg(status == KIST_OK || status == KIST_NO_MEMORY, "%lu: %d", k, (int)status);
		ck_assert(status != KIST_OK || loaded.count == 1000);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("checked");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_was_checked_deeper_was_checked);
	tcase_add_test(tcase, what_is_saved_is_loaded);
	tcase_add_test(tcase, a_file_that_is_damaged_says_nothing);
	tcase_add_test(tcase, a_folder_that_is_not_there_is_no_file);
	tcase_add_test(tcase, it_survives_every_failed_allocation);
	return suite_run(tcase, "checked");
}
