/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_REGISTRY_FOLD_H
#define KIST_REGISTRY_FOLD_H

#include "backend/backend.h"
#include "registry/bulk.h"
#include "store/scan.h"

/*
 * Folding: commits, and the packs that they name, into the index.
 *
 * Thread: as registry.h.
 */

/** Rows of a transaction before it ends: small enough to wait for, large enough to be cheap. */
#define KIST_FOLD_BATCH_ROWS 1000000

/** struct kist_fold - A fold under way, in one transaction. */
struct kist_fold {
	struct kist_registry *registry;
	uint64_t commit;
	struct kist_digest pack;
	uint64_t pack_no;
	uint64_t pack_state; /* enum kist_pack_state, as its row says */
	bool is_meta;
	bool is_late; /* the pack was folded before, and found damaged */
	bool record_damaged;
	uint64_t artifact_no;	/* of the next artifact */
	size_t rows;		/* added in this transaction, about */
	struct kist_bulk *bulk; /* for an index that is made anew, else NULL */
	/* Scans that were begun ahead, or NULL: of a pack of this commit, and of the next one. */
	struct kist_scan_ahead *begun;
	struct kist_scan_ahead *ahead;
	struct kist_scan_ahead *spare; /* done with; or NULL */
};

/** kist_fold_begin() - To be called in the transaction, before anything else.  kist_fold_done() it. */
KIST_CHECKED kist_status kist_fold_begin(struct kist_fold *fold, struct kist_error *err);

/** kist_fold_end() - Adds to the index what is still gathered. */
KIST_CHECKED kist_status kist_fold_end(struct kist_fold *fold, struct kist_error *err);

static inline void kist_fold_done(struct kist_fold *fold)
{
	kist_scan_ahead_free(fold->begun);
	kist_scan_ahead_free(fold->ahead);
	kist_scan_ahead_free(fold->spare);
	fold->begun = NULL;
	fold->ahead = NULL;
	fold->spare = NULL;
	kist_bulk_free(fold->bulk);
	fold->bulk = NULL;
}
#define kist_auto_fold __attribute__((cleanup(kist_fold_done)))

/** kist_fold_look() - Of a record, what is kept of it beside it: a kist_look. */
void kist_fold_look(struct kist_view record, void *ret);

/** kist_fold_pack() - Folds an element of "packs".  Errors: KIST_CORRUPT (of the element); the index's. */
KIST_CHECKED kist_status kist_fold_pack(struct kist_fold *fold, struct kist_view pack,
					struct kist_error *err);

/**
 * kist_fold_ahead() - Has the records of the element of "packs" read and unpacked beside what is folded before it,
 * when that is worth it.
 */
void kist_fold_ahead(struct kist_fold *fold, struct kist_view pack);

/**
 * kist_fold_to() - Folds the commits up to @last, which must be there; where the log ends is not looked at.
 *
 * Errors: KIST_NOT_FOUND (the log ends before it); KIST_CORRUPT; the index's.
 */
KIST_CHECKED kist_status kist_fold_to(struct kist_registry *registry, uint64_t last, struct kist_error *err);

/** kist_fold_pack_index() - Folds what lies in the pack whose row is there; what is wrong with it is written
 * in that row. */
KIST_CHECKED kist_status kist_fold_pack_index(struct kist_fold *fold, struct kist_error *err);

#endif
