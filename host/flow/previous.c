/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/previous.h"

#include <stdlib.h>

#include "flow/ahead.h"

/* Chunks on either side of the expected one that are looked at. */
#define LEARN_CHUNKS ((size_t)8)

void kist_previous_done(struct kist_previous *previous)
{
	kist_buf_done(&previous->chunks);
	kist_buf_done(&previous->parts);
}

void kist_previous_clear(struct kist_previous *previous)
{
	previous->chunks.size = 0;
	previous->parts.size = 0;
	previous->shift = 0;
}

/* The part of the previous version with this name and type; of several the first of this length, or the first. */
static const struct kist_content_part *find_part(const struct kist_previous *previous,
						 const struct kist_content_part *part)
{
	const struct kist_content_part *const parts = (const void *)previous->parts.data;
	const size_t count = previous->parts.size / sizeof(*parts);
	const struct kist_content_part *found = NULL;
	size_t low = 0;
	size_t high = count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (parts[middle].name < part->name)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = low; i < count && parts[i].name == part->name; i++) {
		if (parts[i].kind != part->kind || parts[i].width != part->width)
			continue;
		if (parts[i].len == part->len)
			return &parts[i];
		found = found ? found : &parts[i];
	}
	return found;
}

static int compare_offsets(const void *key, const void *item)
{
	const uint64_t offset = *(const uint64_t *)key;
	const struct kist_object_chunk *chunk = item;

	return (offset > chunk->offset) - (offset < chunk->offset);
}

bool kist_previous_find(const struct kist_previous *previous, const struct kist_content_part *part,
			uint64_t offset, size_t len, struct kist_digest *ret)
{
	const struct kist_content_part *const like = find_part(previous, part);
	const struct kist_object_chunk *chunk;
	uint64_t start;

	/* Short stretches before the part may belong to the chunk. */
	if (!like || (offset < part->offset && part->offset - offset > like->offset) ||
	    previous->chunks.size == 0)
		return false;
	start = like->offset + offset - part->offset;
	chunk = bsearch(&start, previous->chunks.data, previous->chunks.size / sizeof(*chunk), sizeof(*chunk),
			compare_offsets);
	if (!chunk || chunk->len != len)
		return false;
	*ret = chunk->id;
	return true;
}

static uint64_t place_of(const struct kist_previous *previous, uint64_t offset)
{
	return previous->shift > 0 && (uint64_t)previous->shift > offset ? 0
									 : offset - (uint64_t)previous->shift;
}

/* Index of the chunk that holds the byte at @offset, or the last one. */
static size_t chunk_at(const struct kist_previous *previous, uint64_t offset)
{
	const struct kist_object_chunk *const chunks = (const void *)previous->chunks.data;
	size_t low = 0;
	size_t high = previous->chunks.size / sizeof(*chunks);

	while (high - low > 1) {
		const size_t middle = low + (high - low) / 2;

		if (chunks[middle].offset <= offset)
			low = middle;
		else
			high = middle;
	}
	return low;
}

bool kist_previous_near(const struct kist_previous *previous, uint64_t offset, size_t len,
			struct kist_digest *ret)
{
	const struct kist_object_chunk *const chunks = (const void *)previous->chunks.data;
	const uint64_t place = place_of(previous, offset);
	size_t index;

	if (previous->chunks.size == 0)
		return false;
	index = chunk_at(previous, place + len / 2);
	/* What was added at the end is like the last chunk only where it was joined to it. */
	if (place >= chunks[index].offset + chunks[index].len)
		return false;
	*ret = chunks[index].id;
	return true;
}

void kist_previous_learn(struct kist_previous *previous, uint64_t offset, const struct kist_digest *id)
{
	const struct kist_object_chunk *const chunks = (const void *)previous->chunks.data;
	const size_t count = previous->chunks.size / sizeof(*chunks);
	size_t near;

	if (count == 0)
		return;
	near = chunk_at(previous, place_of(previous, offset));
	for (size_t i = near > LEARN_CHUNKS ? near - LEARN_CHUNKS : 0; i < count && i <= near + LEARN_CHUNKS;
	     i++) {
		if (kist_digest_equal(&chunks[i].id, id)) {
			previous->shift = (int64_t)(offset - chunks[i].offset);
			return;
		}
	}
}
