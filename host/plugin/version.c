/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/version.h"

#include <string.h>

#include "plugin/manifest.h"

/* A version, taken apart.  Source: Semantic Versioning 2.0.0. */
struct version {
	const char *core[3];
	size_t core_len[3];
	const char *pre; /* NULL for a release */
	size_t pre_len;
};

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t number_len(const char *text)
{
	size_t len = 0;

	while (is_digit(text[len]))
		len++;
	/* No leading zeros: "01" is no number. */
	return len > 1 && text[0] == '0' ? 0 : len;
}

/* Bytes of dot-separated identifiers at @text, or 0 when one of them is none. */
static size_t identifiers_len(const char *text, bool numbers_strict)
{
	size_t len = 0;

	for (;;) {
		const size_t start = len;
		bool digits = true;

		while (is_digit(text[len]) || (text[len] >= 'a' && text[len] <= 'z') ||
		       (text[len] >= 'A' && text[len] <= 'Z') || text[len] == '-') {
			digits = digits && is_digit(text[len]);
			len++;
		}
		if (len == start || (numbers_strict && digits && len - start > 1 && text[start] == '0'))
			return 0;
		if (text[len] != '.')
			return len;
		len++;
	}
}

static bool version_parse(const char *text, struct version *ret)
{
	*ret = (struct version){ .pre = NULL };
	for (int i = 0; i < 3; i++) {
		ret->core[i] = text;
		ret->core_len[i] = number_len(text);
		text += ret->core_len[i];
		if (ret->core_len[i] == 0 || (i < 2 && *text++ != '.'))
			return false;
	}
	if (*text == '-') {
		ret->pre = ++text;
		ret->pre_len = identifiers_len(text, true);
		text += ret->pre_len;
		if (ret->pre_len == 0)
			return false;
	}
	if (*text == '+') {
		const size_t len = identifiers_len(++text, false);

		text += len;
		if (len == 0)
			return false;
	}
	return *text == '\0';
}

/* Numbers of any length: without leading zeros the longer is the larger. */
static int compare_numbers(const char *a, size_t a_len, const char *b, size_t b_len)
{
	if (a_len != b_len)
		return a_len < b_len ? -1 : 1;
	return memcmp(a, b, a_len);
}

static int compare_identifiers(const char *a, size_t a_len, const char *b, size_t b_len)
{
	const bool a_number = strspn(a, "0123456789") >= a_len;
	const bool b_number = strspn(b, "0123456789") >= b_len;
	int order;

	if (a_number != b_number)
		return a_number ? -1 : 1;
	if (a_number)
		return compare_numbers(a, a_len, b, b_len);
	order = memcmp(a, b, a_len < b_len ? a_len : b_len);
	if (order != 0 || a_len == b_len)
		return order;
	return a_len < b_len ? -1 : 1;
}

static size_t identifier_len(const char *text, const char *end)
{
	const char *dot = memchr(text, '.', (size_t)(end - text));

	return (size_t)((dot ? dot : end) - text);
}

static int compare_pre(const struct version *a, const struct version *b)
{
	const char *x = a->pre;
	const char *y = b->pre;
	const char *x_end;
	const char *y_end;

	if (!x || !y)
		return (x == NULL) - (y == NULL);
	x_end = x + a->pre_len;
	y_end = y + b->pre_len;
	for (;;) {
		const size_t x_len = identifier_len(x, x_end);
		const size_t y_len = identifier_len(y, y_end);
		const int order = compare_identifiers(x, x_len, y, y_len);

		x += x_len;
		y += y_len;
		if (order != 0)
			return order;
		if (x == x_end || y == y_end)
			return (x != x_end) - (y != y_end);
		x++;
		y++;
	}
}

bool kist_version_valid(const char *text)
{
	struct version version;

	return version_parse(text, &version);
}

int kist_version_compare(const char *a, const char *b)
{
	struct version x;
	struct version y;
	const bool x_valid = version_parse(a, &x);
	const bool y_valid = version_parse(b, &y);

	if (!x_valid && !y_valid)
		return strcmp(a, b);
	if (!x_valid || !y_valid)
		return x_valid ? 1 : -1;
	for (int i = 0; i < 3; i++) {
		const int order = compare_numbers(x.core[i], x.core_len[i], y.core[i], y.core_len[i]);

		if (order != 0)
			return order;
	}
	return compare_pre(&x, &y);
}
