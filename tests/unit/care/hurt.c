/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/care/hurt.h"

#include <string.h>

#include "flow/content.h"
#include "flow/load.h"
#include "flow/tree.h"
#include "care/verify.h"
#include "store/log.h"
#include "store/writer.h"
#include "support/must.h"

/* Of flow.c, which needs workers and plugins: nobody watches. */
void kist_flow_progress(const struct kist_flow *of, uint64_t done, uint64_t total)
{
	(void)of;
	(void)done;
	(void)total;
}

static struct kist_store *store;
char hurt_keys[HURT_KEYS_MAX][KIST_KEY_SIZE_MAX + 1];
size_t hurt_key_count;

/* What was put under each name. */
static struct {
	const char *name;
	const uint8_t *bytes;
	size_t size;
} objects[] = { { .name = "inline", .size = 200 }, { .name = "chunk", .size = 5000 }, { .name = "recipe" } };
#define OBJECTS (sizeof(objects) / sizeof(objects[0]))

static struct kist_digest put_record(struct kist_writer *writer, json_t *record)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	struct kist_piece piece = { .hint = { .kind = KIST_FILTER_BYTES } };
	struct kist_digest id;

	must(kist_json_canonical(record, &text, NULL) == KIST_OK);
	piece.bytes = kist_buf_view(&text);
	must(kist_writer_put(writer, KIST_CHUNK_RECORD, &piece, 1, &id, NULL, NULL) == KIST_OK);
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
	must(kist_content_start(&content, writer, kind, bytes.size, NULL, 0, NULL) == KIST_OK);
	must(kist_content_write(&content, bytes, NULL) == KIST_OK);
	must(kist_content_finish(&content, &made, NULL) == KIST_OK);
	must(kist_record_set_content(record, &made, digest ? digest : &made.sha256, NULL) == KIST_OK);
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

		must(kist_writer_open(store, NULL, &writer, NULL) == KIST_OK);
		if (i < OBJECTS) {
			const struct kist_view bytes = kist_view_of(objects[i].bytes, objects[i].size);

			artifact = put_object(writer, KIST_CHUNK_DATA, bytes, NULL);
			entry.artifact = artifact;
			entry.sha256 = kist_digest_of(bytes);
			entry.size = bytes.size;
		} else {
			must(kist_tree_start(&tree, NULL) == KIST_OK);
			must(kist_tree_add(&tree, &entry, NULL) == KIST_OK);
			digest = kist_tree_finish(&tree);
			artifact = put_object(writer, KIST_CHUNK_TREE, kist_buf_view(&tree.listing), &digest);
		}
		add_ref(commit, i < OBJECTS ? objects[i].name : "tree", &artifact);
		must(kist_writer_finish(writer, &packs, NULL) == KIST_OK);
		json_object_set_new(commit, "packs", packs);
		must(kist_log_append(store, i + 1, &previous, commit, &previous, NULL) == KIST_OK);
	}
}

static kist_status note_key(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	(void)ctx;
	(void)size;
	(void)err;
	must(hurt_key_count < HURT_KEYS_MAX);
	memcpy(hurt_keys[hurt_key_count++], key, strlen(key) + 1);
	return KIST_OK;
}

void hurt_open(const uint8_t *bytes, size_t size)
{
	must(size <= HURT_OBJECT_MAX);
	for (size_t i = 0; i < OBJECTS; i++)
		objects[i].bytes = bytes;
	objects[OBJECTS - 1].size = size;
	must(kist_store_create(HURT_URI, NULL) == KIST_OK);
	must(kist_store_open(HURT_URI, &store, NULL) == KIST_OK);
	fill();
	hurt_key_count = 0;
	must(kist_backend_list(kist_store_backend(store), "", note_key, NULL, NULL) == KIST_OK);
	must(hurt_key_count == 1 + OBJECTS + 1 + 2 * OBJECTS);
}

void hurt_close(void)
{
	for (size_t k = 0; k < hurt_key_count; k++)
		hurt_delete(hurt_keys[k]);
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
	must(status == KIST_OK || is_clear(&err));
	return status == KIST_OK;
}

/* Whether all can be read; what can be read must be right. */
static bool reads_right(struct kist_flow *flow)
{
	bool all = tree_reads(flow);

	for (size_t i = 0; i < OBJECTS; i++) {
		kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
		kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(2 * HURT_OBJECT_MAX);
		struct kist_error err = KIST_ERROR_INIT;
		kist_status status = kist_registry_resolve(flow->registry, objects[i].name,
							   strlen(objects[i].name), &artifact, &err);

		if (status == KIST_OK)
			status = kist_load_bytes(flow, artifact.record, &bytes, &err);
		if (status != KIST_OK) {
			must(is_clear(&err));
			all = false;
			continue;
		}
		must(bytes.size == objects[i].size);
		must(memcmp(bytes.data, objects[i].bytes, objects[i].size) == 0);
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

bool hurt_is_seen(const char *key)
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

	if (kist_store_open(HURT_URI, &flow.store, &err) != KIST_OK ||
	    kist_registry_open(flow.store, NULL, &flow.registry, &err) != KIST_OK) {
		/* The store's own file, and the log, are what all else hangs on: they are named. */
		must(is_clear(&err));
		must(strstr(err.text, key) != NULL);
		kist_store_close(flow.store);
		return true;
	}
	all = reads_right(&flow);
	/* Names are in the log: whatever happened to packs, they are all listed. */
	must(kist_registry_each_ref(flow.registry, "", 0, count_ref, &names, NULL) == KIST_OK);
	must(names == OBJECTS + 1);
	if (kist_verify_store(&flow, &options, &done, &err) == KIST_OK) {
		must(all);
	} else {
		must(told.named);
		all = false;
	}
	kist_chunk_reader_done(&flow.chunk_reader);
	kist_registry_close(flow.registry);
	kist_store_close(flow.store);
	return !all;
}

void hurt_overwrite(const char *key, struct kist_view bytes)
{
	struct kist_backend *backend = kist_store_backend(store);

	must(kist_backend_delete(backend, key, NULL) == KIST_OK);
	must(kist_backend_put_new(backend, key, &bytes, 1, NULL) == KIST_OK);
}

void hurt_get(const char *key, struct kist_buf *ret)
{
	must(kist_backend_get(kist_store_backend(store), key, 0, ret->size_max, ret, NULL) == KIST_OK);
}

void hurt_delete(const char *key)
{
	must(kist_backend_delete(kist_store_backend(store), key, NULL) == KIST_OK);
}

bool hurt_is_loss(const char *key, size_t kept, size_t size)
{
	/* The line feed behind kist.json is no loss. */
	return kept + 1 < size || (kept < size && strcmp(key, "kist.json") != 0);
}
