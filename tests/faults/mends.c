/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "care/repair.h"
#include "faults/batch.h"
#include "store/mend.h"
#include "support/must.h"

/*
 * A small store of every form of content: any bit of it is flipped, and any of its files is cut to any length.  After a
 * repair everything is as it was, or what is lost is said, and what is not lost can be read.  A flipped bit is always
 * mended, but for one digit of the newest commit, which makes it look like that of a newer kist.
 *
 * Then the same with a store of objects that do not shrink, of more than 256 KiB, at every LARGE_STEPth place.
 *
 * Every BIT_STEPth bit and SIZE_STEPth length, and PLACES_MIN of the longest file of a batch; KIST_FAULTS=long: all of
 * them, of the small store.
 */

#define SMALL_SIZE ((size_t)140000)
#define BIT_STEP   1201
#define SIZE_STEP  601
#define LARGE_STEP 30011
#define PLACES_MIN 9
/* Bits of the digit of the version. */
#define VERSION_BITS 8

static struct batch batches[BATCHES_MAX];

struct counts {
	unsigned long flips;
	unsigned long flips_mended;
	unsigned long cuts;
	unsigned long cuts_mended;
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

/* Repairs what was struck: it is as it was again, or it was said that it is not, and what can be read is right. */
static size_t mended_of(struct struck *struck, const char *what, size_t at)
{
	struct kist_error err = KIST_ERROR_INIT;
	const kist_status status = repair(&err);
	const bool is_loud = strcmp(what, "bit") == 0;
	size_t mended = 0;

	must(status == KIST_OK || status == KIST_CORRUPT || status == KIST_INCOMPATIBLE);
	must((status == KIST_OK) == (err.text[0] == '\0'));
	must(batch_look(struck) == (status != KIST_OK));
	for (size_t i = 0; i < struck->count; i++) {
		mended += !struck->is_named[i];
		if (struck->is_named[i] && is_loud)
			printf("not mended: %s %zu of %s\n", what, at, struck->keys[i]);
	}
	batches_restore();
	return mended;
}

static void strike(size_t bit_step, size_t size_step, struct counts *counts)
{
	const size_t count = batches_open(batches);
	struct struck struck;

	must(!hurt_is_seen("none"));
	for (size_t b = 0; b < count; b++) {
		const struct batch *batch = &batches[b];
		const size_t bits = batch_step(batch->size * 8, bit_step, PLACES_MIN);
		const size_t sizes = batch_step(batch->size, size_step, PLACES_MIN);

		for (size_t bit = 0; bit < batch->size * 8; bit += bits) {
			batch_flip(batch, bit, &struck);
			counts->flips += struck.count;
			counts->flips_mended += mended_of(&struck, "bit", bit);
		}
		for (size_t size = 0; size < batch->size; size += sizes) {
			batch_cut(batch, size, &struck);
			counts->cuts += struck.count;
			counts->cuts_mended += mended_of(&struck, "length", size);
		}
	}
	batches_close();
}

int main(void)
{
	static uint8_t bytes[HURT_OBJECT_MAX];
	const char *faults = getenv("KIST_FAULTS");
	const bool all = faults && strcmp(faults, "long") == 0;
	struct counts counts = { 0 };

	lines(bytes, SMALL_SIZE);
	hurt_open(bytes, SMALL_SIZE, NULL);
	strike(all ? 1 : BIT_STEP, all ? 1 : SIZE_STEP, &counts);
	hurt_close();
	noise(bytes, sizeof(bytes), 1);
	hurt_open(bytes, sizeof(bytes), NULL);
	strike(LARGE_STEP, LARGE_STEP, &counts);
	hurt_close();
	figure("repair: flipped bits", counts.flips, "");
	figure("repair: flipped bits that were not mended, of the newest commit's version",
	       counts.flips - counts.flips_mended, "");
	figure("repair: files cut short", counts.cuts, "");
	figure("repair: of these, as they were again", counts.cuts_mended, "");
	figure("repair: of these, said to be lost in part", counts.cuts - counts.cuts_mended, "");
	return counts.flips - counts.flips_mended <= 2 * VERSION_BITS ? EXIT_SUCCESS : EXIT_FAILURE;
}
