/* SPDX-License-Identifier: Apache-2.0 */
#include "job/filter.h"

#include <string.h>

#include "base/nearest.h"
#include "base/time.h"
#include "base/utf8.h"
#include "job/filter_read.h"
#include "job/filter_value.h"
#include "job/state.h"

#define NS_PER_S   1000000000.0
#define SHOWN_SIZE 100

enum op { OP_NONE, OP_EQUAL, OP_UNEQUAL, OP_LESS, OP_LESS_EQUAL, OP_MORE, OP_MORE_EQUAL, OP_LIKE, OP_UNLIKE };

static const char *const op_sql[] = {
	[OP_EQUAL] = "=", [OP_UNEQUAL] = "<>",	  [OP_LESS] = "<",    [OP_LESS_EQUAL] = "<=",
	[OP_MORE] = ">",  [OP_MORE_EQUAL] = ">=", [OP_LIKE] = "GLOB", [OP_UNLIKE] = "NOT GLOB",
};

void kist_job_filter_done(struct kist_job_filter *filter)
{
	kist_buf_done(&filter->sql);
	kist_buf_done(&filter->values);
	kist_buf_done(&filter->texts);
}

static enum op take_op(struct kist_filter_parser *parser)
{
	static const struct {
		const char *text;
		enum op op;
	} ops[] = {
		{ "==", OP_EQUAL },	 { "=", OP_EQUAL },	  { "!=", OP_UNEQUAL },
		{ "!~", OP_UNLIKE },	 { "<=", OP_LESS_EQUAL }, { "<", OP_LESS },
		{ ">=", OP_MORE_EQUAL }, { ">", OP_MORE },	  { "~", OP_LIKE },
	};

	kist_filter_skip_blanks(parser);
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		const size_t len = strlen(ops[i].text);

		if (parser->len - parser->at >= len &&
		    memcmp(parser->text + parser->at, ops[i].text, len) == 0) {
			parser->at += len;
			return ops[i].op;
		}
	}
	return OP_NONE;
}

static kist_status add_value(struct kist_filter_parser *parser, const struct kist_job_filter_value *value,
			     struct kist_error *err)
{
	return kist_buf_append(&parser->filter->values, value, sizeof(*value), err);
}

static kist_status add_key(struct kist_filter_parser *parser, const struct kist_filter_named *named,
			   struct kist_error *err)
{
	const struct kist_job_filter_value key = { .type = KIST_JOB_FILTER_TEXT,
						   .text_at = named->key_at,
						   .text_len = named->key_len };

	return add_value(parser, &key, err);
}

static kist_status check_state(const struct kist_filter_said *said, struct kist_error *err)
{
	enum kist_job_state state;
	char word[SHOWN_SIZE];
	struct kist_nearest nearest = KIST_NEAREST_INIT(word);

	kist_text_escape(said->len ? said->text : "", said->len, word, sizeof(word));
	if (kist_job_state_parse(word, &state) || strcmp(word, "damaged") == 0)
		return KIST_OK;
	for (unsigned i = 0; i < KIST_JOB_STATE_COUNT; i++)
		kist_nearest_offer(&nearest, kist_job_state_name((enum kist_job_state)i));
	return kist_fail_at(
		err, KIST_INVALID, "E_FILTER", said->at,
		"there is no state '%s'; did you mean '%s'? A job is queued, started, finished, failed, "
		"stopped or lost",
		word, nearest.name ? nearest.name : "started");
}

/* @value in the sense of a field that is no text.  Errors: KIST_INVALID. */
static kist_status read_value(struct kist_filter_parser *parser, enum kist_filter_field_type type,
			      const struct kist_filter_said *said, struct kist_job_filter_value *ret,
			      struct kist_error *err)
{
	double number = 0;

	*ret = (struct kist_job_filter_value){ .type = KIST_JOB_FILTER_REAL };
	if (type == FIELD_TIME) {
		ret->type = KIST_JOB_FILTER_INTEGER;
		if (kist_job_value_time(said->text, said->len, &ret->integer))
			return KIST_OK;
		if (!kist_job_value_age(said->text, said->len, &number))
			return kist_filter_bad(
				err, said->at,
				"a time is expected here: 2026-01-31, 2026-01-31T12:00:00Z, or an age "
				"such as 12h");
		number = (double)parser->filter->now_ns - number * NS_PER_S;
		ret->integer = number > 0 ? (int64_t)number : 0;
		return KIST_OK;
	}
	if (kist_job_value_number(said->text, said->len, &ret->real) ||
	    (type == FIELD_DURATION && kist_job_value_age(said->text, said->len, &ret->real)))
		return KIST_OK;
	return kist_filter_bad(err, said->at,
			       type == FIELD_DURATION
				       ? "a number of seconds is expected here, or 90s, 15m, 12h, 30d"
				       : "a number is expected here");
}

