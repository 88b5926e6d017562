/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/sandbox.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

#include "worker/protocol.h"

/* One working day of CPU time ends a worker that nobody else ended. */
#define CPU_SECONDS_MAX 86400u
/* Inputs of objects, libraries, and some room. */
#define FDS_MAX (KIST_WORKER_OBJECTS_MAX + KIST_WORKER_PLUGINS_MAX + 64u)

/* Of a newer linux/landlock.h than this may be built with; the kernel is asked what it knows. */
#define ACCESS_FS_TRUNCATE  (1ull << 14) /* ABI 3 */
#define ACCESS_FS_IOCTL_DEV (1ull << 15) /* ABI 5 */
#define ACCESS_FS_FIRST	    ((1ull << 13) - 1)
#define ACCESS_NET_ALL	    3ull /* ABI 4: bind and connect TCP */
#define SCOPE_ALL	    3ull /* ABI 6: abstract sockets, signals */

struct landlock_ruleset {
	uint64_t fs;
	uint64_t net;
	uint64_t scoped;
};

KIST_PRINTF(4, 5)
static void note(struct kist_sandbox *sandbox, const char *name, const char *state, const char *format, ...)
{
	struct kist_sandbox_item *item = &sandbox->items[sandbox->count++];
	va_list args;

	item->name = name;
	item->state = state;
	va_start(args, format);
	(void)vsnprintf(item->detail, sizeof(item->detail), format, args);
	va_end(args);
}

static kist_status drop_capabilities(struct kist_sandbox *sandbox, struct kist_error *err)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	const struct __user_cap_data_struct none[2] = { { 0 } };

	if (syscall(SYS_capset, &head, none) < 0)
		return kist_fail_errno(err, errno, "cannot drop capabilities");
	note(sandbox, "capabilities", "in force", "none left");
	return KIST_OK;
}

static kist_status limit(int resource, uint64_t most, struct kist_error *err)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)resource, &now) < 0)
		return kist_fail_errno(err, errno, "cannot read a limit");
	if (now.rlim_max > most)
		now.rlim_max = most;
	if (now.rlim_cur > now.rlim_max || most > 0)
		now.rlim_cur = now.rlim_max;
	if (setrlimit((__rlimit_resource_t)resource, &now) < 0)
		return kist_fail_errno(err, errno, "cannot set a limit");
	return KIST_OK;
}

static kist_status set_limits(struct kist_sandbox *sandbox, uint64_t memory_max, struct kist_error *err)
{
	KIST_TRY(limit(RLIMIT_CORE, 0, err));
	KIST_TRY(limit(RLIMIT_FSIZE, 0, err));
	KIST_TRY(limit(RLIMIT_MSGQUEUE, 0, err));
	KIST_TRY(limit(RLIMIT_CPU, CPU_SECONDS_MAX, err));
	KIST_TRY(limit(RLIMIT_NOFILE, FDS_MAX, err));
#ifdef KIST_SANITIZED
	note(sandbox, "limits", "relaxed", "sanitizer build: address space is not limited");
	(void)memory_max;
#else
	KIST_TRY(limit(RLIMIT_AS, memory_max, err));
	note(sandbox, "limits", "in force", "%llu MiB of memory, %u files, no file written",
	     (unsigned long long)memory_max >> 20, FDS_MAX);
#endif
	return KIST_OK;
}

static int landlock_abi(void)
{
	const long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	return abi < 0 ? 0 : (int)abi;
}

/* A ruleset that denies all this kernel can deny. */
static int deny_all(int abi)
{
	struct landlock_ruleset rules = { .fs = ACCESS_FS_FIRST };
	const size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;

	if (abi >= 2)
		rules.fs |= LANDLOCK_ACCESS_FS_REFER;
	if (abi >= 3)
		rules.fs |= ACCESS_FS_TRUNCATE;
	if (abi >= 5)
		rules.fs |= ACCESS_FS_IOCTL_DEV;
	if (abi >= 4)
		rules.net = ACCESS_NET_ALL;
	if (abi >= 6)
		rules.scoped = SCOPE_ALL;
	return (int)syscall(SYS_landlock_create_ruleset, &rules, size, 0);
}

