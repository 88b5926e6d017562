/* SPDX-License-Identifier: Apache-2.0 */
#include "experiment/lanes.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "workflow/run.h"

/* How often is looked whether a lane has ended. */
#define LOOK_MS 10

/* What all lanes see. */
struct shared {
	_Atomic uint64_t next; /* of todo */
	_Atomic uint64_t failed;
};

/* One lane, in its process. */
struct lane {
	const struct kist_lanes *lanes;
	struct shared *shared;
	struct kist_flow *flow;
	struct kist_offer *offer;
};

/* One lane, as its parent sees it. */
struct lane_process {
	pid_t pid; /* 0: it has ended */
	bool was_asked;
};

struct running {
	const struct kist_lanes *lanes;
	struct shared *shared;
	struct lane_process *processes;
};

static void lane_close(struct lane *lane)
{
	kist_offer_free(kist_steal(lane->offer));
	if (lane->flow)
		kist_flow_make_checkpoint(lane->flow);
	kist_flow_close(kist_steal(lane->flow));
}

static kist_status lane_open(struct lane *lane, struct kist_error *err)
{
	const struct kist_catalog *catalog;

	if (!lane->flow)
		KIST_TRY(lane->lanes->open(lane->lanes->ctx, &lane->flow, err));
	/* The end of a run takes it away. */
	lane->flow->stop = lane->lanes->stop;
	if (lane->offer)
		return KIST_OK;
	KIST_TRY(kist_flow_catalog(lane->flow, &catalog, err));
	return kist_offer_read(catalog, &lane->offer, err);
}

static json_t *tags_of(const struct lane *lane, const struct kist_cell *cell)
{
	char version[24];
	char replicate[24];

	snprintf(version, sizeof(version), "%" PRIu64, lane->lanes->version);
	snprintf(replicate, sizeof(replicate), "%" PRIu64, cell->replicate);
	return json_pack("{ss,ss,ss,ss,ss}", "experiment", lane->lanes->cells->experiment->name, "version",
			 version, "replicate", replicate, "condition", cell->condition->name, "cell",
			 cell->key);
}

static kist_status run_cell(struct lane *lane, struct kist_cell *cell, const char *name,
			    struct kist_error *err)
{
	const struct kist_lanes *lanes = lane->lanes;
	const struct kist_experiment *experiment = lanes->cells->experiment;
	kist_auto_run_result struct kist_run_result result = KIST_RUN_RESULT_INIT;
	kist_auto_json json_t *tags = tags_of(lane, cell);
	char parent[KIST_EXPERIMENT_JOB_SIZE];
	char exports[PATH_MAX];
	const struct kist_run_options how = { .text = lanes->cells->text,
					      .name = name,
					      .folder = lanes->cells->folder,
					      .exports = exports,
					      .kind = KIST_CELL_KIND,
					      .project = experiment->name,
					      .parent = parent,
					      .inputs = cell->inputs,
					      .tags = tags,
					      .metrics = experiment->metrics,
					      .jobs = 1,
					      .names_at_end = true,
					      .no_outputs = lanes->no_outputs };

	if (!tags)
		return kist_fail_memory(err, sizeof(json_t));
	kist_version_job(experiment->name, lanes->version, 0, parent);
	if (snprintf(exports, sizeof(exports), "%s/%s", lanes->exports, name) >= (int)sizeof(exports))
		return kist_fail(err, KIST_LIMIT, "the folder of outputs has too long a path");
	return kist_run_entrypoint(lane->flow, cell->entrypoint, &how, &result, err);
}

static kist_status make_and_run(struct lane *lane, uint64_t no, const char *name, struct kist_error *err)
{
	kist_auto_cell struct kist_cell cell = { .inputs = NULL };
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;

	KIST_TRY(lane_open(lane, err));
	KIST_TRY(kist_cell_make(lane->lanes->cells, lane->flow, lane->offer, no, &issues, &cell, err));
	if (issues.error_count > 0)
		return kist_fail_at(err, KIST_INVALID, issues.items[0].code, KIST_NO_OFFSET,
				    "the entrypoint cannot be run: %s", issues.items[0].text);
	return run_cell(lane, &cell, name, err);
}

static void tell(const struct lane *lane, const char *name, kist_status status, const struct kist_error *why)
{
	if (lane->lanes->is_quiet)
		return;
	printf("%s %s  %s%s%s\n",
	       status == KIST_OK	  ? "+"
	       : status == KIST_CANCELLED ? "-"
					  : "x",
	       name,
	       status == KIST_OK	  ? "complete"
	       : status == KIST_CANCELLED ? "stopped"
					  : "failed",
	       status == KIST_OK ? "" : ": ", status == KIST_OK ? "" : why->text);
	(void)fflush(stdout);
}

