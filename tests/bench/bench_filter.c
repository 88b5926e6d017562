/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zstd.h>

#include "base/digest.h"
#include "pack/cdc.h"
#include "pack/codec.h"
#include "pack/filter.h"
#include "unit/pack/filter_data.h"

/*
 * What typed compression costs and gains.  Run by hand from the build folder:
 *
 *     tests/bench/bench_filter [MiB [part of a name]]
 */

#define CHUNK	((size_t)1 << 20)
#define REPEATS 5

/* Time of this thread alone: others may be at work. */
static uint64_t cpu_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static double best_of(double best, uint64_t since)
{
	const double took = (double)(cpu_ns() - since) / 1e9;

	return took < best ? took : best;
}

static double gb(size_t size, double seconds)
{
	return (double)size / seconds / 1e9;
}

static void bench_plain(const uint8_t *data, size_t size, int level, double *ratio, double *speed)
{
	const size_t room = ZSTD_compressBound(CHUNK);
	uint8_t *const to = malloc(room);
	ZSTD_CCtx *const context = ZSTD_createCCtx();
	double best = 1e9;
	size_t total = 0;

	for (int k = 0; k < 2; k++) {
		const uint64_t since = cpu_ns();

		total = 0;
		for (size_t at = 0; at < size; at += CHUNK)
			total += ZSTD_compressCCtx(context, to, room, data + at, CHUNK, level);
		best = best_of(best, since);
	}
	*ratio = (double)size / (double)total;
	*speed = gb(size, best);
	ZSTD_freeCCtx(context);
	free(to);
}

static void bench_kind(size_t index, size_t size)
{
	const struct filter_data *const kind = &filter_data[index];
	kist_auto_filter struct kist_filter filter = KIST_FILTER_INIT;
	const size_t room = kist_codec_stored_size(CHUNK);
	uint8_t *const data = malloc(size);
	uint8_t *const base = malloc(size);
	uint8_t *const bodies = malloc(size / CHUNK * room);
	uint8_t *const back = malloc(CHUNK);
	struct kist_filter_choice choice = { .filter = 0 };
	double plain[2];
	double speed[2];

	filter_data_fill(kind, data, base, size);
	bench_plain(data, size, 1, &plain[0], &speed[0]);
	bench_plain(data, size, 3, &plain[1], &speed[1]);
	printf("%-24s zstd-1 %6.2f %5.2f GB/s  zstd-3 %6.2f %5.2f", kind->name, plain[0], speed[0], plain[1],
	       speed[1]);
	for (int level = KIST_FILTER_FAST; level <= KIST_FILTER_DEFAULT; level++) {
		double in = 1e9;
		double out = 1e9;
		size_t total = 0;

		for (int k = 0; k < REPEATS; k++) {
			size_t sizes[4096];
			struct kist_filter_choice choices[4096];
			uint64_t since = cpu_ns();

			total = 0;
			for (size_t at = 0; at < size; at += CHUNK) {
				const struct kist_filter_input input = {
					.raw = kist_view_of(data + at, CHUNK),
					.base = kist_view_of(base + at, kind->has_base ? CHUNK : 0),
					.hint = kind->hint,
					.level = (enum kist_filter_level)level
				};
				size_t *const got = &sizes[at / CHUNK];

				if (kist_filter_encode(&filter, &input, bodies + at / CHUNK * room, got,
						       &choices[at / CHUNK], NULL) != KIST_OK)
					abort();
				total += *got ? *got : room;
			}
			in = best_of(in, since);
			since = cpu_ns();
			for (size_t at = 0; at < size; at += CHUNK) {
				const struct kist_filter_body body = {
					.body = kist_view_of(bodies + at / CHUNK * room, sizes[at / CHUNK]),
					.base = kist_view_of(
						base + at,
						choices[at / CHUNK].filter == KIST_FILTER_BASE ? CHUNK : 0),
					.choice = choices[at / CHUNK]
				};

				if (sizes[at / CHUNK] > 0 &&
				    kist_filter_decode(&filter, &body, back, CHUNK, NULL) != KIST_OK)
					abort();
			}
			out = best_of(out, since);
			choice = choices[0];
		}
		printf("  | %s %d.%d %6.2f %5.2f in %5.2f out", level ? "default" : "fast", choice.filter,
		       choice.params[0], (double)size / (double)total, gb(size, in), gb(size, out));
	}
	printf("\n");
	free(data);
	free(base);
	free(bodies);
	free(back);
}

