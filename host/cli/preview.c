/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/preview.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "preview/preview.h"

/* Columns of what is no terminal. */
#define WIDTH_ELSE 100

bool kist_preview_format_read(const struct kist_cli *cli, enum kist_preview_format *ret)
{
	static const char *const names[] = { "text", "svg", "csv", "json" };
	const char *asked = kist_cli_value(cli, "format");

	*ret = KIST_PREVIEW_TEXT;
	if (!asked)
		return true;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(asked, names[i]) == 0) {
			*ret = (enum kist_preview_format)i;
			return true;
		}
	}
	return false;
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
		return kist_replace_file_at(AT_FDCWD, path, kist_buf_view(&page), 0644, false, err);
	if (isatty(STDOUT_FILENO))
		kist_preview_hide_controls(&page);
	/* Whether all of it was written is looked at when the command ends. */
	(void)fwrite(page.data, 1, page.size, stdout);
	if (format == KIST_PREVIEW_JSON)
		(void)fputc('\n', stdout);
	return KIST_OK;
}
