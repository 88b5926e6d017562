/* SPDX-License-Identifier: Apache-2.0 */
#include "bundle/import.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "flow/load.h"
#include "job/commit.h"
#include "support/suite.h"

#define HERE  "memory:here"
#define THERE "memory:there"

static struct kist_flow here;
static struct kist_flow there;
static char path[64];

static void open_flow(const char *uri, struct kist_flow *flow)
{
	ck_assert_int_eq(kist_store_create(uri, NULL), KIST_OK);
	*flow = (struct kist_flow){ .store = NULL };
	ck_assert_int_eq(kist_store_open(uri, &flow->store, NULL), KIST_OK);
	ck_assert_int_eq(kist_registry_open(flow->store, NULL, &flow->registry, NULL), KIST_OK);
}

static void setup(void)
{
	open_flow(HERE, &here);
	open_flow(THERE, &there);
	snprintf(path, sizeof(path), "/tmp/kist-import.%d", (int)getpid());
}

static void teardown(void)
{
	kist_flow_done(&here);
	kist_flow_done(&there);
	(void)unlink(path);
}

static struct kist_digest put(struct kist_save *save, const char *name, struct kist_view bytes)
{
	const struct kist_save_made made = { .bytes = bytes,
					     .kind = "bytes",
					     .encoding = KIST_BYTES_ENCODING };
	const struct kist_save_options how = { .name = name, .name_len = strlen(name) };
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;

	ck_assert_int_eq(kist_save_bytes(save, &made, &how, &saved, NULL), KIST_OK);
	return saved.artifact;
}

