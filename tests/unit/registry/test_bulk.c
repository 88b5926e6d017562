/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "registry/bulk.h"
#include "support/suite.h"

#define STORE_ID "00112233445566778899aabbccddeeff"
#define TIME	 "2026-01-31T12:00:00Z"
/* Names so long that few of them fill the room for names. */
#define LONG_NAME ((size_t)1000)

static struct kist_db db;
static struct kist_bulk *bulk;

static void setup(void)
{
	db = (struct kist_db)KIST_DB_INIT;
	ck_assert_int_eq(kist_db_open(NULL, STORE_ID, &db, NULL), KIST_OK);
	ck_assert_int_eq(kist_db_begin(&db, NULL), KIST_OK);
	ck_assert_int_eq(kist_bulk_new(&db, &bulk, NULL), KIST_OK);
}

static void teardown(void)
{
	kist_bulk_free(bulk);
	kist_db_close(&db);
}

static int64_t ask(const char *question)
{
	sqlite3_stmt *answer = NULL;
	int64_t number;

	ck_assert_int_eq(sqlite3_prepare_v2(db.sql, question, -1, &answer, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(answer), SQLITE_ROW);
	number = sqlite3_column_int64(answer, 0);
	(void)sqlite3_finalize(answer);
	return number;
}

/* In no order, and different for each number. */
static struct kist_digest id_of(uint64_t number)
{
	const uint64_t mixed = number * UINT64_C(0x9e3779b97f4a7c15);
	struct kist_digest id = { { 0 } };

	memcpy(id.bytes, &mixed, sizeof(mixed));
	return id;
}

static kist_status add_chunk(uint64_t number, uint64_t pack, uint64_t artifact, struct kist_error *err)
{
	const struct kist_location where = { .offset = number, .stored_len = 80, .raw_len = 16, .kind = 2 };
	const struct kist_digest id = id_of(number);

	return kist_bulk_add_chunk(bulk, &id, pack, &where, artifact, err);
}

static kist_status add_artifact(uint64_t no, uint64_t number, struct kist_error *err)
{
	static const char record[] = "{\"encoding\":\"kist.npy@1.0\",\"kind\":\"tensor\"}";
	const struct kist_digest id = id_of(number);
	const struct kist_artifact_row artifact = {
		.id = &id,
		.sha256 = &id,
		.size = number,
		.commit = no,
		.record = kist_view_of(record, sizeof(record) - 1),
		.kind = kist_view_of(strstr(record, "tensor"), 6),
		.encoding = kist_view_of(strstr(record, "kist.npy"), 12),
	};

	KIST_TRY(kist_bulk_add_artifact(bulk, no, &artifact, err));
	return add_chunk(number, no, no, err);
}

static kist_status add_ref(const char *name, size_t len, enum kist_ref_event event, uint64_t commit,
			   struct kist_error *err)
{
	struct kist_ref_change change = { .event = event, .artifact = id_of(commit), .name_len = len };

	memcpy(change.name, name, len);
	return kist_bulk_add_ref(bulk, &change, commit, TIME, err);
}

START_TEST(more_chunks_than_are_gathered_are_all_kept)
{
	for (uint64_t i = 0; i < KIST_BULK_CHUNKS_MAX + 3; i++)
		ck_assert_int_eq(add_chunk(i, 1, 0, NULL), KIST_OK);
	/* One of those that were added, and one that waits. */
	ck_assert_int_eq(add_chunk(5, 2, 0, NULL), KIST_OK);
	ck_assert_int_eq(add_chunk(KIST_BULK_CHUNKS_MAX, 2, 0, NULL), KIST_OK);
	ck_assert_int_eq(kist_bulk_flush(bulk, NULL), KIST_OK);
	ck_assert_int_eq(ask("SELECT count(*) FROM chunks"), KIST_BULK_CHUNKS_MAX + 3);
	ck_assert_int_eq(ask("SELECT count(*) FROM chunks WHERE pack = 2"), 2);
	ck_assert_int_eq(ask("SELECT count(*) FROM twins"), 4);
}
END_TEST

START_TEST(of_an_artifact_that_comes_again_the_first_stays)
{
	/* Once while the first waits, and once when it is in the index. */
	for (uint64_t no = 1; no <= 3; no++) {
		ck_assert_int_eq(add_artifact(no, 7, NULL), KIST_OK);
		if (no == 2)
			ck_assert_int_eq(kist_bulk_flush(bulk, NULL), KIST_OK);
	}
	ck_assert_int_eq(add_artifact(4, 8, NULL), KIST_OK);
	ck_assert_int_eq(kist_bulk_flush(bulk, NULL), KIST_OK);
	ck_assert_int_eq(ask("SELECT count(*) FROM artifacts"), 2);
	ck_assert_int_eq(ask("SELECT count(*) FROM records"), 2);
	ck_assert_int_eq(ask("SELECT count(*) FROM artifacts WHERE no IN (1, 4)"), 2);
	ck_assert_int_eq(ask("SELECT count(*) FROM chunks WHERE artifact IN (1, 4)"), 2);
	ck_assert_int_eq(ask("SELECT count(*) FROM artifacts WHERE kind = 'tensor'"
			     " AND encoding = 'kist.npy@1.0' AND size IN (7, 8)"),
			 2);
}
END_TEST

/* Those that follow each other get them from SQLite, and others do not. */
START_TEST(artifacts_have_the_numbers_that_they_were_given)
{
	static const uint64_t numbers[] = { 3, 4, 5, 1000, 1002, 1003 };

	for (size_t i = 0; i < 6; i++)
		ck_assert_int_eq(add_artifact(numbers[i], 50 + i, NULL), KIST_OK);
	for (uint64_t no = 2000; no < 3000; no++)
		ck_assert_int_eq(add_artifact(no, no, NULL), KIST_OK);
	ck_assert_int_eq(kist_bulk_flush(bulk, NULL), KIST_OK);
	ck_assert_int_eq(ask("SELECT count(*) FROM artifacts WHERE no = commit_no"), 1006);
	ck_assert_int_eq(ask("SELECT count(*) FROM artifacts a JOIN records r ON r.no = a.no"), 1006);
	ck_assert_int_eq(ask("SELECT count(*) FROM records"), 1006);
}
END_TEST

START_TEST(of_a_name_the_last_change_counts)
{
	ck_assert_int_eq(add_ref("b", 1, KIST_REF_PUT, 1, NULL), KIST_OK);
	ck_assert_int_eq(add_ref("a", 1, KIST_REF_PUT, 1, NULL), KIST_OK);
	ck_assert_int_eq(add_ref("c", 1, KIST_REF_TAG, 2, NULL), KIST_OK);
	ck_assert_int_eq(add_ref("b", 1, KIST_REF_RM, 2, NULL), KIST_OK);
	ck_assert_int_eq(add_ref("a", 1, KIST_REF_TAG, 3, NULL), KIST_OK);
	ck_assert_int_eq(kist_bulk_flush(bulk, NULL), KIST_OK);
	ck_assert_int_eq(ask("SELECT count(*) FROM refs"), 2);
	ck_assert_int_eq(ask("SELECT commit_no FROM refs WHERE name = CAST('a' AS BLOB) AND tagged = 1"), 3);
	/* What is in the index by now goes, too, and comes back. */
	ck_assert_int_eq(add_ref("a", 1, KIST_REF_RM, 4, NULL), KIST_OK);
	ck_assert_int_eq(add_ref("c", 1, KIST_REF_RM, 4, NULL), KIST_OK);
	ck_assert_int_eq(add_ref("c", 1, KIST_REF_PUT, 5, NULL), KIST_OK);
	ck_assert_int_eq(kist_bulk_flush(bulk, NULL), KIST_OK);
	ck_assert_int_eq(ask("SELECT count(*) FROM refs"), 1);
	ck_assert_int_eq(ask("SELECT commit_no FROM refs WHERE name = CAST('c' AS BLOB) AND tagged = 0"), 5);
	ck_assert_int_eq(ask("SELECT count(*) FROM refs WHERE time = '" TIME "'"), 1);
}
END_TEST

START_TEST(more_names_than_there_is_room_for_are_all_kept)
{
	const uint64_t count = KIST_BULK_NAME_BYTES_MAX / LONG_NAME + 10;
	char name[LONG_NAME + 1];

	memset(name, 'n', sizeof(name));
	for (uint64_t i = 0; i < count; i++) {
		snprintf(name, sizeof(name), "%08u", (unsigned)(i * 7919 % count));
		name[8] = 'n';
		ck_assert_int_eq(add_ref(name, LONG_NAME, KIST_REF_PUT, i + 1, NULL), KIST_OK);
	}
	ck_assert_int_eq(kist_bulk_flush(bulk, NULL), KIST_OK);
	ck_assert_int_eq(ask("SELECT count(*) FROM refs"), (int64_t)count);
}
END_TEST

static kist_status add_some(struct kist_error *err)
{
	for (uint64_t i = 1; i < 600; i++) {
		KIST_TRY(add_artifact(i, i, err));
		KIST_TRY(add_ref((const char *)&i, sizeof(i), KIST_REF_PUT, i, err));
	}
	return kist_bulk_flush(bulk, err);
}

START_TEST(without_memory_it_says_so)
{
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		struct kist_error why = KIST_ERROR_INIT;

		teardown();
		setup();
		kist_mem_fail_at(k);
		status = add_some(&why);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_int_eq(why.status, status);
	}
	ck_assert_int_eq(ask("SELECT count(*) FROM records"), 599);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("bulk");

	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, more_chunks_than_are_gathered_are_all_kept);
	tcase_add_test(tcase, of_an_artifact_that_comes_again_the_first_stays);
	tcase_add_test(tcase, artifacts_have_the_numbers_that_they_were_given);
	tcase_add_test(tcase, of_a_name_the_last_change_counts);
	tcase_add_test(tcase, more_names_than_there_is_room_for_are_all_kept);
	tcase_add_test(tcase, without_memory_it_says_so);
	return suite_run(tcase, "registry/bulk");
}
