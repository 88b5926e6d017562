/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backend/backend.h"
#include "base/beneath.h"
#include "base/mem.h"
#include "flow/examine.h"
#include "flow/save_seen.h"
#include "flow/tree.h"
#include "flow/walk.h"

/* A path for messages. */
#define SHOWN_SIZE ((size_t)600)

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

static kist_status add_file(struct kist_save *save, int dir_fd, const char *shown_path,
			    struct kist_tree *tree, struct kist_tree_entry *entry,
			    const struct kist_previous_tree *previous,
			    const struct kist_save_options *options, struct kist_error *err)
{
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	struct kist_save_options file_options = { .opaque = options->opaque,
						  .previous =
							  kist_previous_tree_find(previous, entry->path) };
	kist_auto_fd int fd = -1;
	const char *path = (const char *)entry->path.data;
	const char *slash = strrchr(path, '/');
	struct kist_file_origin origin = { .shown = shown_path, .base_name = slash ? slash + 1 : path };
	uint64_t size = 0;

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

/* A folder on its way into a tree. */
struct gathering {
	struct kist_save *save;
	int dir_fd;
	const char *shown;
	const struct kist_save_options *options;
	struct kist_small *small;
	struct kist_tree tree;
	struct kist_previous_tree previous;
	uint64_t refused;
	struct kist_error first; /* of what was refused */
};

static void gathering_done(struct gathering *gathering)
{
	kist_tree_done(&gathering->tree);
	kist_previous_tree_done(&gathering->previous);
}

/* The path as whoever gave the folder can use it. */
static void show_path(const struct gathering *gathering, const char *path, char ret[static SHOWN_SIZE])
{
	size_t len = strlen(gathering->shown);

	while (len > 1 && gathering->shown[len - 1] == '/')
		len--;
	snprintf(ret, SHOWN_SIZE, "%.*s/%s", (int)len, gathering->shown, path);
}

/* @kept: What was read ahead, if it was. */
static kist_status add_entry(struct gathering *gathering, const struct kist_fetched *fetched,
			     const struct kist_kept_file *kept, struct kist_error *err)
{
	const char *path = fetched->path;
	struct kist_tree_entry entry = { .kind = KIST_TREE_FOLDER, .path = kist_view_of(path, strlen(path)) };
	const int dir_fd = gathering->dir_fd;
	char shown[SHOWN_SIZE];
	struct stat st = fetched->st;

	if (!fetched->looked && fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) != 0) {
		show_path(gathering, path, shown);
		return kist_fail_errno(err, errno, "cannot look at '%s'", shown);
	}
	entry.mode = st.st_mode & 07777;
	entry.mtime_ns = kist_stamp_ns(st.st_mtim);
	if (kept->done) {
		entry.kind = KIST_TREE_FILE;
		entry.size = (uint64_t)st.st_size;
		entry.sha256 = kept->sha256;
		entry.artifact = kept->artifact;
		return kist_tree_add(&gathering->tree, &entry, err);
	}
	if (S_ISLNK(st.st_mode))
		return add_link(dir_fd, &gathering->tree, &entry, err);
	if (S_ISDIR(st.st_mode))
		return kist_tree_add(&gathering->tree, &entry, err);
	show_path(gathering, path, shown);
	kist_small_wait(gathering->small);
	if (S_ISREG(st.st_mode))
		return add_file(gathering->save, dir_fd, shown, &gathering->tree, &entry,
				&gathering->previous, gathering->options, err);
	return kist_fail(err, KIST_INVALID, "'%s' is neither a file, a folder nor a link: it cannot be kept",
			 shown);
}

/* What has gone wrong with more than the one entry. */
static bool ends_all(kist_status status)
{
	return status == KIST_NO_MEMORY || status == KIST_CANCELLED || status == KIST_INTERNAL ||
	       status == KIST_IO;
}

/* Tells of an entry that cannot be kept; the others are looked at all the same, so that one run tells of all.
 */
static kist_status refuse(void *ctx, const char *path, const struct kist_error *why, struct kist_error *err)
{
	struct gathering *gathering = ctx;
	struct kist_error full = *why;
	char shown[SHOWN_SIZE];

	show_path(gathering, path, shown);
	if (!strstr(full.text, shown))
		(void)kist_fail_context(&full, "%s", shown);
	if (ends_all(full.status) || !gathering->options->tell)
		return kist_fail_as(err, full.status, &full);
	if (gathering->refused++ == 0)
		gathering->first = full;
	else if (gathering->refused <= KIST_SAVE_TOLD_MAX)
		gathering->options->tell(gathering->options->tell_ctx, &full);
	return KIST_OK;
}

static kist_status fail_refused(const struct gathering *gathering, struct kist_error *err)
{
	const struct kist_error *first = &gathering->first;
	const uint64_t more = gathering->refused - 1;
	char count[64] = "";

	if (more > 0)
		snprintf(count, sizeof(count), " %" PRIu64 " more %s refused:", more,
			 more == 1 ? "is" : "are");
	return kist_fail_at(err, first->status, first->code, first->offset,
			    "%.700s;%s nothing of '%.100s' is kept", first->text, count, gathering->shown);
}

/* The store that is written to, when it is a folder here. */
static bool store_folder(const struct kist_save *save, struct stat *ret)
{
	const char *folder = kist_backend_folder(kist_store_uri(save->flow->store));

	return folder && stat(folder, ret) == 0;
}

