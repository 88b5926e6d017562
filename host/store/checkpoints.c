/* SPDX-License-Identifier: Apache-2.0 */
#include "store/checkpoints.h"

#include <stdlib.h>
#include <string.h>

#include "store/log.h"
#include "store/state.h"

static kist_status see_name(void *ctx, const char *name, struct kist_error *err)
{
	struct kist_buf *const numbers = ctx;
	uint64_t number;

	if (!kist_log_parse_name(name, &number) || number > INT64_MAX)
		return KIST_OK;
	return kist_buf_append(numbers, &number, sizeof(number), err);
}

static int compare(const void *a, const void *b)
{
	uint64_t left;
	uint64_t right;

	memcpy(&left, a, sizeof(left));
	memcpy(&right, b, sizeof(right));
	return left < right ? -1 : left > right;
}

kist_status kist_checkpoints_list(struct kist_store *store, struct kist_buf *ret, struct kist_error *err)
{
	KIST_TRY(kist_backend_names(store->backend, KIST_CHECKPOINT_PREFIX, see_name, ret, err));
	if (ret->size > 0)
		qsort(ret->data, ret->size / sizeof(uint64_t), sizeof(uint64_t), compare);
	return KIST_OK;
}

kist_status kist_checkpoints_get(struct kist_store *store, uint64_t number, struct kist_buf *ret,
				 struct kist_error *err)
{
	char key[KIST_CHECKPOINT_KEY_SIZE];

	kist_checkpoint_key(number, key);
	ret->size = 0;
	return kist_backend_get(store->backend, key, 0, KIST_CHECKPOINT_SIZE_MAX + 1, ret, err);
}

kist_status kist_checkpoints_put(struct kist_store *store, uint64_t number, struct kist_view bytes,
				 struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	char key[KIST_CHECKPOINT_KEY_SIZE];
	kist_status status;

	kist_checkpoint_key(number, key);
	status = kist_backend_put_new(store->backend, key, &bytes, 1, &why);
	return status == KIST_OK || status == KIST_EXISTS ? KIST_OK : kist_fail_as(err, status, &why);
}

kist_status kist_checkpoints_mend(struct kist_store *store, uint64_t number, struct kist_view bytes,
				  struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	char key[KIST_CHECKPOINT_KEY_SIZE];
	kist_status status;

	kist_checkpoint_key(number, key);
	status = kist_backend_replace(store->backend, key, bytes, &why);
	if (status == KIST_OK)
		return KIST_OK;
	if (status != KIST_UNSUPPORTED && status != KIST_NOT_FOUND)
		return kist_fail_as(err, status, &why);
	/* Nobody misses it for the moment in which it is not there. */
	KIST_TRY(kist_checkpoints_delete(store, number, err));
	return kist_checkpoints_put(store, number, bytes, err);
}

kist_status kist_checkpoints_delete(struct kist_store *store, uint64_t number, struct kist_error *err)
{
	char key[KIST_CHECKPOINT_KEY_SIZE];

	kist_checkpoint_key(number, key);
	return kist_backend_delete(store->backend, key, err);
}
