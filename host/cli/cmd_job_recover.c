/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "agent/recover.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/measure.h"
#include "cli/output.h"
#include "job/index.h"

/* What this command has done so far. */
struct recovering {
	struct kist_cli *cli;
	char store[PATH_MAX]; /* that is meant here */
	char store_why[512];
	json_t *runs;
	json_t *lost;
	bool given; /* ids were: one of which nothing is left is said */
	enum kist_exit worst;
};

static void recovering_done(struct recovering *recovering)
{
	json_decref(recovering->runs);
	json_decref(recovering->lost);
}

static void set_store(struct kist_cli *cli, const char *store, const char *why)
{
	(void)snprintf(cli->paths.store, sizeof(cli->paths.store), "%s", store);
	(void)snprintf(cli->paths.store_why, sizeof(cli->paths.store_why), "%s", why);
}

static kist_status open_store(void *ctx, const char *uri, struct kist_flow **ret, struct kist_error *err)
{
	struct recovering *recovering = ctx;
	struct kist_cli *cli = recovering->cli;

	/* The store of the job counts, unless another one is named now. */
	if (!cli->paths.store_is_named)
		set_store(cli, uri, "the job's");
	KIST_TRY(kist_cli_open(cli, false, err));
	*ret = kist_steal(cli->flow);
	return KIST_OK;
}

static void warn(void *ctx, const char *path, const struct kist_error *why)
{
	char shown[256] = "";
	char text[1024];

	(void)ctx;
	if (path)
		kist_name_escape(path, strlen(path), shown, sizeof(shown));
	kist_text_escape(why->text, strlen(why->text), text, sizeof(text));
	fprintf(stderr, "kist: job recover: warning: %s%s%s\n", shown, path ? ": " : "", text);
}

static kist_status say(struct recovering *recovering, const char *id, const struct kist_recovered *recovered,
		       struct kist_error *err)
{
	const struct kist_kept *kept = &recovered->kept;
	json_t *facts = json_pack("{s:s,s:s,s:I,s:I,s:I,s:b}", "job", id, "state",
				  kist_job_state_name(recovered->state), "files", (json_int_t)kept->files,
				  "failed", (json_int_t)kept->failed, "bytes", (json_int_t)kept->bytes,
				  "recorded", kept->recorded);
	char bytes[32];

