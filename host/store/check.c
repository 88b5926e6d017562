/* SPDX-License-Identifier: Apache-2.0 */
#include "store/check.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "pack/pool.h"
#include "store/state.h"

/* A stretch has so many bytes, or one record; a job has so many bytes of it. */
#define STRETCH_SIZE ((size_t)8 << 20)
#define JOB_SIZE     ((size_t)256 << 10)
#define JOBS_MAX     ((STRETCH_SIZE + 2 * KIST_CHUNK_SIZE_MAX) / JOB_SIZE + 2)

/* Records of a pack, by their place in it. */
struct place {
	uint32_t offset;
	uint32_t entry; /* in the index */
};

/* Consecutive records that are read in one go. */
struct stretch {
	size_t first; /* place */
	size_t count;
	uint64_t offset;
	struct kist_buf bytes;
	struct kist_error unread; /* why some of it could not be read */
	kist_status status;
};

struct worker {
	struct kist_filter filter;
	struct kist_chunk_reader reader;
	uint8_t *raw;  /* KIST_CHUNK_SIZE_MAX bytes */
	uint8_t *base; /* as many, once there is one */
};

/* The base of the record at a place, where it was found. */
struct found_base {
	size_t place;
	struct kist_location where;
};

struct kist_pack_checker {
	struct kist_store *store;
	struct kist_pool *pool;
	struct worker workers[KIST_POOL_WORKERS_MAX];
	struct kist_buf tail;
	struct place places[KIST_PACK_CHUNKS_MAX];
	uint8_t bad_places[KIST_PACK_CHUNKS_MAX];
	struct stretch stretches[2];
	/* Of the pack that is being checked. */
	const struct kist_digest *pack;
	enum kist_check_level level;
	char key[KIST_PACK_KEY_SIZE];
	struct kist_pack_footer footer;
	struct kist_view index;
	struct stretch *now;
	struct stretch *next;
	size_t job_count;
	size_t jobs[JOBS_MAX + 1]; /* places where they begin */
	struct kist_buf bases;	   /* of struct found_base, of the stretch, in order of place */
	kist_pack_bad *bad;
	kist_find_base *find;
	void *ctx;
	struct kist_pack_checked done;
};

kist_status kist_pack_checker_new(struct kist_store *store, struct kist_pack_checker **ret,
				  struct kist_error *err)
{
	kist_auto_pack_checker struct kist_pack_checker *checker = kist_alloc(1, sizeof(*checker));

	if (!checker)
		return kist_fail_memory(err, sizeof(*checker));
	checker->store = store;
	checker->tail = (struct kist_buf)KIST_BUF_INIT(KIST_PACK_TAIL_MAX);
	checker->bases = (struct kist_buf)KIST_BUF_INIT(KIST_PACK_CHUNKS_MAX * sizeof(struct found_base));
	for (size_t i = 0; i < 2; i++)
		checker->stretches[i].bytes = (struct kist_buf)KIST_BUF_INIT(
			STRETCH_SIZE + KIST_RECORD_HEAD_MAX + kist_codec_stored_size(KIST_CHUNK_SIZE_MAX));
	KIST_TRY(kist_pool_new(&checker->pool, err));
	*ret = kist_steal(checker);
	return KIST_OK;
}

void kist_pack_checker_free(struct kist_pack_checker *checker)
{
	if (!checker)
		return;
	kist_pool_free(checker->pool);
	for (size_t i = 0; i < KIST_POOL_WORKERS_MAX; i++) {
		kist_filter_done(&checker->workers[i].filter);
		kist_chunk_reader_done(&checker->workers[i].reader);
		kist_free(checker->workers[i].raw);
		kist_free(checker->workers[i].base);
	}
	for (size_t i = 0; i < 2; i++)
		kist_buf_done(&checker->stretches[i].bytes);
	kist_buf_done(&checker->tail);
	kist_buf_done(&checker->bases);
	kist_free(checker);
}

static void tell(struct kist_pack_checker *checker, const struct kist_digest *chunk, uint64_t offset,
		 const struct kist_error *why)
{
	struct kist_error placed = KIST_ERROR_INIT;

	checker->done.is_sound = false;
	(void)kist_fail_in_pack(checker->pack, offset, why, &placed);
	if (checker->bad)
		checker->bad(checker->ctx, chunk, offset, &placed);
}

static void tell_text(struct kist_pack_checker *checker, uint64_t offset, const char *text)
{
	struct kist_error why = KIST_ERROR_INIT;

	(void)kist_fail(&why, KIST_CORRUPT, "%s", text);
	tell(checker, NULL, offset, &why);
}

static struct kist_pack_entry entry_at(const struct kist_pack_checker *checker, size_t place)
{
	return kist_pack_entry_at(checker->index, checker->places[place].entry);
}

