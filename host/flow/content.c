/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/content.h"

#include <string.h>

#include "base/num.h"
#include "flow/previous.h"
#include "pack/recipe.h"

void kist_content_writer_done(struct kist_content_writer *content)
{
	/* An object that was not finished may still be worked on; what became of it nobody asks any more. */
	if (content->writer)
		(void)!kist_writer_settle(content->writer, UINT64_MAX, NULL);
	content->writer = NULL;
	for (size_t i = 0; i < KIST_BATCHES; i++)
		kist_buf_done(&content->batches[i].bytes);
	kist_buf_done(&content->cut_parts);
	kist_buf_done(&content->entries);
	kist_buf_done(&content->midstates);
}

static struct kist_buf *filling(struct kist_content_writer *content)
{
	return &content->batches[content->batch].bytes;
}

/* How much of the open chunk is there. */
static size_t open_size(struct kist_content_writer *content)
{
	return filling(content)->size - content->chunk_start;
}

/* Whether a chunk of @len bytes that begins at @start ends in the same batch. */
static bool fits(size_t start, size_t len)
{
	return len <= KIST_BATCH_SIZE - start;
}

/* Empties the batch behind the one that is being filled. */
static kist_status empty_next(struct kist_content_writer *content, struct kist_batch **ret,
			      struct kist_error *err)
{
	struct kist_batch *const next = &content->batches[(content->batch + 1) % KIST_BATCHES];

	KIST_TRY(kist_writer_settle(content->writer, next->settled, err));
	next->bytes.size = 0;
	*ret = next;
	/* At once: what others read must not move. */
	return kist_buf_reserve(&next->bytes, KIST_BATCH_SIZE, err);
}

/* Goes on to the next batch; what is there of the open chunk moves along. */
static kist_status next_batch(struct kist_content_writer *content, struct kist_error *err)
{
	struct kist_batch *const from = &content->batches[content->batch];
	const struct kist_view open =
		kist_view_of(from->bytes.data + content->chunk_start, open_size(content));
	struct kist_batch *to;

	from->settled = kist_writer_stats(content->writer).chunks;
	KIST_TRY(empty_next(content, &to, err));
	content->batch = (content->batch + 1) % KIST_BATCHES;
	content->chunk_start = 0;
	return kist_buf_append(&to->bytes, open.data, open.size, err);
}

static struct kist_filter_hint hint_of(const struct kist_content_part *parts, size_t part)
{
	if (part == KIST_CUT_NO_PART)
		return (struct kist_filter_hint){ .kind = KIST_FILTER_BYTES };
	return (struct kist_filter_hint){ .kind = parts[part].kind,
					  .width = parts[part].width,
					  .row = parts[part].row };
}

/* Opens the next chunk, if there is one, at content->chunk_start. */
static kist_status open_chunk(struct kist_content_writer *content, struct kist_error *err)
{
	size_t part;

	if (!kist_cut_next(&content->cut, &content->chunk_offset, &content->chunk_len, &part)) {
		content->chunk_len = 0;
		return KIST_OK;
	}
	content->chunk_part = part;
	content->hint = hint_of(content->parts, part);
	return fits(content->chunk_start, content->chunk_len) ? KIST_OK : next_batch(content, err);
}

/* One entry of a listing changes, and the rest of it is there already. */
static struct kist_cut_sizes sizes_of(const struct kist_content_writer *content)
{
	struct kist_cut_sizes sizes = content->sizes;

	if (content->kind == KIST_CHUNK_TREE)
		sizes.cdc = KIST_CUT_LISTING_SIZE;
	return sizes;
}

static kist_status start_cut(struct kist_content_writer *content, uint64_t size,
			     const struct kist_content_part *parts, size_t count, struct kist_error *err)
{
	content->cut_parts.size = 0;
	for (size_t i = 0; i < count; i++) {
		const struct kist_cut_part part = { .offset = parts[i].offset,
						    .len = parts[i].len,
						    .element_size = parts[i].element_size };

		KIST_TRY(kist_buf_append(&content->cut_parts, &part, sizeof(part), err));
	}
	return kist_cut_init(&content->cut, sizes_of(content), size, (const void *)content->cut_parts.data,
			     count, err);
}

kist_status kist_content_small_hint(struct kist_content_writer *content, uint64_t size,
				    const struct kist_content_part *parts, size_t count,
				    struct kist_filter_hint *ret, struct kist_error *err)
{
	uint64_t offset;
	size_t part = KIST_CUT_NO_PART;
	size_t len = 0;

