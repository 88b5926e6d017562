/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/study.h"

#define FORMAT_OPTION                                                                                        \
	{                                                                                                    \
		.name = "format", .argument = KIST_EXPERIMENT_FORMATS, .help = "how the summary is shown"    \
	}

static const struct kist_option run_options[] = {
	{ .name = "check", .help = "say what is wrong with it, and run nothing" },
	FORMAT_OPTION,
	KIST_STUDY_OPTIONS,
	{ .name = NULL },
};

static const struct kist_option resume_options[] = {
	{ .name = "version", .argument = "NUMBER", .help = "this version, not the newest" },
	KIST_STUDY_DRY_RUN_OPTION,
	FORMAT_OPTION,
	KIST_STUDY_OPTIONS,
	{ .name = NULL },
};

static kist_status show_plan(const struct kist_cli *cli, struct kist_study_result *result,
			     struct kist_error *err)
{
	if (cli->json)
		return kist_print_json_take(kist_steal(result->plan), err);
	kist_study_plan_print(result->plan);
	return KIST_OK;
}

static enum kist_exit run_one(struct kist_cli *cli, enum kist_study_mode mode)
{
	struct kist_study_options options = { .file = cli->arguments[0],
					      .mode = mode,
					      .is_check = kist_cli_has(cli, "check") };
	kist_auto_study_result struct kist_study_result result = KIST_STUDY_RESULT_INIT;
	enum kist_experiment_format format = KIST_EXPERIMENT_TABLE;
	struct kist_error err = KIST_ERROR_INIT;
	enum kist_exit ret;
	kist_status status;
	bool whole = true;

	if (!kist_study_options_read(cli, &options, &ret))
		return ret;
	if (!kist_experiment_format_read(cli, &format))
		return kist_cli_usage(cli, "--format takes one of " KIST_EXPERIMENT_FORMATS);
	if (mode == KIST_STUDY_RESUME && !kist_experiment_version_option(cli, &options.version))
		return kist_cli_usage(cli, "--version takes a number from 1 on");
	options.is_quiet = options.is_quiet || format != KIST_EXPERIMENT_TABLE;
	status = kist_study_run(cli, &options, &result, &err);
	if (status == KIST_OK && result.plan)
		status = show_plan(cli, &result, &err);
	else if (status == KIST_OK && !result.has_errors && !options.is_check)
		status = kist_experiment_print(cli, result.name, result.version, format, &whole, &err);
	if (status != KIST_OK)
		return kist_cli_fail(cli, &err, err.status == KIST_CORRUPT);
	return whole && !result.has_errors ? KIST_EXIT_DONE : KIST_EXIT_FAILED;
}

static enum kist_exit run(struct kist_cli *cli)
{
	return run_one(cli, KIST_STUDY_NEW);
}

static enum kist_exit resume(struct kist_cli *cli)
{
	return run_one(cli, KIST_STUDY_RESUME);
}

const struct kist_command kist_command_experiment_run = {
	.name = "experiment run",
	.arguments = "FILE",
	.summary = "run an entrypoint under several conditions, several times each",
	.options = run_options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};

const struct kist_command kist_command_experiment_resume = {
	.name = "experiment resume",
	.arguments = "FILE",
	.summary = "run the cells that are missing, have failed, or are out of date",
	.options = resume_options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = resume,
};
