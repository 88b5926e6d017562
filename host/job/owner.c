/* SPDX-License-Identifier: Apache-2.0 */
#include "job/owner.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/time.h"

#define STAT_SIZE_MAX ((size_t)4096)
/* In /proc/PID/stat, counted from behind the name in parentheses: field 3 is the first. */
#define START_FIELD  22
#define STATE_FIELD  3
#define MACHINE_SIZE ((size_t)16)

/* The first line of a small file; false when there is none. */
static bool read_line(const char *path, char *ret, size_t size)
{
	kist_auto_fd int fd = -1;
	size_t len = 0;

	if (kist_open_at(AT_FDCWD, path, O_RDONLY, 0, &fd, NULL) != KIST_OK ||
	    kist_pread_full(fd, ret, size - 1, 0, &len, NULL) != KIST_OK)
		return false;
	ret[len] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
	return ret[0] != '\0';
}

/* What others may know of the machine's id: a digest of it, as machine-id(5) asks for. */
static void find_machine(char ret[static KIST_OWNER_TEXT_SIZE])
{
	char text[128] = "kist job owner ";
	const size_t used = strlen(text);
	struct kist_digest digest;

	ret[0] = '\0';
	if (!read_line("/etc/machine-id", text + used, sizeof(text) - used))
		return;
	digest = kist_digest_of(kist_view_of(text, strlen(text)));
	kist_hex_write(digest.bytes, MACHINE_SIZE, ret);
}

/* Field @field of a line of /proc/PID/stat; NULL when it has none. */
static const char *find_field(const char *line, int field)
{
	/* The name may hold anything, also parentheses and blanks. */
	const char *at = strrchr(line, ')');

	for (int i = STATE_FIELD - 1; at && i < field; i++) {
		at = strchr(at, ' ');
		at = at ? at + 1 : NULL;
	}
	return at;
}

/* When the process began; false when it is not there, or has ended and nobody has looked yet. */
static bool read_start(uint64_t pid, uint64_t *ret)
{
	char path[64];
	char line[STAT_SIZE_MAX];
	const char *at;

	snprintf(path, sizeof(path), "/proc/%llu/stat", (unsigned long long)pid);
	if (!read_line(path, line, sizeof(line)))
		return false;
	at = find_field(line, STATE_FIELD);
	if (!at || *at == 'Z' || *at == 'X')
		return false;
	at = find_field(line, START_FIELD);
	return at && kist_u64_parse(at, strcspn(at, " "), ret);
}

static void find_here(struct kist_owner *ret)
{
	struct stat st;

	*ret = (struct kist_owner){ .pid = 0 };
	if (gethostname(ret->host, sizeof(ret->host) - 1) != 0)
		ret->host[0] = '\0';
	find_machine(ret->machine);
	if (!read_line("/proc/sys/kernel/random/boot_id", ret->boot, sizeof(ret->boot)))
		ret->boot[0] = '\0';
	if (stat("/proc/self/ns/pid", &st) == 0)
		ret->pid_namespace = st.st_ino;
}

kist_status kist_owner_of(pid_t pid, struct kist_owner *ret, struct kist_error *err)
{
	struct kist_owner owner;
	uint64_t own_start;

	find_here(&owner);
	owner.pid = (uint64_t)pid;
	/* Where there is no /proc a process cannot be told from a later one of its pid. */
	if (!read_start(owner.pid, &owner.start) && read_start((uint64_t)getpid(), &own_start))
		return kist_fail(err, KIST_NOT_FOUND, "process %d is not there", (int)pid);
	*ret = owner;
	return KIST_OK;
}

/* A path that is one of ours, and not whatever else a record may name. */
static bool is_lease(const char *path)
{
	const char *slash = strrchr(path, '/');

	return path[0] == '/' && slash && strcmp(slash + 1, KIST_OWNER_LEASE_NAME) == 0;
}

/* Of a process that cannot be seen from here. */
static enum kist_owner_life judge_lease(const struct kist_owner *owner)
{
	const int64_t now_s = kist_wall_ns() / 1000000000;
	struct stat st;

	if (!is_lease(owner->lease) || lstat(owner->lease, &st) != 0 || !S_ISREG(st.st_mode))
		return KIST_OWNER_UNKNOWN;
	return now_s - (int64_t)st.st_mtim.tv_sec > (int64_t)KIST_OWNER_LEASE_S ? KIST_OWNER_GONE
										: KIST_OWNER_ALIVE;
}

enum kist_owner_life kist_owner_life(const struct kist_owner *owner)
{
	struct kist_owner here;
	uint64_t start;

