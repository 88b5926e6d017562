/* SPDX-License-Identifier: Apache-2.0 */
#include "store/packs.h"

#include <string.h>

#include "store/state.h"

struct listing {
	kist_status (*each)(void *ctx, const struct kist_digest *id, uint64_t size, struct kist_error *err);
	void *ctx;
};

bool kist_packs_parse_key(const char *key, struct kist_digest *ret)
{
	const char *name = strrchr(key, '/');
	char expected[KIST_PACK_KEY_SIZE];

	if (!name || strlen(name) < 1 + 2 * KIST_DIGEST_SIZE ||
	    !kist_digest_parse(name + 1, 2 * KIST_DIGEST_SIZE, ret))
		return false;
	kist_pack_key(ret, expected);
	return strcmp(key, expected) == 0;
}

static kist_status see_key(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	const struct listing *listing = ctx;
	struct kist_digest id;

	return kist_packs_parse_key(key, &id) ? listing->each(listing->ctx, &id, size, err) : KIST_OK;
}

kist_status kist_packs_each(struct kist_store *store,
			    kist_status (*each)(void *ctx, const struct kist_digest *id, uint64_t size,
						struct kist_error *err),
			    void *ctx, struct kist_error *err)
{
	struct listing listing = { .each = each, .ctx = ctx };

	return kist_backend_list(store->backend, "packs/", see_key, &listing, err);
}

kist_status kist_packs_head(struct kist_store *store, const struct kist_digest *id,
			    struct kist_pack_head *ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_PACK_HEAD_SIZE);
	char key[KIST_PACK_KEY_SIZE];

	kist_pack_key(id, key);
	KIST_TRY(kist_backend_get(store->backend, key, 0, KIST_PACK_HEAD_SIZE, &bytes, err));
	return kist_pack_parse_head(kist_buf_view(&bytes), ret, err);
}

kist_status kist_packs_size(struct kist_store *store, const struct kist_digest *id, uint64_t *ret,
			    struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	char key[KIST_PACK_KEY_SIZE];
	kist_status status;

	*ret = 0;
	kist_pack_key(id, key);
	status = kist_backend_head(store->backend, key, ret, &why);
	if (status != KIST_OK && status != KIST_NOT_FOUND)
		return kist_fail_as(err, status, &why);
	return KIST_OK;
}

kist_status kist_packs_delete(struct kist_store *store, const struct kist_digest *id, struct kist_error *err)
{
	char key[KIST_PACK_KEY_SIZE];

	kist_pack_key(id, key);
	return kist_backend_delete(store->backend, key, err);
}
