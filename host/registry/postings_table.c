/* SPDX-License-Identifier: Apache-2.0 */
#include "base/le.h"
#include "base/mem.h"
#include "registry/postings.h"

/* Columns of both tables, and the bits of those that are given. */
enum { COLUMN_FOUND, COLUMN_LOW, COLUMN_HIGH };
#define GIVEN_ALL (1 << COLUMN_LOW | 1 << COLUMN_HIGH)
/* What is looked for stands behind a few rows. */
#define COST 10.0
#define ROWS 10

/* The newest first: what postings that were added long ago lead to may be gone. */
static const char each_row[] =
	"SELECT entries FROM postings WHERE shard BETWEEN ?1 AND ?2 ORDER BY shard DESC, no DESC";

static const enum kist_posting_kind kind_content = KIST_POSTING_CONTENT;
static const enum kist_posting_kind kind_name = KIST_POSTING_NAME;

struct table {
	sqlite3_vtab base;
	sqlite3 *sql;
	enum kist_posting_kind kind;
	sqlite3_stmt *spare; /* that no cursor uses, or NULL: to make one takes longer than to read a shard */
};

struct cursor {
	sqlite3_vtab_cursor base;
	sqlite3_stmt *rows;
	struct kist_view rest; /* of the row that is read; borrowed from @rows */
	struct kist_posting posting;
	uint64_t low;
	uint64_t high;
	bool at_end;
};

static int table_connect(sqlite3 *sql, void *kind, int argc, const char *const *argv, sqlite3_vtab **ret,
			 char **ret_error)
{
	const int code = sqlite3_declare_vtab(sql, "CREATE TABLE x(found, low HIDDEN, high HIDDEN)");
	struct table *table = code == SQLITE_OK ? kist_alloc(1, sizeof(*table)) : NULL;

	(void)argc;
	(void)argv;
	(void)ret_error;
	if (!table)
		return code == SQLITE_OK ? SQLITE_NOMEM : code;
	table->sql = sql;
	table->kind = *(const enum kist_posting_kind *)kind;
	*ret = &table->base;
	return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *table)
{
	(void)sqlite3_finalize(((struct table *)table)->spare);
	kist_free(table);
	return SQLITE_OK;
}

/* There is one way to read it: from a digest to another. */
static int table_plan(sqlite3_vtab *table, sqlite3_index_info *plan)
{
	int given = 0;

	(void)table;
	for (int i = 0; i < plan->nConstraint; i++) {
		const int column = plan->aConstraint[i].iColumn;

		if (column < COLUMN_LOW || plan->aConstraint[i].op != SQLITE_INDEX_CONSTRAINT_EQ ||
		    !plan->aConstraint[i].usable)
			continue;
		given |= 1 << column;
		plan->aConstraintUsage[i].argvIndex = column;
		plan->aConstraintUsage[i].omit = 1;
	}
	plan->estimatedCost = COST;
	plan->estimatedRows = ROWS;
	return given == GIVEN_ALL ? SQLITE_OK : SQLITE_CONSTRAINT;
}

static int table_open(sqlite3_vtab *table, sqlite3_vtab_cursor **ret)
{
	struct cursor *cursor = kist_alloc(1, sizeof(*cursor));

	(void)table;
	if (!cursor)
		return SQLITE_NOMEM;
	*ret = &cursor->base;
	return SQLITE_OK;
}

static int table_close(sqlite3_vtab_cursor *base)
{
	struct table *const table = (struct table *)base->pVtab;
	struct cursor *const cursor = (struct cursor *)base;

	(void)sqlite3_finalize(table->spare);
	table->spare = cursor->rows;
	(void)sqlite3_reset(table->spare);
	kist_free(cursor);
	return SQLITE_OK;
}

/* The next row with postings.  What is left of the one before must be nothing. */
static int next_row(struct cursor *cursor)
{
	int code;

	if (cursor->rest.size > 0)
		return SQLITE_CORRUPT_VTAB;
	code = sqlite3_step(cursor->rows);
	if (code != SQLITE_ROW) {
		cursor->at_end = true;
		return code == SQLITE_DONE ? sqlite3_reset(cursor->rows) : code;
	}
	cursor->rest.data = sqlite3_column_blob(cursor->rows, 0);
	cursor->rest.size = (size_t)sqlite3_column_bytes(cursor->rows, 0);
	return SQLITE_OK;
}

