/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/walk.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "flow/tree.h"
#include "flow/record.h"
#include "job/record.h"
#include "pack/recipe.h"
#include "workflow/run.h"

/* The bytes of one object on the way through its recipe. */
struct reading {
	struct kist_bundle_walk *walk; /* NULL: nothing is noted */
	const struct kist_bundle_source *source;
	enum kist_chunk_kind kind;
	struct kist_hasher hasher;
	struct kist_buf *bytes; /* or NULL */
	struct kist_buf chunk;
	bool wants_bytes;
};

void kist_bundle_walk_done(struct kist_bundle_walk *walk)
{
	kist_idset_done(&walk->artifacts);
	kist_idset_done(&walk->chunks);
	kist_buf_done(&walk->table);
}

static kist_status bad(struct kist_error *err, const char *code, const char *what)
{
	return kist_fail_at(err, KIST_CORRUPT, code, KIST_NO_OFFSET, "%s", what);
}

/* Notes a chunk when it is met first. */
static kist_status meet(struct kist_bundle_walk *walk, const struct kist_digest *id, uint64_t len,
			enum kist_chunk_kind kind, struct kist_error *err)
{
	const struct kist_bundle_chunk chunk = { .id = *id, .len = (uint32_t)len, .kind = kind };

	if (len == 0 || len > KIST_CHUNK_SIZE_MAX)
		return bad(err, "E_RECIPE", "no chunk has that length");
	if (++walk->visits > walk->visits_max)
		return kist_fail(err, KIST_LIMIT, "its objects name chunks out of all proportion");
	if (kist_idset_has(&walk->chunks, id))
		return KIST_OK;
	walk->chunk_bytes += len;
	KIST_TRY(kist_idset_add(&walk->chunks, id, err));
	return kist_buf_append(&walk->table, &chunk, sizeof(chunk), err);
}

/* A chunk of the object's bytes. */
static kist_status read_data(struct reading *reading, const struct kist_digest *id, uint64_t len,
			     struct kist_error *err)
{
	if (reading->walk)
		KIST_TRY(meet(reading->walk, id, len, reading->kind, err));
	if (!reading->wants_bytes)
		return KIST_OK;
	KIST_TRY(reading->source->get(reading->source->ctx, id, &reading->chunk, err));
	if (reading->chunk.size != len)
		return bad(err, "E_RECIPE", "a chunk has another length than its recipe says");
	kist_hasher_add(&reading->hasher, kist_buf_view(&reading->chunk));
	return reading->bytes ? kist_buf_append(reading->bytes, reading->chunk.data, reading->chunk.size, err)
			      : KIST_OK;
}

/* A node of the recipe that covers @len bytes, and what it lists. */
static kist_status read_node(struct reading *reading, const struct kist_digest *id, uint64_t len,
			     int depth_left, struct kist_error *err)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_RECIPE_SIZE_MAX);
	struct kist_recipe node;

	KIST_TRY(reading->source->get(reading->source->ctx, id, &bytes, err));
	if (reading->walk)
		KIST_TRY(meet(reading->walk, id, bytes.size, KIST_CHUNK_RECIPE, err));
	KIST_TRY(kist_recipe_open(kist_buf_view(&bytes), &node, err));
	if (node.depth >= depth_left)
		return bad(err, "E_RECIPE", "a recipe's levels do not go down");
	if (node.size != len)
		return bad(err, "E_RECIPE", "a recipe covers another number of bytes than is said");
	for (size_t i = 0; i < node.count; i++) {
		const struct kist_recipe_entry entry = kist_recipe_entry_at(&node, i);

		if (node.depth > 0)
			KIST_TRY(read_node(reading, &entry.id, entry.len, node.depth, err));
		else
			KIST_TRY(read_data(reading, &entry.id, entry.len, err));
	}
	return KIST_OK;
}

