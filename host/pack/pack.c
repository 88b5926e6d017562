/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/pack.h"

#include <stdlib.h>

#include "base/le.h"
#include "base/mem.h"
#include "pack/crc32c.h"

#define HEAD_FRAME    0x184D2A50u
#define INDEX_FRAME   0x184D2A52u
#define FOOT_FRAME    0x184D2A53u
#define HEAD_MAGIC    "KPAK"
#define INDEX_MAGIC   "KIDX"
#define FOOT_MAGIC    "KEND"
#define PACK_VERSION  1
#define CRC_OFFSET    60
#define ENTRIES_FIRST ((size_t)64)
/* An id that is so many places away from the one that it begins like is put in order with all others. */
#define FAR ((size_t)64)
/* What goes past the cache is written by these. */
#define PAGE_SIZE ((size_t)4096)

void kist_pack_builder_done(struct kist_pack_builder *builder)
{
	kist_buf_done(&builder->bytes);
	kist_free(builder->entries);
	*builder = (struct kist_pack_builder)KIST_PACK_BUILDER_INIT;
}

static void frame_write(uint8_t *at, uint32_t frame, size_t size, const char *magic)
{
	kist_le_write32(at, frame);
	kist_le_write32(at + 4, (uint32_t)(size - 8));
	memcpy(at + 8, magic, 4);
}

static bool frame_is(const uint8_t *at, uint32_t frame, size_t size, const char *magic)
{
	return kist_le_read32(at) == frame && kist_le_read32(at + 4) == size - 8 &&
	       memcmp(at + 8, magic, 4) == 0;
}

static uint32_t frame_crc(const uint8_t *at)
{
	return kist_crc32c(0, kist_view_of(at, CRC_OFFSET));
}

kist_status kist_pack_begin(struct kist_pack_builder *builder, const struct kist_pack_head *head, size_t size,
			    struct kist_error *err)
{
	uint8_t *at;

	builder->bytes.size = 0;
	builder->gone = 0;
	builder->count = 0;
	/* A new buf of just this size: growing would copy, and would double what is taken. */
	if (builder->bytes.capacity < size)
		KIST_TRY(kist_buf_take_pages(&builder->bytes, size, err));
	KIST_TRY(kist_buf_extend(&builder->bytes, KIST_PACK_HEAD_SIZE, &at, err));
	frame_write(at, HEAD_FRAME, KIST_PACK_HEAD_SIZE, HEAD_MAGIC);
	at[12] = PACK_VERSION;
	at[13] = head->kind;
	memcpy(at + 24, head->store_id, KIST_PACK_ID_SIZE);
	memcpy(at + 40, head->session, KIST_SESSION_SIZE);
	kist_le_write32(at + 52, head->number);
	kist_le_write32(at + 56, head->time);
	kist_le_write32(at + CRC_OFFSET, frame_crc(at));
	memcpy(builder->head, at, sizeof(builder->head));
	return KIST_OK;
}

static kist_status grow_entries(struct kist_pack_builder *builder, struct kist_error *err)
{
	const size_t capacity = builder->capacity ? builder->capacity * 2 : ENTRIES_FIRST;
	struct kist_pack_entry *entries = kist_realloc(builder->entries, capacity, sizeof(*entries));

	if (!entries)
		return kist_fail_memory(err, capacity * sizeof(*entries));
	builder->entries = entries;
	builder->capacity = capacity;
	return KIST_OK;
}

kist_status kist_pack_add(struct kist_pack_builder *builder, const struct kist_record *record,
			  size_t *ret_offset, struct kist_error *err)
{
	const size_t len = kist_record_head_size(record) + record->body_len;
	const size_t offset = kist_pack_size(builder);

	if (builder->count == KIST_PACK_CHUNKS_MAX)
		return kist_fail(err, KIST_LIMIT, "more than %zu chunks in a pack", KIST_PACK_CHUNKS_MAX);
	if (builder->count == builder->capacity)
		KIST_TRY(grow_entries(builder, err));
	KIST_TRY(kist_buf_reserve(&builder->bytes, len, err));
	/* Not zeroed: the caller writes every byte. */
	builder->bytes.size += len;
	builder->entries[builder->count++] =
		(struct kist_pack_entry){ .id = record->id,
					  .offset = (uint32_t)offset,
					  .record_len = (uint32_t)len,
					  .raw_len = record->raw_len,
					  .kind = record->kind,
					  .has_base = kist_record_has_base(record),
					  .base = record->base };
	*ret_offset = offset;
	return KIST_OK;
}

