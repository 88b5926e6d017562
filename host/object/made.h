/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_OBJECT_MADE_H
#define KIST_OBJECT_MADE_H

#include "base/err.h"
#include "kist/object.h"

/*
 * Objects that the host makes itself.  Their types are "kist.tensor", "kist.table" and "kist.model", 1.0.
 *
 * Thread: pure; the objects' release functions may run on any thread.
 */

/**
 * kist_tensor_wrap() - A row-major tensor on the CPU over @data.
 *
 * @data: From base/mem.h; given on success.
 * @ret:  Its deleter frees all of it.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_tensor_wrap(void *data, DLDataType dtype, int32_t ndim, const int64_t *shape,
					  DLManagedTensorVersioned **ret, struct kist_error *err);

/** kist_tensor_delete() - Calls the deleter.  Accepts NULL, and a tensor without a deleter. */
void kist_tensor_delete(DLManagedTensorVersioned *tensor);

/** kist_object_of_tensor() - An object that owns @tensor (given).  @ret is empty before. */
void kist_object_of_tensor(DLManagedTensorVersioned *tensor, struct kist_object *ret);

/** kist_object_of_model() - An object that owns @map (given) and gives it to @release in the end. */
void kist_object_of_model(struct kist_tensor_map *map, void (*release)(struct kist_object *),
			  struct kist_object *ret);

/**
 * kist_object_of_copy() - An object of kind bytes or value over a copy of @data.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_object_of_copy(const void *data, size_t size, uint32_t kind,
					     struct kist_object *ret, struct kist_error *err);

/**
 * kist_object_of_region() - An object of kind bytes or value that owns @region.
 *
 * @region: Moved on success.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_object_of_region(struct kist_region *region, uint32_t kind,
					       struct kist_object *ret, struct kist_error *err);

/** kist_region_release() - Releases once; accepts what is released or has nothing to release. */
void kist_region_release(struct kist_region *region);

/**
 * kist_batch_new() - A batch of @columns columns, each empty until the caller fills ret->children[i].
 *
 * @ret: kist_array_release() it, filled or not.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_batch_new(int64_t rows, int64_t columns, struct ArrowArray *ret,
					struct kist_error *err);

/**
 * kist_object_of_stream() - An object that owns a stream.
 *
 * @stream: Moved on success.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_object_of_stream(struct ArrowArrayStream *stream, struct kist_object *ret,
					       struct kist_error *err);

#endif
