/* SPDX-License-Identifier: Apache-2.0 */
#include "store/publish.h"

#include <string.h>

#include "base/mem.h"

/* Room for an index of so many chunks is taken with the pack; more grows it. */
#define INDEX_COUNT_USUAL ((size_t)4096)

static size_t size_of_kind(enum kist_pack_kind kind)
{
	return kind == KIST_PACK_DATA ? KIST_DATA_PACK_SIZE : KIST_META_PACK_SIZE;
}

bool kist_open_pack_fits(const struct kist_open_pack *pack, size_t len)
{
	const size_t size = pack->builder.count > 0 ? pack->builder.bytes.size : KIST_PACK_HEAD_SIZE;

	return pack->builder.count < KIST_PACK_CHUNKS_MAX && len <= size_of_kind(pack->kind) - size;
}

kist_status kist_open_pack_add(struct kist_open_pack *pack, const struct kist_store *store,
			       const struct kist_record *record, size_t *ret_offset, struct kist_error *err)
{
	struct kist_pack_head head = { .kind = (uint8_t)pack->kind };

	if (pack->builder.count == 0) {
		memcpy(head.store_id, store->id, sizeof(head.store_id));
		KIST_TRY(kist_random(head.nonce, sizeof(head.nonce), err));
		/* Taken at once, touched as it fills. */
		KIST_TRY(kist_pack_begin(&pack->builder, &head,
					 size_of_kind(pack->kind) + KIST_PACK_INDEX_SIZE(INDEX_COUNT_USUAL) +
						 KIST_PACK_FOOT_SIZE,
					 err));
	}
	return kist_pack_add(&pack->builder, record, ret_offset, err);
}

struct check {
	struct kist_publisher *publisher;
	const struct kist_pack_builder *builder;
	struct kist_digest id;
};

/* Job 0 names the pack, which takes longest; the others decode a chunk each. */
static kist_status check_job(void *ctx, size_t index, unsigned worker, struct kist_error *err)
{
	struct check *check = ctx;
	struct kist_publisher *publisher = check->publisher;
	struct kist_buf *raw = &publisher->raws[worker];
	const struct kist_pack_entry *entry;
	struct kist_record record;
	struct kist_view bytes;

	if (index == 0) {
		check->id = kist_digest_of(kist_buf_view(&check->builder->bytes));
		return KIST_OK;
	}
	entry = &check->builder->entries[index - 1];
	bytes = kist_view_of(check->builder->bytes.data + entry->offset, entry->record_len);
	KIST_TRY(kist_record_parse(bytes, &record, err));
	if (!kist_digest_equal(&record.id, &entry->id) || record.raw_len != entry->raw_len)
		return kist_fail(err, KIST_CORRUPT, "record and index disagree");
	raw->size = 0;
	KIST_TRY(kist_buf_reserve(raw, record.raw_len, err));
	return kist_record_decode(&publisher->codecs[worker], &record, bytes, raw->data, err);
}

static kist_status name_pack(json_t *packs, const struct check *check, enum kist_pack_kind kind,
			     struct kist_error *err)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(&check->id, hex);
	if (json_array_append_new(packs, json_pack("{s:s, s:s, s:I}", "id", hex, "kind",
						   kind == KIST_PACK_DATA ? "data" : "meta", "size",
						   (json_int_t)check->builder->bytes.size)) != 0)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while making JSON");
	return KIST_OK;
}

kist_status kist_publish(struct kist_publisher *publisher, struct kist_open_pack *pack,
			 struct kist_error *err)
{
	struct check check = { .publisher = publisher, .builder = &pack->builder };
	struct kist_error why = KIST_ERROR_INIT;
	char key[KIST_PACK_KEY_SIZE];
	struct kist_view sealed;
	kist_status status;

	if (pack->builder.count == 0)
		return KIST_OK;
	KIST_TRY(kist_pack_seal(&pack->builder, err));
	status = kist_pool_run(publisher->pool, pack->builder.count + 1, check_job, &check, &why);
	/* What we have just made is bad: memory or a library is at fault, and nothing of it may be kept. */
	if (status == KIST_CORRUPT)
		return kist_fail(err, KIST_INTERNAL, "a new pack does not decode, and was not kept: %s",
				 why.text);
	if (status != KIST_OK)
		return kist_fail(err, status, "%s", why.text);
	kist_pack_key(&check.id, key);
	sealed = kist_buf_view(&pack->builder.bytes);
	KIST_TRY(kist_backend_put_new(publisher->store->backend, key, &sealed, 1, err));
	KIST_TRY(name_pack(publisher->packs, &check, pack->kind, err));
	pack->builder.count = 0;
	return KIST_OK;
}
