/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_fault.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* For each record: so not all of the texts. */
void csv_fault_clear(struct csv_fault *fault)
{
	fault->status = KIST_OK;
	fault->code[0] = '\0';
	fault->offset = KIST_NO_OFFSET;
	fault->line = 0;
	fault->column = 0;
	fault->text[0] = '\0';
}

kist_status csv_fault_set(struct csv_fault *fault, kist_status status, const char *code, uint64_t offset,
			  const char *format, ...)
{
	va_list args;

	if (fault->status != KIST_OK)
		return status;
	csv_fault_clear(fault);
	fault->status = status;
	fault->offset = offset;
	snprintf(fault->code, sizeof(fault->code), "%s", code);
	va_start(args, format);
	vsnprintf(fault->text, sizeof(fault->text), format, args);
	va_end(args);
	return status;
}

kist_status csv_fault_pass(struct csv_fault *fault, kist_status status)
{
	if (status == KIST_OK || fault->status != KIST_OK)
		return status;
	csv_fault_clear(fault);
	fault->status = status;
	return status;
}

kist_status csv_fault_raise(const struct csv_fault *fault, struct kist_call *call)
{
	if (fault->text[0] == '\0')
		return fault->status;
	return call->fail(call, fault->status, fault->code[0] ? fault->code : NULL, fault->offset,
			  fault->text, strlen(fault->text));
}
