/* SPDX-License-Identifier: Apache-2.0 */
#include "store/idset.h"

#include "base/le.h"
#include "base/mem.h"

#define CAPACITY_MIN ((size_t)64)

void kist_idset_done(struct kist_idset *set)
{
	kist_free(set->slots);
	kist_free(set->used);
	*set = (struct kist_idset)KIST_IDSET_INIT;
}

/* The slot of @id, or the empty one where it belongs.  A digest is its own hash. */
static size_t slot_of(const struct kist_idset *set, const struct kist_digest *id)
{
	size_t at = (size_t)kist_le_read64(id->bytes) & (set->capacity - 1);

	while (set->used[at] && !kist_digest_equal(&set->slots[at], id))
		at = (at + 1) & (set->capacity - 1);
	return at;
}

bool kist_idset_has(const struct kist_idset *set, const struct kist_digest *id)
{
	return set->count > 0 && set->used[slot_of(set, id)];
}

static kist_status grow(struct kist_idset *set, struct kist_error *err)
{
	struct kist_idset larger = { .capacity = set->capacity ? set->capacity * 2 : CAPACITY_MIN,
				     .count = set->count };

	larger.slots = kist_alloc(larger.capacity, sizeof(*larger.slots));
	larger.used = kist_alloc(larger.capacity, 1);
	if (!larger.slots || !larger.used) {
		const size_t size = larger.capacity * (sizeof(*larger.slots) + 1);

		kist_idset_done(&larger);
		return kist_fail_memory(err, size);
	}
	for (size_t i = 0; i < set->capacity; i++) {
		if (set->used[i]) {
			const size_t at = slot_of(&larger, &set->slots[i]);

			larger.slots[at] = set->slots[i];
			larger.used[at] = 1;
		}
	}
	kist_idset_done(set);
	*set = larger;
	return KIST_OK;
}

kist_status kist_idset_add(struct kist_idset *set, const struct kist_digest *id, struct kist_error *err)
{
	size_t at;

	/* Never more than three quarters full, so that a look-up is short and always ends. */
	if (set->count >= set->capacity - set->capacity / 4)
		KIST_TRY(grow(set, err));
	at = slot_of(set, id);
	if (!set->used[at])
		set->count++;
	set->slots[at] = *id;
	set->used[at] = 1;
	return KIST_OK;
}
