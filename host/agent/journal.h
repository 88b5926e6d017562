/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_JOURNAL_H
#define KIST_AGENT_JOURNAL_H

#include <pthread.h>
#include <stdbool.h>

#include "base/buf.h"

/*
 * What a program prints, and when: two files of the run folder.
 *
 *     output.log     the bytes of standard output and standard error as they came, nothing added
 *     output.times   for each run of bytes, little-endian:  | time u64, ns since 1970 | bytes u32 | stream u32 |
 *
 * The times follow the bytes, so that after a crash at most the last bytes have none.
 *
 * Thread: kist_journal_add() may run at once with itself.
 */

#define KIST_JOURNAL_TEXT_NAME	"output.log"
#define KIST_JOURNAL_TIMES_NAME "output.times"
#define KIST_JOURNAL_ENTRY_SIZE ((size_t)16)

enum kist_stream { KIST_STREAM_OUT = 1, KIST_STREAM_ERR = 2 };

/** struct kist_journal - The two files. */
struct kist_journal {
	pthread_mutex_t mutex;
	int text_fd;
	int times_fd;
	uint64_t size;
	struct kist_error failed; /* the first that could not be written; from then on nothing is */
};

#define KIST_JOURNAL_INIT                                                                                    \
	{                                                                                                    \
		.mutex = PTHREAD_MUTEX_INITIALIZER, .text_fd = -1, .times_fd = -1, .failed = KIST_ERROR_INIT \
	}

/** kist_journal_open() - Makes the files in @dir_fd.  Errors: KIST_EXISTS, KIST_DENIED, KIST_IO. */
KIST_CHECKED kist_status kist_journal_open(struct kist_journal *journal, int dir_fd, struct kist_error *err);

/** kist_journal_add() - Adds what came just now.  What cannot be written is kept in @failed. */
void kist_journal_add(struct kist_journal *journal, enum kist_stream stream, struct kist_view bytes);

/** kist_journal_done() - Closes the files.  May run twice. */
void kist_journal_done(struct kist_journal *journal);

/** struct kist_journal_entry - One run of bytes. */
struct kist_journal_entry {
	int64_t time_ns;
	uint32_t size;
	enum kist_stream stream;
};

/** kist_journal_entry_read() - @bytes: KIST_JOURNAL_ENTRY_SIZE of them.  false: that is no entry. */
bool kist_journal_entry_read(const uint8_t *bytes, struct kist_journal_entry *ret);

#endif
