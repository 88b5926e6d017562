/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H

#include <stdbool.h>

#include "kist/helpers.h"

/*
 * What the formats of the plugin share: faults, sorting, JSON that is written, UTF-8 that is checked.
 *
 * Thread: any function may run on any thread; a struct is used by one thread at a time.
 */

/* Work between two polls, and the largest piece read or written at once, in bytes. */
#define MODEL_STEP_SIZE ((size_t)1 << 20)

#define MODEL_TRY(expr)                                                                                      \
	do {                                                                                                 \
		const kist_status try_status = (expr);                                                       \
		if (try_status != KIST_OK)                                                                   \
			return try_status;                                                                   \
	} while (0)

/** struct model_fault - What breaks the format.  Empty (@code NULL) when the failure is another one. */
struct model_fault {
	kist_status status;
	const char *code;
	uint64_t offset;
	char text[256];
};

/**
 * model_fault_set() - Fills in @fault.  Returns @status.
 *
 * @offset: Byte offset in the input, or KIST_NO_OFFSET.
 */
KIST_PRINTF_(5, 6)
kist_status model_fault_set(struct model_fault *fault, kist_status status, const char *code, uint64_t offset,
			    const char *format, ...);

/** model_fault_fail() - Hands @fault, if it is set, to call->fail().  Returns @status. */
kist_status model_fault_fail(const struct model_fault *fault, struct kist_call *call, kist_status status);

/** model_no_memory() - Fails with KIST_NO_MEMORY. */
kist_status model_no_memory(struct kist_call *call);

/** Less than, equal to or greater than 0: how item @a stands to item @b. */
typedef int (*model_compare)(const void *context, uint32_t a, uint32_t b);

/**
 * model_sort() - Sorts @count items, stably, in at most count * log2(count) comparisons.
 *
 * Names are sorted, not hashed, to find two that are equal: no input makes a sort slow.
 *
 * Errors: KIST_NO_MEMORY, and what poll gives.
 */
kist_status model_sort(struct kist_call *call, uint32_t *items, size_t count, model_compare compare,
		       const void *context);

/** model_order() - The numbers below @count, sorted so.  *@ret: free() it.  Errors: as model_sort(). */
kist_status model_order(struct kist_call *call, size_t count, model_compare compare, const void *context,
			uint32_t **ret);

/**
 * struct model_out - Text that grows up to @limit bytes.
 *
 * @full:   Something did not fit; @size is then not to be trusted and may be set back.
 * @failed: An allocation failed.
 */
struct model_out {
	char *data;
	size_t size;
	size_t capacity;
	size_t limit;
	bool full;
	bool failed;
};

void model_out_done(struct model_out *out);
void model_out_bytes(struct model_out *out, const void *bytes, size_t len);
void model_out_text(struct model_out *out, const char *text);
void model_out_number(struct model_out *out, uint64_t number);
void model_out_shape(struct model_out *out, const int64_t *shape, int32_t ndim);
/** A quoted string, escaped as little as JSON allows. */
void model_out_string(struct model_out *out, const char *string, size_t len);
/** One byte of a string, escaped as little as JSON allows. */
void model_out_escaped(struct model_out *out, uint8_t byte);

/**
 * model_utf8_skip() - Skips whole characters from @at up to @stop or beyond it, of @size bytes.
 *
 * Returns the place of the first that is wrong (*@ret_valid is false), or of the end.
 */
size_t model_utf8_skip(const uint8_t *data, size_t at, size_t stop, size_t size, bool *ret_valid);

/** model_is_utf8() - True when all of a short string is UTF-8. */
bool model_is_utf8(const char *string, size_t len);

/** model_out_keep() - After a piece that began at @mark: takes it back when it did not fit, and says so. */
bool model_out_keep(struct model_out *out, size_t mark);

#endif
