/* SPDX-License-Identifier: Apache-2.0 */
#include "support/strike_trace.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define PARTS_MAX 64

struct trace {
	FILE *file;
	char folder[PATH_MAX];
	size_t folder_len;
};

static _Noreturn void broken(const char *what)
{
	perror(what);
	exit(125);
}

struct trace *trace_open(const char *path, const char *folder)
{
	struct trace *trace = calloc(1, sizeof(*trace));

	if (!trace || !folder || !realpath(folder, trace->folder))
		broken(folder ? folder : "-u");
	trace->folder_len = strlen(trace->folder);
	trace->file = fopen(path, "ae");
	if (!trace->file)
		broken(path);
	return trace;
}

void trace_close(struct trace *trace, int status)
{
	(void)fprintf(trace->file, "end %d\n",
		      WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	if (fclose(trace->file) != 0)
		broken("trace");
	free(trace);
}

char *trace_memory(pid_t pid, uint64_t address, size_t size)
{
	char *bytes = calloc(1, size + 1);
	const struct iovec to = { bytes, size };
	const struct iovec from = { (void *)(uintptr_t)address, size };

	if (bytes && process_vm_readv(pid, &to, 1, &from, 1, 0) == (ssize_t)size)
		return bytes;
	free(bytes);
	return NULL;
}

int trace_open_fd(pid_t pid, int fd)
{
	const int process = (int)syscall(SYS_pidfd_open, pid, 0);
	const int own = process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, fd, 0);

	if (process >= 0)
		(void)close(process);
	return own;
}

bool trace_fd_path(pid_t pid, int fd, char ret[static PATH_MAX])
{
	char link[64];
	ssize_t len;

	if (fd == AT_FDCWD)
		(void)snprintf(link, sizeof(link), "/proc/%d/cwd", (int)pid);
	else
		(void)snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, fd);
	len = readlink(link, ret, PATH_MAX - 1);
	ret[len > 0 ? len : 0] = '\0';
	return len > 0;
}

/* A path of the process, as from the root; a last segment "." goes away. */
static bool full_path(pid_t pid, int dir_fd, uint64_t address, char ret[static PATH_MAX])
{
	char name[PATH_MAX] = "";
	char start[PATH_MAX] = "";
	/* Text may end just before a page that is not there. */
	for (size_t i = 0; i < sizeof(name) - 1; i++) {
		const struct iovec to = { &name[i], 1 };
		const struct iovec from = { (void *)(uintptr_t)(address + i), 1 };

		if (process_vm_readv(pid, &to, 1, &from, 1, 0) != 1)
			return false;
		if (name[i] == '\0')
			break;
	}
	if (name[0] != '/' && !trace_fd_path(pid, dir_fd, start))
		return false;
	if (strlen(start) + strlen(name) + 2 > PATH_MAX)
		return false;
	(void)snprintf(ret, PATH_MAX, "%.*s%s%.*s", (int)strlen(start), start, name[0] == '/' ? "" : "/",
		       (int)strlen(name), name);
	if (strlen(ret) > 2 && strcmp(ret + strlen(ret) - 2, "/.") == 0)
		ret[strlen(ret) - 2] = '\0';
	return true;
}

/* The part of @path below the folder; NULL when it is not below. */
static const char *below(const struct trace *trace, const char *path)
{
	if (strncmp(path, trace->folder, trace->folder_len) != 0)
		return NULL;
	if (path[trace->folder_len] == '\0')
		return ".";
	return path[trace->folder_len] == '/' ? path + trace->folder_len + 1 : NULL;
}

static const char *fd_below(const struct trace *trace, pid_t pid, int fd, char path[static PATH_MAX])
{
	return trace_fd_path(pid, fd, path) ? below(trace, path) : NULL;
}

static bool fd_stat(pid_t pid, int fd, struct stat *ret)
{
	char link[64];

	(void)snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, fd);
	return stat(link, ret) == 0;
}

/* A number of /proc/PID/fdinfo/FD, written to @base. */
static uint64_t fd_info(pid_t pid, int fd, const char *name, int base)
{
	char path[64];
	char line[128];
	uint64_t value = 0;
	FILE *file;

	(void)snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
	file = fopen(path, "re");
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtoull(line + strlen(name), NULL, base);
	}
	if (file)
		(void)fclose(file);
	return value;
}

