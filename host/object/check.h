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
 * DLPack and Arrow carry no length of a buffer: a check can say that the numbers agree with each other, not
 * that the memory behind them is there.
 *
 * Limits: the constants below, and those of object/arrow_check.c.
 * Thread: one object, one thread at a time.
 * Source: docs/guide/objects.md.
 */

/** Largest number of tensors in a model. */
#define KIST_MODEL_TENSORS_MAX ((uint64_t)1 << 20)
/** Longest name of a part, a tensor or a column, in bytes: what safetensors allows. */
#define KIST_OBJECT_NAME_SIZE_MAX ((size_t)64 << 10)
/** Longest name of a type, in bytes. */
#define KIST_TYPE_NAME_SIZE_MAX ((size_t)255)
/** Nesting of an Arrow schema. */
#define KIST_ARROW_DEPTH_MAX 32
/** Children of one Arrow schema: columns of a table. */
#define KIST_ARROW_CHILDREN_MAX ((int64_t)65536)

/**
 * kist_kind_name() - "tensor" for KIST_KIND_TENSOR; "unknown" for what is no kind.
 * kist_kind_parse() - And back; false for no kind.
 */
const char *kist_kind_name(uint32_t kind);
bool kist_kind_parse(const char *name, uint32_t *ret_kind);

/** kist_dtype_name() - "float32", "bfloat16", "uint8x4" into @ret. */
void kist_dtype_name(DLDataType dtype, char ret[static 32]);

/**
 * kist_tensor_check() - Whether a tensor can be read: version, device, rank, shape, dtype, strides, size.
 *
 * Devices: CPU and host memory that is pinned for a GPU.
 *
 * @ret_bytes: Bytes of its elements packed without gaps.  May be NULL.
 *
 * Errors: KIST_INCOMPATIBLE (DLPack major), KIST_UNSUPPORTED E_DEVICE or E_DTYPE, KIST_INVALID E_SHAPE,
 * KIST_LIMIT E_OVERFLOW.
 */
KIST_CHECKED kist_status kist_tensor_check(const DLManagedTensorVersioned *tensor, uint64_t *ret_bytes,
					   struct kist_error *err);

/**
 * kist_part_check() - Whether a part that a plugin announced is sane: name, rank, shape, dtype, and length
 * against shape.  A length of 0 is "not known yet" and fits every shape.
 *
 * Errors: KIST_INVALID (struct size, name, flags, length), and as kist_tensor_check().
 */
KIST_CHECKED kist_status kist_part_check(const struct kist_part *part, struct kist_error *err);

/**
 * kist_schema_tree_check() - An Arrow schema with all under it: format strings, names, metadata, children.
 *
 * Errors: KIST_INVALID E_SCHEMA, KIST_UNSUPPORTED E_SCHEMA (no such format), KIST_LIMIT E_SCHEMA.
 */
KIST_CHECKED kist_status kist_schema_tree_check(const struct ArrowSchema *schema, struct kist_error *err);

/**
 * kist_array_check() - An Arrow array of a schema that was checked, at nanoarrow's level "full": lengths,
 * numbers of buffers and children, offsets, sizes, type ids, dictionary indices, null counts.
 *
 * Errors: KIST_INVALID E_ARRAY, KIST_LIMIT E_ARRAY (offset + length does not fit).
 */
KIST_CHECKED kist_status kist_array_check(const struct ArrowSchema *schema, const struct ArrowArray *array,
					  struct kist_error *err);

/**
 * kist_object_check() - The struct itself, and what its kind asks for without consuming it.
 *
 * The batches of a table are not looked at: whoever reads them checks each with kist_array_check().
 *
 * Errors: KIST_INVALID E_OBJECT, KIST_LIMIT, KIST_NO_MEMORY, and as kist_tensor_check().
 */
KIST_CHECKED kist_status kist_object_check(const struct kist_object *object, struct kist_error *err);

/**
 * kist_object_release() - Calls the release member once and leaves the object empty, whatever that did.
 * Accepts an empty object.
 */
void kist_object_release(struct kist_object *object);

static inline void kist_object_release_(struct kist_object *object)
{
	kist_object_release(object);
}
/** An object that is released at the end of its scope. */
#define kist_auto_object __attribute__((cleanup(kist_object_release_)))
#define KIST_OBJECT_INIT                                                                                     \
	{                                                                                                    \
		.struct_size = sizeof(struct kist_object)                                                    \
	}

/** kist_object_move() - Moves @from to @to, which must be empty; @from is left empty. */
void kist_object_move(struct kist_object *to, struct kist_object *from);

#endif
