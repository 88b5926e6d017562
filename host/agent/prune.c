/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/prune.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/run.h"
#include "base/mem.h"
#include "job/record.h"

/* More is tidied up over several calls. */
#define RUNS_MAX ((size_t)1 << 20)
/* One part in so many may be too much before anybody looks. */
#define SLACK 8

/* A run folder, and when run.json was written last. */
struct aged {
	char id[KIST_JOB_ID_MAX + 1];
	struct timespec written;
};

static bool is_id(const struct dirent *entry)
{
	return kist_job_id_check(entry->d_name, strlen(entry->d_name), NULL) == KIST_OK;
}

static size_t count_runs(const char *runs_dir)
{
	DIR *dir = opendir(runs_dir);
	const struct dirent *entry;
	size_t count = 0;

	while (dir && count < RUNS_MAX && (entry = readdir(dir)))
		count += is_id(entry);
	if (dir)
		(void)closedir(dir);
	return count;
}

/* One that has no run.json is about to begin, or never did: it is left alone. */
static bool find_age(const char *runs_dir, struct aged *run)
{
	char path[PATH_MAX];
	struct stat st;

	if (snprintf(path, sizeof(path), "%s/%s/" KIST_RUN_FILE, runs_dir, run->id) >= (int)sizeof(path) ||
	    stat(path, &st) != 0)
		return false;
	run->written = st.st_mtim;
	return true;
}

static size_t list_runs(const char *runs_dir, struct aged *all, size_t room)
{
	DIR *dir = opendir(runs_dir);
	const struct dirent *entry;
	size_t count = 0;

	while (dir && count < room && (entry = readdir(dir))) {
		if (!is_id(entry))
			continue;
		(void)snprintf(all[count].id, sizeof(all[count].id), "%.*s", (int)KIST_JOB_ID_MAX,
			       entry->d_name);
		count += find_age(runs_dir, &all[count]);
	}
	if (dir)
		(void)closedir(dir);
	return count;
}

static int by_age(const void *a, const void *b)
{
	const struct timespec x = ((const struct aged *)a)->written;
	const struct timespec y = ((const struct aged *)b)->written;

	if (x.tv_sec != y.tv_sec)
		return x.tv_sec < y.tv_sec ? -1 : 1;
	return (x.tv_nsec > y.tv_nsec) - (x.tv_nsec < y.tv_nsec);
}

bool kist_prune_run(const char *runs_dir, const char *id)
{
	kist_auto_run struct kist_run run = KIST_RUN_INIT;
	kist_auto_json json_t *facts = NULL;

	/* Held from here on: nobody recovers it meanwhile. */
	if (kist_run_open_dead(runs_dir, id, &run, NULL) != KIST_OK ||
	    kist_run_read(&run, &facts, NULL) != KIST_OK || !json_is_true(json_object_get(facts, "whole")))
		return false;
	kist_run_remove(&run);
	return true;
}

void kist_prune_runs(const char *runs_dir, size_t keep)
{
	const size_t count = keep > 0 ? count_runs(runs_dir) : 0;
	kist_auto_mem struct aged *all = NULL;
	size_t found;

	if (count <= keep + keep / SLACK)
		return;
	all = kist_alloc(count, sizeof(*all));
	if (!all)
		return;
	found = list_runs(runs_dir, all, count);
	qsort(all, found, sizeof(*all), by_age);
	for (size_t i = 0; i + keep < found; i++)
		(void)kist_prune_run(runs_dir, all[i].id);
}
