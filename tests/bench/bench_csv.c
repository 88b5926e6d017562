/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "csv_number.h"
#include "csv_read.h"
#include "csv_types.h"
#include "support/plugtest.h"

/*
 * What reading and writing CSV costs on one core, from memory to memory, without a host.
 *
 *     bench_csv make plain|quoted|typed|doubles MIB FILE    writes the same text every time
 *     bench_csv step fields|typed|arrow FILE        does that once, for a profiler
 *     bench_csv run FILE [RUNS]                     prints one line of MB/s, medians of RUNS (5):
 *
 *     fields  typed  arrow  write
 *
 * fields: every cell found.  typed: all types and statistics found, every number read.  arrow: the table as an
 * Arrow stream, read to its end (types, then values: the text is read twice).  write: the table written again,
 * less what arrow costs.  10^6 bytes of the file; processor time is measured, not the clock.
 */

#define RUNS_MAX 99
#define MEGA	 1e6

enum step { FIELDS, TYPED, ARROW, REWRITE, STEPS };

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static double cpu_s(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static uint32_t next(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

/* Three numbers of 15 to 17 digits, as programs print measurements. */
static int make_doubles(char *to, uint64_t *state)
{
	static const double scales[] = { 1, 1e5, 1e-2 };
	size_t n = 0;

	for (size_t i = 0; i < 3; i++) {
		const uint64_t bits = (uint64_t)next(state) << 22 ^ next(state);

		n += csv_float_print(to + n, (double)bits * 0x1p-53 * scales[i]);
		to[n++] = i < 2 ? ',' : '\n';
	}
	return (int)n;
}

static int make_row(char *to, size_t size, const char *kind, uint64_t row, uint64_t *state)
{
	const bool is_doubles = strcmp(kind, "doubles") == 0;
	const uint32_t a = is_doubles ? 0 : next(state);
	const uint32_t b = is_doubles ? 0 : next(state);
	const uint32_t c = is_doubles ? 0 : next(state);

	if (is_doubles)
		return make_doubles(to, state);
	if (strcmp(kind, "plain") == 0)
		return snprintf(to, size, "item%u,a short text %x,%x,city of %x,%s\n", a % 9973, b, c, a,
				b % 3 ? "open" : "closed");
	if (strcmp(kind, "quoted") == 0)
		return snprintf(to, size, "item%u,\"text, with %x\",%x,city of %x,\"said \"\"%s\"\"\"\n",
				a % 9973, b, c, a, b % 3 ? "yes" : "no");
	return snprintf(to, size, "%" PRIu64 ",%u,-%u.%03u,%u.%u1,20%02u-%02u-%02u,%s,text %x\n", row, a,
			b % 1000, c % 1000 == 0 ? 1 : c % 1000 / 10 * 10 + 1, a % 90, c, b % 100, a % 12 + 1,
			c % 28 + 1, c % 2 ? "true" : "false", b % 65536);
}

static int make(const char *kind, size_t size, const char *path)
{
	FILE *const file = fopen(path, "w");
	uint64_t state = 42;
	size_t done = 0;
	char row[512];

	if (!file)
		fail(path);
	done = (size_t)fprintf(file, "%s\n",
			       strcmp(kind, "typed") == 0     ? "id,n,x,y,day,flag,text"
			       : strcmp(kind, "doubles") == 0 ? "x,y,z"
							      : "a,b,c,d,e");
	for (uint64_t i = 0; done < size; i++) {
		const int n = make_row(row, sizeof(row), kind, i, &state);

		if (fwrite(row, 1, (size_t)n, file) != (size_t)n)
			fail(path);
		done += (size_t)n;
	}
	if (fclose(file) != 0)
		fail(path);
	return 0;
}

static void check(kist_status status, const char *what)
{
	if (status == KIST_OK)
		return;
	fprintf(stderr, "bench_csv: %s failed with status %d\n", what, (int)status);
	exit(1);
}

static void run_fields(struct plugtest_source *source, struct plugtest_call *call)
{
	struct csv_reader reader;
	struct csv_rows rows = { .count = 1 };

	check(csv_reader_open(&reader, &source->source, &call->call, (struct csv_dialect){ 0 }), "open");
	while (rows.count > 0)
		check(csv_reader_rows(&reader, &rows), "fields");
	csv_reader_close(&reader);
}

static void run_typed(struct plugtest_source *source, struct plugtest_call *call)
{
	struct csv_profile profile;
	struct csv_fault fault;

	check(csv_profile_read(&source->source, &call->call, (struct csv_dialect){ 0 }, &profile, &fault),
	      "typed");
	csv_profile_done(&profile);
}

static void read_to_end(struct ArrowArrayStream *stream)
{
	struct ArrowArray array;

	for (;;) {
		check(stream->get_next(stream, &array) == 0 ? KIST_OK : KIST_CORRUPT, "arrow");
		if (!array.release)
			return;
		array.release(&array);
	}
}

static kist_status drop(struct kist_sink *sink, const void *data, size_t len)
{
	(void)sink;
	(void)data;
	(void)len;
	return KIST_OK;
}

static void run_table(struct plugtest_source *source, struct plugtest_call *call, bool written)
{
	const ArtifactTaskInterface *const csv = plugtest_type("kist.csv")->interface;
	struct kist_object object = { .struct_size = sizeof(object) };
	struct plugtest_sink sink;

	check(csv->deserialize(NULL, &call->call, &source->source, NULL, &object), "deserialize");
	if (written) {
		plugtest_sink_init(&sink);
		sink.sink.write = drop;
		check(csv->serialize(NULL, &call->call, &object, NULL, &sink.sink), "serialize");
		plugtest_sink_done(&sink);
	} else {
		read_to_end(object.value);
	}
	object.release(&object);
}

static double time_of(enum step step, const uint8_t *data, size_t size)
{
	struct plugtest_source source;
	struct plugtest_call call;
	const double since = cpu_s();

	plugtest_source_init(&source, data, size);
	plugtest_call_init(&call);
	if (step == FIELDS)
		run_fields(&source, &call);
	else if (step == TYPED)
		run_typed(&source, &call);
	else
		run_table(&source, &call, step == REWRITE);
	plugtest_call_done(&call);
	return cpu_s() - since;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a;
	const double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The whole file in memory; it stays there until the end. */
static const uint8_t *read_file(const char *path, long *ret_size)
{
	FILE *const file = fopen(path, "r");
	void *data;

	if (!file || fseek(file, 0, SEEK_END) != 0 || (*ret_size = ftell(file)) <= 0)
		fail(path);
	data = mmap(NULL, (size_t)*ret_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fileno(file), 0);
	if (data == MAP_FAILED)
		fail(path);
	(void)fclose(file);
	return data;
}

static int run_step(const char *name, const char *path)
{
	static const char *const names[] = { "fields", "typed", "arrow" };
	long size;
	const uint8_t *const data = read_file(path, &size);

	for (int step = 0; step < 3; step++) {
		if (strcmp(name, names[step]) == 0)
			(void)time_of((enum step)step, data, (size_t)size);
	}
	return 0;
}

static int run(const char *path, int runs)
{
	double times[STEPS][RUNS_MAX];
	long size;
	const uint8_t *const data = read_file(path, &size);

	for (int i = 0; i < runs; i++) {
		for (int step = 0; step < STEPS; step++)
			times[step][i] = time_of((enum step)step, data, (size_t)size);
	}
	for (int step = 0; step < STEPS; step++)
		qsort(times[step], (size_t)runs, sizeof(double), compare);
	printf("fields %.0f  typed %.0f  arrow %.0f  write %.0f\n",
	       (double)size / MEGA / times[FIELDS][runs / 2], (double)size / MEGA / times[TYPED][runs / 2],
	       (double)size / MEGA / times[ARROW][runs / 2],
	       (double)size / MEGA / (times[REWRITE][runs / 2] - times[ARROW][runs / 2]));
	return 0;
}

int main(int argc, char **argv)
{
	const int runs = argc > 3 ? atoi(argv[3]) : 5;

	if (argc == 5 && strcmp(argv[1], "make") == 0 && atol(argv[3]) > 0)
		return make(argv[2], (size_t)atol(argv[3]) << 20, argv[4]);
	if (argc == 4 && strcmp(argv[1], "step") == 0)
		return run_step(argv[2], argv[3]);
	if (argc >= 3 && argc <= 4 && strcmp(argv[1], "run") == 0 && runs > 0 && runs <= RUNS_MAX)
		return run(argv[2], runs);
	fprintf(stderr,
		"usage: bench_csv make plain|quoted|typed MIB FILE | step STEP FILE | run FILE [RUNS]\n");
	return 2;
}
