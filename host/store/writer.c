/* SPDX-License-Identifier: Apache-2.0 */
#include "store/writer.h"

#include <string.h>

#include "base/mem.h"
#include "store/encode.h"
#include "store/idset.h"
#include "store/lean.h"
#include "store/publish.h"

/* A last metadata pack of fewer bytes is sooner written than a thread is begun for it. */
#define BESIDE_MIN ((size_t)1 << 20)

struct kist_writer {
	struct kist_store *store;
	const struct kist_chunk_index *index;
	struct kist_encoder encoder;
	struct kist_publisher publisher;
	struct kist_open_pack packs[2]; /* by enum kist_pack_kind */
	struct kist_written written;	/* what was published */
	/* What was written through this writer: records, and the rest. */
	struct kist_idset known_records;
	struct kist_idset known;
	struct kist_leans leans;
	struct kist_chunk_reader reader;
	/* The packs that were looked at last, for data and for the rest. */
	struct seen_pack {
		struct kist_digest id;
		uint64_t end; /* of its records; 0 when it is gone or cut short */
	} seen[2];
	struct kist_write_stats stats;
	bool failed;
	bool finished;
	enum kist_filter_level level;
};

kist_status kist_writer_open(struct kist_store *store, const struct kist_chunk_index *index,
			     struct kist_writer **ret, struct kist_error *err)
{
	kist_auto_writer struct kist_writer *writer = kist_alloc(1, sizeof(*writer));

	if (!writer)
		return kist_fail_memory(err, sizeof(*writer));
	writer->store = store;
	writer->index = index;
	writer->level = KIST_FILTER_DEFAULT;
	for (int kind = KIST_PACK_DATA; kind <= KIST_PACK_META; kind++)
		writer->packs[kind] = (struct kist_open_pack)KIST_OPEN_PACK_INIT((enum kist_pack_kind)kind);
	KIST_TRY(kist_encoder_open(&writer->encoder, store, err));
	KIST_TRY(kist_publisher_start(&writer->publisher, store, err));
	writer->publisher.written = &writer->written;
	KIST_TRY(kist_leans_start(&writer->leans, index, err));
	*ret = kist_steal(writer);
	return KIST_OK;
}

void kist_writer_release(struct kist_writer *writer)
{
	kist_publisher_release(&writer->publisher);
	for (int kind = KIST_PACK_DATA; kind <= KIST_PACK_META; kind++)
		kist_open_pack_done(&writer->packs[kind]);
	kist_idset_done(&writer->known_records);
	kist_idset_done(&writer->known);
}

void kist_writer_close(struct kist_writer *writer)
{
	if (!writer)
		return;
	kist_encoder_done(&writer->encoder);
	/* Once they are given out for a commit, they may be in one. */
	if (!writer->finished)
		kist_publisher_drop(&writer->publisher);
	kist_writer_release(writer);
	kist_publisher_done(&writer->publisher);
	kist_chunk_reader_done(&writer->reader);
	kist_leans_done(&writer->leans);
	kist_written_done(&writer->written);
	kist_free(writer);
}

