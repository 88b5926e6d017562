/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/report.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/journal.h"
#include "base/file.h"
#include "base/mem.h"

#define READ_SIZE   ((size_t)64 << 10)
#define SIGNALS_MAX 100

void kist_report_done(struct kist_report *report)
{
	json_decref(report->facts);
	json_decref(report->kinds);
	json_decref(report->failures);
	json_decref(report->signals);
	kist_files_done(&report->names);
	*report = (struct kist_report)KIST_REPORT_INIT;
}

/* One line of a file; what it says is counted. */
typedef kist_status (*take_line_fn)(struct kist_report *report, json_t *line, struct kist_error *err);

static kist_status take_artifact(struct kist_report *report, json_t *line, struct kist_error *err)
{
	const char *bytes = kist_json_get_text(line, "artifact_name_bytes");
	const char *name = bytes ? bytes : kist_json_get_text(line, "artifact_name");
	const char *kind = kist_json_get_text(line, "kind");
	struct kist_file *file;
	uint64_t size = 0;

	if (!name) {
		report->damaged++;
		return KIST_OK;
	}
	if (!json_object_get(line, "artifact") && json_object_get(line, "location")) {
		report->elsewhere++;
		return KIST_OK;
	}
	KIST_TRY(kist_files_get(&report->names, name, &file, err));
	(void)!kist_json_get_u64(line, "size_bytes", &size);
	report->times++;
	report->bytes += size;
	if (file->kept)
		return KIST_OK;
	file->kept = true;
	report->files++;
	kind = kind ? kind : "unknown";
	return json_object_set_new(
		       report->kinds, kind,
		       json_integer(json_integer_value(json_object_get(report->kinds, kind)) + 1)) == 0
		       ? KIST_OK
		       : kist_fail_memory(err, sizeof(json_t));
}

static kist_status take_event(struct kist_report *report, json_t *line, struct kist_error *err)
{
	const char *type = kist_json_get_text(line, "event_type");
	int failed = 0;

	if (!type) {
		report->damaged++;
	} else if (strcmp(type, "failure") == 0) {
		report->failed++;
		if (json_array_size(report->failures) < KIST_REPORT_FAILURES_MAX)
			failed = json_array_append(report->failures, line);
	} else if (strcmp(type, "signal") == 0 && json_array_size(report->signals) < SIGNALS_MAX) {
		failed = json_array_append_new(
			report->signals, json_integer(json_integer_value(json_object_get(line, "signal"))));
	}
	return failed == 0 ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}

static kist_status take_text(struct kist_report *report, struct kist_view text, take_line_fn take_line,
			     struct kist_error *err)
{
	kist_auto_json json_t *line = NULL;

	if (kist_json_parse(text, &line, NULL) == KIST_OK && json_is_object(line))
		return take_line(report, line, err);
	report->damaged++;
	return KIST_OK;
}

/* A line under way: its bytes so far, or none of one that is too long. */
struct reading {
	struct kist_report *report;
	take_line_fn take_line;
	struct kist_buf line;
	bool is_long;
};

static kist_status take_bytes(struct reading *reading, const uint8_t *bytes, size_t size,
			      struct kist_error *err)
{
	const uint8_t *const end = bytes + size;

	while (bytes < end) {
		const uint8_t *const newline = memchr(bytes, '\n', (size_t)(end - bytes));
		const uint8_t *const part_end = newline ? newline : end;

		if (!reading->is_long)
			reading->is_long = kist_buf_append(&reading->line, bytes, (size_t)(part_end - bytes),
							   NULL) != KIST_OK;
		if (!newline)
			return KIST_OK;
		if (reading->is_long)
			reading->report->damaged++;
		else
			KIST_TRY(take_text(reading->report, kist_buf_view(&reading->line), reading->take_line,
					   err));
		reading->line.size = 0;
		reading->is_long = false;
		bytes = newline + 1;
	}
	return KIST_OK;
}

static kist_status read_lines(const struct kist_run *run, const char *name, take_line_fn take_line,
			      struct kist_report *report, struct kist_error *err)
{
	struct reading reading = { .report = report,
				   .take_line = take_line,
				   .line = KIST_BUF_INIT(KIST_REPORT_LINE_MAX) };
	kist_auto_fd int fd = -1;
	uint8_t bytes[READ_SIZE];
	kist_status status = kist_open_at(run->dir_fd, name, O_RDONLY, 0, &fd, err);
	ssize_t size = 1;

	while (status == KIST_OK && size != 0) {
		size = read(fd, bytes, sizeof(bytes));
		if (size < 0 && errno != EINTR)
			status = kist_fail_errno(err, errno, "cannot read '%s/%s'", run->path, name);
		else if (size > 0)
			status = take_bytes(&reading, bytes, (size_t)size, err);
	}
	/* One that the agent writes now, or was killed in the middle of. */
	if (status == KIST_OK && !report->is_alive)
		report->damaged += reading.line.size > 0 || reading.is_long;
	kist_buf_done(&reading.line);
	return status;
}

kist_status kist_report_read(const struct kist_run *run, struct kist_report *ret, struct kist_error *err)
{
	struct stat st;

	KIST_TRY(kist_run_read(run, &ret->facts, err));
	ret->is_alive = kist_run_is_alive(run);
	ret->kinds = json_object();
	ret->failures = json_array();
	ret->signals = json_array();
	if (!ret->kinds || !ret->failures || !ret->signals)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(read_lines(run, KIST_RUN_ARTIFACTS, take_artifact, ret, err));
	KIST_TRY(read_lines(run, KIST_RUN_EVENTS, take_event, ret, err));
	if (fstatat(run->dir_fd, KIST_JOURNAL_TEXT_NAME, &st, 0) == 0)
		ret->output_size = (uint64_t)st.st_size;
	return KIST_OK;
}