static kist_status read_content(struct reading *reading, const struct kist_content *content,
				struct kist_error *err)
{
	if (content->form == KIST_CONTENT_RECIPE)
		return read_node(reading, &content->chunk, content->size, KIST_RECIPE_DEPTH_MAX + 1, err);
	if (content->form == KIST_CONTENT_CHUNK)
		return read_data(reading, &content->chunk, content->size, err);
	kist_hasher_add(&reading->hasher, kist_view_of(content->bytes, (size_t)content->size));
	reading->wants_bytes = true;
	return reading->bytes ? kist_buf_append(reading->bytes, content->bytes, (size_t)content->size, err)
			      : KIST_OK;
}

/* Reads an object; of one that is no tree the digest is compared when the bytes were read. */
static kist_status read_object(struct reading *reading, const json_t *record,
			       const struct kist_content *content, struct kist_error *err)
{
	struct kist_digest actual;
	kist_status status;

	reading->chunk = (struct kist_buf)KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	kist_hasher_start(&reading->hasher);
	status = read_content(reading, content, err);
	kist_buf_done(&reading->chunk);
	KIST_TRY(status);
	actual = kist_hasher_finish(&reading->hasher);
	if (!reading->wants_bytes || kist_record_is_tree(record) ||
	    kist_digest_equal(&actual, &content->sha256))
		return KIST_OK;
	return bad(err, "E_DIGEST", "an object's bytes do not have the SHA-256 that its record says");
}

kist_status kist_bundle_bytes(const struct kist_bundle_source *source, const json_t *record,
			      struct kist_buf *ret, struct kist_error *err)
{
	struct reading reading = { .source = source, .bytes = ret, .wants_bytes = true };
	struct kist_content content = { .size = 0 };

	KIST_TRY(kist_record_get_content(record, &content, err));
	if (content.size > ret->size_max - ret->size)
		return kist_fail(err, KIST_LIMIT, "an object is larger than it may be");
	return read_object(&reading, record, &content, err);
}

/* The record of @id, which stands in the one way that records are written. */
static kist_status get_record(struct kist_bundle_walk *walk, const struct kist_digest *id, json_t **ret,
			      struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	kist_auto_buf struct kist_buf canonical = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	kist_auto_json json_t *record = NULL;

	KIST_TRY(walk->source->get(walk->source->ctx, id, &text, err));
	KIST_TRY(meet(walk, id, text.size, KIST_CHUNK_RECORD, err));
	KIST_TRY(kist_json_parse(kist_buf_view(&text), &record, err));
	if (kist_json_canonical(record, &canonical, NULL) != KIST_OK || canonical.size != text.size ||
	    memcmp(canonical.data, text.data, text.size) != 0)
		return bad(err, "E_RECORD", "a record does not stand in canonical form");
	*ret = kist_steal(record);
	return KIST_OK;
}

static kist_status meet_info(struct kist_bundle_walk *walk, const json_t *record, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	kist_auto_json json_t *info = NULL;
	struct kist_digest id;

	if (!json_object_get(record, "info_chunk"))
		return KIST_OK;
	if (!kist_record_get_digest(record, "info_chunk", &id))
		return bad(err, "E_RECORD", "a record names no digest where one must be");
	KIST_TRY(walk->source->get(walk->source->ctx, &id, &text, err));
	KIST_TRY(meet(walk, &id, text.size, KIST_CHUNK_INFO, err));
	return kist_json_parse(kist_buf_view(&text), &info, err);
}

/* Where the writer of a store puts the bytes: what kist itself makes lies among the metadata. */
static enum kist_chunk_kind kind_of(const json_t *record)
{
	const char *encoding = kist_json_get_text(record, "encoding");

	if (kist_record_is_tree(record))
		return KIST_CHUNK_TREE;
	return encoding && (strcmp(encoding, KIST_JOB_ENCODING) == 0 ||
			    strcmp(encoding, KIST_RUN_SOURCE_ENCODING) == 0)
		       ? KIST_CHUNK_INFO
		       : KIST_CHUNK_DATA;
}

static bool has_text(const json_t *record, const char *key)
{
	const char *text = kist_json_get_text(record, key);

	return text && *text;
}

static kist_status walk_one(struct kist_bundle_walk *walk, const struct kist_digest *id,
			    struct kist_buf *listing, json_t **ret, struct kist_content *ret_content,
			    struct kist_error *err)
{
	struct reading reading = { .walk = walk, .source = walk->source, .wants_bytes = walk->prove };

