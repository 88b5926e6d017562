/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults/batch.h"
#include "support/must.h"

/*
 * A store of 256 KiB: every bit of it is flipped, and each of its files is cut to every length.  A reader who comes with no
 * index gets right bytes or an error, and a full verify finds the damage and names the file.
 *
 * Every BIT_STEPth bit and SIZE_STEPth length, and PLACES_MIN of the longest file of a batch; KIST_FAULTS=long: all of
 * them.  In as many processes as there are processors.
 */

#define STORE_SIZE  ((size_t)262144)
#define RECIPE_SIZE ((size_t)140000)
#define MORE_COUNT  48
#define BIT_STEP    4001
#define SIZE_STEP   4999
#define PLACES_MIN  53
#define JOBS_MAX    64

static uint8_t shrinking[RECIPE_SIZE];
static uint8_t random_bytes[HURT_OBJECT_MAX];
static struct batch batches[BATCHES_MAX];
static size_t batch_count;

struct counts {
	unsigned long flips;
	unsigned long flips_seen;
	unsigned long cuts;
	unsigned long cuts_seen;
};

/* One that is not smaller than it is to be, and hardly larger: what is random in it shrinks more or less. */
static size_t open_store(void)
{
	struct hurt_more more = { .bytes = random_bytes,
				  .size = STORE_SIZE / 2 / MORE_COUNT,
				  .count = MORE_COUNT };
	size_t size = 0;

	lines(shrinking, sizeof(shrinking));
	noise(random_bytes, sizeof(random_bytes), 1);
	for (int tries = 0; tries < 32; tries++) {
		must(more.size * more.count <= sizeof(random_bytes));
		hurt_open(shrinking, sizeof(shrinking), &more);
		batch_count = batches_open(batches);
		size = batches_size();
		if (size >= STORE_SIZE && size < STORE_SIZE + 2 * MORE_COUNT)
			return size;
		batches_close();
		hurt_close();
		more.size = more.size + (STORE_SIZE + MORE_COUNT) / MORE_COUNT - size / MORE_COUNT;
	}
	must(size == STORE_SIZE); /* no store of this size could be made */
	return 0;
}

/* What must be told was told, and nothing else. */
static unsigned long count_seen(const struct struck *struck, const char *what, size_t at)
{
	unsigned long seen = 0;

	for (size_t i = 0; i < struck->count; i++) {
		if (struck->is_named[i] == struck->is_loss[i])
			seen += struck->is_loss[i];
		else
			printf("not seen as it should be: %s %zu of %s\n", what, at, struck->keys[i]);
	}
	return seen;
}

static unsigned long count_losses(const struct struck *struck)
{
	unsigned long losses = 0;

	for (size_t i = 0; i < struck->count; i++)
		losses += struck->is_loss[i];
	return losses;
}

/* The share of one of @jobs processes. */
static struct counts hurt_share(size_t job, size_t jobs, size_t bit_step, size_t size_step)
{
	struct counts counts = { 0 };
	struct struck struck;

	must(!hurt_is_seen("none"));
	for (size_t b = 0; b < batch_count; b++) {
		const size_t bits = batch_step(batches[b].size * 8, bit_step, PLACES_MIN);
		const size_t sizes = batch_step(batches[b].size, size_step, PLACES_MIN);

		for (size_t bit = job * bits; bit < batches[b].size * 8; bit += jobs * bits) {
			batch_flip(&batches[b], bit, &struck);
			(void)batch_look(&struck);
			counts.flips += struck.count;
			counts.flips_seen += count_seen(&struck, "bit", bit);
			batch_restore(&batches[b]);
		}
		for (size_t size = job * sizes; size < batches[b].size; size += jobs * sizes) {
			batch_cut(&batches[b], size, &struck);
			(void)batch_look(&struck);
			counts.cuts += count_losses(&struck);
			counts.cuts_seen += count_seen(&struck, "length", size);
			batch_restore(&batches[b]);
		}
	}
	return counts;
}

static pid_t start_job(size_t job, size_t jobs, bool all, int to)
{
	const pid_t pid = fork();

	if (pid == 0) {
		const struct counts counts = hurt_share(job, jobs, all ? 1 : BIT_STEP, all ? 1 : SIZE_STEP);

		(void)fflush(stdout);
		_exit(write(to, &counts, sizeof(counts)) == (ssize_t)sizeof(counts) ? 0 : 1);
	}
	return pid;
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
		failed += start_job(job, jobs, all, ends[1]) < 0;
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
	batches_close();
	hurt_close();
	return failed == 0 && sum.flips == sum.flips_seen && sum.cuts == sum.cuts_seen ? EXIT_SUCCESS
										       : EXIT_FAILURE;
}
