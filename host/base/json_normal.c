/* SPDX-License-Identifier: Apache-2.0 */
#include "base/json_normal.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/json_scan.h"
#include "base/real_text.h"

/* Whole numbers of no more digits have 64 bits. */
#define WHOLE_DIGITS_MAX 18
/* Decimals of no more digits are the only ones of so many that read as their doubles (DBL_DIG). */
#define FEW_DIGITS 15
/* Zeros behind the point before there is an exponent. */
#define ZEROS_MAX 5
/* Longer numbers are rare. */
#define NUMBER_SIZE_MAX ((size_t)64)

/* A member of an object that is being written, where it stands there. */
struct member {
	size_t at;
	size_t key_size; /* with its quotes */
	size_t size;
};

struct normal {
	struct kist_scan scan;
	struct kist_buf *to;
	struct kist_buf members; /* of all objects that are open */
	struct kist_buf sorted;	 /* room to put members in order */
};

/* All functions below return false where the long way has to be gone: something is wrong, or not simple. */

static void skip_blanks(struct normal *normal)
{
	struct kist_scan *const scan = &normal->scan;

	while (scan->at < scan->end && memchr(" \t\n\r", *scan->at, 4))
		scan->at++;
}

static bool put(struct normal *normal, const void *text, size_t size)
{
	return kist_buf_append(normal->to, text, size, NULL) == KIST_OK;
}

/* A bracket, a comma or a colon, behind which a value stands. */
static bool put_before(struct normal *normal, const char *text)
{
	return kist_scan_count(&normal->scan) && put(normal, text, 1);
}

static bool copy_string(struct normal *normal)
{
	const uint8_t *const from = normal->scan.at;
	size_t size;

	if (!kist_scan_string(&normal->scan))
		return false;
	size = (size_t)(normal->scan.at - from);
	return !memchr(from, '\\', size) && put(normal, from, size);
}

/*
 * Whether a number with a point stands there as it should: few digits, none of them needless, and no exponent.  A
 * shorter one would read as another double.
 */
static bool is_shortest(const uint8_t *at, size_t size)
{
	const uint8_t *const end = at + size;
	const uint8_t *point;
	const uint8_t *first;

	at += *at == '-';
	point = memchr(at, '.', (size_t)(end - at));
	if (!point || memchr(at, 'e', (size_t)(end - at)) || memchr(at, 'E', (size_t)(end - at)) ||
	    end[-1] == '0')
		return false;
	if (*at != '0')
		return end - at - 1 <= FEW_DIGITS;
	for (first = point + 1; *first == '0'; first++)
		;
	return first - point - 1 <= ZEROS_MAX && end - first <= FEW_DIGITS;
}

static bool copy_number(struct normal *normal)
{
	const uint8_t *const from = normal->scan.at;
	char text[NUMBER_SIZE_MAX > KIST_REAL_TEXT_SIZE ? NUMBER_SIZE_MAX : KIST_REAL_TEXT_SIZE];
	size_t size;

	if (!kist_scan_number(&normal->scan))
		return false;
	size = (size_t)(normal->scan.at - from);
	if (size >= NUMBER_SIZE_MAX)
		return false;
	memcpy(text, from, size);
	text[size] = '\0';
	if (strcspn(text, ".eE") == size)
		return size <= WHOLE_DIGITS_MAX &&
		       (strcmp(text, "-0") == 0 ? put(normal, "0", 1) : put(normal, from, size));
	if (is_shortest(from, size))
		return put(normal, from, size);
	return put(normal, text, kist_real_text(strtod(text, NULL), text));
}

static bool copy_word(struct normal *normal, const char *word)
{
	return kist_scan_word(&normal->scan, word) && put(normal, word, strlen(word));
}

static struct kist_view key_of(const uint8_t *text, const struct member *member)
{
	return kist_view_of(text + member->at + 1, member->key_size - 2);
}

static int compare_members(const void *a, const void *b, void *text)
{
	const struct kist_view one = key_of(text, a);
	const struct kist_view other = key_of(text, b);

	return kist_json_rises(one, other) ? -1 : kist_json_rises(other, one) ? 1 : 0;
}

static bool rise(const struct normal *normal, const struct member *members, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (!kist_json_rises(key_of(normal->to->data, &members[i - 1]),
				     key_of(normal->to->data, &members[i])))
			return false;
	}
	return true;
}

