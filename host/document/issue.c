/* SPDX-License-Identifier: Apache-2.0 */
#include "document/issue.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"

#define CAPACITY_FIRST ((size_t)16)

void kist_issues_done(struct kist_issues *issues)
{
	kist_free(issues->items);
	*issues = (struct kist_issues)KIST_ISSUES_INIT;
}

/* Room for one more, or NULL. */
static struct kist_issue *next(struct kist_issues *issues)
{
	const size_t capacity = issues->capacity ? issues->capacity * 2 : CAPACITY_FIRST;
	struct kist_issue *grown;

	if (issues->count == KIST_ISSUES_MAX)
		return NULL;
	if (issues->count < issues->capacity)
		return &issues->items[issues->count];
	grown = kist_realloc(issues->items, capacity, sizeof(*grown));
	if (!grown) {
		issues->no_memory = true;
		return NULL;
	}
	issues->items = grown;
	issues->capacity = capacity;
	return &issues->items[issues->count];
}

static void put_text(char *ret, size_t size, const char *format, va_list args)
{
	char raw[2 * KIST_ISSUE_TEXT_SIZE];
	const int len = vsnprintf(raw, sizeof(raw), format, args);

	kist_text_escape(raw, len < 0 ? 0 : strlen(raw), ret, size);
}

void kist_issue_add(struct kist_issues *issues, struct kist_place place, const char *code, const char *format,
		    ...)
{
	const bool is_warning = strncmp(code, "W_", 2) == 0;
	struct kist_issue *issue = next(issues);
	va_list args;

	issues->warning_count += is_warning;
	issues->error_count += !is_warning;
	if (!issue)
		return;
	*issue = (struct kist_issue){ .place = place,
				      .severity = is_warning ? KIST_SEVERITY_WARNING : KIST_SEVERITY_ERROR,
				      .code = code,
				      .order = issues->count };
	va_start(args, format);
	put_text(issue->text, sizeof(issue->text), format, args);
	va_end(args);
	issues->count++;
}

void kist_issue_hint(struct kist_issues *issues, const char *format, ...)
{
	const bool kept = issues->count > 0 && issues->count == issues->error_count + issues->warning_count;
	va_list args;

	if (!kept)
		return;
	va_start(args, format);
	put_text(issues->items[issues->count - 1].hint, KIST_ISSUE_HINT_SIZE, format, args);
	va_end(args);
}

static int compare(const void *left, const void *right)
{
	const struct kist_issue *a = left;
	const struct kist_issue *b = right;

	if (a->place.line != b->place.line)
		return a->place.line < b->place.line ? -1 : 1;
	if (a->place.column != b->place.column)
		return a->place.column < b->place.column ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

kist_status kist_issues_finish(struct kist_issues *issues, struct kist_error *err)
{
	if (issues->no_memory)
		return kist_fail_memory(err, sizeof(*issues->items));
	if (issues->count > 0)
		qsort(issues->items, issues->count, sizeof(*issues->items), compare);
	return KIST_OK;
}

json_t *kist_issues_json(const struct kist_issues *issues, const char *file)
{
	kist_auto_json json_t *list = json_array();

	for (size_t i = 0; list && i < issues->count; i++) {
		const struct kist_issue *issue = &issues->items[i];
		const bool is_error = issue->severity == KIST_SEVERITY_ERROR;
		json_t *row =
			json_pack("{so,sI,sI,ss,ss,ss,ss}", "file", kist_json_text(file, strlen(file)),
				  "line", (json_int_t)issue->place.line, "column",
				  (json_int_t)issue->place.column, "severity", is_error ? "error" : "warning",
				  "code", issue->code, "text", issue->text, "hint", issue->hint);

		if (!row || json_array_append_new(list, row) != 0)
			return NULL;
	}
	return kist_steal(list);
}
