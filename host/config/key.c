/* SPDX-License-Identifier: Apache-2.0 */
#include "config/key.h"

#include <signal.h>
#include <stddef.h>
#include <string.h>

#define AT(member) offsetof(struct kist_settings, member)
#define YEAR_S	   ((uint64_t)365 * 24 * 60 * 60)
#define WEEK_MS	   ((uint64_t)7 * 24 * 60 * 60 * 1000)
/* Cells of an experiment, steps of a run: as many as both take. */
#define JOBS_MAX 256
/* Ten years. */
#define GC_GRACE_MAX ((uint64_t)10 * 366 * 24 * 60 * 60)

const int kist_config_signals[] = { SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2 };

const struct kist_config_key kist_config_keys[] = {
	{ .name = "project",
	  .type = KIST_CONFIG_TEXT,
	  .flags = KIST_CONFIG_NOT_EMPTY,
	  .variable = "KIST_PROJECT",
	  .option = "project",
	  .commands = "exec, run, template",
	  .help = "what jobs belong to",
	  .offset = AT(project) },
	{ .name = "default_storage",
	  .type = KIST_CONFIG_STORE,
	  .flags = KIST_CONFIG_TRUSTED | KIST_CONFIG_NOT_EMPTY,
	  .variable = "KIST_STORE",
	  .option = "store",
	  .help = "the store; without it the nearest .kist folder, else your own",
	  .offset = AT(store) },
	{ .name = "local_cache",
	  .type = KIST_CONFIG_PATH,
	  .flags = KIST_CONFIG_TRUSTED | KIST_CONFIG_NOT_EMPTY,
	  .variable = "KIST_CACHE_DIR",
	  .help = "the folder of indexes and of what was learnt of files; without it $XDG_CACHE_HOME/kist",
	  .offset = AT(cache_dir) },
	{ .name = "runs_dir",
	  .type = KIST_CONFIG_PATH,
	  .flags = KIST_CONFIG_TRUSTED | KIST_CONFIG_NOT_EMPTY,
	  .variable = "KIST_RUNS_DIR",
	  .commands = "exec, job, jobs, logs, report, paths",
	  .help = "the folder of run folders; without it $XDG_DATA_HOME/kist/runs",
	  .offset = AT(runs_dir) },
	{ .name = "plugin_dirs",
	  .type = KIST_CONFIG_PATHS,
	  .flags = KIST_CONFIG_TRUSTED | KIST_CONFIG_ADDS | KIST_CONFIG_NOT_EMPTY,
	  .option = "plugin-dir",
	  .help = "folders where plugins are looked for, too; what is not trusted does not run",
	  .offset = AT(plugin_dirs) },
	{ .name = "log_level",
	  .type = KIST_CONFIG_WORD,
	  .words = "ERROR|WARNING|INFO",
	  .built_in = "INFO",
	  .variable = "KIST_LOG_LEVEL",
	  .option = "quiet",
	  .option_text = "WARNING",
	  .help = "how much is said on the side: errors; warnings, too; what was done, too",
	  .offset = AT(log_level) },
	{ .name = "job_deployment_env",
	  .type = KIST_CONFIG_WORD,
	  .words = "local",
	  .built_in = "local",
	  .commands = "exec",
	  .help = "where programs run: beside their agent; a scheduler starts the agent itself",
	  .offset = AT(deployment) },
	{ .name = "results_config.artifact_path",
	  .type = KIST_CONFIG_TEXT,
	  .flags = KIST_CONFIG_NOT_EMPTY,
	  .built_in = "artifacts",
	  .variable = "KIST_ARTIFACT_PATH",
	  .option = "artifacts",
	  .commands = "exec",
	  .help = "what is written below this folder is kept; from where the program runs",
	  .offset = AT(artifact_path) },
	{ .name = "results_config.outputs_path",
	  .type = KIST_CONFIG_TEXT,
	  .flags = KIST_CONFIG_NOT_EMPTY,
	  .built_in = "exports",
	  .variable = "KIST_OUTPUTS_PATH",
	  .commands = "run, experiment, template",
	  .help = "outputs for people go into a folder in this folder; from where you are",
	  .offset = AT(outputs_path) },
	{ .name = "capture.follow",
	  .type = KIST_CONFIG_BOOLEAN,
	  .built_in = "true",
	  .variable = "KIST_CAPTURE_FOLLOW",
	  .option = "at-end",
	  .option_text = "false",
	  .commands = "exec",
	  .help = "keep files while the program runs, and not only when it has ended",
	  .offset = AT(follow) },
	{ .name = "capture.ignore",
	  .type = KIST_CONFIG_TEXTS,
	  .flags = KIST_CONFIG_ADDS | KIST_CONFIG_NOT_EMPTY,
	  .variable = "KIST_CAPTURE_IGNORE",
	  .option = "ignore",
	  .commands = "exec",
	  .help = "patterns of files that are not kept",
	  .offset = AT(ignore) },
	{ .name = "capture.environment",
	  .type = KIST_CONFIG_TEXTS,
	  .flags = KIST_CONFIG_ADDS | KIST_CONFIG_NOT_EMPTY,
	  .variable = "KIST_CAPTURE_ENVIRONMENT",
	  .option = "env",
	  .commands = "exec",
	  .help = "patterns of variables that are kept with the job, besides those that are known to matter",
	  .offset = AT(env) },
	{ .name = "capture.source",
	  .type = KIST_CONFIG_BOOLEAN,
	  .built_in = "true",
	  .variable = "KIST_CAPTURE_SOURCE",
	  .option = "no-source",
	  .option_text = "false",
	  .commands = "exec",
	  .help = "keep what the program was made of",
	  .offset = AT(source) },
	{ .name = "limits.time",
	  .type = KIST_CONFIG_DURATION,
	  .min = 1,
	  .max = YEAR_S,
	  .variable = "KIST_TIME_LIMIT",
	  .option = "time-limit",
	  .commands = "exec",
	  .help = "how long a program may run; without it as long as it does",
	  .offset = AT(time_limit_s) },
	{ .name = "limits.grace",
	  .type = KIST_CONFIG_DURATION,
	  .min = 1,
	  .max = YEAR_S,
	  .built_in = "10s",
	  .variable = "KIST_GRACE",
	  .option = "grace",
	  .commands = "exec",
	  .help = "how long a program has, after its time, before it is killed",
	  .offset = AT(grace_s) },
	{ .name = "limits.stop_signal",
	  .type = KIST_CONFIG_WORD,
	  .words = "TERM|INT|HUP|QUIT|USR1|USR2",
	  .built_in = "TERM",
	  .variable = "KIST_STOP_SIGNAL",
	  .option = "stop-signal",
	  .commands = "exec",
	  .help = "the signal that tells a program that its time is over",
	  .offset = AT(stop_signal) },
	{ .name = "limits.deadline",
	  .type = KIST_CONFIG_SECONDS,
	  .min = 1,
	  .max = WEEK_MS,
	  .variable = "KIST_DEADLINE",
	  .option = "deadline",
	  .help = "seconds that one call of a plugin may take; without it 600",
	  .offset = AT(deadline_ms) },
	{ .name = "jobs",
	  .type = KIST_CONFIG_COUNT,
	  .min = 1,
	  .max = JOBS_MAX,
	  .built_in = "1",
	  .variable = "KIST_JOBS",
	  .option = "jobs",
	  .commands = "run, experiment, replay, template",
	  .help = "how many steps or cells may run at once",
	  .offset = AT(jobs) },
	{ .name = "step_cache",
	  .type = KIST_CONFIG_BOOLEAN,
	  .built_in = "true",
	  .variable = "KIST_STEP_CACHE",
	  .option = "no-cache",
	  .option_text = "false",
	  .commands = "run, template",
	  .help = "take deterministic steps that were run before from there",
	  .offset = AT(step_cache) },
	{ .name = "retention.versions",
	  .type = KIST_CONFIG_COUNT,
	  .min = 1,
	  .max = UINT32_MAX,
	  .variable = "KIST_RETENTION_VERSIONS",
	  .commands = "experiment",
	  .help = "how many versions of an experiment are kept whose file does not say it; without it all",
	  .offset = AT(keep_versions) },
	{ .name = "retention.runs",
	  .type = KIST_CONFIG_COUNT,
	  .min = 1,
	  .max = UINT32_MAX,
	  .built_in = "1000",
	  .variable = "KIST_RETENTION_RUNS",
	  .commands = "exec",
	  .help = "how many run folders are left; older ones go when the store has all that is in them",
	  .offset = AT(keep_runs) },
	{ .name = "put.level",
	  .type = KIST_CONFIG_WORD,
	  .words = "fast|default|archive",
	  .built_in = "default",
	  .variable = "KIST_PUT_LEVEL",
	  .option = "level",
	  .commands = "put",
	  .help = "how hard to compress",
	  .offset = AT(level) },
	{ .name = "gc.grace",
	  .type = KIST_CONFIG_DURATION,
	  .flags = KIST_CONFIG_PLAIN_SECONDS,
	  .max = GC_GRACE_MAX,
	  .built_in = "24h",
	  .variable = "KIST_GC_GRACE",
	  .option = "grace",
	  .commands = "gc",
	  .help = "how long a put may be silent before it counts as dead",
	  .offset = AT(gc_grace_s) },
	{ .name = "params",
	  .type = KIST_CONFIG_SCALAR_MAP,
	  .commands = "exec",
	  .help = "parameters of a job, for its record; '-p' gives them, too",
	  .offset = AT(params) },
	{ .name = "tags",
	  .type = KIST_CONFIG_TEXT_MAP,
	  .commands = "exec",
	  .help = "tags of a job; '--tag' gives them, too",
	  .offset = AT(tags) },
	{ .name = "environment",
	  .type = KIST_CONFIG_VARIABLES,
	  .flags = KIST_CONFIG_TRUSTED,
	  .commands = "exec",
	  .help = "variables that the program gets, in place of those of kist exec",
	  .offset = AT(environment) },
	{ .name = "id",
	  .type = KIST_CONFIG_TEXT,
	  .flags = KIST_CONFIG_JOB | KIST_CONFIG_NOT_EMPTY,
	  .option = "id",
	  .commands = "exec",
	  .help = "the job's id; without it a new one is drawn",
	  .offset = AT(id) },
	{ .name = "command",
	  .type = KIST_CONFIG_TEXTS,
	  .flags = KIST_CONFIG_JOB,
	  .commands = "exec",
	  .help = "the program and its arguments, when none follow '--'",
	  .offset = AT(command) },
	{ .name = "working_dir",
	  .type = KIST_CONFIG_PATH,
	  .flags = KIST_CONFIG_JOB | KIST_CONFIG_NOT_EMPTY,
	  .commands = "exec",
	  .help = "the folder that the program runs in",
	  .offset = AT(working_dir) },
	{ .name = NULL },
};

_Static_assert(sizeof(kist_config_keys) / sizeof(kist_config_keys[0]) == KIST_CONFIG_KEYS + 1,
	       "KIST_CONFIG_KEYS counts the rows");

const struct kist_config_key *kist_config_key_find(const char *name)
{
	for (const struct kist_config_key *key = kist_config_keys; key->name; key++) {
		if (strcmp(key->name, name) == 0)
			return key;
	}
	return NULL;
}

/* Commands of two words count by their first: "experiment run". */
bool kist_config_key_counts(const struct kist_config_key *key, const char *command)
{
	const char *at = key->commands;
	const size_t len = command ? strcspn(command, " ") : 0;

	if (!command || !at)
		return true;
	while (*at) {
		const size_t step = strcspn(at, ",");

		if (step == len && memcmp(at, command, len) == 0)
			return true;
		at += step;
		at += strspn(at, ", ");
	}
	return false;
}

bool kist_config_is_list(const struct kist_config_key *key)
{
	return key->type == KIST_CONFIG_TEXTS || key->type == KIST_CONFIG_PATHS;
}

bool kist_config_is_map(const struct kist_config_key *key)
{
	return key->type >= KIST_CONFIG_TEXT_MAP;
}
