/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_PARTIAL_ROWS_H
#define KIST_FLOW_PARTIAL_ROWS_H

#include "flow/partial.h"

/*
 * Rows and columns of a table: the table road of partial.h.
 *
 * The plugin that reads the whole reads a stretch, too, and writes what is wanted of it.  Where the description has marks
 * (docs/guide/objects.md), the stretch is what stands before the first row and what lies between two marks; else it is all.
 *
 * Thread: one flow, one thread at a time.
 */

/** struct kist_stretch - Which bytes the plugin is given, and which rows of theirs are wanted. */
struct kist_stretch {
	uint64_t head; /* bytes from the front on, and then those from @from up to @to */
	uint64_t from;
	uint64_t to;
	uint64_t skip;	/* rows */
	bool is_marked; /* the parameters of the marks are needed to read it */
};

/**
 * kist_stretch_find() - The least that holds @count rows from @start on.
 *
 * @marks: Of the description, or NULL; what is not as it should be counts as none.
 * @size:  Of the object.
 */
struct kist_stretch kist_stretch_find(const json_t *marks, uint64_t size, uint64_t start, uint64_t count);

/** kist_partial_rows() - As kist_partial_write(), of a table that @info describes. */
KIST_CHECKED kist_status kist_partial_rows(struct kist_flow *flow, const json_t *record, const json_t *info,
					   const struct kist_partial *partial, int fd,
					   struct kist_partial_read *ret_read, struct kist_error *err);

#endif
