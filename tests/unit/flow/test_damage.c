/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "flow/content.h"
#include "flow/load.h"
#include "flow/tree.h"
#include "flow/verify.h"
#include "store/log.h"
#include "store/writer.h"

/*
 * A small store of every form of content, hurt all over and cut at many lengths: whoever opens it anew gets
 * right bytes or an error, and verify finds the damage.
 */

#define URI	  "memory:damage"
#define KEYS_MAX  16
#define LONG_SIZE ((size_t)140000)
/*
 * Every third byte and every seventh length; 1 and 1 hold as well, and take a minute.  The pack and the
 * commit alone are hurt in every bit by the tests of their rooms.
 */
#define BYTE_STEP 3
#define SIZE_STEP 7

/* Of flow.c, which needs workers and plugins: nobody watches. */
void kist_flow_progress(const struct kist_flow *of, uint64_t done, uint64_t total)
{
	(void)of;
	(void)done;
	(void)total;
}

static struct kist_store *store;
static uint8_t long_bytes[LONG_SIZE];
static char keys[KEYS_MAX][KIST_KEY_SIZE_MAX + 1];
static size_t key_count;

/* What was put under each name. */
static struct {
	const char *name;
	const uint8_t *bytes;
	size_t size;
} const objects[] = { { "inline", long_bytes, 200 },
		      { "chunk", long_bytes, 5000 },
		      { "recipe", long_bytes, LONG_SIZE } };
#define OBJECTS (sizeof(objects) / sizeof(objects[0]))

static struct kist_digest put_record(struct kist_writer *writer, json_t *record)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	struct kist_piece piece = { .hint = { .kind = KIST_FILTER_BYTES } };
	struct kist_digest id;

	ck_assert_int_eq(kist_json_canonical(record, &text, NULL), KIST_OK);
	piece.bytes = kist_buf_view(&text);
	ck_assert_int_eq(kist_writer_put(writer, KIST_CHUNK_RECORD, &piece, 1, &id, NULL, NULL), KIST_OK);
	json_decref(record);
	return id;
}

static struct kist_digest put_object(struct kist_writer *writer, enum kist_chunk_kind kind,
				     struct kist_view bytes, const struct kist_digest *digest)
{
	kist_auto_content_writer struct kist_content_writer content = KIST_CONTENT_WRITER_INIT;
	json_t *record =
		json_pack("{s:s,s:s}", "kind", kind == KIST_CHUNK_TREE ? "tree" : "bytes", "encoding", "e");
	struct kist_content made;

	content.sizes = (struct kist_cut_sizes){ .typed = KIST_CUT_SIZE_MIN, .cdc = KIST_CUT_SIZE_MIN };
	ck_assert_int_eq(kist_content_start(&content, writer, kind, bytes.size, NULL, 0, NULL), KIST_OK);
	ck_assert_int_eq(kist_content_write(&content, bytes, NULL), KIST_OK);
	ck_assert_int_eq(kist_content_finish(&content, &made, NULL), KIST_OK);
	ck_assert_int_eq(kist_record_set_content(record, &made, digest ? digest : &made.sha256, NULL),
			 KIST_OK);
	return put_record(writer, record);
}

static void add_ref(json_t *commit, const char *name, const struct kist_digest *artifact)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(artifact, hex);
	json_array_append_new(json_object_get(commit, "refs"),
			      json_pack("{s:s,s:s,s:s}", "name", name, "event", "put", "artifact", hex));
}

/* One commit for each object, and one for a tree that holds the last of them. */
static void fill(void)
{
	struct kist_tree_entry entry = { .kind = KIST_TREE_FILE, .mode = 0644, .path = kist_view_of("f", 1) };
	struct kist_digest previous = { { 0 } };

	for (size_t i = 0; i <= OBJECTS; i++) {
		kist_auto_json json_t *commit = json_pack("{s:[]}", "refs");
		kist_auto_tree struct kist_tree tree = KIST_TREE_INIT;
		kist_auto_writer struct kist_writer *writer = NULL;
		struct kist_digest artifact;
		struct kist_digest digest;
		json_t *packs;

		ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
		if (i < OBJECTS) {
			const struct kist_view bytes = kist_view_of(objects[i].bytes, objects[i].size);

			artifact = put_object(writer, KIST_CHUNK_DATA, bytes, NULL);
			entry.artifact = artifact;
			entry.sha256 = kist_digest_of(bytes);
			entry.size = bytes.size;
		} else {
			ck_assert_int_eq(kist_tree_start(&tree, NULL), KIST_OK);
			ck_assert_int_eq(kist_tree_add(&tree, &entry, NULL), KIST_OK);
			digest = kist_tree_finish(&tree);
			artifact = put_object(writer, KIST_CHUNK_TREE, kist_buf_view(&tree.listing), &digest);
		}
		add_ref(commit, i < OBJECTS ? objects[i].name : "tree", &artifact);
		ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
		json_object_set_new(commit, "packs", packs);
		ck_assert_int_eq(kist_log_append(store, i + 1, &previous, commit, &previous, NULL), KIST_OK);
	}
}

