/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/mem.h"
#include "flow/load.h"
#include "flow/place.h"
#include "flow/restore_small.h"
#include "flow/tree.h"

#define FILE_MODE	 0666 /* for what was stored without one; the umask applies */
#define WORK_FOLDER_MODE 0700

/* What time stands in the "file" of a record, when it holds one. */
static void set_recorded_times(int fd, const json_t *file)
{
	const json_t *mtime = json_object_get(file, "mtime_ns");

	if (json_is_integer(mtime))
		kist_place_set_times(fd, json_integer_value(mtime));
}

static kist_status restore_file(struct kist_flow *flow, const json_t *record, struct kist_place *place,
				const char *path, bool force, struct kist_error *err)
{
	const json_t *file = json_object_get(record, "file");
	uint64_t mode = FILE_MODE;
	const bool has_mode = kist_json_get_u64(file, "mode", &mode);
	kist_auto_fd int fd = -1;

	/* What others may not read, they may not read while it grows. */
	KIST_TRY(kist_place_file(place, has_mode ? KIST_PLACE_FILE_MODE : FILE_MODE, &fd, err));
	KIST_TRY(kist_load_file(flow, record, fd, err));
	if (has_mode)
		KIST_TRY(kist_place_set_mode(fd, mode, place->name, err));
	set_recorded_times(fd, file);
	/* After a power loss the old file is there or the new one. */
	if (force)
		KIST_TRY(kist_sync_fd(fd, err));
	return kist_place_finish(place, fd, path, force, err);
}

/* A tree being restored below @root_fd. */
struct restoring {
	struct kist_flow *flow;
	int root_fd;
	struct kist_restore_small *small;
	struct kist_buf folders;		/* struct folder, in order */
	struct kist_buf record;			/* of the file at hand */
	char path[KIST_TREE_PATH_SIZE_MAX + 1]; /* of the entry at hand */
	char made[KIST_TREE_PATH_SIZE_MAX + 1]; /* the folder that was made last, with those above it */
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
	status = KIST_OK;
	if (strcmp(restoring->path, restoring->made) != 0) {
		status = kist_mkdirs_at(restoring->root_fd, restoring->path, WORK_FOLDER_MODE, err);
		memcpy(restoring->made, restoring->path, strlen(restoring->path) + 1);
	}
	*slash = '/';
	return status;
}

/* The record of the file @entry. */
static kist_status find_record(struct restoring *restoring, const struct kist_tree_entry *entry,
			       struct kist_artifact *ret, struct kist_error *err)
{
	KIST_TRY(kist_lost_is_damage(
		kist_registry_get_artifact(restoring->flow->registry, &entry->artifact, ret, err), err));
	if (ret->size != entry->size || !kist_digest_equal(&ret->sha256, &entry->sha256))
		return kist_fail_at(err, KIST_CORRUPT, "E_TREE", KIST_NO_OFFSET,
				    "the tree and the record of '%s' do not agree", restoring->path);
	return KIST_OK;
}

/* A small file waits, to be made with others; without a word where there is anything wrong with its record. */
static kist_status take_small(struct restoring *restoring, const struct kist_tree_entry *entry, bool *ret,
			      struct kist_error *err)
{
	struct kist_content content;

	*ret = false;
	/* Until the small files that are waiting are made. */
	kist_registry_hold(restoring->flow->registry);
	restoring->record.size = 0;
	KIST_TRY(kist_lost_is_damage(kist_registry_get_record(restoring->flow->registry, &entry->artifact,
							      &restoring->record, err),
				     err));
	if (!kist_record_text_content(kist_buf_view(&restoring->record), &content) ||
	    content.size != entry->size || !kist_digest_equal(&content.sha256, &entry->sha256))
		return KIST_OK;
	return kist_restore_small_add(restoring->small, entry, &content, ret, err);
}

static kist_status make_file(struct restoring *restoring, const struct kist_tree_entry *entry,
			     struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	kist_auto_fd int fd = -1;
	bool taken;

	KIST_TRY(take_small(restoring, entry, &taken, err));
	if (taken)
		return KIST_OK;
	KIST_TRY(find_record(restoring, entry, &artifact, err));
	kist_registry_let_go(restoring->flow->registry);
	KIST_TRY(kist_open_beneath(restoring->root_fd, restoring->path, O_WRONLY | O_CREAT | O_EXCL,
				   KIST_PLACE_FILE_MODE, false, &fd, err));
	KIST_TRY(kist_load_file(restoring->flow, artifact.record, fd, err));
	KIST_TRY(kist_place_set_mode(fd, entry->mode, restoring->path, err));
	kist_place_set_times(fd, entry->mtime_ns);
	return KIST_OK;
}

