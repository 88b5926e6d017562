/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/search.h"

#include <errno.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/file.h"
#include "base/mem.h"

#define SITE_DIR    "/usr/local/lib/kist/plugins"
#define SITE_CONFIG "/etc/kist"

/* The process --------------------------------------------------------------------------------------- */

bool kist_identity_elevated(const struct kist_identity *identity)
{
	/* Root holds all capabilities by right; anybody else got them from a file or from who started him. */
	const bool root = identity->uid == 0 && identity->euid == 0;

	return identity->secure || identity->uid != identity->euid || identity->gid != identity->egid ||
	       (!root && identity->capabilities != 0);
}

static uint64_t permitted_capabilities(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { { .permitted = 0 } };

	if (syscall(SYS_capget, &header, data) != 0)
		return 0;
	return (uint64_t)data[1].permitted << 32 | data[0].permitted;
}

void kist_surroundings_get(struct kist_surroundings *ret)
{
	const struct kist_identity identity = {
		.uid = getuid(),
		.euid = geteuid(),
		.gid = getgid(),
		.egid = getegid(),
		.secure = getauxval(AT_SECURE) != 0,
		.capabilities = permitted_capabilities(),
	};

	*ret = (struct kist_surroundings){
		.elevated = kist_identity_elevated(&identity),
		.plugin_path = getenv("KIST_PLUGIN_PATH"),
		.data_home = getenv("XDG_DATA_HOME"),
		.home = getenv("HOME"),
		.site_dir = SITE_DIR,
		.site_config = SITE_CONFIG,
	};
}

/* Owner and mode ------------------------------------------------------------------------------------ */

static kist_status check_owner(const struct stat *info, const char *path, struct kist_error *err)
{
	if (info->st_uid == 0 || info->st_uid == geteuid())
		return KIST_OK;
	return kist_fail(err, KIST_DENIED, "'%s' belongs to user %u: it must belong to root or to you", path,
			 info->st_uid);
}

static kist_status check_mode(const struct stat *info, const char *path, struct kist_error *err)
{
	if (!(info->st_mode & (S_IWGRP | S_IWOTH)))
		return KIST_OK;
	return kist_fail(err, KIST_DENIED, "'%s' is writable by %s: run 'chmod go-w' on it", path,
			 info->st_mode & S_IWOTH ? "others" : "its group");
}

static kist_status check_info(int fd, const char *path, bool above, struct kist_error *err)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return kist_fail_errno(err, errno, "cannot look at '%s'", path);
	KIST_TRY(check_owner(&info, path, err));
	if (above && (info.st_mode & S_ISVTX))
		return KIST_OK;
	return check_mode(&info, path, err);
}

/* Folders and files --------------------------------------------------------------------------------- */

/* Opens each folder of the absolute, resolved @path in turn, by descriptor, so that none can be exchanged. */
static kist_status walk(const char *path, int *ret_fd, struct kist_error *err)
{
	kist_auto_fd int fd = -1;
	const char *name = path + 1;
	char name_text[NAME_MAX + 1];

	KIST_TRY(kist_open_at(AT_FDCWD, "/", O_PATH | O_DIRECTORY, 0, &fd, err));
	while (*name) {
		const size_t len = strcspn(name, "/");
		char above[PATH_MAX];
		int next;

		if (len >= sizeof(name_text) || (size_t)(name - path) >= sizeof(above))
			return kist_fail(err, KIST_DENIED, "'%s' is too long", path);
		memcpy(above, path, (size_t)(name - path));
		above[name - path - (name > path + 1)] = '\0';
		KIST_TRY(check_info(fd, above, true, err));
		memcpy(name_text, name, len);
		name_text[len] = '\0';
		KIST_TRY(kist_open_at(fd, name_text, O_PATH | O_DIRECTORY | O_NOFOLLOW, 0, &next, err));
		kist_fd_close(&fd);
		fd = next;
		name += len + (name[len] == '/');
	}
	KIST_TRY(check_info(fd, path, false, err));
	return kist_open_at(fd, ".", O_RDONLY | O_DIRECTORY, 0, ret_fd, err);
}

kist_status kist_search_open_dir(const char *path, char **ret_path, int *ret_fd, struct kist_error *err)
{
	kist_auto_mem char *kept = NULL;
	char resolved[PATH_MAX];
	int fd;

	if (!realpath(path, resolved)) {
		if (errno == ENOENT || errno == ENOTDIR)
			return kist_fail(err, KIST_NOT_FOUND, "not there");
		return kist_fail_errno(err, errno, "cannot resolve '%s'", path);
	}
	kept = kist_strndup(resolved, strlen(resolved));
	if (!kept)
		return kist_fail_memory(err, strlen(resolved));
	KIST_TRY(walk(resolved, &fd, err));
	*ret_fd = fd;
	*ret_path = kist_steal(kept);
	return KIST_OK;
}

