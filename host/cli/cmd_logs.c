/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "agent/journal.h"
#include "agent/run.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "flow/find.h"
#include "flow/load.h"
#include "job/commit.h"

/* Of one run of bytes: what a relay passes on at once. */
#define RUN_SIZE_MAX ((size_t)1 << 20)
/* How long -f waits for a word of the file system before it looks by itself, as on one that gives none. */
#define LOOK_MS 1000

static const struct kist_option options[] = {
	{ .name = "follow", .letter = 'f', .help = "go on while the job, on this machine, runs" },
	{ .name = "times", .letter = 't', .help = "say before each line when it came, and from where" },
	{ .name = "only",
	  .argument = "out|err",
	  .help = "the standard output, or the standard error, alone" },
	{ .name = NULL },
};

/* A log that is being printed. */
struct logging {
	struct kist_cli *cli;
	char id[KIST_JOB_ID_MAX + 1];
	bool times;
	int only; /* enum kist_stream; 0: both */
	bool in_line[3];
	uint64_t text_at; /* how far it was printed */
	uint64_t times_at;
};

static kist_status write_out(struct kist_view bytes, struct kist_error *err)
{
	if (fwrite(bytes.data, 1, bytes.size, stdout) == bytes.size)
		return KIST_OK;
	return kist_fail_errno(err, errno, "cannot write to the standard output");
}

/* "2026-01-31T12:00:00Z err  text" for each line that begins in @bytes. */
static kist_status print_lines(struct logging *logging, const struct kist_journal_entry *entry,
			       struct kist_view bytes, struct kist_error *err)
{
	bool *in_line = &logging->in_line[entry->stream];
	char time[KIST_TIME_TEXT_SIZE];
	const uint8_t *at = bytes.data;
	const uint8_t *const end = at + bytes.size;

	kist_time_text(entry->time_ns, time);
	while (at < end) {
		const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
		const uint8_t *next = newline ? newline + 1 : end;

		if (!*in_line)
			printf("%s %s  ", time, entry->stream == KIST_STREAM_ERR ? "err" : "out");
		KIST_TRY(write_out(kist_view_of(at, (size_t)(next - at)), err));
		*in_line = !newline;
		at = next;
	}
	return KIST_OK;
}

static kist_status print_run(struct logging *logging, const struct kist_journal_entry *entry,
			     struct kist_view bytes, struct kist_error *err)
{
	if (logging->only && logging->only != (int)entry->stream)
		return KIST_OK;
	return logging->times ? print_lines(logging, entry, bytes, err) : write_out(bytes, err);
}

/* Where a log is read from: a run folder, or the store. */
struct source {
	int text_fd;
	int times_fd;
	struct kist_object_reader *text;
	struct kist_object_reader *times;
};

static kist_status read_text(const struct source *source, uint64_t offset, void *buf, size_t size,
			     size_t *ret_size, struct kist_error *err)
{
	return source->text ? kist_object_reader_read(source->text, offset, buf, size, ret_size, err)
			    : kist_pread_full(source->text_fd, buf, size, offset, ret_size, err);
}

static kist_status read_times(const struct source *source, uint64_t offset, void *buf, size_t size,
			      size_t *ret_size, struct kist_error *err)
{
	return source->times ? kist_object_reader_read(source->times, offset, buf, size, ret_size, err)
			     : kist_pread_full(source->times_fd, buf, size, offset, ret_size, err);
}

/* Prints all runs that are complete. */
static kist_status print_runs(struct logging *logging, const struct source *source, struct kist_error *err)
{
	kist_auto_mem uint8_t *bytes = kist_alloc(RUN_SIZE_MAX, 1);
	uint8_t raw[KIST_JOURNAL_ENTRY_SIZE];
	struct kist_journal_entry entry;
	size_t got;

	if (!bytes)
		return kist_fail_memory(err, RUN_SIZE_MAX);
	for (;;) {
		KIST_TRY(read_times(source, logging->times_at, raw, sizeof(raw), &got, err));
		if (got < sizeof(raw))
			return KIST_OK;
		if (!kist_journal_entry_read(raw, &entry) || entry.size > RUN_SIZE_MAX)
			return kist_fail(err, KIST_CORRUPT, "the times of the log of job '%s' are damaged",
					 logging->id);
		KIST_TRY(read_text(source, logging->text_at, bytes, entry.size, &got, err));
		if (got < entry.size)
			return kist_fail(err, KIST_CORRUPT, "the log of job '%s' is cut off", logging->id);
		KIST_TRY(print_run(logging, &entry, kist_view_of(bytes, got), err));
		logging->text_at += entry.size;
		logging->times_at += sizeof(raw);
	}
}

static kist_status open_part(struct logging *logging, const char *what, struct kist_artifact *artifact,
			     struct kist_object_reader *reader, struct kist_error *err)
{
	char name[KIST_JOB_NAME_SIZE];
	const size_t len = kist_job_part_name(logging->id, what, name);

	KIST_TRY(kist_find(logging->cli->flow, name, len, artifact, err));
	return kist_object_reader_open(logging->cli->flow, artifact->record, reader, err);
}

