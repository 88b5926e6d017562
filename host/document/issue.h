/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_DOCUMENT_ISSUE_H
#define KIST_DOCUMENT_ISSUE_H

#include "base/json.h"

/*
 * What is wrong in a text that people write: every fault of it, in the order of its lines.
 *
 * Adding never fails, so that a checker reads as a list of rules; whether all were kept is asked once, of
 * kist_issues_finish().
 *
 * Limits: KIST_ISSUES_MAX; more are counted, not kept.
 * Thread: one list, one thread at a time.
 */

#define KIST_ISSUES_MAX	     ((size_t)1000)
#define KIST_ISSUE_TEXT_SIZE ((size_t)512)
#define KIST_ISSUE_HINT_SIZE ((size_t)256)

enum kist_severity { KIST_SEVERITY_WARNING = 0, KIST_SEVERITY_ERROR = 1 };

/** struct kist_place - Where in a text: both count from 1, the column in characters; 0: nowhere in it. */
struct kist_place {
	uint32_t line;
	uint32_t column;
};

/** struct kist_issue - One fault. */
struct kist_issue {
	struct kist_place place;
	enum kist_severity severity;
	const char *code; /* "E_TASK_UNKNOWN"; never changes its meaning.  Static. */
	char text[KIST_ISSUE_TEXT_SIZE];
	char hint[KIST_ISSUE_HINT_SIZE]; /* what to do, or "" */
	size_t order;			 /* as they were found */
};

struct kist_issues {
	struct kist_issue *items;
	size_t count;
	size_t capacity;
	size_t error_count;   /* of all, also those that were not kept */
	size_t warning_count; /* the same */
	bool no_memory;
};

#define KIST_ISSUES_INIT                                                                                     \
	{                                                                                                    \
		.items = NULL                                                                                \
	}

void kist_issues_done(struct kist_issues *issues);
#define kist_auto_issues __attribute__((cleanup(kist_issues_done)))

/**
 * kist_issue_add() - Adds a fault; a code that begins with "W_" is a warning.
 *
 * @code:   Static.
 * @format: Of the text; control characters in it are escaped.
 */
void kist_issue_add(struct kist_issues *issues, struct kist_place place, const char *code, const char *format,
		    ...) KIST_PRINTF(4, 5);

/** kist_issue_hint() - Gives the fault that was added last what to do about it. */
void kist_issue_hint(struct kist_issues *issues, const char *format, ...) KIST_PRINTF(2, 3);

/**
 * kist_issues_finish() - Sorts by line and column; what stands at one place stays as it was found.
 *
 * Errors: KIST_NO_MEMORY: not all could be kept.
 */
KIST_CHECKED kist_status kist_issues_finish(struct kist_issues *issues, struct kist_error *err);

/** kist_issues_json() - [{"file", "line", "column", "severity", "code", "text", "hint"}, ...].  New reference, or NULL. */
json_t *kist_issues_json(const struct kist_issues *issues, const char *file);

#endif
