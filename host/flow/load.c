/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/load.h"

#include <inttypes.h>
#include <string.h>

#include "base/file.h"
#include "base/num.h"
#include "flow/ahead.h"
#include "flow/new_file.h"
#include "flow/tree.h"
#include "pack/recipe.h"
#include "registry/collect.h"

void kist_object_reader_done(struct kist_object_reader *reader)
{
	kist_buf_done(&reader->entries);
	kist_buf_done(&reader->midstates);
	kist_buf_done(&reader->chunk);
	reader->chunk_no = SIZE_MAX;
}

/* The index does not know the chunk: when something was collected since the flow was opened, that is why. */
static kist_status fail_unknown(struct kist_flow *flow, const struct kist_error *why, struct kist_error *err)
{
	uint64_t collected = 0;

	KIST_TRY(kist_registry_last_collected(flow->registry, &collected, err));
	if (collected > flow->collected)
		return kist_fail(err, KIST_NOT_FOUND,
				 "a collector has removed this while it was read: nothing has a name for it");
	return kist_fail_as(err, KIST_CORRUPT, why);
}

kist_status kist_load_find(struct kist_flow *flow, const struct kist_digest *id, struct kist_location *ret,
			   struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = kist_registry_find_chunk(flow->registry, id, ret, &why);

	if (status == KIST_NOT_FOUND)
		return fail_unknown(flow, &why, err);
	return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &why);
}

kist_status kist_load_find_again(struct kist_flow *flow, const struct kist_digest *id,
				 struct kist_location *where, struct kist_error *err)
{
	const struct kist_location before = *where;
	bool condemned;
	bool base_live = true;
	bool live;

	KIST_TRY(kist_registry_fold(flow->registry, err));
	KIST_TRY(kist_load_find(flow, id, where, err));
	KIST_TRY(kist_registry_find_pack(flow->registry, &before.pack, &live, &condemned, err));
	if (before.has_base && before.base.stored_len > 0)
		KIST_TRY(kist_registry_find_pack(flow->registry, &before.base.pack, &base_live, &condemned,
						 err));
	return live && base_live ? KIST_EXISTS : KIST_OK;
}

void kist_load_suspect(struct kist_flow *flow, const struct kist_location *where)
{
	kist_status noted = kist_registry_suspect_pack(flow->registry, &where->pack, true, NULL);

	if (where->has_base && where->base.stored_len > 0)
		noted = kist_registry_suspect_pack(flow->registry, &where->base.pack, true, NULL);
	(void)noted;
}

kist_status kist_load_chunk(struct kist_flow *flow, const struct kist_digest *id, struct kist_buf *ret,
			    struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_location where;
	kist_status status;

	KIST_TRY(kist_load_find(flow, id, &where, err));
	/* As often as collectors move it: that ends. */
	for (;;) {
		kist_status found;

		kist_error_clear(&why);
		status = kist_store_read_chunk_with(flow->store, &flow->chunk_reader, &where, id, ret, &why);
		if (status != KIST_NOT_FOUND)
			break;
		found = kist_load_find_again(flow, id, &where, err);
		if (found == KIST_EXISTS)
			break;
		if (found != KIST_OK)
			return found;
	}
	if (kist_is_damage(status, &why))
		kist_load_suspect(flow, &where);
	if (status != KIST_OK && err && err->status == KIST_OK)
		*err = why;
	return kist_lost_is_damage(status, err);
}

static kist_status add_entry(struct kist_object_reader *reader, const struct kist_digest *id, uint64_t len,
			     const struct kist_midstate *midstate, uint64_t *offset, struct kist_error *err)
{
	struct kist_object_chunk entry = { .id = *id, .len = (uint32_t)len, .offset = *offset };

	_Static_assert(sizeof(entry) == 48, "what the list's limit is made of");
	if (len == 0 || len > KIST_CHUNK_SIZE_MAX || len > reader->content.size - *offset)
		return kist_fail_at(err, KIST_CORRUPT, "E_RECIPE", *offset,
				    "a recipe does not fit its object's size");
	*offset += len;
	if (midstate) {
		KIST_TRY(kist_buf_append(&reader->midstates, midstate, sizeof(*midstate), err));
		entry.midstate = (uint32_t)(reader->midstates.size / sizeof(*midstate));
	}
	return kist_buf_append(&reader->entries, &entry, sizeof(entry), err);
}

