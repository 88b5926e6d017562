/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"
#include "unit/registry/fake.h"

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

struct seen {
	struct kist_registry *registry;
	char text[4096];
	size_t count;
	kist_status give; /* after stop_after calls */
	size_t stop_after;
};

static kist_status see_ref(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			   struct kist_error *err)
{
	struct seen *const seen = ctx;
	const size_t used = strlen(seen->text);

	(void)err;
	seen->count++;
	ck_assert_str_eq(ref->time, FAKE_TIME);
	ck_assert_int_eq(ref->name[ref->name_len], 0);
	ck_assert(kist_digest_equal(&ref->artifact, &artifact->id));
	if (used < 1024)
		snprintf(seen->text + used, sizeof(seen->text) - used, "%s%s@%llu", used ? " " : "",
			 ref->name, (unsigned long long)ref->commit);
	return seen->count == seen->stop_after ? seen->give : KIST_OK;
}

static const struct {
	const char *prefix;
	size_t len;
	const char *names;
} prefixes[] = {
	{ "", 0, "a@1 a/1@2 a/10@3 a/2@4 a/\xff@5 a/\xff\xff@6 a0@7 b@8 \xff@9 \xff\xff@10" },
	{ "a", 1, "a@1 a/1@2 a/10@3 a/2@4 a/\xff@5 a/\xff\xff@6 a0@7" },
	{ "a/", 2, "a/1@2 a/10@3 a/2@4 a/\xff@5 a/\xff\xff@6" },
	{ "a/1", 3, "a/1@2 a/10@3" },
	{ "a/\xff", 3, "a/\xff@5 a/\xff\xff@6" },
	{ "\xff", 1, "\xff@9 \xff\xff@10" },
	{ "\xff\xff\xff", 3, "" },
	{ "A", 1, "" },
	{ "c", 1, "" },
	{ "a\0", 2, "" },
};

