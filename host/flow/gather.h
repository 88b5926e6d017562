/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_GATHER_H
#define KIST_FLOW_GATHER_H

#include "flow/load.h"
#include "kist/stream.h"

/*
 * Pieces of an object that lie at even distances, read one after the other: the elements of a slice.
 *
 * What lies close together is read at once and picked from; what lies far apart is read piece by piece.  Either way
 * only chunks that hold a piece, or lie between two that are less than KIST_GATHER_SPAN apart, are read.
 *
 * Memory: two windows of KIST_GATHER_SPAN, and a chunk.
 * Thread: one reader, one thread at a time.
 */

#define KIST_GATHER_SPAN ((size_t)256 << 10)

/** struct kist_gather - @count[0] times, @stride[0] bytes apart, @count[1] times, ... a piece of @size bytes. */
struct kist_gather {
	uint64_t offset; /* of the first piece in the object */
	uint64_t size;
	size_t rank; /* 0..KIST_RANK_MAX */
	uint64_t count[KIST_RANK_MAX];
	int64_t stride[KIST_RANK_MAX];
};

/**
 * kist_gather() - Writes all pieces to @fd, those of the last dimension next to each other.
 *
 * @gather: All its pieces lie within the object; copied.
 *
 * Errors: those of reading; KIST_IO, KIST_NO_MEMORY, KIST_CANCELLED.
 */
KIST_CHECKED kist_status kist_gather(struct kist_object_reader *reader, const struct kist_gather *gather,
				     int fd, struct kist_error *err);

#endif
