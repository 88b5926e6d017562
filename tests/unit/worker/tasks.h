/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_WORKER_TASKS_H
#define TESTS_UNIT_WORKER_TASKS_H

#include "worker/worker.h"

/*
 * A worker with the function tasks of tests/zoo/tasks.c, and short words to call them.
 */

struct tasks {
	struct kist_worker *worker;
	struct kist_worker_plugin *plugin;
	struct kist_manifest *manifest;
	struct kist_catalog_entry entry;
	char path[4096]; /* of the library */
	bool joined;
	char log[256];
	unsigned long logs;
	unsigned long progress;
};

/** Reads the manifest @name of tests/zoo, for @library in tests/unit/worker, and starts a worker with it. */
void tasks_start(struct tasks *tasks, const char *name, const char *library,
		 const struct kist_worker_options *options);
/** Loads another into the same worker; tasks_stop() it before the first. */
void tasks_join(struct tasks *tasks, const struct tasks *first, const char *name, const char *library);
void tasks_stop(struct tasks *tasks);
struct kist_worker_options tasks_options(struct tasks *tasks);

/** The task @name. */
struct kist_task_ref tasks_ref(const struct tasks *tasks, const char *name);

/** Calls it. */
kist_status tasks_call(struct tasks *tasks, const char *name, const struct kist_task_arg *args, size_t count,
		       struct kist_task_result *ret, struct kist_error *err);

/** Calls it with the members of @json, a list with ' for ". */
kist_status tasks_json(struct tasks *tasks, const char *name, const char *json, struct kist_task_result *ret,
		       struct kist_error *err);

/** @json with ' for ".  New reference. */
json_t *tasks_value(const char *json);

#endif