static void allow_reading(int ruleset, const char *path)
{
	kist_auto_fd int fd = open(path, O_PATH | O_CLOEXEC);
	struct landlock_path_beneath_attr rule = { .allowed_access = LANDLOCK_ACCESS_FS_READ_FILE };

	rule.parent_fd = fd;
	/* What is not there, or is a link to another of them, needs no rule. */
	if (fd >= 0)
		(void)syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
}

static kist_status restrict_files(int abi, const char *const *readable, struct kist_error *err)
{
	kist_auto_fd int ruleset = deny_all(abi);

	if (ruleset < 0)
		return kist_fail_errno(err, errno, "cannot make a Landlock ruleset");
	for (; readable && *readable; readable++)
		allow_reading(ruleset, *readable);
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) < 0)
		return kist_fail_errno(err, errno, "cannot put Landlock on");
	return KIST_OK;
}

static kist_status enter_landlock(struct kist_sandbox *sandbox, struct kist_error *err)
{
	static const char *const libraries[] = { "/lib",       "/lib64",	   "/usr/lib",
						 "/usr/lib64", "/etc/ld.so.cache", NULL };

	sandbox->landlock = landlock_abi();
	if (sandbox->landlock == 0) {
		note(sandbox, "landlock", "not available", "the kernel has none, or it is not switched on");
		return KIST_OK;
	}
	KIST_TRY(restrict_files(sandbox->landlock, libraries, err));
	note(sandbox, "landlock", "in force", "ABI %d; loading: reads system libraries; then: nothing%s",
	     sandbox->landlock, sandbox->landlock >= 4 ? "; no network" : "");
	return KIST_OK;
}

#ifndef KIST_SANITIZED

/* What the C library, its allocator, the dynamic linker and the worker itself need. */
static const int allowed_calls[] = {
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(readv),
	SCMP_SYS(write),
	SCMP_SYS(writev),
	SCMP_SYS(close),
	SCMP_SYS(fstat),
	SCMP_SYS(newfstatat),
	SCMP_SYS(statx),
	SCMP_SYS(stat),
	SCMP_SYS(lseek),
	SCMP_SYS(mmap),
	SCMP_SYS(mprotect),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(brk),
	SCMP_SYS(rt_sigaction),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(sigaltstack),
	SCMP_SYS(futex),
	SCMP_SYS(getpid),
	SCMP_SYS(gettid),
	SCMP_SYS(getuid),
	SCMP_SYS(geteuid),
	SCMP_SYS(getgid),
	SCMP_SYS(getegid),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(clock_getres),
	SCMP_SYS(clock_nanosleep),
	SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday),
	SCMP_SYS(time),
	SCMP_SYS(recvmsg),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendmsg),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
	SCMP_SYS(getrandom),
	SCMP_SYS(sched_yield),
	SCMP_SYS(sched_getaffinity),
	SCMP_SYS(getrlimit),
	SCMP_SYS(uname),
	SCMP_SYS(sysinfo),
	SCMP_SYS(getcpu),
	SCMP_SYS(rseq),
	SCMP_SYS(set_robust_list),
	SCMP_SYS(set_tid_address),
	SCMP_SYS(membarrier),
	SCMP_SYS(restart_syscall),
	SCMP_SYS(pause),
	/* Loading only; the second filter takes them away. */
	SCMP_SYS(openat),
	SCMP_SYS(open),
	SCMP_SYS(readlink),
	SCMP_SYS(access),
	SCMP_SYS(getcwd),
	SCMP_SYS(seccomp),
	SCMP_SYS(landlock_create_ruleset),
	SCMP_SYS(landlock_restrict_self),
};

static const int loading_calls[] = {
	SCMP_SYS(openat),   SCMP_SYS(open),
	SCMP_SYS(readlink), SCMP_SYS(access),
	SCMP_SYS(getcwd),   SCMP_SYS(landlock_create_ruleset),
	SCMP_SYS(seccomp),  SCMP_SYS(landlock_restrict_self),
};

static void filter_done(scmp_filter_ctx *filter)
{
	if (*filter)
		seccomp_release(*filter);
}

static kist_status filter_load(scmp_filter_ctx filter, int failed, struct kist_error *err)
{
	if (failed == 0)
		failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
	/* no_new_privs was set and checked before. */
	if (failed == 0)
		failed = seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, 0);
	if (failed == 0)
		failed = seccomp_load(filter);
	if (failed < 0)
		return kist_fail_errno(err, -failed, "cannot put seccomp on");
	return KIST_OK;
}

