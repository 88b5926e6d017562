/* SPDX-License-Identifier: Apache-2.0 */
#include "pack/recipe.h"

#include <assert.h>

#include "base/le.h"
#include "base/num.h"

#define MAGIC	       "KRCP"
#define RECIPE_VERSION 1

/* What a node may say of one entry, on the way in and on the way out. */
static bool entry_allowed(uint8_t depth, uint64_t len, uint64_t *size)
{
	return len > 0 && (depth > 0 || len <= KIST_CHUNK_SIZE_MAX) && kist_add_u64(*size, len, size) &&
	       *size <= INT64_MAX;
}

static bool count_allowed(uint8_t depth, size_t count)
{
	return count <= KIST_RECIPE_ENTRIES_MAX && (count > 0 || depth == 0);
}

static bool states_allowed(uint8_t depth, size_t count, size_t states)
{
	return states <= count && (states == 0 || depth == 0);
}

/* Their entries rise, and are there. */
static bool state_allowed(uint32_t entry, size_t count, uint64_t *least)
{
	if (entry < *least || entry >= count)
		return false;
	*least = (uint64_t)entry + 1;
	return true;
}

static kist_status check_states(uint8_t depth, size_t count, const struct kist_recipe_state *states,
				size_t state_count, struct kist_error *err)
{
	uint64_t least = 0;

	if (!states_allowed(depth, count, state_count))
		return kist_fail(err, KIST_LIMIT, "recipe of depth %u with %zu midstates", depth,
				 state_count);
	for (size_t i = 0; i < state_count; i++) {
		if (!state_allowed(states[i].entry, count, &least))
			return kist_fail(err, KIST_LIMIT, "midstate %zu of the recipe is of entry %u", i,
					 states[i].entry);
	}
	return KIST_OK;
}

kist_status kist_recipe_encode(uint8_t depth, const struct kist_recipe_entry *entries, size_t count,
			       const struct kist_recipe_state *states, size_t state_count,
			       struct kist_buf *ret, struct kist_error *err)
{
	uint64_t size = 0;
	uint8_t *at;

	if (depth > KIST_RECIPE_DEPTH_MAX || !count_allowed(depth, count))
		return kist_fail(err, KIST_LIMIT, "recipe of depth %u with %zu entries", depth, count);
	for (size_t i = 0; i < count; i++) {
		if (!entry_allowed(depth, entries[i].len, &size))
			return kist_fail(err, KIST_LIMIT, "entry %zu of the recipe covers %llu bytes", i,
					 (unsigned long long)entries[i].len);
	}
	KIST_TRY(check_states(depth, count, states, state_count, err));
	KIST_TRY(kist_buf_extend(ret,
				 KIST_RECIPE_HEAD_SIZE + count * KIST_RECIPE_ENTRY_SIZE +
					 state_count * KIST_RECIPE_STATE_SIZE,
				 &at, err));
	memcpy(at, MAGIC, 4);
	at[4] = RECIPE_VERSION;
	at[5] = depth;
	kist_le_write16(at + 6, (uint16_t)state_count);
	kist_le_write32(at + 8, (uint32_t)count);
	at += KIST_RECIPE_HEAD_SIZE;
	for (size_t i = 0; i < count; i++, at += KIST_RECIPE_ENTRY_SIZE) {
		memcpy(at, entries[i].id.bytes, KIST_DIGEST_SIZE);
		kist_le_write64(at + KIST_DIGEST_SIZE, entries[i].len);
	}
	for (size_t i = 0; i < state_count; i++, at += KIST_RECIPE_STATE_SIZE) {
		kist_le_write32(at, states[i].entry);
		memcpy(at + 4, states[i].midstate.bytes, KIST_DIGEST_SIZE);
	}
	return KIST_OK;
}

static kist_status check_head(struct kist_view bytes, struct kist_recipe *recipe, struct kist_error *err)
{
	if (bytes.size < KIST_RECIPE_HEAD_SIZE || memcmp(bytes.data, MAGIC, 4) != 0)
		return kist_fail(err, KIST_CORRUPT, "not a recipe");
	if (bytes.data[4] != RECIPE_VERSION)
		return kist_fail(err, KIST_INCOMPATIBLE, "recipe of version %u: a newer kist made it",
				 bytes.data[4]);
	recipe->depth = bytes.data[5];
	recipe->states = kist_le_read16(bytes.data + 6);
	recipe->count = kist_le_read32(bytes.data + 8);
	if (recipe->depth > KIST_RECIPE_DEPTH_MAX || !count_allowed(recipe->depth, recipe->count) ||
	    !states_allowed(recipe->depth, recipe->count, recipe->states) ||
	    bytes.size != KIST_RECIPE_HEAD_SIZE + recipe->count * KIST_RECIPE_ENTRY_SIZE +
				  recipe->states * KIST_RECIPE_STATE_SIZE)
		return kist_fail(err, KIST_CORRUPT,
				 "recipe of depth %u with %u entries and %u midstates in %zu bytes",
				 recipe->depth, recipe->count, recipe->states, bytes.size);
	return KIST_OK;
}

kist_status kist_recipe_open(struct kist_view bytes, struct kist_recipe *ret, struct kist_error *err)
{
	struct kist_recipe recipe = { .bytes = bytes };
	uint64_t least = 0;

	KIST_TRY(check_head(bytes, &recipe, err));
	for (size_t i = 0; i < recipe.count; i++) {
		if (!entry_allowed(recipe.depth, kist_recipe_entry_at(&recipe, i).len, &recipe.size))
			return kist_fail_at(err, KIST_CORRUPT, NULL,
					    KIST_RECIPE_HEAD_SIZE + i * KIST_RECIPE_ENTRY_SIZE,
					    "entry %zu of the recipe is out of range", i);
	}
	for (size_t i = 0; i < recipe.states; i++) {
		if (!state_allowed(kist_recipe_state_at(&recipe, i).entry, recipe.count, &least))
			return kist_fail(err, KIST_CORRUPT, "midstate %zu of the recipe is out of order", i);
	}
	*ret = recipe;
	return KIST_OK;
}

struct kist_recipe_entry kist_recipe_entry_at(const struct kist_recipe *recipe, size_t i)
{
	const uint8_t *at = recipe->bytes.data + KIST_RECIPE_HEAD_SIZE + i * KIST_RECIPE_ENTRY_SIZE;
	struct kist_recipe_entry entry;

	assert(i < recipe->count);
	memcpy(entry.id.bytes, at, KIST_DIGEST_SIZE);
	entry.len = kist_le_read64(at + KIST_DIGEST_SIZE);
	return entry;
}

struct kist_recipe_state kist_recipe_state_at(const struct kist_recipe *recipe, size_t i)
{
	const uint8_t *at = recipe->bytes.data + KIST_RECIPE_HEAD_SIZE +
			    recipe->count * KIST_RECIPE_ENTRY_SIZE + i * KIST_RECIPE_STATE_SIZE;
	struct kist_recipe_state state;

	assert(i < recipe->states);
	state.entry = kist_le_read32(at);
	memcpy(state.midstate.bytes, at + 4, KIST_DIGEST_SIZE);
	return state;
}
