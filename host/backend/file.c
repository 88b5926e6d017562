/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backend/file_list.h"
#include "backend/file_put.h"
#include "backend/kinds.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"

#define FOLDER_MODE    ((mode_t)0777)
#define OPEN_FILES_MAX 16

/* A file kept open for get.  Free when users is 0. */
struct open_file {
	int fd;
	unsigned users;
	uint64_t used; /* when, counted in gets */
	dev_t dev;
	ino_t ino;
	char key[KIST_KEY_SIZE_MAX + 1];
};

struct file_backend {
	struct kist_backend base;
	struct kist_file_root root;
	pthread_mutex_t lock; /* of all below */
	uint64_t gets;
	struct open_file open_files[OPEN_FILES_MAX];
};

static struct file_backend *file_of(struct kist_backend *backend)
{
	return (struct file_backend *)backend;
}

static kist_status file_put_new(struct kist_backend *backend, const char *key, const struct kist_view *parts,
				size_t count, struct kist_error *err)
{
	return kist_file_put_new(&file_of(backend)->root, key, parts, count, err);
}

static kist_status file_replace(struct kist_backend *backend, const char *key, struct kist_view bytes,
				struct kist_error *err)
{
	return kist_file_replace(&file_of(backend)->root, key, bytes, err);
}

static kist_status file_begin(struct kist_backend *backend, const char *folder, struct kist_growing **ret,
			      struct kist_error *err)
{
	KIST_TRY(kist_file_begin(&file_of(backend)->root, folder, ret, err));
	if (*ret)
		(*ret)->backend = backend;
	return KIST_OK;
}

static kist_status open_object(struct file_backend *file, const char *key, int flags, int *ret_fd,
			       struct stat *ret_stat, struct kist_error *err)
{
	kist_auto_fd int fd = -1;

	KIST_TRY(kist_open_beneath(file->root.fd, key, flags | O_NOFOLLOW, 0, file->root.plain, &fd, err));
	if (fstat(fd, ret_stat) != 0)
		return kist_fail_errno(err, errno, "cannot look at '%s'", key);
	if (S_ISDIR(ret_stat->st_mode))
		return kist_fail(err, KIST_NOT_FOUND, "'%s' is not there; a folder is", key);
	if (!S_ISREG(ret_stat->st_mode))
		return kist_fail(err, KIST_DENIED, "'%s' is not a regular file", key);
	*ret_fd = kist_fd_move(&fd);
	return KIST_OK;
}

/* Takes the kept file of @key when it is still what the name stands for. */
static struct open_file *take_kept(struct file_backend *file, const char *key)
{
	struct open_file *found = NULL;
	struct stat there;
	const bool known = fstatat(file->root.fd, key, &there, AT_SYMLINK_NOFOLLOW) == 0;

	(void)pthread_mutex_lock(&file->lock);
	for (size_t i = 0; i < OPEN_FILES_MAX && !found; i++) {
		struct open_file *kept = &file->open_files[i];

		if (kept->fd < 0 || strcmp(kept->key, key) != 0)
			continue;
		if (known && kept->dev == there.st_dev && kept->ino == there.st_ino) {
			kept->users++;
			kept->used = ++file->gets;
			found = kept;
		} else if (kept->users == 0) {
			kist_fd_close(&kept->fd);
		}
	}
	(void)pthread_mutex_unlock(&file->lock);
	return found;
}

/* Keeps @fd in place of the one that was least recently used; NULL when all are in use. */
static struct open_file *keep(struct file_backend *file, const char *key, const struct stat *info, int *fd)
{
	struct open_file *oldest = NULL;

