/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/keeper_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"

#define NS_PER_S 1000000000ull
/* So many names a record has while it is still committed with every group: it is written as a whole. */
#define RECORD_EACH_MAX 1000
/* How long a change of the record waits for others. */
#define RECORD_S 5
/* Changes that are refused, as points past the most that a record has: so many are told of. */
#define REFUSALS_TOLD_MAX 100
/* When a store that could not be opened is tried again. */
#define OPEN_AGAIN_S 30

void keeper_note(struct kist_keeper *keeper, const struct kist_error *why)
{
	(void)kist_fail_as(&keeper->kept.why, why->status, why);
}

kist_status keeper_record(struct kist_keeper *keeper, struct kist_error *err)
{
	KIST_TRY(kist_job_commit_alone(keeper->flow, keeper->options.job, err));
	keeper->recorded_ns = kist_now_ns();
	keeper->changed = false;
	return KIST_OK;
}

kist_status keeper_name(const struct kist_keeper *keeper, const char *path, char *ret_name, size_t *ret_len,
			struct kist_error *err)
{
	const int len = snprintf(ret_name, KIST_NAME_SIZE_MAX + 1, KIST_KEEPER_PREFIX "%s/%s",
				 kist_job_id(keeper->options.job), path);

	if (len > (int)KIST_NAME_SIZE_MAX)
		return kist_fail(err, KIST_LIMIT, "'%s' would be a name of more than %zu bytes", path,
				 KIST_NAME_SIZE_MAX);
	*ret_len = (size_t)len;
	return KIST_OK;
}

kist_status keeper_add_artifact(struct kist_keeper *keeper, const char *path,
				const struct kist_digest *artifact, struct kist_error *err)
{
	char name[KIST_NAME_SIZE_MAX + 1];
	struct kist_job_artifact named = { .name = name, .artifact = *artifact };

	/* One that it cannot name is kept all the same, and found by its name. */
	if (keeper->kept.files >= KIST_JOB_ARTIFACTS_MAX - KIST_KEEPER_GROUP_MAX)
		return KIST_OK;
	KIST_TRY(keeper_name(keeper, path, name, &named.name_len, err));
	KIST_TRY(kist_job_add_artifact(keeper->options.job, &named, err));
	keeper->changed = true;
	return KIST_OK;
}

kist_status keeper_commit(struct kist_keeper *keeper, struct kist_save *save, struct kist_error *err)
{
	if ((keeper->refusal.status != KIST_OK && keeper->recorded_ns == 0) ||
	    keeper->kept.files > RECORD_EACH_MAX)
		return kist_save_commit(save, err);
	KIST_TRY(kist_job_commit(keeper->options.job, save, err));
	keeper->recorded_ns = kist_now_ns();
	keeper->changed = false;
	return KIST_OK;
}

kist_status keeper_open(struct kist_keeper *keeper, bool force, struct kist_error *err)
{
	if (keeper->flow)
		return KIST_OK;
	if (!force && kist_now_ns() < keeper->next_open_ns)
		return kist_fail(err, KIST_IO, "the store could not be opened a moment ago");
	keeper->next_open_ns = kist_now_ns() + OPEN_AGAIN_S * NS_PER_S;
	KIST_TRY(keeper->options.open(keeper->options.open_ctx, &keeper->flow, err));
	(void)pthread_mutex_lock(&keeper->mutex);
	keeper->is_open = true;
	(void)pthread_mutex_unlock(&keeper->mutex);
	return KIST_OK;
}

static void tell(struct kist_keeper *keeper, const struct kist_error *why)
{
	keeper_note(keeper, why);
	keeper->options.each_failed(keeper->options.ctx, NULL, why);
}

/* Commits the record when it has changed; a failure is told once, and tried again in the end. */
static void record_if_changed(struct kist_keeper *keeper)
{
	struct kist_error why = KIST_ERROR_INIT;

	if (!keeper->changed || !keeper->flow)
		return;
	if (keeper_record(keeper, &why) != KIST_OK)
		tell(keeper, &why);
	keeper->changed = false;
}

