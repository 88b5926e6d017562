/* SPDX-License-Identifier: Apache-2.0 */
#include "store/writer.h"

#include <string.h>

#include "base/mem.h"
#include "pack/crc32c.h"
#include "pack/pool.h"
#include "store/idset.h"
#include "store/publish.h"

/* Pieces are worked on in batches of at most so many, and so many bytes. */
#define BATCH_COUNT_MAX ((size_t)64)
#define BATCH_SIZE_MAX	((size_t)16 << 20)
/* Less than this is done faster alone than by waking others. */
#define ALONE_SIZE_MAX ((size_t)128 << 10)

/* A chunk that is not kept yet. */
struct fresh {
	const struct kist_piece *piece;
	struct kist_record record;
	size_t scratch; /* where its compressed body lies in the scratch */
	size_t offset;	/* of its record in the pack */
};

struct kist_writer {
	struct kist_store *store;
	const struct kist_chunk_index *index;
	struct kist_pool *pool;
	struct kist_codec codecs[KIST_POOL_WORKERS_MAX];
	struct kist_buf raws[KIST_POOL_WORKERS_MAX]; /* room to decode in */
	struct kist_publisher publisher;
	struct kist_open_pack packs[2]; /* by enum kist_pack_kind */
	/* What was written through this writer: records, and the rest. */
	struct kist_idset known_records;
	struct kist_idset known;
	/* The packs that were looked at last, for data and for the rest. */
	struct seen_pack {
		struct kist_digest id;
		uint64_t end; /* of its records; 0 when it is gone or cut short */
	} seen[2];
	struct kist_buf scratch;
	struct kist_write_stats stats;
	bool failed;
	bool finished;
	struct fresh fresh[BATCH_COUNT_MAX];
};

/* One batch of a put; what the jobs share. */
struct batch {
	struct kist_writer *writer;
	enum kist_chunk_kind kind;
	const struct kist_piece *pieces;
	size_t count;
	struct kist_digest *ids;
	struct kist_hasher *whole;
	size_t fresh_count;
	size_t first; /* of the fresh ones that are being placed */
	struct kist_open_pack *pack;
	size_t first_entry; /* of the pack, for that one */
};

kist_status kist_writer_open(struct kist_store *store, const struct kist_chunk_index *index,
			     struct kist_writer **ret, struct kist_error *err)
{
	kist_auto_writer struct kist_writer *writer = kist_alloc(1, sizeof(*writer));

	if (!writer)
		return kist_fail_memory(err, sizeof(*writer));
	writer->store = store;
	writer->index = index;
	writer->scratch = (struct kist_buf)KIST_BUF_INIT(2 * BATCH_SIZE_MAX);
	for (size_t i = 0; i < KIST_POOL_WORKERS_MAX; i++)
		writer->raws[i] = (struct kist_buf)KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	for (int kind = KIST_PACK_DATA; kind <= KIST_PACK_META; kind++)
		writer->packs[kind] = (struct kist_open_pack){ .builder = KIST_PACK_BUILDER_INIT,
							       .kind = (enum kist_pack_kind)kind };
	KIST_TRY(kist_pool_new(&writer->pool, err));
	writer->publisher = (struct kist_publisher)KIST_PUBLISHER_INIT;
	writer->publisher.store = store;
	writer->publisher.packs = json_array();
	if (!writer->publisher.packs)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while making JSON");
	*ret = kist_steal(writer);
	return KIST_OK;
}

void kist_writer_close(struct kist_writer *writer)
{
	if (!writer)
		return;
	kist_publisher_done(&writer->publisher);
	kist_pool_free(writer->pool);
	for (size_t i = 0; i < KIST_POOL_WORKERS_MAX; i++) {
		kist_codec_done(&writer->codecs[i]);
		kist_buf_done(&writer->raws[i]);
	}
	for (int kind = KIST_PACK_DATA; kind <= KIST_PACK_META; kind++) {
		kist_pack_builder_done(&writer->packs[kind].builder);
		kist_hasher_done(&writer->packs[kind].name);
	}
	kist_idset_done(&writer->known_records);
	kist_idset_done(&writer->known);
	kist_buf_done(&writer->scratch);
	kist_free(writer);
}

/* Runs jobs on all cores, or alone when there is little to do. */
static kist_status run(struct batch *batch, size_t count, size_t bytes,
		       kist_status (*job)(void *ctx, size_t index, unsigned worker, struct kist_error *err),
		       struct kist_error *err)
{
	if (bytes > ALONE_SIZE_MAX)
		return kist_pool_run(batch->writer->pool, count, job, batch, err);
	for (size_t i = 0; i < count; i++)
		KIST_TRY(job(batch, i, 0, err));
	return KIST_OK;
}

