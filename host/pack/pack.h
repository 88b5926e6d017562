/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_PACK_H
#define KIST_PACK_PACK_H

#include "pack/record.h"

/*
 * A pack: records, and behind them an index.  Every part is a zstd frame or a skippable one, so that
 * `zstd -dc` gives the bytes of all chunks, as their filters left them, in the order of their records; with the
 * dictionary (pack/dictionary.h), where there are records of artifacts.
 *
 *     pack := head, records, index, footer
 *
 *     head     0  u32 0x184D2A50, u32 56, "KPAK"
 *             12  u8  version: 1
 *             13  u8  enum kist_pack_kind
 *             14  u16 0
 *             16  u64 features: 0
 *             24  16  store id
 *             40  12  session: random, one for each writer
 *             52  u32 number of the pack in its session
 *             56  u32 seconds since 1970 when the pack was begun, by the writer's clock, modulo 2^32
 *             60  u32 CRC-32C of bytes 0..59
 *
 *     index    0  u32 0x184D2A52, u32 size - 8, "KIDX", u32 count
 *             16      count entries of 48 bytes, rising by id:
 *                       0  32  id
 *                      32  u32 offset of the record in the pack
 *                      36  u32 bytes of the record, head and body
 *                      40  u32 raw length
 *                      44  u8  enum kist_chunk_kind
 *                      45  u24 0, or which base it has: 1 for the first base in the list, and so on
 *            then the bases: 32 bytes each, the id of the base of each entry that has one, in order
 *
 *     footer   0  u32 0x184D2A53, u32 56, "KEND"
 *             12  u32 version: 1
 *             16  u64 offset of the index
 *             24  32  SHA-256 of the index
 *             56  u32 count
 *             60  u32 CRC-32C of bytes 0..59
 *
 * A pack is named by its two ends: SHA-256 of the head and the footer, in this order.  So the name binds where
 * the pack comes from and what it holds: the footer binds the index, the index every chunk's id, place and
 * length, and the ids bind the chunks.  It does not bind how they are encoded, nor sum up the file; CRCs and
 * digests cover every byte of it.
 *
 * Limits: KIST_PACK_SIZE_MAX bytes, KIST_PACK_CHUNKS_MAX chunks.
 * Thread: one struct, one thread at a time; the functions on views are pure.
 * Source: docs/format/store.md, section 3; docs/adr/0021-packs-are-named-by-their-ends.md.
 */

/** Bytes of the longest pack; what a builder is filled to is far below. */
#define KIST_PACK_SIZE_MAX   ((size_t)256 << 20)
#define KIST_PACK_CHUNKS_MAX ((size_t)1 << 16)
#define KIST_PACK_HEAD_SIZE  ((size_t)64)
#define KIST_PACK_FOOT_SIZE  ((size_t)64)
#define KIST_PACK_ENTRY_SIZE ((size_t)48)
/** Bytes of an index of @count chunks without bases, and what each base takes more. */
#define KIST_PACK_INDEX_SIZE(count) (16 + (size_t)(count)*KIST_PACK_ENTRY_SIZE)
#define KIST_PACK_BASE_SIZE	    KIST_DIGEST_SIZE
#define KIST_PACK_ID_SIZE	    ((size_t)16)
/** Bytes of a session's id. */
#define KIST_SESSION_SIZE ((size_t)12)

enum kist_pack_kind { KIST_PACK_DATA = 0, KIST_PACK_META = 1 };

/** struct kist_pack_head - The head of a pack, taken apart. */
struct kist_pack_head {
	uint8_t kind; /* enum kist_pack_kind */
	uint8_t store_id[KIST_PACK_ID_SIZE];
	uint8_t session[KIST_SESSION_SIZE];
	uint32_t number; /* in the session: so no pack ever has the name of another */
	uint32_t time;	 /* when it was begun, in seconds, modulo 2^32: a hint, never a proof */
};

/** struct kist_pack_entry - A chunk in the index. */
struct kist_pack_entry {
	struct kist_digest id;
	uint32_t offset;
	uint32_t record_len;
	uint32_t raw_len;
	uint32_t kind;
	bool has_base;
	struct kist_digest base;
};

/** struct kist_pack_footer - The footer, taken apart. */
struct kist_pack_footer {
	uint64_t index_offset;
	uint64_t index_size;
	struct kist_digest index_sha256;
	uint32_t count;
};

