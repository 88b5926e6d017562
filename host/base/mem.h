/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_MEM_H
#define KIST_BASE_MEM_H

#include <stddef.h>

#include "base/err.h"

/*
 * Memory.  The only file that names malloc and free; tests make the k-th allocation fail here.
 *
 * Thread: all functions may run at once.
 */

/** kist_alloc() - @count zeroed items of @size bytes, or NULL.  kist_free() it. */
void *kist_alloc(size_t count, size_t size) __attribute__((malloc));

/** kist_alloc_pages() - @size bytes that begin at a page, not zeroed, or NULL.  kist_free() it. */
void *kist_alloc_pages(size_t size) __attribute__((malloc));

/** kist_realloc() - Grows or shrinks @old to @count items; NULL leaves @old as it was. */
void *kist_realloc(void *old, size_t count, size_t size);

/** kist_alloc_for_library() - @size bytes for a library that asks us, or NULL; none of those that tests count. */
void *kist_alloc_for_library(size_t size) __attribute__((malloc));

/** kist_free() - Accepts NULL. */
void kist_free(void *mem);

/** kist_strndup() - A NUL-terminated copy of @len bytes, or NULL. */
char *kist_strndup(const char *text, size_t len);

/** kist_fail_memory() - Records that @size bytes could not be had; KIST_NO_MEMORY. */
kist_status kist_fail_memory(struct kist_error *err, size_t size);

/** kist_mem_fail_at() - For tests: the @k-th allocation from now fails, once; 0 turns it off. */
void kist_mem_fail_at(unsigned long k);

static inline void kist_auto_free_(void *slot)
{
	kist_free(*(void **)slot);
}

/** A pointer that is freed at the end of its scope. */
#define kist_auto_mem __attribute__((cleanup(kist_auto_free_)))

/** Moves a pointer out of its variable. */
#define kist_steal(slot)                                                                                     \
	({                                                                                                   \
		__typeof__(slot) stolen_ = (slot);                                                           \
		(slot) = NULL;                                                                               \
		stolen_;                                                                                     \
	})

#endif
