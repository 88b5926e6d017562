/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/keeper_private.h"
#include "base/file.h"
#include "base/mem.h"
#include "store/lean.h"

#define TRIES_MAX 10

void keeper_drop_objects(struct kist_keeper *keeper)
{
	size_t count = 0;

	while (keeper->held) {
		struct keeper_object *object = keeper->held;

		keeper->held = object->next;
		kist_fd_close(&object->fd);
		kist_free(object->name);
		kist_free(object);
		count++;
	}
	(void)pthread_mutex_lock(&keeper->mutex);
	keeper->object_count -= count;
	(void)pthread_cond_broadcast(&keeper->room);
	(void)pthread_mutex_unlock(&keeper->mutex);
}

static kist_status save_one(struct kist_keeper *keeper, struct kist_save *save,
			    const struct keeper_object *object, struct kist_saved *ret,
			    struct kist_error *err)
{
	char name[KIST_NAME_SIZE_MAX + 1];
	struct kist_save_options how = { .name = name, .opaque = true };

	KIST_TRY(keeper_name(keeper, object->name, name, &how.name_len, err));
	if (lseek(object->fd, 0, SEEK_SET) != 0)
		return kist_fail(err, KIST_IO, "it cannot be read from its beginning");
	KIST_TRY(kist_save_stream(save, object->fd, &how, ret, err));
	return keeper_add_artifact(keeper, object->name, &ret->artifact, err);
}

/* The first object, in a commit with the record. */
static kist_status keep_first(struct kist_keeper *keeper, struct kist_saved *ret, struct kist_error *err)
{
	kist_auto_save struct kist_save *save = NULL;

	KIST_TRY(kist_save_open(keeper->flow, &save, err));
	KIST_TRY(save_one(keeper, save, keeper->held, ret, err));
	KIST_TRY(keeper_commit(keeper, save, err));
	keeper->kept.stored += kist_save_stats(save).stored_bytes;
	return KIST_OK;
}

static void tell_first(struct kist_keeper *keeper, const struct kist_saved *saved,
		       const struct kist_error *why)
{
	uint64_t size = 0;

	if (why->status != KIST_OK) {
		keeper->kept.failed++;
		keeper_note(keeper, why);
		keeper->options.each_failed(keeper->options.ctx, keeper->held->name, why);
		return;
	}
	(void)!kist_json_get_u64(saved->record, "size", &size);
	keeper->kept.files++;
	keeper->kept.bytes += size;
	keeper->options.each_kept(keeper->options.ctx, keeper->held->name, saved);
}

void keeper_keep_objects(struct kist_keeper *keeper)
{
	while (keeper->held) {
		struct keeper_object *next = keeper->held->next;
		kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
		struct kist_error why = KIST_ERROR_INIT;

		for (int tries = 1; keep_first(keeper, &saved, &why) != KIST_OK; tries++) {
			if (why.status != KIST_CANCELLED || strcmp(why.code, KIST_CODE_COLLECTED) != 0 ||
			    tries == TRIES_MAX)
				break;
			kist_error_clear(&why);
		}
		tell_first(keeper, &saved, &why);
		keeper->held->next = NULL;
		keeper_drop_objects(keeper);
		keeper->held = next;
	}
}
