/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/keeper_private.h"
#include "base/file.h"
#include "base/mem.h"

/* Takes @object, which is out of the list, away. */
static void drop(struct kist_keeper *keeper, struct keeper_object *object)
{
	(void)pthread_mutex_lock(&keeper->mutex);
	keeper->object_count--;
	keeper->stuck_count -= object->stuck;
	(void)pthread_cond_broadcast(&keeper->room);
	(void)pthread_mutex_unlock(&keeper->mutex);
	kist_fd_close(&object->fd);
	kist_free(object->name);
	kist_free(object);
}

void keeper_drop_objects(struct kist_keeper *keeper)
{
	while (keeper->held) {
		struct keeper_object *object = keeper->held;

		keeper->held = object->next;
		drop(keeper, object);
	}
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

/* What is kept of one object. */
struct keeping {
	const struct keeper_object *object;
	struct kist_saved saved;
};

/* One object, in a commit with the record. */
static kist_status try_one(struct kist_keeper *keeper, void *ctx, struct kist_error *err)
{
	struct keeping *one = ctx;
	kist_auto_save struct kist_save *save = NULL;

	kist_saved_done(&one->saved); /* of a try that came to nothing */
	KIST_TRY(kist_save_open(keeper->flow, &save, err));
	KIST_TRY(save_one(keeper, save, one->object, &one->saved, err));
	KIST_TRY(keeper_commit(keeper, save, err));
	keeper->kept.stored += kist_save_stats(save).stored_bytes;
	return KIST_OK;
}

static void tell_kept(struct kist_keeper *keeper, const struct keeper_object *object,
		      const struct kist_saved *saved)
{
	uint64_t size = 0;

	(void)!kist_json_get_u64(saved->record, "size", &size);
	keeper->kept.files++;
	keeper->kept.bytes += size;
	keeper->options.each_kept(keeper->options.ctx, object->name, saved);
}

/* *@object has failed; false when it may be tried again. */
static bool give_up(struct kist_keeper *keeper, struct keeper_object *object, bool last,
		    const struct kist_error *why)
{
	const bool may_come = !last && (why->status == KIST_IO || why->status == KIST_NO_MEMORY);

	if (!object->stuck) {
		keeper_note(keeper, why);
		keeper->options.each_failed(keeper->options.ctx, object->name, why);
	}
	keeper->kept.failed += !may_come;
	if (!may_come || object->stuck)
		return !may_come;
	object->stuck = true;
	(void)pthread_mutex_lock(&keeper->mutex);
	keeper->stuck_count++;
	(void)pthread_cond_broadcast(&keeper->room);
	(void)pthread_mutex_unlock(&keeper->mutex);
	return false;
}

void keeper_keep_objects(struct kist_keeper *keeper, bool last)
{
	struct keeper_object **at = &keeper->held;

	while (*at) {
		struct keeper_object *object = *at;
		struct keeping one = { .object = object, .saved = KIST_SAVED_INIT };
		struct kist_error why = KIST_ERROR_INIT;

		if (object->stuck && !last) {
			at = &object->next;
			continue;
		}
		if (keeper_try(keeper, try_one, &one, &why) == KIST_OK)
			tell_kept(keeper, object, &one.saved);
		kist_saved_done(&one.saved);
		if (why.status != KIST_OK && !give_up(keeper, object, last, &why)) {
			at = &object->next;
			continue;
		}
		*at = object->next;
		drop(keeper, object);
	}
}
