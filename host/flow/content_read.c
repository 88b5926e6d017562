/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/content_read.h"

#include <assert.h>

/* A chunk that is read ahead. */
struct reading {
	struct kist_pool_job job; /* comes first */
	const struct kist_content_source *source;
	uint64_t offset;
	uint8_t *room;
	size_t size; /* 0 when none is */
	size_t got;
};

static kist_status run(struct kist_pool_job *job, unsigned worker, struct kist_error *err)
{
	struct reading *const ahead = (struct reading *)job;

	(void)worker;
	return ahead->source->read(ahead->source, ahead->offset, ahead->room, ahead->size, &ahead->got, err);
}

/* Has the chunk behind the open one, which begins at @offset, read beside what the caller does with the open one. */
static kist_status read_ahead(struct reading *ahead, struct kist_content_writer *content, uint64_t offset,
			      struct kist_error *err)
{
	KIST_TRY(kist_content_next_room(content, &ahead->room, &ahead->size, err));
	ahead->offset = offset;
	ahead->got = 0;
	if (ahead->size > 0)
		kist_writer_beside(content->writer, &ahead->job);
	return KIST_OK;
}

/* Reads to where the next bytes go, or finds that they were. */
static kist_status fill(struct reading *ahead, struct kist_content_writer *content, uint64_t offset,
			uint8_t *room, size_t size, size_t *ret_got, struct kist_error *err)
{
	if (ahead->size == 0)
		return ahead->source->read(ahead->source, offset, room, size, ret_got, err);
	assert(ahead->offset == offset && ahead->room == room && ahead->size == size);
	KIST_TRY(kist_writer_wait(content->writer, &ahead->job, err));
	ahead->size = 0;
	*ret_got = ahead->got;
	return KIST_OK;
}

static kist_status read_all(struct reading *ahead, struct kist_content_writer *content, uint64_t size,
			    struct kist_error *err)
{
	uint64_t offset = 0;

	while (offset < size) {
		size_t room_size;
		uint8_t *room;
		size_t got;

		KIST_TRY(kist_content_room(content, &room, &room_size, err));
		KIST_TRY(fill(ahead, content, offset, room, room_size, &got, err));
		if (got == 0)
			break;
		offset += got;
		if (got == room_size)
			KIST_TRY(read_ahead(ahead, content, offset, err));
		KIST_TRY(kist_content_commit(content, got, err));
		ahead->source->progress(ahead->source, offset);
	}
	return KIST_OK;
}

kist_status kist_content_read(struct kist_content_writer *content, const struct kist_content_source *source,
			      uint64_t size, struct kist_error *err)
{
	struct reading ahead = { .job = { .run = run }, .source = source };
	struct kist_writer *const writer = content->writer;
	const kist_status status = read_all(&ahead, content, size, err);

	/* After a failure something may still be read into the room. */
	(void)!kist_writer_wait(writer, &ahead.job, NULL);
	return status;
}