static kist_status enter_seccomp(struct kist_sandbox *sandbox, struct kist_error *err)
{
	__attribute__((cleanup(filter_done))) scmp_filter_ctx filter = NULL;
	int failed = 0;

	if (prctl(PR_GET_SECCOMP) < 0) {
		note(sandbox, "seccomp", "not available", "the kernel has none");
		return KIST_OK;
	}
	filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
	if (!filter)
		return kist_fail_memory(err, 0);
	for (size_t i = 0; failed == 0 && i < sizeof(allowed_calls) / sizeof(allowed_calls[0]); i++)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed_calls[i], 0);
	/* A signal to itself is how abort() ends. */
	if (failed == 0)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
					  SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	/* Of descriptors only facts and copies: no new owner for signals, no new flags on a shared file. */
	if (failed == 0)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
					  SCMP_A1(SCMP_CMP_LE, F_GETFL));
	if (failed == 0)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(fcntl), 1,
					  SCMP_A1(SCMP_CMP_EQ, F_GET_SEALS));
	/* Limits of itself may be read. */
	if (failed == 0)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 2,
					  SCMP_A0(SCMP_CMP_EQ, 0), SCMP_A2(SCMP_CMP_EQ, 0));
	/* Threads, never processes; the second filter takes them away too, unless a manifest needs them. */
	if (failed == 0)
		failed = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
					  SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
	KIST_TRY(filter_load(filter, failed, err));
	sandbox->seccomp = true;
	note(sandbox, "seccomp", "in force", "%zu system calls; then without open and new executable memory",
	     sizeof(allowed_calls) / sizeof(allowed_calls[0]));
	return KIST_OK;
}

static kist_status seal_seccomp(bool threads, struct kist_error *err)
{
	__attribute__((cleanup(filter_done))) scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	int failed = 0;

	if (!filter)
		return kist_fail_memory(err, 0);
	for (size_t i = 0; failed == 0 && i < sizeof(loading_calls) / sizeof(loading_calls[0]); i++)
		failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), loading_calls[i], 0);
	if (failed == 0)
		failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(mmap), 1,
					  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
	if (failed == 0)
		failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EACCES), SCMP_SYS(mprotect), 1,
					  SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC));
	if (failed == 0 && !threads)
		failed = seccomp_rule_add(filter, SCMP_ACT_ERRNO(EAGAIN), SCMP_SYS(clone), 0);
	return filter_load(filter, failed, err);
}

#else

static kist_status enter_seccomp(struct kist_sandbox *sandbox, struct kist_error *err)
{
	(void)err;
	note(sandbox, "seccomp", "relaxed", "sanitizer build: its runtime needs more");
	return KIST_OK;
}

static kist_status seal_seccomp(bool threads, struct kist_error *err)
{
	(void)threads;
	(void)err;
	return KIST_OK;
}

#endif

kist_status kist_sandbox_enter(uint64_t memory_max, struct kist_sandbox *ret, struct kist_error *err)
{
	ret->count = 0;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return kist_fail_errno(err, errno, "cannot give up new privileges");
	note(ret, "no_new_privs", "in force", "no program can give it rights");
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return kist_fail_errno(err, errno, "cannot give up core dumps");
	note(ret, "dumpable", "in force", "no core dump, no debugger");
	/* Before this program was started; see supervise.c. */
	note(ret, "close_range", "in force", "no descriptor of the host but the socket to it");
	KIST_TRY(drop_capabilities(ret, err));
	KIST_TRY(set_limits(ret, memory_max, err));
	KIST_TRY(enter_landlock(ret, err));
	return enter_seccomp(ret, err);
}

kist_status kist_sandbox_seal_files(const struct kist_sandbox *sandbox, struct kist_error *err)
{
	return sandbox->landlock > 0 ? restrict_files(sandbox->landlock, NULL, err) : KIST_OK;
}

kist_status kist_sandbox_seal(const struct kist_sandbox *sandbox, bool threads, struct kist_error *err)
{
	if (sandbox->seccomp)
		return seal_seccomp(threads, err);
	/* Where seccomp does not deny threads and processes, their number does. */
	return threads ? KIST_OK : limit(RLIMIT_NPROC, 0, err);
}
