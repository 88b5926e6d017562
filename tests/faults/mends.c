/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "care/repair.h"
#include "store/mend.h"
#include "support/must.h"
#include "unit/care/hurt.h"

/*
 * A store of more than 256 KiB: any bit of it is flipped, and any of its files is cut to any length.  After a repair
 * everything is as it was, or what is lost is said, and what is not lost can be read.  A flipped bit is always mended,
 * but for one digit of the newest commit, which makes it look like that of a newer kist.
 *
 * Every BIT_STEPth bit and SIZE_STEPth length, and PLACES_MIN of each file; KIST_FAULTS=long: all of them.
 */

#define OBJECT_SIZE HURT_OBJECT_MAX
#define BIT_STEP    30011
#define SIZE_STEP   9001
#define PLACES_MIN  9
/* Bits of the digit of the version. */
#define VERSION_BITS 8

static uint8_t bytes[HURT_OBJECT_MAX];
static struct kist_buf files[HURT_KEYS_MAX];

struct counts {
	unsigned long flips;
	unsigned long flips_mended;
	unsigned long cuts;
	unsigned long cuts_mended;
	unsigned long cuts_told;
};

static void ignore_commit(void *ctx, const struct kist_log_step *step)
{
	(void)ctx;
	(void)step;
}

/* What kist repair does. */
static kist_status repair(struct kist_error *err)
{
	kist_auto_registry struct kist_registry *registry = NULL;
	kist_auto_store struct kist_store *store = NULL;
	const struct kist_repair_options how = { .dry_run = false };
	struct kist_flow flow = { .store = NULL };
	struct kist_log_mended log;
	struct kist_repaired done;
	kist_status status;
	bool mended;

	KIST_TRY(kist_store_mend_json(HURT_URI, false, &mended, err));
	KIST_TRY(kist_store_open(HURT_URI, &store, err));
	KIST_TRY(kist_store_mend_log(store, false, ignore_commit, NULL, &log, err));
	if (log.bad > 0 || log.missing > 0)
		return kist_fail(err, KIST_CORRUPT, "commits are lost");
	KIST_TRY(kist_registry_open(store, NULL, &registry, err));
	flow.store = store;
	flow.registry = registry;
	status = kist_repair_store(&flow, &how, &done, err);
	kist_chunk_reader_done(&flow.chunk_reader);
	return status;
}

static kist_status forget_key(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	(void)ctx;
	(void)size;
	(void)err;
	hurt_delete(key);
	return KIST_OK;
}

/* The store as it was, whatever a repair has added. */
static void restore(void)
{
	kist_auto_backend struct kist_backend *backend = NULL;

	must(kist_backend_open(HURT_URI, false, &backend, NULL) == KIST_OK);
	must(kist_backend_list(backend, "", forget_key, NULL, NULL) == KIST_OK);
	for (size_t k = 0; k < hurt_key_count; k++)
		hurt_overwrite(hurt_keys[k], kist_buf_view(&files[k]));
}

/* Whether everything is as it was again; else it was said that it is not, and what can be read is right. */
static bool is_mended(const char *key)
{
	struct kist_error err = KIST_ERROR_INIT;
	const kist_status status = repair(&err);

	must(status == KIST_OK || status == KIST_CORRUPT || status == KIST_INCOMPATIBLE);
	must((status == KIST_OK) == (err.text[0] == '\0'));
	must(hurt_is_seen(key) == (status != KIST_OK));
	return status == KIST_OK;
}

static void flip(size_t k, size_t bit, struct counts *counts)
{
	const uint8_t mask = (uint8_t)(1u << bit % 8);
	bool mended;

	files[k].data[bit / 8] ^= mask;
	hurt_overwrite(hurt_keys[k], kist_buf_view(&files[k]));
	files[k].data[bit / 8] ^= mask;
	mended = is_mended(hurt_keys[k]);
	counts->flips++;
	counts->flips_mended += mended;
	if (!mended)
		printf("not mended: bit %zu of %s\n", bit, hurt_keys[k]);
	restore();
}

static void cut(size_t k, size_t size, struct counts *counts)
{
	bool mended;

	hurt_overwrite(hurt_keys[k], kist_view_of(files[k].data, size));
	mended = is_mended(hurt_keys[k]);
	counts->cuts++;
	counts->cuts_mended += mended;
	counts->cuts_told += !mended;
	restore();
}

/* A small file is hurt in as many places as a large one, if it has them. */
static size_t step_for(size_t places, size_t step)
{
	const size_t most = places / PLACES_MIN;

	return step <= most ? step : most > 0 ? most : 1;
}

static void figure(const char *what, unsigned long value, const char *must_be)
{
	printf("FIGURE\t%s\t%lu\t%s\n", what, value, must_be);
}

static void open_store(void)
{
	uint64_t state = 1;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		state = state * 6364136223846793005u + 1442695040888963407u;
		bytes[i] = (uint8_t)(state >> 56);
	}
	hurt_open(bytes, OBJECT_SIZE);
	for (size_t k = 0; k < hurt_key_count; k++) {
		files[k] = (struct kist_buf)KIST_BUF_INIT(KIST_OBJECT_SIZE_MAX);
		hurt_get(hurt_keys[k], &files[k]);
	}
}

int main(void)
{
	const char *faults = getenv("KIST_FAULTS");
	const bool all = faults && strcmp(faults, "long") == 0;
	struct counts counts = { 0 };

	open_store();
	must(!hurt_is_seen("none"));
	for (size_t k = 0; k < hurt_key_count; k++) {
		const size_t bits = step_for(files[k].size * 8, all ? 1 : BIT_STEP);
		const size_t sizes = step_for(files[k].size, all ? 1 : SIZE_STEP);

		for (size_t bit = 0; bit < files[k].size * 8; bit += bits)
			flip(k, bit, &counts);
		for (size_t size = 0; size < files[k].size; size += sizes)
			cut(k, size, &counts);
	}
	figure("repair: flipped bits", counts.flips, "");
	figure("repair: flipped bits that were not mended, of the newest commit's version",
	       counts.flips - counts.flips_mended, "");
	figure("repair: files cut short", counts.cuts, "");
	figure("repair: of these, as they were again", counts.cuts_mended, "");
	figure("repair: of these, said to be lost in part", counts.cuts_told, "");
	for (size_t k = 0; k < hurt_key_count; k++)
		kist_buf_done(&files[k]);
	hurt_close();
	return counts.flips - counts.flips_mended <= VERSION_BITS ? EXIT_SUCCESS : EXIT_FAILURE;
}
