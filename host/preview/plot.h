/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PREVIEW_PLOT_H
#define KIST_PREVIEW_PLOT_H

#include "base/buf.h"

/*
 * Means with their spread, drawn one below the other: each group has a scale of its own.
 *
 * Thread: pure.
 */

/** struct kist_plot_row - One mean.  All Borrowed; what is not finite is not drawn. */
struct kist_plot_row {
	const char *group; /* rows of one group follow each other */
	const char *label;
	const char *detail; /* what stands behind it: "n 5" */
	double mean;
	double spread; /* NaN: not known */
	double min;
	double max;
};

/**
 * kist_plot_svg() - As an SVG image: well-formed XML without scripts, styles or links.
 *
 * Errors: KIST_LIMIT (the buf's), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_plot_svg(const char *title, const struct kist_plot_row *rows, size_t count,
				       struct kist_buf *ret, struct kist_error *err);

/**
 * kist_plot_text() - As lines of UTF-8 for a terminal of 80 columns: a thin line is the range, a thick one the spread.
 *
 * Errors: as kist_plot_svg().
 */
KIST_CHECKED kist_status kist_plot_text(const struct kist_plot_row *rows, size_t count, struct kist_buf *ret,
					struct kist_error *err);

#endif
