/* SPDX-License-Identifier: Apache-2.0 */
#include "care/verify_private.h"
#include "registry/checkpoint.h"

static kist_status found_bad(void *ctx, const struct kist_bad_checkpoint *bad, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;

	(void)err;
	(void)kist_fail(&why, bad->why->status,
			"%s; delete the file, or run 'kist repair': nothing is lost with it", bad->why->text);
	kist_verify_report(
		ctx, &(struct kist_damage){
			     .what = "checkpoint", .id = bad->key, .offset = KIST_NO_OFFSET, .why = &why });
	return KIST_OK;
}

kist_status kist_verify_checkpoints(struct kist_verifying *verifying, struct kist_error *err)
{
	return kist_registry_check_checkpoints(verifying->flow->registry, found_bad, verifying,
					       &verifying->done.checkpoints, err);
}
