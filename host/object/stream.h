/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_OBJECT_STREAM_H
#define KIST_OBJECT_STREAM_H

#include "base/err.h"
#include "kist/arrow.h"

/*
 * Reads from an Arrow stream that somebody else produces: each answer is checked, each error is copied at
 * once, each release happens once.
 *
 * Thread: one stream, one thread at a time.
 * Source: the Arrow columnar format, "The Arrow C stream interface".
 */

/** kist_schema_release() and kist_array_release() - Release once; accept what is released. */
void kist_schema_release(struct ArrowSchema *schema);
void kist_array_release(struct ArrowArray *array);
void kist_stream_release(struct ArrowArrayStream *stream);

#define kist_auto_schema __attribute__((cleanup(kist_schema_release)))
#define kist_auto_array	 __attribute__((cleanup(kist_array_release)))

/** kist_errno_status() - The status for an errno value that a stream returned. */
kist_status kist_errno_status(int error);

/** kist_status_errno() - And back, for streams of our own. */
int kist_status_errno(kist_status status);

/**
 * kist_stream_schema() - The stream's schema, checked: a struct of columns.
 *
 * @ret: kist_schema_release() it.  Set on success only.
 *
 * Errors: as kist_schema_tree_check(), and the producer's.
 */
KIST_CHECKED kist_status kist_stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *ret,
					    struct kist_error *err);

/**
 * kist_stream_next() - The next batch, checked against @schema; released when there is no more.
 *
 * A row of a table cannot be null as a whole: such a batch is refused.
 *
 * @ret: kist_array_release() it.  Set on success only.
 *
 * Errors: as kist_array_check(), and the producer's.
 */
KIST_CHECKED kist_status kist_stream_next(struct ArrowArrayStream *stream, const struct ArrowSchema *schema,
					  struct ArrowArray *ret, struct kist_error *err);

#endif
