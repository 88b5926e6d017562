/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/agent.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/measure.h"

/* Of warnings while the program prints, too; all of them stand in the run folder. */
#define WARNINGS_MAX	 20
#define TIME_LIMIT_MAX_S 31536000u

static const struct kist_option options[] = {
	{ .name = "project", .argument = "NAME", .help = "what the job belongs to" },
	{ .name = "artifacts",
	  .argument = "FOLDER",
	  .help = "keep what is written below this folder (default: artifacts)" },
	{ .name = "ignore", .argument = "PATTERN", .help = "but for such files ('*.tmp')", .many = true },
	{ .name = "at-end", .help = "keep files when the program has ended, and not before" },
	{ .name = "time-limit",
	  .argument = "TIME",
	  .help = "end the program after this time (90s, 15m, 12h, 7d)" },
	{ .name = "param",
	  .letter = 'p',
	  .argument = "KEY=VALUE",
	  .help = "a parameter of the job, for its record",
	  .many = true },
	{ .name = "tag", .argument = "KEY=TEXT", .help = "a tag of the job", .many = true },
	{ .name = "env",
	  .argument = "PATTERN",
	  .help = "keep such variables of the environment, too ('SLURM_*')",
	  .many = true },
	{ .name = "no-source", .help = "do not keep what the program was made of" },
	{ .name = "id", .argument = "ID", .help = "the job's id, instead of a new one" },
	{ .name = NULL },
};

/* What this command passes to the agent, and back. */
struct executing {
	struct kist_cli *cli;
	json_t *params;
	json_t *tags;
	const char *ignore[KIST_OPTION_VALUES_MAX];
	const char *env[KIST_OPTION_VALUES_MAX];
	atomic_uint warnings;
};

static void executing_done(struct executing *executing)
{
	json_decref(executing->params);
	json_decref(executing->tags);
}

static kist_status open_store(void *ctx, struct kist_flow **ret, struct kist_error *err)
{
	const struct executing *executing = ctx;
	struct kist_cli *cli = executing->cli;

	KIST_TRY(kist_cli_open(cli, true, err));
	*ret = kist_steal(cli->flow);
	return KIST_OK;
}

static void warn(void *ctx, const char *path, const struct kist_error *why)
{
	struct executing *executing = ctx;
	const unsigned count = atomic_fetch_add(&executing->warnings, 1) + 1;
	char shown[256] = "";
	char text[1024];

	if (count > WARNINGS_MAX)
		return;
	if (path)
		kist_name_escape(path, strlen(path), shown, sizeof(shown));
	kist_text_escape(why->text, strlen(why->text), text, sizeof(text));
	fprintf(stderr, "kist: exec: warning: %s%s%s%s\n", shown, path ? ": " : "", text,
		count == WARNINGS_MAX ? "; further warnings are in the run folder" : "");
}

/* "90s", "15m", "12h", "7d"; false for anything else. */
static bool read_time(const char *text, uint64_t *ret_s)
{
	static const struct {
		char unit;
		uint64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 } };
	char *end;
	uint64_t count;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	count = strtoull(text, &end, 10);
	if (errno != 0 || count == 0 || !*end || end[1])
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (*end == units[i].unit && count <= TIME_LIMIT_MAX_S / units[i].seconds) {
			*ret_s = count * units[i].seconds;
			return true;
		}
	}
	return false;
}

/* --tag KEY=TEXT, as {"KEY":"TEXT"}. */
static enum kist_exit read_tags(struct executing *executing)
{
	const struct kist_cli *cli = executing->cli;

	executing->tags = json_object();
	for (size_t i = 0; i < cli->value_count; i++) {
		const char *text = cli->values[i].text;
		const char *equals = strchr(text, '=');

		if (strcmp(cli->values[i].option->name, "tag") != 0)
			continue;
		if (!equals || equals == text)
			return kist_cli_usage(cli, "--tag takes KEY=TEXT, not '%s'", text);
		(void)json_object_setn_new(executing->tags, text, (size_t)(equals - text),
					   kist_json_text(equals + 1, strlen(equals + 1)));
	}
	return KIST_EXIT_DONE;
}

/* The value that @text is in JSON, if it is a number, true or false; else NULL. */
static json_t *scalar_of(const char *text)
{
	kist_auto_buf struct kist_buf list = KIST_BUF_INIT(strlen(text) + 2);
	kist_auto_json json_t *parsed = NULL;
	json_t *value;

	if (kist_buf_appendf(&list, NULL, "[%s]", text) != KIST_OK ||
	    kist_json_parse(kist_buf_view(&list), &parsed, NULL) != KIST_OK || json_array_size(parsed) != 1)
		return NULL;
	value = json_array_get(parsed, 0);
	return json_is_number(value) || json_is_boolean(value) ? json_incref(value) : NULL;
}