/* Opens one name below @dir_fd: no symlink, no way out. */
static kist_status open_beneath(int dir_fd, const char *name, int flags, int *ret_fd, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	struct stat st;
	kist_status status;
	bool there;

	if (strchr(name, '/') || strcmp(name, "..") == 0 || strcmp(name, ".") == 0 || name[0] == '\0')
		return kist_fail(err, KIST_DENIED, "'%s' is not a plain file name", name);
	status = kist_open_beneath(dir_fd, name, flags, 0, false, ret_fd, &why);
	if (status == KIST_OK)
		return KIST_OK;
	there = fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
	if (status == KIST_DENIED && there && S_ISLNK(st.st_mode))
		return kist_fail(err, KIST_DENIED, "'%s' is a symbolic link: put the file itself there",
				 name);
	if (status == KIST_DENIED)
		return kist_fail(err, KIST_DENIED, "'%s' cannot be read: permission denied", name);
	if (status == KIST_NOT_FOUND && !there)
		return kist_fail(err, KIST_NOT_FOUND, "'%s' is not there", name);
	return kist_fail_as(err, status, &why);
}

kist_status kist_search_open_subdir(int dir_fd, const char *name, int *ret_fd, struct kist_error *err)
{
	kist_auto_fd int fd = -1;

	KIST_TRY(open_beneath(dir_fd, name, O_RDONLY | O_DIRECTORY, &fd, err));
	KIST_TRY(check_info(fd, name, false, err));
	*ret_fd = kist_fd_move(&fd);
	return KIST_OK;
}

kist_status kist_search_open_refused(int dir_fd, const char *name, int *ret_fd, struct kist_error *err)
{
	if (dir_fd == AT_FDCWD)
		return kist_open_at(AT_FDCWD, name, O_RDONLY | O_DIRECTORY, 0, ret_fd, err);
	return open_beneath(dir_fd, name, O_RDONLY | O_DIRECTORY, ret_fd, err);
}

kist_status kist_search_open_file(int dir_fd, const char *name, int *ret_fd, struct kist_error *err)
{
	kist_auto_fd int fd = -1;
	struct stat info;

	/* Without O_NONBLOCK a pipe of that name would hold up the host. */
	KIST_TRY(open_beneath(dir_fd, name, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd, err));
	if (fstat(fd, &info) != 0)
		return kist_fail_errno(err, errno, "cannot look at '%s'", name);
	if (!S_ISREG(info.st_mode))
		return kist_fail(err, KIST_DENIED, "'%s' is not a regular file", name);
	KIST_TRY(check_owner(&info, name, err));
	KIST_TRY(check_mode(&info, name, err));
	*ret_fd = kist_fd_move(&fd);
	return KIST_OK;
}

/* Names --------------------------------------------------------------------------------------------- */

struct names {
	char **list;
	size_t count;
	size_t capacity;
};

static void names_done(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		kist_free(names->list[i]);
	kist_free(names->list);
}

static kist_status names_add(struct names *names, const char *name, struct kist_error *err)
{
	if (names->count == KIST_SEARCH_NAMES_MAX)
		return kist_fail(err, KIST_LIMIT, "more than %zu names in one folder", KIST_SEARCH_NAMES_MAX);
	if (names->count == names->capacity) {
		const size_t capacity = names->capacity ? 2 * names->capacity : 32;
		char **list = kist_realloc(names->list, capacity, sizeof(*list));

		if (!list)
			return kist_fail_memory(err, capacity * sizeof(*list));
		names->list = list;
		names->capacity = capacity;
	}
	names->list[names->count] = kist_strndup(name, strlen(name));
	if (!names->list[names->count])
		return kist_fail_memory(err, strlen(name));
	names->count++;
	return KIST_OK;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static kist_status read_names(int dir_fd, struct names *names, struct kist_error *err)
{
	kist_auto_dir DIR *dir = NULL;
	struct dirent *entry;

	KIST_TRY(kist_dir_open_at(dir_fd, ".", &dir, err));
	errno = 0;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != '.')
			KIST_TRY(names_add(names, entry->d_name, err));
		errno = 0;
	}
	return errno ? kist_fail_errno(err, errno, "cannot list a folder") : KIST_OK;
}

kist_status kist_search_names(int dir_fd,
			      kist_status (*each)(void *ctx, const char *name, struct kist_error *err),
			      void *ctx, struct kist_error *err)
{
	__attribute__((cleanup(names_done))) struct names names = { .list = NULL };

	KIST_TRY(read_names(dir_fd, &names, err));
	if (names.count > 1)
		qsort(names.list, names.count, sizeof(*names.list), compare_names);
	for (size_t i = 0; i < names.count; i++)
		KIST_TRY(each(ctx, names.list[i], err));
	return KIST_OK;
}
