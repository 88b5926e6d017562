/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "backend/backend.h"
#include "registry/registry.h"
#include "support/suite.h"

/*
 * The registry on a true store in memory: what the writer publishes is what the registry finds.
 */

#define URI "memory:registry-test"

static struct kist_store *store;
static uint64_t head;
static struct kist_digest head_digest;

static void setup(void)
{
	ck_assert_int_eq(kist_store_create(URI, NULL), KIST_OK);
	ck_assert_int_eq(kist_store_open(URI, &store, NULL), KIST_OK);
}

static void teardown(void)
{
	kist_store_close(store);
}

static struct kist_digest put_chunk(struct kist_writer *writer, enum kist_chunk_kind kind, const char *text)
{
	const struct kist_piece piece = { .bytes = kist_view_of(text, strlen(text)) };
	struct kist_digest id;

	ck_assert_int_eq(kist_writer_put(writer, kind, &piece, 1, &id, NULL, NULL), KIST_OK);
	return id;
}

static struct kist_registry *open_registry(void)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_registry *registry = NULL;

	ck_assert_msg(kist_registry_open(store, NULL, &registry, &err) == KIST_OK, "%s", err.text);
	return registry;
}

/* Puts @content under @name; gives the packs of the commit. */
static json_t *put(struct kist_registry *registry, const char *name, const char *content,
		   struct kist_digest *ret_id, struct kist_write_stats *ret_stats)
{
	const struct kist_digest sha256 = kist_digest_of(kist_view_of(content, strlen(content)));
	kist_auto_json json_t *commit = json_pack("{s:[{s:s,s:s}]}", "refs", "name", name, "event", "put");
	kist_auto_writer struct kist_writer *writer = NULL;
	char hex[KIST_DIGEST_HEX_SIZE];
	json_t *packs = NULL;
	char record[256];

	kist_digest_hex(&sha256, hex);
	snprintf(record, sizeof(record),
		 "{\"encoding\":\"e\",\"kind\":\"bytes\",\"sha256\":\"%s\",\"size\":%zu}", hex,
		 strlen(content));
	ck_assert_int_eq(kist_writer_open(store, kist_registry_index(registry), &writer, NULL), KIST_OK);
	put_chunk(writer, KIST_CHUNK_DATA, content);
	*ret_id = put_chunk(writer, KIST_CHUNK_RECORD, record);
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	*ret_stats = kist_writer_stats(writer);
	kist_digest_hex(ret_id, hex);
	json_object_set_new(json_array_get(json_object_get(commit, "refs"), 0), "artifact", json_string(hex));
	json_object_set(commit, "packs", packs);
	ck_assert_int_eq(kist_log_append(store, head + 1, &head_digest, commit, &head_digest, NULL), KIST_OK);
	head++;
	return packs;
}

static void check_reads(struct kist_registry *registry, const char *name, const char *content)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	struct kist_location where;

	ck_assert_int_eq(kist_registry_resolve(registry, name, strlen(name), &artifact, NULL), KIST_OK);
	ck_assert_uint_eq(artifact.size, strlen(content));
	ck_assert_int_eq(kist_registry_find_chunk(registry, &artifact.sha256, &where, NULL), KIST_OK);
	ck_assert_uint_eq(where.kind, KIST_CHUNK_DATA);
	ck_assert_int_eq(kist_store_read_chunk(store, &where, &artifact.sha256, &bytes, NULL), KIST_OK);
	ck_assert_uint_eq(bytes.size, strlen(content));
	ck_assert_mem_eq(bytes.data, content, bytes.size);
}