/* What others gave, taken out of their way. */
struct taken {
	struct kist_buf hints;
	struct keeper_change *changes;
	struct keeper_object *objects;
	bool flush;
	bool ending;
	bool dropped;
};

static bool is_idle(const struct kist_keeper *keeper)
{
	return !keeper->dropped && keeper->hints.size == 0 && !keeper->changes && !keeper->objects &&
	       !keeper->flush && !keeper->ending;
}

/* Waits until there is something to do, or until a changed record has waited long enough. */
static void wait_for_work(struct kist_keeper *keeper)
{
	const uint64_t until = keeper->recorded_ns + RECORD_S * NS_PER_S;
	const struct timespec time = { .tv_sec = (time_t)(until / NS_PER_S),
				       .tv_nsec = (long)(until % NS_PER_S) };

	while (is_idle(keeper)) {
		if (!keeper->changed || !keeper->flow)
			(void)pthread_cond_wait(&keeper->awake, &keeper->mutex);
		else if (pthread_cond_timedwait(&keeper->awake, &keeper->mutex, &time) == ETIMEDOUT)
			return;
	}
}

static void take(struct kist_keeper *keeper, struct taken *ret)
{
	(void)pthread_mutex_lock(&keeper->mutex);
	wait_for_work(keeper);
	kist_buf_move(&ret->hints, &keeper->hints);
	ret->changes = keeper->changes;
	ret->objects = keeper->objects;
	ret->flush = keeper->flush;
	ret->dropped = keeper->dropped;
	ret->ending = keeper->ending || keeper->dropped;
	keeper->changes = NULL;
	keeper->last_change = &keeper->changes;
	keeper->change_count = 0;
	keeper->objects = NULL;
	keeper->last_object = &keeper->objects;
	keeper->flush = false;
	(void)pthread_cond_broadcast(&keeper->room);
	(void)pthread_mutex_unlock(&keeper->mutex);
}

static void make_changes(struct kist_keeper *keeper, struct keeper_change *changes)
{
	while (changes) {
		struct keeper_change *next = changes->next;
		struct kist_error why = KIST_ERROR_INIT;

		if (changes->change(keeper->options.job, changes->argument, &why) == KIST_OK)
			keeper->changed = true;
		else if (keeper->refused_changes++ < REFUSALS_TOLD_MAX)
			tell(keeper, &why);
		json_decref(changes->argument);
		kist_free(changes);
		changes = next;
	}
}

/* Objects that wait for the store, with those that have come since behind them. */
static void hold(struct kist_keeper *keeper, struct keeper_object *objects)
{
	struct keeper_object **last = &keeper->held;

	while (*last)
		last = &(*last)->next;
	*last = objects;
}

static void work(struct kist_keeper *keeper, const struct taken *taken)
{
	struct kist_error why = KIST_ERROR_INIT;

	hold(keeper, taken->objects);
	make_changes(keeper, taken->changes);
	if (taken->dropped)
		return;
	keeper->unseen = true;
	if (keeper_open(keeper, taken->ending, &why) != KIST_OK) {
		keeper_note(keeper, &why);
		return;
	}
	keeper->unseen = false;
	keeper_keep_objects(keeper, taken->ending);
	for (size_t at = 0; at < taken->hints.size; at += strlen((const char *)taken->hints.data + at) + 1)
		keeper_want(keeper, (const char *)taken->hints.data + at);
	keeper->halves = taken->ending ? KIST_KEEPER_HALVES_MAX : 0;
	if (taken->flush || taken->ending)
		keeper_look(keeper);
	keeper_keep_group(keeper);
	/* In the end the last record says it all. */
	if (!taken->ending && (taken->flush || kist_now_ns() - keeper->recorded_ns >= RECORD_S * NS_PER_S))
		record_if_changed(keeper);
}

static bool may_settle(const struct kist_keeper *keeper)
{
	return !keeper->awaited && !keeper->dropped && keeper->hints.size == 0 && !keeper->objects &&
	       !keeper->flush && !keeper->ending;
}

