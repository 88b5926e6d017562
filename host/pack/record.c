/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/record.h"

#include "base/le.h"
#include "pack/crc32c.h"

#define FRAME_MAGIC    0x184D2A51u
#define RECORD_MAGIC   "KREC"
#define RECORD_VERSION 1
#define FLAG_EXTENSION 0x80
#define KIND_MASK      0x0F

size_t kist_record_head_size(const struct kist_record *record)
{
	return record->filter == KIST_FILTER_NONE ? KIST_RECORD_HEAD_SIZE : KIST_RECORD_HEAD_MAX;
}

static uint32_t head_crc(const uint8_t *head, size_t size)
{
	return kist_crc32c(kist_crc32c(0, kist_view_of(head, 28)), kist_view_of(head + 32, size - 32));
}

void kist_record_write_head(const struct kist_record *record, uint8_t *ret)
{
	const size_t size = kist_record_head_size(record);

	kist_le_write32(ret, FRAME_MAGIC);
	kist_le_write32(ret + 4, (uint32_t)(size - 8));
	memcpy(ret + 8, RECORD_MAGIC, 4);
	ret[12] = RECORD_VERSION;
	ret[13] = record->filter;
	ret[14] = record->codec;
	ret[15] = size == KIST_RECORD_HEAD_MAX ? record->kind | FLAG_EXTENSION : record->kind;
	kist_le_write32(ret + 16, record->raw_len);
	kist_le_write32(ret + 20, record->body_len);
	kist_le_write32(ret + 24, record->body_crc);
	memcpy(ret + 32, record->id.bytes, KIST_DIGEST_SIZE);
	if (size == KIST_RECORD_HEAD_MAX) {
		memcpy(ret + 64, record->base.bytes, KIST_DIGEST_SIZE);
		memcpy(ret + 96, record->params, KIST_FILTER_PARAMS_SIZE);
	}
	kist_le_write32(ret + 28, head_crc(ret, size));
}

static kist_status check_head(const uint8_t *head, const struct kist_record *record, struct kist_error *err)
{
	static const struct kist_digest none;
	const bool extended = (head[15] & FLAG_EXTENSION) != 0;

	if (head[12] != RECORD_VERSION || record->filter >= KIST_FILTER_COUNT ||
	    record->codec >= KIST_CODEC_COUNT || record->kind >= KIST_CHUNK_KIND_COUNT ||
	    (head[15] & ~(KIND_MASK | FLAG_EXTENSION)) != 0)
		return kist_fail(err, KIST_INCOMPATIBLE,
				 "record of version %u, filter %u, codec %u, flags %u: a newer kist made it",
				 head[12], record->filter, record->codec, head[15]);
	if (record->raw_len == 0 || record->raw_len > KIST_CHUNK_SIZE_MAX || record->body_len == 0 ||
	    record->body_len > kist_codec_stored_size(record->raw_len))
		return kist_fail(err, KIST_CORRUPT, "record of %u bytes in %u: out of range", record->raw_len,
				 record->body_len);
	if (extended != (record->filter != KIST_FILTER_NONE) ||
	    (extended && record->codec != KIST_CODEC_ZSTD) ||
	    (record->codec == KIST_CODEC_DICTIONARY && record->kind != KIST_CHUNK_RECORD) ||
	    kist_record_has_base(record) == kist_digest_equal(&record->base, &none) ||
	    (kist_record_has_base(record) && record->kind != KIST_CHUNK_DATA))
		return kist_fail(err, KIST_CORRUPT,
				 "record of filter %u, codec %u, flags %u: these do not go together",
				 record->filter, record->codec, head[15]);
	if (kist_record_has_base(record) && kist_digest_equal(&record->base, &record->id))
		return kist_fail(err, KIST_CORRUPT, "record of a chunk that is its own base");
	return KIST_OK;
}

