/* SPDX-License-Identifier: Apache-2.0 */
#include "store/scan.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "store/state.h"

#define BATCH_COUNT 1024
/* Raw bytes after which a batch ends; one record more may lie in it. */
#define BATCH_BYTES ((size_t)2 << 20)
/* Fewer are not worth a thread. */
#define BESIDE_MIN 512
/* So many chunks are taken at once from what two threads share. */
#define STEP 16

struct pack {
	struct kist_store *store;
	const struct kist_digest *id;
	const struct kist_scan *scan;
	struct kist_written_pack *written; /* or NULL: then it is read */
	struct kist_buf bytes;		   /* all of it, or its tail */
	bool is_whole;
	struct kist_pack_footer footer;
	struct kist_view index;
};

struct item {
	struct kist_digest id;
	struct kist_location where;
	size_t at;		 /* in the batch's bytes, if it is unpacked there */
	struct kist_view record; /* if it is one, and sound */
	kist_status status;
	uint64_t looked[KIST_LOOKED_MAX / sizeof(uint64_t)];
};

struct batch;

/* One of the two that unpack a batch. */
struct hand {
	struct batch *batch;
	struct kist_chunk_reader reader;
	/* What ends the scan before this item: nothing else was left out before it. */
	size_t failed_at;
	kist_status failed;
	struct kist_error why;
};

/* A stretch of the index, unpacked. */
struct batch {
	const struct pack *pack;
	size_t first;
	size_t count;
	atomic_size_t next; /* that nobody has taken */
	struct kist_buf bytes;
	struct item *items;
	struct hand hands[2]; /* of the thread, and of who waits for it */
	pthread_t thread;
	bool running;
};

static void batch_stop(struct batch *batch)
{
	if (batch->running)
		(void)pthread_join(batch->thread, NULL);
	batch->running = false;
}