/* Memory that ran out says nothing about the pack. */
static bool is_finding(kist_status status)
{
	return status != KIST_OK && status != KIST_NO_MEMORY && status != KIST_CANCELLED;
}

static kist_status check_head(struct kist_pack_checker *checker, struct kist_error *err)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_PACK_HEAD_SIZE);
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_pack_head head;
	kist_status status;

	status =
		kist_backend_get(checker->store->backend, checker->key, 0, KIST_PACK_HEAD_SIZE, &bytes, &why);
	if (status == KIST_OK)
		status = kist_pack_parse_head(kist_buf_view(&bytes), &head, &why);
	if (status == KIST_OK && memcmp(head.store_id, checker->store->id, sizeof(head.store_id)) != 0)
		status = kist_fail(&why, KIST_CORRUPT, "pack belongs to another store");
	if (status == KIST_OK)
		status = kist_check_pack_name(checker->pack, kist_buf_view(&bytes),
					      checker->index.data + checker->index.size, &why);
	if (status != KIST_OK && !is_finding(status))
		return kist_fail_as(err, status, &why);
	if (status != KIST_OK)
		tell(checker, NULL, 0, &why);
	return KIST_OK;
}

static int compare_places(const void *a, const void *b)
{
	const struct place *left = a;
	const struct place *right = b;

	return (left->offset > right->offset) - (left->offset < right->offset);
}

/* Puts the records in the order of the pack; false when they do not fill it, which is told. */
static bool order_places(struct kist_pack_checker *checker)
{
	uint64_t at = KIST_PACK_HEAD_SIZE;

	for (uint32_t i = 0; i < checker->footer.count; i++)
		checker->places[i] =
			(struct place){ .offset = kist_pack_entry_at(checker->index, i).offset, .entry = i };
	qsort(checker->places, checker->footer.count, sizeof(checker->places[0]), compare_places);
	memset(checker->bad_places, 0, checker->footer.count);
	for (size_t i = 0; i < checker->footer.count; i++) {
		const struct kist_pack_entry entry = entry_at(checker, i);

		if (entry.offset != at)
			break;
		at += entry.record_len;
	}
	if (at == checker->footer.index_offset)
		return true;
	tell_text(checker, at, "the records that the index lists do not fill the pack");
	return false;
}

/* Reads what it can of the records of a stretch one by one; what it cannot is left as zeros and marked. */
static kist_status read_singly(struct kist_pack_checker *checker, struct stretch *stretch, size_t size,
			       struct kist_error *err)
{
	kist_auto_buf struct kist_buf record = KIST_BUF_INIT(stretch->bytes.size_max);
	uint8_t *all;

	stretch->bytes.size = 0;
	KIST_TRY(kist_buf_extend(&stretch->bytes, size, &all, err));
	for (size_t i = stretch->first; i < stretch->first + stretch->count; i++) {
		const struct kist_pack_entry entry = entry_at(checker, i);

		record.size = 0;
		if (kist_backend_get(checker->store->backend, checker->key, entry.offset, entry.record_len,
				     &record, NULL) == KIST_OK &&
		    record.size == entry.record_len)
			memcpy(all + (entry.offset - stretch->offset), record.data, record.size);
		else
			checker->bad_places[i] = 1;
	}
	return KIST_OK;
}

/* Plans and reads the stretch behind the one before it; it is empty at the end. */
static kist_status read_stretch(struct kist_pack_checker *checker, struct stretch *stretch, size_t first,
				struct kist_error *err)
{
	size_t size = 0;

	stretch->first = first;
	stretch->bytes.size = 0;
	kist_error_clear(&stretch->unread);
	for (; first < checker->footer.count && size < STRETCH_SIZE; first++)
		size += entry_at(checker, first).record_len;
	stretch->count = first - stretch->first;
	if (stretch->count == 0)
		return KIST_OK;
	stretch->offset = entry_at(checker, stretch->first).offset;
	stretch->status = kist_backend_get(checker->store->backend, checker->key, stretch->offset, size,
					   &stretch->bytes, &stretch->unread);
	if (stretch->status == KIST_OK && stretch->bytes.size != size)
		stretch->status = kist_fail(&stretch->unread, KIST_CORRUPT, "pack is cut short");
	if (stretch->status == KIST_OK)
		return KIST_OK;
	if (!is_finding(stretch->status))
		return kist_fail(err, stretch->status, "%s", stretch->unread.text);
	return read_singly(checker, stretch, size, err);
}

static int compare_bases(const void *key, const void *item)
{
	const size_t place = *(const size_t *)key;
	const struct found_base *base = item;

	return (place > base->place) - (place < base->place);
}

