/* SPDX-License-Identifier: Apache-2.0 */

/* JSON in: the words of a header.  The grammar is fixed and three deep, so nothing here recurses. */
#include "safetensors.h"

static kist_status tick(struct safetensors_text *text)
{
	if (text->at < text->poll_at)
		return KIST_OK;
	text->poll_at = text->at + MODEL_STEP_SIZE;
	return text->call->poll(text->call);
}

static kist_status broken(struct safetensors_text *text, const char *code, size_t at, const char *what)
{
	return model_fault_set(text->fault, KIST_CORRUPT, code, safetensors_text_offset(text, at), "%s",
			       what);
}

uint64_t safetensors_text_offset(const struct safetensors_text *text, size_t at)
{
	return text->base == KIST_NO_OFFSET ? KIST_NO_OFFSET : text->base + at;
}

kist_status safetensors_check_utf8(struct safetensors_text *text)
{
	size_t at = 0;

	while (at < text->size) {
		const size_t left = text->size - at;
		const size_t step = left < MODEL_STEP_SIZE ? left : MODEL_STEP_SIZE;
		bool valid;

		MODEL_TRY(text->call->poll(text->call));
		at = model_utf8_skip(text->data, at, at + step, text->size, &valid);
		if (!valid)
			return broken(text, "E_HEADER_UTF8", at, "the header is not UTF-8");
	}
	return KIST_OK;
}

kist_status safetensors_peek(struct safetensors_text *text, int *ret_byte)
{
	*ret_byte = -1;
	while (text->at < text->size) {
		const uint8_t byte = text->data[text->at];

		if (byte != ' ' && byte != '\n' && byte != '\t' && byte != '\r') {
			*ret_byte = byte;
			return KIST_OK;
		}
		text->at++;
		MODEL_TRY(tick(text));
	}
	return KIST_OK;
}

kist_status safetensors_take(struct safetensors_text *text, char byte, const char *code)
{
	int found;

	MODEL_TRY(safetensors_peek(text, &found));
	if (found != byte)
		return model_fault_set(text->fault, KIST_CORRUPT, code,
				       safetensors_text_offset(text, text->at), "'%c' is missing", byte);
	text->at++;
	return KIST_OK;
}