/**
 * struct kist_pack_builder - A pack under way.
 *
 * @bytes: What of it is here, behind the @gone bytes that somebody else has.
 */
struct kist_pack_builder {
	struct kist_buf bytes;
	size_t gone;
	uint8_t head[KIST_PACK_HEAD_SIZE];
	struct kist_pack_entry *entries;
	size_t count;
	size_t capacity;
};

#define KIST_PACK_BUILDER_INIT                                                                               \
	{                                                                                                    \
		.bytes = KIST_BUF_INIT(KIST_PACK_SIZE_MAX), .entries = NULL, .count = 0, .capacity = 0       \
	}
#define kist_auto_pack_builder __attribute__((cleanup(kist_pack_builder_done)))

void kist_pack_builder_done(struct kist_pack_builder *builder);

/**
 * kist_pack_begin() - Begins a new pack; what @builder held is dropped, its memory is kept.
 *
 * @size: Room to take at once, for all that will be added and the index; more is taken when needed.
 */
KIST_CHECKED kist_status kist_pack_begin(struct kist_pack_builder *builder, const struct kist_pack_head *head,
					 size_t size, struct kist_error *err);

/**
 * kist_pack_add() - Makes room for the record of one chunk and puts it into the index.
 *
 * The caller writes the record (head and body) at *@ret_offset of the pack, which is builder->gone bytes nearer to
 * the front of builder->bytes, before the pack is sealed or a piece of it taken.  Adding may move the bytes.
 *
 * Errors: KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_pack_add(struct kist_pack_builder *builder, const struct kist_record *record,
				       size_t *ret_offset, struct kist_error *err);

/** kist_pack_size() - Bytes of the pack so far. */
static inline size_t kist_pack_size(const struct kist_pack_builder *builder)
{
	return builder->gone + builder->bytes.size;
}

/**
 * kist_pack_take_piece() - Takes the front of what is here, in whole pages, out of the pack.
 *
 * @piece: Gets it; what it held is where the pack goes on: room for as much.
 *
 * Errors: KIST_LIMIT, KIST_NO_MEMORY; nothing is taken then.
 */
KIST_CHECKED kist_status kist_pack_take_piece(struct kist_pack_builder *builder, struct kist_buf *piece,
					      struct kist_error *err);

/** kist_pack_seal() - Writes index and footer.  Errors: KIST_LIMIT, KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_pack_seal(struct kist_pack_builder *builder, struct kist_error *err);

/**
 * kist_pack_append_end() - Appends to @ret the index of what @builder lists, and the footer.
 *
 * @offset: Of the index in the pack.
 *
 * Errors: KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_pack_append_end(struct kist_pack_builder *builder, uint64_t offset,
					      struct kist_buf *ret, struct kist_error *err);

/** kist_pack_name() - The name of the pack with these KIST_PACK_HEAD_SIZE and KIST_PACK_FOOT_SIZE bytes. */
struct kist_digest kist_pack_name(const uint8_t *head, const uint8_t *foot);

/** kist_pack_parse_head() - Errors: KIST_CORRUPT, KIST_INCOMPATIBLE (newer version, unknown feature). */
KIST_CHECKED kist_status kist_pack_parse_head(struct kist_view bytes, struct kist_pack_head *ret,
					      struct kist_error *err);

/**
 * kist_pack_parse_footer() - Takes the footer apart.
 *
 * @tail:      The last bytes of the pack, KIST_PACK_FOOT_SIZE or more.
 * @pack_size: Bytes of the whole pack.
 *
 * Errors: KIST_CORRUPT, KIST_INCOMPATIBLE.
 */
KIST_CHECKED kist_status kist_pack_parse_footer(struct kist_view tail, uint64_t pack_size,
						struct kist_pack_footer *ret, struct kist_error *err);

/** kist_pack_check_index() - Whether @index is what @footer says, sorted, and in range.  Errors:
 * KIST_CORRUPT. */
KIST_CHECKED kist_status kist_pack_check_index(struct kist_view index, const struct kist_pack_footer *footer,
					       struct kist_error *err);

/** kist_pack_entry_at() - Entry @i of a checked index. */
struct kist_pack_entry kist_pack_entry_at(struct kist_view index, size_t i);

/** kist_pack_find() - The entry of chunk @id in a checked index; false when it is not there. */
bool kist_pack_find(struct kist_view index, const struct kist_digest *id, struct kist_pack_entry *ret);

#endif
