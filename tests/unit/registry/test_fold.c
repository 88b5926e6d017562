/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
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
	/* Worth to be scanned ahead, wherever that is done; the other tests of the index have small ones. */
	store->pack_size = (size_t)64 << 10;
}

static void teardown(void)
{
	fake_free(store);
	remove_dir();
}

static void check_ref(struct kist_registry *registry, const char *name, const struct kist_digest *expected)
{
	struct kist_digest artifact;
	const kist_status status = kist_registry_find_ref(registry, name, strlen(name), &artifact, NULL);

	ck_assert_int_eq(status, expected ? KIST_OK : KIST_NOT_FOUND);
	if (expected)
		ck_assert(kist_digest_equal(&artifact, expected));
}

START_TEST(refs_follow_the_log_in_order)
{
	kist_auto_registry struct kist_registry *registry = NULL;
	const struct kist_digest first = fake_put(store, "a", "1", "");
	const struct kist_digest second = fake_put(store, "a", "2", "");
	json_t *commit = fake_commit();

	fake_event(store, "tag", &first, "tag");
	fake_event(store, "gone", &first, "put");
	fake_event(store, "gone", NULL, "rm");
	fake_event(store, "never", NULL, "rm");
	fake_add_ref(commit, "twice", 5, &first, "put");
	fake_add_ref(commit, "twice", 5, NULL, "rm");
	fake_add_ref(commit, "twice", 5, &second, "tag");
	fake_append(store, commit);
	registry = must_open(store, test_dir);
	check_ref(registry, "a", &second);
	check_ref(registry, "tag", &first);
	check_ref(registry, "gone", NULL);
	check_ref(registry, "never", NULL);
	check_ref(registry, "twice", &second);
	fake_event(store, "a", NULL, "rm");
	must_fold(registry);
	check_ref(registry, "a", NULL);
}
END_TEST

START_TEST(chunks_are_found_once_an_index_that_was_held_empty_is_let_go)
{
	kist_auto_registry struct kist_registry *registry = must_open(store, test_dir);
	const struct kist_chunk_index *const index = kist_registry_index(registry);
	const struct kist_digest content = fake_digest("content");
	struct kist_location where;

	kist_registry_hold(registry);
	ck_assert_int_eq(index->find(index->ctx, &content, &where, NULL), KIST_NOT_FOUND);
	kist_registry_let_go(registry);
	fake_put(store, "a", "content", "");
	must_fold(registry);
	ck_assert_int_eq(index->find(index->ctx, &content, &where, NULL), KIST_OK);
	kist_registry_hold(registry);
	ck_assert_int_eq(index->find(index->ctx, &content, &where, NULL), KIST_OK);
	kist_registry_let_go(registry);
}
END_TEST

START_TEST(chunks_and_records_are_found)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	kist_auto_registry struct kist_registry *registry = NULL;
	const struct kist_digest id = fake_put(store, "a", "content", "note");
	const struct kist_digest content = fake_digest("content");
	const struct kist_digest other = fake_digest("other");
	const struct kist_chunk_index *index;
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(4096);
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_location where;
	struct kist_digest proof;

	registry = must_open(store, test_dir);
	index = kist_registry_index(registry);
	ck_assert_int_eq(index->find(index->ctx, &content, &where, &err), KIST_OK);
	ck_assert(kist_digest_equal(&where.pack, &store->packs[0].id));
	ck_assert_uint_eq(where.offset, 1064);
	ck_assert_uint_eq(where.raw_len, 7);
	ck_assert_uint_eq(where.stored_len, 71);
	ck_assert_uint_eq(where.kind, KIST_CHUNK_RECIPE);
	ck_assert_int_eq(index->find(index->ctx, &other, &where, &err), KIST_NOT_FOUND);
	ck_assert_int_eq(err.status, KIST_OK);
	ck_assert_int_eq(kist_registry_find_chunk(registry, &other, &where, &err), KIST_NOT_FOUND);
	ck_assert_int_eq(err.status, KIST_NOT_FOUND);
	ck_assert_int_eq(kist_registry_get_artifact(registry, &id, &artifact, NULL), KIST_OK);
	ck_assert(kist_digest_equal(&artifact.id, &id));
	ck_assert(kist_digest_equal(&artifact.sha256, &content));
	ck_assert_uint_eq(artifact.size, 7);
	ck_assert_str_eq(kist_json_get_text(artifact.record, "note"), "note");
	ck_assert_int_eq(kist_registry_get_artifact(registry, &other, &artifact, NULL), KIST_NOT_FOUND);
	/* And the text of the record, behind what was there. */
	ck_assert_int_eq(kist_buf_append(&text, "x", 1, NULL), KIST_OK);
	ck_assert_int_eq(kist_registry_get_record(registry, &other, &text, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_registry_get_record(registry, &id, &text, NULL), KIST_OK);
	ck_assert_uint_eq(text.data[0], 'x');
	proof = kist_digest_of(kist_view_of(text.data + 1, text.size - 1));
	ck_assert(kist_digest_equal(&proof, &id));
}
END_TEST

