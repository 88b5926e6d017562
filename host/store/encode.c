/* SPDX-License-Identifier: Apache-2.0 */
#include "store/encode.h"

#include <string.h>

#include "pack/crc32c.h"

/* Less than this is done faster alone than by waking others. */
#define ALONE_SIZE_MAX ((size_t)128 << 10)
/* Less than this does not pay for waking a thread alone. */
#define SMALL_SIZE_MAX ((size_t)16 << 10)
/* Of one chunk in so many a sample is taken even where there is a guess: more rarely each time that says the same. */
#define LOOK_EVERY_MIN 8
#define LOOK_EVERY_MAX 64

kist_status kist_encoder_open(struct kist_encoder *encoder, struct kist_store *store, struct kist_error *err)
{
	encoder->store = store;
	for (size_t i = 0; i < KIST_POOL_WORKERS_MAX; i++) {
		encoder->raws[i] = (struct kist_buf)KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
		encoder->bases[i] = (struct kist_buf)KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	}
	for (size_t i = 0; i < KIST_ENCODE_COUNT_MAX; i++)
		encoder->rooms[i] = (struct kist_buf)KIST_BUF_INIT(
			KIST_RECORD_HEAD_MAX + kist_codec_stored_size(KIST_CHUNK_SIZE_MAX));
	encoder->idle = KIST_ENCODE_COUNT_MAX;
	return kist_pool_new(&encoder->pool, err);
}

void kist_encoder_done(struct kist_encoder *encoder)
{
	kist_pool_free(encoder->pool);
	encoder->pool = NULL;
	for (size_t i = 0; i < KIST_POOL_WORKERS_MAX; i++) {
		kist_filter_done(&encoder->filters[i]);
		kist_buf_done(&encoder->raws[i]);
		kist_chunk_reader_done(&encoder->readers[i]);
		kist_buf_done(&encoder->bases[i]);
	}
	for (size_t i = 0; i < KIST_ENCODE_COUNT_MAX; i++) {
		kist_buf_done(&encoder->fresh[i].room);
		kist_buf_done(&encoder->rooms[i]);
	}
}

/*
 * The chunk that @fresh may be the difference to; empty when there is none, or it cannot be read: then the
 * record is only larger.  It is proved: who reads the record gets the same bytes.
 */
static kist_status read_base(const struct kist_fresh *fresh, unsigned worker, struct kist_view *ret,
			     struct kist_error *err)
{
	struct kist_encoder *const encoder = fresh->encoder;
	const struct kist_base_location *const like = &fresh->like;
	const struct kist_location where = { .pack = like->pack,
					     .offset = like->offset,
					     .stored_len = like->stored_len,
					     .raw_len = like->raw_len,
					     .kind = like->kind };
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	*ret = kist_view_of(NULL, 0);
	if (like->stored_len == 0)
		return KIST_OK;
	status = kist_store_read_chunk_with(encoder->store, &encoder->readers[worker], &where, &like->id,
					    &encoder->bases[worker], &why);
	if (status == KIST_OK)
		*ret = kist_buf_view(&encoder->bases[worker]);
	return status == KIST_NO_MEMORY ? kist_fail_as(err, status, &why) : KIST_OK;
}

/* Writes the body at @body, where there is room for any. */
static kist_status compress(struct kist_fresh *fresh, struct kist_filter *filter, struct kist_view base,
			    uint8_t *body, struct kist_error *err)
{
	const struct kist_filter_input input = { .raw = fresh->piece.bytes,
						 .base = base,
						 .hint = fresh->piece.hint,
						 .level = fresh->level,
						 .guess = fresh->is_guessed ? &fresh->guess : NULL,
						 .is_record = fresh->record.kind == KIST_CHUNK_RECORD,
						 .is_example = fresh->piece.part != 0 };
	struct kist_record *const record = &fresh->record;
	const struct kist_filter_choice *const choice = &fresh->choice;
	size_t size;

	KIST_TRY(kist_filter_encode(filter, &input, body, &size, &fresh->choice, err));
	record->filter = choice->filter;
	if (kist_record_has_base(record))
		record->base = fresh->like.id;
	memcpy(record->params, choice->params, sizeof(choice->params));
	record->codec = choice->with_dictionary ? KIST_CODEC_DICTIONARY : KIST_CODEC_ZSTD;
	if (size == 0) {
		record->codec = KIST_CODEC_STORED;
		kist_codec_store(input.raw, body);
		size = kist_codec_stored_size(input.raw.size);
	}
	record->body_len = (uint32_t)size;
	record->body_crc = kist_crc32c(0, kist_view_of(body, size));
	return KIST_OK;
}

/* Decodes the record as a reader would. */
static kist_status check(const struct kist_fresh *fresh, struct kist_filter *filter, struct kist_view base,
			 struct kist_buf *room, struct kist_error *err)
{
	const struct kist_view bytes = fresh->piece.bytes;
	struct kist_record record;

	KIST_TRY(kist_record_parse(fresh->bytes, &record, err));
	if (!kist_digest_equal(&record.id, &fresh->record.id) || record.raw_len != bytes.size ||
	    record.body_len != fresh->record.body_len || record.body_crc != fresh->record.body_crc ||
	    !kist_digest_equal(&record.base, &fresh->record.base))
		return kist_fail(err, KIST_CORRUPT, "it is the record of another chunk");
	if (!kist_record_has_base(&record))
		base.size = 0;
	/* The CRC was just made, of these very bytes: once is enough, since what they decode to is compared. */
	return kist_record_compare(filter, &record, fresh->bytes, base, bytes, room, err);
}

