/* SPDX-License-Identifier: Apache-2.0 */
#include "store/publish.h"

#include <string.h>

#include "backend/backend.h"
#include "base/mem.h"
#include "base/time.h"

/* Room for an index of so many chunks is taken with a pack; more grows it. */
#define INDEX_SIZE_USUAL KIST_PACK_INDEX_SIZE((size_t)4096)
/* Of a piece: one more record of the longest kind, and the end of a pack.  It is touched as it fills. */
#define PIECE_ROOM                                                                                           \
	(KIST_PIECE_SIZE + KIST_RECORD_HEAD_MAX + KIST_CHUNK_SIZE_MAX + INDEX_SIZE_USUAL +                   \
	 KIST_PACK_FOOT_SIZE)
#define NS_PER_SECOND 1000000000u

void kist_open_pack_done(struct kist_open_pack *pack)
{
	kist_pack_builder_done(&pack->builder);
}

static size_t size_of_kind(enum kist_pack_kind kind)
{
	return kind == KIST_PACK_DATA ? KIST_DATA_PACK_SIZE : KIST_META_PACK_SIZE;
}

/* Taken at once, touched as it fills: growing would copy, and may end where no page begins. */
static size_t whole_room(enum kist_pack_kind kind)
{
	return size_of_kind(kind) + INDEX_SIZE_USUAL + KIST_PACK_FOOT_SIZE;
}

bool kist_open_pack_fits(const struct kist_open_pack *pack, size_t len)
{
	const size_t size = pack->builder.count > 0 ? kist_pack_size(&pack->builder) : KIST_PACK_HEAD_SIZE;

	return pack->builder.count < KIST_PACK_CHUNKS_MAX && len <= size_of_kind(pack->kind) - size;
}

kist_status kist_publisher_start(struct kist_publisher *publisher, struct kist_store *store,
				 struct kist_error *err)
{
	*publisher = (struct kist_publisher)KIST_PUBLISHER_INIT;
	publisher->store = store;
	publisher->packs = json_array();
	if (!publisher->packs)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while making JSON");
	return kist_random(publisher->session.id, sizeof(publisher->session.id), err);
}

/* Memory that was used before, when there is some: none of it need be made present and cleared. */
static kist_status take_piece(struct kist_publisher *publisher, struct kist_buf *ret, struct kist_error *err)
{
	*ret = (struct kist_buf)KIST_BUF_INIT(KIST_PACK_SIZE_MAX);
	(void)pthread_mutex_lock(&publisher->lock);
	if (publisher->spare_count > 0)
		kist_buf_move(ret, &publisher->spare[--publisher->spare_count]);
	(void)pthread_mutex_unlock(&publisher->lock);
	return ret->capacity < PIECE_ROOM ? kist_buf_take_pages(ret, PIECE_ROOM, err) : KIST_OK;
}

/* Called with the lock held. */
static void give_piece_back(struct kist_publisher *publisher, struct kist_buf *piece)
{
	/* A longer one was a whole pack. */
	if (publisher->spare_count < KIST_PIECES_SPARE_MAX && piece->capacity <= 2 * PIECE_ROOM)
		kist_buf_move(&publisher->spare[publisher->spare_count++], piece);
	else
		kist_buf_done(piece);
}

static kist_status begin_pack(struct kist_open_pack *pack, struct kist_publisher *publisher,
			      struct kist_error *err)
{
	struct kist_pack_head head = { .kind = (uint8_t)pack->kind,
				       .number = publisher->session.next++,
				       .time = (uint32_t)((uint64_t)kist_wall_ns() / NS_PER_SECOND) };

	memcpy(head.store_id, publisher->store->id, sizeof(head.store_id));
	memcpy(head.session, publisher->session.id, sizeof(head.session));
	if (publisher->is_whole)
		return kist_pack_begin(&pack->builder, &head, whole_room(pack->kind), err);
	if (pack->builder.bytes.capacity == 0)
		KIST_TRY(take_piece(publisher, &pack->builder.bytes, err));
	return kist_pack_begin(&pack->builder, &head, PIECE_ROOM, err);
}

/* Waits until there is a piece of @put, or it has ended or is dropped.  Called with the lock held. */
static bool next_piece(struct kist_publishing *put, struct kist_buf *ret, bool *ret_last)
{
	while (put->count == 0 && !put->dropped)
		(void)pthread_cond_wait(&put->publisher->changed, &put->publisher->lock);
	if (put->dropped)
		return false;
	*ret = put->pieces[put->first];
	put->pieces[put->first] = (struct kist_buf)KIST_BUF_INIT(KIST_PACK_SIZE_MAX);
	put->first = (put->first + 1) % KIST_PIECES_MAX;
	put->count--;
	put->publisher->waiting--;
	*ret_last = put->ended && put->count == 0;
	return true;
}

