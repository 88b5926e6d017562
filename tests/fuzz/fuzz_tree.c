/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Listings of trees from hostile bytes.  What is accepted is made again from its entries: the same bytes, the same
 * digest.
 */
#include <string.h>

#include "flow/tree.h"
#include "fuzz/fuzz.h"

static kist_status add_again(void *ctx, const struct kist_tree_entry *entry, struct kist_error *err)
{
	return kist_tree_add(ctx, entry, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kist_auto_tree struct kist_tree again = KIST_TREE_INIT;
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_digest made;
	struct kist_digest read;

	must(kist_tree_start(&again, NULL) == KIST_OK);
	if (kist_tree_read(kist_view_of(data, size), add_again, &again, &read, &err) != KIST_OK) {
		must(err.status == KIST_CORRUPT && strcmp(err.code, "E_TREE") == 0 && again.count == 0);
		return 0;
	}
	made = kist_tree_finish(&again);
	must(again.listing.size == size && memcmp(again.listing.data, data, size) == 0);
	must(kist_digest_equal(&made, &read));
	return 0;
}
