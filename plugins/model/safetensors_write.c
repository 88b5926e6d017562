/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Writing, byte for byte as the safetensors library does: tensors by dtype, the last of the enum first, then
 * by name; no white space in the JSON; spaces up to a multiple of 8 after it.
 *
 * The map is read twice, one tensor at a time: first for the header, then for the bytes.
 */
#include <stdlib.h>

#include "safetensors.h"

/* Bytes of an entry in the header apart from its name and its shape, at least. */
#define ENTRY_SIZE_MIN 44

/* What the header needs to know of tensor @index of the map. */
struct item {
	const char *name;
	uint64_t index;
	uint64_t bytes;
	size_t shape;
	uint32_t name_len;
	uint8_t dtype;
	uint8_t ndim;
};

struct writer {
	struct kist_call *call;
	struct kist_tensor_map *map;
	struct kist_sink *sink;
	struct item *items;
	size_t count;
	size_t capacity;
	int64_t *shapes;
	size_t shape_count;
	size_t shape_capacity;
	uint32_t *order;
	uint64_t total;
	uint64_t text_size;
	struct model_out out;
	struct safetensors_packer packer;
};

/* Fails for a tensor of the map, named as far as the message goes. */
static kist_status refuse(struct writer *writer, kist_status status, const char *code, const char *name,
			  const char *what)
{
	int len = name ? (int)strnlen(name, 120) : 0;

	while (len > 0 && ((uint8_t)name[len] & 0xC0) == 0x80)
		len--;
	return kist_failf(writer->call, status, code, KIST_NO_OFFSET, "tensor '%.*s' %s", len,
			  name ? name : "", what);
}

static void drop(DLManagedTensorVersioned *tensor)
{
	if (tensor->deleter)
		tensor->deleter(tensor);
}

static bool is_host_memory(DLDeviceType device)
{
	return device == kDLCPU || device == kDLCUDAHost || device == kDLROCMHost || device == kDLCUDAManaged;
}

/* Checks everything that is read of a tensor, and fills in @item but for its name. */
static kist_status check_tensor(struct writer *writer, const DLManagedTensorVersioned *managed,
				const char *name, struct item *item)
{
	const DLTensor *tensor = &managed->dl_tensor;
	struct model_size size;
	int dtype;

	if (managed->version.major != DLPACK_MAJOR_VERSION)
		return refuse(writer, KIST_INCOMPATIBLE, "E_VERSION", name, "has another DLPack version");
	if (!is_host_memory(tensor->device.device_type))
		return refuse(writer, KIST_UNSUPPORTED, "E_DEVICE", name, "is not in host memory");
	dtype = model_dtype_find(tensor->dtype.code, tensor->dtype.bits);
	if (dtype < 0 || tensor->dtype.lanes != 1)
		return refuse(writer, KIST_UNSUPPORTED, "E_DTYPE", name,
			      "has a dtype that safetensors lacks");
	if (model_dtypes[dtype].bits < 8 && managed->flags & DLPACK_FLAG_BITMASK_IS_SUBBYTE_TYPE_PADDED)
		return refuse(writer, KIST_UNSUPPORTED, "E_DTYPE", name, "is padded, not packed");
	if (tensor->ndim < 0 || tensor->ndim > KIST_RANK_MAX || (tensor->ndim > 0 && !tensor->shape))
		return refuse(writer, KIST_INVALID, "E_SHAPE", name, "has no shape of rank 0 to 64");
	size = model_size_of((uint8_t)dtype, tensor->shape, tensor->ndim);
	if (size.fault == MODEL_SIZE_NEGATIVE)
		return refuse(writer, KIST_INVALID, "E_SHAPE", name, "has a negative dimension");
	if (size.fault == MODEL_SIZE_OVERFLOW)
		return refuse(writer, KIST_INVALID, "E_OVERFLOW", name, "has more than 2^63-1 bits");
	if (size.fault == MODEL_SIZE_MISALIGNED)
		return refuse(writer, KIST_UNSUPPORTED, "E_MISALIGNED", name, "does not fill whole bytes");
	if (size.bytes > 0 && !tensor->data)
		return refuse(writer, KIST_INVALID, "E_TENSOR_INFO", name, "has no data");
	item->dtype = (uint8_t)dtype;
	item->ndim = (uint8_t)tensor->ndim;
	item->bytes = size.bytes;
	return KIST_OK;
}

static kist_status open_tensor(struct writer *writer, uint64_t index, const char *name,
			       DLManagedTensorVersioned **ret_tensor)
{
	DLManagedTensorVersioned *tensor = NULL;

	MODEL_TRY(writer->map->get(writer->map, writer->call, index, &tensor));
	if (!tensor)
		return refuse(writer, KIST_INTERNAL, NULL, name, "was promised, but not given");
	*ret_tensor = tensor;
	return KIST_OK;
}

