/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_FETCH_H
#define KIST_FLOW_FETCH_H

#include <stdbool.h>

#include "flow/walk.h"

/*
 * Reading the files of a folder ahead: while one window of them is worked on, a thread looks at the entries
 * of the next and reads the small files among them.
 *
 * What it gives of a file are all of its bytes at one moment, or nothing: a file that was written to so
 * recently that a further write could go unseen, that changed, or that cannot be read, is left to whoever
 * reads it with more care, and says what is wrong.
 *
 * Memory: four windows of KIST_FETCH_BYTES_MAX.
 * Thread: one struct kist_fetch, one thread at a time.
 */

/** A window: so many entries at most, and so many bytes of files. */
#define KIST_FETCH_ENTRIES_MAX ((size_t)256)
#define KIST_FETCH_BYTES_MAX   ((size_t)8 << 20)
/** Larger files are not read ahead. */
#define KIST_FETCH_FILE_SIZE_MAX ((uint64_t)128 << 10)

/** struct kist_fetched - One entry. */
struct kist_fetched {
	const char *path;  /* Borrowed from the walk */
	bool looked;	   /* @st is what lstat() says; else looking at it failed */
	bool whole;	   /* of a file: @bytes are all that it holds */
	const void *known; /* what @find_known gave */
	struct stat st;
	struct kist_view bytes; /* Borrowed until the next kist_fetch_next() but two */
};

/** struct kist_fetch_options - All borrowed for the life of the kist_fetch. */
struct kist_fetch_options {
	int dir_fd;
	const struct kist_walk *walk; /* of @dir_fd */
	/* What makes reading a file of any size needless, or NULL: [any-thread].  The member may be NULL. */
	const void *(*find_known)(const void *ctx, const char *path, const struct stat *st);
	const void *ctx;
};

struct kist_fetch;

/** kist_fetch_open() - Begins at the first path of the walk.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_fetch_open(const struct kist_fetch_options *options, struct kist_fetch **ret,
					 struct kist_error *err);
/** kist_fetch_end() - Nothing is borrowed from then on; only kist_fetch_close() may follow. */
void kist_fetch_end(struct kist_fetch *fetch);
/** kist_fetch_close() - Accepts NULL. */
void kist_fetch_close(struct kist_fetch *fetch);

static inline void kist_fetch_close_(struct kist_fetch **slot)
{
	kist_fetch_close(*slot);
}
#define kist_auto_fetch __attribute__((cleanup(kist_fetch_close_)))

/**
 * kist_fetch_next() - The next entries, in order of the walk.  What three calls ago was given is gone.
 *
 * @ret_entries: Borrowed until the next call but two, so that work on a window may end beside the next ones.
 *
 * Return: how many; 0 behind the last.
 */
size_t kist_fetch_next(struct kist_fetch *fetch, const struct kist_fetched **ret_entries);

#endif