/* -p lr=0.1 is a number, so that jobs can be compared by it. */
static kist_status read_params(struct executing *executing, struct kist_error *err)
{
	const char *key;
	json_t *value;

	KIST_TRY(kist_cli_params(executing->cli, &executing->params, err));
	json_object_foreach(executing->params, key, value) {
		json_t *scalar = json_is_string(value) ? scalar_of(json_string_value(value)) : NULL;

		if (scalar && json_object_set_new(executing->params, key, scalar) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return KIST_OK;
}

/* The store as others find it, from wherever they are. */
static kist_status absolute_store(const struct kist_cli *cli, char ret[static PATH_MAX],
				  struct kist_error *err)
{
	const bool is_relative = cli->paths.store[0] != '/' && !strchr(cli->paths.store, ':');
	char here[PATH_MAX] = "";

	if (is_relative && !getcwd(here, sizeof(here)))
		return kist_fail_errno(err, errno, "cannot find this folder");
	if (snprintf(ret, PATH_MAX, "%s%s%s", here, is_relative ? "/" : "", cli->paths.store) >= PATH_MAX)
		return kist_fail(err, KIST_LIMIT, "the path of the store is too long");
	return KIST_OK;
}

/* The values of an option that may be given more than once. */
static size_t read_all(const struct kist_cli *cli, const char *name, const char **ret)
{
	size_t count = 0;

	for (size_t i = 0; i < cli->value_count; i++) {
		if (strcmp(cli->values[i].option->name, name) == 0)
			ret[count++] = cli->values[i].text;
	}
	return count;
}

static void report(const struct kist_cli *cli, const struct kist_agent_result *result)
{
	const struct kist_kept *kept = &result->kept;
	char bytes[32];
	char stored[32];

	kist_size_text(kept->bytes, bytes);
	kist_size_text(kept->stored, stored);
	if (!kept->recorded)
		fprintf(stderr,
			"kist: exec: job %s %s, but the store does not say so; 'kist job recover' keeps what "
			"is "
			"left, from %s\n",
			result->id, kist_job_state_name(result->state), result->run_folder);
	else if (kept->failed > 0)
		fprintf(stderr,
			"kist: exec: job %s %s, and %zu file%s could not be kept; 'kist job recover %s' "
			"keeps what "
			"is left\n",
			result->id, kist_job_state_name(result->state), kept->failed,
			kist_plural(kept->failed), result->id);
	else if (!cli->quiet)
		fprintf(stderr, "kist: exec: job %s %s%s%s%s: %zu file%s kept, %s given, %s written\n",
			result->id, kist_job_state_name(result->state), result->error[0] ? " (" : "",
			result->error, result->error[0] ? ")" : "", kept->files, kist_plural(kept->files),
			bytes, stored);
}

static enum kist_exit start(struct executing *executing, struct kist_agent_options *how)
{
	struct kist_agent_result result;
	struct kist_error err = KIST_ERROR_INIT;

	if (kist_agent_run(how, &result, &err) != KIST_OK) {
		(void)kist_cli_fail(executing->cli, &err, false);
		return err.status == KIST_NOT_FOUND ? (enum kist_exit)KIST_PROGRAM_EXIT_NOT_FOUND
		       : err.status == KIST_DENIED  ? (enum kist_exit)KIST_PROGRAM_EXIT_DENIED
						    : KIST_EXIT_FAILED;
	}
	report(executing->cli, &result);
	return (enum kist_exit)kist_agent_exit_status(&result);
}

static enum kist_exit run(struct kist_cli *cli)
{
	__attribute__((cleanup(executing_done))) struct executing executing = { .cli = cli };
	const char *folder = kist_cli_value(cli, "artifacts");
	const char *limit = kist_cli_value(cli, "time-limit");
	char store[PATH_MAX];
	struct kist_agent_options how = {
		.command = cli->arguments,
		.id = kist_cli_value(cli, "id"),
		.project = kist_cli_value(cli, "project"),
		.folder = folder ? folder : "artifacts",
		.ignore = executing.ignore,
		.env = executing.env,
		.no_source = kist_cli_has(cli, "no-source"),
		.follow = !kist_cli_has(cli, "at-end"),
		.runs_dir = cli->paths.runs_dir,
		.temp_dir = cli->paths.temp_dir,
		.store = store,
		.open = open_store,
		.warn = warn,
		.ctx = &executing,
	};
	struct kist_error err = KIST_ERROR_INIT;
	enum kist_exit wrong = read_tags(&executing);

	if (wrong != KIST_EXIT_DONE)
		return wrong;
	if (limit && !read_time(limit, &how.time_limit_s))
		return kist_cli_usage(
			cli, "--time-limit takes a number and s, m, h or d, as in 12h, not '%s'", limit);
	if (read_params(&executing, &err) != KIST_OK || absolute_store(cli, store, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	how.ignore_count = read_all(cli, "ignore", executing.ignore);
	how.env_count = read_all(cli, "env", executing.env);
	how.params = executing.params;
	how.tags = executing.tags;
	return start(&executing, &how);
}

const struct kist_command kist_command_exec = {
	.name = "exec",
	.arguments = "-- COMMAND...",
	.summary = "run a program, and keep what it makes while it runs",
	.options = options,
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.no_json = true,
	.run = run,
};
