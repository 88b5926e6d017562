/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BACKEND_FILE_PUT_H
#define KIST_BACKEND_FILE_PUT_H

#include <pthread.h>

#include "backend/backend.h"

/*
 * Objects of a folder are made here: written to a file without a name, synced, and named; their folder is synced then.
 * Where there are no such files they have another name first.
 *
 * Thread: all functions may run at once on one root.
 * Source: docs/adr/0014-packs-past-the-cache.md, docs/adr/0057-packs-are-written-while-they-fill.md.
 */

/** Folders whose names are known to be on disk: packs/00 to packs/ff, packs, log, and some to spare. */
#define KIST_FILE_SYNCED_MAX 512
/** Bytes of a key's folder, and NUL. */
#define KIST_FILE_FOLDER_SIZE (KIST_KEY_SIZE_MAX + 1)

/** struct kist_file_root - The folder of all objects; @plain as for kist_open_beneath(). */
struct kist_file_root {
	int fd;
	bool plain;
	pthread_mutex_t lock; /* of all below */
	char *synced[KIST_FILE_SYNCED_MAX];
	size_t synced_count;
};

void kist_file_root_init(struct kist_file_root *root);
void kist_file_root_done(struct kist_file_root *root);

/** kist_file_split_key() - The folder of @key, "" for none, to @ret_folder; gives the last segment. */
const char *kist_file_split_key(const char *key, char ret_folder[static KIST_FILE_FOLDER_SIZE]);

/** kist_file_put_new() - kist_backend_put_new(). */
KIST_CHECKED kist_status kist_file_put_new(struct kist_file_root *root, const char *key,
					   const struct kist_view *parts, size_t count,
					   struct kist_error *err);

/** kist_file_replace() - kist_backend_replace(). */
KIST_CHECKED kist_status kist_file_replace(struct kist_file_root *root, const char *key,
					   struct kist_view bytes, struct kist_error *err);

/** kist_file_begin() - kist_backend_begin(), without the backend, which is the caller's to fill in. */
KIST_CHECKED kist_status kist_file_begin(struct kist_file_root *root, const char *folder,
					 struct kist_growing **ret, struct kist_error *err);

/** kist_file_grow() - kist_growing_add(). */
KIST_CHECKED kist_status kist_file_grow(struct kist_growing *growing, struct kist_view bytes,
					struct kist_error *err);

/** kist_file_put_grown() - kist_growing_put(). */
KIST_CHECKED kist_status kist_file_put_grown(struct kist_growing *growing, const char *key,
					     struct kist_error *err);

/** kist_file_drop() - kist_growing_drop(). */
void kist_file_drop(struct kist_growing *growing);

#endif
