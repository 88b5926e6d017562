/* SPDX-License-Identifier: Apache-2.0 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/le.h"

/*
 * Makes what the benchmarks put: the same bytes on every run and machine.
 *
 *     bench_data walk|noise|steps|weights|ids|csv|safetensors MIB FILE
 *     bench_data files COUNT FOLDER
 *     bench_data checkpoint|fresh MIB FILE STEP
 *     bench_data inserted|scattered ROWS FILE SOURCE
 *
 * walk: float32 random walks, as sensors give them.  noise: random bits, which nothing shrinks.  steps:
 * float32 that stays the same for long, which shrinks to almost nothing.
 *
 * checkpoint: float32 tensors of 1 MiB, of which each step changes one in 20: as training does, by a
 * hundredth of their deviation.  fresh: the same, but what changes has nothing to do with what it was.
 *
 * inserted: SOURCE with rows put in at one place; scattered: each at a place of its own.
 */

#define BLOCK_SIZE  ((size_t)1 << 20)
#define TENSORS	    16
#define CHANGED_IN  20	/* tensors of a checkpoint */
#define FILES_EACH  100 /* in a folder */
#define HEADER_MAX  ((size_t)1 << 20)
#define INSERTS_MAX 100000

static uint64_t seed = 0x6b697374;

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

/* splitmix64 */
static uint64_t next(void)
{
	uint64_t z = seed += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return z ^ (z >> 31);
}

/* About normal: the sum of four 16-bit numbers, with a deviation of 1. */
static float next_normal(void)
{
	const uint64_t bits = next();
	const uint32_t sum = (uint32_t)(bits & 0xffff) + (uint32_t)(bits >> 16 & 0xffff) +
			     (uint32_t)(bits >> 32 & 0xffff) + (uint32_t)(bits >> 48);

	return ((float)sum - 131070.0f) / 37837.0f;
}

static void put_f32(uint8_t *at, float value)
{
	uint32_t bits;

	memcpy(&bits, &value, sizeof(bits));
	kist_le_write32(at, bits);
}

static void fill_walk(uint8_t *block)
{
	static float value = 20.0f;

	for (size_t i = 0; i < BLOCK_SIZE; i += 4) {
		value += 0.01f * next_normal();
		put_f32(block + i, value);
	}
}

static void fill_noise(uint8_t *block)
{
	for (size_t i = 0; i < BLOCK_SIZE; i += 8)
		kist_le_write64(block + i, next());
}

static void fill_steps(uint8_t *block)
{
	static float value = 1.0f;

	for (size_t i = 0; i < BLOCK_SIZE; i += 4) {
		if (i % 4096 == 0)
			value = next_normal();
		put_f32(block + i, value);
	}
}

/* Weights: float32 of N(0, 0.02). */
static void fill_weights_f32(uint8_t *block)
{
	for (size_t i = 0; i < BLOCK_SIZE; i += 4)
		put_f32(block + i, 0.02f * next_normal());
}

/* Numbers that rise by 1 to 64, as keys of rows do. */
static void fill_ids(uint8_t *block)
{
	static uint64_t id = 1000000;

	for (size_t i = 0; i < BLOCK_SIZE; i += 8) {
		id += 1 + (next() & 63);
		kist_le_write64(block + i, id);
	}
}

/* Weights: bfloat16 of N(0, 0.02). */
static void fill_weights(uint8_t *block)
{
	for (size_t i = 0; i < BLOCK_SIZE; i += 2) {
		uint8_t value[4];

		put_f32(value, 0.02f * next_normal());
		memcpy(block + i, value + 2, 2);
	}
}

/* Whole rows, and one that fills up. */
static void fill_csv(uint8_t *block)
{
	static uint64_t row;
	char text[128];
	size_t at = 0;

	for (;;) {
		const uint64_t bits = next();
		const int len = snprintf(text, sizeof(text), "%llu,sensor-%02u,%.3f,%.2f,%s\n",
					 (unsigned long long)row++, (unsigned)(bits % 40),
					 20.0 + (double)next_normal(), (double)(bits >> 50) / 8,
					 bits & 1 << 20 ? "ok" : "late");

		if (at + (size_t)len > BLOCK_SIZE - sizeof(text))
			break;
		memcpy(block + at, text, (size_t)len);
		at += (size_t)len;
	}
	(void)snprintf(text, sizeof(text), "%llu,fill-", (unsigned long long)row++);
	memcpy(block + at, text, strlen(text));
	at += strlen(text);
	memset(block + at, 'x', BLOCK_SIZE - at - 11);
	memcpy(block + BLOCK_SIZE - 11, ",0.5,0.5,ok", 11);
	block[BLOCK_SIZE - 1] = '\n';
}

