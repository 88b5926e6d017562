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

/* Objects of more members are sorted by qsort(). */
#define FEW_MEMBERS ((size_t)32)
/* Bytes that are beyond ASCII. */
#define BEYOND_ASCII UINT64_C(0x8080808080808080)

/* A member of an object that is being written, where it stands there. */
struct member {
	size_t at;
	size_t key_size; /* with its quotes */
	size_t size;
	uint64_t head; /* the first bytes of the key, the first one on top, and zeros */
};

/*
 * What is written is not longer than what was read, but for numbers: there is room for all that is still to be read, and
 * nobody who copies has to ask.
 */
struct normal {
	struct kist_scan scan;
	struct kist_buf *ret;
	uint8_t *to;		 /* in it */
	struct kist_buf members; /* of all objects that are open */
	struct kist_buf sorted;	 /* room to put members in order */
};

/* All functions below return false where the long way has to be gone: something is wrong, or not simple. */

/* Room for @size bytes, and what is still to be read. */
static bool make_room(struct normal *normal, size_t size)
{
	struct kist_buf *const ret = normal->ret;

	ret->size = normal->to ? (size_t)(normal->to - ret->data) : ret->size;
	if (kist_buf_reserve(ret, size + kist_scan_left(&normal->scan), NULL) != KIST_OK)
		return false;
	normal->to = ret->data + ret->size;
	return true;
}

