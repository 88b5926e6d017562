/* SPDX-License-Identifier: Apache-2.0 */
#include "kept.h"

#include <stdlib.h>

#define DESCRIPTION_SIZE_MAX ((size_t)256 << 10)

kist_status kept_refuse_write(void *instance, struct kist_call *call, const struct kist_object *object,
			      const struct kist_params *params, struct kist_sink *sink)
{
	const struct kept_format *const format = instance;

	(void)object;
	(void)params;
	(void)sink;
	return kist_failf(call, KIST_UNSUPPORTED, "E_KIND", KIST_NO_OFFSET, "%s files are kept, not written",
			  format->name);
}

static void release_bytes(struct kist_object *object)
{
	struct kist_region *const region = object->value;

	if (region->release)
		region->release(region);
	free(region);
	object->value = NULL;
	object->release = NULL;
}

kist_status kept_deserialize(void *instance, struct kist_call *call, struct kist_source *source,
			     const struct kist_params *params, struct kist_object *ret_object)
{
	const struct kept_format *const format = instance;
	struct kist_region *const region = calloc(1, sizeof(*region));
	kist_status status;

	(void)params;
	if (!region)
		return model_no_memory(call);
	region->struct_size = sizeof(*region);
	status = source->size > 0 ? source->map(source, 0, source->size, region) : KIST_OK;
	if (status != KIST_OK) {
		free(region);
		return status;
	}
	ret_object->kind = KIST_KIND_BYTES;
	ret_object->flags = 0;
	ret_object->type = format->type;
	ret_object->type_major = 1;
	ret_object->type_minor = 0;
	ret_object->value = region;
	ret_object->release = release_bytes;
	ret_object->priv = NULL;
	return KIST_OK;
}

kist_status kept_validate(void *instance, struct kist_call *call, struct kist_source *source,
			  const struct kist_params *params, struct kist_report *report)
{
	const struct kept_format *const format = instance;
	struct model_out out = { .limit = DESCRIPTION_SIZE_MAX };
	struct model_fault fault = { 0 };
	const struct kept kept = {
		.call = call, .source = source, .out = &out, .report = report, .fault = &fault
	};
	kist_status status = format->look(&kept);

	(void)params;
	model_out_done(&out);
	if (!fault.code)
		return status;
	report->issue(report, KIST_ISSUE_ERROR, fault.code, fault.offset, fault.text, strlen(fault.text));
	return KIST_OK;
}

kist_status kept_layout(void *instance, struct kist_call *call, struct kist_source *source,
			const struct kist_params *params, struct kist_layout *layout)
{
	const struct kept_format *const format = instance;
	struct model_fault fault = { 0 };

	(void)params;
	if (!format->parts)
		return KIST_OK;
	return model_fault_fail(&fault, call, format->parts(call, source, layout, &fault));
}

kist_status kept_describe(void *instance, struct kist_call *call, struct kist_source *source,
			  const struct kist_params *params, struct kist_sink *sink)
{
	const struct kept_format *const format = instance;
	struct model_out out = { .limit = DESCRIPTION_SIZE_MAX };
	struct model_fault fault = { 0 };
	const struct kept kept = { .call = call, .source = source, .out = &out, .fault = &fault };
	kist_status status;

	(void)params;
	model_out_text(&out, "{\"kind\":\"bytes\",\"format\":\"");
	model_out_text(&out, format->name);
	model_out_text(&out, "\"");
	status = model_fault_fail(&fault, call, format->look(&kept));
	model_out_text(&out, "}");
	if (status == KIST_OK)
		status = out.failed ? model_no_memory(call) : sink->write(sink, out.data, out.size);
	model_out_done(&out);
	return status;
}
