/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "csv_kernel.h"

/* "_" and the digits of a count of columns. */
#define SUFFIX_SIZE 8

static int compare_texts(const void *a, const void *b)
{
	const struct csv_text *x = a;
	const struct csv_text *y = b;
	const size_t common = x->len < y->len ? x->len : y->len;
	const int order = common > 0 ? memcmp(x->data, y->data, common) : 0;

	if (order != 0)
		return order;
	return (x->len > y->len) - (x->len < y->len);
}

int csv_names_unique(const struct csv_text *texts, uint32_t count)
{
	struct csv_text *sorted = count > 0 ? reallocarray(NULL, count, sizeof(*sorted)) : NULL;
	int unique = 1;

	if (count == 0)
		return 1;
	if (!sorted)
		return -1;
	memcpy(sorted, texts, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), compare_texts);
	for (uint32_t i = 1; i < count && unique; i++)
		unique = compare_texts(&sorted[i - 1], &sorted[i]) != 0;
	free(sorted);
	return unique;
}

/* A copy in clean UTF-8.  A byte becomes three at most. */
static char *clean_name(const struct csv_text *text, uint32_t index)
{
	char *name = malloc(text->len > 0 ? text->len * 3 + 1 : 24);
	size_t to = 0;

	if (!name)
		return NULL;
	if (text->len == 0) {
		snprintf(name, 24, "column_%u", index + 1);
		return name;
	}
	for (size_t at = 0; at < text->len;) {
		const uint8_t *from = text->data + at;
		const size_t step = *from == 0 ? 0 : csv_utf8_step(from, text->len - at);

		if (to + (step > 0 ? step : 3) > CSV_NAME_LEN_MAX)
			break;
		memcpy(name + to, step > 0 ? (const char *)from : "\xef\xbf\xbd", step > 0 ? step : 3);
		to += step > 0 ? step : 3;
		at += step > 0 ? step : 1;
	}
	name[to] = '\0';
	return name;
}

static int compare_names(const void *a, const void *b)
{
	char *const *const x = *(char **const *)a;
	char *const *const y = *(char **const *)b;
	const int order = strcmp(*x, *y);

	/* The slots lie in the order of the columns. */
	return order != 0 ? order : (x > y) - (x < y);
}

static int compare_key(const void *key, const void *slot)
{
	return strcmp(key, **(char **const *)slot);
}

/* Gives the names after the first of each group a number.  @slots is sorted; @renamed takes the new names. */
static bool number_names(char **names, char ***slots, char **renamed, uint32_t count)
{
	uint32_t number = 0;

	for (uint32_t i = 1; i < count; i++) {
		const char *base = *slots[i];
		const size_t size = strlen(base) + SUFFIX_SIZE;
		char *name;

		if (strcmp(*slots[i - 1], base) != 0) {
			number = 0;
			continue;
		}
		name = malloc(size);
		if (!name)
			return false;
		do {
			snprintf(name, size, "%s_%u", base, ++number);
		} while (bsearch(name, slots, count, sizeof(*slots), compare_key));
		renamed[slots[i] - names] = name;
	}
	return true;
}

static bool make_unique(char **names, uint32_t count)
{
	char ***slots = reallocarray(NULL, count, sizeof(*slots));
	char **renamed = calloc(count, sizeof(*renamed));
	bool ok = slots && renamed;

	for (uint32_t i = 0; ok && i < count; i++)
		slots[i] = &names[i];
	if (ok) {
		qsort(slots, count, sizeof(*slots), compare_names);
		ok = number_names(names, slots, renamed, count);
	}
	for (uint32_t i = 0; renamed && i < count; i++) {
		if (renamed[i]) {
			free(names[i]);
			names[i] = renamed[i];
		}
	}
	free(renamed);
	free(slots);
	return ok;
}

char **csv_names_make(const struct csv_text *texts, uint32_t count)
{
	char **names = calloc(count > 0 ? count : 1, sizeof(*names));
	bool ok = names != NULL;

	for (uint32_t i = 0; ok && i < count; i++) {
		names[i] = clean_name(&texts[i], i);
		ok = names[i] != NULL;
	}
	if (ok && count > 0)
		ok = make_unique(names, count);
	if (ok)
		return names;
	csv_names_free(names, count);
	return NULL;
}

void csv_names_free(char **names, uint32_t count)
{
	for (uint32_t i = 0; names && i < count; i++)
		free(names[i]);
	free(names);
}

bool csv_name_is_plain(const uint8_t *text, size_t len)
{
	static const char *const words[] = { "true", "false", "nan", "inf", "-inf" };
	bool number_like = true;
	bool digit = false;

	if (len == 0)
		return false;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (len == strlen(words[i]) && strncasecmp((const char *)text, words[i], len) == 0)
			return false;
	}
	for (size_t i = 0; i < len && number_like; i++) {
		digit |= text[i] >= '0' && text[i] <= '9';
		number_like = text[i] != '\0' && strchr("0123456789.,+-eETZ:/% _", text[i]) != NULL;
	}
	return !(number_like && digit);
}