/* Job 0 hashes the whole, which takes longest and cannot be shared out; the others name a chunk each. */
static kist_status hash_job(void *ctx, size_t index, unsigned worker, struct kist_error *err)
{
	const struct batch *batch = ctx;

	(void)worker;
	(void)err;
	if (index > 0) {
		batch->ids[index - 1] = kist_digest_of(batch->pieces[index - 1].bytes);
		return KIST_OK;
	}
	for (size_t i = 0; batch->whole && i < batch->count; i++)
		kist_hasher_add(batch->whole, batch->pieces[i].bytes);
	return KIST_OK;
}

/* Looks where the records of a pack end; a pack that has lost its footer cannot be found by a new index. */
static kist_status look_at_pack(struct kist_store *store, const struct kist_digest *id, uint64_t *ret_end,
				struct kist_error *err)
{
	kist_auto_buf struct kist_buf tail = KIST_BUF_INIT(KIST_PACK_FOOT_SIZE);
	struct kist_pack_footer footer = { .index_offset = 0 };
	char key[KIST_PACK_KEY_SIZE];
	kist_status status;
	uint64_t size;

	kist_pack_key(id, key);
	status = kist_backend_head(store->backend, key, &size, err);
	if (status == KIST_OK && size >= KIST_PACK_FOOT_SIZE)
		status = kist_backend_get(store->backend, key, size - KIST_PACK_FOOT_SIZE,
					  KIST_PACK_FOOT_SIZE, &tail, err);
	if (status == KIST_OK)
		status = kist_pack_parse_footer(kist_buf_view(&tail), size, &footer, err);
	*ret_end = status == KIST_OK ? footer.index_offset : 0;
	return status == KIST_NOT_FOUND || status == KIST_CORRUPT ? KIST_OK : status;
}

/* The index may be older than the store: a pack that is gone, or cut short, must not be leaned on. */
static kist_status still_stands(struct kist_writer *writer, const struct kist_location *where, bool *ret,
				struct kist_error *err)
{
	struct seen_pack *seen = &writer->seen[where->kind == KIST_CHUNK_DATA ? 0 : 1];
	struct kist_error why = KIST_ERROR_INIT;

	if (seen->end == 0 || !kist_digest_equal(&where->pack, &seen->id)) {
		seen->id = where->pack;
		if (look_at_pack(writer->store, &where->pack, &seen->end, &why) != KIST_OK)
			return kist_fail(err, why.status, "%s", why.text);
	}
	*ret = where->offset <= seen->end && where->stored_len <= seen->end - where->offset;
	return KIST_OK;
}

/* A record counts as kept only as a record: as other bytes no reader of the log would find it. */
static kist_status is_kept(struct kist_writer *writer, enum kist_chunk_kind kind,
			   const struct kist_digest *id, bool *ret, struct kist_error *err)
{
	struct kist_location where;
	kist_status status;

	*ret = kist_idset_has(&writer->known_records, id) ||
	       (kind != KIST_CHUNK_RECORD && kist_idset_has(&writer->known, id));
	if (*ret || !writer->index)
		return KIST_OK;
	status = writer->index->find(writer->index->ctx, id, &where, err);
	if (status == KIST_NOT_FOUND ||
	    (status == KIST_OK && kind == KIST_CHUNK_RECORD && where.kind != kind))
		return KIST_OK;
	return status == KIST_OK ? still_stands(writer, &where, ret, err) : status;
}

/* At once, so that its twin in the same batch is seen. */
static kist_status remember(struct kist_writer *writer, enum kist_chunk_kind kind,
			    const struct kist_digest *id, struct kist_error *err)
{
	if (kind != KIST_CHUNK_RECORD)
		return kist_idset_add(&writer->known, id, err);
	/* The same bytes as something else may lie in the open pack, whose index holds an id once. */
	if (kist_idset_has(&writer->known, id))
		KIST_TRY(kist_publish(&writer->publisher, &writer->packs[KIST_PACK_META], false, err));
	return kist_idset_add(&writer->known_records, id, err);
}

/* Sorts out what is not kept yet.  *@ret_bytes: of these. */
static kist_status find_fresh(struct batch *batch, size_t *ret_bytes, struct kist_error *err)
{
	struct kist_writer *writer = batch->writer;
	size_t scratch = 0;

	*ret_bytes = 0;
	for (size_t i = 0; i < batch->count; i++) {
		const struct kist_piece *piece = &batch->pieces[i];
		bool kept;

		KIST_TRY(is_kept(writer, batch->kind, &batch->ids[i], &kept, err));
		if (kept)
			continue;
		KIST_TRY(remember(writer, batch->kind, &batch->ids[i], err));
		writer->fresh[batch->fresh_count++] =
			(struct fresh){ .piece = piece,
					.scratch = scratch,
					.record = { .id = batch->ids[i],
						    .raw_len = (uint32_t)piece->bytes.size,
						    .kind = (uint8_t)batch->kind } };
		scratch += kist_codec_stored_size(piece->bytes.size);
		*ret_bytes += piece->bytes.size;
	}
	writer->scratch.size = 0;
	return kist_buf_reserve(&writer->scratch, scratch, err);
}

