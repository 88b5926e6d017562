/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/agent_private.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "agent/facts.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"
#include "job/owner.h"

/*
 * Of a program that is over by then nothing is watched, and one record says all: closing watchers takes the kernel
 * longer than many a program runs.
 */
#define SETTLE_MS 50

static kist_status take_signals(struct agent *agent, struct kist_error *err)
{
	static const int taken[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT, SIGWINCH };
	struct sigaction before;
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		/* nohup, and a shell's job in the background, mean it. */
		if (sigaction(taken[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN)
			(void)sigaddset(&set, taken[i]);
	}
	(void)sigaddset(&set, SIGCHLD);
	(void)sigaddset(&set, KIST_AGENT_SIGNAL_KILL);
	/* Taking the terminal back from the program would stop the agent otherwise; and who reads what is
	 * passed on may go away. */
	(void)signal(SIGTTOU, SIG_IGN);
	(void)signal(SIGPIPE, SIG_IGN);
	/* Where children are nobody's to wait for, the end of the program would not be told. */
	(void)signal(SIGCHLD, SIG_DFL);
	(void)pthread_sigmask(SIG_BLOCK, &set, &agent->mask_before);
	agent->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return agent->signals >= 0 ? KIST_OK : kist_fail_errno(err, errno, "cannot take signals");
}

static kist_status make_job(struct agent *agent, struct kist_error *err)
{
	const struct kist_agent_options *options = agent->options;
	struct kist_job_options how = { .id = options->id,
					.kind = "exec",
					.project = options->project,
					.command = (const char *const *)options->command };
	const char *key;
	json_t *value;

	while (options->command[how.command_count])
		how.command_count++;
	KIST_TRY(kist_job_new(&how, &agent->job, err));
	(void)snprintf(agent->result->id, sizeof(agent->result->id), "%s", kist_job_id(agent->job));
	json_object_foreach(options->params, key, value)
		KIST_TRY(kist_job_set_param(agent->job, key, value, err));
	json_object_foreach(options->tags, key, value)
		KIST_TRY(kist_job_set_tag(agent->job, key, json_string_value(value), err));
	return kist_job_set_state(agent->job, KIST_JOB_STARTED, getpid(), err);
}

static kist_status make_run(struct agent *agent, struct kist_error *err)
{
	char lease[PATH_MAX];

	KIST_TRY(kist_run_create(agent->options->runs_dir, agent->result->id, &agent->keeping.run, err));
	(void)snprintf(agent->result->run_folder, sizeof(agent->result->run_folder), "%s",
		       agent->keeping.run.path);
	KIST_TRY(kist_journal_open(&agent->journal, agent->keeping.run.dir_fd, err));
	KIST_TRY(kist_run_lease(&agent->keeping.run, lease, err));
	return kist_job_set_lease(agent->job, lease, err);
}

/* Room for "KIST_JOB_ID=..." and "KIST_SOCKET=...". */
#define VARIABLE_SIZE ((size_t)256)
#define VARIABLES     2

/* The program's environment: @base, and how it finds the agent.  Ended by NULL; the strings are not copied. */
static kist_status make_environment(char *const *base, char variables[static VARIABLES][VARIABLE_SIZE],
				    char ***ret, struct kist_error *err)
{
	size_t count = 0;
	size_t kept = 0;
	char **all;

	while (base[count])
		count++;
	all = kist_alloc(count + VARIABLES + 1, sizeof(*all));
	if (!all)
		return kist_fail_memory(err, (count + VARIABLES + 1) * sizeof(*all));
	for (size_t i = 0; i < count; i++) {
		if (strncmp(base[i], "KIST_JOB_ID=", 12) != 0 && strncmp(base[i], "KIST_SOCKET=", 12) != 0)
			all[kept++] = base[i];
	}
	for (size_t i = 0; i < VARIABLES; i++) {
		if (variables[i][0])
			all[kept++] = variables[i];
	}
	*ret = all;
	return KIST_OK;
}

static char *const *environment_of(const struct kist_agent_options *options)
{
	return options->environment ? options->environment : environ;
}

static kist_status start_program(struct agent *agent, struct kist_error *err)
{
	char variables[VARIABLES][VARIABLE_SIZE] = { "" };
	kist_auto_mem char **environment = NULL;

	(void)snprintf(variables[0], VARIABLE_SIZE, "KIST_JOB_ID=%s", agent->result->id);
	if (agent->server)
		(void)snprintf(variables[1], VARIABLE_SIZE, "KIST_SOCKET=%s",
			       kist_server_path(agent->server));
	KIST_TRY(make_environment(environment_of(agent->options), variables, &environment, err));
	KIST_TRY(kist_program_start(agent->options->command, environment, &agent->program, err));
	if (agent->options->folder && agent->options->follow)
		agent->settle_ns = kist_now_ns() + SETTLE_MS * NS_PER_MS;
	if (agent->options->time_limit_s > 0)
		agent->limit_ns = kist_now_ns() + agent->options->time_limit_s * NS_PER_S;
	return KIST_OK;
}

/* Without a relay the program could not print: that is an error of its start. */
static kist_status start_relays(struct agent *agent, struct kist_error *err)
{
	KIST_TRY(kist_relay_start(&agent->program.out, STDOUT_FILENO, KIST_STREAM_OUT, &agent->journal,
				  &agent->out, err));
	return kist_relay_start(&agent->program.err, STDERR_FILENO, KIST_STREAM_ERR, &agent->journal,
				&agent->err, err);
}

/* How the job ended, and why in words. */
static void judge(struct agent *agent)
{
	struct kist_agent_result *result = agent->result;
	char *text = result->error;
	const size_t size = sizeof(result->error);
	const struct kist_program_end *end = &result->end;

	result->state = KIST_JOB_FINISHED;
	if (end->status == 0 && end->signal == 0 && !result->by_time)
		return;
	result->state =
		(agent->asked || end->by_keys) && !result->by_time ? KIST_JOB_STOPPED : KIST_JOB_FAILED;
	if (result->by_time)
		(void)snprintf(text, size, "it ran longer than its time limit of %llu s",
			       (unsigned long long)agent->options->time_limit_s);
	else if (end->signal)
		(void)snprintf(text, size, "signal %d (SIG%s)%s", end->signal, sigabbrev_np(end->signal),
			       end->dumped_core ? ", with a core dump" : "");
	else
		(void)snprintf(text, size, "exit status %d", end->status);
}

static void start_server(struct agent *agent)
{
	struct kist_error why = KIST_ERROR_INIT;

	agent_go_on(agent,
		    kist_server_start(agent->options->temp_dir, agent->keeping.keeper, &agent->server, &why),
		    &why);
}

/* What a recovery needs to know once the agent is gone: whether the program still writes, and what to clear away. */
static kist_status note_program(struct agent *agent, struct kist_error *err)
{
	const char *socket = agent->server ? kist_server_path(agent->server) : "";
	json_t *facts = agent->keeping.facts;
	struct kist_owner owner;
	json_t *program;

	if (agent->keeping.run.dir_fd < 0)
		return KIST_OK;
	/* One that has ended by now needs no word. */
	if (kist_owner_of(agent->program.pid, &owner, NULL) != KIST_OK)
		return KIST_OK;
	KIST_TRY(kist_owner_json(&owner, &program, err));
	if (json_object_set_new(facts, "program", program) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_json_set_bytes(facts, "socket", socket, strlen(socket), err));
	return kist_run_write(&agent->keeping.run, facts, err);
}

static kist_status run_program(struct agent *agent, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;

	KIST_TRY(start_program(agent, err));
	agent_go_on(agent, note_program(agent, &why), &why);
	if (start_relays(agent, err) != KIST_OK) {
		kist_program_signal(&agent->program, SIGKILL);
		agent_attend(agent);
		return err->status;
	}
	agent_attend(agent);
	judge(agent);
	agent_wait_for_readers(agent);
	return KIST_OK;
}

/* What the program took, with those of its children that it waited for. */
static void note_resources(struct agent *agent)
{
	const struct rusage *usage = &agent->result->end.usage;
	json_t *facts =
		json_pack("{s:f,s:f,s:I}", "user_s",
			  (double)usage->ru_utime.tv_sec + (double)usage->ru_utime.tv_usec / 1e6, "system_s",
			  (double)usage->ru_stime.tv_sec + (double)usage->ru_stime.tv_usec / 1e6,
			  "max_rss_bytes", (json_int_t)usage->ru_maxrss * 1024);

	if (facts)
		(void)json_object_set_new(agent->keeping.facts, "resources", facts);
}

/* What was printed and went nowhere, as on a full disk; the journal has it. */
static void tell_lost(struct agent *agent, const struct kist_relay *relay)
{
	const char *const name = relay->stream == KIST_STREAM_OUT ? "output" : "error";
	struct kist_error why = KIST_ERROR_INIT;

	if (relay->lost == 0)
		return;
	(void)kist_fail(&why, KIST_IO,
			"%llu bytes of the standard %s were not passed on: %s; 'kist logs %s' has them",
			(unsigned long long)relay->lost, name,
			relay->failed ? strerror(relay->failed) : "their reader did not read",
			agent->result->id);
	kist_keeping_warn(&agent->keeping, NULL, &why);
}

static void finish(struct agent *agent, bool has_exit, const char *error)
{
	const struct kist_agent_result *result = agent->result;
	const struct kist_keeper_end end = { .state = result->state,
					     .has_exit = has_exit,
					     .status = result->end.status,
					     .signal = result->end.signal,
					     .error = error };

	if (has_exit)
		note_resources(agent);
	if (agent->journal.failed.status != KIST_OK)
		kist_keeping_warn(&agent->keeping, NULL, &agent->journal.failed);
	kist_keeping_finish(&agent->keeping, &end, &agent->result->kept);
	/* At last, as nobody may read what the agent says either. */
	tell_lost(agent, &agent->out);
	tell_lost(agent, &agent->err);
}

static kist_status start_keeping(struct agent *agent, struct kist_error *err)
{
	const struct kist_agent_options *options = agent->options;
	const struct kist_keeping_options how = { .open = options->open,
						  .open_ctx = options->ctx,
						  .warn = options->warn,
						  .ctx = options->ctx,
						  .job = agent->job,
						  .folder = options->folder,
						  .ignore_count = options->ignore_count,
						  .ignore = options->ignore,
						  .settle_ns = SETTLE_MS * NS_PER_MS,
						  .snapshot = &agent->snapshot,
						  .runs_dir = options->runs_dir };

	agent->snapshot = (struct kist_snapshot_options){ .command = options->command,
							  .variables = environment_of(options),
							  .keep_count = options->env_count,
							  .keep = options->env,
							  .no_source = options->no_source,
							  .manifest = agent->manifest };
	return kist_keeping_start(&agent->keeping, &how, err);
}

static kist_status run_job(struct agent *agent, struct kist_error *err)
{
	const char *error = agent->result->error;
	kist_status status;

	start_server(agent);
	status = run_program(agent, err);
	kist_relay_end(&agent->out);
	kist_relay_end(&agent->err);
	kist_server_end(kist_steal(agent->server));
	agent_read_watch(agent);
	if (status != KIST_OK) {
		agent->result->state = KIST_JOB_FAILED;
		error = err->text;
	}
	finish(agent, status == KIST_OK, error[0] ? error : NULL);
	return status;
}

static void agent_done(struct agent *agent)
{
	kist_watch_close(agent->watch);
	kist_program_done(&agent->program);
	kist_journal_done(&agent->journal);
	kist_keeping_done(&agent->keeping);
	kist_job_free(agent->job);
	json_decref(agent->manifest);
	if (agent->signals >= 0) {
		kist_fd_close(&agent->signals);
		(void)pthread_sigmask(SIG_SETMASK, &agent->mask_before, NULL);
	}
}

kist_status kist_agent_run(const struct kist_agent_options *options, struct kist_agent_result *ret,
			   struct kist_error *err)
{
	__attribute__((cleanup(agent_done))) struct agent agent = { .options = options,
								    .result = ret,
								    .keeping = KIST_KEEPING_INIT,
								    .journal = KIST_JOURNAL_INIT,
								    .out = KIST_RELAY_INIT,
								    .err = KIST_RELAY_INIT,
								    .program = KIST_PROGRAM_INIT,
								    .began_ns = kist_wall_ns(),
								    .signals = -1 };
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_agent_facts facts;

	*ret = (struct kist_agent_result){ .state = KIST_JOB_STARTED };
	KIST_TRY(take_signals(&agent, err));
	KIST_TRY(make_job(&agent, err));
	KIST_TRY(kist_agent_make_facts(options, ret->id, &facts, err));
	agent.keeping.facts = facts.facts;
	agent.manifest = facts.manifest;
	agent.keeping.options = (struct kist_keeping_options){ .warn = options->warn, .ctx = options->ctx };
	if (make_run(&agent, &why) == KIST_EXISTS)
		return kist_fail(err, KIST_EXISTS, "there is a job '%s' already, in '%s'", ret->id,
				 options->runs_dir);
	agent_go_on(&agent, why.status, &why);
	KIST_TRY(start_keeping(&agent, err));
	/* An id of one's own may be taken; that is worth waiting for. */
	if (options->id && kist_keeper_wait(agent.keeping.keeper, err) != KIST_OK) {
		kist_keeper_drop(agent.keeping.keeper);
		kist_run_remove(&agent.keeping.run);
		return err->status;
	}
	return run_job(&agent, err);
}

int kist_agent_exit_status(const struct kist_agent_result *result)
{
	return result->end.signal ? 128 + result->end.signal : result->end.status;
}
