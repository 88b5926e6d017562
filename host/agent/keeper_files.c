/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/keeper_private.h"

#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"
#include "flow/stamp.h"
#include "flow/walk.h"
#include "store/lean.h"

/* Of collectors that come first, again and again, one has to give up some time. */
#define TRIES_MAX 10
/* The ticks of a kernel's clock are 1 to 10 ms apart. */
#define PAUSE_NS   1000000
#define PAUSES_MAX 12
/* One file on its way into a commit. */
struct keeping {
	struct kist_file *file;
	struct stat stamp;
	bool is_settled;	 /* a write since @stamp would be seen in the file's times */
	struct kist_saved saved; /* no record: it is not in the commit */
};

/* Those that share one. */
struct together {
	struct keeping *all;
	size_t count;
};

kist_status keeper_try(struct kist_keeper *keeper,
		       kist_status (*attempt)(struct kist_keeper *keeper, void *ctx, struct kist_error *err),
		       void *ctx, struct kist_error *err)
{
	struct kist_job *job = keeper->options.job;

	for (int tries = 1;; tries++) {
		struct kist_error why = KIST_ERROR_INIT;
		json_t *before = json_copy(json_object_get(job->root, "artifacts"));

		if (!before)
			return kist_fail_memory(err, sizeof(json_t));
		if (attempt(keeper, ctx, &why) == KIST_OK) {
			json_decref(before);
			return KIST_OK;
		}
		kist_job_set_artifacts_take(job, before);
		if (!kist_is_collected(&why) || tries == TRIES_MAX)
			return kist_fail_as(err, why.status, &why);
	}
}

static bool is_ignored(const struct kist_keeper *keeper, const char *path)
{
	const char *slash = strrchr(path, '/');

	for (size_t i = 0; i < KEEPER_LEFT_OUT; i++) {
		const size_t len = strlen(keeper->left_out[i]);

		if (len > 0 && strncmp(path, keeper->left_out[i], len) == 0 &&
		    (path[len] == '/' || path[len] == '\0'))
			return true;
	}
	for (size_t i = 0; i < keeper->options.ignore_count; i++) {
		const char *pattern = keeper->options.ignore[i];
		const bool whole = strchr(pattern, '/');

		if (fnmatch(pattern, whole || !slash ? path : slash + 1, whole ? FNM_PATHNAME : 0) == 0)
			return true;
	}
	return false;
}

/* The part of @path, a folder, that is below @top: "" for none.  *@ret_all: @top is in it. */
static void find_below(const char *top, const char *path, char ret[static PATH_MAX], bool *ret_all)
{
	char full[PATH_MAX];
	size_t len = strcmp(top, "/") == 0 ? 0 : strlen(top);
	size_t full_len;

	ret[0] = '\0';
	if (!path || !realpath(path, full))
		return;
	full_len = strlen(full);
	if (strncmp(full, top, len) == 0 && full[len] == '/' && full[len + 1])
		(void)snprintf(ret, PATH_MAX, "%s", full + len + 1);
	else if (strncmp(top, full, full_len) == 0 && (!top[full_len] || top[full_len] == '/'))
		*ret_all = true;
}

/* The folder may come late, go and come again. */
static void learn_left_out(struct kist_keeper *keeper)
{
	char top[PATH_MAX];
	struct stat st;

	if (!keeper->options.folder || stat(keeper->options.folder, &st) < 0 ||
	    kist_stamp_is_same_file(&st, &keeper->folder) || !realpath(keeper->options.folder, top))
		return;
	keeper->folder = st;
	keeper->all_left_out = false;
	find_below(top, keeper->flow ? kist_backend_folder(kist_store_uri(keeper->flow->store)) : NULL,
		   keeper->left_out[0], &keeper->all_left_out);
	find_below(top, keeper->options.runs_dir, keeper->left_out[1], &keeper->all_left_out);
}

static void tell_failed(struct kist_keeper *keeper, struct kist_file *file, const struct kist_error *why)
{
	keeper_note(keeper, why);
	if (!file->refused)
		keeper->options.each_failed(keeper->options.ctx, file->path, why);
	file->refused = true;
}

static kist_status full_path(const struct kist_keeper *keeper, const char *path, char ret[static PATH_MAX],
			     struct kist_error *err)
{
	const int len = snprintf(ret, PATH_MAX, "%s/%s", keeper->options.folder, path);

