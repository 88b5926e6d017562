/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "registry/postings.h"
#include "support/suite.h"

#define STORE_ID "00112233445566778899aabbccddeeff"
/* More of one shard than a row holds. */
#define MANY 400

#define CONTENTS "SELECT count(*), coalesce(sum(found), 0) FROM kist_content_postings(?1, ?2)"
#define NAMES	 "SELECT count(*), coalesce(sum(length(found)), 0) FROM kist_name_postings(?1, ?2)"

static struct kist_db db;
static struct kist_postings contents;
static struct kist_postings names;

static void setup(void)
{
	db = (struct kist_db)KIST_DB_INIT;
	ck_assert_int_eq(kist_db_open(NULL, STORE_ID, &db, NULL), KIST_OK);
	contents = (struct kist_postings)KIST_POSTINGS_INIT(&db, KIST_POSTING_CONTENT);
	names = (struct kist_postings)KIST_POSTINGS_INIT(&db, KIST_POSTING_NAME);
}

static void teardown(void)
{
	kist_postings_done(&contents);
	kist_postings_done(&names);
	kist_db_close(&db);
}

struct answer {
	int64_t count;
	int64_t sum;
};

/* What stands from @low to @high; the code is SQLite's. */
static int ask(const char *question, struct kist_view low, struct kist_view high, struct answer *ret)
{
	sqlite3_stmt *row = NULL;
	int code;

	ck_assert_int_eq(sqlite3_prepare_v2(db.sql, question, -1, &row, NULL), SQLITE_OK);
	(void)sqlite3_bind_blob64(row, 1, low.data, low.size, SQLITE_STATIC);
	(void)sqlite3_bind_blob64(row, 2, high.data, high.size, SQLITE_STATIC);
	code = sqlite3_step(row);
	*ret = (struct answer){ sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1) };
	(void)sqlite3_finalize(row);
	return code;
}

static int64_t count_rows(const char *question)
{
	struct answer answer;

	ck_assert_int_eq(ask(question, kist_view_of(NULL, 0), kist_view_of(NULL, 0), &answer), SQLITE_ROW);
	return answer.count;
}

/* Digests whose first three bytes are @begin, and that differ by @number in the next three. */
static struct kist_digest digest_of(uint32_t begin, uint32_t number)
{
	struct kist_digest digest = { { 0 } };

	for (size_t i = 0; i < 3; i++) {
		digest.bytes[i] = (uint8_t)(begin >> (16 - 8 * i));
		digest.bytes[3 + i] = (uint8_t)(number >> (16 - 8 * i));
	}
	return digest;
}

static void check(const char *question, const struct kist_digest *low, const struct kist_digest *high,
		  int64_t count, int64_t sum)
{
	struct answer answer;

	ck_assert_int_eq(
		ask(question, kist_view_of(low, sizeof(*low)), kist_view_of(high, sizeof(*high)), &answer),
		SQLITE_ROW);
	ck_assert_int_eq(answer.count, count);
	ck_assert_int_eq(answer.sum, sum);
}

static kist_status add(bool together, uint32_t begin, uint32_t number, struct kist_error *err)
{
	const struct kist_digest digest = digest_of(begin, number);
	char name[32];
	const struct kist_view as_name =
		kist_view_of(name, (size_t)snprintf(name, sizeof(name), "n/%u", (unsigned)number));

	if (together) {
		KIST_TRY(kist_postings_add_content(&contents, &digest, number, err));
		return kist_postings_add_name(&names, &digest, as_name, err);
	}
	KIST_TRY(kist_posting_add_content(&db, &digest, number, err));
	return kist_posting_add_name(&db, &digest, as_name, err);
}

static kist_status flush(struct kist_error *err)
{
	KIST_TRY(kist_postings_flush(&contents, err));
	return kist_postings_flush(&names, err);
}

/* Of three shards, in no order: the first and the last of all, and one that is longer than a row. */
static kist_status add_all(bool together, struct kist_error *err)
{
	for (uint32_t i = 0; i < MANY; i++) {
		KIST_TRY(add(together, 0x123456, i * 7 % MANY, err));
		if (i % 100 == 0) {
			KIST_TRY(add(together, 0, i, err));
			KIST_TRY(add(together, 0xffffff, i, err));
		}
	}
	return flush(err);
}

