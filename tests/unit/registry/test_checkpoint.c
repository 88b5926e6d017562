/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "registry/checkpoint.h"
#include "registry/internal.h"
#include "support/suite.h"
#include "unit/registry/fake.h"

/* More than there are. */
#define ALLOCATIONS_MAX 200
#define SESSION		"00112233445566778899aabb"

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

static void append_list(const char *key, const char *item)
{
	json_t *commit = fake_commit();

	json_object_set_new(commit, key, json_pack("[s]", item));
	fake_append(store, commit);
}

static void append_digest(const char *key, const struct kist_digest *id)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(id, hex);
	append_list(key, hex);
}

/* A log in which everything happens that a log can say. */
static void live_a_life(void)
{
	const struct kist_digest a = fake_put(store, "a", "1", "");
	const struct kist_digest b = fake_put(store, "b/c", "2", "");
	const struct kist_digest c = fake_put(store, "b/d", "3", "");

	fake_event(store, "a tag", &a, "tag");
	fake_event(store, "b/d", NULL, "rm");
	append_digest("forget", &c);
	append_digest("condemn", &store->packs[2].id);
	append_digest("condemn", &store->packs[1].id);
	append_digest("deleted", &store->packs[2].id);
	append_list("fence", SESSION);
	(void)fake_put(store, "b/c", "2", "again");
	append_digest("forget", &b);
	fake_event(store, "a", &a, "tag");
}

/* The checkpoint of the log as it is, by an index that has read it. */
static void write_right(struct kist_checkpoint_builder *ret, const char *cache_dir)
{
	kist_auto_registry struct kist_registry *registry = must_open(store, cache_dir);
	uint64_t number;

	ck_assert_int_eq(kist_write_checkpoint(&registry->db, ret, &number, NULL), KIST_OK);
	ck_assert_uint_eq(number, store->head);
}

static void put(uint64_t number, struct kist_view bytes)
{
	ck_assert_int_eq(kist_checkpoints_put(store, number, bytes, NULL), KIST_OK);
}

static void put_right(void)
{
	kist_auto_checkpoint_builder struct kist_checkpoint_builder right = KIST_CHECKPOINT_BUILDER_INIT;

	write_right(&right, NULL);
	put(store->head, kist_buf_view(&right.bytes));
}

/* Whether an index of this folder and one that read the whole log say the same. */
static void same_as_whole(struct kist_registry *registry)
{
	struct kist_checkpoint_builder mine = KIST_CHECKPOINT_BUILDER_INIT;
	struct kist_checkpoint_builder its = KIST_CHECKPOINT_BUILDER_INIT;
	struct kist_registry *whole;
	char *expected;
	char *said;
	uint64_t number;

	store->checkpoint_status = KIST_IO;
	whole = must_open(store, NULL);
	store->checkpoint_status = KIST_OK;
	expected = tell_all(whole);
	said = tell_all(registry);
	ck_assert_str_eq(said, expected);
	ck_assert_int_eq(kist_write_checkpoint(&whole->db, &mine, &number, NULL), KIST_OK);
	ck_assert_int_eq(kist_write_checkpoint(&registry->db, &its, &number, NULL), KIST_OK);
	ck_assert_uint_eq(mine.bytes.size, its.bytes.size);
	ck_assert_mem_eq(mine.bytes.data, its.bytes.data, its.bytes.size);
	kist_checkpoint_builder_done(&mine);
	kist_checkpoint_builder_done(&its);
	kist_registry_close(whole);
	free(expected);
	free(said);
}

/* One registry that has @number as the checkpoint that it stands on. */
static bool stands_on_one(struct kist_registry *registry)
{
	kist_auto_statement sqlite3_stmt *row = NULL;
	bool found = false;

	ck_assert_int_eq(kist_db_use(&registry->db, KIST_SQL_GET_CHECKPOINT, &row, NULL, ""), KIST_OK);
	ck_assert_int_eq(kist_db_step(&registry->db, row, &found, NULL), KIST_OK);
	return found && sqlite3_column_int64(row, 0) > 0;
}

