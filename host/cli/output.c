/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/utf8.h"

/* A cell is cut here on its way to the screen; --json has everything. */
#define CELL_SIZE_MAX 1200
#define LINE_ITEMS_MAX 20

void kist_table_done(struct kist_table *table)
{
	kist_buf_done(&table->cells);
	table->rows = 0;
}

kist_status kist_table_add(struct kist_table *table, const char *text, size_t len, struct kist_error *err)
{
	char shown[CELL_SIZE_MAX];

	kist_text_escape(text, len, shown, sizeof(shown));
	KIST_TRY(kist_buf_append(&table->cells, shown, strlen(shown) + 1, err));
	table->rows++;
	return KIST_OK;
}

kist_status kist_table_add_text(struct kist_table *table, const char *text, struct kist_error *err)
{
	return kist_table_add(table, text ? text : "", text ? strlen(text) : 0, err);
}

/* Characters, not bytes: good enough for the widths of names in most scripts. */
static size_t width_of(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static void print_cell(const char *text, size_t width, bool right, bool last)
{
	const size_t own = width_of(text);
	const int pad = own < width ? (int)(width - own) : 0;

	if (right)
		printf("%*s%s", pad, "", text);
	else
		printf("%s%*s", text, last ? 0 : pad, "");
	fputs(last ? "\n" : "  ", stdout);
}

void kist_table_print(const struct kist_table *table, bool quiet)
{
	size_t widths[KIST_COLUMNS_MAX] = { 0 };
	const char *cell = (const char *)table->cells.data;

	for (size_t c = 0; c < table->columns; c++)
		widths[c] = quiet ? 0 : width_of(table->titles[c]);
	for (size_t i = 0; i < table->rows; i++, cell += strlen(cell) + 1) {
		const size_t width = width_of(cell);

		if (width > widths[i % table->columns])
			widths[i % table->columns] = width;
	}
	for (size_t c = 0; c < table->columns && !quiet; c++)
		print_cell(table->titles[c], widths[c], table->right[c], c + 1 == table->columns);
	cell = (const char *)table->cells.data;
	for (size_t i = 0; i < table->rows; i++, cell += strlen(cell) + 1) {
		const size_t c = i % table->columns;

		print_cell(cell, widths[c], table->right[c], c + 1 == table->columns);
	}
}

void kist_size_text(uint64_t bytes, char ret[static 32])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double value = (double)bytes;
	size_t unit = 0;

	while (value >= 1024 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		value /= 1024;
		unit++;
	}
	snprintf(ret, 32, unit == 0 ? "%.0f %s" : "%.1f %s", value, units[unit]);
}

kist_status kist_print_json_take(json_t *value, struct kist_error *err)
{
	kist_auto_json json_t *owned = value;

	if (!owned)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while making JSON");
	if (json_dumpf(owned, stdout, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY) != 0 || putchar('\n') == EOF)
		return kist_fail(err, KIST_IO, "cannot write to the standard output");
	return KIST_OK;
}

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
	size_t used = (size_t)snprintf(ret, size, "[");

	for (size_t i = 0; i < json_array_size(list) && used + 4 < size; i++) {
		char item[128];

		if (i == LINE_ITEMS_MAX) {
			used += (size_t)snprintf(ret + used, size - used, ", ... %zu in all", json_array_size(list));
			break;
		}
		scalar_text(json_array_get(list, i), item, sizeof(item));
		used += (size_t)snprintf(ret + used, size - used, "%s%s", i ? ", " : "", item);
	}
	if (used + 1 < size)
		snprintf(ret + used, size - used, "]");
}

static void keys_text(const json_t *object, char *ret, size_t size)
{
	const char *key;
	json_t *value;
	size_t used = 0;

	ret[0] = '\0';
	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		char shown[64];

		kist_text_escape(key, strlen(key), shown, sizeof(shown));
		if (used < size)
			used += (size_t)snprintf(ret + used, size - used, "%s%s", used ? ", " : "", shown);
	}
}

static void cell_text(const json_t *value, char *ret, size_t size)
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

/* What a row is comes before what it measures; records are kept with sorted keys. */
static const char *const first_titles[] = { "name", "type", "plugin", "dtype", "shape", "state" };

static size_t titles_of(const json_t *list, const char *ret_titles[static KIST_COLUMNS_MAX])
{
	size_t count = 0;
	size_t i;
	json_t *row;

	for (i = 0; i < sizeof(first_titles) / sizeof(first_titles[0]); i++) {
		if (json_object_get(json_array_get(list, 0), first_titles[i]))
			ret_titles[count++] = first_titles[i];
	}
	json_array_foreach(list, i, row) {
		const char *key;
		json_t *value;

		json_object_foreach(row, key, value) {
			size_t k = 0;

			while (k < count && strcmp(ret_titles[k], key) != 0)
				k++;
			if (k == count && count < KIST_COLUMNS_MAX)
				ret_titles[count++] = key;
		}
	}
	return count;
}

static void print_rows(const json_t *list)
{
	const char *titles[KIST_COLUMNS_MAX];
	kist_auto_table struct kist_table table = KIST_TABLE_INIT(titles_of(list, titles), titles);
	size_t i;
	json_t *row;

	json_array_foreach(list, i, row) {
		for (size_t c = 0; c < table.columns; c++) {
			const json_t *value = json_object_get(row, titles[c]);
			char text[CELL_SIZE_MAX];

			table.right[c] = json_is_number(value);
			cell_text(value, text, sizeof(text));
			if (kist_table_add_text(&table, text, NULL) != KIST_OK)
				return;
		}
	}
	kist_table_print(&table, false);
}

static bool is_rows(const json_t *value)
{
	return json_array_size(value) > 0 && json_is_object(json_array_get(value, 0));
}

void kist_print_value(const json_t *object, int indent)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		char text[CELL_SIZE_MAX];
		char shown[64];

		if (is_rows(value))
			continue;
		kist_text_escape(key, strlen(key), shown, sizeof(shown));
		if (json_is_object(value)) {
			printf("%*s%s\n", indent, "", shown);
			kist_print_value(value, indent + 2);
			continue;
		}
		cell_text(value, text, sizeof(text));
		printf("%*s%-*s  %s\n", indent, "", 14 - indent, shown, text);
	}
	/* Tables come last: they are the long part. */
	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		if (!is_rows(value))
			continue;
		printf("\n");
		print_rows(value);
	}
}

/* One bar at a time: kist(1) does one thing at a time. */
static struct {
	const char *what;
	bool on;
	int percent;
} bar;

void kist_progress_start(struct kist_cli *cli, const char *what)
{
	bar.what = what;
	bar.percent = -1;
	bar.on = !cli->quiet && !cli->json && isatty(STDERR_FILENO);
}

void kist_progress_show(void *cli, uint64_t done, uint64_t total)
{
	const int percent = total ? (int)((double)done * 100.0 / (double)total) : 0;
	char done_text[32];
	char shown[64];

	(void)cli;
	if (!bar.on || (percent == bar.percent && total) || total < ((uint64_t)8 << 20))
		return;
	bar.percent = percent;
	kist_size_text(done, done_text);
	kist_text_escape(bar.what, strlen(bar.what), shown, sizeof(shown));
	fprintf(stderr, "\r%-30s %3d%% [%-25.*s] %10s", shown, percent, percent / 4, "#########################",
		done_text);
}

void kist_progress_end(struct kist_cli *cli)
{
	(void)cli;
	if (bar.on && bar.percent >= 0)
		fprintf(stderr, "\r%*s\r", 85, "");
	bar.on = false;
}
