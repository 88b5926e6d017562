/* SPDX-License-Identifier: Apache-2.0 */

/* Models made of an index: tensors that map their bytes when they are asked for. */
#include <stdlib.h>

#include "model_index.h"

/* A tensor owns its bytes, its shape and its strides, and so outlives the map. */
struct held_tensor {
	DLManagedTensorVersioned tensor;
	struct kist_region region;
	uint8_t *own; /* of elements that were coded */
	int64_t numbers[];
};

static void delete_tensor(DLManagedTensorVersioned *tensor)
{
	struct held_tensor *held = tensor->manager_ctx;

	if (held->region.release)
		held->region.release(&held->region);
	free(held->own);
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

/* Everything but where the elements are. */
static kist_status make_tensor(struct kist_call *call, const struct model_entry *entry,
			       struct held_tensor **ret)
{
	const size_t ndim = (size_t)entry->ndim;
	struct held_tensor *const made = calloc(1, sizeof(*made) + 2 * ndim * sizeof(made->numbers[0]));

	if (!made)
		return model_no_memory(call);
	made->region.struct_size = sizeof(made->region);
	if (ndim > 0)
		memcpy(made->numbers, entry->shape, ndim * sizeof(entry->shape[0]));
	if (entry->strides)
		memcpy(made->numbers + ndim, entry->strides, ndim * sizeof(entry->strides[0]));
	else
		fill_strides(made->numbers, made->numbers + ndim, entry->ndim);
	made->tensor.version = (DLPackVersion){ DLPACK_MAJOR_VERSION, DLPACK_MINOR_VERSION };
	made->tensor.manager_ctx = made;
	made->tensor.deleter = delete_tensor;
	made->tensor.dl_tensor = (DLTensor){ .device = { .device_type = kDLCPU },
					     .ndim = entry->ndim,
					     .dtype = entry->dtype,
					     .shape = made->numbers,
					     .strides = made->numbers + ndim };
	*ret = made;
	return KIST_OK;
}

kist_status model_tensor_make(struct kist_call *call, struct kist_source *source,
			      const struct model_entry *entry, DLManagedTensorVersioned **ret_tensor)
{
	struct held_tensor *made = NULL;
	kist_status status;

	MODEL_TRY(make_tensor(call, entry, &made));
	status = entry->len > 0 ? source->map(source, entry->offset, entry->len, &made->region) : KIST_OK;
	if (status != KIST_OK) {
		made->region.release = NULL;
		delete_tensor(&made->tensor);
		return status;
	}
	made->tensor.flags = DLPACK_FLAG_BITMASK_READ_ONLY;
	made->tensor.dl_tensor.data = (void *)(uintptr_t)made->region.base;
	*ret_tensor = &made->tensor;
	return KIST_OK;
}

/* A tensor over elements of its own. */
static kist_status decode_tensor(struct kist_call *call, struct kist_source *source,
				 const struct model_format *format, const struct model_entry *entry,
				 uint64_t size, DLManagedTensorVersioned **ret_tensor)
{
	struct held_tensor *made = NULL;
	kist_status status = KIST_NO_MEMORY;

	MODEL_TRY(make_tensor(call, entry, &made));
	made->own = calloc((size_t)size + 1, 1);
	status = made->own ? format->decode(call, source, entry->offset, entry->len, made->own, size)
			   : model_no_memory(call);
	if (status != KIST_OK) {
		delete_tensor(&made->tensor);
		return status;
	}
	made->tensor.flags = DLPACK_FLAG_BITMASK_IS_COPIED;
	made->tensor.dl_tensor.data = made->own;
	*ret_tensor = &made->tensor;
	return KIST_OK;
}

struct held_map {
	struct kist_tensor_map map;
	struct kist_source *source;
	const struct model_format *format;
	struct model_index index;
};

static kist_status map_get(struct kist_tensor_map *map, struct kist_call *call, uint64_t i,
			   DLManagedTensorVersioned **ret_tensor)
{
	const struct held_map *held = map->ctx;
	const struct model_tensor *tensor;
	struct model_entry entry;
	const int64_t *shape;

	if (i >= map->count)
		return kist_failf(call, KIST_INVALID, "E_INDEX", KIST_NO_OFFSET, "tensor %llu of %llu",
				  (unsigned long long)i, (unsigned long long)map->count);
	tensor = model_index_at(&held->index, i);
	shape = model_index_shape(&held->index, i);
	entry = (struct model_entry){ .dtype = tensor->dtype,
				      .ndim = tensor->ndim,
				      .shape = shape,
				      .strides = tensor->has_strides && shape ? shape + tensor->ndim : NULL,
				      .offset = tensor->offset,
				      .len = tensor->len };
	if (tensor->is_coded)
		return decode_tensor(call, held->source, held->format, &entry,
				     model_index_bytes(&held->index, i), ret_tensor);
	return model_tensor_make(call, held->source, &entry, ret_tensor);
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
	if (status == KIST_OK && held->index.absent > 0)
		status = model_fault_set(&fault, KIST_UNSUPPORTED, "E_EXTERNAL", KIST_NO_OFFSET,
					 "%llu of its tensors lie in other files, so it is not all of the "
					 "model",
					 (unsigned long long)held->index.absent);
	if (status != KIST_OK) {
		model_index_done(&held->index);
		free(held);
		return model_fault_fail(&fault, call, status);
	}
	held->source = source;
	held->format = format;
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
