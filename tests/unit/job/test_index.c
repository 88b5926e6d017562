/* SPDX-License-Identifier: Apache-2.0 */
#include "job/index.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "support/suite.h"

static struct kist_flow *flow;
static char folder[64];

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static void open_flow(void)
{
	static char store[128];
	static char cache[128];
	const struct kist_flow_options options = { .store_uri = store, .cache_dir = cache };

	snprintf(store, sizeof(store), "%s/store", folder);
	snprintf(cache, sizeof(cache), "%s/cache", folder);
	if (kist_store_create(store, NULL) != KIST_OK)
		ck_assert_int_eq(access(store, F_OK), 0);
	ck_assert_int_eq(kist_flow_open(&options, &flow, NULL), KIST_OK);
}

static void setup(void)
{
	snprintf(folder, sizeof(folder), "/tmp/kist-index.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	open_flow();
}

static void teardown(void)
{
	kist_flow_close(flow);
	ck_assert_int_eq(nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static struct kist_job *new_job(const char *id, const char *project)
{
	const struct kist_job_options options = { .id = id, .kind = "test", .project = project };
	struct kist_job *job = NULL;

	ck_assert_int_eq(kist_job_new(&options, &job, NULL), KIST_OK);
	return job;
}

static void commit(struct kist_job *job)
{
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_msg(kist_job_commit_alone(flow, job, &err) == KIST_OK, "%s", err.text);
}

/* A job with one parameter and one series. */
static void make(const char *id, const char *project, double rate, const double *values, size_t count)
{
	kist_auto_job struct kist_job *job = new_job(id, project);
	kist_auto_json json_t *value = json_real(rate);

	ck_assert_int_eq(kist_job_set_param(job, "rate", value, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_set_tag(job, "team", project, NULL), KIST_OK);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(kist_job_add_metric(job, "loss", (int64_t)i, values[i], 1, NULL), KIST_OK);
	commit(job);
}

static kist_status add_id(void *ctx, const struct kist_job_row *row, struct kist_error *err)
{
	struct kist_buf *ids = ctx;

	return kist_buf_appendf(ids, err, "%s%s", ids->size ? " " : "", row->texts[KIST_JOB_ROW_ID]);
}

/* The ids of what is wanted, in order. */
static void check(const struct kist_job_query *query, const char *ids, uint64_t total)
{
	kist_auto_job_index struct kist_job_index *index = NULL;
	kist_auto_buf struct kist_buf found = KIST_BUF_INIT((size_t)1 << 16);
	struct kist_error err = KIST_ERROR_INIT;
	uint64_t count = 0;

	ck_assert_msg(kist_job_index_open(flow, &index, &err) == KIST_OK, "%s", err.text);
	ck_assert_msg(kist_job_index_each(index, query, add_id, &found, &count, &err) == KIST_OK, "%s",
		      err.text);
	ck_assert_str_eq(found.size ? kist_buf_text(&found) : "", ids);
	ck_assert_uint_eq(count, total);
}

static void make_three(void)
{
	static const double a[] = { 0.5, NAN, 0.75 };
	static const double b[] = { 0.25, INFINITY };
	static const double c[] = { NAN };

	make("a", "red", 0.1, a, 3);
	make("b", "blue", 2, b, 2);
	make("c", "red", -1, c, 1);
}

START_TEST(jobs_are_filtered_sorted_and_paged)
{
	static const struct {
		const char *where;
		const char *sort;
		const char *ids;
	} cases[] = {
		{ "", NULL, "c b a" },
		{ "", "id", "a b c" },
		{ "", "param.rate", "c a b" },
		{ "", "param.rate:desc", "b a c" },
		{ "", "metric.loss.min", "b a c" },
		{ "", "metric.loss.max:desc", "b a c" },
		{ "", "tag.team:asc", "b c a" },
		{ "param.rate < 1", "id", "a c" },
		{ "param.rate = 2", "id", "b" },
		{ "param.rate ~ 0.*", "id", "a" },
		{ "metric.loss = 0.75", "id", "a" },
		{ "metric.loss > 1e300", "id", "b" },
		{ "metric.loss.count >= 2", "id", "a b" },
		{ "metric.loss != 3", "id", "a b" },
		{ "not metric.loss != 3", "id", "c" },
		{ "metric.other", "id", "" },
		{ "tag.team = red and not id = a", "id", "c" },
		{ "started", "id", "" },
		{ "created < 1w", "id", "" },
		{ "created > 1h and state = queued", "id", "a b c" },
	};

	make_three();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct kist_job_query query = { .where = cases[i].where, .sort = cases[i].sort };
		const size_t len = strlen(cases[i].ids);

		check(&query, cases[i].ids, (len + 1) / 2);
	}
	check(&(struct kist_job_query){ .where = "", .sort = "id", .limit = 1, .offset = 1 }, "b", 3);
	check(&(struct kist_job_query){ .where = "", .sort = "id", .offset = 5 }, "", 3);
	check(&(struct kist_job_query){ .where = "", .best = "loss" }, "b a", 2);
	check(&(struct kist_job_query){ .where = "tag.team = red", .best = "loss", .best_is_max = true }, "a",
	      1);
	check(&(struct kist_job_query){ .where = "", .best = "other" }, "", 0);
}
END_TEST

START_TEST(what_changes_is_seen_and_what_is_removed_is_gone)
{
	kist_auto_job struct kist_job *job = NULL;
	struct kist_job_dropped dropped;

	make_three();
	check(&(struct kist_job_query){ .where = "", .sort = "id" }, "a b c", 3);
	ck_assert_int_eq(kist_job_load(flow, "b", &job, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_set_tag(job, "team", "green", NULL), KIST_OK);
	commit(job);
	ck_assert_int_eq(kist_job_drop(flow, "a", true, false, &dropped, NULL), KIST_OK);
	make("d", "x", 0, NULL, 0);
	check(&(struct kist_job_query){ .where = "", .sort = "id" }, "b c d", 3);
	check(&(struct kist_job_query){ .where = "tag.team = green" }, "b", 1);
	check(&(struct kist_job_query){ .where = "tag.team = blue" }, "", 0);
	ck_assert_int_eq(kist_job_drop(flow, "d", true, false, &dropped, NULL), KIST_OK);
	make("d", "again", 0, NULL, 0);
	check(&(struct kist_job_query){ .where = "project = again" }, "d", 1);
}
END_TEST

static void index_path(char ret[static PATH_MAX])
{
	snprintf(ret, PATH_MAX, "%s/%s", kist_registry_folder(flow->registry), KIST_JOB_INDEX_FILE);
}

START_TEST(an_index_that_is_missing_or_damaged_is_made_anew)
{
	static const struct kist_job_query query = { .where = "", .sort = "id" };
	char path[PATH_MAX];
	char byte = 'x';
	struct stat st;
	int fd;

	make_three();
	check(&query, "a b c", 3);
	index_path(path);
	ck_assert_int_eq(unlink(path), 0);
	check(&query, "a b c", 3);
	ck_assert_int_eq(stat(path, &st), 0);
	for (off_t at = 0; at < st.st_size; at += 509) {
		fd = open(path, O_WRONLY | O_CLOEXEC);
		ck_assert_int_ge(fd, 0);
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
		ck_assert_int_eq(close(fd), 0);
		check(&query, "a b c", 3);
	}
	ck_assert_int_eq(truncate(path, st.st_size / 2), 0);
	check(&query, "a b c", 3);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	check(&query, "a b c", 3);
	ck_assert_int_eq(rmdir(path), 0);
}
END_TEST

START_TEST(one_index_does_for_the_time_that_another_process_changes)
{
	kist_auto_job_index struct kist_job_index *index = NULL;
	kist_auto_buf struct kist_buf found = KIST_BUF_INIT((size_t)1 << 16);

	make_three();
	ck_assert_int_eq(kist_job_index_open(flow, &index, NULL), KIST_OK);
	make("d", "x", 0, NULL, 0);
	check(&(struct kist_job_query){ .where = "", .sort = "id" }, "a b c d", 4);
	ck_assert_int_eq(kist_job_index_each(index, &(struct kist_job_query){ .where = "id = d" }, add_id,
					     &found, NULL, NULL),
			 KIST_OK);
	ck_assert_uint_eq(found.size, 1);
}
END_TEST

START_TEST(a_damaged_index_that_somebody_uses_stays_and_is_done_without)
{
	kist_auto_job_index struct kist_job_index *held = NULL;
	char path[PATH_MAX];
	struct stat before;
	struct stat after;
	char byte = 'x';
	int fd;

	make_three();
	ck_assert_int_eq(kist_job_index_open(flow, &held, NULL), KIST_OK);
	index_path(path);
	ck_assert_int_eq(stat(path, &before), 0);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, &byte, 1, 4096 + 17), 1);
	ck_assert_int_eq(close(fd), 0);
	check(&(struct kist_job_query){ .where = "", .sort = "id" }, "a b c", 3);
	ck_assert_int_eq(stat(path, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	kist_job_index_close(held);
	held = NULL;
	check(&(struct kist_job_query){ .where = "", .sort = "id" }, "a b c", 3);
}
END_TEST

START_TEST(a_job_whose_owner_is_gone_is_listed_as_lost)
{
	kist_auto_job struct kist_job *here = new_job("here", "p");
	kist_auto_job struct kist_job *gone = new_job("gone", "p");

	ck_assert_int_eq(kist_job_set_state(here, KIST_JOB_STARTED, getpid(), NULL), KIST_OK);
	ck_assert_int_eq(kist_job_set_state(gone, KIST_JOB_STARTED, getpid(), NULL), KIST_OK);
	ck_assert_int_eq(json_object_set_new(json_object_get(gone->root, "owner"), "start", json_integer(1)),
			 0);
	commit(here);
	commit(gone);
	check(&(struct kist_job_query){ .where = "state = lost" }, "gone", 1);
	check(&(struct kist_job_query){ .where = "state = started" }, "here", 1);
	ck_assert_int_eq(kist_job_set_state(gone, KIST_JOB_FINISHED, 0, NULL), KIST_OK);
	commit(gone);
	check(&(struct kist_job_query){ .where = "state = finished" }, "gone", 1);
}
END_TEST

START_TEST(what_is_no_record_is_listed_as_damaged)
{
	const struct kist_save_made made = { .bytes = kist_view_of("{}", 2),
					     .kind = "value",
					     .encoding = KIST_JOB_ENCODING };
	const struct kist_save_options how = { .name = "kist:job/x", .name_len = 10, .own_name = true };
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	kist_auto_save struct kist_save *save = NULL;

	make_three();
	ck_assert_int_eq(kist_save_open(flow, &save, NULL), KIST_OK);
	ck_assert_int_eq(kist_save_bytes(save, &made, &how, &saved, NULL), KIST_OK);
	ck_assert_int_eq(kist_save_commit(save, NULL), KIST_OK);
	check(&(struct kist_job_query){ .where = "", .sort = "id" }, "a b c x", 4);
	check(&(struct kist_job_query){ .where = "state = damaged and error ~ \"*no record of a job*\"" },
	      "x", 1);
}
END_TEST

START_TEST(without_memory_it_fails_and_is_whole_the_next_time)
{
	for (unsigned long k = 1;; k += 3) {
		kist_auto_job_index struct kist_job_index *index = NULL;
		char path[PATH_MAX];
		kist_status status;

		if (k == 1)
			make_three();
		index_path(path);
		(void)unlink(path);
		kist_mem_fail_at(k);
		status = kist_job_index_open(flow, &index, NULL);
		kist_mem_fail_at(0);
		if (status == KIST_OK && k > 50)
			break;
		check(&(struct kist_job_query){ .where = "", .sort = "id" }, "a b c", 3);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("index");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, jobs_are_filtered_sorted_and_paged);
	tcase_add_test(tcase, what_changes_is_seen_and_what_is_removed_is_gone);
	tcase_add_test(tcase, an_index_that_is_missing_or_damaged_is_made_anew);
	tcase_add_test(tcase, one_index_does_for_the_time_that_another_process_changes);
	tcase_add_test(tcase, a_damaged_index_that_somebody_uses_stays_and_is_done_without);
	tcase_add_test(tcase, a_job_whose_owner_is_gone_is_listed_as_lost);
	tcase_add_test(tcase, what_is_no_record_is_listed_as_damaged);
	tcase_add_test(tcase, without_memory_it_fails_and_is_whole_the_next_time);
	return suite_run(tcase, "job/index");
}
