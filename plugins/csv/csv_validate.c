/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_validate.h"

#include <string.h>

#include "csv_read.h"
#include "kist/helpers.h"

/* A fault of the text has a code; what the host or the memory refused has none. */
static bool is_text_fault(const struct csv_fault *fault)
{
	return fault->code[0] != '\0' && strcmp(fault->code, "E_TRUNCATED") != 0;
}

static void report_fault(struct kist_report *report, int32_t severity, const struct csv_fault *fault)
{
	kist_issuef(report, severity, fault->code, fault->offset, "%s", fault->text);
}

static kist_status check_records(struct csv_reader *reader, struct kist_report *report)
{
	const int32_t severity = reader->dialect.lenient ? KIST_ISSUE_WARNING : KIST_ISSUE_ERROR;
	uint32_t issues = 0;

	while (issues < CSV_ISSUES_MAX) {
		struct csv_rows rows;
		kist_status status = csv_reader_rows(reader, &rows);

		if (status == KIST_OK && rows.count == 0)
			return KIST_OK;
		if (status == KIST_OK)
			continue;
		if (!is_text_fault(&reader->fault))
			return status;
		/* A lenient reader passes over what is wrong with a record; not over the end of the characters. */
		report_fault(report, reader->fault.line > 0 ? severity : KIST_ISSUE_ERROR, &reader->fault);
		if (reader->fault.line == 0)
			return KIST_OK;
		issues++;
		status = csv_reader_skip(reader);
		if (status != KIST_OK)
			return status;
	}
	kist_issuef(report, KIST_ISSUE_WARNING, "", reader->fault.offset,
		    "%u faults: the check ends here, what follows was not looked at", issues);
	return KIST_OK;
}

kist_status csv_validate(struct kist_call *call, struct kist_source *source, struct csv_dialect dialect,
			 struct kist_report *report)
{
	struct csv_reader reader;
	kist_status status = csv_reader_open(&reader, source, call, dialect);

	reader.passes_over = false;
	if (status == KIST_OK) {
		status = check_records(&reader, report);
	} else if (is_text_fault(&reader.fault)) {
		report_fault(report, KIST_ISSUE_ERROR, &reader.fault);
		status = KIST_OK;
	}
	if (status != KIST_OK)
		status = csv_fault_raise(&reader.fault, call);
	csv_reader_close(&reader);
	return status;
}
