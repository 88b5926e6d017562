/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_JOB_FILTER_H
#define KIST_JOB_FILTER_H

#include "base/buf.h"

/*
 * Which jobs are meant, and in which order: a small language, made into a condition of SQL with parameters.
 *
 *     expression := and {"or" and}
 *     and        := not {"and" not}
 *     not        := "not" not | "(" expression ")" | test
 *     test       := field [operator value]        a field alone: the job has it
 *     operator   := "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~"     ~: a pattern with * ? [...]
 *     field      := id | kind | state | project | user | host | parent | entrypoint | error
 *                 | created | started | ended | duration
 *                 | ("param" | "tag") "." name | "metric" "." name ["." ("last" | "min" | "max" | "count")]
 *     name       := letters, digits and _ - + / : @ .  |  a text in quotes
 *     value      := number | time | age | word | a text in quotes, with \" and \\
 *
 * A time is 2026-01-31 or 2026-01-31T12:00:00Z; an age is 90s, 15m, 12h, 30d or 2w: so long ago for a time, so
 * long for a duration, which is that of a job that has ended, and else in seconds.  What a job does not have is neither equal nor unequal to
 * anything: only "not" takes it in.
 *
 * Limits: KIST_JOB_FILTER_TEXT_MAX, KIST_JOB_FILTER_DEPTH_MAX, KIST_JOB_FILTER_TESTS_MAX.
 * Thread: pure.
 */

#define KIST_JOB_FILTER_TEXT_MAX  ((size_t)16 << 10)
#define KIST_JOB_FILTER_DEPTH_MAX 32
#define KIST_JOB_FILTER_TESTS_MAX 200

enum kist_job_filter_value_type { KIST_JOB_FILTER_TEXT, KIST_JOB_FILTER_REAL, KIST_JOB_FILTER_INTEGER };

/** struct kist_job_filter_value - A parameter of the SQL. */
struct kist_job_filter_value {
	enum kist_job_filter_value_type type;
	double real;
	int64_t integer;
	size_t text_at; /* in @texts */
	size_t text_len;
};

/** struct kist_job_filter - SQL over a row "j" of the jobs of an index, and what its "?" stand for. */
struct kist_job_filter {
	struct kist_buf sql;
	struct kist_buf values; /* of struct kist_job_filter_value */
	struct kist_buf texts;
	size_t tests;
	int64_t now_ns; /* what ages count from */
};

#define KIST_JOB_FILTER_INIT                                                                                 \
	{                                                                                                    \
		.sql = KIST_BUF_INIT((size_t)1 << 20), .values = KIST_BUF_INIT((size_t)1 << 20),             \
		.texts = KIST_BUF_INIT((size_t)1 << 20)                                                      \
	}
#define kist_auto_job_filter __attribute__((cleanup(kist_job_filter_done)))
void kist_job_filter_done(struct kist_job_filter *filter);

/**
 * kist_job_filter_parse() - Appends the condition that @text says to @filter; "" is true for all jobs.
 *
 * Errors: KIST_INVALID E_FILTER, with the byte offset in @text and what is expected there; KIST_LIMIT.
 */
KIST_CHECKED kist_status kist_job_filter_parse(struct kist_job_filter *filter, const char *text, size_t len,
					       struct kist_error *err);

/**
 * kist_job_filter_sort() - Appends what sorts by @text: a field, then ":asc" or ":desc" or nothing, which is
 * ":asc".  Jobs that do not have the field come last.
 *
 * Errors: as kist_job_filter_parse().
 */
KIST_CHECKED kist_status kist_job_filter_sort(struct kist_job_filter *filter, const char *text, size_t len,
					      struct kist_error *err);

#endif
