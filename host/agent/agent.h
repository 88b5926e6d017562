/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_AGENT_H
#define KIST_AGENT_AGENT_H

#include <limits.h>
#include <signal.h>

#include "agent/keeping.h"
#include "agent/program.h"

/*
 * The agent beside a job: runs somebody's program, passes on what it prints, keeps what it writes while it
 * runs, and says in the store what came of it.
 *
 * The program comes first: whatever goes wrong with the store, the plugins or the agent's own files is noted,
 * and the program runs on.
 *
 * Signals: SIGTERM, SIGINT, SIGHUP and SIGQUIT go to the program's group, and a program that ends after one is
 * "stopped"; SIGUSR2, SIGWINCH and SIGCONT go to it, too.  SIGUSR1 keeps what the program has written so far;
 * KIST_AGENT_SIGNAL_KILL kills the group.
 *
 * Thread: [main], before any other thread is started; one agent a process.
 * Source: docs/guide/jobs.md.
 */

/** How long a program has after its time limit until it is killed, when nothing else is said. */
#define KIST_AGENT_GRACE_S 10

/** Sent to the agent: ends the program at once. */
#define KIST_AGENT_SIGNAL_KILL SIGRTMIN

/** struct kist_agent_options - All Borrowed for the call. */
struct kist_agent_options {
	char *const *command; /* ended by NULL */
	const char *id;	      /* of the job; NULL: a new one */
	const char *project;
	const char *folder; /* of artifacts; NULL: none is kept */
	size_t ignore_count;
	const char *const *ignore; /* struct kist_keeper_options */
	size_t env_count;	   /* struct kist_environment_options */
	const char *const *env;
	bool no_source;		  /* what it is made of is not told */
	bool follow;		  /* keep files while the program runs, and not only in the end */
	uint64_t time_limit_s;	  /* 0: none */
	uint64_t grace_s;	  /* from its end until the program is killed; 0: KIST_AGENT_GRACE_S */
	int stop_signal;	  /* that the program gets at its end; 0: SIGTERM */
	char *const *environment; /* the program's: "NAME=value" each, ended by NULL; or NULL: ours */
	const char *runs_dir;
	const char *temp_dir; /* for the socket */
	const char *store;    /* URI, for the run folder's facts */
	json_t *params;	      /* or NULL */
	json_t *tags;	      /* text each; or NULL */
	/* As in struct kist_keeper_options. */
	kist_status (*open)(void *ctx, struct kist_flow **ret, struct kist_error *err);
	/* Told of what goes wrong; perhaps in another thread.  @path: of a file, or NULL. */
	void (*warn)(void *ctx, const char *path, const struct kist_error *why);
	void *ctx;
};

/** struct kist_agent_result - What came of it. */
struct kist_agent_result {
	char id[KIST_JOB_ID_MAX + 1];
	char run_folder[PATH_MAX]; /* or empty */
	enum kist_job_state state;
	struct kist_program_end end;
	struct kist_kept kept;
	bool by_time;	 /* it was ended by its time limit */
	char error[128]; /* why it is not "finished"; or empty */
};

/**
 * kist_agent_run() - Runs the program to its end.
 *
 * Errors: as kist_program_start(), and nothing has run then: the job's state is "failed".  What goes wrong with
 * keeping is no error, but stands in ret->kept.
 */
KIST_CHECKED kist_status kist_agent_run(const struct kist_agent_options *options,
					struct kist_agent_result *ret, struct kist_error *err);

/** kist_agent_exit_status() - What a shell would give for such an end: 128 and the signal's number. */
int kist_agent_exit_status(const struct kist_agent_result *result);

#endif
