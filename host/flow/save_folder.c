/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/mem.h"
#include "flow/save_private.h"
#include "flow/tree.h"
#include "flow/walk.h"

static kist_status add_link(int dir_fd, struct kist_tree *tree, struct kist_tree_entry *entry,
			    struct kist_error *err)
{
	char target[KIST_TREE_PATH_SIZE_MAX + 1];
	const char *path = (const char *)entry->path.data;
	const ssize_t size = readlinkat(dir_fd, path, target, sizeof(target));

	if (size < 0)
		return kist_fail_errno(err, errno, "cannot read the link '%s'", path);
	entry->kind = KIST_TREE_LINK;
	entry->mode = 0777;
	entry->target = kist_view_of(target, (size_t)size);
	return kist_tree_add(tree, entry, err);
}

static kist_status add_file(struct kist_save *save, int dir_fd, const char *shown, struct kist_tree *tree,
			    struct kist_tree_entry *entry, const struct kist_save_options *options,
			    struct kist_error *err)
{
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	struct kist_save_options file_options = { .opaque = options->opaque };
	kist_auto_fd int fd = -1;
	const char *path = (const char *)entry->path.data;
	const char *slash = strrchr(path, '/');
	char shown_path[KIST_ERROR_TEXT_SIZE];
	struct kist_file_origin origin = { .shown = shown_path, .base_name = slash ? slash + 1 : path };
	uint64_t size = 0;

	snprintf(shown_path, sizeof(shown_path), "%s/%s", shown, path);
	KIST_TRY(kist_open_beneath(dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, false, &fd, err));
	origin.fd = fd;
	KIST_TRY(kist_save_file(save, &origin, &file_options, false, &saved, err));
	if (!kist_json_get_u64(saved.record, "size", &size) ||
	    !kist_record_get_digest(saved.record, "sha256", &entry->sha256))
		return kist_fail(err, KIST_INTERNAL, "a record without size or digest");
	entry->kind = KIST_TREE_FILE;
	entry->size = size;
	entry->artifact = saved.artifact;
	return kist_tree_add(tree, entry, err);
}

static kist_status add_entry(struct kist_save *save, int dir_fd, const char *shown, const char *path,
			     struct kist_tree *tree, const struct kist_save_options *options,
			     struct kist_error *err)
{
	struct kist_tree_entry entry = { .kind = KIST_TREE_FOLDER, .path = kist_view_of(path, strlen(path)) };
	struct stat st;

	if (fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) != 0)
		return kist_fail_errno(err, errno, "cannot look at '%s/%s'", shown, path);
	entry.mode = st.st_mode & 07777;
	entry.mtime_ns = kist_mtime_ns(&st);
	if (S_ISLNK(st.st_mode))
		return add_link(dir_fd, tree, &entry, err);
	if (S_ISREG(st.st_mode))
		return add_file(save, dir_fd, shown, tree, &entry, options, err);
	if (S_ISDIR(st.st_mode))
		return kist_tree_add(tree, &entry, err);
	return kist_fail(err, KIST_INVALID,
			 "'%s/%s' is neither a file, a folder nor a link: it cannot be kept", shown, path);
}

static kist_status put_listing(struct kist_save *save, const struct kist_tree *tree, struct kist_content *ret,
			       struct kist_error *err)
{
	KIST_TRY(kist_content_start(&save->content, save->writer, KIST_CHUNK_TREE, tree->listing.size, NULL,
				    0, err));
	KIST_TRY(kist_content_write(&save->content, kist_buf_view(&tree->listing), err));
	return kist_content_finish(&save->content, ret, err);
}

static kist_status make_record(struct kist_save *save, int dir_fd, const struct kist_tree *tree,
			       const struct kist_digest *digest, const struct kist_content *listing,
			       const struct kist_save_options *options, struct kist_saved *ret,
			       struct kist_error *err)
{
	kist_auto_json json_t *record = json_object();
	json_t *file = json_object();
	char summary[64];
	struct stat st;

	if (fstat(dir_fd, &st) != 0)
		return kist_fail_errno(err, errno, "cannot look at the folder");
	snprintf(summary, sizeof(summary), "%" PRIu64 " entr%s", tree->count, tree->count == 1 ? "y" : "ies");
	KIST_TRY(kist_record_set_content(record, listing, digest, err));
	KIST_TRY(kist_record_set_text(record, "kind", "tree", err));
	KIST_TRY(kist_record_set_text(record, "encoding", "kist.tree@1.0", err));
	KIST_TRY(kist_record_set_text(record, "summary", summary, err));
	KIST_TRY(kist_record_set_take(record, "entries", json_integer((json_int_t)tree->count), err));
	KIST_TRY(kist_record_set_take(record, "tree_bytes", json_integer((json_int_t)tree->file_bytes), err));
	KIST_TRY(kist_record_set_text(record, "description", options->description, err));
	KIST_TRY(kist_record_set_take(record, "file", file, err));
	KIST_TRY(kist_record_set_take(file, "mode", json_integer(st.st_mode & 07777), err));
	KIST_TRY(kist_record_set_take(file, "mtime_ns", json_integer(kist_mtime_ns(&st)), err));
	return kist_save_record(save, record, ret, err);
}

kist_status kist_save_folder(struct kist_save *save, int dir_fd, const char *shown,
			     const struct kist_save_options *options, struct kist_saved *ret,
			     struct kist_error *err)
{
	kist_auto_walk struct kist_walk walk = KIST_WALK_INIT;
	kist_auto_tree struct kist_tree tree = KIST_TREE_INIT;
	struct kist_content listing;
	struct kist_digest digest;

	if (options->examine.task || options->examine.type || options->examine.media_type)
		return kist_fail(err, KIST_INVALID,
				 "'%s' is a folder: a task or type can be named for one file only", shown);
	KIST_TRY(kist_walk_folder(dir_fd, NULL, &walk, err));
	KIST_TRY(kist_tree_start(&tree, err));
	for (size_t i = 0; i < kist_walk_count(&walk); i++)
		KIST_TRY(add_entry(save, dir_fd, shown, kist_walk_path(&walk, i), &tree, options, err));
	digest = kist_tree_finish(&tree);
	KIST_TRY(put_listing(save, &tree, &listing, err));
	return make_record(save, dir_fd, &tree, &digest, &listing, options, ret, err);
}
