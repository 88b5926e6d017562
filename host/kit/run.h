/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_KIT_RUN_H
#define KIST_KIT_RUN_H

#include "kit/bench.h"

/*
 * The functions behind kit/checks.def, one file for each family, and what they share.  In kist-kit only.
 *
 * Each adds a finding for each thing that is wrong, or sets bench.skipped.
 */

#define CHECK(id, function, scope, badge, is_twice, title) void function(struct kist_bench *bench);
#include "kit/checks.def"
#undef CHECK

/** struct kist_bench_state - What belongs to the process and not to a plugin: check_process.c. */
struct kist_bench_state;

/** kist_bench_state_new() - As it is now, or NULL; kist_bench_state_free() it. */
struct kist_bench_state *kist_bench_state_new(void);
void kist_bench_state_free(struct kist_bench_state *state);

/** kist_bench_state_compare() - Says what has changed, one finding each. */
void kist_bench_state_compare(struct kist_bench *bench, const struct kist_bench_state *before,
			      bool may_have_threads);

/** kist_bench_try() - All reading calls on @bytes, which need not be sound: no crash, no lie.  @what: of the bytes. */
void kist_bench_try(struct kist_bench *bench, struct kist_view bytes, const char *what, bool *ret_is_sound);

/**
 * kist_bench_again() - Reads @bytes and writes what comes of them.
 *
 * @ret:         What was written is appended to it.
 * @ret_written: How writing went.
 *
 * Returns how reading went.
 */
KIST_CHECKED kist_status kist_bench_again(struct kist_bench *bench, struct kist_view bytes,
					  struct kist_buf *ret, kist_status *ret_written);

/** kist_bench_next() - The next number of a generator whose state is *@state. */
uint64_t kist_bench_next(uint64_t *state);

/** kist_bench_needs_objects() - Sets bench.skipped when @count is 0: the plugin only reads, or writes none of the kit's. */
void kist_bench_needs_objects(struct kist_bench *bench, size_t count);

#endif
