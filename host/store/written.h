/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_WRITTEN_H
#define KIST_STORE_WRITTEN_H

#include "pack/pack.h"

/*
 * The packs that a writer has just published, as a fold wants them: their indexes, and the records of metadata.
 *
 * The bytes are those that were put, whose digest is their id, and each record was decoded and compared with them before
 * it went into its pack.  So whoever folds the commit that names the packs, in the same process, need not read and
 * unpack what it has just packed.  Nothing else may be concluded from it: what is on disk is what counts.
 *
 * Limits: the records of KIST_WRITTEN_PACKS_MAX packs, of KIST_WRITTEN_BYTES_MAX bytes together, and 112 bytes for each;
 * and the indexes of as many packs of data; other packs are read.
 * Thread: one thread at a time; the functions that do not change it may run at once.  kist_written_look() has a second
 * core help.
 */

#define KIST_WRITTEN_PACKS_MAX ((size_t)4)
#define KIST_WRITTEN_BYTES_MAX ((size_t)32 << 20)

/** Bytes of what is made of a record that is looked at. */
#define KIST_LOOKED_MAX ((size_t)96)

/** kist_look - Makes of a record what a fold wants to know of it, in KIST_LOOKED_MAX zero bytes at @ret.  [any-thread] */
typedef void kist_look(struct kist_view record, void *ret);

/** struct kist_written_entry - Of an entry of the index: its record, if it is one.  Both empty if not. */
struct kist_written_entry {
	struct kist_view record;
	uint64_t looked[KIST_LOOKED_MAX / sizeof(uint64_t)];
};

/** struct kist_written_pack - One of them. */
struct kist_written_pack {
	struct kist_digest id;
	struct kist_pack_footer footer;
	struct kist_buf index;		    /* as it stands in the pack */
	struct kist_buf records;	    /* their bytes, in the order in which they lie in the pack */
	struct kist_buf places;		    /* where each begins, in the pack and in @records */
	struct kist_written_entry *entries; /* as many as the index has; NULL before kist_written_look() */
	kist_look *look;		    /* that looked at them */
};

/** struct kist_written - Made by KIST_WRITTEN_INIT; kist_written_done() it. */
struct kist_written {
	struct kist_written_pack packs[KIST_WRITTEN_PACKS_MAX + 1]; /* the one behind the others is open */
	size_t count;						    /* of those that were published */
	size_t bytes;						    /* of records in all */
	bool is_full; /* the open one has more than there is room for */
	struct kist_written_pack data[KIST_WRITTEN_PACKS_MAX]; /* their indexes alone */
	size_t data_count;
};

#define KIST_WRITTEN_INIT                                                                                    \
	{                                                                                                    \
		.count = 0                                                                                   \
	}
void kist_written_done(struct kist_written *written);

/**
 * kist_written_add() - Keeps @record, which lies at @offset of the open pack, behind those that were added before.
 *
 * Where there is no room, what the open pack has is dropped, and no more is kept.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_written_add(struct kist_written *written, size_t offset,
					  struct kist_view record, struct kist_error *err);

/**
 * kist_written_seal() - The open pack is sealed now, with this id; what is added next is of another one.
 *
 * @tail: Its last bytes, with the index and the footer at least.
 * @size: Bytes of the whole pack.
 *
 * Errors: KIST_NO_MEMORY; KIST_CORRUPT (it is no pack).
 */
KIST_CHECKED kist_status kist_written_seal(struct kist_written *written, const struct kist_digest *id,
					   struct kist_view tail, size_t size, struct kist_error *err);

/** kist_written_data() - Keeps the index of a pack of data, as kist_written_seal() that of the open one. */
KIST_CHECKED kist_status kist_written_data(struct kist_written *written, const struct kist_digest *id,
					   struct kist_view tail, size_t size, struct kist_error *err);

/** kist_written_find() - Pack @id, Borrowed, or NULL.  @written may be NULL. */
struct kist_written_pack *kist_written_find(struct kist_written *written, const struct kist_digest *id);

/**
 * kist_written_look() - Finds the records of a pack that was published, and has @look (or NULL) look at each.
 *
 * Nothing is done when @look did it before.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_written_look(struct kist_written_pack *pack, kist_look *look,
					   struct kist_error *err);

/** kist_written_record() - The record at @offset of the pack, Borrowed; empty where none begins. */
struct kist_view kist_written_record(const struct kist_written_pack *pack, uint64_t offset);

#endif
