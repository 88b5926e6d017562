/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_PREVIOUS_H
#define KIST_FLOW_PREVIOUS_H

#include "flow/examine.h"
#include "flow/load.h"
#include "flow/tree.h"

/*
 * The version of an object that its name meant so far: which of its chunks a chunk of the new one is probably
 * like, and may be stored as the difference to.
 *
 * Chunks of typed parts correspond when they have the same length and begin at the same byte of parts of the same
 * name.  What is cut by its content corresponds to what stood in the same place, as far as is known from chunks that
 * came back.
 * Where nothing corresponds, the new chunk is only larger than it might be: no failure to look is told.
 *
 * Memory: 48 bytes a chunk, and 64 bytes a part of the previous version.
 * Thread: one flow, one thread at a time; kist_previous_find() from any one thread.
 */

/** struct kist_previous - Nothing corresponds while @chunks is empty. */
struct kist_previous {
	struct kist_buf chunks; /* of struct kist_object_chunk, in ahead.h, in order of offset */
	struct kist_buf parts;	/* of struct kist_content_part, in order of name, then offset */
	int64_t shift;		/* how much further back bytes stand in the new version than in this one */
};

#define KIST_PREVIOUS_INIT                                                                                   \
	{                                                                                                    \
		.chunks = KIST_BUF_INIT(SIZE_MAX / 2),                                                       \
		.parts = KIST_BUF_INIT(KIST_EXAMINED_PARTS_MAX * sizeof(struct kist_content_part))           \
	}
void kist_previous_done(struct kist_previous *previous);

/** kist_previous_clear() - Nothing corresponds any more; the room is kept. */
void kist_previous_clear(struct kist_previous *previous);

/**
 * kist_previous_open() - Looks at artifact @id, in place of what @previous holds.
 *
 * @examined: What is known of the new version: its type, and the parts.  The layout of the previous one is
 * asked of the same plugin, which may take a new worker.
 *
 * Errors: KIST_NO_MEMORY, KIST_CANCELLED; those of starting a worker again.
 */
KIST_CHECKED kist_status kist_previous_open(struct kist_flow *flow, const struct kist_digest *id,
					    struct kist_examined *examined, struct kist_previous *previous,
					    struct kist_error *err);

/**
 * kist_previous_find() - The chunk of the previous version that corresponds to the @len bytes at @offset of
 * the new one, most of which belong to @part; false when there is none.
 */
bool kist_previous_find(const struct kist_previous *previous, const struct kist_content_part *part,
			uint64_t offset, size_t len, struct kist_digest *ret);

/** kist_previous_near() - The chunk of the previous version that holds what was in the place of the middle of the
 * @len bytes at @offset of the new one; false when that is behind its end. */
bool kist_previous_near(const struct kist_previous *previous, uint64_t offset, size_t len,
			struct kist_digest *ret);

/** kist_previous_learn() - The new version has chunk @id at @offset: when the previous one has it not far from there,
 * what follows is looked for as far away. */
void kist_previous_learn(struct kist_previous *previous, uint64_t offset, const struct kist_digest *id);

/** struct kist_previous_tree - The files of the tree that a name meant so far. */
struct kist_previous_tree {
	struct kist_buf listing;
	struct kist_buf files; /* of struct kist_previous_file, in order of path */
};

/** struct kist_previous_file - Borrows its path from the listing. */
struct kist_previous_file {
	struct kist_view path;
	struct kist_digest artifact;
};

#define KIST_PREVIOUS_TREE_INIT                                                                              \
	{                                                                                                    \
		.listing = KIST_BUF_INIT(KIST_TREE_SIZE_MAX), .files = KIST_BUF_INIT(SIZE_MAX / 2)           \
	}
void kist_previous_tree_done(struct kist_previous_tree *tree);

/** kist_previous_tree_open() - Reads the listing of artifact @id; what is no tree, or cannot be read, has no
 * files.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_previous_tree_open(struct kist_flow *flow, const struct kist_digest *id,
						 struct kist_previous_tree *tree, struct kist_error *err);

/** kist_previous_tree_find() - The artifact of the file at @path, or NULL.  Borrowed. */
const struct kist_digest *kist_previous_tree_find(const struct kist_previous_tree *tree,
						  struct kist_view path);

#endif