static kist_status note_key(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	(void)ctx;
	(void)size;
	(void)err;
	ck_assert_uint_lt(key_count, KEYS_MAX);
	memcpy(keys[key_count++], key, strlen(key) + 1);
	return KIST_OK;
}

static void setup(void)
{
	for (size_t i = 0; i < LONG_SIZE; i++)
		long_bytes[i] = (uint8_t)(i >> 9);
	ck_assert_int_eq(kist_store_create(URI, NULL), KIST_OK);
	ck_assert_int_eq(kist_store_open(URI, &store, NULL), KIST_OK);
	fill();
	key_count = 0;
	ck_assert_int_eq(kist_backend_list(kist_store_backend(store), "", note_key, NULL, NULL), KIST_OK);
	ck_assert_uint_eq(key_count, 1 + OBJECTS + 1 + 2 * OBJECTS);
}

static void teardown(void)
{
	kist_store_close(store);
}

static bool is_clear(const struct kist_error *err)
{
	return err->status != KIST_OK && err->status != KIST_INTERNAL && err->status != KIST_NO_MEMORY &&
	       err->text[0];
}

static bool tree_reads(struct kist_flow *flow)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	kist_auto_buf struct kist_buf listing = KIST_BUF_INIT(KIST_TREE_SIZE_MAX);
	struct kist_error err = KIST_ERROR_INIT;
	kist_status status = kist_registry_resolve(flow->registry, "tree", 4, &artifact, &err);

	if (status == KIST_OK)
		status = kist_load_listing(flow, artifact.record, &listing, &err);
	ck_assert(status == KIST_OK || is_clear(&err));
	return status == KIST_OK;
}

/* Whether all can be read; what can be read must be right. */
static bool reads_right(struct kist_flow *flow)
{
	bool all = tree_reads(flow);

	for (size_t i = 0; i < OBJECTS; i++) {
		kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
		kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(2 * LONG_SIZE);
		struct kist_error err = KIST_ERROR_INIT;
		kist_status status = kist_registry_resolve(flow->registry, objects[i].name,
							   strlen(objects[i].name), &artifact, &err);

		if (status == KIST_OK)
			status = kist_load_bytes(flow, artifact.record, &bytes, &err);
		if (status != KIST_OK) {
			ck_assert(is_clear(&err));
			all = false;
			continue;
		}
		ck_assert_uint_eq(bytes.size, objects[i].size);
		ck_assert_mem_eq(bytes.data, objects[i].bytes, objects[i].size);
	}
	return all;
}

static kist_status count_ref(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			     struct kist_error *err)
{
	(void)ref;
	(void)artifact;
	(void)err;
	++*(size_t *)ctx;
	return KIST_OK;
}

struct told {
	const char *key;
	bool named;
};

/* The damaged file is named by its pack's id or its commit's number. */
static void note_damage(void *ctx, const struct kist_damage *damage)
{
	struct told *told = ctx;

	told->named = told->named || strstr(told->key, damage->id) ||
		      (damage->pack && strstr(told->key, damage->pack));
}

