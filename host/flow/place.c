/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/place.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/beneath.h"
#include "flow/walk.h"

#define WORK_FOLDER_MODE 0700
#define NS_PER_S	 1000000000

static void remove_tree(const struct kist_place *place)
{
	kist_auto_walk struct kist_walk walk = KIST_WALK_INIT;
	kist_auto_fd int fd = -1;

	if (kist_open_beneath(place->parent_fd, place->work_name, O_RDONLY | O_DIRECTORY, 0, false, &fd,
			      NULL) == KIST_OK &&
	    kist_walk_folder(fd, NULL, &walk, NULL) == KIST_OK) {
		/* Backwards, a folder comes after what is in it. */
		for (size_t i = kist_walk_count(&walk); i > 0; i--) {
			const char *path = kist_walk_path(&walk, i - 1);

			if (unlinkat(fd, path, 0) != 0)
				(void)unlinkat(fd, path, AT_REMOVEDIR);
		}
	}
	(void)unlinkat(place->parent_fd, place->work_name, AT_REMOVEDIR);
}

struct timespec kist_place_time(int64_t ns)
{
	const int64_t below = ns % NS_PER_S < 0 ? ns % NS_PER_S + NS_PER_S : ns % NS_PER_S;

	return (struct timespec){ .tv_sec = (ns - below) / NS_PER_S, .tv_nsec = below };
}

void kist_place_set_times(int fd, int64_t mtime_ns)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, kist_place_time(mtime_ns) };

	(void)futimens(fd, times);
}

kist_status kist_place_set_mode(int fd, uint64_t mode, const char *path, struct kist_error *err)
{
	if (fchmod(fd, (mode_t)(mode & 0777)) != 0)
		return kist_fail_errno(err, errno, "cannot set the mode of '%s'", path);
	return KIST_OK;
}

void kist_place_done(struct kist_place *place)
{
	if (place->is_named && unlinkat(place->parent_fd, place->work_name, 0) != 0 && errno == EISDIR)
		remove_tree(place);
	place->is_named = false;
	kist_fd_close(&place->parent_fd);
}

static kist_status check_there(const struct kist_place *place, const char *path, bool tree, bool force,
			       struct kist_error *err)
{
	struct stat st;

	if (fstatat(place->parent_fd, place->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return KIST_OK;
	/* As root, one rename over /dev/null is enough to harm the whole machine. */
	if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode) && !S_ISDIR(st.st_mode))
		return kist_fail(err, KIST_EXISTS,
				 "'%s' is there already, and is a device, a FIFO or a socket: kist replaces "
				 "none of these",
				 path);
	if (tree || !force)
		return kist_fail(err, KIST_EXISTS, "'%s' is there already: remove it first%s", path,
				 tree || S_ISDIR(st.st_mode) ? "" : ", or give --force to replace it");
	if (S_ISDIR(st.st_mode))
		return kist_fail(err, KIST_EXISTS, "'%s' is there already, and a folder is never replaced",
				 path);
	return KIST_OK;
}

