/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/real_text.h"
#include "base/utf8.h"

/*
 * Depth and count are checked on the text, before jansson recurses into it and takes memory for it: an empty
 * list is two bytes of text and a hundred of memory.
 */
static kist_status check_shape(struct kist_view text, struct kist_error *err)
{
	size_t depth = 0;
	size_t values = 1;
	bool in_string = false;

	for (size_t i = 0; i < text.size; i++) {
		const uint8_t c = text.data[i];

		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
			continue;
		}
		in_string = c == '"';
		if (c == '{' || c == '[')
			depth++;
		else if ((c == '}' || c == ']') && depth > 0)
			depth--;
		if (depth > KIST_JSON_DEPTH_MAX)
			return kist_fail_at(err, KIST_CORRUPT, "E_JSON", i, "nested deeper than %d",
					    KIST_JSON_DEPTH_MAX);
		/* Each value but the first stands behind one of these. */
		values += c == '[' || c == ',' || c == ':';
		if (values > KIST_JSON_VALUES_MAX)
			return kist_fail_at(err, KIST_CORRUPT, "E_JSON", i, "more than %zu values",
					    KIST_JSON_VALUES_MAX);
	}
	return KIST_OK;
}

/* Length of the number at @text, and whether it is whole and beyond 64 bits. */
static size_t number_len(struct kist_view text, bool *ret_beyond)
{
	const size_t sign = text.data[0] == '-';
	char digits[24];
	size_t len = sign;

	while (len < text.size && text.data[len] >= '0' && text.data[len] <= '9')
		len++;
	*ret_beyond = len - sign >= 19 && (len == text.size || !strchr(".eE", text.data[len]));
	if (*ret_beyond && len < sizeof(digits)) {
		memcpy(digits, text.data, len);
		digits[len] = '\0';
		errno = 0;
		(void)strtoll(digits, NULL, 10);
		*ret_beyond = errno == ERANGE;
	}
	return len;
}

/* Length of what may stand behind a point or an "e". */
static size_t fraction_len(struct kist_view text)
{
	size_t len = 0;

	while (len < text.size && memchr("+-0123456789", text.data[len], 12))
		len++;
	return len;
}

/* Appends @text with ".0" behind the whole numbers that are beyond 64 bits. */
static kist_status widen_numbers(struct kist_view text, struct kist_buf *ret, struct kist_error *err)
{
	bool in_string = false;

	for (size_t i = 0; i < text.size;) {
		const uint8_t c = text.data[i];
		bool beyond = false;
		size_t step = 1;

		if (in_string && c == '\\' && i + 1 < text.size)
			step = 2;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '-' || (c >= '0' && c <= '9')))
			step = number_len(kist_view_of(text.data + i, text.size - i), &beyond);
		/* Digits of a fraction or an exponent are no number of their own. */
		else if (!in_string && (c == '.' || c == 'e' || c == 'E'))
			step = 1 + fraction_len(kist_view_of(text.data + i + 1, text.size - i - 1));
		KIST_TRY(kist_buf_append(ret, text.data + i, step, err));
		if (beyond)
			KIST_TRY(kist_buf_append(ret, ".0", 2, err));
		i += step;
	}
	return KIST_OK;
}

static __thread bool is_parsing;

/*
 * When its text buffer cannot grow, jansson's reader goes on with a byte less: it gives another value, or runs past the
 * end of a string.  So without memory there the process ends, as kill -9 would end it.
 */
static void *alloc_for_jansson(size_t size)
{
	static const char why[] = "kist: out of memory while reading JSON\n";
	void *mem = kist_alloc_for_library(size);

	if (!mem && is_parsing) {
		const ssize_t told = write(STDERR_FILENO, why, sizeof(why) - 1);

		(void)told;
		_exit(EXIT_FAILURE);
	}
	return mem;
}

__attribute__((constructor)) static void watch_memory(void)
{
	json_set_alloc_funcs(alloc_for_jansson, kist_free);
}

static json_t *parse(struct kist_view text, json_error_t *why)
{
	json_t *value;

	is_parsing = true;
	value = json_loadb((const char *)text.data, text.size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, why);
	is_parsing = false;
	return value;
}

json_t *kist_json_copy(const json_t *value)
{
	json_t *copy = json_deep_copy(value);

	/* Jansson leaves out what it has no memory for. */
	if (copy && json_equal(copy, value))
		return copy;
	json_decref(copy);
	return NULL;
}

