/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_ARENA_H
#define KIST_BASE_ARENA_H

#include "base/err.h"

/*
 * Memory that is taken piece by piece and freed as a whole: of trees and lists that live and end together.
 *
 * Thread: one arena, one thread at a time.
 */

struct kist_arena_chunk;

/** struct kist_arena - Empty when all zero. */
struct kist_arena {
	struct kist_arena_chunk *chunks;
};

#define KIST_ARENA_INIT                                                                                      \
	{                                                                                                    \
		.chunks = NULL                                                                               \
	}

/** kist_arena_take() - @size bytes, all zero, that live as long as the arena; NULL: there is no memory. */
void *kist_arena_take(struct kist_arena *arena, size_t size, struct kist_error *err);

/**
 * kist_arena_alone() - The same in memory that nothing else is in, so that a sanitizer sees who goes past its end.
 *
 * @align: A power of two.
 */
void *kist_arena_alone(struct kist_arena *arena, size_t size, size_t align, struct kist_error *err);

/** kist_arena_text() - A NUL-terminated copy of @len bytes; NULL: there is no memory. */
char *kist_arena_text(struct kist_arena *arena, const void *text, size_t len, struct kist_error *err);

/** kist_arena_done() - Frees all of it.  May run twice. */
void kist_arena_done(struct kist_arena *arena);

#endif