static void batch_done(struct batch *batch)
{
	batch_stop(batch);
	kist_buf_done(&batch->bytes);
	kist_chunk_reader_done(&batch->hands[0].reader);
	kist_chunk_reader_done(&batch->hands[1].reader);
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
	atomic_store(&batch->next, 0);
	for (size_t i = 0; i < 2; i++) {
		batch->hands[i].batch = batch;
		batch->hands[i].failed = KIST_OK;
	}
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

static kist_status unpack(struct hand *hand, const struct item *item, struct kist_error *err)
{
	const struct pack *pack = hand->batch->pack;
	const struct kist_location *where = &item->where;
	uint8_t *to = hand->batch->bytes.data + item->at;

	if (!pack->is_whole)
		return kist_store_read_chunk_into(pack->store, &hand->reader, where, &item->id, to, err);
	if (where->offset > pack->bytes.size || where->stored_len > pack->bytes.size - where->offset)
		return kist_fail(err, KIST_CORRUPT, "the record lies outside of the pack");
	return kist_decode_chunk(&hand->reader, where, &item->id,
				 kist_view_of(pack->bytes.data + where->offset, where->stored_len), to, err);
}

static kist_status find_record(struct hand *hand, struct item *item, struct kist_error *err)
{
	const struct batch *batch = hand->batch;

	KIST_TRY(unpack(hand, item, err));
	item->record = kist_view_of(batch->bytes.data + item->at, item->where.raw_len);
	return KIST_OK;
}

static kist_status take_up(struct hand *hand, struct item *item)
{
	const struct batch *batch = hand->batch;
	const struct kist_scan *scan = batch->pack->scan;

	if (!is_record(batch->pack, &item->where))
		return KIST_OK;
	kist_error_clear(&hand->why);
	item->status = find_record(hand, item, &hand->why);
	if (item->status == KIST_OK && scan->look)
		scan->look(item->record, item->looked);
	return is_damage(item->status) ? KIST_OK : item->status;
}

/* Takes steps of the batch until none is left, or one fails. */
static void *hand_work(void *arg)
{
	struct hand *hand = arg;
	struct batch *batch = hand->batch;
	size_t first;

	while (hand->failed == KIST_OK && (first = atomic_fetch_add(&batch->next, STEP)) < batch->count) {
		const size_t end = (size_t)kist_min_u64(first + STEP, batch->count);

		for (size_t i = first; i < end && hand->failed == KIST_OK; i++) {
			hand->failed = take_up(hand, &batch->items[i]);
			hand->failed_at = i;
		}
	}
	return NULL;
}

/* Begins the work on a batch, on another core where there is enough to do. */
static kist_status batch_start(struct batch *batch, const struct pack *pack, size_t first,
			       struct kist_error *err)
{
	KIST_TRY(batch_begin(batch, pack, first, err));
	batch->running = pack->scan->with_records && pack->footer.count >= BESIDE_MIN &&
			 pthread_create(&batch->thread, NULL, hand_work, &batch->hands[0]) == 0;
	return KIST_OK;
}

/* Takes a hand in what is left of the batch. */
static kist_status batch_wait(struct batch *batch, struct kist_error *err)
{
	(void)hand_work(&batch->hands[1]);
	if (batch->running && pthread_join(batch->thread, NULL) != 0)
		return kist_fail(err, KIST_INTERNAL, "a thread cannot be waited for");
	batch->running = false;
	return KIST_OK;
}

/* Who failed at the first item of all, or NULL. */
static const struct hand *failed_hand(const struct batch *batch)
{
	const struct hand *const hands = batch->hands;

	if (hands[0].failed == KIST_OK || hands[1].failed == KIST_OK)
		return hands[0].failed != KIST_OK ? &hands[0] : hands[1].failed != KIST_OK ? &hands[1] : NULL;
	return hands[0].failed_at < hands[1].failed_at ? &hands[0] : &hands[1];
}

static kist_status batch_give(const struct batch *batch, struct kist_error *err)
{
	const struct kist_scan *scan = batch->pack->scan;
	const struct hand *failed = failed_hand(batch);
	const size_t count = failed ? failed->failed_at : batch->count;

	for (size_t i = 0; i < count; i++) {
		const struct item *item = &batch->items[i];
		struct kist_scanned chunk = { .id = &item->id,
					      .where = &item->where,
					      .status = item->status };

		if (is_record(batch->pack, &item->where) && item->status == KIST_OK) {
			chunk.record = item->record;
			chunk.looked = item->looked;
		}
		KIST_TRY(scan->each(scan->ctx, &chunk, err));
	}
	return failed ? kist_fail_as(err, failed->failed, &failed->why) : KIST_OK;
}

/* While one batch is taken up, the next is unpacked.  @begun: Work on the first has begun. */
static kist_status give_all(const struct pack *pack, struct batch *batches, bool begun,
			    struct kist_error *err)
{
	size_t done = 0;
	int turn = 0;

	if (pack->footer.count == 0)
		return KIST_OK;
	if (!begun)
		KIST_TRY(batch_start(&batches[0], pack, 0, err));
	while (done < pack->footer.count) {
		struct batch *batch = &batches[turn];

		KIST_TRY(batch_wait(batch, err));
		done = failed_hand(batch) ? pack->footer.count : batch->first + batch->count;
		turn = 1 - turn;
		if (done < pack->footer.count)
			KIST_TRY(batch_start(&batches[turn], pack, done, err));
		KIST_TRY(batch_give(batch, err));
	}
	return KIST_OK;
}

/* Of what was written nothing need be read or unpacked. */
static kist_status give_written(const struct pack *pack, struct kist_error *err)
{
	const struct kist_scan *scan = pack->scan;

	if (scan->with_records)
		KIST_TRY(kist_written_look(pack->written, scan->look, err));
	for (size_t i = 0; i < pack->footer.count; i++) {
		const struct kist_pack_entry entry = kist_pack_entry_at(pack->index, i);
		const struct kist_location where = location_of(pack, &entry);
		struct kist_scanned chunk = { .id = &entry.id, .where = &where };

		if (is_record(pack, &where)) {
			chunk.record = pack->written->entries[i].record;
			chunk.looked = pack->written->entries[i].looked;
			if (chunk.record.size != where.raw_len)
				return kist_fail(err, KIST_INTERNAL,
						 "a record that was written is not at hand");
		}
		KIST_TRY(scan->each(scan->ctx, &chunk, err));
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

/* A scan on its way. */
struct kist_scan_ahead {
	struct pack pack;
	struct kist_scan scan;
	struct kist_digest id;
	struct batch batches[2];
	bool begun;
	kist_status status; /* of reading the pack */
	struct kist_error why;
	pthread_t thread;
	bool running;
	sem_t opened; /* what stands above the thread is settled: whoever waits can take a hand in the batch */
	bool has_sem;
};

static void open_pack(struct kist_scan_ahead *ahead)
{
	struct pack *const pack = &ahead->pack;

	pack->written = kist_written_find(ahead->scan.written, &ahead->id);
	if (!pack->written) {
		ahead->status = read_pack(pack, &ahead->why);
		return;
	}
	pack->footer = pack->written->footer;
	pack->index = kist_buf_view(&pack->written->index);
}

/* What of a pack can be done before it is asked for. */
static void *ahead_work(void *arg)
{
	struct kist_scan_ahead *const ahead = arg;
	bool begun;

	open_pack(ahead);
	/* What fails here fails again, or not, where somebody can be told. */
	begun = ahead->status == KIST_OK && !ahead->pack.written && ahead->pack.footer.count > 0 &&
		batch_begin(&ahead->batches[0], &ahead->pack, 0, NULL) == KIST_OK;
	ahead->begun = begun;
	(void)sem_post(&ahead->opened);
	return begun ? hand_work(&ahead->batches[0].hands[0]) : NULL;
}

static void ahead_begin(struct kist_scan_ahead *ahead, struct kist_store *store, const struct kist_digest *id,
			const struct kist_scan *scan)
{
	ahead->id = *id;
	ahead->scan = *scan;
	ahead->pack = (struct pack){
		.store = store, .id = &ahead->id, .scan = &ahead->scan, .bytes = KIST_BUF_INIT(0)
	};
	for (size_t i = 0; i < 2; i++)
		ahead->batches[i].bytes = (struct kist_buf)KIST_BUF_INIT(0);
}

static void ahead_join(struct kist_scan_ahead *ahead)
{
	if (ahead->running)
		(void)pthread_join(ahead->thread, NULL);
	ahead->running = false;
}

/* The thread is from then on one that works on the first batch, like that of any other batch. */
static void hand_over(struct kist_scan_ahead *ahead)
{
	while (sem_wait(&ahead->opened) != 0 && errno == EINTR)
		;
	if (!ahead->begun) {
		ahead_join(ahead);
		return;
	}
	ahead->batches[0].thread = ahead->thread;
	ahead->batches[0].running = true;
	ahead->running = false;
}

static kist_status ahead_give(struct kist_scan_ahead *ahead, struct kist_error *err)
{
	if (ahead->status != KIST_OK)
		return kist_fail_in_pack(&ahead->id, ahead->pack.footer.index_offset, &ahead->why, err);
	return ahead->pack.written ? give_written(&ahead->pack, err)
				   : give_all(&ahead->pack, ahead->batches, ahead->begun, err);
}

static void ahead_done(struct kist_scan_ahead *ahead)
{
	ahead_join(ahead);
	batch_done(&ahead->batches[0]);
	batch_done(&ahead->batches[1]);
	kist_buf_done(&ahead->pack.bytes);
	if (ahead->has_sem)
		(void)sem_destroy(&ahead->opened);
}

kist_status kist_store_scan_pack(struct kist_store *store, const struct kist_digest *id,
				 const struct kist_scan *scan, struct kist_error *err)
{
	__attribute__((cleanup(ahead_done))) struct kist_scan_ahead ahead = { .why = KIST_ERROR_INIT };

	ahead_begin(&ahead, store, id, scan);
	open_pack(&ahead);
	return ahead_give(&ahead, err);
}

/* With a hundred records in a pack, to ask for the memory of each takes as long as to unpack them. */
static void take_memory(struct kist_scan_ahead *ahead, struct kist_scan_ahead *spare)
{
	ahead_join(spare);
	/* A scan that was given up may have left one at work, on what the pack holds. */
	batch_stop(&spare->batches[0]);
	batch_stop(&spare->batches[1]);
	kist_buf_move(&ahead->pack.bytes, &spare->pack.bytes);
	ahead->pack.bytes.size = 0;
	for (size_t i = 0; i < 2; i++) {
		struct batch *const from = &spare->batches[i];

		kist_buf_move(&ahead->batches[i].bytes, &from->bytes);
		ahead->batches[i].items = kist_steal(from->items);
		for (size_t hand = 0; hand < 2; hand++) {
			ahead->batches[i].hands[hand].reader = from->hands[hand].reader;
			from->hands[hand].reader = (struct kist_chunk_reader){ 0 };
		}
	}
}

struct kist_scan_ahead *kist_scan_ahead_new(struct kist_store *store, const struct kist_digest *id,
					    const struct kist_scan *scan, struct kist_scan_ahead *spare)
{
	struct kist_scan_ahead *const ahead = kist_alloc(1, sizeof(*ahead));

	if (ahead) {
		ahead_begin(ahead, store, id, scan);
		if (spare)
			take_memory(ahead, spare);
	}
	kist_scan_ahead_free(spare);
	if (!ahead)
		return NULL;
	ahead->has_sem = sem_init(&ahead->opened, 0, 0) == 0;
	ahead->running = ahead->has_sem && pthread_create(&ahead->thread, NULL, ahead_work, ahead) == 0;
	if (ahead->running)
		return ahead;
	kist_scan_ahead_free(ahead);
	return NULL;
}

bool kist_scan_ahead_is_of(const struct kist_scan_ahead *ahead, const struct kist_digest *id)
{
	return ahead && kist_digest_equal(&ahead->id, id);
}

kist_status kist_scan_ahead_give(struct kist_scan_ahead *ahead, struct kist_error *err)
{
	hand_over(ahead);
	return ahead_give(ahead, err);
}

void kist_scan_ahead_free(struct kist_scan_ahead *ahead)
{
	if (!ahead)
		return;
	ahead_done(ahead);
	kist_free(ahead);
}
