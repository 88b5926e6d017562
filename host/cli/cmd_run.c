/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/issues.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "workflow/check.h"

static const struct kist_option options[] = {
	{ .name = "check", .help = "say what is wrong with it, and run nothing" },
	{ .name = "param",
	  .letter = 'p',
	  .argument = "KEY=VALUE",
	  .help = "give a parameter a value",
	  .many = true },
	{ .name = NULL },
};

/* What one command works with. */
struct running {
	struct kist_cli *cli;
	const char *file;
	struct kist_issues issues;
	struct kist_catalog *catalog;
	struct kist_offer *offer;
	struct kist_entrypoint *entrypoint;
	json_t *params;
};

static void running_done(struct running *running)
{
	kist_issues_done(&running->issues);
	kist_entrypoint_free(running->entrypoint);
	kist_offer_free(running->offer);
	kist_catalog_close(running->catalog);
	json_decref(running->params);
}

static kist_status read_and_check(struct running *running, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_DOCUMENT_SIZE_MAX + 1);
	struct kist_given given = { .to_run = false };

	KIST_TRY(kist_cli_params(running->cli, &running->params, err));
	given.parameters = running->params;
	KIST_TRY(kist_read_file_at(AT_FDCWD, running->file, &text, err));
	KIST_TRY(kist_plugins_open(running->cli, &running->catalog, err));
	KIST_TRY(kist_offer_read(running->catalog, &running->offer, err));
	KIST_TRY(kist_entrypoint_read(kist_buf_view(&text), &running->issues, &running->entrypoint, err));
	if (running->entrypoint)
		KIST_TRY(kist_entrypoint_check(running->entrypoint, running->offer, &given, &running->issues,
					       err));
	return kist_issues_finish(&running->issues, err);
}

static kist_status print_check(const struct running *running, struct kist_error *err)
{
	json_t *facts;
	char shown[1024];

	if (running->cli->json) {
		KIST_TRY(kist_issues_facts(&running->issues, running->file, &facts, err));
		return kist_print_json_take(facts, err);
	}
	kist_issues_print(&running->issues, running->file, stdout);
	kist_name_escape(running->file, strlen(running->file), shown, sizeof(shown));
	if (running->issues.error_count == 0 && !running->cli->quiet)
		printf("%s: can be run: %zu step%s\n", shown, running->entrypoint->step_count,
		       kist_plural(running->entrypoint->step_count));
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	__attribute__((cleanup(running_done))) struct running running = { .cli = cli,
									  .file = cli->arguments[0],
									  .issues = KIST_ISSUES_INIT };
	struct kist_error err = KIST_ERROR_INIT;
	kist_status status;

	if (!kist_cli_has(cli, "check"))
		return kist_cli_usage(cli, "say --check: this build checks entrypoints and runs none");
	status = read_and_check(&running, &err);
	if (status == KIST_OK)
		status = print_check(&running, &err);
	if (status != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return running.issues.error_count > 0 ? KIST_EXIT_FAILED : KIST_EXIT_DONE;
}

const struct kist_command kist_command_run = {
	.name = "run",
	.arguments = "ENTRYPOINT",
	.summary = "check an entrypoint: a graph of tasks",
	.options = options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
