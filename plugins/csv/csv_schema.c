/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_schema.h"

#include <string.h>

#include "csv_dialect.h"
#include "csv_json.h"
#include "csv_kernel.h"
#include "kist/helpers.h"

static const struct {
	const char *name;
	enum csv_wanted wanted;
} types[] = { { "any", CSV_WANTED_ANY },
	      { "anyAtomicType", CSV_WANTED_ANY },
	      { "integer", CSV_WANTED_INTEGER },
	      { "long", CSV_WANTED_INTEGER },
	      { "int", CSV_WANTED_INTEGER },
	      { "short", CSV_WANTED_INTEGER },
	      { "byte", CSV_WANTED_INTEGER },
	      { "nonNegativeInteger", CSV_WANTED_INTEGER },
	      { "positiveInteger", CSV_WANTED_INTEGER },
	      { "nonPositiveInteger", CSV_WANTED_INTEGER },
	      { "negativeInteger", CSV_WANTED_INTEGER },
	      { "unsignedLong", CSV_WANTED_INTEGER },
	      { "unsignedInt", CSV_WANTED_INTEGER },
	      { "unsignedShort", CSV_WANTED_INTEGER },
	      { "unsignedByte", CSV_WANTED_INTEGER },
	      { "decimal", CSV_WANTED_DECIMAL },
	      { "number", CSV_WANTED_DOUBLE },
	      { "double", CSV_WANTED_DOUBLE },
	      { "float", CSV_WANTED_DOUBLE },
	      { "boolean", CSV_WANTED_BOOL },
	      { "date", CSV_WANTED_DATE },
	      { "time", CSV_WANTED_TIME },
	      { "datetime", CSV_WANTED_STAMP },
	      { "dateTime", CSV_WANTED_STAMP },
	      { "dateTimeStamp", CSV_WANTED_STAMP } };

static kist_status wrong(struct kist_call *call, const char *why)
{
	return kist_failf(call, KIST_INVALID, "E_SCHEMA", KIST_NO_OFFSET, "the schema cannot be used: %s",
			  why);
}

bool csv_schema_takes(enum csv_wanted wanted, enum csv_kind kind, unsigned int scale)
{
	const bool integer = kind == CSV_KIND_INT64 || kind == CSV_KIND_UINT64;

	/* Nothing but nulls is of every type. */
	if (kind == CSV_KIND_NULL)
		return true;
	switch (wanted) {
	case CSV_WANTED_INTEGER:
		return integer || (kind == CSV_KIND_DECIMAL && scale == 0);
	case CSV_WANTED_DECIMAL:
	case CSV_WANTED_DOUBLE:
		return integer || kind == CSV_KIND_DECIMAL || kind == CSV_KIND_FLOAT64;
	case CSV_WANTED_BOOL:
		return kind == CSV_KIND_BOOL;
	case CSV_WANTED_DATE:
		return kind == CSV_KIND_DATE;
	case CSV_WANTED_TIME:
		return kind == CSV_KIND_TIME;
	case CSV_WANTED_STAMP:
		return kind == CSV_KIND_STAMP;
	default:
		return true;
	}
}

const char *csv_schema_name(enum csv_wanted wanted)
{
	static const char *const names[] = { "any",	"string", "integer", "decimal", "double",
					     "boolean", "date",	  "time",    "dateTime" };

	return names[wanted];
}

const char *csv_schema_type(enum csv_kind kind)
{
	static const char *const names[] = { "any",  "integer", "double",   "boolean", "integer", "decimal",
					     "date", "time",	"dateTime", "string",  "string" };

	return names[kind];
}

static enum csv_wanted wanted_of(const struct csv_json_text *name)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (csv_json_is(name, types[i].name))
			return types[i].wanted;
	}
	return CSV_WANTED_TEXT;
}

/* "integer", or {"base":"integer"}.  What "format" says is what the cells say themselves. */
static enum csv_wanted read_datatype(struct csv_json *j, struct csv_json probe)
{
	struct csv_json_text text;
	enum csv_wanted wanted = CSV_WANTED_TEXT;

	if (!csv_json_begin(&probe, '{'))
		return csv_json_string(j, &text) ? wanted_of(&text) : CSV_WANTED_TEXT;
	(void)csv_json_begin(j, '{');
	while (csv_json_key(j, &text)) {
		struct csv_json_text base;

		if (!csv_json_is(&text, "base"))
			csv_json_skip(j);
		else if (csv_json_string(j, &base))
			wanted = wanted_of(&base);
	}
	return wanted;
}

/* The first of "a", ["a", ...] or {"en": "a", ...}. */
static void read_title(struct csv_json *j, struct csv_wish *wish)
{
	struct csv_json_text text = { 0 };
	struct csv_json_text key;
	struct csv_json probe = *j;

	if (csv_json_begin(&probe, '[')) {
		(void)csv_json_begin(j, '[');
		while (csv_json_item(j)) {
			if (text.data)
				csv_json_skip(j);
			else
				(void)csv_json_string(j, &text);
		}
	} else if (probe = *j, csv_json_begin(&probe, '{')) {
		(void)csv_json_begin(j, '{');
		while (csv_json_key(j, &key)) {
			if (text.data)
				csv_json_skip(j);
			else
				(void)csv_json_string(j, &text);
		}
	} else {
		(void)csv_json_string(j, &text);
	}
	wish->title = text.data;
	wish->title_len = text.len;
}

