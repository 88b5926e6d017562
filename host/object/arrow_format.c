/* SPDX-License-Identifier: Apache-2.0 */
#include "object/arrow_format.h"

#include <string.h>

#include "base/num.h"

/* Formats without parameters. */
static const struct {
	const char *text;
	uint8_t layout;
	uint8_t number;
	uint32_t bits;
} plain[] = {
	{ "n", KIST_ARROW_NULL, 0, 0 },
	{ "b", KIST_ARROW_FIXED, 0, 1 },
	{ "c", KIST_ARROW_FIXED, KIST_ARROW_SIGNED, 8 },
	{ "C", KIST_ARROW_FIXED, KIST_ARROW_UNSIGNED, 8 },
	{ "s", KIST_ARROW_FIXED, KIST_ARROW_SIGNED, 16 },
	{ "S", KIST_ARROW_FIXED, KIST_ARROW_UNSIGNED, 16 },
	{ "i", KIST_ARROW_FIXED, KIST_ARROW_SIGNED, 32 },
	{ "I", KIST_ARROW_FIXED, KIST_ARROW_UNSIGNED, 32 },
	{ "l", KIST_ARROW_FIXED, KIST_ARROW_SIGNED, 64 },
	{ "L", KIST_ARROW_FIXED, KIST_ARROW_UNSIGNED, 64 },
	{ "e", KIST_ARROW_FIXED, KIST_ARROW_FLOAT, 16 },
	{ "f", KIST_ARROW_FIXED, KIST_ARROW_FLOAT, 32 },
	{ "g", KIST_ARROW_FIXED, KIST_ARROW_FLOAT, 64 },
	{ "z", KIST_ARROW_BINARY, 0, 32 },
	{ "u", KIST_ARROW_BINARY, 0, 32 },
	{ "Z", KIST_ARROW_BINARY, 0, 64 },
	{ "U", KIST_ARROW_BINARY, 0, 64 },
	{ "vz", KIST_ARROW_VIEW, 0, 128 },
	{ "vu", KIST_ARROW_VIEW, 0, 128 },
	{ "tdD", KIST_ARROW_FIXED, 0, 32 },
	{ "tdm", KIST_ARROW_FIXED, 0, 64 },
	{ "tts", KIST_ARROW_FIXED, 0, 32 },
	{ "ttm", KIST_ARROW_FIXED, 0, 32 },
	{ "ttu", KIST_ARROW_FIXED, 0, 64 },
	{ "ttn", KIST_ARROW_FIXED, 0, 64 },
	{ "tDs", KIST_ARROW_FIXED, 0, 64 },
	{ "tDm", KIST_ARROW_FIXED, 0, 64 },
	{ "tDu", KIST_ARROW_FIXED, 0, 64 },
	{ "tDn", KIST_ARROW_FIXED, 0, 64 },
	{ "tiM", KIST_ARROW_FIXED, 0, 32 },
	{ "tiD", KIST_ARROW_FIXED, 0, 64 },
	{ "tin", KIST_ARROW_FIXED, 0, 128 },
	{ "+l", KIST_ARROW_LIST, 0, 32 },
	{ "+L", KIST_ARROW_LIST, 0, 64 },
	{ "+vl", KIST_ARROW_LISTVIEW, 0, 32 },
	{ "+vL", KIST_ARROW_LISTVIEW, 0, 64 },
	{ "+s", KIST_ARROW_STRUCT, 0, 0 },
	{ "+m", KIST_ARROW_MAP, 0, 32 },
	{ "+r", KIST_ARROW_RUN_END, 0, 0 },
};

static bool parse_u32(const char *text, size_t len, uint32_t *ret)
{
	uint64_t value;

	if (!kist_u64_parse(text, len, &value) || value > INT32_MAX)
		return false;
	*ret = (uint32_t)value;
	return true;
}

/* "d:precision,scale" with 128 bits, or "d:precision,scale,bits"; the scale may be negative. */
static bool parse_decimal(const char *text, struct kist_arrow_format *ret)
{
	const char *const comma = strchr(text, ',');
	const char *const scale = comma ? comma + 1 + (comma[1] == '-') : NULL;
	const char *const bits = scale ? strchr(scale, ',') : NULL;
	uint32_t precision;
	uint32_t ignored;

	ret->layout = KIST_ARROW_FIXED;
	ret->bits = 128;
	if (!scale || !parse_u32(text, (size_t)(comma - text), &precision) || precision == 0 ||
	    precision > 76 || !parse_u32(scale, bits ? (size_t)(bits - scale) : strlen(scale), &ignored))
		return false;
	if (!bits)
		return true;
	return parse_u32(bits + 1, strlen(bits + 1), &ret->bits) &&
	       (ret->bits == 32 || ret->bits == 64 || ret->bits == 128 || ret->bits == 256);
}