START_TEST(a_newcomer_reads_the_commits_after_it_alone)
{
	struct kist_registry *registry;

	live_a_life();
	put_right();
	(void)fake_put(store, "later", "4", "");
	store->commit_reads = 0;
	registry = must_open(store, test_dir);
	ck_assert_uint_eq(store->commit_reads, 1);
	ck_assert(stands_on_one(registry));
	same_as_whole(registry);
	kist_registry_close(registry);
	/* Whoever comes next finds the index. */
	store->index_reads = 0;
	registry = must_open(store, test_dir);
	ck_assert_uint_eq(store->index_reads, 0);
	same_as_whole(registry);
	kist_registry_close(registry);
}
END_TEST

START_TEST(two_makers_make_the_same_bytes)
{
	kist_auto_checkpoint_builder struct kist_checkpoint_builder one = KIST_CHECKPOINT_BUILDER_INIT;
	kist_auto_checkpoint_builder struct kist_checkpoint_builder other = KIST_CHECKPOINT_BUILDER_INIT;
	kist_auto_registry struct kist_registry *follower = must_open(store, test_dir);
	uint64_t number;

	(void)fake_put(store, "early", "0", "");
	must_fold(follower);
	live_a_life();
	must_fold(follower);
	ck_assert_int_eq(kist_write_checkpoint(&follower->db, &one, &number, NULL), KIST_OK);
	write_right(&other, NULL);
	ck_assert_uint_eq(one.bytes.size, other.bytes.size);
	ck_assert_mem_eq(one.bytes.data, other.bytes.data, one.bytes.size);
	/* And a third, who began with an older one. */
	put(number, kist_buf_view(&one.bytes));
	append_list("fence", "ffeeddccbbaa998877665544");
	write_right(&other, NULL);
	must_fold(follower);
	ck_assert_int_eq(kist_write_checkpoint(&follower->db, &one, &number, NULL), KIST_OK);
	ck_assert_mem_eq(one.bytes.data, other.bytes.data, one.bytes.size);
}
END_TEST

START_TEST(what_could_not_be_read_of_a_pack_is_read_later)
{
	kist_auto_registry struct kist_registry *registry = NULL;

	live_a_life();
	put_right();
	store->packs[0].status = KIST_CORRUPT;
	registry = must_open(store, test_dir);
	store->packs[0].status = KIST_OK;
	ck_assert_int_eq(kist_registry_reread(registry, NULL), KIST_OK);
	same_as_whole(registry);
}
END_TEST

/* Gives bytes that were changed their digest again. */
static void seal(struct kist_buf *bytes)
{
	const struct kist_digest digest =
		kist_digest_of(kist_view_of(bytes->data, bytes->size - KIST_DIGEST_SIZE));

	memcpy(bytes->data + bytes->size - KIST_DIGEST_SIZE, digest.bytes, KIST_DIGEST_SIZE);
}

/* What makes a checkpoint useless: a byte that is changed, and whether the digest is made to fit. */
static const struct {
	size_t at;
	uint8_t to;
	bool sealed;
} useless[] = {
	{ 100, 0xee, false }, /* damage */
	{ 4, 2, true },	      /* a newer version */
	{ 8, 1, true },	      /* another number */
	{ 16, 0xee, true },   /* another commit of that number */
	{ 56, 99, true },     /* lists that do not fit */
};

START_TEST(a_useless_one_is_passed_over)
{
	kist_auto_checkpoint_builder struct kist_checkpoint_builder bad = KIST_CHECKPOINT_BUILDER_INIT;
	kist_auto_registry struct kist_registry *registry = NULL;

	(void)fake_put(store, "early", "0", "");
	put_right();
	live_a_life();
	write_right(&bad, test_dir);
	bad.bytes.data[useless[_i].at] = useless[_i].to;
	if (useless[_i].sealed)
		seal(&bad.bytes);
	put(store->head, kist_buf_view(&bad.bytes));
	store->commit_reads = 0;
	registry = must_open(store, NULL);
	ck_assert_uint_eq(store->commit_reads, store->head - 1);
	same_as_whole(registry);
}
END_TEST

