/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BACKEND_BACKEND_H
#define KIST_BACKEND_BACKEND_H

#include <stdbool.h>

#include "base/buf.h"

/*
 * A backend: keys to bytes.  Five operations: no append, no rename, no overwrite, no locks.  A sixth one is
 * for repair alone: to put bytes that a digest proves in the place of damaged ones.  A long object may be put bit by bit
 * (struct kist_growing): nobody sees it before it is whole.
 *
 * A key is a relative path of 1..KIST_KEY_SIZE_MAX bytes: segments of [a-z0-9._-] joined by '/', none of
 * them empty, "." or "..".
 *
 * URIs: a folder's path or file:///path; memory:NAME (lives as long as the process; for tests).
 *
 * Thread: all functions may run at once on one backend, from many threads and processes.
 * Source: docs/format/store.md, section 1.
 */

#define KIST_KEY_SIZE_MAX ((size_t)200)
/** Longest object that put_new takes: a pack with its index. */
#define KIST_OBJECT_SIZE_MAX ((size_t)256 << 20)

struct kist_backend;
struct kist_growing;

/** struct kist_backend_ops - What each kind of backend provides; reached through the functions below. */
struct kist_backend_ops {
	const char *scheme;
	kist_status (*put_new)(struct kist_backend *, const char *key, const struct kist_view *parts,
			       size_t count, struct kist_error *);
	kist_status (*get)(struct kist_backend *, const char *key, uint64_t offset, size_t size,
			   struct kist_buf *ret, struct kist_error *);
	kist_status (*head)(struct kist_backend *, const char *key, uint64_t *ret_size, struct kist_error *);
	kist_status (*list)(struct kist_backend *, const char *prefix,
			    kist_status (*each)(void *ctx, const char *key, uint64_t size,
						struct kist_error *),
			    void *ctx, struct kist_error *);
	/* May be NULL: list does it, too. */
	kist_status (*names)(struct kist_backend *, const char *folder,
			     kist_status (*each)(void *ctx, const char *name, struct kist_error *), void *ctx,
			     struct kist_error *);
	kist_status (*delete)(struct kist_backend *, const char *key, struct kist_error *);
	/* May be NULL: nothing can be mended in its place then. */
	kist_status (*replace)(struct kist_backend *, const char *key, struct kist_view bytes,
			       struct kist_error *);
	/* May be NULL, all of these: every object is put at once then. */
	kist_status (*begin)(struct kist_backend *, const char *folder, struct kist_growing **ret,
			     struct kist_error *);
	kist_status (*grow)(struct kist_growing *, struct kist_view bytes, struct kist_error *);
	kist_status (*put_grown)(struct kist_growing *, const char *key, struct kist_error *);
	void (*drop)(struct kist_growing *);
	void (*close)(struct kist_backend *);
};

/** struct kist_backend - The head of every backend's own struct. */
struct kist_backend {
	const struct kist_backend_ops *ops;
};

/** struct kist_growing - An object that is being written and has no key yet: the head of each backend's own struct. */
struct kist_growing {
	struct kist_backend *backend;
	size_t size;
	bool failed;
};

/**
 * kist_backend_open() - Opens the backend at @uri.
 *
 * @create: The place may be made; it must then be missing or an empty folder.
 * @ret:    kist_backend_close() it.
 *
 * Errors: KIST_INVALID (not a URI of ours), KIST_NOT_FOUND, KIST_EXISTS (@create and not empty), KIST_DENIED,
 * KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_backend_open(const char *uri, bool create, struct kist_backend **ret,
					   struct kist_error *err);

/** kist_backend_folder() - The folder that @uri means; NULL when it means none.  Borrowed from @uri. */
const char *kist_backend_folder(const char *uri);

/** kist_backend_check() - Whether @uri names a place where a store can be.  Errors: KIST_INVALID. */
KIST_CHECKED kist_status kist_backend_check(const char *uri, struct kist_error *err);

/** kist_backend_close() - Accepts NULL. */
void kist_backend_close(struct kist_backend *backend);

static inline void kist_backend_close_(struct kist_backend **slot)
{
	kist_backend_close(*slot);
}
#define kist_auto_backend __attribute__((cleanup(kist_backend_close_)))

