/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_HOST_H
#define KIST_HOST_H

#include "kist/object.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What the host offers a plugin: a log, extensions, and for each call its clock, errors and memory.
 *
 * Since: 1.0
 */

enum { KIST_LOG_DEBUG = 0, KIST_LOG_INFO = 1, KIST_LOG_WARNING = 2, KIST_LOG_ERROR = 3 };

/**
 * struct kist_host - The host.  Lives until the process exits.
 *
 * @name, @version: Name and version of the host program, for messages only.
 * @log:       [any-thread] Hands a message (UTF-8, at most 4 KiB) to the host's log.  Copied.
 * @extension: [any-thread] Gives the interface with this id and revision, "kist.parallel/1", or NULL.
 *             Lives as long as the host.
 */
struct kist_host {
	uint32_t struct_size;
	uint32_t abi_minor;
	void *ctx;
	const char *name;
	const char *version;
	void (*log)(const struct kist_host *host, int32_t level, const char *msg, size_t len);
	const void *(*extension)(const struct kist_host *host, const char *id_slash_rev);
};

/**
 * struct kist_call - One call into the plugin.  Host-owned; dead when the call returns.
 *
 * @deadline_ns: On CLOCK_MONOTONIC; 0 is none.
 * @poll:     Returns KIST_OK, or KIST_CANCELLED or KIST_DEADLINE, which the plugin returns unchanged.  To
 *            be called at least every 10 ms or 1 MiB of work.
 * @progress: Says how far the call is; @total 0 is unknown.
 * @fail:     Records why the call fails, copies everything at once, and returns @status.  The first call
 *            wins.  @code names the fault ("E_SHAPE"), or is NULL; @offset is the byte in the input, or
 *            KIST_NO_OFFSET; @msg is UTF-8, one line, no final period.
 * @alloc:    Memory that is freed when the call returns, or NULL.  @align is a power of two.
 */
struct kist_call {
	uint32_t struct_size;
	uint32_t flags;
	const struct kist_host *host;
	uint64_t deadline_ns;
	void *ctx;
	kist_status (*poll)(struct kist_call *call);
	void (*progress)(struct kist_call *call, uint64_t done, uint64_t total);
	kist_status (*fail)(struct kist_call *call, kist_status status, const char *code, uint64_t offset,
			    const char *msg, size_t len);
	void *(*alloc)(struct kist_call *call, size_t size, size_t align);
};

enum { KIST_PARAM_BOOL = 1, KIST_PARAM_INTEGER = 2, KIST_PARAM_NUMBER = 3, KIST_PARAM_STRING = 4 };

/**
 * struct kist_param - One argument.
 *
 * @kind:    KIST_PARAM_*.  A bool and an integer stand in @integer, a number in @number, a string
 *           (UTF-8, @string_len bytes, also NUL-terminated) in @string.
 */
struct kist_param {
	uint32_t struct_size;
	uint32_t kind;
	const char *name;
	int64_t integer;
	double number;
	const char *string;
	uint64_t string_len;
};

/**
 * struct kist_params - The arguments of a call: checked against the manifest's schema, defaults filled in,
 * sorted by name.
 *
 * @count: Number of @list.
 * @list:  Pointers, so that struct kist_param may grow.
 * @json:  The same as canonical JSON (RFC 8785).
 */
struct kist_params {
	uint32_t struct_size;
	uint32_t count;
	const struct kist_param *const *list;
	const char *json;
	uint64_t json_len;
};

enum { KIST_ISSUE_WARNING = 1, KIST_ISSUE_ERROR = 2 };

/**
 * struct kist_report - Takes what validate finds.
 *
 * @issue: Adds one finding; copies everything.  An error says that the bytes break their format; a
 *         warning lets them pass.  @code, @offset, @msg as in kist_call.fail.
 */
struct kist_report {
	uint32_t struct_size;
	uint32_t flags;
	void *ctx;
	void (*issue)(struct kist_report *report, int32_t severity, const char *code, uint64_t offset,
		      const char *msg, size_t len);
};

#ifdef __cplusplus
}
#endif

#endif
