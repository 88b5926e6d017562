/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "bundle/import.h"
#include "bundle/replay.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/stop.h"
#include "job/commit.h"
#include "workflow/folder.h"

static const struct kist_option options[] = {
	{ .name = "commands", .help = "also entrypoints that run commands, which may do whatever you may" },
	{ .name = "strict", .help = "only with the very plugins that were there then" },
	{ .name = "jobs",
	  .letter = 'j',
	  .argument = "COUNT",
	  .help = "how many steps may run at once; else 1" },
	{ .name = NULL },
};

/* What one command works with. */
struct replaying {
	struct kist_cli *cli;
	struct kist_replay_options how;
	struct kist_run_folder folder; /* of the store that a bundle is taken into */
	json_t *list;		       /* facts of each job */
	enum kist_exit worst;
};

/* A store that lasts as long as the command, so that a bundle leaves nothing here. */
static kist_status open_own(struct replaying *replaying, struct kist_error *err)
{
	struct kist_cli *cli = replaying->cli;
	struct kist_flow_options how = {
		.temp_dir = cli->paths.temp_dir,
		.catalog = kist_cli_catalog_options(cli),
		.worker = kist_cli_worker_options(cli),
		.progress = kist_progress_show,
		.progress_ctx = &cli->progress,
	};
	char path[PATH_MAX];

	KIST_TRY(kist_run_folder_path(&replaying->folder, cli->paths.temp_dir, "", path, err));
	KIST_TRY(kist_store_create(path, err));
	how.store_uri = path;
	return kist_flow_open(&how, &cli->flow, err);
}

static kist_status take_bundle(struct replaying *replaying, int fd, struct kist_bundle_checked *checked,
			       struct kist_bundle *bundle, struct kist_error *err)
{
	const struct kist_import_options how = { .prefix = NULL };
	kist_auto_imported struct kist_imported done = { .names = NULL };

	KIST_TRY(kist_bundle_open(fd, bundle, err));
	KIST_TRY(kist_bundle_check(bundle, checked, err));
	if (checked->sum.jobs == 0)
		return kist_fail(err, KIST_NOT_FOUND, "there is no job in the bundle");
	KIST_TRY(open_own(replaying, err));
	replaying->cli->flow->stop = kist_stop_catch();
	return kist_bundle_import(replaying->cli->flow, checked, &how, &done, err);
}

static kist_status replay_one(struct replaying *replaying, const char *id, struct kist_error *err)
{
	kist_auto_replay struct kist_replay replay = { .facts = NULL };

	KIST_TRY(kist_replay_job(replaying->cli->flow, id, &replaying->how, &replay, err));
	if (replay.verdict != KIST_REPLAY_EQUAL)
		replaying->worst = KIST_EXIT_FAILED;
	return json_array_append(replaying->list, replay.facts) == 0 ? KIST_OK
								     : kist_fail_memory(err, sizeof(json_t));
}

static kist_status replay_bundle(struct replaying *replaying, int fd, struct kist_error *err)
{
	kist_auto_bundle struct kist_bundle bundle = KIST_BUNDLE_INIT;
	kist_auto_bundle_checked struct kist_bundle_checked checked = KIST_BUNDLE_CHECKED_INIT;
	const json_t *jobs;

	KIST_TRY(take_bundle(replaying, fd, &checked, &bundle, err));
	jobs = json_object_get(checked.manifest, "jobs");
	for (size_t i = 0; i < json_array_size(jobs); i++)
		KIST_TRY(replay_one(replaying, kist_json_get_text(json_array_get(jobs, i), "id"), err));
	return KIST_OK;
}

static kist_status replay_job(struct replaying *replaying, const char *text, struct kist_error *err)
{
	char id[KIST_JOB_ID_MAX + 1];

	KIST_TRY(kist_cli_open(replaying->cli, false, err));
	replaying->cli->flow->stop = kist_stop_catch();
	KIST_TRY(kist_job_find(replaying->cli->flow, text, id, err));
	return replay_one(replaying, id, err);
}

