/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STORE_CHECKPOINTS_H
#define KIST_STORE_CHECKPOINTS_H

#include <inttypes.h>
#include <stdio.h>

#include "store/checkpoint.h"
#include "store/store.h"

/*
 * The checkpoints of a store (checkpoint.h): where they lie.
 *
 * Thread: all functions may run at once.
 * Source: docs/format/store.md, section 10.
 */

#define KIST_CHECKPOINT_PREFIX "checkpoints/"
/** Bytes of the key of a checkpoint: the prefix, 20 digits and NUL. */
#define KIST_CHECKPOINT_KEY_SIZE ((size_t)40)

/** kist_checkpoint_key() - The key of the checkpoint of commit @number. */
static inline void kist_checkpoint_key(uint64_t number, char ret_key[static KIST_CHECKPOINT_KEY_SIZE])
{
	snprintf(ret_key, KIST_CHECKPOINT_KEY_SIZE, KIST_CHECKPOINT_PREFIX "%020" PRIu64, number);
}

/**
 * kist_checkpoints_list() - Appends the numbers (uint64_t) of all checkpoints to @ret, rising.
 *
 * Errors: KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_checkpoints_list(struct kist_store *store, struct kist_buf *ret,
					       struct kist_error *err);

/**
 * kist_checkpoints_get() - Reads the bytes of a checkpoint, whatever they are.
 *
 * @ret: With room for KIST_CHECKPOINT_SIZE_MAX + 1; replaced.
 *
 * Errors: KIST_NOT_FOUND, KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_checkpoints_get(struct kist_store *store, uint64_t number, struct kist_buf *ret,
					      struct kist_error *err);

/** kist_checkpoints_put() - Writes one; that it is there already is no failure.  Errors: KIST_IO. */
KIST_CHECKED kist_status kist_checkpoints_put(struct kist_store *store, uint64_t number,
					      struct kist_view bytes, struct kist_error *err);

/**
 * kist_checkpoints_mend() - Puts @bytes, which are what the log says, in the place of a damaged one.
 *
 * Errors: KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_checkpoints_mend(struct kist_store *store, uint64_t number,
					       struct kist_view bytes, struct kist_error *err);

/** kist_checkpoints_delete() - Errors: KIST_IO. */
KIST_CHECKED kist_status kist_checkpoints_delete(struct kist_store *store, uint64_t number,
						 struct kist_error *err);

#endif