	(void)pthread_mutex_lock(&file->lock);
	for (size_t i = 0; i < OPEN_FILES_MAX; i++) {
		struct open_file *kept = &file->open_files[i];

		if (kept->users == 0 &&
		    (!oldest || kept->fd < 0 || (oldest->fd >= 0 && kept->used < oldest->used)))
			oldest = kept;
	}
	if (oldest) {
		kist_fd_close(&oldest->fd);
		oldest->fd = kist_fd_move(fd);
		oldest->users = 1;
		oldest->used = ++file->gets;
		oldest->dev = info->st_dev;
		oldest->ino = info->st_ino;
		memcpy(oldest->key, key, strlen(key) + 1);
	}
	(void)pthread_mutex_unlock(&file->lock);
	return oldest;
}

static void put_back(struct file_backend *file, struct open_file *kept)
{
	(void)pthread_mutex_lock(&file->lock);
	kept->users--;
	(void)pthread_mutex_unlock(&file->lock);
}

static kist_status read_range(int fd, const char *key, uint64_t offset, size_t size, struct kist_buf *ret,
			      struct kist_error *err)
{
	struct stat info;
	uint64_t left;
	size_t done;

	/* What is asked for may be far more than is there; take no memory for that. */
	if (fstat(fd, &info) != 0)
		return kist_fail_errno(err, errno, "cannot look at '%s'", key);
	left = offset < (uint64_t)info.st_size ? (uint64_t)info.st_size - offset : 0;
	size = (size_t)kist_min_u64(size, left);
	KIST_TRY(kist_buf_reserve(ret, size, err));
	if (size > 0)
		KIST_TRY(kist_pread_full(fd, ret->data + ret->size, size, offset, &done, err));
	ret->size += size > 0 ? done : 0;
	return KIST_OK;
}

static kist_status file_get(struct kist_backend *backend, const char *key, uint64_t offset, size_t size,
			    struct kist_buf *ret, struct kist_error *err)
{
	struct file_backend *file = file_of(backend);
	struct open_file *kept = take_kept(file, key);
	kist_auto_fd int fd = -1;
	struct stat info;
	kist_status status;

	if (!kept) {
		/* O_NONBLOCK: what somebody put there may be a pipe, and it must not hold us up. */
		KIST_TRY(open_object(file, key, O_RDONLY | O_NONBLOCK, &fd, &info, err));
		kept = keep(file, key, &info, &fd);
	}
	status = read_range(kept ? kept->fd : fd, key, offset, size, ret, err);
	if (kept)
		put_back(file, kept);
	return status;
}

static kist_status file_head(struct kist_backend *backend, const char *key, uint64_t *ret_size,
			     struct kist_error *err)
{
	kist_auto_fd int fd = -1;
	struct stat info;

	KIST_TRY(open_object(file_of(backend), key, O_PATH, &fd, &info, err));
	*ret_size = (uint64_t)info.st_size;
	return KIST_OK;
}

static kist_status file_list(struct kist_backend *backend, const char *prefix,
			     kist_status (*each)(void *ctx, const char *key, uint64_t size,
						 struct kist_error *err),
			     void *ctx, struct kist_error *err)
{
	const struct file_backend *file = file_of(backend);

	return kist_file_list(file->root.fd, file->root.plain, prefix, each, ctx, err);
}

static kist_status file_names(struct kist_backend *backend, const char *folder,
			      kist_status (*each)(void *ctx, const char *name, struct kist_error *err),
			      void *ctx, struct kist_error *err)
{
	const struct file_backend *file = file_of(backend);

	return kist_file_names(file->root.fd, file->root.plain, folder, each, ctx, err);
}

static kist_status file_delete(struct kist_backend *backend, const char *key, struct kist_error *err)
{
	struct file_backend *file = file_of(backend);
	kist_auto_fd int dir_fd = -1;
	char folder[KIST_FILE_FOLDER_SIZE];
	const char *name = kist_file_split_key(key, folder);
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	status = kist_open_beneath(file->root.fd, folder, O_RDONLY | O_DIRECTORY, 0, file->root.plain,
				   &dir_fd, &why);
	if (status == KIST_NOT_FOUND)
		return KIST_OK;
	if (status != KIST_OK)
		return kist_fail_as(err, status, &why);
	/* A folder of this name is no object: there is nothing to remove. */
	if (unlinkat(dir_fd, name, 0) != 0)
		return errno == ENOENT || errno == EISDIR
			       ? KIST_OK
			       : kist_fail_errno(err, errno, "cannot remove '%s'", key);
	return kist_sync_fd(dir_fd, err);
}

