/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/run.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "job/owner.h"

#define LINE_FLAGS    (O_WRONLY | O_CREAT | O_APPEND)
#define LINE_SIZE_MAX ((size_t)1 << 20)

void kist_run_done(struct kist_run *run)
{
	kist_fd_close(&run->artifacts_fd);
	kist_fd_close(&run->events_fd);
	kist_fd_close(&run->beat_fd);
	kist_fd_close(&run->lock_fd);
	kist_fd_close(&run->dir_fd);
}

/* All that is in it: a run folder has no folders in it. */
static void remove_files(int dir_fd)
{
	const int own_fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = own_fd >= 0 ? fdopendir(own_fd) : NULL;
	const struct dirent *entry;

	if (!dir && own_fd >= 0)
		(void)close(own_fd);
	while (dir && (entry = readdir(dir)))
		(void)unlinkat(dir_fd, entry->d_name, 0);
	if (dir)
		(void)closedir(dir);
}

void kist_run_remove(struct kist_run *run)
{
	if (run->dir_fd >= 0) {
		remove_files(run->dir_fd);
		(void)rmdir(run->path);
	}
	kist_run_done(run);
}

static kist_status open_folder(struct kist_run *run, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;

	if (kist_open_at(AT_FDCWD, run->path, O_RDONLY | O_DIRECTORY, 0, &run->dir_fd, &why) == KIST_OK)
		return KIST_OK;
	if (why.status == KIST_NOT_FOUND)
		return kist_fail(err, KIST_NOT_FOUND, "this machine has not run job '%s': there is no '%s'",
				 run->id, run->path);
	return kist_fail_as(err, why.status, &why);
}

static kist_status open_files(struct kist_run *run, struct kist_error *err)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	KIST_TRY(kist_open_at(run->dir_fd, KIST_RUN_LOCK, O_RDWR | O_CREAT, 0600, &run->lock_fd, err));
	if (fcntl(run->lock_fd, F_OFD_SETLK, &lock) < 0)
		return errno == EAGAIN || errno == EACCES
			       ? kist_fail(err, KIST_EXISTS, "the agent of job '%s' is at work", run->id)
			       : kist_fail_errno(err, errno, "cannot lock '%s'", run->path);
	KIST_TRY(kist_open_at(run->dir_fd, KIST_RUN_ARTIFACTS, LINE_FLAGS, 0600, &run->artifacts_fd, err));
	return kist_open_at(run->dir_fd, KIST_RUN_EVENTS, LINE_FLAGS, 0600, &run->events_fd, err);
}

static kist_status set_path(const char *runs_dir, const char *id, struct kist_run *run,
			    struct kist_error *err)
{
	const int len = snprintf(run->path, sizeof(run->path), "%s/%s", runs_dir, id);

	run->id = id;
	return len < (int)sizeof(run->path) ? KIST_OK
					    : kist_fail(err, KIST_LIMIT, "the path of '%s' is too long", id);
}

kist_status kist_run_create(const char *runs_dir, const char *id, struct kist_run *ret,
			    struct kist_error *err)
{
	KIST_TRY(set_path(runs_dir, id, ret, err));
	KIST_TRY(kist_mkdirs_at(AT_FDCWD, runs_dir, 0700, err));
	if (mkdir(ret->path, 0700) < 0)
		return kist_fail_open(err, errno, ret->path);
	KIST_TRY(open_folder(ret, err));
	KIST_TRY(kist_open_at(ret->dir_fd, KIST_OWNER_LEASE_NAME, O_WRONLY | O_CREAT, 0600, &ret->beat_fd,
			      err));
	return open_files(ret, err);
}

void kist_run_beat(const struct kist_run *run)
{
	if (run->beat_fd >= 0)
		(void)futimens(run->beat_fd, NULL);
}

kist_status kist_run_lease(const struct kist_run *run, char ret[static PATH_MAX], struct kist_error *err)
{
	char folder[PATH_MAX];

	if (!realpath(run->path, folder))
		return kist_fail_open(err, errno, run->path);
	if (snprintf(ret, PATH_MAX, "%s/" KIST_OWNER_LEASE_NAME, folder) >= PATH_MAX)
		return kist_fail(err, KIST_LIMIT, "the path of '%s' is too long", folder);
	return KIST_OK;
}

