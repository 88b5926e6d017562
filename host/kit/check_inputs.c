/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "kit/run.h"

/*
 * Input that is not sound: it is refused, in words, and nothing else happens.
 *
 * Each input is in the notebook before it is read, so that one that ends the process is known, and kept in corpus/.
 */

/* Prefixes, and bits, of one file that are tried. */
#define TRIES_OF_A_FILE 160
/* Bytes of a file beyond which its odd relatives are not made. */
#define INPUT_SIZE_MAX ((size_t)64 << 10)
#define RANDOM_TRIES   400
#define FUZZ_TRIES     1000
/* Changes of one file, one upon the other. */
#define CHANGES_MAX 8
/* Files that changed ones are made of. */
#define SEEDS_MAX 64

/* Source: SplitMix64, by Sebastiano Vigna, in the public domain. */
uint64_t kist_bench_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

void kist_bench_try(struct kist_bench *bench, struct kist_view bytes, const char *what, bool *ret_is_sound)
{
	struct kist_bench_run run = KIST_BENCH_RUN_INIT;
	int32_t score;
	bool sound;

	*ret_is_sound = false;
	kist_notebook_input(bench->notebook, bytes);
	kist_notebook_doing(bench->notebook, "in validate of %s", what);
	if (kist_bench_start(&run, KIST_STAGE_TODAY) != KIST_OK)
		return;
	sound = kist_bench_validate(bench, &run, bytes) == KIST_OK && run.errors == 0;
	kist_bench_end(bench, &run);
	kist_notebook_doing(bench->notebook, "in layout of %s", what);
	if (kist_bench_start(&run, KIST_STAGE_TODAY) == KIST_OK)
		(void)kist_bench_layout(bench, &run, bytes);
	kist_bench_end(bench, &run);
	kist_notebook_doing(bench->notebook, "in describe of %s", what);
	if (kist_bench_start(&run, KIST_STAGE_TODAY) == KIST_OK)
		(void)kist_bench_describe(bench, &run, bytes, NULL);
	kist_bench_end(bench, &run);
	kist_notebook_doing(bench->notebook, "in probe of %s", what);
	(void)kist_bench_probe(bench, bytes, &score);
	kist_notebook_doing(bench->notebook, "in deserialize of %s", what);
	if (kist_bench_start(&run, KIST_STAGE_TODAY) != KIST_OK)
		return;
	(void)kist_bench_read(bench, &run, bytes, NULL, NULL, NULL);
	if (sound && run.status == KIST_CORRUPT)
		kist_bench_fail(bench,
				"validate takes %s, and deserialize calls it corrupt: %s; both are to agree "
				"on what is "
				"sound",
				what, run.why);
	kist_bench_end(bench, &run);
	*ret_is_sound = sound;
}

void check_empty(struct kist_bench *bench)
{
	bool sound;

	kist_bench_try(bench, kist_view_of("", 0), "an empty file", &sound);
	if (sound && bench->declared->magic_count > 0)
		kist_bench_fail(bench, "validate takes an empty file, which lacks the magic: refuse it");
}

/* Of the many objects of one shape, one in so many is broken. */
#define ONE_IN 8

static void truncate(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	const size_t step = bytes.size / TRIES_OF_A_FILE + 1;
	size_t *seen = ctx;
	size_t accepted = 0;
	size_t last = 0;

	if ((*seen)++ % ONE_IN != 0)
		return;
	for (size_t size = 0; size < bytes.size && bytes.size <= INPUT_SIZE_MAX; size += step) {
		char what[160];
		bool sound;

		snprintf(what, sizeof(what), "the first %zu of %zu bytes written for %s", size, bytes.size,
			 name);
		kist_bench_try(bench, kist_view_of(bytes.data, size), what, &sound);
		accepted += sound;
		last = sound ? size : last;
	}
	/* A text may end anywhere; a format with a magic knows how long it is. */
	if (accepted > 0 && bench->declared->magic_count > 0 && bench->declared->magics[0].len > 0)
		kist_bench_fail(
			bench,
			"validate takes the first %zu of the %zu bytes written for %s: a file that is cut "
			"short "
			"would go unnoticed; say in the head how much follows, and compare it with the size",
			last, bytes.size, name);
}

void check_truncated(struct kist_bench *bench)
{
	size_t seen = 0;

	kist_bench_needs_objects(bench, kist_bench_each(bench, truncate, &seen));
}

struct flips {
	uint64_t state;
	size_t seen;
};

