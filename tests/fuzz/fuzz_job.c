/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Records of jobs from hostile bytes: what is taken is written and reads the same, goes through a change, and merges
 * with itself.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "job/merge.h"
#include "job/record.h"

static void try_change(struct kist_job *job)
{
	const struct kist_job_artifact artifact = { .name = "a", .name_len = 1 };
	size_t points = 0;

	for (unsigned state = 0; state < KIST_JOB_STATE_COUNT; state++) {
		const enum kist_job_state from = kist_job_state(job);
		const kist_status status = kist_job_set_state(job, (enum kist_job_state)state, 0, NULL);

		must((status == KIST_OK) == kist_job_state_may(from, (enum kist_job_state)state));
	}
	(void)!kist_job_add_metric(job, "loss", 1, 0.5, 1, NULL);
	(void)!kist_job_add_artifact(job, &artifact, NULL);
	(void)!kist_job_set_tag(job, "a", "b", NULL);
	(void)kist_job_life(job);
	must(kist_job_check(job->root, &points, NULL) == KIST_OK && points == job->points);
}

static void try_merge(const struct kist_job *before, const struct kist_job *job)
{
	kist_auto_json json_t *merged = NULL;
	size_t points;

	must(kist_job_merge(before->root, job->root, before->root, &merged, NULL) == KIST_OK);
	must(kist_job_check(merged, &points, NULL) == KIST_OK && points == job->points);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(2 * KIST_JOB_SIZE_MAX);
	kist_auto_job struct kist_job *job = NULL;
	kist_auto_job struct kist_job *again = NULL;
	struct kist_error err = KIST_ERROR_INIT;

	if (kist_job_parse(kist_view_of(data, size), &job, &err) != KIST_OK) {
		must(err.status == KIST_CORRUPT || err.status == KIST_INCOMPATIBLE ||
		     err.status == KIST_LIMIT);
		return 0;
	}
	must(kist_job_print(job, &text, NULL) == KIST_OK);
	must(kist_job_parse(kist_buf_view(&text), &again, NULL) == KIST_OK);
	must(strcmp(kist_job_id(job), kist_job_id(again)) == 0 && job->points == again->points);
	/* Both now have numbers as they are read. */
	try_change(job);
	try_merge(again, job);
	return 0;
}
