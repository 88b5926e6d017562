/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_REGISTRY_INTERNAL_H
#define KIST_REGISTRY_INTERNAL_H

#include "registry/collect.h"
#include "registry/db.h"
#include "registry/registry.h"
#include "store/checkpoint.h"

/*
 * What the files of this room share.
 *
 * Every public function reaches the index through kist_registry_run(), which renews an index that turns out
 * bad and tries again.  So an operation may run more than once, and holds no statement open when it calls
 * out.  Thread: as registry.h.
 */

struct kist_registry {
	struct kist_store *store;
	char *folder;	/* of the index file, the same for life; NULL: there is none */
	bool in_memory; /* the file there cannot be used */
	struct kist_db db;
	bool connected;
	bool is_new;	  /* the index was empty, and is not folded to its end yet */
	bool is_whole;	  /* no checkpoint may stand for a part of the log */
	bool is_log_only; /* what lies in packs is not looked at */
	/* KIST_CHECKPOINT_COMMITS; a simulation takes fewer. */
	uint64_t checkpoint_commits;
	/* As of this registry's own last fold: the file may be further, thanks to another process. */
	uint64_t head;
	struct kist_digest head_digest;
	struct kist_written *written; /* that need not be read, while a commit of it is folded; or NULL */
	struct kist_chunk_index index;
};

typedef kist_status kist_registry_op(struct kist_registry *registry, void *ctx, struct kist_error *err);

/** kist_registry_run() - Does @op, on a new index when the old one is bad. */
KIST_CHECKED kist_status kist_registry_run(struct kist_registry *registry, kist_registry_op *op, void *ctx,
					   struct kist_error *err);

/** kist_pass_error() - Records in @err what @why holds, if anything.  Returns @status. */
kist_status kist_pass_error(struct kist_error *err, kist_status status, const struct kist_error *why);

/**
 * kist_check_head() - Whether the log still holds what the index has folded; its head is the registry's then.
 *
 * Errors: KIST_CORRUPT (commits that this host has read are gone or others, and what to do; the newest of
 * them is damaged), KIST_IO.
 */
KIST_CHECKED kist_status kist_check_head(struct kist_registry *registry, struct kist_error *err);

/** kist_fold_new() - Folds all new commits into the open index. */
kist_registry_op kist_fold_new;

/**
 * kist_fold_collected() - Folds what @commit takes away: "forget", "condemn", "deleted", "fence".
 *
 * Errors: KIST_CORRUPT (a member that is not what it should be).
 */
KIST_CHECKED kist_status kist_fold_collected(struct kist_db *db, const struct kist_commit *commit,
					     struct kist_error *err);

/** kist_is_forgotten() - Whether a record @id does not count where a pack of commit @number holds it. */
KIST_CHECKED kist_status kist_is_forgotten(struct kist_db *db, const struct kist_digest *id, uint64_t number,
					   bool *ret, struct kist_error *err);

/** kist_index_last_collected(), kist_index_is_fenced() - For a writer; see struct kist_chunk_index. */
KIST_CHECKED kist_status kist_index_last_collected(void *registry, uint64_t *ret_commit,
						   struct kist_error *err);
KIST_CHECKED kist_status kist_index_is_fenced(void *registry, const uint8_t *session, bool *ret,
					      struct kist_error *err);

/** kist_index_may_differ() - Likewise. */
KIST_CHECKED kist_status kist_index_may_differ(void *registry, const struct kist_digest *id, bool *ret,
					       struct kist_error *err);

/**
 * kist_take_checkpoint() - Begins an empty index with the newest checkpoint that can be used.
 *
 * What is wrong with checkpoints is passed over; the packs that one names are left for kist_fold_damaged().
 *
 * Errors: the index's.
 */
KIST_CHECKED kist_status kist_take_checkpoint(struct kist_registry *registry, struct kist_error *err);

/**
 * kist_prove_checkpoint() - Proves the checkpoint that stands for the beginning of the log, if one does.
 *
 * Errors: KIST_CORRUPT (it lies: @registry->db.trouble is KIST_DB_DAMAGED then; or the log is damaged).
 */
KIST_CHECKED kist_status kist_prove_checkpoint(struct kist_registry *registry, struct kist_error *err);

/** kist_write_checkpoint() - What the index says, in one transaction, as a checkpoint of its head. */
KIST_CHECKED kist_status kist_write_checkpoint(struct kist_db *db, struct kist_checkpoint_builder *ret,
					       uint64_t *ret_number, struct kist_error *err);

/** kist_fold_damaged() - Tries again to fold the packs that were damaged or missing. */
kist_registry_op kist_fold_damaged;

/**
 * kist_find_sound_chunk() - kist_registry_find_chunk() for a writer: what lies in a pack that is known to be
 * damaged, or has a base that does or is not kept whole, does not count as kept, so that whoever puts it
 * again heals it.  NOT_FOUND is not recorded.
 */
KIST_CHECKED kist_status kist_find_sound_chunk(void *registry, const struct kist_digest *id,
					       struct kist_location *ret_where, struct kist_error *err);

/**
 * kist_row_artifact() - The artifact in the columns id, sha256, size, record of a row.
 *
 * @ret: record is NULL where the column is.  Owned by the caller.
 */
KIST_CHECKED kist_status kist_row_artifact(struct kist_db *db, sqlite3_stmt *row, struct kist_artifact *ret,
					   struct kist_error *err);

/** kist_query_artifact() - kist_registry_get_artifact() as a part of an operation; NOT_FOUND is not recorded.
 */
KIST_CHECKED kist_status kist_query_artifact(struct kist_db *db, const struct kist_digest *id,
					     struct kist_artifact *ret, struct kist_error *err);

/** kist_query_ref() - kist_registry_find_ref() likewise. */
KIST_CHECKED kist_status kist_query_ref(struct kist_db *db, const char *name, size_t len,
					struct kist_digest *ret_artifact, struct kist_error *err);

#endif
