/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/keeper.h"

#include <sched.h>
#include <stdatomic.h>
#include <string.h>

#include "unit/agent/folder.h"

#define URI "memory:keeper"

/* The store is a memory of this process; whether it can be opened is the test's to say. */
static bool store_is_there;
static atomic_size_t kept_count;
static size_t failed_count;
static char last_failed[64];
/* A job that is over before that is one commit; none here waits for it. */
static uint64_t settle_ns;

static kist_status open_flow(void *ctx, struct kist_flow **ret, struct kist_error *err)
{
	const struct kist_flow_options options = { .store_uri = URI, .temp_dir = folder_path };

	(void)ctx;
	if (!store_is_there)
		return kist_fail(err, KIST_IO, "the store is not there");
	return kist_flow_open(&options, ret, err);
}

static void each_kept(void *ctx, const char *path, const struct kist_saved *saved)
{
	(void)ctx;
	(void)path;
	(void)saved;
	kept_count++;
}

static void each_failed(void *ctx, const char *path, const struct kist_error *why)
{
	(void)ctx;
	(void)why;
	snprintf(last_failed, sizeof(last_failed), "%s", path ? path : "-");
	failed_count++;
}

static struct kist_job *job;

static void setup(void)
{
	const struct kist_job_options options = { .id = "j", .kind = "test" };

	folder_setup();
	store_is_there = true;
	kept_count = 0;
	failed_count = 0;
	settle_ns = 0;
	ck_assert_int_eq(kist_store_create(URI, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_new(&options, &job, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_set_state(job, KIST_JOB_STARTED, getpid(), NULL), KIST_OK);
	sh("mkdir -p artifacts/sub; echo 1 >artifacts/a; echo 2 >artifacts/sub/b; echo 3 >artifacts/c.tmp");
}

static void teardown(void)
{
	kist_job_free(job);
	folder_teardown();
}

static struct kist_keeper *start(int64_t changed_before_ns)
{
	static const char *const ignore[] = { "*.tmp" };
	const struct kist_keeper_options options = { .open = open_flow,
						     .each_kept = each_kept,
						     .each_failed = each_failed,
						     .job = job,
						     .folder = "artifacts",
						     .ignore_count = 1,
						     .ignore = ignore,
						     .settle_ns = settle_ns,
						     .changed_before_ns = changed_before_ns };
	struct kist_keeper *keeper = NULL;

	ck_assert_int_eq(kist_keeper_start(&options, &keeper, NULL), KIST_OK);
	return keeper;
}

static struct kist_kept finish(struct kist_keeper *keeper, enum kist_job_state state)
{
	const struct kist_keeper_end end = { .state = state, .error = state == KIST_JOB_FAILED ? "e" : NULL };
	struct kist_kept kept;

	kist_keeper_finish(keeper, &end, &kept);
	kist_keeper_free(keeper);
	return kept;
}

/* The record as it is in the store. */
static json_t *stored(void)
{
	struct kist_flow *flow = NULL;
	struct kist_job *read = NULL;
	json_t *root;

	ck_assert_int_eq(open_flow(NULL, &flow, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_load(flow, "j", &read, NULL), KIST_OK);
	root = json_incref(read->root);
	kist_job_free(read);
	kist_flow_close(flow);
	return root;
}

START_TEST(all_of_the_folder_is_kept_once_with_the_record)
{
	struct kist_keeper *keeper = start(0);
	struct kist_kept kept;
	kist_auto_json json_t *record = NULL;

	for (int i = 0; i < 100; i++)
		kist_keeper_add(keeper, i % 2 ? "a" : "gone");
	kept = finish(keeper, KIST_JOB_FAILED);
	ck_assert_uint_eq(kept.files, 2);
	ck_assert_uint_eq(kept_count, 2);
	ck_assert_uint_eq(failed_count, 0);
	ck_assert(kept.recorded);
	record = stored();
	ck_assert_str_eq(kist_json_get_text(record, "state"), "failed");
	ck_assert_uint_eq(json_array_size(json_object_get(record, "artifacts")), 2);
	ck_assert(json_is_true(
		json_object_get(json_array_get(json_object_get(record, "artifacts"), 0), "partial")));
}
END_TEST

START_TEST(a_file_that_changes_is_kept_again_and_counts_once)
{
	struct kist_keeper *keeper = start(0);
	struct kist_kept kept;

	kist_keeper_flush(keeper);
	ck_assert_int_eq(kist_keeper_wait(keeper, NULL), KIST_OK);
	sh("echo longer >artifacts/a");
	kist_keeper_add(keeper, "a");
	kept = finish(keeper, KIST_JOB_FINISHED);
	ck_assert_uint_eq(kept.files, 2);
	ck_assert(kept.recorded);
}
END_TEST

/* Writes one byte. */
static void write_file(const char *path, char byte)
{
	FILE *file = fopen(path, "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fputc(byte, file), byte);
	ck_assert_int_eq(fclose(file), 0);
}

START_TEST(a_write_just_after_a_file_was_kept_is_seen)
{
	struct kist_keeper *keeper = start(0);
	enum { COUNT = 200 };

	sh("rm -r artifacts/*");
	for (size_t i = 0; i < COUNT; i++) {
		char path[64];

		snprintf(path, sizeof(path), "artifacts/f%zu", i);
		write_file(path, 'a');
		kist_keeper_add(keeper, strchr(path, '/') + 1);
		while (kept_count <= i)
			sched_yield();
		write_file(path, 'b');
	}
	ck_assert_uint_eq(finish(keeper, KIST_JOB_FINISHED).files, COUNT);
	/* Each of them was kept twice. */
	ck_assert_uint_eq(kept_count, 2 * COUNT);
}
END_TEST

START_TEST(a_store_that_comes_back_gets_all_in_the_end)
{
	struct kist_keeper *keeper;
	struct kist_kept kept;

	store_is_there = false;
	keeper = start(0);
	ck_assert_int_eq(kist_keeper_wait(keeper, NULL), KIST_OK);
	ck_assert_uint_eq(failed_count, 1);
	kist_keeper_add(keeper, "a");
	store_is_there = true;
	kept = finish(keeper, KIST_JOB_FINISHED);
	ck_assert_uint_eq(kept.files, 2);
	ck_assert(kept.recorded);
	ck_assert_int_eq(kept.why.status, KIST_IO);
}
END_TEST

START_TEST(a_store_that_stays_away_is_told_and_nothing_is_said_to_be_kept)
{
	struct kist_kept kept;

	store_is_there = false;
	kept = finish(start(0), KIST_JOB_FINISHED);
	ck_assert_uint_eq(kept.files, 0);
	ck_assert(!kept.recorded);
	ck_assert_uint_eq(failed_count, 2);
	ck_assert_str_eq(last_failed, "-");
}
END_TEST

START_TEST(what_another_job_wrote_later_is_left)
{
	struct kist_kept kept;

	sh("touch -d @1000 artifacts/a; touch -d @3000 artifacts/sub/b");
	kept = finish(start((int64_t)2000 * 1000000000), KIST_JOB_FINISHED);
	ck_assert_uint_eq(kept.files, 1);
}
END_TEST

START_TEST(an_id_that_is_taken_is_refused)
{
	struct kist_keeper *keeper;
	struct kist_error err = KIST_ERROR_INIT;

	(void)finish(start(0), KIST_JOB_FINISHED);
	kist_job_free(job);
	ck_assert_int_eq(kist_job_new(&(struct kist_job_options){ .id = "j", .kind = "test" }, &job, NULL),
			 KIST_OK);
	keeper = start(0);
	ck_assert_int_eq(kist_keeper_wait(keeper, &err), KIST_EXISTS);
	kist_keeper_drop(keeper);
	kist_keeper_free(keeper);
}
END_TEST

/* Of the store. */
static uint64_t count_commits(void)
{
	struct kist_flow *flow = NULL;
	struct kist_digest digest;
	uint64_t number;

	ck_assert_int_eq(open_flow(NULL, &flow, NULL), KIST_OK);
	kist_registry_head(flow->registry, &number, &digest);
	kist_flow_close(flow);
	return number;
}

START_TEST(a_job_that_is_over_in_a_moment_is_one_commit)
{
	settle_ns = UINT64_C(3600) * 1000000000;
	sh("rm -r artifacts");
	ck_assert(finish(start(0), KIST_JOB_FINISHED).recorded);
	ck_assert_uint_eq(count_commits(), 1);
	json_decref(stored());
}
END_TEST

START_TEST(whatever_comes_is_kept_at_once_with_the_first_record)
{
	struct kist_keeper *keeper;
	kist_auto_json json_t *record = NULL;

	settle_ns = UINT64_C(3600) * 1000000000;
	keeper = start(0);
	kist_keeper_add(keeper, "a");
	while (kept_count == 0)
		sched_yield();
	record = stored();
	ck_assert_str_eq(kist_json_get_text(record, "state"), "started");
	(void)finish(keeper, KIST_JOB_FINISHED);
}
END_TEST

START_TEST(who_waits_for_the_first_record_has_it_at_once)
{
	struct kist_keeper *keeper;

	settle_ns = UINT64_C(3600) * 1000000000;
	keeper = start(0);
	ck_assert_int_eq(kist_keeper_wait(keeper, NULL), KIST_OK);
	ck_assert_uint_eq(count_commits(), 1);
	(void)finish(keeper, KIST_JOB_FINISHED);
}
END_TEST

static kist_status set_tag(struct kist_job *of, const json_t *argument, struct kist_error *err)
{
	return kist_job_set_tag(of, "t", json_string_value(argument), err);
}

START_TEST(changes_of_the_record_are_made_in_order)
{
	struct kist_keeper *keeper = start(0);
	kist_auto_json json_t *record = NULL;

	ck_assert_int_eq(kist_keeper_change(keeper, set_tag, json_string("first"), NULL), KIST_OK);
	ck_assert_int_eq(kist_keeper_change(keeper, set_tag, json_string("last"), NULL), KIST_OK);
	(void)finish(keeper, KIST_JOB_FINISHED);
	record = stored();
	ck_assert_str_eq(kist_json_get_text(json_object_get(record, "tags"), "t"), "last");
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("keeper");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, all_of_the_folder_is_kept_once_with_the_record);
	tcase_add_test(cases, a_file_that_changes_is_kept_again_and_counts_once);
	tcase_add_test(cases, a_write_just_after_a_file_was_kept_is_seen);
	tcase_add_test(cases, a_store_that_comes_back_gets_all_in_the_end);
	tcase_add_test(cases, a_store_that_stays_away_is_told_and_nothing_is_said_to_be_kept);
	tcase_add_test(cases, what_another_job_wrote_later_is_left);
	tcase_add_test(cases, an_id_that_is_taken_is_refused);
	tcase_add_test(cases, a_job_that_is_over_in_a_moment_is_one_commit);
	tcase_add_test(cases, whatever_comes_is_kept_at_once_with_the_first_record);
	tcase_add_test(cases, who_waits_for_the_first_record_has_it_at_once);
	tcase_add_test(cases, changes_of_the_record_are_made_in_order);
	return suite_run(cases, "agent/keeper");
}
