/* SPDX-License-Identifier: Apache-2.0 */
#include "modeltest.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

struct file file_make(const char *json, size_t data_size)
{
	const size_t len = strlen(json);
	struct file file = { .size = 8 + len + data_size };

	file.data = malloc(file.size);
	ck_assert_ptr_nonnull(file.data);
	for (int i = 0; i < 8; i++)
		file.data[i] = (uint8_t)((uint64_t)len >> 8 * i);
	memcpy(file.data + 8, json, len);
	for (size_t i = 0; i < data_size; i++)
		file.data[8 + len + i] = (uint8_t)i;
	return file;
}

static void count_delete(DLManagedTensorVersioned *tensor)
{
	struct given *given = tensor->manager_ctx;

	given->deletes++;
}

void given_init(struct given *tensor, const char *name, uint8_t code, uint8_t bits, const void *data,
		int32_t ndim, ...)
{
	va_list args;
	int64_t stride = 1;

	*tensor = (struct given){ .name = name };
	va_start(args, ndim);
	for (int32_t i = 0; i < ndim; i++)
		tensor->shape[i] = va_arg(args, int);
	va_end(args);
	for (int32_t i = ndim - 1; i >= 0; i--) {
		tensor->strides[i] = stride;
		stride *= tensor->shape[i];
	}
	tensor->tensor = (DLManagedTensorVersioned){
		.version = { 1, 1 },
		.manager_ctx = tensor,
		.deleter = count_delete,
		.dl_tensor = { .data = (void *)(uintptr_t)data,
			       .device = { .device_type = kDLCPU },
			       .ndim = ndim,
			       .dtype = { .code = code, .bits = bits, .lanes = 1 },
			       .shape = tensor->shape,
			       .strides = tensor->strides },
	};
}

static kist_status model_get_name(struct kist_tensor_map *map, uint64_t i, const char **ret_name)
{
	const struct model *model = map->ctx;

	*ret_name = model->tensors[i].name;
	return KIST_OK;
}

static kist_status model_get(struct kist_tensor_map *map, struct kist_call *call, uint64_t i,
			     DLManagedTensorVersioned **ret_tensor)
{
	const struct model *model = map->ctx;

	(void)call;
	model->tensors[i].gets++;
	*ret_tensor = &model->tensors[i].tensor;
	return KIST_OK;
}

void model_init(struct model *model, struct given *tensors, size_t count, const char *meta)
{
	*model = (struct model){
		.map = { .struct_size = sizeof(struct kist_tensor_map),
			 .ctx = model,
			 .count = count,
			 .meta = meta,
			 .meta_len = meta ? strlen(meta) : 0,
			 .get_name = model_get_name,
			 .get = model_get },
		.object = { .struct_size = sizeof(struct kist_object),
			    .kind = KIST_KIND_MODEL,
			    .type = "test" },
		.tensors = tensors,
	};
	model->object.value = &model->map;
}

const ArtifactTaskInterface *safetensors(void)
{
	const struct kist_type_decl *type = plugtest_type("kist.safetensors");

	ck_assert_ptr_nonnull(type);
	return type->interface;
}

void *safetensors_instance(void)
{
	struct plugtest_call call;
	void *instance = NULL;

	plugtest_call_init(&call);
	ck_assert_int_eq(safetensors()->open(NULL, &call.call, &instance), KIST_OK);
	plugtest_call_done(&call);
	return instance;
}

kist_status model_write(struct model *model, const struct kist_params *params, struct plugtest_call *call,
			struct plugtest_sink *sink)
{
	kist_status status;

	plugtest_call_init(call);
	plugtest_sink_init(sink);
	status = safetensors()->serialize(NULL, &call->call, &model->object, params, &sink->sink);
	plugtest_call_done(call);
	return status;
}