/* A job that took "taken" and made "jobs/ran/made". */
static void make_job(enum kist_job_state state)
{
	static uint8_t large[3 << 20];
	const struct kist_job_options options = { .id = "ran", .kind = "run" };
	struct kist_job_artifact artifact = { .name = "jobs/ran/made", .name_len = 13 };
	kist_auto_job struct kist_job *job = NULL;
	kist_auto_save struct kist_save *save = NULL;
	struct kist_digest taken;

	for (size_t i = 0; i < sizeof(large); i++)
		large[i] = (uint8_t)(i * i >> 7);
	ck_assert_int_eq(kist_save_open(&here, &save, NULL), KIST_OK);
	taken = put(save, "taken", kist_view_of("taken", 5));
	artifact.artifact = put(save, "jobs/ran/made", kist_view_of(large, sizeof(large)));
	ck_assert_int_eq(kist_job_new(&options, &job, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_add_input(job, "in", &taken, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_add_artifact(job, &artifact, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_set_state(job, KIST_JOB_STARTED, 0, NULL), KIST_OK);
	if (state != KIST_JOB_STARTED)
		ck_assert_int_eq(kist_job_set_state(job, state, 0, NULL), KIST_OK);
	ck_assert_int_eq(kist_job_commit(job, save, NULL), KIST_OK);
}

static kist_status export(const char *what, struct kist_bundle_sum *sum, struct kist_error *err)
{
	kist_auto_bundle_names struct kist_bundle_names names = KIST_BUNDLE_NAMES_INIT;

	KIST_TRY(kist_bundle_gather(&here, what, &names, err));
	KIST_TRY(kist_bundle_names_sort(&names, err));
	return kist_bundle_export(&here, &names, path, true, sum, err);
}

static kist_status import(const struct kist_import_options *how, struct kist_imported *done,
			  struct kist_error *err)
{
	kist_auto_bundle_checked struct kist_bundle_checked checked = KIST_BUNDLE_CHECKED_INIT;
	kist_auto_bundle struct kist_bundle bundle = KIST_BUNDLE_INIT;
	kist_auto_fd int fd = -1;

	KIST_TRY(kist_open_at(AT_FDCWD, path, O_RDONLY, 0, &fd, err));
	KIST_TRY(kist_bundle_open(fd, &bundle, err));
	KIST_TRY(kist_bundle_check(&bundle, &checked, err));
	return kist_bundle_import(&there, &checked, how, done, err);
}

static struct kist_digest meaning(struct kist_flow *flow, const char *name)
{
	struct kist_digest artifact = { .bytes = { 0 } };

	(void)!kist_registry_find_ref(flow->registry, name, strlen(name), &artifact, NULL);
	return artifact;
}

static bool means_the_same(const char *name)
{
	const struct kist_digest left = meaning(&here, name);
	const struct kist_digest right = meaning(&there, name);

	return kist_digest_equal(&left, &right);
}

START_TEST(a_job_goes_to_another_store_with_all_it_took_and_made)
{
	const struct kist_import_options how = { .prefix = NULL };
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(100);
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	kist_auto_imported struct kist_imported done = { .names = NULL };
	kist_auto_job struct kist_job *job = NULL;
	struct kist_bundle_sum sum;
	struct kist_digest found;

	make_job(KIST_JOB_FINISHED);
	ck_assert_int_eq(export("ran", &sum, NULL), KIST_OK);
	ck_assert_uint_eq(sum.names, 3);
	ck_assert_uint_eq(sum.jobs, 1);
	ck_assert_int_eq(import(&how, &done, NULL), KIST_OK);
	ck_assert_uint_eq(done.set, 3);
	ck_assert(done.chunks_new == sum.chunks);
	ck_assert(means_the_same("jobs/ran/made"));
	ck_assert(means_the_same("kist:job/ran"));
	ck_assert_int_eq(kist_job_load(&there, "ran", &job, NULL), KIST_OK);
	found = meaning(&there, "kist:part/ran/input/0");
	ck_assert_int_eq(kist_registry_get_artifact(there.registry, &found, &artifact, NULL), KIST_OK);
	ck_assert_int_eq(kist_load_bytes(&there, artifact.record, &text, NULL), KIST_OK);
	ck_assert_mem_eq(text.data, "taken", 5);
	/* The second time nothing is new, and nothing is committed. */
	ck_assert_int_eq(import(&how, &done, NULL), KIST_OK);
	ck_assert_uint_eq(done.same, 3);
	ck_assert_uint_eq(done.chunks_new, 0);
}
END_TEST

START_TEST(a_job_that_has_not_ended_stays_where_it_is)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_bundle_sum sum;

	make_job(KIST_JOB_STARTED);
	ck_assert_int_eq(export("ran", &sum, &err), KIST_INVALID);
	ck_assert_str_eq(err.code, "E_STATE");
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

START_TEST(names_that_mean_something_else_are_told_and_nothing_is_written)
{
	struct kist_import_options how = { .prefix = NULL };
	kist_auto_imported struct kist_imported done = { .names = NULL };
	kist_auto_save struct kist_save *save = NULL;
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_bundle_sum sum;
	uint64_t before;
	uint64_t after;
	struct kist_digest digest;

	make_job(KIST_JOB_FAILED);
	ck_assert_int_eq(export("taken", &sum, NULL), KIST_OK);
	ck_assert_int_eq(kist_save_open(&there, &save, NULL), KIST_OK);
	(void)put(save, "taken", kist_view_of("other", 5));
	ck_assert_int_eq(kist_save_commit(save, NULL), KIST_OK);
	kist_registry_head(there.registry, &before, &digest);
	ck_assert_int_eq(import(&how, &done, &err), KIST_EXISTS);
	ck_assert_ptr_nonnull(strstr(err.text, "'taken' means something else"));
	kist_registry_head(there.registry, &after, &digest);
	ck_assert_uint_eq(before, after);
	how.dry_run = true;
	how.prefix = "below";
	ck_assert_int_eq(import(&how, &done, NULL), KIST_OK);
	kist_registry_head(there.registry, &after, &digest);
	ck_assert_uint_eq(before, after);
	how.dry_run = false;
	ck_assert_int_eq(import(&how, &done, NULL), KIST_OK);
	digest = meaning(&there, "below/taken");
	ck_assert(!means_the_same("taken"));
	how = (struct kist_import_options){ .replace = true };
	kist_imported_done(&done);
	ck_assert_int_eq(import(&how, &done, NULL), KIST_OK);
	ck_assert(means_the_same("taken"));
	ck_assert_uint_eq(done.replaced, 1);
	how = (struct kist_import_options){ .prefix = "../up" };
	ck_assert_int_eq(import(&how, &done, NULL), KIST_INVALID);
	how = (struct kist_import_options){ .prefix = "kist:x" };
	ck_assert_int_eq(import(&how, &done, NULL), KIST_INVALID);
}
END_TEST

START_TEST(the_same_things_are_the_same_bytes)
{
	struct kist_bundle_sum first;
	struct kist_bundle_sum second;

	make_job(KIST_JOB_FINISHED);
	ck_assert_int_eq(export("ran", &first, NULL), KIST_OK);
	ck_assert_int_eq(export("ra", &second, NULL), KIST_OK);
	ck_assert(kist_digest_equal(&first.digest, &second.digest));
	ck_assert_int_eq(export("taken", &second, NULL), KIST_OK);
	ck_assert(!kist_digest_equal(&first.digest, &second.digest));
	ck_assert_int_eq(export("nothing", &second, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(export("kist:job/ran", &second, NULL), KIST_INVALID);
}
END_TEST

START_TEST(no_flipped_bit_of_a_bundle_is_taken)
{
	const struct kist_import_options how = { .dry_run = true };
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT((size_t)1 << 20);
	kist_auto_fd int fd = -1;
	struct kist_bundle_sum sum;

	make_job(KIST_JOB_FINISHED);
	ck_assert_int_eq(export("taken", &sum, NULL), KIST_OK);
	ck_assert_int_eq(kist_read_file_at(AT_FDCWD, path, &bytes, NULL), KIST_OK);
	ck_assert_int_eq(kist_open_at(AT_FDCWD, path, O_WRONLY, 0, &fd, NULL), KIST_OK);
	for (size_t bit = 0; bit < 8 * bytes.size; bit++) {
		kist_auto_imported struct kist_imported done = { .names = NULL };
		const uint8_t flipped = (uint8_t)(bytes.data[bit / 8] ^ 1U << bit % 8);
		kist_status status;

		ck_assert_int_eq(kist_pwrite_all(fd, kist_view_of(&flipped, 1), bit / 8, NULL), KIST_OK);
		status = import(&how, &done, NULL);
		ck_assert(status == KIST_CORRUPT || status == KIST_INCOMPATIBLE);
		ck_assert_int_eq(kist_pwrite_all(fd, kist_view_of(&bytes.data[bit / 8], 1), bit / 8, NULL),
				 KIST_OK);
	}
}
END_TEST

START_TEST(running_out_of_memory_takes_all_or_nothing)
{
	const struct kist_import_options how = { .prefix = NULL };
	struct kist_bundle_sum sum;
	kist_status status = KIST_NO_MEMORY;

	make_job(KIST_JOB_FINISHED);
	ck_assert_int_eq(export("taken", &sum, NULL), KIST_OK);
	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_imported struct kist_imported done = { .names = NULL };
		const struct kist_digest none = { .bytes = { 0 } };
		struct kist_digest found;

		kist_mem_fail_at(k);
		status = import(&how, &done, NULL);
		kist_mem_fail_at(0);
		/* What is committed may not have come into the index. */
		ck_assert_int_eq(kist_registry_fold(there.registry, NULL), KIST_OK);
		found = meaning(&there, "taken");
		if (status != KIST_OK)
			ck_assert(kist_digest_equal(&found, &none) || means_the_same("taken"));
		ck_assert_uint_lt(k, 5000);
	}
	ck_assert(means_the_same("taken"));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("import");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_job_goes_to_another_store_with_all_it_took_and_made);
	tcase_add_test(tcase, a_job_that_has_not_ended_stays_where_it_is);
	tcase_add_test(tcase, names_that_mean_something_else_are_told_and_nothing_is_written);
	tcase_add_test(tcase, the_same_things_are_the_same_bytes);
	tcase_add_test(tcase, no_flipped_bit_of_a_bundle_is_taken);
	tcase_add_test(tcase, running_out_of_memory_takes_all_or_nothing);
	return suite_run(tcase, "bundle/import");
}
