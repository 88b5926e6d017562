/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/num.h"

#define READ_STEP ((size_t)64 << 10)
/* Longer writes make the kernel take larger pages, which it has at hand more seldom: they are slower. */
#define WRITE_SIZE_MAX ((size_t)1 << 20)
/* Between two looks at a lock. */
#define LOCK_STEP_MS 20u

void kist_fd_close(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

kist_status kist_fail_open(struct kist_error *err, int sys_errno, const char *path)
{
	char reason[128];
	kist_status status;

	switch (sys_errno) {
	case ENOENT:
	case ENOTDIR:
		status = KIST_NOT_FOUND;
		break;
	case EEXIST:
		status = KIST_EXISTS;
		break;
	case EACCES:
	case EPERM:
	case ELOOP:
	case EXDEV:
		status = KIST_DENIED;
		break;
	case ENXIO:
		return kist_fail(err, KIST_INVALID,
				 "cannot open '%s': it is a socket, or a device that is not there", path);
	default:
		return kist_fail_errno(err, sys_errno, "cannot open '%s'", path);
	}
	return kist_fail(err, status, "cannot open '%s': %s", path,
			 strerror_r(sys_errno, reason, sizeof(reason)));
}

kist_status kist_open_at(int dir_fd, const char *path, int flags, mode_t mode, int *ret_fd,
			 struct kist_error *err)
{
	int fd;

	do {
		fd = openat(dir_fd, path, flags | O_CLOEXEC, mode);
	} while (fd < 0 && errno == EINTR);
	if (fd < 0)
		return kist_fail_open(err, errno, path);
	*ret_fd = fd;
	return KIST_OK;
}

void kist_dir_close(DIR **dir)
{
	if (*dir)
		(void)closedir(*dir);
	*dir = NULL;
}

kist_status kist_dir_of_fd(int *fd, DIR **ret, struct kist_error *err)
{
	DIR *const dir = fdopendir(*fd);

	if (!dir)
		return kist_fail_errno(err, errno, "cannot list a folder");
	(void)kist_fd_move(fd);
	*ret = dir;
	return KIST_OK;
}

kist_status kist_dir_open_at(int dir_fd, const char *path, DIR **ret, struct kist_error *err)
{
	kist_auto_fd int fd = -1;

	KIST_TRY(kist_open_at(dir_fd, path, O_RDONLY | O_DIRECTORY, 0, &fd, err));
	return kist_dir_of_fd(&fd, ret, err);
}

kist_status kist_mkdirs_at(int dir_fd, const char *path, mode_t mode, struct kist_error *err)
{
	char part[PATH_MAX];
	const size_t len = strlen(path);

	if (len == 0 || len >= sizeof(part))
		return kist_fail(err, KIST_INVALID, "not a path for a folder: '%s'", path);
	memcpy(part, path, len + 1);
	for (char *slash = strchr(part + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (mkdirat(dir_fd, part, mode) != 0 && errno != EEXIST)
			return kist_fail_errno(err, errno, "cannot make the folder '%s'", part);
		if (!slash)
			return KIST_OK;
		*slash = '/';
	}
}

static kist_status fail_write(struct kist_error *err, int sys_errno, size_t left)
{
	return kist_fail_errno(err, sys_errno, "cannot write %zu bytes", left);
}

kist_status kist_write_all(int fd, struct kist_view bytes, struct kist_error *err)
{
	size_t done = 0;

	while (done < bytes.size) {
		const size_t size = bytes.size - done < WRITE_SIZE_MAX ? bytes.size - done : WRITE_SIZE_MAX;
		const ssize_t n = write(fd, bytes.data + done, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_write(err, errno, bytes.size - done);
		done += (size_t)n;
	}
	return KIST_OK;
}

kist_status kist_pwrite_all(int fd, struct kist_view bytes, uint64_t offset, struct kist_error *err)
{
	size_t done = 0;

	while (done < bytes.size) {
		const size_t size = bytes.size - done < WRITE_SIZE_MAX ? bytes.size - done : WRITE_SIZE_MAX;
		ssize_t n;

		if (offset + done > INT64_MAX)
			return fail_write(err, EFBIG, bytes.size - done);
		n = pwrite(fd, bytes.data + done, size, (off_t)(offset + done));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail_write(err, errno, bytes.size - done);
		done += (size_t)n;
	}
	return KIST_OK;
}

kist_status kist_pread_full(int fd, void *buf, size_t size, uint64_t offset, size_t *ret_size,
			    struct kist_error *err)
{
	size_t done = 0;

	while (done < size && offset + done <= INT64_MAX) {
		const ssize_t n = pread(fd, (uint8_t *)buf + done, size - done, (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return kist_fail_errno(err, errno, "cannot read at offset %llu",
					       (unsigned long long)offset + done);
		if (n == 0)
			break;
		done += (size_t)n;
	}
	*ret_size = done;
	return KIST_OK;
}

kist_status kist_read_all(int fd, struct kist_buf *ret, struct kist_error *err)
{
	for (;;) {
		/* One byte is asked for even at the limit, to tell "just fits" from "too large". */
		uint8_t past;
		const size_t room = (size_t)kist_min_u64(READ_STEP, ret->size_max - ret->size);
		ssize_t n;

		KIST_TRY(kist_buf_reserve(ret, room, err));
		n = read(fd, room ? ret->data + ret->size : &past, room ? room : 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return kist_fail_errno(err, errno, "cannot read");
		if (n == 0)
			return KIST_OK;
		if (room == 0)
			return kist_fail(err, KIST_LIMIT, "more than %zu bytes", ret->size_max);
		ret->size += (size_t)n;
	}
}

kist_status kist_read_file_at(int dir_fd, const char *path, struct kist_buf *ret, struct kist_error *err)
{
	kist_auto_fd int fd = -1;
	kist_status status;

	KIST_TRY(kist_open_at(dir_fd, path, O_RDONLY, 0, &fd, err));
	status = kist_read_all(fd, ret, err);
	if (status != KIST_OK && err)
		(void)kist_fail_context(err, "%s", path);
	return status;
}

static kist_status sync_parent(int dir_fd, const char *path, struct kist_error *err)
{
	kist_auto_fd int fd = -1;
	char parent[PATH_MAX];
	const char *slash = strrchr(path, '/');
	const size_t len = slash ? (size_t)(slash - path) : 0;

	if (len >= sizeof(parent))
		return kist_fail(err, KIST_INVALID, "path too long");
	memcpy(parent, path, len);
	parent[len] = '\0';
	KIST_TRY(kist_open_at(dir_fd, slash ? (len ? parent : "/") : ".", O_RDONLY | O_DIRECTORY, 0, &fd,
			      err));
	return kist_sync_fd(fd, err);
}

kist_status kist_replace_file_at(int dir_fd, const char *path, struct kist_view bytes, mode_t mode,
				 bool durable, struct kist_error *err)
{
	kist_auto_fd int fd = -1;
	char temporary[PATH_MAX];
	uint64_t nonce = 0;
	kist_status status;

	if (getrandom(&nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
		return kist_fail_errno(err, errno, "cannot get a random number");
	if (snprintf(temporary, sizeof(temporary), "%s.%016llx", path, (unsigned long long)nonce) >=
	    (int)sizeof(temporary))
		return kist_fail(err, KIST_INVALID, "path too long: '%s'", path);
	KIST_TRY(kist_open_at(dir_fd, temporary, O_WRONLY | O_CREAT | O_EXCL, mode, &fd, err));
	status = kist_write_all(fd, bytes, err);
	if (status == KIST_OK && durable)
		status = kist_sync_fd(fd, err);
	if (status == KIST_OK && renameat(dir_fd, temporary, dir_fd, path) != 0)
		status = kist_fail_errno(err, errno, "cannot put '%s' in place", path);
	if (status != KIST_OK) {
		(void)unlinkat(dir_fd, temporary, 0);
		return status;
	}
	return durable ? sync_parent(dir_fd, path, err) : KIST_OK;
}

kist_status kist_lock_fd(int fd, int how, unsigned ms_max, const char *shown, struct kist_error *err)
{
	const struct timespec step = { .tv_nsec = LOCK_STEP_MS * 1000000L };

	for (unsigned waited_ms = 0;; waited_ms += LOCK_STEP_MS) {
		if (flock(fd, how | LOCK_NB) == 0)
			return KIST_OK;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return kist_fail_errno(err, errno, "cannot lock '%s'", shown);
		if (waited_ms >= ms_max)
			return kist_fail(err, KIST_DEADLINE, "somebody else holds '%s'", shown);
		(void)nanosleep(&step, NULL);
	}
}

kist_status kist_sync_fd(int fd, struct kist_error *err)
{
	if (fsync(fd) != 0)
		return kist_fail_errno(err, errno, "cannot sync to disk");
	return KIST_OK;
}
