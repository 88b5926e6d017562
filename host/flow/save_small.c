/* SPDX-License-Identifier: Apache-2.0 */
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

/* The files of a window on their way. */
struct small {
	struct kist_save *save;
	const struct kist_fetched *entries;
	struct kist_kept_file *kept;
	size_t count;						   /* of the files */
	size_t which[KIST_FETCH_ENTRIES_MAX];			   /* entry */
	const struct kist_together *typed[KIST_FETCH_ENTRIES_MAX]; /* NULL: plain */
	struct kist_content contents[KIST_FETCH_ENTRIES_MAX];
	struct kist_digest ids[KIST_FETCH_ENTRIES_MAX];
	size_t text_ends[KIST_FETCH_ENTRIES_MAX];
	struct kist_buf texts; /* of the records */
	size_t together_count;
	size_t together_which[KIST_FETCH_ENTRIES_MAX]; /* entry */
	struct kist_together together[KIST_FETCH_ENTRIES_MAX];
};

static void small_done(struct small **slot)
{
	struct small *small = *slot;

	if (small)
		kist_buf_done(&small->texts);
	for (size_t i = 0; small && i < small->together_count; i++)
		kist_examined_done(&small->together[i].examined);
	kist_free(small);
}

static void add_file(struct small *small, size_t entry, const struct kist_together *typed)
{
	small->which[small->count] = entry;
	small->typed[small->count++] = typed;
}

/* Which road the file takes. */
static kist_status choose_one(struct small *small, size_t index, struct kist_error *err)
{
	const struct kist_fetched *entry = &small->entries[index];
	const char *slash = strrchr(entry->path, '/');
	const struct kist_view head = kist_view_of(entry->bytes.data, entry->bytes.size < KIST_ROUTE_HEAD_SIZE
									      ? entry->bytes.size
									      : KIST_ROUTE_HEAD_SIZE);
	struct kist_together *file = &small->together[small->together_count];
	enum kist_small_road road;

	file->examined = (struct kist_examined)KIST_EXAMINED_INIT;
	KIST_TRY(kist_examine_small(small->save->flow, slash ? slash + 1 : entry->path, head,
				    entry->bytes.size, &file->examined, &road, err));
	if (road == KIST_SMALL_PLAIN)
		add_file(small, index, NULL);
	/* A longer one may be of more chunks, or like a version before it. */
	if (road != KIST_SMALL_TYPED || entry->bytes.size >= KIST_CUT_STRETCH_MIN)
		return KIST_OK;
	file->bytes = entry->bytes;
	small->together_which[small->together_count++] = index;
	return KIST_OK;
}

static kist_status choose(struct small *small, size_t count, struct kist_error *err)
{
	for (size_t i = 0; i < count; i++) {
		const struct kist_fetched *entry = &small->entries[i];

		if (entry->known)
			KIST_TRY(kist_save_seen_use(small->save, entry->known, &small->kept[i], err));
		if (entry->whole)
			KIST_TRY(choose_one(small, i, err));
	}
	return KIST_OK;
}

/* What the plugins find sound. */
static kist_status examine(struct small *small, struct kist_error *err)
{
	if (small->together_count > 0)
		KIST_TRY(kist_examine_together(small->save->flow, small->together, small->together_count,
					       err));
	for (size_t i = 0; i < small->together_count; i++) {
		if (small->together[i].done)
			add_file(small, small->together_which[i], &small->together[i]);
	}
	return KIST_OK;
}

static kist_status hint_of(struct small *small, size_t file, struct kist_filter_hint *ret,
			   struct kist_error *err)
{
	const struct kist_together *typed = small->typed[file];
	const struct kist_buf *parts = typed ? &typed->examined.parts : NULL;

