/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/object/produce.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static int live;

int produce_live(void)
{
	return live;
}

static void *must(void *mem)
{
	if (!mem)
		abort();
	return mem;
}

static void release_schema(struct ArrowSchema *schema)
{
	live--;
	for (int64_t i = 0; i < schema->n_children; i++) {
		if (schema->children[i]->release)
			schema->children[i]->release(schema->children[i]);
		free(schema->children[i]);
	}
	if (schema->dictionary)
		produce_free_schema(schema->dictionary);
	free(schema->children);
	schema->release = NULL;
}

struct ArrowSchema *produce_schema(const char *format, const char *name, ...)
{
	struct ArrowSchema *const schema = must(calloc(1, sizeof(*schema)));
	struct ArrowSchema *child;
	va_list args;

	schema->format = format;
	schema->name = name;
	schema->release = release_schema;
	schema->children = must(calloc(64, sizeof(*schema->children)));
	va_start(args, name);
	while ((child = va_arg(args, struct ArrowSchema *)))
		schema->children[schema->n_children++] = child;
	va_end(args);
	live++;
	return schema;
}

void produce_free_schema(struct ArrowSchema *schema)
{
	if (schema && schema->release)
		schema->release(schema);
	free(schema);
}

struct array_memory {
	int64_t n_children;
	struct ArrowArray **children;
	const void **buffers;
};

static void release_array(struct ArrowArray *array)
{
	struct array_memory *const own = array->private_data;

	live--;
	for (int64_t i = 0; i < own->n_children; i++)
		produce_free_array(own->children[i]);
	produce_free_array(array->dictionary);
	free(own->children);
	free(own->buffers);
	free(own);
	array->release = NULL;
}

struct ArrowArray *produce_array(int64_t length, int64_t n_buffers, int64_t n_children)
{
	struct ArrowArray *const array = must(calloc(1, sizeof(*array)));
	struct array_memory *const own = must(calloc(1, sizeof(*own)));

	own->n_children = n_children;
	own->children = must(calloc((size_t)n_children + 1, sizeof(*own->children)));
	own->buffers = must(calloc((size_t)n_buffers + 1, sizeof(*own->buffers)));
	*array = (struct ArrowArray){ .length = length,
				      .n_buffers = n_buffers,
				      .n_children = n_children,
				      .buffers = own->buffers,
				      .children = own->children,
				      .release = release_array,
				      .private_data = own };
	live++;
	return array;
}

struct ArrowArray *produce_column(int64_t length, const void *values)
{
	struct ArrowArray *const array = produce_array(length, 2, 0);

	array->buffers[1] = values;
	return array;
}

struct ArrowArray *produce_batch(int64_t length, ...)
{
	struct ArrowArray *const batch = produce_array(length, 1, 8);
	struct ArrowArray *column;
	va_list args;

	batch->n_children = 0;
	va_start(args, length);
	while ((column = va_arg(args, struct ArrowArray *)))
		batch->children[batch->n_children++] = column;
	va_end(args);
	((struct array_memory *)batch->private_data)->n_children = batch->n_children;
	return batch;
}

void produce_free_array(struct ArrowArray *array)
{
	if (array && array->release)
		array->release(array);
	free(array);
}

static struct ArrowSchema *copy_schema(const struct ArrowSchema *schema)
{
	struct ArrowSchema *const copy = produce_schema(schema->format, schema->name, NULL);

	copy->flags = schema->flags;
	copy->metadata = schema->metadata;
	for (int64_t i = 0; i < schema->n_children; i++)
		copy->children[copy->n_children++] = copy_schema(schema->children[i]);
	if (schema->dictionary)
		copy->dictionary = copy_schema(schema->dictionary);
	return copy;
}

static int get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
	const struct producer *const producer = stream->private_data;
	struct ArrowSchema *copy;

	if (producer->schema_error)
		return producer->schema_error;
	copy = copy_schema(producer->schema);
	*out = *copy;
	free(copy);
	return 0;
}

static int get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
	struct producer *const producer = stream->private_data;

	if (producer->error && producer->next == producer->fail_at) {
		/* A hostile producer leaves rubbish behind. */
		memset(out, 0xa5, sizeof(*out));
		return producer->error;
	}
	memset(out, 0, sizeof(*out));
	if (producer->next == producer->batch_count)
		return 0;
	*out = *producer->batches[producer->next];
	free(producer->batches[producer->next]);
	producer->batches[producer->next++] = NULL;
	return 0;
}

static const char *get_last_error(struct ArrowArrayStream *stream)
{
	return ((struct producer *)stream->private_data)->error_text;
}

