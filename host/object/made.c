/* SPDX-License-Identifier: Apache-2.0 */
#include "object/made.h"

#include "base/mem.h"
#include "object/stream.h"

struct wrapped {
	DLManagedTensorVersioned tensor;
	int64_t *extents; /* shape, then strides */
	void *data;
};

static void wrapped_delete(DLManagedTensorVersioned *tensor)
{
	struct wrapped *const wrapped = tensor->manager_ctx;

	kist_free(wrapped->extents);
	kist_free(wrapped->data);
	kist_free(wrapped);
}

kist_status kist_tensor_wrap(void *data, DLDataType dtype, int32_t ndim, const int64_t *shape,
			     DLManagedTensorVersioned **ret, struct kist_error *err)
{
	kist_auto_mem struct wrapped *wrapped = kist_alloc(1, sizeof(*wrapped));
	kist_auto_mem int64_t *extents = kist_alloc(2 * (size_t)ndim, sizeof(*extents));
	int64_t stride = 1;

	if (!wrapped || !extents)
		return kist_fail_memory(err, sizeof(*wrapped));
	for (int32_t i = ndim - 1; i >= 0; i--) {
		extents[i] = shape[i];
		extents[ndim + i] = stride;
		stride *= shape[i] > 0 ? shape[i] : 1;
	}
	wrapped->tensor = (DLManagedTensorVersioned){
		.version = { .major = DLPACK_MAJOR_VERSION, .minor = DLPACK_MINOR_VERSION },
		.manager_ctx = wrapped,
		.deleter = wrapped_delete,
		.dl_tensor = { .data = data,
			       .device = { .device_type = kDLCPU },
			       .ndim = ndim,
			       .dtype = dtype,
			       .shape = extents,
			       .strides = extents + ndim },
	};
	wrapped->data = data;
	wrapped->extents = kist_steal(extents);
	*ret = &kist_steal(wrapped)->tensor;
	return KIST_OK;
}

void kist_tensor_delete(DLManagedTensorVersioned *tensor)
{
	if (tensor && tensor->deleter)
		tensor->deleter(tensor);
}

static void fill(struct kist_object *object, uint32_t kind, const char *type, void *value,
		 void (*release)(struct kist_object *))
{
	*object = (struct kist_object){ .struct_size = sizeof(*object),
					.kind = kind,
					.type = type,
					.type_major = 1,
					.value = value,
					.release = release };
}

static void release_tensor(struct kist_object *object)
{
	kist_tensor_delete(object->value);
	object->release = NULL;
}

void kist_object_of_tensor(DLManagedTensorVersioned *tensor, struct kist_object *ret)
{
	fill(ret, KIST_KIND_TENSOR, "kist.tensor", tensor, release_tensor);
}

void kist_object_of_model(struct kist_tensor_map *map, void (*release)(struct kist_object *),
			  struct kist_object *ret)
{
	fill(ret, KIST_KIND_MODEL, "kist.model", map, release);
}

/* A consumer may have moved the stream out: then only the struct is left to free. */
static void release_stream(struct kist_object *object)
{
	kist_stream_release(object->value);
	kist_free(object->value);
	object->release = NULL;
}

kist_status kist_object_of_stream(struct ArrowArrayStream *stream, struct kist_object *ret,
				  struct kist_error *err)
{
	struct ArrowArrayStream *const moved = kist_alloc(1, sizeof(*moved));

	if (!moved)
		return kist_fail_memory(err, sizeof(*moved));
	*moved = *stream;
	stream->release = NULL;
	fill(ret, KIST_KIND_TABLE, "kist.table", moved, release_stream);
	return KIST_OK;
}