/* An entry, and how its id begins: as a rule that tells which of two comes first. */
struct place {
	uint64_t begin;
	const struct kist_pack_entry *entry;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *one = a;
	const struct place *other = b;

	if (one->begin != other->begin)
		return one->begin > other->begin ? 1 : -1;
	return memcmp(one->entry->id.bytes, other->entry->id.bytes, KIST_DIGEST_SIZE);
}

static uint64_t begin_of(const struct kist_pack_entry *entry)
{
	return __builtin_bswap64(kist_le_read64(entry->id.bytes));
}

/* About where among @count ids one that begins so is: they are digests, which lie evenly. */
static size_t guess(uint64_t begin, size_t count)
{
	return (size_t)((begin >> 32) * count >> 32);
}

/* Puts all near their places.  @ends: As many zeros as there are entries. */
static void place_near(const struct kist_pack_builder *builder, uint32_t *ends, struct place *ret)
{
	const size_t count = builder->count;
	uint32_t sum = 0;

	for (size_t i = 0; i < count; i++)
		ends[guess(begin_of(&builder->entries[i]), count)]++;
	for (size_t i = 0; i < count; i++) {
		const uint32_t here = ends[i];

		ends[i] = sum;
		sum += here;
	}
	for (size_t i = 0; i < count; i++) {
		const uint64_t begin = begin_of(&builder->entries[i]);

		ret[ends[guess(begin, count)]++] =
			(struct place){ .begin = begin, .entry = &builder->entries[i] };
	}
}

/* False when one is far from its place: ids that somebody has chosen. */
static bool insert_in_order(struct place *places, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const struct place place = places[i];
		size_t to = i;

		while (to > 0 && i - to < FAR && compare_places(&places[to - 1], &place) > 0) {
			places[to] = places[to - 1];
			to--;
		}
		places[to] = place;
		if (i - to == FAR)
			return false;
	}
	return true;
}

/* The entries in order of their ids; NULL when there is no memory. */
static struct place *sort_entries(const struct kist_pack_builder *builder)
{
	struct place *const places = kist_alloc(builder->count, sizeof(*places));
	kist_auto_mem uint32_t *ends = kist_alloc(builder->count, sizeof(*ends));

	if (!places || !ends) {
		kist_free(places);
		return NULL;
	}
	place_near(builder, ends, places);
	if (!insert_in_order(places, builder->count))
		qsort(places, builder->count, sizeof(*places), compare_places);
	return places;
}

static void write_entry(const struct kist_pack_entry *entry, uint32_t base_no, uint8_t *at)
{
	memcpy(at, entry->id.bytes, KIST_DIGEST_SIZE);
	kist_le_write32(at + 32, entry->offset);
	kist_le_write32(at + 36, entry->record_len);
	kist_le_write32(at + 40, entry->raw_len);
	kist_le_write32(at + 44, entry->kind | base_no << 8);
}

kist_status kist_pack_append_end(struct kist_pack_builder *builder, uint64_t offset, struct kist_buf *ret,
				 struct kist_error *err)
{
	kist_auto_mem struct place *places = sort_entries(builder);
	size_t size = KIST_PACK_INDEX_SIZE(builder->count);
	struct kist_digest digest;
	uint32_t base_count = 0;
	uint8_t *index;
	uint8_t *foot;

	if (!places)
		return kist_fail_memory(err, builder->count * sizeof(*places));
	for (size_t i = 0; i < builder->count; i++)
		size += builder->entries[i].has_base ? KIST_PACK_BASE_SIZE : 0;
	KIST_TRY(kist_buf_extend(ret, size + KIST_PACK_FOOT_SIZE, &index, err));
	frame_write(index, INDEX_FRAME, size, INDEX_MAGIC);
	kist_le_write32(index + 12, (uint32_t)builder->count);
	for (size_t i = 0; i < builder->count; i++) {
		const struct kist_pack_entry *entry = places[i].entry;

		write_entry(entry, entry->has_base ? base_count + 1 : 0, index + KIST_PACK_INDEX_SIZE(i));
		if (entry->has_base)
			memcpy(index + KIST_PACK_INDEX_SIZE(builder->count) +
				       base_count++ * KIST_PACK_BASE_SIZE,
			       entry->base.bytes, KIST_DIGEST_SIZE);
	}
	digest = kist_digest_of(kist_view_of(index, size));
	foot = index + size;
	frame_write(foot, FOOT_FRAME, KIST_PACK_FOOT_SIZE, FOOT_MAGIC);
	kist_le_write32(foot + 12, PACK_VERSION);
	kist_le_write64(foot + 16, offset);
	memcpy(foot + 24, digest.bytes, KIST_DIGEST_SIZE);
	kist_le_write32(foot + 56, (uint32_t)builder->count);
	kist_le_write32(foot + CRC_OFFSET, frame_crc(foot));
	return KIST_OK;
}

