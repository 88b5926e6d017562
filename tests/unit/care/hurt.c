/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/care/hurt.h"

#include <stdio.h>
#include <string.h>

#include "flow/load.h"
#include "flow/tree.h"
#include "care/verify.h"
#include "pack/pack.h"
#include "store/log.h"
#include "store/writer.h"
#include "support/must.h"
#include "unit/flow/kept.h"

/* Of flow.c, which needs workers and plugins: nobody watches. */
void kist_flow_progress(const struct kist_flow *of, uint64_t done, uint64_t total)
{
	(void)of;
	(void)done;
	(void)total;
}

static struct kist_store *store;
char hurt_keys[HURT_KEYS_MAX][KIST_KEY_SIZE_MAX + 1];
enum hurt_kind hurt_kinds[HURT_KEYS_MAX];
size_t hurt_key_count;

/* One of each form; a commit for each, and those of hurt_more go with the last. */
enum { INLINE, CHUNK, RECIPE, FORMS };
#define INLINE_SIZE 200
#define CHUNK_SIZE  5000

/* What was put under each name. */
static struct {
	char name[32];
	const uint8_t *bytes;
	size_t size;
} objects[FORMS + HURT_MORE_MAX];
static size_t object_count;

/* Writes it with packs of its own. */
static void put_one(json_t *commit, const char *name, enum kist_chunk_kind kind, struct kist_view bytes,
		    const struct kist_digest *digest, struct kist_digest *ret)
{
	kist_auto_writer struct kist_writer *writer = NULL;
	kist_auto_json json_t *packs = NULL;

	must(kist_writer_open(store, NULL, &writer, NULL) == KIST_OK);
	*ret = kept_object(writer, kind, bytes, digest);
	kept_name(commit, name, ret);
	must(kist_writer_finish(writer, &packs, NULL) == KIST_OK);
	must(json_array_extend(json_object_get(commit, "packs"), packs) == 0);
}

static void append(json_t *commit, uint64_t number, struct kist_digest *previous)
{
	must(kist_log_append(store, number, previous, commit, previous, NULL) == KIST_OK);
	json_decref(commit);
}

/* A tree that holds the last object. */
static void put_tree(json_t *commit, const struct kist_digest *artifact)
{
	const struct kist_view bytes =
		kist_view_of(objects[object_count - 1].bytes, objects[object_count - 1].size);
	const struct kist_tree_entry entry = { .kind = KIST_TREE_FILE,
					       .mode = 0644,
					       .path = kist_view_of("f", 1),
					       .artifact = *artifact,
					       .sha256 = kist_digest_of(bytes),
					       .size = bytes.size };
	kist_auto_tree struct kist_tree tree = KIST_TREE_INIT;
	struct kist_digest digest;

	must(kist_tree_start(&tree, NULL) == KIST_OK);
	must(kist_tree_add(&tree, &entry, NULL) == KIST_OK);
	digest = kist_tree_finish(&tree);
	put_one(commit, "tree", KIST_CHUNK_TREE, kist_buf_view(&tree.listing), &digest, &digest);
}

static void fill(void)
{
	struct kist_digest previous = { { 0 } };
	struct kist_digest artifact;
	json_t *commit = NULL;

	for (size_t i = 0; i < object_count; i++) {
		if (i < FORMS)
			commit = json_pack("{s:[],s:[]}", "refs", "packs");
		put_one(commit, objects[i].name, KIST_CHUNK_DATA,
			kist_view_of(objects[i].bytes, objects[i].size), NULL, &artifact);
		if (i < RECIPE || i + 1 == object_count)
			append(commit, i < RECIPE ? i + 1 : FORMS, &previous);
	}
	commit = json_pack("{s:[],s:[]}", "refs", "packs");
	put_tree(commit, &artifact);
	append(commit, FORMS + 1, &previous);
}

static enum hurt_kind kind_of(const char *key)
{
	kist_auto_buf struct kist_buf file = KIST_BUF_INIT(KIST_OBJECT_SIZE_MAX);
	struct kist_pack_head head;

	if (strncmp(key, "packs/", strlen("packs/")) != 0)
		return HURT_COMMITS;
	hurt_get(key, &file);
	must(kist_pack_parse_head(kist_buf_view(&file), &head, NULL) == KIST_OK);
	return head.kind == KIST_PACK_DATA ? HURT_DATA : HURT_META;
}

