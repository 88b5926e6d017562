/* SPDX-License-Identifier: Apache-2.0 */
#include "workflow/folder.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

#define FOLDERS_MAX 16
/* A folder may be taken for one that was left, between its making and its lock: how often it is made again. */
#define TRIES_MAX 100
#define PATTERN	  KIST_RUN_FOLDER_PREFIX "XXXXXX"

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status;
	(void)type;
	(void)where;
	(void)remove(path);
	return 0;
}

static void remove_all(const char *path)
{
	(void)nftw(path, remove_one, FOLDERS_MAX, FTW_DEPTH | FTW_PHYS);
}

/* Holds the lock of a folder of ours that is there; with @how LOCK_NB, only if it is free. */
static bool lock(const char *path, int how, int *ret_fd)
{
	kist_auto_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat held;
	struct stat there;

	if (fd < 0 || fstat(fd, &held) < 0 || held.st_uid != geteuid())
		return false;
	while (flock(fd, LOCK_EX | how) < 0) {
		if (errno != EINTR)
			return false;
	}
	/* Whoever held it may have removed it. */
	if (lstat(path, &there) < 0 || there.st_ino != held.st_ino || there.st_dev != held.st_dev)
		return false;
	*ret_fd = kist_fd_move(&fd);
	return true;
}

/* What others have left that were killed. */
static void sweep(const char *temp_dir)
{
	DIR *listing = opendir(temp_dir);
	const struct dirent *entry;
	char path[PATH_MAX];

	if (!listing)
		return;
	while ((entry = readdir(listing)) != NULL) {
		kist_auto_fd int fd = -1;

		if (strlen(entry->d_name) != strlen(PATTERN) ||
		    strncmp(entry->d_name, KIST_RUN_FOLDER_PREFIX, strlen(KIST_RUN_FOLDER_PREFIX)) != 0)
			continue;
		if (snprintf(path, sizeof(path), "%s/%s", temp_dir, entry->d_name) < (int)sizeof(path) &&
		    lock(path, LOCK_NB, &fd))
			remove_all(path);
	}
	(void)closedir(listing);
}

static kist_status make(struct kist_run_folder *folder, const char *temp_dir, struct kist_error *err)
{
	sweep(temp_dir);
	for (unsigned left = TRIES_MAX; left > 0; left--) {
		if (snprintf(folder->path, sizeof(folder->path), "%s/" PATTERN, temp_dir) >=
		    (int)sizeof(folder->path)) {
			folder->path[0] = '\0';
			return kist_fail(err, KIST_LIMIT, "a path is too long");
		}
		if (!mkdtemp(folder->path)) {
			folder->path[0] = '\0';
			return kist_fail_errno(err, errno, "cannot make a folder in '%s'", temp_dir);
		}
		if (lock(folder->path, 0, &folder->lock_fd))
			return KIST_OK;
		(void)rmdir(folder->path);
	}
	folder->path[0] = '\0';
	return kist_fail(err, KIST_IO, "cannot lock a folder in '%s'", temp_dir);
}

kist_status kist_run_folder_path(struct kist_run_folder *folder, const char *temp_dir, const char *extension,
				 char ret[static PATH_MAX], struct kist_error *err)
{
	int len;

	if (folder->path[0] == '\0')
		KIST_TRY(make(folder, temp_dir, err));
	len = snprintf(ret, PATH_MAX, "%s/%u%s%s", folder->path, ++folder->count, extension[0] ? "." : "",
		       extension);
	return len < PATH_MAX ? KIST_OK : kist_fail(err, KIST_LIMIT, "a path is too long");
}

void kist_run_folder_remove(struct kist_run_folder *folder)
{
	if (folder->path[0] != '\0')
		remove_all(folder->path);
	folder->path[0] = '\0';
	kist_fd_close(&folder->lock_fd);
}
