/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/gather.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/suite.h"

/* Of flow.c, which needs workers and plugins: nobody watches. */
void kist_flow_progress(const struct kist_flow *flow, uint64_t done, uint64_t total)
{
	(void)flow;
	(void)done;
	(void)total;
}

static struct kist_flow flow;

/* An object that is its record's own: each byte is its place. */
static struct kist_object_reader inline_object(void)
{
	struct kist_object_reader reader = KIST_OBJECT_READER_INIT;

	reader.flow = &flow;
	reader.content = (struct kist_content){ .form = KIST_CONTENT_INLINE, .size = KIST_INLINE_SIZE_MAX };
	for (size_t i = 0; i < KIST_INLINE_SIZE_MAX; i++)
		reader.content.bytes[i] = (uint8_t)i;
	return reader;
}

static size_t gathered(const struct kist_gather *plan, uint8_t ret[static 4096])
{
	struct kist_object_reader reader = inline_object();
	kist_auto_fd int fd = memfd_create("gathered", MFD_CLOEXEC);
	ssize_t len;

	ck_assert_int_eq(kist_gather(&reader, plan, fd, NULL), KIST_OK);
	kist_object_reader_done(&reader);
	len = pread(fd, ret, 4096, 0);
	ck_assert_int_ge(len, 0);
	return (size_t)len;
}

/* The same, piece by piece. */
static size_t expected(const struct kist_gather *plan, size_t dimension, uint64_t offset, uint8_t *ret)
{
	size_t len = 0;

	if (dimension == plan->rank) {
		for (uint64_t i = 0; i < plan->size; i++)
			ret[i] = (uint8_t)(offset + i);
		return (size_t)plan->size;
	}
	for (uint64_t i = 0; i < plan->count[dimension]; i++)
		len += expected(plan, dimension + 1,
				offset + (uint64_t)((int64_t)i * plan->stride[dimension]), ret + len);
	return len;
}

static const struct kist_gather plans[] = {
	{ .offset = 3, .size = 7 },
	{ .offset = 0, .size = 4, .rank = 1, .count = { 10 }, .stride = { 4 } },
	{ .offset = 36, .size = 4, .rank = 1, .count = { 10 }, .stride = { -4 } },
	{ .offset = 250, .size = 2, .rank = 1, .count = { 6 }, .stride = { -50 } },
	{ .offset = 8, .size = 4, .rank = 2, .count = { 3, 5 }, .stride = { 40, 4 } },
	{ .offset = 8, .size = 4, .rank = 2, .count = { 3, 1 }, .stride = { 40, 4 } },
	{ .offset = 8, .size = 4, .rank = 2, .count = { 1, 5 }, .stride = { 40, -1 } },
	{ .offset = 0, .size = 1, .rank = 3, .count = { 2, 3, 4 }, .stride = { 100, 7, 2 } },
	{ .offset = 200, .size = 3, .rank = 3, .count = { 2, 3, 4 }, .stride = { -100, -30, -5 } },
	{ .offset = 0, .size = 8, .rank = 3, .count = { 2, 4, 4 }, .stride = { 128, 32, 8 } },
	{ .offset = 0, .size = 0, .rank = 2, .count = { 4, 4 }, .stride = { 0, 0 } },
	{ .offset = 9999, .size = 8, .rank = 2, .count = { 0, 4 }, .stride = { 0, 0 } },
};

START_TEST(pieces_come_in_their_order)
{
	const struct kist_gather *plan = &plans[_i];
	uint8_t want[4096];
	uint8_t got[4096];
	const size_t len = expected(plan, 0, plan->offset, want);

	ck_assert_uint_eq(gathered(plan, got), len);
	ck_assert_mem_eq(got, want, len);
}
END_TEST

START_TEST(what_ends_behind_the_object_is_damage)
{
	const struct kist_gather plan = {
		.offset = 200, .size = 8, .rank = 1, .count = { 8 }, .stride = { 8 }
	};
	struct kist_object_reader reader = inline_object();
	kist_auto_fd int fd = memfd_create("gathered", MFD_CLOEXEC);

	ck_assert_int_eq(kist_gather(&reader, &plan, fd, NULL), KIST_CORRUPT);
	kist_object_reader_done(&reader);
}
END_TEST

START_TEST(who_asked_to_stop_is_heard)
{
	const atomic_bool stop = true;
	const struct kist_gather plan = { .size = 8 };
	struct kist_object_reader reader = inline_object();
	kist_auto_fd int fd = memfd_create("gathered", MFD_CLOEXEC);

	flow.stop = &stop;
	ck_assert_int_eq(kist_gather(&reader, &plan, fd, NULL), KIST_CANCELLED);
	flow.stop = NULL;
	kist_object_reader_done(&reader);
}
END_TEST

START_TEST(every_failed_allocation_is_reported)
{
	struct kist_object_reader reader = inline_object();
	kist_auto_fd int fd = memfd_create("gathered", MFD_CLOEXEC);
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK && k < 10; k++) {
		kist_mem_fail_at(k);
		status = kist_gather(&reader, &plans[7], fd, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
	}
	ck_assert_int_eq(status, KIST_OK);
	kist_object_reader_done(&reader);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("gather");

	tcase_add_loop_test(tests, pieces_come_in_their_order, 0, sizeof(plans) / sizeof(plans[0]));
	tcase_add_test(tests, what_ends_behind_the_object_is_damage);
	tcase_add_test(tests, who_asked_to_stop_is_heard);
	tcase_add_test(tests, every_failed_allocation_is_reported);
	return suite_run(tests, "gather");
}
