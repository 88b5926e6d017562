/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Allocations left until one fails; 0 is never. */
static atomic_ulong fail_countdown;

static bool must_fail(void)
{
	unsigned long left = atomic_load_explicit(&fail_countdown, memory_order_relaxed);

	while (left > 0) {
		if (atomic_compare_exchange_weak(&fail_countdown, &left, left - 1))
			return left == 1;
	}
	return false;
}

void *kist_alloc(size_t count, size_t size)
{
	return must_fail() ? NULL : calloc(count ? count : 1, size ? size : 1);
}

void *kist_alloc_pages(size_t size)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	void *mem = NULL;

	/* Small pages: large ones are seldom at hand, and have to be cleared whatever becomes of them. */
	return must_fail() || posix_memalign(&mem, page, size) != 0 ? NULL : mem;
}

void *kist_realloc(void *old, size_t count, size_t size)
{
	return must_fail() ? NULL : reallocarray(old, count ? count : 1, size ? size : 1);
}

void *kist_alloc_for_library(size_t size)
{
	return malloc(size);
}

void kist_free(void *mem)
{
	free(mem);
}

char *kist_strndup(const char *text, size_t len)
{
	char *copy = len < SIZE_MAX ? kist_alloc(len + 1, 1) : NULL;

	if (copy && len > 0)
		memcpy(copy, text, len);
	return copy;
}

kist_status kist_fail_memory(struct kist_error *err, size_t size)
{
	return kist_fail(err, KIST_NO_MEMORY, "out of memory: %zu bytes could not be had", size);
}

void kist_mem_fail_at(unsigned long k)
{
	atomic_store(&fail_countdown, k);
}