/* Adds the chunks of a node at depth 0, with their midstates. */
static kist_status add_chunks(struct kist_object_reader *reader, const struct kist_recipe *node,
			      uint64_t *offset, struct kist_error *err)
{
	size_t next = 0;

	for (size_t i = 0; i < node->count; i++) {
		const struct kist_recipe_entry entry = kist_recipe_entry_at(node, i);
		struct kist_recipe_state state = { .entry = UINT32_MAX };

		if (next < node->states)
			state = kist_recipe_state_at(node, next);
		KIST_TRY(add_entry(reader, &entry.id, entry.len, state.entry == i ? &state.midstate : NULL,
				   offset, err));
		if (state.entry == i)
			next++;
	}
	return KIST_OK;
}

/* Adds the chunks that the node @id lists, @depth levels down at most; *@offset moves past them. */
static kist_status add_node(struct kist_object_reader *reader, const struct kist_digest *id, int depth_left,
			    uint64_t *offset, struct kist_error *err)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	struct kist_recipe node;

	KIST_TRY(kist_load_chunk(reader->flow, id, &bytes, err));
	KIST_TRY(kist_recipe_open(kist_buf_view(&bytes), &node, err));
	if (node.depth >= depth_left)
		return kist_fail_at(err, KIST_CORRUPT, "E_RECIPE", *offset,
				    "a recipe's levels do not go down");
	if (node.depth == 0)
		return add_chunks(reader, &node, offset, err);
	for (size_t i = 0; i < node.count; i++) {
		const struct kist_recipe_entry entry = kist_recipe_entry_at(&node, i);
		const uint64_t start = *offset;

		KIST_TRY(add_node(reader, &entry.id, node.depth, offset, err));
		if (*offset - start != entry.len)
			return kist_fail_at(err, KIST_CORRUPT, "E_RECIPE", start,
					    "a recipe's node has another length");
	}
	return KIST_OK;
}

kist_status kist_object_reader_open(struct kist_flow *flow, const json_t *record,
				    struct kist_object_reader *reader, struct kist_error *err)
{
	uint64_t offset = 0;

	reader->flow = flow;
	reader->entries.size = 0;
	reader->midstates.size = 0;
	reader->chunk_no = SIZE_MAX;
	reader->chunks_read = 0;
	reader->bytes_read = 0;
	KIST_TRY(kist_record_get_content(record, &reader->content, err));
	if (reader->content.form == KIST_CONTENT_INLINE)
		return KIST_OK;
	if (reader->content.form == KIST_CONTENT_CHUNK)
		return add_entry(reader, &reader->content.chunk, reader->content.size, NULL, &offset, err);
	KIST_TRY(add_node(reader, &reader->content.chunk, KIST_RECIPE_DEPTH_MAX + 1, &offset, err));
	if (offset != reader->content.size)
		return kist_fail_at(err, KIST_CORRUPT, "E_RECIPE", offset,
				    "a recipe lists %" PRIu64 " of %" PRIu64 " bytes", offset,
				    reader->content.size);
	return KIST_OK;
}

static const struct kist_object_chunk *entry_list(const struct kist_object_reader *reader, size_t *ret_count)
{
	*ret_count = reader->entries.size / sizeof(struct kist_object_chunk);
	return (const void *)reader->entries.data;
}

/* The number of the chunk that holds @offset. */
static size_t find_entry(const struct kist_object_reader *reader, uint64_t offset)
{
	size_t count;
	const struct kist_object_chunk *list = entry_list(reader, &count);
	size_t low = 0;

	while (count - low > 1) {
		const size_t middle = low + (count - low) / 2;

		if (list[middle].offset <= offset)
			low = middle;
		else
			count = middle;
	}
	return low;
}

static kist_status hold_chunk(struct kist_object_reader *reader, size_t no, struct kist_error *err)
{
	size_t count;
	const struct kist_object_chunk *entry = &entry_list(reader, &count)[no];

	if (reader->chunk_no == no)
		return KIST_OK;
	/* The same chunk again, as in a long run of zeros, was proved already. */
	if (reader->chunk_no != SIZE_MAX && reader->chunk.size == entry->len &&
	    kist_digest_equal(&entry_list(reader, &count)[reader->chunk_no].id, &entry->id)) {
		reader->chunk_no = no;
		return KIST_OK;
	}
	reader->chunk_no = SIZE_MAX;
	KIST_TRY(kist_load_chunk(reader->flow, &entry->id, &reader->chunk, err));
	reader->chunks_read++;
	reader->bytes_read += reader->chunk.size;
	if (reader->chunk.size != entry->len)
		return kist_fail_at(err, KIST_CORRUPT, "E_RECIPE", entry->offset,
				    "a chunk has another length");
	reader->chunk_no = no;
	return KIST_OK;
}

