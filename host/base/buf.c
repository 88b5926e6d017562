/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define CAPACITY_MIN ((size_t)64)

void kist_buf_done(struct kist_buf *buf)
{
	kist_free(buf->data);
	*buf = (struct kist_buf)KIST_BUF_INIT(buf->size_max);
}

void kist_buf_move(struct kist_buf *to, struct kist_buf *from)
{
	kist_free(to->data);
	*to = *from;
	*from = (struct kist_buf)KIST_BUF_INIT(from->size_max);
}

/* One byte more than the limit is allowed in capacity, for the NUL of kist_buf_text(). */
static kist_status grow(struct kist_buf *buf, size_t need, struct kist_error *err)
{
	size_t capacity = buf->capacity < CAPACITY_MIN ? CAPACITY_MIN : buf->capacity;
	uint8_t *data;

	while (capacity < need)
		capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
	data = kist_realloc(buf->data, capacity, 1);
	if (!data)
		return kist_fail_memory(err, capacity);
	buf->data = data;
	buf->capacity = capacity;
	return KIST_OK;
}

kist_status kist_buf_reserve(struct kist_buf *buf, size_t extra, struct kist_error *err)
{
	if (extra > buf->size_max - buf->size)
		return kist_fail(err, KIST_LIMIT, "more than %zu bytes", buf->size_max);
	if (extra <= buf->capacity - buf->size)
		return KIST_OK;
	return grow(buf, buf->size + extra, err);
}

kist_status kist_buf_take_pages(struct kist_buf *buf, size_t size, struct kist_error *err)
{
	kist_buf_done(buf);
	if (size > buf->size_max)
		return kist_fail(err, KIST_LIMIT, "more than %zu bytes", buf->size_max);
	buf->data = kist_alloc_pages(size);
	if (!buf->data)
		return kist_fail_memory(err, size);
	buf->capacity = size;
	return KIST_OK;
}

kist_status kist_buf_extend(struct kist_buf *buf, size_t size, uint8_t **ret_data, struct kist_error *err)
{
	KIST_TRY(kist_buf_reserve(buf, size, err));
	/* Of nothing there may be no memory, and not even 0 is added to that. */
	*ret_data = buf->data ? buf->data + buf->size : NULL;
	if (size > 0)
		memset(*ret_data, 0, size);
	buf->size += size;
	return KIST_OK;
}

kist_status kist_buf_append(struct kist_buf *buf, const void *data, size_t size, struct kist_error *err)
{
	KIST_TRY(kist_buf_reserve(buf, size, err));
	if (size > 0)
		memcpy(buf->data + buf->size, data, size);
	buf->size += size;
	return KIST_OK;
}

kist_status kist_buf_appendf(struct kist_buf *buf, struct kist_error *err, const char *format, ...)
{
	const size_t room = buf->capacity - buf->size;
	kist_status status;
	va_list args;
	va_list again;
	int len;

	va_start(args, format);
	va_copy(again, args);
	/* Mostly there is room for it. */
	len = vsnprintf(room > 0 ? (char *)buf->data + buf->size : NULL, room, format, args);
	va_end(args);
	if (len >= 0 && (size_t)len < room && (size_t)len <= buf->size_max - buf->size) {
		va_end(again);
		buf->size += (size_t)len;
		return KIST_OK;
	}
	status = len < 0 ? kist_fail(err, KIST_INTERNAL, "cannot format text")
			 : kist_buf_reserve(buf, (size_t)len, err);
	if (status == KIST_OK && buf->capacity - buf->size == (size_t)len)
		status = grow(buf, buf->size + (size_t)len + 1, err);
	if (status != KIST_OK) {
		va_end(again);
		return status;
	}
	vsnprintf((char *)buf->data + buf->size, (size_t)len + 1, format, again);
	va_end(again);
	buf->size += (size_t)len;
	return KIST_OK;
}

const char *kist_buf_text(struct kist_buf *buf)
{
	if (buf->capacity == buf->size && grow(buf, buf->size + 1, NULL) != KIST_OK)
		return NULL;
	buf->data[buf->size] = '\0';
	return (const char *)buf->data;
}
