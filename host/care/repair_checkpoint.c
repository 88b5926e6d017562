/* SPDX-License-Identifier: Apache-2.0 */
#include "care/repair_private.h"
#include "registry/checkpoint.h"
#include "store/checkpoints.h"

/* A checkpoint says what the log says: so it is written anew, or there is nothing that it could say. */
static kist_status mend(void *ctx, const struct kist_bad_checkpoint *bad, struct kist_error *err)
{
	struct kist_repairing *repairing = ctx;
	struct kist_store *const store = repairing->flow->store;
	const bool has_right = bad->right.size > 0;

	repairing->done.checkpoints_mended++;
	kist_repair_tell(repairing,
			 &(struct kist_repair_step){ .what = "checkpoint",
						     .id = bad->key,
						     .did = has_right ? "mended" : "removed",
						     .text = has_right ? "it says what the log says"
								       : bad->why->text });
	if (repairing->options->dry_run)
		return KIST_OK;
	return has_right ? kist_checkpoints_mend(store, bad->number, bad->right, err)
			 : kist_checkpoints_delete(store, bad->number, err);
}

kist_status kist_repair_checkpoints(struct kist_repairing *repairing, struct kist_error *err)
{
	uint64_t count;

	return kist_registry_check_checkpoints(repairing->flow->registry, mend, repairing, &count, err);
}
