/* SPDX-License-Identifier: Apache-2.0 */
#include "stats_picture.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "stats_text.h"

/* Steps between the least and the most. */
#define LEVELS 255

size_t stats_histogram_text(const struct stats *stats, const struct stats_sample *sample, size_t bins,
			    char ret[static STATS_HISTOGRAM_SIZE])
{
	uint32_t counts[STATS_BINS];
	const uint64_t of = stats_sample_histogram(sample, stats->min, stats->max, bins, counts);
	size_t len;

	ret[0] = '\0';
	if (of == 0)
		return 0;
	len = (size_t)snprintf(ret, STATS_HISTOGRAM_SIZE, ",\"histogram\":{\"of\":%" PRIu64 ",\"counts\":[",
			       of);
	for (size_t i = 0; i < bins; i++)
		len += (size_t)snprintf(ret + len, STATS_HISTOGRAM_SIZE - len, "%s%" PRIu32, i ? "," : "",
					counts[i]);
	return len + (size_t)snprintf(ret + len, STATS_HISTOGRAM_SIZE - len, "]}");
}

/* Two hexadecimal digits a cell, ".." of one without finite numbers. */
static size_t put_level(char *to, double value, double from, double until)
{
	static const char digits[] = "0123456789abcdef";
	const double width = until / 2 - from / 2;
	const double at = width > 0 ? (value / 2 - from / 2) / width * LEVELS : 0;
	unsigned int level;

	if (!isfinite(value)) {
		to[0] = to[1] = '.';
		return 2;
	}
	level = at < 0 ? 0u : at > LEVELS ? (unsigned int)LEVELS : (unsigned int)(at + 0.5);
	to[0] = digits[level >> 4];
	to[1] = digits[level & 15];
	return 2;
}

static size_t put_range(char *to, size_t size, const char *key, double from, double until)
{
	char first[STATS_NUMBER_SIZE];
	char last[STATS_NUMBER_SIZE];

	stats_number_text(from, false, first);
	stats_number_text(until, false, last);
	return (size_t)snprintf(to, size, ",\"%s\":{\"from\":%s,\"to\":%s", key, first, last);
}

/* Least, mean and most of each stretch. */
static size_t put_curve(const struct stats *stats, const struct stats_sample *sample, uint64_t points,
			char *to, size_t size)
{
	static const char *const keys[] = { "min", "mean", "max" };
	struct stats_cell cells[STATS_SIDE_MAX];
	size_t len = put_range(to, size, "curve", stats->min, stats->max);

	for (uint64_t i = 0; i < points; i++)
		cells[i] = stats_sample_cell(sample, 0, 1, i, points);
	for (size_t k = 0; k < 3; k++) {
		len += (size_t)snprintf(to + len, size - len, ",\"%s\":\"", keys[k]);
		for (uint64_t i = 0; i < points; i++) {
			const double values[] = { cells[i].min, cells[i].mean, cells[i].max };

			len += put_level(to + len, cells[i].count > 0 ? values[k] : NAN, stats->min,
					 stats->max);
		}
		len += (size_t)snprintf(to + len, size - len, "\"");
	}
	return len + (size_t)snprintf(to + len, size - len, "}");
}

struct map {
	const struct stats_sample *sample;
	uint64_t rows;
	uint64_t columns;
	bool is_transposed;
};

static double cell_of(const struct map *map, uint64_t row, uint64_t column)
{
	const struct stats_cell cell =
		map->is_transposed ? stats_sample_cell(map->sample, column, map->columns, row, map->rows)
				   : stats_sample_cell(map->sample, row, map->rows, column, map->columns);

	return cell.count > 0 ? cell.mean : NAN;
}

static size_t put_map(const struct map *map, char *to, size_t size)
{
	double from = INFINITY;
	double until = -INFINITY;
	size_t len;

	for (uint64_t i = 0; i < map->rows * map->columns; i++) {
		const double mean = cell_of(map, i / map->columns, i % map->columns);

		from = mean < from ? mean : from;
		until = mean > until ? mean : until;
	}
	len = put_range(to, size, "heat", from, until);
	len += (size_t)snprintf(to + len, size - len,
				",\"rows\":%" PRIu64 ",\"columns\":%" PRIu64 ",\"cells\":\"", map->rows,
				map->columns);
	for (uint64_t i = 0; i < map->rows * map->columns; i++)
		len += put_level(to + len, cell_of(map, i / map->columns, i % map->columns), from, until);
	return len + (size_t)snprintf(to + len, size - len, "\"}");
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

size_t stats_picture_text(const struct stats *stats, const struct stats_sample *sample, bool is_transposed,
			  uint64_t cells_max, char ret[static STATS_PICTURE_SIZE])
{
	struct map map = { .sample = sample, .is_transposed = is_transposed };
	size_t len = stats_histogram_text(stats, sample, STATS_BINS, ret);
	uint64_t side = STATS_SIDE_MAX;

	if (len == 0 || sample->count < 2)
		return len;
	if (sample->rows == 1)
		return len + put_curve(stats, sample, least(sample->columns_taken, least(side, cells_max)),
				       ret + len, STATS_PICTURE_SIZE - len);
	while (side > 1 && side * side > cells_max)
		side--;
	map.rows = least(is_transposed ? sample->columns_taken : sample->rows_taken, side);
	map.columns = least(is_transposed ? sample->rows_taken : sample->columns_taken, side);
	return len + put_map(&map, ret + len, STATS_PICTURE_SIZE - len);
}

/* That of a number as a double has it; INT_MIN for zero and what is not finite. */
static int exponent_of(double number)
{
	uint64_t bits;
	int field;

	memcpy(&bits, &number, sizeof(bits));
	field = (int)(bits >> 52 & 0x7ff);
	return bits << 1 == 0 || field == 0x7ff ? INT_MIN : field - 1023;
}

static int largest_exponent(const struct stats_sample *sample)
{
	int largest = INT_MIN;

	for (uint64_t i = 0; i < sample->count; i++) {
		const int exponent = exponent_of(sample->values[i]);

		largest = exponent > largest ? exponent : largest;
	}
	return largest;
}

size_t stats_exponents_text(const struct stats_sample *sample, char ret[static STATS_EXPONENTS_SIZE])
{
	const int largest = largest_exponent(sample);
	uint32_t counts[STATS_EXPONENTS] = { 0 };
	uint64_t of = 0;
	size_t first = 0;
	size_t len;
	int least;

	ret[0] = '\0';
	if (largest == INT_MIN)
		return 0;
	least = largest - (STATS_EXPONENTS - 1);
	for (uint64_t i = 0; i < sample->count; i++) {
		const int exponent = exponent_of(sample->values[i]);

		counts[exponent > least ? exponent - least : 0] += exponent != INT_MIN;
		of += exponent != INT_MIN;
	}
	while (counts[first] == 0)
		first++;
	len = (size_t)snprintf(ret, STATS_EXPONENTS_SIZE,
			       ",\"exponents\":{\"of\":%" PRIu64 ",\"from\":%d,\"counts\":[", of,
			       least + (int)first);
	for (size_t i = first; i < STATS_EXPONENTS; i++)
		len += (size_t)snprintf(ret + len, STATS_EXPONENTS_SIZE - len, "%s%" PRIu32,
					i > first ? "," : "", counts[i]);
	return len + (size_t)snprintf(ret + len, STATS_EXPONENTS_SIZE - len, "]}");
}
