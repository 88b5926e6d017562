/* SPDX-License-Identifier: Apache-2.0 */

/* Models made of an index: tensors that map their bytes when they are asked for. */
#include <stdlib.h>

#include "model_index.h"

/* A tensor owns its bytes, its shape and its strides, and so outlives the map. */
struct held_tensor {
	DLManagedTensorVersioned tensor;
	struct kist_region region;
	int64_t numbers[];
};

static void delete_tensor(DLManagedTensorVersioned *tensor)
{
	struct held_tensor *held = tensor->manager_ctx;

	if (held->region.release)
		held->region.release(&held->region);
	free(held);
}

/* A dimension of 0 counts as 1, so that strides stay below the size that was checked for overflow. */
static void fill_strides(const int64_t *shape, int64_t *strides, int32_t ndim)
{
	int64_t stride = 1;

	for (int32_t i = ndim - 1; i >= 0; i--) {
		strides[i] = stride;
		stride *= shape[i] > 0 ? shape[i] : 1;
	}
}

kist_status model_tensor_make(struct kist_call *call, struct kist_source *source,
			      const struct model_entry *entry, DLManagedTensorVersioned **ret_tensor)
{
	const size_t ndim = (size_t)entry->ndim;
	struct held_tensor *made = calloc(1, sizeof(*made) + 2 * ndim * sizeof(made->numbers[0]));
	kist_status status;

	if (!made)
		return model_no_memory(call);
	made->region.struct_size = sizeof(made->region);
	status = entry->len > 0 ? source->map(source, entry->offset, entry->len, &made->region) : KIST_OK;
	if (status != KIST_OK) {
		free(made);
		return status;
	}
	if (ndim > 0)
		memcpy(made->numbers, entry->shape, ndim * sizeof(entry->shape[0]));
	if (entry->strides)
		memcpy(made->numbers + ndim, entry->strides, ndim * sizeof(entry->strides[0]));
	else
		fill_strides(made->numbers, made->numbers + ndim, entry->ndim);
	made->tensor.version = (DLPackVersion){ DLPACK_MAJOR_VERSION, DLPACK_MINOR_VERSION };
	made->tensor.manager_ctx = made;
	made->tensor.deleter = delete_tensor;
	made->tensor.flags = DLPACK_FLAG_BITMASK_READ_ONLY;
	made->tensor.dl_tensor = (DLTensor){ .data = (void *)(uintptr_t)made->region.base,
					     .device = { .device_type = kDLCPU },
					     .ndim = entry->ndim,
					     .dtype = entry->dtype,
					     .shape = made->numbers,
					     .strides = made->numbers + ndim };
	*ret_tensor = &made->tensor;
	return KIST_OK;
}

struct held_map {
	struct kist_tensor_map map;
	struct kist_source *source;
	struct model_index index;
};

static kist_status map_get(struct kist_tensor_map *map, struct kist_call *call, uint64_t i,
			   DLManagedTensorVersioned **ret_tensor)
{
	const struct held_map *held = map->ctx;
	const struct model_tensor *tensor;
	const int64_t *shape;

	if (i >= map->count)
		return kist_failf(call, KIST_INVALID, "E_INDEX", KIST_NO_OFFSET, "tensor %llu of %llu",
				  (unsigned long long)i, (unsigned long long)map->count);
	tensor = model_index_at(&held->index, i);
	shape = model_index_shape(&held->index, i);
	return model_tensor_make(
		call, held->source,
		&(struct model_entry){ .dtype = tensor->dtype,
				       .ndim = tensor->ndim,
				       .shape = shape,
				       .strides = tensor->has_strides ? shape + tensor->ndim : NULL,
				       .offset = tensor->offset,
				       .len = tensor->len },
		ret_tensor);
}

static kist_status map_get_name(struct kist_tensor_map *map, uint64_t i, const char **ret_name)
{
	const struct held_map *held = map->ctx;

	if (i >= map->count)
		return KIST_INVALID;
	*ret_name = model_index_name(&held->index, i);
	return KIST_OK;
}

static void release_map(struct kist_object *object)
{
	struct held_map *held = object->priv;

	model_index_done(&held->index);
	free(held);
	object->value = NULL;
	object->release = NULL;
}

kist_status model_deserialize(void *instance, struct kist_call *call, struct kist_source *source,
			      const struct kist_params *params, struct kist_object *ret_object)
{
	const struct model_format *const format = instance;
	struct model_fault fault = { 0 };
	struct held_map *held = calloc(1, sizeof(*held));
	kist_status status;

	(void)params;
	if (!held)
		return model_no_memory(call);
	status = format->read(call, source, &held->index, &fault);
	if (status != KIST_OK) {
		model_index_done(&held->index);
		free(held);
		return model_fault_fail(&fault, call, status);
	}
	held->source = source;
	held->map =
		(struct kist_tensor_map){ .struct_size = sizeof(held->map),
					  .ctx = held,
					  .count = held->index.tensors.count,
					  .meta = held->index.texts.size > 0 ? held->index.texts.data : NULL,
					  .meta_len = held->index.texts.size,
					  .get_name = map_get_name,
					  .get = map_get };
	/* The struct is the host's, which may be older and smaller. */
	ret_object->kind = KIST_KIND_MODEL;
	ret_object->flags = 0;
	ret_object->type = format->type;
	ret_object->type_major = format->major;
	ret_object->type_minor = format->minor;
	ret_object->value = &held->map;
	ret_object->release = release_map;
	ret_object->priv = held;
	return KIST_OK;
}
