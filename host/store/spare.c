/* SPDX-License-Identifier: Apache-2.0 */
#include "store/spare.h"

#include "base/buf.h"
#include "store/state.h"

void kist_spare_keep(struct kist_backend *backend, const char *uri)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_SPARE_SIZE);
	struct kist_view view;
	kist_status kept;
	uint64_t size;

	if (!kist_backend_folder(uri) || kist_backend_head(backend, KIST_SPARE_KEY, &size, NULL) == KIST_OK)
		return;
	/* Random, so that no file system makes them smaller. */
	kept = kist_buf_reserve(&bytes, KIST_SPARE_SIZE, NULL);
	if (kept == KIST_OK)
		kept = kist_random(bytes.data, KIST_SPARE_SIZE, NULL);
	if (kept != KIST_OK)
		return;
	view = kist_view_of(bytes.data, KIST_SPARE_SIZE);
	kept = kist_backend_put_new(backend, KIST_SPARE_KEY, &view, 1, NULL);
	(void)kept;
}

void kist_spare_allow(struct kist_store *store)
{
	store->may_use_spare = true;
}

bool kist_spare_give_up(struct kist_store *store)
{
	uint64_t size;

	return store->may_use_spare &&
	       kist_backend_head(store->backend, KIST_SPARE_KEY, &size, NULL) == KIST_OK &&
	       kist_backend_delete(store->backend, KIST_SPARE_KEY, NULL) == KIST_OK;
}
