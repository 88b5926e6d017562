/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_BUF_H
#define KIST_BASE_BUF_H

#include <stdint.h>

#include "base/err.h"

/*
 * Bytes: a view borrows them, a buf owns them and is born with its limit.
 *
 * Thread: one buf, one thread at a time.
 */

/** struct kist_view - Borrowed bytes. */
struct kist_view {
	const uint8_t *data;
	size_t size;
};

/** struct kist_buf - Owned bytes that never grow past @size_max. */
struct kist_buf {
	uint8_t *data;
	size_t size;
	size_t capacity;
	size_t size_max;
};

#define KIST_BUF_INIT(max)                                                                                   \
	{                                                                                                    \
		.data = NULL, .size = 0, .capacity = 0, .size_max = (max)                                    \
	}

#define kist_auto_buf __attribute__((cleanup(kist_buf_done)))

/** kist_view_of() - A view of @size bytes at @data. */
static inline struct kist_view kist_view_of(const void *data, size_t size)
{
	return (struct kist_view){ .data = data, .size = size };
}

/** kist_buf_view() - A view of what @buf holds; valid until it changes. */
static inline struct kist_view kist_buf_view(const struct kist_buf *buf)
{
	return (struct kist_view){ .data = buf->data, .size = buf->size };
}

/** kist_buf_done() - Frees the bytes; the buf is empty and keeps its limit.  May run twice. */
void kist_buf_done(struct kist_buf *buf);

/** kist_buf_move() - Frees what @to holds and moves @from there; @from is left empty. */
void kist_buf_move(struct kist_buf *to, struct kist_buf *from);

/** kist_buf_reserve() - Room for @extra more bytes.  Errors: KIST_LIMIT, KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_buf_reserve(struct kist_buf *buf, size_t extra, struct kist_error *err);

/**
 * kist_buf_take_pages() - Drops what @buf holds, and gives it room for @size bytes that begins at a page.
 *
 * Errors: KIST_LIMIT, KIST_NO_MEMORY; @buf has no room at all then.
 */
KIST_CHECKED kist_status kist_buf_take_pages(struct kist_buf *buf, size_t size, struct kist_error *err);

/** kist_buf_append() - Appends @size bytes.  Errors: KIST_LIMIT, KIST_NO_MEMORY; unchanged then. */
KIST_CHECKED kist_status kist_buf_append(struct kist_buf *buf, const void *data, size_t size,
					 struct kist_error *err);

/** kist_buf_extend() - Appends @size zero bytes and gives where they begin.  Errors: as append. */
KIST_CHECKED kist_status kist_buf_extend(struct kist_buf *buf, size_t size, uint8_t **ret_data,
					 struct kist_error *err);

/** kist_buf_appendf() - Appends formatted text, without its NUL.  Errors: as append. */
KIST_CHECKED kist_status kist_buf_appendf(struct kist_buf *buf, struct kist_error *err, const char *format,
					  ...) KIST_PRINTF(3, 4);

/**
 * kist_buf_text() - The bytes as a string: puts a NUL behind them that does not count.  NULL when it cannot.
 */
const char *kist_buf_text(struct kist_buf *buf);

#endif
