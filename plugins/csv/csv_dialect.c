/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_dialect.h"

#include <string.h>

#include "csv_kernel.h"
#include "csv_schema.h"
#include "csv_sniff.h"
#include "kist/helpers.h"

#define WORD_SIZE_MAX 9u

struct word {
	const char *text;
	uint8_t value;
};

static const struct word encodings[] = { { "utf-8", CSV_ENCODING_UTF8 },
					 { "utf-16", CSV_ENCODING_UTF16 },
					 { "utf-16le", CSV_ENCODING_UTF16LE },
					 { "utf-16be", CSV_ENCODING_UTF16BE },
					 { "latin-1", CSV_ENCODING_LATIN1 },
					 { "windows-1252", CSV_ENCODING_CP1252 },
					 { NULL, 0 } };
static const struct word headers[] = {
	{ "auto", CSV_HEADER_AUTO }, { "yes", CSV_HEADER_YES }, { "no", CSV_HEADER_NO }, { NULL, 0 }
};
static const struct word nulls[] = { { "empty", CSV_NULLS_EMPTY },
				     { "pandas", CSV_NULLS_PANDAS },
				     { NULL, 0 } };

const char *csv_encoding_name(enum csv_encoding encoding)
{
	static const char *const names[] = { "UTF-8",	 "UTF-16",  "UTF-16LE",
					     "UTF-16BE", "latin-1", "windows-1252" };

	return names[encoding];
}

bool csv_is_null_word(const uint8_t *text, size_t len)
{
	static const char *const words[] = { "",	 "#N/A", "#N/A N/A", "#NA",    "-1.#IND",
					     "-1.#QNAN", "-NaN", "-nan",     "1.#IND", "1.#QNAN",
					     "<NA>",	 "N/A",	 "NA",	     "NULL",   "NaN",
					     "None",	 "n/a",	 "nan",	     "null" };

	if (len > WORD_SIZE_MAX)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i]) == len && memcmp(words[i], text, len) == 0)
			return true;
	}
	return false;
}

static kist_status wrong(struct kist_call *call, const char *text)
{
	return kist_failf(call, KIST_INVALID, "E_HEADER_SYNTAX", KIST_NO_OFFSET, "%s", text);
}

/* The text of a parameter; NULL if it is not there or empty. */
static const char *string_of(const struct kist_params *params, const char *name)
{
	const struct kist_param *param = kist_param_find(params, name);

	return param && param->kind == KIST_PARAM_STRING && param->string_len > 0 ? param->string : NULL;
}

static bool is_true(const struct kist_params *params, const char *name)
{
	const struct kist_param *param = kist_param_find(params, name);

	return param && param->kind == KIST_PARAM_BOOL && param->integer != 0;
}

static kist_status read_word(struct kist_call *call, const struct kist_params *params, const char *name,
			     const struct word *words, uint8_t *ret)
{
	const char *const text = string_of(params, name);

	for (const struct word *word = words; text && word->text; word++) {
		if (strcmp(text, word->text) == 0) {
			*ret = word->value;
			return KIST_OK;
		}
	}
	return text ? kist_failf(call, KIST_INVALID, "E_HEADER_SYNTAX", KIST_NO_OFFSET,
				 "%s '%.40s' is not known", name, text)
		    : KIST_OK;
}

kist_status csv_delimiter_read(struct kist_call *call, const struct kist_params *params, uint8_t *delimiter)
{
	const char *const text = string_of(params, "delimiter");

	if (!text)
		return KIST_OK;
	/* A tab is hard to type. */
	if (strcmp(text, "tab") == 0 || strcmp(text, "\\t") == 0) {
		*delimiter = '\t';
		return KIST_OK;
	}
	if (strlen(text) != 1 || !csv_delimiter_allowed((uint8_t)text[0]))
		return wrong(
			call,
			"the delimiter must be tab or one ASCII character: no quote, newline, letter, digit, "
			"sign, point or underscore");
	*delimiter = (uint8_t)text[0];
	return KIST_OK;
}