static void flip(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	struct flips *flips = ctx;
	uint64_t *state = &flips->state;
	kist_auto_mem uint8_t *copy = kist_alloc(bytes.size + 1, 1);
	const size_t tries = bytes.size * 8 < TRIES_OF_A_FILE ? bytes.size * 8 : TRIES_OF_A_FILE;

	if (!copy || bytes.size == 0 || bytes.size > INPUT_SIZE_MAX || flips->seen++ % ONE_IN != 0)
		return;
	memcpy(copy, bytes.data, bytes.size);
	for (size_t i = 0; i < tries; i++) {
		/* Heads are where it hurts: half of the bits are among the first. */
		const size_t room = i % 2 && bytes.size > 64 ? 64 : bytes.size;
		const size_t bit = kist_bench_next(state) % (room * 8);
		char what[160];
		bool sound;

		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
		snprintf(what, sizeof(what), "bytes written for %s with bit %zu of byte %zu changed", name,
			 bit % 8, bit / 8);
		kist_bench_try(bench, kist_view_of(copy, bytes.size), what, &sound);
		copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
}

void check_flipped(struct kist_bench *bench)
{
	struct flips flips = { .state = bench->seed };

	kist_bench_needs_objects(bench, kist_bench_each(bench, flip, &flips));
}

void check_random(struct kist_bench *bench)
{
	const struct kist_manifest_type *declared = bench->declared;
	uint64_t state = bench->seed;
	uint8_t bytes[512];

	for (int i = 0; i < RANDOM_TRIES && !kist_bench_failed(bench); i++) {
		const size_t size = kist_bench_next(&state) % sizeof(bytes);
		char what[96];
		bool sound;

		for (size_t k = 0; k < sizeof(bytes); k++)
			bytes[k] = (uint8_t)kist_bench_next(&state);
		/* Behind the magic is what nobody gets to who begins with noise. */
		if (i % 2 && declared->magic_count > 0) {
			const struct kist_magic *magic =
				&declared->magics[(size_t)i / 2 % declared->magic_count];

			if (magic->offset + magic->len <= sizeof(bytes))
				memcpy(bytes + magic->offset, magic->bytes, magic->len);
		}
		snprintf(what, sizeof(what), "%zu random bytes%s", size, i % 2 ? " behind the magic" : "");
		kist_bench_try(bench, kist_view_of(bytes, size), what, &sound);
	}
}

/* Files to begin with, and what is made of them. */
struct pool {
	size_t count;
	struct kist_buf seeds[SEEDS_MAX];
};

static void keep_seed(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	struct pool *pool = ctx;

	(void)bench;
	(void)name;
	if (pool->count == SEEDS_MAX || bytes.size > INPUT_SIZE_MAX)
		return;
	pool->seeds[pool->count] = (struct kist_buf)KIST_BUF_INIT(4 * INPUT_SIZE_MAX);
	if (kist_buf_append(&pool->seeds[pool->count], bytes.data, bytes.size, NULL) == KIST_OK)
		pool->count++;
}

/* One change: a byte, a number that is large or small, bytes taken out or doubled, or a stretch of another file. */
static void change(struct kist_buf *bytes, const struct pool *pool, uint64_t *state)
{
	static const uint8_t edges[][8] = { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
					    { 0 },
					    { 0xff, 0xff, 0xff, 0x7f, 0, 0, 0, 0 },
					    { 0, 0, 0, 0, 0, 0, 0, 0x80 },
					    { 1 } };
	const struct kist_buf *other = &pool->seeds[kist_bench_next(state) % pool->count];
	const size_t at = bytes->size ? kist_bench_next(state) % bytes->size : 0;
	const size_t left = bytes->size - at;
	size_t n;

	switch (kist_bench_next(state) % 5) {
	case 0:
		if (left > 0)
			bytes->data[at] = (uint8_t)kist_bench_next(state);
		break;
	case 1:
		n = (size_t)1 << kist_bench_next(state) % 4;
		if (left >= n)
			memcpy(bytes->data + at, edges[kist_bench_next(state) % 5], n);
		break;
	case 2:
		n = left ? kist_bench_next(state) % left : 0;
		n = n > 64 ? 64 : n;
		memmove(bytes->data + at, bytes->data + at + n, left - n);
		bytes->size -= n;
		break;
	case 3:
		n = left < 32 ? left : 32;
		if (kist_buf_reserve(bytes, n, NULL) == KIST_OK && n > 0) {
			memmove(bytes->data + at + n, bytes->data + at, left);
			bytes->size += n;
		}
		break;
	default:
		n = other->size < left ? other->size : left;
		n = n > 128 ? 128 : n;
		if (n > 0)
			memcpy(bytes->data + at, other->data + kist_bench_next(state) % (other->size - n + 1),
			       n);
	}
}

static void replay(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	bool sound;

	(void)ctx;
	kist_bench_try(bench, bytes, name, &sound);
}

static void fuzz(struct kist_bench *bench, const struct pool *pool)
{
	uint64_t state = bench->seed;

	for (int i = 0; i < FUZZ_TRIES && !kist_bench_failed(bench); i++) {
		const struct kist_buf *seed = &pool->seeds[kist_bench_next(&state) % pool->count];
		kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(4 * INPUT_SIZE_MAX);
		const uint64_t changes = 1 + kist_bench_next(&state) % CHANGES_MAX;
		char what[64];
		bool sound;

		if (kist_buf_append(&bytes, seed->data, seed->size, NULL) != KIST_OK)
			return;
		for (uint64_t k = 0; k < changes; k++)
			change(&bytes, pool, &state);
		snprintf(what, sizeof(what), "file %d made of seed %llu", i, (unsigned long long)bench->seed);
		kist_bench_try(bench, kist_buf_view(&bytes), what, &sound);
	}
}

void check_fuzz(struct kist_bench *bench)
{
	struct pool pool = { .count = 0 };

	(void)kist_bench_each(bench, keep_seed, &pool);
	(void)kist_bench_each_file(bench, "corpus", replay, NULL);
	(void)kist_bench_each_file(bench, "corpus", keep_seed, &pool);
	if (pool.count == 0)
		kist_bench_needs_objects(bench, 0);
	else
		fuzz(bench, &pool);
	for (size_t i = 0; i < pool.count; i++)
		kist_buf_done(&pool.seeds[i]);
}
