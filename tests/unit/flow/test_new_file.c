/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/new_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "support/suite.h"

#define SIZE  ((size_t)6 << 20)
#define PIECE (((size_t)1 << 20) + 12345) /* not where blocks begin */
#define HOLES ((size_t)2 << 20)

static uint8_t *bytes;
static uint8_t *back;
static int fd;

static void setup(void)
{
	char path[] = "new-file.XXXXXX";

	bytes = malloc(SIZE);
	back = malloc(SIZE);
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(unlink(path), 0);
	/* Noise, and zeros from the third MiB to the end of the fourth. */
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(1 + i % 251);
	memset(bytes + HOLES, 0, HOLES);
}

static void teardown(void)
{
	free(bytes);
	free(back);
	ck_assert_int_eq(close(fd), 0);
}

static void check(bool reserved)
{
	struct kist_new_file file;
	struct stat about;

	ck_assert_int_eq(kist_new_file_open(fd, SIZE, &file, NULL), KIST_OK);
	file.is_reserved = reserved;
	/* The last piece first. */
	for (size_t end = SIZE; end > 0;) {
		const size_t start = end > PIECE ? end - PIECE : 0;

		ck_assert_int_eq(
			kist_new_file_put(&file, start, kist_view_of(bytes + start, end - start), NULL),
			KIST_OK);
		end = start;
	}
	ck_assert_int_eq(pread(fd, back, SIZE, 0), (ssize_t)SIZE);
	ck_assert_mem_eq(back, bytes, SIZE);
	ck_assert_int_eq(fsync(fd), 0);
	ck_assert_int_eq(fstat(fd, &about), 0);
	ck_assert_int_eq(about.st_size, (off_t)SIZE);
	/* Where the file system has holes: at both ends of the zeros a block is lost. */
	if (lseek(fd, 0, SEEK_HOLE) < (off_t)SIZE)
		ck_assert_int_le(about.st_blocks * 512, (off_t)(SIZE - HOLES + 2 * 65536 + 65536));
}

START_TEST(pieces_in_any_order_make_the_file_and_zeros_a_hole)
{
	check(false);
	check(true);
}
END_TEST

START_TEST(an_empty_file_stays_empty)
{
	struct kist_new_file file;
	struct stat about;

	ck_assert_int_eq(kist_new_file_open(fd, 0, &file, NULL), KIST_OK);
	ck_assert(!file.is_reserved);
	ck_assert_int_eq(kist_new_file_put(&file, 0, kist_view_of(bytes, 0), NULL), KIST_OK);
	ck_assert_int_eq(fstat(fd, &about), 0);
	ck_assert_int_eq(about.st_size, 0);
}
END_TEST

START_TEST(a_size_that_no_file_has_is_refused)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_new_file file;

	ck_assert_int_eq(kist_new_file_open(fd, UINT64_MAX, &file, &err), KIST_IO);
	ck_assert_ptr_nonnull(strstr(err.text, "18446744073709551615"));
}
END_TEST

START_TEST(a_file_that_cannot_be_written_says_so)
{
	struct kist_new_file file;
	const int reading = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(kist_new_file_open(fd, SIZE, &file, NULL), KIST_OK);
	file.fd = reading;
	file.is_reserved = true;
	ck_assert_int_ne(kist_new_file_put(&file, 0, kist_view_of(bytes, HOLES), NULL), KIST_OK);
	ck_assert_int_eq(close(reading), 0);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("new_file");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, pieces_in_any_order_make_the_file_and_zeros_a_hole);
	tcase_add_test(tests, an_empty_file_stays_empty);
	tcase_add_test(tests, a_size_that_no_file_has_is_refused);
	tcase_add_test(tests, a_file_that_cannot_be_written_says_so);
	return suite_run(tests, "new_file");
}