/* Of an object whose members are written; false: two have the same key. */
static bool sort_members(struct normal *normal, struct member *members, size_t count)
{
	struct kist_buf *const sorted = &normal->sorted;
	const size_t from = count > 0 ? members[0].at : 0;

	if (rise(normal, members, count))
		return true;
	qsort_r(members, count, sizeof(*members), compare_members, normal->to->data);
	if (!rise(normal, members, count))
		return false;
	sorted->size = 0;
	for (size_t i = 0; i < count; i++) {
		if ((i > 0 && kist_buf_append(sorted, ",", 1, NULL) != KIST_OK) ||
		    kist_buf_append(sorted, normal->to->data + members[i].at, members[i].size, NULL) !=
			    KIST_OK)
			return false;
	}
	memcpy(normal->to->data + from, sorted->data, sorted->size);
	return true;
}

static bool copy_value(struct normal *normal, int depth);

static bool copy_member(struct normal *normal, int depth)
{
	struct member member = { .at = normal->to->size };

	skip_blanks(normal);
	if (!copy_string(normal))
		return false;
	member.key_size = normal->to->size - member.at;
	skip_blanks(normal);
	if (!kist_scan_eat(&normal->scan, ':') || !put_before(normal, ":") || !copy_value(normal, depth))
		return false;
	member.size = normal->to->size - member.at;
	return kist_buf_append(&normal->members, &member, sizeof(member), NULL) == KIST_OK;
}

/* To the end of an object or a list of which the first bracket is read and written. */
static bool copy_items(struct normal *normal, char end, int depth)
{
	for (;;) {
		if (!(end == '}' ? copy_member(normal, depth) : copy_value(normal, depth)))
			return false;
		skip_blanks(normal);
		if (kist_scan_eat(&normal->scan, end))
			return true;
		if (!kist_scan_eat(&normal->scan, ',') || !put_before(normal, ","))
			return false;
	}
}

static bool copy_object(struct normal *normal, int depth)
{
	const size_t first = normal->members.size;
	bool sound;

	normal->scan.at++;
	if (!put(normal, "{", 1))
		return false;
	skip_blanks(normal);
	sound = kist_scan_eat(&normal->scan, '}') ||
		(copy_items(normal, '}', depth) &&
		 sort_members(normal, (struct member *)(void *)(normal->members.data + first),
			      (normal->members.size - first) / sizeof(struct member)));
	normal->members.size = first;
	return sound && put(normal, "}", 1);
}

static bool copy_list(struct normal *normal, int depth)
{
	normal->scan.at++;
	if (!put_before(normal, "["))
		return false;
	skip_blanks(normal);
	return (kist_scan_eat(&normal->scan, ']') || copy_items(normal, ']', depth)) && put(normal, "]", 1);
}

/* Recurses as deep as KIST_JSON_DEPTH_MAX.  Behind the value there may be blanks. */
static bool copy_value(struct normal *normal, int depth)
{
	skip_blanks(normal);
	if (normal->scan.at == normal->scan.end)
		return false;
	switch (*normal->scan.at) {
	case '{':
		return depth < KIST_JSON_DEPTH_MAX && copy_object(normal, depth + 1);
	case '[':
		return depth < KIST_JSON_DEPTH_MAX && copy_list(normal, depth + 1);
	case '"':
		return copy_string(normal);
	case 't':
		return copy_word(normal, "true");
	case 'f':
		return copy_word(normal, "false");
	case 'n':
		return copy_word(normal, "null");
	default:
		return copy_number(normal);
	}
}

static bool copy_all(struct normal *normal)
{
	if (!copy_value(normal, 0))
		return false;
	skip_blanks(normal);
	return normal->scan.at == normal->scan.end;
}

kist_status kist_json_normal(struct kist_view text, struct kist_buf *ret, struct kist_error *err)
{
	struct normal normal = { .scan = kist_scan_of(text, KIST_JSON_VALUES_MAX),
				 .to = ret,
				 .members = KIST_BUF_INIT(KIST_JSON_VALUES_MAX * sizeof(struct member)),
				 .sorted = KIST_BUF_INIT(SIZE_MAX / 2) };
	const size_t start = ret->size;
	kist_auto_json json_t *value = NULL;
	const bool simple = copy_all(&normal);
	kist_status status;

	kist_buf_done(&normal.members);
	kist_buf_done(&normal.sorted);
	if (simple)
		return KIST_OK;
	/* Whatever it was, who reads values says it. */
	ret->size = start;
	KIST_TRY(kist_json_parse(text, &value, err));
	status = kist_json_canonical(value, ret, err);
	if (status != KIST_OK)
		ret->size = start;
	return status;
}
