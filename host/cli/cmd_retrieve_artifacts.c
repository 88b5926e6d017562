/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/keeper.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/facts.h"
#include "cli/measure.h"
#include "cli/output.h"
#include "cli/stop.h"
#include "flow/load.h"

static const struct kist_option options[] = {
	{ .name = "job_id",
	  .argument = "ID",
	  .help = "of this job; what its id begins or ends with is enough" },
	{ .name = "save_dir", .argument = "FOLDER", .help = "put them there (default: this folder)" },
	{ .name = "source_dir", .argument = "FOLDER", .help = "only those that the job made in this folder" },
	{ .name = "force", .letter = 'f', .help = "replace files that are there" },
	{ .name = NULL },
};

/* The names of what is retrieved: gathered first, since restoring uses the registry, too. */
struct retrieving {
	struct kist_cli *cli;
	char id[KIST_JOB_ID_MAX + 1];
	char prefix[sizeof(KIST_KEEPER_PREFIX) + KIST_JOB_ID_MAX + 1 + PATH_MAX]; /* "jobs/<id>/models/" */
	size_t cut;	       /* bytes of a name that are no path of the job's: "jobs/<id>/" */
	struct kist_buf names; /* NUL-terminated */
	size_t count;
	uint64_t bytes;
	json_t *list;
	enum kist_exit worst;
};

static void retrieving_done(struct retrieving *retrieving)
{
	kist_buf_done(&retrieving->names);
	json_decref(retrieving->list);
}

static kist_status gather(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
			  struct kist_error *err)
{
	struct retrieving *retrieving = ctx;

	(void)artifact;
	return kist_buf_append(&retrieving->names, ref->name, ref->name_len + 1, err);
}

/* "models", "./models//" and "models/" are one folder; "models2" is another. */
static kist_status set_prefix(struct retrieving *retrieving, const char *source, struct kist_error *err)
{
	int used = snprintf(retrieving->prefix, sizeof(retrieving->prefix), KIST_KEEPER_PREFIX "%s/",
			    retrieving->id);

	retrieving->cut = (size_t)used;
	while (source && *source) {
		const size_t len = strcspn(source, "/");

		if (len == 2 && memcmp(source, "..", 2) == 0)
			return kist_fail(err, KIST_INVALID,
					 "--source_dir is a folder below the job's, without '..'");
		if (len > 0 && !(len == 1 && *source == '.'))
			used += snprintf(retrieving->prefix + used, sizeof(retrieving->prefix) - (size_t)used,
					 "%.*s/", (int)len, source);
		if ((size_t)used >= sizeof(retrieving->prefix))
			return kist_fail(err, KIST_INVALID, "the path of --source_dir is too long");
		source += len + (source[len] == '/');
	}
	return KIST_OK;
}

