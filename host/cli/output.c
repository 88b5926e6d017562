/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/output.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "base/utf8.h"

/* A cell is cut here on its way to the screen; --json has everything. */
#define CELL_SIZE_MAX  1200
#define LINE_ITEMS_MAX 20
/* Longer keys stand out of line. */
#define KEYS_WIDTH_MAX 24

void kist_table_done(struct kist_table *table)
{
	kist_buf_done(&table->cells);
	table->rows = 0;
}

/* The line that is being made; blanks at its end are left out. */
struct line {
	size_t blanks; /* that wait for something behind them */
};

static void put_cell(struct line *line, const char *text, size_t width, bool right)
{
	const size_t own = kist_utf8_width(text);
	const size_t pad = own < width ? width - own : 0;

	if (right)
		line->blanks += pad;
	if (text[0])
		printf("%*s%s", (int)line->blanks, "", text);
	line->blanks = (text[0] ? 0 : line->blanks + own) + (right ? 0 : pad) + 2;
}

static void widen(const struct kist_table *table, size_t c, const char *text,
		  size_t widths[static KIST_COLUMNS_MAX])
{
	const size_t width = kist_utf8_width(text);

	if (width > widths[c] && !(table->outliers[c] && width > KIST_COLUMN_WIDTH_MAX))
		widths[c] = width;
}

static void end_line(struct line *line)
{
	line->blanks = 0;
	(void)putchar('\n');
}

/* Prints the rows that are there, as wide as all so far ask for. */
static void let_rows_out(struct kist_table *table)
{
	const char *cell = (const char *)table->cells.data;
	struct line line = { .blanks = 0 };

	for (size_t c = 0; c < table->columns && !table->quiet && !table->begun; c++)
		widen(table, c, table->titles[c], table->widths);
	for (size_t i = 0; i < table->rows; i++, cell += strlen(cell) + 1)
		widen(table, i % table->columns, cell, table->widths);
	for (size_t c = 0; c < table->columns && !table->quiet && !table->begun; c++)
		put_cell(&line, table->titles[c], table->widths[c], table->right[c]);
	if (!table->quiet && !table->begun)
		end_line(&line);
	cell = (const char *)table->cells.data;
	for (size_t i = 0; i < table->rows; i++, cell += strlen(cell) + 1) {
		const size_t c = i % table->columns;

		put_cell(&line, cell, table->widths[c], table->right[c]);
		if (c + 1 == table->columns)
			end_line(&line);
	}
	table->begun = true;
	table->rows = 0;
	table->cells.size = 0;
}

void kist_table_print(struct kist_table *table, bool quiet)
{
	table->quiet = quiet;
	let_rows_out(table);
}

kist_status kist_table_add(struct kist_table *table, const char *text, size_t len, struct kist_error *err)
{
	char shown[CELL_SIZE_MAX];

	kist_text_escape(text, len, shown, sizeof(shown));
	KIST_TRY(kist_buf_append(&table->cells, shown, strlen(shown) + 1, err));
	table->rows++;
	if (table->streams && table->cells.size >= KIST_TABLE_HELD && table->rows % table->columns == 0)
		let_rows_out(table);
	return KIST_OK;
}