static void file_close(struct kist_backend *backend)
{
	struct file_backend *file = file_of(backend);

	for (size_t i = 0; i < OPEN_FILES_MAX; i++)
		kist_fd_close(&file->open_files[i].fd);
	kist_file_root_done(&file->root);
	(void)pthread_mutex_destroy(&file->lock);
	kist_free(file);
}

static const struct kist_backend_ops file_ops = {
	.scheme = "file",
	.put_new = file_put_new,
	.get = file_get,
	.head = file_head,
	.list = file_list,
	.names = file_names,
	.delete = file_delete,
	.replace = file_replace,
	.begin = file_begin,
	.grow = kist_file_grow,
	.put_grown = kist_file_put_grown,
	.drop = kist_file_drop,
	.close = file_close,
};

/* Syncs the folder that @path stands in. */
static kist_status sync_above(const char *path, struct kist_error *err)
{
	kist_auto_fd int above = -1;
	char part[PATH_MAX];
	const char *slash = strrchr(path, '/');
	const size_t len = slash ? (size_t)(slash - path) : 0;

	memcpy(part, path, len);
	part[len] = '\0';
	KIST_TRY(kist_open_at(AT_FDCWD, slash ? (len ? part : "/") : ".", O_RDONLY | O_DIRECTORY, 0, &above,
			      err));
	return kist_sync_fd(above, err);
}

/* Makes @path and the folders that lead to it, each synced into the one above. */
static kist_status make_root(const char *path, struct kist_error *err)
{
	char part[PATH_MAX];
	const size_t len = strlen(path);

	if (len >= sizeof(part))
		return kist_fail(err, KIST_INVALID, "path of %zu bytes is too long", len);
	for (size_t i = 1; i <= len; i++) {
		kist_status synced;
		bool made;

		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		made = mkdir(part, FOLDER_MODE) == 0;
		if (!made && errno != EEXIST && errno != EISDIR)
			return kist_fail_errno(err, errno, "cannot make the folder '%s'", part);
		/* One that was there may be as new as the store; whoever made it may not let us sync it. */
		synced = made || i == len ? sync_above(part, made ? err : NULL) : KIST_OK;
		if (made && synced != KIST_OK)
			return synced;
	}
	return KIST_OK;
}

kist_status kist_file_backend_open(const char *path, bool create, struct kist_backend **ret,
				   struct kist_error *err)
{
	kist_auto_mem struct file_backend *file = NULL;
	kist_auto_fd int root_fd = -1;
	bool empty = true;

	if (create)
		KIST_TRY(make_root(path, err));
	KIST_TRY(kist_open_at(AT_FDCWD, path, O_RDONLY | O_DIRECTORY, 0, &root_fd, err));
	if (create)
		KIST_TRY(kist_folder_is_empty(root_fd, &empty, err));
	if (!empty)
		return kist_fail(err, KIST_EXISTS, "the folder '%s' is not empty", path);
	file = kist_alloc(1, sizeof(*file));
	if (!file)
		return kist_fail_memory(err, sizeof(*file));
	file->base.ops = &file_ops;
	kist_file_root_init(&file->root);
	file->root.fd = kist_fd_move(&root_fd);
	for (size_t i = 0; i < OPEN_FILES_MAX; i++)
		file->open_files[i].fd = -1;
	(void)pthread_mutex_init(&file->lock, NULL);
	*ret = &kist_steal(file)->base;
	return KIST_OK;
}

void kist_file_backend_be_plain(struct kist_backend *backend)
{
	file_of(backend)->root.plain = true;
}