/* First reading: the header -------------------------------------------------------------------------- */

static kist_status keep_shape(struct writer *writer, const DLTensor *tensor, struct item *item)
{
	const size_t ndim = item->ndim;

	if (ndim > writer->shape_capacity - writer->shape_count) {
		const size_t capacity = writer->shape_capacity * 2 + 256;
		int64_t *shapes = realloc(writer->shapes, capacity * sizeof(*shapes));

		if (!shapes)
			return model_no_memory(writer->call);
		writer->shapes = shapes;
		writer->shape_capacity = capacity;
	}
	item->shape = writer->shape_count;
	if (ndim > 0)
		memcpy(writer->shapes + item->shape, tensor->shape, ndim * sizeof(int64_t));
	writer->shape_count += ndim;
	return KIST_OK;
}

static kist_status keep_item(struct writer *writer, const struct item *item)
{
	if (writer->count == writer->capacity) {
		const size_t capacity = writer->capacity * 2 + 16;
		struct item *items = realloc(writer->items, capacity * sizeof(*items));

		if (!items)
			return model_no_memory(writer->call);
		writer->items = items;
		writer->capacity = capacity;
	}
	writer->items[writer->count++] = *item;
	return KIST_OK;
}

static kist_status too_large(struct writer *writer)
{
	return kist_failf(writer->call, KIST_LIMIT, "E_HEADER_TOO_LARGE", KIST_NO_OFFSET,
			  "the header would be over %u bytes", SAFETENSORS_HEADER_SIZE_MAX);
}

static kist_status check_name(struct writer *writer, const char *name, struct item *item)
{
	const size_t len = name ? strnlen(name, SAFETENSORS_NAME_SIZE_MAX + 1) : 0;

	if (!name)
		return refuse(writer, KIST_INVALID, "E_NAME", name, "has no name");
	if (len > SAFETENSORS_NAME_SIZE_MAX)
		return kist_failf(writer->call, KIST_LIMIT, "E_NAME", KIST_NO_OFFSET,
				  "the name of tensor %llu is longer than 64 KiB",
				  (unsigned long long)item->index);
	if (!model_is_utf8(name, len))
		return kist_failf(writer->call, KIST_INVALID, "E_NAME", KIST_NO_OFFSET,
				  "the name of tensor %llu is not UTF-8", (unsigned long long)item->index);
	if (strcmp(name, SAFETENSORS_METADATA_KEY) == 0)
		return refuse(writer, KIST_INVALID, "E_NAME", name, "has the name that metadata has");
	item->name = name;
	item->name_len = (uint32_t)len;
	return KIST_OK;
}

static kist_status keep_tensor(struct writer *writer, const DLManagedTensorVersioned *tensor,
			       struct item *item)
{
	MODEL_TRY(check_tensor(writer, tensor, item->name, item));
	if (model_dtypes[item->dtype].bits < 8 && !safetensors_is_contiguous(&tensor->dl_tensor))
		return refuse(writer, KIST_UNSUPPORTED, "E_STRIDES", item->name,
			      "has strides and elements smaller than a byte");
	if (__builtin_add_overflow(writer->total, item->bytes, &writer->total) || writer->total > INT64_MAX)
		return refuse(writer, KIST_INVALID, "E_OVERFLOW", item->name, "makes more than 2^63-1 bytes");
	writer->text_size += ENTRY_SIZE_MIN + item->name_len + 2 * (uint64_t)item->ndim;
	if (writer->text_size > SAFETENSORS_HEADER_SIZE_MAX)
		return too_large(writer);
	MODEL_TRY(keep_shape(writer, &tensor->dl_tensor, item));
	return keep_item(writer, item);
}

static kist_status collect(struct writer *writer)
{
	for (uint64_t i = 0; i < writer->map->count; i++) {
		struct item item = { .index = i };
		DLManagedTensorVersioned *tensor = NULL;
		const char *name = NULL;
		kist_status status;

		MODEL_TRY(writer->call->poll(writer->call));
		MODEL_TRY(writer->map->get_name(writer->map, i, &name));
		MODEL_TRY(check_name(writer, name, &item));
		MODEL_TRY(open_tensor(writer, i, name, &tensor));
		status = keep_tensor(writer, tensor, &item);
		drop(tensor);
		MODEL_TRY(status);
	}
	return KIST_OK;
}

static int compare_names(const void *context, uint32_t a, uint32_t b)
{
	const struct item *items = context;

	return strcmp(items[a].name, items[b].name);
}