kist_status kist_place_open(const char *path, bool tree, bool force, struct kist_place *place,
			    struct kist_error *err)
{
	char parent[PATH_MAX];
	size_t len = strlen(path);
	const char *slash;
	const char *name;
	uint64_t nonce;

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len == 0 || len >= sizeof(parent))
		return kist_fail(err, KIST_INVALID, "not a path: '%s'", path);
	memcpy(parent, path, len);
	parent[len] = '\0';
	slash = strrchr(parent, '/');
	name = slash ? slash + 1 : parent;
	len = strlen(name);
	if (len > NAME_MAX)
		return kist_fail(err, KIST_INVALID, "the name is too long: '%s'", path);
	memcpy(place->name, name, len + 1);
	if (strcmp(place->name, "..") == 0 || strcmp(place->name, ".") == 0 || place->name[0] == '\0')
		return kist_fail(err, KIST_EXISTS, "'%s' is there already: name a new file or folder", path);
	if (getrandom(&nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
		return kist_fail_errno(err, errno, "cannot get a random number");
	snprintf(place->work_name, sizeof(place->work_name), ".%.*s.%016" PRIx64, NAME_MAX - 24, place->name,
		 nonce);
	if (!slash)
		snprintf(parent, sizeof(parent), ".");
	else
		parent[slash == parent ? 1 : slash - parent] = '\0';
	KIST_TRY(kist_open_at(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY, 0, &place->parent_fd, err));
	return check_there(place, path, tree, force, err);
}

/* A file without a name can be given one as long as /proc tells of it. */
static int open_nameless(const struct kist_place *place, mode_t mode)
{
	char path[64];
	kist_auto_fd int fd = openat(place->parent_fd, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);

	if (fd < 0)
		return -1;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (access(path, F_OK) == 0)
		return kist_fd_move(&fd);
	errno = EOPNOTSUPP;
	return -1;
}

kist_status kist_place_file(struct kist_place *place, mode_t mode, int *ret_fd, struct kist_error *err)
{
	const int fd = place->needs_name ? -1 : open_nameless(place, mode);

	if (fd >= 0) {
		*ret_fd = fd;
		return KIST_OK;
	}
	if (!place->needs_name && errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT &&
	    errno != EINVAL)
		return kist_fail_open(err, errno, place->name);
	KIST_TRY(kist_open_beneath(place->parent_fd, place->work_name, O_WRONLY | O_CREAT | O_EXCL, mode,
				   false, ret_fd, err));
	place->is_named = true;
	return KIST_OK;
}

kist_status kist_place_folder(struct kist_place *place, int *ret_fd, struct kist_error *err)
{
	if (mkdirat(place->parent_fd, place->work_name, WORK_FOLDER_MODE) != 0)
		return kist_fail_errno(err, errno, "cannot make a folder for '%s'", place->name);
	place->is_named = true;
	return kist_open_beneath(place->parent_fd, place->work_name, O_RDONLY | O_DIRECTORY, 0, false, ret_fd,
				 err);
}

/* Gives the work its name; never in place of what has that name. */
static int rename_new(const struct kist_place *place, bool tree)
{
	const int fd = place->parent_fd;
	struct stat st;

	if (renameat2(fd, place->work_name, fd, place->name, RENAME_NOREPLACE) == 0)
		return 0;
	/* NFS and others do not know the flag. */
	if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
		return -1;
	/* A folder replaces an empty folder at most. */
	if (tree)
		return renameat(fd, place->work_name, fd, place->name);
	if (linkat(fd, place->work_name, fd, place->name, 0) == 0)
		return unlinkat(fd, place->work_name, 0);
	/* Nor links: only a look remains, which another process can come after. */
	if (errno != EEXIST && fstatat(fd, place->name, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return renameat(fd, place->work_name, fd, place->name);
	errno = EEXIST;
	return -1;
}

static int link_nameless(int fd, const struct kist_place *place, const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, path, place->parent_fd, name, AT_SYMLINK_FOLLOW);
}

/* Only what is to replace something has a second name, for a moment. */
static int name_file(struct kist_place *place, int fd, bool force)
{
	if (!place->is_named) {
		if (link_nameless(fd, place, place->name) == 0)
			return 0;
		if (!force || errno != EEXIST || link_nameless(fd, place, place->work_name) != 0)
			return -1;
		place->is_named = true;
	}
	return force ? renameat(place->parent_fd, place->work_name, place->parent_fd, place->name)
		     : rename_new(place, false);
}

kist_status kist_place_finish(struct kist_place *place, int fd, const char *path, bool force,
			      struct kist_error *err)
{
	const bool tree = fd < 0;

	/* Another program may have put something there meanwhile. */
	KIST_TRY(check_there(place, path, tree, force, err));
	if ((tree ? rename_new(place, true) : name_file(place, fd, force)) == 0) {
		place->is_named = false;
		return KIST_OK;
	}
	if (!tree && !place->is_named &&
	    (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS || errno == ENOENT)) {
		place->needs_name = true;
		return KIST_UNSUPPORTED;
	}
	if (errno == EEXIST || errno == ENOTEMPTY || errno == EISDIR)
		return kist_fail(err, KIST_EXISTS, "'%s' is there already%s", path,
				 force ? "" : ": remove it first, or give --force to replace a file");
	return kist_fail_errno(err, errno, "cannot put '%s' in place", path);
}