kist_status kist_run_open_dead(const char *runs_dir, const char *id, struct kist_run *ret,
			       struct kist_error *err)
{
	KIST_TRY(set_path(runs_dir, id, ret, err));
	KIST_TRY(open_folder(ret, err));
	/* An agent that has just made its folder is not to find it locked. */
	if (faccessat(ret->dir_fd, KIST_RUN_FILE, F_OK, 0) < 0)
		return kist_fail_at(err, KIST_NOT_FOUND, KIST_RUN_CODE_EMPTY, KIST_NO_OFFSET,
				    "job '%s' has not begun: '%s' has no " KIST_RUN_FILE, id, ret->path);
	return open_files(ret, err);
}

kist_status kist_run_open(const char *runs_dir, const char *id, struct kist_run *ret, struct kist_error *err)
{
	KIST_TRY(set_path(runs_dir, id, ret, err));
	KIST_TRY(open_folder(ret, err));
	return kist_open_at(ret->dir_fd, KIST_RUN_LOCK, O_RDONLY, 0, &ret->lock_fd, err);
}

bool kist_run_is_alive(const struct kist_run *run)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	/* Asked, and not tried: who wants the lock meanwhile gets it. */
	return fcntl(run->lock_fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

kist_status kist_run_write_file(int dir_fd, const char *name, const json_t *facts, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_RUN_FILE_MAX);

	KIST_TRY(kist_json_canonical(facts, &text, err));
	KIST_TRY(kist_buf_append(&text, "\n", 1, err));
	return kist_replace_file_at(dir_fd, name, kist_buf_view(&text), 0600, false, err);
}

kist_status kist_run_write(const struct kist_run *run, const json_t *facts, struct kist_error *err)
{
	return kist_run_write_file(run->dir_fd, KIST_RUN_FILE, facts, err);
}

kist_status kist_run_read(const struct kist_run *run, json_t **ret, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_RUN_FILE_MAX);

	KIST_TRY(kist_read_file_at(run->dir_fd, KIST_RUN_FILE, &text, err));
	return kist_json_parse(kist_buf_view(&text), ret, err);
}

/* What every line has. */
static kist_status complete(const struct kist_run *run, const char *type, json_t *facts,
			    struct kist_error *err)
{
	char time[KIST_TIME_TEXT_SIZE];

	kist_time_text(kist_wall_ns(), time);
	if (!facts || json_object_set_new(facts, "event_type", json_string(type)) != 0 ||
	    json_object_set_new(facts, "schema_version", json_integer(KIST_RUN_SCHEMA_VERSION)) != 0 ||
	    json_object_set_new(facts, "run_id", json_string(run->id)) != 0 ||
	    json_object_set_new(facts, "timestamp", json_string(time)) != 0)
		return kist_fail(err, KIST_NO_MEMORY, "no memory for a line about '%s'", type);
	return KIST_OK;
}

/* One write(), so that lines of one file never mix. */
static kist_status write_line(const struct kist_run *run, const char *type, json_t *facts,
			      struct kist_error *err)
{
	kist_auto_buf struct kist_buf line = KIST_BUF_INIT(LINE_SIZE_MAX);

	KIST_TRY(complete(run, type, facts, err));
	KIST_TRY(kist_json_canonical(facts, &line, err));
	KIST_TRY(kist_buf_append(&line, "\n", 1, err));
	return kist_write_all(strcmp(type, "artifact") == 0 ? run->artifacts_fd : run->events_fd,
			      kist_buf_view(&line), err);
}

void kist_run_event(struct kist_run *run, const char *type, json_t *facts)
{
	kist_auto_json json_t *given = facts ? facts : json_object();

	(void)pthread_mutex_lock(&run->mutex);
	(void)write_line(run, type, given, &run->failed);
	(void)pthread_mutex_unlock(&run->mutex);
}
