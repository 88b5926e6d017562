/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/num.h"
#include "pack/cut.h"
#include "pack/pool.h"
#include "pack/record.h"

/*
 * What the work itself costs, so that put and get have a limit to be measured against: the chunks of a file
 * from memory to memory on all cores, without plugins, files, locks or a store.
 *
 *     bench_kernel FILE [RUNS]
 *
 * prints one line of MB/s (10^6 bytes of the file), medians of RUNS (5):
 *
 *     put  get  put-checked  |  cut  hash  encode  decode  |  ratio
 *
 * put: cut, hash (the chunk and the whole), choose a filter, filter, compress.  get: decode, hash (the whole,
 * which proves all chunks of a file, two stretches of it at once).  put-checked: put, and what was made is decoded once and compared.  The
 * others are of one core, each alone; hash is that of a put.  Processor time is measured, not the clock: what else runs on the machine counts little.
 */

#define RUNS_MAX    99
#define MEGA	    1e6
#define WORK_NS_MIN 1000000u

enum phase { CUT, HASH, ENCODE, DECODE, COMPARE, PHASES };

struct chunk {
	struct kist_view raw;
	struct kist_filter_hint hint;
	struct kist_filter_choice choice;
	struct kist_digest id;
	uint8_t *body;
	size_t size;
};

struct worker {
	struct kist_filter filter;
	struct kist_hasher whole;
	uint8_t *raw; /* KIST_CHUNK_SIZE_MAX */
	uint64_t ns[PHASES];
};

struct bench {
	struct kist_view file;
	struct kist_cut_part part; /* the typed one, when its hint has a width */
	struct kist_filter_hint hint;
	struct chunk *chunks;
	size_t count;
	struct kist_pool *pool;
	struct worker workers[KIST_POOL_WORKERS_MAX];
};

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void *take(size_t size)
{
	void *const memory = calloc(1, size);

	if (!memory)
		fail("memory");
	return memory;
}

static uint64_t cpu_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static struct kist_view map_file(const char *path)
{
	kist_auto_fd int fd = -1;
	struct stat info;
	void *bytes;

	if (kist_open_at(AT_FDCWD, path, O_RDONLY, 0, &fd, NULL) != KIST_OK || fstat(fd, &info) != 0)
		fail(path);
	bytes = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	if (bytes == MAP_FAILED)
		fail(path);
	return kist_view_of(bytes, (size_t)info.st_size);
}

static void set_part(struct bench *bench, size_t offset, enum kist_filter_kind kind, uint32_t width)
{
	bench->part = (struct kist_cut_part){ .offset = offset,
					      .len = bench->file.size - offset,
					      .element_size = width };
	bench->hint = (struct kist_filter_hint){ .kind = kind, .width = width };
}

/* As much of .npy and .safetensors as bench_data writes; anything else is bytes. */
static void look_at_head(struct bench *bench)
{
	const uint8_t *const data = bench->file.data;
	char head[256] = "";
	const char *descr;

	memcpy(head, data, kist_min_u64(sizeof(head) - 1, bench->file.size));
	for (size_t i = 0; i < sizeof(head) - 1; i++)
		head[i] = head[i] == '\0' ? ' ' : head[i];
	descr = strstr(head, "'descr': '");
	if (memcmp(head, "\x93NUMPY", 6) == 0 && descr)
		set_part(bench, 10 + (size_t)data[8] + 256 * (size_t)data[9],
			 descr[11] == 'f' ? KIST_FILTER_REAL : KIST_FILTER_INT, (uint32_t)(descr[12] - '0'));
	else if (strstr(head, "\"BF16\"") && bench->file.size > 8)
		set_part(bench, 8 + (size_t)data[0] + 256 * (size_t)data[1], KIST_FILTER_REAL, 2);
}