kist_status kist_json_parse(struct kist_view text, json_t **ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf widened = KIST_BUF_INIT(SIZE_MAX / 2);
	json_error_t why;
	json_t *value;

	if (text.size == 0)
		return kist_fail_at(err, KIST_CORRUPT, "E_JSON", 0, "it is empty");
	KIST_TRY(check_shape(text, err));
	value = parse(text, &why);
	/* Jansson's integers have 64 bits; the canonical form of 1e20 has no point. */
	if (!value && json_error_code(&why) == json_error_numeric_overflow) {
		KIST_TRY(widen_numbers(text, &widened, err));
		value = parse(kist_buf_view(&widened), &why);
	}
	if (!value && json_error_code(&why) == json_error_out_of_memory)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while reading JSON");
	if (!value)
		return kist_fail_at(err, KIST_CORRUPT, "E_JSON",
				    why.position < 0 ? 0 : (uint64_t)why.position, "line %d, column %d: %s",
				    why.line, why.column, why.text);
	*ret = value;
	return KIST_OK;
}

static kist_status write_escape(uint8_t c, struct kist_buf *ret, struct kist_error *err)
{
	static const char shorts[] = "btn-fr";

	if (c == '"' || c == '\\')
		return kist_buf_appendf(ret, err, "\\%c", c);
	if (c >= 8 && c <= 13 && c != 11)
		return kist_buf_appendf(ret, err, "\\%c", shorts[c - 8]);
	return kist_buf_appendf(ret, err, "\\u%04x", c);
}

static kist_status write_string(const char *text, size_t len, struct kist_buf *ret, struct kist_error *err)
{
	KIST_TRY(kist_buf_append(ret, "\"", 1, err));
	for (size_t i = 0; i < len;) {
		size_t plain = i;

		while (plain < len && (uint8_t)text[plain] >= 0x20 && text[plain] != '"' &&
		       text[plain] != '\\')
			plain++;
		KIST_TRY(kist_buf_append(ret, text + i, plain - i, err));
		if (plain < len)
			KIST_TRY(write_escape((uint8_t)text[plain++], ret, err));
		i = plain;
	}
	return kist_buf_append(ret, "\"", 1, err);
}

static kist_status write_real(double value, struct kist_buf *ret, struct kist_error *err)
{
	char text[KIST_REAL_TEXT_SIZE];

	if (!isfinite(value))
		return kist_fail(err, KIST_INVALID, "a number that is not finite has no place in JSON");
	return kist_buf_append(ret, text, kist_real_text(value, text), err);
}

static kist_status write_integer(json_int_t value, struct kist_buf *ret, struct kist_error *err)
{
	/* Right-aligned: the last digit comes first. */
	char text[24];
	size_t at = sizeof(text);
	unsigned long long rest = value < 0 ? 0 - (unsigned long long)value : (unsigned long long)value;

	do {
		text[--at] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest > 0);
	if (value < 0)
		text[--at] = '-';
	return kist_buf_append(ret, text + at, sizeof(text) - at, err);
}

/*
 * RFC 8785 sorts by UTF-16 units.  That is the order of the bytes of UTF-8, but that U+E000 to U+FFFF, which
 * begin with 0xee and 0xef, come after the characters past U+FFFF, which begin with 0xf0 to 0xf4.
 */
static int compare_keys(const void *a, const void *b)
{
	const uint8_t *left = *(const uint8_t *const *)a;
	const uint8_t *right = *(const uint8_t *const *)b;

	while (*left == *right && *left != '\0') {
		left++;
		right++;
	}
	return (*left == 0xee || *left == 0xef ? *left + 16 : *left) -
	       (*right == 0xee || *right == 0xef ? *right + 16 : *right);
}

/* What is being written, and what it may still take up. */
struct writing {
	struct kist_buf *to;
	size_t depth;
	size_t values; /* as check_shape() counts them */
	size_t values_max;
};

static kist_status write_value(struct writing *writing, const json_t *value, struct kist_error *err);

/* A bracket, a comma or a colon, behind which a value stands. */
static kist_status write_before(struct writing *writing, const char *text, struct kist_error *err)
{
	if (writing->values++ >= writing->values_max)
		return kist_fail(err, KIST_LIMIT, "more than %zu values of JSON", writing->values_max);
	return kist_buf_append(writing->to, text, 1, err);
}

static kist_status write_object(struct writing *writing, const json_t *value, struct kist_error *err)
{
	const size_t count = json_object_size(value);
	kist_auto_mem const char **keys = kist_alloc(count, sizeof(*keys));
	const char *key;
	json_t *member;
	size_t n = 0;

	if (!keys)
		return kist_fail_memory(err, count * sizeof(*keys));
	json_object_foreach((json_t *)(uintptr_t)value, key, member)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), compare_keys);
	KIST_TRY(kist_buf_append(writing->to, "{", 1, err));
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			KIST_TRY(write_before(writing, ",", err));
		KIST_TRY(write_string(keys[i], strlen(keys[i]), writing->to, err));
		KIST_TRY(write_before(writing, ":", err));
		KIST_TRY(write_value(writing, json_object_get(value, keys[i]), err));
	}
	return kist_buf_append(writing->to, "}", 1, err);
}

static kist_status write_array(struct writing *writing, const json_t *value, struct kist_error *err)
{
	KIST_TRY(write_before(writing, "[", err));
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (i > 0)
			KIST_TRY(write_before(writing, ",", err));
		KIST_TRY(write_value(writing, json_array_get(value, i), err));
	}
	return kist_buf_append(writing->to, "]", 1, err);
}