static kist_status print_stored(struct logging *logging, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact text = KIST_ARTIFACT_INIT;
	kist_auto_artifact struct kist_artifact times = KIST_ARTIFACT_INIT;
	kist_auto_object_reader struct kist_object_reader text_reader = KIST_OBJECT_READER_INIT;
	kist_auto_object_reader struct kist_object_reader times_reader = KIST_OBJECT_READER_INIT;
	const struct source source = { .text = &text_reader, .times = &times_reader };

	KIST_TRY(open_part(logging, "output", &text, &text_reader, err));
	KIST_TRY(open_part(logging, "output-times", &times, &times_reader, err));
	return print_runs(logging, &source, err);
}

/* Until the agent, which holds the lock, is gone; what it wrote last is printed after that. */
static kist_status follow(struct logging *logging, const struct source *source, const struct kist_run *run,
			  const char *folder, struct kist_error *err)
{
	kist_auto_fd int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	uint8_t drop[4096] __attribute__((aligned(8)));
	bool lives = true;

	if (fd >= 0)
		(void)inotify_add_watch(fd, folder, IN_MODIFY | IN_MOVED_TO | IN_CLOSE);
	while (lives) {
		lives = kist_run_is_alive(run);
		KIST_TRY(print_runs(logging, source, err));
		if (!kist_output_is_whole())
			return kist_fail_errno(err, errno, "cannot write to the standard output");
		if (!lives)
			return KIST_OK;
		if (poll(&wait, fd >= 0, LOOK_MS) > 0)
			(void)!read(fd, drop, sizeof(drop));
	}
	return KIST_OK;
}

/* KIST_NOT_FOUND: this machine has no run folder of the job. */
static kist_status print_here(struct logging *logging, struct kist_error *err)
{
	kist_auto_run struct kist_run run = KIST_RUN_INIT;
	kist_auto_fd int text_fd = -1;
	kist_auto_fd int times_fd = -1;

	KIST_TRY(kist_run_open(logging->cli->paths.runs_dir, logging->id, &run, err));
	KIST_TRY(kist_open_at(run.dir_fd, KIST_JOURNAL_TEXT_NAME, O_RDONLY, 0, &text_fd, err));
	KIST_TRY(kist_open_at(run.dir_fd, KIST_JOURNAL_TIMES_NAME, O_RDONLY, 0, &times_fd, err));

	const struct source source = { .text_fd = text_fd, .times_fd = times_fd };

	if (kist_cli_has(logging->cli, "follow"))
		return follow(logging, &source, &run, run.path, err);
	return print_runs(logging, &source, err);
}

/* Finds the job in the store, and whether it has ended. */
static kist_status find(struct logging *logging, bool *ret_ended, struct kist_error *err)
{
	kist_auto_job struct kist_job *job = NULL;
	struct kist_cli *cli = logging->cli;

	KIST_TRY(kist_cli_open(cli, false, err));
	KIST_TRY(kist_job_find(cli->flow, cli->arguments[0], logging->id, err));
	KIST_TRY(kist_job_load(cli->flow, logging->id, &job, err));
	*ret_ended = kist_job_state_is_end(kist_job_state(job));
	return KIST_OK;
}

/* One that this machine has run, and of which the store knows nothing: as when that was not there. */
static bool has_only_run(struct logging *logging)
{
	const char *id = logging->cli->arguments[0];
	kist_auto_run struct kist_run run = KIST_RUN_INIT;

	if (kist_job_id_check(id, strlen(id), NULL) != KIST_OK ||
	    kist_run_open(logging->cli->paths.runs_dir, id, &run, NULL) != KIST_OK)
		return false;
	(void)snprintf(logging->id, sizeof(logging->id), "%s", id);
	return true;
}

/* The store has the log of a job that has ended, and this machine that of one that runs here. */
static kist_status print_log(struct logging *logging, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	bool has_ended = false;
	kist_status status = find(logging, &has_ended, &why);

	if (status == KIST_NOT_FOUND && has_only_run(logging))
		return print_here(logging, err);
	if (status != KIST_OK)
		return kist_fail_as(err, status, &why);
	status = has_ended ? print_stored(logging, &why) : print_here(logging, &why);
	if (status == KIST_NOT_FOUND && has_ended) {
		kist_error_clear(&why);
		status = print_here(logging, &why);
	}
	if (status == KIST_NOT_FOUND && has_ended)
		return KIST_OK; /* It has printed nothing. */
	if (status == KIST_NOT_FOUND)
		return kist_fail(
			err, KIST_NOT_FOUND,
			"job '%s' runs on another machine, and its log comes to the store when it ends",
			logging->id);
	return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &why);
}

static enum kist_exit run(struct kist_cli *cli)
{
	const char *only = kist_cli_value(cli, "only");
	struct logging logging = { .cli = cli, .times = kist_cli_has(cli, "times") };
	struct kist_error err = KIST_ERROR_INIT;

	if (only && strcmp(only, "out") != 0 && strcmp(only, "err") != 0)
		return kist_cli_usage(cli, "--only is out or err, not '%s'", only);
	if (only)
		logging.only = strcmp(only, "out") == 0 ? KIST_STREAM_OUT : KIST_STREAM_ERR;
	if (print_log(&logging, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	return KIST_EXIT_DONE;
}

const struct kist_command kist_command_logs = {
	.name = "logs",
	.arguments = "ID",
	.summary = "print what a job has printed",
	.options = options,
	.arguments_min = 1,
	.arguments_max = 1,
	.no_json = true,
	.run = run,
};
