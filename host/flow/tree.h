/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_TREE_H
#define KIST_FLOW_TREE_H

#include "base/digest.h"
#include "flow/path.h"

/*
 * The listing of a tree: every folder, file and link below one root, sorted by path.
 *
 *     "KTRE" | u8 version = 1 | 3 bytes 0 | u64 entries | entry...
 *     entry := u8 kind | u8 0 | u16 path bytes | u32 mode | u64 size | i64 mtime in ns
 *              | SHA-256 of the content | id of the artifact | path | target (of a link: size bytes)
 *
 * A tree's digest is the SHA-256 of the same bytes with every mtime and artifact id left out: it says what is
 * in the tree, not when it was made or which plugin looked at it.
 *
 * Limits: KIST_TREE_SIZE_MAX bytes.
 * Thread: one struct kist_tree, one thread at a time.
 * Source: docs/format/store.md, "Trees".
 */

#define KIST_TREE_SIZE_MAX ((size_t)192 << 20)

enum kist_tree_kind { KIST_TREE_FILE = 'f', KIST_TREE_FOLDER = 'd', KIST_TREE_LINK = 'l' };

/** struct kist_tree_entry - One entry; @path and @target are Borrowed. */
struct kist_tree_entry {
	enum kist_tree_kind kind;
	uint32_t mode; /* permission bits, 07777 */
	uint64_t size; /* of a file: its bytes; of a link: of its target */
	int64_t mtime_ns;
	struct kist_digest sha256;   /* of a file's content; else zero */
	struct kist_digest artifact; /* of a file; else zero */
	struct kist_view path;
	struct kist_view target;
};

/** struct kist_tree - A listing being made. */
struct kist_tree {
	struct kist_buf listing;
	struct kist_hasher identity;
	uint64_t count;
	uint64_t links; /* of the entries */
	uint64_t file_bytes;
	struct kist_buf last_path;
};

#define KIST_TREE_INIT                                                                                       \
	{                                                                                                    \
		.listing = KIST_BUF_INIT(KIST_TREE_SIZE_MAX),                                                \
		.last_path = KIST_BUF_INIT(KIST_TREE_PATH_SIZE_MAX)                                          \
	}
#define kist_auto_tree __attribute__((cleanup(kist_tree_done)))
void kist_tree_done(struct kist_tree *tree);

/** kist_tree_start() - Begins an empty listing. */
KIST_CHECKED kist_status kist_tree_start(struct kist_tree *tree, struct kist_error *err);

/**
 * kist_tree_add() - Adds an entry; paths must rise in byte order.
 *
 * Errors: KIST_INVALID E_PATH (path or link), KIST_INTERNAL (order), KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_tree_add(struct kist_tree *tree, const struct kist_tree_entry *entry,
				       struct kist_error *err);

/** kist_tree_finish() - Completes the listing; its bytes stay in @tree->listing. */
struct kist_digest kist_tree_finish(struct kist_tree *tree);

/**
 * kist_tree_check_links() - Whether no link of a sound listing goes up behind the name of another link:
 * "l/../x" is not "x" when l is a link, and could be outside although it reads as if it were not.
 *
 * Errors: KIST_INVALID with the code E_PATH, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_tree_check_links(struct kist_view listing, struct kist_error *err);

/**
 * kist_tree_read() - Checks a whole listing, then calls @each for every entry.
 *
 * @ret_digest: The tree's digest, worked out from the entries.  May be NULL.
 *
 * Errors: KIST_CORRUPT with the code E_TREE and the offset (also for paths that leave the tree, wrong order,
 * a name under a file or a link), KIST_NO_MEMORY, and what @each gives.
 */
KIST_CHECKED kist_status kist_tree_read(struct kist_view listing,
					kist_status (*each)(void *ctx, const struct kist_tree_entry *entry,
							    struct kist_error *err),
					void *ctx, struct kist_digest *ret_digest, struct kist_error *err);

#endif
