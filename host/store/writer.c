/* SPDX-License-Identifier: Apache-2.0 */
#include "store/writer.h"

#include <string.h>

#include "base/mem.h"
#include "store/encode.h"
#include "store/idset.h"
#include "store/lean.h"
#include "store/publish.h"

struct kist_writer {
	struct kist_store *store;
	const struct kist_chunk_index *index;
	struct kist_encoder encoder;
	struct kist_publisher publisher;
	struct kist_open_pack packs[2]; /* by enum kist_pack_kind */
	/* What was written through this writer: records, and the rest. */
	struct kist_idset known_records;
	struct kist_idset known;
	struct kist_leans leans;
	/* The packs that were looked at last, for data and for the rest. */
	struct seen_pack {
		struct kist_digest id;
		uint64_t end; /* of its records; 0 when it is gone or cut short */
	} seen[2];
	struct kist_write_stats stats;
	bool failed;
	bool finished;
	enum kist_chunk_kind kind; /* of what is being put */
};

kist_status kist_writer_open(struct kist_store *store, const struct kist_chunk_index *index,
			     struct kist_writer **ret, struct kist_error *err)
{
	kist_auto_writer struct kist_writer *writer = kist_alloc(1, sizeof(*writer));

	if (!writer)
		return kist_fail_memory(err, sizeof(*writer));
	writer->store = store;
	writer->index = index;
	for (int kind = KIST_PACK_DATA; kind <= KIST_PACK_META; kind++)
		writer->packs[kind] = (struct kist_open_pack){ .builder = KIST_PACK_BUILDER_INIT,
							       .kind = (enum kist_pack_kind)kind };
	KIST_TRY(kist_encoder_open(&writer->encoder, err));
	KIST_TRY(kist_publisher_start(&writer->publisher, store, err));
	KIST_TRY(kist_leans_start(&writer->leans, index, err));
	*ret = kist_steal(writer);
	return KIST_OK;
}

void kist_writer_close(struct kist_writer *writer)
{
	if (!writer)
		return;
	/* Once they are given out for a commit, they may be in one. */
	if (!writer->finished)
		kist_publisher_drop(&writer->publisher);
	kist_publisher_done(&writer->publisher);
	kist_encoder_done(&writer->encoder);
	for (int kind = KIST_PACK_DATA; kind <= KIST_PACK_META; kind++) {
		kist_pack_builder_done(&writer->packs[kind].builder);
		kist_hasher_done(&writer->packs[kind].name);
	}
	kist_idset_done(&writer->known_records);
	kist_idset_done(&writer->known);
	kist_leans_done(&writer->leans);
	kist_free(writer);
}

void kist_writer_set_level(struct kist_writer *writer, enum kist_filter_level level)
{
	writer->encoder.level = level;
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
			return kist_fail_as(err, why.status, &why);
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
	if (status == KIST_OK)
		status = still_stands(writer, &where, ret, err);
	return status == KIST_OK && *ret ? kist_leans_add(&writer->leans, kind, id, err) : status;
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

/* Whether a chunk is to be kept; from then on it is. */
static kist_status is_new(void *ctx, const struct kist_digest *id, bool *ret, struct kist_error *err)
{
	struct kist_writer *writer = ctx;
	bool kept;

	KIST_TRY(is_kept(writer, writer->kind, id, &kept, err));
	if (!kept)
		KIST_TRY(remember(writer, writer->kind, id, err));
	*ret = !kept;
	return KIST_OK;
}

/* Puts the fresh chunks into the pack in order; publishes the pack whenever it is full. */
static kist_status place_fresh(struct kist_writer *writer, struct kist_error *err)
{
	struct kist_encoder *encoder = &writer->encoder;
	struct kist_open_pack *pack =
		&writer->packs[writer->kind == KIST_CHUNK_DATA ? KIST_PACK_DATA : KIST_PACK_META];
	size_t last;

	for (size_t first = 0; first < encoder->fresh_count; first = last) {
		const size_t first_entry = pack->builder.count;

		for (last = first; last < encoder->fresh_count; last++) {
			struct kist_fresh *fresh = &encoder->fresh[last];
			const size_t len = kist_record_head_size(&fresh->record) + fresh->record.body_len;

			if (!kist_open_pack_fits(pack, len))
				break;
			KIST_TRY(kist_open_pack_add(pack, &writer->publisher, &fresh->record, &fresh->offset,
						    err));
			writer->stats.stored_bytes += len;
			writer->stats.filtered[fresh->record.filter]++;
		}
		KIST_TRY(kist_encode_place(encoder, pack, first, last, first_entry, err));
		if (last < encoder->fresh_count)
			KIST_TRY(kist_publish(&writer->publisher, pack, true, err));
	}
	return KIST_OK;
}

static kist_status put_batch(struct kist_writer *writer, const struct kist_encode_batch *batch,
			     struct kist_error *err)
{
	struct kist_write_stats *stats = &writer->stats;

	KIST_TRY(kist_encode(&writer->encoder, batch, err));
	KIST_TRY(place_fresh(writer, err));
	stats->chunks += batch->count;
	stats->chunks_new += writer->encoder.fresh_count;
	stats->raw_bytes += batch->bytes;
	stats->raw_bytes_new += writer->encoder.fresh_bytes;
	return KIST_OK;
}

static kist_status put_all(struct kist_writer *writer, const struct kist_encode_batch *all,
			   struct kist_error *err)
{
	size_t done = 0;

	while (done < all->count) {
		struct kist_encode_batch batch = *all;

		batch.pieces = all->pieces + done;
		batch.ids = all->ids + done;
		batch.count = 0;
		while (done + batch.count < all->count && batch.count < KIST_ENCODE_COUNT_MAX &&
		       batch.pieces[batch.count].bytes.size <= KIST_ENCODE_SIZE_MAX - batch.bytes)
			batch.bytes += batch.pieces[batch.count++].bytes.size;
		KIST_TRY(put_batch(writer, &batch, err));
		done += batch.count;
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
	const struct kist_encode_batch all = { .kind = kind,
					       .pieces = pieces,
					       .count = count,
					       .ids = ret_ids,
					       .whole = whole,
					       .ctx = writer,
					       .is_new = is_new };
	kist_status status = check_put(writer, kind, pieces, count, err);

	writer->kind = kind;
	if (status == KIST_OK)
		status = put_all(writer, &all, err);
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
