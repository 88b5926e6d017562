/* SPDX-License-Identifier: Apache-2.0 */

/*
 * For LD_PRELOAD: the Kth allocation of the program fails, once, whoever makes it: the program itself, a library, the C
 * library for them.
 *
 *   KIST_MEMORY_AT=K      which; 0 none
 *   KIST_MEMORY_REPORT=F  at its end the process writes lines to this file: "allocations N", "live N" (blocks that
 *                         were not given back), "struck 1" when one has failed
 *
 * What the loader and constructors take is not counted: it is not the program's to answer for.
 */
#include <errno.h>
#include <malloc.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of glibc, which keeps them for those who replace the others. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *mem);

static atomic_bool counting;
static atomic_ulong allocations;
static atomic_long live;
static atomic_bool has_struck;
static unsigned long strike_at;

static bool must_fail(void)
{
	if (!atomic_load_explicit(&counting, memory_order_relaxed))
		return false;
	if (atomic_fetch_add(&allocations, 1) + 1 != strike_at)
		return false;
	atomic_store(&has_struck, true);
	errno = ENOMEM;
	return true;
}

static void *count(void *mem)
{
	if (mem)
		atomic_fetch_add(&live, 1);
	return mem;
}

void *malloc(size_t size)
{
	return must_fail() ? NULL : count(__libc_malloc(size));
}

void *calloc(size_t number, size_t size)
{
	return must_fail() ? NULL : count(__libc_calloc(number, size));
}

void *realloc(void *old, size_t size)
{
	void *mem;

	if (must_fail())
		return NULL;
	mem = __libc_realloc(old, size);
	if (!old)
		return count(mem);
	if (!mem && size == 0)
		atomic_fetch_sub(&live, 1);
	return mem;
}

void *memalign(size_t alignment, size_t size)
{
	return must_fail() ? NULL : count(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	void *mem = memalign(alignment, size);

	if (!mem)
		return ENOMEM;
	*ret = mem;
	return 0;
}

void free(void *mem)
{
	if (mem)
		atomic_fetch_sub(&live, 1);
	__libc_free(mem);
}

static void report(void)
{
	const char *path = getenv("KIST_MEMORY_REPORT");
	FILE *file;

	atomic_store(&counting, false);
	file = path ? fopen(path, "we") : NULL;
	if (!file)
		return;
	(void)fprintf(file, "allocations %lu\nlive %ld\n", atomic_load(&allocations), atomic_load(&live));
	if (atomic_load(&has_struck))
		(void)fputs("struck 1\n", file);
	(void)fclose(file);
}

__attribute__((constructor)) static void begin(void)
{
	const char *at = getenv("KIST_MEMORY_AT");

	strike_at = at ? strtoul(at, NULL, 10) : 0;
	if (atexit(report) != 0)
		abort();
	atomic_store(&counting, true);
}