START_TEST(a_pack_that_is_listed_twice_or_a_bad_name_is_no_error)
{
	struct kist_checkpoint_builder bad = KIST_CHECKPOINT_BUILDER_INIT;
	struct kist_checkpoint_pack pack = { .commit = 1, .kind = KIST_PACK_DATA, .size = 1 };
	struct kist_checkpoint_name name = { .name = kist_view_of("a//b", 4),
					     .commit = 1,
					     .time = kist_view_of("x", 1) };
	const struct kist_checkpoint_of of = { .number = 1, .digest = fake_digest("") };
	kist_auto_registry struct kist_registry *registry = NULL;
	struct kist_checkpoint_of here = of;

	(void)fake_put(store, "a", "1", "");
	here.digest = store->digests[1];
	ck_assert_int_eq(kist_checkpoint_begin(&bad, &here, NULL), KIST_OK);
	ck_assert_int_eq(kist_checkpoint_add_pack(&bad, &pack, NULL), KIST_OK);
	if (_i == 0)
		ck_assert_int_eq(kist_checkpoint_add_pack(&bad, &pack, NULL), KIST_OK);
	else
		ck_assert_int_eq(kist_checkpoint_add_name(&bad, &name, NULL), KIST_OK);
	ck_assert_int_eq(kist_checkpoint_finish(&bad, NULL), KIST_OK);
	put(1, kist_buf_view(&bad.bytes));
	registry = must_open(store, test_dir);
	ck_assert(!stands_on_one(registry));
	same_as_whole(registry);
	kist_checkpoint_builder_done(&bad);
}
END_TEST

/* One that is right in itself, and leaves out the last name. */
static void put_lie(uint64_t number)
{
	struct kist_checkpoint_builder lie = KIST_CHECKPOINT_BUILDER_INIT;
	struct kist_checkpoint_of of = { .number = number, .digest = store->digests[number] };

	ck_assert_int_eq(kist_checkpoint_begin(&lie, &of, NULL), KIST_OK);
	ck_assert_int_eq(kist_checkpoint_finish(&lie, NULL), KIST_OK);
	put(number, kist_buf_view(&lie.bytes));
	kist_checkpoint_builder_done(&lie);
}

static kist_status note_bad(void *ctx, const struct kist_bad_checkpoint *bad, struct kist_error *err)
{
	(void)err;
	return kist_buf_appendf(ctx, err, "%s %s %s\n", bad->key, bad->right.size > 0 ? "mend" : "remove",
				bad->why->text);
}

/* What a look at all checkpoints says. */
static char *look(struct kist_registry *registry)
{
	kist_auto_buf struct kist_buf said = KIST_BUF_INIT(65536);
	uint64_t count;

	ck_assert_int_eq(kist_registry_check_checkpoints(registry, note_bad, &said, &count, NULL), KIST_OK);
	return strdup(kist_buf_text(&said));
}

START_TEST(a_lie_is_believed_until_it_is_proved)
{
	struct kist_registry *registry;
	struct kist_digest artifact;
	char *said;

	(void)fake_put(store, "a", "1", "");
	(void)fake_put(store, "b", "2", "");
	put_lie(1);
	registry = must_open(store, test_dir);
	ck_assert(stands_on_one(registry));
	ck_assert_int_eq(kist_registry_find_ref(registry, "a", 1, &artifact, NULL), KIST_NOT_FOUND);
	said = look(registry);
	ck_assert_str_eq(said, "checkpoints/00000000000000000001 mend it does not say what the log says\n");
	free(said);
	ck_assert_int_eq(kist_registry_prove(registry, NULL), KIST_OK);
	ck_assert(!stands_on_one(registry));
	ck_assert_int_eq(kist_registry_find_ref(registry, "a", 1, &artifact, NULL), KIST_OK);
	same_as_whole(registry);
	kist_registry_close(registry);
	registry = must_open(store, test_dir);
	ck_assert(!stands_on_one(registry));
	kist_registry_close(registry);
}
END_TEST

