/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>

#include "base/mem.h"
#include "flow/group.h"
#include "flow/mark.h"
#include "flow/save_seen.h"
#include "registry/collect.h"
#include "store/lean.h"

#define COMMIT_TRIES_MAX 1000
/* What comes after the commit of fewer new chunks is not worth a thread. */
#define BESIDE_MIN 512

/* A save that is to be committed.  On the stack of its thread, which waits until it is done. */
struct member {
	struct member *next;
	struct kist_save *save;
	json_t *packs;
	bool live; /* it may still be committed; @status and @error are set otherwise */
	bool done; /* its thread may go on */
	/* Its commit. */
	uint64_t number;
	struct kist_digest digest;
	kist_status status;
	struct kist_error error;
};

struct kist_group {
	pthread_mutex_t lock;
	pthread_cond_t changed; /* some are done, or nobody commits */
	struct member *first;	/* those who wait, in the order in which they came */
	bool committing;
};

/* The commit is on disk: what is wrong with the index from here on costs time, and is no failure. */
static void fold_own_commit(struct kist_save *save)
{
	struct kist_flow *const flow = save->flow;
	struct kist_error why = KIST_ERROR_INIT;
	char note[KIST_ERROR_TEXT_SIZE];

	if (kist_registry_fold_written(flow->registry, kist_writer_written(save->writer), &why) == KIST_OK)
		return;
	snprintf(note, sizeof(note), "stored, but the index of this host could not take it up: %.880s",
		 why.text);
	kist_flow_set_note(flow, note);
}

/* Whether artifact @lean is still kept: what has a name is, and so is all that was kept since the last
 * collection. */
static kist_status recheck_artifact(struct kist_save *save, struct kist_lean *lean, uint64_t collected,
				    struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;
	bool named;

	if (lean->since > 0 && lean->since >= collected)
		return KIST_OK;
	KIST_TRY(kist_registry_is_named(save->flow->registry, &lean->artifact, &named, err));
	if (!named) {
		status = kist_mark_check(save->flow, &lean->artifact, &why);
		if (status == KIST_NOT_FOUND && lean->own)
			return kist_fail_at(err, KIST_CANCELLED, KIST_CODE_COLLECTED, KIST_NO_OFFSET,
					    "a collector has removed what was kept of an unchanged file");
		if (status == KIST_NOT_FOUND)
			return kist_fail(err, status,
					 "this is not kept any more: it had no name, and was collected");
		if (status != KIST_OK)
			return kist_fail_as(err, status, &why);
	}
	/* The head is at least the collection: what is looked at now is what there is then. */
	lean->since = collected > 0 ? collected : 1;
	return KIST_OK;
}

/* All that the commit needs and does not bring: to be looked at each time when the log was folded. */
static kist_status recheck(struct kist_save *save, struct kist_error *err)
{
	struct kist_lean *leans = (struct kist_lean *)(void *)save->leans.data;
	uint64_t collected;

	KIST_TRY(kist_writer_recheck(save->writer, err));
	KIST_TRY(kist_registry_last_collected(save->flow->registry, &collected, err));
	for (size_t i = 0; i < save->leans.size / sizeof(*leans); i++)
		KIST_TRY(recheck_artifact(save, &leans[i], collected, err));
	return KIST_OK;
}

/* What hangs on all that is committed before it.  It is made when that was folded, so it leans on what stands; what was
 * made for a try before this one is looked at like all else. */
static kist_status make_last(struct kist_save *save, struct kist_error *err)
{
	if (!save->make_last)
		return KIST_OK;
	if (save->last && save->last_is_current && save->last_is_current(save->last_ctx) &&
	    kist_writer_recheck(save->last->writer, NULL) == KIST_OK)
		return KIST_OK;
	kist_save_drop_last(save);
	KIST_TRY(kist_save_open(save->flow, &save->last, err));
	KIST_TRY(save->make_last(save->last_ctx, save->last, err));
	return kist_writer_finish(save->last->writer, &save->last_packs, err);
}

/* What the index has no part in: what was seen is written down, and memory given back. */
static void *end_save(void *arg)
{
	struct kist_save *const save = arg;

	kist_save_seen_write(save);
	kist_writer_release(save->writer);
	kist_fetch_close(save->spent);
	save->spent = NULL;
	return NULL;
}