kist_status kist_pack_take_piece(struct kist_pack_builder *builder, struct kist_buf *piece,
				 struct kist_error *err)
{
	const size_t rest = builder->bytes.size % PAGE_SIZE;
	struct kist_buf taken = builder->bytes;

	taken.size -= rest;
	piece->size = 0;
	KIST_TRY(kist_buf_append(piece, taken.data + taken.size, rest, err));
	builder->bytes = *piece;
	builder->gone += taken.size;
	*piece = taken;
	return KIST_OK;
}

kist_status kist_pack_seal(struct kist_pack_builder *builder, struct kist_error *err)
{
	return kist_pack_append_end(builder, kist_pack_size(builder), &builder->bytes, err);
}

struct kist_digest kist_pack_name(const uint8_t *head, const uint8_t *foot)
{
	uint8_t ends[KIST_PACK_HEAD_SIZE + KIST_PACK_FOOT_SIZE];

	memcpy(ends, head, KIST_PACK_HEAD_SIZE);
	memcpy(ends + KIST_PACK_HEAD_SIZE, foot, KIST_PACK_FOOT_SIZE);
	return kist_digest_of(kist_view_of(ends, sizeof(ends)));
}

kist_status kist_pack_parse_head(struct kist_view bytes, struct kist_pack_head *ret, struct kist_error *err)
{
	const uint8_t *at = bytes.data;

	if (bytes.size < KIST_PACK_HEAD_SIZE || !frame_is(at, HEAD_FRAME, KIST_PACK_HEAD_SIZE, HEAD_MAGIC) ||
	    kist_le_read32(at + CRC_OFFSET) != frame_crc(at))
		return kist_fail(err, KIST_CORRUPT, "head of the pack is damaged");
	if (at[12] != PACK_VERSION || at[13] > KIST_PACK_META || kist_le_read64(at + 16) != 0)
		return kist_fail(err, KIST_INCOMPATIBLE,
				 "pack of version %u, kind %u, features 0x%llx: a newer kist made it", at[12],
				 at[13], (unsigned long long)kist_le_read64(at + 16));
	ret->kind = at[13];
	memcpy(ret->store_id, at + 24, KIST_PACK_ID_SIZE);
	memcpy(ret->session, at + 40, KIST_SESSION_SIZE);
	ret->number = kist_le_read32(at + 52);
	ret->time = kist_le_read32(at + 56);
	return KIST_OK;
}

kist_status kist_pack_parse_footer(struct kist_view tail, uint64_t pack_size, struct kist_pack_footer *ret,
				   struct kist_error *err)
{
	struct kist_pack_footer footer;
	const uint8_t *at;

	if (pack_size < KIST_PACK_HEAD_SIZE + KIST_PACK_INDEX_SIZE(0) + KIST_PACK_FOOT_SIZE ||
	    pack_size > KIST_PACK_SIZE_MAX || tail.size < KIST_PACK_FOOT_SIZE || tail.size > pack_size)
		return kist_fail(err, KIST_CORRUPT, "pack of %llu bytes: out of range",
				 (unsigned long long)pack_size);
	at = tail.data + tail.size - KIST_PACK_FOOT_SIZE;
	if (!frame_is(at, FOOT_FRAME, KIST_PACK_FOOT_SIZE, FOOT_MAGIC) ||
	    kist_le_read32(at + CRC_OFFSET) != frame_crc(at))
		return kist_fail(err, KIST_CORRUPT, "footer of the pack is damaged");
	if (kist_le_read32(at + 12) != PACK_VERSION)
		return kist_fail(err, KIST_INCOMPATIBLE, "pack index of version %u: a newer kist made it",
				 kist_le_read32(at + 12));
	footer.index_offset = kist_le_read64(at + 16);
	memcpy(footer.index_sha256.bytes, at + 24, KIST_DIGEST_SIZE);
	footer.count = kist_le_read32(at + 56);
	footer.index_size = pack_size - KIST_PACK_FOOT_SIZE - footer.index_offset;
	if (footer.count > KIST_PACK_CHUNKS_MAX || footer.index_offset < KIST_PACK_HEAD_SIZE ||
	    footer.index_offset > pack_size - KIST_PACK_FOOT_SIZE ||
	    footer.index_size < KIST_PACK_INDEX_SIZE(footer.count) ||
	    (footer.index_size - KIST_PACK_INDEX_SIZE(footer.count)) % KIST_PACK_BASE_SIZE != 0 ||
	    (footer.index_size - KIST_PACK_INDEX_SIZE(footer.count)) / KIST_PACK_BASE_SIZE > footer.count)
		return kist_fail(err, KIST_CORRUPT, "footer does not fit a pack of %llu bytes",
				 (unsigned long long)pack_size);
	*ret = footer;
	return KIST_OK;
}