/* What somebody finds who comes to the store with no index.  Gives whether anything is seen to be wrong. */
static bool sees_damage(const char *key)
{
	struct kist_flow flow = { .store = NULL };
	struct kist_error err = KIST_ERROR_INIT;
	struct told told = { .key = key };
	const struct kist_verify_options options = { .level = KIST_VERIFY_FULL,
						     .each = note_damage,
						     .ctx = &told };
	struct kist_verified done;
	size_t names = 0;
	bool all;

	if (kist_store_open(URI, &flow.store, &err) != KIST_OK ||
	    kist_registry_open(flow.store, NULL, &flow.registry, &err) != KIST_OK) {
		/* The store's own file, and the log, are what all else hangs on: they are named. */
		ck_assert(is_clear(&err));
		ck_assert_msg(strstr(err.text, key) != NULL, "%s: %s", key, err.text);
		kist_store_close(flow.store);
		return true;
	}
	all = reads_right(&flow);
	/* Names are in the log: whatever happened to packs, they are all listed. */
	ck_assert_int_eq(kist_registry_each_ref(flow.registry, "", 0, count_ref, &names, NULL), KIST_OK);
	ck_assert_uint_eq(names, OBJECTS + 1);
	if (kist_verify_store(&flow, &options, &done, &err) == KIST_OK) {
		ck_assert_msg(all, "%s", key);
	} else {
		ck_assert_msg(told.named, "%s: %s", key, err.text);
		all = false;
	}
	kist_chunk_reader_done(&flow.chunk_reader);
	kist_registry_close(flow.registry);
	kist_store_close(flow.store);
	return !all;
}

static void overwrite(const char *key, struct kist_view bytes)
{
	struct kist_backend *backend = kist_store_backend(store);

	ck_assert_int_eq(kist_backend_delete(backend, key, NULL), KIST_OK);
	ck_assert_int_eq(kist_backend_put_new(backend, key, &bytes, 1, NULL), KIST_OK);
}

static void get_bytes(const char *key, struct kist_buf *ret)
{
	ck_assert_int_eq(kist_backend_get(kist_store_backend(store), key, 0, ret->size_max, ret, NULL),
			 KIST_OK);
}

START_TEST(a_sound_store_is_sound)
{
	ck_assert(!sees_damage("none"));
}
END_TEST

START_TEST(any_byte_that_is_hurt_is_found_and_gives_no_wrong_bytes)
{
	for (size_t k = 0; k < key_count; k++) {
		kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_OBJECT_SIZE_MAX);

		get_bytes(keys[k], &bytes);
		for (size_t i = 0; i < bytes.size; i += BYTE_STEP) {
			bytes.data[i] ^= (uint8_t)(1u << i % 8);
			overwrite(keys[k], kist_buf_view(&bytes));
			ck_assert_msg(sees_damage(keys[k]), "%s, byte %zu", keys[k], i);
			bytes.data[i] ^= (uint8_t)(1u << i % 8);
		}
		overwrite(keys[k], kist_buf_view(&bytes));
	}
}
END_TEST

START_TEST(any_file_that_is_cut_short_is_found_and_gives_no_wrong_bytes)
{
	for (size_t k = 0; k < key_count; k++) {
		kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_OBJECT_SIZE_MAX);

		get_bytes(keys[k], &bytes);
		for (size_t size = 0; size < bytes.size; size += SIZE_STEP) {
			/* The line feed behind kist.json is no loss. */
			const bool is_loss = size + 1 < bytes.size || strcmp(keys[k], "kist.json") != 0;

			overwrite(keys[k], kist_view_of(bytes.data, size));
			ck_assert_msg(sees_damage(keys[k]) == is_loss, "%s, %zu bytes", keys[k], size);
		}
		overwrite(keys[k], kist_buf_view(&bytes));
	}
}
END_TEST

START_TEST(every_file_that_is_lost_is_missed_but_the_last_commit)
{
	for (size_t k = 0; k < key_count; k++) {
		kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_OBJECT_SIZE_MAX);
		const struct kist_view view = { NULL, 0 };

		get_bytes(keys[k], &bytes);
		ck_assert_int_eq(kist_backend_delete(kist_store_backend(store), keys[k], NULL), KIST_OK);
		/* A log without its last commit is the log of a moment before. */
		if (strcmp(keys[k], "log/00000000000000000004") != 0 && strcmp(keys[k], "kist.json") != 0)
			ck_assert_msg(sees_damage(keys[k]), "%s", keys[k]);
		ck_assert_int_eq(kist_backend_put_new(kist_store_backend(store), keys[k], &view, 0, NULL),
				 KIST_OK);
		overwrite(keys[k], kist_buf_view(&bytes));
	}
	ck_assert(!sees_damage("none"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("damage");
	TCase *tests = tcase_create("damage");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 600);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_sound_store_is_sound);
	tcase_add_test(tests, any_byte_that_is_hurt_is_found_and_gives_no_wrong_bytes);
	tcase_add_test(tests, any_file_that_is_cut_short_is_found_and_gives_no_wrong_bytes);
	tcase_add_test(tests, every_file_that_is_lost_is_missed_but_the_last_commit);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
