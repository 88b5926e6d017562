/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_LOAD_H
#define KIST_FLOW_LOAD_H

#include "flow/flow.h"
#include "flow/record.h"

/*
 * Loading: from a record back to bytes, files and folders.  The whole is checked against the record's SHA-256,
 * and every chunk against its own where bytes go out before the whole is known; nothing unproved is ever given
 * out as done.
 *
 * Thread: one flow, one thread at a time.
 */

/**
 * kist_load_chunk() - The bytes of chunk @id, proved, in place of what @ret holds.
 *
 * When its pack has gone, the log is folded and the chunk looked for once more: a collector may have moved
 * it.
 *
 * Errors: KIST_NOT_FOUND, KIST_CORRUPT, KIST_INCOMPATIBLE, KIST_LIMIT (the buf's), KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_load_chunk(struct kist_flow *flow, const struct kist_digest *id,
					 struct kist_buf *ret, struct kist_error *err);

/**
 * kist_load_find() - Where chunk @id, which something that is kept needs, lies.
 *
 * Errors: KIST_NOT_FOUND (a collector has removed it since the flow was opened), KIST_CORRUPT (it is lost).
 */
KIST_CHECKED kist_status kist_load_find(struct kist_flow *flow, const struct kist_digest *id,
					struct kist_location *ret, struct kist_error *err);

/**
 * kist_load_find_again() - After the pack of @where, or that of its base, was found gone: folds the log, and
 * looks where the chunk lies now.
 *
 * Errors: KIST_EXISTS, not recorded in @err (the pack should be there: no collector did that); as
 * kist_load_find().
 */
KIST_CHECKED kist_status kist_load_find_again(struct kist_flow *flow, const struct kist_digest *id,
					      struct kist_location *where, struct kist_error *err);

/**
 * kist_load_suspect() - Remembers that a chunk could not be read at @where, so that putting the same bytes
 * again writes them again.
 */
void kist_load_suspect(struct kist_flow *flow, const struct kist_location *where);

/** struct kist_object_reader - The bytes of one object, at any offset. */
struct kist_object_reader {
	struct kist_flow *flow;
	struct kist_content content;
	struct kist_buf entries;   /* of struct kist_object_chunk, in ahead.h */
	struct kist_buf midstates; /* of struct kist_midstate, which entries name */
	struct kist_buf chunk;	   /* the one that was read last */
	size_t chunk_no;	   /* its number, or SIZE_MAX */
	uint64_t chunks_read;	   /* from the store; one that is read again counts again */
	uint64_t bytes_read;	   /* of those */
};

#define KIST_OBJECT_READER_INIT                                                                              \
	{                                                                                                    \
		.entries = KIST_BUF_INIT(KIST_OBJECT_CHUNKS_MAX * 48),                                       \
		.midstates = KIST_BUF_INIT(KIST_OBJECT_CHUNKS_MAX * 32),                                     \
		.chunk = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX), .chunk_no = SIZE_MAX                            \
	}
#define kist_auto_object_reader __attribute__((cleanup(kist_object_reader_done)))
void kist_object_reader_done(struct kist_object_reader *reader);

/** kist_object_reader_open() - Reads the recipe of @record's object.  Errors: KIST_CORRUPT, KIST_IO. */
KIST_CHECKED kist_status kist_object_reader_open(struct kist_flow *flow, const json_t *record,
						 struct kist_object_reader *reader, struct kist_error *err);

/**
 * kist_object_reader_read() - Up to @len bytes at @offset, each proved by its chunk; fewer only at the end.
 */
KIST_CHECKED kist_status kist_object_reader_read(struct kist_object_reader *reader, uint64_t offset,
						 void *buf, size_t len, size_t *ret_len,
						 struct kist_error *err);

/** kist_object_reader_input() - The object as input for a worker.  Borrows @reader. */
struct kist_input kist_object_reader_input(struct kist_object_reader *reader);

/**
 * kist_load_each() - Gives all bytes of @record's object to @take, in order, each chunk proved before.
 *
 * Whether the whole has the record's SHA-256 is known when it returns.
 *
 * @take: One call at a time, but maybe from other threads than the caller's.
 */
KIST_CHECKED kist_status kist_load_each(struct kist_flow *flow, const json_t *record,
					kist_status (*take)(void *ctx, struct kist_view bytes,
							    struct kist_error *err),
					void *ctx, struct kist_error *err);

/**
 * kist_load_stream() - Writes all bytes of @record's object to @fd, in order.
 *
 * Each chunk is proved before it is written; whether the whole is right is known when it returns.
 *
 * Errors: KIST_CORRUPT (names the chunk, pack and offset), KIST_IO; KIST_INVALID for a tree.
 */
KIST_CHECKED kist_status kist_load_stream(struct kist_flow *flow, const json_t *record, int fd,
					  struct kist_error *err);

/**
 * kist_load_file() - Writes all bytes of @record's object to @fd, a new and empty regular file.
 *
 * Long runs of zeros become holes, so that a sparse file takes no more room than it did.  What @fd holds is
 * proved only when KIST_OK is returned: nobody may see the file before.
 *
 * Errors: as kist_load_stream().
 */
KIST_CHECKED kist_status kist_load_file(struct kist_flow *flow, const json_t *record, int fd,
					struct kist_error *err);

/**
 * kist_load_bytes() - All bytes of an object of at most the buf's limit, appended to @ret: for listings and
 * infos.
 */
KIST_CHECKED kist_status kist_load_bytes(struct kist_flow *flow, const json_t *record, struct kist_buf *ret,
					 struct kist_error *err);

/**
 * kist_load_listing() - The listing of a tree, its digest checked against the record's.  Appended to @ret.
 */
KIST_CHECKED kist_status kist_load_listing(struct kist_flow *flow, const json_t *record, struct kist_buf *ret,
					   struct kist_error *err);

/**
 * kist_load_info() - What describe said: from the record or its chunk.  New reference; NULL when there is
 * none.
 */
KIST_CHECKED kist_status kist_load_info(struct kist_flow *flow, const json_t *record, json_t **ret,
					struct kist_error *err);

/**
 * kist_load_path() - Restores @record's object as the file or folder @path, with modes and times.
 *
 * It appears whole or not at all, under a name of its own first.  A folder is made whole before it is moved.
 *
 * @force: An existing file or link is replaced; a folder, device, FIFO or socket never is.
 *
 * Errors: KIST_CANCELLED (flow->stop: nothing is left), KIST_EXISTS, KIST_CORRUPT, KIST_DENIED, KIST_IO.
 */
KIST_CHECKED kist_status kist_load_path(struct kist_flow *flow, const json_t *record, const char *path,
					bool force, struct kist_error *err);

#endif