/* Waits a moment, in which many a job is over: its last record says all then.  False when this one is. */
static bool settle(struct kist_keeper *keeper)
{
	const uint64_t until = kist_now_ns() + keeper->options.settle_ns;
	const struct timespec time = { .tv_sec = (time_t)(until / NS_PER_S),
				       .tv_nsec = (long)(until % NS_PER_S) };
	bool is_over;

	(void)pthread_mutex_lock(&keeper->mutex);
	while (may_settle(keeper) &&
	       pthread_cond_timedwait(&keeper->awake, &keeper->mutex, &time) != ETIMEDOUT)
		continue;
	is_over = keeper->ending || keeper->dropped;
	(void)pthread_mutex_unlock(&keeper->mutex);
	return !is_over;
}

/* What the record is to say from the beginning, told as the program begins: later it may have changed. */
static void describe(struct kist_keeper *keeper)
{
	struct kist_error why = KIST_ERROR_INIT;

	if (keeper->options.describe &&
	    keeper->options.describe(keeper->options.ctx, keeper->options.job, &why) != KIST_OK)
		tell(keeper, &why);
}

static kist_status record_first(struct kist_keeper *keeper, struct kist_error *err)
{
	if (!keeper->options.parts || keeper->options.parts->count == 0)
		return keeper_record(keeper, err);
	KIST_TRY(keeper_record_with_parts(keeper, NULL, err));
	keeper->recorded_ns = kist_now_ns();
	keeper->changed = false;
	return KIST_OK;
}

/* The first record: before it others can not see the job. */
static void begin(struct kist_keeper *keeper)
{
	struct kist_error why = KIST_ERROR_INIT;

	keeper->changed = true;
	describe(keeper);
	if (keeper_open(keeper, true, &why) != KIST_OK ||
	    (settle(keeper) && record_first(keeper, &why) != KIST_OK))
		keeper_note(keeper, &why);
	if (why.status != KIST_OK && why.status != KIST_EXISTS)
		keeper->options.each_failed(keeper->options.ctx, NULL, &why);
	(void)pthread_mutex_lock(&keeper->mutex);
	keeper->begun = true;
	keeper->refusal = why;
	(void)pthread_cond_broadcast(&keeper->awake);
	(void)pthread_mutex_unlock(&keeper->mutex);
}

static kist_status set_end(struct kist_job *job, const struct kist_keeper_end *end, struct kist_error *err)
{
	/* First: a job that was called lost forgets why. */
	if (kist_job_state(job) != end->state)
		KIST_TRY(kist_job_set_state(job, end->state, 0, err));
	if (end->has_exit)
		KIST_TRY(kist_job_set_exit(job, end->status, end->signal, err));
	KIST_TRY(kist_job_set_error(job, end->error, err));
	return end->state != KIST_JOB_FINISHED ? kist_job_mark_partial(job, err) : KIST_OK;
}

/* The last commit: the log of the job and its record. */
static kist_status record_end(struct kist_keeper *keeper, struct kist_error *err)
{
	KIST_TRY(set_end(keeper->options.job, &keeper->end, err));
	KIST_TRY(keeper_open(keeper, true, err));
	keeper->kept.logged = keeper_record_with_parts(keeper, &keeper->end.parts, err) == KIST_OK;
	if (keeper->kept.logged)
		return KIST_OK;
	/* The record is worth more than the log. */
	tell(keeper, err);
	kist_error_clear(err);
	return kist_job_commit_alone(keeper->flow, keeper->options.job, err);
}

/* Objects for which the store never came. */
static void tell_left(struct kist_keeper *keeper)
{
	struct kist_error why = KIST_ERROR_INIT;

	if (!keeper->held)
		return;
	(void)kist_fail(&why, KIST_IO, "it could not be kept: the store could not be reached");
	for (const struct keeper_object *object = keeper->held; object; object = object->next) {
		keeper->kept.failed++;
		keeper->options.each_failed(keeper->options.ctx, object->name, &why);
	}
	keeper_note(keeper, &why);
}

