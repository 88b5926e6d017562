/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "store/state.h"

/* What is read of a pack's end at first: the footer and, for most packs, all of the index. */
#define TAIL_SIZE KIST_PACK_TAIL_SIZE

kist_status kist_fail_in_pack(const struct kist_digest *pack, uint64_t offset, const struct kist_error *why,
			      struct kist_error *err)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	/* The system's errno is for whoever must tell a full disk from a broken one. */
	kist_digest_hex(pack, hex);
	(void)kist_fail_at(err, why->status, why->code, offset, "pack %s at offset %llu: %s", hex,
			   (unsigned long long)offset, why->text);
	if (err && err->sys_errno == 0)
		err->sys_errno = why->sys_errno;
	return why->status;
}

void kist_chunk_reader_done(struct kist_chunk_reader *reader)
{
	kist_filter_done(&reader->filter);
	kist_buf_done(&reader->record);
	kist_buf_done(&reader->base);
	kist_buf_done(&reader->ahead);
}

void kist_store_read_ahead(struct kist_store *store, struct kist_chunk_reader *reader,
			   const struct kist_digest *pack, uint64_t offset, size_t size)
{
	char key[KIST_PACK_KEY_SIZE];

	kist_pack_key(pack, key);
	reader->ahead_pack = *pack;
	reader->ahead_at = offset;
	reader->ahead.size = 0;
	reader->ahead.size_max = size;
	if (kist_backend_get(store->backend, key, offset, size, &reader->ahead, NULL) != KIST_OK)
		reader->ahead.size = 0;
}

/* Gives @stored_len bytes, a record, which stay in @reader. */
static kist_status get_record(struct kist_store *store, struct kist_chunk_reader *reader,
			      const struct kist_digest *pack, uint64_t offset, uint32_t stored_len,
			      struct kist_view *ret, struct kist_error *err)
{
	const size_t ahead = reader->ahead.size;
	char key[KIST_PACK_KEY_SIZE];

	if (ahead > 0 && offset >= reader->ahead_at && offset - reader->ahead_at <= ahead &&
	    stored_len <= ahead - (offset - reader->ahead_at) &&
	    kist_digest_equal(pack, &reader->ahead_pack)) {
		*ret = kist_view_of(reader->ahead.data + (offset - reader->ahead_at), stored_len);
		return KIST_OK;
	}
	kist_pack_key(pack, key);
	reader->record.size = 0;
	reader->record.size_max = stored_len;
	KIST_TRY(kist_backend_get(store->backend, key, offset, stored_len, &reader->record, err));
	*ret = kist_buf_view(&reader->record);
	return KIST_OK;
}

static bool is_in_range(uint32_t stored_len, uint32_t raw_len)
{
	return raw_len <= KIST_CHUNK_SIZE_MAX &&
	       stored_len <= KIST_RECORD_HEAD_MAX + kist_codec_stored_size(KIST_CHUNK_SIZE_MAX);
}

/* What the digest of the chunk proves is not proved for its base. */
static kist_status unpack_base(struct kist_store *store, struct kist_chunk_reader *reader,
			       const struct kist_base_location *base, struct kist_error *err)
{
	struct kist_record record;
	struct kist_view bytes;

	KIST_TRY(get_record(store, reader, &base->pack, base->offset, base->stored_len, &bytes, err));
	KIST_TRY(kist_record_parse(bytes, &record, err));
	if (!kist_digest_equal(&record.id, &base->id) || record.raw_len != base->raw_len ||
	    record.kind != base->kind || kist_record_has_base(&record))
		return kist_fail(err, KIST_CORRUPT, "another chunk lies here");
	reader->base.size = 0;
	reader->base.size_max = KIST_CHUNK_SIZE_MAX;
	KIST_TRY(kist_buf_reserve(&reader->base, record.raw_len, err));
	KIST_TRY(kist_record_unpack(&reader->filter, &record, bytes, kist_view_of("", 0), reader->base.data,
				    err));
	reader->base.size = record.raw_len;
	return KIST_OK;
}

