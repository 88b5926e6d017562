/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_KIT_OBJECTS_H
#define KIST_KIT_OBJECTS_H

#include <stdbool.h>

#include "base/digest.h"
#include "object/check.h"

/*
 * Objects that the kit makes for a plugin to write: of each kind the plain ones and the odd ones, in a fixed order, the
 * same each time.
 *
 *     tensor   each element type in rank 0, 1, 2 and 3, empty ones; Fortran order, gaps, an offset; not-a-numbers; large
 *     table    columns of numbers, texts with nulls, booleans; no rows; one column; many rows
 *     model    no tensor, one, several; with metadata; names that are not ASCII
 *     bytes    none, one, all 256, many
 *     value    null, a number, a text, an object, a list
 *
 * Thread: pure.
 */

/** Bytes of an object's name, NUL included. */
#define KIST_KIT_OBJECT_NAME_SIZE ((size_t)64)

/**
 * kist_kit_object() - Makes object @i of @kind.
 *
 * @ret_name: What it is, for messages: "float32 [3, 4]".
 * @ret:      kist_object_release() it.
 *
 * Errors: KIST_NOT_FOUND (there are no more), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_kit_object(uint32_t kind, size_t i,
					 char ret_name[static KIST_KIT_OBJECT_NAME_SIZE],
					 struct kist_object *ret, struct kist_error *err);

/** kist_kit_object_large() - One of about 8 MiB; KIST_NOT_FOUND of kinds that have none. */
KIST_CHECKED kist_status kist_kit_object_large(uint32_t kind, struct kist_object *ret,
					       struct kist_error *err);

/** kist_kit_table() - Table @i: objects_table.c. */
KIST_CHECKED kist_status kist_kit_table(size_t i, char ret_name[static KIST_KIT_OBJECT_NAME_SIZE],
					struct kist_object *ret, struct kist_error *err);

/**
 * kist_kit_object_digest() - Reads all there is in @object and hashes what it means: kind, types, shapes (but for
 * dimensions of one element), names, elements; not where they lie, nor in which order the tensors of a model come.
 * A table is read to its end.
 *
 * @call: For a model's tensors.
 *
 * Errors: what is wrong with what it gives.
 */
KIST_CHECKED kist_status kist_kit_object_digest(struct kist_object *object, struct kist_call *call,
						struct kist_digest *ret, struct kist_error *err);

#endif
