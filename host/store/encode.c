/* SPDX-License-Identifier: Apache-2.0 */
#include "store/encode.h"

#include <pthread.h>
#include <string.h>

#include "pack/crc32c.h"

/* Less than this is done faster alone than by waking others. */
#define ALONE_SIZE_MAX ((size_t)128 << 10)

kist_status kist_encoder_open(struct kist_encoder *encoder, struct kist_error *err)
{
	encoder->level = KIST_FILTER_DEFAULT;
	encoder->scratch = (struct kist_buf)KIST_BUF_INIT(2 * KIST_ENCODE_SIZE_MAX);
	for (size_t i = 0; i < KIST_POOL_WORKERS_MAX; i++) {
		encoder->raws[i][0] = (struct kist_buf)KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
		encoder->raws[i][1] = (struct kist_buf)KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	}
	return kist_pool_new(&encoder->pool, err);
}

void kist_encoder_done(struct kist_encoder *encoder)
{
	kist_pool_free(encoder->pool);
	for (size_t i = 0; i < KIST_POOL_WORKERS_MAX; i++) {
		kist_filter_done(&encoder->filters[i]);
		kist_buf_done(&encoder->raws[i][0]);
		kist_buf_done(&encoder->raws[i][1]);
	}
	kist_buf_done(&encoder->scratch);
}

/* Runs @count jobs on all cores; when there is little to do, alone. */
static kist_status run(struct kist_encoder *encoder, size_t count, size_t bytes,
		       kist_status (*job)(void *ctx, size_t index, unsigned worker, struct kist_error *err),
		       void *ctx, struct kist_error *err)
{
	if (bytes > ALONE_SIZE_MAX)
		return kist_pool_run(encoder->pool, count, job, ctx, err);
	for (size_t i = 0; i < count; i++)
		KIST_TRY(job(ctx, i, 0, err));
	return KIST_OK;
}

/* Naming and compressing under way: the first job names, all compress what has a name. */
struct naming {
	struct kist_encoder *encoder;
	const struct kist_encode_batch *batch;
	pthread_mutex_t lock;
	pthread_cond_t more;
	size_t ready; /* fresh[0..ready) may be compressed */
	size_t taken;
	bool ended; /* no more will be ready */
};

static void add_fresh(struct naming *naming, const struct kist_piece *piece, const struct kist_digest *id)
{
	struct kist_encoder *encoder = naming->encoder;
	struct kist_fresh *fresh = &encoder->fresh[encoder->fresh_count++];

	*fresh = (struct kist_fresh){ .piece = piece,
				      .scratch = encoder->scratch.size,
				      .record = { .id = *id,
						  .raw_len = (uint32_t)piece->bytes.size,
						  .kind = (uint8_t)naming->batch->kind } };
	encoder->scratch.size += kist_codec_stored_size(piece->bytes.size);
	encoder->fresh_bytes += piece->bytes.size;
	(void)pthread_mutex_lock(&naming->lock);
	naming->ready = encoder->fresh_count;
	(void)pthread_cond_signal(&naming->more);
	(void)pthread_mutex_unlock(&naming->lock);
}

static kist_status name_all(struct naming *naming, struct kist_error *err)
{
	const struct kist_encode_batch *batch = naming->batch;

	for (size_t i = 0; i < batch->count; i++) {
		const struct kist_view bytes = batch->pieces[i].bytes;
		bool is_new;

		if (batch->whole)
			batch->ids[i] = kist_hasher_add_beside(batch->whole, bytes, bytes);
		else if (i % 2 == 0 && i + 1 < batch->count)
			kist_digest_two(bytes, batch->pieces[i + 1].bytes, batch->ids + i);
		else if (i % 2 == 0)
			batch->ids[i] = kist_digest_of(bytes);
		KIST_TRY(batch->is_new(batch->ctx, &batch->ids[i], &is_new, err));
		if (is_new)
			add_fresh(naming, &batch->pieces[i], &batch->ids[i]);
	}
	return KIST_OK;
}

