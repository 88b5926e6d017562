/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Recipe nodes from hostile bytes.  What is accepted, encodes again to the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"
#include "pack/recipe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct kist_recipe_entry entries[KIST_RECIPE_ENTRIES_MAX];
	static struct kist_recipe_state states[KIST_RECIPE_ENTRIES_MAX];
	kist_auto_buf struct kist_buf again = KIST_BUF_INIT(KIST_RECIPE_SIZE_MAX);
	struct kist_recipe recipe;
	uint64_t sum = 0;

	if (kist_recipe_open(kist_view_of(data, size), &recipe, NULL) != KIST_OK)
		return 0;
	for (size_t i = 0; i < recipe.count; i++) {
		entries[i] = kist_recipe_entry_at(&recipe, i);
		sum += entries[i].len;
	}
	must(sum == recipe.size);
	for (size_t i = 0; i < recipe.states; i++) {
		states[i] = kist_recipe_state_at(&recipe, i);
		must(states[i].entry < recipe.count);
	}
	must(kist_recipe_encode(recipe.depth, entries, recipe.count, states, recipe.states, &again, NULL) ==
	     KIST_OK);
	must(again.size == size && memcmp(again.data, data, size) == 0);
	return 0;
}
