/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/num.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "kit/runtime.h"
#include "kit/trial.h"

#define DEFAULT_SEED 1
/* One check of one type: a hundred times what the slowest of ours takes. */
#define CHECK_MS_MAX   ((uint64_t)120000)
#define JUNIT_SIZE_MAX ((size_t)16 << 20)

static const struct kist_option options[] = {
	{ .name = "asan", .help = "under the address sanitizer: of a plugin built with -fsanitize=address" },
	{ .name = "seed", .argument = "N", .help = "what random inputs are made of; else 1" },
	{ .name = "check", .argument = "ID", .help = "this check alone" },
	{ .name = "junit", .argument = "FILE", .help = "write the results as JUnit's XML there" },
	{ .name = "no-corpus", .help = "do not keep inputs that break it in corpus/" },
	{ .name = NULL },
};

/* What is printed as it comes: what failed, and with what. */
static void print_result(void *ctx, const json_t *result)
{
	const struct kist_cli *cli = ctx;
	const char *status = kist_json_get_text(result, "status");
	const json_t *row;
	size_t i;

	if (cli->json || (cli->quiet && strcmp(status, "failed") != 0))
		return;
	printf("%-7s %-18s %s%s%s\n", status, kist_json_get_text(result, "check"),
	       kist_json_get_text(result, "of"), kist_json_get_text(result, "skipped")[0] ? ": " : "",
	       kist_json_get_text(result, "skipped"));
	json_array_foreach(json_object_get(result, "findings"), i, row)
		printf("        %s\n", kist_json_get_text(row, "text"));
	if (kist_json_get_text(result, "output")[0])
		printf("        its last words:\n%s\n", kist_json_get_text(result, "output"));
	fflush(stdout);
}

static kist_status write_junit(const char *path, const struct kist_kit_subject *subject,
			       const struct kist_trial *trial, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(JUNIT_SIZE_MAX);

	KIST_TRY(kist_trial_junit(subject, trial, &text, err));
	return kist_output_file(path, kist_buf_view(&text), 0666, err);
}

static kist_status print_all(struct kist_cli *cli, const struct kist_kit_subject *subject,
			     const struct kist_trial *trial, uint64_t seed, struct kist_error *err)
{
	if (cli->json)
		return kist_print_json_take(
			json_pack("{s:s,s:s,s:o,s:s,s:I,s:I,s:I,s:I,s:O}", "id", subject->manifest->id,
				  "version", subject->manifest->version, "manifest",
				  kist_json_text(subject->path, strlen(subject->path)), "badge",
				  kist_kit_badge_name(trial->badge), "seed", (json_int_t)seed, "passed",
				  (json_int_t)trial->passed, "failed", (json_int_t)trial->failed, "skipped",
				  (json_int_t)trial->skipped, "results", trial->results),
			err);
	if (!cli->quiet)
		printf("%s %s: %zu passed, %zu failed, %zu skipped; badge: %s\n", subject->manifest->id,
		       subject->manifest->version, trial->passed, trial->failed, trial->skipped,
		       kist_kit_badge_name(trial->badge));
	return KIST_OK;
}

static kist_status test(struct kist_cli *cli, struct kist_trial_options *how, struct kist_trial *trial,
			struct kist_error *err)
{
	kist_auto_subject struct kist_kit_subject subject = KIST_KIT_SUBJECT_INIT;
	char runtime[PATH_MAX];

	KIST_TRY(kist_kit_subject_open(cli->argument_count > 0 ? cli->arguments[0] : ".", &subject, err));
	if (!subject.manifest)
		return kist_fail(err, subject.manifest_error.status,
				 "the manifest cannot be read: %.600s; 'kist plugin lint' says more",
				 subject.manifest_error.text);
	if (subject.library_error.status != KIST_OK)
		return kist_fail_as(err, subject.library_error.status, &subject.library_error);
	if (kist_cli_has(cli, "asan")) {
		KIST_TRY(kist_kit_runtime(&subject, runtime, err));
		how->runtime = runtime;
	}
	KIST_TRY(kist_trial_run(&subject, how, trial, err));
	if (kist_cli_value(cli, "junit"))
		KIST_TRY(write_junit(kist_cli_value(cli, "junit"), &subject, trial, err));
	return print_all(cli, &subject, trial, how->seed, err);
}

static enum kist_exit run(struct kist_cli *cli)
{
	const struct kist_worker_options worker = kist_cli_worker_options(cli);
	kist_auto_trial struct kist_trial trial = KIST_TRIAL_INIT;
	struct kist_trial_options how = { .program = cli->paths.kit,
					  .worker = &worker,
					  .only = kist_cli_value(cli, "check"),
					  .seed = DEFAULT_SEED,
					  .check_ms_max = kist_cli_value(cli, "deadline")
								  ? cli->settings.deadline_ms
								  : CHECK_MS_MAX,
					  .keeps_corpus = !kist_cli_has(cli, "no-corpus"),
					  .each = print_result,
					  .ctx = cli };
	const char *seed = kist_cli_value(cli, "seed");
	struct kist_error err = KIST_ERROR_INIT;

	if (seed && !kist_u64_parse(seed, strlen(seed), &how.seed))
		return kist_cli_usage(cli, "--seed takes a whole number, not '%s'", seed);
	if (test(cli, &how, &trial, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return trial.failed > 0 ? KIST_EXIT_FAILED : KIST_EXIT_DONE;
}

const struct kist_command kist_command_plugin_test = {
	.name = "plugin test",
	.arguments = "[MANIFEST|FOLDER]",
	.summary = "try a plugin: every rule of the contract, each in a process of its own",
	.options = options,
	.arguments_max = 1,
	.run = run,
};