static kist_status restore(struct retrieving *retrieving, const char *name,
			   const struct kist_artifact *artifact, const char *path, struct kist_error *err)
{
	struct kist_cli *cli = retrieving->cli;
	char folder[PATH_MAX];
	json_t *facts;

	(void)snprintf(folder, sizeof(folder), "%s", path);
	*strrchr(folder, '/') = '\0';
	KIST_TRY(kist_mkdirs_at(AT_FDCWD, folder, 0777, err));
	KIST_TRY(kist_load_path(cli->flow, artifact->record, path, kist_cli_has(cli, "force"), err));
	retrieving->count++;
	retrieving->bytes += kist_facts_size(artifact->record);
	KIST_TRY(kist_facts_artifact(name, strlen(name), artifact->record, &artifact->id, &facts, err));
	if (json_array_append_new(retrieving->list, facts) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return kist_json_set_bytes(facts, "path", path, strlen(path), err);
}

static kist_status retrieve_one(struct retrieving *retrieving, const char *name, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_cli *cli = retrieving->cli;
	const char *save_dir = kist_cli_value(cli, "save_dir");
	struct kist_digest id;
	char path[PATH_MAX];
	kist_status status;

	if (snprintf(path, sizeof(path), "%s/%s", save_dir ? save_dir : ".", name + retrieving->cut) >=
	    (int)sizeof(path))
		return kist_fail(err, KIST_INVALID, "the path is too long");
	KIST_TRY(kist_registry_find_ref(cli->flow->registry, name, strlen(name), &id, err));
	KIST_TRY(kist_registry_get_artifact(cli->flow->registry, &id, &artifact, err));
	status = restore(retrieving, name, &artifact, path, err);
	return status == KIST_CORRUPT || status == KIST_IO ? kist_fail_context(err, "%s", name) : status;
}

static void retrieve_each(struct retrieving *retrieving)
{
	struct kist_cli *cli = retrieving->cli;
	const char *const names = (const char *)retrieving->names.data;

	for (size_t at = 0; at < retrieving->names.size; at += strlen(names + at) + 1) {
		struct kist_error why = KIST_ERROR_INIT;

		kist_progress_start(&cli->progress, names + at);
		if (retrieve_one(retrieving, names + at, &why) != KIST_OK)
			retrieving->worst = kist_exit_worse(
				retrieving->worst,
				kist_cli_fail_one(cli, &why, true, names + at, retrieving->list));
		kist_progress_end(&cli->progress);
		if (kist_flow_check_stop(cli->flow, NULL) != KIST_OK)
			return;
	}
}

static kist_status find_all(struct retrieving *retrieving, struct kist_error *err)
{
	struct kist_cli *cli = retrieving->cli;
	const char *source = kist_cli_value(cli, "source_dir");

	KIST_TRY(kist_job_find(cli->flow, kist_cli_value(cli, "job_id"), retrieving->id, err));
	KIST_TRY(set_prefix(retrieving, source, err));
	KIST_TRY(kist_registry_each_name(cli->flow->registry, retrieving->prefix, strlen(retrieving->prefix),
					 gather, retrieving, err));
	if (retrieving->names.size == 0 && source)
		return kist_fail(err, KIST_NOT_FOUND,
				 "job '%s' has made nothing in '%s'; 'kist ls " KIST_KEEPER_PREFIX
				 "%s/' lists what it has made",
				 retrieving->id, source, retrieving->id);
	return KIST_OK;
}

static void print_all(const struct retrieving *retrieving)
{
	const char *save_dir = kist_cli_value(retrieving->cli, "save_dir");
	char bytes[32];

	kist_size_text(retrieving->bytes, bytes);
	if (!retrieving->cli->quiet)
		printf("%zu file%s of job %s in %s: %s, verified\n", retrieving->count,
		       retrieving->count == 1 ? "" : "s", retrieving->id, save_dir ? save_dir : ".", bytes);
}

static enum kist_exit retrieve(struct retrieving *retrieving)
{
	struct kist_cli *cli = retrieving->cli;
	struct kist_error err = KIST_ERROR_INIT;

	if (kist_cli_open(cli, false, &err) != KIST_OK || find_all(retrieving, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	cli->flow->stop = kist_stop_catch();
	retrieve_each(retrieving);
	if (!cli->json)
		print_all(retrieving);
	else if (kist_print_json_take(
			 json_pack("{s:s,s:O}", "job", retrieving->id, "files", retrieving->list), &err) !=
		 KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return retrieving->worst;
}

static enum kist_exit run(struct kist_cli *cli)
{
	__attribute__((cleanup(retrieving_done))) struct retrieving retrieving = {
		.cli = cli, .names = KIST_BUF_INIT((size_t)1 << 30), .list = json_array()
	};

	if (!kist_cli_value(cli, "job_id"))
		return kist_cli_usage(cli, "say which job: --job_id ID; 'kist jobs' lists them");
	return retrieve(&retrieving);
}

const struct kist_command kist_command_retrieve_artifacts = {
	.name = "retrieve artifacts",
	.arguments = "",
	.summary = "give back the files that a job made",
	.options = options,
	.arguments_min = 0,
	.arguments_max = 0,
	.when_full = "; make room there, or retrieve them to another disk with --save_dir",
	.run = run,
};
