/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_PACK_FIXTURE_H
#define TESTS_UNIT_PACK_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pack/crc32c.h"
#include "pack/pack.h"
#include "support/suite.h"

/* Bytes that look random and are the same on every run. */
static inline void fill_noise(uint8_t *data, size_t size, uint32_t seed)
{
	for (size_t i = 0; i < size; i++) {
		seed = seed * 1664525u + 1013904223u;
		data[i] = (uint8_t)(seed >> 24);
	}
}

/* Adds @raw as a record, stored or compressed. */
static inline kist_status add_chunk(struct kist_pack_builder *builder, struct kist_view raw, uint8_t kind,
				    bool compress, struct kist_error *err)
{
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	const struct kist_filter_input input = { .raw = raw };
	struct kist_filter_choice choice;
	const size_t stored_size = kist_codec_stored_size(raw.size);
	kist_auto_mem uint8_t *body = kist_alloc(stored_size, 1);
	struct kist_record record = { .id = kist_digest_of(raw),
				      .raw_len = (uint32_t)raw.size,
				      .kind = kind };
	size_t size = 0;
	size_t offset;

	if (!body)
		return kist_fail_memory(err, stored_size);
	if (compress)
		KIST_TRY(kist_filter_encode(&filter, &input, body, &size, &choice, err));
	if (size == 0)
		kist_codec_store(raw, body);
	record.codec = size > 0 ? KIST_CODEC_ZSTD : KIST_CODEC_STORED;
	record.body_len = (uint32_t)(size > 0 ? size : stored_size);
	record.body_crc = kist_crc32c(0, kist_view_of(body, record.body_len));
	KIST_TRY(kist_pack_add(builder, &record, &offset, err));
	kist_record_write_head(&record, builder->bytes.data + offset);
	memcpy(builder->bytes.data + offset + KIST_RECORD_HEAD_SIZE, body, record.body_len);
	return KIST_OK;
}

static const char *const small_chunks[] = {
	"the first chunk of the pack", "a recipe",
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
};
#define SMALL_COUNT 3

/* A pack of the three small chunks; the last is compressed. */
static inline kist_status build_small(struct kist_pack_builder *builder, struct kist_error *err)
{
	struct kist_pack_head head = { .kind = KIST_PACK_META };

	memset(head.store_id, 0x11, sizeof(head.store_id));
	memset(head.session, 0x22, sizeof(head.session));
	head.number = 7;
	head.time = 0x6553f100;
	KIST_TRY(kist_pack_begin(builder, &head, 0, err));
	for (size_t i = 0; i < SMALL_COUNT; i++)
		KIST_TRY(add_chunk(builder, kist_view_of(small_chunks[i], strlen(small_chunks[i])),
				   (uint8_t)i, i == 2, err));
	return kist_pack_seal(builder, err);
}

#endif
