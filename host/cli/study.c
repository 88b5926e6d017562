/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/study.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "cli/issues.h"
#include "cli/output.h"
#include "cli/stop.h"
#include "experiment/attempt.h"
#include "experiment/lanes.h"
#include "experiment/retain.h"

/* What one command works with. */
struct study {
	struct kist_cli *cli;
	const struct kist_study_options *options;
	struct kist_issues issues;	      /* of the experiment */
	struct kist_issues entrypoint_issues; /* of what it runs */
	struct kist_experiment *experiment;
	struct kist_buf text; /* of the entrypoint */
	char entrypoint[PATH_MAX];
	char folder[PATH_MAX];
	struct kist_cells cells;
	struct kist_offer *offer;
	struct kist_job_index *index;
	const atomic_bool *stop;
	struct kist_attempt attempt;
	uint64_t *todo;
	uint64_t todo_count;
	bool is_resume;
};

void kist_study_result_done(struct kist_study_result *result)
{
	json_decref(kist_steal(result->plan));
}

/* Everything that hangs on the flow: before it is closed, and lanes are started. */
static void drop_flow(struct study *study)
{
	kist_offer_free(kist_steal(study->offer));
	kist_job_index_close(kist_steal(study->index));
	kist_flow_close(kist_steal(study->cli->flow));
}

static void study_done(struct study *study)
{
	kist_offer_free(study->offer);
	kist_job_index_close(study->index);
	kist_cells_done(&study->cells);
	kist_experiment_free(study->experiment);
	kist_issues_done(&study->issues);
	kist_issues_done(&study->entrypoint_issues);
	kist_buf_done(&study->text);
	kist_free(study->todo);
}

static kist_status read_entrypoint(struct study *study, struct kist_error *err)
{
	const struct kist_experiment *experiment = study->experiment;
	const char *slash = strrchr(study->options->file, '/');
	struct kist_error why = KIST_ERROR_INIT;
	char *last;

	if (snprintf(study->entrypoint, sizeof(study->entrypoint), "%.*s%s",
		     slash && experiment->entrypoint[0] != '/' ? (int)(slash - study->options->file) + 1 : 0,
		     study->options->file, experiment->entrypoint) >= (int)sizeof(study->entrypoint))
		return kist_fail(err, KIST_LIMIT, "the path of the entrypoint is too long");
	if (kist_read_file_at(AT_FDCWD, study->entrypoint, &study->text, &why) != KIST_OK ||
	    !realpath(study->entrypoint, study->folder)) {
		kist_issue_add(&study->issues, experiment->entrypoint_place, "E_FILE", "%s",
			       why.status == KIST_OK ? "the entrypoint is gone" : why.text);
		return KIST_OK;
	}
	last = strrchr(study->folder, '/');
	last[last == study->folder ? 1 : 0] = '\0';
	study->cells = (struct kist_cells){ .experiment = experiment,
					    .text = kist_buf_view(&study->text),
					    .folder = study->folder,
					    .modulo = kist_cli_has(study->cli, "map") };
	return KIST_OK;
}

static kist_status read_files(struct study *study, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_DOCUMENT_SIZE_MAX + 1);

	KIST_TRY(kist_read_file_at(AT_FDCWD, study->options->file, &text, err));
	KIST_TRY(kist_experiment_read(kist_buf_view(&text), &study->issues, &study->experiment, err));
	return study->experiment && study->experiment->entrypoint[0] ? read_entrypoint(study, err) : KIST_OK;
}

/* Faults without a line in the entrypoint are those of what a condition gives. */
static void take_condition_issues(struct study *study, const struct kist_issues *found,
				  const struct kist_condition *condition)
{
	for (size_t i = 0; i < found->count; i++) {
		const struct kist_issue *issue = &found->items[i];
		const bool is_missing = strcmp(issue->code, "E_PARAMETER_MISSING") == 0 ||
					strcmp(issue->code, "E_INPUT_MISSING") == 0;
		const bool is_ours = issue->place.line == 0 || is_missing;
		struct kist_issues *list = is_ours ? &study->issues : &study->entrypoint_issues;

		if (!is_ours && (list->error_count > 0 || issue->severity == KIST_SEVERITY_WARNING))
			continue;
		if (is_ours)
			kist_issue_add(list, condition->place, issue->code, "condition '%s': %s",
				       condition->name, issue->text);
		else
			kist_issue_add(list, issue->place, issue->code, "%s", issue->text);
		if (is_missing)
			kist_issue_hint(list, "say it under 'parameters' or 'inputs', or in the condition");
		else if (issue->hint[0])
			kist_issue_hint(list, "%s", issue->hint);
	}
}