static void trace_bytes(struct trace *trace, pid_t pid, int fd, const __u64 *at, const struct iovec *parts,
			size_t count)
{
	char path[PATH_MAX];
	const char *name = fd_below(trace, pid, fd, path);
	struct stat info;
	uint64_t offset;
	size_t size = 0;

	for (size_t i = 0; i < count; i++)
		size += parts[i].iov_len;
	if (fd == STDOUT_FILENO)
		(void)fprintf(trace->file, "said %zu\n", size);
	if (!name || !fd_stat(pid, fd, &info) || !S_ISREG(info.st_mode))
		return;
	offset = at ? *at : fd_info(pid, fd, "pos:", 10);
	if (!at && fd_info(pid, fd, "flags:", 8) & O_APPEND)
		offset = (uint64_t)info.st_size;
	(void)fprintf(trace->file, "write %ju %ju %zu %s\n", (uintmax_t)info.st_ino, (uintmax_t)offset, size,
		      name);
	for (size_t i = 0; i < count; i++) {
		char *bytes = trace_memory(pid, (uintptr_t)parts[i].iov_base, parts[i].iov_len);

		if (!bytes || fwrite(bytes, 1, parts[i].iov_len, trace->file) != parts[i].iov_len)
			broken("reading what is written");
		free(bytes);
	}
	(void)fputc('\n', trace->file);
}

static void trace_write(struct trace *trace, pid_t pid, const struct seccomp_data *call)
{
	const bool many = call->nr == SYS_writev || call->nr == SYS_pwritev;
	const bool at = call->nr == SYS_pwrite64 || call->nr == SYS_pwritev;
	const struct iovec one = { (void *)(uintptr_t)call->args[1], call->args[2] };
	char *parts = NULL;

	if (many && call->args[2] > PARTS_MAX)
		broken("a write of many parts");
	if (many)
		parts = trace_memory(pid, call->args[1], call->args[2] * sizeof(struct iovec));
	if (!many || parts)
		trace_bytes(trace, pid, (int)call->args[0], at ? &call->args[3] : NULL,
			    many ? (const struct iovec *)(void *)parts : &one, many ? call->args[2] : 1);
	free(parts);
}

/* One path of a call. */
static void trace_path(struct trace *trace, pid_t pid, const char *what, int dir_fd, uint64_t address)
{
	char path[PATH_MAX];
	const char *name = full_path(pid, dir_fd, address, path) ? below(trace, path) : NULL;

	if (name)
		(void)fprintf(trace->file, "%s %s\n", what, name);
}

static void trace_open_call(struct trace *trace, pid_t pid, int dir_fd, uint64_t address, uint64_t flags)
{
	if (flags & O_CREAT)
		trace_path(trace, pid, flags & O_TRUNC ? "create 1" : "create 0", dir_fd, address);
}

/* The new name of a file that has one, or of one that is open and has none. */
static void trace_link(struct trace *trace, pid_t pid, const struct seccomp_data *call)
{
	char from[PATH_MAX];
	char path[PATH_MAX];
	const char *name =
		full_path(pid, (int)call->args[2], call->args[3], path) ? below(trace, path) : NULL;
	struct stat info;
	bool found;

	if (!name || !full_path(pid, (int)call->args[0], call->args[1], from))
		return;
	if (strncmp(from, "/proc/self/fd/", 14) == 0)
		found = fd_stat(pid, (int)strtol(from + 14, NULL, 10), &info);
	else
		found = call->args[4] & AT_EMPTY_PATH ? fd_stat(pid, (int)call->args[0], &info)
						      : lstat(from, &info) == 0;
	if (found)
		(void)fprintf(trace->file, "link %ju %s\n", (uintmax_t)info.st_ino, name);
}

static void trace_rename(struct trace *trace, pid_t pid, int from_fd, uint64_t from, int to_fd, uint64_t to)
{
	char from_path[PATH_MAX];
	char to_path[PATH_MAX];
	const char *from_name = full_path(pid, from_fd, from, from_path) ? below(trace, from_path) : NULL;
	const char *to_name = full_path(pid, to_fd, to, to_path) ? below(trace, to_path) : NULL;

	if (from_name && to_name)
		(void)fprintf(trace->file, "rename %s\t%s\n", from_name, to_name);
	else if (from_name || to_name)
		broken("a rename into or out of the folder");
}

