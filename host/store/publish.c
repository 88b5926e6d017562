/* SPDX-License-Identifier: Apache-2.0 */
#include "store/publish.h"

#include <string.h>

#include "backend/backend.h"
#include "base/mem.h"
#include "base/time.h"

/* Room for an index of so many chunks is taken with the pack; more grows it. */
#define INDEX_COUNT_USUAL ((size_t)4096)
#define NS_PER_SECOND	  1000000000u

void kist_open_pack_done(struct kist_open_pack *pack)
{
	kist_pack_builder_done(&pack->builder);
}

static size_t size_of_kind(enum kist_pack_kind kind)
{
	return kind == KIST_PACK_DATA ? KIST_DATA_PACK_SIZE : KIST_META_PACK_SIZE;
}

bool kist_open_pack_fits(const struct kist_open_pack *pack, size_t len)
{
	const size_t size = pack->builder.count > 0 ? pack->builder.bytes.size : KIST_PACK_HEAD_SIZE;

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

static kist_status begin_pack(struct kist_open_pack *pack, struct kist_publisher *publisher,
			      struct kist_error *err)
{
	struct kist_pack_head head = { .kind = (uint8_t)pack->kind,
				       .number = publisher->session.next++,
				       .time = (uint32_t)((uint64_t)kist_wall_ns() / NS_PER_SECOND) };

	memcpy(head.store_id, publisher->store->id, sizeof(head.store_id));
	memcpy(head.session, publisher->session.id, sizeof(head.session));
	/* Taken at once, touched as it fills. */
	return kist_pack_begin(&pack->builder, &head,
			       size_of_kind(pack->kind) + KIST_PACK_INDEX_SIZE(INDEX_COUNT_USUAL) +
				       KIST_PACK_FOOT_SIZE,
			       err);
}

kist_status kist_open_pack_add(struct kist_open_pack *pack, struct kist_publisher *publisher,
			       const struct kist_record *record, size_t *ret_offset, struct kist_error *err)
{
	if (pack->builder.count == 0)
		KIST_TRY(begin_pack(pack, publisher, err));
	return kist_pack_add(&pack->builder, record, ret_offset, err);
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

static void *put_thread(void *arg)
{
	struct kist_publishing *beside = arg;
	const struct kist_view sealed = kist_buf_view(&beside->builder.bytes);

	beside->status = kist_backend_put_new(beside->backend, beside->key, &sealed, 1, &beside->error);
	return NULL;
}

static kist_status join(struct kist_publishing *beside)
{
	/* Whose end nobody saw has not succeeded. */
	if (beside->running && pthread_join(beside->thread, NULL) != 0)
		beside->status = kist_fail(&beside->error, KIST_INTERNAL,
					   "cannot wait for a pack that is being written");
	beside->running = false;
	return beside->status;
}

/* Whether its pack is put, and its memory free. */
static bool has_gone(struct kist_publishing *beside)
{
	if (beside->running && pthread_tryjoin_np(beside->thread, NULL) == 0)
		beside->running = false;
	return !beside->running && beside->builder.bytes.capacity > 0;
}

/* Memory that was used is taken again before other memory is: none of it need be made present and cleared. */
static void prefer_used(struct kist_publisher *publisher)
{
	for (size_t i = 0; i < KIST_PUBLISHING_MAX; i++) {
		const size_t place = (publisher->oldest + i) % KIST_PUBLISHING_MAX;

		if (!has_gone(&publisher->beside[place]))
			continue;
		publisher->oldest = place;
		return;
	}
}

static kist_status wait_for_oldest(struct kist_publisher *publisher, struct kist_error *err)
{
	struct kist_publishing *const oldest = &publisher->beside[publisher->oldest];
	const kist_status status = join(oldest);

	publisher->oldest = (publisher->oldest + 1) % KIST_PUBLISHING_MAX;
	if (status != KIST_OK && err)
		*err = oldest->error;
	return status;
}

kist_status kist_publish_wait(struct kist_publisher *publisher, struct kist_error *err)
{
	kist_status status = KIST_OK;

	for (size_t i = 0; i < KIST_PUBLISHING_MAX; i++) {
		const kist_status one = wait_for_oldest(publisher, status == KIST_OK ? err : NULL);

		status = status == KIST_OK ? one : status;
	}
	return status;
}

void kist_publisher_release(struct kist_publisher *publisher)
{
	for (size_t i = 0; i < KIST_PUBLISHING_MAX; i++) {
		(void)join(&publisher->beside[i]);
		kist_pack_builder_done(&publisher->beside[i].builder);
	}
}

void kist_publisher_done(struct kist_publisher *publisher)
{
	kist_publisher_release(publisher);
	json_decref(publisher->packs);
}

void kist_publisher_drop(struct kist_publisher *publisher)
{
	const json_t *pack;
	size_t i;

	for (i = 0; i < KIST_PUBLISHING_MAX; i++)
		(void)join(&publisher->beside[i]);
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

/* Starts to put @pack, and gives it the memory of the one that went before in its place.  False when no thread can be
 * had. */
static bool put_beside(struct kist_publisher *publisher, struct kist_open_pack *pack, const char *key)
{
	/* The one that was waited for is the newest now. */
	struct kist_publishing *beside =
		&publisher->beside[(publisher->oldest + KIST_PUBLISHING_MAX - 1) % KIST_PUBLISHING_MAX];
	const struct kist_pack_builder sealed = pack->builder;

	pack->builder = beside->builder;
	beside->builder = sealed;
	beside->backend = publisher->store->backend;
	memcpy(beside->key, key, sizeof(beside->key));
	kist_error_clear(&beside->error);
	beside->status = KIST_OK;
	beside->running = pthread_create(&beside->thread, NULL, put_thread, beside) == 0;
	if (!beside->running) {
		beside->builder = pack->builder;
		pack->builder = sealed;
	}
	return beside->running;
}

kist_status kist_publish(struct kist_publisher *publisher, struct kist_open_pack *pack, bool beside,
			 struct kist_error *err)
{
	struct kist_view sealed;
	struct kist_digest id;
	char key[KIST_PACK_KEY_SIZE];

	if (pack->builder.count == 0)
		return KIST_OK;
	KIST_TRY(kist_pack_seal(&pack->builder, err));
	sealed = kist_buf_view(&pack->builder.bytes);
	id = kist_pack_name(sealed.data, sealed.data + sealed.size - KIST_PACK_FOOT_SIZE);
	kist_pack_key(&id, key);
	if (beside) {
		prefer_used(publisher);
		KIST_TRY(wait_for_oldest(publisher, err));
	}
	KIST_TRY(name_pack(publisher->packs, &id, pack->kind, sealed.size, err));
	if (publisher->written && pack->kind == KIST_PACK_META)
		KIST_TRY(kist_written_seal(publisher->written, &id, sealed, err));
	else if (publisher->written)
		KIST_TRY(kist_written_data(publisher->written, &id, sealed, err));
	if (!beside || !put_beside(publisher, pack, key))
		KIST_TRY(kist_backend_put_new(publisher->store->backend, key, &sealed, 1, err));
	pack->builder.count = 0;
	return KIST_OK;
}