static size_t count_of(struct kist_view index)
{
	return kist_le_read32(index.data + 12);
}

/* Of the entry at @at: which one in the list of bases, from 1 on; or 0. */
static uint32_t base_no_of(const uint8_t *at)
{
	return kist_le_read32(at + 44) >> 8;
}

struct kist_pack_entry kist_pack_entry_at(struct kist_view index, size_t i)
{
	const uint8_t *at = index.data + KIST_PACK_INDEX_SIZE(i);
	const uint32_t base_no = base_no_of(at);
	struct kist_pack_entry entry = { .has_base = base_no > 0 };

	memcpy(entry.id.bytes, at, KIST_DIGEST_SIZE);
	entry.offset = kist_le_read32(at + 32);
	entry.record_len = kist_le_read32(at + 36);
	entry.raw_len = kist_le_read32(at + 40);
	entry.kind = at[44];
	if (entry.has_base)
		memcpy(entry.base.bytes,
		       index.data + KIST_PACK_INDEX_SIZE(count_of(index)) +
			       (base_no - 1) * KIST_PACK_BASE_SIZE,
		       KIST_DIGEST_SIZE);
	return entry;
}

static bool entry_in_range(const struct kist_pack_entry *entry, uint64_t end)
{
	return entry->offset >= KIST_PACK_HEAD_SIZE && entry->offset < end &&
	       entry->record_len > KIST_RECORD_HEAD_SIZE && entry->record_len <= end - entry->offset &&
	       entry->raw_len > 0 && entry->raw_len <= KIST_CHUNK_SIZE_MAX &&
	       entry->record_len <= KIST_RECORD_HEAD_MAX + kist_codec_stored_size(entry->raw_len) &&
	       entry->kind < KIST_CHUNK_KIND_COUNT &&
	       (!entry->has_base ||
		(entry->kind == KIST_CHUNK_DATA && entry->record_len > KIST_RECORD_HEAD_MAX));
}

kist_status kist_pack_check_index(struct kist_view index, const struct kist_pack_footer *footer,
				  struct kist_error *err)
{
	const struct kist_digest digest = kist_digest_of(index);
	const size_t list_size = (size_t)footer->index_size - KIST_PACK_INDEX_SIZE(footer->count);
	struct kist_pack_entry last;
	size_t base_count = 0;

	if (index.size != footer->index_size || !kist_digest_equal(&digest, &footer->index_sha256) ||
	    !frame_is(index.data, INDEX_FRAME, index.size, INDEX_MAGIC) ||
	    kist_le_read32(index.data + 12) != footer->count)
		return kist_fail(err, KIST_CORRUPT, "index of the pack is damaged");
	for (size_t i = 0; i < footer->count; i++) {
		const uint32_t base_no = base_no_of(index.data + KIST_PACK_INDEX_SIZE(i));
		struct kist_pack_entry entry;

		base_count += base_no > 0;
		if (base_no > 0 && (base_no != base_count || base_count * KIST_PACK_BASE_SIZE > list_size))
			return kist_fail(err, KIST_CORRUPT, "entry %zu of the pack's index has no base", i);
		entry = kist_pack_entry_at(index, i);
		if (!entry_in_range(&entry, footer->index_offset))
			return kist_fail(err, KIST_CORRUPT, "entry %zu of the pack's index is out of range",
					 i);
		if (i > 0 && memcmp(last.id.bytes, entry.id.bytes, KIST_DIGEST_SIZE) >= 0)
			return kist_fail(err, KIST_CORRUPT, "entry %zu of the pack's index is out of order",
					 i);
		last = entry;
	}
	if (base_count * KIST_PACK_BASE_SIZE != list_size)
		return kist_fail(err, KIST_CORRUPT, "the pack's index lists bases of no entry");
	return KIST_OK;
}

bool kist_pack_find(struct kist_view index, const struct kist_digest *id, struct kist_pack_entry *ret)
{
	size_t low = 0;
	size_t high = count_of(index);

	while (low < high) {
		const size_t middle = low + (high - low) / 2;
		const int order =
			memcmp(index.data + KIST_PACK_INDEX_SIZE(middle), id->bytes, KIST_DIGEST_SIZE);

		if (order == 0) {
			*ret = kist_pack_entry_at(index, middle);
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}