/* Decodes and proves a record that has a base, as far as that base is known. */
static kist_status check_difference(struct kist_pack_checker *checker, struct worker *worker, size_t place,
				    const struct kist_record *record, struct kist_view bytes,
				    struct kist_error *err)
{
	const struct found_base *base =
		checker->bases.size == 0
			? NULL
			: bsearch(&place, checker->bases.data, checker->bases.size / sizeof(*base),
				  sizeof(*base), compare_bases);
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	KIST_TRY(kist_record_check_body(record, bytes, err));
	if (!base)
		return KIST_OK;
	if (base->where.raw_len > KIST_CHUNK_SIZE_MAX)
		return kist_fail(err, KIST_CORRUPT, "its base is too long");
	if (!worker->base)
		worker->base = kist_alloc(KIST_CHUNK_SIZE_MAX, 1);
	if (!worker->base)
		return kist_fail_memory(err, KIST_CHUNK_SIZE_MAX);
	status = kist_store_read_chunk_into(checker->store, &worker->reader, &base->where, &record->base,
					    worker->base, &why);
	if (status != KIST_OK)
		return kist_fail_at(err, status, why.code, why.offset, "its base cannot be read: %s",
				    why.text);
	return kist_record_decode(&worker->filter, record, bytes,
				  kist_view_of(worker->base, base->where.raw_len), worker->raw, err);
}

static kist_status check_record(struct kist_pack_checker *checker, struct worker *worker, size_t place,
				struct kist_error *err)
{
	const struct kist_pack_entry entry = entry_at(checker, place);
	const struct kist_view bytes = kist_view_of(
		checker->now->bytes.data + (entry.offset - checker->now->offset), entry.record_len);
	struct kist_record record;

	KIST_TRY(kist_record_parse(bytes, &record, err));
	if (!kist_digest_equal(&record.id, &entry.id) || record.raw_len != entry.raw_len ||
	    record.kind != entry.kind || !kist_digest_equal(&record.base, &entry.base) ||
	    kist_record_head_size(&record) + record.body_len != entry.record_len)
		return kist_fail(err, KIST_CORRUPT, "record and index disagree");
	if (checker->level != KIST_CHECK_FULL)
		return kist_record_check_body(&record, bytes, err);
	if (kist_record_has_base(&record))
		return check_difference(checker, worker, place, &record, bytes, err);
	return kist_record_decode(&worker->filter, &record, bytes, kist_view_of("", 0), worker->raw, err);
}

static kist_status ready_worker(struct worker *worker, struct kist_error *err)
{
	if (!worker->raw)
		worker->raw = kist_alloc(KIST_CHUNK_SIZE_MAX, 1);
	return worker->raw ? KIST_OK : kist_fail_memory(err, KIST_CHUNK_SIZE_MAX);
}

/* Job 0 reads on; the others check records and mark those that are bad. */
static kist_status stretch_job(void *ctx, size_t index, unsigned worker_no, struct kist_error *err)
{
	struct kist_pack_checker *checker = ctx;
	struct worker *worker = &checker->workers[worker_no];

	if (index == 0)
		return read_stretch(checker, checker->next, checker->now->first + checker->now->count, err);
	KIST_TRY(ready_worker(worker, err));
	for (size_t i = checker->jobs[index - 1]; i < checker->jobs[index]; i++) {
		struct kist_error why = KIST_ERROR_INIT;
		const kist_status status =
			checker->bad_places[i] ? KIST_OK : check_record(checker, worker, i, &why);

		if (status != KIST_OK && !is_finding(status))
			return kist_fail_as(err, status, &why);
		checker->bad_places[i] |= status != KIST_OK;
	}
	return KIST_OK;
}

static void plan_jobs(struct kist_pack_checker *checker)
{
	const struct stretch *now = checker->now;
	size_t size = 0;

	checker->job_count = 0;
	checker->jobs[0] = now->first;
	for (size_t i = now->first; i < now->first + now->count; i++) {
		size += entry_at(checker, i).record_len;
		if (size >= JOB_SIZE || i + 1 == now->first + now->count) {
			checker->jobs[++checker->job_count] = i + 1;
			size = 0;
		}
	}
}

/* Finds the bases of the records of the stretch, on the thread of the caller. */
static kist_status find_bases(struct kist_pack_checker *checker, struct kist_error *err)
{
	const struct stretch *now = checker->now;

	checker->bases.size = 0;
	if (checker->level != KIST_CHECK_FULL || !checker->find)
		return KIST_OK;
	for (size_t i = now->first; i < now->first + now->count; i++) {
		const struct kist_pack_entry entry = entry_at(checker, i);
		struct found_base base = { .place = i };
		kist_status status;

		if (!entry.has_base)
			continue;
		status = checker->find(checker->ctx, &entry.base, &base.where, err);
		if (status != KIST_OK && status != KIST_NOT_FOUND)
			return status;
		if (status == KIST_OK && !base.where.has_base)
			KIST_TRY(kist_buf_append(&checker->bases, &base, sizeof(base), err));
	}
	return KIST_OK;
}

