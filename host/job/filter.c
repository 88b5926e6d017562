/* SPDX-License-Identifier: Apache-2.0 */
#include "job/filter.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/num.h"
#include "base/time.h"
#include "base/utf8.h"
#include "job/state.h"

#define NS_PER_S   1000000000.0
#define NUMBER_MAX 64 /* characters of a number or a time */
#define SHOWN_SIZE 100

enum field_type { FIELD_TEXT, FIELD_STATE, FIELD_TIME, FIELD_DURATION, FIELD_PARAM, FIELD_TAG, FIELD_METRIC };

/* A field by its name; @sql is a column, or what is put in its place. */
struct field {
	const char *name;
	enum field_type type;
	const char *sql;
};

static const struct field fields[] = {
	{ "id", FIELD_TEXT, "j.id" },
	{ "kind", FIELD_TEXT, "j.kind" },
	{ "state", FIELD_STATE, "j.state" },
	{ "project", FIELD_TEXT, "j.project" },
	{ "user", FIELD_TEXT, "j.user" },
	{ "host", FIELD_TEXT, "j.host" },
	{ "parent", FIELD_TEXT, "j.parent" },
	{ "entrypoint", FIELD_TEXT, "j.entrypoint" },
	{ "error", FIELD_TEXT, "j.error" },
	{ "created", FIELD_TIME, "j.created" },
	{ "started", FIELD_TIME, "j.started" },
	{ "ended", FIELD_TIME, "j.ended" },
	{ "duration", FIELD_DURATION, "j.duration" },
	{ "param", FIELD_PARAM, "FROM params k WHERE k.job = j.no AND k.key = ?" },
	{ "tag", FIELD_TAG, "FROM tags k WHERE k.job = j.no AND k.key = ?" },
	{ "metric", FIELD_METRIC, "FROM metrics k WHERE k.job = j.no AND k.key = ?" },
};
#define FIELD_COUNT (sizeof(fields) / sizeof(fields[0]))

static const char *const metric_columns[] = { "last", "min", "max", "count" };
#define METRIC_COLUMNS (sizeof(metric_columns) / sizeof(metric_columns[0]))

/* A field as it was said: "metric.loss.min". */
struct named {
	const struct field *field;
	size_t key_at; /* in the filter's texts */
	size_t key_len;
	const char *column; /* of a metric */
};

enum op { OP_NONE, OP_EQUAL, OP_UNEQUAL, OP_LESS, OP_LESS_EQUAL, OP_MORE, OP_MORE_EQUAL, OP_LIKE, OP_UNLIKE };

static const char *const op_sql[] = {
	[OP_EQUAL] = "=", [OP_UNEQUAL] = "<>",	  [OP_LESS] = "<",    [OP_LESS_EQUAL] = "<=",
	[OP_MORE] = ">",  [OP_MORE_EQUAL] = ">=", [OP_LIKE] = "GLOB", [OP_UNLIKE] = "NOT GLOB",
};

/* A parser: what is left of the text. */
struct parser {
	struct kist_job_filter *filter;
	const char *text;
	size_t len;
	size_t at;
	unsigned depth;
};

void kist_job_filter_done(struct kist_job_filter *filter)
{
	kist_buf_done(&filter->sql);
	kist_buf_done(&filter->values);
	kist_buf_done(&filter->texts);
}

static kist_status bad(struct kist_error *err, size_t at, const char *what)
{
	return kist_fail_at(err, KIST_INVALID, "E_FILTER", at, "%s", what);
}

static void skip_blanks(struct parser *parser)
{
	while (parser->at < parser->len && strchr(" \t\n", parser->text[parser->at]))
		parser->at++;
}

static bool is_word_letter(char c)
{
	/* Bytes of UTF-8, too; whether they are is checked once, for the whole text. */
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("_-+/:@.", c)) || (unsigned char)c >= 0x80;
}

static size_t word_len(const struct parser *parser)
{
	size_t len = 0;

	while (parser->at + len < parser->len && is_word_letter(parser->text[parser->at + len]))
		len++;
	return len;
}

