/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CARE_VERIFY_PRIVATE_H
#define KIST_CARE_VERIFY_PRIVATE_H

#include "care/checked.h"
#include "care/hurt.h"
#include "care/verify.h"
#include "store/check.h"
#include "store/idset.h"

/*
 * What the parts of verifying share.  Thread: as verify.h.
 */

struct kist_verifying {
	struct kist_flow *flow;
	const struct kist_verify_options *options;
	struct kist_pack_checker *checker;
	struct kist_checked checked;
	struct kist_buf items; /* of struct kist_verify_item */
	struct kist_verified done;
	struct kist_idset bad_chunks;
	struct kist_idset bad_packs; /* of which nothing can be read */
	struct kist_hurt hurt;
};

/** kist_verify_report() - Counts the damage and tells of it. */
void kist_verify_report(struct kist_verifying *verifying, const struct kist_damage *damage);

/** kist_verify_is_damage() - Memory that ran out, or a cancelled run, says nothing about the store. */
static inline bool kist_verify_is_damage(kist_status status)
{
	return status != KIST_OK && status != KIST_NO_MEMORY && status != KIST_CANCELLED;
}

/** kist_verify_log() - Commits @first to @last: each whole, and following the one before it. */
KIST_CHECKED kist_status kist_verify_log(struct kist_verifying *verifying, uint64_t first, uint64_t last,
					 struct kist_error *err);

/** kist_verify_checkpoints() - All of them, against the log. */
KIST_CHECKED kist_status kist_verify_checkpoints(struct kist_verifying *verifying, struct kist_error *err);

/** kist_verify_pack() - One pack of @size bytes. */
KIST_CHECKED kist_status kist_verify_pack(struct kist_verifying *verifying, const struct kist_digest *id,
					  uint64_t size, struct kist_error *err);

/** kist_verify_one() - One artifact, as deep as is asked for. */
KIST_CHECKED kist_status kist_verify_one(struct kist_verifying *verifying, const struct kist_digest *id,
					 struct kist_error *err);

/** kist_verify_strays() - Tells of files that are no part of the store any more, not yet, or never were. */
KIST_CHECKED kist_status kist_verify_strays(struct kist_verifying *verifying, struct kist_error *err);

/** kist_verify_start_hurt() - Says what counts as damage, and who is told. */
void kist_verify_start_hurt(struct kist_verifying *verifying);

/** kist_verify_hurt() - Which artifacts the damage hurts that was found, and which names. */
KIST_CHECKED kist_status kist_verify_hurt(struct kist_verifying *verifying, struct kist_error *err);

#endif