	*ret = (struct kist_filter_hint){ .kind = KIST_FILTER_BYTES };
	return parts ? kist_content_small_hint(&small->save->content, typed->bytes.size,
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
static kist_status put_chunk(struct small *small, size_t file, struct kist_view bytes, struct kist_error *err)
{
	struct kist_content *content = &small->contents[file];
	struct kist_piece piece = { .bytes = bytes };

	KIST_TRY(hint_of(small, file, &piece.hint, err));
	piece.part = part_of(&piece.hint, small->entries[small->which[file]].path);
	KIST_TRY(kist_writer_add(small->save->writer, KIST_CHUNK_DATA, &piece, &content->chunk, NULL, err));
	content->form = KIST_CONTENT_CHUNK;
	content->sha256 = content->chunk;
	return KIST_OK;
}

/* The bytes of the files from @first on: in the record itself, or a chunk, whose id is the digest of the whole. */
static kist_status put_bytes(struct small *small, size_t first, struct kist_error *err)
{
	for (size_t i = first; i < small->count; i++) {
		const struct kist_view bytes = small->entries[small->which[i]].bytes;
		struct kist_content *content = &small->contents[i];

		content->size = bytes.size;
		if (bytes.size > KIST_INLINE_SIZE_MAX) {
			KIST_TRY(put_chunk(small, i, bytes, err));
			continue;
		}
		content->form = KIST_CONTENT_INLINE;
		content->sha256 = kist_digest_of(bytes);
		memcpy(content->bytes, bytes.data, bytes.size);
	}
	return KIST_OK;
}

/* As that of kist_save_file() in a folder. */
static kist_status put_typed_text(struct small *small, const struct kist_content *content,
				  const struct kist_examined *examined, struct kist_error *err)
{
	kist_auto_json json_t *record = json_object();
	struct kist_view info;

	if (!record)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_record_set_content(record, content, &content->sha256, err));
	KIST_TRY(kist_save_typed(small->save, record, examined, &info, err));
	KIST_TRY(kist_record_write(record, info, &small->texts, err));
	return kist_flow_use_route(small->save->flow, examined->lock_key,
				   examined->target.entry->manifest->id, err);
}

static kist_status put_records(struct small *small, struct kist_error *err)
{
	size_t start = 0;

	for (size_t i = 0; i < small->count; i++) {
		if (small->typed[i])
			KIST_TRY(put_typed_text(small, &small->contents[i], &small->typed[i]->examined, err));
		else
			KIST_TRY(kist_record_plain(&small->contents[i], &small->texts, err));
		small->text_ends[i] = small->texts.size;
	}
	for (size_t i = 0; i < small->count; i++) {
		const struct kist_piece piece = { .bytes = kist_view_of(small->texts.data + start,
									small->text_ends[i] - start),
						  .hint = { .kind = KIST_FILTER_BYTES },
						  .part = PART_RECORD + (small->typed[i] != NULL) };

		KIST_TRY(kist_writer_add(small->save->writer, KIST_CHUNK_RECORD, &piece, &small->ids[i], NULL,
					 err));
		start = small->text_ends[i];
	}
	for (size_t i = 0; i < small->count; i++) {
		const struct kist_fetched *entry = &small->entries[small->which[i]];
		struct kist_kept_file *kept = &small->kept[small->which[i]];

		*kept = (struct kist_kept_file){ .done = true,
						 .sha256 = small->contents[i].sha256,
						 .artifact = small->ids[i] };
		KIST_TRY(kist_save_seen_add(small->save, entry->path, &entry->st, kept, err));
	}
	return KIST_OK;
}

/* While plugins look at the files that are theirs, and while records are made, chunks are compressed. */
static kist_status put_all(struct small *small, struct kist_error *err)
{
	struct kist_registry *const registry = small->save->flow->registry;
	const size_t plain = small->count;
	kist_status status;

	kist_registry_hold(registry);
	status = put_bytes(small, 0, err);
	kist_registry_let_go(registry);
	if (status == KIST_OK)
		status = examine(small, err);
	if (status != KIST_OK)
		return status;
	kist_registry_hold(registry);
	status = put_bytes(small, plain, err);
	if (status == KIST_OK)
		status = put_records(small, err);
	kist_registry_let_go(registry);
	return status;
}

kist_status kist_save_small(struct kist_save *save, const struct kist_fetched *entries, size_t count,
			    struct kist_kept_file *ret, struct kist_error *err)
{
	__attribute__((cleanup(small_done))) struct small *small = kist_alloc(1, sizeof(*small));
	kist_status settled;
	kist_status status;

	if (!small)
		return kist_fail_memory(err, sizeof(*small));
	small->save = save;
	small->entries = entries;
	small->kept = ret;
	small->texts = (struct kist_buf)KIST_BUF_INIT(KIST_FETCH_ENTRIES_MAX * KIST_CHUNK_SIZE_MAX);
	for (size_t i = 0; i < count; i++)
		ret[i].done = false;
	KIST_TRY(choose(small, count, err));
	if (small->count + small->together_count == 0)
		return KIST_OK;
	status = put_all(small, err);
	/* After a failure too: what was added is borrowed until then. */
	settled = kist_writer_settle(save->writer, UINT64_MAX, status == KIST_OK ? err : NULL);
	return status == KIST_OK ? settled : status;
}
