/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/mem.h"
#include "flow/load.h"
#include "flow/tree.h"
#include "flow/walk.h"

#define NS_PER_S	 1000000000
#define FILE_MODE	 0666 /* for what was stored without one; the umask applies */
#define WORK_FILE_MODE	 0600
#define WORK_FOLDER_MODE 0700

/* Where something is restored: the folder above it, and names below that folder. */
struct place {
	int parent_fd;
	char name[NAME_MAX + 1];
	char work_name[NAME_MAX + 1]; /* it grows under this name */
};

static void place_done(struct place *place)
{
	kist_fd_close(&place->parent_fd);
}

static kist_status place_open(const char *path, struct place *place, struct kist_error *err)
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
	return kist_open_at(AT_FDCWD, parent, O_RDONLY | O_DIRECTORY, 0, &place->parent_fd, err);
}

/* Gives the work its name; never in place of what has that name. */
static int rename_new(const struct place *place, bool tree)
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

static kist_status finish_place(const struct place *place, const char *path, bool tree, bool force,
				struct kist_error *err)
{
	if ((force ? renameat(place->parent_fd, place->work_name, place->parent_fd, place->name)
		   : rename_new(place, tree)) == 0)
		return KIST_OK;
	if (errno == EEXIST || errno == ENOTEMPTY || errno == EISDIR)
		return kist_fail(err, KIST_EXISTS, "'%s' is there already%s", path,
				 force ? "" : ": remove it first, or give --force to replace a file");
	return kist_fail_errno(err, errno, "cannot put '%s' in place", path);
}

static struct timespec from_ns(int64_t ns)
{
	const int64_t below = ns % NS_PER_S < 0 ? ns % NS_PER_S + NS_PER_S : ns % NS_PER_S;

	return (struct timespec){ .tv_sec = (ns - below) / NS_PER_S, .tv_nsec = below };
}

static void set_times(int fd, int64_t mtime_ns)
{
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, from_ns(mtime_ns) };

	/* A file system that keeps no such time is no reason to withhold the bytes. */
	(void)futimens(fd, times);
}

/*
 * Set-user-id and such bits are kept only for their owner's own files; a restored file belongs to who
 * restores it.
 */
static kist_status set_mode(int fd, uint64_t mode, const char *path, struct kist_error *err)
{
	if (fchmod(fd, (mode_t)(mode & 0777)) != 0)
		return kist_fail_errno(err, errno, "cannot set the mode of '%s'", path);
	return KIST_OK;
}

/* @mode: That it is made with; it gets its own when its bytes are there. */
static kist_status write_file(struct kist_flow *flow, const json_t *record, int dir_fd, const char *name,
			      mode_t mode, int *ret_fd, struct kist_error *err)
{
	KIST_TRY(kist_open_beneath(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL, mode, false, ret_fd, err));
	return kist_load_file(flow, record, *ret_fd, err);
}

static kist_status restore_file(struct kist_flow *flow, const json_t *record, const struct place *place,
				bool force, struct kist_error *err)
{
	const json_t *file = json_object_get(record, "file");
	kist_auto_fd int fd = -1;
	uint64_t mode = FILE_MODE;
	const bool has_mode = kist_json_get_u64(file, "mode", &mode);

	/* What others may not read, they may not read while it grows. */
	KIST_TRY(write_file(flow, record, place->parent_fd, place->work_name,
			    has_mode ? WORK_FILE_MODE : FILE_MODE, &fd, err));
	if (has_mode)
		KIST_TRY(set_mode(fd, mode, place->name, err));
	if (json_is_integer(json_object_get(file, "mtime_ns")))
		set_times(fd, json_integer_value(json_object_get(file, "mtime_ns")));
	/* After a power loss the old file is there or the new one. */
	return force ? kist_sync_fd(fd, err) : KIST_OK;
}

/* A tree being restored below @root_fd. */
struct restoring {
	struct kist_flow *flow;
	int root_fd;
	struct kist_buf folders;		/* struct folder, in order */
	char path[KIST_TREE_PATH_SIZE_MAX + 1]; /* of the entry at hand */
};

