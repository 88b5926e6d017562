/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"
#include "kit/lint.h"

static const char *const here[] = { "." };

static void print_findings(const struct kist_cli *cli, const char *path,
			   const struct kist_kit_findings *findings)
{
	const json_t *row;
	size_t i;

	json_array_foreach(findings->list, i, row)
		printf("%s: %s: %s [%s]\n", path, kist_json_get_text(row, "level"),
		       kist_json_get_text(row, "text"), kist_json_get_text(row, "check"));
	if (!cli->quiet)
		printf("%s: %zu errors, %zu warnings, %zu notes\n", path, findings->counts[KIST_KIT_ERROR],
		       findings->counts[KIST_KIT_WARNING], findings->counts[KIST_KIT_NOTE]);
}

static json_t *row_of(const struct kist_kit_subject *subject, const struct kist_kit_findings *findings)
{
	return json_pack("{s:o,s:s,s:s,s:o,s:I,s:I,s:I}", "manifest",
			 kist_json_text(subject->path, strlen(subject->path)), "id",
			 subject->manifest ? subject->manifest->id : "", "version",
			 subject->manifest ? subject->manifest->version : "", "findings",
			 findings->list ? json_incref(findings->list) : json_array(), "errors",
			 (json_int_t)findings->counts[KIST_KIT_ERROR], "warnings",
			 (json_int_t)findings->counts[KIST_KIT_WARNING], "notes",
			 (json_int_t)findings->counts[KIST_KIT_NOTE]);
}

static enum kist_exit lint_one(struct kist_cli *cli, const char *path, json_t *rows)
{
	const struct kist_worker_options worker = kist_cli_worker_options(cli);
	kist_auto_subject struct kist_kit_subject subject = KIST_KIT_SUBJECT_INIT;
	kist_auto_findings struct kist_kit_findings findings = KIST_KIT_FINDINGS_INIT;
	struct kist_error err = KIST_ERROR_INIT;

	if (kist_kit_subject_open(path, &subject, &err) != KIST_OK)
		return kist_cli_fail_one(cli, &err, false, path, rows);
	kist_lint(&subject, &worker, &findings);
	if (!cli->json)
		print_findings(cli, path, &findings);
	else if (json_array_append_new(rows, row_of(&subject, &findings)) != 0) {
		(void)kist_fail(&err, KIST_NO_MEMORY, "no memory for the findings");
		return kist_cli_fail(cli, &err, false);
	}
	return findings.counts[KIST_KIT_ERROR] > 0 ? KIST_EXIT_FAILED : KIST_EXIT_DONE;
}

static enum kist_exit run(struct kist_cli *cli)
{
	kist_auto_json json_t *rows = json_array();
	const bool is_here = cli->argument_count == 0;
	enum kist_exit worst = KIST_EXIT_DONE;
	struct kist_error err = KIST_ERROR_INIT;

	for (size_t i = 0; i < (is_here ? 1 : cli->argument_count); i++)
		worst = kist_exit_worse(worst, lint_one(cli, is_here ? here[0] : cli->arguments[i], rows));
	if (cli->json && kist_print_json_take(json_incref(rows), &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return worst;
}

const struct kist_command kist_command_plugin_lint = {
	.name = "plugin lint",
	.arguments = "[MANIFEST|FOLDER]...",
	.summary = "check a plugin without running it, and say what to change",
	.arguments_max = SIZE_MAX,
	.run = run,
};