static kist_status encode(struct kist_pool_job *job, unsigned worker, struct kist_error *err)
{
	struct kist_fresh *const fresh = (struct kist_fresh *)job;
	struct kist_filter *const filter = &fresh->encoder->filters[worker];
	const size_t room = KIST_RECORD_HEAD_MAX + kist_codec_stored_size(fresh->piece.bytes.size);
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_view base;
	kist_status status;
	uint8_t *body;
	size_t head;

	KIST_TRY(kist_buf_reserve(&fresh->room, room, err));
	KIST_TRY(read_base(fresh, worker, &base, err));
	/* The head is as long as the body needs it to be. */
	body = fresh->room.data + KIST_RECORD_HEAD_MAX;
	KIST_TRY(compress(fresh, filter, base, body, err));
	head = kist_record_head_size(&fresh->record);
	kist_record_write_head(&fresh->record, body - head);
	fresh->bytes = kist_view_of(body - head, head + fresh->record.body_len);
	status = check(fresh, filter, base, &fresh->encoder->raws[worker], &why);
	/* What we have just made is bad: memory or a library is at fault, and it may not be kept. */
	if (status == KIST_CORRUPT)
		return kist_fail(err, KIST_INTERNAL, "a new chunk does not decode, and was not kept: %s",
				 why.text);
	return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &why);
}

bool kist_encoder_is_full(const struct kist_encoder *encoder, size_t size)
{
	return encoder->count == KIST_ENCODE_COUNT_MAX ||
	       (encoder->count >= KIST_ENCODE_COUNT_LARGE && encoder->bytes + size > KIST_ENCODE_BYTES_LARGE);
}

static struct kist_learned *learned_of(struct kist_encoder *encoder, uint64_t part)
{
	return &encoder->learned[part % KIST_ENCODE_LEARNED];
}

/* Now and then without one, so that it is seen when another filter has become better. */
static void guess(struct kist_encoder *encoder, struct kist_fresh *fresh)
{
	struct kist_learned *const learned = learned_of(encoder, fresh->piece.part);

	fresh->is_guessed = false;
	if (fresh->piece.part == 0 || fresh->piece.part != learned->part || fresh->like.stored_len > 0)
		return;
	fresh->is_guessed = learned->left > 0;
	learned->left = fresh->is_guessed ? learned->left - 1 : learned->every;
	if (fresh->is_guessed)
		fresh->guess = learned->guess;
}

static bool is_same_choice(const struct kist_filter_choice *a, const struct kist_filter_choice *b)
{
	return a->filter == b->filter && a->matches == b->matches &&
	       memcmp(a->params, b->params, sizeof(a->params)) == 0;
}

/* From a chunk that was looked at, because it was to be, or because the guess was wrong. */
static void learn(struct kist_encoder *encoder, const struct kist_fresh *fresh)
{
	const struct kist_record *const record = &fresh->record;
	struct kist_learned *const learned = learned_of(encoder, fresh->piece.part);
	const bool is_example = (record->filter != KIST_FILTER_NONE && !kist_record_has_base(record)) ||
				fresh->choice.matches != KIST_MATCHES_ANY;

	if (fresh->piece.part == 0 || fresh->choice.is_guess)
		return;
	if (learned->part != fresh->piece.part || !is_same_choice(&learned->guess.choice, &fresh->choice)) {
		learned->every = LOOK_EVERY_MIN;
		learned->left = learned->every;
	} else if (!fresh->is_guessed && learned->every < LOOK_EVERY_MAX) {
		learned->every *= 2;
	}
	learned->part = is_example ? fresh->piece.part : 0;
	learned->guess.choice = fresh->choice;
	learned->guess.ratio = (double)record->body_len / (double)record->raw_len;
}

void kist_encoder_add(struct kist_encoder *encoder, const struct kist_fresh *fresh)
{
	struct kist_fresh *const added =
		&encoder->fresh[(encoder->first + encoder->count) % KIST_ENCODE_COUNT_MAX];

	added->job.run = encode;
	added->encoder = encoder;
	added->level = fresh->level;
	added->piece = fresh->piece;
	added->number = fresh->number;
	added->record = fresh->record;
	added->like = fresh->like;
	guess(encoder, added);
	kist_buf_move(&added->room, &encoder->rooms[--encoder->idle]);
	encoder->bytes += fresh->piece.bytes.size;
	if (encoder->count++ == 0 && fresh->piece.bytes.size <= ALONE_SIZE_MAX)
		kist_pool_do(&added->job);
	else if (fresh->piece.bytes.size <= SMALL_SIZE_MAX)
		kist_pool_add_small(encoder->pool, &added->job);
	else
		kist_pool_add(encoder->pool, &added->job);
}

/* What lies in its room stays there until the room is given out again. */
static void drop_first(struct kist_encoder *encoder)
{
	struct kist_fresh *const fresh = &encoder->fresh[encoder->first];

	kist_buf_move(&encoder->rooms[encoder->idle++], &fresh->room);
	encoder->bytes -= fresh->piece.bytes.size;
	encoder->first = (encoder->first + 1) % KIST_ENCODE_COUNT_MAX;
	encoder->count--;
}

kist_status kist_encoder_take(struct kist_encoder *encoder, const struct kist_fresh **ret,
			      struct kist_error *err)
{
	struct kist_fresh *const fresh = &encoder->fresh[encoder->first];

	KIST_TRY(kist_pool_wait(encoder->pool, &fresh->job, err));
	learn(encoder, fresh);
	drop_first(encoder);
	*ret = fresh;
	return KIST_OK;
}

void kist_encoder_drop(struct kist_encoder *encoder)
{
	kist_pool_drop(encoder->pool);
	while (encoder->count > 0)
		drop_first(encoder);
}
