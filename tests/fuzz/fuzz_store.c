/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The store's own file from hostile bytes: as they are, and as an object whose "check" was made to fit, so that
 * what lies behind the check is reached.
 */
#include <string.h>

#include "backend/backend.h"
#include "base/json.h"
#include "fuzz/fuzz.h"
#include "pack/pack.h"
#include "store/store.h"

#define URI "memory:fuzz-store"
#define KEY "kist.json"

static void try_open(struct kist_backend *backend, struct kist_view text)
{
	struct kist_store *store = NULL;
	struct kist_error err = KIST_ERROR_INIT;

	must(kist_backend_delete(backend, KEY, NULL) == KIST_OK);
	must(kist_backend_put_new(backend, KEY, &text, 1, NULL) == KIST_OK);
	if (kist_store_open(URI, &store, &err) != KIST_OK) {
		must((err.status == KIST_CORRUPT || err.status == KIST_INCOMPATIBLE) && !store);
		return;
	}
	must(strlen(kist_store_id(store)) == 2 * KIST_PACK_ID_SIZE);
	must(kist_store_cut_sizes(store).typed >= KIST_CUT_SIZE_MIN);
	must(kist_store_cut_sizes(store).cdc <= KIST_CDC_AVERAGE_MAX);
	kist_store_close(store);
}

/* Appends the object with the digest of the rest in "check". */
static bool with_check(json_t *object, struct kist_buf *ret)
{
	kist_auto_buf struct kist_buf rest = KIST_BUF_INIT(KIST_STORE_JSON_SIZE_MAX);
	char hex[KIST_DIGEST_HEX_SIZE];
	struct kist_digest digest;

	(void)json_object_del(object, "check");
	if (kist_json_canonical(object, &rest, NULL) != KIST_OK)
		return false;
	digest = kist_digest_of(kist_buf_view(&rest));
	kist_digest_hex(&digest, hex);
	must(json_object_set_new(object, "check", json_string(hex)) == 0);
	return kist_json_canonical(object, ret, NULL) == KIST_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct kist_backend *backend;
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_STORE_JSON_SIZE_MAX);
	kist_auto_json json_t *object = NULL;

	if (!backend)
		must(kist_backend_open(URI, true, &backend, NULL) == KIST_OK);
	try_open(backend, kist_view_of(data, size));
	if (kist_json_parse(kist_view_of(data, size), &object, NULL) == KIST_OK && json_is_object(object) &&
	    with_check(object, &text))
		try_open(backend, kist_buf_view(&text));
	return 0;
}