static void read_column(struct csv_json *j, struct csv_wish *wish, bool *ret_null)
{
	struct csv_json_text key;
	struct csv_json_text text;

	if (!csv_json_begin(j, '{'))
		return;
	while (csv_json_key(j, &key)) {
		if (csv_json_is(&key, "titles")) {
			read_title(j, wish);
		} else if (csv_json_is(&key, "datatype")) {
			wish->wanted = read_datatype(j, *j);
		} else if (csv_json_is(&key, "required")) {
			wish->required = csv_json_true(j);
		} else if (csv_json_is(&key, "null")) {
			/* Which cells are null is for the whole text. */
			*ret_null |= !csv_json_string(j, &text) || text.len > 0;
		} else {
			csv_json_skip(j);
		}
	}
}

/* One ASCII character, or 0 for a text without any. */
static uint8_t character_of(struct csv_json *j, uint8_t none)
{
	struct csv_json_text text;

	if (!csv_json_string(j, &text) || text.len == 0)
		return none;
	if (text.len > 1 || (uint8_t)text.data[0] >= 0x80)
		j->bad = true;
	return (uint8_t)text.data[0];
}

static uint8_t encoding_of(struct csv_json *j)
{
	static const struct {
		const char *name;
		uint8_t encoding;
	} names[] = { { "utf-8", CSV_ENCODING_UTF8 },	     { "UTF-8", CSV_ENCODING_UTF8 },
		      { "utf-16", CSV_ENCODING_UTF16 },	     { "UTF-16", CSV_ENCODING_UTF16 },
		      { "utf-16le", CSV_ENCODING_UTF16LE },  { "UTF-16LE", CSV_ENCODING_UTF16LE },
		      { "utf-16be", CSV_ENCODING_UTF16BE },  { "UTF-16BE", CSV_ENCODING_UTF16BE },
		      { "latin-1", CSV_ENCODING_LATIN1 },    { "iso-8859-1", CSV_ENCODING_LATIN1 },
		      { "ISO-8859-1", CSV_ENCODING_LATIN1 }, { "windows-1252", CSV_ENCODING_CP1252 } };
	struct csv_json_text text;

	if (csv_json_string(j, &text)) {
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			if (csv_json_is(&text, names[i].name))
				return names[i].encoding;
		}
	}
	j->bad = true;
	return CSV_ENCODING_UTF8;
}

static void read_dialect(struct csv_json *j, struct csv_schema *s)
{
	struct csv_json_text key;

	if (!csv_json_begin(j, '{'))
		return;
	while (csv_json_key(j, &key)) {
		if (csv_json_is(&key, "delimiter"))
			s->delimiter = character_of(j, 0);
		else if (csv_json_is(&key, "quoteChar"))
			s->quote = character_of(j, CSV_QUOTE_NONE);
		else if (csv_json_is(&key, "doubleQuote"))
			s->escape = csv_json_true(j) ? 0 : '\\';
		else if (csv_json_is(&key, "commentPrefix"))
			s->comment = character_of(j, CSV_COMMENT_NONE);
		else if (csv_json_is(&key, "header"))
			s->header = csv_json_true(j) ? CSV_HEADER_YES : CSV_HEADER_NO;
		else if (csv_json_is(&key, "encoding"))
			s->encoding = encoding_of(j);
		else
			csv_json_skip(j);
	}
}

struct reading {
	struct kist_call *call;
	struct csv_schema *schema;
	bool has_null;
	bool no_memory;
};

static void read_columns(struct csv_json *j, struct reading *r)
{
	struct csv_json probe = *j;
	uint32_t count = 0;

	if (!csv_json_begin(&probe, '['))
		return;
	while (csv_json_item(&probe) && count < CSV_COLUMNS_MAX) {
		csv_json_skip(&probe);
		count++;
	}
	r->schema->columns = r->call->alloc(r->call, (count + 1) * sizeof(struct csv_wish), sizeof(void *));
	r->no_memory = !r->schema->columns;
	if (r->no_memory || probe.bad)
		return;
	memset(r->schema->columns, 0, (count + 1) * sizeof(struct csv_wish));
	(void)csv_json_begin(j, '[');
	while (r->schema->count < count && csv_json_item(j))
		read_column(j, &r->schema->columns[r->schema->count++], &r->has_null);
	/* The bracket behind the last one; more columns than a table may have are wrong. */
	if (csv_json_item(j))
		j->bad = true;
}

/* The table, and in it the schema of its columns. */
static void read_members(struct csv_json *j, struct reading *r)
{
	struct csv_json_text key;

	if (!csv_json_begin(j, '{')) {
		j->bad = true;
		return;
	}
	while (csv_json_key(j, &key) && !r->no_memory) {
		if (csv_json_is(&key, "dialect"))
			read_dialect(j, r->schema);
		else if (csv_json_is(&key, "columns") && !r->schema->columns)
			read_columns(j, r);
		else if (csv_json_is(&key, "tableSchema") && j->depth == 1)
			read_members(j, r);
		else
			csv_json_skip(j);
	}
}

kist_status csv_schema_read(struct kist_call *call, const char *text, size_t len,
			    const struct csv_schema **ret)
{
	struct csv_schema *const schema = call->alloc(call, sizeof(*schema), sizeof(void *));
	char *const room = call->alloc(call, len + 1, 1);
	struct csv_json json = { .at = text, .end = text + len, .room = room };
	struct reading reading = { .call = call, .schema = schema };

	if (!schema || !room)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory for the schema");
	memset(schema, 0, sizeof(*schema));
	read_members(&json, &reading);
	if (reading.no_memory)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory for the schema");
	if (!csv_json_ended(&json))
		return wrong(call, "it is no JSON of a table (https://www.w3.org/TR/tabular-metadata/)");
	if (reading.has_null)
		return wrong(call, "words for null are not taken from it: the parameter nulls says them");
	*ret = schema;
	return KIST_OK;
}
