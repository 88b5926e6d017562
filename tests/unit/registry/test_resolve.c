/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "registry/collect.h"
#include "registry/internal.h"
#include "registry/postings.h"
#include "support/suite.h"

#include "unit/registry/fake.h"

#define MANY_NAMES 1000

static struct kist_store *store;

static void setup(void)
{
	make_dir();
	store = fake_new();
}

static void teardown(void)
{
	fake_free(store);
	remove_dir();
}

static kist_status resolve(const char *text, size_t len, struct kist_digest *ret_id, struct kist_error *err)
{
	kist_auto_registry struct kist_registry *registry = must_open(store, test_dir);
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	const kist_status status = kist_registry_resolve(registry, text, len, &artifact, err);

	if (status == KIST_OK)
		*ret_id = artifact.id;
	return status;
}

static void check_is(const char *text, size_t len, const struct kist_digest *expected)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_digest id;

	ck_assert_msg(resolve(text, len, &id, &err) == KIST_OK, "%s", err.text);
	ck_assert(kist_digest_equal(&id, expected));
}

static void check_message(const char *text, size_t len, kist_status status, const char *part)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_digest id;

	ck_assert_int_eq(resolve(text, len, &id, &err), status);
	ck_assert_msg(strstr(err.text, part) != NULL, "%s", err.text);
}

START_TEST(content_and_record_are_found_by_each_number_of_digits)
{
	const struct kist_digest id = fake_put(store, "a", "content", "");
	const struct kist_digest content = fake_digest("content");
	kist_auto_registry struct kist_registry *registry = NULL;
	char hexes[2][KIST_DIGEST_HEX_SIZE];
	char other[KIST_DIGEST_HEX_SIZE + 1];

	fake_put(store, "b", "other", "");
	registry = must_open(store, test_dir);
	kist_digest_hex(&content, hexes[0]);
	kist_digest_hex(&id, hexes[1]);
	for (size_t len = 7; len <= 64; len++) {
		for (size_t i = 0; i < 2; i++) {
			kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
			const kist_status expected = len < 8 ? KIST_NOT_FOUND : KIST_OK;

			ck_assert_int_eq(kist_registry_resolve(registry, hexes[i], len, &artifact, NULL),
					 expected);
			if (expected == KIST_OK)
				ck_assert(kist_digest_equal(&artifact.id, &id));
			memcpy(other, hexes[i], sizeof(hexes[i]));
			other[len - 1] = other[len - 1] == '0' ? '1' : '0';
			ck_assert_int_eq(kist_registry_resolve(registry, other, len, &artifact, NULL),
					 KIST_NOT_FOUND);
		}
	}
	memcpy(other, hexes[0], 64);
	other[64] = '0';
	check_message(other, 65, KIST_NOT_FOUND, "nothing has this name");
}
END_TEST

START_TEST(digits_may_be_upper_case)
{
	const struct kist_digest id = fake_put(store, "a", "content", "");
	const struct kist_digest content = fake_digest("content");
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(&content, hex);
	for (size_t i = 0; hex[i]; i++)
		hex[i] = hex[i] >= 'a' ? (char)(hex[i] - 32) : hex[i];
	check_is(hex, 64, &id);
	check_is(hex, 9, &id);
}
END_TEST

START_TEST(a_name_beats_a_digest)
{
	const struct kist_digest content = fake_digest("content");
	struct kist_digest named;
	char hex[KIST_DIGEST_HEX_SIZE];

	fake_put(store, "a", "content", "");
	kist_digest_hex(&content, hex);
	hex[10] = '\0';
	named = fake_put(store, hex, "another", "");
	check_is(hex, 10, &named);
	fake_event(store, hex, NULL, "rm");
	check_is(hex, 10, &store->packs[0].chunks[0].id);
}
END_TEST

START_TEST(records_of_one_content_count_as_one_and_the_newest_name_wins)
{
	const struct kist_digest content = fake_digest("content");
	const struct kist_digest first = fake_put(store, "a", "content", "1");
	const struct kist_digest second = fake_put(store, "b", "content", "2");
	const struct kist_digest third = fake_put(store, NULL, "content", "3");
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(&content, hex);
	check_is(hex, 12, &second);
	fake_event(store, "c", &first, "tag");
	check_is(hex, 12, &first);
	fake_event(store, "a", NULL, "rm");
	fake_event(store, "b", NULL, "rm");
	fake_event(store, "c", NULL, "rm");
	check_is(hex, 12, &third);
	kist_digest_hex(&second, hex);
	check_is(hex, 12, &second);
}
END_TEST