static void lane_main(struct lane *lane)
{
	const struct kist_lanes *lanes = lane->lanes;
	const struct kist_experiment *experiment = lanes->cells->experiment;

	while (!lanes->stop || !atomic_load(lanes->stop)) {
		const uint64_t at = atomic_fetch_add(&lane->shared->next, 1);
		struct kist_error why = KIST_ERROR_INIT;
		char name[KIST_CELL_NAME_SIZE];
		kist_status status;
		uint64_t no;

		if (at >= lanes->todo_count)
			break;
		no = lanes->todo[at];
		kist_cell_name(experiment->name, lanes->version, no / experiment->condition_count,
			       experiment->conditions[no % experiment->condition_count].name, name);
		status = make_and_run(lane, no, name, &why);
		if (status != KIST_OK)
			atomic_fetch_add(&lane->shared->failed, 1);
		tell(lane, name, status, &why);
		/* A worker that has seen a failure, or could need another plugin, is not used again. */
		if (status != KIST_OK || experiment->input_count > 0)
			lane_close(lane);
	}
	lane_close(lane);
}

static kist_status start_lane(struct running *running, size_t i, struct kist_error *err)
{
	struct lane lane = { .lanes = running->lanes, .shared = running->shared };
	const pid_t parent = getpid();
	pid_t pid;

	(void)fflush(stdout);
	(void)fflush(stderr);
	pid = fork();
	if (pid < 0)
		return kist_fail_errno(err, errno, "cannot start a lane");
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() == parent)
			lane_main(&lane);
		(void)fflush(stdout);
		_exit(0);
	}
	running->processes[i] = (struct lane_process){ .pid = pid };
	return KIST_OK;
}

static bool has_more(const struct running *running)
{
	return atomic_load(&running->shared->next) < running->lanes->todo_count &&
	       !(running->lanes->stop && atomic_load(running->lanes->stop));
}

/* A lane that was killed, as for want of memory, is replaced while there is something to do. */
static kist_status look_at(struct running *running, size_t i, bool *ret_alive, struct kist_error *err)
{
	struct lane_process *process = &running->processes[i];
	pid_t ended = 0;
	int status = 0;

	if (process->pid == 0)
		return KIST_OK;
	if (running->lanes->stop && atomic_load(running->lanes->stop) && !process->was_asked) {
		process->was_asked = true;
		(void)kill(process->pid, SIGTERM);
	}
	ended = waitpid(process->pid, &status, WNOHANG);
	if (ended == 0 || (ended < 0 && errno == EINTR)) {
		*ret_alive = true;
		return KIST_OK;
	}
	process->pid = 0;
	if (ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return KIST_OK;
	atomic_fetch_add(&running->shared->failed, 1);
	if (!has_more(running))
		return KIST_OK;
	/* The cell that it had is not begun again here, so this comes to an end. */
	*ret_alive = true;
	return start_lane(running, i, err);
}

static kist_status wait_all(struct running *running, struct kist_error *err)
{
	bool is_alive = true;

	while (is_alive) {
		is_alive = false;
		for (size_t i = 0; i < running->lanes->lane_count; i++)
			KIST_TRY(look_at(running, i, &is_alive, err));
		if (is_alive)
			(void)poll(NULL, 0, LOOK_MS);
	}
	return running->lanes->stop && atomic_load(running->lanes->stop)
		       ? kist_fail(err, KIST_CANCELLED, "stopped")
		       : KIST_OK;
}

/* After something that nothing can be done about: no lane is left behind. */
static void end_all(struct running *running)
{
	for (size_t i = 0; i < running->lanes->lane_count; i++) {
		if (running->processes[i].pid == 0)
			continue;
		(void)kill(running->processes[i].pid, SIGKILL);
		while (waitpid(running->processes[i].pid, NULL, 0) < 0 && errno == EINTR)
			continue;
	}
}

kist_status kist_lanes_run(const struct kist_lanes *lanes, uint64_t *ret_failed, struct kist_error *err)
{
	kist_auto_mem struct lane_process *processes = kist_alloc(lanes->lane_count, sizeof(*processes));
	struct running running = { .lanes = lanes, .processes = processes };
	kist_status status = KIST_OK;

	if (!processes)
		return kist_fail_memory(err, sizeof(*processes));
	running.shared = mmap(NULL, sizeof(*running.shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (running.shared == MAP_FAILED)
		return kist_fail_errno(err, errno, "no memory for lanes");
	for (size_t i = 0; status == KIST_OK && i < lanes->lane_count && i < lanes->todo_count; i++)
		status = start_lane(&running, i, err);
	if (status == KIST_OK)
		status = wait_all(&running, err);
	end_all(&running);
	*ret_failed = atomic_load(&running.shared->failed);
	(void)munmap(running.shared, sizeof(*running.shared));
	return status;
}
