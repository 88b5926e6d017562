/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/prune.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "cli/value.h"
#include "flow/record.h"
#include "job/index.h"

/* Digits of an id that are shown to people. */
#define DIGEST_SHOWN 12

static const struct kist_option rm_options[] = {
	{ .name = "force", .letter = 'f', .help = "also a job that has not ended" },
	{ .name = "keep-artifacts", .help = "drop the record alone; what the job made keeps its names" },
	{ .name = NULL },
};

static const char *life_name(const struct kist_job *job)
{
	static const char *const names[] = {
		[KIST_OWNER_ALIVE] = "alive", [KIST_OWNER_GONE] = "gone", [KIST_OWNER_UNKNOWN] = "unknown"
	};

	return names[kist_job_life(job)];
}

static kist_status set_time(json_t *to, const char *key, const json_t *from, struct kist_error *err)
{
	const json_t *value = json_object_get(from, key);
	char text[KIST_TIME_TEXT_SIZE];

	if (!value)
		return KIST_OK;
	kist_time_text((int64_t)json_integer_value(value), text);
	return kist_record_set_text(to, key, text, err);
}

static kist_status set_took(json_t *to, const json_t *from, struct kist_error *err)
{
	uint64_t started;
	uint64_t ended;
	char text[32];

	if (!kist_json_get_u64(from, "started", &started) || !kist_json_get_u64(from, "ended", &ended))
		return KIST_OK;
	kist_job_took_text(started, ended, text);
	return kist_record_set_text(to, "took", text, err);
}

/* What is there of @keys, as it is. */
static kist_status copy_members(json_t *to, const json_t *from, const char *const *keys,
				struct kist_error *err)
{
	for (; *keys; keys++) {
		json_t *value = json_object_get(from, *keys);

		if (value && !((json_is_object(value) && json_object_size(value) == 0) ||
			       (json_is_string(value) && json_string_length(value) == 0)))
			KIST_TRY(kist_record_set_take(to, *keys, json_incref(value), err));
	}
	return KIST_OK;
}

/* The list of what @make makes of each element of @from; left out when it is empty. */
static kist_status add_list(json_t *to, const char *key, const json_t *from,
			    kist_status (*make)(json_t *to, const json_t *from, struct kist_error *err),
			    struct kist_error *err)
{
	kist_auto_json json_t *list = json_array();

