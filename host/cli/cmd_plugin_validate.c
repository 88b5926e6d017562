/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/facts.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "flow/examine.h"
#include "flow/record.h"
#include "kist/host.h"

static const struct kist_option options[] = {
	{ .name = "task", .argument = "TASK", .help = "check by this artifact task" },
	{ .name = "type", .argument = "TYPE", .help = "check as this type" },
	{ .name = "param",
	  .letter = 'p',
	  .argument = "KEY=VALUE",
	  .help = "an argument for the task",
	  .many = true },
	{ .name = NULL },
};

struct issues {
	const struct kist_cli *cli;
	const char *path;
	json_t *list;
	size_t count; /* of errors */
};

static void manifest_free(struct kist_manifest **slot)
{
	kist_manifest_free(*slot);
}

static void add_issue(void *ctx, int32_t severity, const struct kist_error *issue)
{
	struct issues *issues = ctx;
	const char *word = severity == KIST_ISSUE_ERROR ? "error" : "warning";
	json_t *row;

	issues->count += severity == KIST_ISSUE_ERROR;
	if (!issues->cli->json) {
		printf("%s: ", issues->path);
		if (issue->offset != KIST_NO_OFFSET)
			printf("byte %" PRIu64 ": ", issue->offset);
		printf("%s: %s%s%s\n", word, issue->code, issue->code[0] ? ": " : "", issue->text);
		return;
	}
	row = json_pack("{s:s,s:s,s:s,s:I}", "severity", word, "code", issue->code, "text", issue->text,
			"offset",
			issue->offset == KIST_NO_OFFSET ? (json_int_t)-1 : (json_int_t)issue->offset);
	if (row)
		(void)json_array_append_new(issues->list, row);
}

static kist_status pass_part(void *ctx, const struct kist_part *part, struct kist_error *err)
{
	(void)ctx;
	(void)part;
	(void)err;
	return KIST_OK;
}

static kist_status validate_bytes(struct kist_flow *flow, struct issues *issues,
				  const struct kist_input *input, struct kist_error *err)
{
	kist_auto_examined struct kist_examined examined = KIST_EXAMINED_INIT;
	kist_auto_json json_t *params = NULL;
	struct kist_examine_options how = { .task = kist_cli_value(issues->cli, "task"),
					    .type = kist_cli_value(issues->cli, "type") };
	kist_auto_route struct kist_route route = KIST_ROUTE_INIT;
	struct kist_error refusal = KIST_ERROR_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;
	size_t len;

	KIST_TRY(kist_cli_params(issues->cli, &params, err));
	KIST_TRY(kist_examine_explain(flow, &how, kist_facts_default_name(issues->path, &len), input, &route,
				      err));
	if (!route.target.entry)
		return kist_fail(err, KIST_UNSUPPORTED, "no plugin reads '%s'; name one with --task%s%s",
				 issues->path, route.note[0] ? "; " : "", route.note);
	KIST_TRY(kist_flow_serializer(flow, &route.target, false, params, &examined.serializer,
				      &examined.params, err));
	status = kist_worker_validate(flow->worker, &examined.serializer, input, add_issue, issues, &why);
	if (status == KIST_OK)
		return KIST_OK;
	/* An issue has no status; a put asks for the layout first, whose refusal of the same fault has one.
	 */
	if (status == KIST_CORRUPT &&
	    kist_worker_layout(flow->worker, &examined.serializer, input, pass_part, NULL, &refusal) !=
		    KIST_OK &&
	    strcmp(refusal.code, why.code) == 0)
		status = refusal.status;
	return kist_fail_as(err, status, &why);
}

static kist_status validate_file(struct kist_cli *cli, struct issues *issues, struct kist_error *err)
{
	struct kist_flow flow = { .worker_options = kist_cli_worker_options(cli),
				  .catalog_options = kist_cli_catalog_options(cli) };
	struct kist_input input = { .fd = -1 };
	kist_status status = kist_plugins_file(issues->path, &input, err);

	if (status == KIST_OK)
		status = validate_bytes(&flow, issues, &input, err);
	kist_fd_close(&input.fd);
	kist_plugins_note(cli, &flow);
	kist_flow_done(&flow);
	if (!cli->json && !cli->quiet && status == KIST_OK)
		printf("%s: valid\n", issues->path);
	return status;
}