static bool word_is(const struct parser *parser, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(parser->text + parser->at, word, len) == 0;
}

static bool take_word(struct parser *parser, const char *word)
{
	skip_blanks(parser);
	if (!word_is(parser, word_len(parser), word))
		return false;
	parser->at += strlen(word);
	return true;
}

static bool take_char(struct parser *parser, char c)
{
	skip_blanks(parser);
	if (parser->at >= parser->len || parser->text[parser->at] != c)
		return false;
	parser->at++;
	return true;
}

static kist_status keep_text(struct parser *parser, const char *text, size_t len, size_t *ret_at,
			     struct kist_error *err)
{
	*ret_at = parser->filter->texts.size;
	return kist_buf_append(&parser->filter->texts, text, len, err);
}

/* What stands in quotes; the parser is at the first of them. */
static kist_status take_quoted(struct parser *parser, size_t *ret_at, size_t *ret_len, struct kist_error *err)
{
	const size_t begin = parser->at++;
	struct kist_buf *texts = &parser->filter->texts;

	*ret_at = texts->size;
	for (; parser->at < parser->len; parser->at++) {
		char c = parser->text[parser->at];

		if (c == '"') {
			parser->at++;
			*ret_len = texts->size - *ret_at;
			return KIST_OK;
		}
		if (c == '\\' && parser->at + 1 < parser->len)
			c = parser->text[++parser->at];
		if (c == '\0')
			return bad(err, parser->at, "a text holds no NUL");
		KIST_TRY(kist_buf_append(texts, &c, 1, err));
	}
	return bad(err, begin, "this quote is not closed");
}

static kist_status fail_field(const struct parser *parser, size_t at, size_t len, struct kist_error *err)
{
	char word[SHOWN_SIZE];
	struct kist_nearest nearest = KIST_NEAREST_INIT(word);

	if (len == 0)
		return bad(err, at,
			   "a field is expected here, such as state, project, created, param.NAME or "
			   "metric.NAME");
	kist_text_escape(parser->text + at, len, word, sizeof(word));
	for (size_t i = 0; i < FIELD_COUNT; i++)
		kist_nearest_offer(&nearest, fields[i].name);
	return kist_fail_at(err, KIST_INVALID, "E_FILTER", at, "there is no field '%s'%s%s%s", word,
			    nearest.name ? "; did you mean '" : "", nearest.name ? nearest.name : "",
			    nearest.name ? "'?" : "");
}

/* "min" at the end of "loss.min"; that is no part of the key then. */
static const char *take_column(const char *text, size_t *len)
{
	for (size_t i = 0; i < METRIC_COLUMNS; i++) {
		const size_t column = strlen(metric_columns[i]);

		if (*len > column + 1 && text[*len - column - 1] == '.' &&
		    memcmp(text + *len - column, metric_columns[i], column) == 0) {
			*len -= column + 1;
			return metric_columns[i];
		}
	}
	return "last";
}

/* What follows "param.", the parser being there. */
static kist_status take_key(struct parser *parser, struct named *ret, struct kist_error *err)
{
	const size_t begin = parser->at;
	size_t len;

	ret->column = "last";
	if (parser->at < parser->len && parser->text[parser->at] == '"') {
		KIST_TRY(take_quoted(parser, &ret->key_at, &ret->key_len, err));
		len = word_len(parser);
		if (len == 0 && ret->key_len > 0)
			return KIST_OK;
		for (size_t i = 0; i < METRIC_COLUMNS && ret->field->type == FIELD_METRIC; i++) {
			if (len == strlen(metric_columns[i]) + 1 && parser->text[parser->at] == '.' &&
			    memcmp(parser->text + parser->at + 1, metric_columns[i], len - 1) == 0) {
				ret->column = metric_columns[i];
				parser->at += len;
				return KIST_OK;
			}
		}
		return bad(err, begin, "this is no name");
	}
	len = word_len(parser);
	parser->at += len;
	if (ret->field->type == FIELD_METRIC)
		ret->column = take_column(parser->text + begin, &len);
	if (len == 0)
		return bad(err, begin, "a name is expected behind the point, or a text in quotes");
	ret->key_len = len;
	return keep_text(parser, parser->text + begin, len, &ret->key_at, err);
}

