/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKER_SHM_H
#define KIST_WORKER_SHM_H

#include "base/buf.h"

/*
 * Shared memory: a memory file of fixed size, mapped by host and worker.
 *
 * Its pages are there from the start (fallocate) and it is sealed against shrinking and growing, so that
 * neither side can give the other a SIGBUS.
 *
 * Thread: the functions may run at once on different windows; the bytes are the caller's to guard.
 */

/** struct kist_shm - One window; @data is NULL when there is none. */
struct kist_shm {
	uint8_t *data;
	size_t size;
	int fd;
};

#define KIST_SHM_INIT                                                                                        \
	{                                                                                                    \
		.data = NULL, .size = 0, .fd = -1                                                            \
	}

/** kist_shm_create() - Makes, fills with pages, seals and maps @size bytes.  Errors: KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_shm_create(const char *name, size_t size, struct kist_shm *ret,
					 struct kist_error *err);

/**
 * kist_shm_open_take() - Maps a window that was received.
 *
 * @fd: Given: closed here, the mapping stays.
 *
 * Errors: KIST_INVALID (another size, or not sealed), KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_shm_open_take(int fd, size_t size, struct kist_shm *ret,
					    struct kist_error *err);

/** kist_shm_done() - Unmaps and closes.  May run twice. */
void kist_shm_done(struct kist_shm *shm);

#endif
