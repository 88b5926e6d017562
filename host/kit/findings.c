/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/findings.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define TEXT_SIZE ((size_t)1024)

void kist_kit_findings_done(struct kist_kit_findings *findings)
{
	json_decref(findings->list);
	*findings = (struct kist_kit_findings)KIST_KIT_FINDINGS_INIT;
}

const char *kist_kit_level_name(enum kist_kit_level level)
{
	static const char *const names[KIST_KIT_LEVELS] = { "note", "warning", "error" };

	return names[level];
}

void kist_kit_find(struct kist_kit_findings *findings, enum kist_kit_level level, const char *check,
		   const char *format, ...)
{
	char text[TEXT_SIZE] = "";
	json_t *row;
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	findings->counts[level]++;
	if (!findings->list)
		findings->list = json_array();
	if (json_array_size(findings->list) >= KIST_KIT_FINDINGS_MAX)
		return;
	row = json_pack("{s:s,s:s,s:o}", "check", check, "level", kist_kit_level_name(level), "text",
			kist_json_text(text, strlen(text)));
	if (row)
		(void)json_array_append_new(findings->list, row);
}

bool kist_kit_has(const struct kist_kit_findings *findings, const char *check)
{
	const json_t *row;
	size_t i;

	json_array_foreach(findings->list, i, row) {
		if (strcmp(kist_json_get_text(row, "check"), check) == 0)
			return true;
	}
	return false;
}
