/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PACK_CHUNK_H
#define KIST_PACK_CHUNK_H

#include <stddef.h>

/*
 * What a chunk is: 1..KIST_CHUNK_SIZE_MAX raw bytes, named by their SHA-256, of one kind.
 *
 * Source: docs/format/store.md, section 2.
 */

/** Raw bytes of the largest chunk. */
#define KIST_CHUNK_SIZE_MAX ((size_t)4 << 20)

/** What a chunk holds; stands in its record in the pack. */
enum kist_chunk_kind {
	KIST_CHUNK_DATA = 0,   /* bytes of an object */
	KIST_CHUNK_RECIPE = 1, /* the list of the chunks of an object */
	KIST_CHUNK_RECORD = 2, /* an artifact's record */
	KIST_CHUNK_TREE = 3,   /* bytes of a tree's listing */
	KIST_CHUNK_INFO = 4,   /* what a plugin's describe said */
	KIST_CHUNK_KIND_COUNT = 5
};

#endif