static bool parse_union(const char *text, uint8_t layout, struct kist_arrow_format *ret)
{
	ret->layout = layout;
	while (*text != '\0') {
		const size_t len = strcspn(text, ",");
		uint32_t id;

		if (ret->member_count == KIST_ARROW_UNION_MAX || !parse_u32(text, len, &id) || id > 127)
			return false;
		ret->members[ret->member_count++] = (uint8_t)id;
		text += len;
		if (*text == ',' && *++text == '\0')
			return false;
	}
	return true;
}

static bool parse_timestamp(const char *text, struct kist_arrow_format *ret)
{
	ret->layout = KIST_ARROW_FIXED;
	ret->bits = 64;
	return text[0] != '\0' && strchr("smun", text[0]) && text[1] == ':';
}

static bool parse_fixed_binary(const char *text, struct kist_arrow_format *ret)
{
	uint32_t size;

	ret->layout = KIST_ARROW_FIXED;
	if (!parse_u32(text, strlen(text), &size) || size > UINT32_MAX / 8)
		return false;
	ret->bits = size * 8;
	return true;
}

static bool parse_fixed_list(const char *text, struct kist_arrow_format *ret)
{
	ret->layout = KIST_ARROW_FIXED_LIST;
	return parse_u32(text, strlen(text), &ret->width);
}

static bool parse_with_parameters(const char *text, struct kist_arrow_format *ret)
{
	if (strncmp(text, "d:", 2) == 0)
		return parse_decimal(text + 2, ret);
	if (strncmp(text, "w:", 2) == 0)
		return parse_fixed_binary(text + 2, ret);
	if (strncmp(text, "+w:", 3) == 0)
		return parse_fixed_list(text + 3, ret);
	if (strncmp(text, "ts", 2) == 0)
		return parse_timestamp(text + 2, ret);
	if (strncmp(text, "+us:", 4) == 0)
		return parse_union(text + 4, KIST_ARROW_SPARSE_UNION, ret);
	if (strncmp(text, "+ud:", 4) == 0)
		return parse_union(text + 4, KIST_ARROW_DENSE_UNION, ret);
	return false;
}

bool kist_arrow_format_parse(const char *text, struct kist_arrow_format *ret)
{
	*ret = (struct kist_arrow_format){ .layout = KIST_ARROW_NULL };
	if (strnlen(text, KIST_ARROW_FORMAT_SIZE_MAX + 1) > KIST_ARROW_FORMAT_SIZE_MAX)
		return false;
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (strcmp(text, plain[i].text) == 0) {
			ret->layout = plain[i].layout;
			ret->number = plain[i].number;
			ret->bits = plain[i].bits;
			return true;
		}
	}
	return parse_with_parameters(text, ret);
}

int64_t kist_arrow_buffers(const struct kist_arrow_format *format)
{
	switch (format->layout) {
	case KIST_ARROW_NULL:
	case KIST_ARROW_RUN_END:
		return 0;
	case KIST_ARROW_FIXED_LIST:
	case KIST_ARROW_STRUCT:
	case KIST_ARROW_SPARSE_UNION:
		return 1;
	case KIST_ARROW_BINARY:
	case KIST_ARROW_VIEW:
	case KIST_ARROW_LISTVIEW:
		return 3;
	default:
		return 2;
	}
}

bool kist_arrow_has_validity(const struct kist_arrow_format *format)
{
	switch (format->layout) {
	case KIST_ARROW_NULL:
	case KIST_ARROW_RUN_END:
	case KIST_ARROW_SPARSE_UNION:
	case KIST_ARROW_DENSE_UNION:
		return false;
	default:
		return true;
	}
}

const char *kist_arrow_format_name(const char *text)
{
	static const struct {
		const char *begin;
		const char *name;
	} names[] = {
		{ "n", "nothing but nulls" },
		{ "b", "bools" },
		{ "u", "text" },
		{ "U", "text" },
		{ "vu", "text" },
		{ "z", "bytes" },
		{ "Z", "bytes" },
		{ "vz", "bytes" },
		{ "w:", "bytes" },
		{ "d:", "decimals" },
		{ "td", "dates" },
		{ "tt", "times" },
		{ "ts", "timestamps" },
		{ "tD", "durations" },
		{ "ti", "intervals" },
		{ "+l", "lists" },
		{ "+L", "lists" },
		{ "+vl", "lists" },
		{ "+vL", "lists" },
		{ "+w", "lists" },
		{ "+s", "records" },
		{ "+m", "maps" },
		{ "+u", "unions" },
		{ "+r", "run-end encoded values" },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strncmp(text, names[i].begin, strlen(names[i].begin)) == 0)
			return names[i].name;
	}
	return "numbers";
}
