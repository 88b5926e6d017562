/* SPDX-License-Identifier: Apache-2.0 */

/* Faults: what breaks the format, kept until somebody reports it. */
#include "model.h"

kist_status model_fault_set(struct model_fault *fault, kist_status status, const char *code, uint64_t offset,
			    const char *format, ...)
{
	va_list args;

	fault->status = status;
	fault->code = code;
	fault->offset = offset;
	va_start(args, format);
	vsnprintf(fault->text, sizeof(fault->text), format, args);
	va_end(args);
	return status;
}

kist_status model_fault_fail(const struct model_fault *fault, struct kist_call *call, kist_status status)
{
	if (!fault->code)
		return status;
	return call->fail(call, fault->status, fault->code, fault->offset, fault->text, strlen(fault->text));
}

kist_status model_no_memory(struct kist_call *call)
{
	return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory for the model");
}