static int hex_digit(uint8_t byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

/* The four digits at @at, or -1. */
static int32_t hex_unit(const uint8_t *data, size_t at, size_t size)
{
	int32_t unit = 0;

	if (at > size || size - at < 4)
		return -1;
	for (size_t i = 0; i < 4; i++) {
		const int digit = hex_digit(data[at + i]);

		if (digit < 0)
			return -1;
		unit = unit * 16 + digit;
	}
	return unit;
}

static bool is_high(int32_t unit)
{
	return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool is_low(int32_t unit)
{
	return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* Bytes of the escape at @at, which is a backslash; 0 when it is none.  A surrogate must have its pair. */
static size_t escape_length(const uint8_t *data, size_t at, size_t size)
{
	int32_t unit;

	if (size - at < 2)
		return 0;
	if (data[at + 1] != 'u')
		return data[at + 1] != '\0' && strchr("\"\\/bfnrt", data[at + 1]) ? 2 : 0;
	unit = hex_unit(data, at + 2, size);
	if (unit < 0 || is_low(unit))
		return 0;
	if (!is_high(unit))
		return 6;
	if (size - at < 12 || data[at + 6] != '\\' || data[at + 7] != 'u' ||
	    !is_low(hex_unit(data, at + 8, size)))
		return 0;
	return 12;
}

kist_status safetensors_take_string(struct safetensors_text *text, const char *code, size_t *ret_at)
{
	const size_t size = text->size;
	int found;

	MODEL_TRY(safetensors_peek(text, &found));
	if (found != '"')
		return broken(text, code, text->at, "a string is missing");
	text->at++;
	*ret_at = text->at;
	while (text->at < size && text->data[text->at] != '"') {
		const uint8_t byte = text->data[text->at];
		const size_t len = byte == '\\' ? escape_length(text->data, text->at, size) : 1;

		if (byte < 0x20)
			return broken(text, "E_HEADER_SYNTAX", text->at,
				      "a control character stands in a string");
		if (len == 0)
			return broken(text, "E_HEADER_SYNTAX", text->at, "a string has an unknown escape");
		text->at += len;
		MODEL_TRY(tick(text));
	}
	if (text->at >= size)
		return broken(text, "E_HEADER_SYNTAX", size, "a string has no end");
	text->at++;
	return KIST_OK;
}

static bool is_digit(int byte)
{
	return byte >= '0' && byte <= '9';
}

kist_status safetensors_take_number(struct safetensors_text *text, uint64_t *ret_number)
{
	uint64_t number = 0;
	size_t begin;
	int found;

	MODEL_TRY(safetensors_peek(text, &found));
	begin = text->at;
	if (found == '[' || found == '{')
		return broken(text, "E_DEPTH", begin, "an array or object stands where a number belongs");
	if (!is_digit(found))
		return broken(text, "E_HEADER_SYNTAX", begin, "a whole number of 0 or more is missing");
	for (; text->at < text->size && is_digit(text->data[text->at]); text->at++) {
		const unsigned digit = (unsigned)text->data[text->at] - '0';

		if (number > ((uint64_t)INT64_MAX - digit) / 10)
			return broken(text, "E_OVERFLOW", begin, "a number is over 2^63-1");
		number = number * 10 + digit;
	}
	if (found == '0' && text->at - begin > 1)
		return broken(text, "E_HEADER_SYNTAX", begin, "a number begins with 0");
	if (text->at < text->size && text->data[text->at] != '\0' && strchr(".eE", text->data[text->at]))
		return broken(text, "E_HEADER_SYNTAX", begin, "a number is not whole");
	*ret_number = number;
	return KIST_OK;
}

kist_status safetensors_take_end(struct safetensors_text *text, char close, bool *ret_more)
{
	int found;

	MODEL_TRY(safetensors_peek(text, &found));
	if (found != ',' && found != close)
		return model_fault_set(text->fault, KIST_CORRUPT, "E_HEADER_SYNTAX",
				       safetensors_text_offset(text, text->at), "',' or '%c' is missing",
				       close);
	text->at++;
	*ret_more = found == ',';
	return KIST_OK;
}

static void put_code_point(struct safetensors_string *string, uint32_t point)
{
	uint8_t *to = string->waiting;

	string->waiting_at = 0;
	if (point < 0x80) {
		to[0] = (uint8_t)point;
		string->waiting_count = 1;
	} else if (point < 0x800) {
		to[0] = (uint8_t)(0xC0 | point >> 6);
		to[1] = (uint8_t)(0x80 | (point & 0x3F));
		string->waiting_count = 2;
	} else if (point < 0x10000) {
		to[0] = (uint8_t)(0xE0 | point >> 12);
		to[1] = (uint8_t)(0x80 | (point >> 6 & 0x3F));
		to[2] = (uint8_t)(0x80 | (point & 0x3F));
		string->waiting_count = 3;
	} else {
		to[0] = (uint8_t)(0xF0 | point >> 18);
		to[1] = (uint8_t)(0x80 | (point >> 12 & 0x3F));
		to[2] = (uint8_t)(0x80 | (point >> 6 & 0x3F));
		to[3] = (uint8_t)(0x80 | (point & 0x3F));
		string->waiting_count = 4;
	}
}

static void decode_escape(struct safetensors_string *string)
{
	static const char names[] = "bfnrt";
	static const char values[] = "\b\f\n\r\t";
	const uint8_t *data = string->data;
	const uint8_t kind = data[string->at + 1];
	const char *name = strchr(names, kind);
	int32_t unit;

	if (kind != 'u') {
		put_code_point(string, name ? (uint8_t)values[name - names] : kind);
		string->at += 2;
		return;
	}
	unit = hex_unit(data, string->at + 2, SIZE_MAX);
	string->at += 6;
	if (is_high(unit)) {
		const int32_t low = hex_unit(data, string->at + 2, SIZE_MAX);

		unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
		string->at += 6;
	}
	put_code_point(string, (uint32_t)unit);
}

int safetensors_string_next(struct safetensors_string *string)
{
	if (string->waiting_at < string->waiting_count)
		return string->waiting[string->waiting_at++];
	if (string->data[string->at] == '"')
		return -1;
	if (string->data[string->at] != '\\')
		return string->data[string->at++];
	decode_escape(string);
	return string->waiting[string->waiting_at++];
}

bool safetensors_string_equal(const uint8_t *data, size_t at, const char *literal)
{
	struct safetensors_string string = { .data = data, .at = at };

	for (; *literal != '\0'; literal++) {
		if (safetensors_string_next(&string) != (uint8_t)*literal)
			return false;
	}
	return safetensors_string_next(&string) < 0;
}

void safetensors_string_put(struct model_out *out, const uint8_t *data, size_t at)
{
	struct safetensors_string string = { .data = data, .at = at };
	int byte;

	model_out_text(out, "\"");
	while (!out->full && !out->failed && (byte = safetensors_string_next(&string)) >= 0)
		model_out_escaped(out, (uint8_t)byte);
	model_out_text(out, "\"");
}
