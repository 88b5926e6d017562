/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_GROUP_H
#define KIST_FLOW_GROUP_H

#include "flow/save.h"

/*
 * Group commit: the saves of many threads share commits.
 *
 * While one commit is on its way to the disk, all saves that come meanwhile gather; when it is there, one of
 * them makes the next commit, for all of them.  A save that comes alone makes its own at once: nothing is ever
 * waited for but a commit that is under way.  What is acknowledged is as durable as by kist_save_commit():
 * each save's packs are on disk before the commit that names them, and that is on disk before any of its
 * saves is acknowledged.  So the file of the log, its sync and the look at the log before it cost once what
 * they would cost for each.
 *
 * Each save stands or falls by itself: one that leans on what a collector has removed is left out of the
 * commit of the others.  Changes of one name in one commit count in the order in which the saves came.
 *
 * Thread: a group is for many threads; each save and its flow for one at a time, which is the one that commits.
 * Source: docs/adr/0018-saves-that-share-a-commit.md.
 */

/** Saves that share one commit at most. */
#define KIST_GROUP_SAVES_MAX 64

struct kist_group;

/** kist_group_new() - For saves to one store.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_group_new(struct kist_group **ret, struct kist_error *err);
/** kist_group_free() - Nobody may be committing.  Accepts NULL. */
void kist_group_free(struct kist_group *group);

static inline void kist_group_free_(struct kist_group **slot)
{
	kist_group_free(*slot);
}
#define kist_auto_group __attribute__((cleanup(kist_group_free_)))

/**
 * kist_save_commit_in() - kist_save_commit(), sharing the commit with the other saves of @group.
 *
 * @group: All of its saves are to the same store.
 */
KIST_CHECKED kist_status kist_save_commit_in(struct kist_save *save, struct kist_group *group,
					     struct kist_error *err);

#endif