	KIST_TRY(get_record(walk, id, ret, err));
	KIST_TRY(kist_record_get_content(*ret, ret_content, err));
	if (!has_text(*ret, "kind") || !has_text(*ret, "encoding"))
		return bad(err, "E_RECORD", "a record does not say what it is of");
	if (!kist_add_u64(walk->size, ret_content->size, &walk->size) || walk->size > walk->size_max)
		return kist_fail(err, KIST_LIMIT, "its objects grow out of all proportion");
	KIST_TRY(meet_info(walk, *ret, err));
	reading.kind = kind_of(*ret);
	if (kist_record_is_tree(*ret)) {
		if (!listing)
			return bad(err, "E_TREE", "a file of a folder is a folder");
		reading.bytes = listing;
		reading.wants_bytes = true;
	}
	KIST_TRY(read_object(&reading, *ret, ret_content, err));
	return kist_idset_add(&walk->artifacts, id, err);
}

/* A file of a tree, which says the same of it as its record. */
static kist_status walk_file(void *ctx, const struct kist_tree_entry *entry, struct kist_error *err)
{
	struct kist_bundle_walk *walk = ctx;
	struct kist_content content = { .size = 0 };
	kist_auto_json json_t *record = NULL;

	if (entry->kind != KIST_TREE_FILE)
		return KIST_OK;
	if (kist_idset_has(&walk->artifacts, &entry->artifact)) {
		KIST_TRY(get_record(walk, &entry->artifact, &record, err));
		KIST_TRY(kist_record_get_content(record, &content, err));
	} else {
		KIST_TRY(walk_one(walk, &entry->artifact, NULL, &record, &content, err));
	}
	if (content.size == entry->size && kist_digest_equal(&content.sha256, &entry->sha256) &&
	    !kist_record_is_tree(record))
		return KIST_OK;
	return bad(err, "E_TREE", "a folder and the record of one of its files do not agree");
}

static kist_status walk_files(struct kist_bundle_walk *walk, struct kist_view listing,
			      const struct kist_digest *said, struct kist_error *err)
{
	struct kist_digest found;

	KIST_TRY(kist_tree_read(listing, NULL, NULL, &found, err));
	if (!kist_digest_equal(said, &found))
		return bad(err, "E_DIGEST", "a folder does not have the digest that its record says");
	KIST_TRY(kist_tree_check_links(listing, err));
	return kist_tree_read(listing, walk_file, walk, NULL, err);
}

kist_status kist_bundle_walk_artifact(struct kist_bundle_walk *walk, const struct kist_digest *id,
				      json_t **ret_record, struct kist_error *err)
{
	kist_auto_buf struct kist_buf listing = KIST_BUF_INIT(KIST_TREE_SIZE_MAX);
	struct kist_content content = { .size = 0 };
	kist_auto_json json_t *record = NULL;

	if (kist_idset_has(&walk->artifacts, id)) {
		KIST_TRY(get_record(walk, id, ret_record, err));
		return KIST_OK;
	}
	KIST_TRY(walk_one(walk, id, &listing, &record, &content, err));
	if (kist_record_is_tree(record))
		KIST_TRY(walk_files(walk, kist_buf_view(&listing), &content.sha256, err));
	*ret_record = kist_steal(record);
	return KIST_OK;
}

kist_status kist_bundle_walk_check_growth(const struct kist_bundle_walk *walk, struct kist_error *err)
{
	const uint64_t count = walk->table.size / sizeof(struct kist_bundle_chunk);

	if (walk->size / KIST_BUNDLE_GROWTH <=
		    walk->chunk_bytes + KIST_BUNDLE_GROWTH_SPARE / KIST_BUNDLE_GROWTH &&
	    walk->visits <= KIST_BUNDLE_VISITS * count + KIST_BUNDLE_VISITS_SPARE)
		return KIST_OK;
	return kist_fail(
		err, KIST_LIMIT,
		"its objects are more than %u times as large as what is stored of them: nobody would "
		"take such a bundle",
		(unsigned)KIST_BUNDLE_GROWTH);
}