START_TEST(a_record_in_a_data_pack_is_no_artifact)
{
	char *record = fake_record("x", "", 1);
	const char *const texts[] = { record };
	const uint32_t kinds[] = { KIST_CHUNK_RECORD };
	kist_auto_registry struct kist_registry *registry = NULL;
	struct kist_registry_stats stats;
	json_t *commit = fake_commit();

	fake_add_pack(commit, store, fake_pack(store, false, texts, kinds, 1));
	fake_append(store, commit);
	registry = must_open(store, test_dir);
	ck_assert_int_eq(kist_registry_get_stats(registry, &stats, NULL), KIST_OK);
	ck_assert_uint_eq(stats.chunks, 1);
	ck_assert_uint_eq(stats.artifacts, 0);
	free(record);
}
END_TEST

static const kist_status damages[] = { KIST_CORRUPT, KIST_NOT_FOUND };

START_TEST(a_damaged_pack_does_not_stop_the_rest)
{
	struct kist_registry *registry;
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	const struct kist_digest bad = fake_put(store, "bad", "1", "");
	const struct kist_digest good = fake_put(store, "good", "2", "");
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_registry_stats stats;
	struct kist_location where;

	store->packs[0].status = damages[_i];
	registry = must_open(store, test_dir);
	ck_assert_int_eq(kist_registry_resolve(registry, "good", 4, &artifact, NULL), KIST_OK);
	ck_assert(kist_digest_equal(&artifact.id, &good));
	ck_assert_int_eq(kist_registry_find_chunk(registry, &bad, &where, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_registry_get_stats(registry, &stats, NULL), KIST_OK);
	ck_assert_uint_eq(stats.packs, 2);
	ck_assert_uint_eq(stats.chunks, 2);
	ck_assert_uint_eq(stats.commits, 2);
	kist_artifact_done(&artifact);
	ck_assert_int_eq(kist_registry_resolve(registry, "bad", 3, &artifact, &err), KIST_CORRUPT);
	ck_assert_msg(strstr(err.text, "'bad' names the record") != NULL, "%s", err.text);
	check_ref(registry, "bad", &bad);
	kist_registry_close(registry);
	/* What comes back is found at the next open. */
	store->packs[0].status = KIST_OK;
	registry = must_open(store, test_dir);
	ck_assert_int_eq(kist_registry_resolve(registry, "bad", 3, &artifact, NULL), KIST_OK);
	ck_assert(kist_digest_equal(&artifact.id, &bad));
	kist_registry_close(registry);
}
END_TEST

START_TEST(a_damaged_record_does_not_stop_the_rest_of_its_pack)
{
	kist_auto_registry struct kist_registry *registry = NULL;
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	const struct kist_digest bad = fake_put(store, "bad", "content", "");
	const struct kist_digest content = fake_digest("content");
	struct kist_location where;

	store->packs[0].chunks[0].status = damages[_i];
	registry = must_open(store, test_dir);
	ck_assert_int_eq(kist_registry_find_chunk(registry, &content, &where, NULL), KIST_OK);
	ck_assert_int_eq(kist_registry_find_chunk(registry, &bad, &where, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_registry_get_artifact(registry, &bad, &artifact, NULL), KIST_NOT_FOUND);
	/* Whoever puts the same record again heals it. */
	fake_put(store, "again", "content", "");
	must_fold(registry);
	ck_assert_int_eq(kist_registry_resolve(registry, "bad", 3, &artifact, NULL), KIST_OK);
	ck_assert_int_eq(kist_registry_find_chunk(registry, &bad, &where, NULL), KIST_OK);
	ck_assert(kist_digest_equal(&where.pack, &store->packs[1].id));
}
END_TEST

static const char *const bad_records[] = {
	"",
	"[]",
	"1",
	"{",
	"{}",
	"{\"encoding\":\"e\",\"kind\":\"k\",\"size\":1}",
	"{\"encoding\":\"e\",\"kind\":\"k\",\"sha256\":"
	"\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}",
	"{\"encoding\":\"e\",\"kind\":\"k\",\"size\":-1,\"sha256\":"
	"\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}",
	"{\"encoding\":\"e\",\"kind\":\"k\",\"size\":1.5,\"sha256\":"
	"\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}",
	"{\"encoding\":\"e\",\"kind\":\"k\",\"size\":1,\"sha256\":"
	"\"E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855\"}",
	"{\"encoding\":\"e\",\"kind\":7,\"size\":1,\"sha256\":"
	"\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}",
	"{\"kind\":\"k\",\"size\":1,\"sha256\":"
	"\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}",
};

START_TEST(a_chunk_that_is_no_record_is_no_artifact)
{
	const char *const texts[] = { bad_records[_i], "more" };
	const uint32_t kinds[] = { KIST_CHUNK_RECORD, KIST_CHUNK_RECIPE };
	kist_auto_registry struct kist_registry *registry = NULL;
	struct kist_registry_stats stats;
	json_t *commit = fake_commit();

	fake_add_pack(commit, store, fake_pack(store, true, texts, kinds, 2));
	fake_append(store, commit);
	registry = must_open(store, test_dir);
	ck_assert_int_eq(kist_registry_get_stats(registry, &stats, NULL), KIST_OK);
	ck_assert_uint_eq(stats.artifacts, 0);
	ck_assert_uint_eq(stats.chunks, 1);
}
END_TEST

START_TEST(a_failure_to_read_is_no_damage)
{
	struct kist_registry *registry = NULL;

	fake_put(store, "a", "1", "");
	store->packs[0].status = KIST_IO;
	ck_assert_int_eq(kist_registry_open(store, test_dir, &registry, NULL), KIST_IO);
	store->packs[0].status = KIST_OK;
	store->packs[0].chunks[0].status = KIST_NO_MEMORY;
	ck_assert_int_eq(kist_registry_open(store, test_dir, &registry, NULL), KIST_NO_MEMORY);
	store->packs[0].chunks[0].status = KIST_OK;
	registry = must_open(store, test_dir);
	store->commit_status[2] = KIST_IO;
	fake_put(store, "b", "2", "");
	ck_assert_int_eq(kist_registry_fold(registry, NULL), KIST_IO);
	store->commit_status[2] = KIST_OK;
	must_fold(registry);
	check_ref(registry, "b", &store->packs[1].chunks[0].id);
	kist_registry_close(registry);
}
END_TEST

START_TEST(a_damaged_commit_stops_the_fold_and_is_named)
{
	struct kist_error err = KIST_ERROR_INIT;
	kist_auto_registry struct kist_registry *registry = must_open(store, test_dir);
	const struct kist_digest first = fake_put(store, "a", "1", "");

	fake_put(store, "b", "2", "");
	fake_put(store, "c", "3", "");
	store->commit_status[2] = KIST_CORRUPT;
	ck_assert_int_eq(kist_registry_fold(registry, &err), KIST_CORRUPT);
	ck_assert_msg(strstr(err.text, "log/00000000000000000002") != NULL, "%s", err.text);
	check_ref(registry, "a", &first);
	check_ref(registry, "b", NULL);
	check_ref(registry, "c", NULL);
}
END_TEST

START_TEST(a_commit_that_follows_another_is_refused)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_registry *registry = NULL;

	fake_put(store, "a", "1", "");
	fake_put(store, "b", "2", "");
	json_object_set_new(store->commits[2], "previous", json_object_get(store->commits[1], "previous"));
	json_incref(json_object_get(store->commits[1], "previous"));
	ck_assert_int_eq(kist_registry_open(store, test_dir, &registry, &err), KIST_CORRUPT);
	ck_assert_msg(strstr(err.text, "log/00000000000000000002") && strstr(err.text, "previous"), "%s",
		      err.text);
}
END_TEST

/* A change of the second commit, which already has a good pack and a good ref. */
static const struct {
	const char *list;
	const char *item;
} bad_members[] = {
	{ "refs", "{\"event\":\"put\",\"name\":\"x\"}" },
	{ "refs", "{\"event\":\"put\",\"name\":\"x\",\"artifact\":null}" },
	{ "refs", "{\"event\":\"rm\",\"name\":\"x\"}" },
	{ "refs", "{\"event\":\"rm\",\"name\":\"x\",\"artifact\":"
		  "\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\"}" },
	{ "refs", "{\"event\":\"move\",\"name\":\"x\",\"artifact\":null}" },
	{ "refs", "{\"name\":\"x\",\"artifact\":null}" },
	{ "refs", "{\"event\":\"rm\",\"name\":\"../x\",\"artifact\":null}" },
	{ "refs", "{\"event\":\"rm\",\"artifact\":null}" },
	{ "refs", "7" },
	{ "packs", "7" },
	{ "packs", "{\"id\":\"e3\",\"kind\":\"data\",\"size\":1}" },
	{ "packs",
	  "{\"id\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\",\"kind\":\"data\"}" },
	{ "packs",
	  "{\"id\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\",\"kind\":\"x\","
	  "\"size\":1}" },
	{ "packs",
	  "{\"id\":\"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\",\"kind\":\"data\","
	  "\"size\":268435457}" },
};

START_TEST(a_malformed_commit_is_taken_back_whole)
{
	struct kist_error err = KIST_ERROR_INIT;
	kist_auto_registry struct kist_registry *registry = must_open(store, test_dir);
	struct kist_location where;

	fake_put(store, "a", "1", "");
	fake_put(store, "b", "2", "");
	json_array_append_new(json_object_get(store->commits[2], bad_members[_i].list),
			      json_loads(bad_members[_i].item, JSON_DECODE_ANY, NULL));
	ck_assert_int_eq(kist_registry_fold(registry, &err), KIST_CORRUPT);
	ck_assert_msg(strstr(err.text, "log/00000000000000000002") != NULL, "%s", err.text);
	check_ref(registry, "a", &store->packs[0].chunks[0].id);
	check_ref(registry, "b", NULL);
	ck_assert_int_eq(kist_registry_find_chunk(registry, &store->packs[1].chunks[1].id, &where, NULL),
			 KIST_NOT_FOUND);
}
END_TEST

/* One commit that adds a pack with the chunk @text, with a base unless that is NULL.  Gives the pack's number. */
static size_t add_data(const char *text, const struct kist_digest *base)
{
	const uint32_t kind = KIST_CHUNK_DATA;
	const size_t pack = fake_pack(store, false, &text, &kind, 1);
	json_t *commit = fake_commit();

	store->packs[pack].chunks[0].has_base = base != NULL;
	if (base)
		store->packs[pack].chunks[0].base = *base;
	fake_add_pack(commit, store, pack);
	fake_append(store, commit);
	return pack;
}

static void condemn(size_t pack)
{
	char hex[KIST_DIGEST_HEX_SIZE];
	json_t *commit = fake_commit();

	kist_digest_hex(&store->packs[pack].id, hex);
	json_object_set_new(commit, "condemn", json_pack("[s]", hex));
	fake_append(store, commit);
}

/* Where chunk @id lies, in an index that has followed the log and in one that is new. */
static struct kist_location find_in_both(struct kist_registry *registry, const struct kist_digest *id)
{
	kist_auto_registry struct kist_registry *fresh = must_open(store, NULL);
	struct kist_location where = { .offset = 0 };
	struct kist_location again = { .offset = 0 };

	must_fold(registry);
	ck_assert_int_eq(kist_registry_find_chunk(registry, id, &where, NULL), KIST_OK);
	ck_assert_int_eq(kist_registry_find_chunk(fresh, id, &again, NULL), KIST_OK);
	ck_assert(kist_digest_equal(&where.pack, &again.pack));
	ck_assert(where.has_base == again.has_base);
	return where;
}

static bool lies_in(const struct kist_location *where, size_t pack)
{
	return kist_digest_equal(&where->pack, &store->packs[pack].id);
}

START_TEST(what_lies_in_two_packs_lies_in_the_other_when_one_is_condemned)
{
	kist_auto_registry struct kist_registry *registry = must_open(store, test_dir);
	const size_t older = add_data("twice", NULL);
	const struct kist_digest id = store->packs[older].chunks[0].id;
	struct kist_location where = find_in_both(registry, &id);
	size_t newer;

	ck_assert(lies_in(&where, older));
	newer = add_data("twice", NULL);
	where = find_in_both(registry, &id);
	ck_assert(lies_in(&where, newer));
	condemn(newer);
	where = find_in_both(registry, &id);
	ck_assert(lies_in(&where, older));
	newer = add_data("twice", NULL);
	condemn(older);
	where = find_in_both(registry, &id);
	ck_assert(lies_in(&where, newer));
	condemn(newer);
	must_fold(registry);
	ck_assert_int_eq(kist_registry_find_chunk(registry, &id, &where, NULL), KIST_NOT_FOUND);
}
END_TEST

START_TEST(a_chunk_lies_where_it_is_whole_whatever_came_first)
{
	kist_auto_registry struct kist_registry *registry = must_open(store, test_dir);
	const struct kist_digest base = store->packs[add_data("base", NULL)].chunks[0].id;
	const bool whole_first = _i == 1;
	const size_t first = add_data("like", whole_first ? NULL : &base);
	const size_t second = add_data("like", whole_first ? &base : NULL);
	const size_t whole = whole_first ? first : second;
	const size_t difference = whole_first ? second : first;
	const struct kist_digest id = store->packs[first].chunks[0].id;
	struct kist_location where = find_in_both(registry, &id);
	struct kist_digest found;
	bool any = true;

	ck_assert(lies_in(&where, whole));
	ck_assert(!where.has_base);
	ck_assert_int_eq(kist_registry_base_of(registry, &id, &found, &any, NULL), KIST_OK);
	ck_assert(!any);
	condemn(whole);
	where = find_in_both(registry, &id);
	ck_assert(lies_in(&where, difference));
	ck_assert(where.has_base && kist_digest_equal(&where.base.id, &base));
	ck_assert_uint_gt(where.base.stored_len, 0);
	ck_assert_int_eq(kist_registry_base_of(registry, &id, &found, &any, NULL), KIST_OK);
	ck_assert(any && kist_digest_equal(&found, &base));
}
END_TEST

START_TEST(a_base_that_is_gone_or_a_difference_itself_is_no_base)
{
	kist_auto_registry struct kist_registry *registry = must_open(store, test_dir);
	const size_t lost = add_data("base", NULL);
	const struct kist_digest base = store->packs[lost].chunks[0].id;
	const struct kist_digest other = store->packs[add_data("other", NULL)].chunks[0].id;
	const struct kist_digest id = store->packs[add_data("like", &base)].chunks[0].id;
	const struct kist_chunk_index *index = kist_registry_index(registry);
	struct kist_location where = find_in_both(registry, &id);
	struct kist_digest unknown = fake_digest("unknown");
	bool may = true;

	ck_assert_uint_gt(where.base.stored_len, 0);
	ck_assert_int_eq(index->find(index->ctx, &id, &where, NULL), KIST_OK);
	/* What is known is not written as a difference. */
	ck_assert_int_eq(index->may_differ(index->ctx, &id, &may, NULL), KIST_OK);
	ck_assert(!may);
	condemn(lost);
	where = find_in_both(registry, &id);
	ck_assert_uint_eq(where.base.stored_len, 0);
	ck_assert_int_eq(index->find(index->ctx, &id, &where, NULL), KIST_NOT_FOUND);
	add_data("base", &other);
	where = find_in_both(registry, &id);
	ck_assert_uint_eq(where.base.stored_len, 0);
	ck_assert_int_eq(index->find(index->ctx, &id, &where, NULL), KIST_NOT_FOUND);
	/* Nor is anything, while a pack cannot be read. */
	ck_assert_int_eq(index->may_differ(index->ctx, &unknown, &may, NULL), KIST_OK);
	ck_assert(may);
	store->packs[add_data("bad", NULL)].status = KIST_CORRUPT;
	must_fold(registry);
	ck_assert_int_eq(index->may_differ(index->ctx, &unknown, &may, NULL), KIST_OK);
	ck_assert(!may);
}
END_TEST

START_TEST(names_of_any_bytes_are_kept)
{
	kist_auto_registry struct kist_registry *registry = NULL;
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	char longest[KIST_NAME_SIZE_MAX];
	struct kist_digest id;

	memset(longest, 0xff, sizeof(longest));
	id = fake_put_bytes(store, longest, sizeof(longest), "1", "");
	fake_put_bytes(store, "\xc3(", 2, "2", "");
	registry = must_open(store, test_dir);
	ck_assert_int_eq(kist_registry_resolve(registry, longest, sizeof(longest), &artifact, NULL), KIST_OK);
	ck_assert(kist_digest_equal(&artifact.id, &id));
	check_ref(registry, "\xc3(", &store->packs[1].chunks[0].id);
	check_ref(registry, "\xef\xbf\xbd(", NULL);
}
END_TEST

START_TEST(a_log_of_more_than_a_batch_is_folded_whole)
{
	kist_auto_registry struct kist_registry *registry = NULL;
	const struct kist_digest id = fake_put(store, "first", "1", "");
	struct kist_registry_stats stats;
	char name[32];

	for (unsigned i = 0; i < 5000; i++) {
		snprintf(name, sizeof(name), "n/%u", i);
		fake_event(store, name, &id, "tag");
	}
	registry = must_open(store, test_dir);
	ck_assert_int_eq(kist_registry_get_stats(registry, &stats, NULL), KIST_OK);
	ck_assert_uint_eq(stats.commits, 5001);
	ck_assert_uint_eq(stats.refs, 5001);
	ck_assert_uint_eq(stats.object_bytes, 5001);
}
END_TEST

START_TEST(packs_are_scanned_ahead_for_an_index_that_is_made_anew)
{
	static const size_t sizes[] = { ((size_t)32 << 10) - 1, (size_t)32 << 10, (size_t)4 << 20,
					((size_t)4 << 20) + 1 };
	kist_auto_registry struct kist_registry *registry = NULL;
	struct kist_digest ids[4];
	struct kist_registry_stats stats;
	char name[2] = "a";

	/* The pack of the first commit is not ahead of anything. */
	(void)fake_put(store, "first", "0", "");
	for (size_t i = 0; i < 4; i++) {
		store->pack_size = sizes[i];
		name[0] = (char)('a' + i);
		ids[i] = fake_put(store, name, name, "");
	}
	registry = must_open(store, test_dir);
	ck_assert_uint_eq(store->given_ahead, 2);
	for (size_t i = 0; i < 4; i++) {
		name[0] = (char)('a' + i);
		check_ref(registry, name, &ids[i]);
	}
	ck_assert_int_eq(kist_registry_get_stats(registry, &stats, NULL), KIST_OK);
	ck_assert_uint_eq(stats.artifacts, 5);
	/* What is new comes to an index that is there. */
	store->pack_size = sizes[1];
	(void)fake_put(store, "x", "x", "");
	(void)fake_put(store, "y", "y", "");
	must_fold(registry);
	ck_assert_uint_eq(store->given_ahead, 2);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("fold");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, refs_follow_the_log_in_order);
	tcase_add_test(tcase, chunks_are_found_once_an_index_that_was_held_empty_is_let_go);
	tcase_add_test(tcase, chunks_and_records_are_found);
	tcase_add_test(tcase, a_record_in_a_data_pack_is_no_artifact);
	tcase_add_loop_test(tcase, a_damaged_pack_does_not_stop_the_rest, 0, 2);
	tcase_add_loop_test(tcase, a_damaged_record_does_not_stop_the_rest_of_its_pack, 0, 2);
	tcase_add_loop_test(tcase, a_chunk_that_is_no_record_is_no_artifact, 0,
			    sizeof(bad_records) / sizeof(*bad_records));
	tcase_add_test(tcase, a_failure_to_read_is_no_damage);
	tcase_add_test(tcase, a_damaged_commit_stops_the_fold_and_is_named);
	tcase_add_test(tcase, a_commit_that_follows_another_is_refused);
	tcase_add_loop_test(tcase, a_malformed_commit_is_taken_back_whole, 0,
			    sizeof(bad_members) / sizeof(*bad_members));
	tcase_add_test(tcase, what_lies_in_two_packs_lies_in_the_other_when_one_is_condemned);
	tcase_add_loop_test(tcase, a_chunk_lies_where_it_is_whole_whatever_came_first, 0, 2);
	tcase_add_test(tcase, a_base_that_is_gone_or_a_difference_itself_is_no_base);
	tcase_add_test(tcase, names_of_any_bytes_are_kept);
	tcase_add_test(tcase, a_log_of_more_than_a_batch_is_folded_whole);
	tcase_add_test(tcase, packs_are_scanned_ahead_for_an_index_that_is_made_anew);
	return suite_run(tcase, "registry/fold");
}
