/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_HELPERS_H
#define KIST_HELPERS_H

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "kist/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Small inline helpers for plugin authors.  Nothing here is part of the ABI.
 *
 * Since: 1.0
 */

#if defined(__GNUC__)
#define KIST_PRINTF_(f, a) __attribute__((format(printf, f, a)))
#else
#define KIST_PRINTF_(f, a)
#endif

/** kist_failf() - call->fail() with a printf format.  Returns @status.  [instance-serial] */
KIST_PRINTF_(5, 6)
static inline kist_status kist_failf(struct kist_call *call, kist_status status, const char *code,
				     uint64_t offset, const char *format, ...)
{
	char msg[512];
	va_list args;

	va_start(args, format);
	vsnprintf(msg, sizeof(msg), format, args);
	va_end(args);
	return call->fail(call, status, code, offset, msg, strlen(msg));
}

/** kist_issuef() - report->issue() with a printf format.  [instance-serial] */
KIST_PRINTF_(5, 6)
static inline void kist_issuef(struct kist_report *report, int32_t severity, const char *code,
			       uint64_t offset, const char *format, ...)
{
	char msg[512];
	va_list args;

	va_start(args, format);
	vsnprintf(msg, sizeof(msg), format, args);
	va_end(args);
	report->issue(report, severity, code, offset, msg, strlen(msg));
}

/** kist_param_find() - The argument called @name, or NULL.  [any-thread] */
static inline const struct kist_param *kist_param_find(const struct kist_params *params, const char *name)
{
	for (uint32_t i = 0; params && i < params->count; i++) {
		if (strcmp(params->list[i]->name, name) == 0)
			return params->list[i];
	}
	return NULL;
}

/**
 * kist_read_exact() - Reads exactly @len bytes at @offset.
 *
 * Errors: KIST_CORRUPT with code E_TRUNCATED when the source ends first; the source's own.
 * [instance-serial]
 */
static inline kist_status kist_read_exact(struct kist_call *call, struct kist_source *source, uint64_t offset,
					  void *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t got = 0;
		const kist_status status =
			source->read_at(source, offset + done, (char *)buf + done, len - done, &got);

		if (status != KIST_OK)
			return status;
		if (got == 0)
			return kist_failf(call, KIST_CORRUPT, "E_TRUNCATED", offset + done,
					  "%zu byte%s missing at the end", len - done,
					  len - done == 1 ? " is" : "s are");
		done += got;
	}
	return KIST_OK;
}

#ifdef __cplusplus
}
#endif

#endif
