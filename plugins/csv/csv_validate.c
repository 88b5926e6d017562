/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_validate.h"

#include <string.h>

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

/* A fault of a record: reports it and goes behind it.  *@ret_end: nothing behind it can be read. */
static kist_status pass_fault(struct csv_reader *reader, struct kist_report *report, bool *ret_end)
{
	const int32_t severity = reader->dialect.lenient ? KIST_ISSUE_WARNING : KIST_ISSUE_ERROR;

	/* A lenient reader passes over what is wrong with a record; not over the end of the characters. */
	report_fault(report, reader->fault.line > 0 ? severity : KIST_ISSUE_ERROR, &reader->fault);
	*ret_end = reader->fault.line == 0;
	return *ret_end ? KIST_OK : csv_reader_skip(reader);
}

/* @p: Where the records go, until there is a fault; or NULL. */
static kist_status check_records(struct csv_reader *reader, struct kist_report *report, struct csv_profile *p,
				 bool *ret_has)
{
	uint32_t issues = 0;
	bool end = false;

	while (issues < CSV_ISSUES_MAX) {
		struct csv_rows rows;
		kist_status status = csv_reader_rows(reader, &rows);

		if (status == KIST_OK && rows.count == 0) {
			*ret_has = p && issues == 0;
			status = *ret_has ? csv_profile_finish(p, reader, &reader->fault) : KIST_OK;
			*ret_has = *ret_has && status == KIST_OK;
			if (status == KIST_OK || !is_text_fault(&reader->fault))
				return status;
			/* It is not what its schema says. */
			report_fault(report, KIST_ISSUE_ERROR, &reader->fault);
			return KIST_OK;
		}
		if (status == KIST_OK && p && issues == 0)
			status = csv_profile_add(p, reader, &rows, &reader->fault);
		if (status == KIST_OK)
			continue;
		if (!is_text_fault(&reader->fault))
			return status;
		issues++;
		status = pass_fault(reader, report, &end);
		if (status != KIST_OK || end)
			return status;
	}
	kist_issuef(report, KIST_ISSUE_WARNING, "", reader->fault.offset,
		    "%u faults: the check ends here, what follows was not looked at", issues);
	return KIST_OK;
}

kist_status csv_validate(struct kist_call *call, struct kist_source *source, struct csv_dialect dialect,
			 struct kist_report *report, struct csv_profile *ret_profile, bool *ret_has)
{
	struct csv_profile profile = { 0 };
	struct csv_reader reader;
	bool has = false;
	kist_status status = csv_reader_open(&reader, source, call, dialect);

	reader.passes_over = false;
	profile.dialect = reader.dialect;
	profile.has_labels = csv_profile_wants_labels(source);
	if (status == KIST_OK) {
		status =
			check_records(&reader, report, ret_profile || dialect.schema ? &profile : NULL, &has);
	} else if (is_text_fault(&reader.fault)) {
		report_fault(report, KIST_ISSUE_ERROR, &reader.fault);
		status = KIST_OK;
	}
	if (status != KIST_OK)
		status = csv_fault_raise(&reader.fault, call);
	csv_reader_close(&reader);
	has = has && status == KIST_OK;
	if (!has || !ret_profile)
		csv_profile_done(&profile);
	if (ret_profile) {
		*ret_profile = profile;
		*ret_has = has;
	}
	return status;
}
