/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BUNDLE_FORMAT_H
#define KIST_BUNDLE_FORMAT_H

#include "base/digest.h"
#include "pack/chunk.h"

/*
 * A bundle, as a file: a head, a manifest, a table of chunks, the chunks.
 *
 *      0  8    "KISTPACK"
 *      8  u32  version: 1
 *     12  u32  0
 *     16  u64  bytes of the manifest, 1..KIST_BUNDLE_MANIFEST_SIZE_MAX
 *     24  u64  number of chunks, 0..KIST_BUNDLE_CHUNKS_MAX
 *     32  u64  bytes of the whole file
 *     40  32   SHA-256 of bytes 0..39, the manifest and the table: what the bundle is told by
 *     72       the manifest: canonical JSON
 *              the table: for each chunk its id (32), u32 length, u8 kind (enum kist_chunk_kind), 3 zeros
 *              the chunks: their bytes, one right behind the other, in the order of the table
 *
 * Nothing is said twice: where a chunk begins follows from the lengths before it, and its id is the SHA-256 of its
 * bytes.  What the chunks mean is the store's format.
 *
 * Limits: KIST_BUNDLE_..._MAX.
 * Thread: an open bundle is read by one thread at a time.
 * Source: docs/format/bundle.md.
 */

#define KIST_BUNDLE_VERSION	      1
#define KIST_BUNDLE_HEAD_SIZE	      ((size_t)72)
#define KIST_BUNDLE_ENTRY_SIZE	      ((size_t)40)
#define KIST_BUNDLE_MANIFEST_SIZE_MAX ((size_t)64 << 20)
#define KIST_BUNDLE_CHUNKS_MAX	      ((uint64_t)8 << 20)

/** struct kist_bundle_chunk - One line of the table. */
struct kist_bundle_chunk {
	struct kist_digest id;
	uint32_t len; /* 1..KIST_CHUNK_SIZE_MAX */
	enum kist_chunk_kind kind;
};

/** struct kist_bundle - A bundle that is read. */
struct kist_bundle {
	int fd; /* Borrowed */
	uint64_t size;
	struct kist_digest digest;
	struct kist_buf manifest;
	size_t count;
	struct kist_bundle_chunk *chunks;
	uint64_t *offsets; /* of each in the file */
	size_t *by_id;	   /* their numbers, in the order of their ids */
};

#define KIST_BUNDLE_INIT                                                                                     \
	{                                                                                                    \
		.fd = -1, .manifest = KIST_BUF_INIT(KIST_BUNDLE_MANIFEST_SIZE_MAX)                           \
	}
/** kist_bundle_done() - May run twice. */
void kist_bundle_done(struct kist_bundle *bundle);
#define kist_auto_bundle __attribute__((cleanup(kist_bundle_done)))

/** kist_bundle_is() - Whether @fd, a regular file, begins as a bundle does. */
bool kist_bundle_is(int fd);

/**
 * kist_bundle_open() - Reads head, manifest and table of a regular file, and proves them.
 *
 * No chunk is read.  What the manifest says is not looked at: bundle/import.h.
 *
 * @fd: Borrowed for the life of @ret.
 *
 * Errors: KIST_CORRUPT with the code E_BUNDLE and the offset (also for a file that is cut off, or longer than it
 * says; a chunk that stands twice); KIST_INCOMPATIBLE (a newer version); KIST_LIMIT; KIST_NO_MEMORY; KIST_IO.
 */
KIST_CHECKED kist_status kist_bundle_open(int fd, struct kist_bundle *ret, struct kist_error *err);

/**
 * kist_bundle_get() - The bytes of chunk @id, proved, in place of what @ret holds.
 *
 * Errors: KIST_CORRUPT with the code E_BUNDLE (it is not in the bundle; its bytes are other ones), KIST_IO.
 */
KIST_CHECKED kist_status kist_bundle_get(const struct kist_bundle *bundle, const struct kist_digest *id,
					 struct kist_buf *ret, struct kist_error *err);

/**
 * kist_bundle_head() - Appends head, manifest and table: all that stands before the first chunk.
 *
 * @ret_digest: What the bundle is told by.
 *
 * Errors: KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_bundle_head(struct kist_view manifest, const struct kist_bundle_chunk *chunks,
					  size_t count, struct kist_buf *ret, struct kist_digest *ret_digest,
					  struct kist_error *err);

#endif
