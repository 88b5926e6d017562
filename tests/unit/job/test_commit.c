/* SPDX-License-Identifier: Apache-2.0 */
#include "job/commit.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/suite.h"

#define URI	"memory:jobs"
#define THREADS 4
#define ROUNDS	10

/* What another process does just before a commit is tried, once. */
static _Thread_local void (*meanwhile)(void);
static _Thread_local int finished; /* writers */

kist_status __real_kist_log_append(struct kist_store *store, uint64_t number,
				   const struct kist_digest *previous, json_t *commit,
				   struct kist_digest *ret_digest, struct kist_error *err);
kist_status __wrap_kist_log_append(struct kist_store *store, uint64_t number,
				   const struct kist_digest *previous, json_t *commit,
				   struct kist_digest *ret_digest, struct kist_error *err);
kist_status __wrap_kist_log_append(struct kist_store *store, uint64_t number,
				   const struct kist_digest *previous, json_t *commit,
				   struct kist_digest *ret_digest, struct kist_error *err)
{
	void (*const now)(void) = meanwhile;

	meanwhile = NULL;
	if (now)
		now();
	return __real_kist_log_append(store, number, previous, commit, ret_digest, err);
}

kist_status __real_kist_writer_finish(struct kist_writer *writer, json_t **ret_packs, struct kist_error *err);
kist_status __wrap_kist_writer_finish(struct kist_writer *writer, json_t **ret_packs, struct kist_error *err);
kist_status __wrap_kist_writer_finish(struct kist_writer *writer, json_t **ret_packs, struct kist_error *err)
{
	finished++;
	return __real_kist_writer_finish(writer, ret_packs, err);
}

static void open_flow(struct kist_flow *flow)
{
	*flow = (struct kist_flow){ .store = NULL };
	ck_assert_int_eq(kist_store_open(URI, &flow->store, NULL), KIST_OK);
	ck_assert_int_eq(kist_registry_open(flow->store, NULL, &flow->registry, NULL), KIST_OK);
}

static struct kist_flow flow;

static void setup(void)
{
	ck_assert_int_eq(kist_store_create(URI, NULL), KIST_OK);
	open_flow(&flow);
}

static void teardown(void)
{
	kist_flow_done(&flow);
}

static struct kist_job *new_job(const char *id)
{
	const struct kist_job_options options = { .id = id, .kind = "test" };
	struct kist_job *job = NULL;

	ck_assert_int_eq(kist_job_new(&options, &job, NULL), KIST_OK);
	return job;
}

static void must_commit(struct kist_job *job)
{
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_msg(kist_job_commit_alone(&flow, job, &err) == KIST_OK, "%s", err.text);
}

static kist_status put(struct kist_save *save, const char *name, struct kist_digest *ret)
{
	const struct kist_save_made made = { .bytes = kist_view_of(name, strlen(name)),
					     .kind = "bytes",
					     .encoding = KIST_BYTES_ENCODING };
	const struct kist_save_options how = { .name = name, .name_len = strlen(name) };
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;

	KIST_TRY(kist_save_bytes(save, &made, &how, &saved, NULL));
	*ret = saved.artifact;
	return KIST_OK;
}

/* An artifact, and the record that names it. */
static kist_status commit_with(struct kist_flow *in, struct kist_job *job, const char *name,
			       struct kist_error *err)
{
	kist_auto_save struct kist_save *save = NULL;
	struct kist_job_artifact artifact = { .name = name, .name_len = strlen(name) };

	KIST_TRY(kist_save_open(in, &save, err));
	KIST_TRY(put(save, name, &artifact.artifact));
	KIST_TRY(kist_job_add_artifact(job, &artifact, err));
	return kist_job_commit(job, save, err);
}

static bool is_named(const char *name)
{
	struct kist_digest id;

	return kist_registry_find_ref(flow.registry, name, strlen(name), &id, NULL) == KIST_OK;
}