static void note_left_out(void *ctx, const char *path)
{
	const struct gathering *gathering = ctx;
	char shown[SHOWN_SIZE];
	char text[SHOWN_SIZE + 64];

	show_path(gathering, path, shown);
	snprintf(text, sizeof(text), "'%s' is the store itself: it is left out", shown);
	kist_flow_set_loud_note(gathering->save->flow, text);
}

/* Adds the oldest window that was begun, if there is one. */
static kist_status add_window(struct gathering *gathering, const struct kist_walk *walk,
			      struct kist_error *err)
{
	const struct kist_kept_file *kept;
	const struct kist_fetched *entries;
	size_t count;

	KIST_TRY(kist_small_put(gathering->small, &entries, &kept, &count, err));
	for (size_t i = 0; i < count; i++) {
		struct kist_error why = KIST_ERROR_INIT;

		if (add_entry(gathering, &entries[i], &kept[i], &why) != KIST_OK)
			KIST_TRY(refuse(gathering, entries[i].path, &why, err));
	}
	kist_flow_progress(gathering->save->flow, gathering->tree.count, kist_walk_count(walk));
	return KIST_OK;
}

/* Adds what the walk found: while one window is looked at, the one before it is put. */
static kist_status add_all(struct gathering *gathering, const struct kist_walk *walk, struct kist_error *err)
{
	const bool any_seen = kist_save_seen_any(gathering->save);
	const struct kist_fetch_options how = { .dir_fd = gathering->dir_fd,
						.walk = walk,
						.find_known = any_seen ? kist_save_seen_find : NULL,
						.ctx = gathering->save };
	kist_auto_fetch struct kist_fetch *fetch = NULL;
	/* Closed first: the bytes that it borrows are those of @fetch. */
	kist_auto_small struct kist_small *small = NULL;
	const struct kist_fetched *entries;
	bool is_first = true;
	size_t count;

	kist_fetch_close(kist_steal(gathering->save->spent));
	KIST_TRY(kist_fetch_open(&how, &fetch, err));
	/* While the first window is read. */
	if (!any_seen)
		kist_examine_expect(gathering->save->flow, walk);
	KIST_TRY(kist_small_open(gathering->save, &small, err));
	gathering->small = small;
	while ((count = kist_fetch_next(fetch, &entries)) > 0) {
		KIST_TRY(kist_small_begin(small, entries, count, err));
		if (!is_first)
			KIST_TRY(add_window(gathering, walk, err));
		is_first = false;
	}
	KIST_TRY(add_window(gathering, walk, err));
	KIST_TRY(kist_small_settle(small, err));
	kist_fetch_end(fetch);
	/* Its memory is given back beside what comes after the commit. */
	gathering->save->spent = kist_steal(fetch);
	return KIST_OK;
}

/* Fills in the tree. */
static kist_status gather(struct gathering *gathering, struct kist_error *err)
{
	kist_auto_walk struct kist_walk walk = KIST_WALK_INIT;
	struct kist_walk_options how = { .each_bad = refuse,
					 .each_left_out = note_left_out,
					 .ctx = gathering };
	struct stat store;
	struct stat st;

	if (fstat(gathering->dir_fd, &st) != 0)
		return kist_fail_errno(err, errno, "cannot look at '%s'", gathering->shown);
	how.left_out = store_folder(gathering->save, &store) ? &store : NULL;
	if (how.left_out && kist_stamp_is_same_file(&st, &store))
		return kist_fail(err, KIST_INVALID, "'%s' is the store itself: it cannot be kept in itself",
				 gathering->shown);
	KIST_TRY(kist_walk_folder(gathering->dir_fd, &how, &walk, err));
	KIST_TRY(kist_tree_start(&gathering->tree, err));
	KIST_TRY(kist_save_seen_start(gathering->save, gathering->dir_fd, gathering->options, false, err));
	KIST_TRY(add_all(gathering, &walk, err));
	return gathering->refused > 0 ? fail_refused(gathering, err) : KIST_OK;
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
	KIST_TRY(kist_record_set_take(file, "mtime_ns", json_integer(kist_stamp_ns(st.st_mtim)), err));
	return kist_save_record(save, record, ret, err);
}

kist_status kist_save_folder(struct kist_save *save, int dir_fd, const char *shown,
			     const struct kist_save_options *options, struct kist_saved *ret,
			     struct kist_error *err)
{
	__attribute__((cleanup(gathering_done))) struct gathering gathering = {
		.save = save, .dir_fd = dir_fd, .shown = shown, .options = options, .tree = KIST_TREE_INIT
	};
	struct kist_content listing;
	struct kist_digest digest;
	bool any = false;

	gathering.previous = (struct kist_previous_tree)KIST_PREVIOUS_TREE_INIT;
	if (options->examine.task || options->examine.type || options->examine.media_type)
		return kist_fail(err, KIST_INVALID,
				 "'%s' is a folder: a task or type can be named for one file only", shown);
	KIST_TRY(kist_save_previous(save, options, &digest, &any, err));
	if (any)
		KIST_TRY(kist_previous_tree_open(save->flow, &digest, &gathering.previous, err));
	KIST_TRY(gather(&gathering, err));
	digest = kist_tree_finish(&gathering.tree);
	if (gathering.tree.links > 0 &&
	    kist_tree_check_links(kist_buf_view(&gathering.tree.listing), err) != KIST_OK)
		return err ? kist_fail_context(err, "%s", shown) : KIST_INVALID;
	KIST_TRY(put_listing(save, &gathering.tree, &listing, err));
	return make_record(save, dir_fd, &gathering.tree, &digest, &listing, options, ret, err);
}