/* As an index that has followed the log says, and as one that is made anew. */
static void check_named(struct kist_registry *registry, const struct kist_digest *id, bool expected)
{
	kist_auto_registry struct kist_registry *anew = NULL;
	bool named = !expected;

	must_fold(registry);
	ck_assert_int_eq(kist_registry_is_named(registry, id, &named, NULL), KIST_OK);
	ck_assert_int_eq(named, expected);
	ck_assert_int_eq(kist_registry_open(store, NULL, &anew, NULL), KIST_OK);
	ck_assert_int_eq(kist_registry_is_named(anew, id, &named, NULL), KIST_OK);
	ck_assert_int_eq(named, expected);
}

START_TEST(an_artifact_is_named_while_a_name_means_it)
{
	const struct kist_digest first = fake_put(store, "a", "content", "1");
	const struct kist_digest second = fake_put(store, "b", "content", "2");
	kist_auto_registry struct kist_registry *registry = must_open(store, test_dir);

	check_named(registry, &first, true);
	for (int i = 0; i < 3; i++) {
		fake_event(store, "a", &second, "tag");
		check_named(registry, &first, false);
		fake_event(store, "a", &first, "tag");
		check_named(registry, &first, true);
	}
	fake_event(store, "c", &first, "tag");
	fake_event(store, "a", NULL, "rm");
	check_named(registry, &first, true);
	fake_event(store, "c", NULL, "rm");
	check_named(registry, &first, false);
	fake_event(store, "a", &first, "tag");
	check_named(registry, &first, true);
	check_named(registry, &second, true);
	fake_event(store, "b", NULL, "rm");
	check_named(registry, &second, false);
}
END_TEST

/* What SQLite has done for all statements so far. */
static int64_t count_steps(const struct kist_db *db)
{
	int64_t steps = 0;

	for (size_t i = 0; i < KIST_SQL_COUNT; i++) {
		if (db->statements[i])
			steps += sqlite3_stmt_status(db->statements[i], SQLITE_STMTSTATUS_VM_STEP, 0);
	}
	return steps;
}

static void check_named_soon(struct kist_registry *registry, const struct kist_digest *id)
{
	const int64_t before = count_steps(&registry->db);
	bool named = false;

	ck_assert_int_eq(kist_registry_is_named(registry, id, &named, NULL), KIST_OK);
	ck_assert(named);
	ck_assert_int_lt(count_steps(&registry->db) - before, MANY_NAMES);
}

static void add_names(struct kist_db *db, const struct kist_digest *id, int count)
{
	for (int i = 0; i < count; i++) {
		char name[32];
		const struct kist_view view =
			kist_view_of(name, (size_t)snprintf(name, sizeof(name), "more/%d", i));

		ck_assert_int_eq(kist_posting_add_name(db, id, view, NULL), KIST_OK);
		ck_assert_int_eq(kist_db_run(db, KIST_SQL_SET_REF, NULL, "bdutu", view.data, view.size, id,
					     (uint64_t)1, "2026-01-01T00:00:00Z", (uint64_t)0),
				 KIST_OK);
	}
}

START_TEST(whether_an_artifact_is_named_is_known_by_one_of_many_names)
{
	const struct kist_digest id = fake_put(store, "a", "content", "1");
	kist_auto_registry struct kist_registry *registry = must_open(store, test_dir);

	add_names(&registry->db, &id, MANY_NAMES);
	check_named_soon(registry, &id);
	/* The oldest go first. */
	ck_assert_int_eq(sqlite3_exec(registry->db.sql,
				      "DELETE FROM refs WHERE name <> CAST('more/999' AS BLOB)", NULL, NULL,
				      NULL),
			 SQLITE_OK);
	check_named_soon(registry, &id);
}
END_TEST