/* What is done to an open file, or what makes it last. */
static void trace_fd(struct trace *trace, pid_t pid, const struct seccomp_data *call)
{
	const int fd = (int)call->args[call->nr == SYS_mmap ? 4 : 0];
	char path[PATH_MAX];
	const char *name = fd_below(trace, pid, fd, path);
	struct stat info;

	if (!name || !fd_stat(pid, fd, &info))
		return;
	if (call->nr == SYS_ftruncate)
		(void)fprintf(trace->file, "truncate %ju %ju %s\n", (uintmax_t)info.st_ino,
			      (uintmax_t)call->args[1], name);
	else if (call->nr == SYS_fallocate)
		(void)fprintf(trace->file, "allocate %ju %ju %ju %s\n", (uintmax_t)info.st_ino,
			      (uintmax_t)call->args[2], (uintmax_t)call->args[3], name);
	else if (call->nr == SYS_mmap || call->nr == SYS_flock || call->nr == SYS_fcntl)
		(void)fprintf(trace->file, "%s %s\n", call->nr == SYS_mmap ? "map" : "lock", name);
	else if (S_ISDIR(info.st_mode))
		(void)fprintf(trace->file, "syncdir %s\n", name);
	else
		(void)fprintf(trace->file, "sync %ju %s\n", (uintmax_t)info.st_ino, name);
}

bool trace_is_sync(const struct seccomp_notif *asked)
{
	return asked->data.nr == SYS_fsync || asked->data.nr == SYS_fdatasync;
}

static bool is_lock(const struct seccomp_data *call)
{
	const int command = (int)call->args[1];

	return command == F_SETLK || command == F_SETLKW || command == F_OFD_SETLK || command == F_OFD_SETLKW;
}

/* The flags of openat2, or 0. */
static uint64_t openat2_flags(pid_t pid, uint64_t address)
{
	char *how = trace_memory(pid, address, sizeof(uint64_t));
	uint64_t flags = 0;

	if (how)
		memcpy(&flags, how, sizeof(flags));
	free(how);
	return flags;
}

void trace_call(struct trace *trace, const struct seccomp_notif *asked)
{
	const struct seccomp_data *call = &asked->data;
	const pid_t pid = (pid_t)asked->pid;
	const __u64 *args = call->args;

	switch (call->nr) {
	case SYS_openat:
		trace_open_call(trace, pid, (int)args[0], args[1], args[2]);
		break;
	case SYS_openat2:
		trace_open_call(trace, pid, (int)args[0], args[1], openat2_flags(pid, args[2]));
		break;
	case SYS_write:
	case SYS_writev:
	case SYS_pwrite64:
	case SYS_pwritev:
		trace_write(trace, pid, call);
		break;
	case SYS_linkat:
		trace_link(trace, pid, call);
		break;
	case SYS_unlinkat:
		trace_path(trace, pid, args[2] & AT_REMOVEDIR ? "rmdir" : "unlink", (int)args[0], args[1]);
		break;
	case SYS_mkdirat:
		trace_path(trace, pid, "mkdir", (int)args[0], args[1]);
		break;
	case SYS_renameat2:
#ifdef SYS_renameat
	case SYS_renameat:
#endif
		trace_rename(trace, pid, (int)args[0], args[1], (int)args[2], args[3]);
		break;
#ifdef SYS_rename
	case SYS_rename:
		trace_rename(trace, pid, AT_FDCWD, args[0], AT_FDCWD, args[1]);
		break;
	case SYS_unlink:
		trace_path(trace, pid, "unlink", AT_FDCWD, args[0]);
		break;
	case SYS_rmdir:
		trace_path(trace, pid, "rmdir", AT_FDCWD, args[0]);
		break;
	case SYS_mkdir:
		trace_path(trace, pid, "mkdir", AT_FDCWD, args[0]);
		break;
#endif
	case SYS_fcntl:
		if (is_lock(call))
			trace_fd(trace, pid, call);
		break;
	case SYS_mmap:
		if (args[3] & MAP_SHARED && args[2] & PROT_WRITE)
			trace_fd(trace, pid, call);
		break;
	case SYS_ftruncate:
	case SYS_fallocate:
	case SYS_flock:
	case SYS_fsync:
	case SYS_fdatasync:
		trace_fd(trace, pid, call);
		break;
	default:
		break;
	}
}
