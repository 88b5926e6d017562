/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_text.h"

#include <string.h>

#include "base/json.h"
#include "base/json_scan.h"

/* A check under way. */
struct check {
	struct kist_scan scan;
	kist_json_each *each; /* or NULL */
	void *ctx;
};

static bool scan_value(struct check *check, int depth);

static bool scan_key(struct kist_scan *scan, struct kist_view *previous, bool first)
{
	const uint8_t *from = scan->at;
	struct kist_view key;

	if (!kist_scan_string(scan))
		return false;
	key = kist_view_of(from + 1, (size_t)(scan->at - from) - 2);
	if (!first && !kist_json_rises(*previous, key)) {
		scan->at = from;
		return kist_scan_fail(scan, "keys out of order");
	}
	*previous = key;
	return (kist_scan_eat(scan, ':') || kist_scan_fail(scan, "':' expected")) && kist_scan_count(scan);
}

/* Gives the member whose value begins at @from, if it is one of the outermost object. */
static void give(const struct check *check, struct kist_view key, const uint8_t *from, int depth)
{
	const struct kist_json_item item = { .key = key,
					     .value = kist_view_of(from, (size_t)(check->scan.at - from)) };

	if (depth == 1 && check->each)
		check->each(check->ctx, &item);
}

static bool scan_items(struct check *check, char end, int depth)
{
	struct kist_scan *const scan = &check->scan;
	struct kist_view key = { .size = 0 };
	bool first = true;

	if (depth > KIST_JSON_DEPTH_MAX)
		return kist_scan_fail(scan, "nested too deep");
	scan->at++;
	if (end == ']' && !kist_scan_count(scan))
		return false;
	if (kist_scan_eat(scan, end))
		return true;
	for (;;) {
		const uint8_t *from;

		if (end == '}' && !scan_key(scan, &key, first))
			return false;
		first = false;
		from = scan->at;
		if (!scan_value(check, depth))
			return false;
		if (end == '}')
			give(check, key, from, depth);
		if (kist_scan_eat(scan, end))
			return true;
		if (!kist_scan_eat(scan, ','))
			return kist_scan_fail(scan, "',' or the end expected");
		if (!kist_scan_count(scan))
			return false;
	}
}

/* Recurses as deep as KIST_JSON_DEPTH_MAX. */
static bool scan_value(struct check *check, int depth)
{
	struct kist_scan *const scan = &check->scan;

	if (scan->at == scan->end)
		return kist_scan_fail(scan, "value expected");
	switch (*scan->at) {
	case '{':
		return scan_items(check, '}', depth + 1);
	case '[':
		return scan_items(check, ']', depth + 1);
	case '"':
		return kist_scan_string(scan);
	case 't':
		return kist_scan_word(scan, "true");
	case 'f':
		return kist_scan_word(scan, "false");
	case 'n':
		return kist_scan_word(scan, "null");
	default:
		return kist_scan_number(scan);
	}
}

kist_status kist_json_check_each(struct kist_view text, size_t values_max, kist_json_each *each, void *ctx,
				 struct kist_error *err)
{
	struct check check = { .scan = kist_scan_of(text, values_max), .each = each, .ctx = ctx };
	struct kist_scan *const scan = &check.scan;

	if (scan_value(&check, 0) && scan->at < scan->end)
		(void)kist_scan_fail(scan, "more than one value");
	if (!scan->wrong)
		return KIST_OK;
	return kist_fail_at(err, KIST_CORRUPT, "E_JSON", (uint64_t)(text.size - kist_scan_left(scan)), "%s",
			    scan->wrong);
}

kist_status kist_json_check(struct kist_view text, size_t values_max, struct kist_error *err)
{
	return kist_json_check_each(text, values_max, NULL, NULL, err);
}

static const uint8_t *string_end(const uint8_t *at, const uint8_t *end)
{
	const uint8_t *quote = memchr(at + 1, '"', (size_t)(end - at) - 1);

	if (!quote)
		return end;
	if (!memchr(at + 1, '\\', (size_t)(quote - at) - 1))
		return quote + 1;
	for (at++; at < end; at++) {
		if (*at == '"')
			return at + 1;
		if (*at == '\\' && ++at == end)
			break;
	}
	return end;
}

/* Where the value at @at ends. */
static const uint8_t *value_end(const uint8_t *at, const uint8_t *end)
{
	size_t depth = 0;

	while (at < end) {
		const uint8_t c = *at;

		if (depth == 0 && (c == ',' || c == ']' || c == '}'))
			break;
		if (c == '"') {
			at = string_end(at, end);
			continue;
		}
		depth += c == '{' || c == '[';
		depth -= c == '}' || c == ']';
		at++;
	}
	return at;
}

struct kist_json_walk kist_json_walk(struct kist_view value)
{
	struct kist_json_walk walk = { .rest = { .size = 0 } };

	if (value.size < 2 || (value.data[0] != '{' && value.data[0] != '['))
		return walk;
	walk.is_object = value.data[0] == '{';
	walk.rest = kist_view_of(value.data + 1, value.size - 2);
	return walk;
}

bool kist_json_next(struct kist_json_walk *walk, struct kist_json_item *ret)
{
	const uint8_t *at = walk->rest.data;
	const uint8_t *end;
	const uint8_t *stop;

	if (walk->rest.size == 0)
		return false;
	end = at + walk->rest.size;
	ret->key = kist_view_of(at, 0);
	if (walk->is_object) {
		stop = string_end(at, end);
		if (stop - at < 2 || stop == end)
			return false;
		ret->key = kist_view_of(at + 1, (size_t)(stop - at) - 2);
		at = stop + 1;
	}
	stop = value_end(at, end);
	ret->value = kist_view_of(at, (size_t)(stop - at));
	stop += stop < end;
	walk->rest = kist_view_of(stop, (size_t)(end - stop));
	return true;
}

struct kist_view kist_json_find(struct kist_view object, const char *key)
{
	struct kist_json_walk walk = kist_json_walk(object);
	struct kist_json_item item;

	while (walk.is_object && kist_json_next(&walk, &item)) {
		if (kist_json_is(item.key, key))
			return item.value;
	}
	return (struct kist_view){ .size = 0 };
}

bool kist_json_plain(struct kist_view value, struct kist_view *ret)
{
	if (value.size < 2 || value.data[0] != '"' || value.data[value.size - 1] != '"' ||
	    memchr(value.data, '\\', value.size))
		return false;
	*ret = kist_view_of(value.data + 1, value.size - 2);
	return true;
}

bool kist_json_u64(struct kist_view value, uint64_t *ret)
{
	uint64_t number = 0;

	if (value.size == 0)
		return false;
	for (size_t i = 0; i < value.size; i++) {
		const uint8_t c = value.data[i];

		if (c < '0' || c > '9' || __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, (uint64_t)(c - '0'), &number) || number > INT64_MAX)
			return false;
	}
	*ret = number;
	return true;
}
