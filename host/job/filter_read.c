/* SPDX-License-Identifier: Apache-2.0 */
#include "job/filter_read.h"

#include <string.h>

#include "base/nearest.h"
#include "base/utf8.h"

#define SHOWN_SIZE 100

static const struct kist_filter_field fields[] = {
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

kist_status kist_filter_bad(struct kist_error *err, size_t at, const char *what)
{
	return kist_fail_at(err, KIST_INVALID, "E_FILTER", at, "%s", what);
}

void kist_filter_skip_blanks(struct kist_filter_parser *parser)
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

static size_t word_len(const struct kist_filter_parser *parser)
{
	size_t len = 0;

	while (parser->at + len < parser->len && is_word_letter(parser->text[parser->at + len]))
		len++;
	return len;
}

static bool word_is(const struct kist_filter_parser *parser, size_t len, const char *word)
{
	return len == strlen(word) && memcmp(parser->text + parser->at, word, len) == 0;
}

bool kist_filter_take_word(struct kist_filter_parser *parser, const char *word)
{
	kist_filter_skip_blanks(parser);
	if (!word_is(parser, word_len(parser), word))
		return false;
	parser->at += strlen(word);
	return true;
}

bool kist_filter_take_char(struct kist_filter_parser *parser, char c)
{
	kist_filter_skip_blanks(parser);
	if (parser->at >= parser->len || parser->text[parser->at] != c)
		return false;
	parser->at++;
	return true;
}

static kist_status keep_text(struct kist_filter_parser *parser, const char *text, size_t len, size_t *ret_at,
			     struct kist_error *err)
{
	*ret_at = parser->filter->texts.size;
	return kist_buf_append(&parser->filter->texts, text, len, err);
}

/* What stands in quotes; the parser is at the first of them. */
static kist_status take_quoted(struct kist_filter_parser *parser, size_t *ret_at, size_t *ret_len,
			       struct kist_error *err)
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
			return kist_filter_bad(err, parser->at, "a text holds no NUL");
		KIST_TRY(kist_buf_append(texts, &c, 1, err));
	}
	return kist_filter_bad(err, begin, "this quote is not closed");
}

static kist_status fail_field(const struct kist_filter_parser *parser, size_t at, size_t len,
			      struct kist_error *err)
{
	char word[SHOWN_SIZE];
	struct kist_nearest nearest = KIST_NEAREST_INIT(word);

	if (len == 0)
		return kist_filter_bad(
			err, at,
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
static kist_status take_key(struct kist_filter_parser *parser, struct kist_filter_named *ret,
			    struct kist_error *err)
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
		return kist_filter_bad(err, begin, "this is no name");
	}
	len = word_len(parser);
	parser->at += len;
	if (ret->field->type == FIELD_METRIC)
		ret->column = take_column(parser->text + begin, &len);
	if (len == 0)
		return kist_filter_bad(err, begin,
				       "a name is expected behind the point, or a text in quotes");
	ret->key_len = len;
	return keep_text(parser, parser->text + begin, len, &ret->key_at, err);
}

kist_status kist_filter_take_field(struct kist_filter_parser *parser, struct kist_filter_named *ret,
				   struct kist_error *err)
{
	size_t len;
	size_t at;

	kist_filter_skip_blanks(parser);
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
			*ret = (struct kist_filter_named){ .field = &fields[i] };
			return KIST_OK;
		}
	}
	return fail_field(parser, at, len, err);
}

kist_status kist_filter_take_said(struct kist_filter_parser *parser, struct kist_filter_said *ret,
				  struct kist_error *err)
{
	kist_filter_skip_blanks(parser);
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
			return kist_filter_bad(err, ret->at, "a value is expected here");
		KIST_TRY(keep_text(parser, parser->text + parser->at, ret->len, &ret->text_at, err));
		parser->at += ret->len;
	}
	ret->text = (const char *)parser->filter->texts.data + ret->text_at;
	return KIST_OK;
}