static kist_status compress(struct kist_encoder *encoder, struct kist_fresh *fresh, unsigned worker,
			    struct kist_error *err)
{
	const struct kist_filter_input input = { .raw = fresh->piece->bytes,
						 .hint = fresh->piece->hint,
						 .level = encoder->level };
	uint8_t *body = encoder->scratch.data + fresh->scratch;
	struct kist_filter_choice choice;
	size_t size;

	KIST_TRY(kist_filter_encode(&encoder->filters[worker], &input, body, &size, &choice, err));
	fresh->record.filter = choice.filter;
	memcpy(fresh->record.params, choice.params, sizeof(choice.params));
	fresh->record.codec = size > 0 ? KIST_CODEC_ZSTD : KIST_CODEC_STORED;
	fresh->record.body_len = (uint32_t)(size > 0 ? size : kist_codec_stored_size(input.raw.size));
	if (size > 0)
		fresh->record.body_crc = kist_crc32c(0, kist_view_of(body, size));
	return KIST_OK;
}

/* The next one to be compressed; waits for its name.  NULL when there are no more. */
static struct kist_fresh *take(struct naming *naming)
{
	struct kist_fresh *fresh = NULL;

	(void)pthread_mutex_lock(&naming->lock);
	while (naming->taken == naming->ready && !naming->ended)
		(void)pthread_cond_wait(&naming->more, &naming->lock);
	if (naming->taken < naming->ready)
		fresh = &naming->encoder->fresh[naming->taken++];
	(void)pthread_mutex_unlock(&naming->lock);
	return fresh;
}

static kist_status encode_job(void *ctx, size_t index, unsigned worker, struct kist_error *err)
{
	struct naming *naming = ctx;
	kist_status status = KIST_OK;
	struct kist_fresh *fresh;

	if (index == 0) {
		status = name_all(naming, err);
		(void)pthread_mutex_lock(&naming->lock);
		naming->ended = true;
		(void)pthread_cond_broadcast(&naming->more);
		(void)pthread_mutex_unlock(&naming->lock);
	}
	while (status == KIST_OK && (fresh = take(naming)))
		status = compress(naming->encoder, fresh, worker, err);
	return status;
}

kist_status kist_encode(struct kist_encoder *encoder, const struct kist_encode_batch *batch,
			struct kist_error *err)
{
	struct naming naming = { .encoder = encoder,
				 .batch = batch,
				 .lock = PTHREAD_MUTEX_INITIALIZER,
				 .more = PTHREAD_COND_INITIALIZER };
	size_t room = 0;
	kist_status status;

	encoder->fresh_count = 0;
	encoder->fresh_bytes = 0;
	encoder->scratch.size = 0;
	for (size_t i = 0; i < batch->count; i++)
		room += kist_codec_stored_size(batch->pieces[i].bytes.size);
	KIST_TRY(kist_buf_reserve(&encoder->scratch, room, err));
	status = run(encoder, kist_pool_workers(encoder->pool), batch->bytes, encode_job, &naming, err);
	(void)pthread_cond_destroy(&naming.more);
	(void)pthread_mutex_destroy(&naming.lock);
	return status;
}

/* Records on their way into a pack. */
struct placing {
	struct kist_encoder *encoder;
	struct kist_open_pack *pack;
	size_t first;
	const struct kist_pack_entry *entries;
	size_t count;
	size_t next; /* entry to be checked; shared */
};

/* Writes a record into the pack: the only copy that is made of the bytes. */
static kist_status place_job(void *ctx, size_t index, unsigned worker, struct kist_error *err)
{
	const struct placing *placing = ctx;
	struct kist_fresh *fresh = &placing->encoder->fresh[placing->first + index];
	uint8_t *at = placing->pack->builder.bytes.data + fresh->offset;
	uint8_t *body = at + kist_record_head_size(&fresh->record);

	(void)worker;
	(void)err;
	if (fresh->record.codec == KIST_CODEC_ZSTD) {
		memcpy(body, placing->encoder->scratch.data + fresh->scratch, fresh->record.body_len);
	} else {
		kist_codec_store(fresh->piece->bytes, body);
		fresh->record.body_crc = kist_crc32c(0, kist_view_of(body, fresh->record.body_len));
	}
	kist_record_write_head(&fresh->record, at);
	return KIST_OK;
}