static kist_status compress_job(void *ctx, size_t index, unsigned worker, struct kist_error *err)
{
	const struct batch *batch = ctx;
	struct kist_writer *writer = batch->writer;
	struct fresh *fresh = &writer->fresh[index];
	uint8_t *body = writer->scratch.data + fresh->scratch;
	size_t size;

	KIST_TRY(kist_codec_compress(&writer->codecs[worker], fresh->piece->bytes, body, &size, err));
	fresh->record.codec = size > 0 ? KIST_CODEC_ZSTD : KIST_CODEC_STORED;
	fresh->record.body_len =
		(uint32_t)(size > 0 ? size : kist_codec_stored_size(fresh->piece->bytes.size));
	if (size > 0)
		fresh->record.body_crc = kist_crc32c(0, kist_view_of(body, size));
	return KIST_OK;
}

/* Writes a record into the pack: the only copy that is made of the bytes. */
static kist_status place_job(void *ctx, size_t index, unsigned worker, struct kist_error *err)
{
	const struct batch *batch = ctx;
	struct kist_writer *writer = batch->writer;
	struct fresh *fresh = &writer->fresh[batch->first + index];
	uint8_t *at = batch->pack->builder.bytes.data + fresh->offset;
	uint8_t *body = at + kist_record_head_size(&fresh->record);

	(void)worker;
	(void)err;
	if (fresh->record.codec == KIST_CODEC_ZSTD) {
		memcpy(body, writer->scratch.data + fresh->scratch, fresh->record.body_len);
	} else {
		kist_codec_store(fresh->piece->bytes, body);
		fresh->record.body_crc = kist_crc32c(0, kist_view_of(body, fresh->record.body_len));
	}
	kist_record_write_head(&fresh->record, at);
	return KIST_OK;
}

/*
 * Job 0 hashes what was placed, for the pack's name; the others decode what the pack now holds, a chunk each.
 */
static kist_status check_job(void *ctx, size_t index, unsigned worker, struct kist_error *err)
{
	const struct batch *batch = ctx;
	const struct kist_pack_builder *builder = &batch->pack->builder;
	struct kist_buf *raw = &batch->writer->raws[worker];
	const struct kist_pack_entry *entry;
	struct kist_record record;
	struct kist_view bytes;

	if (index == 0) {
		kist_open_pack_hash(batch->pack);
		return KIST_OK;
	}
	entry = &builder->entries[batch->first_entry + index - 1];
	bytes = kist_view_of(builder->bytes.data + entry->offset, entry->record_len);
	KIST_TRY(kist_record_parse(bytes, &record, err));
	if (!kist_digest_equal(&record.id, &entry->id) || record.raw_len != entry->raw_len)
		return kist_fail(err, KIST_CORRUPT, "record and index disagree");
	raw->size = 0;
	KIST_TRY(kist_buf_reserve(raw, record.raw_len, err));
	return kist_record_decode(&batch->writer->codecs[worker], &record, bytes, raw->data, err);
}

static kist_status check_placed(struct batch *batch, size_t count, size_t bytes, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = run(batch, count + 1, bytes, check_job, &why);

	/* What we have just made is bad: memory or a library is at fault, and nothing of it may be kept. */
	if (status == KIST_CORRUPT)
		return kist_fail(err, KIST_INTERNAL, "a new pack does not decode, and was not kept: %s",
				 why.text);
	return status == KIST_OK ? KIST_OK : kist_fail(err, status, "%s", why.text);
}

/* Puts the fresh chunks into the pack in order and checks them; publishes the pack whenever it is full. */
static kist_status place_fresh(struct batch *batch, size_t bytes, struct kist_error *err)
{
	struct kist_writer *writer = batch->writer;
	size_t last;

	batch->pack = &writer->packs[batch->kind == KIST_CHUNK_DATA ? KIST_PACK_DATA : KIST_PACK_META];
	for (batch->first = 0; batch->first < batch->fresh_count; batch->first = last) {
		batch->first_entry = batch->pack->builder.count;
		for (last = batch->first; last < batch->fresh_count; last++) {
			struct fresh *fresh = &writer->fresh[last];
			const size_t len = kist_record_head_size(&fresh->record) + fresh->record.body_len;

			if (!kist_open_pack_fits(batch->pack, len))
				break;
			KIST_TRY(kist_open_pack_add(batch->pack, writer->store, &fresh->record,
						    &fresh->offset, err));
			writer->stats.stored_bytes += len;
		}
		KIST_TRY(run(batch, last - batch->first, bytes, place_job, err));
		KIST_TRY(check_placed(batch, last - batch->first, bytes, err));
		if (last < batch->fresh_count)
			KIST_TRY(kist_publish(&writer->publisher, batch->pack, true, err));
	}
	return KIST_OK;
}