static int table_next(sqlite3_vtab_cursor *base)
{
	struct cursor *const cursor = (struct cursor *)base;

	while (!cursor->at_end) {
		int code;

		while (kist_posting_next(&cursor->rest, &cursor->posting)) {
			if (cursor->posting.prefix >= cursor->low && cursor->posting.prefix <= cursor->high)
				return SQLITE_OK;
		}
		code = next_row(cursor);
		if (code != SQLITE_OK)
			return code;
	}
	return SQLITE_OK;
}

static bool take_digest(sqlite3_value *value, uint64_t *ret_prefix)
{
	const void *bytes = sqlite3_value_blob(value);
	struct kist_digest digest;

	if (!bytes || sqlite3_value_bytes(value) != (int)KIST_DIGEST_SIZE)
		return false;
	memcpy(digest.bytes, bytes, KIST_DIGEST_SIZE);
	*ret_prefix = kist_posting_prefix(&digest);
	return true;
}

static int begin_rows(struct cursor *cursor)
{
	struct table *const table = (struct table *)cursor->base.pVtab;
	int code = SQLITE_OK;

	if (!cursor->rows)
		cursor->rows = kist_steal(table->spare);
	if (!cursor->rows)
		code = sqlite3_prepare_v3(table->sql, each_row, -1, SQLITE_PREPARE_PERSISTENT, &cursor->rows,
					  NULL);
	if (code != SQLITE_OK)
		return code;
	(void)sqlite3_reset(cursor->rows);
	code = sqlite3_bind_int64(cursor->rows, 1, kist_posting_shard(table->kind, cursor->low));
	if (code == SQLITE_OK)
		code = sqlite3_bind_int64(cursor->rows, 2, kist_posting_shard(table->kind, cursor->high));
	return code;
}

/* Of what is no digest nothing is found. */
static int table_first(sqlite3_vtab_cursor *base, int plan, const char *plan_text, int argc,
		       sqlite3_value **argv)
{
	struct cursor *const cursor = (struct cursor *)base;
	int code;

	(void)plan;
	(void)plan_text;
	cursor->rest = kist_view_of(NULL, 0);
	cursor->at_end =
		argc != 2 || !take_digest(argv[0], &cursor->low) || !take_digest(argv[1], &cursor->high);
	if (cursor->at_end)
		return SQLITE_OK;
	code = begin_rows(cursor);
	return code == SQLITE_OK ? table_next(base) : code;
}

static int table_at_end(sqlite3_vtab_cursor *base)
{
	return ((const struct cursor *)base)->at_end;
}

static int table_column(sqlite3_vtab_cursor *base, sqlite3_context *ret, int column)
{
	const struct kist_view found = ((const struct cursor *)base)->posting.found;

	if (column != COLUMN_FOUND)
		return SQLITE_OK;
	if (((const struct table *)base->pVtab)->kind == KIST_POSTING_NAME)
		sqlite3_result_blob64(ret, found.data, found.size, SQLITE_TRANSIENT);
	else if (found.size == sizeof(uint64_t))
		kist_rows_u64(ret, kist_le_read64(found.data));
	else
		return SQLITE_CORRUPT_VTAB;
	return SQLITE_OK;
}

static int table_number(sqlite3_vtab_cursor *base, sqlite3_int64 *ret)
{
	(void)base;
	*ret = 0;
	return SQLITE_OK;
}

/* Without xCreate they are there in every connection, and nowhere in the file. */
static const sqlite3_module postings_module = {
	.xConnect = table_connect,
	.xBestIndex = table_plan,
	.xDisconnect = table_disconnect,
	.xOpen = table_open,
	.xClose = table_close,
	.xFilter = table_first,
	.xNext = table_next,
	.xEof = table_at_end,
	.xColumn = table_column,
	.xRowid = table_number,
};

int kist_postings_register(sqlite3 *sql)
{
	const int code = sqlite3_create_module(sql, "kist_content_postings", &postings_module,
					       (void *)(uintptr_t)&kind_content);

	return code != SQLITE_OK ? code
				 : sqlite3_create_module(sql, "kist_name_postings", &postings_module,
							 (void *)(uintptr_t)&kind_name);
}