/* The bytes of the base at @where, as a part of reading the chunk itself. */
static kist_status read_base(struct kist_store *store, struct kist_chunk_reader *reader,
			     const struct kist_location *where, struct kist_error *err)
{
	const struct kist_base_location *const base = &where->base;
	struct kist_error why = KIST_ERROR_INIT;
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(&base->id, hex);
	if (base->stored_len == 0)
		return kist_fail(err, KIST_CORRUPT, "its base, the chunk %s, is not kept as a whole", hex);
	if (!is_in_range(base->stored_len, base->raw_len))
		return kist_fail(err, KIST_CORRUPT, "its base, the chunk %s, is too long", hex);
	if (unpack_base(store, reader, base, &why) == KIST_OK)
		return KIST_OK;
	kist_digest_hex(&base->pack, hex);
	(void)kist_fail_at(err, why.status, why.code, why.offset,
			   "its base cannot be read: pack %s at offset %llu: %s", hex,
			   (unsigned long long)base->offset, why.text);
	if (err && err->sys_errno == 0)
		err->sys_errno = why.sys_errno;
	return why.status;
}

/* What a record is decoded with: how much of what it says is proved. */
typedef kist_status unpack_function(struct kist_filter *filter, const struct kist_record *record,
				    struct kist_view bytes, struct kist_view base, uint8_t *ret,
				    struct kist_error *err);

static kist_status decode(struct kist_chunk_reader *reader, const struct kist_location *where,
			  const struct kist_digest *id, unpack_function *unpack, struct kist_view bytes,
			  uint8_t *ret, struct kist_error *err)
{
	const struct kist_view base = where->has_base ? kist_buf_view(&reader->base) : kist_view_of(NULL, 0);
	struct kist_record record;

	KIST_TRY(kist_record_parse(bytes, &record, err));
	if (!kist_digest_equal(&record.id, id) || record.raw_len != where->raw_len ||
	    record.kind != where->kind || kist_record_has_base(&record) != where->has_base ||
	    (where->has_base && !kist_digest_equal(&record.base, &where->base.id)))
		return kist_fail(err, KIST_CORRUPT, "another chunk lies here");
	return unpack(&reader->filter, &record, bytes, base, ret, err);
}

static kist_status read_record(struct kist_store *store, struct kist_chunk_reader *reader,
			       const struct kist_location *where, const struct kist_digest *id,
			       unpack_function *unpack, uint8_t *ret, struct kist_error *err)
{
	struct kist_view bytes;

	/* First: the record is what stays in the reader. */
	if (where->has_base)
		KIST_TRY(read_base(store, reader, where, err));
	KIST_TRY(get_record(store, reader, &where->pack, where->offset, where->stored_len, &bytes, err));
	return decode(reader, where, id, unpack, bytes, ret, err);
}

static kist_status check_range(const struct kist_location *where, struct kist_error *err)
{
	if (is_in_range(where->stored_len, where->raw_len))
		return KIST_OK;
	return kist_fail(err, KIST_CORRUPT, "record of %u bytes in %u: out of range", where->raw_len,
			 where->stored_len);
}

static kist_status read_into(struct kist_store *store, struct kist_chunk_reader *reader,
			     const struct kist_location *where, const struct kist_digest *id,
			     unpack_function *unpack, uint8_t *ret, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;

	if (check_range(where, &why) == KIST_OK &&
	    read_record(store, reader, where, id, unpack, ret, &why) == KIST_OK)
		return KIST_OK;
	return kist_fail_in_pack(&where->pack, where->offset, &why, err);
}

kist_status kist_decode_chunk(struct kist_chunk_reader *reader, const struct kist_location *where,
			      const struct kist_digest *id, struct kist_view bytes, uint8_t *ret,
			      struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;

	reader->base.size = 0;
	if (check_range(where, &why) == KIST_OK &&
	    decode(reader, where, id, kist_record_decode, bytes, ret, &why) == KIST_OK)
		return KIST_OK;
	return kist_fail_in_pack(&where->pack, where->offset, &why, err);
}

kist_status kist_store_unpack_chunk(struct kist_store *store, struct kist_chunk_reader *reader,
				    const struct kist_location *where, const struct kist_digest *id,
				    uint8_t *ret, struct kist_error *err)
{
	return read_into(store, reader, where, id, kist_record_unpack, ret, err);
}

kist_status kist_store_unpack_unsummed(struct kist_store *store, struct kist_chunk_reader *reader,
				       const struct kist_location *where, const struct kist_digest *id,
				       uint8_t *ret, struct kist_error *err)
{
	return read_into(store, reader, where, id, kist_record_unpack_unsummed, ret, err);
}