static void check_all(void)
{
	const struct kist_digest first = digest_of(0x123456, 0);
	const struct kist_digest some = digest_of(0x123456, 100);
	const struct kist_digest last = digest_of(0x123456, MANY - 1);
	const struct kist_digest least = digest_of(0, 0);
	const struct kist_digest most = digest_of(0xffffff, 0xffffff);
	const struct kist_digest absent = digest_of(0x123457, 0);

	check(CONTENTS, &some, &some, 1, 100);
	check(CONTENTS, &some, &last, 300, (100 + 399) * 300 / 2);
	check(CONTENTS, &first, &last, MANY, (MANY - 1) * MANY / 2);
	check(CONTENTS, &least, &most, MANY + 8, (MANY - 1) * MANY / 2 + 1200);
	check(CONTENTS, &absent, &absent, 0, 0);
	check(CONTENTS, &most, &least, 0, 0);
	check(NAMES, &some, &some, 1, 5);
	check(NAMES, &first, &last, MANY, 10 * 3 + 90 * 4 + 300 * 5);
	check(NAMES, &absent, &absent, 0, 0);
}

START_TEST(what_was_added_is_found_one_by_one_or_together)
{
	ck_assert_int_eq(add_all(_i == 1, NULL), KIST_OK);
	check_all();
	ck_assert_int_gt(count_rows("SELECT count(*) FROM postings"), 6);
	ck_assert_int_eq(count_rows("SELECT count(*) FROM postings WHERE typeof(entries) <> 'blob'"), 0);
	ck_assert_int_le(count_rows("SELECT max(length(entries)) FROM postings"), KIST_POSTINGS_ROW_MAX);
	/* Rows are nearly full before there is another one. */
	ck_assert_int_gt(count_rows("SELECT max(length(entries)) FROM postings"), KIST_POSTINGS_ROW_MAX - 32);
}
END_TEST

START_TEST(what_comes_after_a_flush_is_found_beside_what_was_there)
{
	const struct kist_digest digest = digest_of(0x123456, 5);

	for (int i = 0; i < 3; i++)
		ck_assert_int_eq(add_all(i != 1, NULL), KIST_OK);
	check(CONTENTS, &digest, &digest, 3, 15);
	check(NAMES, &digest, &digest, 3, 9);
	ck_assert_int_eq(flush(NULL), KIST_OK);
	check(CONTENTS, &digest, &digest, 3, 15);
}
END_TEST

START_TEST(more_than_is_gathered_is_flushed_on_the_way)
{
	const uint32_t count = (uint32_t)(KIST_POSTINGS_GATHERED_MAX / 16 + 10);
	const struct kist_digest low = digest_of(0, 0);
	const struct kist_digest high = digest_of(0xffffff, 0xffffff);

	for (uint32_t i = 0; i < count; i++) {
		const struct kist_digest digest = digest_of(i * 31, i);

		ck_assert_int_eq(kist_postings_add_content(&contents, &digest, 1, NULL), KIST_OK);
	}
	ck_assert_uint_lt(contents.gathered.size, KIST_POSTINGS_GATHERED_MAX / 2);
	ck_assert_int_eq(flush(NULL), KIST_OK);
	check(CONTENTS, &low, &high, count, count);
}
END_TEST

START_TEST(a_name_may_be_as_long_as_names_are)
{
	const struct kist_digest digest = digest_of(1, 1);
	char name[1025];

	memset(name, 'n', sizeof(name));
	for (int i = 0; i < 3; i++) {
		ck_assert_int_eq(kist_posting_add_name(&db, &digest, kist_view_of(name, 1024), NULL),
				 KIST_OK);
		ck_assert_int_eq(kist_postings_add_name(&names, &digest, kist_view_of(name, 1024), NULL),
				 KIST_OK);
	}
	ck_assert_int_eq(flush(NULL), KIST_OK);
	check(NAMES, &digest, &digest, 6, (int64_t)6 * 1024);
	ck_assert_int_eq(kist_posting_add_name(&db, &digest, kist_view_of(name, 1025), NULL), KIST_INTERNAL);
	ck_assert_int_eq(kist_postings_add_name(&names, &digest, kist_view_of(name, 1025), NULL),
			 KIST_INTERNAL);
}
END_TEST

