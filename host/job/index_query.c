/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <string.h>

#include "base/mem.h"
#include "job/index_private.h"

/* Before the texts of a row: what has no text. */
enum {
	COLUMN_CREATED,
	COLUMN_STARTED,
	COLUMN_ENDED,
	COLUMN_ARTIFACTS,
	COLUMN_BEST,
	COLUMN_BEST_STEP,
	COLUMN_TEXTS
};

/* A row that was read, its texts in one buf with those of the others. */
struct held {
	struct kist_job_row row;
	size_t at[KIST_JOB_ROW_TEXTS];
};

/* All rows are read before the first is given out, so that an index that turns out bad can be made anew. */
struct asking {
	const struct kist_job_query *query;
	struct kist_job_filter where;
	struct kist_job_filter order;
	struct kist_buf text; /* of the statement */
	struct kist_buf rows; /* of struct held */
	struct kist_buf texts;
	uint64_t total;
};

static void asking_done(struct asking *asking)
{
	kist_job_filter_done(&asking->where);
	kist_job_filter_done(&asking->order);
	kist_buf_done(&asking->text);
	kist_buf_done(&asking->rows);
	kist_buf_done(&asking->texts);
}

static kist_status bind_values(struct kist_job_index *index, sqlite3_stmt *statement,
			       const struct kist_job_filter *filter, int *at, struct kist_error *err)
{
	const struct kist_job_filter_value *values = (const void *)filter->values.data;
	int code = SQLITE_OK;

	for (size_t i = 0; i < filter->values.size / sizeof(*values) && code == SQLITE_OK; i++) {
		const struct kist_job_filter_value *value = &values[i];
		const char *text = value->text_len ? (const char *)filter->texts.data + value->text_at : "";

		if (value->type == KIST_JOB_FILTER_TEXT)
			code = sqlite3_bind_text64(statement, (*at)++, text, value->text_len, SQLITE_STATIC,
						   SQLITE_UTF8);
		else if (value->type == KIST_JOB_FILTER_REAL)
			code = sqlite3_bind_double(statement, (*at)++, value->real);
		else
			code = sqlite3_bind_int64(statement, (*at)++, value->integer);
	}
	return code == SQLITE_OK ? KIST_OK : kist_job_index_fail(index, code, err);
}

static void finalize(sqlite3_stmt **slot)
{
	(void)sqlite3_finalize(*slot);
}
#define auto_own_statement __attribute__((cleanup(finalize)))

/* A statement with all that was asked bound to it, in the order of its text: metric, condition, order. */
static kist_status prepare(struct kist_job_index *index, const struct asking *asking, bool with_order,
			   sqlite3_stmt **ret, struct kist_error *err)
{
	const int code = sqlite3_prepare_v2(index->sql, (const char *)asking->text.data,
					    (int)asking->text.size, ret, NULL);
	int at = 1;

	if (code != SQLITE_OK)
		return kist_job_index_fail(index, code, err);
	if (asking->query->best)
		kist_job_index_bind(*ret, at++, asking->query->best);
	KIST_TRY(bind_values(index, *ret, &asking->where, &at, err));
	return with_order ? bind_values(index, *ret, &asking->order, &at, err) : KIST_OK;
}

/* FROM ... WHERE ..., the same for the rows and for their count. */
static kist_status add_from(struct asking *asking, struct kist_error *err)
{
	if (asking->query->best)
		KIST_TRY(kist_buf_appendf(&asking->text, err,
					  " FROM jobs j JOIN metrics b ON b.job = j.no AND b.key = ? AND"
					  " b.min IS NOT NULL WHERE "));
	else
		KIST_TRY(kist_buf_appendf(&asking->text, err, " FROM jobs j WHERE "));
	return kist_buf_append(&asking->text, asking->where.sql.data, asking->where.sql.size, err);
}

static kist_status write_rows_statement(struct asking *asking, struct kist_error *err)
{
	const struct kist_job_query *query = asking->query;
	const char *best = query->best_is_max ? "b.max" : "b.min";
	const char *best_step = query->best_is_max ? "b.max_step" : "b.min_step";
	struct kist_buf *text = &asking->text;

	text->size = 0;
	KIST_TRY(kist_buf_appendf(
		text, err,
		"SELECT j.created, j.started, j.ended, j.artifacts, %s, %s, j.id, j.kind, j.state,"
		" j.project, j.user, j.host, j.error, j.params, j.metrics, %s",
		query->best ? best : "NULL", query->best ? best_step : "NULL",
		query->facts ? "j.facts" : "''"));
	KIST_TRY(add_from(asking, err));
	KIST_TRY(kist_buf_appendf(text, err, " ORDER BY "));
	if (query->best)
		KIST_TRY(kist_buf_appendf(text, err, "%s %s, ", best, query->best_is_max ? "DESC" : "ASC"));
	if (asking->order.sql.size > 0) {
		KIST_TRY(kist_buf_append(text, asking->order.sql.data, asking->order.sql.size, err));
		KIST_TRY(kist_buf_appendf(text, err, ", "));
	}
	KIST_TRY(kist_buf_appendf(text, err, "j.created DESC, j.id DESC"));
	if (query->limit > 0 || query->offset > 0)
		KIST_TRY(kist_buf_appendf(text, err, " LIMIT %" PRId64 " OFFSET %" PRIu64,
					  query->limit > 0 && query->limit < INT64_MAX ? (int64_t)query->limit
										       : -1,
					  query->offset < INT64_MAX ? query->offset : (uint64_t)INT64_MAX));
	return KIST_OK;
}