/* One core fills the index: the other has all else that is left to do. */
static void end_commit(struct kist_save *save, const struct member *self)
{
	pthread_t thread;
	bool beside;

	kist_save_seen_committed(save, self->number, &self->digest);
	beside = kist_writer_stats(save->writer).chunks_new >= BESIDE_MIN &&
		 pthread_create(&thread, NULL, end_save, save) == 0;
	fold_own_commit(save);
	if (!beside)
		(void)end_save(save);
	else
		(void)pthread_join(thread, NULL);
}

static void settle(struct member *member, kist_status status, const struct kist_error *why)
{
	member->live = false;
	member->status = status;
	if (why)
		member->error = *why;
}

/* Leaves out whose commit may not be made.  Folding all is what gives the right to make the next commit. */
static void look(struct member *member, uint64_t *head, struct kist_digest *previous)
{
	struct kist_save *save = member->save;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status = kist_registry_fold(save->flow->registry, &why);

	if (status != KIST_OK) {
		settle(member, status, &why);
		return;
	}
	/* Of the one that is looked at first: what others fold after it is at least as new. */
	if (*head == UINT64_MAX)
		kist_registry_head(save->flow->registry, head, previous);
	if (save->only_at && *head + 1 != save->only_at) {
		status = kist_fail(&why, KIST_EXISTS, "another commit came first");
		settle(member, status, &why);
		return;
	}
	status = recheck(save, &why);
	if (status == KIST_OK)
		status = make_last(save, &why);
	if (status == KIST_OK)
		return;
	/* Whoever came first has the number of every commit that was tried. */
	kist_writer_abandon(save->writer);
	settle(member, status, &why);
}

static kist_status add_to_commit(json_t *commit, json_t *packs, json_t *refs, struct kist_error *err)
{
	return json_array_extend(json_object_get(commit, "packs"), packs) == 0 &&
			       json_array_extend(json_object_get(commit, "refs"), refs) == 0
		       ? KIST_OK
		       : kist_fail_memory(err, sizeof(json_t));
}

/* One commit of all that are live. */
static kist_status make_commit(const struct member *first, json_t **ret, struct kist_error *err)
{
	kist_auto_json json_t *commit = json_pack("{s:[], s:[]}", "packs", "refs");

	if (!commit)
		return kist_fail_memory(err, sizeof(json_t));
	for (const struct member *member = first; member; member = member->next) {
		const struct kist_save *last = member->save->last;

		if (!member->live)
			continue;
		KIST_TRY(add_to_commit(commit, member->packs, member->save->refs, err));
		if (last)
			KIST_TRY(add_to_commit(commit, member->save->last_packs, last->refs, err));
	}
	*ret = kist_steal(commit);
	return KIST_OK;
}

static size_t count_live(const struct member *first)
{
	size_t count = 0;

	for (const struct member *member = first; member; member = member->next)
		count += member->live;
	return count;
}

static void settle_all(struct member *first, kist_status status, const struct kist_error *why)
{
	for (struct member *member = first; member; member = member->next) {
		if (member->live)
			settle(member, status, why);
	}
}

static void name_commit(struct member *first, uint64_t number, const struct kist_digest *digest)
{
	for (struct member *member = first; member; member = member->next) {
		member->number = number;
		member->digest = *digest;
	}
}

/* Tries once; who is still live afterwards has to be tried again. */
static kist_status try_commit(struct member *first, struct kist_error *err)
{
	struct kist_store *store = first->save->flow->store;
	kist_auto_json json_t *commit = NULL;
	struct kist_digest previous;
	struct kist_digest digest;
	uint64_t head = UINT64_MAX;

	for (struct member *member = first; member; member = member->next) {
		if (member->live)
			look(member, &head, &previous);
	}
	if (count_live(first) == 0)
		return KIST_OK;
	KIST_TRY(make_commit(first, &commit, err));
	KIST_TRY(kist_log_append(store, head + 1, &previous, commit, &digest, err));
	name_commit(first, head + 1, &digest);
	return KIST_OK;
}