static void bench_kernel(enum kist_filter_target target, uint8_t id, uint8_t width)
{
	struct kist_filter_spec spec = { .filter = id, .width = width, .float_keys = true };
	const struct kist_filter_ops *const ops = kist_filter_ops_of(target);
	uint8_t *const raw = malloc(CHUNK);
	uint8_t *const base = malloc(CHUNK);
	uint8_t *const to = malloc(kist_filter_size_max(CHUNK));
	double in = 1e9;
	double out = 1e9;

	filter_data_fill(&filter_data[0], raw, base, CHUNK);
	spec.distance = id == KIST_FILTER_DELTA;
	if (id == KIST_FILTER_DECIMAL) {
		for (size_t i = 0; i < CHUNK / 8; i++) {
			const double value = (double)(i * 7919 % 100000) / 100;

			memcpy(raw + 8 * i, &value, 8);
		}
		spec.exponent = 2;
		spec.float_keys = false;
	}
	for (int k = 0; k < 20; k++) {
		uint64_t since = cpu_ns();

		if (!kist_filter_forward(ops, &spec, raw, CHUNK, base, to))
			abort();
		in = best_of(in, since);
		since = cpu_ns();
		if (!kist_filter_back(ops, &spec, to, CHUNK, base, raw))
			abort();
		out = best_of(out, since);
	}
	printf("  %u.%u %5.1f/%5.1f", id, width, gb(CHUNK, in), gb(CHUNK, out));
	free(raw);
	free(base);
	free(to);
}

static void bench_kernels(void)
{
	static const char *const names[] = { "scalar", "sse2", "avx2" };

	for (int target = 0; target < KIST_FILTER_TARGET_COUNT; target++) {
		if (!kist_filter_supports((enum kist_filter_target)target))
			continue;
		printf("%s, GB/s forward/back:", names[target]);
		for (uint8_t id = KIST_FILTER_PLANES; id <= KIST_FILTER_BITS; id++) {
			for (uint8_t width = 1; width <= 8; width = (uint8_t)(width * 2)) {
				struct kist_filter_spec spec = { .filter = id,
								 .width = width,
								 .distance = id == KIST_FILTER_DELTA };
				uint8_t params[KIST_FILTER_PARAMS_SIZE];

				kist_filter_spec_write(&spec, params);
				if (id != KIST_FILTER_RECORD && kist_filter_spec_read(id, params, &spec))
					bench_kernel((enum kist_filter_target)target, id, width);
			}
		}
		printf("\n");
	}
}

static void bench_cdc(size_t size)
{
	uint8_t *const data = malloc(size);
	double best = 1e9;

	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 13 ^ i >> 3);
	for (int k = 0; k < REPEATS; k++) {
		const uint64_t since = cpu_ns();
		struct kist_cdc cdc;
		size_t at = 0;
		size_t len;

		if (kist_cdc_init(&cdc, KIST_CDC_AVERAGE_DEFAULT, NULL) != KIST_OK)
			abort();
		while (kist_cdc_next(&cdc, kist_view_of(data + at, size - at), true, &len))
			at += len;
		best = best_of(best, since);
	}
	printf("cdc %.2f GB/s\n", gb(size, best));
	free(data);
}

static void bench_digest(size_t size)
{
	uint8_t *const data = calloc(1, size);
	struct kist_digest digests[2];
	double one = 1e9;
	double two = 1e9;

	for (int k = 0; k < REPEATS; k++) {
		uint64_t since = cpu_ns();

		for (size_t at = 0; at < size; at += CHUNK)
			digests[0] = kist_digest_of(kist_view_of(data + at, CHUNK));
		one = best_of(one, since);
		since = cpu_ns();
		for (size_t at = 0; at + 2 * CHUNK <= size; at += 2 * CHUNK)
			kist_digest_two(kist_view_of(data + at, CHUNK),
					kist_view_of(data + at + CHUNK, CHUNK), digests);
		two = best_of(two, since);
	}
	printf("sha-256 %.2f GB/s, two at once %.2f GB/s\n", gb(size, one), gb(size, two));
	free(data);
}

int main(int argc, char **argv)
{
	const size_t size = CHUNK * (argc > 1 ? strtoul(argv[1], NULL, 10) : 16);

	if (argc < 3) {
		bench_kernels();
		bench_cdc(4 * size);
		bench_digest(4 * size);
	}
	for (size_t i = 0; i < FILTER_DATA_COUNT; i++) {
		if (argc < 3 || strstr(filter_data[i].name, argv[2]))
			bench_kind(i, size);
	}
	return 0;
}