START_TEST(a_job_is_read_as_it_was_committed)
{
	kist_auto_job struct kist_job *job = new_job("j");
	kist_auto_job struct kist_job *read = NULL;

	must_commit(job);
	ck_assert_int_eq(kist_job_set_state(job, KIST_JOB_STARTED, getpid(), NULL), KIST_OK);
	ck_assert_int_eq(commit_with(&flow, job, "result", NULL), KIST_OK);
	ck_assert_int_eq(kist_job_load(&flow, "j", &read, NULL), KIST_OK);
	ck_assert(json_equal(read->root, job->root));
	ck_assert_int_eq(json_integer_value(json_object_get(read->root, "revision")), 2);
	ck_assert(is_named("result"));
	ck_assert_int_eq(kist_job_load(&flow, "k", &read, NULL), KIST_NOT_FOUND);
}
END_TEST

START_TEST(an_artifact_is_there_in_the_commit_of_its_record)
{
	kist_auto_job struct kist_job *job = new_job("j");
	struct kist_digest head;
	uint64_t before;
	uint64_t of_record;
	uint64_t of_artifact;
	char name[KIST_JOB_NAME_SIZE];

	kist_registry_head(flow.registry, &before, &head);
	ck_assert_int_eq(commit_with(&flow, job, "result", NULL), KIST_OK);
	ck_assert_int_eq(
		kist_registry_name_commit(flow.registry, name, kist_job_name("j", name), &of_record, NULL),
		KIST_OK);
	ck_assert_int_eq(kist_registry_name_commit(flow.registry, "result", 6, &of_artifact, NULL), KIST_OK);
	ck_assert_uint_eq(of_record, before + 1);
	ck_assert_uint_eq(of_artifact, before + 1);
}
END_TEST

START_TEST(an_id_is_taken_once)
{
	kist_auto_job struct kist_job *job = new_job("j");
	kist_auto_job struct kist_job *other = new_job("j");
	struct kist_error err = KIST_ERROR_INIT;

	must_commit(job);
	ck_assert_int_eq(commit_with(&flow, other, "lonely", &err), KIST_EXISTS);
	ck_assert_str_eq(err.text, "there is a job 'j' already");
	ck_assert(!is_named("lonely"));
}
END_TEST