START_TEST(what_is_no_digest_leads_nowhere)
{
	const struct kist_digest digest = digest_of(0x123456, 5);
	const struct kist_view whole = kist_view_of(&digest, sizeof(digest));
	const struct kist_view cut = kist_view_of(&digest, sizeof(digest) - 1);
	struct answer answer;
	sqlite3_stmt *row = NULL;

	ck_assert_int_eq(add_all(true, NULL), KIST_OK);
	ck_assert_int_eq(ask(CONTENTS, cut, whole, &answer), SQLITE_ROW);
	ck_assert_int_eq(answer.count, 0);
	ck_assert_int_eq(ask(CONTENTS, whole, kist_view_of(NULL, 0), &answer), SQLITE_ROW);
	ck_assert_int_eq(answer.count, 0);
	/* Without a range it is no question. */
	ck_assert_int_ne(sqlite3_prepare_v2(db.sql, "SELECT * FROM kist_name_postings", -1, &row, NULL),
			 SQLITE_OK);
	ck_assert_int_ne(sqlite3_prepare_v2(db.sql, "SELECT * FROM kist_name_postings(?1)", -1, &row, NULL),
			 SQLITE_OK);
}
END_TEST

START_TEST(rows_that_are_broken_are_an_error)
{
	static const char *const breaks[] = {
		/* A posting that is cut short, one of no number, and no postings. */
		"UPDATE postings SET entries = substr(entries, 1, length(entries) - 1)",
		"UPDATE postings SET entries = x'000000000000' || x'0100' || x'07'",
		"UPDATE postings SET entries = x'00'",
	};
	const struct kist_digest digest = digest_of(0, 0);
	const struct kist_view all = kist_view_of(&digest, sizeof(digest));
	struct answer answer;

	ck_assert_int_eq(add_all(true, NULL), KIST_OK);
	ck_assert_int_eq(sqlite3_exec(db.sql, breaks[_i], NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(ask(CONTENTS, all, all, &answer) & 0xff, SQLITE_CORRUPT);
}
END_TEST

START_TEST(without_memory_it_says_so)
{
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		struct kist_error why = KIST_ERROR_INIT;

		teardown();
		setup();
		kist_mem_fail_at(k);
		status = add_all(true, &why);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_int_eq(why.status, status);
	}
	check_all();
}
END_TEST

START_TEST(without_memory_nothing_is_left_out)
{
	const struct kist_digest digest = digest_of(0x123456, 5);
	const struct kist_view whole = kist_view_of(&digest, sizeof(digest));
	int code = SQLITE_NOMEM;

	ck_assert_int_eq(add_all(true, NULL), KIST_OK);
	for (unsigned long k = 1; code != SQLITE_ROW; k++) {
		struct answer answer;
		sqlite3_stmt *row = NULL;

		kist_mem_fail_at(k);
		code = sqlite3_prepare_v2(db.sql, CONTENTS, -1, &row, NULL);
		(void)sqlite3_finalize(row);
		if (code == SQLITE_OK)
			code = ask(CONTENTS, whole, whole, &answer);
		kist_mem_fail_at(0);
		ck_assert(code == SQLITE_ROW || code == SQLITE_NOMEM);
		if (code == SQLITE_ROW)
			ck_assert_int_eq(answer.count, 1);
	}
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("postings");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, what_was_added_is_found_one_by_one_or_together, 0, 2);
	tcase_add_test(tcase, what_comes_after_a_flush_is_found_beside_what_was_there);
	tcase_add_test(tcase, more_than_is_gathered_is_flushed_on_the_way);
	tcase_add_test(tcase, a_name_may_be_as_long_as_names_are);
	tcase_add_test(tcase, what_is_no_digest_leads_nowhere);
	tcase_add_loop_test(tcase, rows_that_are_broken_are_an_error, 0, 3);
	tcase_add_test(tcase, without_memory_it_says_so);
	tcase_add_test(tcase, without_memory_nothing_is_left_out);
	return suite_run(tcase, "registry/postings");
}
