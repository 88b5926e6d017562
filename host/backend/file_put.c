/* SPDX-License-Identifier: Apache-2.0 */
#include "backend/file_put.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "backend/file_write.h"
#include "base/beneath.h"
#include "base/file.h"
#include "base/mem.h"

/* Objects never change, and their mode says so. */
#define OBJECT_MODE ((mode_t)0444)
/* A name that is no key, so that what a crash leaves behind is never listed.  Filled with random digits. */
#define TEMPORARY      "TMP-%016llx"
#define TEMPORARY_SIZE ((size_t)32)

void kist_file_root_init(struct kist_file_root *root)
{
	*root = (struct kist_file_root){ .fd = -1 };
	(void)pthread_mutex_init(&root->lock, NULL);
}

void kist_file_root_done(struct kist_file_root *root)
{
	for (size_t i = 0; i < root->synced_count; i++)
		kist_free(root->synced[i]);
	kist_fd_close(&root->fd);
	(void)pthread_mutex_destroy(&root->lock);
}

const char *kist_file_split_key(const char *key, char ret_folder[static KIST_FILE_FOLDER_SIZE])
{
	const char *slash = strrchr(key, '/');
	const size_t len = slash ? (size_t)(slash - key) : 0;

	memcpy(ret_folder, key, len);
	ret_folder[len] = '\0';
	return slash ? slash + 1 : key;
}

static bool folder_is_synced(struct kist_file_root *root, const char *folder)
{
	bool found = false;

	(void)pthread_mutex_lock(&root->lock);
	for (size_t i = 0; i < root->synced_count && !found; i++)
		found = strcmp(root->synced[i], folder) == 0;
	(void)pthread_mutex_unlock(&root->lock);
	return found;
}

/* Forgetting one only costs syncing it again. */
static void remember_synced(struct kist_file_root *root, const char *folder)
{
	(void)pthread_mutex_lock(&root->lock);
	if (root->synced_count < KIST_FILE_SYNCED_MAX) {
		char *copy = kist_strndup(folder, strlen(folder));

		if (copy)
			root->synced[root->synced_count++] = copy;
	}
	(void)pthread_mutex_unlock(&root->lock);
}

static kist_status open_folder(struct kist_file_root *root, const char *folder, int *ret_fd,
			       struct kist_error *err)
{
	const bool synced = folder_is_synced(root, folder);

	if (synced && kist_open_beneath(root->fd, folder, O_RDONLY | O_DIRECTORY, 0, root->plain, ret_fd,
					NULL) == KIST_OK)
		return KIST_OK;
	KIST_TRY(kist_make_beneath(root->fd, folder, true, ret_fd, err));
	if (!synced)
		remember_synced(root, folder);
	return KIST_OK;
}

static kist_status fail_link(struct kist_error *err, int sys_errno, const char *key)
{
	if (sys_errno == EEXIST)
		return kist_fail(err, KIST_EXISTS, "'%s' is there already", key);
	return kist_fail_errno(err, sys_errno, "cannot put '%s' in place", key);
}

/* Gives the nameless file its name; fails with EEXIST when the name is taken. */
static int link_nameless(int fd, int dir_fd, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (linkat(AT_FDCWD, path, dir_fd, name, AT_SYMLINK_FOLLOW) == 0)
		return 0;
	/* Where /proc is not mounted; needs a capability. */
	return errno == ENOENT ? linkat(fd, "", dir_fd, name, AT_EMPTY_PATH) : -1;
}

/* *@ret is -1 when the folder has no nameless files. */
static kist_status open_nameless(int dir_fd, const char *key, int *ret, struct kist_error *err)
{
	*ret = openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, OBJECT_MODE);
	if (*ret < 0 && errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT && errno != EINVAL)
		return kist_fail_errno(err, errno, "cannot make a file for '%s'", key);
	return KIST_OK;
}

/* *@ret_done is false when nameless files get no names here: then nothing has happened. */
static kist_status name_nameless(int fd, int dir_fd, const char *key, const char *name, bool *ret_done,
				 struct kist_error *err)
{
	*ret_done = link_nameless(fd, dir_fd, name) == 0;
	if (*ret_done || errno == ENOENT || errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS ||
	    errno == EXDEV)
		return KIST_OK;
	return fail_link(err, errno, key);
}

