/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/facts.h"
#include "cli/issues.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "cli/run_text.h"
#include "cli/run_view.h"
#include "cli/stop.h"
#include "workflow/check.h"
#include "workflow/run.h"

static const struct kist_option options[] = {
	{ .name = "check", .help = "say what is wrong with it, and run nothing" },
	{ .name = "param",
	  .letter = 'p',
	  .argument = "KEY=VALUE",
	  .help = "give a parameter a value",
	  .many = true },
	{ .name = "input",
	  .letter = 'i',
	  .argument = "KEY=NAME",
	  .help = "the artifact for an artifact input",
	  .many = true },
	{ .name = "name",
	  .letter = 'n',
	  .argument = "NAME",
	  .help = "what results are kept under; else the file's" },
	{ .name = "exports", .argument = "FOLDER", .help = "where outputs for people go; else exports/NAME" },
	{ .name = "jobs",
	  .letter = 'j',
	  .argument = "COUNT",
	  .help = "how many steps may run at once; else 1" },
	{ .name = "no-cache", .help = "run every step, also those that were run before" },
	{ .name = "no-artifacts", .help = "keep no artifacts" },
	{ .name = "no-outputs", .help = "write no outputs for people" },
	{ .name = NULL },
};

/* What one command works with. */
struct running {
	struct kist_cli *cli;
	const char *file;
	struct kist_issues issues;
	struct kist_catalog *catalog; /* of a check alone */
	struct kist_offer *offer;
	struct kist_entrypoint *entrypoint;
	json_t *params;
	json_t *inputs;
	struct kist_run_view view;
	char name[256];
	char exports[PATH_MAX];
	char folder[PATH_MAX];
	struct kist_buf text;
	bool has_text; /* it comes from elsewhere than from the file */
};

static void running_done(struct running *running)
{
	kist_run_view_done(&running->view);
	kist_issues_done(&running->issues);
	kist_entrypoint_free(running->entrypoint);
	kist_offer_free(running->offer);
	kist_catalog_close(running->catalog);
	json_decref(running->params);
	json_decref(running->inputs);
	kist_buf_done(&running->text);
}

static kist_status read_and_check(struct running *running, const struct kist_catalog *catalog, bool to_run,
				  struct kist_error *err)
{
	struct kist_given given = { .to_run = to_run };

	KIST_TRY(kist_cli_pairs(running->cli, "param", &running->params, err));
	KIST_TRY(kist_cli_pairs(running->cli, "input", &running->inputs, err));
	given.parameters = running->params;
	given.inputs = running->inputs;
	if (!running->has_text)
		KIST_TRY(kist_read_file_at(AT_FDCWD, running->file, &running->text, err));
	KIST_TRY(kist_offer_read(catalog, &running->offer, err));
	KIST_TRY(kist_entrypoint_read(kist_buf_view(&running->text), &running->issues, &running->entrypoint,
				      err));
	if (running->entrypoint)
		KIST_TRY(kist_entrypoint_check(running->entrypoint, running->offer, &given, &running->issues,
					       err));
	return kist_issues_finish(&running->issues, err);
}

static kist_status print_check(const struct running *running, FILE *out, struct kist_error *err)
{
	const struct kist_cli *cli = running->cli;
	char shown[1024];

	KIST_TRY(kist_issues_tell(cli, &running->issues, running->file, out, err));
	kist_name_escape(running->file, strlen(running->file), shown, sizeof(shown));
	if (out == stdout && running->issues.error_count == 0 && !cli->quiet && !cli->json)
		printf("%s: can be run: %zu step%s\n", shown, running->entrypoint->step_count,
		       kist_plural(running->entrypoint->step_count));
	return KIST_OK;
}

static enum kist_exit check_alone(struct running *running)
{
	struct kist_error err = KIST_ERROR_INIT;
	kist_status status = kist_plugins_open(running->cli, &running->catalog, &err);

	if (status == KIST_OK)
		status = read_and_check(running, running->catalog, false, &err);
	if (status == KIST_OK)
		status = print_check(running, stdout, &err);
	if (status != KIST_OK)
		return kist_cli_fail(running->cli, &err, false);
	return running->issues.error_count > 0 ? KIST_EXIT_FAILED : KIST_EXIT_DONE;
}

/* "train" for "flows/train.yaml", and the folder that it lies in. */
static kist_status set_names(struct running *running, struct kist_error *err)
{
	const char *given = kist_cli_value(running->cli, "name");
	const char *exports = kist_cli_value(running->cli, "exports");
	const char *outputs = running->cli->settings.outputs_path;
	const char *slash = strrchr(running->file, '/');
	const char *dot = strrchr(running->file, '.');
	size_t len;
	const char *base = kist_facts_default_name(running->file, &len);
	char path[PATH_MAX];

	if (!given && dot && dot > base && (strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0))
		len = (size_t)(dot - base);
	if (snprintf(running->name, sizeof(running->name), "%.*s", given ? (int)strlen(given) : (int)len,
		     given ? given : base) >= (int)sizeof(running->name))
		return kist_fail(err, KIST_LIMIT, "the name is too long: say a shorter one with --name");
	KIST_TRY(kist_name_check_given(running->name, strlen(running->name), err));
	snprintf(path, sizeof(path), "%.*s", slash ? (int)(slash - running->file) + 1 : 1,
		 slash ? running->file : ".");
	if (!realpath(path, running->folder))
		return kist_fail(err, KIST_NOT_FOUND, "there is no folder '%s'", path);
	if (snprintf(running->exports, sizeof(running->exports), "%s%s%s", exports ? exports : outputs,
		     exports ? "" : "/", exports ? "" : running->name) >= (int)sizeof(running->exports))
		return kist_fail(err, KIST_LIMIT, "the folder of outputs has too long a path");
	return KIST_OK;
}