static kist_status take_field(struct parser *parser, struct named *ret, struct kist_error *err)
{
	size_t len;
	size_t at;

	skip_blanks(parser);
	at = parser->at;
	len = word_len(parser);
	for (size_t i = 0; i < FIELD_COUNT; i++) {
		const size_t name = strlen(fields[i].name);
		const bool has_key = fields[i].type >= FIELD_PARAM;

		if (len < name || memcmp(parser->text + at, fields[i].name, name) != 0)
			continue;
		if (has_key && len > name && parser->text[at + name] == '.') {
			parser->at += name + 1;
			ret->field = &fields[i];
			return take_key(parser, ret, err);
		}
		/* A list that is sorted by it says ":desc" behind it. */
		if (!has_key && (len == name || parser->text[at + name] == ':')) {
			parser->at += name;
			*ret = (struct named){ .field = &fields[i] };
			return KIST_OK;
		}
	}
	return fail_field(parser, at, len, err);
}

static enum op take_op(struct parser *parser)
{
	static const struct {
		const char *text;
		enum op op;
	} ops[] = {
		{ "==", OP_EQUAL },	 { "=", OP_EQUAL },	  { "!=", OP_UNEQUAL },
		{ "!~", OP_UNLIKE },	 { "<=", OP_LESS_EQUAL }, { "<", OP_LESS },
		{ ">=", OP_MORE_EQUAL }, { ">", OP_MORE },	  { "~", OP_LIKE },
	};

	skip_blanks(parser);
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

/* The whole word as a number. */
static bool read_number(const char *text, size_t len, double *ret)
{
	char copy[NUMBER_MAX];
	char *end;

	if (len == 0 || len >= sizeof(copy) || !strchr("+-.0123456789iInN", text[0]))
		return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*ret = strtod(copy, &end);
	return *end == '\0' && !isnan(*ret);
}

/* "90s", "12h": in seconds. */
static bool read_age(const char *text, size_t len, double *ret)
{
	static const char units[] = "smhdw";
	static const double seconds[] = { 1, 60, 3600, 86400, 604800 };
	const char *unit = len > 1 ? memchr(units, text[len - 1], sizeof(units) - 1) : NULL;
	double count;

	if (!unit || text[0] < '0' || text[0] > '9' || !read_number(text, len - 1, &count))
		return false;
	*ret = count * seconds[unit - units];
	return true;
}

/* "2026-01-31" or "2026-01-31T12:00:00Z"; in nanoseconds. */
static bool read_time(const char *text, size_t len, int64_t *ret)
{
	static const char pattern[] = "dddd-dd-ddTdd:dd:ddZ";
	char copy[NUMBER_MAX] = "";
	struct tm parts = { .tm_mday = 1 };
	time_t seconds;

	if (len != strlen("2026-01-31") && len != strlen(pattern))
		return false;
	for (size_t i = 0; i < len; i++) {
		if (pattern[i] == 'd' ? text[i] < '0' || text[i] > '9' : text[i] != pattern[i])
			return false;
	}
	memcpy(copy, text, len);
	if (!strptime(copy, len == strlen(pattern) ? "%Y-%m-%dT%H:%M:%SZ" : "%Y-%m-%d", &parts))
		return false;
	seconds = timegm(&parts);
	return seconds >= 0 && !__builtin_mul_overflow((int64_t)seconds, (int64_t)1000000000, ret);
}

static kist_status add_value(struct parser *parser, const struct kist_job_filter_value *value,
			     struct kist_error *err)
{
	return kist_buf_append(&parser->filter->values, value, sizeof(*value), err);
}

static kist_status add_key(struct parser *parser, const struct named *named, struct kist_error *err)
{
	const struct kist_job_filter_value key = { .type = KIST_JOB_FILTER_TEXT,
						   .text_at = named->key_at,
						   .text_len = named->key_len };

	return add_value(parser, &key, err);
}

/* A word or a text as it was said. */
struct said {
	size_t at; /* in the expression */
	bool is_quoted;
	const char *text;
	size_t len;
	size_t text_at; /* in the filter's texts */
};

static kist_status take_said(struct parser *parser, struct said *ret, struct kist_error *err)
{
	skip_blanks(parser);
	ret->at = parser->at;
	ret->is_quoted = parser->at < parser->len && parser->text[parser->at] == '"';
	if (ret->is_quoted) {
		KIST_TRY(take_quoted(parser, &ret->text_at, &ret->len, err));
	} else {
		/* A pattern needs no quotes. */
		ret->len = 0;
		while (parser->at + ret->len < parser->len &&
		       (is_word_letter(parser->text[parser->at + ret->len]) ||
			strchr("*?[]", parser->text[parser->at + ret->len])))
			ret->len++;
		if (ret->len == 0)
			return bad(err, ret->at, "a value is expected here");
		KIST_TRY(keep_text(parser, parser->text + parser->at, ret->len, &ret->text_at, err));
		parser->at += ret->len;
	}
	ret->text = (const char *)parser->filter->texts.data + ret->text_at;
	return KIST_OK;
}

static kist_status check_state(const struct said *said, struct kist_error *err)
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
static kist_status read_value(struct parser *parser, enum field_type type, const struct said *said,
			      struct kist_job_filter_value *ret, struct kist_error *err)
{
	double number = 0;