/* A folder that was made, and what it is to be like in the end.  @path: Borrowed from the listing. */
struct folder {
	struct kist_view path;
	uint32_t mode;
	int64_t mtime_ns;
};

static void set_path(struct restoring *restoring, struct kist_view path)
{
	memcpy(restoring->path, path.data, path.size);
	restoring->path[path.size] = '\0';
}

/* No link stands below the root while folders and files are made, so no path can lead outside. */
static kist_status make_parents(struct restoring *restoring, struct kist_error *err)
{
	char *slash = strrchr(restoring->path, '/');
	kist_status status;

	if (!slash)
		return KIST_OK;
	*slash = '\0';
	status = kist_mkdirs_at(restoring->root_fd, restoring->path, WORK_FOLDER_MODE, err);
	*slash = '/';
	return status;
}

static kist_status make_file(struct restoring *restoring, const struct kist_tree_entry *entry,
			     struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	kist_auto_fd int fd = -1;

	KIST_TRY(kist_registry_get_artifact(restoring->flow->registry, &entry->artifact, &artifact, err));
	if (artifact.size != entry->size || !kist_digest_equal(&artifact.sha256, &entry->sha256))
		return kist_fail_at(err, KIST_CORRUPT, "E_TREE", KIST_NO_OFFSET,
				    "the tree and the record of '%s' do not agree", restoring->path);
	KIST_TRY(write_file(restoring->flow, artifact.record, restoring->root_fd, restoring->path,
			    WORK_FILE_MODE, &fd, err));
	KIST_TRY(set_mode(fd, entry->mode, restoring->path, err));
	set_times(fd, entry->mtime_ns);
	return KIST_OK;
}

static kist_status make_entry(void *ctx, const struct kist_tree_entry *entry, struct kist_error *err)
{
	struct restoring *restoring = ctx;

	set_path(restoring, entry->path);
	if (entry->kind == KIST_TREE_LINK)
		return KIST_OK;
	KIST_TRY(make_parents(restoring, err));
	if (entry->kind == KIST_TREE_FOLDER) {
		const struct folder folder = { .path = entry->path,
					       .mode = entry->mode,
					       .mtime_ns = entry->mtime_ns };

		KIST_TRY(kist_buf_append(&restoring->folders, &folder, sizeof(folder), err));
		return kist_mkdirs_at(restoring->root_fd, restoring->path, WORK_FOLDER_MODE, err);
	}
	if (make_file(restoring, entry, err) != KIST_OK)
		return err ? kist_fail_context(err, "%s", restoring->path) : KIST_IO;
	return KIST_OK;
}

static kist_status make_link(void *ctx, const struct kist_tree_entry *entry, struct kist_error *err)
{
	struct restoring *restoring = ctx;
	char target[KIST_TREE_PATH_SIZE_MAX + 1];
	kist_auto_fd int parent = -1;
	char *slash;

	if (entry->kind != KIST_TREE_LINK)
		return KIST_OK;
	set_path(restoring, entry->path);
	KIST_TRY(make_parents(restoring, err));
	memcpy(target, entry->target.data, entry->target.size);
	target[entry->target.size] = '\0';
	slash = strrchr(restoring->path, '/');
	if (slash)
		*slash = '\0';
	KIST_TRY(kist_open_beneath(restoring->root_fd, slash ? restoring->path : "", O_RDONLY | O_DIRECTORY,
				   0, false, &parent, err));
	if (symlinkat(target, parent, slash ? slash + 1 : restoring->path) != 0)
		return kist_fail_errno(err, errno, "cannot make a link in '%s'", restoring->path);
	return KIST_OK;
}

/*
 * Times and modes of folders come last, the inner before the outer: making what is in them needs the right
 * to.
 */
