/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_FLOW_KEPT_H
#define TESTS_UNIT_FLOW_KEPT_H

#include "base/json.h"
#include "store/writer.h"

/*
 * Objects in a store, without workers and plugins: for tests of what reads them.
 */

/**
 * kept_object() - Writes an object and its record.  Returns the artifact's id.
 *
 * @kind:   KIST_CHUNK_DATA or KIST_CHUNK_TREE.
 * @digest: Of a tree, its identity; NULL: the SHA-256 of @bytes.
 */
struct kist_digest kept_object(struct kist_writer *writer, enum kist_chunk_kind kind, struct kist_view bytes,
			       const struct kist_digest *digest);

/** kept_name() - Adds to the refs of @commit that @name means @artifact. */
void kept_name(json_t *commit, const char *name, const struct kist_digest *artifact);

/** kept_chunk() - Reads a chunk that lies in one of @packs, as kist_writer_finish() gives them. */
void kept_chunk(struct kist_store *store, const json_t *packs, const struct kist_digest *id,
		struct kist_buf *ret);

#endif