static kist_status emit_column(struct kist_filter_parser *parser, const struct kist_filter_field *field,
			       enum op op, const struct kist_filter_said *said, struct kist_error *err)
{
	struct kist_job_filter_value value = { .type = KIST_JOB_FILTER_TEXT };

	if (op == OP_NONE)
		return kist_buf_appendf(&parser->filter->sql, err, "ifnull(%s <> '', 0)", field->sql);
	if (field->type == FIELD_STATE && op < OP_LIKE)
		KIST_TRY(check_state(said, err));
	if (field->type == FIELD_TIME || field->type == FIELD_DURATION) {
		KIST_TRY(read_value(parser, field->type, said, &value, err));
		KIST_TRY(add_value(parser, &value, err));
		return kist_buf_appendf(&parser->filter->sql, err, "ifnull(%s %s ?, 0)", field->sql,
					op_sql[op]);
	}
	value.text_at = said->text_at;
	value.text_len = said->len;
	KIST_TRY(add_value(parser, &value, err));
	/* A text that a job does not have is empty. */
	return kist_buf_appendf(&parser->filter->sql, err, "(%s <> '' AND %s %s ?)", field->sql, field->sql,
				op_sql[op]);
}

static kist_status emit_keyed(struct kist_filter_parser *parser, const struct kist_filter_named *named,
			      enum op op, const struct kist_filter_said *said, struct kist_error *err)
{
	struct kist_job_filter_value value = { .type = KIST_JOB_FILTER_TEXT };
	const char *column = "text";

	KIST_TRY(add_key(parser, named, err));
	KIST_TRY(kist_buf_appendf(&parser->filter->sql, err, "EXISTS (SELECT 1 %s", named->field->sql));
	if (op == OP_NONE)
		return kist_buf_appendf(&parser->filter->sql, err, ")");
	if (named->field->type == FIELD_METRIC) {
		column = named->column;
		KIST_TRY(read_value(parser, FIELD_METRIC, said, &value, err));
	} else if (named->field->type == FIELD_PARAM && !said->is_quoted && op < OP_LIKE &&
		   kist_job_value_number(said->text, said->len, &value.real)) {
		column = "num";
		value.type = KIST_JOB_FILTER_REAL;
	} else {
		value.text_at = said->text_at;
		value.text_len = said->len;
	}
	KIST_TRY(add_value(parser, &value, err));
	return kist_buf_appendf(&parser->filter->sql, err, " AND k.%s %s ?)", column, op_sql[op]);
}

static kist_status parse_test(struct kist_filter_parser *parser, struct kist_error *err)
{
	struct kist_filter_named named = { .field = NULL };
	struct kist_filter_said said = { .len = 0 };
	size_t op_at;
	enum op op;

	if (++parser->filter->tests > KIST_JOB_FILTER_TESTS_MAX)
		return kist_fail(err, KIST_LIMIT, "there are more than %d tests", KIST_JOB_FILTER_TESTS_MAX);
	KIST_TRY(kist_filter_take_field(parser, &named, err));
	kist_filter_skip_blanks(parser);
	op_at = parser->at;
	op = take_op(parser);
	if (op != OP_NONE)
		KIST_TRY(kist_filter_take_said(parser, &said, err));
	if (op >= OP_LIKE && (named.field->type == FIELD_TIME || named.field->type == FIELD_DURATION ||
			      named.field->type == FIELD_METRIC))
		return kist_filter_bad(err, op_at, "a pattern goes with a text, not with a number or a time");
	return named.field->type >= FIELD_PARAM ? emit_keyed(parser, &named, op, &said, err)
						: emit_column(parser, named.field, op, &said, err);
}

static kist_status parse_or(struct kist_filter_parser *parser, struct kist_error *err);

static kist_status parse_not(struct kist_filter_parser *parser, struct kist_error *err)
{
	struct kist_buf *sql = &parser->filter->sql;
	const size_t at = parser->at;

	if (++parser->depth > KIST_JOB_FILTER_DEPTH_MAX)
		return kist_fail_at(err, KIST_LIMIT, "E_FILTER", at,
				    "more than %d brackets and \"not\" in each other",
				    KIST_JOB_FILTER_DEPTH_MAX);
	if (kist_filter_take_word(parser, "not")) {
		KIST_TRY(kist_buf_appendf(sql, err, "NOT "));
		KIST_TRY(parse_not(parser, err));
	} else if (kist_filter_take_char(parser, '(')) {
		KIST_TRY(parse_or(parser, err));
		if (!kist_filter_take_char(parser, ')'))
			return kist_filter_bad(err, parser->at,
					       "\"and\", \"or\" or a closing bracket is expected here");
	} else {
		KIST_TRY(parse_test(parser, err));
	}
	parser->depth--;
	return KIST_OK;
}

