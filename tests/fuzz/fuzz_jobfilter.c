/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Expressions over jobs from hostile bytes: what is taken is SQL that compiles, with as many parameters as there are
 * values.
 */
#include <sqlite3.h>

#include "fuzz/fuzz.h"
#include "job/filter.h"

static const char tables[] =
	"CREATE TABLE jobs(no, id, kind, state, project, user, host, parent, entrypoint, error,"
	" created, started, ended, duration);"
	"CREATE TABLE params(job, key, num, text); CREATE TABLE tags(job, key, text);"
	"CREATE TABLE metrics(job, key, last, min, max, count);"
	"INSERT INTO jobs(no) VALUES(1);";

static sqlite3 *open_tables(void)
{
	static sqlite3 *sql;

	if (!sql) {
		must(sqlite3_open(":memory:", &sql) == SQLITE_OK);
		must(sqlite3_exec(sql, tables, NULL, NULL, NULL) == SQLITE_OK);
	}
	return sql;
}

static void try_sql(const struct kist_job_filter *filter, const char *front)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT((size_t)2 << 20);
	sqlite3_stmt *statement = NULL;

	must(kist_buf_appendf(&text, NULL, "%s", front) == KIST_OK);
	must(kist_buf_append(&text, filter->sql.data, filter->sql.size, NULL) == KIST_OK);
	must(sqlite3_prepare_v2(open_tables(), (const char *)text.data, (int)text.size, &statement, NULL) ==
	     SQLITE_OK);
	must((size_t)sqlite3_bind_parameter_count(statement) ==
	     filter->values.size / sizeof(struct kist_job_filter_value));
	(void)sqlite3_step(statement);
	must(sqlite3_finalize(statement) == SQLITE_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kist_auto_job_filter struct kist_job_filter filter = KIST_JOB_FILTER_INIT;
	kist_auto_job_filter struct kist_job_filter order = KIST_JOB_FILTER_INIT;
	struct kist_error err = KIST_ERROR_INIT;

	if (kist_job_filter_parse(&filter, (const char *)data, size, &err) == KIST_OK)
		try_sql(&filter, "SELECT * FROM jobs j WHERE ");
	else
		must(err.status == KIST_LIMIT ||
		     (err.status == KIST_INVALID && (err.offset <= size || err.offset == KIST_NO_OFFSET)));
	if (kist_job_filter_sort(&order, (const char *)data, size, NULL) == KIST_OK)
		try_sql(&order, "SELECT * FROM jobs j ORDER BY ");
	return 0;
}