static void print_plugins(const json_t *facts)
{
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(facts, "plugins"), i, row) {
		const json_t *wanted = json_object_get(row, "wanted");
		const json_t *had = json_object_get(row, "had");
		char id[256];

		if (strcmp(kist_json_get_text(row, "state"), "same") == 0)
			continue;
		kist_name_escape(kist_json_get_text(row, "id"), strlen(kist_json_get_text(row, "id")), id,
				 sizeof(id));
		printf("plugin %s: wanted %.40s (sha256 %.16s), ", id, kist_json_get_text(wanted, "version"),
		       kist_json_get_text(wanted, "sha256"));
		if (json_is_object(had))
			printf("had %.40s (sha256 %.16s)\n", kist_json_get_text(had, "version"),
			       kist_json_get_text(had, "sha256"));
		else
			printf("had none\n");
	}
}

static void print_row(const char *state, const char *what, const char *name, const char *more)
{
	char shown[512];
	char added[512];

	kist_name_escape(name, strlen(name), shown, sizeof(shown));
	kist_text_escape(more, strlen(more), added, sizeof(added));
	printf("%-14s  %-8s  %s%s%s\n", state, what, shown, *added ? "  " : "", added);
}

static void print_facts(const json_t *facts)
{
	const char *why = kist_json_get_text(facts, "error");
	const json_t *row;
	size_t i;

	json_array_foreach(json_object_get(facts, "steps"), i, row) {
		const char *error = kist_json_get_text(row, "error");
		const char *task = kist_json_get_text(row, "task");

		print_row(kist_json_get_text(row, "state"), "step", kist_json_get_text(row, "name"),
			  error	 ? error
			  : task ? task
				 : "");
	}
	json_array_foreach(json_object_get(facts, "results"), i, row) {
		char digests[160];
		const char *wanted = kist_json_get_text(row, "wanted");
		const char *had = kist_json_get_text(row, "had");
		const bool is_equal = strcmp(kist_json_get_text(row, "state"), "equal") == 0;

		snprintf(digests, sizeof(digests), is_equal ? "%.16s" : "wanted %.16s, had %.16s",
			 wanted ? wanted : "nothing", had ? had : "nothing");
		print_row(kist_json_get_text(row, "state"), kist_json_get_text(row, "what"),
			  kist_json_get_text(row, "name"), digests);
	}
	print_plugins(facts);
	if (why)
		print_row("error", "", why, "");
	printf("%s: %s\n", kist_json_get_text(facts, "job"), kist_json_get_text(facts, "verdict"));
}

static kist_status print(const struct replaying *replaying, struct kist_error *err)
{
	const json_t *facts;
	size_t i;

	if (replaying->cli->json)
		return kist_print_json_take(json_incref(replaying->list), err);
	if (replaying->cli->quiet)
		return KIST_OK;
	json_array_foreach(replaying->list, i, facts)
		print_facts(facts);
	return KIST_OK;
}

/* A file that begins as a bundle does is one; else it is a job's id. */
static kist_status replay(struct replaying *replaying, const char *text, struct kist_error *err)
{
	kist_auto_fd int fd = -1;
	kist_status status = kist_open_at(AT_FDCWD, text, O_RDONLY | O_NONBLOCK, 0, &fd, NULL);

	status = status == KIST_OK && kist_bundle_is(fd) ? replay_bundle(replaying, fd, err)
							 : replay_job(replaying, text, err);
	return status == KIST_OK ? print(replaying, err) : status;
}

static enum kist_exit run(struct kist_cli *cli)
{
	kist_auto_json json_t *list = json_array();
	struct replaying replaying = { .cli = cli, .folder = KIST_RUN_FOLDER_INIT, .list = list };
	struct kist_error err = KIST_ERROR_INIT;
	kist_status status;

	replaying.how = (struct kist_replay_options){ .commands = kist_cli_has(cli, "commands"),
						      .strict = kist_cli_has(cli, "strict"),
						      .jobs = (size_t)cli->settings.jobs };
	status = replay(&replaying, cli->arguments[0], &err);
	kist_progress_end(&cli->progress);
	kist_run_folder_remove(&replaying.folder);
	return status == KIST_OK ? replaying.worst : kist_cli_fail(cli, &err, cli->flow);
}

const struct kist_command kist_command_replay = {
	.name = "replay",
	.arguments = "BUNDLE|JOB",
	.summary = "run a job again, keep nothing, and say whether it gives the same bytes",
	.options = options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