/* Commits all together; each has its own end of it. */
static void commit_batch(struct member *first)
{
	for (int i = 0; i < COMMIT_TRIES_MAX; i++) {
		struct kist_error why = KIST_ERROR_INIT;
		const kist_status status = try_commit(first, &why);

		/* What is too much for one commit may be little enough for each. */
		if (status == KIST_LIMIT && count_live(first) > 1)
			return;
		if (status != KIST_EXISTS || first->save->only_at) {
			settle_all(first, status, &why);
			return;
		}
	}
	settle_all(first, KIST_EXISTS, NULL);
}

static void commit_each(struct member *first)
{
	commit_batch(first);
	for (struct member *member = first; member; member = member->next) {
		struct member *const next = member->next;

		member->next = NULL;
		if (member->live)
			commit_batch(member);
		member->next = next;
	}
}

/* Takes those who have come first off the queue. */
static struct member *take_batch(struct kist_group *group)
{
	struct member *const first = group->first;
	struct member **end = &group->first;

	for (size_t i = 0; i < KIST_GROUP_SAVES_MAX && *end; i++)
		end = &(*end)->next;
	group->first = *end;
	*end = NULL;
	return first;
}

/* Called and left with the lock held, which is given up meanwhile. */
static void lead(struct kist_group *group)
{
	struct member *const first = take_batch(group);

	group->committing = true;
	(void)pthread_mutex_unlock(&group->lock);
	commit_each(first);
	(void)pthread_mutex_lock(&group->lock);
	group->committing = false;
	/* Once its thread goes on, a member is gone. */
	for (struct member *member = first; member;) {
		struct member *const next = member->next;

		member->done = true;
		member = next;
	}
	(void)pthread_cond_broadcast(&group->changed);
}

static void join(struct kist_group *group, struct member *self)
{
	struct member **end = &group->first;

	(void)pthread_mutex_lock(&group->lock);
	while (*end)
		end = &(*end)->next;
	*end = self;
	while (!self->done) {
		if (group->committing)
			(void)pthread_cond_wait(&group->changed, &group->lock);
		else
			lead(group);
	}
	(void)pthread_mutex_unlock(&group->lock);
}

static kist_status commit_one(struct kist_save *save, struct kist_group *group, struct kist_error *err)
{
	kist_auto_json json_t *packs = NULL;
	struct member self = { .save = save, .live = true, .error = KIST_ERROR_INIT };

	KIST_TRY(kist_writer_finish(save->writer, &packs, err));
	if (json_array_size(packs) == 0 && json_array_size(save->refs) == 0 && !save->make_last)
		return KIST_OK;
	self.packs = packs;
	/* Who must have one number cannot share it, nor who hangs on what no other of the commit may change. */
	if (group && !save->only_at && !save->make_last)
		join(group, &self);
	else
		commit_each(&self);
	if (self.status == KIST_EXISTS && self.error.status == KIST_OK)
		return kist_fail(err, KIST_LIMIT, "the store is too busy: %d commits came first",
				 COMMIT_TRIES_MAX);
	if (self.status != KIST_OK)
		return kist_fail_as(err, self.status, &self.error);
	save->flow->committed = true;
	save->last_is_committed = true;
	end_commit(save, &self);
	return KIST_OK;
}

kist_status kist_save_commit(struct kist_save *save, struct kist_error *err)
{
	return kist_save_commit_in(save, NULL, err);
}

kist_status kist_save_commit_in(struct kist_save *save, struct kist_group *group, struct kist_error *err)
{
	KIST_TRY(commit_one(save, group, err));
	kist_flow_record_routes(save->flow);
	return KIST_OK;
}

kist_status kist_save_commit_at(struct kist_save *save, uint64_t number, struct kist_error *err)
{
	save->only_at = number;
	return kist_save_commit(save, err);
}

kist_status kist_group_new(struct kist_group **ret, struct kist_error *err)
{
	struct kist_group *group = kist_alloc(1, sizeof(*group));

	if (!group)
		return kist_fail_memory(err, sizeof(*group));
	(void)pthread_mutex_init(&group->lock, NULL);
	(void)pthread_cond_init(&group->changed, NULL);
	*ret = group;
	return KIST_OK;
}

void kist_group_free(struct kist_group *group)
{
	if (!group)
		return;
	(void)pthread_cond_destroy(&group->changed);
	(void)pthread_mutex_destroy(&group->lock);
	kist_free(group);
}
