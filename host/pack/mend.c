/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/mend.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "pack/crc32c.h"

#define CRC_POLYNOMIAL	0x82F63B78u
#define RECORD_MAGIC	"KREC"
#define RECORD_MAGIC_AT ((size_t)8)
/* Wrong bytes in a row that are looked for. */
#define RUN_MAX 3

/* What the CRC's register held eight bits before it held @state, when zeros went in. */
static uint32_t step_back(uint32_t state)
{
	for (int i = 0; i < 8; i++)
		state = state & 0x80000000u ? ((state ^ CRC_POLYNOMIAL) << 1) | 1 : state << 1;
	return state;
}

static void flip(uint8_t *at, uint32_t difference, unsigned len)
{
	for (unsigned i = 0; i < len; i++)
		at[i] ^= (uint8_t)(difference >> (8 * i));
}

/* Whether the first byte of a difference is wrong, and the one @len - 1 behind it, and none past that. */
static bool is_run(uint32_t difference, unsigned len)
{
	return difference >> (8 * len) == 0 && (difference & 0xff) != 0 && difference >> (8 * (len - 1)) != 0;
}

/*
 * A CRC is linear: what it is off by is what the wrong bits alone would give.  Stepping that back from the
 * end of the body gives, at each place, the four bytes that would have to be wrong from there on; where only
 * the first
 * @len of them are, that is a place where so short a run may lie.
 */
static bool find_run(const struct kist_mend_options *options, const struct kist_record *record,
		     uint8_t *bytes, uint32_t off_by, unsigned len, uint64_t *work)
{
	const size_t head_size = kist_record_head_size(record);
	const struct kist_view whole = kist_view_of(bytes, head_size + record->body_len);
	uint32_t state = off_by;

	for (size_t at = record->body_len; at-- > 0;) {
		uint8_t *place = bytes + head_size + at;

		state = step_back(state);
		if (!is_run(state, len) || len > record->body_len - at)
			continue;
		if (*work < record->raw_len)
			return false;
		*work -= record->raw_len;
		flip(place, state, len);
		if (options->prove(options->ctx, record, whole, true))
			return true;
		flip(place, state, len);
	}
	return false;
}

bool kist_mend_body(const struct kist_mend_options *options, const struct kist_record *record, uint8_t *bytes,
		    uint64_t *work)
{
	const struct kist_view body = kist_view_of(bytes + kist_record_head_size(record), record->body_len);
	const uint32_t off_by = kist_crc32c(0, body) ^ record->body_crc;

	/* The CRC is right and the bytes are not: whoever wrote them wrote them so. */
	if (off_by == 0)
		return false;
	for (unsigned len = 1; len <= RUN_MAX; len++) {
		if (find_run(options, record, bytes, off_by, len, work))
			return true;
	}
	return false;
}

/* A pack under repair. */
struct mending {
	const struct kist_mend_options *options;
	struct kist_buf *pack;
	struct kist_mended done;
	struct kist_pack_builder builder; /* its entries alone are used: the index of what was found */
	struct kist_view index;		  /* of the pack, when it is sound; else empty */
	size_t index_count;
	uint32_t *order; /* entries of it by offset */
	uint64_t work;	 /* that may still be done */
	bool is_changed; /* something that is no record */
};

static void mending_done(struct mending *mending)
{
	kist_pack_builder_done(&mending->builder);
	kist_free(mending->order);
}

/* Tries all values of all bytes until @is_right says yes; else nothing is changed. */
static bool mend_byte(uint8_t *bytes, size_t size, bool (*is_right)(struct kist_view bytes, void *ctx),
		      void *ctx, size_t view_size)
{
	for (size_t i = 0; i < size; i++) {
		const uint8_t was = bytes[i];

		for (unsigned value = 0; value < 256; value++) {
			bytes[i] = (uint8_t)value;
			if (is_right(kist_view_of(bytes, view_size), ctx))
				return true;
		}
		bytes[i] = was;
	}
	return false;
}

static bool is_record_head(struct kist_view bytes, void *ctx)
{
	return kist_record_parse(bytes, ctx, NULL) == KIST_OK;
}

static bool is_pack_head(struct kist_view bytes, void *ctx)
{
	return kist_pack_parse_head(bytes, ctx, NULL) == KIST_OK;
}

/* Whether what all heads have in common is there, but for one byte at most. */
static bool is_like_a_head(const uint8_t *bytes)
{
	static const uint8_t common[] = { 0x51, 0x2a, 0x4d, 0x18, 0, 0, 0, 0, 'K', 'R', 'E', 'C' };
	unsigned wrong = 0;

	for (size_t i = 0; i < sizeof(common); i++)
		wrong += i != 4 && bytes[i] != common[i];
	return wrong <= 1;
}

/*
 * Reads a head.  Where one must be, one wrong byte of it is put right; @search is false where one is only
 * guessed to be.  *@ret_found is false when that is no head.
 */