kist_status kist_object_reader_read(struct kist_object_reader *reader, uint64_t offset, void *buf, size_t len,
				    size_t *ret_len, struct kist_error *err)
{
	size_t done = 0;

	len = offset < reader->content.size ? (size_t)kist_min_u64(len, reader->content.size - offset) : 0;
	if (reader->content.form == KIST_CONTENT_INLINE && len > 0) {
		memcpy(buf, reader->content.bytes + offset, len);
		done = len;
	}
	while (done < len) {
		const size_t no = find_entry(reader, offset + done);
		const struct kist_object_chunk *entry;
		size_t skip;
		size_t n;
		size_t count;

		KIST_TRY(hold_chunk(reader, no, err));
		entry = &entry_list(reader, &count)[no];
		skip = (size_t)(offset + done - entry->offset);
		n = (size_t)kist_min_u64(len - done, entry->len - skip);
		memcpy((uint8_t *)buf + done, reader->chunk.data + skip, n);
		done += n;
	}
	*ret_len = done;
	return KIST_OK;
}

static kist_status read_for_worker(void *ctx, uint64_t offset, void *buf, size_t len, size_t *ret_len,
				   struct kist_error *err)
{
	return kist_object_reader_read(ctx, offset, buf, len, ret_len, err);
}

struct kist_input kist_object_reader_input(struct kist_object_reader *reader)
{
	return (struct kist_input){
		.fd = -1, .size = reader->content.size, .read = read_for_worker, .ctx = reader
	};
}

static kist_status check_whole(const struct kist_content *content, const struct kist_digest *digest,
			       struct kist_error *err)
{
	if (!kist_digest_equal(digest, &content->sha256))
		return kist_fail_at(err, KIST_CORRUPT, "E_DIGEST", KIST_NO_OFFSET,
				    "the bytes do not have the SHA-256 that the record says");
	return KIST_OK;
}

/*
 * Of an object in one piece: inline, or a single chunk, whose id is the digest of the whole and checked
 * already.
 */
static kist_status give_one(struct kist_object_reader *reader, struct kist_view *ret,
			    struct kist_digest *ret_digest, struct kist_error *err)
{
	const struct kist_content *content = &reader->content;

	if (content->form == KIST_CONTENT_INLINE) {
		*ret = kist_view_of(content->bytes, (size_t)content->size);
		*ret_digest = kist_digest_of(*ret);
		return KIST_OK;
	}
	KIST_TRY(hold_chunk(reader, 0, err));
	*ret = kist_buf_view(&reader->chunk);
	*ret_digest = content->chunk;
	return KIST_OK;
}

static void start_whole(const struct kist_object_reader *reader, struct kist_whole *whole)
{
	whole->midstates = (const void *)reader->midstates.data;
	kist_hasher_start(&whole->hasher);
}

/* Gives all bytes in order to @take and checks the whole, unless it is a tree's listing. */
static kist_status give_all(struct kist_object_reader *reader, bool check,
			    kist_status (*take)(void *ctx, struct kist_view bytes, struct kist_error *err),
			    void *ctx, struct kist_error *err)
{
	struct kist_whole whole;
	struct kist_digest digest;
	struct kist_view bytes;
	size_t count;
	const struct kist_object_chunk *chunks = entry_list(reader, &count);

	if (reader->content.form == KIST_CONTENT_INLINE || count == 1) {
		KIST_TRY(give_one(reader, &bytes, &digest, err));
		KIST_TRY(take(ctx, bytes, err));
		kist_flow_progress(reader->flow, bytes.size, bytes.size);
		return check ? check_whole(&reader->content, &digest, err) : KIST_OK;
	}
	start_whole(reader, &whole);
	KIST_TRY(kist_give_ahead(reader->flow, chunks, count, check ? &whole : NULL, take, ctx, err));
	digest = kist_hasher_finish(&whole.hasher);
	return check ? check_whole(&reader->content, &digest, err) : KIST_OK;
}

kist_status kist_load_each(struct kist_flow *flow, const json_t *record,
			   kist_status (*take)(void *ctx, struct kist_view bytes, struct kist_error *err),
			   void *ctx, struct kist_error *err)
{
	kist_auto_object_reader struct kist_object_reader reader = KIST_OBJECT_READER_INIT;

	KIST_TRY(kist_object_reader_open(flow, record, &reader, err));
	return give_all(&reader, !kist_record_is_tree(record), take, ctx, err);
}

static kist_status write_to_fd(void *ctx, struct kist_view bytes, struct kist_error *err)
{
	const int *fd = ctx;

	return kist_write_all(*fd, bytes, err);
}

