/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cli/measure.h"
#include "cli/table.h"

#define LINE_ITEMS_MAX 20
/* Room for what says that a list is cut. */
#define REST_SIZE_MAX 40
/* Longer keys stand out of line. */
#define KEYS_WIDTH_MAX 24

static void scalar_text(const json_t *value, char *ret, size_t size)
{
	if (json_is_string(value))
		kist_text_escape(json_string_value(value), json_string_length(value), ret, size);
	else if (json_is_integer(value))
		snprintf(ret, size, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	else if (json_is_real(value))
		snprintf(ret, size, "%.6g", json_real_value(value));
	else
		snprintf(ret, size, "%s", json_is_true(value) ? "yes" : json_is_false(value) ? "no" : "-");
}

static void list_text(const json_t *list, char *ret, size_t size)
{
	const size_t count = json_array_size(list);
	size_t used = (size_t)snprintf(ret, size, "[");

	for (size_t i = 0; i < count; i++) {
		char item[128];

		scalar_text(json_array_get(list, i), item, sizeof(item));
		if (i == LINE_ITEMS_MAX || used + strlen(item) + REST_SIZE_MAX > size) {
			used += (size_t)snprintf(ret + used, size - used, "%s... %zu in all", i ? ", " : "",
						 count);
			break;
		}
		used += (size_t)snprintf(ret + used, size - used, "%s%s", i ? ", " : "", item);
	}
	if (used + 1 < size)
		snprintf(ret + used, size - used, "]");
}

static void keys_text(const json_t *object, char *ret, size_t size)
{
	const size_t count = json_object_size(object);
	const char *key;
	json_t *value;
	size_t used = 0;
	size_t i = 0;

	ret[0] = '\0';
	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		char shown[64];

		kist_text_escape(key, strlen(key), shown, sizeof(shown));
		if (i == LINE_ITEMS_MAX || used + strlen(shown) + REST_SIZE_MAX > size) {
			snprintf(ret + used, size - used, "%s... %zu in all", used ? ", " : "", count);
			return;
		}
		used += (size_t)snprintf(ret + used, size - used, "%s%s", i++ ? ", " : "", shown);
	}
}

void kist_cell_text(const json_t *value, char *ret, size_t size)
{
	if (!value)
		ret[0] = '\0';
	else if (json_is_array(value))
		list_text(value, ret, size);
	else if (json_is_object(value))
		keys_text(value, ret, size);
	else
		scalar_text(value, ret, size);
}

/* What a thing is comes before what it measures; records are kept with sorted keys. */
static const char *const first_keys[] = {
	"id",	 "name", "type",    "version",	  "kind",     "state", "status", "format", "dtype", "shape",
	"order", "rows", "tensors", "parameters", "elements", "nulls", "min",	 "max",	   "mean",  "std",
};
#define FIRST_COUNT (sizeof(first_keys) / sizeof(first_keys[0]))

static bool is_first(const char *key)
{
	for (size_t i = 0; i < FIRST_COUNT; i++) {
		if (strcmp(first_keys[i], key) == 0)
			return true;
	}
	return false;
}

/* Whether any row has something under @key. */
static bool has_column(const json_t *list, const char *key)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		if (json_object_get(json_array_get(list, i), key))
			return true;
	}
	return false;
}

static bool has_title(const char *const *titles, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(titles[i], key) == 0)
			return true;
	}
	return false;
}

/* *ret_cut: whether there are more than a table has. */
static size_t titles_of(const json_t *list, const char *ret_titles[static KIST_COLUMNS_MAX], bool *ret_cut)
{
	size_t count = 0;
	size_t i;
	json_t *row;

	*ret_cut = false;

	for (i = 0; i < FIRST_COUNT && count < KIST_COLUMNS_MAX; i++) {
		if (has_column(list, first_keys[i]))
			ret_titles[count++] = first_keys[i];
	}
	json_array_foreach(list, i, row) {
		const char *key;
		json_t *value;

		json_object_foreach(row, key, value) {
			if (has_title(ret_titles, count, key))
				continue;
			if (count < KIST_COLUMNS_MAX)
				ret_titles[count++] = key;
			else
				*ret_cut = true;
		}
	}
	return count;
}