	for (size_t i = 0; i < json_array_size(from); i++) {
		kist_auto_json json_t *line = json_object();

		if (!line)
			return kist_fail_memory(err, sizeof(json_t));
		KIST_TRY(make(line, json_array_get(from, i), err));
		if (json_array_append(list, line) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return json_array_size(from) ? kist_record_set_take(to, key, kist_steal(list), err) : KIST_OK;
}

static kist_status set_short_digest(json_t *to, const json_t *from, struct kist_error *err)
{
	char text[DIGEST_SHOWN + 1];

	snprintf(text, sizeof(text), "%s", kist_json_get_text(from, "artifact"));
	return kist_record_set_text(to, "artifact", text, err);
}

static kist_status show_step(json_t *to, const json_t *from, struct kist_error *err)
{
	static const char *const keys[] = { "name", "state", "task", "cached", "error", NULL };

	KIST_TRY(copy_members(to, from, keys, err));
	return set_took(to, from, err);
}

static kist_status show_artifact(json_t *to, const json_t *from, struct kist_error *err)
{
	static const char *const keys[] = { "name", "step", "partial", NULL };

	KIST_TRY(copy_members(to, from, keys, err));
	return set_short_digest(to, from, err);
}

static kist_status show_input(json_t *to, const json_t *from, struct kist_error *err)
{
	static const char *const keys[] = { "name", NULL };

	KIST_TRY(copy_members(to, from, keys, err));
	return set_short_digest(to, from, err);
}

static const char *const command_separator = " ";

static kist_status show_command(json_t *to, const json_t *command, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_JOB_SIZE_MAX);

	if (!command)
		return KIST_OK;
	for (size_t i = 0; i < json_array_size(command); i++)
		KIST_TRY(kist_buf_appendf(&text, err, "%s%s", i ? command_separator : "",
					  json_string_value(json_array_get(command, i))));
	return kist_record_set_take(to, "command", kist_json_text((const char *)text.data, text.size), err);
}

/* The last value of each series; all of them with --json. */
static kist_status show_metrics(json_t *to, const json_t *metrics, struct kist_error *err)
{
	json_t *shown = json_object();
	const char *key;
	json_t *series;

	KIST_TRY(kist_record_set_take(to, "metrics", shown, err));
	json_object_foreach((json_t *)(uintptr_t)metrics, key, series) {
		const json_t *values = json_object_get(series, "values");
		const size_t count = json_array_size(values);
		const json_t *last = json_array_get(values, count - 1);
		const int64_t step = (int64_t)json_integer_value(
			json_array_get(json_object_get(series, "steps"), count - 1));
		char number[32];
		char text[128];

		if (json_is_number(last))
			kist_job_number_text(json_number_value(last), number);
		else
			snprintf(number, sizeof(number), "%s", json_string_value(last));
		snprintf(text, sizeof(text), "%s at %" PRId64 ", %zu point%s", number, step, count,
			 kist_plural(count));
		KIST_TRY(kist_record_set_text(shown, key, text, err));
	}
	if (json_object_size(metrics) == 0)
		(void)json_object_del(to, "metrics");
	return KIST_OK;
}

/* What it ran in and was made of, from what is kept with it; a job that has none of it says nothing. */
static kist_status load_part(struct kist_cli *cli, const char *id, const char *what, json_t **ret,
			     struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = kist_job_load_part(cli->flow, id, what, ret, &why);

	return status == KIST_OK || status == KIST_NOT_FOUND ? KIST_OK : kist_fail_as(err, status, &why);
}

/* The texts of its files are left out: 'kist cat' shows them. */
static kist_status load_snapshot(struct kist_cli *cli, const char *id, json_t **ret_environment,
				 json_t **ret_source, struct kist_error *err)
{
	json_t *file;
	size_t i;

	KIST_TRY(load_part(cli, id, "environment", ret_environment, err));
	KIST_TRY(load_part(cli, id, "source", ret_source, err));
	json_array_foreach(json_object_get(*ret_source, "files"), i, file)
		(void)json_object_del(file, "text");
	return KIST_OK;
}

static kist_status show_snapshot(json_t *to, const json_t *environment, const json_t *source,
				 struct kist_error *err)
{
	static const char *const of_environment[] = { "system", "kernel",	"machine",
						      "cpu",	"cpus_allowed", "memory_bytes",
						      "cgroup", "folder",	"program",
						      NULL };
	static const char *const of_source[] = {
		"folder", "vcs", "commit", "branch", "changed", "note", NULL
	};
	const size_t files = json_array_size(json_object_get(source, "files"));
	json_t *shown;

	if (environment) {
		KIST_TRY(kist_record_set_take(to, "environment", shown = json_object(), err));
		KIST_TRY(copy_members(shown, environment, of_environment, err));
	}
	if (!source)
		return KIST_OK;
	KIST_TRY(kist_record_set_take(to, "source", shown = json_object(), err));
	KIST_TRY(copy_members(shown, source, of_source, err));
	return kist_record_set_take(shown, "files", json_integer((json_int_t)files), err);
}

static kist_status print_people(const struct kist_job *job, const json_t *environment, const json_t *source,
				struct kist_error *err)
{
	static const char *const first[] = { "id", "kind", "project", "user", "parent", "entrypoint", NULL };
	static const char *const then[] = { "exit_status", "signal", "error", "params", "tags", NULL };
	const json_t *root = job->root;
	kist_auto_json json_t *shown = json_object();
	const bool is_gone =
		!kist_job_state_is_end(kist_job_state(job)) && kist_job_life(job) == KIST_OWNER_GONE;
	const char *host = kist_json_get_text(json_object_get(root, "owner"), "host");

