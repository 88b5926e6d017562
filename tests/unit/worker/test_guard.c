/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/suite.h"
#include "worker/guard.h"

static const size_t sizes[] = { 0, 1, 8, 4095, 4096, 4097, 100000 };

/* Whether touching @at ends a process. */
static bool is_guarded(volatile uint8_t *at, bool writes)
{
	int status = 0;
	const pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		(void)signal(SIGSEGV, SIG_DFL);
		if (writes)
			*at = 1;
		else
			(void)*at;
		_exit(0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

START_TEST(a_copy_is_whole_and_ends_at_a_page_that_cannot_be_touched)
{
	const size_t size = sizes[_i];
	struct kist_guard guard = KIST_GUARD_INIT;
	struct kist_error err = KIST_ERROR_INIT;
	static uint8_t bytes[100000];

	for (size_t i = 0; i < size; i++)
		bytes[i] = (uint8_t)(i * 7);
	ck_assert_int_eq(kist_guard_copy(bytes, size, &guard, &err), KIST_OK);
	ck_assert_ptr_nonnull(guard.data);
	ck_assert_int_eq(memcmp(guard.data, bytes, size), 0);
	ck_assert(is_guarded((uint8_t *)guard.data + size, false));
	ck_assert(is_guarded((uint8_t *)guard.map, false));
	if (size > 0) {
		ck_assert(!is_guarded((uint8_t *)guard.data, false));
		ck_assert(is_guarded((uint8_t *)guard.data, true));
		ck_assert(is_guarded((uint8_t *)guard.data + size - 1, true));
	}
	kist_guard_done(&guard);
	kist_guard_done(&guard);
	ck_assert_ptr_null(guard.map);
}
END_TEST

START_TEST(a_strided_tensor_is_packed)
{
	/* Of three columns the first two, turned round. */
	static const int16_t from[] = { 0, 1, 2, 10, 11, 12 };
	static const int16_t wanted[] = { 0, 10, 1, 11 };
	int64_t shape[] = { 2, 2 };
	int64_t strides[] = { 1, 3 };
	const DLTensor tensor = { .data = (void *)(uintptr_t)from,
				  .device = { .device_type = kDLCPU },
				  .ndim = 2,
				  .dtype = { kDLInt, 16, 1 },
				  .shape = shape,
				  .strides = strides };
	struct kist_guard guard = KIST_GUARD_INIT;

	ck_assert_int_eq(kist_guard_tensor(&tensor, &guard, NULL), KIST_OK);
	ck_assert_uint_eq(guard.size, sizeof(wanted));
	ck_assert_mem_eq(guard.data, wanted, sizeof(wanted));
	kist_guard_done(&guard);
}
END_TEST

START_TEST(a_packed_tensor_begins_at_its_offset)
{
	static const double from[] = { 1, 2, 3, 4 };
	int64_t shape[] = { 1, 3 };
	/* That of a dimension of one element may be anything. */
	int64_t strides[] = { 77, 1 };
	DLTensor tensor = { .data = (void *)(uintptr_t)from,
			    .device = { .device_type = kDLCPU },
			    .ndim = 2,
			    .dtype = { kDLFloat, 64, 1 },
			    .shape = shape,
			    .strides = strides,
			    .byte_offset = 8 };
	struct kist_guard guard = KIST_GUARD_INIT;

	ck_assert_int_eq(kist_guard_tensor(&tensor, &guard, NULL), KIST_OK);
	ck_assert_mem_eq(guard.data, from + 1, 24);
	kist_guard_done(&guard);
	tensor.strides = NULL;
	ck_assert_int_eq(kist_guard_tensor(&tensor, &guard, NULL), KIST_OK);
	ck_assert_mem_eq(guard.data, from + 1, 24);
	kist_guard_done(&guard);
	shape[1] = 0;
	ck_assert_int_eq(kist_guard_tensor(&tensor, &guard, NULL), KIST_OK);
	ck_assert_uint_eq(guard.size, 0);
	kist_guard_done(&guard);
}
END_TEST

START_TEST(memory_that_cannot_be_had_is_told)
{
	struct kist_guard guard = KIST_GUARD_INIT;
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_guard_alloc(SIZE_MAX, &guard, &err), KIST_NO_MEMORY);
	ck_assert_int_ne(kist_guard_alloc(SIZE_MAX / 2, &guard, NULL), KIST_OK);
	ck_assert_ptr_null(guard.map);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("guard");

	tcase_add_loop_test(tcase, a_copy_is_whole_and_ends_at_a_page_that_cannot_be_touched, 0,
			    (int)(sizeof(sizes) / sizeof(sizes[0])));
	tcase_add_test(tcase, a_strided_tensor_is_packed);
	tcase_add_test(tcase, a_packed_tensor_begins_at_its_offset);
	tcase_add_test(tcase, memory_that_cannot_be_had_is_told);
	return suite_run(tcase, "guard");
}
