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
#include "agent/prune.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/measure.h"
#include "cli/settings.h"

/* Of warnings while the program prints, too; all of them stand in the run folder. */
#define WARNINGS_MAX 20

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
	{ .name = "grace",
	  .argument = "TIME",
	  .help = "kill it so long after that, when it has not ended (default: 10s)" },
	{ .name = "stop-signal",
	  .argument = "TERM|INT|HUP|QUIT|USR1|USR2",
	  .help = "how it is told to end (default: TERM)" },
	{ .name = "config", .argument = "FILE", .help = "the settings of this job, also its command" },
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
	const char **ignore;
	const char **env;
	char **environment;	 /* "NAME=value"; ended by NULL */
	char **command;		 /* ended by NULL */
	struct kist_arena arena; /* of texts in it */
	atomic_uint warnings;
};

static void executing_done(struct executing *executing)
{
	json_decref(executing->params);
	json_decref(executing->tags);
	kist_free(executing->ignore);
	kist_free(executing->env);
	kist_free(executing->environment);
	kist_free(executing->command);
	kist_arena_done(&executing->arena);
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

	if (count > WARNINGS_MAX || executing->cli->settings.log_level < KIST_SAY_WARNINGS)
		return;
	if (path)
		kist_name_escape(path, strlen(path), shown, sizeof(shown));
	kist_text_escape(why->text, strlen(why->text), text, sizeof(text));
	fprintf(stderr, "kist: exec: warning: %s%s%s%s\n", shown, path ? ": " : "", text,
		count == WARNINGS_MAX ? "; further warnings are in the run folder" : "");
}

/* Those of the settings, and --tag KEY=TEXT, as {"KEY":"TEXT"}. */
static enum kist_exit read_tags(struct executing *executing)
{
	const struct kist_cli *cli = executing->cli;