static void cut(struct bench *bench)
{
	const struct kist_cut_sizes sizes = { .typed = KIST_CUT_SIZE_DEFAULT,
					      .cdc = KIST_CDC_AVERAGE_DEFAULT };
	const uint64_t since = cpu_ns();
	struct kist_cut cutting;
	uint64_t offset;
	size_t part;
	size_t len;

	bench->count = 0;
	if (kist_cut_init(&cutting, sizes, bench->file.size, &bench->part, bench->hint.width > 0, NULL) !=
	    KIST_OK)
		fail("cut");
	while (kist_cut_next(&cutting, &offset, &len, &part)) {
		struct chunk *const chunk = &bench->chunks[bench->count++];
		const size_t used = kist_cut_end(&cutting, kist_view_of(bench->file.data + offset, len));

		chunk->raw = kist_view_of(bench->file.data + offset, used);
		chunk->hint = (struct kist_filter_hint){ .kind = KIST_FILTER_BYTES };
		if (part != KIST_CUT_NO_PART)
			chunk->hint = bench->hint;
	}
	bench->workers[0].ns[CUT] += cpu_ns() - since;
}

static void lap(struct worker *worker, enum phase phase, uint64_t *since)
{
	const uint64_t now = cpu_ns();

	worker->ns[phase] += now - *since;
	*since = now;
}

static kist_status put_job(void *ctx, size_t index, unsigned no, struct kist_error *err)
{
	struct bench *const bench = ctx;
	struct chunk *const chunk = &bench->chunks[index];
	struct worker *const worker = &bench->workers[no];
	const struct kist_filter_input input = { .raw = chunk->raw,
						 .hint = chunk->hint,
						 .level = KIST_FILTER_DEFAULT };
	uint64_t since = cpu_ns();

	chunk->id = kist_hasher_add_beside(&worker->whole, chunk->raw, chunk->raw);
	lap(worker, HASH, &since);
	KIST_TRY(kist_filter_encode(&worker->filter, &input, chunk->body, &chunk->size, &chunk->choice, err));
	if (chunk->size == 0)
		kist_codec_store(chunk->raw, chunk->body);
	lap(worker, ENCODE, &since);
	return KIST_OK;
}

static kist_status get_job(void *ctx, size_t index, unsigned no, struct kist_error *err)
{
	struct bench *const bench = ctx;
	struct chunk *const chunk = &bench->chunks[index];
	struct worker *const worker = &bench->workers[no];
	const struct kist_filter_body body = {
		.body = kist_view_of(chunk->body,
				     chunk->size > 0 ? chunk->size : kist_codec_stored_size(chunk->raw.size)),
		.choice = chunk->choice
	};
	const struct kist_view raw = kist_view_of(worker->raw, chunk->raw.size);
	uint64_t since = cpu_ns();

	KIST_TRY(kist_filter_decode(&worker->filter, &body, worker->raw, raw.size, err));
	lap(worker, DECODE, &since);
	/* As two stretches at once: half of it is counted. */
	(void)kist_hasher_add_beside(&worker->whole, raw, raw);
	lap(worker, HASH, &since);
	if (memcmp(raw.data, chunk->raw.data, raw.size) != 0)
		fail("bytes");
	lap(worker, COMPARE, &since);
	return KIST_OK;
}

/* Processor time of all cores, by phase. */
static void run(struct bench *bench, kist_status (*job)(void *, size_t, unsigned, struct kist_error *),
		uint64_t ret_ns[static PHASES])
{
	struct kist_error err = KIST_ERROR_INIT;

	for (size_t i = 0; i < KIST_POOL_WORKERS_MAX; i++) {
		memset(bench->workers[i].ns, 0, sizeof(bench->workers[i].ns));
		kist_hasher_start(&bench->workers[i].whole);
	}
	if (job == put_job)
		cut(bench);
	if (kist_pool_run(bench->pool, bench->count, job, bench, &err) != KIST_OK)
		fail(err.text);
	memset(ret_ns, 0, PHASES * sizeof(*ret_ns));
	for (size_t i = 0; i < KIST_POOL_WORKERS_MAX; i++) {
		for (size_t phase = 0; phase < PHASES; phase++)
			ret_ns[phase] += bench->workers[i].ns[phase];
	}
}