static kist_status mend_record_head(uint8_t *bytes, size_t size, bool search, struct kist_record *ret,
				    bool *ret_found, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;

	*ret_found = size >= KIST_RECORD_HEAD_SIZE &&
		     kist_record_parse(kist_view_of(bytes, size), ret, &why) == KIST_OK;
	if (why.status == KIST_INCOMPATIBLE)
		return kist_fail_as(err, why.status, &why);
	if (!*ret_found && search && size >= KIST_RECORD_HEAD_SIZE && is_like_a_head(bytes))
		*ret_found = mend_byte(bytes, (size_t)kist_min_u64(size, KIST_RECORD_HEAD_MAX),
				       is_record_head, ret, size);
	return KIST_OK;
}

/* Whether the record's bytes are the chunk it names, or are so now.  *@was_sound: its head was; both were. */
static bool mend_body(struct mending *mending, const struct kist_record *record, uint8_t *bytes, size_t size,
		      bool *was_sound)
{
	uint64_t work = kist_min_u64(mending->work, KIST_MEND_RECORD_WORK);
	const uint64_t before = work;
	bool sound = mending->options->prove(mending->options->ctx, record, kist_view_of(bytes, size),
					     !*was_sound);

	*was_sound = *was_sound && sound;
	sound = sound || kist_mend_body(mending->options, record, bytes, &work);
	mending->work -= before - work;
	return sound;
}

static kist_status take_record(struct mending *mending, const struct kist_record *record, size_t at,
			       bool was_sound, struct kist_error *err)
{
	struct kist_pack_builder *const builder = &mending->builder;
	size_t placed;

	/* An entry in the index, and no bytes. */
	builder->bytes.size = 0;
	KIST_TRY(kist_pack_add(builder, record, &placed, err));
	builder->entries[builder->count - 1].offset = (uint32_t)at;
	mending->done.sound++;
	mending->done.mended += !was_sound;
	return mending->options->each
		       ? mending->options->each(mending->options->ctx, record, at, was_sound, err)
		       : KIST_OK;
}

/*
 * Mends the record at @at, of @len bytes or, with 0, of as many as its head says.  Gives them, or 0 when
 * nobody knows where it ends; what is lost is not counted then.
 */
static kist_status mend_record(struct mending *mending, size_t at, size_t len, size_t end, bool search,
			       size_t *ret_len, struct kist_error *err)
{
	uint8_t *const bytes = mending->pack->data + at;
	struct kist_record record;
	bool was_sound;
	bool found;
	size_t size;

	*ret_len = 0;
	was_sound = end - at >= KIST_RECORD_HEAD_SIZE &&
		    kist_record_parse(kist_view_of(bytes, end - at), &record, NULL) == KIST_OK;
	KIST_TRY(mend_record_head(bytes, end - at, search, &record, &found, err));
	if (!found)
		return KIST_OK;
	size = kist_record_head_size(&record) + record.body_len;
	if (size > end - at || (len != 0 && len != size))
		return KIST_OK;
	*ret_len = size;
	if (mend_body(mending, &record, bytes, size, &was_sound))
		return take_record(mending, &record, at, was_sound, err);
	mending->done.lost++;
	return KIST_OK;
}

static int compare_offsets(const void *a, const void *b, void *ctx)
{
	const struct mending *mending = ctx;
	const uint32_t left = kist_pack_entry_at(mending->index, *(const uint32_t *)a).offset;
	const uint32_t right = kist_pack_entry_at(mending->index, *(const uint32_t *)b).offset;

	return (left > right) - (left < right);
}

static kist_status mend_by_index(struct mending *mending, size_t end, struct kist_error *err)
{
	size_t last_end = KIST_PACK_HEAD_SIZE;

	mending->order = kist_alloc(mending->index_count, sizeof(*mending->order));
	if (!mending->order)
		return kist_fail_memory(err, mending->index_count * sizeof(*mending->order));
	for (uint32_t i = 0; i < mending->index_count; i++)
		mending->order[i] = i;
	qsort_r(mending->order, mending->index_count, sizeof(*mending->order), compare_offsets, mending);
	for (size_t i = 0; i < mending->index_count; i++) {
		const struct kist_pack_entry entry = kist_pack_entry_at(mending->index, mending->order[i]);
		size_t len = 0;

		/* Nobody wrote records that overlap: no byte is looked at twice. */
		if (entry.offset >= last_end)
			KIST_TRY(mend_record(mending, entry.offset, entry.record_len, end, true, &len, err));
		mending->done.lost += len == 0;
		last_end = entry.offset + entry.record_len;
	}
	return KIST_OK;
}

/* Where the next head may begin: four letters say so. */
static size_t next_head(const struct kist_buf *pack, size_t at)
{
	const uint8_t *found =
		pack->size - at > RECORD_MAGIC_AT
			? memmem(pack->data + at + RECORD_MAGIC_AT, pack->size - at - RECORD_MAGIC_AT,
				 RECORD_MAGIC, sizeof(RECORD_MAGIC) - 1)
			: NULL;

	return found ? (size_t)(found - RECORD_MAGIC_AT - pack->data) : pack->size;
}

