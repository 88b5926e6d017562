/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_CONTENT_H
#define KIST_FLOW_CONTENT_H

#include "flow/record.h"
#include "kist/stream.h"
#include "pack/cut.h"
#include "store/writer.h"

/*
 * The bytes of one object on their way into chunks: cut (pack/cut.h), put, listed in a recipe.
 *
 * Bytes are gathered in a few batches in turn: while one fills, all cores work on the chunks of the others.
 *
 * Memory: KIST_BATCHES of KIST_BATCH_SIZE bytes, and 76 bytes a chunk at most.
 * Thread: one struct kist_content_writer, one thread at a time.
 */

#define KIST_BATCHES	3
#define KIST_BATCH_SIZE ((size_t)8 << 20)

/** Objects of so many bytes have midstates in their recipes, each at least so many bytes behind the one before:
 * two chunks of the usual size, which may be cut a little shorter. */
#define KIST_MIDSTATE_SIZE_MIN ((uint64_t)4 << 20)
#define KIST_MIDSTATE_STEP     (((uint64_t)2 << 20) - ((uint64_t)64 << 10))

/** struct kist_batch - Bytes of chunks that follow each other. */
struct kist_batch {
	struct kist_buf bytes;
	uint64_t settled; /* when so many chunks are, nobody needs the bytes any more */
};

struct kist_previous;

/** struct kist_content_writer - One object on its way. */
struct kist_content_writer {
	struct kist_writer *writer;
	struct kist_cut_sizes sizes; /* of the store; set once */
	enum kist_chunk_kind kind;
	struct kist_hasher whole;
	struct kist_cut cut;
	const struct kist_content_part *parts;
	struct kist_previous *previous; /* that new chunks may be like; NULL for none; Borrowed */
	size_t chunk_len;		/* that the open chunk has at most */
	uint64_t chunk_offset;		/* and where it begins in the object */
	size_t chunk_part;
	size_t part_count;
	uint64_t part_base; /* parts of an object are numbered behind those of the objects before it */
	struct kist_filter_hint hint;
	struct kist_batch batches[KIST_BATCHES];
	size_t batch;		   /* that is being filled */
	size_t chunk_start;	   /* of the open chunk, in that one */
	struct kist_buf cut_parts; /* of struct kist_cut_part */
	struct kist_buf entries;   /* of the recipe */
	struct kist_buf
		midstates; /* of struct kist_recipe_state; their entries are counted from the object's first */
	uint64_t midstate_offset; /* where the last one stands */
	uint64_t size;
	struct kist_digest last_id;
	uint8_t first[KIST_INLINE_SIZE_MAX];
};

/** struct kist_content_part - A typed stretch of the object's bytes: where it is, and what it is made of. */
struct kist_content_part {
	uint64_t name; /* a hash of it */
	uint64_t offset;
	uint64_t len;
	uint32_t element_size;
	/* As in struct kist_filter_hint. */
	enum kist_filter_kind kind;
	uint32_t width;
	uint32_t row;
};

#define KIST_CONTENT_WRITER_INIT                                                                             \
	{                                                                                                    \
		.cut_parts = KIST_BUF_INIT(SIZE_MAX / 2),                                                    \
		.entries = KIST_BUF_INIT(KIST_OBJECT_CHUNKS_MAX * 40),                                       \
		.midstates = KIST_BUF_INIT(KIST_OBJECT_CHUNKS_MAX * 36)                                      \
	}
#define kist_auto_content_writer __attribute__((cleanup(kist_content_writer_done)))
void kist_content_writer_done(struct kist_content_writer *content);

/**
 * kist_content_start() - Begins an object of @size bytes; what went before is dropped.
 *
 * @writer: Borrowed until the object is finished, or @content done.
 * @parts:  @count typed parts in order of offset, not overlapping, within @size.  Borrowed likewise.
 *
 * Nothing is like what went before: whoever wants that sets @content->previous afterwards.
 *
 * Errors: KIST_INVALID (parts), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_content_start(struct kist_content_writer *content, struct kist_writer *writer,
					    enum kist_chunk_kind kind, uint64_t size,
					    const struct kist_content_part *parts, size_t count,
					    struct kist_error *err);

/**
 * kist_content_small_hint() - How the one chunk of an object of less than KIST_CUT_STRETCH_MIN bytes is compressed
 * that is written at once, not through @content.
 *
 * @content: Between two objects.
 *
 * Errors: KIST_INVALID (parts; no bytes, or more than one chunk), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_content_small_hint(struct kist_content_writer *content, uint64_t size,
						 const struct kist_content_part *parts, size_t count,
						 struct kist_filter_hint *ret, struct kist_error *err);

/**
 * kist_content_room() - Where the next bytes may be written: at least one, *@ret_size at most.
 *
 * Errors: KIST_LIMIT (all announced bytes were written), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_content_room(struct kist_content_writer *content, uint8_t **ret_data,
					   size_t *ret_size, struct kist_error *err);
/**
 * kist_content_next_room() - Where the bytes of the chunk behind the open one may be written, before the rest of the
 * open one is committed; *@ret_size is 0 when that cannot be told yet.
 *
 * They are committed once kist_content_room() gives the same place, which it does when all of the open chunk has
 * been.
 *
 * Errors: KIST_NO_MEMORY, and those of chunks that were put before: then it may have been filled in or not.
 */
KIST_CHECKED kist_status kist_content_next_room(struct kist_content_writer *content, uint8_t **ret_data,
						size_t *ret_size, struct kist_error *err);
/** kist_content_commit() - Says that @size bytes were written there. */
KIST_CHECKED kist_status kist_content_commit(struct kist_content_writer *content, size_t size,
					     struct kist_error *err);

/** kist_content_write() - Appends a copy of @bytes. */
KIST_CHECKED kist_status kist_content_write(struct kist_content_writer *content, struct kist_view bytes,
					    struct kist_error *err);

/**
 * kist_content_finish() - Puts what is left, writes the recipe, and says where the bytes are.
 *
 * Fewer bytes than announced are fine: @ret->size is what was written.
 */
KIST_CHECKED kist_status kist_content_finish(struct kist_content_writer *content, struct kist_content *ret,
					     struct kist_error *err);

#endif