	if (!shown)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(copy_members(shown, root, first, err));
	KIST_TRY(kist_record_set_text(shown, "state",
				      is_gone ? "lost: the process that ran it is gone"
					      : kist_job_state_name(kist_job_state(job)),
				      err));
	KIST_TRY(kist_record_set_text(shown, "host", host, err));
	KIST_TRY(show_command(shown, json_object_get(root, "command"), err));
	KIST_TRY(set_time(shown, "created", root, err));
	KIST_TRY(set_time(shown, "started", root, err));
	KIST_TRY(set_time(shown, "ended", root, err));
	KIST_TRY(set_took(shown, root, err));
	KIST_TRY(copy_members(shown, root, then, err));
	KIST_TRY(show_snapshot(shown, environment, source, err));
	KIST_TRY(show_metrics(shown, json_object_get(root, "metrics"), err));
	KIST_TRY(add_list(shown, "inputs", json_object_get(root, "inputs"), show_input, err));
	KIST_TRY(add_list(shown, "steps", json_object_get(root, "steps"), show_step, err));
	KIST_TRY(add_list(shown, "artifacts", json_object_get(root, "artifacts"), show_artifact, err));
	kist_print_value(shown, 0);
	return KIST_OK;
}

static kist_status show(struct kist_cli *cli, struct kist_error *err)
{
	kist_auto_job struct kist_job *job = NULL;
	kist_auto_json json_t *environment = NULL;
	kist_auto_json json_t *source = NULL;
	char id[KIST_JOB_ID_MAX + 1];
	char hex[KIST_DIGEST_HEX_SIZE];

	KIST_TRY(kist_cli_open(cli, false, err));
	KIST_TRY(kist_job_find(cli->flow, cli->arguments[0], id, err));
	KIST_TRY(kist_job_load(cli->flow, id, &job, err));
	KIST_TRY(load_snapshot(cli, id, &environment, &source, err));
	if (!cli->json)
		return print_people(job, environment, source, err);
	if (environment)
		KIST_TRY(kist_record_set_take(job->root, "environment_facts", kist_steal(environment), err));
	if (source)
		KIST_TRY(kist_record_set_take(job->root, "source_facts", kist_steal(source), err));
	kist_digest_hex(&job->committed, hex);
	KIST_TRY(kist_record_set_text(job->root, "record", hex, err));
	KIST_TRY(kist_record_set_text(job->root, "owner_life", life_name(job), err));
	return kist_print_json_take(json_incref(job->root), err);
}

static enum kist_exit run_show(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;

	return show(cli, &err) == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, true);
}

static kist_status print_dropped(const struct kist_cli *cli, json_t *list, const struct kist_job_dropped *sum,
				 struct kist_error *err)
{
	if (cli->json) {
		json_t *facts = json_pack("{s:O,s:I,s:I}", "dropped", list, "artifacts",
					  (json_int_t)sum->artifacts, "kept", (json_int_t)sum->kept);

		return facts ? kist_print_json_take(facts, err) : kist_fail_memory(err, sizeof(json_t));
	}
	if (cli->quiet)
		return KIST_OK;
	printf("%zu job%s dropped, with %zu name%s of artifacts", json_array_size(list),
	       kist_plural(json_array_size(list)), sum->artifacts, kist_plural(sum->artifacts));
	if (sum->kept > 0)
		printf("; %zu that %s something else by now %s", sum->kept, sum->kept == 1 ? "means" : "mean",
		       sum->kept == 1 ? "stays" : "stay");
	printf("; the bytes stay in the store\n");
	return KIST_OK;
}

static kist_status drop_all(struct kist_cli *cli, json_t *list, struct kist_job_dropped *sum,
			    struct kist_error *err)
{
	for (size_t i = 0; i < cli->argument_count; i++) {
		struct kist_job_dropped dropped = { .artifacts = 0 };
		char id[KIST_JOB_ID_MAX + 1];

		KIST_TRY(kist_job_find(cli->flow, cli->arguments[i], id, err));
		KIST_TRY(kist_job_drop(cli->flow, id, kist_cli_has(cli, "force"),
				       kist_cli_has(cli, "keep-artifacts"), &dropped, err));
		(void)kist_prune_run(cli->paths.runs_dir, id);
		sum->artifacts += dropped.artifacts;
		sum->kept += dropped.kept;
		if (json_array_append_new(list, json_string(id)) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return KIST_OK;
}

/* One job after another, each whole or not at all. */
static enum kist_exit run_rm(struct kist_cli *cli)
{
	kist_auto_json json_t *list = json_array();
	struct kist_job_dropped sum = { .artifacts = 0 };
	struct kist_error err = KIST_ERROR_INIT;

	if (!list || kist_cli_drop_repeats(cli, 0, &err) != KIST_OK ||
	    kist_cli_open(cli, false, &err) != KIST_OK || drop_all(cli, list, &sum, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	kist_plugins_note(cli, cli->flow);
	if (print_dropped(cli, list, &sum, &err) != KIST_OK || !kist_output_is_whole())
		return kist_cli_fail_kept(cli, &err);
	return KIST_EXIT_DONE;
}

const struct kist_command kist_command_job_show = {
	.name = "job show",
	.arguments = "JOB",
	.summary = "all that is known of a job",
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run_show,
};

const struct kist_command kist_command_job_rm = {
	.name = "job rm",
	.arguments = "JOB...",
	.summary = "drop jobs, and the names of what they made",
	.options = rm_options,
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.run = run_rm,
};
