/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>

#include "agent/agent.h"
#include "base/file.h"
#include "cli/commands.h"
#include "cli/output.h"

static const struct kist_option options[] = {
	{ .name = "kill", .help = "kill it, rather than ask it to end" },
	{ .name = NULL },
};

/* Waits until who runs the job has ended, and with it what it keeps. */
static kist_status stop_owner(const struct kist_job *job, int signal, struct kist_error *err)
{
	struct kist_owner owner;
	kist_auto_fd int pid_fd = -1;

	if (!kist_owner_from_json(json_object_get(job->root, "owner"), &owner))
		return kist_fail(err, KIST_NOT_FOUND, "nobody runs it");
	KIST_TRY(kist_owner_signal(&owner, signal, &pid_fd, err));

	struct pollfd wait = { .fd = pid_fd, .events = POLLIN };

	while (poll(&wait, 1, -1) < 0)
		continue;
	return KIST_OK;
}

static kist_status stop(struct kist_cli *cli, char id[static KIST_JOB_ID_MAX + 1],
			enum kist_job_state *ret_state, struct kist_error *err)
{
	kist_auto_job struct kist_job *job = NULL;
	kist_auto_job struct kist_job *ended = NULL;
	bool lost;
	const int signal = kist_cli_has(cli, "kill") ? KIST_AGENT_SIGNAL_KILL : SIGTERM;

	KIST_TRY(kist_job_find(cli->flow, cli->arguments[0], id, err));
	KIST_TRY(kist_job_load(cli->flow, id, &job, err));
	if (kist_job_state_is_end(kist_job_state(job)))
		return kist_fail(err, KIST_INVALID, "job '%s' has ended: it is %s", id,
				 kist_job_state_name(kist_job_state(job)));
	if (stop_owner(job, signal, err) != KIST_OK)
		return kist_fail_context(err, "job '%s'", id);
	KIST_TRY(kist_registry_fold(cli->flow->registry, err));
	/* What was killed before it could say how it ended. */
	KIST_TRY(kist_job_call_lost(cli->flow, id, &lost, err));
	KIST_TRY(kist_job_load(cli->flow, id, &ended, err));
	*ret_state = kist_job_state(ended);
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	char id[KIST_JOB_ID_MAX + 1];
	enum kist_job_state state = KIST_JOB_STOPPED;
	struct kist_error err = KIST_ERROR_INIT;

	if (kist_cli_open(cli, false, &err) != KIST_OK || stop(cli, id, &state, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	if (cli->json &&
	    kist_print_json_take(json_pack("{s:s,s:s}", "job", id, "state", kist_job_state_name(state)),
				 &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	if (!cli->json && !cli->quiet)
		printf("job %s is %s\n", id, kist_job_state_name(state));
	return KIST_EXIT_DONE;
}

const struct kist_command kist_command_job_stop = {
	.name = "job stop",
	.arguments = "ID",
	.summary = "end a job that runs on this machine, and wait until what it made is kept",
	.options = options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
