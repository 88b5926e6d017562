/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <fenv.h>
#include <limits.h>
#include <locale.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "kit/run.h"

/*
 * What belongs to the process: it is as it was when a call returns.
 */

#define FDS_MAX 1024

extern char **environ;

struct kist_bench_state {
	char locale[256];
	char cwd[PATH_MAX];
	mode_t mask;
	sigset_t signals;
	struct sigaction actions[NSIG];
	bool fds[FDS_MAX];
	size_t threads;
	int rounding;
	int traps;
	struct kist_digest environment;
};

static size_t count_threads(void)
{
	DIR *folder = opendir("/proc/self/task");
	size_t count = 0;

	while (folder && readdir(folder))
		count++;
	if (folder)
		(void)closedir(folder);
	return count;
}

static struct kist_digest hash_environment(void)
{
	struct kist_hasher hasher;

	kist_hasher_start(&hasher);
	for (char **entry = environ; entry && *entry; entry++)
		kist_hasher_add(&hasher, kist_view_of(*entry, strlen(*entry) + 1));
	return kist_hasher_finish(&hasher);
}

struct kist_bench_state *kist_bench_state_new(void)
{
	struct kist_bench_state *state = kist_alloc(1, sizeof(*state));
	const char *locale = setlocale(LC_ALL, NULL);

	if (!state)
		return NULL;
	snprintf(state->locale, sizeof(state->locale), "%s", locale ? locale : "");
	if (!getcwd(state->cwd, sizeof(state->cwd)))
		state->cwd[0] = '\0';
	state->mask = umask(0);
	(void)umask(state->mask);
	(void)pthread_sigmask(SIG_SETMASK, NULL, &state->signals);
	for (int i = 1; i < NSIG; i++)
		(void)sigaction(i, NULL, &state->actions[i]);
	for (int fd = 0; fd < FDS_MAX; fd++)
		state->fds[fd] = fcntl(fd, F_GETFD) >= 0;
	state->threads = count_threads();
	state->rounding = fegetround();
	state->traps = fegetexcept();
	state->environment = hash_environment();
	return state;
}

void kist_bench_state_free(struct kist_bench_state *state)
{
	kist_free(state);
}

static void compare_signals(struct kist_bench *bench, const struct kist_bench_state *before,
			    const struct kist_bench_state *after)
{
	for (int i = 1; i < NSIG; i++) {
		if (sigismember(&before->signals, i) != sigismember(&after->signals, i))
			kist_bench_fail(bench, "it changed whether the signal %d (%s) is blocked", i,
					strsignal(i));
		if (before->actions[i].sa_handler != after->actions[i].sa_handler)
			kist_bench_fail(bench,
					"it set a handler for the signal %d (%s): handlers are the host's", i,
					strsignal(i));
	}
}

static void compare_fds(struct kist_bench *bench, const struct kist_bench_state *before,
			const struct kist_bench_state *after)
{
	for (int fd = 0; fd < FDS_MAX; fd++) {
		if (before->fds[fd] && !after->fds[fd])
			kist_bench_fail(bench, "it closed the descriptor %d, which it did not open", fd);
		if (!before->fds[fd] && after->fds[fd])
			kist_bench_fail(bench, "it left the descriptor %d open", fd);
	}
}

void kist_bench_state_compare(struct kist_bench *bench, const struct kist_bench_state *before,
			      bool may_have_threads)
{
	struct kist_bench_state *after = kist_bench_state_new();

	if (!after)
		return;
	if (strcmp(before->locale, after->locale) != 0)
		kist_bench_fail(
			bench,
			"it set the locale to '%.60s': numbers of all plugins are written otherwise now; use "
			"newlocale and functions that end in _l",
			after->locale);
	if (strcmp(before->cwd, after->cwd) != 0)
		kist_bench_fail(bench, "it went to the folder '%.200s': that is the whole process's",
				after->cwd);
	if (before->mask != after->mask)
		kist_bench_fail(bench, "it set the umask to %03o: that is the whole process's",
				(unsigned)after->mask);
	if (before->rounding != after->rounding)
		kist_bench_fail(bench,
				"it changed how floating numbers are rounded, and did not put that back");
	if (before->traps != after->traps)
		kist_bench_fail(bench,
				"it changed which floating-point exceptions trap, and did not put that back");
	if (!kist_digest_equal(&before->environment, &after->environment))
		kist_bench_fail(bench, "it changed the environment: keep settings in the instance");
	if (after->threads > before->threads && !may_have_threads)
		kist_bench_fail(bench,
				"it left %zu threads running: end what you start, and name \"threads\" in "
				"the manifest's "
				"\"needs\"",
				after->threads - before->threads);
	compare_signals(bench, before, after);
	compare_fds(bench, before, after);
	kist_bench_state_free(after);
}

static void at_work(struct kist_bench *bench, const char *name, struct kist_view bytes, void *ctx)
{
	bool sound;

	(void)ctx;
	kist_bench_try(bench, bytes, name, &sound);
}

void check_process(struct kist_bench *bench)
{
	struct kist_bench_state *before = kist_bench_state_new();
	bool sound;

	if (!before)
		return;
	kist_bench_needs_objects(bench, kist_bench_each(bench, at_work, NULL));
	kist_bench_try(bench, kist_view_of("no file of any kind\n", 20), "what is no file of its own",
		       &sound);
	kist_bench_state_compare(bench, before, false);
	kist_bench_state_free(before);
}
