/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/rows.h"

#include "base/mem.h"

#define TABLE "kist_rows"

struct table {
	sqlite3_vtab base;
	const struct kist_rows *rows;
};

struct cursor {
	sqlite3_vtab_cursor base;
	size_t at;
};

static const struct kist_rows *rows_of(const sqlite3_vtab_cursor *cursor)
{
	return ((const struct table *)cursor->pVtab)->rows;
}

static int rows_connect(sqlite3 *sql, void *rows, int argc, const char *const *argv, sqlite3_vtab **ret,
			char **ret_error)
{
	const int code = sqlite3_declare_vtab(sql, "CREATE TABLE x(c0, c1, c2, c3, c4, c5, c6, c7)");
	struct table *table = code == SQLITE_OK ? kist_alloc(1, sizeof(*table)) : NULL;

	(void)argc;
	(void)argv;
	(void)ret_error;
	if (!table)
		return code == SQLITE_OK ? SQLITE_NOMEM : code;
	table->rows = rows;
	*ret = &table->base;
	return SQLITE_OK;
}

static int rows_disconnect(sqlite3_vtab *table)
{
	kist_free(table);
	return SQLITE_OK;
}

/* There is one way to read it: from the front to the end. */
static int rows_plan(sqlite3_vtab *table, sqlite3_index_info *plan)
{
	(void)table;
	(void)plan;
	return SQLITE_OK;
}

static int rows_open(sqlite3_vtab *table, sqlite3_vtab_cursor **ret)
{
	struct cursor *cursor = kist_alloc(1, sizeof(*cursor));

	(void)table;
	if (!cursor)
		return SQLITE_NOMEM;
	*ret = &cursor->base;
	return SQLITE_OK;
}

static int rows_close(sqlite3_vtab_cursor *cursor)
{
	kist_free(cursor);
	return SQLITE_OK;
}

static int rows_first(sqlite3_vtab_cursor *cursor, int plan, const char *plan_text, int argc,
		      sqlite3_value **argv)
{
	(void)plan;
	(void)plan_text;
	(void)argc;
	(void)argv;
	((struct cursor *)cursor)->at = 0;
	return SQLITE_OK;
}

static int rows_next(sqlite3_vtab_cursor *cursor)
{
	((struct cursor *)cursor)->at++;
	return SQLITE_OK;
}

static int rows_at_end(sqlite3_vtab_cursor *cursor)
{
	return ((struct cursor *)cursor)->at >= rows_of(cursor)->count;
}

static int rows_column(sqlite3_vtab_cursor *cursor, sqlite3_context *ret, int column)
{
	const struct kist_rows *rows = rows_of(cursor);

	rows->column(rows->of, ((struct cursor *)cursor)->at, column, ret);
	return SQLITE_OK;
}

static int rows_number(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret)
{
	*ret = (sqlite3_int64)((struct cursor *)cursor)->at;
	return SQLITE_OK;
}

/* Without xCreate it is there in every connection, and nowhere in the file. */
static const sqlite3_module rows_module = {
	.xConnect = rows_connect,
	.xBestIndex = rows_plan,
	.xDisconnect = rows_disconnect,
	.xOpen = rows_open,
	.xClose = rows_close,
	.xFilter = rows_first,
	.xNext = rows_next,
	.xEof = rows_at_end,
	.xColumn = rows_column,
	.xRowid = rows_number,
};

int kist_rows_register(sqlite3 *sql, struct kist_rows *rows)
{
	return sqlite3_create_module(sql, TABLE, &rows_module, rows);
}
