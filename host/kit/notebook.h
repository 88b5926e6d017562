/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_KIT_NOTEBOOK_H
#define KIST_KIT_NOTEBOOK_H

#include "base/buf.h"

/*
 * What a check is doing, in memory that outlives it: when its process dies, who started it reads here what it was
 * about, and with which bytes.
 *
 * Thread: written by one process, read by the other after its end.
 */

#define KIST_NOTEBOOK_DOING_SIZE ((size_t)248)
#define KIST_NOTEBOOK_INPUT_MAX	 ((size_t)16 << 20)

/** struct kist_notebook - The memory itself. */
struct kist_notebook {
	char doing[KIST_NOTEBOOK_DOING_SIZE];
	uint64_t size; /* of @input */
	uint8_t input[KIST_NOTEBOOK_INPUT_MAX];
};

/** kist_notebook_new() - A file in memory for it, and the map.  Errors: KIST_IO, KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_notebook_new(int *ret_fd, struct kist_notebook **ret, struct kist_error *err);

/** kist_notebook_open() - Maps the one behind @fd, in the other process. */
KIST_CHECKED kist_status kist_notebook_open(int fd, struct kist_notebook **ret, struct kist_error *err);

/** kist_notebook_close() - Accepts NULL. */
void kist_notebook_close(struct kist_notebook *notebook);

/** kist_notebook_doing() - Notes what comes next; what is too long is cut. */
void kist_notebook_doing(struct kist_notebook *notebook, const char *format, ...) KIST_PRINTF(2, 3);

/** kist_notebook_input() - Notes the bytes that are read next; larger ones are not kept. */
void kist_notebook_input(struct kist_notebook *notebook, struct kist_view bytes);

#endif
