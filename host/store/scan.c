/* SPDX-License-Identifier: Apache-2.0 */
#include "store/scan.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "store/state.h"

#define BATCH_COUNT 1024
/* Raw bytes after which a batch ends; one record more may lie in it. */
#define BATCH_BYTES ((size_t)2 << 20)
/* Fewer are not worth a thread. */
#define BESIDE_MIN 512

struct pack {
	struct kist_store *store;
	const struct kist_digest *id;
	const struct kist_scan *scan;
	struct kist_buf bytes; /* all of it, or its tail */
	bool is_whole;
	struct kist_pack_footer footer;
	struct kist_view index;
};

struct item {
	struct kist_digest id;
	struct kist_location where;
	size_t at; /* in the batch's bytes */
	kist_status status;
	uint64_t looked[KIST_SCAN_LOOKED_MAX / sizeof(uint64_t)];
};

/* A stretch of the index, unpacked. */
struct batch {
	const struct pack *pack;
	size_t first;
	size_t count;
	struct kist_buf bytes;
	struct kist_chunk_reader reader;
	struct item *items;
	/* What ends the scan before the item where it stands. */
	kist_status failed;
	struct kist_error why;
	pthread_t thread;
	bool running;
};

static void batch_done(struct batch *batch)
{
	if (batch->running)
		(void)pthread_join(batch->thread, NULL);
	batch->running = false;
	kist_buf_done(&batch->bytes);
	kist_chunk_reader_done(&batch->reader);
	kist_free(batch->items);
	batch->items = NULL;
}

static struct kist_location location_of(const struct pack *pack, const struct kist_pack_entry *entry)
{
	return (struct kist_location){ .pack = *pack->id,
				       .offset = entry->offset,
				       .stored_len = entry->record_len,
				       .raw_len = entry->raw_len,
				       .kind = entry->kind,
				       .has_base = entry->has_base,
				       .base = { .id = entry->base } };
}

/* Of one record, which is no reason to stop. */
static bool is_damage(kist_status status)
{
	return status == KIST_CORRUPT || status == KIST_NOT_FOUND;
}

static bool is_record(const struct pack *pack, const struct kist_location *where)
{
	return pack->scan->with_records && where->kind == KIST_CHUNK_RECORD;
}

/* Which chunks the batch from @first on holds; room for them. */
static kist_status batch_begin(struct batch *batch, const struct pack *pack, size_t first,
			       struct kist_error *err)
{
	size_t total = 0;

	if (!batch->items)
		batch->items = kist_alloc(BATCH_COUNT, sizeof(*batch->items));
	if (!batch->items)
		return kist_fail_memory(err, BATCH_COUNT * sizeof(*batch->items));
	batch->pack = pack;
	batch->first = first;
	batch->count = 0;
	batch->failed = KIST_OK;
	kist_error_clear(&batch->why);
	while (batch->count < BATCH_COUNT && first + batch->count < pack->footer.count &&
	       total < BATCH_BYTES) {
		const struct kist_pack_entry entry = kist_pack_entry_at(pack->index, first + batch->count);
		struct item *item = &batch->items[batch->count++];

		memset(item, 0, sizeof(*item));
		item->id = entry.id;
		item->where = location_of(pack, &entry);
		item->at = total;
		if (is_record(pack, &item->where))
			total += kist_min_u64(item->where.raw_len, KIST_CHUNK_SIZE_MAX);
	}
	batch->bytes.size_max = total;
	batch->bytes.size = 0;
	return kist_buf_reserve(&batch->bytes, total, err);
}

static kist_status unpack(struct batch *batch, const struct item *item, struct kist_error *err)
{
	const struct pack *pack = batch->pack;
	const struct kist_location *where = &item->where;
	uint8_t *to = batch->bytes.data + item->at;

	if (!pack->is_whole)
		return kist_store_read_chunk_into(pack->store, &batch->reader, where, &item->id, to, err);
	if (where->offset > pack->bytes.size || where->stored_len > pack->bytes.size - where->offset)
		return kist_fail(err, KIST_CORRUPT, "the record lies outside of the pack");
	return kist_decode_chunk(&batch->reader, where, &item->id,
				 kist_view_of(pack->bytes.data + where->offset, where->stored_len), to, err);
}

static void *batch_work(void *arg)
{
	struct batch *batch = arg;
	const struct kist_scan *scan = batch->pack->scan;

	for (size_t i = 0; i < batch->count; i++) {
		struct item *item = &batch->items[i];

		if (!is_record(batch->pack, &item->where))
			continue;
		kist_error_clear(&batch->why);
		item->status = unpack(batch, item, &batch->why);
		if (item->status == KIST_OK && scan->look)
			scan->look(kist_view_of(batch->bytes.data + item->at, item->where.raw_len),
				   item->looked);
		if (item->status == KIST_OK || is_damage(item->status))
			continue;
		batch->failed = item->status;
		batch->count = i;
	}
	return NULL;
}