static void put_names(void)
{
	static const char *const names[] = { "a",	   "a/1", "a/10", "a/2",  "a/\xff",
					     "a/\xff\xff", "a0",  "b",	  "\xff", "\xff\xff" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		fake_put(store, names[i], names[i], "");
}

START_TEST(names_come_by_prefix_in_byte_order)
{
	kist_auto_registry struct kist_registry *registry = NULL;
	struct seen seen = { .count = 0 };

	put_names();
	registry = must_open(store, test_dir);
	ck_assert_int_eq(
		kist_registry_each_ref(registry, prefixes[_i].prefix, prefixes[_i].len, see_ref, &seen, NULL),
		KIST_OK);
	ck_assert_str_eq(seen.text, prefixes[_i].names);
}
END_TEST

START_TEST(a_prefix_longer_than_a_name_matches_none)
{
	kist_auto_registry struct kist_registry *registry = NULL;
	struct seen seen = { .count = 0 };
	char prefix[KIST_NAME_SIZE_MAX + 1];

	memset(prefix, 'p', sizeof(prefix));
	fake_put_bytes(store, prefix, KIST_NAME_SIZE_MAX, "x", "");
	registry = must_open(store, test_dir);
	ck_assert_int_eq(kist_registry_each_ref(registry, prefix, KIST_NAME_SIZE_MAX, see_ref, &seen, NULL),
			 KIST_OK);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_int_eq(kist_registry_each_ref(registry, prefix, sizeof(prefix), see_ref, &seen, NULL),
			 KIST_OK);
	ck_assert_uint_eq(seen.count, 1);
}
END_TEST

START_TEST(a_failure_of_the_caller_ends_the_walk)
{
	kist_auto_registry struct kist_registry *registry = NULL;
	struct seen seen = { .give = KIST_CANCELLED, .stop_after = 3 };

	put_names();
	registry = must_open(store, test_dir);
	ck_assert_int_eq(kist_registry_each_ref(registry, "", 0, see_ref, &seen, NULL), KIST_CANCELLED);
	ck_assert_uint_eq(seen.count, 3);
}
END_TEST

START_TEST(a_walk_of_many_pages_sees_each_name_once)
{
	kist_auto_registry struct kist_registry *registry = NULL;
	const struct kist_digest id = fake_put(store, "x", "1", "");
	json_t *commit = fake_commit();
	struct seen seen = { .count = 0 };
	char name[32];

	for (unsigned i = 0; i < 256 * 4 - 1; i++) {
		snprintf(name, sizeof(name), "n/%u", i);
		fake_add_ref(commit, name, strlen(name), &id, "tag");
	}
	fake_append(store, commit);
	registry = must_open(store, test_dir);
	ck_assert_int_eq(kist_registry_each_ref(registry, "", 0, see_ref, &seen, NULL), KIST_OK);
	ck_assert_uint_eq(seen.count, 256 * 4);
	seen.count = 0;
	ck_assert_int_eq(kist_registry_each_ref(registry, "n/", 2, see_ref, &seen, NULL), KIST_OK);
	ck_assert_uint_eq(seen.count, 256 * 4 - 1);
}
END_TEST

static kist_status ask_inside(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			      struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact again = KIST_ARTIFACT_INIT;
	struct seen *const seen = ctx;
	struct seen inner = { .count = 0 };
	struct kist_digest id;

	seen->count++;
	KIST_TRY(kist_registry_find_ref(seen->registry, ref->name, ref->name_len, &id, err));
	ck_assert(kist_digest_equal(&id, &artifact->id));
	KIST_TRY(kist_registry_get_artifact(seen->registry, &id, &again, err));
	ck_assert(json_equal(again.record, artifact->record));
	KIST_TRY(kist_registry_each_ref(seen->registry, "", 0, see_ref, &inner, err));
	ck_assert_uint_ge(inner.count, 10);
	fake_put(store, "z", "new", "");
	return kist_registry_fold(seen->registry, err);
}

START_TEST(the_registry_may_be_asked_from_inside_a_walk)
{
	kist_auto_registry struct kist_registry *registry = NULL;
	struct seen seen = { .count = 0 };

	put_names();
	registry = must_open(store, test_dir);
	seen.registry = registry;
	ck_assert_int_eq(kist_registry_each_ref(registry, "", 0, ask_inside, &seen, NULL), KIST_OK);
	ck_assert_uint_ge(seen.count, 10);
}
END_TEST

struct order {
	struct kist_digest last;
	size_t count;
};

static kist_status check_order(void *ctx, const struct kist_digest *id)
{
	struct order *const order = ctx;

	ck_assert(order->count == 0 || memcmp(order->last.bytes, id->bytes, KIST_DIGEST_SIZE) < 0);
	order->last = *id;
	order->count++;
	return KIST_OK;
}

static kist_status order_artifact(void *ctx, const struct kist_artifact *artifact, struct kist_error *err)
{
	(void)err;
	ck_assert_ptr_nonnull(artifact->record);
	return check_order(ctx, &artifact->id);
}

static kist_status order_pack(void *ctx, const struct kist_digest *id, uint64_t size, struct kist_error *err)
{
	(void)err;
	ck_assert_uint_eq(size, 1000);
	return check_order(ctx, id);
}

START_TEST(artifacts_and_packs_come_in_order_of_id)
{
	kist_auto_registry struct kist_registry *registry = NULL;
	struct order artifacts = { .count = 0 };
	struct order packs = { .count = 0 };
	char content[32];

	for (unsigned i = 0; i < 600; i++) {
		snprintf(content, sizeof(content), "%u", i);
		fake_put(store, NULL, content, "");
	}
	store->packs[7].status = KIST_CORRUPT;
	registry = must_open(store, test_dir);
	ck_assert_int_eq(kist_registry_each_artifact(registry, order_artifact, &artifacts, NULL), KIST_OK);
	ck_assert_uint_eq(artifacts.count, 599);
	ck_assert_int_eq(kist_registry_each_pack(registry, order_pack, &packs, NULL), KIST_OK);
	ck_assert_uint_eq(packs.count, 600);
}
END_TEST

START_TEST(stats_count_each_thing_once)
{
	kist_auto_registry struct kist_registry *registry = NULL;
	const struct kist_digest id = fake_put(store, "a", "12345", "");
	struct kist_registry_stats stats;

	fake_put(store, "b", "12345", "other record");
	fake_event(store, "c", &id, "tag");
	fake_event(store, "gone", &id, "tag");
	fake_event(store, "gone", NULL, "rm");
	registry = must_open(store, test_dir);
	ck_assert_int_eq(kist_registry_get_stats(registry, &stats, NULL), KIST_OK);
	ck_assert_uint_eq(stats.commits, 5);
	ck_assert_uint_eq(stats.refs, 3);
	ck_assert_uint_eq(stats.artifacts, 2);
	ck_assert_uint_eq(stats.chunks, 3);
	ck_assert_uint_eq(stats.packs, 2);
	ck_assert_uint_eq(stats.pack_bytes, 2000);
	ck_assert_uint_eq(stats.object_bytes, 15);
	ck_assert_uint_eq(stats.chunk_bytes, 5 + strlen(store->packs[0].chunks[0].bytes) +
						     strlen(store->packs[1].chunks[0].bytes));
}
END_TEST

START_TEST(sizes_that_pass_64_bits_do_not_wrap)
{
	char *record = fake_record("x", "", INT64_MAX);
	const struct kist_digest id = fake_digest(record);
	const char *const texts[] = { record };
	const uint32_t kinds[] = { KIST_CHUNK_RECORD };
	kist_auto_registry struct kist_registry *registry = NULL;
	struct kist_registry_stats stats;
	json_t *commit = fake_commit();

	fake_add_pack(commit, store, fake_pack(store, true, texts, kinds, 1));
	fake_add_ref(commit, "a", 1, &id, "put");
	fake_add_ref(commit, "b", 1, &id, "put");
	fake_add_ref(commit, "c", 1, &id, "put");
	fake_append(store, commit);
	registry = must_open(store, test_dir);
	ck_assert_int_eq(kist_registry_get_stats(registry, &stats, NULL), KIST_OK);
	ck_assert_uint_eq(stats.object_bytes, UINT64_MAX);
	free(record);
}
END_TEST

START_TEST(a_failed_allocation_is_reported_and_nothing_is_lost)
{
	kist_auto_registry struct kist_registry *registry = NULL;
	kist_status status = KIST_NO_MEMORY;

	put_names();
	registry = must_open(store, test_dir);
	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
		struct seen seen = { .count = 0 };

		ck_assert_uint_lt(k, 1000);
		kist_mem_fail_at(k);
		status = kist_registry_each_ref(registry, "a", 1, see_ref, &seen, NULL);
		if (status == KIST_OK)
			status = kist_registry_resolve(registry, "b", 1, &artifact, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
	}
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("query");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, names_come_by_prefix_in_byte_order, 0,
			    sizeof(prefixes) / sizeof(*prefixes));
	tcase_add_test(tcase, a_prefix_longer_than_a_name_matches_none);
	tcase_add_test(tcase, a_failure_of_the_caller_ends_the_walk);
	tcase_add_test(tcase, a_walk_of_many_pages_sees_each_name_once);
	tcase_add_test(tcase, the_registry_may_be_asked_from_inside_a_walk);
	tcase_add_test(tcase, artifacts_and_packs_come_in_order_of_id);
	tcase_add_test(tcase, stats_count_each_thing_once);
	tcase_add_test(tcase, sizes_that_pass_64_bits_do_not_wrap);
	tcase_add_test(tcase, a_failed_allocation_is_reported_and_nothing_is_lost);
	return suite_run(tcase, "registry/query");
}