static kist_status hold_row(struct asking *asking, sqlite3_stmt *from, struct kist_error *err)
{
	struct held held = {
		.row = { .created = (uint64_t)sqlite3_column_int64(from, COLUMN_CREATED),
			 .started = (uint64_t)sqlite3_column_int64(from, COLUMN_STARTED),
			 .ended = (uint64_t)sqlite3_column_int64(from, COLUMN_ENDED),
			 .artifacts = (uint64_t)sqlite3_column_int64(from, COLUMN_ARTIFACTS),
			 .has_best = sqlite3_column_type(from, COLUMN_BEST) != SQLITE_NULL,
			 .best = sqlite3_column_double(from, COLUMN_BEST),
			 .best_step = sqlite3_column_int64(from, COLUMN_BEST_STEP) },
	};

	for (int i = 0; i < KIST_JOB_ROW_TEXTS; i++) {
		const char *text = (const char *)sqlite3_column_text(from, COLUMN_TEXTS + i);

		held.at[i] = asking->texts.size;
		text = text ? text : "";
		KIST_TRY(kist_buf_append(&asking->texts, text, strlen(text) + 1, err));
	}
	return kist_buf_append(&asking->rows, &held, sizeof(held), err);
}

static kist_status read_rows(struct kist_job_index *index, struct asking *asking, struct kist_error *err)
{
	auto_own_statement sqlite3_stmt *statement = NULL;
	bool row;

	asking->rows.size = 0;
	asking->texts.size = 0;
	KIST_TRY(write_rows_statement(asking, err));
	KIST_TRY(prepare(index, asking, true, &statement, err));
	for (;;) {
		KIST_TRY(kist_job_index_step(index, statement, &row, err));
		if (!row)
			return KIST_OK;
		KIST_TRY(hold_row(asking, statement, err));
	}
}

static kist_status read_total(struct kist_job_index *index, struct asking *asking, struct kist_error *err)
{
	auto_own_statement sqlite3_stmt *statement = NULL;
	bool row;

	if (asking->query->limit == 0 && asking->query->offset == 0) {
		asking->total = asking->rows.size / sizeof(struct held);
		return KIST_OK;
	}
	asking->text.size = 0;
	KIST_TRY(kist_buf_appendf(&asking->text, err, "SELECT count(*)"));
	KIST_TRY(add_from(asking, err));
	KIST_TRY(prepare(index, asking, false, &statement, err));
	KIST_TRY(kist_job_index_step(index, statement, &row, err));
	asking->total = row ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
	return KIST_OK;
}

static kist_status ask(struct kist_job_index *index, struct asking *asking, struct kist_error *err)
{
	KIST_TRY(read_rows(index, asking, err));
	return read_total(index, asking, err);
}

/* Once more on a new index, when the one there turns out bad. */
static kist_status ask_again(struct kist_job_index *index, struct asking *asking, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = ask(index, asking, &why);

	if (status == KIST_OK)
		return KIST_OK;
	if (!index->is_bad || index->in_memory)
		return kist_fail_as(err, status, &why);
	KIST_TRY(kist_job_index_renew(index, err));
	return ask(index, asking, err);
}

static kist_status read_query(struct asking *asking, struct kist_error *err)
{
	const struct kist_job_query *query = asking->query;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	KIST_TRY(kist_job_filter_parse(&asking->where, query->where, strlen(query->where), err));
	if (!query->sort)
		return KIST_OK;
	status = kist_job_filter_sort(&asking->order, query->sort, strlen(query->sort), &why);
	if (status == KIST_OK)
		return KIST_OK;
	(void)kist_fail_context(&why, "the order");
	why.offset = KIST_NO_OFFSET;
	return kist_fail_as(err, status, &why);
}

