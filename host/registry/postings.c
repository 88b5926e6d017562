/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/postings.h"

#include "base/le.h"
#include "base/mem.h"

#define PREFIX_SIZE ((size_t)6)
#define PREFIX_BITS (8 * PREFIX_SIZE)
#define HEAD_SIZE   (PREFIX_SIZE + sizeof(uint16_t))
#define SHARD_BITS  12
#define SHARD_COUNT ((size_t)1 << SHARD_BITS)
/* A name is the longest that one leads to. */
#define FOUND_MAX ((size_t)1024)

uint64_t kist_posting_prefix(const struct kist_digest *digest)
{
	uint64_t prefix = 0;

	for (size_t i = 0; i < PREFIX_SIZE; i++)
		prefix = prefix << 8 | digest->bytes[i];
	return prefix;
}

static size_t shard_of(uint64_t prefix)
{
	return (size_t)(prefix >> (PREFIX_BITS - SHARD_BITS));
}

int64_t kist_posting_shard(enum kist_posting_kind kind, uint64_t prefix)
{
	return (int64_t)((size_t)kind * SHARD_COUNT + shard_of(prefix));
}

bool kist_posting_next(struct kist_view *bytes, struct kist_posting *ret)
{
	size_t size;

	if (bytes->size < HEAD_SIZE)
		return false;
	size = kist_le_read16(bytes->data + PREFIX_SIZE);
	if (size > bytes->size - HEAD_SIZE)
		return false;
	ret->prefix = 0;
	for (size_t i = 0; i < PREFIX_SIZE; i++)
		ret->prefix = ret->prefix << 8 | bytes->data[i];
	ret->found = kist_view_of(bytes->data + HEAD_SIZE, size);
	*bytes = kist_view_of(ret->found.data + size, bytes->size - HEAD_SIZE - size);
	return true;
}

/* Gives its size. */
static size_t write_posting(const struct kist_digest *digest, struct kist_view found,
			    uint8_t ret[static HEAD_SIZE + FOUND_MAX])
{
	memcpy(ret, digest->bytes, PREFIX_SIZE);
	kist_le_write16(ret + PREFIX_SIZE, (uint16_t)found.size);
	memcpy(ret + HEAD_SIZE, found.data, found.size);
	return HEAD_SIZE + found.size;
}

static kist_status check_size(struct kist_view found, struct kist_error *err)
{
	return found.size <= FOUND_MAX ? KIST_OK
				       : kist_fail(err, KIST_INTERNAL, "what a posting leads to is too long");
}

/* To the newest row of its shard, where there is room in that. */
static kist_status add_one(struct kist_db *db, enum kist_posting_kind kind, const struct kist_digest *digest,
			   struct kist_view found, struct kist_error *err)
{
	const int64_t shard = kist_posting_shard(kind, kist_posting_prefix(digest));
	kist_auto_statement sqlite3_stmt *row = NULL;
	uint8_t posting[HEAD_SIZE + FOUND_MAX];
	bool has_row = false;
	size_t size;
	int64_t no;

	KIST_TRY(check_size(found, err));
	size = write_posting(digest, found, posting);
	KIST_TRY(kist_db_use(db, KIST_SQL_LAST_POSTINGS, &row, err, "i", shard));
	KIST_TRY(kist_db_step(db, row, &has_row, err));
	if (!has_row || (size_t)sqlite3_column_int64(row, 1) + size > KIST_POSTINGS_ROW_MAX)
		return kist_db_run(db, KIST_SQL_ADD_POSTINGS, err, "ib", shard, posting, size);
	no = sqlite3_column_int64(row, 0);
	(void)sqlite3_reset(row);
	return kist_db_run(db, KIST_SQL_GROW_POSTINGS, err, "ib", no, posting, size);
}

static struct kist_view view_of_no(uint64_t no, uint8_t ret[static sizeof(uint64_t)])
{
	kist_le_write64(ret, no);
	return kist_view_of(ret, sizeof(no));
}

kist_status kist_posting_add_content(struct kist_db *db, const struct kist_digest *sha256,
				     uint64_t artifact_no, struct kist_error *err)
{
	uint8_t no[sizeof(artifact_no)];

	return add_one(db, KIST_POSTING_CONTENT, sha256, view_of_no(artifact_no, no), err);
}

kist_status kist_posting_add_name(struct kist_db *db, const struct kist_digest *artifact,
				  struct kist_view name, struct kist_error *err)
{
	return add_one(db, KIST_POSTING_NAME, artifact, name, err);
}

static kist_status gather(struct kist_postings *postings, const struct kist_digest *digest,
			  struct kist_view found, struct kist_error *err)
{
	uint8_t posting[HEAD_SIZE + FOUND_MAX];

