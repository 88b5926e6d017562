/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/content.h"

#include <string.h>

#include "base/num.h"
#include "pack/recipe.h"

void kist_content_writer_done(struct kist_content_writer *content)
{
	kist_hasher_done(&content->whole);
	kist_buf_done(&content->batch);
	kist_buf_done(&content->cut_parts);
	kist_buf_done(&content->entries);
}

/* Opens the next chunk, if there is one, at content->chunk_start. */
static void open_chunk(struct kist_content_writer *content)
{
	uint64_t offset;
	size_t part;

	if (!kist_cut_next(&content->cut, &offset, &content->chunk_len, &part)) {
		content->chunk_len = 0;
		return;
	}
	content->hint = (struct kist_filter_hint){ .kind = KIST_FILTER_BYTES };
	if (part != KIST_CUT_NO_PART)
		content->hint = (struct kist_filter_hint){ .kind = content->parts[part].kind,
							   .width = content->parts[part].width,
							   .row = content->parts[part].row };
}

kist_status kist_content_start(struct kist_content_writer *content, struct kist_writer *writer,
			       enum kist_chunk_kind kind, uint64_t size,
			       const struct kist_content_part *parts, size_t count, struct kist_error *err)
{
	content->writer = writer;
	content->kind = kind;
	content->batch.size = 0;
	content->entries.size = 0;
	content->cut_parts.size = 0;
	content->piece_count = 0;
	content->chunk_start = 0;
	content->size = 0;
	content->parts = parts;
	for (size_t i = 0; i < count; i++) {
		const struct kist_cut_part part = { .offset = parts[i].offset,
						    .len = parts[i].len,
						    .element_size = parts[i].element_size };

		KIST_TRY(kist_buf_append(&content->cut_parts, &part, sizeof(part), err));
	}
	KIST_TRY(kist_cut_init(&content->cut, content->sizes, size, (const void *)content->cut_parts.data,
			       count, err));
	KIST_TRY(kist_hasher_start(&content->whole, err));
	open_chunk(content);
	return KIST_OK;
}

static kist_status append_entry(struct kist_content_writer *content, const struct kist_digest *id,
				uint64_t len, struct kist_error *err)
{
	const struct kist_recipe_entry entry = { .id = *id, .len = len };

	_Static_assert(sizeof(entry) == 40, "what the list's limit is made of");
	if (content->entries.size == content->entries.size_max)
		return kist_fail(err, KIST_LIMIT, "an object of more than %zu chunks",
				 KIST_OBJECT_CHUNKS_MAX);
	return kist_buf_append(&content->entries, &entry, sizeof(entry), err);
}

static kist_status put_batch(struct kist_content_writer *content, struct kist_error *err)
{
	struct kist_digest ids[KIST_BATCH_PIECES];
	size_t start = 0;

	for (size_t i = 0; i < content->piece_count; i++) {
		content->pieces[i].bytes =
			kist_view_of(content->batch.data + start, content->piece_ends[i] - start);
		start = content->piece_ends[i];
	}
	KIST_TRY(kist_writer_put(content->writer, content->kind, content->pieces, content->piece_count, ids,
				 &content->whole, err));
	for (size_t i = 0; i < content->piece_count; i++)
		KIST_TRY(append_entry(content, &ids[i], content->pieces[i].bytes.size, err));
	content->last_id = ids[content->piece_count - 1];
	/* What is there of the open chunk goes to the front. */
	content->batch.size -= start;
	memmove(content->batch.data, content->batch.data + start, content->batch.size);
	content->chunk_start = 0;
	content->piece_count = 0;
	return KIST_OK;
}

/* Ends the open chunk, which holds something, and opens the next one. */
static kist_status end_chunk(struct kist_content_writer *content, struct kist_error *err)
{
	const uint8_t *start = content->batch.data + content->chunk_start;

	content->chunk_start +=
		kist_cut_end(&content->cut, kist_view_of(start, content->batch.size - content->chunk_start));
	content->pieces[content->piece_count].hint = content->hint;
	content->piece_ends[content->piece_count++] = content->chunk_start;
	if (content->piece_count == KIST_BATCH_PIECES ||
	    KIST_BATCH_SIZE - content->chunk_start < KIST_CHUNK_SIZE_MAX)
		KIST_TRY(put_batch(content, err));
	open_chunk(content);
	return KIST_OK;
}

