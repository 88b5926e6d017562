/* SPDX-License-Identifier: Apache-2.0 */
#include "object/made.h"

#include <string.h>

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

struct batch {
	const void *buffers[1]; /* no column is missing as a whole: no bitmap */
	struct ArrowArray **children;
	struct ArrowArray *columns; /* a consumer may have moved some of them out */
};

static void batch_release(struct ArrowArray *array)
{
	struct batch *const batch = array->private_data;

	for (int64_t i = 0; batch->columns && i < array->n_children; i++)
		kist_array_release(&batch->columns[i]);
	kist_free(batch->columns);
	kist_free(batch->children);
	kist_free(batch);
	array->release = NULL;
}

kist_status kist_batch_new(int64_t rows, int64_t columns, struct ArrowArray *ret, struct kist_error *err)
{
	struct batch *const batch = kist_alloc(1, sizeof(*batch));
	kist_auto_array struct ArrowArray array = { .release = NULL };

	if (!batch)
		return kist_fail_memory(err, sizeof(*batch));
	batch->columns = kist_alloc((size_t)columns, sizeof(*batch->columns));
	batch->children = kist_alloc((size_t)columns, sizeof(struct ArrowArray *));
	array = (struct ArrowArray){ .length = rows,
				     .n_buffers = 1,
				     .n_children = columns,
				     .buffers = batch->buffers,
				     .children = batch->children,
				     .release = batch_release,
				     .private_data = batch };
	if (!batch->columns || !batch->children)
		return kist_fail_memory(err, (size_t)columns * sizeof(*batch->columns));
	for (int64_t i = 0; i < columns; i++)
		batch->children[i] = &batch->columns[i];
	*ret = array;
	array.release = NULL;
	return KIST_OK;
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

void kist_region_release(struct kist_region *region)
{
	if (region->release)
		region->release(region);
	region->release = NULL;
}

static const char *type_of(uint32_t kind)
{
	return kind == KIST_KIND_VALUE ? "kist.value" : "kist.bytes";
}

/* The region stands in memory of its own, of the host's. */
static void release_region(struct kist_object *object)
{
	kist_region_release(object->value);
	kist_free(object->value);
	object->release = NULL;
}

kist_status kist_object_of_region(struct kist_region *region, uint32_t kind, struct kist_object *ret,
				  struct kist_error *err)
{
	struct kist_region *const moved = kist_alloc(1, sizeof(*moved));

	if (!moved)
		return kist_fail_memory(err, sizeof(*moved));
	*moved = *region;
	region->release = NULL;
	fill(ret, kind, type_of(kind), moved, release_region);
	return KIST_OK;
}

kist_status kist_object_of_copy(const void *data, size_t size, uint32_t kind, struct kist_object *ret,
				struct kist_error *err)
{
	struct kist_region *region;

	/* Both in one piece, which release_region() frees; a byte more, so that texts end in a NUL. */
	if (size > SIZE_MAX - sizeof(*region) - 1)
		return kist_fail_memory(err, size);
	region = kist_alloc(sizeof(*region) + size + 1, 1);
	if (!region)
		return kist_fail_memory(err, size);
	if (size > 0)
		memcpy(region + 1, data, size);
	*region = (struct kist_region){ .struct_size = sizeof(*region), .base = region + 1, .len = size };
	fill(ret, kind, type_of(kind), region, release_region);
	return KIST_OK;
}
