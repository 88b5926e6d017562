/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "flow/content_read.h"
#include "pack/recipe.h"
#include "support/suite.h"
#include "unit/flow/kept.h"

/*
 * What is read ahead comes out as what is written: the same chunks, in the same order, whatever the source gives.
 */

/* Several batches, and in each many chunks. */
#define SIZE (5 * KIST_BATCH_SIZE + 12345)
#define NONE SIZE_MAX

static struct kist_store *store;
static struct kist_writer *writer;
static struct kist_content_writer content;
static uint8_t *bytes;

/* Bytes in memory, given out @most at a time; behind @end there are none, and at @bad none can be had. */
struct memory_source {
	struct kist_content_source base; /* comes first */
	size_t most;
	size_t end;
	size_t bad;
	uint64_t done;
};

static kist_status read_memory(const struct kist_content_source *source, uint64_t offset, uint8_t *room,
			       size_t size, size_t *ret_got, struct kist_error *err)
{
	const struct memory_source *const memory = (const void *)source;
	const size_t at = (size_t)offset;
	size_t got = size < memory->most ? size : memory->most;

	if (memory->bad >= at && memory->bad < at + got)
		return kist_fail(err, KIST_IO, "byte %zu is bad", memory->bad);
	got = at + got <= memory->end ? got : memory->end - at;
	memcpy(room, bytes + at, got);
	*ret_got = got;
	return KIST_OK;
}

static void note_progress(const struct kist_content_source *source, uint64_t done)
{
	((struct memory_source *)(uintptr_t)source)->done = done;
}

static struct memory_source source_of(size_t most)
{
	return (struct memory_source){ .base = { .read = read_memory, .progress = note_progress },
				       .most = most,
				       .end = SIZE,
				       .bad = NONE };
}

static void open_store(void)
{
	static unsigned no;
	char url[64];

	snprintf(url, sizeof(url), "memory:reading-%u", no++);
	ck_assert_int_eq(kist_store_create(url, NULL), KIST_OK);
	ck_assert_int_eq(kist_store_open(url, &store, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	content = (struct kist_content_writer)KIST_CONTENT_WRITER_INIT;
	content.sizes =
		(struct kist_cut_sizes){ .typed = KIST_CUT_SIZE_DEFAULT, .cdc = KIST_CDC_AVERAGE_DEFAULT };
}

static void close_store(void)
{
	kist_content_writer_done(&content);
	kist_writer_close(writer);
	kist_store_close(store);
}

static void setup(void)
{
	uint64_t state = 11;

	open_store();
	bytes = malloc(SIZE);
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)((state = state * UINT64_C(6364136223846793005) + 1442695040888963407) >>
				     (i % 4 == 3 ? 62 : 56));
}

static void teardown(void)
{
	close_store();
	free(bytes);
}

/* A head, a tensor of most of it, text in between, and many small tensors at the end. */
static size_t make_parts(struct kist_content_part parts[static 64])
{
	const uint64_t small = UINT64_C(100) << 10;
	uint64_t offset = 128;
	size_t count = 0;

	parts[count++] = (struct kist_content_part){ .offset = offset, .len = 3 * KIST_BATCH_SIZE + 40 };
	offset += parts[0].len + KIST_BATCH_SIZE / 2;
	for (; count < 64 && offset + small <= SIZE; offset += small)
		parts[count++] = (struct kist_content_part){ .offset = offset, .len = small };
	for (size_t i = 0; i < count; i++) {
		parts[i].element_size = 4;
		parts[i].kind = KIST_FILTER_REAL;
		parts[i].width = 4;
	}
	return count;
}

static struct kist_content_part parts[64];

static void start(void)
{
	const size_t count = make_parts(parts);

	ck_assert_int_eq(kist_content_start(&content, writer, KIST_CHUNK_DATA, SIZE, parts, count, NULL),
			 KIST_OK);
}

/* What lies in the packs is what was read: nobody wrote over what was still to be compressed. */
static void check_chunks(const json_t *packs, const struct kist_recipe_entry *entries, size_t count)
{
	kist_auto_buf struct kist_buf chunk = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX);
	size_t at = 0;

	for (size_t i = 0; i < count; i++) {
		kept_chunk(store, packs, &entries[i].id, &chunk);
		ck_assert_uint_eq(chunk.size, entries[i].len);
		ck_assert_int_eq(memcmp(chunk.data, bytes + at, chunk.size), 0);
		at += chunk.size;
	}
	ck_assert_uint_eq(at, SIZE);
}