kist_status kist_record_parse(struct kist_view bytes, struct kist_record *ret, struct kist_error *err)
{
	const uint8_t *head = bytes.data;
	struct kist_record record = { .filter = KIST_FILTER_NONE };
	size_t size;

	if (bytes.size < KIST_RECORD_HEAD_SIZE || kist_le_read32(head) != FRAME_MAGIC ||
	    memcmp(head + 8, RECORD_MAGIC, 4) != 0)
		return kist_fail(err, KIST_CORRUPT, "no record here");
	size = (head[15] & FLAG_EXTENSION) != 0 ? KIST_RECORD_HEAD_MAX : KIST_RECORD_HEAD_SIZE;
	if (kist_le_read32(head + 4) != size - 8 || bytes.size < size ||
	    kist_le_read32(head + 28) != head_crc(head, size))
		return kist_fail(err, KIST_CORRUPT, "head of the record is damaged (CRC)");
	record.filter = head[13];
	record.codec = head[14];
	record.kind = head[15] & KIND_MASK;
	record.raw_len = kist_le_read32(head + 16);
	record.body_len = kist_le_read32(head + 20);
	record.body_crc = kist_le_read32(head + 24);
	memcpy(record.id.bytes, head + 32, KIST_DIGEST_SIZE);
	if (size == KIST_RECORD_HEAD_MAX) {
		memcpy(record.base.bytes, head + 64, KIST_DIGEST_SIZE);
		memcpy(record.params, head + 96, KIST_FILTER_PARAMS_SIZE);
	}
	KIST_TRY(check_head(head, &record, err));
	*ret = record;
	return KIST_OK;
}

static kist_status check_len(const struct kist_record *record, struct kist_view bytes, struct kist_error *err)
{
	const size_t head_size = kist_record_head_size(record);

	if (bytes.size < head_size || bytes.size - head_size != record->body_len)
		return kist_fail(err, KIST_CORRUPT, "record is cut short");
	return KIST_OK;
}

kist_status kist_record_check_body(const struct kist_record *record, struct kist_view bytes,
				   struct kist_error *err)
{
	const size_t head_size = kist_record_head_size(record);

	KIST_TRY(check_len(record, bytes, err));
	if (kist_crc32c(0, kist_view_of(bytes.data + head_size, record->body_len)) != record->body_crc)
		return kist_fail(err, KIST_CORRUPT, "body of the record is damaged (CRC)");
	return KIST_OK;
}

/* Of what stands behind the head. */
static struct kist_filter_body body_of(const struct kist_record *record, struct kist_view bytes,
				       struct kist_view base)
{
	struct kist_filter_body body = {
		.body = kist_view_of(bytes.data + kist_record_head_size(record), record->body_len),
		.choice = { .filter = record->filter,
			    .with_dictionary = record->codec == KIST_CODEC_DICTIONARY },
		.base = base
	};

	memcpy(body.choice.params, record->params, sizeof(body.choice.params));
	return body;
}

kist_status kist_record_unpack(struct kist_filter *filter, const struct kist_record *record,
			       struct kist_view bytes, struct kist_view base, uint8_t *ret,
			       struct kist_error *err)
{
	const struct kist_filter_body body = body_of(record, bytes, base);

	KIST_TRY(kist_record_check_body(record, bytes, err));
	return kist_filter_decode(filter, &body, ret, record->raw_len, err);
}

kist_status kist_record_unpack_unsummed(struct kist_filter *filter, const struct kist_record *record,
					struct kist_view bytes, struct kist_view base, uint8_t *ret,
					struct kist_error *err)
{
	const struct kist_filter_body body = body_of(record, bytes, base);
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	KIST_TRY(check_len(record, bytes, err));
	status = kist_filter_decode(filter, &body, ret, record->raw_len, &why);
	if (status == KIST_OK)
		return KIST_OK;
	if (status != KIST_NO_MEMORY)
		KIST_TRY(kist_record_check_body(record, bytes, err));
	return kist_fail_as(err, status, &why);
}

kist_status kist_record_compare(struct kist_filter *filter, const struct kist_record *record,
				struct kist_view bytes, struct kist_view base, struct kist_view raw,
				struct kist_buf *room, struct kist_error *err)
{
	const struct kist_filter_body body = body_of(record, bytes, base);

	return kist_filter_compare(filter, &body, raw, room, err);
}

kist_status kist_record_prove(const struct kist_record *record, const struct kist_digest *actual,
			      struct kist_error *err)
{
	if (!kist_digest_equal(actual, &record->id))
		return kist_fail(err, KIST_CORRUPT, "chunk does not match its SHA-256");
	return KIST_OK;
}

kist_status kist_record_decode(struct kist_filter *filter, const struct kist_record *record,
			       struct kist_view bytes, struct kist_view base, uint8_t *ret,
			       struct kist_error *err)
{
	struct kist_digest actual;

	KIST_TRY(kist_record_unpack(filter, record, bytes, base, ret, err));
	actual = kist_digest_of(kist_view_of(ret, record->raw_len));
	return kist_record_prove(record, &actual, err);
}
