/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What a program tells its agent, from hostile bytes: each line is understood or refused with words, and what is
 * understood makes a record that can be committed.  There is no store.
 */
#include <string.h>

#include "agent/request.h"
#include "fuzz/fuzz.h"

static kist_status no_store(void *ctx, struct kist_flow **ret, struct kist_error *err)
{
	(void)ctx;
	(void)ret;
	return kist_fail(err, KIST_IO, "there is no store");
}

static void ignore(void *ctx, const char *path, const struct kist_error *why)
{
	(void)ctx;
	(void)path;
	(void)why;
}

static void serve(struct kist_view line, struct kist_keeper *keeper)
{
	struct kist_error err = KIST_ERROR_INIT;
	int fd = -1;
	const kist_status status = kist_request_serve(line, &fd, keeper, &err);

	must(fd == -1);
	must(status == err.status);
	must(status == KIST_OK || err.text[0]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct kist_job_options how = { .id = "fuzz", .kind = "exec" };
	kist_auto_job struct kist_job *job = NULL;
	struct kist_keeper_options options = { .open = no_store, .each_failed = ignore };
	const struct kist_keeper_end end = { .state = KIST_JOB_FINISHED };
	struct kist_keeper *keeper;
	struct kist_kept kept;
	size_t points;

	must(kist_job_new(&how, &job, NULL) == KIST_OK);
	must(kist_job_set_state(job, KIST_JOB_STARTED, 0, NULL) == KIST_OK);
	options.job = job;
	must(kist_keeper_start(&options, &keeper, NULL) == KIST_OK);
	while (size > 0) {
		const uint8_t *newline = memchr(data, '\n', size);
		const size_t len = newline ? (size_t)(newline - data) : size;

		serve(kist_view_of(data, len), keeper);
		data += len + (newline != NULL);
		size -= len + (newline != NULL);
	}
	kist_keeper_finish(keeper, &end, &kept);
	kist_keeper_free(keeper);
	must(!kept.recorded);
	must(kist_job_check(job->root, &points, NULL) == KIST_OK);
	return 0;
}
