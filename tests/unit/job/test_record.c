/* SPDX-License-Identifier: Apache-2.0 */
#include "job/record.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "flow/record.h"
#include "support/suite.h"

static const struct kist_digest some = { { 1, 2, 3 } };

static struct kist_job *new_job(const char *id)
{
	const struct kist_job_options options = { .id = id, .kind = "test", .project = "p" };
	struct kist_job *job = NULL;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_msg(kist_job_new(&options, &job, &err) == KIST_OK, "%s", err.text);
	return job;
}

static kist_status fill(struct kist_job *job)
{
	static const char *const inputs[] = { "a", "b" };
	kist_auto_json json_t *value = json_pack("[f,s]", 0.5, "x");
	const struct kist_job_step step = { .name = "one",
					    .task = "scale",
					    .plugin_id = "kist.numpy",
					    .plugin_version = "1.0.0",
					    .plugin_sha256 = &some,
					    .cached = true };
	const struct kist_job_artifact artifact = {
		.name = "out/\xff", .name_len = 5, .artifact = some, .step = "one", .partial = true
	};

	const struct kist_job_export exported = { .name = "a", .file = "b/a", .size = 7, .sha256 = some };

	KIST_TRY(kist_job_set_state(job, KIST_JOB_STARTED, getpid(), NULL));
	KIST_TRY(kist_job_set_param(job, "lr", value, NULL));
	KIST_TRY(kist_job_set_tag(job, "team", "blue", NULL));
	KIST_TRY(kist_job_add_metric(job, "loss", 0, 0.25, 1, NULL));
	KIST_TRY(kist_job_add_metric(job, "loss", 1, NAN, 2, NULL));
	KIST_TRY(kist_job_add_metric(job, "loss", 2, -INFINITY, 0, NULL));
	KIST_TRY(kist_job_add_step(job, &step, NULL));
	KIST_TRY(kist_job_set_step_state(job, "one", KIST_JOB_STARTED, NULL, NULL));
	for (size_t i = 0; i < 2; i++)
		KIST_TRY(kist_job_add_step_input(job, "one", inputs[i], &some, NULL));
	KIST_TRY(kist_job_add_step_output(job, "one", "out", &some, NULL));
	KIST_TRY(kist_job_set_step_state(job, "one", KIST_JOB_FAILED, "it broke", NULL));
	KIST_TRY(kist_job_add_artifact(job, &artifact, NULL));
	KIST_TRY(kist_job_add_input(job, "data", &some, NULL));
	KIST_TRY(kist_job_set_environment(job, &some, NULL));
	KIST_TRY(kist_job_set_source(job, &some, NULL));
	KIST_TRY(kist_job_set_step_key(job, "one", &some, NULL));
	KIST_TRY(kist_job_add_file(job, "tools/a.py", &some, NULL));
	KIST_TRY(kist_job_add_export(job, &exported, NULL));
	KIST_TRY(kist_job_set_exit(job, 0, 9, NULL));
	KIST_TRY(kist_job_set_error(job, "step 'one' failed", NULL));
	return kist_job_set_state(job, KIST_JOB_FAILED, 0, NULL);
}

static kist_status round_trip(const struct kist_job *job, struct kist_job **ret)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_JOB_SIZE_MAX);

	KIST_TRY(kist_job_print(job, &text, NULL));
	return kist_job_parse(kist_buf_view(&text), ret, NULL);
}

START_TEST(all_that_is_set_is_read_again)
{
	kist_auto_job struct kist_job *job = new_job("j1");
	kist_auto_job struct kist_job *again = NULL;
	const json_t *values;

	ck_assert_int_eq(fill(job), KIST_OK);
	ck_assert_int_eq(round_trip(job, &again), KIST_OK);
	ck_assert(json_equal(job->root, again->root));
	ck_assert_str_eq(kist_job_id(again), "j1");
	ck_assert_int_eq(kist_job_state(again), KIST_JOB_FAILED);
	ck_assert_int_eq(kist_job_life(again), KIST_OWNER_ALIVE);
	ck_assert_uint_eq(again->points, 3);
	values = json_object_get(json_object_get(json_object_get(again->root, "metrics"), "loss"), "values");
	ck_assert_str_eq(json_string_value(json_array_get(values, 1)), "NaN");
	ck_assert_str_eq(json_string_value(json_array_get(values, 2)), "-Infinity");
}
END_TEST

