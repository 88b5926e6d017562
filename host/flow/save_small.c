/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <string.h>

#include "base/le.h"
#include "base/mem.h"
#include "flow/save_seen.h"

_Static_assert(KIST_FETCH_FILE_SIZE_MAX < 4 * (uint64_t)KIST_CUT_SIZE_MIN,
	       "what is read ahead is one chunk, however a store cuts");

/* Beyond the numbers of parts of larger files: of arrays, other files, and records. */
#define PART_ARRAY  ((uint64_t)1 << 63)
#define PART_TEXT   (PART_ARRAY | (uint64_t)1 << 62)
#define PART_RECORD (PART_ARRAY | (uint64_t)1 << 61)

/* One whose chunks are being compressed, one that is being put, and one that is examined. */
#define WINDOWS 3

/* The type whose records were made last, and what they have in common. */
struct type {
	struct kist_route_target target;
	struct kist_buf text; /* empty before the first */
};

/* The files of a window. */
struct window {
	struct kist_save *save;
	const struct kist_fetched *entries;
	size_t entry_count;
	struct kist_kept_file kept[KIST_FETCH_ENTRIES_MAX];	   /* of each entry */
	size_t count;						   /* of the files */
	size_t which[KIST_FETCH_ENTRIES_MAX];			   /* entry */
	const struct kist_together *typed[KIST_FETCH_ENTRIES_MAX]; /* NULL: plain */
	struct kist_content contents[KIST_FETCH_ENTRIES_MAX];
	struct kist_digest ids[KIST_FETCH_ENTRIES_MAX];
	size_t text_ends[KIST_FETCH_ENTRIES_MAX];
	struct kist_buf texts; /* of the records */
	struct type type;
	size_t together_count;
	size_t together_which[KIST_FETCH_ENTRIES_MAX]; /* entry */
	struct kist_together together[KIST_FETCH_ENTRIES_MAX];
	/* What came of the examination. */
	kist_status status;
	struct kist_error error;
};

struct kist_small {
	struct kist_save *save;
	struct window windows[WINDOWS];
	unsigned oldest; /* of those that were begun */
	unsigned begun;	 /* how many are */
	uint64_t put;	 /* chunks, as the writer counts them, up to the end of the last window */
	pthread_t thread;
	struct window *examined; /* by @thread; NULL: it does not run */
};

/* Forgets the files of a window. */
static void clear(struct window *window)
{
	for (size_t i = 0; i < window->together_count; i++)
		kist_examined_done(&window->together[i].examined);
	window->together_count = 0;
	window->count = 0;
	window->texts.size = 0;
	window->status = KIST_OK;
}

static void add_file(struct window *window, size_t entry, const struct kist_together *typed)
{
	window->which[window->count] = entry;
	window->typed[window->count++] = typed;
}

/* Which road the file takes. */
static kist_status choose_one(struct window *window, size_t index, struct kist_error *err)
{
	const struct kist_fetched *entry = &window->entries[index];
	const char *slash = strrchr(entry->path, '/');
	const struct kist_view head = kist_view_of(entry->bytes.data, entry->bytes.size < KIST_ROUTE_HEAD_SIZE
									      ? entry->bytes.size
									      : KIST_ROUTE_HEAD_SIZE);
	struct kist_together *file = &window->together[window->together_count];
	enum kist_small_road road;

	file->done = false;
	file->examined = (struct kist_examined)KIST_EXAMINED_INIT;
	KIST_TRY(kist_examine_small(window->save->flow, slash ? slash + 1 : entry->path, head,
				    entry->bytes.size, &file->examined, &road, err));
	if (road == KIST_SMALL_PLAIN)
		add_file(window, index, NULL);
	/* A longer one may be of more chunks, or like a version before it. */
	if (road != KIST_SMALL_TYPED || entry->bytes.size >= KIST_CUT_STRETCH_MIN)
		return KIST_OK;
	file->bytes = entry->bytes;
	window->together_which[window->together_count++] = index;
	return KIST_OK;
}

static kist_status choose(struct window *window, struct kist_error *err)
{
	for (size_t i = 0; i < window->entry_count; i++) {
		const struct kist_fetched *entry = &window->entries[i];

		window->kept[i].done = false;
		if (entry->known)
			KIST_TRY(kist_save_seen_use(window->save, entry->known, &window->kept[i], err));
		if (entry->whole)
			KIST_TRY(choose_one(window, i, err));
	}
	return KIST_OK;
}

/* What the plugins find sound. */
static kist_status take_sound(struct window *window, struct kist_error *err)
{
	if (window->status != KIST_OK)
		return kist_fail_as(err, window->status, &window->error);
	for (size_t i = 0; i < window->together_count; i++) {
		if (window->together[i].done)
			add_file(window, window->together_which[i], &window->together[i]);
	}
	return KIST_OK;
}

