/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATS_OUT_H
#define STATS_OUT_H

#include <string.h>

#include "stats_number.h"

/*
 * Text put together in room that is there: without printf, which takes ten times as long for a number.
 *
 * Thread: one at a time.
 */

/**
 * struct stats_out - Text in the making: @len of @size bytes, and always a NUL behind it.
 *
 * What has no room is dropped as a whole: whoever gives the room says why it is enough.
 */
struct stats_out {
	char *to;
	size_t len;
	size_t size;
};

void stats_out_bytes(struct stats_out *out, const void *bytes, size_t len);

/* Here, so that how long a text is that stands in the source is known when it is compiled. */
static inline void stats_out_text(struct stats_out *out, const char *text)
{
	stats_out_bytes(out, text, strlen(text));
}

void stats_out_whole(struct stats_out *out, uint64_t number);
void stats_out_signed(struct stats_out *out, int64_t number);

/** stats_out_number() - As stats_number_text(). */
void stats_out_number(struct stats_out *out, double number, bool is_single);

/** stats_out_field() - @before, which ends with a key and a colon, and @number. */
void stats_out_field(struct stats_out *out, const char *before, uint64_t number);

#endif