START_TEST(no_two_new_jobs_have_one_id)
{
	kist_auto_job struct kist_job *one = new_job(NULL);
	kist_auto_job struct kist_job *other = new_job(NULL);

	ck_assert_str_ne(kist_job_id(one), kist_job_id(other));
	ck_assert_uint_eq(strlen(kist_job_id(one)), strlen("20260131T120000Z-1a2b3c4d"));
}
END_TEST

START_TEST(ids_are_checked)
{
	static const char *const bad[] = { "", "-a", ".a", "a/b", "a b", "\xff", "_x" };
	char longest[KIST_JOB_ID_MAX + 2];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_int_eq(kist_job_id_check(bad[i], strlen(bad[i]), NULL), KIST_INVALID);
	memset(longest, 'x', sizeof(longest));
	ck_assert_int_eq(kist_job_id_check(longest, KIST_JOB_ID_MAX, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_id_check(longest, KIST_JOB_ID_MAX + 1, NULL), KIST_INVALID);
}
END_TEST

/* The record with member @key set to @value; NULL takes it away. */
static kist_status with(const char *key, const char *value)
{
	kist_auto_job struct kist_job *job = new_job("j");
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_JOB_SIZE_MAX);
	kist_auto_job struct kist_job *again = NULL;

	ck_assert_int_eq(fill(job), KIST_OK);
	if (!value)
		ck_assert_int_eq(json_object_del(job->root, key), 0);
	else
		ck_assert_int_eq(
			json_object_set_new(job->root, key, json_loads(value, JSON_DECODE_ANY, NULL)), 0);
	ck_assert_int_eq(kist_json_canonical(job->root, &text, NULL), KIST_OK);
	return kist_job_parse(kist_buf_view(&text), &again, NULL);
}

START_TEST(a_record_that_is_none_is_refused)
{
	static const char *const needed[] = { "kist_job", "id",	    "kind",    "state",	   "revision",
					      "project",  "user",   "created", "params",   "tags",
					      "metrics",  "inputs", "steps",   "artifacts" };
	static const char *const wrong[][2] = {
		{ "id", "\"a/b\"" },
		{ "state", "\"done\"" },
		{ "state", "1" },
		{ "revision", "-1" },
		{ "created", "1.5" },
		{ "command", "[1]" },
		{ "owner", "{}" },
		{ "environment", "\"abc\"" },
		{ "params", "[]" },
		{ "params", "{\"\":1}" },
		{ "tags", "{\"a\":1}" },
		{ "metrics", "{\"a\":[]}" },
		{ "metrics", "{\"a\":{\"steps\":[],\"values\":[],\"times\":[]}}" },
		{ "metrics", "{\"a\":{\"steps\":[1],\"values\":[\"nan\"],\"times\":[1]}}" },
		{ "metrics", "{\"a\":{\"steps\":[1,2],\"values\":[1],\"times\":[1]}}" },
		{ "metrics", "{\"a\":{\"steps\":[1],\"values\":[1],\"times\":[-1]}}" },
		{ "inputs", "[{\"name\":\"a\"}]" },
		{ "steps", "[{}]" },
		{ "steps", "[1]" },
		{ "artifacts", "[{\"name\":\"..\",\"artifact\":"
			       "\"0102030000000000000000000000000000000000000000000000000000000000\"}]" },
		{ "artifacts", "[{\"name\":\"a\",\"artifact\":\"1\"}]" },
		{ "error", "{}" },
	};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		ck_assert_msg(with(needed[i], NULL) == KIST_CORRUPT, "without %s", needed[i]);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(with(wrong[i][0], wrong[i][1]) == KIST_CORRUPT, "%s %s", wrong[i][0],
			      wrong[i][1]);
	ck_assert_int_eq(with("kist_job", "2"), KIST_INCOMPATIBLE);
	ck_assert_int_eq(with("colour", "\"blue\""), KIST_OK);
}
END_TEST