kist_status kist_store_prove_chunk(const struct kist_location *where, const struct kist_digest *id,
				   const struct kist_digest *actual, struct kist_error *err)
{
	const struct kist_record record = { .id = *id };
	struct kist_error why = KIST_ERROR_INIT;

	if (kist_record_prove(&record, actual, &why) == KIST_OK)
		return KIST_OK;
	return kist_fail_in_pack(&where->pack, where->offset, &why, err);
}

kist_status kist_store_read_chunk_into(struct kist_store *store, struct kist_chunk_reader *reader,
				       const struct kist_location *where, const struct kist_digest *id,
				       uint8_t *ret, struct kist_error *err)
{
	return read_into(store, reader, where, id, kist_record_decode, ret, err);
}

kist_status kist_store_read_chunk_with(struct kist_store *store, struct kist_chunk_reader *reader,
				       const struct kist_location *where, const struct kist_digest *id,
				       struct kist_buf *ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf raw = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);

	if (where->raw_len > ret->size_max)
		return kist_fail(err, KIST_LIMIT, "chunk of %u bytes: at most %zu fit here", where->raw_len,
				 ret->size_max);
	KIST_TRY(kist_buf_reserve(&raw, (size_t)kist_min_u64(where->raw_len, KIST_CHUNK_SIZE_MAX), err));
	KIST_TRY(kist_store_read_chunk_into(store, reader, where, id, raw.data, err));
	raw.size = where->raw_len;
	raw.size_max = ret->size_max;
	kist_buf_move(ret, &raw);
	return KIST_OK;
}

kist_status kist_store_read_chunk(struct kist_store *store, const struct kist_location *where,
				  const struct kist_digest *id, struct kist_buf *ret, struct kist_error *err)
{
	kist_auto_chunk_reader struct kist_chunk_reader reader = { .filter = KIST_FILTER_INIT };

	return kist_store_read_chunk_with(store, &reader, where, id, ret, err);
}

static kist_status check_record(struct kist_store *store, struct kist_chunk_reader *reader,
				const struct kist_digest *pack, uint64_t offset, uint32_t stored_len,
				const struct kist_digest *id, struct kist_error *err)
{
	struct kist_record record;
	struct kist_view bytes;

	KIST_TRY(get_record(store, reader, pack, offset, stored_len, &bytes, err));
	KIST_TRY(kist_record_parse(bytes, &record, err));
	if (!kist_digest_equal(&record.id, id))
		return kist_fail(err, KIST_CORRUPT, "another chunk lies here");
	return kist_record_check_body(&record, bytes, err);
}

kist_status kist_store_check_record(struct kist_store *store, struct kist_chunk_reader *reader,
				    const struct kist_location *where, const struct kist_digest *id,
				    struct kist_error *err)
{
	const struct kist_base_location *const base = &where->base;
	struct kist_error why = KIST_ERROR_INIT;

	if (check_range(where, &why) != KIST_OK ||
	    check_record(store, reader, &where->pack, where->offset, where->stored_len, id, &why) != KIST_OK)
		return kist_fail_in_pack(&where->pack, where->offset, &why, err);
	if (!where->has_base)
		return KIST_OK;
	if (base->stored_len == 0 || !is_in_range(base->stored_len, base->raw_len))
		return kist_fail(err, KIST_CORRUPT, "the base of a chunk is not kept as a whole");
	if (check_record(store, reader, &base->pack, base->offset, base->stored_len, &base->id, &why) !=
	    KIST_OK)
		return kist_fail_in_pack(&base->pack, base->offset, &why, err);
	return KIST_OK;
}

static kist_status read_head(struct kist_store *store, const struct kist_location *where,
			     const struct kist_digest *id, struct kist_record *ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf head = KIST_BUF_INIT(KIST_RECORD_HEAD_MAX);
	char key[KIST_PACK_KEY_SIZE];

	kist_pack_key(&where->pack, key);
	KIST_TRY(kist_backend_get(store->backend, key, where->offset, KIST_RECORD_HEAD_MAX, &head, err));
	KIST_TRY(kist_record_parse(kist_buf_view(&head), ret, err));
	if (!kist_digest_equal(&ret->id, id))
		return kist_fail(err, KIST_CORRUPT, "another chunk lies here");
	return KIST_OK;
}

kist_status kist_store_read_head(struct kist_store *store, const struct kist_location *where,
				 const struct kist_digest *id, struct kist_record *ret,
				 struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;

	if (read_head(store, where, id, ret, &why) == KIST_OK)
		return KIST_OK;
	return kist_fail_in_pack(&where->pack, where->offset, &why, err);
}