	if (!kept->recorded || kept->failed > 0)
		recovering->worst = kist_exit_worse(recovering->worst, KIST_EXIT_FAILED);
	if (json_array_append_new(recovering->runs, facts) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	kist_size_text(kept->bytes, bytes);
	if (!recovering->cli->json && !recovering->cli->quiet)
		printf("job %s is %s: %zu file%s kept, %s%s\n", id, kist_job_state_name(recovered->state),
		       kept->files, kist_plural(kept->files), bytes,
		       !kept->recorded	  ? "; the store does not say so, try again"
		       : kept->failed > 0 ? "; not all could be kept, try again"
					  : "");
	return KIST_OK;
}

/* One that needs nothing is passed over, unless it was asked for. */
static kist_status recover_one(void *ctx, const char *id, struct kist_error *err)
{
	struct recovering *recovering = ctx;
	const struct kist_recover_options how = { .runs_dir = recovering->cli->paths.runs_dir,
						  .id = id,
						  .open = open_store,
						  .warn = warn,
						  .ctx = recovering };
	struct kist_recovered recovered;
	struct kist_error why = KIST_ERROR_INIT;

	if (kist_recover(&how, &recovered, &why) != KIST_OK) {
		if (recovering->given || why.status != KIST_EXISTS)
			recovering->worst = kist_exit_worse(
				recovering->worst,
				kist_cli_fail_one(recovering->cli, &why, true, id, recovering->runs));
		return KIST_OK;
	}
	if (!recovered.nothing)
		return say(recovering, id, &recovered, err);
	if (recovering->given && !recovering->cli->json && !recovering->cli->quiet)
		printf("job %s: nothing is left to recover\n", id);
	return KIST_OK;
}

/* Whether this machine has run it. */
static bool has_run(const struct recovering *recovering, const char *id)
{
	kist_auto_run struct kist_run run = KIST_RUN_INIT;

	return kist_run_open(recovering->cli->paths.runs_dir, id, &run, NULL) == KIST_OK;
}

/* Runs of this machine: what they wrote is still there. */
static kist_status recover_runs(struct recovering *recovering, struct kist_error *err)
{
	struct kist_cli *cli = recovering->cli;

	if (!recovering->given)
		return kist_recover_each(cli->paths.runs_dir, recover_one, recovering, err);
	for (size_t i = 0; i < cli->argument_count; i++) {
		if (has_run(recovering, cli->arguments[i]))
			KIST_TRY(recover_one(recovering, cli->arguments[i], err));
	}
	return KIST_OK;
}

static kist_status gather(void *ctx, const struct kist_job_row *row, struct kist_error *err)
{
	return json_array_append_new(ctx, json_string(row->texts[KIST_JOB_ROW_ID])) == 0
		       ? KIST_OK
		       : kist_fail_memory(err, sizeof(json_t));
}

/* Jobs of the store whose owner is gone, gathered first: what is committed changes the index. */
static kist_status find_lost(const struct recovering *recovering, json_t *list, struct kist_error *err)
{
	const struct kist_job_query query = { .where = "state = lost" };
	const struct kist_cli *cli = recovering->cli;
	kist_auto_job_index struct kist_job_index *index = NULL;
	char id[KIST_JOB_ID_MAX + 1];

	for (size_t i = 0; i < cli->argument_count; i++) {
		if (has_run(recovering, cli->arguments[i]))
			continue;
		KIST_TRY(kist_job_find(cli->flow, cli->arguments[i], id, err));
		if (json_array_append_new(list, json_string(id)) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	if (recovering->given)
		return KIST_OK;
	KIST_TRY(kist_job_index_open(cli->flow, &index, err));
	return kist_job_index_each(index, &query, gather, list, NULL, err);
}

/* *@ret_lost: it is, and was not so far. */
static kist_status call_lost(struct kist_flow *flow, const char *id, bool *ret_lost, struct kist_error *err)
{
	kist_auto_job struct kist_job *job = NULL;

	*ret_lost = false;
	KIST_TRY(kist_job_load(flow, id, &job, err));
	return kist_job_state(job) == KIST_JOB_LOST ? KIST_OK : kist_job_call_lost(flow, id, ret_lost, err);
}

static kist_status record_lost(struct recovering *recovering, struct kist_error *err)
{
	kist_auto_json json_t *list = json_array();
	const json_t *id;
	size_t i;

	if (!list)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(find_lost(recovering, list, err));
	json_array_foreach(list, i, id) {
		bool is_lost = false;

		KIST_TRY(call_lost(recovering->cli->flow, json_string_value(id), &is_lost, err));
		if (!is_lost)
			continue;
		if (json_array_append(recovering->lost, json_array_get(list, i)) != 0)
			return kist_fail_memory(err, sizeof(json_t));
		if (!recovering->cli->json && !recovering->cli->quiet)
			printf("job %s is lost; what it kept is marked as partial\n", json_string_value(id));
	}
	return KIST_OK;
}

/* Jobs of the store that is meant here.  Who only has runs to recover needs none. */
static kist_status recover_records(struct recovering *recovering, struct kist_error *err)
{
	struct kist_cli *cli = recovering->cli;
	struct kist_error why = KIST_ERROR_INIT;

	set_store(cli, recovering->store, recovering->store_why);
	if (kist_cli_open(cli, false, &why) == KIST_OK)
		return record_lost(recovering, err);
	if (why.status == KIST_NOT_FOUND && !cli->paths.store_is_named && !recovering->given)
		return KIST_OK;
	return kist_fail_as(err, why.status, &why);
}

static kist_status recover_all(struct recovering *recovering, struct kist_error *err)
{
	const struct kist_cli *cli = recovering->cli;

	KIST_TRY(recover_runs(recovering, err));
	KIST_TRY(recover_records(recovering, err));
	if (cli->json)
		return kist_print_json_take(
			json_pack("{s:O,s:O}", "runs", recovering->runs, "lost", recovering->lost), err);
	if (!cli->quiet && !recovering->given && recovering->worst == KIST_EXIT_DONE &&
	    json_array_size(recovering->runs) + json_array_size(recovering->lost) == 0)
		printf("nothing is left to recover\n");
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	__attribute__((cleanup(recovering_done))) struct recovering recovering = {
		.cli = cli, .runs = json_array(), .lost = json_array(), .given = cli->argument_count > 0
	};
	struct kist_error err = KIST_ERROR_INIT;

	(void)snprintf(recovering.store, sizeof(recovering.store), "%s", cli->paths.store);
	(void)snprintf(recovering.store_why, sizeof(recovering.store_why), "%s", cli->paths.store_why);
	if (recover_all(&recovering, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	return recovering.worst;
}

const struct kist_command kist_command_job_recover = {
	.name = "job recover",
	.arguments = "[JOB...]",
	.summary = "keep what is left of jobs whose process is gone, and record them as lost",
	.arguments_min = 0,
	.arguments_max = SIZE_MAX,
	.run = run,
};
