/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_STORE_H
#define KIST_STORE_STORE_H

#include <errno.h>

#include "base/digest.h"
#include "base/json.h"
#include "pack/cut.h"
#include "pack/pack.h"

/*
 * A store: packs of chunks and a log of commits, on a backend.
 *
 *     kist.json             format, store id, features, cutting parameters; written once
 *     packs/<2 hex>/<id>.pack   immutable; id = SHA-256 of its head and footer
 *     log/<20 digits>           commit n; created once, never changed
 *
 * Thread: one struct kist_store may be used by many threads at once.
 * Source: docs/format/store.md.
 */

/** Bytes of the largest kist.json. */
#define KIST_STORE_JSON_SIZE_MAX ((size_t)64 << 10)
/** The key of what the store says of itself. */
#define KIST_STORE_KEY	  "kist.json"
#define KIST_STORE_FORMAT 1

struct kist_store;
struct kist_backend;

/** struct kist_base_location - Where the base of a chunk lies. */
struct kist_base_location {
	struct kist_digest id;
	struct kist_digest pack;
	uint64_t offset;
	uint32_t stored_len; /* 0: it is not kept, or has a base itself; or nobody looked for it */
	uint32_t raw_len;
	uint32_t kind;
};

/** struct kist_location - Where a chunk lies. */
struct kist_location {
	struct kist_digest pack;
	uint64_t offset;     /* of its record in the pack */
	uint32_t stored_len; /* bytes of the whole record: header and body */
	uint32_t raw_len;
	uint32_t kind; /* enum kist_chunk_kind */
	bool has_base; /* it is kept as the difference to @base */
	struct kist_base_location base;
};

/** kist_location_cost() - Bytes of the chunk's record, and of its entry in the index of its pack. */
static inline uint64_t kist_location_cost(const struct kist_location *where)
{
	return where->stored_len + KIST_PACK_ENTRY_SIZE + (where->has_base ? KIST_PACK_BASE_SIZE : 0);
}

/** kist_store_check_uri() - Whether @uri names a place where a store can be.  Errors: KIST_INVALID. */
KIST_CHECKED kist_status kist_store_check_uri(const char *uri, struct kist_error *err);

/**
 * kist_is_damage() - Whether a failure to read says that bytes are gone or wrong: KIST_CORRUPT,
 * KIST_NOT_FOUND, and a disk that no longer gives them (EIO and its like).
 */
static inline bool kist_is_damage(kist_status status, const struct kist_error *why)
{
	return status == KIST_CORRUPT || status == KIST_NOT_FOUND ||
	       (status == KIST_IO && (why->sys_errno == EIO || why->sys_errno == EBADMSG ||
				      why->sys_errno == EUCLEAN || why->sys_errno == ENODATA));
}

/**
 * kist_store_create() - Makes an empty store at @uri.
 *
 * Errors: KIST_EXISTS (a store, or a folder that is not empty), KIST_INVALID, KIST_DENIED, KIST_IO.
 */
KIST_CHECKED kist_status kist_store_create(const char *uri, struct kist_error *err);

/**
 * kist_store_open() - Opens the store at @uri.
 *
 * Errors: KIST_NOT_FOUND (no store there), KIST_INCOMPATIBLE (newer format, or an unknown feature: nothing
 * is touched), KIST_CORRUPT (kist.json; also when it is gone and commits or packs are there), KIST_IO.
 */
KIST_CHECKED kist_status kist_store_open(const char *uri, struct kist_store **ret, struct kist_error *err);
void kist_store_close(struct kist_store *store);

static inline void kist_store_close_(struct kist_store **slot)
{
	kist_store_close(*slot);
}
#define kist_auto_store __attribute__((cleanup(kist_store_close_)))

/** kist_store_id() - The store's own id, 32 hex digits.  kist_store_uri() - Where it is.  Borrowed. */
const char *kist_store_id(const struct kist_store *store);
const char *kist_store_uri(const struct kist_store *store);

/** kist_store_cut_sizes() - How the store's objects are cut, for kist_cut_init(). */
struct kist_cut_sizes kist_store_cut_sizes(const struct kist_store *store);

/** kist_store_backend() - The backend below.  Borrowed. */
struct kist_backend *kist_store_backend(const struct kist_store *store);

/**
 * kist_store_read_chunk() - Reads the chunk at @where, and its base first, and proves that it is @id.
 *
 * @ret: Its bytes are replaced.  Changed on success only.
 *
 * Errors: KIST_NOT_FOUND (the pack, or the base's, is gone), KIST_CORRUPT (record, frame or digest; the base
 * is not known, or has one itself; the text names pack and offset), KIST_INCOMPATIBLE (a newer kist wrote the
 * record), KIST_LIMIT (the buf's), KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_store_read_chunk(struct kist_store *store, const struct kist_location *where,
					       const struct kist_digest *id, struct kist_buf *ret,
					       struct kist_error *err);

/**
 * struct kist_chunk_reader - What reading many chunks keeps from one to the next.  Starts as zeros; one
 * thread.
 */