START_TEST(two_who_change_one_job_lose_nothing)
{
	kist_auto_job struct kist_job *job = new_job("j");
	kist_auto_job struct kist_job *other = NULL;
	kist_auto_job struct kist_job *read = NULL;

	must_commit(job);
	ck_assert_int_eq(kist_job_load(&flow, "j", &other, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_set_tag(other, "seen", "yes", NULL), KIST_OK);
	must_commit(other);
	ck_assert_int_eq(commit_with(&flow, job, "result", NULL), KIST_OK);
	ck_assert_int_eq(kist_job_load(&flow, "j", &read, NULL), KIST_OK);
	ck_assert_str_eq(kist_json_get_text(json_object_get(read->root, "tags"), "seen"), "yes");
	ck_assert_uint_eq(json_array_size(json_object_get(read->root, "artifacts")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(read->root, "revision")), 3);
	ck_assert(json_equal(read->root, job->root));
}
END_TEST

START_TEST(of_two_who_end_one_job_one_is_refused_with_all_it_has_made)
{
	kist_auto_job struct kist_job *job = new_job("j");
	kist_auto_job struct kist_job *other = NULL;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_job_set_state(job, KIST_JOB_STARTED, 0, NULL), KIST_OK);
	must_commit(job);
	ck_assert_int_eq(kist_job_load(&flow, "j", &other, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_set_state(other, KIST_JOB_STOPPED, 0, NULL), KIST_OK);
	must_commit(other);
	ck_assert_int_eq(kist_job_set_state(job, KIST_JOB_FINISHED, 0, NULL), KIST_OK);
	ck_assert_int_eq(commit_with(&flow, job, "result", &err), KIST_INVALID);
	ck_assert_str_eq(err.code, "E_STATE");
	ck_assert(!is_named("result"));
}
END_TEST

START_TEST(a_job_that_was_removed_does_not_come_back)
{
	kist_auto_job struct kist_job *job = new_job("j");
	struct kist_job_dropped dropped;

	must_commit(job);
	ck_assert_int_eq(kist_job_drop(&flow, "j", true, false, &dropped, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_commit_alone(&flow, job, NULL), KIST_NOT_FOUND);
}
END_TEST

START_TEST(dropping_a_job_drops_what_it_made_and_what_else_has_these_names_stays)
{
	kist_auto_job struct kist_job *job = new_job("j");
	kist_auto_save struct kist_save *save = NULL;
	struct kist_save_made made = { .bytes = kist_view_of("log", 3), .kind = "bytes", .encoding = "e@1" };
	struct kist_save_options how = { .own_name = true };
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	struct kist_job_dropped dropped;
	char part[KIST_JOB_NAME_SIZE];
	struct kist_digest id;

	ck_assert_int_eq(kist_job_set_state(job, KIST_JOB_STARTED, 0, NULL), KIST_OK);
	ck_assert_int_eq(commit_with(&flow, job, "mine", NULL), KIST_OK);
	ck_assert_int_eq(commit_with(&flow, job, "moved", NULL), KIST_OK);
	ck_assert_int_eq(kist_save_open(&flow, &save, NULL), KIST_OK);
	how.name_len = kist_job_part_name("j", "stdout", part);
	how.name = part;
	ck_assert_int_eq(kist_save_bytes(save, &made, &how, &saved, NULL), KIST_OK);
	ck_assert_int_eq(put(save, "else", &id), KIST_OK);
	ck_assert_int_eq(kist_save_ref(save, "moved", 5, &id, "put", NULL), KIST_OK);
	ck_assert_int_eq(kist_save_commit(save, NULL), KIST_OK);
	ck_assert(is_named(part));
	/* It has not ended. */
	ck_assert_int_eq(kist_job_drop(&flow, "j", false, false, &dropped, NULL), KIST_INVALID);
	ck_assert(is_named("mine"));
	ck_assert_int_eq(kist_job_drop(&flow, "j", true, false, &dropped, NULL), KIST_OK);
	ck_assert_uint_eq(dropped.artifacts, 1);
	ck_assert_uint_eq(dropped.kept, 1);
	ck_assert(!is_named("mine") && is_named("moved") && !is_named(part));
	ck_assert_int_eq(kist_job_drop(&flow, "j", true, false, &dropped, NULL), KIST_NOT_FOUND);
}
END_TEST

START_TEST(a_job_is_found_by_a_part_of_its_id)
{
	kist_auto_job struct kist_job *one = new_job("20260101T000000Z-aaaa1111");
	kist_auto_job struct kist_job *other = new_job("20260101T000000Z-bbbb2222");
	char id[KIST_JOB_ID_MAX + 1];
	struct kist_error err = KIST_ERROR_INIT;

	must_commit(one);
	must_commit(other);
	ck_assert_int_eq(kist_job_find(&flow, "bbbb2222", id, NULL), KIST_OK);
	ck_assert_str_eq(id, "20260101T000000Z-bbbb2222");
	ck_assert_int_eq(kist_job_find(&flow, "20260101T000000Z-a", id, NULL), KIST_OK);
	ck_assert_str_eq(id, "20260101T000000Z-aaaa1111");
	ck_assert_int_eq(kist_job_find(&flow, "2026", id, &err), KIST_AMBIGUOUS);
	ck_assert_ptr_nonnull(strstr(err.text, "aaaa1111"));
	ck_assert_int_eq(kist_job_find(&flow, "zzz", id, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_job_find(&flow, "../x", id, NULL), KIST_INVALID);
}
END_TEST

START_TEST(only_a_job_whose_owner_is_gone_is_called_lost)
{
	kist_auto_job struct kist_job *job = new_job("j");
	kist_auto_job struct kist_job *read = NULL;
	bool lost = true;

	ck_assert_int_eq(kist_job_set_state(job, KIST_JOB_STARTED, getpid(), NULL), KIST_OK);
	ck_assert_int_eq(commit_with(&flow, job, "result", NULL), KIST_OK);
	ck_assert_int_eq(kist_job_call_lost(&flow, "j", &lost, NULL), KIST_OK);
	ck_assert(!lost);
	/* As if another process had had that pid before. */
	ck_assert_int_eq(json_object_set_new(json_object_get(job->root, "owner"), "start", json_integer(1)),
			 0);
	must_commit(job);
	ck_assert_int_eq(kist_job_call_lost(&flow, "j", &lost, NULL), KIST_OK);
	ck_assert(lost);
	ck_assert_int_eq(kist_job_load(&flow, "j", &read, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_state(read), KIST_JOB_LOST);
	ck_assert(json_is_true(
		json_object_get(json_array_get(json_object_get(read->root, "artifacts"), 0), "partial")));
}
END_TEST

START_TEST(an_owner_that_is_there_after_all_has_the_last_word)
{
	kist_auto_job struct kist_job *job = new_job("j");
	kist_auto_job struct kist_job *other = NULL;
	kist_auto_job struct kist_job *read = NULL;

	ck_assert_int_eq(kist_job_set_state(job, KIST_JOB_STARTED, getpid(), NULL), KIST_OK);
	ck_assert_int_eq(commit_with(&flow, job, "result", NULL), KIST_OK);
	/* As another machine does that has not seen a sign of life. */
	ck_assert_int_eq(kist_job_load(&flow, "j", &other, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_set_state(other, KIST_JOB_LOST, 0, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_set_error(other, "gone", NULL), KIST_OK);
	ck_assert_int_eq(kist_job_mark_partial(other, NULL), KIST_OK);
	must_commit(other);
	/* What the owner does meanwhile does not end it. */
	ck_assert_int_eq(kist_job_set_tag(job, "t", "x", NULL), KIST_OK);
	must_commit(job);
	ck_assert_int_eq(kist_job_state(job), KIST_JOB_LOST);
	ck_assert_int_eq(kist_job_set_state(job, KIST_JOB_FINISHED, 0, NULL), KIST_OK);
	must_commit(job);
	ck_assert_int_eq(kist_job_load(&flow, "j", &read, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_state(read), KIST_JOB_FINISHED);
	ck_assert_ptr_null(json_object_get(read->root, "error"));
	ck_assert_ptr_null(
		json_object_get(json_array_get(json_object_get(read->root, "artifacts"), 0), "partial"));
}
END_TEST

START_TEST(what_was_said_of_a_lost_job_is_void_when_its_owner_ends_it)
{
	kist_auto_job struct kist_job *job = new_job("j");
	kist_auto_job struct kist_job *other = NULL;
	kist_auto_job struct kist_job *read = NULL;
	const json_t *artifact;

	ck_assert_int_eq(kist_job_set_state(job, KIST_JOB_STARTED, getpid(), NULL), KIST_OK);
	ck_assert_int_eq(commit_with(&flow, job, "result", NULL), KIST_OK);
	ck_assert_int_eq(kist_job_load(&flow, "j", &other, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_set_state(other, KIST_JOB_LOST, 0, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_set_error(other, "gone", NULL), KIST_OK);
	ck_assert_int_eq(kist_job_mark_partial(other, NULL), KIST_OK);
	must_commit(other);
	ck_assert_int_eq(kist_job_set_state(job, KIST_JOB_FINISHED, 0, NULL), KIST_OK);
	must_commit(job);
	ck_assert_int_eq(kist_job_load(&flow, "j", &read, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_state(read), KIST_JOB_FINISHED);
	ck_assert_ptr_null(json_object_get(read->root, "error"));
	artifact = json_array_get(json_object_get(read->root, "artifacts"), 0);
	ck_assert_ptr_nonnull(artifact);
	ck_assert_ptr_null(json_object_get(artifact, "partial"));
}
END_TEST

START_TEST(names_of_kists_own_cannot_be_given)
{
	kist_auto_save struct kist_save *save = NULL;
	const struct kist_save_options how = { .name = "kist:job/x", .name_len = 10 };
	const struct kist_save_made made = { .bytes = kist_view_of("x", 1),
					     .kind = "bytes",
					     .encoding = "e@1" };
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	const struct kist_digest id = { { 1 } };

	ck_assert_int_eq(kist_save_open(&flow, &save, NULL), KIST_OK);
	ck_assert_int_eq(kist_save_bytes(save, &made, &how, &saved, NULL), KIST_INVALID);
	ck_assert_int_eq(kist_save_path(save, "/dev/null", &how, &saved, NULL), KIST_INVALID);
	ck_assert_int_eq(kist_save_ref(save, "kist:job/x", 10, &id, "tag", NULL), KIST_INVALID);
	ck_assert_int_eq(kist_save_ref(save, "kist:job/x", 10, NULL, "rm", NULL), KIST_INVALID);
	ck_assert_int_eq(kist_save_ref(save, "kistless", 8, NULL, "rm", NULL), KIST_OK);
}
END_TEST

/* By another process, in a flow of its own. */
static void put_other(void)
{
	kist_auto_save struct kist_save *save = NULL;
	struct kist_flow own;
	struct kist_digest id;

	open_flow(&own);
	ck_assert_int_eq(kist_save_open(&own, &save, NULL), KIST_OK);
	ck_assert_int_eq(put(save, "other", &id), KIST_OK);
	ck_assert_int_eq(kist_save_commit(save, NULL), KIST_OK);
	kist_save_close(kist_steal(save));
	kist_flow_done(&own);
}

static void tag_job(void)
{
	kist_auto_job struct kist_job *job = NULL;
	struct kist_flow own;

	open_flow(&own);
	ck_assert_int_eq(kist_job_load(&own, "j", &job, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_set_tag(job, "seen", "yes", NULL), KIST_OK);
	ck_assert_int_eq(kist_job_commit_alone(&own, job, NULL), KIST_OK);
	kist_flow_done(&own);
}

static void take_id(void)
{
	kist_auto_job struct kist_job *job = new_job("j");
	struct kist_flow own;

	open_flow(&own);
	ck_assert_int_eq(kist_job_commit_alone(&own, job, NULL), KIST_OK);
	kist_flow_done(&own);
}

START_TEST(a_record_is_made_again_only_when_it_has_to)
{
	kist_auto_job struct kist_job *job = new_job("j");

	must_commit(job);
	finished = 0;
	meanwhile = put_other;
	ck_assert_int_eq(commit_with(&flow, job, "result", NULL), KIST_OK);
	/* The save, its record, and the other's. */
	ck_assert_int_eq(finished, 3);
	finished = 0;
	meanwhile = tag_job;
	ck_assert_int_eq(commit_with(&flow, job, "more", NULL), KIST_OK);
	/* The save, its record twice; the other's, and its record. */
	ck_assert_int_eq(finished, 5);
	ck_assert_str_eq(kist_json_get_text(json_object_get(job->root, "tags"), "seen"), "yes");
	ck_assert_uint_eq(json_array_size(json_object_get(job->root, "artifacts")), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(job->root, "revision")), 4);
	ck_assert(is_named("other") && is_named("more"));
}
END_TEST

START_TEST(an_id_that_is_taken_at_the_last_moment_is_taken)
{
	kist_auto_job struct kist_job *job = new_job("j");

	meanwhile = take_id;
	ck_assert_int_eq(commit_with(&flow, job, "lonely", NULL), KIST_EXISTS);
	ck_assert(!is_named("lonely"));
}
END_TEST

struct worker {
	pthread_t thread;
	unsigned no;
	kist_status status;
	struct kist_error err;
};

/* Each adds to a job of its own and to one that is everybody's. */
static kist_status work(struct worker *worker)
{
	struct kist_flow own;
	kist_auto_job struct kist_job *job = NULL;
	kist_auto_job struct kist_job *shared = NULL;
	char name[64];
	kist_status status = KIST_OK;

	open_flow(&own);
	snprintf(name, sizeof(name), "job-%u", worker->no);
	job = new_job(name);
	status = kist_job_load(&own, "shared", &shared, &worker->err);
	for (unsigned i = 0; status == KIST_OK && i < ROUNDS; i++) {
		snprintf(name, sizeof(name), "made/%u/%u", worker->no, i);
		status = commit_with(&own, job, name, &worker->err);
		if (status == KIST_OK)
			status = kist_job_add_metric(shared, "m", i, worker->no, 1, NULL);
		if (status == KIST_OK)
			status = kist_job_set_tag(shared, name, "x", NULL);
		if (status == KIST_OK)
			status = kist_job_commit_alone(&own, shared, &worker->err);
	}
	kist_flow_done(&own);
	return status;
}

static void *run_worker(void *arg)
{
	struct worker *worker = arg;

	worker->status = work(worker);
	return NULL;
}

START_TEST(many_who_change_jobs_at_once_lose_nothing)
{
	kist_auto_job struct kist_job *shared = new_job("shared");
	kist_auto_job struct kist_job *read = NULL;
	struct worker workers[THREADS];
	const json_t *series;

	must_commit(shared);
	for (unsigned i = 0; i < THREADS; i++) {
		workers[i] = (struct worker){ .no = i, .err = KIST_ERROR_INIT };
		ck_assert_int_eq(pthread_create(&workers[i].thread, NULL, run_worker, &workers[i]), 0);
	}
	for (unsigned i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(workers[i].thread, NULL), 0);
		ck_assert_msg(workers[i].status == KIST_OK, "%s", workers[i].err.text);
	}
	ck_assert_int_eq(kist_registry_fold(flow.registry, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_load(&flow, "shared", &read, NULL), KIST_OK);
	ck_assert_uint_eq(read->points, THREADS * ROUNDS);
	ck_assert_uint_eq(json_object_size(json_object_get(read->root, "tags")), THREADS * ROUNDS);
	series = json_object_get(json_object_get(read->root, "metrics"), "m");
	ck_assert_uint_eq(json_array_size(json_object_get(series, "times")), THREADS * ROUNDS);
	ck_assert_int_eq(json_integer_value(json_object_get(read->root, "revision")), THREADS * ROUNDS + 1);
}
END_TEST

START_TEST(without_memory_nothing_is_half_done)
{
	for (unsigned long k = 1;; k++) {
		kist_auto_job struct kist_job *job = NULL;
		struct kist_error err = KIST_ERROR_INIT;
		char id[32];
		kist_status status;

		snprintf(id, sizeof(id), "j%lu", k);
		job = new_job(id);
		kist_mem_fail_at(k);
		status = commit_with(&flow, job, id, &err);
		kist_mem_fail_at(0);
		ck_assert_int_eq(kist_registry_fold(flow.registry, NULL), KIST_OK);
		if (status == KIST_OK && k > 100) {
			ck_assert(is_named(id));
			return;
		}
		if (status != KIST_OK)
			ck_assert(!is_named(id));
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("commit");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_job_is_read_as_it_was_committed);
	tcase_add_test(tcase, an_artifact_is_there_in_the_commit_of_its_record);
	tcase_add_test(tcase, an_id_is_taken_once);
	tcase_add_test(tcase, two_who_change_one_job_lose_nothing);
	tcase_add_test(tcase, of_two_who_end_one_job_one_is_refused_with_all_it_has_made);
	tcase_add_test(tcase, a_job_that_was_removed_does_not_come_back);
	tcase_add_test(tcase, dropping_a_job_drops_what_it_made_and_what_else_has_these_names_stays);
	tcase_add_test(tcase, a_job_is_found_by_a_part_of_its_id);
	tcase_add_test(tcase, only_a_job_whose_owner_is_gone_is_called_lost);
	tcase_add_test(tcase, an_owner_that_is_there_after_all_has_the_last_word);
	tcase_add_test(tcase, what_was_said_of_a_lost_job_is_void_when_its_owner_ends_it);
	tcase_add_test(tcase, names_of_kists_own_cannot_be_given);
	tcase_add_test(tcase, a_record_is_made_again_only_when_it_has_to);
	tcase_add_test(tcase, an_id_that_is_taken_at_the_last_moment_is_taken);
	tcase_add_test(tcase, many_who_change_jobs_at_once_lose_nothing);
	tcase_add_test(tcase, without_memory_nothing_is_half_done);
	return suite_run(tcase, "job/commit");
}