START_TEST(who_wants_the_whole_log_takes_none_though_others_do)
{
	kist_auto_registry struct kist_registry *registry = must_open(store, test_dir);
	struct kist_registry *other;

	ck_assert_int_eq(kist_registry_prove(registry, NULL), KIST_OK);
	/* The file that both use is empty still when another newcomer begins with a lie. */
	(void)fake_put(store, "a", "1", "");
	put_lie(1);
	other = must_open(store, test_dir);
	ck_assert(stands_on_one(other));
	kist_registry_close(other);
	must_fold(registry);
	ck_assert(!stands_on_one(registry));
	same_as_whole(registry);
}
END_TEST

START_TEST(a_proof_keeps_the_index)
{
	kist_auto_registry struct kist_registry *registry = NULL;

	live_a_life();
	put_right();
	registry = must_open(store, test_dir);
	ck_assert(stands_on_one(registry));
	store->index_reads = 0;
	ck_assert_int_eq(kist_registry_prove(registry, NULL), KIST_OK);
	ck_assert(!stands_on_one(registry));
	ck_assert_uint_eq(store->index_reads, 0);
	store->commit_reads = 0;
	ck_assert_int_eq(kist_registry_prove(registry, NULL), KIST_OK);
	ck_assert_uint_eq(store->commit_reads, 0);
}
END_TEST

START_TEST(a_proof_needs_the_log)
{
	struct kist_error err = KIST_ERROR_INIT;
	kist_auto_registry struct kist_registry *registry = NULL;
	char *said;

	live_a_life();
	put_right();
	registry = must_open(store, test_dir);
	store->commit_status[3] = KIST_CORRUPT;
	ck_assert_int_eq(kist_registry_prove(registry, &err), KIST_CORRUPT);
	/* Readers do not mind, and what cannot be known is not told. */
	must_fold(registry);
	said = look(registry);
	ck_assert_str_eq(said, "");
	free(said);
}
END_TEST

static void append_many(unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		fake_append(store, fake_commit());
}

static size_t count_all(void)
{
	size_t count = 0;

	for (size_t i = 0; i < FAKE_CHECKPOINTS_MAX; i++)
		count += store->checkpoints[i].number > 0;
	return count;
}

START_TEST(one_is_made_each_thousand_commits_and_two_are_kept)
{
	kist_auto_registry struct kist_registry *registry = must_open(store, test_dir);
	kist_auto_registry struct kist_registry *newcomer = NULL;
	char *said;

	append_many(KIST_CHECKPOINT_COMMITS - 1);
	must_fold(registry);
	ck_assert_int_eq(kist_registry_make_checkpoint(registry, NULL), KIST_OK);
	ck_assert_uint_eq(count_all(), 0);
	for (unsigned i = 1; i < 5; i++) {
		append_many(i == 1 ? 1 : KIST_CHECKPOINT_COMMITS);
		must_fold(registry);
		ck_assert_int_eq(kist_registry_make_checkpoint(registry, NULL), KIST_OK);
		ck_assert_int_eq(kist_registry_make_checkpoint(registry, NULL), KIST_OK);
		ck_assert_uint_eq(count_all(), i < 2 ? i : 2);
	}
	/* Who stands on one makes none. */
	append_many(KIST_CHECKPOINT_COMMITS);
	newcomer = must_open(store, NULL);
	ck_assert_int_eq(kist_registry_make_checkpoint(newcomer, NULL), KIST_OK);
	ck_assert_uint_eq(store->checkpoints[2].number, 3 * KIST_CHECKPOINT_COMMITS);
	ck_assert_uint_eq(store->checkpoints[3].number, 4 * KIST_CHECKPOINT_COMMITS);
	ck_assert_uint_eq(count_all(), 2);
	ck_assert_int_eq(kist_registry_prove(newcomer, NULL), KIST_OK);
	ck_assert_int_eq(kist_registry_make_checkpoint(newcomer, NULL), KIST_OK);
	said = look(newcomer);
	ck_assert_str_eq(said, "");
	free(said);
	store->checkpoint_status = KIST_IO;
	ck_assert_int_eq(kist_registry_make_checkpoint(newcomer, NULL), KIST_IO);
}
END_TEST