/* Cell @no is made: what is wrong in it is wrong in all of its condition. */
static kist_status check_cell(struct study *study, uint64_t no, struct kist_error *err)
{
	kist_auto_cell struct kist_cell cell = { .inputs = NULL };
	kist_auto_issues struct kist_issues found = KIST_ISSUES_INIT;

	KIST_TRY(kist_cell_make(&study->cells, study->cli->flow, study->offer, no, &found, &cell, err));
	KIST_TRY(kist_issues_finish(&found, err));
	take_condition_issues(study, &found, cell.condition);
	if (no % study->experiment->condition_count == 0 && found.error_count == 0)
		kist_cells_check(&study->cells, cell.entrypoint, &study->issues);
	return KIST_OK;
}

/* One replicate of each condition: the first one whose inputs are there. */
static kist_status check_conditions(struct study *study, struct kist_error *err)
{
	const uint64_t count = study->experiment->condition_count;

	for (uint64_t i = 0; i < count && study->entrypoint_issues.error_count == 0; i++) {
		struct kist_error why = KIST_ERROR_INIT;
		kist_status status = KIST_NOT_FOUND;

		for (uint64_t r = 0; status == KIST_NOT_FOUND && r < study->experiment->replicates; r++)
			status = check_cell(study, r * count + i, &why);
		if (status != KIST_OK)
			return kist_fail_as(err, status, &why);
	}
	return KIST_OK;
}

static kist_status check_all(struct study *study, struct kist_error *err)
{
	const struct kist_catalog *catalog;

	KIST_TRY(read_files(study, err));
	if (study->issues.error_count > 0 || !study->experiment)
		return KIST_OK;
	KIST_TRY(kist_flow_catalog(study->cli->flow, &catalog, err));
	KIST_TRY(kist_offer_read(catalog, &study->offer, err));
	KIST_TRY(kist_job_index_open(study->cli->flow, &study->index, err));
	KIST_TRY(kist_cells_find_upstreams(&study->cells, study->cli->flow, study->index, &study->issues,
					   err));
	return study->issues.error_count == 0 ? check_conditions(study, err) : KIST_OK;
}

static bool has_errors(const struct study *study)
{
	return study->issues.error_count + study->entrypoint_issues.error_count > 0;
}

/* As JSON, what is said of the one file: of the entrypoint, when that is what is wrong. */
static kist_status print_issues_json(const struct study *study, struct kist_error *err)
{
	const bool is_entrypoint = study->entrypoint_issues.error_count > 0;

	return kist_issues_tell(study->cli, is_entrypoint ? &study->entrypoint_issues : &study->issues,
				is_entrypoint ? study->entrypoint : study->options->file, stdout, err);
}

static kist_status print_issues(struct study *study, struct kist_error *err)
{
	const bool is_check = study->options->is_check;
	FILE *out = is_check ? stdout : stderr;

	KIST_TRY(kist_issues_finish(&study->issues, err));
	KIST_TRY(kist_issues_finish(&study->entrypoint_issues, err));
	if (study->cli->json)
		return is_check || has_errors(study) ? print_issues_json(study, err) : KIST_OK;
	if (study->cli->quiet && !has_errors(study))
		return KIST_OK;
	if (study->issues.count > 0)
		kist_issues_print(&study->issues, study->options->file, out);
	if (study->entrypoint_issues.count > 0)
		kist_issues_print(&study->entrypoint_issues, study->entrypoint, out);
	if (is_check && !has_errors(study))
		printf("%s: can be run: %" PRIu64 " cells\n", study->experiment->name,
		       kist_experiment_cells(study->experiment));
	return KIST_OK;
}

/* Why cell @no is to be run; NULL: it is complete, and all that it depends on is as it was. */
static kist_status find_why(struct study *study, const json_t *known, uint64_t no, const char **ret,
			    struct kist_error *err)
{
	kist_auto_cell struct kist_cell cell = { .inputs = NULL };
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	const struct kist_experiment *experiment = study->experiment;
	const char *condition = experiment->conditions[no % experiment->condition_count].name;
	const json_t *there = kist_version_cell(known, no / experiment->condition_count, condition);
	const char *key = there ? kist_json_get_text(there, "key") : NULL;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	/* The last attempt counts: a cell that was complete and then failed is one that failed. */
	*ret = there ? kist_json_get_text(there, "state") : "missing";
	if (!key || strcmp(*ret, "finished") != 0)
		return KIST_OK;
	status = kist_cell_make(&study->cells, study->cli->flow, study->offer, no, &issues, &cell, &why);
	if (status == KIST_NO_MEMORY)
		return kist_fail_as(err, status, &why);
	/* One that cannot be made any more is run, and fails with the reason. */
	*ret = status == KIST_OK && issues.error_count == 0 && strcmp(cell.key, key) == 0 ? NULL : "changed";
	return KIST_OK;
}