static kist_status finish_folders(struct restoring *restoring, struct kist_error *err)
{
	const struct folder *folders = (const void *)restoring->folders.data;

	for (size_t i = restoring->folders.size / sizeof(*folders); i > 0; i--) {
		kist_auto_fd int fd = -1;

		set_path(restoring, folders[i - 1].path);
		KIST_TRY(kist_open_beneath(restoring->root_fd, restoring->path, O_RDONLY | O_DIRECTORY, 0,
					   false, &fd, err));
		KIST_TRY(set_mode(fd, folders[i - 1].mode, restoring->path, err));
		set_times(fd, folders[i - 1].mtime_ns);
	}
	return KIST_OK;
}

static void restoring_done(struct restoring *restoring)
{
	kist_buf_done(&restoring->folders);
}

static kist_status restore_tree(struct kist_flow *flow, const json_t *record, const struct place *place,
				struct kist_error *err)
{
	kist_auto_buf struct kist_buf listing = KIST_BUF_INIT(KIST_TREE_SIZE_MAX);
	__attribute__((cleanup(restoring_done))) struct restoring restoring = {
		.flow = flow, .root_fd = -1, .folders = KIST_BUF_INIT(KIST_TREE_SIZE_MAX)
	};
	kist_auto_fd int root_fd = -1;
	uint64_t mode;

	KIST_TRY(kist_load_listing(flow, record, &listing, err));
	if (mkdirat(place->parent_fd, place->work_name, WORK_FOLDER_MODE) != 0)
		return kist_fail_errno(err, errno, "cannot make a folder for '%s'", place->name);
	KIST_TRY(kist_open_beneath(place->parent_fd, place->work_name, O_RDONLY | O_DIRECTORY, 0, false,
				   &root_fd, err));
	restoring.root_fd = root_fd;
	KIST_TRY(kist_tree_read(kist_buf_view(&listing), make_entry, &restoring, NULL, err));
	KIST_TRY(kist_tree_read(kist_buf_view(&listing), make_link, &restoring, NULL, err));
	KIST_TRY(finish_folders(&restoring, err));
	if (kist_json_get_u64(json_object_get(record, "file"), "mode", &mode))
		KIST_TRY(set_mode(root_fd, mode, place->name, err));
	return KIST_OK;
}

/* Removes what a failed restore left under its working name. */
static void remove_work(const struct place *place)
{
	kist_auto_walk struct kist_walk walk = KIST_WALK_INIT;
	kist_auto_fd int fd = -1;

	if (unlinkat(place->parent_fd, place->work_name, 0) == 0 || errno != EISDIR)
		return;
	if (kist_open_beneath(place->parent_fd, place->work_name, O_RDONLY | O_DIRECTORY, 0, false, &fd,
			      NULL) == KIST_OK &&
	    kist_walk_folder(fd, &walk, NULL) == KIST_OK) {
		/* Backwards, a folder comes after what is in it. */
		for (size_t i = kist_walk_count(&walk); i > 0; i--) {
			const char *path = kist_walk_path(&walk, i - 1);

			if (unlinkat(fd, path, 0) != 0)
				(void)unlinkat(fd, path, AT_REMOVEDIR);
		}
	}
	(void)unlinkat(place->parent_fd, place->work_name, AT_REMOVEDIR);
}

kist_status kist_load_path(struct kist_flow *flow, const json_t *record, const char *path, bool force,
			   struct kist_error *err)
{
	__attribute__((cleanup(place_done))) struct place place = { .parent_fd = -1 };
	const char *kind = kist_json_get_text(record, "kind");
	const bool tree = kind && strcmp(kind, "tree") == 0;
	struct stat st;
	kist_status status;

	KIST_TRY(place_open(path, &place, err));
	/* Said before the work, not after it; the rename below is what makes sure. */
	if ((!force || tree) && fstatat(place.parent_fd, place.name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return kist_fail(err, KIST_EXISTS, "'%s' is there already: remove it first%s", path,
				 tree ? "" : ", or give --force to replace it");
	status = tree ? restore_tree(flow, record, &place, err)
		      : restore_file(flow, record, &place, force, err);
	if (status == KIST_OK)
		status = finish_place(&place, path, tree, force && !tree, err);
	if (status != KIST_OK)
		remove_work(&place);
	return status;
}
