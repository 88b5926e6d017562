/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* More than an error holds, so that what is too long is seen to be cut. */
#define FORMAT_SIZE (2 * KIST_ERROR_TEXT_SIZE)

static kist_status record(struct kist_error *err, kist_status status, int sys_errno, const char *code,
			  uint64_t offset, const char *text, size_t len)
{
	if (!err || err->status != KIST_OK)
		return status;
	err->status = status;
	err->sys_errno = sys_errno;
	err->offset = offset;
	kist_text_escape(code ? code : "", code ? strnlen(code, KIST_CODE_SIZE) : 0, err->code,
			 sizeof(err->code));
	kist_text_escape(text, len, err->text, sizeof(err->text));
	return status;
}

static void KIST_PRINTF(3, 0) format_text(char *ret, size_t size, const char *format, va_list args)
{
	if (vsnprintf(ret, size, format, args) < 0)
		ret[0] = '\0';
}

kist_status kist_fail(struct kist_error *err, kist_status status, const char *format, ...)
{
	char text[FORMAT_SIZE];
	va_list args;

	va_start(args, format);
	format_text(text, sizeof(text), format, args);
	va_end(args);
	return record(err, status, 0, NULL, KIST_NO_OFFSET, text, strlen(text));
}

kist_status kist_fail_errno(struct kist_error *err, int sys_errno, const char *format, ...)
{
	char text[FORMAT_SIZE];
	char reason[128];
	va_list args;
	size_t used;

	va_start(args, format);
	format_text(text, sizeof(text), format, args);
	va_end(args);
	used = strlen(text);
	snprintf(text + used, sizeof(text) - used, ": %s", strerror_r(sys_errno, reason, sizeof(reason)));
	return record(err, sys_errno == ENOMEM ? KIST_NO_MEMORY : KIST_IO, sys_errno, NULL, KIST_NO_OFFSET,
		      text, strlen(text));
}

kist_status kist_fail_at(struct kist_error *err, kist_status status, const char *code, uint64_t offset,
			 const char *format, ...)
{
	char text[FORMAT_SIZE];
	va_list args;

	va_start(args, format);
	format_text(text, sizeof(text), format, args);
	va_end(args);
	return record(err, status, 0, code, offset, text, strlen(text));
}

kist_status kist_fail_text(struct kist_error *err, kist_status status, const char *code, uint64_t offset,
			   const char *text, size_t len)
{
	return record(err, status, 0, code, offset, text, len);
}

kist_status kist_fail_as(struct kist_error *err, kist_status status, const struct kist_error *why)
{
	return record(err, status, why->sys_errno, why->code, why->offset, why->text, strlen(why->text));
}

kist_status kist_fail_context(struct kist_error *err, const char *format, ...)
{
	char text[2 * KIST_ERROR_TEXT_SIZE];
	va_list args;
	size_t used;

	if (!err)
		return KIST_INTERNAL;
	va_start(args, format);
	format_text(text, KIST_ERROR_TEXT_SIZE, format, args);
	va_end(args);
	used = strlen(text);
	snprintf(text + used, sizeof(text) - used, ": %s", err->text);
	kist_text_escape(text, strlen(text), err->text, sizeof(err->text));
	return err->status;
}

void kist_error_clear(struct kist_error *err)
{
	*err = (struct kist_error)KIST_ERROR_INIT;
}

const char *kist_status_name(kist_status status)
{
	static const char *const names[] = {
		"ok",
		"invalid",
		"unsupported",
		"corrupt",
		"input/output error",
		"out of memory",
		"limit",
		"cancelled",
		"deadline",
		"ambiguous",
		"denied",
		"incompatible",
		"internal",
		"crashed",
		"not found",
		"exists",
	};

	if (status > 0 || status < KIST_STATUS_MIN)
		return "unknown";
	return names[-status];
}