static kist_status put_batch(struct batch *batch, size_t bytes, struct kist_error *err)
{
	struct kist_write_stats *stats = &batch->writer->stats;
	size_t fresh_bytes;

	KIST_TRY(run(batch, batch->count + 1, bytes, hash_job, err));
	KIST_TRY(find_fresh(batch, &fresh_bytes, err));
	KIST_TRY(run(batch, batch->fresh_count, fresh_bytes, compress_job, err));
	KIST_TRY(place_fresh(batch, fresh_bytes, err));
	stats->chunks += batch->count;
	stats->chunks_new += batch->fresh_count;
	stats->raw_bytes += bytes;
	stats->raw_bytes_new += fresh_bytes;
	return KIST_OK;
}

static kist_status put_all(struct batch *all, struct kist_error *err)
{
	size_t done = 0;

	while (done < all->count) {
		struct batch batch = *all;
		size_t bytes = 0;
		size_t count = 0;

		while (done + count < all->count && count < BATCH_COUNT_MAX &&
		       all->pieces[done + count].bytes.size <= BATCH_SIZE_MAX - bytes)
			bytes += all->pieces[done + count++].bytes.size;
		batch.pieces = all->pieces + done;
		batch.ids = all->ids + done;
		batch.count = count;
		KIST_TRY(put_batch(&batch, bytes, err));
		done += count;
	}
	return KIST_OK;
}

static kist_status check_put(const struct kist_writer *writer, enum kist_chunk_kind kind,
			     const struct kist_piece *pieces, size_t count, struct kist_error *err)
{
	if (writer->failed || writer->finished)
		return kist_fail(err, KIST_INVALID, "the writer has %s",
				 writer->failed ? "failed" : "finished");
	if ((unsigned)kind >= KIST_CHUNK_KIND_COUNT)
		return kist_fail(err, KIST_INVALID, "no kind of chunk: %u", (unsigned)kind);
	for (size_t i = 0; i < count; i++) {
		if (pieces[i].bytes.size == 0 || pieces[i].bytes.size > KIST_CHUNK_SIZE_MAX)
			return kist_fail(err, KIST_LIMIT, "chunk of %zu bytes: 1 to %zu are allowed",
					 pieces[i].bytes.size, KIST_CHUNK_SIZE_MAX);
	}
	return KIST_OK;
}

kist_status kist_writer_put(struct kist_writer *writer, enum kist_chunk_kind kind,
			    const struct kist_piece *pieces, size_t count, struct kist_digest *ret_ids,
			    struct kist_hasher *whole, struct kist_error *err)
{
	struct batch all = { .writer = writer,
			     .kind = kind,
			     .pieces = pieces,
			     .count = count,
			     .ids = ret_ids,
			     .whole = whole };
	kist_status status = check_put(writer, kind, pieces, count, err);

	if (status == KIST_OK)
		status = put_all(&all, err);
	if (status != KIST_OK)
		writer->failed = true;
	return status;
}

kist_status kist_writer_finish(struct kist_writer *writer, json_t **ret_packs, struct kist_error *err)
{
	kist_status status = check_put(writer, KIST_CHUNK_DATA, NULL, 0, err);

	/* Both are synced at the same time. */
	if (status == KIST_OK)
		status = kist_publish(&writer->publisher, &writer->packs[KIST_PACK_DATA],
				      writer->packs[KIST_PACK_META].builder.count > 0, err);
	if (status == KIST_OK)
		status = kist_publish(&writer->publisher, &writer->packs[KIST_PACK_META], false, err);
	if (status == KIST_OK)
		status = kist_publish_wait(&writer->publisher, err);
	if (status != KIST_OK) {
		writer->failed = true;
		return status;
	}
	writer->finished = true;
	*ret_packs = json_incref(writer->publisher.packs);
	return KIST_OK;
}

struct kist_write_stats kist_writer_stats(const struct kist_writer *writer)
{
	struct kist_write_stats stats = writer->stats;

	stats.packs = json_array_size(writer->publisher.packs);
	return stats;
}
