/* SPDX-License-Identifier: Apache-2.0 */
#include "stats_picture.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "stats_text.h"

/* Steps between the least and the most. */
#define LEVELS 255

/* "1,2,3]}", behind "[". */
static size_t put_counts(char *to, const uint64_t *counts, size_t count)
{
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			to[len++] = ',';
		len += stats_digits(to + len, counts[i]);
	}
	memcpy(to + len, "]}", sizeof("]}"));
	return len + 2;
}

size_t stats_histogram_text(const struct stats *stats, const struct stats_sample *sample, size_t bins,
			    char ret[static STATS_HISTOGRAM_SIZE])
{
	uint64_t counts[STATS_BINS];
	const uint64_t of = stats_sample_histogram(sample, stats->min, stats->max, bins, counts);
	size_t len;

	ret[0] = '\0';
	if (of == 0)
		return 0;
	len = (size_t)snprintf(ret, STATS_HISTOGRAM_SIZE, ",\"histogram\":{\"of\":%" PRIu64 ",\"counts\":[",
			       of);
	return len + put_counts(ret + len, counts, bins);
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
	double means[STATS_SIDE_MAX * STATS_SIDE_MAX];
	double from = INFINITY;
	double until = -INFINITY;
	size_t len;

	for (uint64_t i = 0; i < map->rows * map->columns; i++) {
		means[i] = cell_of(map, i / map->columns, i % map->columns);
		from = means[i] < from ? means[i] : from;
		until = means[i] > until ? means[i] : until;
	}
	len = put_range(to, size, "heat", from, until);
	len += (size_t)snprintf(to + len, size - len,
				",\"rows\":%" PRIu64 ",\"columns\":%" PRIu64 ",\"cells\":\"", map->rows,
				map->columns);
	for (uint64_t i = 0; i < map->rows * map->columns; i++)
		len += put_level(to + len, means[i], from, until);
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

/* The exponent of a double that is not finite. */
#define FIELD_LAST (STATS_EXPONENT_FIELDS - 1)

void stats_exponents_add(struct stats_exponents *exponents, const struct stats_sample *sample)
{
	for (uint64_t i = 0; i < sample->count; i++) {
		uint64_t bits;

		memcpy(&bits, &sample->values[i], sizeof(bits));
		if (bits << 1 == 0)
			exponents->zeros++;
		else
			exponents->counts[bits >> 52 & FIELD_LAST]++;
	}
}

void stats_exponents_join(struct stats_exponents *exponents, const struct stats_exponents *more)
{
	exponents->zeros += more->zeros;
	for (size_t i = 0; i < STATS_EXPONENT_FIELDS; i++)
		exponents->counts[i] += more->counts[i];
}

size_t stats_exponents_text(const struct stats_exponents *exponents, char ret[static STATS_EXPONENTS_SIZE])
{
	uint64_t counts[STATS_EXPONENTS] = { 0 };
	size_t last = FIELD_LAST;
	uint64_t of = 0;
	size_t first = 0;
	size_t len;

	ret[0] = '\0';
	while (last > 0 && exponents->counts[last - 1] == 0)
		last--;
	if (last == 0)
		return 0;
	for (size_t field = 0; field < last; field++) {
		const size_t below = last - 1 - field;

		counts[below < STATS_EXPONENTS ? STATS_EXPONENTS - 1 - below : 0] += exponents->counts[field];
		of += exponents->counts[field];
	}
	while (counts[first] == 0)
		first++;
	len = (size_t)snprintf(ret, STATS_EXPONENTS_SIZE,
			       ",\"exponents\":{\"of\":%" PRIu64 ",\"from\":%d,\"counts\":[", of,
			       (int)last - STATS_EXPONENTS + (int)first - 1023);
	return len + put_counts(ret + len, counts + first, STATS_EXPONENTS - first);
}

/* Bits of a logarithm behind its point. */
#define LOG_BITS 16

/* Bit by bit, without the library's function, so that it is the same on every machine.  @number is not 0. */
static uint64_t binary_log(uint64_t number)
{
	const unsigned int whole = 63 - (unsigned int)__builtin_clzll(number);
	/* From 1 to below 2, with 31 bits behind the point. */
	uint64_t rest = number << (63 - whole) >> 32;
	uint64_t log = whole;

	for (int i = 0; i < LOG_BITS; i++) {
		rest = rest * rest >> 31;
		log = log << 1 | rest >> 32;
		rest >>= rest >> 32;
	}
	return log;
}

/* What an exponent takes at least, on average, in 2^-LOG_BITS bits; @of is how many there are, not 0. */
static uint64_t entropy_of(const struct stats_exponents *exponents, uint64_t of)
{
	uint64_t sum = exponents->zeros > 0 ? exponents->zeros * binary_log(exponents->zeros) : 0;

	for (size_t i = 0; i < STATS_EXPONENT_FIELDS; i++) {
		if (exponents->counts[i] > 0)
			sum += exponents->counts[i] * binary_log(exponents->counts[i]);
	}
	return binary_log(of) > sum / of ? binary_log(of) - sum / of : 0;
}

double stats_exponents_ratio(const struct stats_exponents *exponents, enum stats_type type)
{
	/* The sign and what is behind the point. */
	static const uint8_t other_bits[STATS_TYPE_COUNT] = {
		[STATS_F16] = 11, [STATS_BF16] = 8, [STATS_F32] = 24, [STATS_F64] = 53
	};
	const uint64_t before = (uint64_t)stats_size(type) * 8 << LOG_BITS;
	uint64_t of = exponents->zeros;
	uint64_t after;

	for (size_t i = 0; i < STATS_EXPONENT_FIELDS; i++)
		of += exponents->counts[i];
	if (of == 0 || other_bits[type] == 0)
		return 0;
	after = ((uint64_t)other_bits[type] << LOG_BITS) + entropy_of(exponents, of);
	return (double)((before * 100 + after / 2) / after) / 100;
}