	find_here(&here);
	if (here.boot[0] && strcmp(here.boot, owner->boot) == 0) {
		/* Of another namespace's pids nothing is to be seen. */
		if (here.pid_namespace == 0 || here.pid_namespace != owner->pid_namespace ||
		    owner->start == 0)
			return judge_lease(owner);
		return read_start(owner->pid, &start) && start == owner->start ? KIST_OWNER_ALIVE
									       : KIST_OWNER_GONE;
	}
	/* The same machine, started again since: nothing that ran there runs. */
	return here.boot[0] && owner->boot[0] && here.machine[0] &&
			       strcmp(here.machine, owner->machine) == 0 &&
			       strcmp(here.host, owner->host) == 0
		       ? KIST_OWNER_GONE
		       : judge_lease(owner);
}

/* A record may come from others: it is no way to signal whatever else runs here. */
static bool is_kist(uint64_t pid)
{
	char path[64];
	char own[PATH_MAX];
	char its[PATH_MAX];
	const ssize_t own_len = readlink("/proc/self/exe", own, sizeof(own));
	ssize_t its_len;

	snprintf(path, sizeof(path), "/proc/%llu/exe", (unsigned long long)pid);
	its_len = readlink(path, its, sizeof(its));
	return own_len > 0 && its_len == own_len && memcmp(own, its, (size_t)own_len) == 0;
}

bool kist_owner_is_here(const struct kist_owner *owner)
{
	struct kist_owner here;

	find_here(&here);
	return here.pid_namespace != 0 && here.pid_namespace == owner->pid_namespace &&
	       strcmp(here.boot, owner->boot) == 0;
}

kist_status kist_owner_signal(const struct kist_owner *owner, int signal, int *ret_pid_fd,
			      struct kist_error *err)
{
	/* From here on the number means this process; whether that is the one is seen then. */
	kist_auto_fd int pid_fd = owner->pid > 0 && owner->pid <= INT_MAX
					  ? (int)syscall(SYS_pidfd_open, (pid_t)owner->pid, 0)
					  : -1;
	const enum kist_owner_life life = kist_owner_life(owner);

	if (life == KIST_OWNER_UNKNOWN || !kist_owner_is_here(owner))
		return kist_fail(err, KIST_UNSUPPORTED,
				 "it runs on '%s', or in another container: stop it there", owner->host);
	if (pid_fd < 0 || life == KIST_OWNER_GONE)
		return kist_fail(err, KIST_NOT_FOUND, "process %llu, which ran it, is gone",
				 (unsigned long long)owner->pid);
	if (!is_kist(owner->pid))
		return kist_fail(err, KIST_DENIED, "process %llu is no kist of this installation",
				 (unsigned long long)owner->pid);
	if (syscall(SYS_pidfd_send_signal, pid_fd, signal, NULL, 0) != 0)
		return kist_fail(err, KIST_DENIED, "cannot signal process %llu: %s",
				 (unsigned long long)owner->pid, strerror(errno));
	*ret_pid_fd = kist_fd_move(&pid_fd);
	return KIST_OK;
}

kist_status kist_owner_json(const struct kist_owner *owner, json_t **ret, struct kist_error *err)
{
	kist_auto_json json_t *object =
		json_pack("{s:o,s:s,s:I,s:I,s:I}", "host", kist_json_text(owner->host, strlen(owner->host)),
			  "boot", owner->boot, "pid_namespace", (json_int_t)owner->pid_namespace, "pid",
			  (json_int_t)owner->pid, "start", (json_int_t)owner->start);

	if (!object ||
	    (owner->machine[0] && json_object_set_new(object, "machine", json_string(owner->machine)) != 0) ||
	    (owner->lease[0] && json_object_set_new(object, "lease", json_string(owner->lease)) != 0))
		return kist_fail_memory(err, sizeof(json_t));
	*ret = kist_steal(object);
	return KIST_OK;
}

static bool read_text(const json_t *object, const char *key, char *ret, size_t size)
{
	const char *text = kist_json_get_text(object, key);

	if (!text || strlen(text) >= size)
		return false;
	snprintf(ret, size, "%s", text);
	return true;
}

bool kist_owner_from_json(const json_t *object, struct kist_owner *ret)
{
	struct kist_owner owner = { .pid = 0 };

	if (json_object_get(object, "machine") &&
	    !read_text(object, "machine", owner.machine, sizeof(owner.machine)))
		return false;
	if (json_object_get(object, "lease") && !read_text(object, "lease", owner.lease, sizeof(owner.lease)))
		return false;
	if (!read_text(object, "host", owner.host, sizeof(owner.host)) ||
	    !read_text(object, "boot", owner.boot, sizeof(owner.boot)) ||
	    !kist_json_get_u64(object, "pid_namespace", &owner.pid_namespace) ||
	    !kist_json_get_u64(object, "pid", &owner.pid) ||
	    !kist_json_get_u64(object, "start", &owner.start))
		return false;
	*ret = owner;
	return true;
}
