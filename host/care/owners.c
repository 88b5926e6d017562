/* SPDX-License-Identifier: Apache-2.0 */
#include "care/owners.h"

#include "base/le.h"
#include "base/mem.h"

#define CAPACITY_MIN ((size_t)256)

void kist_owners_done(struct kist_owners *owners)
{
	kist_free(owners->slots);
	*owners = (struct kist_owners)KIST_OWNERS_INIT;
}

/* The slot of @id, or the empty one where it belongs.  A digest is its own hash. */
static struct kist_owned *slot_of(const struct kist_owners *owners, const struct kist_digest *id)
{
	size_t at = (size_t)kist_le_read64(id->bytes) & (owners->capacity - 1);

	while (owners->slots[at].last && !kist_digest_equal(&owners->slots[at].id, id))
		at = (at + 1) & (owners->capacity - 1);
	return &owners->slots[at];
}

static kist_status grow(struct kist_owners *owners, struct kist_error *err)
{
	struct kist_owners larger = { .capacity = owners->capacity ? owners->capacity * 2 : CAPACITY_MIN,
				      .count = owners->count };

	larger.slots = kist_alloc(larger.capacity, sizeof(*larger.slots));
	if (!larger.slots)
		return kist_fail_memory(err, larger.capacity * sizeof(*larger.slots));
	for (size_t i = 0; i < owners->capacity; i++) {
		if (owners->slots[i].last)
			*slot_of(&larger, &owners->slots[i].id) = owners->slots[i];
	}
	kist_free(owners->slots);
	*owners = larger;
	return KIST_OK;
}

kist_status kist_owners_add(struct kist_owners *owners, const struct kist_digest *id, uint32_t owner,
			    struct kist_owned **ret, bool *ret_again, struct kist_error *err)
{
	struct kist_owned *slot;

	/* Never more than three quarters full, so that a look-up is short and always ends. */
	if (owners->count >= owners->capacity - owners->capacity / 4)
		KIST_TRY(grow(owners, err));
	slot = slot_of(owners, id);
	*ret_again = slot->last == owner;
	if (slot->last == 0) {
		*slot = (struct kist_owned){ .id = *id, .owner = owner };
		owners->count++;
	} else if (slot->owner != owner) {
		slot->owner = KIST_OWNER_MANY;
	}
	slot->last = owner;
	*ret = slot;
	return KIST_OK;
}