kist_status kist_check_pack_name(const struct kist_digest *id, struct kist_view head, const uint8_t *foot,
				 struct kist_error *err)
{
	struct kist_pack_head parsed;
	struct kist_digest actual;

	if (kist_pack_parse_head(head, &parsed, NULL) != KIST_OK)
		return KIST_OK;
	actual = kist_pack_name(head.data, foot);
	if (!kist_digest_equal(&actual, id))
		return kist_fail(err, KIST_CORRUPT, "pack does not match its name: it is another one");
	return KIST_OK;
}

static kist_status check_name(struct kist_store *store, const struct kist_digest *id, const uint8_t *foot,
			      struct kist_error *err)
{
	kist_auto_buf struct kist_buf head = KIST_BUF_INIT(KIST_PACK_HEAD_SIZE);
	struct kist_error why = KIST_ERROR_INIT;
	char key[KIST_PACK_KEY_SIZE];

	kist_pack_key(id, key);
	if (kist_backend_get(store->backend, key, 0, KIST_PACK_HEAD_SIZE, &head, &why) == KIST_NO_MEMORY)
		return kist_fail_as(err, why.status, &why);
	return kist_check_pack_name(id, kist_buf_view(&head), foot, err);
}

kist_status kist_read_pack_end(struct kist_store *store, const struct kist_digest *id, struct kist_buf *ret,
			       struct kist_pack_footer *ret_footer, struct kist_view *ret_index,
			       struct kist_error *err)
{
	char key[KIST_PACK_KEY_SIZE];
	uint64_t size;
	size_t tail;

	kist_pack_key(id, key);
	KIST_TRY(kist_backend_head(store->backend, key, &size, err));
	if (size > KIST_PACK_SIZE_MAX)
		return kist_fail(err, KIST_CORRUPT, "pack of %llu bytes: out of range",
				 (unsigned long long)size);
	tail = size < TAIL_SIZE ? (size_t)size : TAIL_SIZE;
	KIST_TRY(kist_backend_get(store->backend, key, size - tail, tail, ret, err));
	KIST_TRY(kist_pack_parse_footer(kist_buf_view(ret), size, ret_footer, err));
	if (ret_footer->index_size + KIST_PACK_FOOT_SIZE > ret->size) {
		ret->size = 0;
		KIST_TRY(kist_backend_get(store->backend, key, ret_footer->index_offset,
					  (size_t)ret_footer->index_size + KIST_PACK_FOOT_SIZE, ret, err));
	}
	/* Shorter when somebody cuts the file meanwhile. */
	if (ret_footer->index_size + KIST_PACK_FOOT_SIZE > ret->size)
		return kist_fail(err, KIST_CORRUPT, "pack is cut short");
	*ret_index = kist_view_of(ret->data + ret->size - KIST_PACK_FOOT_SIZE - ret_footer->index_size,
				  (size_t)ret_footer->index_size);
	return kist_pack_check_index(*ret_index, ret_footer, err);
}

kist_status kist_read_pack_index(struct kist_store *store, const struct kist_digest *id, struct kist_buf *ret,
				 struct kist_pack_footer *ret_footer, struct kist_view *ret_index,
				 struct kist_error *err)
{
	KIST_TRY(kist_read_pack_end(store, id, ret, ret_footer, ret_index, err));
	return check_name(store, id, ret_index->data + ret_index->size, err);
}

kist_status kist_store_read_index(struct kist_store *store, const struct kist_digest *id,
				  kist_status (*each)(void *ctx, const struct kist_digest *chunk,
						      const struct kist_location *where,
						      struct kist_error *err),
				  void *ctx, struct kist_error *err)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_PACK_TAIL_MAX);
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_pack_footer footer = { .count = 0 };
	struct kist_view index;

	if (kist_read_pack_index(store, id, &bytes, &footer, &index, &why) != KIST_OK)
		return kist_fail_in_pack(id, footer.index_offset, &why, err);
	for (size_t i = 0; i < footer.count; i++) {
		const struct kist_pack_entry entry = kist_pack_entry_at(index, i);
		const struct kist_location where = { .pack = *id,
						     .offset = entry.offset,
						     .stored_len = entry.record_len,
						     .raw_len = entry.raw_len,
						     .kind = entry.kind,
						     .has_base = entry.has_base,
						     .base = { .id = entry.base } };

		KIST_TRY(each(ctx, &entry.id, &where, err));
	}
	return KIST_OK;
}