void kist_writer_set_level(struct kist_writer *writer, enum kist_filter_level level)
{
	writer->level = level;
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

/*
 * Whether the chunk at @where may be leaned on.  The index may be older than the store: the pack may be gone, or
 * cut short; and what lies there may have been hurt since it was written.
 */
static kist_status still_stands(struct kist_writer *writer, const struct kist_location *where,
				const struct kist_digest *id, bool *ret, struct kist_error *err)
{
	struct seen_pack *seen = &writer->seen[where->kind == KIST_CHUNK_DATA ? 0 : 1];
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	if (seen->end == 0 || !kist_digest_equal(&where->pack, &seen->id)) {
		seen->id = where->pack;
		if (look_at_pack(writer->store, &where->pack, &seen->end, &why) != KIST_OK)
			return kist_fail_as(err, why.status, &why);
	}
	*ret = false;
	if (where->offset > seen->end || where->stored_len > seen->end - where->offset)
		return KIST_OK;
	status = kist_store_check_record(writer->store, &writer->reader, where, id, &why);
	*ret = status == KIST_OK;
	return *ret || kist_is_damage(status, &why) ? KIST_OK : kist_fail_as(err, status, &why);
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
	if (status == KIST_OK)
		status = still_stands(writer, &where, id, ret, err);
	return status == KIST_OK && *ret ? kist_leans_add(&writer->leans, kind, id, err) : status;
}

/* Words are compared with those in the same places; other bytes are looked for in all of a base. */
static bool base_fits(const struct kist_piece *piece, const struct kist_base_location *base)
{
	return base->kind == KIST_CHUNK_DATA &&
	       (base->raw_len == piece->bytes.size || piece->hint.kind == KIST_FILTER_BYTES);
}

/* Which chunk may be the base of a new one: one that is kept whole, for bases have none themselves. */
static kist_status find_like(const struct kist_writer *writer, const struct kist_piece *piece,
			     const struct kist_digest *id, struct kist_base_location *ret,
			     struct kist_error *err)
{
	const struct kist_chunk_index *const index = writer->index;
	struct kist_location where;
	kist_status status;
	bool may = false;

	if (!piece->is_like || !index || !index->may_differ || writer->level == KIST_FILTER_FAST)
		return KIST_OK;
	status = index->find(index->ctx, &piece->like, &where, err);
	if (status != KIST_OK)
		return status == KIST_NOT_FOUND ? KIST_OK : status;
	if (!where.has_base)
		where.base = (struct kist_base_location){ .id = piece->like,
							  .pack = where.pack,
							  .offset = where.offset,
							  .stored_len = where.stored_len,
							  .raw_len = where.raw_len,
							  .kind = where.kind };
	KIST_TRY(index->may_differ(index->ctx, id, &may, err));
	if (may && base_fits(piece, &where.base) && !kist_digest_equal(&where.base.id, id))
		*ret = where.base;
	return KIST_OK;
}

static struct kist_open_pack *pack_of(struct kist_writer *writer, uint8_t kind)
{
	return &writer->packs[kind == KIST_CHUNK_DATA ? KIST_PACK_DATA : KIST_PACK_META];
}

/* Puts the oldest record of the queue into its pack; publishes the pack first when it is full. */
static kist_status place_one(struct kist_writer *writer, struct kist_error *err)
{
	const struct kist_fresh *fresh = NULL;
	struct kist_open_pack *pack;
	size_t offset;

	KIST_TRY(kist_encoder_take(&writer->encoder, &fresh, err));
	pack = pack_of(writer, fresh->record.kind);
	if (!kist_open_pack_fits(pack, fresh->bytes.size))
		KIST_TRY(kist_publish(&writer->publisher, pack, true, err));
	KIST_TRY(kist_open_pack_add(pack, &writer->publisher, &fresh->record, fresh->bytes, &offset, err));
	if (fresh->record.kind == KIST_CHUNK_RECORD)
		KIST_TRY(kist_written_add(&writer->written, offset, fresh->piece.bytes, err));
	if (kist_record_has_base(&fresh->record))
		KIST_TRY(kist_leans_add_base(&writer->leans, &fresh->record.base, err));
	writer->stats.stored_bytes += fresh->bytes.size;
	writer->stats.filtered[fresh->record.filter]++;
	return KIST_OK;
}

/* Until the chunks before number @end are in their packs. */
static kist_status place_until(struct kist_writer *writer, uint64_t end, struct kist_error *err)
{
	const struct kist_encoder *encoder = &writer->encoder;

	while (encoder->count > 0 && encoder->fresh[encoder->first].number < end)
		KIST_TRY(place_one(writer, err));
	return KIST_OK;
}

/* At once, so that its twin behind it is seen. */
static kist_status remember(struct kist_writer *writer, enum kist_chunk_kind kind,
			    const struct kist_digest *id, struct kist_error *err)
{
	if (kind != KIST_CHUNK_RECORD)
		return kist_idset_add(&writer->known, id, err);
	/* The same bytes as something else may lie in the open pack, whose index holds an id once. */
	if (kist_idset_has(&writer->known, id)) {
		KIST_TRY(place_until(writer, UINT64_MAX, err));
		KIST_TRY(kist_publish(&writer->publisher, &writer->packs[KIST_PACK_META], false, err));
	}
	return kist_idset_add(&writer->known_records, id, err);
}

static kist_status add(struct kist_writer *writer, enum kist_chunk_kind kind, const struct kist_piece *piece,
		       struct kist_digest *ret_id, struct kist_hasher *whole, struct kist_error *err)
{
	struct kist_write_stats *const stats = &writer->stats;
	struct kist_fresh fresh = { .level = writer->level,
				    .piece = *piece,
				    .number = stats->chunks++,
				    .record = { .raw_len = (uint32_t)piece->bytes.size,
						.kind = (uint8_t)kind } };
	bool kept;

	if (whole)
		*ret_id = kist_hasher_add_beside(whole, piece->bytes, piece->bytes);
	else
		*ret_id = piece->id ? *piece->id : kist_digest_of(piece->bytes);
	stats->raw_bytes += piece->bytes.size;
	KIST_TRY(is_kept(writer, kind, ret_id, &kept, err));
	if (kept)
		return KIST_OK;
	KIST_TRY(remember(writer, kind, ret_id, err));
	fresh.record.id = *ret_id;
	if (kind == KIST_CHUNK_DATA)
		KIST_TRY(find_like(writer, piece, ret_id, &fresh.like, err));
	while (kist_encoder_is_full(&writer->encoder, piece->bytes.size))
		KIST_TRY(place_one(writer, err));
	kist_encoder_add(&writer->encoder, &fresh);
	stats->chunks_new++;
	stats->raw_bytes_new += piece->bytes.size;
	return KIST_OK;
}

static kist_status check_state(const struct kist_writer *writer, struct kist_error *err)
{
	if (writer->failed || writer->finished)
		return kist_fail(err, KIST_INVALID, "the writer has %s",
				 writer->failed ? "failed" : "finished");
	return KIST_OK;
}

static kist_status check_piece(enum kist_chunk_kind kind, const struct kist_piece *piece,
			       struct kist_error *err)
{
	if ((unsigned)kind >= KIST_CHUNK_KIND_COUNT)
		return kist_fail(err, KIST_INVALID, "no kind of chunk: %u", (unsigned)kind);
	if (piece->bytes.size == 0 || piece->bytes.size > KIST_CHUNK_SIZE_MAX)
		return kist_fail(err, KIST_LIMIT, "chunk of %zu bytes: 1 to %zu are allowed",
				 piece->bytes.size, KIST_CHUNK_SIZE_MAX);
	return KIST_OK;
}

/* After a failure nothing that was put is borrowed any more. */
static kist_status fail_writer(struct kist_writer *writer, kist_status status)
{
	if (status != KIST_OK) {
		writer->failed = true;
		kist_encoder_drop(&writer->encoder);
	}
	return status;
}

kist_status kist_writer_add(struct kist_writer *writer, enum kist_chunk_kind kind,
			    const struct kist_piece *piece, struct kist_digest *ret_id,
			    struct kist_hasher *whole, struct kist_error *err)
{
	kist_status status = check_state(writer, err);

	if (status == KIST_OK)
		status = check_piece(kind, piece, err);
	if (status == KIST_OK)
		status = add(writer, kind, piece, ret_id, whole, err);
	return fail_writer(writer, status);
}

kist_status kist_writer_settle(struct kist_writer *writer, uint64_t count, struct kist_error *err)
{
	return writer->failed ? check_state(writer, err)
			      : fail_writer(writer, place_until(writer, count, err));
}

void kist_writer_beside(struct kist_writer *writer, struct kist_pool_job *job)
{
	kist_pool_add_first(writer->encoder.pool, job);
}

kist_status kist_writer_wait(struct kist_writer *writer, struct kist_pool_job *job, struct kist_error *err)
{
	return kist_pool_wait(writer->encoder.pool, job, err);
}

kist_status kist_writer_put(struct kist_writer *writer, enum kist_chunk_kind kind,
			    const struct kist_piece *pieces, size_t count, struct kist_digest *ret_ids,
			    struct kist_hasher *whole, struct kist_error *err)
{
	KIST_TRY(check_state(writer, err));
	for (size_t i = 0; i < count; i++)
		KIST_TRY(kist_writer_add(writer, kind, &pieces[i], &ret_ids[i], whole, err));
	return kist_writer_settle(writer, UINT64_MAX, err);
}

/* For whoever folds them.  What fails here fails again, or not, where somebody can be told. */
static void look_at_written(struct kist_writer *writer)
{
	for (size_t i = 0; writer->index && writer->index->look && i < writer->written.count; i++)
		(void)!kist_written_look(&writer->written.packs[i], writer->index->look, NULL);
}

/* Both are synced at the same time; meanwhile those who encoded go, and the records are looked at. */
static kist_status publish_last(struct kist_writer *writer, struct kist_error *err)
{
	struct kist_open_pack *const meta = &writer->packs[KIST_PACK_META];
	const bool beside = meta->put || meta->builder.bytes.size >= BESIDE_MIN;

	KIST_TRY(kist_publish(&writer->publisher, &writer->packs[KIST_PACK_DATA], true, err));
	if (!beside)
		kist_encoder_done(&writer->encoder);
	KIST_TRY(kist_publish(&writer->publisher, meta, beside, err));
	kist_encoder_done(&writer->encoder);
	look_at_written(writer);
	return kist_publish_wait(&writer->publisher, err);
}

kist_status kist_writer_finish(struct kist_writer *writer, json_t **ret_packs, struct kist_error *err)
{
	kist_status status = check_state(writer, err);

	if (status == KIST_OK)
		status = place_until(writer, UINT64_MAX, err);
	if (status == KIST_OK)
		status = publish_last(writer, err);
	kist_encoder_done(&writer->encoder);
	writer->failed = status != KIST_OK;
	if (status != KIST_OK)
		return status;
	writer->finished = true;
	*ret_packs = json_incref(writer->publisher.packs);
	return KIST_OK;
}

struct kist_written *kist_writer_written(struct kist_writer *writer)
{
	return &writer->written;
}

kist_status kist_writer_recheck(struct kist_writer *writer, struct kist_error *err)
{
	return kist_leans_check(&writer->leans, writer->publisher.session.id, err);
}

void kist_writer_abandon(struct kist_writer *writer)
{
	writer->finished = false;
	writer->failed = true;
}

struct kist_write_stats kist_writer_stats(const struct kist_writer *writer)
{
	struct kist_write_stats stats = writer->stats;

	stats.packs = json_array_size(writer->publisher.packs);
	return stats;
}
