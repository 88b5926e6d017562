/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "cli/commands.h"
#include "cli/issues.h"
#include "cli/output.h"
#include "cli/study.h"
#include "experiment/order.h"

static const struct kist_option update_options[] = {
	KIST_STUDY_DRY_RUN_OPTION,
	KIST_STUDY_OPTIONS,
	{ .name = NULL },
};

/* The files of one graph. */
struct chain {
	size_t count;
	struct kist_experiment **experiments; /* of each file */
	size_t *order;
};

static void chain_done(struct chain *chain)
{
	for (size_t i = 0; chain->experiments && i < chain->count; i++)
		kist_experiment_free(chain->experiments[i]);
	kist_free(chain->experiments);
	kist_free(chain->order);
}

/* *@ret: NULL when something is wrong in it, which has been said. */
static kist_status read_file(const struct kist_cli *cli, const char *file, struct kist_experiment **ret,
			     struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_DOCUMENT_SIZE_MAX + 1);
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_experiment struct kist_experiment *experiment = NULL;

	KIST_TRY(kist_read_file_at(AT_FDCWD, file, &text, err));
	KIST_TRY(kist_experiment_read(kist_buf_view(&text), &issues, &experiment, err));
	KIST_TRY(kist_issues_finish(&issues, err));
	if (issues.error_count == 0 && experiment) {
		*ret = kist_steal(experiment);
		return KIST_OK;
	}
	return kist_issues_tell(cli, &issues, file, stderr, err);
}

/* *@ret_has_errors: Something is wrong in one of them, which has been said. */
static kist_status read_chain(const struct kist_cli *cli, struct chain *chain, bool *ret_has_errors,
			      struct kist_error *err)
{
	chain->experiments = kist_alloc(cli->argument_count, sizeof(struct kist_experiment *));
	chain->order = kist_alloc(cli->argument_count, sizeof(*chain->order));
	chain->count = cli->argument_count;
	if (!chain->experiments || !chain->order)
		return kist_fail_memory(err, chain->count * sizeof(*chain->order));
	for (size_t i = 0; i < chain->count && !*ret_has_errors; i++) {
		KIST_TRY(read_file(cli, cli->arguments[i], &chain->experiments[i], err));
		*ret_has_errors = !chain->experiments[i];
	}
	return *ret_has_errors
		       ? KIST_OK
		       : kist_experiments_order((const struct kist_experiment *const *)chain->experiments,
						chain->count, chain->order, err);
}

/* In a dry run, what those before it in the chain would make is not there yet. */
static kist_status note_waits(const struct kist_cli *cli, const struct chain *chain, size_t done,
			      json_t *rows, struct kist_study_result *result, struct kist_error *err)
{
	const struct kist_experiment *experiment = chain->experiments[chain->order[done]];
	kist_auto_json json_t *after = json_array();
	const json_t *row;
	size_t i;

	if (!after)
		return kist_fail_memory(err, sizeof(json_t));
	json_array_foreach(rows, i, row) {
		const char *name = kist_json_get_text(row, "experiment");

		if (kist_experiment_takes_from(experiment, name) &&
		    json_array_size(json_object_get(row, "cells")) +
				    json_array_size(json_object_get(row, "after")) >
			    0 &&
		    json_array_append_new(after, json_string(name)) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	if (json_object_set(result->plan, "after", after) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	if (cli->json)
		return KIST_OK;
	kist_study_plan_print(result->plan);
	json_array_foreach(after, i, row)
		printf("  and then what takes from '%s' and has changed by then\n", json_string_value(row));
	return KIST_OK;
}

/* One of the chain: what came of it is added to @rows.  *@ret_whole: All of its cells are complete. */
static kist_status update_one(struct kist_cli *cli, const struct chain *chain, size_t done,
			      struct kist_study_options *options, json_t *rows, bool *ret_whole,
			      struct kist_error *err)
{
	kist_auto_study_result struct kist_study_result result = KIST_STUDY_RESULT_INIT;
	kist_auto_json json_t *row = NULL;

	options->file = cli->arguments[chain->order[done]];
	KIST_TRY(kist_study_run(cli, options, &result, err));
	*ret_whole = !result.has_errors;
	if (result.has_errors)
		return KIST_OK;
	if (result.plan) {
		KIST_TRY(note_waits(cli, chain, done, rows, &result, err));
		row = kist_steal(result.plan);
	} else {
		KIST_TRY(kist_experiment_sum(cli, result.name, result.version, &row, ret_whole, err));
		if (json_object_set_new(row, "ran", json_integer((json_int_t)result.ran)) != 0)
			return kist_fail_memory(err, sizeof(json_t));
		if (!cli->json && !cli->quiet)
			printf("%s v%" PRIu64 ": %" PRIu64 " cell%s run, %" JSON_INTEGER_FORMAT
			       " of %" JSON_INTEGER_FORMAT " complete\n",
			       result.name, result.version, result.ran, kist_plural(result.ran),
			       json_integer_value(json_object_get(row, "complete")),
			       json_integer_value(json_object_get(row, "total")));
	}
	kist_flow_close(kist_steal(cli->flow));
	return json_array_append(rows, row) == 0 ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}

static kist_status update_all(struct kist_cli *cli, struct kist_study_options *options, bool *ret_whole,
			      struct kist_error *err)
{
	__attribute__((cleanup(chain_done))) struct chain chain = { .experiments = NULL };
	kist_auto_json json_t *rows = json_array();
	bool has_errors = false;

	if (!rows)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(read_chain(cli, &chain, &has_errors, err));
	*ret_whole = !has_errors;
	for (size_t i = 0; i < chain.count && !has_errors; i++) {
		const size_t before = json_array_size(rows);
		bool whole;

		KIST_TRY(update_one(cli, &chain, i, options, rows, &whole, err));
		*ret_whole = *ret_whole && whole;
		has_errors = json_array_size(rows) == before;
	}
	return cli->json && !has_errors ? kist_print_json_take(kist_steal(rows), err) : KIST_OK;
}

static enum kist_exit update(struct kist_cli *cli)
{
	struct kist_study_options options = { .mode = KIST_STUDY_UPDATE };
	struct kist_error err = KIST_ERROR_INIT;
	enum kist_exit ret;
	bool whole = false;

	if (!kist_study_options_read(cli, &options, &ret))
		return ret;
	if (update_all(cli, &options, &whole, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, err.status == KIST_CORRUPT);
	return whole ? KIST_EXIT_DONE : KIST_EXIT_FAILED;
}

const struct kist_command kist_command_experiment_update = {
	.name = "experiment update",
	.arguments = "FILE...",
	.summary = "bring experiments that take from each other up to date, in their order",
	.options = update_options,
	.arguments_min = 1,
	.arguments_max = KIST_EXPERIMENTS_MAX,
	.run = update,
};
