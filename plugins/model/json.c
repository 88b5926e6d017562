/* SPDX-License-Identifier: Apache-2.0 */
#include "json.h"

#include <stdlib.h>

#define PIECE_SIZE ((size_t)16 << 10)

/* @left: Bytes of the entry that were not read yet. */
struct json {
	struct zip_stream *stream;
	const struct zip_entry *entry;
	const struct json_look *look;
	struct model_fault *fault;
	uint64_t left;
	size_t at;
	size_t size;
	uint8_t piece[PIECE_SIZE];
};

/* A string on its way: what does not fit, or is more than ASCII, is none of those that are looked for. */
struct text {
	char bytes[JSON_TEXT_MAX];
	size_t len;
	bool is_long;
};

static kist_status broken(const struct json *json, const char *code, const char *what)
{
	return model_fault_set(json->fault, KIST_CORRUPT, code, json->entry->data_at, "%s", what);
}

/* The next byte, which stays; -1 at the end. */
static kist_status peek(struct json *json, int *ret)
{
	if (json->at == json->size) {
		json->size = json->left < PIECE_SIZE ? (size_t)json->left : PIECE_SIZE;
		json->at = 0;
		MODEL_TRY(zip_stream_read(json->stream, json->piece, json->size));
		json->left -= json->size;
	}
	*ret = json->at < json->size ? json->piece[json->at] : -1;
	return KIST_OK;
}

static kist_status next(struct json *json, int *ret)
{
	MODEL_TRY(peek(json, ret));
	if (*ret < 0)
		return broken(json, "E_HEADER_SYNTAX", "the JSON ends too early");
	json->at++;
	return KIST_OK;
}

/* Skips white space, and peeks. */
static kist_status peek_word(struct json *json, int *ret)
{
	MODEL_TRY(peek(json, ret));
	while (*ret == ' ' || *ret == '\t' || *ret == '\n' || *ret == '\r') {
		json->at++;
		MODEL_TRY(peek(json, ret));
	}
	return KIST_OK;
}

static void add(struct text *text, int byte)
{
	if (text->len + 1 < sizeof(text->bytes))
		text->bytes[text->len++] = (char)byte;
	else
		text->is_long = true;
}

static kist_status take_escape(struct json *json, struct text *text)
{
	static const char names[] = "\"\\/bfnrt";
	static const char values[] = "\"\\/\b\f\n\r\t";
	const char *name;
	unsigned code = 0;
	int byte;

	MODEL_TRY(next(json, &byte));
	name = byte > 0 ? strchr(names, byte) : NULL;
	if (name) {
		add(text, values[name - names]);
		return KIST_OK;
	}
	if (byte != 'u')
		return broken(json, "E_HEADER_SYNTAX", "a string has an escape that there is not");
	for (int i = 0; i < 4; i++) {
		MODEL_TRY(next(json, &byte));
		if (byte >= '0' && byte <= '9')
			code = code * 16 + (unsigned)(byte - '0');
		else if ((byte | 32) >= 'a' && (byte | 32) <= 'f')
			code = code * 16 + (unsigned)((byte | 32) - 'a' + 10);
		else
			return broken(json, "E_HEADER_SYNTAX", "an escape has no four digits");
	}
	/* What is told is ASCII; a NUL would end it. */
	add(text, code > 0 && code < 0x80 ? (int)code : '?');
	return KIST_OK;
}

static kist_status take_string(struct json *json, struct text *text)
{
	int byte;

	text->len = 0;
	text->is_long = false;
	MODEL_TRY(next(json, &byte));
	if (byte != '"')
		return broken(json, "E_HEADER_SYNTAX", "a string is missing");
	for (;;) {
		MODEL_TRY(next(json, &byte));
		if (byte == '"')
			break;
		if (byte < 0x20)
			return broken(json, "E_HEADER_SYNTAX", "a string holds a control character");
		if (byte == '\\')
			MODEL_TRY(take_escape(json, text));
		else
			add(text, byte);
	}
	text->bytes[text->len] = '\0';
	return KIST_OK;
}