/* Nobody runs the version now, so what is known from here on stays: also the last word of those who were killed. */
static kist_status find_known(struct study *study, json_t **ret, struct kist_error *err)
{
	kist_job_index_close(kist_steal(study->index));
	KIST_TRY(kist_registry_fold(study->cli->flow->registry, err));
	KIST_TRY(kist_job_index_open(study->cli->flow, &study->index, err));
	return kist_version_cells(study->index, study->experiment->name, study->attempt.version, ret, err);
}

static kist_status add_plan(const struct study *study, uint64_t no, const char *why, json_t *cells,
			    struct kist_error *err)
{
	const uint64_t count = study->experiment->condition_count;
	json_t *row = json_pack("{sI,ss,ss}", "replicate", (json_int_t)(no / count), "condition",
				study->experiment->conditions[no % count].name, "why", why);

	return row && json_array_append_new(cells, row) == 0 ? KIST_OK
							     : kist_fail_memory(err, sizeof(json_t));
}

/* Which cells are to be run; with @cells, also why. */
static kist_status plan(struct study *study, json_t *cells, struct kist_error *err)
{
	const uint64_t count = kist_experiment_cells(study->experiment);
	kist_auto_json json_t *known = NULL;

	study->todo = kist_alloc(count, sizeof(*study->todo));
	if (!study->todo)
		return kist_fail_memory(err, count * sizeof(*study->todo));
	if (study->is_resume)
		KIST_TRY(find_known(study, &known, err));
	for (uint64_t no = 0; no < count; no++) {
		const char *why = "missing";

		if (known)
			KIST_TRY(find_why(study, known, no, &why, err));
		if (!why)
			continue;
		study->todo[study->todo_count++] = no;
		if (cells)
			KIST_TRY(add_plan(study, no, why, cells, err));
	}
	return KIST_OK;
}

static kist_status plan_only(struct study *study, json_t **ret, struct kist_error *err)
{
	kist_auto_json json_t *cells = json_array();
	json_t *version = study->is_resume ? json_integer((json_int_t)study->attempt.version) : json_null();

	if (!cells || plan(study, cells, err) != KIST_OK) {
		json_decref(version);
		return cells ? err->status : kist_fail_memory(err, sizeof(json_t));
	}
	*ret = json_pack("{ss,so,sO}", "experiment", study->experiment->name, "version", version, "cells",
			 cells);
	return *ret ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}

static kist_status open_lane(void *ctx, struct kist_flow **ret, struct kist_error *err)
{
	struct kist_cli *cli = ctx;

	cli->flow = NULL;
	cli->progress.allowed = false;
	KIST_TRY(kist_cli_open(cli, false, err));
	*ret = kist_steal(cli->flow);
	return KIST_OK;
}

static kist_status run_cells(struct study *study, struct kist_error *err)
{
	const char *exports = kist_cli_value(study->cli, "exports");
	struct kist_lanes lanes = {
		.cells = &study->cells,
		.todo = study->todo,
		.todo_count = study->todo_count,
		.lane_count = study->options->jobs,
		.exports = exports ? exports : study->cli->settings.outputs_path,
		.no_outputs = kist_cli_has(study->cli, "no-outputs"),
		.is_quiet = study->options->is_quiet,
		.stop = study->stop,
		.open = open_lane,
		.ctx = study->cli,
	};
	struct kist_error why = KIST_ERROR_INIT;
	uint64_t failed = 0;
	kist_status status;
	kist_status ended;

	KIST_TRY(kist_attempt_begin(&study->attempt, study->cli->flow, err));
	lanes.version = study->attempt.version;
	drop_flow(study);
	status = kist_lanes_run(&lanes, &failed, &why);
	ended = kist_cli_open(study->cli, false, err);
	if (ended == KIST_OK)
		ended = kist_attempt_end(&study->attempt, study->cli->flow, status == KIST_CANCELLED, failed,
					 study->todo_count, err);
	return status == KIST_OK ? ended : kist_fail_as(err, status, &why);
}

