/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_OBJECT_COLUMNS_H
#define KIST_OBJECT_COLUMNS_H

#include <stdbool.h>

#include "base/err.h"
#include "kist/arrow.h"

/*
 * A selection of a table's columns by name, in the order in which they are named.
 *
 * Thread: pure.
 */

struct kist_columns {
	size_t count;
	int64_t *indices; /* in the schema's children */
};

#define KIST_COLUMNS_INIT                                                                                    \
	{                                                                                                    \
		.count = 0                                                                                   \
	}
#define kist_auto_columns __attribute__((cleanup(kist_columns_done)))

/**
 * kist_columns_select() - Finds columns.
 *
 * @schema: A struct of columns that was checked.
 * @select: "" for all; else one column's name, or names with ',' between them.
 * @ret:    kist_columns_done() it.  Set on success only.
 *
 * Errors: KIST_NOT_FOUND (names what there is), KIST_AMBIGUOUS (two columns of that name), KIST_INVALID (a
 * column named twice), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_columns_select(const struct ArrowSchema *schema, const char *select,
					     struct kist_columns *ret, struct kist_error *err);
void kist_columns_done(struct kist_columns *columns);

/** kist_columns_list() - "'a', 'b', ..." of the columns that @accept takes (NULL: all), as much as fits. */
void kist_columns_list(const struct ArrowSchema *schema, bool (*accept)(const struct ArrowSchema *column),
		       char *ret, size_t size);

/** kist_column_name() - The name of a column; "" when it has none. */
static inline const char *kist_column_name(const struct ArrowSchema *column)
{
	return column->name ? column->name : "";
}

#endif