/* A number or a literal; Python's NaN and Infinity too. */
static kist_status take_literal(struct json *json, struct text *text)
{
	int byte;

	text->len = 0;
	text->is_long = false;
	MODEL_TRY(peek(json, &byte));
	while ((byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       byte == '-' || byte == '+' || byte == '.') {
		add(text, byte);
		json->at++;
		MODEL_TRY(peek(json, &byte));
	}
	text->bytes[text->len] = '\0';
	if (text->len == 0)
		return broken(json, "E_HEADER_SYNTAX", "a value is missing");
	return KIST_OK;
}

static kist_status take_value(struct json *json, unsigned depth, enum json_found *ret, struct text *text);

/* Whether a comma came, not @close. */
static kist_status take_comma(struct json *json, int close, bool *ret_more)
{
	int byte;

	MODEL_TRY(peek_word(json, &byte));
	MODEL_TRY(next(json, &byte));
	*ret_more = byte == ',';
	if (byte != ',' && byte != close)
		return broken(json, "E_HEADER_SYNTAX", "a comma or the end of an object or array is missing");
	return KIST_OK;
}

/* One member, whose name is in @text; that goes to @object when it was asked for. */
static kist_status take_member(struct json *json, struct json_object *object, struct text *text)
{
	enum json_found found;
	int name = -1;
	int byte;

	MODEL_TRY(peek_word(json, &byte));
	MODEL_TRY(take_string(json, text));
	for (int i = 0; i < JSON_NAMES_MAX && !text->is_long; i++) {
		if (json->look->names[i] && strcmp(json->look->names[i], text->bytes) == 0)
			name = i;
	}
	if (name >= 0 && object->found[name] != JSON_ABSENT)
		return broken(json, "E_DUPLICATE", "a member of an object is there twice");
	MODEL_TRY(peek_word(json, &byte));
	MODEL_TRY(next(json, &byte));
	if (byte != ':')
		return broken(json, "E_HEADER_SYNTAX", "a colon is missing");
	MODEL_TRY(take_value(json, object->depth + 1, &found, text));
	if (name < 0)
		return KIST_OK;
	object->found[name] = found;
	if (found == JSON_TEXT)
		memcpy(object->text[name], text->bytes, text->len + 1);
	return KIST_OK;
}

static kist_status take_object(struct json *json, unsigned depth, struct text *text)
{
	struct json_object object = { .depth = depth };
	bool more;
	int byte;

	json->at++;
	MODEL_TRY(peek_word(json, &byte));
	more = byte != '}';
	if (!more)
		json->at++;
	while (more) {
		MODEL_TRY(take_member(json, &object, text));
		MODEL_TRY(take_comma(json, '}', &more));
	}
	return json->look->take(json->look->context, &object);
}

static kist_status take_array(struct json *json, unsigned depth, struct text *text)
{
	enum json_found found;
	bool more;
	int byte;

	json->at++;
	MODEL_TRY(peek_word(json, &byte));
	more = byte != ']';
	if (!more)
		json->at++;
	while (more) {
		MODEL_TRY(take_value(json, depth + 1, &found, text));
		MODEL_TRY(take_comma(json, ']', &more));
	}
	return KIST_OK;
}

static kist_status take_value(struct json *json, unsigned depth, enum json_found *ret, struct text *text)
{
	int byte;

	if (depth > JSON_DEPTH_MAX)
		return broken(json, "E_DEPTH", "the JSON is nested deeper than 200");
	MODEL_TRY(peek_word(json, &byte));
	*ret = JSON_ELSE;
	if (byte == '{')
		return take_object(json, depth, text);
	if (byte == '[')
		return take_array(json, depth, text);
	if (byte == '"') {
		MODEL_TRY(take_string(json, text));
		*ret = text->is_long ? JSON_LONG : JSON_TEXT;
		return KIST_OK;
	}
	MODEL_TRY(take_literal(json, text));
	if (strcmp(text->bytes, "null") == 0)
		*ret = JSON_NULL;
	return KIST_OK;
}

static kist_status take_all(struct json *json)
{
	enum json_found found;
	struct text text;
	int byte;

	MODEL_TRY(take_value(json, 1, &found, &text));
	MODEL_TRY(peek_word(json, &byte));
	if (byte >= 0)
		return broken(json, "E_HEADER_SYNTAX", "something stands behind the JSON");
	return zip_stream_end(json->stream);
}

kist_status json_look(struct kist_call *call, struct kist_source *source, const struct zip_entry *entry,
		      const struct json_look *look, struct model_fault *fault)
{
	struct json *const json = malloc(sizeof(*json));
	kist_status status;

	if (!json)
		return model_no_memory(call);
	json->stream = NULL;
	json->entry = entry;
	json->look = look;
	json->fault = fault;
	json->left = entry->size;
	json->at = 0;
	json->size = 0;
	status = zip_stream_open(call, source, entry, fault, &json->stream);
	if (status == KIST_OK)
		status = take_all(json);
	zip_stream_close(json->stream);
	free(json);
	return status;
}
