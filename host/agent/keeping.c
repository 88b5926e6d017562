/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/keeping.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/journal.h"
#include "base/mem.h"
#include "base/time.h"

void kist_keeping_done(struct kist_keeping *keeping)
{
	kist_keeper_free(keeping->keeper);
	keeping->keeper = NULL;
	json_decref(keeping->facts);
	keeping->facts = NULL;
	kist_run_done(&keeping->run);
}

void kist_keeping_warn(struct kist_keeping *keeping, const char *path, const struct kist_error *why)
{
	json_t *facts = json_pack("{s:s,s:s,s:s}", "status", kist_status_name(why->status), "code", why->code,
				  "text", why->text);

	if (facts && path)
		(void)!kist_json_set_bytes(facts, "artifact_name", path, strlen(path), NULL);
	kist_run_event(&keeping->run, "failure", facts);
	keeping->options.warn(keeping->options.ctx, path, why);
}

static void each_failed(void *ctx, const char *path, const struct kist_error *why)
{
	kist_keeping_warn(ctx, path, why);
}

static void each_kept(void *ctx, const char *path, const struct kist_saved *saved)
{
	struct kist_keeping *keeping = ctx;
	char artifact[KIST_DIGEST_HEX_SIZE];
	char location[KIST_NAME_SIZE_MAX + 1];
	json_t *facts;

	kist_digest_hex(&saved->artifact, artifact);
	facts = json_pack("{s:s,s:s,s:s,s:O,s:O,s:O}", "task_name", "", "component", "", "artifact", artifact,
			  "size_bytes", json_object_get(saved->record, "size"), "digest",
			  json_object_get(saved->record, "sha256"), "kind",
			  json_object_get(saved->record, "kind"));
	if (facts) {
		(void)snprintf(location, sizeof(location), KIST_KEEPER_PREFIX "%s/%s", keeping->run.id, path);
		(void)!kist_json_set_bytes(facts, "location", location, strlen(location), NULL);
		(void)!kist_json_set_bytes(facts, "artifact_name", path, strlen(path), NULL);
	}
	kist_run_event(&keeping->run, "artifact", facts);
}

/* In the server's thread, which has ended when kist_keeping_finish() is called. */
static void each_reference(void *ctx, json_t *facts)
{
	struct kist_keeping *keeping = ctx;

	keeping->has_references = true;
	kist_run_event(&keeping->run, "artifact", facts);
}

static void beat(void *ctx)
{
	const struct kist_keeping *keeping = ctx;

	kist_run_beat(&keeping->run);
}

/* In the keeper's thread. */
static kist_status describe(void *ctx, struct kist_job *job, struct kist_error *err)
{
	struct kist_keeping *keeping = ctx;

	if (keeping->run.dir_fd < 0)
		return KIST_OK;
	if (keeping->options.snapshot)
		KIST_TRY(kist_snapshot_write(keeping->run.dir_fd, keeping->options.snapshot, err));
	return kist_snapshot_find(keeping->run.dir_fd, keeping->run.path, job, &keeping->snapshot, err);
}

kist_status kist_keeping_start(struct kist_keeping *keeping, const struct kist_keeping_options *options,
			       struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	const struct kist_keeper_options how = { .open = options->open,
						 .open_ctx = options->open_ctx,
						 .each_kept = each_kept,
						 .each_failed = each_failed,
						 .each_reference = each_reference,
						 .each_wait = beat,
						 .ctx = keeping,
						 .describe = describe,
						 .parts = &keeping->snapshot.parts,
						 .job = options->job,
						 .folder = options->folder,
						 .ignore_count = options->ignore_count,
						 .ignore = options->ignore,
						 .settle_ns = options->settle_ns,
						 .changed_before_ns = options->changed_before_ns,
						 .runs_dir = options->runs_dir };

	keeping->options = *options;
	if (keeping->run.dir_fd >= 0 && kist_run_write(&keeping->run, keeping->facts, &why) != KIST_OK)
		kist_keeping_warn(keeping, NULL, &why);
	return kist_keeper_start(&how, &keeping->keeper, err);
}

