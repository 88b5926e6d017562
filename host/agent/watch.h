/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_WATCH_H
#define KIST_AGENT_WATCH_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * Watches a folder and all that is below it for files that are complete: closed after writing, or renamed into
 * place.  The folder need not be there yet, nor stay.
 *
 * What is told is a hint: a file may be written to again.  What is not told (links, files made by link(2),
 * bytes written through a mapping) a last look at the folder finds.  When the kernel's queue overflows all that is
 * there is told of once more.  No link is followed.
 *
 * Limits: KIST_WATCH_FOLDERS_MAX folders, and the kernel's own.  A folder that cannot be watched is noted.
 * Thread: one struct kist_watch, one thread at a time.
 * Source: inotify(7).
 */

#define KIST_WATCH_FOLDERS_MAX ((size_t)65536)

struct kist_watch;

/** struct kist_watch_events - What is told. */
struct kist_watch_events {
	/* A regular file below the folder, "sub/x.npy". */
	void (*each_file)(void *ctx, const char *path);
	void *ctx;
};

/**
 * kist_watch_open() - Watches the folder at @path.
 *
 * @events: Told of the files that are there already; NULL: nobody is.
 *
 * Errors: KIST_LIMIT (the kernel gives no more), KIST_DENIED, KIST_NO_MEMORY, KIST_IO; KIST_NOT_FOUND when not
 * even the folder that it is to be in is there.
 */
KIST_CHECKED kist_status kist_watch_open(const char *path, const struct kist_watch_events *events,
					 struct kist_watch **ret, struct kist_error *err);
/** kist_watch_close() - Accepts NULL. */
void kist_watch_close(struct kist_watch *watch);

static inline void kist_watch_close_(struct kist_watch **slot)
{
	kist_watch_close(*slot);
}
#define kist_auto_watch __attribute__((cleanup(kist_watch_close_)))

/** kist_watch_fd() - To wait on for reading. */
int kist_watch_fd(const struct kist_watch *watch);

/** kist_watch_read() - Tells of what has happened, without waiting. */
void kist_watch_read(struct kist_watch *watch, const struct kist_watch_events *events);

/** kist_watch_missed() - The first reason why not all is told of; status KIST_OK for none.  Borrowed. */
const struct kist_error *kist_watch_missed(const struct kist_watch *watch);

#endif