static void *run(void *ctx)
{
	struct kist_keeper *keeper = ctx;
	struct kist_error why = KIST_ERROR_INIT;
	bool ending = false;
	bool dropped = false;

	begin(keeper);
	while (!ending) {
		struct taken taken = { .hints = KIST_BUF_INIT(KIST_KEEPER_HINTS_MAX) };

		take(keeper, &taken);
		ending = taken.ending;
		dropped = taken.dropped;
		work(keeper, &taken);
		kist_buf_done(&taken.hints);
	}
	if (!dropped)
		tell_left(keeper);
	keeper->kept.recorded = !dropped && record_end(keeper, &why) == KIST_OK;
	keeper->kept.failed += keeper_count_failed(keeper) + (keeper->options.folder && keeper->unseen);
	if (why.status != KIST_OK)
		tell(keeper, &why);
	kist_flow_close(keeper->flow);
	keeper->flow = NULL;
	(void)pthread_mutex_lock(&keeper->mutex);
	keeper->ended = true;
	(void)pthread_cond_broadcast(&keeper->awake);
	(void)pthread_mutex_unlock(&keeper->mutex);
	return NULL;
}

static kist_status init_locks(struct kist_keeper *keeper, struct kist_error *err)
{
	pthread_condattr_t how;
	int failed = pthread_condattr_init(&how);

	failed = failed ? failed : pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
	failed = failed ? failed : pthread_cond_init(&keeper->awake, &how);
	failed = failed ? failed : pthread_cond_init(&keeper->room, NULL);
	failed = failed ? failed : pthread_mutex_init(&keeper->mutex, NULL);
	(void)pthread_condattr_destroy(&how);
	return failed == 0 ? KIST_OK : kist_fail_errno(err, failed, "cannot make a lock");
}

kist_status kist_keeper_start(const struct kist_keeper_options *options, struct kist_keeper **ret,
			      struct kist_error *err)
{
	kist_auto_mem struct kist_keeper *keeper = kist_alloc(1, sizeof(*keeper));
	int failed;

	if (!keeper)
		return kist_fail_memory(err, sizeof(*keeper));
	keeper->options = *options;
	keeper->hints = (struct kist_buf)KIST_BUF_INIT(KIST_KEEPER_HINTS_MAX);
	keeper->kept.why = (struct kist_error)KIST_ERROR_INIT;
	keeper->refusal = (struct kist_error)KIST_ERROR_INIT;
	keeper->last_change = &keeper->changes;
	keeper->last_object = &keeper->objects;
	KIST_TRY(init_locks(keeper, err));
	failed = pthread_create(&keeper->thread, NULL, run, keeper);
	if (failed != 0)
		return kist_fail_errno(err, failed, "cannot start a thread");
	*ret = kist_steal(keeper);
	return KIST_OK;
}

kist_status kist_keeper_wait(struct kist_keeper *keeper, struct kist_error *err)
{
	(void)pthread_mutex_lock(&keeper->mutex);
	keeper->awaited = true;
	(void)pthread_cond_broadcast(&keeper->awake);
	while (!keeper->begun)
		(void)pthread_cond_wait(&keeper->awake, &keeper->mutex);
	(void)pthread_mutex_unlock(&keeper->mutex);
	return keeper->refusal.status == KIST_EXISTS ? kist_fail_as(err, KIST_EXISTS, &keeper->refusal)
						     : KIST_OK;
}

void kist_keeper_drop(struct kist_keeper *keeper)
{
	(void)pthread_mutex_lock(&keeper->mutex);
	keeper->dropped = true;
	(void)pthread_cond_signal(&keeper->awake);
	(void)pthread_mutex_unlock(&keeper->mutex);
	(void)pthread_join(keeper->thread, NULL);
}

void kist_keeper_add(struct kist_keeper *keeper, const char *path)
{
	(void)pthread_mutex_lock(&keeper->mutex);
	(void)!kist_buf_append(&keeper->hints, path, strlen(path) + 1, NULL);
	(void)pthread_cond_signal(&keeper->awake);
	(void)pthread_mutex_unlock(&keeper->mutex);
}

