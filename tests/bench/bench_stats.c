/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "stats/stats_ops_kernel.h"

/*
 * What statistics of numbers cost: MB/s (10^6 bytes) of one core and of processor time, the best of RUNS, from
 * memory that is far larger than the caches.
 *
 *     bench_stats [MEBIBYTES [RUNS]]
 *
 * prints a line for each type: with vectors of 16 bytes, and with what this processor has.
 */

#define PIECE ((size_t)1 << 20)
#define MEGA  1e6

static const struct {
	const char *name;
	enum stats_type type;
} rows[] = { { "f32", STATS_F32 }, { "f64", STATS_F64 }, { "bf16", STATS_BF16 },
	     { "f16", STATS_F16 }, { "i64", STATS_I64 }, { "i32", STATS_I32 },
	     { "i16", STATS_I16 }, { "u8", STATS_U8 },	 { "i64 wide", STATS_I64 } };
#define ROW_COUNT (sizeof(rows) / sizeof(rows[0]))

static double cpu_seconds(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Numbers about zero, as weights are; of integers ids that rise, and in the last row all of their bits. */
static void fill(size_t row, uint8_t *data, size_t size)
{
	const enum stats_type type = rows[row].type;
	const size_t item = stats_size(type);

	for (size_t i = 0; i < size / item; i++) {
		const float narrow = (float)((i * 2654435761u) % 100003) / 100003 - 0.5f;
		const double wide = (double)narrow;
		uint64_t word = row + 1 == ROW_COUNT ? i * 0x9e3779b97f4a7c15u : i * 3 + i % 7;
		uint32_t bits;

		memcpy(&bits, &narrow, sizeof(bits));
		if (type == STATS_F32)
			word = bits;
		if (type == STATS_BF16)
			word = bits >> 16;
		if (type == STATS_F16)
			word = bits >> 16 & 0xBBFF;
		if (type == STATS_F64)
			memcpy(&word, &wide, sizeof(word));
		memcpy(data + i * item, &word, item);
	}
}

static double speed(enum stats_type type, const struct stats_ops *ops, const uint8_t *data, size_t size,
		    int runs)
{
	double best = 0;

	for (int run = 0; run < runs; run++) {
		struct stats stats;
		double start;
		double rate;

		stats_init(&stats, type);
		stats.ops = ops;
		start = cpu_seconds();
		for (size_t at = 0; at < size; at += PIECE)
			stats_add(&stats, data + at, PIECE / stats_size(type));
		stats_finish(&stats);
		rate = (double)size / (cpu_seconds() - start) / MEGA;
		best = rate > best ? rate : best;
	}
	return best;
}

int main(int argc, char **argv)
{
	const int mebibytes = argc > 1 ? atoi(argv[1]) : 256;
	const int runs = argc > 2 ? atoi(argv[2]) : 5;
	const size_t size = (size_t)(mebibytes > 0 ? mebibytes : 1) * PIECE;
	uint8_t *const data = malloc(size);

	if (!data) {
		perror("memory");
		return 1;
	}
	printf("%-10s %12s %12s\n", "MB/s", "16 bytes", "best");
	for (size_t i = 0; i < ROW_COUNT; i++) {
		fill(i, data, size);
		printf("%-10s %12.0f %12.0f\n", rows[i].name,
		       speed(rows[i].type, &stats_ops_base, data, size, runs),
		       speed(rows[i].type, stats_ops_usable(0), data, size, runs));
	}
	free(data);
	return 0;
}
