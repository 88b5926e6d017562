/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_ERR_H
#define KIST_BASE_ERR_H

#include "kist/status.h"

/*
 * Errors: a status is returned, the reason is written to the caller's struct kist_error.
 *
 * Thread: all functions may run at once on different structs.
 */

#define KIST_CHECKED	  __attribute__((warn_unused_result))
#define KIST_PRINTF(f, a) __attribute__((format(printf, f, a)))

#define KIST_ERROR_INIT                                                                                      \
	{                                                                                                    \
		.struct_size = sizeof(struct kist_error), .offset = KIST_NO_OFFSET                           \
	}

/**
 * Returns from the calling function when @expr does not give KIST_OK.  The only macro that hides a return.
 */
#define KIST_TRY(expr)                                                                                       \
	do {                                                                                                 \
		const kist_status try_status = (expr);                                                       \
		if (try_status != KIST_OK)                                                                   \
			return try_status;                                                                   \
	} while (0)

/**
 * kist_fail() - Records a failure and returns @status.
 *
 * @err: The first failure wins: left alone when it already holds one.  NULL allowed.
 */
kist_status kist_fail(struct kist_error *err, kist_status status, const char *format, ...) KIST_PRINTF(3, 4);

/**
 * kist_fail_errno() - kist_fail() with KIST_IO (KIST_NO_MEMORY for ENOMEM), adding ": " and the system's
 * text.
 */
kist_status kist_fail_errno(struct kist_error *err, int sys_errno, const char *format, ...) KIST_PRINTF(3, 4);

/** kist_fail_at() - kist_fail() with a code ("E_SHAPE", or NULL) and the byte offset in the input. */
kist_status kist_fail_at(struct kist_error *err, kist_status status, const char *code, uint64_t offset,
			 const char *format, ...) KIST_PRINTF(5, 6);

/**
 * kist_fail_text() - Records a failure whose text comes from outside: @len bytes that need not be UTF-8.
 *
 * Control characters and invalid bytes are escaped, overlong text is cut at a character.
 */
kist_status kist_fail_text(struct kist_error *err, kist_status status, const char *code, uint64_t offset,
			   const char *text, size_t len);

/** kist_fail_as() - kist_fail() with what @why says: its text, code, offset and errno, but @status. */
kist_status kist_fail_as(struct kist_error *err, kist_status status, const struct kist_error *why);

/**
 * kist_fail_context() - Puts "<formatted>: " before the text that @err already holds.  Returns err->status.
 */
kist_status kist_fail_context(struct kist_error *err, const char *format, ...) KIST_PRINTF(2, 3);

/** kist_error_clear() - Empties @err, so that it can hold the next failure. */
void kist_error_clear(struct kist_error *err);

/** kist_status_name() - "corrupt" for KIST_CORRUPT; "unknown" for what is no status.  Static. */
const char *kist_status_name(kist_status status);

#endif