	*ret = (struct kist_job_filter_value){ .type = KIST_JOB_FILTER_REAL };
	if (type == FIELD_TIME) {
		ret->type = KIST_JOB_FILTER_INTEGER;
		if (read_time(said->text, said->len, &ret->integer))
			return KIST_OK;
		if (!read_age(said->text, said->len, &number))
			return bad(err, said->at,
				   "a time is expected here: 2026-01-31, 2026-01-31T12:00:00Z, or an age "
				   "such as 12h");
		number = (double)parser->filter->now_ns - number * NS_PER_S;
		ret->integer = number > 0 ? (int64_t)number : 0;
		return KIST_OK;
	}
	if (read_number(said->text, said->len, &ret->real) ||
	    (type == FIELD_DURATION && read_age(said->text, said->len, &ret->real)))
		return KIST_OK;
	return bad(err, said->at,
		   type == FIELD_DURATION ? "a number of seconds is expected here, or 90s, 15m, 12h, 30d"
					  : "a number is expected here");
}

static kist_status emit_column(struct parser *parser, const struct field *field, enum op op,
			       const struct said *said, struct kist_error *err)
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

static kist_status emit_keyed(struct parser *parser, const struct named *named, enum op op,
			      const struct said *said, struct kist_error *err)
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
		   read_number(said->text, said->len, &value.real)) {
		column = "num";
		value.type = KIST_JOB_FILTER_REAL;
	} else {
		value.text_at = said->text_at;
		value.text_len = said->len;
	}
	KIST_TRY(add_value(parser, &value, err));
	return kist_buf_appendf(&parser->filter->sql, err, " AND k.%s %s ?)", column, op_sql[op]);
}

static kist_status parse_test(struct parser *parser, struct kist_error *err)
{
	struct named named = { .field = NULL };
	struct said said = { .len = 0 };
	size_t op_at;
	enum op op;

	if (++parser->filter->tests > KIST_JOB_FILTER_TESTS_MAX)
		return kist_fail(err, KIST_LIMIT, "there are more than %d tests", KIST_JOB_FILTER_TESTS_MAX);
	KIST_TRY(take_field(parser, &named, err));
	skip_blanks(parser);
	op_at = parser->at;
	op = take_op(parser);
	if (op != OP_NONE)
		KIST_TRY(take_said(parser, &said, err));
	if (op >= OP_LIKE && (named.field->type == FIELD_TIME || named.field->type == FIELD_DURATION ||
			      named.field->type == FIELD_METRIC))
		return bad(err, op_at, "a pattern goes with a text, not with a number or a time");
	return named.field->type >= FIELD_PARAM ? emit_keyed(parser, &named, op, &said, err)
						: emit_column(parser, named.field, op, &said, err);
}