/* Reads all, and looks at what is kept of it. */
static void read_and_check(struct memory_source *source, struct kist_content *ret)
{
	const struct kist_digest digest = kist_digest_of(kist_view_of(bytes, SIZE));
	kist_auto_json json_t *packs = NULL;
	struct kist_recipe_entry entries[128];
	struct kist_content written;
	size_t count;

	start();
	ck_assert_int_eq(kist_content_read(&content, &source->base, SIZE, NULL), KIST_OK);
	count = content.entries.size / sizeof(entries[0]);
	ck_assert_uint_le(count, sizeof(entries) / sizeof(entries[0]));
	memcpy(entries, content.entries.data, content.entries.size);
	ck_assert_int_eq(kist_content_finish(&content, ret, NULL), KIST_OK);
	ck_assert_uint_eq(source->done, SIZE);
	ck_assert(kist_digest_equal(&ret->sha256, &digest));
	/* By the other way the same chunks, which are there. */
	start();
	ck_assert_int_eq(kist_content_write(&content, kist_view_of(bytes, SIZE), NULL), KIST_OK);
	ck_assert_int_eq(kist_content_finish(&content, &written, NULL), KIST_OK);
	ck_assert(kist_digest_equal(&ret->chunk, &written.chunk));
	ck_assert_int_eq(kist_writer_finish(writer, &packs, NULL), KIST_OK);
	check_chunks(packs, entries, count);
}

static const size_t mosts[] = { SIZE, KIST_CUT_SIZE_DEFAULT, 300000, 4096 * 7 };

START_TEST(what_is_read_is_what_is_kept)
{
	struct memory_source source = source_of(mosts[_i]);
	struct kist_content read;

	read_and_check(&source, &read);
	ck_assert_int_eq(read.form, KIST_CONTENT_RECIPE);
}
END_TEST

/* Jobs that keep all threads of the pool from compressing. */
static atomic_bool may_end;
static atomic_int begun;

static kist_status be_busy(struct kist_pool_job *job, unsigned worker, struct kist_error *err)
{
	(void)job;
	(void)worker;
	(void)err;
	begun++;
	while (!may_end)
		(void)sched_yield();
	return KIST_OK;
}

START_TEST(what_waits_to_be_compressed_is_not_written_over)
{
	struct kist_pool_job jobs[KIST_POOL_WORKERS_MAX] = { { .run = NULL } };
	struct memory_source source = source_of(SIZE);
	const long online = sysconf(_SC_NPROCESSORS_ONLN);
	const int threads =
		(int)(online < (long)KIST_POOL_WORKERS_MAX ? online : (long)KIST_POOL_WORKERS_MAX) - 1;
	struct kist_content read;

	/* More may wait than all batches hold. */
	content.sizes.typed = KIST_CUT_SIZE_MAX;
	for (int i = 0; i < threads; i++) {
		jobs[i].run = be_busy;
		kist_writer_beside(writer, &jobs[i]);
	}
	while (begun < threads)
		(void)sched_yield();
	start();
	ck_assert_int_eq(kist_content_read(&content, &source.base, SIZE, NULL), KIST_OK);
	ck_assert_int_eq(kist_content_finish(&content, &read, NULL), KIST_OK);
	may_end = true;
	for (int i = 0; i < threads; i++)
		ck_assert_int_eq(kist_writer_wait(writer, &jobs[i], NULL), KIST_OK);
	/* Nothing of it is new. */
	read_and_check(&source, &read);
}
END_TEST