static kist_status hint_of(struct window *window, size_t file, struct kist_filter_hint *ret,
			   struct kist_error *err)
{
	const struct kist_together *typed = window->typed[file];
	const struct kist_buf *parts = typed ? &typed->examined.parts : NULL;

	*ret = (struct kist_filter_hint){ .kind = KIST_FILTER_BYTES };
	return parts ? kist_content_small_hint(&window->save->content, typed->bytes.size,
					       (const void *)parts->data,
					       parts->size / sizeof(struct kist_content_part), ret, err)
		     : KIST_OK;
}

/* Arrays of one type are probably best stored alike, whichever files they are; of other files those of one kind. */
static uint64_t part_of(const struct kist_filter_hint *hint, const char *path)
{
	const char *const dot = strrchr(path, '.');
	struct kist_digest digest;

	if (hint->kind != KIST_FILTER_BYTES)
		return PART_ARRAY + 8 * (uint64_t)hint->kind + hint->width;
	digest = kist_digest_of(kist_view_of(dot, dot ? strlen(dot) : 0));
	return PART_TEXT + kist_le_read32(digest.bytes);
}

/* It is on its way when this returns, and borrowed until the writer is settled. */
static kist_status put_chunk(struct window *window, size_t file, struct kist_view bytes,
			     struct kist_error *err)
{
	struct kist_content *content = &window->contents[file];
	struct kist_piece piece = { .bytes = bytes, .id = &content->sha256 };

	KIST_TRY(hint_of(window, file, &piece.hint, err));
	piece.part = part_of(&piece.hint, window->entries[window->which[file]].path);
	KIST_TRY(kist_writer_add(window->save->writer, KIST_CHUNK_DATA, &piece, &content->chunk, NULL, err));
	content->form = KIST_CONTENT_CHUNK;
	return KIST_OK;
}

/* Of file @i and the one behind it, at once. */
static void digest_two(struct window *window, size_t i)
{
	const struct kist_view first = window->entries[window->which[i]].bytes;
	struct kist_digest digests[2];

	if (i + 1 == window->count) {
		window->contents[i].sha256 = kist_digest_of(first);
		return;
	}
	kist_digest_two(first, window->entries[window->which[i + 1]].bytes, digests);
	window->contents[i].sha256 = digests[0];
	window->contents[i + 1].sha256 = digests[1];
}

/* The bytes of the files from @first on: in the record itself, or a chunk, whose id is the digest of the whole. */
static kist_status put_bytes(struct window *window, size_t first, struct kist_error *err)
{
	for (size_t i = first; i < window->count; i++) {
		const struct kist_view bytes = window->entries[window->which[i]].bytes;
		struct kist_content *content = &window->contents[i];

		if ((i - first) % 2 == 0)
			digest_two(window, i);
		content->size = bytes.size;
		if (bytes.size > KIST_INLINE_SIZE_MAX) {
			KIST_TRY(put_chunk(window, i, bytes, err));
			continue;
		}
		content->form = KIST_CONTENT_INLINE;
		memcpy(content->bytes, bytes.data, bytes.size);
	}
	return KIST_OK;
}

static kist_status find_type(struct type *type, const struct kist_route_target *target,
			     struct kist_error *err)
{
	if (type->text.size > 0 && type->target.entry == target->entry &&
	    type->target.type_index == target->type_index)
		return KIST_OK;
	type->target = *target;
	type->text.size = 0;
	return kist_save_type_text(target, &type->text, err);
}

/* As that of kist_save_file() in a folder. */
static kist_status put_typed_text(struct window *window, const struct kist_content *content,
				  const struct kist_examined *examined, struct kist_error *err)
{
	struct kist_said said;

	KIST_TRY(find_type(&window->type, &examined->target, err));
	said.type = kist_buf_view(&window->type.text);
	KIST_TRY(kist_save_said(window->save, kist_buf_view(&examined->info), &said, err));
	KIST_TRY(kist_record_typed(content, &said, &window->texts, err));
	return kist_flow_use_route(window->save->flow, examined->lock_key,
				   examined->target.entry->manifest->id, err);
}

static kist_status put_records(struct window *window, struct kist_error *err)
{
	size_t start = 0;

	for (size_t i = 0; i < window->count; i++) {
		if (window->typed[i])
			KIST_TRY(put_typed_text(window, &window->contents[i], &window->typed[i]->examined,
						err));
		else
			KIST_TRY(kist_record_plain(&window->contents[i], &window->texts, err));
		window->text_ends[i] = window->texts.size;
	}
	for (size_t i = 0; i < window->count; i++) {
		const struct kist_piece piece = { .bytes = kist_view_of(window->texts.data + start,
									window->text_ends[i] - start),
						  .hint = { .kind = KIST_FILTER_BYTES },
						  .part = PART_RECORD + (window->typed[i] != NULL) };

		KIST_TRY(kist_writer_add(window->save->writer, KIST_CHUNK_RECORD, &piece, &window->ids[i],
					 NULL, err));
		start = window->text_ends[i];
	}
	for (size_t i = 0; i < window->count; i++) {
		const struct kist_fetched *entry = &window->entries[window->which[i]];
		struct kist_kept_file *kept = &window->kept[window->which[i]];

		*kept = (struct kist_kept_file){ .done = true,
						 .sha256 = window->contents[i].sha256,
						 .artifact = window->ids[i] };
		KIST_TRY(kist_save_seen_add(window->save, entry->path, &entry->st, kept, err));
	}
	return KIST_OK;
}

