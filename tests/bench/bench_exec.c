/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <spawn.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"

/*
 * What it costs to start a program by another: the program by itself, and by COMMAND, in turn.
 *
 *     bench_exec RUNS COMMAND...
 *
 * Prints a line for each of the two: median and least of the ms until the program runs, of the ms from its end until
 * all have ended, of the whole, and of the CPU time.  The program is this one, which writes down the time and ends.
 */

#define RUNS_MAX   1000
#define WORDS_MAX  32
#define STAMP_FILE "stamp"
#define CHILD	   "--child"

struct run {
	double start;
	double end;
	double whole;
	double cpu;
};

static void need(bool held, const char *what)
{
	if (held)
		return;
	(void)fprintf(stderr, "bench_exec: %s failed\n", what);
	exit(1);
}

/* The program: when it ran. */
static int be_child(const char *path)
{
	const uint64_t now = kist_now_ns();
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	need(fd >= 0 && write(fd, &now, sizeof(now)) == (ssize_t)sizeof(now), "writing down the time");
	return 0;
}

static double ms_between(uint64_t since, uint64_t until)
{
	return (double)(until - since) / 1e6;
}

static double ms_of(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static struct run run_once(char *const *words, const char *stamp_path)
{
	const uint64_t since = kist_now_ns();
	struct rusage usage;
	uint64_t stamp = 0;
	uint64_t until;
	int status = -1;
	pid_t pid;
	int fd;

	need(posix_spawnp(&pid, words[0], NULL, NULL, words, environ) == 0 &&
		     wait4(pid, &status, 0, &usage) == pid && status == 0,
	     words[0]);
	until = kist_now_ns();
	fd = open(stamp_path, O_RDONLY | O_CLOEXEC);
	need(fd >= 0 && read(fd, &stamp, sizeof(stamp)) == (ssize_t)sizeof(stamp), "reading the time");
	(void)close(fd);
	return (struct run){ .start = ms_between(since, stamp),
			     .end = ms_between(stamp, until),
			     .whole = ms_between(since, until),
			     .cpu = ms_of(usage.ru_utime) + ms_of(usage.ru_stime) };
}

static int by_size(const void *a, const void *b)
{
	const double x = *(const double *)a;
	const double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Median and least of one figure of all @runs. */
static void print_figure(const struct run *runs, size_t count, size_t offset)
{
	static double all[RUNS_MAX];

	for (size_t i = 0; i < count; i++)
		memcpy(&all[i], (const char *)&runs[i] + offset, sizeof(all[i]));
	qsort(all, count, sizeof(all[0]), by_size);
	printf("%.2f %.2f ", all[count / 2], all[0]);
}

static void print_runs(const struct run *runs, size_t count)
{
	print_figure(runs, count, offsetof(struct run, start));
	print_figure(runs, count, offsetof(struct run, end));
	print_figure(runs, count, offsetof(struct run, whole));
	print_figure(runs, count, offsetof(struct run, cpu));
	printf("\n");
}

int main(int argc, char **argv)
{
	static struct run runs[2][RUNS_MAX];
	char child[] = CHILD;
	char stamp[] = STAMP_FILE;
	char *words[WORDS_MAX + 4] = { NULL };
	const size_t before = argc > 2 ? (size_t)argc - 2 : 0;
	size_t count;

	if (argc == 3 && strcmp(argv[1], CHILD) == 0)
		return be_child(argv[2]);
	need(before > 0 && before <= WORDS_MAX, "reading RUNS COMMAND...");
	count = strtoul(argv[1], NULL, 10);
	need(count > 0 && count <= RUNS_MAX, "reading RUNS");
	memcpy(words, argv + 2, before * sizeof(words[0]));
	words[before] = argv[0];
	words[before + 1] = child;
	words[before + 2] = stamp;
	for (size_t i = 0; i < count; i++) {
		runs[0][i] = run_once(words + before, stamp);
		runs[1][i] = run_once(words, stamp);
	}
	print_runs(runs[0], count);
	print_runs(runs[1], count);
	return 0;
}