kist_status kist_keeper_change(struct kist_keeper *keeper,
			       kist_status (*change)(struct kist_job *job, const json_t *argument,
						     struct kist_error *err),
			       json_t *argument, struct kist_error *err)
{
	struct keeper_change *added = kist_alloc(1, sizeof(*added));

	if (!added) {
		json_decref(argument);
		return kist_fail_memory(err, sizeof(*added));
	}
	added->change = change;
	added->argument = argument;
	(void)pthread_mutex_lock(&keeper->mutex);
	/* These need no store: there is room soon. */
	while (keeper->change_count >= KIST_KEEPER_CHANGES_MAX && !keeper->dropped)
		(void)pthread_cond_wait(&keeper->room, &keeper->mutex);
	keeper->change_count++;
	*keeper->last_change = added;
	keeper->last_change = &added->next;
	(void)pthread_cond_signal(&keeper->awake);
	(void)pthread_mutex_unlock(&keeper->mutex);
	return KIST_OK;
}

/* Waits for room for one more object; @mutex is held. */
static kist_status wait_for_room(struct kist_keeper *keeper, struct kist_error *err)
{
	while (keeper->object_count >= KIST_KEEPER_OBJECTS_MAX) {
		if (!keeper->is_open || keeper->dropped || keeper->stuck_count >= KIST_KEEPER_OBJECTS_MAX)
			return kist_fail(err, KIST_LIMIT,
					 "%zu files wait to be kept, and the store cannot take them",
					 keeper->object_count);
		(void)pthread_cond_wait(&keeper->room, &keeper->mutex);
	}
	return KIST_OK;
}

kist_status kist_keeper_save(struct kist_keeper *keeper, const char *name, int *fd, struct kist_error *err)
{
	struct keeper_object *added = kist_alloc(1, sizeof(*added));
	kist_status status;

	if (added)
		added->name = kist_strndup(name, strlen(name));
	if (!added || !added->name) {
		kist_free(added);
		return kist_fail_memory(err, sizeof(*added));
	}
	(void)pthread_mutex_lock(&keeper->mutex);
	status = wait_for_room(keeper, err);
	if (status == KIST_OK) {
		added->fd = kist_fd_move(fd);
		*keeper->last_object = added;
		keeper->last_object = &added->next;
		keeper->object_count++;
		(void)pthread_cond_signal(&keeper->awake);
	}
	(void)pthread_mutex_unlock(&keeper->mutex);
	if (status != KIST_OK) {
		kist_free(added->name);
		kist_free(added);
	}
	return status;
}

void kist_keeper_refer(struct kist_keeper *keeper, json_t *facts)
{
	if (keeper->options.each_reference)
		keeper->options.each_reference(keeper->options.ctx, facts);
	else
		json_decref(facts);
}

void kist_keeper_flush(struct kist_keeper *keeper)
{
	(void)pthread_mutex_lock(&keeper->mutex);
	keeper->flush = true;
	(void)pthread_cond_signal(&keeper->awake);
	(void)pthread_mutex_unlock(&keeper->mutex);
}

/* Waits until the thread is about to end, and tells that now and then; @mutex is held. */
static void wait_for_end(struct kist_keeper *keeper)
{
	struct timespec until;

	while (!keeper->ended) {
		(void)clock_gettime(CLOCK_MONOTONIC, &until);
		until.tv_sec += KIST_OWNER_BEAT_S;
		if (pthread_cond_timedwait(&keeper->awake, &keeper->mutex, &until) == ETIMEDOUT &&
		    keeper->options.each_wait)
			keeper->options.each_wait(keeper->options.ctx);
	}
}

void kist_keeper_finish(struct kist_keeper *keeper, const struct kist_keeper_end *end, struct kist_kept *ret)
{
	(void)pthread_mutex_lock(&keeper->mutex);
	keeper->end = *end;
	keeper->ending = true;
	(void)pthread_cond_signal(&keeper->awake);
	wait_for_end(keeper);
	(void)pthread_mutex_unlock(&keeper->mutex);
	(void)pthread_join(keeper->thread, NULL);
	*ret = keeper->kept;
}

void kist_keeper_free(struct kist_keeper *keeper)
{
	if (!keeper)
		return;
	keeper_drop_objects(keeper);
	kist_buf_done(&keeper->hints);
	kist_files_done(&keeper->files);
	(void)pthread_cond_destroy(&keeper->awake);
	(void)pthread_cond_destroy(&keeper->room);
	(void)pthread_mutex_destroy(&keeper->mutex);
	kist_free(keeper);
}