static inline void skip_blanks(struct normal *normal)
{
	struct kist_scan *const scan = &normal->scan;

	while (scan->at < scan->end &&
	       (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r'))
		scan->at++;
}

static inline void put(struct normal *normal, const void *text, size_t size)
{
	memcpy(normal->to, text, size);
	normal->to += size;
}

/* Passes over a bracket, a comma or a colon, and writes it. */
static inline void copy_sign(struct normal *normal)
{
	*normal->to++ = *normal->scan.at++;
}

static inline bool is_next(const struct normal *normal, char sign)
{
	return normal->scan.at < normal->scan.end && *normal->scan.at == (uint8_t)sign;
}

static bool copy_string(struct normal *normal)
{
	const uint8_t *const from = normal->scan.at;

	if (!kist_scan_string(&normal->scan) || normal->scan.escapes > 0)
		return false;
	put(normal, from, (size_t)(normal->scan.at - from));
	return true;
}

static const uint8_t *digits_end(const uint8_t *at, const uint8_t *end)
{
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at;
}

/*
 * Whether a number with a point stands there as it should: few digits, none of them needless.  A shorter one would read
 * as another double.
 *
 * @whole, @point, @end: Its first digit, its point, and what is behind its last digit.
 */
static bool is_shortest(const uint8_t *whole, const uint8_t *point, const uint8_t *end)
{
	const uint8_t *first = point + 1;

	if (end[-1] == '0')
		return false;
	if (*whole != '0')
		return end - whole - 1 <= FEW_DIGITS;
	while (*first == '0')
		first++;
	return first - point - 1 <= ZEROS_MAX && end - first <= FEW_DIGITS;
}

static bool is_next_exponent(const uint8_t *at, const uint8_t *end)
{
	return at < end && (*at == 'e' || *at == 'E');
}

/* Whether the number that is next is short, and stands there as it should; *@ret_end is behind it. */
static bool is_plain_number(const struct kist_scan *scan, const uint8_t **ret_end)
{
	const uint8_t *const whole = scan->at + (*scan->at == '-');
	const uint8_t *const point = digits_end(whole, scan->end);
	const uint8_t *const end =
		point < scan->end && *point == '.' ? digits_end(point + 1, scan->end) : point;

	*ret_end = end;
	if (point == whole || (*whole == '0' && point - whole > 1) || end - point == 1 ||
	    is_next_exponent(end, scan->end))
		return false;
	if (end > point)
		return is_shortest(whole, point, end);
	return point - whole <= WHOLE_DIGITS_MAX && (*whole != '0' || whole == scan->at);
}

/*
 * Whether the number from @at to @end, of digits with a point among them, is what would be written of its double.
 *
 * What is written of any double reads as it: so where the same text is written of a double that is guessed, it was that
 * one, and no library has to read it.  A long double guesses nearly all of them.
 */
static bool is_written(const uint8_t *at, const uint8_t *end)
{
	static const double powers[] = { 1e0,  1e1,  1e2,  1e3,	 1e4,  1e5,  1e6,  1e7,
					 1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
					 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
	const size_t size = (size_t)(end - at);
	const uint8_t *const first = at + (*at == '-');
	const uint8_t *point = NULL;
	char text[KIST_REAL_TEXT_SIZE];
	uint64_t digits = 0;
	double value;

	for (const uint8_t *next = first; next < end; next++) {
		if (*next == '.')
			point = next;
		else if (__builtin_mul_overflow(digits, 10, &digits) ||
			 __builtin_add_overflow(digits, (uint64_t)(*next - '0'), &digits))
			return false;
	}
	if (!point || (size_t)(end - point) > sizeof(powers) / sizeof(powers[0]))
		return false;
	value = (double)((long double)digits / (long double)powers[end - point - 1]);
	return kist_real_text(first > at ? -value : value, text) == size && memcmp(text, at, size) == 0;
}

static bool copy_number(struct normal *normal)
{
	const uint8_t *const from = normal->scan.at;
	char text[NUMBER_SIZE_MAX > KIST_REAL_TEXT_SIZE ? NUMBER_SIZE_MAX : KIST_REAL_TEXT_SIZE];
	const uint8_t *end;
	size_t size;

	if (is_plain_number(&normal->scan, &end) ||
	    (!is_next_exponent(end, normal->scan.end) && is_written(from, end))) {
		normal->scan.at = end;
		put(normal, from, (size_t)(end - from));
		return true;
	}
	if (!kist_scan_number(&normal->scan))
		return false;
	size = (size_t)(normal->scan.at - from);
	if (size >= NUMBER_SIZE_MAX)
		return false;
	memcpy(text, from, size);
	text[size] = '\0';
	/* A whole one is -0, or has too many digits. */
	if (strcspn(text, ".eE") == size && size > 2)
		return false;
	size = kist_real_text(strtod(text, NULL), text);
	if (!make_room(normal, size))
		return false;
	put(normal, text, size);
	return true;
}

static bool copy_word(struct normal *normal, const char *word)
{
	if (!kist_scan_word(&normal->scan, word))
		return false;
	put(normal, word, strlen(word));
	return true;
}

static struct kist_view key_of(const uint8_t *text, const struct member *member)
{
	return kist_view_of(text + member->at + 1, member->key_size - 2);
}

/* ASCII is in the order of its bytes, and a key that goes on after one that is otherwise the same. */
static bool comes_before(const uint8_t *text, const struct member *one, const struct member *other)
{
	if (one->head != other->head && ((one->head | other->head) & BEYOND_ASCII) == 0)
		return one->head < other->head;
	return kist_json_rises(key_of(text, one), key_of(text, other));
}

static int compare_members(const void *a, const void *b, void *text)
{
	return comes_before(text, a, b) ? -1 : comes_before(text, b, a) ? 1 : 0;
}

static bool rise(const uint8_t *text, const struct member *members, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		if (!comes_before(text, &members[i - 1], &members[i]))
			return false;
	}
	return true;
}

static void sort(uint8_t *text, struct member *members, size_t count)
{
	if (count > FEW_MEMBERS) {
		qsort_r(members, count, sizeof(*members), compare_members, text);
		return;
	}
	for (size_t i = 1; i < count; i++) {
		const struct member member = members[i];
		size_t at = i;

		for (; at > 0 && comes_before(text, &member, &members[at - 1]); at--)
			members[at] = members[at - 1];
		members[at] = member;
	}
}

/* Of an object whose members are written; false: two have the same key. */
static bool sort_members(struct normal *normal, struct member *members, size_t count)
{
	uint8_t *const text = normal->ret->data;
	uint8_t *const from = text + (count > 0 ? members[0].at : 0);
	uint8_t *to;

	if (rise(text, members, count))
		return true;
	sort(text, members, count);
	if (!rise(text, members, count) ||
	    kist_buf_reserve(&normal->sorted, (size_t)(normal->to - from), NULL) != KIST_OK)
		return false;
	to = normal->sorted.data;
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			*to++ = ',';
		memcpy(to, text + members[i].at, members[i].size);
		to += members[i].size;
	}
	memcpy(from, normal->sorted.data, (size_t)(to - normal->sorted.data));
	return true;
}

static bool add_member(struct normal *normal, const struct member *member)
{
	struct kist_buf *const members = &normal->members;

	if (members->capacity - members->size < sizeof(*member) &&
	    kist_buf_reserve(members, FEW_MEMBERS * sizeof(*member), NULL) != KIST_OK)
		return false;
	memcpy(members->data + members->size, member, sizeof(*member));
	members->size += sizeof(*member);
	return true;
}

/* Of a key of @size bytes. */
static uint64_t head_of(const uint8_t *key, size_t size)
{
	uint64_t head = 0;

	for (size_t i = 0; i < sizeof(head); i++)
		head = head << 8 | (i < size ? key[i] : 0);
	return head;
}

static bool copy_value(struct normal *normal, int depth);

static bool copy_member(struct normal *normal, int depth)
{
	struct member member = { .at = (size_t)(normal->to - normal->ret->data) };

	skip_blanks(normal);
	if (!copy_string(normal))
		return false;
	member.key_size = (size_t)(normal->to - normal->ret->data) - member.at;
	member.head = head_of(normal->to - member.key_size + 1, member.key_size - 2);
	skip_blanks(normal);
	if (!is_next(normal, ':') || !kist_scan_count(&normal->scan))
		return false;
	copy_sign(normal);
	if (!copy_value(normal, depth))
		return false;
	member.size = (size_t)(normal->to - normal->ret->data) - member.at;
	return add_member(normal, &member);
}

/* To the end of an object or a list of which the first bracket is read and written. */
static bool copy_items(struct normal *normal, char end, int depth)
{
	for (;;) {
		if (!(end == '}' ? copy_member(normal, depth) : copy_value(normal, depth)))
			return false;
		skip_blanks(normal);
		if (is_next(normal, end))
			return true;
		if (!is_next(normal, ',') || !kist_scan_count(&normal->scan))
			return false;
		copy_sign(normal);
	}
}

static bool copy_object(struct normal *normal, int depth)
{
	const size_t first = normal->members.size;

	copy_sign(normal);
	skip_blanks(normal);
	if (!is_next(normal, '}') &&
	    (!copy_items(normal, '}', depth) ||
	     !sort_members(normal, (struct member *)(void *)(normal->members.data + first),
			   (normal->members.size - first) / sizeof(struct member))))
		return false;
	normal->members.size = first;
	copy_sign(normal);
	return true;
}

static bool copy_list(struct normal *normal, int depth)
{
	if (!kist_scan_count(&normal->scan))
		return false;
	copy_sign(normal);
	skip_blanks(normal);
	if (!is_next(normal, ']') && !copy_items(normal, ']', depth))
		return false;
	copy_sign(normal);
	return true;
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
				 .ret = ret,
				 .members = KIST_BUF_INIT(KIST_JSON_VALUES_MAX * sizeof(struct member)),
				 .sorted = KIST_BUF_INIT(SIZE_MAX / 2) };
	const size_t start = ret->size;
	kist_auto_json json_t *value = NULL;
	const bool simple = text.size > 0 && make_room(&normal, 0) && copy_all(&normal);
	kist_status status;

	kist_buf_done(&normal.members);
	kist_buf_done(&normal.sorted);
	if (simple) {
		ret->size = (size_t)(normal.to - ret->data);
		return KIST_OK;
	}
	/* Whatever it was, who reads values says it. */
	ret->size = start;
	KIST_TRY(kist_json_parse(text, &value, err));
	status = kist_json_canonical(value, ret, err);
	if (status != KIST_OK)
		ret->size = start;
	return status;
}