START_TEST(a_state_that_costs_more_than_it_spares_waits)
{
	const struct kist_digest id = fake_put(store, "a", "1", "");
	kist_auto_registry struct kist_registry *registry = NULL;
	json_t *commit = fake_commit();

	for (unsigned i = 0;
	     i < KIST_CHECKPOINT_COMMITS * KIST_CHECKPOINT_ENTRIES + 2 * KIST_CHECKPOINT_ENTRIES; i++) {
		char name[16];

		snprintf(name, sizeof(name), "n%u", i);
		fake_add_ref(commit, name, strlen(name), &id, "put");
	}
	fake_append(store, commit);
	append_many(KIST_CHECKPOINT_COMMITS - 1);
	registry = must_open(store, NULL);
	ck_assert_int_eq(kist_registry_make_checkpoint(registry, NULL), KIST_OK);
	ck_assert_uint_eq(count_all(), 0);
	append_many(1);
	must_fold(registry);
	ck_assert_int_eq(kist_registry_make_checkpoint(registry, NULL), KIST_OK);
	ck_assert_uint_eq(count_all(), 1);
}
END_TEST

START_TEST(each_bad_one_is_found)
{
	kist_auto_checkpoint_builder struct kist_checkpoint_builder right = KIST_CHECKPOINT_BUILDER_INIT;
	kist_auto_registry struct kist_registry *registry = NULL;
	char *said;

	live_a_life();
	write_right(&right, test_dir);
	put_lie(2);
	put(3, kist_view_of("junk", 4));
	put(store->head, kist_buf_view(&right.bytes));
	put(1000, kist_buf_view(&right.bytes));
	registry = must_open(store, test_dir);
	said = look(registry);
	ck_assert_str_eq(said, "checkpoints/00000000000000000002 mend it does not say what the log says\n"
			       "checkpoints/00000000000000000003 mend it is no checkpoint\n"
			       "checkpoints/00000000000000001000 remove it does not bear its number\n");
	free(said);
}
END_TEST

START_TEST(a_failed_allocation_is_no_error_and_no_lie)
{
	char *expected;
	size_t failures = 0;

	live_a_life();
	put_right();
	{
		kist_auto_registry struct kist_registry *registry = must_open(store, NULL);

		expected = tell_all(registry);
	}
	/* Of what it takes to read a checkpoint no failure is told: so this does not end with the first success. */
	for (unsigned long k = 1; k < ALLOCATIONS_MAX; k++) {
		kist_auto_registry struct kist_registry *registry = NULL;
		kist_status status;
		char *said;

		kist_mem_fail_at(k);
		status = kist_registry_open(store, NULL, &registry, NULL);
		if (status == KIST_OK)
			status = kist_registry_prove(registry, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		failures += status != KIST_OK;
		if (!registry)
			continue;
		said = tell_all(registry);
		ck_assert_str_eq(said, expected);
		free(said);
	}
	ck_assert_uint_gt(failures, 5);
	free(expected);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("checkpoint");

	tcase_set_timeout(tcase, 300);
	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_newcomer_reads_the_commits_after_it_alone);
	tcase_add_test(tcase, two_makers_make_the_same_bytes);
	tcase_add_test(tcase, what_could_not_be_read_of_a_pack_is_read_later);
	tcase_add_loop_test(tcase, a_useless_one_is_passed_over, 0, sizeof(useless) / sizeof(*useless));
	tcase_add_loop_test(tcase, a_pack_that_is_listed_twice_or_a_bad_name_is_no_error, 0, 2);
	tcase_add_test(tcase, a_lie_is_believed_until_it_is_proved);
	tcase_add_test(tcase, who_wants_the_whole_log_takes_none_though_others_do);
	tcase_add_test(tcase, a_proof_keeps_the_index);
	tcase_add_test(tcase, a_proof_needs_the_log);
	tcase_add_test(tcase, one_is_made_each_thousand_commits_and_two_are_kept);
	tcase_add_test(tcase, a_state_that_costs_more_than_it_spares_waits);
	tcase_add_test(tcase, each_bad_one_is_found);
	tcase_add_test(tcase, a_failed_allocation_is_no_error_and_no_lie);
	return suite_run(tcase, "registry/checkpoint");
}
