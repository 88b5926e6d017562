/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/stage.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/beneath.h"
#include "base/file.h"
#include "base/mem.h"
#include "plugin/search.h"

/* Hidden: no catalog looks there. */
#define PREFIX	  ".kist-stage-"
#define COPY_STEP ((size_t)64 << 10)
/* What is removed is what was installed: a folder of files.  Others may have put folders into it. */
#define DEPTH_MAX 16
/* Whoever may look at the folder can lock it, also another user, and for ever. */
#define TURN_MS 60000

/* Removes what can be removed; no link is followed. */
static void remove_tree(int parent_fd, const char *name, int depth)
{
	kist_auto_dir DIR *dir = NULL;
	kist_auto_fd int fd = -1;
	struct dirent *entry;

	if (unlinkat(parent_fd, name, 0) == 0 || depth > DEPTH_MAX ||
	    kist_open_beneath(parent_fd, name, O_RDONLY | O_DIRECTORY, 0, false, &fd, NULL) != KIST_OK ||
	    kist_dir_of_fd(&fd, &dir, NULL) != KIST_OK)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			remove_tree(dirfd(dir), entry->d_name, depth + 1);
	}
	(void)unlinkat(parent_fd, name, AT_REMOVEDIR);
}

void kist_plugin_stage_done(struct kist_plugin_stage *stage)
{
	kist_fd_close(&stage->fd);
	if (stage->name[0])
		remove_tree(stage->parent_fd, stage->name, 0);
	kist_fd_close(&stage->parent_fd);
	kist_free(stage->parent);
	*stage = (struct kist_plugin_stage)KIST_PLUGIN_STAGE_INIT;
}

static kist_status remove_left(int parent_fd, struct kist_error *err)
{
	kist_auto_dir DIR *dir = NULL;
	struct dirent *entry;

	KIST_TRY(kist_dir_open_at(parent_fd, ".", &dir, err));
	while ((entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, PREFIX, strlen(PREFIX)) == 0)
			remove_tree(parent_fd, entry->d_name, 0);
	}
	return KIST_OK;
}

kist_status kist_plugin_stage_lock(const char *plugins_dir, struct kist_plugin_stage *ret,
				   struct kist_error *err)
{
	kist_auto_plugin_stage struct kist_plugin_stage stage = KIST_PLUGIN_STAGE_INIT;

	KIST_TRY(kist_mkdirs_at(AT_FDCWD, plugins_dir, 0755, err));
	KIST_TRY(kist_search_open_dir(plugins_dir, &stage.parent, &stage.parent_fd, err));
	KIST_TRY(kist_lock_fd(stage.parent_fd, LOCK_EX, TURN_MS, plugins_dir, err));
	KIST_TRY(remove_left(stage.parent_fd, err));
	*ret = stage;
	stage = (struct kist_plugin_stage)KIST_PLUGIN_STAGE_INIT;
	return KIST_OK;
}

static kist_status choose_name(struct kist_plugin_stage *stage, struct kist_error *err)
{
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return kist_fail_errno(err, errno, "the system gives no random bytes");
	snprintf(stage->name, sizeof(stage->name), PREFIX "%016llx", (unsigned long long)random);
	return KIST_OK;
}

kist_status kist_plugin_stage_make(struct kist_plugin_stage *stage, struct kist_error *err)
{
	struct kist_plugin_stage made = *stage;

	KIST_TRY(choose_name(&made, err));
	if (mkdirat(made.parent_fd, made.name, 0755) != 0)
		return kist_fail_errno(err, errno, "cannot make a folder in '%s'", made.parent);
	*stage = made;
	/* Whatever the umask takes away or leaves: nobody else may write there, everybody may look. */
	KIST_TRY(kist_open_beneath(stage->parent_fd, stage->name, O_RDONLY | O_DIRECTORY, 0, false,
				   &stage->fd, err));
	if (fchmod(stage->fd, 0755) != 0)
		return kist_fail_errno(err, errno, "cannot set the mode of a folder in '%s'", stage->parent);
	return KIST_OK;
}

static kist_status create(const struct kist_plugin_stage *stage, const char *name, int *ret_fd,
			  struct kist_error *err)
{
	kist_auto_fd int fd = -1;

	KIST_TRY(kist_open_at(stage->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0644, &fd, err));
	if (fchmod(fd, 0644) != 0)
		return kist_fail_errno(err, errno, "cannot set the mode of '%s'", name);
	*ret_fd = kist_fd_move(&fd);
	return KIST_OK;
}

kist_status kist_plugin_stage_write(const struct kist_plugin_stage *stage, const char *name,
				    struct kist_view bytes, struct kist_error *err)
{
	kist_auto_fd int fd = -1;

	KIST_TRY(create(stage, name, &fd, err));
	KIST_TRY(kist_write_all(fd, bytes, err));
	return kist_sync_fd(fd, err);
}

kist_status kist_plugin_stage_copy(const struct kist_plugin_stage *stage, const char *name, int from,
				   uint64_t size_max, struct kist_error *err)
{
	kist_auto_mem uint8_t *step = kist_alloc(COPY_STEP, 1);
	kist_auto_fd int fd = -1;
	uint64_t done = 0;
	size_t got;

	if (!step)
		return kist_fail_memory(err, COPY_STEP);
	KIST_TRY(create(stage, name, &fd, err));
	do {
		KIST_TRY(kist_pread_full(from, step, COPY_STEP, done, &got, err));
		if (got > size_max - done)
			return kist_fail(err, KIST_DENIED,
					 "'%s' is larger than the %llu bytes its manifest says", name,
					 (unsigned long long)size_max);
		KIST_TRY(kist_write_all(fd, kist_view_of(step, got), err));
		done += got;
	} while (got > 0);
	return kist_sync_fd(fd, err);
}

/* From here on it is another's name that the stage would remove. */
static kist_status placed(struct kist_plugin_stage *stage, bool exchanged, struct kist_error *err)
{
	kist_status status;

	kist_fd_close(&stage->fd);
	status = kist_sync_fd(stage->parent_fd, err);
	if (exchanged)
		remove_tree(stage->parent_fd, stage->name, 0);
	stage->name[0] = '\0';
	return status;
}

kist_status kist_plugin_stage_place(struct kist_plugin_stage *stage, const char *name, bool *ret_replaced,
				    struct kist_error *err)
{
	const int fd = stage->parent_fd;

	KIST_TRY(kist_sync_fd(stage->fd, err));
	*ret_replaced = renameat2(fd, stage->name, fd, name, RENAME_EXCHANGE) == 0;
	if (!*ret_replaced && renameat2(fd, stage->name, fd, name, RENAME_NOREPLACE) != 0)
		return kist_fail_errno(err, errno, "cannot put '%s/%s' in place", stage->parent, name);
	return placed(stage, *ret_replaced, err);
}

kist_status kist_plugin_stage_take_away(struct kist_plugin_stage *stage, const char *name,
					struct kist_error *err)
{
	struct kist_plugin_stage away = *stage;
	const int fd = stage->parent_fd;

	KIST_TRY(choose_name(&away, err));
	if (renameat2(fd, name, fd, away.name, RENAME_NOREPLACE) != 0 && errno == ENOENT)
		return kist_fail(err, KIST_NOT_FOUND, "'%s/%s' is not there", stage->parent, name);
	if (faccessat(fd, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		return kist_fail(err, KIST_IO, "cannot take '%s/%s' away", stage->parent, name);
	*stage = away;
	return placed(stage, true, err);
}