static kist_status put_piece(struct kist_publishing *put, struct kist_view piece, bool last,
			     struct kist_error *err)
{
	if (!put->growing)
		return kist_backend_put_new(put->publisher->store->backend, put->key, &piece, 1, err);
	KIST_TRY(kist_growing_add(put->growing, piece, err));
	return last ? kist_growing_put(put->growing, put->key, err) : KIST_OK;
}

/* After a failure pieces are taken all the same, so that nobody waits for ever. */
static void *put_thread(void *arg)
{
	struct kist_publishing *const put = arg;
	struct kist_publisher *const publisher = put->publisher;
	struct kist_buf piece;
	bool last = false;

	(void)pthread_mutex_lock(&publisher->lock);
	while (!last && next_piece(put, &piece, &last)) {
		kist_status status = put->status;
		struct kist_error why = KIST_ERROR_INIT;

		(void)pthread_mutex_unlock(&publisher->lock);
		if (status == KIST_OK)
			status = put_piece(put, kist_buf_view(&piece), last, &why);
		(void)pthread_mutex_lock(&publisher->lock);
		if (status != KIST_OK && put->status == KIST_OK)
			put->error = why;
		put->status = status;
		give_piece_back(publisher, &piece);
		(void)pthread_cond_broadcast(&publisher->changed);
	}
	(void)pthread_mutex_unlock(&publisher->lock);
	kist_growing_drop(put->growing);
	put->growing = NULL;
	return NULL;
}

/* What is still filling is given up. */
static kist_status join(struct kist_publishing *put, struct kist_error *err)
{
	if (!put->running)
		return KIST_OK;
	(void)pthread_mutex_lock(&put->publisher->lock);
	put->dropped = !put->ended;
	(void)pthread_cond_broadcast(&put->publisher->changed);
	(void)pthread_mutex_unlock(&put->publisher->lock);
	put->running = false;
	/* Whose end nobody saw has not succeeded. */
	if (pthread_join(put->thread, NULL) != 0)
		return kist_fail(err, KIST_INTERNAL, "cannot wait for a pack that is being written");
	(void)pthread_mutex_lock(&put->publisher->lock);
	put->publisher->waiting -= put->count;
	(void)pthread_mutex_unlock(&put->publisher->lock);
	for (size_t i = 0; i < KIST_PIECES_MAX; i++)
		kist_buf_done(&put->pieces[i]);
	return put->status == KIST_OK ? KIST_OK : kist_fail_as(err, put->status, &put->error);
}

/* The oldest of those that only wait for their thread; NULL when there is none. */
static struct kist_publishing *oldest_ended(struct kist_publisher *publisher)
{
	struct kist_publishing *oldest = NULL;

	for (size_t i = 0; i < KIST_PUBLISHING_MAX; i++) {
		struct kist_publishing *const put = &publisher->beside[i];

		if (put->running && put->ended && (!oldest || put->begun < oldest->begun))
			oldest = put;
	}
	return oldest;
}

static struct kist_publishing *idle(struct kist_publisher *publisher)
{
	for (size_t i = 0; i < KIST_PUBLISHING_MAX; i++) {
		if (!publisher->beside[i].running)
			return &publisher->beside[i];
	}
	return NULL;
}

static size_t count_ended(const struct kist_publisher *publisher)
{
	size_t count = 0;

	for (size_t i = 0; i < KIST_PUBLISHING_MAX; i++)
		count += publisher->beside[i].running && publisher->beside[i].ended;
	return count;
}

/* Starts a thread that puts a pack.  *@ret is NULL when none can be had. */
static kist_status start_put(struct kist_publisher *publisher, struct kist_growing *growing,
			     struct kist_publishing **ret, struct kist_error *err)
{
	struct kist_publishing *put;

	*ret = NULL;
	if (count_ended(publisher) == KIST_PUBLISHING_ENDED)
		KIST_TRY(join(oldest_ended(publisher), err));
	/* Of the others one kind fills at most, beside this one. */
	put = idle(publisher);
	if (!put)
		return kist_fail(err, KIST_INTERNAL, "more packs are on their way than there can be");
	*put = (struct kist_publishing){ .publisher = publisher,
					 .growing = growing,
					 .begun = publisher->begun++,
					 .error = KIST_ERROR_INIT };
	put->running = pthread_create(&put->thread, NULL, put_thread, put) == 0;
	*ret = put->running ? put : NULL;
	return KIST_OK;
}

