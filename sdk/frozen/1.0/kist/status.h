/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_STATUS_H
#define KIST_STATUS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Statuses and the error struct: one set for the host and for every plugin.
 *
 * A function returns KIST_OK or one negative status.  A positive value breaks the contract; the host
 * treats it as KIST_INTERNAL and names the plugin.
 *
 * Since: 1.0
 */

/**
 * Bytes of the struct @type up to and with @member: the least struct_size of whoever reads that member, and
 * of every build of the struct when it is the last member of version 1.0.
 */
#define KIST_SIZE_TO(type, member) (offsetof(type, member) + sizeof(((type *)0)->member))

/** An error status, or KIST_OK.  A fixed-width integer, because the width of an enum is not ABI. */
typedef int32_t kist_status;

enum {
	KIST_OK = 0,
	KIST_INVALID = -1,	 /* The caller gave what cannot be accepted: bad argument, bad name. */
	KIST_UNSUPPORTED = -2,	 /* Well-formed, but nothing here can do it. */
	KIST_CORRUPT = -3,	 /* Bytes break their format, or do not match their digest. */
	KIST_IO = -4,		 /* The system refused to read or write; sys_errno says why. */
	KIST_NO_MEMORY = -5,	 /* An allocation failed. */
	KIST_LIMIT = -6,	 /* Larger, deeper or longer than a named limit. */
	KIST_CANCELLED = -7,	 /* The caller asked to stop. */
	KIST_DEADLINE = -8,	 /* Time ran out. */
	KIST_AMBIGUOUS = -9,	 /* Two answers are equally right; the caller must name one. */
	KIST_DENIED = -10,	 /* Policy or permission says no. */
	KIST_INCOMPATIBLE = -11, /* Made for another version. */
	KIST_INTERNAL = -12,	 /* A broken contract or a defect. */
	KIST_CRASHED = -13,	 /* The process that did the work died. */
	KIST_NOT_FOUND = -14,	 /* No such thing. */
	KIST_EXISTS = -15,	 /* It is there already, and it may not be replaced. */
	KIST_STATUS_MIN = -15
};

/** Bytes in a code such as "E_SHAPE", NUL included. */
#define KIST_CODE_SIZE 32
/** Bytes in the text of an error, NUL included. */
#define KIST_ERROR_TEXT_SIZE 960
/** The offset of an error that has no place in the input. */
#define KIST_NO_OFFSET UINT64_MAX

/**
 * struct kist_error - Why something failed, in words for a person.
 *
 * Caller-owned, fixed size, nothing to free.  The first failure wins: a function that finds @status set
 * leaves the struct alone.  Text is UTF-8, NUL-terminated, one line, with no final period.
 *
 * @struct_size: sizeof(struct kist_error) where it was made; nobody writes past it.
 * @status:      KIST_OK until the first failure.
 * @sys_errno:   errno for KIST_IO, else 0.
 * @offset:      Byte offset in the input where it went wrong, or KIST_NO_OFFSET.
 * @code:        Stable name of the fault, "E_SHAPE", or empty.
 * @text:        What happened, where, and what to do.
 */
struct kist_error {
	uint32_t struct_size;
	kist_status status;
	int32_t sys_errno;
	uint32_t reserved;
	uint64_t offset;
	char code[KIST_CODE_SIZE];
	char text[KIST_ERROR_TEXT_SIZE];
};

#ifdef __cplusplus
}
#endif

#endif
