/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "flow/content_read.h"
#include "support/suite.h"

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

static void setup(void)
{
	uint64_t state = 11;

	ck_assert_int_eq(kist_store_create("memory:reading", NULL), KIST_OK);
	ck_assert_int_eq(kist_store_open("memory:reading", &store, NULL), KIST_OK);
	ck_assert_int_eq(kist_writer_open(store, NULL, &writer, NULL), KIST_OK);
	content = (struct kist_content_writer)KIST_CONTENT_WRITER_INIT;
	content.sizes =
		(struct kist_cut_sizes){ .typed = KIST_CUT_SIZE_DEFAULT, .cdc = KIST_CDC_AVERAGE_DEFAULT };
	bytes = malloc(SIZE);
	for (size_t i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)((state = state * UINT64_C(6364136223846793005) + 1442695040888963407) >>
				     (i % 4 == 3 ? 62 : 56));
}

static void teardown(void)
{
	kist_content_writer_done(&content);
	kist_writer_close(writer);
	kist_store_close(store);
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

START_TEST(what_is_read_is_what_is_written)
{
	static const size_t most[] = { SIZE, KIST_CUT_SIZE_DEFAULT, 300000, 4096 * 7 };
	struct kist_content written;

	start();
	ck_assert_int_eq(kist_content_write(&content, kist_view_of(bytes, SIZE), NULL), KIST_OK);
	ck_assert_int_eq(kist_content_finish(&content, &written, NULL), KIST_OK);
	for (size_t i = 0; i < sizeof(most) / sizeof(most[0]); i++) {
		struct memory_source source = source_of(most[i]);
		struct kist_content read;

		start();
		ck_assert_int_eq(kist_content_read(&content, &source.base, SIZE, NULL), KIST_OK);
		ck_assert_int_eq(kist_content_finish(&content, &read, NULL), KIST_OK);
		ck_assert_uint_eq(source.done, SIZE);
		ck_assert_int_eq(read.form, KIST_CONTENT_RECIPE);
		ck_assert(kist_digest_equal(&read.sha256, &written.sha256));
		ck_assert(kist_digest_equal(&read.chunk, &written.chunk));
	}
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

START_TEST(a_writer_that_fails_leaves_nothing_being_read)
{
	struct memory_source source = source_of(SIZE);

	content.entries.size_max = 3 * 40;
	start();
	ck_assert_int_eq(kist_content_read(&content, &source.base, SIZE, NULL), KIST_LIMIT);
	/* Whoever still read would see it change. */
	memset(bytes, 0, SIZE);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("content_read");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_is_read_is_what_is_written);
	tcase_add_loop_test(tests, less_than_announced_is_told, 0, sizeof(ends) / sizeof(ends[0]));
	tcase_add_loop_test(tests, what_cannot_be_read_is_told_and_another_object_may_follow, 0,
			    sizeof(ends) / sizeof(ends[0]));
	tcase_add_test(tests, a_writer_that_fails_leaves_nothing_being_read);
	return suite_run(tests, "content_read");
}
