/* SPDX-License-Identifier: Apache-2.0 */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/time.h"

/*
 * Times shell commands against each other: runs them in turn, so that whatever else the machine does hits all
 * alike.
 *
 *     bench_time RUNS [PREPARE COMMAND]...
 *
 * Prints a line for each: median and least wall clock in ms, median CPU time (user and system) in ms, peak
 * memory of its largest process in KiB.  PREPARE is run before each run and is not timed.  A command that
 * knows better what it took (an interpreter that had to start) writes its ms to the file "took".  A command
 * that fails ends it all.
 */

#define RUNS_MAX     1000
#define COMMANDS_MAX 16

struct times {
	double wall[RUNS_MAX];
	double cpu[RUNS_MAX];
	long rss;
};

static double ms_of(struct timeval t)
{
	return (double)t.tv_sec * 1e3 + (double)t.tv_usec / 1e3;
}

static double run(char *command, struct rusage *ret_usage)
{
	char sh[] = "sh";
	char dash_c[] = "-c";
	char *const argv[] = { sh, dash_c, command, NULL };
	const uint64_t since = kist_now_ns();
	int status = -1;
	pid_t pid;

	if (posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ) != 0 ||
	    wait4(pid, &status, 0, ret_usage) != pid || status != 0) {
		(void)fprintf(stderr, "bench_time: failed: %s\n", command);
		exit(1);
	}
	return (double)(kist_now_ns() - since) / 1e6;
}

/* What the command itself says that it took, or @measured. */
static double said(double measured)
{
	FILE *file = fopen("took", "r");
	double ms = measured;

	if (!file)
		return measured;
	if (fscanf(file, "%lf", &ms) != 1)
		ms = measured;
	(void)fclose(file);
	(void)unlink("took");
	return ms;
}

static int compare(const void *a, const void *b)
{
	const double one = *(const double *)a;
	const double other = *(const double *)b;

	return (one > other) - (one < other);
}

static double median(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), compare);
	return (values[(count - 1) / 2] + values[count / 2]) / 2;
}

int main(int argc, char **argv)
{
	static struct times times[COMMANDS_MAX];
	const int runs = argc > 1 ? atoi(argv[1]) : 0;
	const int commands = (argc - 2) / 2;
	struct rusage usage;

	if (runs < 1 || runs > RUNS_MAX || argc % 2 != 0 || commands < 1 || commands > COMMANDS_MAX) {
		(void)fprintf(stderr, "usage: bench_time RUNS [PREPARE COMMAND]...\n");
		return 2;
	}
	for (int i = 0; i < runs * commands; i++) {
		struct times *of = &times[i % commands];

		(void)run(argv[2 + 2 * (i % commands)], &usage);
		of->wall[i / commands] = said(run(argv[3 + 2 * (i % commands)], &usage));
		of->cpu[i / commands] = ms_of(usage.ru_utime) + ms_of(usage.ru_stime);
		of->rss = usage.ru_maxrss > of->rss ? usage.ru_maxrss : of->rss;
	}
	for (int i = 0; i < commands; i++) {
		const double middle = median(times[i].wall, runs);

		printf("%.3f %.3f %.3f %ld\n", middle, times[i].wall[0], median(times[i].cpu, runs),
		       times[i].rss);
	}
	return 0;
}
