/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_PATH_H
#define KIST_FLOW_PATH_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Paths inside a tree.  Any bytes but NUL; what would leave the tree is refused here, for every caller.
 *
 * Thread: pure.
 * Source: docs/format/store.md, "Trees".
 */

/** Bytes of a path in a tree, and of a link's target. */
#define KIST_TREE_PATH_SIZE_MAX ((size_t)4095)

/**
 * kist_tree_path_check() - Whether @path names something below a tree's root: 1..KIST_TREE_PATH_SIZE_MAX
 * bytes, relative, no NUL, no empty, "." or ".." segment, no segment past 255 bytes.
 *
 * Errors: KIST_INVALID with the code E_PATH.
 */
KIST_CHECKED kist_status kist_tree_path_check(const char *path, size_t len, struct kist_error *err);

/**
 * kist_tree_link_check() - Whether the link @path -> @target stays in the tree as far as its text says: no
 * ".." rises above the top.
 *
 * Behind the name of another link ".." leads elsewhere: kist_tree_check_links() sees that.
 *
 * Errors: KIST_INVALID with the code E_PATH.
 */
KIST_CHECKED kist_status kist_tree_link_check(const char *path, size_t path_len, const char *target,
					      size_t target_len, struct kist_error *err);

#endif
