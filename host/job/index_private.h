/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_JOB_INDEX_PRIVATE_H
#define KIST_JOB_INDEX_PRIVATE_H

#include <sqlite3.h>

#include "job/index.h"

/*
 * What the files of the index share: index.c (opening, bringing up to date), index_put.c (a record's rows),
 * index_query.c (asking).
 *
 * Thread: as index.h.
 */

enum kist_job_sql {
	KIST_JOB_SQL_ADD,
	KIST_JOB_SQL_DROP,
	KIST_JOB_SQL_ADD_PARAM,
	KIST_JOB_SQL_ADD_TAG,
	KIST_JOB_SQL_ADD_METRIC,
	KIST_JOB_SQL_ADD_USE,
	KIST_JOB_SQL_OWNED,
	KIST_JOB_SQL_CALL_LOST,
	KIST_JOB_SQL_GET_META,
	KIST_JOB_SQL_SET_META,
	KIST_JOB_SQL_EACH_ID,
	KIST_JOB_SQL_USES_OF,
	KIST_JOB_SQL_USES_BY,
	KIST_JOB_SQL_USES_IN,
	KIST_JOB_SQL_COUNT
};

struct kist_job_index {
	struct kist_flow *flow;
	sqlite3 *sql;
	sqlite3_stmt *statements[KIST_JOB_SQL_COUNT];
	int lock_fd; /* -1 in memory */
	bool in_memory;
	bool is_bad; /* what failed is the index: it is to be made anew */
};

/** kist_job_index_fail() - Records SQLite's error @code; the index is bad then, unless it was memory. */
kist_status kist_job_index_fail(struct kist_job_index *index, int code, struct kist_error *err);

/** kist_job_index_use() - A prepared statement, reset. */
KIST_CHECKED kist_status kist_job_index_use(struct kist_job_index *index, enum kist_job_sql which,
					    sqlite3_stmt **ret, struct kist_error *err);

/** kist_job_index_bind() - Binds text @text, or NULL for NULL, as parameter @at.  Borrowed until the step. */
void kist_job_index_bind(sqlite3_stmt *statement, int at, const char *text);

/** kist_job_index_step() - Whether there is a row; without one the statement is reset. */
KIST_CHECKED kist_status kist_job_index_step(struct kist_job_index *index, sqlite3_stmt *statement,
					     bool *ret_row, struct kist_error *err);

/** kist_job_index_put() - Adds the rows of a job.  @job: NULL when its record cannot be read, for @why. */
KIST_CHECKED kist_status kist_job_index_put(struct kist_job_index *index, const char *id,
					    const struct kist_digest *artifact, const struct kist_job *job,
					    const char *why, struct kist_error *err);

/** kist_job_index_renew() - Makes the index anew, and brings it up to date. */
KIST_CHECKED kist_status kist_job_index_renew(struct kist_job_index *index, struct kist_error *err);

#endif
