/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/suite.h"

#include "registry/checked_file.h"
#include "unit/registry/fake.h"

/* Rows that fill more pages than are written one by one, and more than are held in memory. */
#define ROWS_LARGE "4000"

static struct kist_store *store;
static char file[256];

static void setup(void)
{
	make_dir();
	store = fake_new();
	snprintf(file, sizeof(file), "%s/%s/%s/index.sqlite", test_dir, store->id, FAKE_PLACE);
	for (unsigned i = 0; i < 30; i++) {
		char name[32];
		char content[32];

		snprintf(name, sizeof(name), "runs/%u", i);
		snprintf(content, sizeof(content), "content %u", i);
		fake_put(store, name, content, "");
	}
}

static void teardown(void)
{
	fake_free(store);
	remove_dir();
}

/* Opens the index, which must say what one says that never saw the file; gives how many packs had to be read
 * for it. */
static unsigned long check_opens_right(void)
{
	kist_auto_registry struct kist_registry *fresh = must_open(store, NULL);
	const unsigned long before = store->index_reads;
	kist_auto_registry struct kist_registry *registry = must_open(store, test_dir);
	const unsigned long reads = store->index_reads - before;
	char *expected = tell_all(fresh);
	char *said = tell_all(registry);

	ck_assert_str_eq(said, expected);
	free(said);
	free(expected);
	return reads;
}

/* One bit of each hundred bytes, each time another one: no answer is ever wrong, and a name is never hidden.
 */
START_TEST(no_flipped_bit_of_the_index_changes_an_answer)
{
	struct stat about;
	unsigned long made_again = 0;

	check_opens_right();
	ck_assert_int_eq(stat(file, &about), 0);
	for (off_t at = _i; at < about.st_size; at += 97) {
		const int fd = open(file, O_RDWR);
		uint8_t byte = 0;

		ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
		byte ^= (uint8_t)(1u << (at % 8));
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
		close(fd);
		made_again += check_opens_right() > 0;
		ck_assert_int_eq(access(file, F_OK), 0);
	}
	ck_assert_uint_gt(made_again, 100);
}
END_TEST

START_TEST(pages_in_each_others_place_are_not_believed)
{
	uint8_t pages[2 * 4096];
	int fd;

	check_opens_right();
	fd = open(file, O_RDWR);
	ck_assert_int_eq(pread(fd, pages, sizeof(pages), 4096), (ssize_t)sizeof(pages));
	ck_assert_int_eq(pwrite(fd, pages, 4096, 8192), 4096);
	ck_assert_int_eq(pwrite(fd, pages + 4096, 4096, 4096), 4096);
	close(fd);
	check_opens_right();
	ck_assert_uint_eq(check_opens_right(), 0);
}
END_TEST

static void must_do(sqlite3 *sql, const char *text)
{
	ck_assert_int_eq(sqlite3_exec(sql, text, NULL, NULL, NULL), SQLITE_OK);
}

/* A file of its own with 300 rows; changed by statements that are then ended in one way or another. */
static sqlite3 *open_table(bool is_new)
{
	int reserve = KIST_CHECKED_RESERVE;
	char path[256];
	sqlite3 *sql;

	snprintf(path, sizeof(path), "%s/table.sqlite", test_dir);
	ck_assert_int_eq(
		sqlite3_open_v2(path, &sql, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, kist_checked_vfs()),
		SQLITE_OK);
	ck_assert_int_eq(sqlite3_file_control(sql, NULL, SQLITE_FCNTL_RESERVE_BYTES, &reserve), SQLITE_OK);
	must_do(sql, "PRAGMA page_size=4096; PRAGMA journal_mode=DELETE; PRAGMA synchronous=OFF;"
		     "PRAGMA cache_size=100");
	if (is_new)
		must_do(sql, "CREATE TABLE t(a INTEGER PRIMARY KEY, b BLOB);"
			     "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300)"
			     " INSERT INTO t SELECT i, zeroblob(2000) FROM n");
	return sql;
}

static const char change_all[] =
	"BEGIN; UPDATE t SET b = randomblob(2000);"
	"WITH RECURSIVE n(i) AS (SELECT 301 UNION ALL SELECT i + 1 FROM n WHERE i < " ROWS_LARGE
	") INSERT INTO t SELECT i, randomblob(2000) FROM n;"
	"UPDATE t SET b = randomblob(2000) WHERE a % 7 = 0;";