/* What was kept before is given up once there is a newer version, and all of it. */
static kist_status retain(struct study *study, struct kist_error *err)
{
	const struct kist_experiment *experiment = study->experiment;
	struct kist_flow *flow = study->cli->flow;
	const uint64_t said = experiment->keep_versions;
	const uint64_t keep = said ? said : study->cli->settings.keep_versions;
	uint64_t versions = 0;
	uint64_t names = 0;

	if (keep > 0)
		KIST_TRY(kist_versions_retain(flow, experiment->name, keep, &versions, err));
	if (experiment->keep_large > 0)
		KIST_TRY(kist_versions_retain_large(flow, experiment->name, experiment->keep_large,
						    experiment->large_size, &names, err));
	if (versions > 0 && !study->options->is_quiet)
		printf("dropped %" PRIu64 " older version%s\n", versions, kist_plural(versions));
	if (names > 0 && !study->options->is_quiet)
		printf("dropped %" PRIu64 " name%s of what is large in older versions\n", names,
		       kist_plural(names));
	return KIST_OK;
}

/* Whether there is a version already. */
static kist_status find_any(struct study *study, bool *ret, struct kist_error *err)
{
	kist_auto_json json_t *versions = NULL;

	KIST_TRY(kist_versions_read(study->index, study->experiment->name, &versions, err));
	*ret = json_array_size(versions) > 0;
	return KIST_OK;
}

static kist_status find_attempt(struct study *study, struct kist_error *err)
{
	study->attempt =
		(struct kist_attempt){ .experiment = study->experiment, .file = study->options->file };
	study->is_resume = study->options->mode == KIST_STUDY_RESUME;
	if (study->options->mode == KIST_STUDY_UPDATE)
		KIST_TRY(find_any(study, &study->is_resume, err));
	return study->is_resume
		       ? kist_attempt_again(&study->attempt, study->cli->flow, study->options->version, err)
		       : kist_attempt_new(&study->attempt, study->index, err);
}

static kist_status check_and_run(struct study *study, struct kist_study_result *ret, struct kist_error *err)
{
	const struct kist_study_options *options = study->options;
	const bool is_real = !options->is_check && !options->is_dry_run;

	KIST_TRY(kist_cli_open(study->cli, is_real && options->mode != KIST_STUDY_RESUME, err));
	KIST_TRY(check_all(study, err));
	KIST_TRY(print_issues(study, err));
	ret->has_errors = has_errors(study);
	if (ret->has_errors || options->is_check)
		return KIST_OK;
	KIST_TRY(find_attempt(study, err));
	snprintf(ret->name, sizeof(ret->name), "%s", study->experiment->name);
	if (options->is_dry_run)
		return plan_only(study, &ret->plan, err);
	KIST_TRY(plan(study, NULL, err));
	study->stop = kist_stop_catch();
	if (study->todo_count > 0)
		KIST_TRY(run_cells(study, err));
	ret->version = study->attempt.version;
	ret->ran = study->todo_count;
	return retain(study, err);
}

kist_status kist_study_run(struct kist_cli *cli, const struct kist_study_options *options,
			   struct kist_study_result *ret, struct kist_error *err)
{
	__attribute__((cleanup(study_done))) struct study study = {
		.cli = cli,
		.options = options,
		.issues = KIST_ISSUES_INIT,
		.entrypoint_issues = KIST_ISSUES_INIT,
		.text = KIST_BUF_INIT(KIST_DOCUMENT_SIZE_MAX + 1),
	};

	return check_and_run(&study, ret, err);
}

bool kist_study_options_read(struct kist_cli *cli, struct kist_study_options *options, enum kist_exit *ret)
{
	const char *map = kist_cli_value(cli, "map");

	options->jobs = cli->settings.jobs;
	options->is_dry_run = kist_cli_has(cli, "dry-run");
	options->is_quiet = cli->quiet || cli->json;
	if (!map || strcmp(map, "modulo") == 0)
		return true;
	*ret = kist_cli_usage(cli, "--map takes modulo, not '%s'", map);
	return false;
}

void kist_study_plan_print(const json_t *plan)
{
	const json_t *cells = json_object_get(plan, "cells");
	const json_t *version = json_object_get(plan, "version");
	const char *name = kist_json_get_text(plan, "experiment");
	const json_t *cell;
	size_t i;

	json_array_foreach(cells, i, cell)
		printf("replicate_%" JSON_INTEGER_FORMAT "/%s  %s\n",
		       json_integer_value(json_object_get(cell, "replicate")),
		       kist_json_get_text(cell, "condition"), kist_json_get_text(cell, "why"));
	if (json_is_integer(version))
		printf("%s v%" JSON_INTEGER_FORMAT ": ", name, json_integer_value(version));
	else
		printf("%s, a first version: ", name);
	printf("%zu cell%s would be run\n", json_array_size(cells), kist_plural(json_array_size(cells)));
}