static int compare_dtypes(const void *context, uint32_t a, uint32_t b)
{
	const struct item *items = context;

	return (int)items[b].dtype - (int)items[a].dtype;
}

/* The second sort is stable: within a dtype, names stay in order. */
static kist_status arrange(struct writer *writer)
{
	const struct item *items = writer->items;
	uint32_t *order = malloc((writer->count + 1) * sizeof(*order));

	if (!order)
		return model_no_memory(writer->call);
	writer->order = order;
	for (uint32_t i = 0; i < writer->count; i++)
		order[i] = i;
	MODEL_TRY(model_sort(writer->call, order, writer->count, compare_names, items));
	for (size_t i = 1; i < writer->count; i++) {
		if (compare_names(items, order[i - 1], order[i]) == 0)
			return refuse(writer, KIST_INVALID, "E_DUPLICATE", items[order[i]].name,
				      "is there twice");
	}
	return model_sort(writer->call, order, writer->count, compare_dtypes, items);
}

static kist_status put_pairs(struct writer *writer, const struct safetensors_pairs *pairs)
{
	struct model_out *out = &writer->out;

	model_out_text(out, "\"" SAFETENSORS_METADATA_KEY "\":{");
	for (size_t i = 0; i < pairs->count; i++) {
		if (i % 1024 == 0)
			MODEL_TRY(writer->call->poll(writer->call));
		if (i > 0)
			model_out_text(out, ",");
		safetensors_string_put(out, pairs->data, pairs->at[i]);
		model_out_text(out, ":");
		safetensors_string_put(out, pairs->data, safetensors_pairs_value(pairs, i));
	}
	model_out_text(out, "}");
	return KIST_OK;
}

static kist_status take_meta(struct safetensors_text *text, struct safetensors_pairs *ret_pairs)
{
	kist_status status;
	int found;

	MODEL_TRY(safetensors_check_utf8(text));
	MODEL_TRY(safetensors_pairs_take(text, ret_pairs));
	status = safetensors_peek(text, &found);
	if (status == KIST_OK && found >= 0)
		status = model_fault_set(text->fault, KIST_INVALID, "E_METADATA", KIST_NO_OFFSET,
					 "something follows the object");
	if (status != KIST_OK)
		safetensors_pairs_done(ret_pairs);
	return status;
}

/* Whatever is wrong with the metadata of a map, it is the caller's object, not a file. */
static kist_status put_meta(struct writer *writer)
{
	struct model_fault fault = { 0 };
	struct safetensors_pairs pairs;
	struct safetensors_text text = { .data = (const uint8_t *)writer->map->meta,
					 .size = writer->map->meta_len,
					 .base = KIST_NO_OFFSET,
					 .call = writer->call,
					 .fault = &fault };
	kist_status status;

	if (text.size > SAFETENSORS_HEADER_SIZE_MAX)
		return too_large(writer);
	status = take_meta(&text, &pairs);
	if (fault.code)
		return kist_failf(writer->call, KIST_INVALID, "E_METADATA", KIST_NO_OFFSET,
				  "the metadata is not an object of strings: %s", fault.text);
	MODEL_TRY(status);
	status = put_pairs(writer, &pairs);
	safetensors_pairs_done(&pairs);
	return status;
}

static void put_entry(struct writer *writer, const struct item *item, uint64_t begin)
{
	struct model_out *out = &writer->out;

	model_out_string(out, item->name, item->name_len);
	model_out_text(out, ":{\"dtype\":\"");
	model_out_text(out, model_dtypes[item->dtype].name);
	model_out_text(out, "\",\"shape\":");
	model_out_shape(out, writer->shapes + item->shape, item->ndim);
	model_out_text(out, ",\"data_offsets\":[");
	model_out_number(out, begin);
	model_out_text(out, ",");
	model_out_number(out, begin + item->bytes);
	model_out_text(out, "]}");
}

static kist_status put_entries(struct writer *writer)
{
	struct model_out *out = &writer->out;
	const bool has_meta = KIST_HAS(writer->map, meta);
	uint64_t begin = 0;

	out->limit = SAFETENSORS_HEADER_SIZE_MAX;
	model_out_text(out, "{");
	if (has_meta)
		MODEL_TRY(put_meta(writer));
	for (size_t i = 0; i < writer->count; i++) {
		const struct item *item = &writer->items[writer->order[i]];

		if (i % 1024 == 0)
			MODEL_TRY(writer->call->poll(writer->call));
		if (i > 0 || has_meta)
			model_out_text(out, ",");
		put_entry(writer, item, begin);
		begin += item->bytes;
	}
	model_out_text(out, "}");
	return KIST_OK;
}

