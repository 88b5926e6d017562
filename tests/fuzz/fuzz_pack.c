/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Packs from hostile bytes: head, footer, index, every record, the scan; and mending them.
 *
 *     'B' digit (offset u16, xor u8) * digit, lines    a pack of these lines, with those bytes of it changed
 *     'C' digit (offset u16, xor u8) * digit, lines    the same, but its index is changed before it is sealed, so
 *                                                      that every digest is right
 *     else                                             the bytes are the pack
 */
#include <stdlib.h>
#include <string.h>

#include "base/le.h"
#include "fuzz/fuzz.h"
#include "pack/check.h"
#include "pack/crc32c.h"
#include "pack/mend.h"

#define CHANGE_SIZE 3

/* The difference to as many zeros. */
static void add_difference(struct kist_pack_builder *builder, struct kist_record *record,
			   struct kist_view raw)
{
	struct kist_filter_spec spec = { .filter = KIST_FILTER_BASE, .width = (uint8_t)(1u << raw.size % 4) };
	uint8_t *filtered = malloc(kist_filter_size_max(raw.size));
	uint8_t *zeros = calloc(raw.size, 1);
	size_t offset;

	must(filtered && zeros);
	must(kist_filter_forward(kist_filter_ops_best(), &spec, raw.data, raw.size, zeros, filtered));
	record->filter = KIST_FILTER_BASE;
	kist_filter_spec_write(&spec, record->params);
	record->codec = KIST_CODEC_ZSTD;
	record->base = kist_digest_of(kist_view_of(zeros, raw.size));
	record->body_len = (uint32_t)kist_codec_stored_size(raw.size);
	must(kist_pack_add(builder, record, &offset, NULL) == KIST_OK);
	kist_codec_store(kist_view_of(filtered, raw.size),
			 builder->bytes.data + offset + kist_record_head_size(record));
	record->body_crc =
		kist_crc32c(0, kist_view_of(builder->bytes.data + offset + kist_record_head_size(record),
					    record->body_len));
	kist_record_write_head(record, builder->bytes.data + offset);
	free(filtered);
	free(zeros);
}

static void add_line(struct kist_pack_builder *builder, struct kist_filter *filter, struct kist_view raw)
{
	uint8_t *body = malloc(kist_codec_stored_size(raw.size));
	struct kist_record record = { .id = kist_digest_of(raw),
				      .raw_len = (uint32_t)raw.size,
				      .kind = (uint8_t)(raw.size % KIST_CHUNK_KIND_COUNT) };
	/* The first letter says what the bytes are taken for, so that records with filters come up. */
	const struct kist_filter_input input = {
		.raw = raw,
		.is_record = record.kind == KIST_CHUNK_RECORD,
		.hint = { .kind = (enum kist_filter_kind)(raw.data[0] % 3),
			  .width = 1u << raw.data[0] / 3 % 4 },
	};
	struct kist_filter_choice choice;
	size_t body_size = 0;
	size_t offset;

	if (raw.data[0] == 'd' && record.kind == KIST_CHUNK_DATA) {
		add_difference(builder, &record, raw);
		free(body);
		return;
	}
	must(body && kist_filter_encode(filter, &input, body, &body_size, &choice, NULL) == KIST_OK);
	record.filter = choice.filter;
	memcpy(record.params, choice.params, sizeof(record.params));
	if (body_size == 0)
		kist_codec_store(raw, body);
	record.codec = body_size == 0		? KIST_CODEC_STORED
		       : choice.with_dictionary ? KIST_CODEC_DICTIONARY
						: KIST_CODEC_ZSTD;
	record.body_len = (uint32_t)(body_size > 0 ? body_size : kist_codec_stored_size(raw.size));
	record.body_crc = kist_crc32c(0, kist_view_of(body, record.body_len));
	must(kist_pack_add(builder, &record, &offset, NULL) == KIST_OK);
	kist_record_write_head(&record, builder->bytes.data + offset);
	memcpy(builder->bytes.data + offset + kist_record_head_size(&record), body, record.body_len);
	free(body);
}

static void change(uint8_t *bytes, size_t size, const uint8_t *changes, size_t count)
{
	for (size_t i = 0; i < count && size > 0; i++)
		bytes[kist_le_read16(changes + CHANGE_SIZE * i) % size] ^= changes[CHANGE_SIZE * i + 2];
}

/* What a changed byte of the struct may not be: a bool that is none. */
static void settle(struct kist_pack_entry *entry)
{
	uint8_t byte;

	memcpy(&byte, &entry->has_base, 1);
	entry->has_base = byte % 2 == 1;
}