static kist_status make_entry(void *ctx, const struct kist_tree_entry *entry, struct kist_error *err)
{
	struct restoring *restoring = ctx;

	if (entry->kind == KIST_TREE_LINK)
		return KIST_OK;
	KIST_TRY(kist_flow_check_stop(restoring->flow, err));
	set_path(restoring, entry->path);
	KIST_TRY(make_parents(restoring, err));
	if (entry->kind == KIST_TREE_FOLDER) {
		const struct folder folder = { .path = entry->path,
					       .mode = entry->mode,
					       .mtime_ns = entry->mtime_ns };

		KIST_TRY(kist_buf_append(&restoring->folders, &folder, sizeof(folder), err));
		return kist_mkdirs_at(restoring->root_fd, restoring->path, WORK_FOLDER_MODE, err);
	}
	KIST_TRY(kist_restore_small_make_room(restoring->small, entry, err));
	if (make_file(restoring, entry, err) != KIST_OK)
		return err ? kist_fail_context(err, "%s", restoring->path) : KIST_IO;
	return KIST_OK;
}

static kist_status make_link(void *ctx, const struct kist_tree_entry *entry, struct kist_error *err)
{
	struct restoring *restoring = ctx;
	const struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, kist_place_time(entry->mtime_ns) };
	char target[KIST_TREE_PATH_SIZE_MAX + 1];
	kist_auto_fd int parent = -1;
	const char *name;
	char *slash;

	if (entry->kind != KIST_TREE_LINK)
		return KIST_OK;
	KIST_TRY(kist_flow_check_stop(restoring->flow, err));
	set_path(restoring, entry->path);
	KIST_TRY(make_parents(restoring, err));
	memcpy(target, entry->target.data, entry->target.size);
	target[entry->target.size] = '\0';
	slash = strrchr(restoring->path, '/');
	name = slash ? slash + 1 : restoring->path;
	if (slash)
		*slash = '\0';
	KIST_TRY(kist_open_beneath(restoring->root_fd, slash ? restoring->path : "", O_RDONLY | O_DIRECTORY,
				   0, false, &parent, err));
	if (symlinkat(target, parent, name) != 0)
		return kist_fail_errno(err, errno, "cannot make a link in '%s'", restoring->path);
	(void)utimensat(parent, name, times, AT_SYMLINK_NOFOLLOW);
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
		KIST_TRY(kist_place_set_mode(fd, folders[i - 1].mode, restoring->path, err));
		kist_place_set_times(fd, folders[i - 1].mtime_ns);
	}
	return KIST_OK;
}

static void restoring_done(struct restoring *restoring)
{
	kist_restore_small_free(restoring->small);
	kist_buf_done(&restoring->folders);
	kist_buf_done(&restoring->record);
}

static kist_status restore_tree(struct kist_flow *flow, const json_t *record, struct kist_place *place,
				struct kist_error *err)
{
	kist_auto_buf struct kist_buf listing = KIST_BUF_INIT(KIST_TREE_SIZE_MAX);
	__attribute__((cleanup(restoring_done))) struct restoring restoring = {
		.flow = flow,
		.root_fd = -1,
		.folders = KIST_BUF_INIT(KIST_TREE_SIZE_MAX),
		.record = KIST_BUF_INIT(KIST_CHUNK_SIZE_MAX)
	};
	const json_t *file = json_object_get(record, "file");
	kist_auto_fd int root_fd = -1;
	uint64_t mode;

	KIST_TRY(kist_load_listing(flow, record, &listing, err));
	KIST_TRY(kist_place_folder(place, &root_fd, err));
	restoring.root_fd = root_fd;
	KIST_TRY(kist_restore_small_new(flow, root_fd, &restoring.small, err));
	KIST_TRY(kist_tree_read(kist_buf_view(&listing), make_entry, &restoring, NULL, err));
	KIST_TRY(kist_restore_small_flush(restoring.small, err));
	KIST_TRY(kist_tree_read(kist_buf_view(&listing), make_link, &restoring, NULL, err));
	KIST_TRY(finish_folders(&restoring, err));
	if (kist_json_get_u64(file, "mode", &mode))
		KIST_TRY(kist_place_set_mode(root_fd, mode, place->name, err));
	set_recorded_times(root_fd, file);
	return KIST_OK;
}

kist_status kist_load_path(struct kist_flow *flow, const json_t *record, const char *path, bool force,
			   struct kist_error *err)
{
	kist_auto_place struct kist_place place = KIST_PLACE_INIT;
	const bool tree = kist_record_is_tree(record);
	kist_status status;

	/* Said before the work, not after it. */
	KIST_TRY(kist_place_open(path, tree, force, &place, err));
	if (tree) {
		KIST_TRY(restore_tree(flow, record, &place, err));
		return kist_place_finish(&place, -1, path, force, err);
	}
	status = restore_file(flow, record, &place, path, force, err);
	if (status == KIST_UNSUPPORTED && place.needs_name)
		status = restore_file(flow, record, &place, path, force, err);
	return status;
}