/* Of the file as it is, whoever reads it: rows, and whether those from the beginning are as they were. */
static void check_table(const char *rows, const char *unchanged)
{
	sqlite3 *sql = open_table(false);
	static const char *const texts[] = { "PRAGMA integrity_check", "SELECT count(*) FROM t",
					     "SELECT count(*) FROM t WHERE b = zeroblob(2000)" };
	const char *const expected[] = { "ok", rows, unchanged };

	for (size_t i = 0; i < 3; i++) {
		sqlite3_stmt *row;

		ck_assert_int_eq(sqlite3_prepare_v2(sql, texts[i], -1, &row, NULL), SQLITE_OK);
		ck_assert_int_eq(sqlite3_step(row), SQLITE_ROW);
		ck_assert_str_eq((const char *)sqlite3_column_text(row, 0), expected[i]);
		ck_assert_int_eq(sqlite3_finalize(row), SQLITE_OK);
	}
	ck_assert_int_eq(sqlite3_close(sql), SQLITE_OK);
}

START_TEST(many_pages_are_there_after_the_commit_and_gone_after_a_rollback)
{
	sqlite3 *sql = open_table(true);

	must_do(sql, change_all);
	must_do(sql, "ROLLBACK");
	check_table("300", "300");
	must_do(sql, change_all);
	must_do(sql, "COMMIT");
	check_table(ROWS_LARGE, "0");
	ck_assert_int_eq(sqlite3_close(sql), SQLITE_OK);
}
END_TEST

/* What it had written of the file, and what was on its way there, is as if it had never been. */
START_TEST(a_process_that_ends_among_many_pages_leaves_what_was)
{
	int status;
	pid_t pid;

	ck_assert_int_eq(sqlite3_close(open_table(true)), SQLITE_OK);
	pid = fork();
	if (pid == 0) {
		sqlite3 *sql = open_table(false);

		(void)sqlite3_exec(sql, change_all, NULL, NULL, NULL);
		(void)raise(SIGKILL);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFSIGNALED(status));
	check_table("300", "300");
}
END_TEST

/* Bytes of the file when all was changed. */
static off_t changed_size(void)
{
	sqlite3 *sql = open_table(true);
	struct stat about;
	char path[256];

	must_do(sql, change_all);
	must_do(sql, "COMMIT");
	ck_assert_int_eq(sqlite3_close(sql), SQLITE_OK);
	snprintf(path, sizeof(path), "%s/table.sqlite", test_dir);
	ck_assert_int_eq(stat(path, &about), 0);
	ck_assert_int_eq(unlink(path), 0);
	return about.st_size;
}

/* The disk has no room for so many of the pages: some are written before the commit, or all of them by it. */
START_TEST(pages_that_cannot_be_written_end_the_transaction)
{
	static const off_t missing[] = { 1, 2, 17, 300, 1000, 1700 };
	const struct rlimit all = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };
	const struct rlimit some = { .rlim_cur = (rlim_t)(changed_size() -
							  missing[_i / 2] * KIST_CHECKED_PAGE_SIZE),
				     .rlim_max = RLIM_INFINITY };
	sqlite3 *sql = open_table(true);
	int code;

	if (_i % 2 == 1)
		must_do(sql, "PRAGMA cache_size=10000");
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &some), 0);
	code = sqlite3_exec(sql, change_all, NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(sql, "COMMIT", NULL, NULL, NULL);
	ck_assert_int_ne(code, SQLITE_OK);
	if (!sqlite3_get_autocommit(sql))
		(void)sqlite3_exec(sql, "ROLLBACK", NULL, NULL, NULL);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &all), 0);
	check_table("300", "300");
	ck_assert_int_eq(sqlite3_close(sql), SQLITE_OK);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("checked_file");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, no_flipped_bit_of_the_index_changes_an_answer, 0, 3);
	tcase_add_test(tcase, pages_in_each_others_place_are_not_believed);
	tcase_add_test(tcase, many_pages_are_there_after_the_commit_and_gone_after_a_rollback);
	tcase_add_test(tcase, a_process_that_ends_among_many_pages_leaves_what_was);
	tcase_add_loop_test(tcase, pages_that_cannot_be_written_end_the_transaction, 0, 12);
	return suite_run(tcase, "checked_file");
}