/* Whether just the index of what was found and the footer follow; a lost record may have had a base. */
static bool is_end(const struct mending *mending, size_t at)
{
	const struct kist_pack_builder *builder = &mending->builder;
	size_t bases = 0;

	for (size_t i = 0; i < builder->count; i++)
		bases += builder->entries[i].has_base ? KIST_PACK_BASE_SIZE : 0;
	return at + bases + KIST_PACK_INDEX_SIZE(mending->builder.count + mending->done.lost) +
		       KIST_PACK_FOOT_SIZE ==
	       mending->pack->size;
}

/* Whether the pack has its name when a new index and footer stand behind the records, which end at @end. */
static kist_status try_end(struct mending *mending, size_t end, struct kist_error *err)
{
	kist_auto_buf struct kist_buf tail =
		KIST_BUF_INIT(KIST_PACK_INDEX_SIZE(KIST_PACK_CHUNKS_MAX) +
			      KIST_PACK_CHUNKS_MAX * KIST_PACK_BASE_SIZE + KIST_PACK_FOOT_SIZE);
	struct kist_buf *const pack = mending->pack;
	struct kist_digest actual;

	KIST_TRY(kist_pack_append_end(&mending->builder, end, &tail, err));
	actual = kist_pack_name(pack->data, tail.data + tail.size - KIST_PACK_FOOT_SIZE);
	mending->done.is_whole = kist_digest_equal(&actual, &mending->options->name);
	if (!mending->done.is_whole)
		return KIST_OK;
	mending->done.was_whole = !mending->is_changed && mending->done.mended == 0 &&
				  pack->size - end == tail.size &&
				  memcmp(pack->data + end, tail.data, tail.size) == 0;
	pack->size = end;
	return kist_buf_append(pack, tail.data, tail.size, err);
}

/* One behind the other; where none is any more, the records end, or there is a gap. */
static kist_status mend_by_heads(struct mending *mending, struct kist_error *err)
{
	const size_t size = mending->pack->size;
	size_t at = KIST_PACK_HEAD_SIZE;
	bool guessed = false;

	while (at < size && !is_end(mending, at)) {
		size_t len;

		KIST_TRY(mend_record(mending, at, 0, size, !guessed, &len, err));
		if (len == 0 && mending->done.lost == 0 && !guessed) {
			KIST_TRY(try_end(mending, at, err));
			if (mending->done.is_whole)
				return KIST_OK;
		}
		mending->done.lost += len == 0 && !guessed;
		guessed = len == 0;
		at = guessed ? next_head(mending->pack, at + 1) : at + len;
	}
	return KIST_OK;
}

static kist_status rebuild(struct mending *mending, struct kist_error *err)
{
	size_t end = KIST_PACK_HEAD_SIZE;

	for (size_t i = 0; i < mending->builder.count; i++)
		end += mending->builder.entries[i].record_len;
	if (mending->done.is_whole || mending->done.lost > 0 || end > mending->pack->size)
		return KIST_OK;
	return try_end(mending, end, err);
}

static kist_status mend_all(struct mending *mending, struct kist_error *err)
{
	const struct kist_view bytes = kist_buf_view(mending->pack);
	struct kist_pack_footer footer;
	struct kist_pack_head head;

	if (bytes.size < KIST_PACK_HEAD_SIZE)
		return KIST_OK;
	if (!is_pack_head(bytes, &head))
		mending->is_changed = mend_byte(mending->pack->data, KIST_PACK_HEAD_SIZE, is_pack_head, &head,
						KIST_PACK_HEAD_SIZE);
	if (kist_pack_parse_footer(bytes, bytes.size, &footer, NULL) == KIST_OK) {
		mending->index = kist_view_of(bytes.data + footer.index_offset, (size_t)footer.index_size);
		mending->index_count = footer.count;
	}
	mending->done.had_index =
		mending->index_count > 0 && kist_pack_check_index(mending->index, &footer, NULL) == KIST_OK;
	if (mending->done.had_index)
		KIST_TRY(mend_by_index(mending, (size_t)footer.index_offset, err));
	else
		KIST_TRY(mend_by_heads(mending, err));
	return rebuild(mending, err);
}

kist_status kist_pack_mend(struct kist_buf *pack, const struct kist_mend_options *options,
			   struct kist_mended *ret, struct kist_error *err)
{
	__attribute__((cleanup(mending_done))) struct mending mending = { .options = options,
									  .pack = pack,
									  .builder = KIST_PACK_BUILDER_INIT,
									  .work = KIST_MEND_PACK_WORK };

	KIST_TRY(mend_all(&mending, err));
	*ret = mending.done;
	return KIST_OK;
}