/* What has failed of all that is on its way.  Called with the lock held. */
static kist_status look_for_failure(const struct kist_publisher *publisher, struct kist_error *err)
{
	for (size_t i = 0; i < KIST_PUBLISHING_MAX; i++) {
		const struct kist_publishing *const put = &publisher->beside[i];

		if (put->running && put->status != KIST_OK)
			return kist_fail_as(err, put->status, &put->error);
	}
	return KIST_OK;
}

/* Hands over what is in @piece, which is empty then. */
static kist_status hand_over(struct kist_publishing *put, struct kist_buf *piece, const char *key,
			     struct kist_error *err)
{
	struct kist_publisher *const publisher = put->publisher;
	kist_status status;

	(void)pthread_mutex_lock(&publisher->lock);
	while (publisher->waiting == KIST_PIECES_MAX)
		(void)pthread_cond_wait(&publisher->changed, &publisher->lock);
	put->pieces[(put->first + put->count++) % KIST_PIECES_MAX] = *piece;
	publisher->waiting++;
	*piece = (struct kist_buf)KIST_BUF_INIT(KIST_PACK_SIZE_MAX);
	if (key) {
		memcpy(put->key, key, sizeof(put->key));
		put->ended = true;
	}
	status = look_for_failure(publisher, err);
	(void)pthread_cond_broadcast(&publisher->changed);
	(void)pthread_mutex_unlock(&publisher->lock);
	return status;
}

/* All of the pack, and of those behind it, is to be here. */
static kist_status be_whole(struct kist_open_pack *pack, struct kist_publisher *publisher,
			    struct kist_error *err)
{
	kist_auto_buf struct kist_buf whole = KIST_BUF_INIT(KIST_PACK_SIZE_MAX);
	const struct kist_view here = kist_buf_view(&pack->builder.bytes);

	publisher->is_whole = true;
	KIST_TRY(kist_buf_take_pages(&whole, whole_room(pack->kind), err));
	KIST_TRY(kist_buf_append(&whole, here.data, here.size, err));
	kist_buf_move(&pack->builder.bytes, &whole);
	return KIST_OK;
}

/* Has somebody write the pack, if that can be had. */
static kist_status begin_put(struct kist_open_pack *pack, struct kist_publisher *publisher,
			     struct kist_error *err)
{
	struct kist_growing *growing;
	kist_status status;

	KIST_TRY(kist_backend_begin(publisher->store->backend, KIST_PACKS_FOLDER, &growing, err));
	status = growing ? start_put(publisher, growing, &pack->put, err) : KIST_OK;
	if (!pack->put)
		kist_growing_drop(growing);
	return status != KIST_OK || pack->put ? status : be_whole(pack, publisher, err);
}

/* What is there of the pack goes on its way. */
static kist_status put_front(struct kist_open_pack *pack, struct kist_publisher *publisher,
			     struct kist_error *err)
{
	kist_auto_buf struct kist_buf piece = KIST_BUF_INIT(KIST_PACK_SIZE_MAX);

	if (!pack->put)
		KIST_TRY(begin_put(pack, publisher, err));
	if (!pack->put)
		return KIST_OK;
	KIST_TRY(take_piece(publisher, &piece, err));
	KIST_TRY(kist_pack_take_piece(&pack->builder, &piece, err));
	return hand_over(pack->put, &piece, NULL, err);
}

/* Whoever goes on after a failure would put packs that lack something. */
static kist_status check_sound(const struct kist_publisher *publisher, struct kist_error *err)
{
	return publisher->failed ? kist_fail(err, KIST_IO, "a pack before could not be put") : KIST_OK;
}

static kist_status note(struct kist_publisher *publisher, kist_status status)
{
	publisher->failed = publisher->failed || status != KIST_OK;
	return status;
}

static kist_status add(struct kist_open_pack *pack, struct kist_publisher *publisher,
		       const struct kist_record *record, struct kist_view bytes, size_t *ret_offset,
		       struct kist_error *err)
{
	struct kist_pack_builder *const builder = &pack->builder;

	if (builder->count == 0)
		KIST_TRY(begin_pack(pack, publisher, err));
	else if (builder->bytes.size >= KIST_PIECE_SIZE && !publisher->is_whole)
		KIST_TRY(put_front(pack, publisher, err));
	KIST_TRY(kist_pack_add(builder, record, ret_offset, err));
	memcpy(builder->bytes.data + (*ret_offset - builder->gone), bytes.data, bytes.size);
	return KIST_OK;
}