static void write_npy_head(FILE *file, const char *descr, unsigned long long count)
{
	static const char magic[8] = { (char)0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0 };
	char text[128];

	(void)snprintf(text, sizeof(text), "{'descr': '%s', 'fortran_order': False, 'shape': (%llu,), }",
		       descr, count);
	(void)fwrite(magic, 1, sizeof(magic), file);
	(void)fwrite("\166\000", 1, 2, file); /* 118 */
	(void)fprintf(file, "%-117s\n", text);
}

static void write_safetensors_head(FILE *file, const char *dtype, unsigned long long tensors,
				   unsigned long long size)
{
	static char text[HEADER_MAX];
	const unsigned long long rows = size / (strcmp(dtype, "F32") == 0 ? 4 : 2) / 1024;
	uint8_t len[8];
	size_t at = 0;

	for (unsigned long long i = 0; i < tensors && at < sizeof(text) - 256; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at,
				       "%s\"layer.%03llu.weight\":{\"dtype\":\"%s\",\"shape\":[%llu,1024],"
				       "\"data_offsets\":[%llu,%llu]}",
				       i ? "," : "{", i, dtype, rows, size * i, size * (i + 1));
	at += (size_t)snprintf(text + at, sizeof(text) - at, "}%*s", (int)(7 - at % 8), "");
	kist_le_write64(len, at);
	(void)fwrite(len, 1, sizeof(len), file);
	(void)fwrite(text, 1, at, file);
}

static const struct kind {
	const char *name;
	void (*fill)(uint8_t *block);
	const char *descr; /* of a .npy */
} kinds[] = {
	{ "walk", fill_walk, "<f4" },
	{ "noise", fill_noise, "<u4" },
	{ "steps", fill_steps, "<f4" },
	{ "weights", fill_weights_f32, "<f4" },
	{ "ids", fill_ids, "<i8" },
	{ "csv", fill_csv, NULL },
	{ "safetensors", fill_weights, NULL },
};

static void make_file(const struct kind *kind, unsigned long long mib, const char *path)
{
	static uint8_t block[BLOCK_SIZE];
	FILE *file = fopen(path, "wb");

	if (!file)
		fail(path);
	if (kind->descr)
		write_npy_head(file, kind->descr, mib << (kind->descr[2] == '8' ? 17 : 18));
	else if (strcmp(kind->name, "safetensors") == 0)
		write_safetensors_head(file, "BF16", TENSORS, (mib << 20) / TENSORS);
	else
		(void)fputs("row,sensor,value,delay,state\n", file);
	for (unsigned long long i = 0; i < mib; i++) {
		kind->fill(block);
		(void)fwrite(block, 1, sizeof(block), file);
	}
	if (fclose(file) != 0)
		fail(path);
}

/* A tensor of a checkpoint as step @step leaves it: each step that changes it adds to it, or replaces it. */
static void fill_tensor(uint8_t *block, unsigned long long no, unsigned long long step, bool fresh)
{
	static float values[BLOCK_SIZE / 4];

	for (unsigned long long k = 0; k <= step; k++) {
		const uint64_t group = no / CHANGED_IN;
		const float scale = k == 0 || fresh ? 0.02f : 0.0002f;

		seed = (group << 32) + k;
		if (k > 0 && next() % CHANGED_IN != no % CHANGED_IN)
			continue;
		seed = (no << 32) + k + 1;
		for (size_t i = 0; i < BLOCK_SIZE / 4; i++)
			values[i] = (k == 0 || fresh ? 0 : values[i]) + scale * next_normal();
	}
	for (size_t i = 0; i < BLOCK_SIZE / 4; i++)
		put_f32(block + 4 * i, values[i]);
}

static void make_checkpoint(unsigned long long mib, const char *path, unsigned long long step, bool fresh)
{
	static uint8_t block[BLOCK_SIZE];
	FILE *file = fopen(path, "wb");

	if (!file)
		fail(path);
	write_safetensors_head(file, "F32", mib, BLOCK_SIZE);
	for (unsigned long long i = 0; i < mib; i++) {
		fill_tensor(block, i, step, fresh);
		(void)fwrite(block, 1, sizeof(block), file);
	}
	if (fclose(file) != 0)
		fail(path);
}

