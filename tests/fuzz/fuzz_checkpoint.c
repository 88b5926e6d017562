/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Checkpoints from hostile bytes: the number that is expected, u64, and what stands before the SHA-256 at the end,
 * which is made to fit.  What is taken can be walked, and gives the same bytes when it is written again.
 */
#include <string.h>

#include "base/le.h"
#include "fuzz/fuzz.h"
#include "store/checkpoint.h"

static void copy_ids(struct kist_checkpoint_builder *builder, enum kist_checkpoint_list list,
		     struct kist_view rest)
{
	struct kist_checkpoint_id id;

	while (kist_checkpoint_next_id(&rest, &id))
		must(kist_checkpoint_add_id(builder, list, &id, NULL) == KIST_OK);
}

static void copy(struct kist_checkpoint_builder *builder, const struct kist_checkpoint *checkpoint)
{
	struct kist_view packs = checkpoint->lists[KIST_CHECKPOINT_PACKS];
	struct kist_view fences = checkpoint->lists[KIST_CHECKPOINT_FENCES];
	struct kist_view names = checkpoint->lists[KIST_CHECKPOINT_NAMES];
	uint8_t session[KIST_SESSION_SIZE];
	struct kist_checkpoint_pack pack;
	struct kist_checkpoint_name name;

	must(kist_checkpoint_begin(builder, &checkpoint->of, NULL) == KIST_OK);
	while (kist_checkpoint_next_pack(&packs, &pack))
		must(kist_checkpoint_add_pack(builder, &pack, NULL) == KIST_OK);
	copy_ids(builder, KIST_CHECKPOINT_FORGOTTEN, checkpoint->lists[KIST_CHECKPOINT_FORGOTTEN]);
	copy_ids(builder, KIST_CHECKPOINT_CONDEMNED, checkpoint->lists[KIST_CHECKPOINT_CONDEMNED]);
	while (kist_checkpoint_next_fence(&fences, session))
		must(kist_checkpoint_add_fence(builder, session, NULL) == KIST_OK);
	while (kist_checkpoint_next_name(&names, &name))
		must(kist_checkpoint_add_name(builder, &name, NULL) == KIST_OK);
	must(kist_checkpoint_finish(builder, NULL) == KIST_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kist_auto_checkpoint_builder struct kist_checkpoint_builder again = KIST_CHECKPOINT_BUILDER_INIT;
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_CHECKPOINT_SIZE_MAX);
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_checkpoint checkpoint;
	struct kist_digest digest;
	uint64_t number;

	if (size < sizeof(number) || size > KIST_CHECKPOINT_SIZE_MAX - KIST_DIGEST_SIZE)
		return 0;
	number = kist_le_read64(data);
	digest = kist_digest_of(kist_view_of(data + sizeof(number), size - sizeof(number)));
	must(kist_buf_append(&bytes, data + sizeof(number), size - sizeof(number), NULL) == KIST_OK);
	must(kist_buf_append(&bytes, digest.bytes, KIST_DIGEST_SIZE, NULL) == KIST_OK);
	if (kist_checkpoint_parse(kist_buf_view(&bytes), number, &checkpoint, &err) != KIST_OK) {
		must(err.status == KIST_CORRUPT || err.status == KIST_INCOMPATIBLE);
		return 0;
	}
	copy(&again, &checkpoint);
	must(again.bytes.size == bytes.size && memcmp(again.bytes.data, bytes.data, bytes.size) == 0);
	return 0;
}
