/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/watch.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#define FOLDER_EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_ONLYDIR | IN_EXCL_UNLINK)
/* Of the folder that the watched one is, or is to be, in. */
#define ABOVE_EVENTS (IN_CREATE | IN_MOVED_TO | IN_ONLYDIR)
#define READ_SIZE    ((size_t)64 << 10)
/* Of one call, so that a busy program does not keep the agent from all else. */
#define READS_MAX 64

/* A watched folder; empty when @path is NULL. */
struct folder {
	int wd;
	char *path; /* below the top; "" is the top itself */
};

struct kist_watch {
	int fd;
	int above; /* watch descriptor; -1: none */
	char *top; /* absolute */
	size_t count;
	size_t room;
	struct folder *folders; /* rising by wd, which the kernel never gives twice */
	struct kist_error missed;
};

void kist_watch_close(struct kist_watch *watch)
{
	if (!watch)
		return;
	for (size_t i = 0; i < watch->count; i++)
		kist_free(watch->folders[i].path);
	kist_free(watch->folders);
	kist_free(watch->top);
	kist_fd_close(&watch->fd);
	kist_free(watch);
}

int kist_watch_fd(const struct kist_watch *watch)
{
	return watch->fd;
}

const struct kist_error *kist_watch_missed(const struct kist_watch *watch)
{
	return &watch->missed;
}