static kist_status give_rows(const struct asking *asking,
			     kist_status (*each)(void *ctx, const struct kist_job_row *row,
						 struct kist_error *err),
			     void *ctx, struct kist_error *err)
{
	struct held *held = (void *)asking->rows.data;

	for (size_t i = 0; i < asking->rows.size / sizeof(*held); i++) {
		for (size_t k = 0; k < KIST_JOB_ROW_TEXTS; k++)
			held[i].row.texts[k] = (const char *)asking->texts.data + held[i].at[k];
		KIST_TRY(each(ctx, &held[i].row, err));
	}
	return KIST_OK;
}

kist_status kist_job_index_each(struct kist_job_index *index, const struct kist_job_query *query,
				kist_status (*each)(void *ctx, const struct kist_job_row *row,
						    struct kist_error *err),
				void *ctx, uint64_t *ret_total, struct kist_error *err)
{
	__attribute__((cleanup(asking_done))) struct asking asking = {
		.query = query,
		.where = KIST_JOB_FILTER_INIT,
		.order = KIST_JOB_FILTER_INIT,
		.text = KIST_BUF_INIT((size_t)4 << 20),
		.rows = KIST_BUF_INIT((size_t)1 << 30),
		.texts = KIST_BUF_INIT((size_t)1 << 30),
	};

	KIST_TRY(read_query(&asking, err));
	KIST_TRY(ask_again(index, &asking, err));
	if (ret_total)
		*ret_total = asking.total;
	return give_rows(&asking, each, ctx, err);
}

/* A use that was read. */
struct held_use {
	struct kist_digest artifact;
	enum kist_job_use_kind kind;
	size_t at[5];
};

/* Both kinds of uses have the same columns. */
static kist_status read_uses(struct kist_job_index *index, sqlite3_stmt *statement, struct kist_buf *uses,
			     struct kist_buf *texts, struct kist_error *err)
{
	for (;;) {
		struct held_use use;
		const void *artifact;
		bool row;

		KIST_TRY(kist_job_index_step(index, statement, &row, err));
		if (!row)
			return KIST_OK;
		for (int i = 0; i < 5; i++) {
			const char *text = (const char *)sqlite3_column_text(statement, i);

			use.at[i] = texts->size;
			text = text ? text : "";
			KIST_TRY(kist_buf_append(texts, text, strlen(text) + 1, err));
		}
		artifact = sqlite3_column_blob(statement, 5);
		if (!artifact || sqlite3_column_bytes(statement, 5) != (int)KIST_DIGEST_SIZE)
			return kist_job_index_fail(index, SQLITE_CORRUPT, err);
		memcpy(use.artifact.bytes, artifact, KIST_DIGEST_SIZE);
		use.kind = (enum kist_job_use_kind)sqlite3_column_int64(statement, 6);
		KIST_TRY(kist_buf_append(uses, &use, sizeof(use), err));
	}
}

typedef kist_status each_use(void *ctx, const struct kist_job_use *use, struct kist_error *err);

static kist_status give_uses(struct kist_job_index *index, sqlite3_stmt *statement, each_use *each, void *ctx,
			     struct kist_error *err)
{
	kist_auto_buf struct kist_buf uses = KIST_BUF_INIT((size_t)1 << 28);
	kist_auto_buf struct kist_buf texts = KIST_BUF_INIT((size_t)1 << 28);
	const struct held_use *held;

	KIST_TRY(read_uses(index, statement, &uses, &texts, err));
	held = (const void *)uses.data;
	for (size_t i = 0; i < uses.size / sizeof(*held); i++) {
		const char *text[5];

		for (size_t k = 0; k < 5; k++)
			text[k] = (const char *)texts.data + held[i].at[k];
		KIST_TRY(each(ctx,
			      &(struct kist_job_use){ .job = text[0],
						      .state = text[1],
						      .step = text[2],
						      .task = text[3],
						      .name = text[4],
						      .artifact = held[i].artifact,
						      .kind = held[i].kind },
			      err));
	}
	return KIST_OK;
}

kist_status kist_job_index_uses_of(struct kist_job_index *index, const struct kist_digest *artifact,
				   each_use *each, void *ctx, struct kist_error *err)
{
	sqlite3_stmt *statement;

	KIST_TRY(kist_job_index_use(index, KIST_JOB_SQL_USES_OF, &statement, err));
	(void)sqlite3_bind_blob(statement, 1, artifact->bytes, (int)KIST_DIGEST_SIZE, SQLITE_STATIC);
	return give_uses(index, statement, each, ctx, err);
}

kist_status kist_job_index_uses_by(struct kist_job_index *index, const char *job, const char *step,
				   each_use *each, void *ctx, struct kist_error *err)
{
	sqlite3_stmt *statement;

	KIST_TRY(kist_job_index_use(index, step ? KIST_JOB_SQL_USES_BY : KIST_JOB_SQL_USES_IN, &statement,
				    err));
	kist_job_index_bind(statement, 1, job);
	if (step)
		kist_job_index_bind(statement, 2, step);
	return give_uses(index, statement, each, ctx, err);
}
