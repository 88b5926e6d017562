/* SPDX-License-Identifier: Apache-2.0 */
#include "stats_out.h"

void stats_out_bytes(struct stats_out *out, const void *bytes, size_t len)
{
	if (len >= out->size - out->len)
		return;
	memcpy(out->to + out->len, bytes, len);
	out->len += len;
	out->to[out->len] = '\0';
}

void stats_out_whole(struct stats_out *out, uint64_t number)
{
	char digits[STATS_DIGITS_MAX];

	stats_out_bytes(out, digits, stats_digits(digits, number));
}

void stats_out_signed(struct stats_out *out, int64_t number)
{
	if (number < 0)
		stats_out_bytes(out, "-", 1);
	stats_out_whole(out, number < 0 ? -(uint64_t)number : (uint64_t)number);
}

void stats_out_number(struct stats_out *out, double number, bool is_single)
{
	char text[STATS_NUMBER_SIZE];

	stats_out_bytes(out, text, stats_number_text(number, is_single, text));
}

void stats_out_field(struct stats_out *out, const char *before, uint64_t number)
{
	stats_out_text(out, before);
	stats_out_whole(out, number);
}