/* *@ret_done is false when this folder has no nameless files: then nothing has happened. */
static kist_status put_nameless(int dir_fd, const char *key, const char *name, const struct kist_view *parts,
				size_t count, bool *ret_done, struct kist_error *err)
{
	kist_auto_fd int fd = -1;

	*ret_done = false;
	KIST_TRY(open_nameless(dir_fd, key, &fd, err));
	if (fd < 0)
		return KIST_OK;
	KIST_TRY(kist_file_write_synced(fd, parts, count, err));
	return name_nameless(fd, dir_fd, key, name, ret_done, err);
}

static int rename_new(int dir_fd, const char *from, const char *to)
{
	return (int)syscall(SYS_renameat2, dir_fd, from, dir_fd, to, 1u /* RENAME_NOREPLACE */);
}

/* rename is for file systems without links; both leave an older file of this name as it is. */
static int name_new(int dir_fd, const char *temporary, const char *name)
{
	if (linkat(dir_fd, temporary, dir_fd, name, 0) == 0)
		return 0;
	return errno == EEXIST ? -1 : rename_new(dir_fd, temporary, name);
}

static int name_over(int dir_fd, const char *temporary, const char *name)
{
	return renameat(dir_fd, temporary, dir_fd, name);
}

/* Writes a file of another name, and lets @give_name decide what becomes of an older one. */
static kist_status put_named(int dir_fd, const char *key, const char *name, const struct kist_view *parts,
			     size_t count,
			     int (*give_name)(int dir_fd, const char *temporary, const char *name),
			     struct kist_error *err)
{
	kist_auto_fd int fd = -1;
	char temporary[TEMPORARY_SIZE];
	uint64_t nonce = 0;
	kist_status status;

