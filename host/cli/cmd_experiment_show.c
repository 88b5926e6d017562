/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/experiment.h"
#include "cli/jobs.h"
#include "cli/output.h"
#include "cli/table.h"
#include "experiment/summary.h"
#include "preview/plot.h"
#include "preview/preview.h"

static const struct kist_option show_options[] = {
	{ .name = "version", .argument = "NUMBER", .help = "this version, not the newest" },
	{ .name = "format", .argument = KIST_EXPERIMENT_FORMATS, .help = "how it is shown" },
	{ .name = NULL },
};

bool kist_experiment_format_read(const struct kist_cli *cli, enum kist_experiment_format *ret)
{
	static const char *const words[] = { "table", "json", "csv", "svg", "plot" };
	size_t at = cli->json ? KIST_EXPERIMENT_JSON : KIST_EXPERIMENT_TABLE;

	if (!kist_cli_choose(cli, "format", words, sizeof(words) / sizeof(words[0]), &at))
		return false;
	*ret = (enum kist_experiment_format)at;
	return !cli->json || *ret == KIST_EXPERIMENT_JSON;
}

bool kist_experiment_version_option(const struct kist_cli *cli, uint64_t *ret)
{
	const char *text = kist_cli_value(cli, "version");

	*ret = 0;
	return !text || (kist_u64_parse(text + (text[0] == 'v'), strlen(text + (text[0] == 'v')), ret) &&
			 *ret > 0 && *ret <= KIST_EXPERIMENT_VERSION_MAX);
}

static void number_text(const json_t *value, char ret[static 32])
{
	ret[0] = '\0';
	if (json_is_number(value))
		kist_job_number_text(json_number_value(value), ret);
	else if (json_is_string(value))
		snprintf(ret, 32, "%s", json_string_value(value));
}

static kist_status print_metrics(const json_t *summary, bool quiet, struct kist_error *err)
{
	static const char *const titles[] = { "METRIC", "CONDITION", "N", "MEAN", "SPREAD", "MIN", "MAX" };
	static const char *const numbers[] = { "n", "mean", "spread", "min", "max" };
	kist_auto_table struct kist_table table = KIST_TABLE_INIT(7, titles);
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(summary, "metrics"), i, row) {
		KIST_TRY(kist_table_add_text(&table, kist_json_get_text(row, "metric"), err));
		KIST_TRY(kist_table_add_text(&table, kist_json_get_text(row, "condition"), err));
		for (size_t k = 0; k < sizeof(numbers) / sizeof(numbers[0]); k++) {
			char text[32];

			number_text(json_object_get(row, numbers[k]), text);
			table.right[2 + k] = true;
			KIST_TRY(kist_table_add_text(&table, text, err));
		}
	}
	if (table.rows > 0)
		kist_table_print(&table, quiet);
	return KIST_OK;
}

/* What is not complete, cell by cell. */
static void print_open_cells(const json_t *summary)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(summary, "cells"), i, row) {
		const char *state = kist_json_get_text(row, "state");
		const char *error = kist_json_get_text(row, "error");
		char shown[1024] = "";

		if (strcmp(state, "complete") == 0 || strcmp(state, "missing") == 0)
			continue;
		if (error)
			kist_text_escape(error, strlen(error), shown, sizeof(shown));
		printf("replicate_%" JSON_INTEGER_FORMAT "/%s  %s%s%s\n",
		       json_integer_value(json_object_get(row, "replicate")),
		       kist_json_get_text(row, "condition"), state, error ? ": " : "", shown);
	}
}

static int64_t count_of(const json_t *summary, const char *key)
{
	return json_integer_value(json_object_get(summary, key));
}

static kist_status print_table(const struct kist_cli *cli, const json_t *summary, struct kist_error *err)
{
	KIST_TRY(print_metrics(summary, cli->quiet, err));
	print_open_cells(summary);
	if (!cli->quiet)
		printf("%s v%" PRId64 ": %" PRId64 " of %" PRId64 " cells complete, %" PRId64 " not, %" PRId64
		       " missing\n",
		       kist_json_get_text(summary, "experiment"), count_of(summary, "version"),
		       count_of(summary, "complete"), count_of(summary, "total"), count_of(summary, "failed"),
		       count_of(summary, "missing"));
	return KIST_OK;
}