static kist_status parse_or(struct parser *parser, struct kist_error *err);

static kist_status parse_not(struct parser *parser, struct kist_error *err)
{
	struct kist_buf *sql = &parser->filter->sql;
	const size_t at = parser->at;

	if (++parser->depth > KIST_JOB_FILTER_DEPTH_MAX)
		return kist_fail_at(err, KIST_LIMIT, "E_FILTER", at,
				    "more than %d brackets and \"not\" in each other",
				    KIST_JOB_FILTER_DEPTH_MAX);
	if (take_word(parser, "not")) {
		KIST_TRY(kist_buf_appendf(sql, err, "NOT "));
		KIST_TRY(parse_not(parser, err));
	} else if (take_char(parser, '(')) {
		KIST_TRY(parse_or(parser, err));
		if (!take_char(parser, ')'))
			return bad(err, parser->at, "\"and\", \"or\" or a closing bracket is expected here");
	} else {
		KIST_TRY(parse_test(parser, err));
	}
	parser->depth--;
	return KIST_OK;
}

static kist_status parse_and(struct parser *parser, struct kist_error *err)
{
	KIST_TRY(kist_buf_appendf(&parser->filter->sql, err, "("));
	KIST_TRY(parse_not(parser, err));
	while (take_word(parser, "and")) {
		KIST_TRY(kist_buf_appendf(&parser->filter->sql, err, " AND "));
		KIST_TRY(parse_not(parser, err));
	}
	return kist_buf_appendf(&parser->filter->sql, err, ")");
}

static kist_status parse_or(struct parser *parser, struct kist_error *err)
{
	KIST_TRY(kist_buf_appendf(&parser->filter->sql, err, "("));
	KIST_TRY(parse_and(parser, err));
	while (take_word(parser, "or")) {
		KIST_TRY(kist_buf_appendf(&parser->filter->sql, err, " OR "));
		KIST_TRY(parse_and(parser, err));
	}
	return kist_buf_appendf(&parser->filter->sql, err, ")");
}

static kist_status start(struct kist_job_filter *filter, const char *text, size_t len, struct parser *ret,
			 struct kist_error *err)
{
	*ret = (struct parser){ .filter = filter, .text = text, .len = len };
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
	struct parser parser;

	KIST_TRY(start(filter, text, len, &parser, err));
	skip_blanks(&parser);
	if (parser.at == len)
		return kist_buf_appendf(&filter->sql, err, "1");
	KIST_TRY(parse_or(&parser, err));
	skip_blanks(&parser);
	return parser.at == len ? KIST_OK
				: bad(err, parser.at, "\"and\", \"or\" or the end is expected here");
}

kist_status kist_job_filter_sort(struct kist_job_filter *filter, const char *text, size_t len,
				 struct kist_error *err)
{
	const char *order = "ASC";
	struct named named = { .field = NULL };
	struct parser parser;

	if (len > strlen(":desc") && memcmp(text + len - strlen(":desc"), ":desc", strlen(":desc")) == 0) {
		order = "DESC";
		len -= strlen(":desc");
	} else if (len > strlen(":asc") && memcmp(text + len - strlen(":asc"), ":asc", strlen(":asc")) == 0) {
		len -= strlen(":asc");
	}
	KIST_TRY(start(filter, text, len, &parser, err));
	KIST_TRY(take_field(&parser, &named, err));
	if (parser.at != len)
		return bad(err, parser.at, "the end, \":asc\" or \":desc\" is expected here");
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
