/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_KEEPER_H
#define KIST_AGENT_KEEPER_H

#include "job/commit.h"

/*
 * Keeps what a job makes, while it runs, in a thread of its own: the store may be slow, full or broken, and
 * the program does not feel it.
 *
 * A file is kept as "jobs/<id>/<path below the artifact folder>", typed by the plugins; one that its plugin
 * refuses is kept as bytes, with the reason.  What cannot be kept now is tried again in the end, when the whole
 * folder is looked through.
 *
 * Thread: kist_keeper_add() and kist_keeper_change() any; all else one.
 */

/** What the names of a job's files begin with, before its id. */
#define KIST_KEEPER_PREFIX "jobs/"

struct kist_keeper;

/** struct kist_keeper_part - A file of the agent's that is kept with the job. */
struct kist_keeper_part {
	const char *what; /* kist_job_part_name() */
	const char *path;
	const char *
		encoding; /* of a file that kist itself makes: it is small, and no plugin is asked; NULL: any */
	bool is_source;	  /* the record names it as the source */
};

struct kist_keeper_parts {
	size_t count;
	const struct kist_keeper_part *parts;
};

/** struct kist_keeper_options - All Borrowed for the keeper's life. */
struct kist_keeper_options {
	/* Opens the store; called in the keeper's thread, and again in the end when it failed. */
	kist_status (*open)(void *open_ctx, struct kist_flow **ret, struct kist_error *err);
	void *open_ctx;
	/* Told, in the keeper's thread, of each file that was kept; its name below the folder. */
	void (*each_kept)(void *ctx, const char *path, const struct kist_saved *saved);
	/* Told of what could not be kept, for the time being or in the end. */
	void (*each_failed)(void *ctx, const char *path, const struct kist_error *why);
	/* Told, in the caller's thread, of what kist_keeper_refer() was given; @facts is given on. */
	void (*each_reference)(void *ctx, json_t *facts);
	/* Called now and then while kist_keeper_finish() waits, by who waits; or NULL. */
	void (*each_wait)(void *ctx);
	void *ctx;
	/* Called first in the keeper's thread: what else the record is to say.  NULL: nothing. */
	kist_status (*describe)(void *ctx, struct kist_job *job, struct kist_error *err);
	const struct kist_keeper_parts *parts; /* kept with the first record; set by @describe; or NULL */
	struct kist_job *job; /* in the state that it begins with; the keeper's until it has ended */
	const char *folder;   /* artifact folder; NULL: none is kept */
	size_t ignore_count; /* patterns of fnmatch(3) of files that are not kept: of their name, or where a */
	const char *const *ignore; /* pattern has a '/', of their path */
	uint64_t
		settle_ns; /* how long the first record waits, so that of a job that is over by then one says all */
	int64_t changed_before_ns; /* files that were written to later are another job's; 0: none are */
	const char
		*runs_dir; /* of agents; where it lies in @folder it is none of the job's, nor is the store */
};

/** struct kist_keeper_end - How the job ended. */
struct kist_keeper_end {
	enum kist_job_state state;
	bool has_exit;
	int status;
	int signal;
	const char *error; /* or NULL */
	struct kist_keeper_parts parts;
};

/** struct kist_kept - What came of it. */
struct kist_kept {
	size_t files;	 /* kept, each once */
	size_t failed;	 /* files, and folders that could not be looked through, that could not be kept */
	uint64_t bytes;	 /* of what was kept */
	uint64_t stored; /* that were written for it */
	bool recorded;	 /* the job's last record is in the store */
	bool logged;	 /* and the log with it */
	struct kist_error why; /* what went wrong, the first of it */
};

/** kist_keeper_start() - Starts the thread, which opens the store and commits the job as it is. */
KIST_CHECKED kist_status kist_keeper_start(const struct kist_keeper_options *options,
					   struct kist_keeper **ret, struct kist_error *err);

/**
 * kist_keeper_wait() - Waits until the job's first record was tried.
 *
 * For who has chosen the id himself.  Errors: KIST_EXISTS: the id is another job's; nothing else is one.
 */
KIST_CHECKED kist_status kist_keeper_wait(struct kist_keeper *keeper, struct kist_error *err);

/** kist_keeper_drop() - Ends the thread without a further commit. */
void kist_keeper_drop(struct kist_keeper *keeper);

/** kist_keeper_add() - The file at @path below the folder is complete.  Never fails: a last look finds all. */
void kist_keeper_add(struct kist_keeper *keeper, const char *path);

/** kist_keeper_change() - @change is made to the record soon.  @argument: given; what @change needs. */
KIST_CHECKED kist_status kist_keeper_change(struct kist_keeper *keeper,
					    kist_status (*change)(struct kist_job *job,
								  const json_t *argument,
								  struct kist_error *err),
					    json_t *argument, struct kist_error *err);

/**
 * kist_keeper_save() - What *@fd, a regular file, holds is kept as "jobs/<id>/<@name>" soon.
 *
 * Waits while many are waiting already.
 *
 * @fd: Taken on success: -1 then.
 *
 * Errors: KIST_LIMIT (many wait, and the store cannot be reached, or is full), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_keeper_save(struct kist_keeper *keeper, const char *name, int *fd,
					  struct kist_error *err);

/**
 * kist_keeper_refer() - The job has made an artifact that lies elsewhere, and is told of alone.
 *
 * @facts: "artifact_name" and "location" and what else is known of it; given.
 */
void kist_keeper_refer(struct kist_keeper *keeper, json_t *facts);

/** kist_keeper_flush() - Keeps all that is in the folder now, closed or not, without waiting for it. */
void kist_keeper_flush(struct kist_keeper *keeper);

/** kist_keeper_finish() - Keeps what is left, commits the job as it ended, and ends the thread. */
void kist_keeper_finish(struct kist_keeper *keeper, const struct kist_keeper_end *end, struct kist_kept *ret);

/** kist_keeper_free() - After kist_keeper_finish().  Accepts NULL. */
void kist_keeper_free(struct kist_keeper *keeper);

#endif
