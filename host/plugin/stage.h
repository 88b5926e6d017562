/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_STAGE_H
#define KIST_PLUGIN_STAGE_H

#include <limits.h>
#include <stdbool.h>

#include "base/buf.h"

/*
 * A hidden folder in a plugin folder, in which an installation is made before it is put in place.
 *
 * Thread: one stage, one thread; many processes take turns on the folder.
 */

/** struct kist_plugin_stage - @fd and @name are those of the hidden folder; none before it is made. */
struct kist_plugin_stage {
	int parent_fd; /* holds the lock */
	int fd;
	char *parent; /* its path, without links */
	char name[32];
};

#define KIST_PLUGIN_STAGE_INIT                                                                               \
	{                                                                                                    \
		.parent_fd = -1, .fd = -1, .parent = NULL                                                    \
	}

/** kist_plugin_stage_done() - Removes the hidden folder when there is one, and gives the lock back. */
void kist_plugin_stage_done(struct kist_plugin_stage *stage);
#define kist_auto_plugin_stage __attribute__((cleanup(kist_plugin_stage_done)))

/**
 * kist_plugin_stage_lock() - Makes @plugins_dir when it is missing, waits for its lock, and removes what crashes left.
 *
 * Errors: as kist_search_open_dir(); KIST_DEADLINE (somebody holds it for a minute); KIST_IO.
 */
KIST_CHECKED kist_status kist_plugin_stage_lock(const char *plugins_dir, struct kist_plugin_stage *ret,
						struct kist_error *err);

/** kist_plugin_stage_make() - Makes the hidden folder, empty.  Errors: KIST_IO. */
KIST_CHECKED kist_status kist_plugin_stage_make(struct kist_plugin_stage *stage, struct kist_error *err);

/** kist_plugin_stage_write() - Writes a file in it, and syncs it.  Errors: KIST_IO. */
KIST_CHECKED kist_status kist_plugin_stage_write(const struct kist_plugin_stage *stage, const char *name,
						 struct kist_view bytes, struct kist_error *err);

/** kist_plugin_stage_copy() - The same with the bytes of @from, of which there are at most @size_max. */
KIST_CHECKED kist_status kist_plugin_stage_copy(const struct kist_plugin_stage *stage, const char *name,
						int from, uint64_t size_max, struct kist_error *err);

/**
 * kist_plugin_stage_place() - Puts the hidden folder in place as @name, durably; what was there is removed.
 *
 * @ret_replaced: Whether there was something.
 *
 * Errors: KIST_IO; what was there stays then.
 */
KIST_CHECKED kist_status kist_plugin_stage_place(struct kist_plugin_stage *stage, const char *name,
						 bool *ret_replaced, struct kist_error *err);

/** kist_plugin_stage_take_away() - Removes folder @name: gone for others at once, durably.  Errors: KIST_NOT_FOUND. */
KIST_CHECKED kist_status kist_plugin_stage_take_away(struct kist_plugin_stage *stage, const char *name,
						     struct kist_error *err);

#endif