/* One ASCII character that is neither a newline nor NUL. */
static kist_status read_character(struct kist_call *call, const struct kist_params *params, const char *name,
				  uint8_t *ret)
{
	const char *const text = string_of(params, name);

	if (!text)
		return KIST_OK;
	if (text[1] != '\0' || (uint8_t)text[0] >= 0x80 || text[0] == '\n' || text[0] == '\r')
		return kist_failf(call, KIST_INVALID, "E_HEADER_SYNTAX", KIST_NO_OFFSET,
				  "%s must be one ASCII character, and no newline", name);
	*ret = (uint8_t)text[0];
	return KIST_OK;
}

/* The same, or @none for the word. */
static kist_status read_character_or_none(struct kist_call *call, const struct kist_params *params,
					  const char *name, uint8_t none, uint8_t *ret)
{
	const char *const text = string_of(params, name);

	if (!text || strcmp(text, "none") != 0)
		return read_character(call, params, name, ret);
	*ret = none;
	return KIST_OK;
}

/* Only the quote and the escape may be the same. */
static bool are_apart(const struct csv_dialect *d)
{
	const uint8_t quote = d->quote ? d->quote : '"';
	const uint8_t others[] = { d->delimiter, quote, d->escape != quote ? d->escape : 0, d->comment };

	for (size_t i = 0; i < sizeof(others); i++) {
		for (size_t j = 0; j < i; j++) {
			if (others[i] != 0 && others[i] == others[j])
				return false;
		}
	}
	return true;
}

/* What the schema says of the dialect counts where no parameter says it. */
static kist_status read_schema(struct kist_call *call, const struct kist_params *params,
			       struct csv_dialect *d)
{
	const struct kist_param *const param = params ? kist_param_find(params, "schema") : NULL;
	const struct csv_schema *schema;
	kist_status status;

	if (!param || param->kind != KIST_PARAM_STRING || param->string_len == 0)
		return KIST_OK;
	status = csv_schema_read(call, param->string, param->string_len, &schema);
	if (status != KIST_OK)
		return status;
	if (schema->delimiter != 0 && !csv_delimiter_allowed(schema->delimiter))
		return wrong(call, "the schema's delimiter cannot be one");
	d->schema = schema;
	d->delimiter = d->delimiter ? d->delimiter : schema->delimiter;
	d->quote = d->quote ? d->quote : schema->quote;
	d->escape = d->escape ? d->escape : schema->escape;
	d->comment = d->comment ? d->comment : schema->comment;
	d->header = d->header ? d->header : schema->header;
	d->encoding = d->encoding ? d->encoding : schema->encoding;
	return KIST_OK;
}

kist_status csv_dialect_read(struct kist_call *call, const struct kist_params *params,
			     struct csv_dialect *ret)
{
	kist_status status;

	*ret = (struct csv_dialect){ .lenient = is_true(params, "lenient"),
				     .null_padding = is_true(params, "null_padding") };
	status = read_word(call, params, "header", headers, &ret->header);
	if (status == KIST_OK)
		status = read_word(call, params, "encoding", encodings, &ret->encoding);
	if (status == KIST_OK)
		status = read_word(call, params, "nulls", nulls, &ret->nulls);
	if (status == KIST_OK)
		status = csv_delimiter_read(call, params, &ret->delimiter);
	if (status == KIST_OK)
		status = read_character_or_none(call, params, "quote", CSV_QUOTE_NONE, &ret->quote);
	if (status == KIST_OK)
		status = read_character(call, params, "escape", &ret->escape);
	if (status == KIST_OK)
		status = read_character_or_none(call, params, "comment", CSV_COMMENT_NONE, &ret->comment);
	if (status == KIST_OK)
		status = read_schema(call, params, ret);
	if (status == KIST_OK && !are_apart(ret))
		return wrong(call, "delimiter, quote, escape and comment must differ from each other");
	return status;
}