kist_status kist_open_pack_add(struct kist_open_pack *pack, struct kist_publisher *publisher,
			       const struct kist_record *record, struct kist_view bytes, size_t *ret_offset,
			       struct kist_error *err)
{
	KIST_TRY(check_sound(publisher, err));
	return note(publisher, add(pack, publisher, record, bytes, ret_offset, err));
}

static kist_status name_pack(json_t *packs, const struct kist_digest *id, enum kist_pack_kind kind,
			     size_t size, struct kist_error *err)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(id, hex);
	if (json_array_append_new(packs, json_pack("{s:s, s:s, s:I}", "id", hex, "kind",
						   kind == KIST_PACK_DATA ? "data" : "meta", "size",
						   (json_int_t)size)) != 0)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while making JSON");
	return KIST_OK;
}

kist_status kist_publish_wait(struct kist_publisher *publisher, struct kist_error *err)
{
	kist_status status = KIST_OK;
	struct kist_publishing *put;

	while ((put = oldest_ended(publisher)) != NULL) {
		const kist_status one = join(put, status == KIST_OK ? err : NULL);

		status = status == KIST_OK ? one : status;
	}
	return note(publisher, status);
}

static void join_all(struct kist_publisher *publisher)
{
	for (size_t i = 0; i < KIST_PUBLISHING_MAX; i++)
		(void)!join(&publisher->beside[i], NULL);
}

void kist_publisher_release(struct kist_publisher *publisher)
{
	join_all(publisher);
	for (size_t i = 0; i < publisher->spare_count; i++)
		kist_buf_done(&publisher->spare[i]);
	publisher->spare_count = 0;
}

void kist_publisher_done(struct kist_publisher *publisher)
{
	kist_publisher_release(publisher);
	json_decref(publisher->packs);
	(void)pthread_cond_destroy(&publisher->changed);
	(void)pthread_mutex_destroy(&publisher->lock);
}

void kist_publisher_drop(struct kist_publisher *publisher)
{
	const json_t *pack;
	size_t i;

	join_all(publisher);
	json_array_foreach(publisher->packs, i, pack) {
		const char *hex = kist_json_get_text(pack, "id");
		char key[KIST_PACK_KEY_SIZE];
		struct kist_digest id;
		kist_status dropped = KIST_OK;

		if (hex && kist_digest_parse(hex, strlen(hex), &id)) {
			kist_pack_key(&id, key);
			dropped = kist_backend_delete(publisher->store->backend, key, NULL);
		}
		(void)dropped;
	}
	(void)json_array_clear(publisher->packs);
}

/* The last of a pack that is sealed: all of it, where it is whole. */
static kist_status put_last(struct kist_publisher *publisher, struct kist_open_pack *pack, const char *key,
			    bool beside, struct kist_error *err)
{
	const struct kist_view last = kist_buf_view(&pack->builder.bytes);
	struct kist_publishing *put;

	if (beside && !pack->put)
		KIST_TRY(start_put(publisher, NULL, &pack->put, err));
	put = pack->put;
	if (!put)
		return kist_backend_put_new(publisher->store->backend, key, &last, 1, err);
	pack->put = NULL;
	KIST_TRY(hand_over(put, &pack->builder.bytes, key, err));
	return beside ? KIST_OK : join(put, err);
}

static kist_status publish(struct kist_publisher *publisher, struct kist_open_pack *pack, bool beside,
			   struct kist_error *err)
{
	struct kist_pack_builder *const builder = &pack->builder;
	char key[KIST_PACK_KEY_SIZE];
	struct kist_digest id;
	struct kist_view tail;

	if (builder->count == 0)
		return KIST_OK;
	KIST_TRY(kist_pack_seal(builder, err));
	tail = kist_buf_view(&builder->bytes);
	id = kist_pack_name(builder->head, tail.data + tail.size - KIST_PACK_FOOT_SIZE);
	kist_pack_key(&id, key);
	KIST_TRY(name_pack(publisher->packs, &id, pack->kind, kist_pack_size(builder), err));
	if (publisher->written && pack->kind == KIST_PACK_META)
		KIST_TRY(kist_written_seal(publisher->written, &id, tail, kist_pack_size(builder), err));
	else if (publisher->written)
		KIST_TRY(kist_written_data(publisher->written, &id, tail, kist_pack_size(builder), err));
	KIST_TRY(put_last(publisher, pack, key, beside, err));
	builder->count = 0;
	return KIST_OK;
}

kist_status kist_publish(struct kist_publisher *publisher, struct kist_open_pack *pack, bool beside,
			 struct kist_error *err)
{
	KIST_TRY(check_sound(publisher, err));
	return note(publisher, publish(publisher, pack, beside, err));
}
