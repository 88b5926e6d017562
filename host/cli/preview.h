/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_PREVIEW_H
#define KIST_CLI_PREVIEW_H

#include "cli/cli.h"

/*
 * Previews (preview/preview.h) on their way to a terminal or a file.
 *
 * Thread: [main]
 */

/** enum kist_preview_format - What --format may say. */
enum kist_preview_format { KIST_PREVIEW_TEXT, KIST_PREVIEW_SVG, KIST_PREVIEW_CSV, KIST_PREVIEW_JSON };

/** kist_preview_format_read() - That of --format; text when none is given.  false: there is no such format. */
bool kist_preview_format_read(const struct kist_cli *cli, enum kist_preview_format *ret);

/** First lines of a table, and bytes that are read for them. */
#define KIST_PREVIEW_LINES     100
#define KIST_PREVIEW_HEAD_SIZE 16384

/**
 * kist_preview_add_head() - Of a table in UTF-8: sets "head" of @info to its first lines, as they are.
 *
 * Errors: those of reading; KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_preview_add_head(struct kist_flow *flow, const json_t *record, json_t *info,
					       struct kist_error *err);

/**
 * kist_preview_print() - Draws @info, called @title, to standard output or to the file of --output.
 *
 * As wide as the terminal that it goes to, or COLUMNS says, or 100 columns.
 *
 * Errors: KIST_LIMIT, KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_preview_print(const struct kist_cli *cli, const char *title, const json_t *info,
					    enum kist_preview_format format, struct kist_error *err);

#endif