/* The first folder whose wd is not below @wd. */
static size_t find(const struct kist_watch *watch, int wd)
{
	size_t low = 0;
	size_t high = watch->count;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (watch->folders[middle].wd < wd)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static kist_status make_room(struct kist_watch *watch, struct kist_error *err)
{
	const size_t room = watch->room > 0 ? watch->room * 2 : 16;
	struct folder *folders;

	if (watch->count < watch->room)
		return KIST_OK;
	if (watch->count >= KIST_WATCH_FOLDERS_MAX)
		return kist_fail(err, KIST_LIMIT, "more than %zu folders are not watched",
				 KIST_WATCH_FOLDERS_MAX);
	folders = kist_realloc(watch->folders, room, sizeof(*folders));
	if (!folders)
		return kist_fail_memory(err, room * sizeof(*folders));
	watch->folders = folders;
	watch->room = room;
	return KIST_OK;
}

/* Notes that the folder that @wd stands for lies at @path, given. */
static void place(struct kist_watch *watch, int wd, char *path)
{
	const size_t at = find(watch, wd);

	if (at < watch->count && watch->folders[at].wd == wd) {
		kist_free(watch->folders[at].path);
	} else {
		memmove(&watch->folders[at + 1], &watch->folders[at],
			(watch->count - at) * sizeof(*watch->folders));
		watch->count++;
		watch->folders[at].wd = wd;
	}
	watch->folders[at].path = path;
}

static void forget(struct kist_watch *watch, int wd)
{
	const size_t at = find(watch, wd);

	if (wd == watch->above)
		watch->above = -1;
	if (at == watch->count || watch->folders[at].wd != wd)
		return;
	kist_free(watch->folders[at].path);
	watch->count--;
	memmove(&watch->folders[at], &watch->folders[at + 1], (watch->count - at) * sizeof(*watch->folders));
}

static bool is_below(const char *path, const char *folder)
{
	const size_t len = strlen(folder);

	return strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* A folder was moved away, and all that is in it. */
static void leave(struct kist_watch *watch, const char *path)
{
	for (size_t i = watch->count; i-- > 0;) {
		const int wd = watch->folders[i].wd;

		if (!is_below(watch->folders[i].path, path))
			continue;
		forget(watch, wd);
		(void)inotify_rm_watch(watch->fd, wd);
	}
}

static kist_status fail_watch(const char *path, int failed, struct kist_error *err)
{
	if (failed == ENOSPC)
		return kist_fail(
			err, KIST_LIMIT,
			"cannot watch '%s': the system gives no more watches (fs.inotify.max_user_watches)",
			path);
	return kist_fail_open(err, failed, path);
}

/* "<a>/<b>" of one that may be empty. */
static kist_status join(const char *a, const char *b, char ret[static PATH_MAX], struct kist_error *err)
{
	const int len = snprintf(ret, PATH_MAX, "%s%s%s", a, *a && *b ? "/" : "", b);

	return len < PATH_MAX ? KIST_OK : kist_fail(err, KIST_LIMIT, "the path of '%s' is too long", b);
}

/* A list of NUL-terminated paths. */
static kist_status push(struct kist_buf *list, const char *path, struct kist_error *err)
{
	return kist_buf_append(list, path, strlen(path) + 1, err);
}

/* Not every file system says it in its folders. */
static unsigned char type_of(DIR *dir, const struct dirent *entry)
{
	struct stat st;

	if (entry->d_type != DT_UNKNOWN)
		return entry->d_type;
	if (fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return DT_UNKNOWN;
	return S_ISDIR(st.st_mode) ? DT_DIR : S_ISREG(st.st_mode) ? DT_REG : DT_LNK;
}

/* Tells of the files in a folder that is watched from now on, and adds the folders in it to @list. */
static kist_status look_into(const char *full, const char *path, const struct kist_watch_events *events,
			     struct kist_buf *list, struct kist_error *err)
{
	DIR *dir = opendir(full);
	kist_status status = KIST_OK;

	if (!dir)
		return kist_fail_open(err, errno, full);
	for (const struct dirent *entry = readdir(dir); entry && status == KIST_OK; entry = readdir(dir)) {
		char inner[PATH_MAX];
		unsigned char type;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		status = join(path, entry->d_name, inner, err);
		type = status == KIST_OK ? type_of(dir, entry) : DT_UNKNOWN;
		if (type == DT_DIR)
			status = push(list, inner, err);
		else if (type == DT_REG)
			events->each_file(events->ctx, inner);
	}
	(void)closedir(dir);
	return status;
}

/* Watches one folder first and looks into it then, so that nothing in it is missed. */
static kist_status enter_one(struct kist_watch *watch, const char *path,
			     const struct kist_watch_events *events, struct kist_buf *list,
			     struct kist_error *err)
{
	char full[PATH_MAX];
	char *copy;
	int wd;

	KIST_TRY(join(watch->top, path, full, err));
	KIST_TRY(make_room(watch, err));
	wd = inotify_add_watch(watch->fd, full, path[0] ? FOLDER_EVENTS | IN_DONT_FOLLOW : FOLDER_EVENTS);
	if (wd < 0)
		return fail_watch(full, errno, err);
	copy = kist_strndup(path, strlen(path));
	if (!copy)
		return kist_fail_memory(err, strlen(path));
	place(watch, wd, copy);
	return look_into(full, path, events, list, err);
}

static bool is_gone(const struct kist_error *err)
{
	return err->status == KIST_NOT_FOUND;
}

/* Watches a folder and all in it.  One that is gone by now is no loss; another that cannot be had is noted. */
static void enter(struct kist_watch *watch, const char *path, const struct kist_watch_events *events)
{
	kist_auto_buf struct kist_buf list = KIST_BUF_INIT(KIST_WATCH_FOLDERS_MAX * PATH_MAX);
	size_t at = 0;
	kist_status status = push(&list, path, &watch->missed);

	while (status == KIST_OK && at < list.size) {
		struct kist_error why = KIST_ERROR_INIT;
		char now[PATH_MAX];

		/* The list moves as it grows. */
		(void)snprintf(now, sizeof(now), "%s", (const char *)list.data + at);
		at += strlen(now) + 1;
		if (enter_one(watch, now, events, &list, &why) != KIST_OK && !is_gone(&why))
			(void)kist_fail_as(&watch->missed, why.status, &why);
	}
}

/* Where the top is not there, waits for it at the nearest folder that is. */
static kist_status watch_above(struct kist_watch *watch, struct kist_error *err)
{
	char path[PATH_MAX];
	int wd;

	(void)snprintf(path, sizeof(path), "%s", watch->top);
	do {
		char *slash = strrchr(path, '/');

		if (!slash)
			return kist_fail(err, KIST_NOT_FOUND, "no folder leads to '%s'", watch->top);
		*(slash == path ? slash + 1 : slash) = '\0';
		wd = inotify_add_watch(watch->fd, path, ABOVE_EVENTS);
	} while (wd < 0 && (errno == ENOENT || errno == ENOTDIR) && path[1]);
	if (wd < 0)
		return fail_watch(path, errno, err);
	if (watch->above >= 0 && watch->above != wd)
		(void)inotify_rm_watch(watch->fd, watch->above);
	watch->above = wd;
	return KIST_OK;
}

static bool top_is_watched(const struct kist_watch *watch)
{
	for (size_t i = 0; i < watch->count; i++) {
		if (!watch->folders[i].path[0])
			return true;
	}
	return false;
}

/* Something came to the folder above: perhaps the top, or a folder on the way to it. */
static void look_for_top(struct kist_watch *watch, const struct kist_watch_events *events)
{
	if (watch_above(watch, &watch->missed) == KIST_OK && !top_is_watched(watch))
		enter(watch, "", events);
}

static void nobody(void *ctx, const char *path)
{
	(void)ctx;
	(void)path;
}

/* Where the folder is, or is to be: it may be a link to where there is more room. */
static kist_status find_top(const char *path, char ret[static PATH_MAX], struct kist_error *err)
{
	char folder[PATH_MAX];
	size_t len;

	if (realpath(path, ret))
		return KIST_OK;
	if (errno != ENOENT && errno != ENOTDIR)
		return kist_fail_open(err, errno, path);
	if (path[0] == '/')
		folder[0] = '\0';
	else if (!getcwd(folder, sizeof(folder)))
		return kist_fail_errno(err, errno, "cannot find this folder");
	KIST_TRY(join(folder, path, ret, err));
	for (len = strlen(ret); len > 1 && ret[len - 1] == '/'; len--)
		ret[len - 1] = '\0';
	return KIST_OK;
}

static kist_status open_watch(const char *path, const struct kist_watch_events *events,
			      struct kist_watch *watch, struct kist_error *err)
{
	const struct kist_watch_events none = { .each_file = nobody };

	watch->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch->fd < 0)
		return errno == EMFILE
			       ? kist_fail(err, KIST_LIMIT,
					   "cannot watch '%s': the system gives no more of its watchers "
					   "(fs.inotify.max_user_instances)",
					   path)
			       : kist_fail_errno(err, errno, "cannot watch '%s'", path);
	watch->top = kist_alloc(PATH_MAX, 1);
	if (!watch->top)
		return kist_fail_memory(err, PATH_MAX);
	KIST_TRY(find_top(path, watch->top, err));
	KIST_TRY(watch_above(watch, err));
	enter(watch, "", events ? events : &none);
	return watch->missed.status == KIST_OK ? KIST_OK
					       : kist_fail_as(err, watch->missed.status, &watch->missed);
}

kist_status kist_watch_open(const char *path, const struct kist_watch_events *events, struct kist_watch **ret,
			    struct kist_error *err)
{
	kist_auto_watch struct kist_watch *watch = kist_alloc(1, sizeof(*watch));

	if (!watch)
		return kist_fail_memory(err, sizeof(*watch));
	watch->fd = -1;
	watch->above = -1;
	watch->missed = (struct kist_error)KIST_ERROR_INIT;
	KIST_TRY(open_watch(path, events, watch, err));
	*ret = kist_steal(watch);
	return KIST_OK;
}

static void take_in_folder(struct kist_watch *watch, const struct inotify_event *event,
			   const struct kist_watch_events *events)
{
	const size_t at = find(watch, event->wd);
	char path[PATH_MAX];

	if (at == watch->count || watch->folders[at].wd != event->wd || event->len == 0 ||
	    join(watch->folders[at].path, event->name, path, &watch->missed) != KIST_OK)
		return;
	if (!(event->mask & IN_ISDIR)) {
		if (event->mask & (IN_CLOSE_WRITE | IN_MOVED_TO))
			events->each_file(events->ctx, path);
	} else if (event->mask & IN_MOVED_FROM) {
		leave(watch, path);
	} else if (event->mask & (IN_CREATE | IN_MOVED_TO)) {
		enter(watch, path, events);
	}
}

static void take(struct kist_watch *watch, const struct inotify_event *event,
		 const struct kist_watch_events *events)
{
	if (event->mask & IN_Q_OVERFLOW) {
		(void)kist_fail(&watch->missed, KIST_LIMIT,
				"too much happened at once to be told of file by file");
		/* Folders that came meanwhile are watched from now on, and where they were moved is learned. */
		if (top_is_watched(watch))
			enter(watch, "", events);
		else
			look_for_top(watch, events);
		return;
	}
	if (event->wd == watch->above && !(event->mask & IN_IGNORED))
		look_for_top(watch, events);
	else if (event->mask & IN_IGNORED)
		forget(watch, event->wd);
	else
		take_in_folder(watch, event, events);
}

void kist_watch_read(struct kist_watch *watch, const struct kist_watch_events *events)
{
	kist_auto_mem uint8_t *bytes = kist_alloc(READ_SIZE, 1);

	for (int reads = 0; bytes && reads < READS_MAX; reads++) {
		const ssize_t size = read(watch->fd, bytes, READ_SIZE);
		const struct inotify_event *event;

		if (size <= 0)
			return;
		for (size_t at = 0; at < (size_t)size; at += sizeof(*event) + event->len) {
			event = (const void *)(bytes + at);
			take(watch, event, events);
		}
	}
}