/* Recurses as deep as KIST_JSON_DEPTH_MAX. */
static kist_status write_nested(struct writing *writing, const json_t *value, struct kist_error *err)
{
	kist_status status;

	if (writing->depth == KIST_JSON_DEPTH_MAX)
		return kist_fail(err, KIST_LIMIT, "JSON nested deeper than %d", KIST_JSON_DEPTH_MAX);
	writing->depth++;
	status = json_is_object(value) ? write_object(writing, value, err) : write_array(writing, value, err);
	writing->depth--;
	return status;
}

static kist_status write_value(struct writing *writing, const json_t *value, struct kist_error *err)
{
	struct kist_buf *ret = writing->to;

	if (!value)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while making JSON");
	switch (json_typeof(value)) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		return write_nested(writing, value, err);
	case JSON_STRING:
		return write_string(json_string_value(value), json_string_length(value), ret, err);
	case JSON_INTEGER:
		return write_integer(json_integer_value(value), ret, err);
	case JSON_REAL:
		return write_real(json_real_value(value), ret, err);
	case JSON_TRUE:
		return kist_buf_append(ret, "true", 4, err);
	case JSON_FALSE:
		return kist_buf_append(ret, "false", 5, err);
	case JSON_NULL:
	default:
		return kist_buf_append(ret, "null", 4, err);
	}
}

kist_status kist_json_canonical(const json_t *value, struct kist_buf *ret, struct kist_error *err)
{
	struct writing writing = { .to = ret, .values = 1, .values_max = KIST_JSON_VALUES_MAX };

	return write_value(&writing, value, err);
}

kist_status kist_json_canonical_any(const json_t *value, struct kist_buf *ret, struct kist_error *err)
{
	struct writing writing = { .to = ret, .values = 1, .values_max = SIZE_MAX };

	return write_value(&writing, value, err);
}

const char *kist_json_get_text(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

bool kist_json_get_u64(const json_t *object, const char *key, uint64_t *ret)
{
	const json_t *member = json_object_get(object, key);

	if (!json_is_integer(member) || json_integer_value(member) < 0)
		return false;
	*ret = (uint64_t)json_integer_value(member);
	return true;
}

/* What JSON has no numbers for. */
static const struct {
	const char *text;
	double number;
} odd_numbers[] = {
	{ "NaN", (double)NAN },
	{ "Infinity", (double)INFINITY },
	{ "-Infinity", -(double)INFINITY },
};

json_t *kist_json_real(double number)
{
	if (isfinite(number))
		return json_real(number);
	return json_string(odd_numbers[isnan(number) ? 0 : number > 0 ? 1 : 2].text);
}

bool kist_json_get_real(const json_t *value, double *ret)
{
	if (json_is_number(value)) {
		*ret = json_number_value(value);
		return true;
	}
	for (size_t i = 0; json_is_string(value) && i < sizeof(odd_numbers) / sizeof(odd_numbers[0]); i++) {
		if (strcmp(json_string_value(value), odd_numbers[i].text) == 0) {
			*ret = odd_numbers[i].number;
			return true;
		}
	}
	return false;
}

json_t *kist_json_text(const char *text, size_t len)
{
	static const char replacement[] = "\xef\xbf\xbd";
	kist_auto_buf struct kist_buf shown = KIST_BUF_INIT(SIZE_MAX / 2);

	for (size_t i = 0; i < len;) {
		const size_t step = kist_utf8_step(text + i, len - i);
		const kist_status status = step ? kist_buf_append(&shown, text + i, step, NULL)
						: kist_buf_append(&shown, replacement, 3, NULL);

		if (status != KIST_OK)
			return NULL;
		i += step ? step : 1;
	}
	return json_stringn(shown.size ? (const char *)shown.data : "", shown.size);
}

kist_status kist_json_set_bytes(json_t *object, const char *key, const char *bytes, size_t len,
				struct kist_error *err)
{
	char bytes_key[KIST_JSON_BYTES_KEY_MAX + sizeof("_bytes")];
	kist_auto_mem char *hex = NULL;

	snprintf(bytes_key, sizeof(bytes_key), "%s_bytes", key);
	if (json_object_set_new(object, key, kist_json_text(bytes, len)) != 0)
		return kist_fail_memory(err, len);
	(void)json_object_del(object, bytes_key);
	if (kist_utf8_valid(bytes, len))
		return KIST_OK;
	hex = kist_alloc(2 * len + 1, 1);
	if (!hex)
		return kist_fail_memory(err, 2 * len + 1);
	kist_hex_write((const uint8_t *)bytes, len, hex);
	return json_object_set_new(object, bytes_key, json_stringn(hex, 2 * len)) == 0
		       ? KIST_OK
		       : kist_fail_memory(err, 2 * len + 1);
}
