/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_CONTENT_READ_H
#define KIST_FLOW_CONTENT_READ_H

#include "flow/content.h"

/*
 * The bytes of an object on their way from where they are kept into its chunks.
 *
 * Who reads waits for digests, and they for who reads: so where it is known what the next chunk will be, it is read
 * beside the digests of the one before.
 *
 * Thread: as struct kist_content_writer.
 */

/** struct kist_content_source - Where the bytes of an object are read; part of what knows that. */
struct kist_content_source {
	/*
	 * Up to @size bytes from @offset on: one at least, but *@ret_got is 0 behind the last.  One call at a time,
	 * but maybe from another thread.
	 */
	kist_status (*read)(const struct kist_content_source *source, uint64_t offset, uint8_t *room,
			    size_t size, size_t *ret_got, struct kist_error *err);
	/* So many bytes are in chunks now. */
	void (*progress)(const struct kist_content_source *source, uint64_t done);
};

/**
 * kist_content_read() - Reads an object of @size bytes, which was started; or what there is of them.
 *
 * Errors: those of @source, of kist_content_room() and kist_content_commit().
 */
KIST_CHECKED kist_status kist_content_read(struct kist_content_writer *content,
					   const struct kist_content_source *source, uint64_t size,
					   struct kist_error *err);

#endif