	KIST_TRY(start_cut(content, size, parts, count, err));
	if (!kist_cut_next(&content->cut, &offset, &len, &part) || len != size)
		return kist_fail(err, KIST_INVALID, "%llu bytes are not one chunk", (unsigned long long)size);
	*ret = hint_of(parts, part);
	return KIST_OK;
}

kist_status kist_content_start(struct kist_content_writer *content, struct kist_writer *writer,
			       enum kist_chunk_kind kind, uint64_t size,
			       const struct kist_content_part *parts, size_t count, struct kist_error *err)
{
	if (content->writer)
		KIST_TRY(kist_writer_settle(content->writer, UINT64_MAX, err));
	content->writer = writer;
	content->kind = kind;
	for (size_t i = 0; i < KIST_BATCHES; i++) {
		content->batches[i].bytes.size_max = KIST_BATCH_SIZE;
		content->batches[i].bytes.size = 0;
		content->batches[i].settled = 0;
	}
	content->entries.size = 0;
	content->midstates.size = 0;
	content->chunk_start = 0;
	content->size = 0;
	content->part_base += content->part_count + 1;
	content->part_count = count;
	content->parts = parts;
	content->previous = NULL;
	KIST_TRY(start_cut(content, size, parts, count, err));
	kist_hasher_start(&content->whole);
	KIST_TRY(kist_buf_reserve(filling(content), (size_t)kist_min_u64(size, KIST_BATCH_SIZE), err));
	return open_chunk(content, err);
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

/* Whether a midstate is due at entry @no, which is the open chunk: each node has one for its first, too. */
static bool is_midstate_due(const struct kist_content_writer *content, size_t no)
{
	return content->kind == KIST_CHUNK_DATA && content->cut.size >= KIST_MIDSTATE_SIZE_MIN &&
	       (no % KIST_RECIPE_ENTRIES_MAX == 0 ||
		content->chunk_offset - content->midstate_offset >= KIST_MIDSTATE_STEP);
}

/* Of what is left behind the last whole block there is none. */
static kist_status append_midstate(struct kist_content_writer *content, struct kist_view chunk,
				   struct kist_error *err)
{
	const size_t no = content->entries.size / sizeof(struct kist_recipe_entry);
	struct kist_recipe_state state = { .entry = (uint32_t)no };

	_Static_assert(sizeof(state) == 36, "what the list's limit is made of");
	if (!is_midstate_due(content, no) || !kist_hasher_midstate(&content->whole, chunk, &state.midstate))
		return KIST_OK;
	content->midstate_offset = content->chunk_offset;
	return kist_buf_append(&content->midstates, &state, sizeof(state), err);
}

/* The chunk of the version before that the open one, of @len bytes, is probably like. */
static bool find_like(const struct kist_content_writer *content, size_t len, struct kist_digest *ret)
{
	if (content->chunk_part == KIST_CUT_NO_PART)
		return kist_previous_near(content->previous, content->chunk_offset, len, ret);
	return kist_previous_find(content->previous, &content->parts[content->chunk_part],
				  content->chunk_offset, len, ret);
}

/* Ends the open chunk, which holds something, and opens the next one. */
static kist_status end_chunk(struct kist_content_writer *content, struct kist_error *err)
{
	const uint8_t *const start = filling(content)->data + content->chunk_start;
	const size_t len = kist_cut_end(&content->cut, kist_view_of(start, open_size(content)));
	struct kist_piece piece = { .bytes = kist_view_of(start, len), .hint = content->hint };

	/* What belongs to no part is numbered as one behind them. */
	piece.part = 1 + content->part_base +
		     (content->chunk_part == KIST_CUT_NO_PART ? content->part_count : content->chunk_part);
	KIST_TRY(append_midstate(content, piece.bytes, err));
	piece.is_like = content->previous && find_like(content, len, &piece.like);
	KIST_TRY(kist_writer_add(content->writer, content->kind, &piece, &content->last_id, &content->whole,
				 err));
	KIST_TRY(append_entry(content, &content->last_id, len, err));
	if (content->previous)
		kist_previous_learn(content->previous, content->chunk_offset, &content->last_id);
	content->chunk_start += len;
	return open_chunk(content, err);
}

kist_status kist_content_room(struct kist_content_writer *content, uint8_t **ret_data, size_t *ret_size,
			      struct kist_error *err)
{
	if (content->chunk_len == open_size(content))
		return kist_fail(err, KIST_LIMIT, "more bytes than were announced");
	*ret_size = content->chunk_len - open_size(content);
	*ret_data = filling(content)->data + filling(content)->size;
	return KIST_OK;
}

kist_status kist_content_next_room(struct kist_content_writer *content, uint8_t **ret_data, size_t *ret_size,
				   struct kist_error *err)
{
	const size_t end = content->chunk_start + content->chunk_len;
	struct kist_cut cut = content->cut;
	struct kist_batch *next;
	uint64_t offset;

	*ret_size = 0;
	if (cut.by_content || content->chunk_len == 0)
		return KIST_OK;
	(void)kist_cut_end(&cut, kist_view_of(NULL, content->chunk_len));
	if (!kist_cut_next(&cut, &offset, ret_size, NULL))
		return KIST_OK;
	*ret_data = filling(content)->data + end;
	if (fits(end, *ret_size))
		return KIST_OK;
	KIST_TRY(empty_next(content, &next, err));
	*ret_data = next->bytes.data;
	return KIST_OK;
}

kist_status kist_content_commit(struct kist_content_writer *content, size_t size, struct kist_error *err)
{
	const uint8_t *added = filling(content)->data + filling(content)->size;

	if (content->size < sizeof(content->first))
		memcpy(content->first + content->size, added,
		       (size_t)kist_min_u64(size, sizeof(content->first) - content->size));
	filling(content)->size += size;
	content->size += size;
	/* What will stand in the record is no chunk; one that is cut by its content leaves bytes to those
	 * behind it. */
	while (content->cut.size > KIST_INLINE_SIZE_MAX && content->chunk_len > 0 &&
	       open_size(content) == content->chunk_len)
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
			    const struct kist_recipe_entry *entries, size_t count,
			    const struct kist_recipe_state *states, size_t state_count,
			    struct kist_digest *ret_id, struct kist_error *err)
{
	kist_auto_buf struct kist_buf node = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	struct kist_piece piece = { .hint = { .kind = KIST_FILTER_BYTES } };

	KIST_TRY(kist_recipe_encode(depth, entries, count, states, state_count, &node, err));
	piece.bytes = kist_buf_view(&node);
	return kist_writer_put(content->writer, KIST_CHUNK_RECIPE, &piece, 1, ret_id, NULL, err);
}

/* How many of the @count @states are of the entries from @first to before @end, and counts those from @first. */
static size_t take_states(struct kist_recipe_state *states, size_t count, size_t first, size_t end)
{
	size_t n = 0;

	for (; n < count && states[n].entry < end; n++)
		states[n].entry -= (uint32_t)first;
	return n;
}

/* Folds the list of chunks into nodes of up to KIST_RECIPE_ENTRIES_MAX, level by level, until one is left. */
static kist_status put_recipe(struct kist_content_writer *content, struct kist_digest *ret_id,
			      struct kist_error *err)
{
	struct kist_recipe_entry *entries = (struct kist_recipe_entry *)(void *)content->entries.data;
	size_t count = content->entries.size / sizeof(*entries);
	struct kist_recipe_state *states = (struct kist_recipe_state *)(void *)content->midstates.data;
	size_t states_left = content->midstates.size / sizeof(*states);

	for (uint8_t depth = 0;; depth++) {
		size_t nodes = 0;

		for (size_t at = 0; at < count; at += KIST_RECIPE_ENTRIES_MAX) {
			const size_t n = (size_t)kist_min_u64(KIST_RECIPE_ENTRIES_MAX, count - at);
			const size_t of_node = take_states(states, states_left, at, at + n);
			struct kist_recipe_entry node = { .len = 0 };

			KIST_TRY(put_node(content, depth, entries + at, n, states, of_node, &node.id, err));
			if (of_node > 0)
				states += of_node;
			states_left -= of_node;
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
		content->writer = NULL;
		*ret = done;
		return KIST_OK;
	}
	while (open_size(content) > 0)
		KIST_TRY(end_chunk(content, err));
	KIST_TRY(kist_writer_settle(content->writer, UINT64_MAX, err));
	done.sha256 = kist_hasher_finish(&content->whole);
	if (content->entries.size == sizeof(struct kist_recipe_entry)) {
		done.form = KIST_CONTENT_CHUNK;
		done.chunk = content->last_id;
	} else {
		done.form = KIST_CONTENT_RECIPE;
		KIST_TRY(put_recipe(content, &done.chunk, err));
	}
	content->writer = NULL;
	*ret = done;
	return KIST_OK;
}