/* What came of the job, in one small file. */
static kist_status write_summary(const struct kist_keeping *keeping, const struct kist_kept *kept,
				 struct kist_error *err)
{
	static const char *const keys[] = { "schema_version", "run_id",	      "project",  "state",
					    "has_exit",	      "exit_status",  "signal",	  "error",
					    "started_ns",     "ended_ns",     "recorded", "failed",
					    "resources",      "manifest_lock" };
	kist_auto_json json_t *summary =
		json_pack("{s:I,s:I,s:I}", "files", (json_int_t)kept->files, "bytes", (json_int_t)kept->bytes,
			  "stored_bytes", (json_int_t)kept->stored);

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		json_t *value = json_object_get(keeping->facts, keys[i]);

		if (value && json_object_set(summary, keys[i], value) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return kist_run_write_file(keeping->run.dir_fd, KIST_RUN_SUMMARY, summary, err);
}

/* run.json, summary.json and events.jsonl, once more. */
static void tell_end(struct kist_keeping *keeping, const struct kist_keeper_end *end,
		     const struct kist_kept *kept)
{
	const char *const state = kist_job_state_name(end->state);
	struct kist_error why = KIST_ERROR_INIT;
	kist_auto_json json_t *facts = json_pack(
		"{s:s,s:b,s:i,s:i,s:s,s:b,s:I,s:b}", "state", state, "has_exit", end->has_exit, "exit_status",
		end->status, "signal", end->signal, "error", end->error ? end->error : "", "recorded",
		kept->recorded, "failed", (json_int_t)kept->failed, "whole",
		kept->recorded && kept->logged && kept->failed == 0);

	if (!facts || json_object_update(keeping->facts, facts) != 0)
		(void)kist_fail(&why, KIST_NO_MEMORY, "no memory to write down the end of the job");
	kist_run_event(&keeping->run, "end", kist_steal(facts));
	if (why.status != KIST_OK || kist_run_write(&keeping->run, keeping->facts, &why) != KIST_OK ||
	    write_summary(keeping, kept, &why) != KIST_OK)
		keeping->options.warn(keeping->options.ctx, NULL, &why);
	if (keeping->run.failed.status != KIST_OK)
		keeping->options.warn(keeping->options.ctx, NULL, &keeping->run.failed);
}

void kist_keeping_finish(struct kist_keeping *keeping, const struct kist_keeper_end *end,
			 struct kist_kept *ret)
{
	char log[PATH_MAX + 32];
	char times[PATH_MAX + 32];
	char references[PATH_MAX + 32];
	struct kist_keeper_part parts[3] = { { .what = "output", .path = log },
					     { .what = "output-times", .path = times } };
	size_t count = 0;
	struct kist_keeper_end all = *end;
	struct stat st;

	/* A job that is lost ended nobody knows when. */
	if (end->state != KIST_JOB_LOST && !json_object_get(keeping->facts, "ended_ns"))
		(void)json_object_set_new(keeping->facts, "ended_ns",
					  json_integer((json_int_t)kist_wall_ns()));
	(void)snprintf(log, sizeof(log), "%s/" KIST_JOURNAL_TEXT_NAME, keeping->run.path);
	(void)snprintf(times, sizeof(times), "%s/" KIST_JOURNAL_TIMES_NAME, keeping->run.path);
	if (keeping->run.dir_fd >= 0 && stat(log, &st) == 0 && st.st_size > 0 && stat(times, &st) == 0)
		count = 2;
	/* What is not in the store is told nowhere else. */
	(void)snprintf(references, sizeof(references), "%s/" KIST_RUN_ARTIFACTS, keeping->run.path);
	if (keeping->run.dir_fd >= 0 && keeping->has_references)
		parts[count++] = (struct kist_keeper_part){ .what = "artifacts", .path = references };
	all.parts = (struct kist_keeper_parts){ .count = count, .parts = parts };
	kist_keeper_finish(keeping->keeper, &all, ret);
	if (keeping->run.dir_fd >= 0)
		tell_end(keeping, end, ret);
}