static void print_result(const struct running *running, const json_t *facts)
{
	const json_t *artifacts = json_object_get(facts, "artifacts");
	const json_t *outputs = json_object_get(facts, "outputs");
	const char *job = kist_json_get_text(facts, "job");
	char shown[1024];
	const json_t *row;
	size_t i;

	if (running->cli->quiet)
		return;
	json_array_foreach((json_t *)(uintptr_t)artifacts, i, row) {
		const char *name = kist_json_get_text(row, "name");

		kist_name_escape(name, strlen(name), shown, sizeof(shown));
		printf("kept %s  %.16s\n", shown, kist_json_get_text(row, "artifact"));
	}
	json_array_foreach((json_t *)(uintptr_t)outputs, i, row) {
		const char *path = kist_json_get_text(row, "path");

		kist_name_escape(path, strlen(path), shown, sizeof(shown));
		printf("wrote %s\n", shown);
	}
	printf("%s: %s%s%s\n", running->name, kist_json_get_text(facts, "state"), job ? ", job " : "",
	       job ? job : "");
}

/* The facts of a run that failed say why. */
static kist_status print_json(const json_t *facts, const struct kist_error *why, struct kist_error *err)
{
	kist_auto_json json_t *error = json_pack("{ss,ss,ss}", "status", kist_status_name(why->status),
						 "code", why->code, "text", why->text);
	kist_auto_json json_t *whole = json_copy((json_t *)(uintptr_t)facts);

	if (!error || !whole || (why->status != KIST_OK && json_object_set(whole, "error", error) != 0))
		return kist_fail_memory(err, sizeof(json_t));
	return kist_print_json_take(kist_steal(whole), err);
}

static bool has_failed_step(const json_t *facts)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(facts, "steps"), i, row) {
		if (strcmp(kist_json_get_text(row, "state"), "failed") == 0)
			return true;
	}
	return false;
}

static enum kist_exit run_now(struct running *running)
{
	struct kist_cli *cli = running->cli;
	kist_auto_run_result struct kist_run_result result = KIST_RUN_RESULT_INIT;
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	const char *const command[] = { "kist", "run", running->file };
	const struct kist_run_options how = { .text = kist_buf_view(&running->text),
					      .name = running->name,
					      .folder = running->folder,
					      .exports = running->exports,
					      .inputs = running->inputs,
					      .command = command,
					      .command_count = 3,
					      .project = cli->settings.project,
					      .jobs = (size_t)cli->settings.jobs,
					      .no_cache = !cli->settings.step_cache,
					      .no_artifacts = kist_cli_has(cli, "no-artifacts"),
					      .no_outputs = kist_cli_has(cli, "no-outputs"),
					      .event = kist_run_view_event,
					      .ctx = &running->view };

	if (kist_run_view_init(&running->view, cli, running->entrypoint, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	cli->flow->stop = kist_stop_catch();
	if (kist_run_entrypoint(cli->flow, running->entrypoint, &how, &result, &err) != KIST_OK &&
	    !result.facts)
		return kist_cli_fail(cli, &err, err.status == KIST_CORRUPT);
	if (cli->json && print_json(result.facts, &err, &why) != KIST_OK)
		return kist_cli_fail(cli, &why, false);
	if (!cli->json)
		print_result(running, result.facts);
	if (err.status == KIST_OK)
		return KIST_EXIT_DONE;
	/* What a person reads beside the facts.  What a step calls corrupt is not the store. */
	return kist_cli_fail(cli, &err, err.status == KIST_CORRUPT && !has_failed_step(result.facts));
}

static enum kist_exit check_and_run(struct running *running)
{
	struct kist_cli *cli = running->cli;
	const struct kist_catalog *catalog;
	struct kist_error err = KIST_ERROR_INIT;
	const bool is_dry = kist_cli_has(cli, "no-artifacts") && kist_cli_has(cli, "no-outputs");
	kist_status status = set_names(running, &err);

	if (status == KIST_OK && !cli->flow)
		status = kist_cli_open(cli, !is_dry, &err);
	if (status == KIST_OK)
		status = kist_flow_catalog(cli->flow, &catalog, &err);
	if (status == KIST_OK)
		status = read_and_check(running, catalog, true, &err);
	if (status == KIST_OK && running->issues.error_count > 0)
		status = print_check(running, stderr, &err);
	else if (status == KIST_OK && !cli->json && !cli->quiet)
		kist_issues_print(&running->issues, running->file, stderr);
	if (status != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return running->issues.error_count > 0 ? KIST_EXIT_FAILED : run_now(running);
}

enum kist_exit kist_cli_run_text(struct kist_cli *cli, const char *file, const char *text)
{
	__attribute__((cleanup(running_done))) struct running running = { .cli = cli,
									  .file = file,
									  .issues = KIST_ISSUES_INIT,
									  .text = KIST_BUF_INIT(
										  KIST_DOCUMENT_SIZE_MAX + 1),
									  .has_text = true };
	struct kist_error err = KIST_ERROR_INIT;

	if (kist_buf_append(&running.text, text, strlen(text), &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return check_and_run(&running);
}

static enum kist_exit run(struct kist_cli *cli)
{
	__attribute__((cleanup(running_done))) struct running running = {
		.cli = cli,
		.file = cli->arguments[0],
		.issues = KIST_ISSUES_INIT,
		.text = KIST_BUF_INIT(KIST_DOCUMENT_SIZE_MAX + 1)
	};

	return kist_cli_has(cli, "check") ? check_alone(&running) : check_and_run(&running);
}

const struct kist_command kist_command_run = {
	.name = "run",
	.arguments = "ENTRYPOINT",
	.summary = "run an entrypoint, a graph of tasks; or check it",
	.options = options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