static kist_status print_csv(const json_t *summary, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT((size_t)64 << 20);

	KIST_TRY(kist_summary_csv(summary, &text, err));
	(void)fwrite(text.data, 1, text.size, stdout);
	return KIST_OK;
}

static double number_of(const json_t *row, const char *key)
{
	const json_t *value = json_object_get(row, key);

	return json_is_number(value) ? json_number_value(value) : NAN;
}

/* What stands behind a mean in the plot. */
#define DETAIL_SIZE 64

static void fill_row(const json_t *row, struct kist_plot_row *ret, char detail[static DETAIL_SIZE])
{
	char mean[32];

	number_text(json_object_get(row, "mean"), mean);
	snprintf(detail, DETAIL_SIZE, "%s  n %" PRId64, mean, count_of(row, "n"));
	*ret = (struct kist_plot_row){ .group = kist_json_get_text(row, "metric"),
				       .label = kist_json_get_text(row, "condition"),
				       .detail = detail,
				       .mean = number_of(row, "mean"),
				       .spread = number_of(row, "spread"),
				       .min = number_of(row, "min"),
				       .max = number_of(row, "max") };
}

static kist_status print_plot(const json_t *summary, bool is_svg, struct kist_error *err)
{
	kist_auto_buf struct kist_buf page = KIST_BUF_INIT(KIST_PREVIEW_SIZE_MAX);
	const json_t *metrics = json_object_get(summary, "metrics");
	const size_t count = json_array_size(metrics);
	kist_auto_mem struct kist_plot_row *rows = kist_alloc(count, sizeof(*rows));
	kist_auto_mem char *details = kist_alloc(count, DETAIL_SIZE);
	char title[KIST_EXPERIMENT_NAME_LEN_MAX + 32];
	const json_t *row;
	size_t i;

	if (!rows || !details)
		return kist_fail_memory(err, count * sizeof(*rows));
	json_array_foreach(metrics, i, row)
		fill_row(row, &rows[i], details + i * DETAIL_SIZE);
	snprintf(title, sizeof(title), "%s v%" PRId64, kist_json_get_text(summary, "experiment"),
		 count_of(summary, "version"));
	KIST_TRY(is_svg ? kist_plot_svg(title, rows, count, &page, err)
			: kist_plot_text(rows, count, &page, err));
	(void)fwrite(page.data, 1, page.size, stdout);
	return KIST_OK;
}

kist_status kist_experiment_sum(struct kist_cli *cli, const char *name, uint64_t version, json_t **ret,
				bool *ret_whole, struct kist_error *err)
{
	kist_auto_job_index struct kist_job_index *index = NULL;
	kist_auto_json json_t *versions = NULL;
	kist_auto_json json_t *cells = NULL;
	const json_t *found;

	KIST_TRY(kist_job_index_open(cli->flow, &index, err));
	KIST_TRY(kist_versions_read(index, name, &versions, err));
	found = kist_version_find(versions, version);
	if (!found)
		return kist_version_missing(name, version, err);
	version = (uint64_t)json_integer_value(json_object_get(found, "version"));
	KIST_TRY(kist_version_cells(index, name, version, &cells, err));
	KIST_TRY(kist_summary_make(found, cells, ret, err));
	*ret_whole = count_of(*ret, "complete") == count_of(*ret, "total");
	return KIST_OK;
}

kist_status kist_experiment_print(struct kist_cli *cli, const char *name, uint64_t version,
				  enum kist_experiment_format format, bool *ret_whole, struct kist_error *err)
{
	kist_auto_json json_t *summary = NULL;

	KIST_TRY(kist_experiment_sum(cli, name, version, &summary, ret_whole, err));
	if (format == KIST_EXPERIMENT_JSON)
		return kist_print_json_take(kist_steal(summary), err);
	if (format == KIST_EXPERIMENT_SVG || format == KIST_EXPERIMENT_PLOT)
		return print_plot(summary, format == KIST_EXPERIMENT_SVG, err);
	return format == KIST_EXPERIMENT_CSV ? print_csv(summary, err) : print_table(cli, summary, err);
}

