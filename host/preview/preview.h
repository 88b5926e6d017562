/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PREVIEW_PREVIEW_H
#define KIST_PREVIEW_PREVIEW_H

#include "base/buf.h"
#include "base/json.h"

/*
 * What a plugin said of an object, drawn: for a terminal, as SVG, as CSV.
 *
 * Drawn is what stands in the description under the names of docs/guide/objects.md, whichever plugin it is from;
 * nothing of it is believed: what is not as it should be is left out.  Text is escaped for where it goes.
 *
 * Limits: KIST_PREVIEW_SIZE_MAX, KIST_PREVIEW_ROWS_MAX, and those of picture.h.
 * Thread: pure.
 */

/** Bytes of the largest preview. */
#define KIST_PREVIEW_SIZE_MAX ((size_t)64 << 20)
/** Columns of a table, and tensors of a model, that are drawn; CSV has all. */
#define KIST_PREVIEW_ROWS_MAX 2000
/** Columns of the narrowest and of the widest terminal that is drawn for. */
#define KIST_PREVIEW_WIDTH_MIN 40
#define KIST_PREVIEW_WIDTH_MAX 400

/**
 * kist_preview_text() - For a terminal of @width columns, in UTF-8, without colours.
 *
 * @title: What it is called; escaped here.
 * @info:  What describe said.
 *
 * Errors: KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_preview_text(const char *title, const json_t *info, size_t width,
					   struct kist_buf *ret, struct kist_error *err);

/** kist_preview_svg() - As an SVG image: well-formed XML without scripts, styles or links. */
KIST_CHECKED kist_status kist_preview_svg(const char *title, const json_t *info, struct kist_buf *ret,
					  struct kist_error *err);

/**
 * kist_preview_csv() - As CSV (RFC 4180): the bins of an array's histogram, the columns of a table, the tensors of
 * a model.  Cells are data as they are; one that a spreadsheet would take for a formula is not changed.
 */
KIST_CHECKED kist_status kist_preview_csv(const json_t *info, struct kist_buf *ret, struct kist_error *err);

/** kist_preview_drop_pictures() - Takes out of @info what is only good to be drawn. */
void kist_preview_drop_pictures(json_t *info);

/** kist_preview_hide_controls() - Makes '?' of what a terminal would obey, but for ends of lines and tabs. */
void kist_preview_hide_controls(struct kist_buf *text);

/** kist_preview_license() - Under which licence a model says that it is, or NULL; as it stands there.  Borrowed. */
const char *kist_preview_license(const json_t *info);

/** kist_preview_list() - The columns of a table or the tensors of a model, or NULL.  Borrowed. */
const json_t *kist_preview_list(const json_t *info);

#endif