static void release_stream(struct ArrowArrayStream *stream)
{
	struct producer *const producer = stream->private_data;

	if (!producer->schema)
		abort();
	live--;
	produce_free_schema(producer->schema);
	producer->schema = NULL;
	for (; producer->next < producer->batch_count; producer->next++)
		produce_free_array(producer->batches[producer->next]);
	if (!producer->sticky_release)
		stream->release = NULL;
}

static void release_table(struct kist_object *object)
{
	struct ArrowArrayStream *const stream = object->value;
	const bool sticky = ((struct producer *)stream->private_data)->sticky_release;

	live--;
	if (stream->release)
		stream->release(stream);
	free(stream);
	if (!sticky)
		object->release = NULL;
}

void produce_table(struct producer *producer, struct kist_object *ret)
{
	struct ArrowArrayStream *const stream = must(calloc(1, sizeof(*stream)));

	*stream = (struct ArrowArrayStream){ .get_schema = get_schema,
					     .get_next = get_next,
					     .get_last_error = get_last_error,
					     .release = release_stream,
					     .private_data = producer };
	*ret = (struct kist_object){ .struct_size = sizeof(*ret),
				     .kind = KIST_KIND_TABLE,
				     .type = "test.table",
				     .value = stream,
				     .release = release_table };
	live += 2;
}

static void delete_tensor(DLManagedTensorVersioned *tensor)
{
	live--;
	free(tensor->dl_tensor.shape);
	free(tensor->dl_tensor.strides);
	free(tensor);
}

static DLManagedTensorVersioned *new_tensor(void *data, DLDataType dtype, int32_t ndim, const int64_t *shape,
					    const int64_t *strides)
{
	DLManagedTensorVersioned *const tensor = must(calloc(1, sizeof(*tensor)));

	tensor->version.major = DLPACK_MAJOR_VERSION;
	tensor->deleter = delete_tensor;
	tensor->dl_tensor = (DLTensor){
		.data = data, .device = { .device_type = kDLCPU }, .ndim = ndim, .dtype = dtype
	};
	tensor->dl_tensor.shape = must(calloc((size_t)ndim + 1, sizeof(int64_t)));
	if (ndim > 0)
		memcpy(tensor->dl_tensor.shape, shape, (size_t)ndim * sizeof(int64_t));
	if (strides) {
		tensor->dl_tensor.strides = must(calloc((size_t)ndim + 1, sizeof(int64_t)));
		memcpy(tensor->dl_tensor.strides, strides, (size_t)ndim * sizeof(int64_t));
	}
	live++;
	return tensor;
}

static void release_tensor(struct kist_object *object)
{
	DLManagedTensorVersioned *const tensor = object->value;

	tensor->deleter(tensor);
	object->release = NULL;
}

void produce_tensor(void *data, DLDataType dtype, int32_t ndim, const int64_t *shape, const int64_t *strides,
		    struct kist_object *ret)
{
	*ret = (struct kist_object){ .struct_size = sizeof(*ret),
				     .kind = KIST_KIND_TENSOR,
				     .type = "test.tensor",
				     .value = new_tensor(data, dtype, ndim, shape, strides),
				     .release = release_tensor };
}

static kist_status model_get_name(struct kist_tensor_map *map, uint64_t i, const char **ret_name)
{
	if (i >= map->count)
		return KIST_INVALID;
	*ret_name = ((const char *const *)map->ctx)[i];
	return KIST_OK;
}

static kist_status model_get(struct kist_tensor_map *map, struct kist_call *call, uint64_t i,
			     DLManagedTensorVersioned **ret_tensor)
{
	static double values[16] = { 0.5, 1.5, 2.5, 3.5 };
	const int64_t shape[] = { 1 };

	(void)call;
	if (i >= map->count)
		return KIST_INVALID;
	*ret_tensor = new_tensor(&values[i], (DLDataType){ kDLFloat, 64, 1 }, 1, shape, NULL);
	return KIST_OK;
}

static void release_model(struct kist_object *object)
{
	live--;
	free(object->value);
	object->release = NULL;
}

void produce_model(const char *const *names, struct kist_object *ret)
{
	struct kist_tensor_map *const map = must(calloc(1, sizeof(*map)));

	*map = (struct kist_tensor_map){ .struct_size = sizeof(*map),
					 .ctx = (void *)(uintptr_t)names,
					 .get_name = model_get_name,
					 .get = model_get };
	while (names[map->count])
		map->count++;
	*ret = (struct kist_object){ .struct_size = sizeof(*ret),
				     .kind = KIST_KIND_MODEL,
				     .type = "test.model",
				     .value = map,
				     .release = release_model };
	live++;
}