static void build(struct kist_pack_builder *builder, const uint8_t *data, size_t size)
{
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	const struct kist_pack_head head = { .kind = KIST_PACK_DATA };
	const size_t count = size > 1 && data[1] >= '0' && data[1] <= '9' ? (size_t)(data[1] - '0') : 0;
	const uint8_t *changes = data + 2;
	size_t at = 2 + CHANGE_SIZE * count;

	must(kist_pack_begin(builder, &head, 0, NULL) == KIST_OK);
	if (at > size) {
		must(kist_pack_seal(builder, NULL) == KIST_OK);
		return;
	}
	while (at < size) {
		const uint8_t *end = memchr(data + at, '\n', size - at);
		const size_t len = end ? (size_t)(end - data) - at : size - at;

		if (len > 0)
			add_line(builder, &filter, kist_view_of(data + at, len));
		at += len + 1;
	}
	if (data[0] == 'C') {
		change((uint8_t *)builder->entries, builder->count * sizeof(*builder->entries), changes,
		       count);
		for (size_t i = 0; i < builder->count; i++)
			settle(&builder->entries[i]);
	}
	must(kist_pack_seal(builder, NULL) == KIST_OK);
	if (data[0] == 'B')
		change(builder->bytes.data, builder->bytes.size, changes, count);
}

struct seen {
	struct kist_view pack;
	struct kist_filter filter;
	size_t count;
};

static kist_status decode_it(void *ctx, const struct kist_record *record, uint64_t offset,
			     struct kist_error *err)
{
	struct seen *seen = ctx;
	const size_t len = kist_record_head_size(record) + record->body_len;
	uint8_t *raw = malloc(record->raw_len);
	uint8_t *base = calloc(record->raw_len, 1);
	struct kist_digest digest;

	must(raw && base && offset + len <= seen->pack.size);
	if (kist_record_decode(&seen->filter, record, kist_view_of(seen->pack.data + offset, len),
			       kist_view_of(base, kist_record_has_base(record) ? record->raw_len : 0), raw,
			       err) == KIST_OK) {
		digest = kist_digest_of(kist_view_of(raw, record->raw_len));
		must(kist_digest_equal(&digest, &record->id));
	}
	free(base);
	free(raw);
	seen->count++;
	return KIST_OK;
}

static void read_all(struct kist_view pack)
{
	struct seen seen = { .pack = pack, .filter = KIST_FILTER_INIT };
	struct kist_pack_footer footer = { .count = 0 };
	const bool sound = kist_pack_check(pack, NULL, NULL, NULL, NULL) == KIST_OK;

	must(kist_pack_scan(pack, decode_it, &seen, NULL) == KIST_OK);
	if (sound) {
		must(kist_pack_parse_footer(pack, pack.size, &footer, NULL) == KIST_OK);
		must(seen.count >= footer.count);
	}
	kist_filter_done(&seen.filter);
}

static bool prove(void *ctx, const struct kist_record *record, struct kist_view bytes, bool is_changed)
{
	struct seen *seen = ctx;
	uint8_t *raw = malloc(record->raw_len);
	bool sound;

	must(raw);
	if (kist_record_has_base(record))
		sound = !is_changed && kist_record_check_body(record, bytes, NULL) == KIST_OK;
	else
		sound = kist_record_decode(&seen->filter, record, bytes, kist_view_of("", 0), raw, NULL) ==
			KIST_OK;
	free(raw);
	return sound;
}

/* What is said to be whole has its name, and nothing in it is lost. */
static void mend(struct kist_view pack)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(pack.size + KIST_PACK_SIZE_MAX);
	struct seen seen = { .filter = KIST_FILTER_INIT };
	struct kist_mend_options options = { .prove = prove, .ctx = &seen };
	struct kist_mended done = { .is_whole = false };
	struct kist_digest name;

	if (pack.size < KIST_PACK_HEAD_SIZE + KIST_PACK_FOOT_SIZE)
		return;
	must(kist_buf_append(&bytes, pack.data, pack.size, NULL) == KIST_OK);
	options.name = kist_pack_name(pack.data, pack.data + pack.size - KIST_PACK_FOOT_SIZE);
	if (kist_pack_mend(&bytes, &options, &done, NULL) == KIST_OK && done.is_whole) {
		must(done.lost == 0);
		name = kist_pack_name(bytes.data, bytes.data + bytes.size - KIST_PACK_FOOT_SIZE);
		must(kist_digest_equal(&name, &options.name));
	}
	kist_filter_done(&seen.filter);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kist_auto_pack_builder struct kist_pack_builder builder = KIST_PACK_BUILDER_INIT;

	if (size > 0 && (data[0] == 'B' || data[0] == 'C')) {
		build(&builder, data, size);
		read_all(kist_buf_view(&builder.bytes));
		mend(kist_buf_view(&builder.bytes));
	} else {
		read_all(kist_view_of(data, size));
		mend(kist_view_of(data, size));
	}
	return 0;
}
