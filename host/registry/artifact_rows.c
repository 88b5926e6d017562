/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/artifact_rows.h"

#include "base/mem.h"

/* They wait until a statement is worth it. */
#define WAITING_MAX	 ((size_t)256)
#define RECORD_BYTES_MAX ((size_t)1 << 20)

struct kist_artifact_waiting {
	uint64_t no;
	struct kist_digest id;
	struct kist_digest sha256;
	uint64_t size;
	uint64_t commit;
	size_t record_at; /* in the records */
	size_t record_size;
	size_t kind_at; /* in its record */
	size_t kind_size;
	size_t encoding_at;
	size_t encoding_size;
};

void kist_artifact_rows_done(struct kist_artifact_rows *rows)
{
	kist_buf_done(&rows->records);
	kist_free(rows->waiting);
	rows->waiting = NULL;
	rows->count = 0;
}

static void give_text(sqlite3_context *ret, const uint8_t *text, size_t size)
{
	sqlite3_result_text64(ret, (const char *)text, size, SQLITE_STATIC, SQLITE_UTF8);
}

static void give_column(const void *of, size_t row, int column, sqlite3_context *ret)
{
	const struct kist_artifact_rows *rows = of;
	const struct kist_artifact_waiting *artifact = &rows->waiting[row];
	const uint8_t *record = rows->records.data + artifact->record_at;

	switch (column) {
	case 0:
		/* SQLite gives the number after the last one by itself, and without a search. */
		if (row == 0 || artifact->no != rows->waiting[row - 1].no + 1)
			kist_rows_u64(ret, artifact->no);
		break;
	case 1:
		kist_rows_digest(ret, &artifact->id);
		break;
	case 2:
		kist_rows_digest(ret, &artifact->sha256);
		break;
	case 3:
		kist_rows_u64(ret, artifact->size);
		break;
	case 4:
		give_text(ret, record + artifact->kind_at, artifact->kind_size);
		break;
	case 5:
		give_text(ret, record + artifact->encoding_at, artifact->encoding_size);
		break;
	case 6:
		kist_rows_u64(ret, artifact->commit);
		break;
	default:
		sqlite3_result_blob64(ret, record, artifact->record_size, SQLITE_STATIC);
	}
}

kist_status kist_artifact_rows_flush(struct kist_artifact_rows *waiting, struct kist_error *err)
{
	const struct kist_rows rows = { .count = waiting->count, .column = give_column, .of = waiting };

	KIST_TRY(kist_db_insert(waiting->db, KIST_SQL_ADD_ARTIFACTS, &rows, err));
	KIST_TRY(kist_db_insert(waiting->db, KIST_SQL_ADD_RECORDS, &rows, err));
	waiting->count = 0;
	waiting->records.size = 0;
	return KIST_OK;
}

kist_status kist_artifact_rows_add(struct kist_artifact_rows *rows, uint64_t no,
				   const struct kist_artifact_row *from, struct kist_error *err)
{
	if (!rows->waiting)
		rows->waiting = kist_alloc(WAITING_MAX, sizeof(*rows->waiting));
	if (!rows->waiting)
		return kist_fail_memory(err, WAITING_MAX * sizeof(*rows->waiting));
	if (rows->count == WAITING_MAX || rows->records.size > RECORD_BYTES_MAX)
		KIST_TRY(kist_artifact_rows_flush(rows, err));
	rows->waiting[rows->count] = (struct kist_artifact_waiting){
		.no = no,
		.id = *from->id,
		.sha256 = *from->sha256,
		.size = from->size,
		.commit = from->commit,
		.record_at = rows->records.size,
		.record_size = from->record.size,
		.kind_at = (size_t)(from->kind.data - from->record.data),
		.kind_size = from->kind.size,
		.encoding_at = (size_t)(from->encoding.data - from->record.data),
		.encoding_size = from->encoding.size,
	};
	KIST_TRY(kist_buf_append(&rows->records, from->record.data, from->record.size, err));
	rows->count++;
	return KIST_OK;
}