START_TEST(what_a_writer_publishes_is_found)
{
	kist_auto_registry struct kist_registry *registry = open_registry();
	struct kist_write_stats stats;
	struct kist_digest digest;
	struct kist_digest id;
	uint64_t number;

	json_decref(put(registry, "a/b", "some content", &id, &stats));
	ck_assert_uint_eq(stats.chunks_new, 2);
	ck_assert_int_eq(kist_registry_fold(registry, NULL), KIST_OK);
	check_reads(registry, "a/b", "some content");
	kist_registry_head(registry, &number, &digest);
	ck_assert_uint_eq(number, 1);
	ck_assert(kist_digest_equal(&digest, &head_digest));
	/* The same again is nothing new, and a name more. */
	json_decref(put(registry, "c", "some content", &id, &stats));
	ck_assert_uint_eq(stats.chunks_new, 0);
	ck_assert_uint_eq(stats.packs, 0);
	ck_assert_int_eq(kist_registry_fold(registry, NULL), KIST_OK);
	check_reads(registry, "c", "some content");
}
END_TEST

/* 0: missing; 1: the index of the pack has a flipped bit; 2: the first record has. */
static void damage(const char *id, int how)
{
	struct kist_backend *backend = kist_store_backend(store);
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_OBJECT_SIZE_MAX);
	struct kist_view view;
	char key[KIST_KEY_SIZE_MAX];

	snprintf(key, sizeof(key), "packs/%.2s/%s.pack", id, id);
	ck_assert_int_eq(kist_backend_get(backend, key, 0, KIST_OBJECT_SIZE_MAX, &bytes, NULL), KIST_OK);
	ck_assert_int_eq(kist_backend_delete(backend, key, NULL), KIST_OK);
	if (how == 0)
		return;
	bytes.data[how == 1 ? bytes.size - 100 : bytes.size / 3] ^= 1;
	view = kist_buf_view(&bytes);
	ck_assert_int_eq(kist_backend_put_new(backend, key, &view, 1, NULL), KIST_OK);
}

START_TEST(a_pack_that_is_damaged_or_gone_hurts_its_own_artifacts_only)
{
	kist_auto_registry struct kist_registry *registry = open_registry();
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_write_stats stats;
	struct kist_digest id;
	json_t *packs;
	size_t index;
	json_t *pack;

	packs = put(registry, "bad", "content 1", &id, &stats);
	json_decref(put(registry, "good", "content 2", &id, &stats));
	json_array_foreach (packs, index, pack) {
		if (strcmp(kist_json_get_text(pack, "kind"), "meta") == 0)
			damage(kist_json_get_text(pack, "id"), _i);
	}
	json_decref(packs);
	ck_assert_int_eq(kist_registry_fold(registry, NULL), KIST_OK);
	check_reads(registry, "good", "content 2");
	ck_assert_int_eq(kist_registry_resolve(registry, "bad", 3, &artifact, NULL), KIST_CORRUPT);
}
END_TEST

START_TEST(a_damaged_commit_is_named_by_its_key)
{
	kist_auto_registry struct kist_registry *registry = open_registry();
	struct kist_backend *backend = kist_store_backend(store);
	struct kist_error err = KIST_ERROR_INIT;
	const struct kist_view bytes = kist_view_of("kist-log 1 rubbish", 18);
	struct kist_write_stats stats;
	struct kist_digest id;

	json_decref(put(registry, "first", "1", &id, &stats));
	json_decref(put(registry, "second", "2", &id, &stats));
	ck_assert_int_eq(kist_backend_delete(backend, "log/00000000000000000002", NULL), KIST_OK);
	ck_assert_int_eq(kist_backend_put_new(backend, "log/00000000000000000002", &bytes, 1, NULL), KIST_OK);
	ck_assert_int_eq(kist_registry_fold(registry, &err), KIST_CORRUPT);
	ck_assert_msg(strstr(err.text, "log/00000000000000000002") != NULL, "%s", err.text);
	check_reads(registry, "first", "1");
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("store");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_a_writer_publishes_is_found);
	tcase_add_loop_test(tcase, a_pack_that_is_damaged_or_gone_hurts_its_own_artifacts_only, 0, 3);
	tcase_add_test(tcase, a_damaged_commit_is_named_by_its_key);
	return suite_run(tcase, "registry/store");
}
