/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <stdint.h>
#include <string.h>

#include "base/mem.h"

#define CHUNK_SIZE ((size_t)16 << 10)
/* What pieces are aligned to. */
#define ALIGNMENT ((size_t)16)

/* The bytes stand behind it. */
struct kist_arena_chunk {
	_Alignas(ALIGNMENT) struct kist_arena_chunk *next;
	size_t used;
	size_t size;
};

void *kist_arena_take(struct kist_arena *arena, size_t size, struct kist_error *err)
{
	struct kist_arena_chunk *chunk = arena->chunks;
	size_t rounded;
	void *taken;

	if (size > SIZE_MAX - sizeof(*chunk) - ALIGNMENT) {
		(void)kist_fail_memory(err, size);
		return NULL;
	}
	rounded = (size + ALIGNMENT - 1) & ~(ALIGNMENT - 1);
	if (!chunk || chunk->size - chunk->used < rounded) {
		const size_t room = rounded > CHUNK_SIZE ? rounded : CHUNK_SIZE;

		chunk = kist_alloc(1, sizeof(*chunk) + room);
		if (!chunk) {
			(void)kist_fail_memory(err, sizeof(*chunk) + room);
			return NULL;
		}
		chunk->size = room;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
	}
	taken = (uint8_t *)(chunk + 1) + chunk->used;
	chunk->used += rounded;
	return taken;
}

void *kist_arena_alone(struct kist_arena *arena, size_t size, size_t align, struct kist_error *err)
{
	struct kist_arena_chunk *chunk = NULL;
	size_t all;

	if (!__builtin_add_overflow(size, sizeof(*chunk), &all) && !__builtin_add_overflow(all, align, &all))
		chunk = kist_alloc(1, all);
	if (!chunk) {
		(void)kist_fail_memory(err, size);
		return NULL;
	}
	/* It has no room for others: behind the one that may have some. */
	chunk->next = arena->chunks ? arena->chunks->next : NULL;
	if (arena->chunks)
		arena->chunks->next = chunk;
	else
		arena->chunks = chunk;
	return (void *)(((uintptr_t)(chunk + 1) + align - 1) & ~(uintptr_t)(align - 1));
}

char *kist_arena_text(struct kist_arena *arena, const void *text, size_t len, struct kist_error *err)
{
	char *taken;

	if (len == SIZE_MAX) {
		(void)kist_fail_memory(err, len);
		return NULL;
	}
	taken = kist_arena_take(arena, len + 1, err);
	if (taken && len > 0)
		memcpy(taken, text, len);
	return taken;
}

void kist_arena_done(struct kist_arena *arena)
{
	while (arena->chunks) {
		struct kist_arena_chunk *next = arena->chunks->next;

		kist_free(arena->chunks);
		arena->chunks = next;
	}
}