struct kist_chunk_reader {
	struct kist_filter filter;
	struct kist_buf record; /* of the chunk that was read last */
	struct kist_buf base;
	/* What was read ahead: bytes of a pack from an offset on; none when it is empty. */
	struct kist_buf ahead;
	struct kist_digest ahead_pack;
	uint64_t ahead_at;
};

#define kist_auto_chunk_reader __attribute__((cleanup(kist_chunk_reader_done)))
void kist_chunk_reader_done(struct kist_chunk_reader *reader);

/**
 * kist_store_read_ahead() - Reads @size bytes of @pack from @offset on at once, for chunks that lie in them.
 *
 * They are kept in @reader until the next call.  A failure says nothing: who reads the chunk will see it.
 */
void kist_store_read_ahead(struct kist_store *store, struct kist_chunk_reader *reader,
			   const struct kist_digest *pack, uint64_t offset, size_t size);

/** kist_store_read_chunk_with() - As kist_store_read_chunk(), faster from the second chunk on. */
KIST_CHECKED kist_status kist_store_read_chunk_with(struct kist_store *store,
						    struct kist_chunk_reader *reader,
						    const struct kist_location *where,
						    const struct kist_digest *id, struct kist_buf *ret,
						    struct kist_error *err);

/**
 * kist_store_read_chunk_into() - The same, to memory.
 *
 * @ret: Room for @where->raw_len bytes; what it holds after a failure is undefined.
 */
KIST_CHECKED kist_status kist_store_read_chunk_into(struct kist_store *store,
						    struct kist_chunk_reader *reader,
						    const struct kist_location *where,
						    const struct kist_digest *id, uint8_t *ret,
						    struct kist_error *err);

/**
 * kist_store_unpack_chunk() - As kist_store_read_chunk_into(), but that the digest is left to the caller, who
 * may hash for another end at the same time: kist_store_prove_chunk().
 */
KIST_CHECKED kist_status kist_store_unpack_chunk(struct kist_store *store, struct kist_chunk_reader *reader,
						 const struct kist_location *where,
						 const struct kist_digest *id, uint8_t *ret,
						 struct kist_error *err);

/** kist_store_unpack_unsummed() - The same for bytes that nobody takes but by a digest: their CRC is left to that, too. */
KIST_CHECKED kist_status kist_store_unpack_unsummed(struct kist_store *store,
						    struct kist_chunk_reader *reader,
						    const struct kist_location *where,
						    const struct kist_digest *id, uint8_t *ret,
						    struct kist_error *err);

/** kist_store_prove_chunk() - Whether @actual, of what was read at @where, is @id.  Errors: KIST_CORRUPT. */
KIST_CHECKED kist_status kist_store_prove_chunk(const struct kist_location *where,
						const struct kist_digest *id,
						const struct kist_digest *actual, struct kist_error *err);

/**
 * kist_store_check_record() - Whether the record of chunk @id at @where, and that of its base, lie there as they
 * were written; nothing is decoded.
 *
 * Errors: as kist_store_read_chunk().
 */
KIST_CHECKED kist_status kist_store_check_record(struct kist_store *store, struct kist_chunk_reader *reader,
						 const struct kist_location *where,
						 const struct kist_digest *id, struct kist_error *err);

/**
 * kist_store_read_head() - Reads the head of the record of chunk @id at @where; its body is not looked at.
 *
 * Errors: as kist_store_read_chunk().
 */
KIST_CHECKED kist_status kist_store_read_head(struct kist_store *store, const struct kist_location *where,
					      const struct kist_digest *id, struct kist_record *ret,
					      struct kist_error *err);

/**
 * kist_store_read_index() - Calls @each for every chunk in the index of pack @id.
 *
 * Reads the footer and the index alone and checks the digest of the index.  Of a base it knows the id alone.
 *
 * Errors: KIST_NOT_FOUND, KIST_CORRUPT, KIST_IO, and what @each gives.
 */
KIST_CHECKED kist_status kist_store_read_index(struct kist_store *store, const struct kist_digest *id,
					       kist_status (*each)(void *ctx, const struct kist_digest *chunk,
								   const struct kist_location *where,
								   struct kist_error *err),
					       void *ctx, struct kist_error *err);

/**
 * kist_store_check_pack() - Reads all of a pack and checks everything: its name, every record (decoded and
 * hashed, but for those that have a base), the index against the records, the footer.
 *
 * @each_bad: Told of each damage: the chunk (NULL when it is not one chunk's), its offset, and why, with the
 * pack's name.  May be NULL.
 *
 * Errors: the first damage when each_bad was told of any: KIST_CORRUPT, KIST_INCOMPATIBLE; KIST_NOT_FOUND,
 * KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_store_check_pack(struct kist_store *store, const struct kist_digest *id,
					       void (*each_bad)(void *ctx, const struct kist_digest *chunk,
								uint64_t offset,
								const struct kist_error *why),
					       void *ctx, struct kist_error *err);

#endif
