/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_OBJECT_SCHEMA_COPY_H
#define KIST_OBJECT_SCHEMA_COPY_H

#include "base/err.h"
#include "kist/arrow.h"

/*
 * Copies of Arrow schemas.
 *
 * Thread: pure.
 */

/**
 * kist_schema_copy() - A schema of its own with all under it.
 *
 * @schema:  Was checked.
 * @indices: Which of its children are taken, in which order.  NULL: all.
 * @count:   Number of @indices.
 * @ret:     Released before; kist_schema_release() it.  Every child may be moved out.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_schema_copy(const struct ArrowSchema *schema, const int64_t *indices,
					  size_t count, struct ArrowSchema *ret, struct kist_error *err);

#endif