/* A record that was read back from the pack, and its bytes. */
struct read_back {
	struct kist_record record;
	struct kist_view raw;
};

/* Decodes the next entry that nobody has taken to room @room of @worker; *@ret_any is false behind the last.
 */
static kist_status read_next(struct placing *placing, unsigned worker, int room, struct read_back *ret,
			     bool *ret_any, struct kist_error *err)
{
	const size_t index = __atomic_fetch_add(&placing->next, 1, __ATOMIC_RELAXED);
	struct kist_buf *raw = &placing->encoder->raws[worker][room];
	const struct kist_pack_entry *entry;
	struct kist_view bytes;

	*ret_any = index < placing->count;
	if (!*ret_any)
		return KIST_OK;
	entry = &placing->entries[index];
	bytes = kist_view_of(placing->pack->builder.bytes.data + entry->offset, entry->record_len);
	KIST_TRY(kist_record_parse(bytes, &ret->record, err));
	if (!kist_digest_equal(&ret->record.id, &entry->id) || ret->record.raw_len != entry->raw_len)
		return kist_fail(err, KIST_CORRUPT, "record and index disagree");
	raw->size = 0;
	KIST_TRY(kist_buf_reserve(raw, ret->record.raw_len, err));
	KIST_TRY(kist_record_unpack(&placing->encoder->filters[worker], &ret->record, bytes, raw->data, err));
	ret->raw = kist_view_of(raw->data, ret->record.raw_len);
	return KIST_OK;
}

/* Hashes the pack, for its name, beside what is read back from it. */
static kist_status hash_pack(struct placing *placing, unsigned worker, struct kist_error *err)
{
	struct kist_open_pack *pack = placing->pack;

	while (pack->hashed < pack->builder.bytes.size) {
		struct read_back back;
		struct kist_digest digest;
		bool any;

		KIST_TRY(read_next(placing, worker, 0, &back, &any, err));
		if (!any)
			break;
		digest = kist_open_pack_hash_beside(pack, back.raw);
		KIST_TRY(kist_record_prove(&back.record, &digest, err));
	}
	kist_open_pack_hash(pack);
	return KIST_OK;
}

/* Job 0 hashes the pack first; all check what the pack now holds. */
static kist_status check_job(void *ctx, size_t index, unsigned worker, struct kist_error *err)
{
	struct placing *placing = ctx;
	struct read_back back[2];
	struct kist_digest digests[2];
	bool any[2] = { true, true };

	if (index == 0)
		KIST_TRY(hash_pack(placing, worker, err));
	while (any[0] && any[1]) {
		KIST_TRY(read_next(placing, worker, 0, &back[0], &any[0], err));
		if (!any[0])
			break;
		KIST_TRY(read_next(placing, worker, 1, &back[1], &any[1], err));
		if (any[1])
			kist_digest_two(back[0].raw, back[1].raw, digests);
		else
			digests[0] = kist_digest_of(back[0].raw);
		KIST_TRY(kist_record_prove(&back[0].record, &digests[0], err));
		if (any[1])
			KIST_TRY(kist_record_prove(&back[1].record, &digests[1], err));
	}
	return KIST_OK;
}

kist_status kist_encode_place(struct kist_encoder *encoder, struct kist_open_pack *pack, size_t first,
			      size_t last, size_t first_entry, struct kist_error *err)
{
	struct placing placing = { .encoder = encoder,
				   .pack = pack,
				   .first = first,
				   .entries = pack->builder.entries + first_entry,
				   .count = last - first };
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	KIST_TRY(run(encoder, placing.count, encoder->fresh_bytes, place_job, &placing, err));
	status = run(encoder, kist_pool_workers(encoder->pool), encoder->fresh_bytes, check_job, &placing,
		     &why);
	/* What we have just made is bad: memory or a library is at fault, and nothing of it may be kept. */
	if (status == KIST_CORRUPT)
		return kist_fail(err, KIST_INTERNAL, "a new pack does not decode, and was not kept: %s",
				 why.text);
	return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &why);
}
