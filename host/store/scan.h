/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_SCAN_H
#define KIST_STORE_SCAN_H

#include "store/store.h"
#include "store/written.h"

/*
 * All that lies in a pack, for who makes an index: the chunks by its index, and the records of a metadata
 * pack with their bytes.
 *
 * A pack of up to KIST_SCAN_WHOLE_MAX bytes is read at once, and records are unpacked and looked at on
 * another core while those before them are taken up.
 *
 * Memory: the pack, or its index, and two batches of records: under 48 MiB, whatever a pack holds; as much again for
 * one that is begun ahead, and for one whose memory waits to be taken over.
 * Thread: one scan, one thread at a time.
 */

/** Bytes of a pack that is read at once; of a larger one the index is, and then each record. */
#define KIST_SCAN_WHOLE_MAX ((size_t)32 << 20)

/** struct kist_scanned - A chunk.  Borrowed for the call. */
struct kist_scanned {
	const struct kist_digest *id;
	const struct kist_location *where;
	struct kist_view record; /* its bytes, proven; empty when it is no record, or a bad one */
	kist_status status;	 /* of reading the record: KIST_OK, KIST_CORRUPT or KIST_NOT_FOUND */
	const void *looked;	 /* what @look made of it; NULL when it is no record, or a bad one */
};

/**
 * struct kist_scan - What to do with the chunks.
 *
 * @look: What @each wants to know of a record.  What it borrows of that lasts as long as @each's call for it.  May be
 *        NULL.
 * @written: Packs that need not be read, Borrowed for the scan; or NULL.
 * @each: Called for each chunk in order of id, on the caller's thread.  Nothing but OK goes on.
 */
struct kist_scan {
	bool with_records;
	kist_look *look;
	struct kist_written *written;
	kist_status (*each)(void *ctx, const struct kist_scanned *chunk, struct kist_error *err);
	void *ctx;
};

/**
 * kist_store_scan_pack() - Calls @scan->each for every chunk in pack @id.
 *
 * Errors: KIST_NOT_FOUND, KIST_CORRUPT (of the pack's index), KIST_INCOMPATIBLE, KIST_NO_MEMORY, KIST_IO, and
 * what @scan->each gives.  A record that is damaged is @scan->each's to judge.
 */
KIST_CHECKED kist_status kist_store_scan_pack(struct kist_store *store, const struct kist_digest *id,
					      const struct kist_scan *scan, struct kist_error *err);

/** struct kist_scan_ahead - A scan that has begun on another core, while the caller is busy with another one. */
struct kist_scan_ahead;

/**
 * kist_scan_ahead_new() - Begins to read pack @id, and to unpack the first of its records.
 *
 * @scan: Copied.  Its @each is not called before kist_scan_ahead_give().
 * @spare: Transferred.  One that is done with, whose memory is used again; or NULL.
 *
 * NULL where there is no memory or no thread: then kist_store_scan_pack() does it all.
 */
struct kist_scan_ahead *kist_scan_ahead_new(struct kist_store *store, const struct kist_digest *id,
					    const struct kist_scan *scan, struct kist_scan_ahead *spare);
/** kist_scan_ahead_free() - Waits for what is under way.  Accepts NULL. */
void kist_scan_ahead_free(struct kist_scan_ahead *ahead);

/** kist_scan_ahead_is_of() - Whether it is pack @id that is scanned.  False for NULL. */
bool kist_scan_ahead_is_of(const struct kist_scan_ahead *ahead, const struct kist_digest *id);

/** kist_scan_ahead_give() - The rest of kist_store_scan_pack(), once.  Errors: the same; KIST_INTERNAL. */
KIST_CHECKED kist_status kist_scan_ahead_give(struct kist_scan_ahead *ahead, struct kist_error *err);

#endif
