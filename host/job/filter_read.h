/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_JOB_FILTER_READ_H
#define KIST_JOB_FILTER_READ_H

#include <stdbool.h>

#include "job/filter.h"

/*
 * The words of expressions over jobs: fields, texts, brackets.
 *
 * Thread: one parser, one thread at a time.
 */

enum kist_filter_field_type {
	FIELD_TEXT,
	FIELD_STATE,
	FIELD_TIME,
	FIELD_DURATION,
	FIELD_PARAM,
	FIELD_TAG,
	FIELD_METRIC
};

/* A field by its name; @sql is a column, or what is put in its place. */
struct kist_filter_field {
	const char *name;
	enum kist_filter_field_type type;
	const char *sql;
};

/* A field as it was said: "metric.loss.min". */
struct kist_filter_named {
	const struct kist_filter_field *field;
	size_t key_at; /* in the filter's texts */
	size_t key_len;
	const char *column; /* of a metric */
};

/* A parser: what is left of the text. */
struct kist_filter_parser {
	struct kist_job_filter *filter;
	const char *text;
	size_t len;
	size_t at;
	unsigned depth;
};

/* A word or a text as it was said. */
struct kist_filter_said {
	size_t at; /* in the expression */
	bool is_quoted;
	const char *text;
	size_t len;
	size_t text_at; /* in the filter's texts */
};

/** kist_filter_bad() - KIST_INVALID E_FILTER at byte @at of the expression. */
kist_status kist_filter_bad(struct kist_error *err, size_t at, const char *what);

/** kist_filter_skip_blanks() - Goes on to the next word, or to the end. */
void kist_filter_skip_blanks(struct kist_filter_parser *parser);

/** kist_filter_take_word(), kist_filter_take_char() - Goes behind it, when it is what comes next. */
bool kist_filter_take_word(struct kist_filter_parser *parser, const char *word);
bool kist_filter_take_char(struct kist_filter_parser *parser, char c);

/** kist_filter_take_field() - The field that comes next, with its key.  Errors: KIST_INVALID E_FILTER. */
KIST_CHECKED kist_status kist_filter_take_field(struct kist_filter_parser *parser,
						struct kist_filter_named *ret, struct kist_error *err);

/** kist_filter_take_said() - The word or the text that comes next.  Errors: KIST_INVALID E_FILTER. */
KIST_CHECKED kist_status kist_filter_take_said(struct kist_filter_parser *parser,
					       struct kist_filter_said *ret, struct kist_error *err);

#endif