kist_status kist_table_add_text(struct kist_table *table, const char *text, struct kist_error *err)
{
	return kist_table_add(table, text ? text : "", text ? strlen(text) : 0, err);
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

void kist_size_exact(uint64_t bytes, char ret[static 64])
{
	char text[32];

	kist_size_text(bytes, text);
	if (bytes < 1024)
		snprintf(ret, 64, "%" PRIu64 " byte%s", bytes, bytes == 1 ? "" : "s");
	else
		snprintf(ret, 64, "%s (%" PRIu64 " bytes)", text, bytes);
}

void kist_mode_text(uint32_t mode, char ret[static 32])
{
	static const char letters[] = "rwxrwxrwx";
	char text[sizeof(letters)];

	for (unsigned i = 0; i < sizeof(letters) - 1; i++)
		text[i] = mode & (0400u >> i) ? letters[i] : '-';
	text[sizeof(letters) - 1] = '\0';
	snprintf(ret, 32, "%04" PRIo32 " %s", mode & 07777u, text);
}

bool kist_reader_is_gone(void)
{
	struct pollfd fd = { .fd = STDOUT_FILENO, .events = POLLOUT };

	return poll(&fd, 1, 0) == 1 && (fd.revents & POLLERR);
}

static bool json_is_printed;

bool kist_json_is_printed(void)
{
	return json_is_printed;
}

void kist_json_set_printed(void)
{
	json_is_printed = true;
}

bool kist_output_is_whole(void)
{
	return fflush(stdout) == 0 && !ferror(stdout);
}

kist_status kist_print_json_take(json_t *value, struct kist_error *err)
{
	kist_auto_json json_t *owned = value;

	if (!owned)
		return kist_fail(err, KIST_NO_MEMORY, "out of memory while making JSON");
	json_is_printed = true;
	if (json_dumpf(owned, stdout, JSON_INDENT(2) | JSON_SORT_KEYS | JSON_ENCODE_ANY) != 0 ||
	    putchar('\n') == EOF)
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
			used += (size_t)snprintf(ret + used, size - used, ", ... %zu in all",
						 json_array_size(list));
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
	"id",	"name",	   "type",	 "version",  "kind",  "state", "format", "dtype", "shape", "order",
	"rows", "tensors", "parameters", "elements", "nulls", "min",   "max",	 "mean",  "std",
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

static size_t titles_of(const json_t *list, const char *ret_titles[static KIST_COLUMNS_MAX])
{
	size_t count = 0;
	size_t i;
	json_t *row;

	for (i = 0; i < FIRST_COUNT && count < KIST_COLUMNS_MAX; i++) {
		if (has_column(list, first_keys[i]))
			ret_titles[count++] = first_keys[i];
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

			table.right[c] = table.right[c] || json_is_number(value);
			kist_cell_text(value, text, sizeof(text));
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

static void time_text(int64_t ns, char *ret, size_t size)
{
	char seconds[KIST_TIME_TEXT_SIZE];

	kist_time_text(ns, seconds);
	snprintf(ret, size, "%.19s.%09" PRId64 "Z", seconds, (ns % 1000000000 + 1000000000) % 1000000000);
}

/* What a member is for people; @key says what an integer means. */
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

static void print_lines(const json_t *object, int indent, int width);

static void print_member(const char *key, const json_t *value, int indent, int width)
{
	const char *shown_key = strcmp(key, "mtime_ns") == 0 ? "changed" : key;
	char text[CELL_SIZE_MAX];
	char shown[64];

	kist_text_escape(shown_key, strlen(shown_key), shown, sizeof(shown));
	if (json_is_object(value) && json_object_size(value) > 0) {
		printf("%*s%s\n", indent, "", shown);
		print_lines(value, indent + 2, width);
		return;
	}
	value_text(key, value, text, sizeof(text));
	if (text[0])
		printf("%*s%-*s  %s\n", indent, "", width - indent, shown, text);
}

static void print_lines(const json_t *object, int indent, int width)
{
	const char *key;
	json_t *value;

	for (size_t i = 0; i < FIRST_COUNT; i++) {
		value = json_object_get(object, first_keys[i]);
		if (value && !is_rows(value))
			print_member(first_keys[i], value, indent, width);
	}
	json_object_foreach((json_t *)(uintptr_t)object, key, value) {
		if (!is_rows(value) && !is_first(key))
			print_member(key, value, indent, width);
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
	print_lines(object, indent, (int)keys_width(object, (size_t)indent));
}

/* A line of 80 columns holds the whole bar: a name, a percentage, 25 signs and a size.  A narrower one less.
 */
#define BAR_NAME_WIDTH 30
#define BAR_SIGNS      25
#define BAR_WIDTH      (BAR_NAME_WIDTH + 45)
#define LINE_WIDTH_MIN 8
#define LINE_WIDTH     80

/* One bar at a time: kist(1) does one thing at a time. */
static struct {
	const char *what;
	bool on;
	int percent;
} bar;

/* Columns that can be written to without a new line; the last one would begin one. */
static int line_width(void)
{
	struct winsize size = { .ws_col = 0 };
	int width = LINE_WIDTH;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		width = size.ws_col;
	return (width < LINE_WIDTH_MIN ? LINE_WIDTH_MIN : width) - 1;
}

void kist_progress_start(struct kist_cli *cli, const char *what)
{
	bar.what = what;
	bar.percent = -1;
	bar.on = !cli->quiet && !cli->json && isatty(STDERR_FILENO);
}

/* What it is about, cut to its column. */
static void bar_name(char *ret, size_t size)
{
	char shown[256];
	size_t len = 0;
	size_t width = 0;

	kist_text_escape(bar.what, strlen(bar.what), shown, sizeof(shown));
	while (shown[len]) {
		const size_t step = kist_utf8_step(shown + len, strlen(shown + len));
		char one[8] = "";

		memcpy(one, shown + len, step ? step : 1);
		if (width + kist_utf8_width(one) > BAR_NAME_WIDTH)
			break;
		width += kist_utf8_width(one);
		len += step ? step : 1;
	}
	snprintf(ret, size, "%.*s%*s", (int)len, shown, (int)(BAR_NAME_WIDTH - width), "");
}

void kist_progress_show(void *cli, uint64_t done, uint64_t total)
{
	const int percent = total ? (int)((double)done * 100.0 / (double)total) : 0;
	char done_text[32];
	char name[4 * BAR_NAME_WIDTH + 1];

	(void)cli;
	if (!bar.on || (percent == bar.percent && total) || total < ((uint64_t)8 << 20))
		return;
	bar.percent = percent;
	kist_size_text(done, done_text);
	bar_name(name, sizeof(name));
	if (line_width() < BAR_WIDTH)
		fprintf(stderr, "\r%3d%%", percent);
	else
		fprintf(stderr, "\r%s %3d%% [%-*.*s] %10s", name, percent, BAR_SIGNS, percent / 4,
			"#########################", done_text);
}

void kist_progress_end(struct kist_cli *cli)
{
	(void)cli;
	if (bar.on && bar.percent >= 0)
		fprintf(stderr, "\r%*s\r", line_width() < BAR_WIDTH ? line_width() : BAR_WIDTH, "");
	bar.on = false;
}
