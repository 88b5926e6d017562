/* SPDX-License-Identifier: Apache-2.0 */

/* JSON out: the words of a header and of a preview. */
#include <stdlib.h>

#include "model.h"
#include "stats/stats_number.h"

void model_out_done(struct model_out *out)
{
	free(out->data);
	*out = (struct model_out){ 0 };
}

static bool make_room(struct model_out *out, size_t len)
{
	size_t capacity = out->capacity * 2 + 4096;
	char *data;

	if (out->full || out->failed)
		return false;
	if (out->size > out->limit || len > out->limit - out->size) {
		out->full = true;
		return false;
	}
	if (len <= out->capacity - out->size)
		return true;
	if (capacity - out->size < len)
		capacity = out->size + len;
	data = realloc(out->data, capacity);
	if (!data) {
		out->failed = true;
		return false;
	}
	out->data = data;
	out->capacity = capacity;
	return true;
}

void model_out_bytes(struct model_out *out, const void *bytes, size_t len)
{
	if (len == 0 || !make_room(out, len))
		return;
	memcpy(out->data + out->size, bytes, len);
	out->size += len;
}

void model_out_text(struct model_out *out, const char *text)
{
	model_out_bytes(out, text, strlen(text));
}

void model_out_number(struct model_out *out, uint64_t number)
{
	char digits[STATS_DIGITS_MAX];

	model_out_bytes(out, digits, stats_digits(digits, number));
}

void model_out_shape(struct model_out *out, const int64_t *shape, int32_t ndim)
{
	model_out_text(out, "[");
	for (int32_t i = 0; i < ndim; i++) {
		if (i > 0)
			model_out_text(out, ",");
		model_out_number(out, (uint64_t)shape[i]);
	}
	model_out_text(out, "]");
}

void model_out_escaped(struct model_out *out, uint8_t byte)
{
	static const char hex[] = "0123456789abcdef";
	static const char values[] = "\b\f\n\r\t\"\\";
	static const char names[] = "bfnrt\"\\";
	const char *value = byte ? strchr(values, byte) : NULL;
	char text[6] = { '\\', 'u', '0', '0', hex[byte >> 4], hex[byte & 15] };

	if (value) {
		text[1] = names[value - values];
		model_out_bytes(out, text, 2);
	} else if (byte < 0x20) {
		model_out_bytes(out, text, 6);
	} else {
		model_out_bytes(out, &byte, 1);
	}
}

void model_out_string(struct model_out *out, const char *string, size_t len)
{
	model_out_text(out, "\"");
	for (size_t i = 0; i < len && !out->full && !out->failed; i++)
		model_out_escaped(out, (uint8_t)string[i]);
	model_out_text(out, "\"");
}

bool model_out_keep(struct model_out *out, size_t mark)
{
	if (!out->full)
		return true;
	out->size = mark;
	out->full = false;
	return false;
}
