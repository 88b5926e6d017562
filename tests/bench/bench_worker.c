/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "unit/worker/support.h"

/*
 * What a process apart costs: start, round trip, bytes in and out.  Run by hand from the build folder:
 *
 *     top_builddir=. tests/bench/bench_worker
 */

#define STARTS	50
#define PINGS	1000
#define ROUNDS	50
#define SIZE	((size_t)256 << 20)
#define REPEATS 3

static double ms_since(uint64_t start_ns)
{
	return (double)(kist_now_ns() - start_ns) / 1e6;
}

static void need(kist_status status, const struct kist_error *error)
{
	if (status != KIST_OK) {
		(void)fprintf(stderr, "%s\n", error->text);
		exit(1);
	}
}

static void bench_start(void)
{
	const struct kist_catalog_entry *entry = faulty_entry();
	struct faulty faulty = { .worker = NULL };
	const struct kist_worker_options options = faulty_options(&faulty);
	struct kist_error error = KIST_ERROR_INIT;
	double start_best = 1e9;
	double start_sum = 0;
	double load_best = 1e9;

	for (int i = 0; i < STARTS; i++) {
		uint64_t since = kist_now_ns();
		double took;

		need(kist_worker_start(&options, &faulty.worker, &error), &error);
		took = ms_since(since);
		start_sum += took;
		start_best = took < start_best ? took : start_best;
		since = kist_now_ns();
		need(kist_worker_load(faulty.worker, entry, &faulty.plugin, &error), &error);
		took = ms_since(since);
		load_best = took < load_best ? took : load_best;
		kist_worker_close(faulty.worker);
	}
	printf("start          %8.3f ms best, %.3f ms mean\n", start_best, start_sum / STARTS);
	printf("load           %8.3f ms best\n", load_best);
}

static void bench_ping(struct faulty *faulty)
{
	struct kist_error error = KIST_ERROR_INIT;
	double best = 1e9;

	for (int k = 0; k < ROUNDS; k++) {
		const uint64_t since = kist_now_ns();
		double took;

		for (int i = 0; i < PINGS; i++)
			need(kist_worker_ping(faulty->worker, &error), &error);
		took = ms_since(since) * 1000 / PINGS;
		best = took < best ? took : best;
	}
	printf("round trip     %8.3f us best of %d times %d\n", best, ROUNDS, PINGS);
}

static kist_status swallow(void *ctx, struct kist_view bytes, struct kist_error *err)
{
	uint64_t *total = ctx;

	(void)err;
	*total += bytes.size;
	return KIST_OK;
}

static void bench_bytes(struct faulty *faulty, const char *name, const struct kist_input *input)
{
	const struct kist_serializer_ref ref = faulty_ref(faulty, 0);
	struct kist_error error = KIST_ERROR_INIT;
	double in_best = 1e9;
	double out_best = 1e9;

	for (int i = 0; i < REPEATS; i++) {
		uint64_t total = 0;
		const struct kist_output output = { .write = swallow, .ctx = &total };
		uint64_t since = kist_now_ns();
		uint64_t object;
		uint32_t kind;
		double took;

		need(kist_worker_deserialize(faulty->worker, &ref, input, &object, &kind, &error), &error);
		took = ms_since(since);
		in_best = took < in_best ? took : in_best;
		since = kist_now_ns();
		need(kist_worker_serialize(faulty->worker, &ref, object, &output, &error), &error);
		took = ms_since(since);
		out_best = took < out_best ? took : out_best;
		need(kist_worker_drop(faulty->worker, object, &error), &error);
	}
	printf("%-14s %8.0f MB/s in (mapped), %.0f MB/s out (%zu MiB)\n", name,
	       (double)input->size / in_best / 1e3, (double)input->size / out_best / 1e3,
	       (size_t)input->size >> 20);
}

static void bench_copy(const uint8_t *data)
{
	uint8_t *copy = malloc(SIZE);
	uint64_t since;

	if (!copy)
		return;
	since = kist_now_ns();
	memcpy(copy, data, SIZE);
	printf("memcpy, cold   %8.0f MB/s (%u)\n", (double)SIZE / ms_since(since) / 1e3, copy[SIZE / 3]);
	since = kist_now_ns();
	memcpy(copy, data, SIZE);
	printf("memcpy, warm   %8.0f MB/s (%u)\n", (double)SIZE / ms_since(since) / 1e3, copy[SIZE / 2]);
	free(copy);
}

int main(void)
{
	uint8_t *data = malloc(SIZE);
	struct bytes_input bytes;
	struct faulty faulty;

	if (!data)
		return 1;
	memset(data, 'n', SIZE);
	bench_start();
	faulty_load(&faulty, NULL);
	bench_ping(&faulty);
	bench_copy(data);
	bytes_input_host(&bytes, data, SIZE);
	bench_bytes(&faulty, "host reads", &bytes.input);
	bytes_input_host(&bytes, data, (size_t)32 << 20);
	bench_bytes(&faulty, "host reads", &bytes.input);
	bytes_input_file(&bytes, data, SIZE);
	bench_bytes(&faulty, "file, mmap", &bytes.input);
	bytes_input_done(&bytes);
	bytes_input_file(&bytes, data, (size_t)32 << 20);
	bench_bytes(&faulty, "file, pread", &bytes.input);
	bytes_input_done(&bytes);
	kist_worker_close(faulty.worker);
	free(data);
	return 0;
}
