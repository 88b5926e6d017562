/* SPDX-License-Identifier: Apache-2.0 */
#include "document/scalar.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DIGITS "0123456789"

static const char too_large[] = "is a whole number that does not fit 64 bits";
static const char not_finite[] = "is no finite number";

static bool is_one_of(const char *text, const char *const *words)
{
	for (; *words; words++) {
		if (strcmp(text, *words) == 0)
			return true;
	}
	return false;
}

/* [-+]?[0-9]+ | 0o[0-7]+ | 0x[0-9a-fA-F]+; the base, or 0. */
static int integer_base(const char *text)
{
	const char *digits = text + (text[0] == '-' || text[0] == '+');

	if (digits[0] != '\0' && digits[strspn(digits, DIGITS)] == '\0')
		return 10;
	if (strncmp(text, "0o", 2) == 0 && text[2] != '\0' && text[2 + strspn(text + 2, "01234567")] == '\0')
		return 8;
	if (strncmp(text, "0x", 2) == 0 && text[2] != '\0' &&
	    text[2 + strspn(text + 2, DIGITS "abcdefABCDEF")] == '\0')
		return 16;
	return 0;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool is_number(const char *text)
{
	const char *at = text + (text[0] == '-' || text[0] == '+');
	const size_t whole = strspn(at, DIGITS);
	size_t fraction = 0;

	at += whole;
	if (*at == '.') {
		fraction = strspn(at + 1, DIGITS);
		at += 1 + fraction;
	}
	if (whole == 0 && fraction == 0)
		return false;
	if (*at == 'e' || *at == 'E') {
		at++;
		at += *at == '-' || *at == '+';
		if (strspn(at, DIGITS) == 0)
			return false;
		at += strspn(at, DIGITS);
	}
	return *at == '\0';
}

/* One that cannot be counts as 0, so that nothing else is wrong with it. */
static const char *resolve_integer(struct kist_node *node, int base)
{
	const char *text = base == 10 ? node->text : node->text + 2;

	errno = 0;
	node->kind = KIST_NODE_INTEGER;
	node->integer = strtoll(text, NULL, base);
	node->integer = errno == 0 ? node->integer : 0;
	node->number = (double)node->integer;
	return errno == 0 ? NULL : too_large;
}

static const char *resolve_number(struct kist_node *node, double number)
{
	node->kind = KIST_NODE_NUMBER;
	node->number = isfinite(number) ? number : 0;
	return isfinite(number) ? NULL : not_finite;
}

const char *kist_scalar_resolve(struct kist_node *node)
{
	static const char *const nulls[] = { "", "~", "null", "Null", "NULL", NULL };
	static const char *const trues[] = { "true", "True", "TRUE", NULL };
	static const char *const falses[] = { "false", "False", "FALSE", NULL };
	static const char *const infinite[] = { ".inf",	 ".Inf",  ".INF", "+.inf", "+.Inf", "+.INF", "-.inf",
						"-.Inf", "-.INF", ".nan", ".NaN",  ".NAN",  NULL };
	const int base = integer_base(node->text);

	node->kind = KIST_NODE_TEXT;
	if (is_one_of(node->text, nulls)) {
		node->kind = KIST_NODE_NULL;
		return NULL;
	}
	if (is_one_of(node->text, trues) || is_one_of(node->text, falses)) {
		node->kind = KIST_NODE_BOOLEAN;
		node->integer = is_one_of(node->text, trues);
		return NULL;
	}
	if (base != 0)
		return resolve_integer(node, base);
	if (is_one_of(node->text, infinite))
		return resolve_number(node, INFINITY);
	return is_number(node->text) ? resolve_number(node, strtod(node->text, NULL)) : NULL;
}
