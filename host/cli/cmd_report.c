/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/recover.h"
#include "agent/report.h"
#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/jobs.h"
#include "cli/measure.h"
#include "cli/output.h"

/* What is searched for among the runs of this machine. */
struct search {
	const char *text;
	char id[KIST_JOB_ID_MAX + 1]; /* that begins or ends with it */
	size_t count;
};

static kist_status match(void *ctx, const char *id, struct kist_error *err)
{
	struct search *search = ctx;
	const size_t len = strlen(search->text);
	const size_t id_len = strlen(id);

	(void)err;
	if (len > id_len ||
	    (strncmp(id, search->text, len) != 0 && strcmp(id + id_len - len, search->text) != 0))
		return KIST_OK;
	/* All of it is meant before a part of another. */
	if (search->count++ == 0 || len == id_len)
		(void)snprintf(search->id, sizeof(search->id), "%s", id);
	if (len == id_len)
		search->count = 1;
	return KIST_OK;
}

static kist_status open_run(const struct kist_cli *cli, struct search *search, struct kist_run *ret,
			    struct kist_error *err)
{
	KIST_TRY(kist_recover_each(cli->paths.runs_dir, match, search, err));
	if (search->count == 0)
		return kist_fail(err, KIST_NOT_FOUND,
				 "this machine has run no job '%s'; its runs are in '%s'", search->text,
				 cli->paths.runs_dir);
	if (search->count > 1 && strcmp(search->id, search->text) != 0)
		return kist_fail(err, KIST_AMBIGUOUS, "'%s' are %zu jobs that this machine has run",
				 search->text, search->count);
	return kist_run_open(cli->paths.runs_dir, search->id, ret, err);
}

static const char *text_of(const struct kist_report *report, const char *key)
{
	const char *text = kist_json_get_text(report->facts, key);

	return text ? text : "";
}

static void print_begin(const char *id, const struct kist_report *report)
{
	char time[KIST_TIME_TEXT_SIZE];
	char shown[512];
	uint64_t started = 0;
	uint64_t ended = 0;
	char took[32];

	kist_text_escape(text_of(report, "error"), strlen(text_of(report, "error")), shown, sizeof(shown));
	printf("job %s: %s%s%s%s%s\n", id, text_of(report, "state"), shown[0] ? " (" : "", shown,
	       shown[0] ? ")" : "", report->is_alive ? ", and its agent is at work" : "");
	kist_text_escape(text_of(report, "project"), strlen(text_of(report, "project")), shown,
			 sizeof(shown));
	if (shown[0])
		printf("project   %s\n", shown);
	if (!kist_json_get_u64(report->facts, "started_ns", &started) || started > INT64_MAX)
		return;
	kist_time_text((int64_t)started, time);
	(void)!kist_json_get_u64(report->facts, "ended_ns", &ended);
	kist_job_took_text(started, ended, took);
	printf("started   %s%s%s\n", time, ended ? ", took " : "", ended ? took : "");
}

static void print_failures(const struct kist_report *report)
{
	const json_t *failure;
	size_t i;

	json_array_foreach(report->failures, i, failure) {
		const char *name = kist_json_get_text(failure, "artifact_name");
		const char *text = kist_json_get_text(failure, "text");
		char shown[256] = "";
		char said[1024] = "";

		if (name)
			kist_name_escape(name, strlen(name), shown, sizeof(shown));
		if (text)
			kist_text_escape(text, strlen(text), said, sizeof(said));
		printf("failed    %s%s%s\n", shown, name ? ": " : "", said);
	}
	if (report->failed > json_array_size(report->failures))
		printf("failed    and %" PRIu64 " times more\n",
		       report->failed - json_array_size(report->failures));
}

static void print_all(const char *id, const struct kist_report *report)
{
	const char *kind;
	const json_t *count;
	char bytes[32];
	bool first = true;

	print_begin(id, report);
	kist_size_text(report->bytes, bytes);
	printf("kept      %" PRIu64 " file%s", report->files, kist_plural(report->files));
	json_object_foreach(report->kinds, kind, count) {
		char shown[64];

		kist_text_escape(kind, strlen(kind), shown, sizeof(shown));
		printf("%s%s %lld", first ? ": " : ", ", shown, (long long)json_integer_value(count));
		first = false;
	}
	printf("; %s in %" PRIu64 " time%s\n", bytes, report->times, kist_plural(report->times));
	kist_size_text(report->output_size, bytes);
	printf("printed   %s\n", bytes);
	if (report->elsewhere > 0)
		printf("elsewhere %" PRIu64 " artifact%s that the program told of\n", report->elsewhere,
		       kist_plural(report->elsewhere));
	print_failures(report);
	if (report->damaged > 0)
		printf("damaged   %" PRIu64 " line%s of the run folder cannot be read\n", report->damaged,
		       kist_plural(report->damaged));
	if (!report->is_alive && (!json_is_true(json_object_get(report->facts, "recorded")) ||
				  json_integer_value(json_object_get(report->facts, "failed")) > 0))
		printf("left      the store does not have all of it: 'kist job recover %s'\n", id);
}

static kist_status print_as_json(const char *id, const struct kist_report *report, struct kist_error *err)
{
	return kist_print_json_take(
		json_pack("{s:s,s:O,s:b,s:O,s:I,s:I,s:I,s:O,s:I,s:O,s:I,s:I,s:I}", "job", id, "run",
			  report->facts, "alive", report->is_alive, "kinds", report->kinds, "files",
			  (json_int_t)report->files, "times", (json_int_t)report->times, "bytes",
			  (json_int_t)report->bytes, "failures", report->failures, "failed",
			  (json_int_t)report->failed, "signals", report->signals, "damaged",
			  (json_int_t)report->damaged, "printed", (json_int_t)report->output_size,
			  "elsewhere", (json_int_t)report->elsewhere),
		err);
}

static kist_status report_run(const struct kist_cli *cli, struct kist_error *err)
{
	kist_auto_report struct kist_report report = KIST_REPORT_INIT;
	kist_auto_run struct kist_run run = KIST_RUN_INIT;
	struct search search = { .text = cli->arguments[0] };

	KIST_TRY(open_run(cli, &search, &run, err));
	KIST_TRY(kist_report_read(&run, &report, err));
	if (cli->json)
		return print_as_json(search.id, &report, err);
	print_all(search.id, &report);
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;

	if (report_run(cli, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	return KIST_EXIT_DONE;
}

const struct kist_command kist_command_report = {
	.name = "report",
	.arguments = "ID",
	.summary = "sum up what happened in a job of this machine",
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