	KIST_TRY(check_size(found, err));
	if (postings->gathered.size > KIST_POSTINGS_GATHERED_MAX)
		KIST_TRY(kist_postings_flush(postings, err));
	return kist_buf_append(&postings->gathered, posting, write_posting(digest, found, posting), err);
}

kist_status kist_postings_add_content(struct kist_postings *postings, const struct kist_digest *sha256,
				      uint64_t artifact_no, struct kist_error *err)
{
	uint8_t no[sizeof(artifact_no)];

	return gather(postings, sha256, view_of_no(artifact_no, no), err);
}

kist_status kist_postings_add_name(struct kist_postings *postings, const struct kist_digest *artifact,
				   struct kist_view name, struct kist_error *err)
{
	return gather(postings, artifact, name, err);
}

/* Those that were gathered, by shards, and how they are cut into rows. */
struct sorted {
	enum kist_posting_kind kind;
	uint8_t *bytes;
	size_t *ends; /* of the shards */
	struct stretch {
		size_t shard;
		size_t begin;
		size_t size;
	} * rows;
	size_t count;
};

static void sorted_done(struct sorted *sorted)
{
	kist_free(sorted->bytes);
	kist_free(sorted->ends);
	kist_free(sorted->rows);
}

static void give_column(const void *of, size_t row, int column, sqlite3_context *ret)
{
	const struct sorted *sorted = of;
	const struct stretch *stretch = &sorted->rows[row];

	if (column == 0)
		kist_rows_u64(ret, (uint64_t)sorted->kind * SHARD_COUNT + stretch->shard);
	else
		sqlite3_result_blob64(ret, sorted->bytes + stretch->begin, stretch->size, SQLITE_STATIC);
}

static size_t size_of(const struct kist_posting *posting)
{
	return HEAD_SIZE + posting->found.size;
}

static void sort_by_shards(struct sorted *sorted, struct kist_view gathered)
{
	struct kist_view rest = gathered;
	struct kist_posting posting;
	size_t begin = 0;

	while (kist_posting_next(&rest, &posting))
		sorted->ends[shard_of(posting.prefix)] += size_of(&posting);
	for (size_t i = 0; i < SHARD_COUNT; i++) {
		const size_t size = sorted->ends[i];

		sorted->ends[i] = begin;
		begin += size;
	}
	rest = gathered;
	while (kist_posting_next(&rest, &posting)) {
		size_t *at = &sorted->ends[shard_of(posting.prefix)];

		memcpy(sorted->bytes + *at, posting.found.data - HEAD_SIZE, size_of(&posting));
		*at += size_of(&posting);
	}
}

/* Each shard begins with a row of its own, and each row but the last of a shard is more than half full. */
static void cut_into_rows(struct sorted *sorted)
{
	size_t begin = 0;

	for (size_t shard = 0; shard < SHARD_COUNT; shard++) {
		struct kist_view rest = kist_view_of(sorted->bytes + begin, sorted->ends[shard] - begin);
		struct stretch *row = NULL;
		struct kist_posting posting;

		while (kist_posting_next(&rest, &posting)) {
			if (!row || row->size + size_of(&posting) > KIST_POSTINGS_ROW_MAX) {
				row = &sorted->rows[sorted->count++];
				*row = (struct stretch){ .shard = shard, .begin = begin };
			}
			row->size += size_of(&posting);
			begin += size_of(&posting);
		}
	}
}

/* Two that stand one after the other in a shard fill more than one row. */
static size_t rows_at_most(size_t size)
{
	return SHARD_COUNT + 2 * size / KIST_POSTINGS_ROW_MAX + 1;
}

kist_status kist_postings_flush(struct kist_postings *postings, struct kist_error *err)
{
	const struct kist_view gathered = kist_buf_view(&postings->gathered);
	const size_t rows_max = rows_at_most(gathered.size);
	__attribute__((cleanup(sorted_done))) struct sorted sorted = { .kind = postings->kind };
	struct kist_rows rows = { .column = give_column, .of = &sorted };

	if (gathered.size == 0)
		return KIST_OK;
	sorted.bytes = kist_alloc(gathered.size, 1);
	sorted.ends = kist_alloc(SHARD_COUNT, sizeof(*sorted.ends));
	sorted.rows = kist_alloc(rows_max, sizeof(*sorted.rows));
	if (!sorted.bytes || !sorted.ends || !sorted.rows)
		return kist_fail_memory(err, gathered.size + rows_max * sizeof(*sorted.rows));
	sort_by_shards(&sorted, gathered);
	cut_into_rows(&sorted);
	rows.count = sorted.count;
	KIST_TRY(kist_db_insert(postings->db, KIST_SQL_ADD_ALL_POSTINGS, &rows, err));
	postings->gathered.size = 0;
	return KIST_OK;
}