static int compare_u64(const void *a, const void *b)
{
	const uint64_t one = *(const uint64_t *)a;
	const uint64_t other = *(const uint64_t *)b;

	return one < other ? -1 : one > other;
}

/* MB/s of one core for @size bytes in the median of @runs times; 0 when that is no work to speak of. */
static double speed(uint64_t *ns, size_t runs, size_t size)
{
	qsort(ns, runs, sizeof(*ns), compare_u64);
	return ns[runs / 2] > WORK_NS_MIN ? (double)size / MEGA / ((double)ns[runs / 2] / 1e9) : 0;
}

static void print_figures(struct bench *bench, size_t runs)
{
	static uint64_t times[PHASES + 3][RUNS_MAX];
	const double cores = kist_pool_workers(bench->pool);
	double mb[PHASES + 3];
	size_t stored = 0;

	for (size_t i = 0; i < runs; i++) {
		uint64_t put[PHASES];
		uint64_t get[PHASES];

		run(bench, put_job, put);
		run(bench, get_job, get);
		times[CUT][i] = put[CUT];
		times[HASH][i] = put[HASH];
		times[ENCODE][i] = put[ENCODE];
		times[DECODE][i] = get[DECODE];
		times[PHASES][i] = put[CUT] + put[HASH] + put[ENCODE];
		times[PHASES + 1][i] = get[DECODE] + get[HASH] / 2;
		times[PHASES + 2][i] = put[CUT] + put[HASH] + put[ENCODE] + get[DECODE] + get[COMPARE];
	}
	for (size_t i = 0; i < bench->count; i++)
		stored += bench->chunks[i].size > 0 ? bench->chunks[i].size
						    : kist_codec_stored_size(bench->chunks[i].raw.size);
	for (size_t i = 0; i < PHASES + 3; i++)
		mb[i] = speed(times[i], runs, bench->file.size);
	printf("put %.0f get %.0f put-checked %.0f | cut %.0f hash %.0f encode %.0f decode %.0f | ratio "
	       "%.2f\n",
	       mb[PHASES] * cores, mb[PHASES + 1] * cores, mb[PHASES + 2] * cores, mb[CUT], mb[HASH],
	       mb[ENCODE], mb[DECODE], (double)bench->file.size / (double)stored);
}

int main(int argc, char **argv)
{
	static struct bench bench;
	const size_t runs = argc > 2 ? strtoul(argv[2], NULL, 10) : 5;
	size_t room = 0;
	uint8_t *bodies;

	if (argc < 2 || runs == 0 || runs > RUNS_MAX) {
		(void)fprintf(stderr, "usage: bench_kernel FILE [RUNS]\n");
		return 2;
	}
	bench.file = map_file(argv[1]);
	bench.chunks = take((bench.file.size / KIST_CUT_STRETCH_MIN + 16) * sizeof(*bench.chunks));
	look_at_head(&bench);
	cut(&bench);
	for (size_t i = 0; i < bench.count; i++)
		room += kist_codec_stored_size(bench.chunks[i].raw.size);
	bodies = take(room);
	for (size_t i = 0; i < bench.count; i++) {
		bench.chunks[i].body = bodies;
		bodies += kist_codec_stored_size(bench.chunks[i].raw.size);
	}
	for (size_t i = 0; i < KIST_POOL_WORKERS_MAX; i++)
		bench.workers[i].raw = take(KIST_CHUNK_SIZE_MAX);
	if (kist_pool_new(&bench.pool, NULL) != KIST_OK)
		fail("threads");
	print_figures(&bench, runs);
	kist_pool_free(bench.pool);
	return 0;
}