	return len < PATH_MAX ? KIST_OK : kist_fail(err, KIST_LIMIT, "the path of '%s' is too long", path);
}

/*
 * Looks at a file, and waits until a write that comes after that would be seen: one within the tick of the clock that
 * gave the file its times leaves them as they are.
 */
static bool look_at(const char *path, struct keeping *one)
{
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	struct timespec now;

	for (int pauses = 0;; pauses++) {
		(void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
		if (stat(path, &one->stamp) < 0)
			return false;
		one->is_settled = kist_stamp_is_settled(&one->stamp, now);
		/* A clock of another machine that is ahead is not waited for. */
		if (one->is_settled || pauses == PAUSES_MAX ||
		    kist_stamp_ns(one->stamp.st_ctim) - kist_stamp_ns(now) > PAUSES_MAX * PAUSE_NS)
			return true;
		(void)nanosleep(&pause, NULL);
	}
}

/* Adds one file to the commit.  One that is gone by now, or kept as it is, is none of its. */
static kist_status keep_one(struct kist_keeper *keeper, struct kist_save *save, struct keeping *one,
			    struct kist_error *err)
{
	char path[PATH_MAX];
	char name[KIST_NAME_SIZE_MAX + 1];
	struct kist_save_options how = { .name = name, .opaque = true };

	KIST_TRY(keeper_name(keeper, one->file->path, name, &how.name_len, err));
	KIST_TRY(full_path(keeper, one->file->path, path, err));
	if (!look_at(path, one)) {
		const bool is_gone = errno == ENOENT || errno == ENOTDIR;

		one->file->refused = one->file->refused && !is_gone;
		return is_gone ? KIST_OK : kist_fail_open(err, errno, path);
	}
	if (keeper->options.changed_before_ns > 0 &&
	    kist_stamp_ns(one->stamp.st_mtim) >= keeper->options.changed_before_ns)
		return KIST_OK;
	if (!S_ISREG(one->stamp.st_mode) ||
	    (one->file->kept && kist_stamp_is_same_file(&one->stamp, &one->file->stamp) &&
	     !kist_stamp_has_changed(&one->stamp, &one->file->stamp)))
		return KIST_OK;
	return kist_save_path(save, path, &how, &one->saved, err);
}

/* Keeps the files of the group in one commit; what fails by itself is told and left out. */
static kist_status try_all(struct kist_keeper *keeper, void *ctx, struct kist_error *err)
{
	const struct together *together = ctx;
	struct keeping *all = together->all;
	kist_auto_save struct kist_save *save = NULL;
	size_t taken = 0;

	KIST_TRY(kist_save_open(keeper->flow, &save, err));
	for (size_t i = 0; i < together->count; i++) {
		struct kist_error why = KIST_ERROR_INIT;

		kist_saved_done(&all[i].saved); /* of a try that came to nothing */
		if (keep_one(keeper, save, &all[i], &why) != KIST_OK && why.status != KIST_NOT_FOUND)
			tell_failed(keeper, all[i].file, &why);
		if (!all[i].saved.record)
			continue;
		taken++;
		KIST_TRY(keeper_add_artifact(keeper, all[i].file->path, &all[i].saved.artifact, err));
	}
	if (taken == 0)
		return KIST_OK;
	KIST_TRY(keeper_commit(keeper, save, err));
	keeper->kept.stored += kist_save_stats(save).stored_bytes;
	return KIST_OK;
}

static void set_kept(struct kist_keeper *keeper, struct keeping *one)
{
	if (!one->saved.record)
		return;
	keeper->kept.files += !one->file->kept;
	keeper->kept.bytes += (uint64_t)one->stamp.st_size;
	one->file->kept = true;
	one->file->refused = false;
	one->file->stamp = one->stamp;
	/* Like no other: it is kept once more. */
	if (!one->is_settled)
		one->file->stamp.st_ctim.tv_nsec = -1;
	keeper->options.each_kept(keeper->options.ctx, one->file->path, &one->saved);
}

/* Keeps files in one commit; in the end in smaller ones, so that a file that does not fit takes no other with it. */
static void keep_together(struct kist_keeper *keeper, struct keeping *all, size_t count)
{
	struct together together = { .all = all, .count = count };
	struct kist_error why = KIST_ERROR_INIT;

	(void)!keeper_try(keeper, try_all, &together, &why);
	if (why.status != KIST_OK && count > 1 && keeper->halves > 0) {
		keeper->halves--;
		keep_together(keeper, all, count / 2);
		keep_together(keeper, all + count / 2, count - count / 2);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (why.status == KIST_OK)
			set_kept(keeper, &all[i]);
		else
			tell_failed(keeper, all[i].file, &why);
		kist_saved_done(&all[i].saved);
	}
}

void keeper_keep_group(struct kist_keeper *keeper)
{
	struct keeping all[KIST_KEEPER_GROUP_MAX];
	const size_t count = keeper->group_count;

	for (size_t i = 0; i < count; i++) {
		all[i] = (struct keeping){ .file = keeper->group[i], .saved = KIST_SAVED_INIT };
		all[i].file->waiting = false;
	}
	keeper->group_count = 0;
	if (count > 0)
		keep_together(keeper, all, count);
}

void keeper_want(struct kist_keeper *keeper, const char *path)
{
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_file *file;

	learn_left_out(keeper);
	if (keeper->all_left_out || is_ignored(keeper, path))
		return;
	if (kist_files_get(&keeper->files, path, &file, &why) != KIST_OK) {
		keeper_note(keeper, &why);
		return;
	}
	if (file->waiting)
		return;
	file->waiting = true;
	keeper->group[keeper->group_count++] = file;
	if (keeper->group_count == KIST_KEEPER_GROUP_MAX)
		keeper_keep_group(keeper);
}

static kist_status note_bad_folder(void *ctx, const char *path, const struct kist_error *why,
				   struct kist_error *err)
{
	struct kist_keeper *keeper = ctx;

	(void)err;
	keeper->bad_folders++;
	keeper_note(keeper, why);
	keeper->options.each_failed(keeper->options.ctx, path, why);
	return KIST_OK;
}

static void nothing_left_out(void *ctx, const char *path)
{
	(void)ctx;
	(void)path;
}

/* All that is below the folder.  Errors: KIST_NOT_FOUND: a job that made nothing has none. */
static kist_status list_folder(struct kist_keeper *keeper, struct kist_walk *walk, struct kist_error *err)
{
	struct kist_walk_options how = { .each_bad = note_bad_folder,
					 .each_left_out = nothing_left_out,
					 .ctx = keeper };
	const char *store = keeper->flow ? kist_backend_folder(kist_store_uri(keeper->flow->store)) : NULL;
	kist_auto_fd int fd = -1;
	struct stat st;

	if (store && stat(store, &st) == 0)
		how.left_out = &st;
	KIST_TRY(kist_open_at(AT_FDCWD, keeper->options.folder, O_RDONLY | O_DIRECTORY, 0, &fd, err));
	learn_left_out(keeper);
	if (keeper->all_left_out)
		return kist_fail(err, KIST_INVALID,
				 "the artifact folder lies in the store, or in the folder of runs: nothing "
				 "of it is kept");
	return kist_walk_folder(fd, &how, walk, err);
}

void keeper_look(struct kist_keeper *keeper)
{
	kist_auto_walk struct kist_walk walk = KIST_WALK_INIT;
	struct kist_error why = KIST_ERROR_INIT;

	if (!keeper->options.folder)
		return;
	keeper->bad_folders = 0;
	if (list_folder(keeper, &walk, &why) != KIST_OK && why.status != KIST_NOT_FOUND)
		(void)note_bad_folder(keeper, "", &why, NULL);
	for (size_t i = 0; i < kist_walk_count(&walk); i++)
		keeper_want(keeper, kist_walk_path(&walk, i));
	/* One that is gone since has not failed. */
	for (size_t i = 0; i < keeper->files.room; i++) {
		if (keeper->files.slots[i] && keeper->files.slots[i]->refused)
			keeper_want(keeper, keeper->files.slots[i]->path);
	}
}

size_t keeper_count_failed(const struct kist_keeper *keeper)
{
	size_t count = keeper->bad_folders;

	for (size_t i = 0; i < keeper->files.room; i++)
		count += keeper->files.slots[i] && keeper->files.slots[i]->refused;
	return count;
}
