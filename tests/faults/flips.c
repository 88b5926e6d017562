/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/must.h"
#include "unit/care/hurt.h"

/*
 * A store of 256 KiB: every bit of it is flipped, and each of its files is cut to every length.  A reader who comes with no
 * index gets right bytes or an error, and a full verify finds the damage.
 *
 * Every BIT_STEPth bit and SIZE_STEPth length, and PLACES_MIN of each file; KIST_FAULTS=long: all of them.  In as many
 * processes as there are processors.
 */

#define STORE_SIZE ((size_t)262144)
#define BIT_STEP   4001
#define SIZE_STEP  4999
#define PLACES_MIN 53
#define JOBS_MAX   64

static uint8_t bytes[HURT_OBJECT_MAX];

struct counts {
	unsigned long flips;
	unsigned long flips_seen;
	unsigned long cuts;
	unsigned long cuts_seen;
};

static void make_bytes(void)
{
	uint64_t state = 1;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = (uint8_t)(state >> 56);
	}
}

static size_t store_size(void)
{
	size_t sum = 0;

	for (size_t k = 0; k < hurt_key_count; k++) {
		kist_auto_buf struct kist_buf file = KIST_BUF_INIT(KIST_OBJECT_SIZE_MAX);

		hurt_get(hurt_keys[k], &file);
		sum += file.size;
	}
	return sum;
}

/* One that is not smaller than it is to be, and hardly larger: what is random in it shrinks more or less. */
static size_t open_store(void)
{
	size_t object = STORE_SIZE - 16384;
	size_t size = 0;

	make_bytes();
	for (int tries = 0; tries < 32; tries++) {
		hurt_open(bytes, object);
		size = store_size();
		if (size >= STORE_SIZE && size < STORE_SIZE + 16)
			return size;
		hurt_close();
		object += STORE_SIZE + 4 - size;
	}
	must(size == STORE_SIZE); /* no store of this size could be made */
	return 0;
}

static void flip(const char *key, struct kist_buf *file, size_t bit, struct counts *counts)
{
	const uint8_t mask = (uint8_t)(1u << bit % 8);

	file->data[bit / 8] ^= mask;
	hurt_overwrite(key, kist_buf_view(file));
	counts->flips++;
	if (hurt_is_seen(key))
		counts->flips_seen++;
	else
		printf("not seen: bit %zu of %s\n", bit, key);
	file->data[bit / 8] ^= mask;
}

static void cut(const char *key, const struct kist_buf *file, size_t size, struct counts *counts)
{
	const bool is_loss = hurt_is_loss(key, size, file->size);

	hurt_overwrite(key, kist_view_of(file->data, size));
	counts->cuts += is_loss;
	if (hurt_is_seen(key) == is_loss)
		counts->cuts_seen += is_loss;
	else
		printf("not seen as it should be: the first %zu bytes of %s\n", size, key);
}

/* A small file is hurt in as many places as a large one, if it has them. */
static size_t step_for(size_t places, size_t step)
{
	const size_t most = places / PLACES_MIN;

	return step <= most ? step : most > 0 ? most : 1;
}

/* The share of one of @jobs processes. */
static struct counts hurt_share(size_t job, size_t jobs, size_t bit_step, size_t size_step)
{
	struct counts counts = { 0 };

	must(!hurt_is_seen("none"));
	for (size_t k = 0; k < hurt_key_count; k++) {
		kist_auto_buf struct kist_buf file = KIST_BUF_INIT(KIST_OBJECT_SIZE_MAX);
		size_t bits;
		size_t sizes;

		hurt_get(hurt_keys[k], &file);
		bits = step_for(file.size * 8, bit_step);
		sizes = step_for(file.size, size_step);
		for (size_t bit = job * bits; bit < file.size * 8; bit += jobs * bits)
			flip(hurt_keys[k], &file, bit, &counts);
		for (size_t size = job * sizes; size < file.size; size += jobs * sizes)
			cut(hurt_keys[k], &file, size, &counts);
		hurt_overwrite(hurt_keys[k], kist_buf_view(&file));
	}
	return counts;
}

static pid_t start_job(size_t job, size_t jobs, size_t bit_step, size_t size_step, int to)
{
	const pid_t pid = fork();

	if (pid == 0) {
		const struct counts counts = hurt_share(job, jobs, bit_step, size_step);

		(void)fflush(stdout);
		_exit(write(to, &counts, sizeof(counts)) == (ssize_t)sizeof(counts) ? 0 : 1);
	}
	return pid;
}

static void figure(const char *what, unsigned long value, const char *must_be)
{
	printf("FIGURE\t%s\t%lu\t%s\n", what, value, must_be);
}

int main(void)
{
	const char *faults = getenv("KIST_FAULTS");
	const bool all = faults && strcmp(faults, "long") == 0;
	const long processors = sysconf(_SC_NPROCESSORS_ONLN);
	const size_t jobs = processors < 1 ? 1 : processors > JOBS_MAX ? JOBS_MAX : (size_t)processors;
	struct counts sum = { 0 };
	struct counts part;
	int failed = 0;
	int status;
	int ends[2];
	char what[80];
	const size_t size = open_store();

	if (pipe(ends) != 0)
		return EXIT_FAILURE;
	for (size_t job = 0; job < jobs; job++)
		failed += start_job(job, jobs, all ? 1 : BIT_STEP, all ? 1 : SIZE_STEP, ends[1]) < 0;
	(void)close(ends[1]);
	while (read(ends[0], &part, sizeof(part)) == (ssize_t)sizeof(part)) {
		sum.flips += part.flips;
		sum.flips_seen += part.flips_seen;
		sum.cuts += part.cuts;
		sum.cuts_seen += part.cuts_seen;
	}
	while (wait(&status) > 0)
		failed += status != 0;
	(void)snprintf(what, sizeof(what), "bits flipped, of %zu of a store of 256 KiB", size * 8);
	figure(what, sum.flips, "");
	figure("flipped bits that verify --full did not see", sum.flips - sum.flips_seen, "0");
	figure("lengths that files of it were cut to", sum.cuts, "");
	figure("cuts that verify --full did not see", sum.cuts - sum.cuts_seen, "0");
	if (failed == 0)
		figure("wrong bytes that a reader got", 0, "0");
	hurt_close();
	return failed == 0 && sum.flips == sum.flips_seen && sum.cuts == sum.cuts_seen ? EXIT_SUCCESS
										       : EXIT_FAILURE;
}
