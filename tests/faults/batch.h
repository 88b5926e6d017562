/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_FAULTS_BATCH_H
#define TESTS_FAULTS_BATCH_H

#include <stdbool.h>
#include <stddef.h>

#include "unit/care/hurt.h"

/*
 * The files of the store of hurt.h, in batches that are hurt at the same place at once: packs of data, packs of
 * metadata; commits and kist.json, on which all else leans, one by one.
 *
 * Each file is looked for in what is told of the store, so a batch finds as much as its files one by one would, and
 * takes the time of one.
 */

#define BATCHES_MAX (HURT_KEYS_MAX)

/** struct batch - Files as they were. */
struct batch {
	size_t keys[HURT_KEYS_MAX]; /* of hurt_keys */
	size_t count;
	size_t size; /* of the longest */
};

/** batches_open() - After hurt_open(): fills @ret, and returns how many there are. */
size_t batches_open(struct batch ret[static BATCHES_MAX]);
/** batches_close() - Forgets the files. */
void batches_close(void);
/** batches_size() - Bytes of all files. */
size_t batches_size(void);

/** struct struck - What was hurt, and what was told of it. */
struct struck {
	size_t count;
	const char *keys[HURT_KEYS_MAX];
	bool is_loss[HURT_KEYS_MAX];
	bool is_named[HURT_KEYS_MAX];
};

/** batch_flip() - Flips one bit of each file that has it. */
void batch_flip(const struct batch *batch, size_t bit, struct struck *ret);
/** batch_cut() - Cuts each file that is longer to @size. */
void batch_cut(const struct batch *batch, size_t size, struct struck *ret);
/** batch_look() - What somebody finds: fills @struck->is_named.  Returns whether anything is wrong. */
bool batch_look(struct struck *struck);
/** batch_restore() - The files as they were. */
void batch_restore(const struct batch *batch);
/** batches_restore() - The whole store as it was, whatever was added to it. */
void batches_restore(void);

/** batch_step() - @step, or a smaller one, so that the longest file is hurt in @least of its @places. */
size_t batch_step(size_t places, size_t step, size_t least);
/** noise() - Fills @ret with bytes that do not shrink, from @seed. */
void noise(uint8_t *ret, size_t size, uint64_t seed);
/** lines() - Fills @ret with bytes that shrink well, and are not all alike. */
void lines(uint8_t *ret, size_t size);
/** figure() - A line for the table of "make faults". */
void figure(const char *what, unsigned long value, const char *must_be);

#endif
