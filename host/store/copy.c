/* SPDX-License-Identifier: Apache-2.0 */
#include "store/copy.h"

#include <string.h>

#include "base/mem.h"
#include "store/publish.h"

struct kist_copier {
	struct kist_publisher publisher;
	struct kist_open_pack packs[2]; /* by enum kist_pack_kind */
	struct kist_chunk_reader reader;
	struct kist_buf raw;
	uint64_t bytes;
	bool kept;
};

kist_status kist_copier_open(struct kist_store *store, struct kist_copier **ret, struct kist_error *err)
{
	kist_auto_copier struct kist_copier *copier = kist_alloc(1, sizeof(*copier));

	if (!copier)
		return kist_fail_memory(err, sizeof(*copier));
	copier->raw = (struct kist_buf)KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	for (int kind = KIST_PACK_DATA; kind <= KIST_PACK_META; kind++)
		copier->packs[kind] = (struct kist_open_pack)KIST_OPEN_PACK_INIT((enum kist_pack_kind)kind);
	KIST_TRY(kist_publisher_start(&copier->publisher, store, err));
	*ret = kist_steal(copier);
	return KIST_OK;
}

void kist_copier_close(struct kist_copier *copier)
{
	if (!copier)
		return;
	if (!copier->kept)
		kist_publisher_drop(&copier->publisher);
	kist_publisher_done(&copier->publisher);
	for (int kind = KIST_PACK_DATA; kind <= KIST_PACK_META; kind++)
		kist_open_pack_done(&copier->packs[kind]);
	kist_chunk_reader_done(&copier->reader);
	kist_buf_done(&copier->raw);
	kist_free(copier);
}

kist_status kist_copier_put(struct kist_copier *copier, enum kist_pack_kind kind, struct kist_view bytes,
			    struct kist_error *err)
{
	struct kist_open_pack *pack = &copier->packs[kind];
	struct kist_record record;
	size_t offset;

	KIST_TRY(kist_record_parse(bytes, &record, err));
	if (!kist_open_pack_fits(pack, bytes.size))
		KIST_TRY(kist_publish(&copier->publisher, pack, true, err));
	KIST_TRY(kist_open_pack_add(pack, &copier->publisher, &record, bytes, &offset, err));
	copier->bytes += bytes.size;
	return KIST_OK;
}

kist_status kist_copier_add(struct kist_copier *copier, const struct kist_location *where,
			    const struct kist_digest *id, struct kist_error *err)
{
	copier->raw.size = 0;
	KIST_TRY(kist_buf_reserve(&copier->raw, KIST_CHUNK_SIZE_MAX, err));
	KIST_TRY(kist_store_read_chunk_into(copier->publisher.store, &copier->reader, where, id,
					    copier->raw.data, err));
	return kist_copier_put(copier, where->kind == KIST_CHUNK_DATA ? KIST_PACK_DATA : KIST_PACK_META,
			       kist_buf_view(&copier->reader.record), err);
}

kist_status kist_copier_finish(struct kist_copier *copier, json_t **ret_packs, struct kist_error *err)
{
	for (int kind = KIST_PACK_DATA; kind <= KIST_PACK_META; kind++)
		KIST_TRY(kist_publish(&copier->publisher, &copier->packs[kind], false, err));
	KIST_TRY(kist_publish_wait(&copier->publisher, err));
	*ret_packs = json_incref(copier->publisher.packs);
	return KIST_OK;
}

void kist_copier_keep(struct kist_copier *copier)
{
	copier->kept = true;
}

const uint8_t *kist_copier_session(const struct kist_copier *copier)
{
	return copier->publisher.session.id;
}

uint64_t kist_copier_bytes(const struct kist_copier *copier)
{
	return copier->bytes;
}