/* A record says what the SHA-256 of its content is, so that contents with any digests are had for nothing. */
static void put_content(const char *name, const char *sha256)
{
	const uint32_t kinds[] = { KIST_CHUNK_RECORD };
	json_t *commit = fake_commit();
	const char *texts[1];
	char record[256];
	struct kist_digest id;

	snprintf(record, sizeof(record),
		 "{\"encoding\":\"kist.npy@1\",\"kind\":\"tensor\",\"sha256\":\"%s\",\"size\":1}", sha256);
	texts[0] = record;
	id = fake_digest(record);
	fake_add_pack(commit, store, fake_pack(store, true, texts, kinds, 1));
	if (name)
		fake_add_ref(commit, name, strlen(name), &id, "put");
	fake_append(store, commit);
}

START_TEST(a_prefix_of_several_artifacts_is_ambiguous)
{
	char sha256[KIST_DIGEST_HEX_SIZE];

	memset(sha256, '7', 64);
	sha256[64] = '\0';
	put_content("one", sha256);
	check_is(sha256, 8, &store->packs[0].chunks[0].id);
	sha256[10] = '8';
	put_content(NULL, sha256);
	check_message(
		"7777777777", 10, KIST_AMBIGUOUS,
		"'7777777777' can mean more than one artifact: 77777777777777 (tensor, kist.npy@1, 'one');"
		" 77777777778777 (tensor, kist.npy@1)");
	check_is("77777777777", 11, &store->packs[0].chunks[0].id);
	check_is("77777777778", 11, &store->packs[1].chunks[0].id);
	for (char digit = '0'; digit < '3'; digit++) {
		sha256[10] = digit;
		put_content(NULL, sha256);
	}
	check_message("77777777", 8, KIST_AMBIGUOUS, "; and more");
	check_is(sha256, 64, &store->packs[4].chunks[0].id);
}
END_TEST

static const struct {
	const char *text;
	const char *message;
} misses[] = {
	{ "runs/8/weights", "did you mean 'runs/7/weights'?" },
	{ "runs/7/weight", "did you mean 'runs/7/weights'?" },
	{ "run/7/weihgts", "did you mean 'runs/7/weights'?" },
	{ "modle", "nothing has this name" },
	{ "mode", "did you mean 'model'?" },
	{ "modell", "did you mean 'model'?" },
	{ "entirely different", "'entirely different': nothing has this name" },
	{ "", "'': nothing has this name" },
	{ "deadbeef", "no digest begins so" },
	{ "deadbee", "'deadbee': nothing has this name" },
};

START_TEST(what_is_not_there_brings_the_nearest_name)
{
	fake_put(store, "runs/7/weights", "1", "");
	fake_put(store, "model", "2", "");
	check_message(misses[_i].text, strlen(misses[_i].text), KIST_NOT_FOUND, misses[_i].message);
}
END_TEST

START_TEST(text_of_any_length_and_bytes_is_answered)
{
	static char text[100000];

	fake_put(store, "a", "1", "");
	memset(text, '\x1b', sizeof(text));
	check_message(text, sizeof(text), KIST_NOT_FOUND, "\\x1b");
	memset(text, 'a', 256);
	check_message(text, 256, KIST_NOT_FOUND, "nothing has this name");
	check_message(text, 257, KIST_NOT_FOUND, "nothing has this name");
	check_message("a\0b", 3, KIST_NOT_FOUND, "nothing has this name");
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("resolve");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, content_and_record_are_found_by_each_number_of_digits);
	tcase_add_test(tcase, digits_may_be_upper_case);
	tcase_add_test(tcase, a_name_beats_a_digest);
	tcase_add_test(tcase, an_artifact_is_named_while_a_name_means_it);
	tcase_add_test(tcase, whether_an_artifact_is_named_is_known_by_one_of_many_names);
	tcase_add_test(tcase, records_of_one_content_count_as_one_and_the_newest_name_wins);
	tcase_add_test(tcase, a_prefix_of_several_artifacts_is_ambiguous);
	tcase_add_loop_test(tcase, what_is_not_there_brings_the_nearest_name, 0,
			    sizeof(misses) / sizeof(*misses));
	tcase_add_test(tcase, text_of_any_length_and_bytes_is_answered);
	return suite_run(tcase, "registry/resolve");
}
