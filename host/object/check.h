/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_OBJECT_CHECK_H
#define KIST_OBJECT_CHECK_H

#include <stdbool.h>

#include "base/err.h"
#include "kist/object.h"
#include "kist/stream.h"

/*
 * Checks of objects that come from plugins: shapes, strides, names, release rules.
 *
 * Thread: one object, one thread at a time.
 * Source: docs/guide/objects.md.
 */

/** kist_kind_name() - "tensor" for KIST_KIND_TENSOR; "unknown" for what is no kind.  kist_kind_parse() - and back; false for no kind. */
const char *kist_kind_name(uint32_t kind);
bool kist_kind_parse(const char *name, uint32_t *ret_kind);

/** kist_dtype_name() - "float32", "bfloat16", "uint8x4" into @ret. */
void kist_dtype_name(DLDataType dtype, char ret[static 32]);

/**
 * kist_tensor_check() - Whether a tensor can be read: version, CPU, rank, shape, dtype, strides, size.
 *
 * @ret_bytes: Bytes of its elements packed without gaps.  May be NULL.
 *
 * Errors: KIST_INCOMPATIBLE (DLPack major), KIST_UNSUPPORTED E_DEVICE or E_DTYPE, KIST_INVALID E_SHAPE,
 * KIST_LIMIT E_OVERFLOW.
 */
KIST_CHECKED kist_status kist_tensor_check(const DLManagedTensorVersioned *tensor, uint64_t *ret_bytes,
					   struct kist_error *err);

/** kist_part_check() - Whether a part that a plugin announced is sane: name, rank, shape, dtype, length against shape. */
KIST_CHECKED kist_status kist_part_check(const struct kist_part *part, struct kist_error *err);

/** kist_schema_tree_check() and kist_array_check() - An Arrow schema; an array of it, at nanoarrow's level "full". */
KIST_CHECKED kist_status kist_schema_tree_check(const struct ArrowSchema *schema, struct kist_error *err);
KIST_CHECKED kist_status kist_array_check(const struct ArrowSchema *schema, const struct ArrowArray *array,
					  struct kist_error *err);

/** kist_object_check() - The struct itself, and what its kind asks for without consuming it. */
KIST_CHECKED kist_status kist_object_check(const struct kist_object *object, struct kist_error *err);

/** kist_object_release() - Calls the release member once, and sees that it empties the object. */
void kist_object_release(struct kist_object *object);

/** kist_object_move() - Moves @from to @to, which must be empty; @from is left empty. */
void kist_object_move(struct kist_object *to, struct kist_object *from);

#endif