static void print_rows(const json_t *list)
{
	const char *titles[KIST_COLUMNS_MAX];
	bool is_cut;
	kist_auto_table struct kist_table table = KIST_TABLE_INIT(titles_of(list, titles, &is_cut), titles);
	size_t i;
	json_t *row;

	json_array_foreach(list, i, row) {
		for (size_t c = 0; c < table.columns; c++) {
			const json_t *value = json_object_get(row, titles[c]);
			char text[KIST_CELL_SIZE_MAX];

			table.right[c] = table.right[c] || json_is_number(value);
			kist_cell_text(value, text, sizeof(text));
			if (kist_table_add_text(&table, text, NULL) != KIST_OK)
				return;
		}
	}
	kist_table_print(&table, false);
	if (is_cut)
		printf("... and more columns; --json has all\n");
}

static bool is_rows(const json_t *value)
{
	return json_array_size(value) > 0 && json_is_object(json_array_get(value, 0));
}

static void time_text(int64_t ns, char *ret, size_t size)
{
	char seconds[KIST_TIME_TEXT_SIZE];

	kist_time_text(ns, seconds);
	snprintf(ret, size, "%.19s.%09" PRId64 "Z", seconds, (ns % 1000000000 + 1000000000) % 1000000000);
}

/* What a member is for people; @key says what an integer means, where it is kist's own. */
static void value_text(const char *key, const json_t *value, char *ret, size_t size)
{
	const json_int_t integer = json_integer_value(value);
	char text[64];

	/* Only integers have a form of their own. */
	if (!json_is_integer(value))
		key = "";
	if (strcmp(key, "size") == 0) {
		kist_size_exact((uint64_t)integer, text);
		snprintf(ret, size, "%s", text);
	} else if (strcmp(key, "mode") == 0) {
		kist_mode_text((uint32_t)integer, text);
		snprintf(ret, size, "%s", text);
	} else if (strcmp(key, "mtime_ns") == 0) {
		time_text(integer, ret, size);
	} else {
		kist_cell_text(value, ret, size);
	}
}

/* The longest key at any depth, with what it is indented by, so that all values stand in one column. */
static size_t keys_width(const json_t *object, size_t indent)
{
	size_t width = 0;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		size_t own = indent + kist_utf8_width(key);

		if (is_rows(value))
			continue;
		if (json_is_object(value))
			own = keys_width(value, indent + 2);
		if (own > width && own <= KEYS_WIDTH_MAX)
			width = own;
	}
	return width;
}

/* What a plugin says of itself, and what it was told: its words mean what it says they mean. */
static bool is_foreign(const char *key)
{
	return strcmp(key, "info") == 0 || strcmp(key, "params") == 0;
}

static void print_lines(const json_t *object, bool own, int indent, int width);

static void print_member(const char *key, const json_t *value, bool own, int indent, int width)
{
	const char *shown_key = own && strcmp(key, "mtime_ns") == 0 ? "changed" : key;
	char text[KIST_CELL_SIZE_MAX];
	char shown[64];

	kist_text_escape(shown_key, strlen(shown_key), shown, sizeof(shown));
	if (json_is_object(value) && json_object_size(value) > 0) {
		printf("%*s%s\n", indent, "", shown);
		print_lines(value, own && !is_foreign(key), indent + 2, width);
		return;
	}
	value_text(own ? key : "", value, text, sizeof(text));
	if (text[0])
		printf("%*s%-*s  %s\n", indent, "", width - indent, shown, text);
}

static void print_lines(const json_t *object, bool own, int indent, int width)
{
	const char *key;
	json_t *value;

	for (size_t i = 0; i < FIRST_COUNT; i++) {
		value = json_object_get(object, first_keys[i]);
		if (value && !is_rows(value))
			print_member(first_keys[i], value, own, indent, width);
	}
	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		if (!is_rows(value) && !is_first(key))
			print_member(key, value, own, indent, width);
	}
	/* Tables come last: they are the long part. */
	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		if (!is_rows(value))
			continue;
		printf("\n");
		print_rows(value);
	}
}

void kist_print_value(const json_t *object, int indent)
{
	print_lines(object, true, indent, (int)keys_width(object, (size_t)indent));
}
