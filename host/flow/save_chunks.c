/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "flow/save_private.h"

kist_status kist_save_chunks(struct kist_save *save, enum kist_chunk_kind kind, const struct kist_view *bytes,
			     const struct kist_digest *ids, size_t count, struct kist_error *err)
{
	kist_auto_mem struct kist_piece *pieces = kist_alloc(count, sizeof(*pieces));
	kist_auto_mem struct kist_digest *found = kist_alloc(count, sizeof(*found));

	if (!pieces || !found)
		return kist_fail_memory(err, count * sizeof(*pieces));
	for (size_t i = 0; i < count; i++)
		pieces[i] = (struct kist_piece){ .bytes = bytes[i], .hint = { .kind = KIST_FILTER_BYTES } };
	KIST_TRY(kist_writer_put(save->writer, kind, pieces, count, found, NULL, err));
	for (size_t i = 0; i < count; i++) {
		if (!kist_digest_equal(&found[i], &ids[i]))
			return kist_fail_at(err, KIST_CORRUPT, "E_DIGEST", KIST_NO_OFFSET,
					    "a chunk changed while it was read");
	}
	return KIST_OK;
}