/* Looks once more at what was found bad, for why. */
static kist_status tell_bad_records(struct kist_pack_checker *checker, struct kist_error *err)
{
	const struct stretch *now = checker->now;

	for (size_t i = now->first; i < now->first + now->count; i++) {
		const struct kist_pack_entry entry = entry_at(checker, i);
		struct kist_error why = KIST_ERROR_INIT;

		if (!checker->bad_places[i])
			continue;
		KIST_TRY(ready_worker(&checker->workers[0], err));
		if (check_record(checker, &checker->workers[0], i, &why) == KIST_OK)
			(void)kist_fail(&why, KIST_IO, "it reads in two ways");
		tell(checker, &entry.id, entry.offset, now->status == KIST_OK ? &why : &now->unread);
	}
	return KIST_OK;
}

static kist_status check_records(struct kist_pack_checker *checker, struct kist_error *err)
{
	checker->now = &checker->stretches[0];
	checker->next = &checker->stretches[1];
	KIST_TRY(read_stretch(checker, checker->now, 0, err));
	while (checker->now->count > 0) {
		struct stretch *const now = checker->now;

		plan_jobs(checker);
		KIST_TRY(find_bases(checker, err));
		KIST_TRY(kist_pool_run(checker->pool, checker->job_count + 1, stretch_job, checker, err));
		KIST_TRY(tell_bad_records(checker, err));
		checker->now = checker->next;
		checker->next = now;
	}
	return KIST_OK;
}

static kist_status check_parts(struct kist_pack_checker *checker, struct kist_error *err)
{
	KIST_TRY(check_head(checker, err));
	if (!order_places(checker) || checker->level == KIST_CHECK_QUICK)
		return KIST_OK;
	return check_records(checker, err);
}

kist_status kist_pack_checker_run(struct kist_pack_checker *checker, const struct kist_digest *id,
				  uint64_t size, enum kist_check_level level, kist_pack_bad *bad,
				  kist_find_base *find, void *ctx, struct kist_pack_checked *ret,
				  struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	checker->pack = id;
	checker->level = level;
	checker->bad = bad;
	checker->find = find;
	checker->ctx = ctx;
	checker->tail.size = 0;
	checker->footer = (struct kist_pack_footer){ .count = 0 };
	checker->done = (struct kist_pack_checked){ .is_sound = true };
	kist_pack_key(id, checker->key);
	status = kist_read_pack_end(checker->store, id, &checker->tail, &checker->footer, &checker->index,
				    &why);
	if (status != KIST_OK && !is_finding(status))
		return kist_fail_as(err, status, &why);
	checker->done.has_index = status == KIST_OK;
	if (status != KIST_OK)
		tell(checker, NULL, checker->footer.index_offset, &why);
	else if (size != 0 &&
		 checker->footer.index_offset + checker->footer.index_size + KIST_PACK_FOOT_SIZE != size)
		tell_text(checker, 0, "pack has another size than its commit says");
	if (status == KIST_OK)
		KIST_TRY(check_parts(checker, err));
	*ret = checker->done;
	return KIST_OK;
}

struct first_bad {
	kist_pack_bad *each;
	void *ctx;
	struct kist_error first;
};

static void keep_first(void *ctx, const struct kist_digest *chunk, uint64_t offset,
		       const struct kist_error *why)
{
	struct first_bad *bad = ctx;

	if (bad->first.status == KIST_OK)
		bad->first = *why;
	if (bad->each)
		bad->each(bad->ctx, chunk, offset, why);
}

kist_status kist_store_check_pack(struct kist_store *store, const struct kist_digest *id,
				  void (*each_bad)(void *ctx, const struct kist_digest *chunk,
						   uint64_t offset, const struct kist_error *why),
				  void *ctx, struct kist_error *err)
{
	kist_auto_pack_checker struct kist_pack_checker *checker = NULL;
	struct first_bad bad = { .each = each_bad, .ctx = ctx, .first = KIST_ERROR_INIT };
	struct kist_pack_checked done;

	KIST_TRY(kist_pack_checker_new(store, &checker, err));
	KIST_TRY(kist_pack_checker_run(checker, id, 0, KIST_CHECK_FULL, keep_first, NULL, &bad, &done, err));
	if (bad.first.status != KIST_OK && err && err->status == KIST_OK)
		*err = bad.first;
	return bad.first.status;
}