	executing->tags = json_object();
	for (size_t i = 0; i < cli->settings.tags.count; i++) {
		const struct kist_config_item *tag = &cli->settings.tags.items[i];

		(void)json_object_set_new(executing->tags, tag->key, json_string(tag->text));
	}
	for (size_t i = 0; i < cli->value_count; i++) {
		const char *text = cli->values[i].text;
		const char *equals = strchr(text, '=');

		if (strcmp(cli->values[i].option->name, "tag") != 0)
			continue;
		if (!equals || equals == text || !kist_utf8_valid(text, (size_t)(equals - text)))
			return kist_cli_usage(cli, "--tag takes KEY=TEXT, of UTF-8, not '%s'", text);
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
	const struct kist_config_list *params = &executing->cli->settings.params;
	kist_auto_json json_t *given = NULL;
	const char *key;
	json_t *value;

	KIST_TRY(kist_cli_params(executing->cli, &given, err));
	executing->params = json_object();
	for (size_t i = 0; i < params->count; i++) {
		if (json_object_set_new(executing->params, params->items[i].key,
					kist_settings_item_json(&params->items[i])) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	json_object_foreach(given, key, value) {
		json_t *scalar = json_is_string(value) ? scalar_of(json_string_value(value)) : NULL;

		if (json_object_set_new(executing->params, key, scalar ? scalar : json_incref(value)) != 0)
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

/* The texts of a list, ended by NULL. */
static kist_status read_list(const struct kist_config_list *list, const char ***ret, struct kist_error *err)
{
	*ret = kist_alloc(list->count + 1, sizeof(**ret));
	for (size_t i = 0; *ret && i < list->count; i++)
		(*ret)[i] = list->items[i].text;
	return *ret ? KIST_OK : kist_fail_memory(err, (list->count + 1) * sizeof(**ret));
}

static bool has_name(const struct kist_config_list *list, const char *variable)
{
	const size_t len = strcspn(variable, "=");

	for (size_t i = 0; i < list->count; i++) {
		if (strlen(list->items[i].key) == len && memcmp(list->items[i].key, variable, len) == 0)
			return true;
	}
	return false;
}

/* Ours, but for what the settings say. */
static kist_status read_environment(struct executing *executing, struct kist_error *err)
{
	const struct kist_config_list *list = &executing->cli->settings.environment;
	size_t ours = 0;
	size_t count = 0;

	while (environ[ours])
		ours++;
	executing->environment = kist_alloc(ours + list->count + 1, sizeof(*executing->environment));
	if (!executing->environment)
		return kist_fail_memory(err, (ours + list->count) * sizeof(*executing->environment));
	for (size_t i = 0; i < ours; i++) {
		if (!has_name(list, environ[i]))
			executing->environment[count++] = environ[i];
	}
	for (size_t i = 0; i < list->count; i++) {
		const struct kist_config_item *item = &list->items[i];
		const size_t size = strlen(item->key) + strlen(item->text) + sizeof("=");
		char *text = kist_arena_take(&executing->arena, size, err);

		if (!text)
			return KIST_NO_MEMORY;
		(void)snprintf(text, size, "%s=%s", item->key, item->text);
		executing->environment[count++] = text;
	}
	return KIST_OK;
}

/* What stands behind "--", else what the job's file says. */
static kist_status read_command(struct executing *executing, struct kist_error *err)
{
	const struct kist_cli *cli = executing->cli;
	const struct kist_config_list *list = &cli->settings.command;
	const size_t count = cli->argument_count ? cli->argument_count : list->count;

	executing->command = kist_alloc(count + 1, sizeof(*executing->command));
	if (!executing->command)
		return kist_fail_memory(err, count * sizeof(*executing->command));
	for (size_t i = 0; i < count; i++)
		executing->command[i] =
			cli->argument_count ? cli->arguments[i] : (char *)(uintptr_t)list->items[i].text;
	return KIST_OK;
}

/* What the settings say, as the agent takes it. */
static kist_status read_settings(struct executing *executing, struct kist_agent_options *how,
				 struct kist_error *err)
{
	const struct kist_settings *settings = &executing->cli->settings;

	KIST_TRY(read_params(executing, err));
	KIST_TRY(read_environment(executing, err));
	KIST_TRY(read_list(&settings->ignore, &executing->ignore, err));
	KIST_TRY(read_list(&settings->env, &executing->env, err));
	KIST_TRY(read_command(executing, err));
	how->params = executing->params;
	how->tags = executing->tags;
	how->environment = executing->environment;
	how->ignore = executing->ignore;
	how->ignore_count = settings->ignore.count;
	how->env = executing->env;
	how->env_count = settings->env.count;
	how->command = executing->command;
	return KIST_OK;
}

/* Plugin folders as they are found from anywhere: the catalog is opened later. */
static kist_status fix_plugin_dirs(struct executing *executing, struct kist_error *err)
{
	const struct kist_config_list *list = &executing->cli->settings.plugin_dirs;
	char path[PATH_MAX];

	for (size_t i = 0; i < list->count; i++) {
		struct kist_config_item *item = (struct kist_config_item *)(uintptr_t)&list->items[i];

		if (!realpath(item->text, path))
			continue;
		item->text = kist_arena_text(&executing->arena, path, strlen(path), err);
		if (!item->text)
			return KIST_NO_MEMORY;
	}
	return KIST_OK;
}

/* The program, and all that is named from where it runs, is in the working folder. */
static kist_status change_folder(struct executing *executing, const char *store, struct kist_error *err)
{
	struct kist_cli *cli = executing->cli;
	const char *folder = cli->settings.working_dir;

	if (!folder)
		return KIST_OK;
	KIST_TRY(fix_plugin_dirs(executing, err));
	(void)snprintf(cli->paths.store, sizeof(cli->paths.store), "%s", store);
	if (chdir(folder) != 0)
		return kist_fail_errno(err, errno, "cannot go to the working folder '%s'", folder);
	return KIST_OK;
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
	kist_prune_runs(how->runs_dir, executing->cli->settings.keep_runs);
	return (enum kist_exit)kist_agent_exit_status(&result);
}

static enum kist_exit run(struct kist_cli *cli)
{
	__attribute__((cleanup(executing_done))) struct executing executing = { .cli = cli };
	const struct kist_settings *settings = &cli->settings;
	char store[PATH_MAX];
	struct kist_agent_options how = {
		.id = settings->id,
		.project = settings->project,
		.folder = settings->artifact_path,
		.follow = settings->follow,
		.no_source = !settings->source,
		.time_limit_s = settings->time_limit_s,
		.grace_s = settings->grace_s,
		.stop_signal = kist_config_signals[settings->stop_signal],
		.runs_dir = cli->paths.runs_dir,
		.temp_dir = cli->paths.temp_dir,
		.store = store,
		.open = open_store,
		.warn = warn,
		.ctx = &executing,
	};
	struct kist_error err = KIST_ERROR_INIT;
	enum kist_exit wrong;

	if (cli->argument_count == 0 && settings->command.count == 0)
		return kist_cli_usage(cli, "takes -- COMMAND..., or a file with a 'command' by --config; see "
					   "'kist exec --help'");
	wrong = read_tags(&executing);
	if (wrong != KIST_EXIT_DONE)
		return wrong;
	if (read_settings(&executing, &how, &err) != KIST_OK || absolute_store(cli, store, &err) != KIST_OK ||
	    change_folder(&executing, store, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return start(&executing, &how);
}

const struct kist_command kist_command_exec = {
	.name = "exec",
	.arguments = "-- COMMAND...",
	.summary = "run a program, and keep what it makes while it runs",
	.options = options,
	.arguments_max = SIZE_MAX,
	.no_json = true,
	.run = run,
};
