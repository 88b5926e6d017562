/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/issues.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "cli/output.h"
#include "flow/record.h"

void kist_issues_print(const struct kist_issues *issues, const char *file, FILE *out)
{
	char shown[1024];

	kist_name_escape(file, strlen(file), shown, sizeof(shown));
	for (size_t i = 0; i < issues->count; i++) {
		const struct kist_issue *issue = &issues->items[i];

		fprintf(out, "%s:", shown);
		if (issue->place.line > 0)
			fprintf(out, "%u:%u:", issue->place.line, issue->place.column);
		fprintf(out, " %s: %s [%s]\n", issue->severity == KIST_SEVERITY_ERROR ? "error" : "warning",
			issue->text, issue->code);
		if (issue->hint[0])
			fprintf(out, "    %s\n", issue->hint);
	}
	if (issues->error_count + issues->warning_count > 0)
		fprintf(out, "%s: %zu error%s, %zu warning%s%s\n", shown, issues->error_count,
			kist_plural(issues->error_count), issues->warning_count,
			kist_plural(issues->warning_count),
			issues->count < issues->error_count + issues->warning_count ? "; not all are shown"
										    : "");
}

static kist_status print_json(const struct kist_issues *issues, const char *file, struct kist_error *err)
{
	kist_auto_json json_t *list = kist_issues_json(issues, file);
	kist_auto_json json_t *facts = NULL;

	if (!list)
		return kist_fail_memory(err, sizeof(json_t));
	facts = json_pack("{sb,sI,sI,sO}", "valid", issues->error_count == 0, "errors",
			  (json_int_t)issues->error_count, "warnings", (json_int_t)issues->warning_count,
			  "issues", list);
	if (!facts)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_json_set_bytes(facts, "file", file, strlen(file), err));
	return kist_print_json_take(kist_steal(facts), err);
}

kist_status kist_issues_tell(const struct kist_cli *cli, const struct kist_issues *issues, const char *file,
			     FILE *out, struct kist_error *err)
{
	if (cli->json)
		return print_json(issues, file, err);
	kist_issues_print(issues, file, out);
	return KIST_OK;
}
