/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/preview.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/output.h"
#include "flow/load.h"
#include "preview/preview.h"

/* Columns of what is no terminal. */
#define WIDTH_ELSE 100

bool kist_preview_format_read(const struct kist_cli *cli, enum kist_preview_format *ret)
{
	static const char *const names[] = { "text", "svg", "csv", "json" };
	size_t chosen = KIST_PREVIEW_TEXT;
	const bool is_one = kist_cli_choose(cli, "format", names, sizeof(names) / sizeof(names[0]), &chosen);

	*ret = (enum kist_preview_format)chosen;
	return is_one;
}

/* Whether its bytes are lines that can be shown. */
static bool is_text(const json_t *info)
{
	const char *kind = kist_json_get_text(info, "kind");

	return kind && strcmp(kind, "table") == 0 &&
	       !json_object_get(json_object_get(info, "dialect"), "encoding");
}

/* Adds up to @count lines from @offset on to @lines. */
static kist_status add_lines(struct kist_object_reader *reader, uint64_t offset, size_t count, json_t *lines,
			     struct kist_error *err)
{
	char text[KIST_PREVIEW_HEAD_SIZE];
	size_t len = 0;

	KIST_TRY(kist_object_reader_read(reader, offset, text, sizeof(text), &len, err));
	for (size_t at = 0; at < len && count > 0; count--) {
		const char *end = memchr(text + at, '\n', len - at);
		const size_t own = end ? (size_t)(end - text) - at : len - at;
		const size_t shown = own > 0 && text[at + own - 1] == '\r' ? own - 1 : own;

		if (json_array_append_new(lines, kist_json_text(text + at, shown)) != 0)
			return kist_fail_memory(err, sizeof(json_t));
		at += own + 1;
	}
	return KIST_OK;
}

kist_status kist_preview_add_head(struct kist_flow *flow, const json_t *record, json_t *info,
				  struct kist_error *err)
{
	kist_auto_object_reader struct kist_object_reader reader = KIST_OBJECT_READER_INIT;
	kist_auto_json json_t *lines = json_array();

	if (!is_text(info))
		return KIST_OK;
	KIST_TRY(kist_object_reader_open(flow, record, &reader, err));
	KIST_TRY(add_lines(&reader, 0, KIST_PREVIEW_LINES, lines, err));
	return json_object_set(info, "head", lines) == 0 ? KIST_OK : kist_fail_memory(err, sizeof(json_t));
}

static size_t page_width(bool is_file)
{
	struct winsize size = { .ws_col = 0 };
	const char *columns = getenv("COLUMNS");
	const long asked = columns ? strtol(columns, NULL, 10) : 0;

	if (!is_file && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	return asked > 0 && asked <= KIST_PREVIEW_WIDTH_MAX ? (size_t)asked : WIDTH_ELSE;
}

kist_status kist_preview_print(const struct kist_cli *cli, const char *title, const json_t *info,
			       enum kist_preview_format format, struct kist_error *err)
{
	kist_auto_buf struct kist_buf page = KIST_BUF_INIT(KIST_PREVIEW_SIZE_MAX);
	const char *path = kist_cli_value(cli, "output");

	if (format == KIST_PREVIEW_SVG)
		KIST_TRY(kist_preview_svg(title, info, &page, err));
	else if (format == KIST_PREVIEW_CSV)
		KIST_TRY(kist_preview_csv(info, &page, err));
	else if (format == KIST_PREVIEW_JSON)
		KIST_TRY(kist_json_canonical_any(info, &page, err));
	else
		KIST_TRY(kist_preview_text(title, info, page_width(path != NULL), &page, err));
	if (path)
		return kist_output_file(path, kist_buf_view(&page), 0644, err);
	if (isatty(STDOUT_FILENO))
		kist_preview_hide_controls(&page);
	/* Whether all of it was written is looked at when the command ends. */
	(void)fwrite(page.data, 1, page.size, stdout);
	if (format == KIST_PREVIEW_JSON)
		(void)fputc('\n', stdout);
	return KIST_OK;
}