kist_status kist_load_stream(struct kist_flow *flow, const json_t *record, int fd, struct kist_error *err)
{
	if (kist_record_is_tree(record))
		return kist_fail(err, KIST_INVALID, "this is a folder: restore it with 'kist get'");
	return kist_load_each(flow, record, write_to_fd, &fd, err);
}

/* A file on its way. */
struct filling {
	const struct kist_flow *flow;
	struct kist_new_file file;
};

static kist_status put_to_file(void *ctx, uint64_t offset, struct kist_view bytes, struct kist_error *err)
{
	const struct filling *filling = ctx;

	KIST_TRY(kist_flow_check_stop(filling->flow, err));
	return kist_new_file_put(&filling->file, offset, bytes, err);
}

static kist_status take_nothing(void *ctx, struct kist_view bytes, struct kist_error *err)
{
	(void)bytes;
	return kist_flow_check_stop(ctx, err);
}

/* The whole is wrong: says which chunk is, or that the record is when none of them is. */
static kist_status tell_wrong(struct kist_object_reader *reader, const struct kist_digest *digest,
			      struct kist_error *err)
{
	size_t count;
	const struct kist_object_chunk *chunks = entry_list(reader, &count);

	KIST_TRY(kist_give_ahead(reader->flow, chunks, count, NULL, take_nothing, reader->flow, err));
	return check_whole(&reader->content, digest, err);
}

/*
 * The digest of the whole proves every byte, so the chunks need no proof of their own: nobody sees the file
 * before.
 */
static kist_status fill_file(struct kist_object_reader *reader, struct filling *filling,
			     struct kist_error *err)
{
	struct kist_whole whole;
	struct kist_digest digest;
	struct kist_view bytes;
	size_t count;
	const struct kist_object_chunk *chunks = entry_list(reader, &count);

	if (reader->content.form == KIST_CONTENT_INLINE || count == 1) {
		KIST_TRY(give_one(reader, &bytes, &digest, err));
		KIST_TRY(put_to_file(filling, 0, bytes, err));
		kist_flow_progress(reader->flow, bytes.size, bytes.size);
		return check_whole(&reader->content, &digest, err);
	}
	start_whole(reader, &whole);
	KIST_TRY(kist_spread_ahead(reader->flow, chunks, count, &whole, put_to_file, filling, err));
	digest = kist_hasher_finish(&whole.hasher);
	if (!kist_digest_equal(&digest, &reader->content.sha256))
		return tell_wrong(reader, &digest, err);
	return KIST_OK;
}

kist_status kist_load_file(struct kist_flow *flow, const json_t *record, int fd, struct kist_error *err)
{
	kist_auto_object_reader struct kist_object_reader reader = KIST_OBJECT_READER_INIT;
	struct filling filling = { .flow = flow };

	if (kist_record_is_tree(record))
		return kist_fail(err, KIST_INVALID, "this is a folder, not a file");
	KIST_TRY(kist_object_reader_open(flow, record, &reader, err));
	KIST_TRY(kist_new_file_open(fd, reader.content.size, &filling.file, err));
	return fill_file(&reader, &filling, err);
}

static kist_status append_to_buf(void *ctx, struct kist_view bytes, struct kist_error *err)
{
	return kist_buf_append(ctx, bytes.data, bytes.size, err);
}

kist_status kist_load_bytes(struct kist_flow *flow, const json_t *record, struct kist_buf *ret,
			    struct kist_error *err)
{
	return kist_load_each(flow, record, append_to_buf, ret, err);
}

kist_status kist_load_listing(struct kist_flow *flow, const json_t *record, struct kist_buf *ret,
			      struct kist_error *err)
{
	struct kist_digest said;
	struct kist_digest found;

	KIST_TRY(kist_load_bytes(flow, record, ret, err));
	KIST_TRY(kist_tree_read(kist_buf_view(ret), NULL, NULL, &found, err));
	if (!kist_record_get_digest(record, "sha256", &said) || !kist_digest_equal(&said, &found))
		return kist_fail_at(err, KIST_CORRUPT, "E_DIGEST", KIST_NO_OFFSET,
				    "the tree does not have the digest that the record says");
	return KIST_OK;
}

kist_status kist_load_info(struct kist_flow *flow, const json_t *record, json_t **ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	json_t *info = json_object_get(record, "info");
	struct kist_digest id;

	if (info || !kist_record_get_digest(record, "info_chunk", &id)) {
		*ret = json_incref(info);
		return KIST_OK;
	}
	KIST_TRY(kist_load_chunk(flow, &id, &bytes, err));
	return kist_json_parse(kist_buf_view(&bytes), ret, err);
}