/* Begins the work on a batch, on another core where there is enough to do. */
static kist_status batch_start(struct batch *batch, const struct pack *pack, size_t first,
			       struct kist_error *err)
{
	KIST_TRY(batch_begin(batch, pack, first, err));
	batch->running = pack->scan->with_records && pack->footer.count >= BESIDE_MIN &&
			 pthread_create(&batch->thread, NULL, batch_work, batch) == 0;
	if (!batch->running)
		(void)batch_work(batch);
	return KIST_OK;
}

static kist_status batch_wait(struct batch *batch, struct kist_error *err)
{
	if (batch->running && pthread_join(batch->thread, NULL) != 0)
		return kist_fail(err, KIST_INTERNAL, "a thread cannot be waited for");
	batch->running = false;
	return KIST_OK;
}

static kist_status batch_give(struct batch *batch, struct kist_error *err)
{
	const struct kist_scan *scan = batch->pack->scan;

	for (size_t i = 0; i < batch->count; i++) {
		const struct item *item = &batch->items[i];
		struct kist_scanned chunk = { .id = &item->id,
					      .where = &item->where,
					      .status = item->status };

		if (is_record(batch->pack, &item->where) && item->status == KIST_OK) {
			chunk.record = kist_view_of(batch->bytes.data + item->at, item->where.raw_len);
			chunk.looked = item->looked;
		}
		KIST_TRY(scan->each(scan->ctx, &chunk, err));
	}
	if (batch->failed == KIST_OK)
		return KIST_OK;
	return kist_fail_as(err, batch->failed, &batch->why);
}

/* While one batch is taken up, the next is unpacked. */
static kist_status give_all(const struct pack *pack, struct batch *batches, struct kist_error *err)
{
	size_t done = 0;
	int turn = 0;

	if (pack->footer.count == 0)
		return KIST_OK;
	KIST_TRY(batch_start(&batches[0], pack, 0, err));
	while (done < pack->footer.count) {
		struct batch *batch = &batches[turn];

		KIST_TRY(batch_wait(batch, err));
		done = batch->failed == KIST_OK ? batch->first + batch->count : pack->footer.count;
		turn = 1 - turn;
		if (done < pack->footer.count)
			KIST_TRY(batch_start(&batches[turn], pack, done, err));
		KIST_TRY(batch_give(batch, err));
	}
	return KIST_OK;
}

/* All of a small pack, or the index of a large one. */
static kist_status read_pack(struct pack *pack, struct kist_error *err)
{
	char key[KIST_PACK_KEY_SIZE];
	struct kist_view tail;

	kist_pack_key(pack->id, key);
	if (pack->scan->with_records) {
		pack->bytes.size_max = KIST_SCAN_WHOLE_MAX;
		KIST_TRY(kist_backend_get(pack->store->backend, key, 0, KIST_SCAN_WHOLE_MAX, &pack->bytes,
					  err));
		pack->is_whole = pack->bytes.size < KIST_SCAN_WHOLE_MAX;
	}
	if (!pack->is_whole) {
		kist_buf_done(&pack->bytes);
		pack->bytes.size_max = KIST_PACK_TAIL_MAX;
		return kist_read_pack_index(pack->store, pack->id, &pack->bytes, &pack->footer, &pack->index,
					    err);
	}
	tail = kist_buf_view(&pack->bytes);
	if (tail.size < KIST_PACK_FOOT_SIZE)
		return kist_fail(err, KIST_CORRUPT, "pack is cut short");
	tail = kist_view_of(tail.data + tail.size - KIST_PACK_FOOT_SIZE, KIST_PACK_FOOT_SIZE);
	KIST_TRY(kist_pack_parse_footer(tail, pack->bytes.size, &pack->footer, err));
	if (pack->footer.index_offset > pack->bytes.size ||
	    pack->footer.index_size > pack->bytes.size - pack->footer.index_offset)
		return kist_fail(err, KIST_CORRUPT, "pack is cut short");
	pack->index =
		kist_view_of(pack->bytes.data + pack->footer.index_offset, (size_t)pack->footer.index_size);
	KIST_TRY(kist_pack_check_index(pack->index, &pack->footer, err));
	return kist_check_pack_name(pack->id, kist_buf_view(&pack->bytes), tail.data, err);
}

kist_status kist_store_scan_pack(struct kist_store *store, const struct kist_digest *id,
				 const struct kist_scan *scan, struct kist_error *err)
{
	struct pack pack = { .store = store, .id = id, .scan = scan, .bytes = KIST_BUF_INIT(0) };
	struct batch batches[2] = { { .bytes = KIST_BUF_INIT(0) }, { .bytes = KIST_BUF_INIT(0) } };
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	status = read_pack(&pack, &why);
	if (status != KIST_OK)
		(void)kist_fail_in_pack(id, pack.footer.index_offset, &why, err);
	else
		status = give_all(&pack, batches, err);
	batch_done(&batches[0]);
	batch_done(&batches[1]);
	kist_buf_done(&pack.bytes);
	return status;
}
