/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_TENSOR_H
#define KIST_TENSOR_H

#include <stdlib.h>

#include "kist/helpers.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Tensors made by a plugin: row-major, on the CPU, in one piece of memory.  Nothing here is part of the ABI.
 *
 * Since: 1.0
 */

/** kist_tensor_free_() - The deleter of what kist_tensor_new() makes. */
static inline void kist_tensor_free_(DLManagedTensorVersioned *tensor)
{
	free(tensor->manager_ctx);
}

/** kist_tensor_count() - The number of elements.  [any-thread] */
static inline int64_t kist_tensor_count(const DLManagedTensorVersioned *tensor)
{
	int64_t count = 1;

	for (int32_t i = 0; i < tensor->dl_tensor.ndim; i++)
		count *= tensor->dl_tensor.shape[i];
	return count;
}

/** kist_tensor_data() - Where its elements begin.  [any-thread] */
static inline void *kist_tensor_data(const DLManagedTensorVersioned *tensor)
{
	return (char *)tensor->dl_tensor.data + tensor->dl_tensor.byte_offset;
}

/** kist_tensor_is_packed() - Whether it is row-major and without gaps.  [any-thread] */
static inline int kist_tensor_is_packed(const DLManagedTensorVersioned *tensor)
{
	const DLTensor *const inner = &tensor->dl_tensor;
	int64_t step = 1;

	for (int32_t i = inner->ndim - 1; inner->strides && i >= 0; i--) {
		if (inner->shape[i] != 1 && inner->strides[i] != step)
			return 0;
		step *= inner->shape[i];
	}
	return 1;
}

/**
 * kist_tensor_new() - A tensor of zeros.
 *
 * @dtype: Of whole bytes.
 * @shape: @ndim numbers of at least 0.  Copied.
 * @ret:   Its deleter frees all of it; set on success only.
 *
 * Errors: KIST_INVALID with the code E_SHAPE, KIST_NO_MEMORY.  [instance-serial]
 */
static inline kist_status kist_tensor_new(struct kist_call *call, DLDataType dtype, int32_t ndim,
					  const int64_t *shape, DLManagedTensorVersioned **ret)
{
	const size_t head = sizeof(DLManagedTensorVersioned) + 2 * (size_t)ndim * sizeof(int64_t);
	const size_t aligned = (head + 63) / 64 * 64;
	size_t size = ((size_t)dtype.bits * dtype.lanes + 7) / 8;
	DLManagedTensorVersioned *tensor;
	int64_t *extents;
	void *memory;

	for (int32_t i = 0; i < ndim; i++) {
		if (shape[i] < 0 || (size > 0 && (uint64_t)shape[i] > (PTRDIFF_MAX - aligned - 64) / size)) {
			(void)kist_failf(call, KIST_INVALID, "E_SHAPE", KIST_NO_OFFSET,
					 "an array with a dimension of %lld", (long long)shape[i]);
			return KIST_INVALID;
		}
		size *= (size_t)shape[i];
	}
	memory = calloc(1, aligned + size + 64);
	if (!memory) {
		(void)kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory for %zu bytes", size);
		return KIST_NO_MEMORY;
	}
	tensor = (DLManagedTensorVersioned *)memory;
	extents = (int64_t *)(tensor + 1);
	for (int64_t i = ndim - 1, step = 1; i >= 0; i--) {
		extents[i] = shape[i];
		extents[ndim + i] = step;
		step *= shape[i] > 0 ? shape[i] : 1;
	}
	tensor->version.major = DLPACK_MAJOR_VERSION;
	tensor->version.minor = DLPACK_MINOR_VERSION;
	tensor->manager_ctx = memory;
	tensor->deleter = kist_tensor_free_;
	tensor->dl_tensor.data = (char *)memory + aligned + (64 - ((uintptr_t)memory + aligned) % 64) % 64;
	tensor->dl_tensor.device.device_type = kDLCPU;
	tensor->dl_tensor.ndim = ndim;
	tensor->dl_tensor.dtype = dtype;
	tensor->dl_tensor.shape = extents;
	tensor->dl_tensor.strides = extents + ndim;
	*ret = tensor;
	return KIST_OK;
}

#ifdef __cplusplus
}
#endif

#endif