static int compare_offsets(const void *a, const void *b)
{
	const uint64_t one = *(const uint64_t *)a;
	const uint64_t other = *(const uint64_t *)b;

	return (one > other) - (one < other);
}

/* Copies lines until @end is reached; false at the end of @from. */
static bool copy_lines(FILE *from, uint64_t end, uint64_t *at, FILE *to)
{
	char line[4096];

	while (*at < end) {
		if (!fgets(line, sizeof(line), from))
			return false;
		(void)fputs(line, to);
		*at += strlen(line);
	}
	return true;
}

static void make_inserted(unsigned long long rows, const char *path, const char *source, bool scattered)
{
	static uint64_t offsets[INSERTS_MAX];
	FILE *from = fopen(source, "rb");
	FILE *to = fopen(path, "wb");
	struct stat info;
	uint64_t at = 0;

	if (!from || !to || fstat(fileno(from), &info) != 0)
		fail(path);
	rows = rows < INSERTS_MAX ? rows : INSERTS_MAX;
	for (unsigned long long i = 0; i < rows; i++)
		offsets[i] = scattered ? next() % (uint64_t)info.st_size : (uint64_t)info.st_size / 2;
	qsort(offsets, rows, sizeof(offsets[0]), compare_offsets);
	for (unsigned long long i = 0; i < rows && copy_lines(from, offsets[i], &at, to); i++)
		(void)fprintf(to, "%llu,inserted-%02u,%.3f,0.25,new\n", i, (unsigned)(next() % 40),
			      20.0 + (double)next_normal());
	(void)copy_lines(from, UINT64_MAX, &at, to);
	if (fclose(to) != 0 || fclose(from) != 0)
		fail(path);
}

/* Half of them arrays, half of them text; 1 to 16 KiB each. */
static void make_small(const char *path, unsigned long long no)
{
	const size_t count = 256 + (size_t)(next() % 3841);
	FILE *file = fopen(path, "wb");

	if (!file)
		fail(path);
	if (no % 2 == 0)
		write_npy_head(file, "<f4", count);
	for (size_t i = 0; i < count; i++) {
		uint8_t value[4];

		put_f32(value, next_normal());
		if (no % 2 == 0)
			(void)fwrite(value, 1, sizeof(value), file);
		else
			(void)fprintf(file, "%03u\n", (unsigned)(next() % 1000));
	}
	if (fclose(file) != 0)
		fail(path);
}

static void make_files(unsigned long long count, const char *folder)
{
	char path[4096];

	(void)mkdir(folder, 0777);
	for (unsigned long long i = 0; i < count; i++) {
		(void)snprintf(path, sizeof(path), "%s/%03llu", folder, i / FILES_EACH);
		if (i % FILES_EACH == 0 && mkdir(path, 0777) != 0)
			fail(path);
		(void)snprintf(path, sizeof(path), "%s/%03llu/%05llu.%s", folder, i / FILES_EACH, i,
			       i % 2 == 0 ? "npy" : "log");
		make_small(path, i);
	}
}

static bool make(const char *kind, unsigned long long amount, const char *path)
{
	if (strcmp(kind, "files") == 0) {
		make_files(amount, path);
		return true;
	}
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kind, kinds[i].name) == 0) {
			make_file(&kinds[i], amount, path);
			return true;
		}
	}
	return false;
}

static bool make_from(const char *kind, unsigned long long amount, const char *path, const char *from)
{
	const bool fresh = strcmp(kind, "fresh") == 0;
	const bool scattered = strcmp(kind, "scattered") == 0;

	if (fresh || strcmp(kind, "checkpoint") == 0)
		make_checkpoint(amount, path, strtoull(from, NULL, 10), fresh);
	else if (scattered || strcmp(kind, "inserted") == 0)
		make_inserted(amount, path, from, scattered);
	else
		return false;
	return true;
}

int main(int argc, char **argv)
{
	const unsigned long long amount = argc > 3 ? strtoull(argv[2], NULL, 10) : 0;

	if ((argc == 4 && make(argv[1], amount, argv[3])) ||
	    (argc == 5 && make_from(argv[1], amount, argv[3], argv[4])))
		return 0;
	(void)fprintf(stderr, "usage: bench_data KIND AMOUNT PATH [STEP|SOURCE]\n");
	return 2;
}