/* The name of an experiment: what is given, or what the file that is given says. */
static kist_status find_name(const char *given, char ret[static KIST_EXPERIMENT_NAME_LEN_MAX + 1],
			     struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_DOCUMENT_SIZE_MAX + 1);
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_experiment struct kist_experiment *experiment = NULL;

	if (kist_experiment_name_ok(given, strlen(given))) {
		snprintf(ret, KIST_EXPERIMENT_NAME_LEN_MAX + 1, "%s", given);
		return KIST_OK;
	}
	KIST_TRY(kist_read_file_at(AT_FDCWD, given, &text, err));
	KIST_TRY(kist_experiment_read(kist_buf_view(&text), &issues, &experiment, err));
	if (!experiment || !experiment->name[0])
		return kist_fail(err, KIST_INVALID, "%s: it names no experiment", given);
	snprintf(ret, KIST_EXPERIMENT_NAME_LEN_MAX + 1, "%s", experiment->name);
	return KIST_OK;
}

static enum kist_exit show(struct kist_cli *cli)
{
	char name[KIST_EXPERIMENT_NAME_LEN_MAX + 1];
	enum kist_experiment_format format = KIST_EXPERIMENT_TABLE;
	struct kist_error err = KIST_ERROR_INIT;
	uint64_t version;
	bool whole;

	if (!kist_experiment_format_read(cli, &format))
		return kist_cli_usage(cli, "--format takes one of " KIST_EXPERIMENT_FORMATS);
	if (!kist_experiment_version_option(cli, &version))
		return kist_cli_usage(cli, "--version takes a number from 1 on");
	if (find_name(cli->arguments[0], name, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	if (kist_cli_open(cli, false, &err) != KIST_OK ||
	    kist_experiment_print(cli, name, version, format, &whole, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	return KIST_EXIT_DONE;
}

static kist_status print_list(const json_t *versions, bool quiet, struct kist_error *err)
{
	static const char *const titles[] = { "EXPERIMENT", "VERSION",	  "STATE",
					      "REPLICATES", "CONDITIONS", "JOB" };
	kist_auto_table struct kist_table table = KIST_TABLE_INIT(6, titles);
	const json_t *row;
	size_t i;

	table.right[1] = table.right[3] = table.right[4] = true;
	json_array_foreach(versions, i, row) {
		const json_t *params = json_object_get(row, "params");
		const json_int_t counts[] = {
			json_integer_value(json_object_get(row, "version")),
			json_integer_value(json_object_get(params, "replicates")),
			(json_int_t)json_array_size(json_object_get(params, "conditions")),
		};
		char texts[3][32];

		for (size_t k = 0; k < 3; k++)
			snprintf(texts[k], sizeof(texts[k]), "%" JSON_INTEGER_FORMAT, counts[k]);
		KIST_TRY(kist_table_add_text(&table, kist_json_get_text(row, "experiment"), err));
		KIST_TRY(kist_table_add_text(&table, texts[0], err));
		KIST_TRY(kist_table_add_text(&table, kist_json_get_text(row, "state"), err));
		KIST_TRY(kist_table_add_text(&table, texts[1], err));
		KIST_TRY(kist_table_add_text(&table, texts[2], err));
		KIST_TRY(kist_table_add_text(&table, kist_json_get_text(row, "job"), err));
	}
	if (table.rows > 0)
		kist_table_print(&table, quiet);
	return KIST_OK;
}

static enum kist_exit list(struct kist_cli *cli)
{
	kist_auto_job_index struct kist_job_index *index = NULL;
	kist_auto_json json_t *versions = NULL;
	struct kist_error err = KIST_ERROR_INIT;
	kist_status status = kist_cli_open(cli, false, &err);

	if (status == KIST_OK)
		status = kist_job_index_open(cli->flow, &index, &err);
	if (status == KIST_OK)
		status = kist_versions_read(index, NULL, &versions, &err);
	if (status == KIST_OK)
		status = cli->json ? kist_print_json_take(kist_steal(versions), &err)
				   : print_list(versions, cli->quiet, &err);
	return status == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, true);
}

const struct kist_command kist_command_experiment_show = {
	.name = "experiment show",
	.arguments = "EXPERIMENT|FILE",
	.summary = "what came of an experiment: metrics by condition, and cells",
	.options = show_options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = show,
};

const struct kist_command kist_command_experiment_ls = {
	.name = "experiment ls",
	.arguments = "",
	.summary = "list experiments and their versions",
	.options = NULL,
	.arguments_min = 0,
	.arguments_max = 0,
	.run = list,
};
