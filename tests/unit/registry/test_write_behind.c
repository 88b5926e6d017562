/* SPDX-License-Identifier: Apache-2.0 */
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>

#include "base/mem.h"
#include "registry/checked_file.h"
#include "registry/write_behind.h"
#include "support/suite.h"

#define PAGES	  700
#define PAGE_SIZE KIST_CHECKED_PAGE_SIZE
#define DATA_SIZE (PAGE_SIZE - KIST_CHECKED_RESERVE)

/* A file in an array. */
struct fake_file {
	sqlite3_file base;
	atomic_uint calls;
	unsigned fail_at; /* the call that fails; 0: none */
	uint8_t pages[PAGES][PAGE_SIZE];
};

static struct fake_file file;

static int fake_write(sqlite3_file *base, const void *from, int size, sqlite3_int64 offset)
{
	ck_assert_ptr_eq(base, &file.base);
	ck_assert_int_eq(size % PAGE_SIZE, 0);
	ck_assert_uint_le((size_t)size, KIST_BEHIND_RUN * PAGE_SIZE);
	ck_assert_int_le(offset + size, (sqlite3_int64)sizeof(file.pages));
	if (atomic_fetch_add(&file.calls, 1) + 1 == file.fail_at)
		return SQLITE_FULL;
	memcpy((uint8_t *)file.pages + offset, from, (size_t)size);
	return SQLITE_OK;
}

static int fake_read(sqlite3_file *base, void *to, int size, sqlite3_int64 offset)
{
	ck_assert_ptr_eq(base, &file.base);
	memcpy(to, (const uint8_t *)file.pages + offset, (size_t)size);
	return SQLITE_OK;
}

static const sqlite3_io_methods methods = { .iVersion = 1, .xWrite = fake_write, .xRead = fake_read };

static void seal(uint8_t *page, sqlite3_int64 offset)
{
	memset(page + DATA_SIZE, (int)(offset / PAGE_SIZE % 251) + 1, KIST_CHECKED_RESERVE);
}

static void setup(void)
{
	memset(&file, 0, sizeof(file));
	file.base.pMethods = &methods;
}

static struct kist_write_behind *must_begin(void)
{
	struct kist_write_behind *behind = kist_write_behind_new(&file.base, seal);

	ck_assert_ptr_nonnull(behind);
	return behind;
}

static int add(struct kist_write_behind *behind, size_t page, uint8_t value)
{
	uint8_t bytes[PAGE_SIZE];

	memset(bytes, value, sizeof(bytes));
	return kist_write_behind_add(behind, bytes, (sqlite3_int64)(page * PAGE_SIZE));
}

static void check_page(const uint8_t *bytes, size_t page, uint8_t value, bool sealed)
{
	ck_assert_uint_eq(bytes[0], value);
	ck_assert_uint_eq(bytes[DATA_SIZE - 1], value);
	if (sealed && value > 0)
		ck_assert_uint_eq(bytes[PAGE_SIZE - 1], page % 251 + 1);
}

/* Pages here and there, many of them several times, and each as it is when it is read. */
START_TEST(what_was_added_last_is_read_and_is_in_the_file)
{
	static uint8_t values[PAGES];
	struct kist_write_behind *behind = must_begin();
	uint32_t seed = (uint32_t)_i;

	memset(values, 0, sizeof(values));
	for (unsigned i = 0; i < 20000; i++) {
		uint8_t bytes[PAGE_SIZE];
		bool sealed;
		size_t page;

		seed = seed * 1664525u + 1013904223u;
		page = _i == 0 ? (seed >> 8) % PAGES : i % PAGES;
		values[page] = (uint8_t)(1 + (seed >> 24) % 255);
		ck_assert_int_eq(add(behind, page, values[page]), SQLITE_OK);
		page = (seed >> 4) % PAGES;
		ck_assert_int_eq(
			kist_write_behind_read(behind, bytes, (sqlite3_int64)(page * PAGE_SIZE), &sealed),
			SQLITE_OK);
		check_page(bytes, page, values[page], sealed);
	}
	ck_assert_int_eq(kist_write_behind_end(behind), SQLITE_OK);
	for (size_t page = 0; page < PAGES; page++)
		check_page(file.pages[page], page, values[page], true);
}
END_TEST

START_TEST(pages_that_follow_each_other_are_written_with_one_call)
{
	struct kist_write_behind *behind = must_begin();

	for (size_t page = 0; page < KIST_BEHIND_PAGES; page++)
		ck_assert_int_eq(add(behind, page, 1), SQLITE_OK);
	ck_assert_int_eq(kist_write_behind_end(behind), SQLITE_OK);
	ck_assert_uint_eq(atomic_load(&file.calls), KIST_BEHIND_PAGES / KIST_BEHIND_RUN);
	for (size_t page = 0; page < KIST_BEHIND_PAGES; page++)
		check_page(file.pages[page], page, 1, true);
}
END_TEST

START_TEST(after_a_failure_nothing_is_written_and_it_is_told)
{
	struct kist_write_behind *behind = must_begin();
	int code = SQLITE_OK;

	file.fail_at = 3;
	/* Every other page, so that each has a call of its own; sooner or later there is no room for more. */
	for (unsigned i = 0; i < 10000 && code == SQLITE_OK; i++)
		code = add(behind, i * 2 % PAGES, 1);
	ck_assert_int_eq(code, SQLITE_FULL);
	ck_assert_int_eq(add(behind, 1, 1), SQLITE_FULL);
	ck_assert_int_eq(kist_write_behind_end(behind), SQLITE_FULL);
	ck_assert_uint_eq(atomic_load(&file.calls), 3);
}
END_TEST

START_TEST(a_failure_of_the_last_page_is_told_at_the_end)
{
	struct kist_write_behind *behind = must_begin();

	file.fail_at = 1;
	ck_assert_int_eq(add(behind, 0, 1), SQLITE_OK);
	ck_assert_int_eq(kist_write_behind_end(behind), SQLITE_FULL);
}
END_TEST

START_TEST(without_memory_there_is_none)
{
	for (unsigned long k = 1; k <= 2; k++) {
		kist_mem_fail_at(k);
		ck_assert_ptr_null(kist_write_behind_new(&file.base, seal));
		kist_mem_fail_at(0);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("write_behind");

	tcase_add_checked_fixture(tcase, setup, NULL);
	tcase_add_loop_test(tcase, what_was_added_last_is_read_and_is_in_the_file, 0, 2);
	tcase_add_test(tcase, pages_that_follow_each_other_are_written_with_one_call);
	tcase_add_test(tcase, after_a_failure_nothing_is_written_and_it_is_told);
	tcase_add_test(tcase, a_failure_of_the_last_page_is_told_at_the_end);
	tcase_add_test(tcase, without_memory_there_is_none);
	return suite_run(tcase, "write_behind");
}
