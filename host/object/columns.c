/* SPDX-License-Identifier: Apache-2.0 */
#include "object/columns.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define LIST_SIZE ((size_t)512)

void kist_columns_done(struct kist_columns *columns)
{
	kist_free(columns->indices);
	*columns = (struct kist_columns)KIST_COLUMNS_INIT;
}

void kist_columns_list(const struct ArrowSchema *schema, bool (*accept)(const struct ArrowSchema *column),
		       char *ret, size_t size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (int64_t i = 0; i < schema->n_children; i++) {
		const struct ArrowSchema *const column = schema->children[i];
		const char *const name = kist_column_name(column);

		if (accept && !accept(column))
			continue;
		if (strlen(name) + 10 > size - used) {
			snprintf(ret + used, size - used, "%s...", used ? ", " : "");
			return;
		}
		used += (size_t)snprintf(ret + used, size - used, "%s'%s'", used ? ", " : "", name);
	}
	if (used == 0)
		snprintf(ret, size, "none");
}

static kist_status find(const struct ArrowSchema *schema, const char *name, size_t len, int64_t *ret,
			struct kist_error *err)
{
	char list[LIST_SIZE];
	int64_t found = -1;

	for (int64_t i = 0; i < schema->n_children; i++) {
		const char *const other = kist_column_name(schema->children[i]);

		if (strlen(other) != len || memcmp(other, name, len) != 0)
			continue;
		if (found >= 0)
			return kist_fail(err, KIST_AMBIGUOUS, "the table has two columns '%.*s'", (int)len,
					 name);
		found = i;
	}
	if (found < 0) {
		kist_columns_list(schema, NULL, list, sizeof(list));
		return kist_fail(err, KIST_NOT_FOUND, "no column '%.*s'; there are: %s",
				 (int)(len < 64 ? len : 64), name, list);
	}
	*ret = found;
	return KIST_OK;
}

static kist_status select_all(const struct ArrowSchema *schema, struct kist_columns *columns)
{
	for (int64_t i = 0; i < schema->n_children; i++)
		columns->indices[columns->count++] = i;
	return KIST_OK;
}

static kist_status select_names(const struct ArrowSchema *schema, const char *select,
				struct kist_columns *columns, struct kist_error *err)
{
	for (const char *name = select;; name++) {
		const size_t len = strcspn(name, ",");
		int64_t index;

		KIST_TRY(find(schema, name, len, &index, err));
		for (size_t i = 0; i < columns->count; i++) {
			if (columns->indices[i] == index)
				return kist_fail(err, KIST_INVALID, "the column '%.*s' is named twice",
						 (int)(len < 64 ? len : 64), name);
		}
		columns->indices[columns->count++] = index;
		name += len;
		if (*name == '\0')
			return KIST_OK;
	}
}

kist_status kist_columns_select(const struct ArrowSchema *schema, const char *select,
				struct kist_columns *ret, struct kist_error *err)
{
	kist_auto_columns struct kist_columns columns = KIST_COLUMNS_INIT;
	const size_t room = (size_t)schema->n_children + 1;

	columns.indices = kist_alloc(room, sizeof(*columns.indices));
	if (!columns.indices)
		return kist_fail_memory(err, room * sizeof(*columns.indices));
	/* A whole name goes before the parts of a list: a column's name may hold a comma. */
	if (*select == '\0')
		KIST_TRY(select_all(schema, &columns));
	else if (find(schema, select, strlen(select), &columns.indices[0], NULL) == KIST_OK)
		columns.count = 1;
	else
		KIST_TRY(select_names(schema, select, &columns, err));
	*ret = columns;
	columns.indices = NULL;
	return KIST_OK;
}
