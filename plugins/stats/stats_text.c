/* SPDX-License-Identifier: Apache-2.0 */
#include "stats_text.h"

#include <string.h>

#include "stats_out.h"

/* Beyond 63 bits a reader of JSON would round it. */
static void put_whole(struct stats_out *out, uint64_t number)
{
	const char *const quote = number > INT64_MAX ? "\"" : "";

	stats_out_text(out, quote);
	stats_out_whole(out, number);
	stats_out_text(out, quote);
}

void stats_put_item(struct stats_out *out, enum stats_type type, const void *at)
{
	uint64_t word;

	if (stats_size(type) < sizeof(word) || stats_is_floating(type)) {
		stats_out_number(out, stats_value(type, at), type != STATS_F64);
		return;
	}
	memcpy(&word, at, sizeof(word));
	if (type == STATS_I64)
		stats_out_signed(out, (int64_t)word);
	else
		put_whole(out, word);
}

static void put_extremes(struct stats_out *out, const struct stats *stats)
{
	const bool is_single = stats->type != STATS_F64;
	static const char min[] = "\"min\":";
	static const char max[] = ",\"max\":";

	stats_out_text(out, min);
	if (stats->finite == 0 || stats_is_floating(stats->type)) {
		stats_out_number(out, stats->min, is_single);
		stats_out_text(out, max);
		stats_out_number(out, stats->max, is_single);
	} else if (stats_is_signed(stats->type)) {
		stats_out_signed(out, stats->min_i);
		stats_out_text(out, max);
		stats_out_signed(out, stats->max_i);
	} else {
		put_whole(out, stats->min_u);
		stats_out_text(out, max);
		put_whole(out, stats->max_u);
	}
}

void stats_put(struct stats_out *out, const struct stats *stats)
{
	put_extremes(out, stats);
	stats_out_text(out, ",\"mean\":");
	stats_out_number(out, stats_mean(stats), false);
	stats_out_text(out, ",\"std\":");
	stats_out_number(out, stats_std(stats), false);
	if (stats_is_floating(stats->type)) {
		stats_out_field(out, ",\"nan\":", stats->nan);
		stats_out_field(out, ",\"inf\":", stats->inf);
		stats_out_field(out, ",\"neg_inf\":", stats->neg_inf);
	}
	stats_out_field(out, ",\"zero\":", stats->zero);
	if (stats_is_signed(stats->type))
		stats_out_field(out, ",\"negative\":", stats->negative);
}