/* A plugin: its manifest, its library, and a trial load in a worker. */
static kist_status validate_plugin(struct kist_cli *cli, const char *path, json_t *row,
				   struct kist_error *err)
{
	const struct kist_worker_options options_of_worker = kist_cli_worker_options(cli);
	__attribute__((cleanup(manifest_free))) struct kist_manifest *manifest = NULL;
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_MANIFEST_SIZE_MAX);
	kist_auto_worker struct kist_worker *worker = NULL;
	char whole[PATH_MAX];
	struct kist_catalog_entry entry = { .path = whole,
					    .tier = KIST_TIER_GIVEN,
					    .refusal = KIST_ERROR_INIT };
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_worker_plugin *plugin;
	kist_status status;

	KIST_TRY(kist_read_file_at(AT_FDCWD, path, &text, err));
	/* The library is looked for beside it, by the whole path. */
	if (!realpath(path, whole))
		return kist_fail_open(err, errno, path);
	KIST_TRY(kist_manifest_parse(kist_buf_view(&text), &manifest, err));
	KIST_TRY(kist_catalog_measure(manifest, err));
	entry.manifest = manifest;
	entry.digest = kist_digest_of(kist_buf_view(&text));
	KIST_TRY(kist_record_set_text(row, "id", manifest->id, err));
	KIST_TRY(kist_record_set_text(row, "version", manifest->version, err));
	KIST_TRY(kist_worker_start(&options_of_worker, &worker, err));
	status = kist_worker_load(worker, &entry, &plugin, &why);
	/* The manifest was named, and its library was not. */
	if (status != KIST_OK)
		return kist_fail_as(err, status == KIST_NOT_FOUND ? KIST_UNSUPPORTED : status, &why);
	if (!cli->json && !cli->quiet)
		printf("%s: valid: %s %s loads and equals its manifest\n", path, manifest->id,
		       manifest->version);
	return KIST_OK;
}

/* The row of one argument; what is wrong with it has been said as an issue, or is an error. */
static enum kist_exit validate_one(struct kist_cli *cli, const char *path, json_t *rows)
{
	kist_auto_json json_t *row = json_object();
	struct issues issues = { .cli = cli, .path = path, .list = json_array() };
	struct kist_error err = KIST_ERROR_INIT;
	kist_status status = kist_manifest_is_name(path) ? validate_plugin(cli, path, row, &err)
							 : validate_file(cli, &issues, &err);

	if (status != KIST_OK && issues.count == 0) {
		json_decref(issues.list);
		/* Errors of the system name the file already. */
		if (!strstr(err.text, path))
			(void)kist_fail_context(&err, "%s", path);
		return kist_cli_fail_one(cli, &err, false, path, rows);
	}
	if (kist_json_set_bytes(row, "file", path, strlen(path), NULL) != KIST_OK ||
	    json_object_set_new(row, "valid", json_boolean(status == KIST_OK)) != 0 ||
	    json_object_set_new(row, "status", json_string(kist_status_name(status))) != 0 ||
	    json_object_set_new(row, "issues", issues.list) != 0 || json_array_append(rows, row) != 0) {
		(void)kist_fail_memory(&err, sizeof(json_t));
		return kist_cli_fail(cli, &err, false);
	}
	return status == KIST_OK ? KIST_EXIT_DONE : KIST_EXIT_FAILED;
}

static enum kist_exit run(struct kist_cli *cli)
{
	kist_auto_json json_t *rows = json_array();
	enum kist_exit worst = KIST_EXIT_DONE;
	struct kist_error err = KIST_ERROR_INIT;

	for (size_t i = 0; i < cli->argument_count; i++)
		worst = kist_exit_worse(worst, validate_one(cli, cli->arguments[i], rows));
	if (cli->json && kist_print_json_take(json_incref(rows), &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return worst;
}

const struct kist_command kist_command_plugin_validate = {
	.name = "plugin validate",
	.arguments = "FILE|MANIFEST...",
	.summary = "check a file by its plugin, or a plugin by loading it apart",
	.options = options,
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.run = run,
};