	if (getrandom(&nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
		return kist_fail_errno(err, errno, "cannot get a random number");
	snprintf(temporary, sizeof(temporary), TEMPORARY, (unsigned long long)nonce);
	KIST_TRY(kist_open_at(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, OBJECT_MODE, &fd,
			      err));
	status = kist_file_write_synced(fd, parts, count, err);
	if (status == KIST_OK && give_name(dir_fd, temporary, name) != 0)
		status = fail_link(err, errno, key);
	(void)unlinkat(dir_fd, temporary, 0);
	return status;
}

static kist_status put_new(struct kist_file_root *root, const char *key, const struct kist_view *parts,
			   size_t count, struct kist_error *err)
{
	kist_auto_fd int dir_fd = -1;
	char folder[KIST_FILE_FOLDER_SIZE];
	const char *name = kist_file_split_key(key, folder);
	struct stat there;
	bool done = false;

	KIST_TRY(open_folder(root, folder, &dir_fd, err));
	/* So that bytes are not written in vain; the link below is what decides. */
	if (fstatat(dir_fd, name, &there, AT_SYMLINK_NOFOLLOW) == 0)
		return fail_link(err, EEXIST, key);
	if (!root->plain)
		KIST_TRY(put_nameless(dir_fd, key, name, parts, count, &done, err));
	if (!done)
		KIST_TRY(put_named(dir_fd, key, name, parts, count, name_new, err));
	return kist_sync_fd(dir_fd, err);
}

/* Full, read-only, not ours: who is to mend that needs to know where. */
static kist_status tell_where(const struct kist_file_root *root, const char *key, kist_status status,
			      const struct kist_error *why, struct kist_error *err)
{
	char self[64];
	char path[PATH_MAX] = "";

	if (status == KIST_OK || status == KIST_EXISTS || status == KIST_NOT_FOUND ||
	    status == KIST_NO_MEMORY)
		return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, why);
	snprintf(self, sizeof(self), "/proc/self/fd/%d", root->fd);
	if (readlink(self, path, sizeof(path) - 1) <= 0)
		path[0] = '\0';
	(void)kist_fail(err, status, "the store%s%s%s cannot take '%s': %s", path[0] ? " '" : "", path,
			path[0] ? "'" : "", key, why->text);
	/* A full disk is not the end for everybody. */
	if (err)
		err->sys_errno = why->sys_errno;
	return status;
}

kist_status kist_file_put_new(struct kist_file_root *root, const char *key, const struct kist_view *parts,
			      size_t count, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = put_new(root, key, parts, count, &why);

	return tell_where(root, key, status, &why, err);
}

/* A file without a name, in a folder above the one that it will have. */
struct growing_file {
	struct kist_growing base;
	struct kist_file_root *root;
	int fd;
	char folder[KIST_FILE_FOLDER_SIZE];
};

static struct growing_file *growing_of(struct kist_growing *growing)
{
	return (struct growing_file *)growing;
}

void kist_file_drop(struct kist_growing *growing)
{
	kist_fd_close(&growing_of(growing)->fd);
	kist_free(growing);
}

static kist_status begin(struct kist_file_root *root, const char *folder, int *ret_fd, struct kist_error *err)
{
	kist_auto_fd int dir_fd = -1;

	KIST_TRY(open_folder(root, folder, &dir_fd, err));
	return open_nameless(dir_fd, folder, ret_fd, err);
}

kist_status kist_file_begin(struct kist_file_root *root, const char *folder, struct kist_growing **ret,
			    struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	struct growing_file *growing;
	kist_status status;

	if (root->plain)
		return KIST_OK;
	growing = kist_alloc(1, sizeof(*growing));
	if (!growing)
		return kist_fail_memory(err, sizeof(*growing));
	growing->root = root;
	growing->fd = -1;
	memcpy(growing->folder, folder, strlen(folder) + 1);
	status = begin(root, folder, &growing->fd, &why);
	if (status == KIST_OK && growing->fd >= 0) {
		*ret = &growing->base;
		return KIST_OK;
	}
	kist_file_drop(&growing->base);
	return tell_where(root, folder, status, &why, err);
}

kist_status kist_file_grow(struct kist_growing *growing, struct kist_view bytes, struct kist_error *err)
{
	const struct growing_file *const grown = growing_of(growing);
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = kist_file_append(grown->fd, growing->size, bytes, &why);

	return tell_where(grown->root, grown->folder, status, &why, err);
}

/* Where nameless files get no names, the bytes are written once more. */
static kist_status put_copy(const struct kist_growing *growing, int fd, int dir_fd, const char *key,
			    const char *name, struct kist_error *err)
{
	void *const bytes = mmap(NULL, growing->size, PROT_READ, MAP_PRIVATE, fd, 0);
	const struct kist_view view = kist_view_of(bytes, growing->size);
	kist_status status;

	if (bytes == MAP_FAILED)
		return kist_fail_errno(err, errno, "cannot read what was written for '%s'", key);
	status = put_named(dir_fd, key, name, &view, 1, name_new, err);
	(void)munmap(bytes, growing->size);
	return status;
}

static kist_status put_grown(struct kist_growing *growing, const char *key, struct kist_error *err)
{
	struct kist_file_root *const root = growing_of(growing)->root;
	const int fd = growing_of(growing)->fd;
	kist_auto_fd int dir_fd = -1;
	char folder[KIST_FILE_FOLDER_SIZE];
	const char *name = kist_file_split_key(key, folder);
	bool done = false;

	KIST_TRY(kist_sync_fd(fd, err));
	KIST_TRY(open_folder(root, folder, &dir_fd, err));
	if (!root->plain)
		KIST_TRY(name_nameless(fd, dir_fd, key, name, &done, err));
	if (!done)
		KIST_TRY(put_copy(growing, fd, dir_fd, key, name, err));
	return kist_sync_fd(dir_fd, err);
}

kist_status kist_file_put_grown(struct kist_growing *growing, const char *key, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = put_grown(growing, key, &why);

	return tell_where(growing_of(growing)->root, key, status, &why, err);
}

static kist_status replace(struct kist_file_root *root, const char *key, struct kist_view bytes,
			   struct kist_error *err)
{
	kist_auto_fd int dir_fd = -1;
	char folder[KIST_FILE_FOLDER_SIZE];
	const char *name = kist_file_split_key(key, folder);
	struct stat there;

	KIST_TRY(kist_open_beneath(root->fd, folder, O_RDONLY | O_DIRECTORY, 0, root->plain, &dir_fd, err));
	if (fstatat(dir_fd, name, &there, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT ? kist_fail(err, KIST_NOT_FOUND, "'%s' is not there", key)
				       : kist_fail_errno(err, errno, "cannot look at '%s'", key);
	if (!S_ISREG(there.st_mode))
		return kist_fail(err, KIST_DENIED, "'%s' is not a regular file", key);
	KIST_TRY(put_named(dir_fd, key, name, &bytes, 1, name_over, err));
	return kist_sync_fd(dir_fd, err);
}

kist_status kist_file_replace(struct kist_file_root *root, const char *key, struct kist_view bytes,
			      struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = replace(root, key, bytes, &why);

	return tell_where(root, key, status, &why, err);
}
