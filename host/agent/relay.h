/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_RELAY_H
#define KIST_AGENT_RELAY_H

#include <stdatomic.h>

#include "agent/journal.h"

/*
 * Passes on what a program prints, as it comes, and notes it in the journal.
 *
 * A thread of its own for each stream, which waits when the reader waits, so that the program feels what it
 * would feel without the agent: a full pipe, or one that nobody reads any more.  Where a disk is full, or broken, the
 * program goes on, and its output is in the journal alone.
 *
 * Thread: all functions by one thread.
 */

/** Bytes that are passed on at once: what a pipe holds. */
#define KIST_RELAY_SIZE ((size_t)64 << 10)

/** struct kist_relay - One stream. */
struct kist_relay {
	pthread_t thread;
	bool running;
	int from; /* owned */
	int to;	  /* borrowed */
	int stop; /* eventfd */
	int over; /* eventfd that can be read once all is passed on */
	atomic_bool let_go;
	int failed;    /* why @to took nothing, as errno; 0: it took all */
	uint64_t lost; /* bytes that it did not take; both after kist_relay_end() */
	enum kist_stream stream;
	struct kist_journal *journal; /* borrowed */
};

#define KIST_RELAY_INIT                                                                                      \
	{                                                                                                    \
		.running = false, .from = -1, .to = -1, .stop = -1, .over = -1                               \
	}

/**
 * kist_relay_start() - Begins to pass on what *@from gives to @to.
 *
 * @from:    The read end of a pipe; taken over on success: -1 then.
 * @journal: Borrowed until kist_relay_end().
 *
 * Errors: KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_relay_start(int *from, int to, enum kist_stream stream,
					  struct kist_journal *journal, struct kist_relay *ret,
					  struct kist_error *err);

/**
 * kist_relay_stop() - Has it end when it has passed on what is in the pipe by now.
 *
 * For when the program has ended: what others that have its output print later is not waited for.  @over can be
 * read then.
 */
void kist_relay_stop(struct kist_relay *relay);

/**
 * kist_relay_let_go() - After kist_relay_stop(): does not wait for a reader any more.
 *
 * What it did not take is counted in @lost; the journal has it.
 */
void kist_relay_let_go(struct kist_relay *relay);

/** kist_relay_end() - kist_relay_stop(), and waits until it has ended.  May run twice. */
void kist_relay_end(struct kist_relay *relay);

#endif