/* Where a chunk ends, before and behind that, in what is read ahead and in what is not. */
static const size_t ends[] = { 1,
			       KIST_CUT_SIZE_DEFAULT,
			       128 + KIST_CUT_SIZE_DEFAULT,
			       129 + KIST_CUT_SIZE_DEFAULT,
			       KIST_BATCH_SIZE + 5,
			       3 * KIST_BATCH_SIZE + 168,
			       3 * KIST_BATCH_SIZE + 1000000,
			       SIZE - 1 };

START_TEST(less_than_announced_is_told)
{
	struct memory_source source = source_of(SIZE);
	const struct kist_digest digest = kist_digest_of(kist_view_of(bytes, ends[_i]));
	struct kist_content read;

	source.end = ends[_i];
	start();
	ck_assert_int_eq(kist_content_read(&content, &source.base, SIZE, NULL), KIST_OK);
	ck_assert_int_eq(kist_content_finish(&content, &read, NULL), KIST_OK);
	ck_assert_uint_eq(read.size, ends[_i]);
	ck_assert(kist_digest_equal(&read.sha256, &digest));
}
END_TEST

START_TEST(what_cannot_be_read_is_told_and_another_object_may_follow)
{
	struct memory_source source = source_of(SIZE);
	struct kist_error err = KIST_ERROR_INIT;
	const struct kist_digest digest = kist_digest_of(kist_view_of(bytes, SIZE));
	struct kist_content read;

	source.bad = ends[_i];
	start();
	ck_assert_int_eq(kist_content_read(&content, &source.base, SIZE, &err), KIST_IO);
	ck_assert(strstr(err.text, "is bad"));
	ck_assert_uint_le(source.done, ends[_i]);
	source.bad = NONE;
	start();
	ck_assert_int_eq(kist_content_read(&content, &source.base, SIZE, NULL), KIST_OK);
	ck_assert_int_eq(kist_content_finish(&content, &read, NULL), KIST_OK);
	ck_assert(kist_digest_equal(&read.sha256, &digest));
}
END_TEST

START_TEST(a_list_that_is_full_leaves_nothing_being_read)
{
	struct memory_source source = source_of(SIZE);

	content.entries.size_max = 3 * sizeof(struct kist_recipe_entry);
	start();
	ck_assert_int_eq(kist_content_read(&content, &source.base, SIZE, NULL), KIST_LIMIT);
	/* Whoever still read would see it change. */
	memset(bytes, 0, SIZE);
}
END_TEST

START_TEST(memory_that_cannot_be_had_fails_the_writer_at_any_time)
{
	const size_t size = 3 << 20;
	const struct kist_content_part part = {
		.len = 2 << 20, .element_size = 4, .kind = KIST_FILTER_REAL, .width = 4
	};
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long n = 1; status != KIST_OK; n++) {
		struct memory_source source = source_of(SIZE);
		struct kist_content made;

		close_store();
		open_store();
		content.sizes.typed = KIST_CUT_SIZE_MIN;
		kist_mem_fail_at(n);
		status = kist_content_start(&content, writer, KIST_CHUNK_DATA, size, &part, 1, NULL);
		if (status == KIST_OK)
			status = kist_content_read(&content, &source.base, size, NULL);
		if (status == KIST_OK)
			status = kist_content_finish(&content, &made, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || (status == KIST_NO_MEMORY && n < 1000));
		ck_assert(status != KIST_OK || n > 5);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("content_read");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_loop_test(tests, what_is_read_is_what_is_kept, 0, sizeof(mosts) / sizeof(mosts[0]));
	tcase_add_test(tests, what_waits_to_be_compressed_is_not_written_over);
	tcase_add_loop_test(tests, less_than_announced_is_told, 0, sizeof(ends) / sizeof(ends[0]));
	tcase_add_loop_test(tests, what_cannot_be_read_is_told_and_another_object_may_follow, 0,
			    sizeof(ends) / sizeof(ends[0]));
	tcase_add_test(tests, a_list_that_is_full_leaves_nothing_being_read);
	tcase_add_test(tests, memory_that_cannot_be_had_fails_the_writer_at_any_time);
	return suite_run(tests, "content_read");
}