static kist_status parse_and(struct kist_filter_parser *parser, struct kist_error *err)
{
	KIST_TRY(kist_buf_appendf(&parser->filter->sql, err, "("));
	KIST_TRY(parse_not(parser, err));
	while (kist_filter_take_word(parser, "and")) {
		KIST_TRY(kist_buf_appendf(&parser->filter->sql, err, " AND "));
		KIST_TRY(parse_not(parser, err));
	}
	return kist_buf_appendf(&parser->filter->sql, err, ")");
}

static kist_status parse_or(struct kist_filter_parser *parser, struct kist_error *err)
{
	KIST_TRY(kist_buf_appendf(&parser->filter->sql, err, "("));
	KIST_TRY(parse_and(parser, err));
	while (kist_filter_take_word(parser, "or")) {
		KIST_TRY(kist_buf_appendf(&parser->filter->sql, err, " OR "));
		KIST_TRY(parse_and(parser, err));
	}
	return kist_buf_appendf(&parser->filter->sql, err, ")");
}

static kist_status start(struct kist_job_filter *filter, const char *text, size_t len,
			 struct kist_filter_parser *ret, struct kist_error *err)
{
	*ret = (struct kist_filter_parser){ .filter = filter, .text = text, .len = len };
	if (len > KIST_JOB_FILTER_TEXT_MAX)
		return kist_fail(err, KIST_LIMIT, "the expression has more than %zu bytes",
				 KIST_JOB_FILTER_TEXT_MAX);
	if (!kist_utf8_valid(text, len))
		return kist_fail_at(err, KIST_INVALID, "E_FILTER", KIST_NO_OFFSET,
				    "the expression is not UTF-8");
	if (filter->now_ns == 0)
		filter->now_ns = kist_wall_ns();
	return KIST_OK;
}

kist_status kist_job_filter_parse(struct kist_job_filter *filter, const char *text, size_t len,
				  struct kist_error *err)
{
	struct kist_filter_parser parser;

	KIST_TRY(start(filter, text, len, &parser, err));
	kist_filter_skip_blanks(&parser);
	if (parser.at == len)
		return kist_buf_appendf(&filter->sql, err, "1");
	KIST_TRY(parse_or(&parser, err));
	kist_filter_skip_blanks(&parser);
	return parser.at == len
		       ? KIST_OK
		       : kist_filter_bad(err, parser.at, "\"and\", \"or\" or the end is expected here");
}

kist_status kist_job_filter_sort(struct kist_job_filter *filter, const char *text, size_t len,
				 struct kist_error *err)
{
	const char *order = "ASC";
	struct kist_filter_named named = { .field = NULL };
	struct kist_filter_parser parser;

	if (len > strlen(":desc") && memcmp(text + len - strlen(":desc"), ":desc", strlen(":desc")) == 0) {
		order = "DESC";
		len -= strlen(":desc");
	} else if (len > strlen(":asc") && memcmp(text + len - strlen(":asc"), ":asc", strlen(":asc")) == 0) {
		len -= strlen(":asc");
	}
	KIST_TRY(start(filter, text, len, &parser, err));
	KIST_TRY(kist_filter_take_field(&parser, &named, err));
	if (parser.at != len)
		return kist_filter_bad(err, parser.at, "the end, \":asc\" or \":desc\" is expected here");
	if (named.field->type < FIELD_PARAM)
		return kist_buf_appendf(&filter->sql, err, "%s IS NULL OR %s = '', %s %s", named.field->sql,
					named.field->sql, named.field->sql, order);
	KIST_TRY(add_key(&parser, &named, err));
	if (named.field->type == FIELD_METRIC)
		return kist_buf_appendf(&filter->sql, err, "(SELECT k.%s %s) %s NULLS LAST", named.column,
					named.field->sql, order);
	if (named.field->type == FIELD_TAG)
		return kist_buf_appendf(&filter->sql, err, "(SELECT k.text %s) %s NULLS LAST",
					named.field->sql, order);
	KIST_TRY(add_key(&parser, &named, err));
	return kist_buf_appendf(&filter->sql, err,
				"(SELECT k.num %s) %s NULLS LAST, (SELECT k.text %s) %s NULLS LAST",
				named.field->sql, order, named.field->sql, order);
}
