/* SPDX-License-Identifier: Apache-2.0 */
#include "base/beneath.h"

#include <errno.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FOLDER_MODE ((mode_t)0777)

/* Room for one byte more than a name may have: what is too long stays too long, and the kernel says so. */
#define COMPONENT_SIZE (NAME_MAX + 2)

/* The next component of *@path, copied to @ret; *@path goes on behind it.  False when it was the last. */
static bool next_component(const char **path, char ret[static COMPONENT_SIZE])
{
	const char *slash = strchr(*path, '/');

	snprintf(ret, COMPONENT_SIZE, "%.*s", slash ? (int)(slash - *path) : (int)strlen(*path), *path);
	*path = slash ? slash + 1 : *path + strlen(*path);
	return slash != NULL;
}

/* A link that stands where a folder is needed is "no folder" to the kernel, and must not pass for missing. */
static kist_status open_component(int at, const char *name, int flags, mode_t mode, int *ret_fd,
				  struct kist_error *err)
{
	const kist_status status = kist_open_at(at, name, flags | O_NOFOLLOW, mode, ret_fd, err);
	struct stat st;

	if (status == KIST_NOT_FOUND && fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	    S_ISLNK(st.st_mode))
		return kist_fail_open(err, ELOOP, name);
	return status;
}

static kist_status open_plain(int root_fd, const char *path, int flags, mode_t mode, int *ret_fd,
			      struct kist_error *err)
{
	kist_auto_fd int dir_fd = -1;
	char name[COMPONENT_SIZE];
	int at = root_fd;

	while (next_component(&path, name)) {
		int next;

		KIST_TRY(open_component(at, name, O_PATH | O_DIRECTORY, 0, &next, err));
		kist_fd_close(&dir_fd);
		dir_fd = at = next;
	}
	return open_component(at, name[0] ? name : ".", flags, mode, ret_fd, err);
}

kist_status kist_open_beneath(int root_fd, const char *path, int flags, mode_t mode, bool plain, int *ret_fd,
			      struct kist_error *err)
{
	struct open_how how = { .flags = (uint64_t)(unsigned)(flags | O_CLOEXEC),
				.mode = (flags & O_CREAT) != 0 ? mode : 0,
				.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	long fd;

	if (plain)
		return open_plain(root_fd, path, flags, mode, ret_fd, err);
	do {
		/* EAGAIN: something was renamed meanwhile, so that the kernel could not be sure. */
		fd = syscall(SYS_openat2, root_fd, path[0] ? path : ".", &how, sizeof(how));
	} while (fd < 0 && (errno == EINTR || errno == EAGAIN));
	/* EPERM: a sandbox that does not know the call. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == E2BIG))
		return open_plain(root_fd, path, flags, mode, ret_fd, err);
	if (fd < 0)
		return kist_fail_open(err, errno, path);
	*ret_fd = (int)fd;
	return KIST_OK;
}

kist_status kist_make_beneath(int root_fd, const char *path, bool sync, int *ret_fd, struct kist_error *err)
{
	kist_auto_fd int dir_fd = -1;
	char name[COMPONENT_SIZE];

	KIST_TRY(kist_open_at(root_fd, ".", O_RDONLY | O_DIRECTORY, 0, &dir_fd, err));
	while (*path != '\0') {
		int next;

		(void)next_component(&path, name);
		if (mkdirat(dir_fd, name, FOLDER_MODE) != 0 && errno != EEXIST)
			return kist_fail_errno(err, errno, "cannot make the folder '%s'", name);
		/* Also when another process made it: that process may not have come this far yet. */
		if (sync)
			KIST_TRY(kist_sync_fd(dir_fd, err));
		/* It is there: so what is not found is no folder, but a link or a file. */
		if (kist_open_at(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0, &next, NULL) !=
		    KIST_OK)
			return kist_fail(err, KIST_DENIED, "'%s' is not a folder that can be opened", name);
		kist_fd_close(&dir_fd);
		dir_fd = next;
	}
	*ret_fd = kist_fd_move(&dir_fd);
	return KIST_OK;
}