START_TEST(there_is_an_end_to_points_and_tags)
{
	kist_auto_job struct kist_job *job = new_job("j");
	kist_auto_job struct kist_job *again = NULL;
	char key[32];

	for (size_t i = 0; i < KIST_JOB_POINTS_MAX; i++)
		ck_assert_int_eq(kist_job_add_metric(job, "m", (int64_t)i, 1.5, 1, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_add_metric(job, "m", 0, 1.5, 1, NULL), KIST_LIMIT);
	for (size_t i = 0; i < KIST_JOB_TAGS_MAX; i++) {
		snprintf(key, sizeof(key), "%zu", i);
		ck_assert_int_eq(kist_job_set_tag(job, key, "x", NULL), KIST_OK);
	}
	ck_assert_int_eq(kist_job_set_tag(job, "more", "x", NULL), KIST_LIMIT);
	ck_assert_int_eq(kist_job_set_tag(job, "0", "y", NULL), KIST_OK);
	ck_assert_int_eq(kist_job_set_tag(job, "0", NULL, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_set_tag(job, "more", "x", NULL), KIST_OK);
	ck_assert_int_eq(kist_job_set_tag(job, "", "x", NULL), KIST_INVALID);
	ck_assert_int_eq(round_trip(job, &again), KIST_OK);
	ck_assert(json_equal(job->root, again->root));
}
END_TEST

START_TEST(a_state_that_may_not_follow_changes_nothing)
{
	kist_auto_job struct kist_job *job = new_job("j");
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_job_set_state(job, KIST_JOB_FINISHED, getpid(), &err), KIST_INVALID);
	ck_assert_str_eq(err.text, "job 'j' is queued, which cannot become finished");
	ck_assert_int_eq(kist_job_state(job), KIST_JOB_QUEUED);
	ck_assert_ptr_null(json_object_get(job->root, "ended"));
	ck_assert_ptr_null(json_object_get(job->root, "owner"));
}
END_TEST

START_TEST(a_name_has_one_artifact_and_the_newest)
{
	const struct kist_digest newer = { { 9 } };
	struct kist_job_artifact artifact = { .name = "a", .name_len = 1, .artifact = some };
	kist_auto_job struct kist_job *job = new_job("j");
	const json_t *list = json_object_get(job->root, "artifacts");

	ck_assert_int_eq(kist_job_add_artifact(job, &artifact, NULL), KIST_OK);
	artifact.name = "b";
	ck_assert_int_eq(kist_job_add_artifact(job, &artifact, NULL), KIST_OK);
	artifact.name = "a";
	artifact.artifact = newer;
	ck_assert_int_eq(kist_job_add_artifact(job, &artifact, NULL), KIST_OK);
	ck_assert_uint_eq(json_array_size(list), 2);
	ck_assert_int_eq(strncmp(kist_json_get_text(json_array_get(list, 0), "artifact"), "09", 2), 0);
	ck_assert_int_eq(kist_job_mark_partial(job, NULL), KIST_OK);
	ck_assert(json_is_true(json_object_get(json_array_get(list, 1), "partial")));
}
END_TEST

START_TEST(a_long_error_is_cut_at_a_character)
{
	kist_auto_job struct kist_job *job = new_job("j");
	kist_auto_job struct kist_job *again = NULL;
	char text[2 * KIST_JOB_ERROR_MAX];

	memset(text, 0xff, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(kist_job_set_error(job, text, NULL), KIST_OK);
	ck_assert_int_eq(round_trip(job, &again), KIST_OK);
	ck_assert_int_eq(kist_job_set_error(job, NULL, NULL), KIST_OK);
	ck_assert_ptr_null(json_object_get(job->root, "error"));
}
END_TEST

START_TEST(steps_are_found_by_name_and_there_is_one_of_each)
{
	const struct kist_job_step step = { .name = "one" };
	kist_auto_job struct kist_job *job = new_job("j");

	ck_assert_int_eq(kist_job_add_step(job, &step, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_add_step(job, &step, NULL), KIST_EXISTS);
	ck_assert_int_eq(kist_job_set_step_state(job, "two", KIST_JOB_STARTED, NULL, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_job_add_step_input(job, "two", "a", &some, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_job_set_step_state(job, "one", KIST_JOB_FINISHED, NULL, NULL), KIST_INVALID);
}
END_TEST

START_TEST(a_step_can_be_said_to_be_cached_when_it_has_begun)
{
	const struct kist_job_step step = { .name = "one" };
	kist_auto_job struct kist_job *job = new_job("j");
	kist_auto_job struct kist_job *again = NULL;
	const json_t *row;

	ck_assert_int_eq(kist_job_add_step(job, &step, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_set_step_state(job, "one", KIST_JOB_STARTED, NULL, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_set_step_cached(job, "two", NULL), KIST_NOT_FOUND);
	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(kist_job_set_step_cached(job, "one", NULL), KIST_OK);
	ck_assert_int_eq(round_trip(job, &again), KIST_OK);
	row = json_array_get(json_object_get(again->root, "steps"), 0);
	ck_assert(json_is_true(json_object_get(row, "cached")));
}
END_TEST

START_TEST(a_file_beside_has_one_artifact_and_the_newest)
{
	const struct kist_digest other = { { 9 } };
	kist_auto_job struct kist_job *job = new_job("j");
	struct kist_digest found;
	const json_t *files;

	ck_assert_int_eq(kist_job_add_file(job, "a", &some, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_add_file(job, "b", &some, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_add_file(job, "a", &other, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_add_file(job, "", &other, NULL), KIST_INVALID);
	files = json_object_get(job->root, "files");
	ck_assert_uint_eq(json_array_size(files), 2);
	ck_assert(kist_record_get_digest(json_array_get(files, 0), "artifact", &found));
	ck_assert(kist_digest_equal(&found, &other));
	ck_assert_int_eq(kist_job_set_step_key(job, "none", &some, NULL), KIST_NOT_FOUND);
}
END_TEST

START_TEST(it_does_without_memory_at_any_point)
{
	for (unsigned long k = 1;; k++) {
		const struct kist_job_options options = { .id = "j", .kind = "test" };
		kist_auto_job struct kist_job *job = NULL;
		kist_auto_job struct kist_job *again = NULL;
		kist_status status;

		kist_mem_fail_at(k);
		status = kist_job_new(&options, &job, NULL);
		if (status == KIST_OK)
			status = fill(job);
		if (status == KIST_OK)
			status = round_trip(job, &again);
		kist_mem_fail_at(0);
		if (status == KIST_OK) {
			ck_assert_uint_gt(k, 3);
			return;
		}
		ck_assert_int_eq(status, KIST_NO_MEMORY);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("record");

	tcase_add_test(tcase, all_that_is_set_is_read_again);
	tcase_add_test(tcase, no_two_new_jobs_have_one_id);
	tcase_add_test(tcase, ids_are_checked);
	tcase_add_test(tcase, a_record_that_is_none_is_refused);
	tcase_add_test(tcase, there_is_an_end_to_points_and_tags);
	tcase_add_test(tcase, a_state_that_may_not_follow_changes_nothing);
	tcase_add_test(tcase, a_name_has_one_artifact_and_the_newest);
	tcase_add_test(tcase, a_long_error_is_cut_at_a_character);
	tcase_add_test(tcase, steps_are_found_by_name_and_there_is_one_of_each);
	tcase_add_test(tcase, a_step_can_be_said_to_be_cached_when_it_has_begun);
	tcase_add_test(tcase, a_file_beside_has_one_artifact_and_the_newest);
	tcase_add_test(tcase, it_does_without_memory_at_any_point);
	return suite_run(tcase, "job/record");
}
