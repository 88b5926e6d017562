/* SPDX-License-Identifier: Apache-2.0 */

/* What else the methods of a type make of an index: is the file sound, where do its tensors lie. */
#include <stdlib.h>

#include "model_index.h"

kist_status model_refuse_write(void *instance, struct kist_call *call, const struct kist_object *object,
			       const struct kist_params *params, struct kist_sink *sink)
{
	const struct model_format *const format = instance;

	(void)object;
	(void)params;
	(void)sink;
	return kist_failf(call, KIST_UNSUPPORTED, "E_KIND", KIST_NO_OFFSET,
			  "%s files are read, not written: a model is written as kist.safetensors",
			  format->name);
}

kist_status model_validate(void *instance, struct kist_call *call, struct kist_source *source,
			   const struct kist_params *params, struct kist_report *report)
{
	const struct model_format *const format = instance;
	struct model_index index = { 0 };
	struct model_fault fault = { 0 };
	kist_status status = format->prove ? format->prove(call, source, &fault)
					   : format->read(call, source, &index, &fault);

	(void)params;
	/* What is elsewhere is named, and nothing is opened. */
	if (status == KIST_OK && index.absent > 0)
		kist_issuef(report, KIST_ISSUE_WARNING, "E_EXTERNAL", 0,
			    "%llu tensors lie in other files, which have to be kept beside it",
			    (unsigned long long)index.absent);
	model_index_done(&index);
	if (status == KIST_OK && format->check)
		status = format->check(call, source, report, &fault);
	if (!fault.code)
		return status;
	report->issue(report, KIST_ISSUE_ERROR, fault.code, fault.offset, fault.text, strlen(fault.text));
	return KIST_OK;
}

static int compare_offsets(const void *context, uint32_t a, uint32_t b)
{
	const struct model_tensor *const left = model_index_at(context, a);
	const struct model_tensor *const right = model_index_at(context, b);

	if (left->offset != right->offset)
		return left->offset < right->offset ? -1 : 1;
	/* What has no bytes before what begins where it ends. */
	if (left->len == 0 || right->len == 0)
		return (left->len > 0) - (right->len > 0);
	return (left->len < right->len) - (left->len > right->len);
}

/* Tensors may share their bytes: a part is given once, and what lies within one that was given is none. */
static kist_status give_parts(struct kist_call *call, const struct model_index *index, const uint32_t *order,
			      struct kist_layout *layout)
{
	uint64_t end = 0;

	for (size_t i = 0; i < index->tensors.count; i++) {
		const struct model_tensor *const tensor = model_index_at(index, order[i]);
		/* Elements that lie otherwise are a row of them all. */
		const int64_t row = (int64_t)(tensor->len * 8 / tensor->dtype.bits);
		const struct kist_part part = {
			.struct_size = sizeof(part),
			.flags = tensor->has_strides ? KIST_PART_STORAGE : 0,
			.name = model_index_name(index, order[i]),
			.offset = tensor->offset,
			.len = tensor->len,
			.dtype = tensor->dtype,
			.ndim = tensor->has_strides ? 1 : tensor->ndim,
			.shape = tensor->has_strides ? &row
				 : tensor->ndim > 0  ? model_index_shape(index, order[i])
						     : NULL,
		};

		if (i % 1024 == 0)
			MODEL_TRY(call->poll(call));
		if (tensor->is_coded || tensor->offset < end)
			continue;
		MODEL_TRY(layout->part(layout, &part));
		end = tensor->offset + tensor->len;
	}
	return KIST_OK;
}

static kist_status lay_out(struct kist_call *call, const struct model_index *index,
			   struct kist_layout *layout)
{
	uint32_t *order = NULL;
	kist_status status;

	MODEL_TRY(model_order(call, index->tensors.count, compare_offsets, index, &order));
	status = give_parts(call, index, order, layout);
	free(order);
	return status;
}

kist_status model_layout(void *instance, struct kist_call *call, struct kist_source *source,
			 const struct kist_params *params, struct kist_layout *layout)
{
	const struct model_format *const format = instance;
	struct model_index index = { 0 };
	struct model_fault fault = { 0 };
	kist_status status = format->read(call, source, &index, &fault);

	(void)params;
	status = status == KIST_OK ? lay_out(call, &index, layout) : model_fault_fail(&fault, call, status);
	model_index_done(&index);
	return status;
}