/* While plugins look at the files of the window, chunks are compressed: those that are not theirs, too. */
static kist_status put_all(struct kist_small *small, struct window *window, struct kist_error *err)
{
	struct kist_registry *const registry = window->save->flow->registry;
	const size_t plain = window->count;
	kist_status status;

	kist_registry_hold(registry);
	status = put_bytes(window, 0, err);
	kist_registry_let_go(registry);
	if (small->examined == window)
		kist_small_wait(small);
	if (status == KIST_OK)
		status = take_sound(window, err);
	if (status != KIST_OK)
		return status;
	kist_registry_hold(registry);
	status = put_bytes(window, plain, err);
	if (status == KIST_OK)
		status = put_records(window, err);
	kist_registry_let_go(registry);
	return status;
}

kist_status kist_small_open(struct kist_save *save, struct kist_small **ret, struct kist_error *err)
{
	struct kist_small *small = kist_alloc(1, sizeof(*small));

	if (!small)
		return kist_fail_memory(err, sizeof(*small));
	small->save = save;
	for (int i = 0; i < WINDOWS; i++) {
		small->windows[i].save = save;
		small->windows[i].texts =
			(struct kist_buf)KIST_BUF_INIT(KIST_FETCH_ENTRIES_MAX * KIST_CHUNK_SIZE_MAX);
		small->windows[i].type.text = (struct kist_buf)KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	}
	*ret = small;
	return KIST_OK;
}

void kist_small_close(struct kist_small *small)
{
	kist_status settled;

	if (!small)
		return;
	kist_small_wait(small);
	/* After a failure too: what was added is borrowed until then. */
	settled = kist_small_settle(small, NULL);
	(void)settled;
	for (int i = 0; i < WINDOWS; i++) {
		clear(&small->windows[i]);
		kist_buf_done(&small->windows[i].texts);
		kist_buf_done(&small->windows[i].type.text);
	}
	kist_free(small);
}

void kist_small_wait(struct kist_small *small)
{
	if (small->examined)
		(void)pthread_join(small->thread, NULL);
	small->examined = NULL;
}

static void *examine_thread(void *arg)
{
	struct window *window = arg;

	window->error = (struct kist_error)KIST_ERROR_INIT;
	window->status = kist_examine_together(window->save->flow, window->together, window->together_count,
					       &window->error);
	return NULL;
}

static void start(struct kist_small *small, struct window *window)
{
	if (window->together_count == 0)
		return;
	kist_examine_prepare(small->save->flow, window->together, window->together_count);
	if (pthread_create(&small->thread, NULL, examine_thread, window) == 0)
		small->examined = window;
	else
		(void)examine_thread(window);
}

kist_status kist_small_begin(struct kist_small *small, const struct kist_fetched *entries, size_t count,
			     struct kist_error *err)
{
	struct window *const window = &small->windows[(small->oldest + small->begun) % WINDOWS];

	clear(window);
	window->entries = entries;
	window->entry_count = count;
	/* What type a file is of, the worker may have to say. */
	kist_small_wait(small);
	KIST_TRY(choose(window, err));
	start(small, window);
	small->begun++;
	return KIST_OK;
}

kist_status kist_small_put(struct kist_small *small, const struct kist_fetched **ret_entries,
			   const struct kist_kept_file **ret_kept, size_t *ret_count, struct kist_error *err)
{
	struct window *const window = &small->windows[small->oldest];

	*ret_count = 0;
	if (small->begun == 0)
		return KIST_OK;
	if (window->count + window->together_count > 0)
		KIST_TRY(put_all(small, window, err));
	/* Of this one what is left is compressed while the next one is put. */
	KIST_TRY(kist_writer_settle(small->save->writer, small->put, err));
	small->put = kist_writer_stats(small->save->writer).chunks;
	small->oldest = (small->oldest + 1) % WINDOWS;
	small->begun--;
	*ret_entries = window->entries;
	*ret_kept = window->kept;
	*ret_count = window->entry_count;
	return KIST_OK;
}

kist_status kist_small_settle(struct kist_small *small, struct kist_error *err)
{
	return kist_writer_settle(small->save->writer, UINT64_MAX, err);
}
