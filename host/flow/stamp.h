/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_STAMP_H
#define KIST_FLOW_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <time.h>

/*
 * What the times and the size of a file say about whether it was written to.
 *
 * Thread: pure.
 */

static inline int64_t kist_stamp_ns(struct timespec time)
{
	return (int64_t)((uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec);
}

/** kist_stamp_is_same_file() - Whether both are of one file, by device and inode. */
static inline bool kist_stamp_is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/** kist_stamp_has_changed() - Whether the file was written to, as far as that can be seen. */
static inline bool kist_stamp_has_changed(const struct stat *a, const struct stat *b)
{
	return a->st_size != b->st_size || a->st_mtim.tv_sec != b->st_mtim.tv_sec ||
	       a->st_mtim.tv_nsec != b->st_mtim.tv_nsec || a->st_ctim.tv_sec != b->st_ctim.tv_sec ||
	       a->st_ctim.tv_nsec != b->st_ctim.tv_nsec;
}

/**
 * kist_stamp_is_settled() - Whether a write from @now on would be seen in the file's times.
 *
 * A write within the tick of the kernel's clock that gave the file its times leaves them as they are.
 *
 * @now: Of CLOCK_REALTIME_COARSE, which the kernel takes the times from.
 */
static inline bool kist_stamp_is_settled(const struct stat *st, struct timespec now)
{
	return st->st_ctim.tv_sec < now.tv_sec ||
	       (st->st_ctim.tv_sec == now.tv_sec && st->st_ctim.tv_nsec < now.tv_nsec);
}

#endif
