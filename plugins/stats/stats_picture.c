/* SPDX-License-Identifier: Apache-2.0 */
#include "stats_picture.h"

#include <math.h>
#include <string.h>

#include "stats_ops_kernel.h"
#include "stats_out.h"

/* Steps between the least and the most. */
#define LEVELS 255

/* "1,2,3]}", behind "[". */
static void put_counts(struct stats_out *out, const uint64_t *counts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		stats_out_field(out, i > 0 ? "," : "", counts[i]);
	stats_out_text(out, "]}");
}

void stats_put_histogram(struct stats_out *out, const struct stats *stats, const struct stats_sample *sample,
			 size_t bins)
{
	uint64_t counts[STATS_BINS];
	const uint64_t of = stats_sample_histogram(sample, stats->min, stats->max, bins, counts);

	if (of == 0)
		return;
	stats_out_field(out, ",\"histogram\":{\"of\":", of);
	stats_out_text(out, ",\"counts\":[");
	put_counts(out, counts, bins);
}

/* Between @from and @until two hexadecimal digits each, ".." of one that is not finite. */
static void put_levels(struct stats_out *out, const struct stats_ops *ops, const double *values, size_t count,
		       double from, double until)
{
	const struct stats_scale scale = {
		.from = from, .until = until, .per_width = LEVELS, .last = LEVELS, .round = 0.5
	};
	static const char digits[] = "0123456789abcdef";
	int32_t steps[STATS_SIDE_MAX];
	char text[STATS_SIDE_MAX * 2];

	ops->steps(values, count, &scale, steps);
	for (size_t i = 0; i < count; i++) {
		text[2 * i] = steps[i] < 0 ? '.' : digits[steps[i] >> 4];
		text[2 * i + 1] = steps[i] < 0 ? '.' : digits[steps[i] & 15];
	}
	stats_out_bytes(out, text, 2 * count);
}

static void put_range(struct stats_out *out, const char *key, double from, double until)
{
	stats_out_text(out, key);
	stats_out_text(out, "{\"from\":");
	stats_out_number(out, from, false);
	stats_out_text(out, ",\"to\":");
	stats_out_number(out, until, false);
}

/* Least, mean and most of each stretch. */
static void put_curve(const struct stats *stats, const struct stats_sample *sample, uint64_t points,
		      struct stats_out *out)
{
	static const char *const keys[] = { ",\"min\":\"", "\",\"mean\":\"", "\",\"max\":\"" };
	struct stats_cell cells[STATS_SIDE_MAX];
	double values[3][STATS_SIDE_MAX];

	stats_sample_cells(sample, 0, 1, points, cells);
	for (uint64_t i = 0; i < points; i++) {
		values[0][i] = cells[i].min;
		values[1][i] = cells[i].mean;
		values[2][i] = cells[i].max;
	}
	put_range(out, ",\"curve\":", stats->min, stats->max);
	for (size_t k = 0; k < 3; k++) {
		stats_out_text(out, keys[k]);
		put_levels(out, sample->ops, values[k], points, stats->min, stats->max);
	}
	stats_out_text(out, "\"}");
}

/* @rows by @columns cells, of which the rows are columns of the sample when @is_transposed. */
static void put_map(const struct stats_sample *sample, uint64_t rows, uint64_t columns, bool is_transposed,
		    struct stats_out *out)
{
	const uint64_t outer = is_transposed ? columns : rows;
	const uint64_t inner = is_transposed ? rows : columns;
	double means[STATS_SIDE_MAX * STATS_SIDE_MAX];
	double from = INFINITY;
	double until = -INFINITY;

	for (uint64_t i = 0; i < outer; i++) {
		struct stats_cell cells[STATS_SIDE_MAX];

		stats_sample_cells(sample, i, outer, inner, cells);
		for (uint64_t k = 0; k < inner; k++) {
			const double mean = cells[k].mean;

			means[is_transposed ? k * columns + i : i * columns + k] = mean;
			from = mean < from ? mean : from;
			until = mean > until ? mean : until;
		}
	}
	put_range(out, ",\"heat\":", from, until);
	stats_out_field(out, ",\"rows\":", rows);
	stats_out_field(out, ",\"columns\":", columns);
	stats_out_text(out, ",\"cells\":\"");
	for (uint64_t row = 0; row < rows; row++)
		put_levels(out, sample->ops, means + row * columns, columns, from, until);
	stats_out_text(out, "\"}");
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

void stats_put_picture(struct stats_out *out, const struct stats *stats, const struct stats_sample *sample,
		       bool is_transposed, uint64_t cells_max)
{
	const uint64_t rows = is_transposed ? sample->columns_taken : sample->rows_taken;
	const uint64_t columns = is_transposed ? sample->rows_taken : sample->columns_taken;
	const size_t before = out->len;
	uint64_t side = STATS_SIDE_MAX;

	stats_put_histogram(out, stats, sample, STATS_BINS);
	if (out->len == before || sample->count < 2)
		return;
	if (sample->rows == 1) {
		put_curve(stats, sample, least(sample->columns_taken, least(side, cells_max)), out);
		return;
	}
	while (side > 1 && side * side > cells_max)
		side--;
	put_map(sample, least(rows, side), least(columns, side), is_transposed, out);
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

void stats_put_exponents(struct stats_out *out, const struct stats_exponents *exponents)
{
	uint64_t counts[STATS_EXPONENTS] = { 0 };
	size_t last = FIELD_LAST;
	uint64_t of = 0;
	size_t first = 0;

	while (last > 0 && exponents->counts[last - 1] == 0)
		last--;
	if (last == 0)
		return;
	for (size_t field = 0; field < last; field++) {
		const size_t below = last - 1 - field;

		counts[below < STATS_EXPONENTS ? STATS_EXPONENTS - 1 - below : 0] += exponents->counts[field];
		of += exponents->counts[field];
	}
	while (counts[first] == 0)
		first++;
	stats_out_field(out, ",\"exponents\":{\"of\":", of);
	stats_out_text(out, ",\"from\":");
	stats_out_signed(out, (int64_t)last - STATS_EXPONENTS + (int64_t)first - 1023);
	stats_out_text(out, ",\"counts\":[");
	put_counts(out, counts + first, STATS_EXPONENTS - first);
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
