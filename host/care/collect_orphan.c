/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/time.h"
#include "care/collect_private.h"
#include "store/packs.h"

#define NS_PER_SECOND 1000000000u
/* A clock that is behind the writer's by up to this is right, and the pack is new. */
#define AGE_MAX ((uint32_t)1 << 31)

static kist_status see_pack(void *ctx, const struct kist_digest *id, uint64_t size, struct kist_error *err)
{
	struct kist_collecting *collecting = ctx;
	struct kist_orphan orphan = { .id = *id, .size = size };
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_pack_head head;
	kist_status status;
	bool condemned;
	bool live;

	KIST_TRY(kist_registry_find_pack(collecting->flow->registry, id, &live, &condemned, err));
	if (live || condemned)
		return KIST_OK;
	status = kist_packs_head(collecting->flow->store, id, &head, &why);
	/* It has gone, or it is no pack that this version knows: not ours to delete. */
	if (status == KIST_NOT_FOUND || status == KIST_CORRUPT || status == KIST_INCOMPATIBLE)
		return KIST_OK;
	if (status != KIST_OK)
		return kist_fail_as(err, status, &why);
	memcpy(orphan.session, head.session, sizeof(orphan.session));
	orphan.time = head.time;
	KIST_TRY(kist_registry_is_fenced(collecting->flow->registry, orphan.session, &orphan.dead, err));
	/* Once more, since the index may have moved on: what is not named after the fence never will be. */
	KIST_TRY(kist_registry_find_pack(collecting->flow->registry, id, &live, &condemned, err));
	if (live || condemned)
		return KIST_OK;
	return kist_buf_append(&collecting->orphans, &orphan, sizeof(orphan), err);
}

/* Seconds since the newest of its packs was begun. */
static uint32_t silence_of(const struct kist_orphan *list, size_t count, const uint8_t *session, uint32_t now)
{
	uint32_t least = UINT32_MAX;

	for (size_t i = 0; i < count; i++) {
		const uint32_t age = now - list[i].time >= AGE_MAX ? 0 : now - list[i].time;

		if (memcmp(list[i].session, session, KIST_SESSION_SIZE) == 0 && age < least)
			least = age;
	}
	return least;
}

kist_status kist_collect_find_orphans(struct kist_collecting *collecting, struct kist_error *err)
{
	const uint32_t now = (uint32_t)((uint64_t)kist_wall_ns() / NS_PER_SECOND);
	struct kist_orphan *list;
	size_t count;

	KIST_TRY(kist_packs_each(collecting->flow->store, see_pack, collecting, err));
	list = kist_orphan_list(collecting, &count);
	for (size_t i = 0; i < count; i++)
		list[i].fence = !list[i].dead && silence_of(list, count, list[i].session, now) >=
							 collecting->options->grace_seconds;
	return KIST_OK;
}