/**
 * kist_backend_put_new() - Creates @key with the bytes of @parts, one after another.
 *
 * Whole or not at all, and on disk when it returns: the file's bytes and its name.
 *
 * Errors: KIST_EXISTS (the key is there; it is left as it is), KIST_INVALID (key), KIST_LIMIT, KIST_IO.
 */
KIST_CHECKED kist_status kist_backend_put_new(struct kist_backend *backend, const char *key,
					      const struct kist_view *parts, size_t count,
					      struct kist_error *err);

/**
 * kist_backend_begin() - Begins an object that is written bit by bit, and may become long before its key is known.
 *
 * @folder: Of the key that it will have, without a '/' at its end.
 * @ret:    kist_growing_drop() it; NULL where this backend, or the place where it is, takes objects at once only.
 *
 * Errors: KIST_INVALID (folder), KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_backend_begin(struct kist_backend *backend, const char *folder,
					    struct kist_growing **ret, struct kist_error *err);

/**
 * kist_growing_add() - Appends @bytes.
 *
 * It is fastest for long ones that begin at a page, in memory and in the object.  After a failure it can only be dropped.
 *
 * Errors: KIST_LIMIT, KIST_IO; KIST_INVALID (something of it failed before).
 */
KIST_CHECKED kist_status kist_growing_add(struct kist_growing *growing, struct kist_view bytes,
					  struct kist_error *err);

/** kist_growing_put() - Gives it its key: on disk and seen by all when it returns.  As kist_backend_put_new(), once. */
KIST_CHECKED kist_status kist_growing_put(struct kist_growing *growing, const char *key,
					  struct kist_error *err);

/** kist_growing_drop() - Ends it; without a key nothing of it is left.  Accepts NULL. */
void kist_growing_drop(struct kist_growing *growing);

/**
 * kist_backend_get() - Appends up to @size bytes of @key at @offset to @ret; fewer only at the end.
 *
 * Errors: KIST_NOT_FOUND, KIST_INVALID (key), KIST_LIMIT (the buf's), KIST_IO.
 */
KIST_CHECKED kist_status kist_backend_get(struct kist_backend *backend, const char *key, uint64_t offset,
					  size_t size, struct kist_buf *ret, struct kist_error *err);

/** kist_backend_head() - Bytes of @key.  Errors: KIST_NOT_FOUND, KIST_INVALID, KIST_IO. */
KIST_CHECKED kist_status kist_backend_head(struct kist_backend *backend, const char *key, uint64_t *ret_size,
					   struct kist_error *err);

/**
 * kist_backend_list() - Calls @each for every key that begins with @prefix ("log/"), in byte order.
 *
 * A failure of @each ends the walk and is returned.  Keys made meanwhile may be missed.
 */
KIST_CHECKED kist_status kist_backend_list(struct kist_backend *backend, const char *prefix,
					   kist_status (*each)(void *ctx, const char *key, uint64_t size,
							       struct kist_error *err),
					   void *ctx, struct kist_error *err);

/**
 * kist_backend_names() - Calls @each with the last segment of every key directly in @folder ("log/"), in any
 * order.
 *
 * Cheaper than kist_backend_list() where there are many: no size is asked for, and nothing is sorted.
 */
KIST_CHECKED kist_status kist_backend_names(struct kist_backend *backend, const char *folder,
					    kist_status (*each)(void *ctx, const char *name,
								struct kist_error *err),
					    void *ctx, struct kist_error *err);

/** kist_backend_delete() - Removes @key; KIST_OK when it was not there. */
KIST_CHECKED kist_status kist_backend_delete(struct kist_backend *backend, const char *key,
					     struct kist_error *err);

/**
 * kist_backend_replace() - Puts @bytes in the place of what is at @key, which is damaged.
 *
 * At every moment the old bytes are there or the new ones, and these are on disk when it returns.  For
 * mending alone: a digest proves that @bytes are what was there, so that it does not matter how often it is
 * done, or by how many.  When @key is deleted meanwhile, it may be there afterwards.
 *
 * Errors: KIST_NOT_FOUND (nothing is there, and nothing is made), KIST_UNSUPPORTED (this backend cannot),
 * KIST_INVALID (key), KIST_LIMIT, KIST_IO.
 */
KIST_CHECKED kist_status kist_backend_replace(struct kist_backend *backend, const char *key,
					      struct kist_view bytes, struct kist_error *err);

#endif