static kist_status note_key(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	(void)ctx;
	(void)size;
	(void)err;
	must(hurt_key_count < HURT_KEYS_MAX);
	hurt_kinds[hurt_key_count] = kind_of(key);
	memcpy(hurt_keys[hurt_key_count++], key, strlen(key) + 1);
	return KIST_OK;
}

static void add_object(const char *name, const uint8_t *bytes, size_t size)
{
	must(object_count < FORMS + HURT_MORE_MAX);
	(void)snprintf(objects[object_count].name, sizeof(objects->name), "%s", name);
	objects[object_count].bytes = bytes;
	objects[object_count++].size = size;
}

void hurt_open(const uint8_t *bytes, size_t size, const struct hurt_more *more)
{
	char name[sizeof(objects->name)];

	must(size <= HURT_OBJECT_MAX);
	object_count = 0;
	add_object("inline", bytes, INLINE_SIZE);
	add_object("chunk", bytes, CHUNK_SIZE);
	add_object("recipe", bytes, size);
	for (size_t i = 0; more && i < more->count; i++) {
		(void)snprintf(name, sizeof(name), "more-%zu", i);
		add_object(name, more->bytes + i * more->size, more->size);
	}
	must(kist_store_create(HURT_URI, NULL) == KIST_OK);
	must(kist_store_open(HURT_URI, &store, NULL) == KIST_OK);
	fill();
	hurt_key_count = 0;
	must(kist_backend_list(kist_store_backend(store), "", note_key, NULL, NULL) == KIST_OK);
	/* kist.json, the commits; data and metadata of each, but data of the inline one and of the tree. */
	must(hurt_key_count == 1 + (FORMS + 1) + 2 * object_count);
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

	for (size_t i = 0; i < object_count; i++) {
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
	const char *const *keys;
	size_t count;
	bool *named;
	bool any;
};

/* A damaged file is named by its pack's id or its commit's number. */
static void note_damage(void *ctx, const struct kist_damage *damage)
{
	struct told *told = ctx;

	for (size_t i = 0; i < told->count; i++) {
		if (!strstr(told->keys[i], damage->id) &&
		    !(damage->pack && strstr(told->keys[i], damage->pack)))
			continue;
		told->named[i] = true;
		told->any = true;
	}
}

/* The store's own file, and the log, are what all else hangs on: they are named. */
static void note_error(struct told *told, const struct kist_error *err)
{
	must(is_clear(err));
	for (size_t i = 0; i < told->count; i++) {
		told->named[i] = strstr(err->text, told->keys[i]) != NULL;
		told->any = told->any || told->named[i];
	}
	must(told->any);
}

/* Whether anything is wrong with a store that can be opened. */
static bool looks_wrong(struct kist_flow *flow, struct told *told)
{
	const struct kist_verify_options options = { .level = KIST_VERIFY_FULL,
						     .each = note_damage,
						     .ctx = told };
	const bool all = reads_right(flow);
	struct kist_verified done;
	size_t names = 0;

	/* Names are in the log: whatever happened to packs, they are all listed. */
	must(kist_registry_each_ref(flow->registry, "", 0, count_ref, &names, NULL) == KIST_OK);
	must(names == object_count + 1);
	if (kist_verify_store(flow, &options, &done, NULL) == KIST_OK) {
		must(all);
		return false;
	}
	must(told->any);
	return true;
}

bool hurt_see(const char *const *keys, size_t count, bool *ret_named)
{
	struct kist_flow flow = { .store = NULL };
	struct kist_error err = KIST_ERROR_INIT;
	struct told told = { .keys = keys, .count = count, .named = ret_named };
	bool wrong;

	memset(ret_named, 0, count * sizeof(*ret_named));
	if (kist_store_open(HURT_URI, &flow.store, &err) != KIST_OK ||
	    kist_registry_open(flow.store, NULL, &flow.registry, &err) != KIST_OK) {
		note_error(&told, &err);
		wrong = true;
	} else {
		wrong = looks_wrong(&flow, &told);
		kist_chunk_reader_done(&flow.chunk_reader);
	}
	kist_registry_close(flow.registry);
	kist_store_close(flow.store);
	return wrong;
}

bool hurt_is_seen(const char *key)
{
	bool named;

	return hurt_see(&key, 1, &named);
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