kist_status kist_content_room(struct kist_content_writer *content, uint8_t **ret_data, size_t *ret_size,
			      struct kist_error *err)
{
	if (content->chunk_len == 0)
		return kist_fail(err, KIST_LIMIT, "more bytes than were announced");
	*ret_size = content->chunk_len - (content->batch.size - content->chunk_start);
	KIST_TRY(kist_buf_reserve(&content->batch, *ret_size, err));
	*ret_data = content->batch.data + content->batch.size;
	return KIST_OK;
}

kist_status kist_content_commit(struct kist_content_writer *content, size_t size, struct kist_error *err)
{
	const uint8_t *added = content->batch.data + content->batch.size;

	if (content->size < sizeof(content->first))
		memcpy(content->first + content->size, added,
		       (size_t)kist_min_u64(size, sizeof(content->first) - content->size));
	content->batch.size += size;
	content->size += size;
	/* A chunk that is cut by its content leaves bytes to those behind it. */
	while (content->chunk_len > 0 && content->batch.size - content->chunk_start == content->chunk_len)
		KIST_TRY(end_chunk(content, err));
	return KIST_OK;
}

kist_status kist_content_write(struct kist_content_writer *content, struct kist_view bytes,
			       struct kist_error *err)
{
	while (bytes.size > 0) {
		uint8_t *room = NULL;
		size_t size = 0;

		KIST_TRY(kist_content_room(content, &room, &size, err));
		size = size < bytes.size ? size : bytes.size;
		memcpy(room, bytes.data, size);
		KIST_TRY(kist_content_commit(content, size, err));
		bytes = kist_view_of(bytes.data + size, bytes.size - size);
	}
	return KIST_OK;
}

static kist_status put_node(struct kist_content_writer *content, uint8_t depth,
			    const struct kist_recipe_entry *entries, size_t count, struct kist_digest *ret_id,
			    struct kist_error *err)
{
	kist_auto_buf struct kist_buf node = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	struct kist_piece piece = { .hint = { .kind = KIST_FILTER_BYTES } };

	KIST_TRY(kist_recipe_encode(depth, entries, count, &node, err));
	piece.bytes = kist_buf_view(&node);
	return kist_writer_put(content->writer, KIST_CHUNK_RECIPE, &piece, 1, ret_id, NULL, err);
}

/* Folds the list of chunks into nodes of up to KIST_RECIPE_ENTRIES_MAX, level by level, until one is left. */
static kist_status put_recipe(struct kist_content_writer *content, struct kist_digest *ret_id,
			      struct kist_error *err)
{
	struct kist_recipe_entry *entries = (struct kist_recipe_entry *)(void *)content->entries.data;
	size_t count = content->entries.size / sizeof(*entries);

	for (uint8_t depth = 0;; depth++) {
		size_t nodes = 0;

		for (size_t at = 0; at < count; at += KIST_RECIPE_ENTRIES_MAX) {
			const size_t n = (size_t)kist_min_u64(KIST_RECIPE_ENTRIES_MAX, count - at);
			struct kist_recipe_entry node = { .len = 0 };

			KIST_TRY(put_node(content, depth, entries + at, n, &node.id, err));
			for (size_t i = 0; i < n; i++)
				node.len += entries[at + i].len;
			entries[nodes++] = node;
		}
		if (nodes == 1) {
			*ret_id = entries[0].id;
			return KIST_OK;
		}
		count = nodes;
	}
}

kist_status kist_content_finish(struct kist_content_writer *content, struct kist_content *ret,
				struct kist_error *err)
{
	struct kist_content done = { .size = content->size };

	if (content->size <= KIST_INLINE_SIZE_MAX) {
		done.form = KIST_CONTENT_INLINE;
		memcpy(done.bytes, content->first, (size_t)content->size);
		done.sha256 = kist_digest_of(kist_view_of(content->first, (size_t)content->size));
		*ret = done;
		return KIST_OK;
	}
	while (content->batch.size > content->chunk_start)
		KIST_TRY(end_chunk(content, err));
	if (content->piece_count > 0)
		KIST_TRY(put_batch(content, err));
	done.sha256 = kist_hasher_finish(&content->whole);
	if (content->entries.size == sizeof(struct kist_recipe_entry)) {
		done.form = KIST_CONTENT_CHUNK;
		done.chunk = content->last_id;
	} else {
		done.form = KIST_CONTENT_RECIPE;
		KIST_TRY(put_recipe(content, &done.chunk, err));
	}
	*ret = done;
	return KIST_OK;
}
