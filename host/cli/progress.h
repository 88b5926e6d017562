/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_PROGRESS_H
#define KIST_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * The bar on standard error that shows how far a command has come, when that is a terminal.
 *
 * Thread: [main]
 */

/** struct kist_progress - A bar.  Zeros are one that is never shown. */
struct kist_progress {
	bool allowed; /* it may be shown at all */
	bool on;
	int percent;	  /* that is shown; -1: nothing yet */
	const char *what; /* it is about.  Borrowed from kist_progress_start() to kist_progress_end() */
};

void kist_progress_start(struct kist_progress *bar, const char *what);

/** kist_progress_show() - Moves the bar @ctx; for struct kist_flow_options. */
void kist_progress_show(void *ctx, uint64_t done, uint64_t total);

/** kist_progress_end() - Takes it away.  Also when there is none. */
void kist_progress_end(struct kist_progress *bar);

#endif