/* Spaces until the data begins, 8 + N, at a multiple of @align. */
static kist_status put_header(struct writer *writer, size_t align)
{
	struct model_out *out = &writer->out;
	uint8_t size[8];

	MODEL_TRY(put_entries(writer));
	while (!out->full && !out->failed && (8 + out->size) % align != 0)
		model_out_text(out, " ");
	if (out->failed)
		return model_no_memory(writer->call);
	if (out->full)
		return too_large(writer);
	for (int i = 0; i < 8; i++)
		size[i] = (uint8_t)((uint64_t)out->size >> 8 * i);
	MODEL_TRY(writer->sink->write(writer->sink, size, sizeof(size)));
	for (size_t at = 0; at < out->size; at += MODEL_STEP_SIZE) {
		const size_t left = out->size - at;

		MODEL_TRY(writer->call->poll(writer->call));
		MODEL_TRY(writer->sink->write(writer->sink, out->data + at,
					      left < MODEL_STEP_SIZE ? left : MODEL_STEP_SIZE));
	}
	return KIST_OK;
}

/* Second reading: the bytes -------------------------------------------------------------------------- */

/* The part is opened by what the header says, so a tensor that changed since then is refused. */
static kist_status put_tensor(struct writer *writer, const struct item *item,
			      const DLManagedTensorVersioned *managed)
{
	const DLTensor *tensor = &managed->dl_tensor;
	const int64_t *shape = writer->shapes + item->shape;
	const struct kist_part part = {
		.struct_size = sizeof(part),
		.name = item->name,
		.len = item->bytes,
		.dtype = { .code = model_dtypes[item->dtype].code,
			   .bits = model_dtypes[item->dtype].bits,
			   .lanes = 1 },
		.ndim = item->ndim,
		.shape = item->ndim > 0 ? shape : NULL,
	};
	struct item again = { 0 };

	MODEL_TRY(check_tensor(writer, managed, item->name, &again));
	if (again.dtype != item->dtype || again.ndim != item->ndim || again.bytes != item->bytes ||
	    (item->ndim > 0 && memcmp(tensor->shape, shape, item->ndim * sizeof(*shape)) != 0))
		return refuse(writer, KIST_INVALID, "E_TENSOR_INFO", item->name,
			      "changed while it was written");
	MODEL_TRY(writer->sink->begin(writer->sink, &part));
	if (item->bytes > 0)
		MODEL_TRY(safetensors_pack(&writer->packer, tensor, item->bytes));
	return writer->sink->end(writer->sink);
}

static kist_status put_tensors(struct writer *writer)
{
	uint64_t done = 0;

	for (size_t i = 0; i < writer->count; i++) {
		const struct item *item = &writer->items[writer->order[i]];
		DLManagedTensorVersioned *tensor = NULL;
		kist_status status;

		MODEL_TRY(writer->call->poll(writer->call));
		MODEL_TRY(open_tensor(writer, item->index, item->name, &tensor));
		status = put_tensor(writer, item, tensor);
		drop(tensor);
		MODEL_TRY(status);
		done += item->bytes;
		writer->call->progress(writer->call, done, writer->total);
	}
	return KIST_OK;
}

static kist_status find_align(struct kist_call *call, const struct kist_params *params, size_t *ret_align)
{
	const struct kist_param *param = kist_param_find(params, "align");

	*ret_align = 8;
	if (!param)
		return KIST_OK;
	if (param->kind != KIST_PARAM_INTEGER ||
	    (param->integer != 8 && param->integer != 64 && param->integer != 4096))
		return kist_failf(call, KIST_INVALID, "E_PARAM", KIST_NO_OFFSET,
				  "align must be 8, 64 or 4096");
	*ret_align = (size_t)param->integer;
	return KIST_OK;
}

static kist_status write_model(struct writer *writer, size_t align)
{
	MODEL_TRY(collect(writer));
	MODEL_TRY(arrange(writer));
	MODEL_TRY(put_header(writer, align));
	return put_tensors(writer);
}

kist_status safetensors_serialize(void *instance, struct kist_call *call, const struct kist_object *object,
				  const struct kist_params *params, struct kist_sink *sink)
{
	struct writer writer = {
		.call = call, .map = object->value, .sink = sink, .packer = { .call = call, .sink = sink }
	};
	kist_status status;
	size_t align;

	(void)instance;
	if (object->kind != KIST_KIND_MODEL || !object->value)
		return kist_failf(call, KIST_UNSUPPORTED, "E_KIND", KIST_NO_OFFSET,
				  "the object is not a model");
	MODEL_TRY(find_align(call, params, &align));
	status = write_model(&writer, align);
	free(writer.items);
	free(writer.shapes);
	free(writer.order);
	safetensors_packer_done(&writer.packer);
	model_out_done(&writer.out);
	return status;
}
