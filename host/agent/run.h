/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_RUN_H
#define KIST_AGENT_RUN_H

#include <limits.h>
#include <pthread.h>
#include <stdbool.h>

#include "base/json.h"

/*
 * The run folder: what the agent writes down about one job on this machine, as it happens.
 *
 *     run.json         what runs, where and since when; at the end, what came of it
 *     artifacts.jsonl  a line for each file that was kept
 *     events.jsonl     a line for whatever else happened: states, files that could not be kept, signals
 *     output.*         agent/journal.h
 *     manifest.json    what was asked for: canonical, so that the same has the same digest
 *     manifest.lock    that digest, as sha256sum(1) has it
 *     environment.json, source.json    agent/snapshot.h
 *     summary.json     at the end, what came of it in short
 *     lock             held while the agent lives
 *     heartbeat        touched while it lives, for machines that share the folder: job/owner.h
 *
 * Each line is one JSON object with "event_type", "schema_version", "run_id" and "timestamp".
 *
 * Thread: kist_run_event() may run at once with itself.
 */

#define KIST_RUN_SCHEMA_VERSION 1
#define KIST_RUN_FILE		"run.json"
#define KIST_RUN_ARTIFACTS	"artifacts.jsonl"
#define KIST_RUN_EVENTS		"events.jsonl"
#define KIST_RUN_LOCK		"lock"
#define KIST_RUN_SUMMARY	"summary.json"
#define KIST_RUN_MANIFEST	"manifest.json"
#define KIST_RUN_MANIFEST_LOCK	"manifest.lock"
/** Bytes of a file that is written as a whole: of the texts in source.json quoting may make six times as much. */
#define KIST_RUN_FILE_MAX ((size_t)32 << 20)
/** Code of kist_run_open_dead(): its agent is about to begin, or was killed before it did. */
#define KIST_RUN_CODE_EMPTY "E_RUN_EMPTY"

/** struct kist_run - An open run folder. */
struct kist_run {
	pthread_mutex_t mutex;
	char path[PATH_MAX];
	const char *id; /* borrowed */
	int dir_fd;
	int lock_fd;
	int artifacts_fd;
	int events_fd;
	int beat_fd;		  /* of the agent alone */
	struct kist_error failed; /* the first line that could not be written */
};

#define KIST_RUN_INIT                                                                                        \
	{                                                                                                    \
		.mutex = PTHREAD_MUTEX_INITIALIZER, .dir_fd = -1, .lock_fd = -1, .artifacts_fd = -1,         \
		.events_fd = -1, .beat_fd = -1, .failed = KIST_ERROR_INIT                                    \
	}

/**
 * kist_run_create() - Makes the folder <@runs_dir>/<@id>, and @runs_dir where it is missing.
 *
 * @id: Borrowed for the run's life; the id of a job.
 *
 * Errors: KIST_EXISTS, KIST_DENIED, KIST_LIMIT, KIST_IO.
 */
KIST_CHECKED kist_status kist_run_create(const char *runs_dir, const char *id, struct kist_run *ret,
					 struct kist_error *err);

/**
 * kist_run_open_dead() - Opens the folder of a run whose agent is gone.
 *
 * Errors: KIST_NOT_FOUND, also KIST_RUN_CODE_EMPTY; KIST_EXISTS (its agent lives); KIST_IO.
 */
KIST_CHECKED kist_status kist_run_open_dead(const char *runs_dir, const char *id, struct kist_run *ret,
					    struct kist_error *err);

/** kist_run_open() - Opens the folder to look at it.  Errors: KIST_NOT_FOUND, KIST_DENIED, KIST_IO. */
KIST_CHECKED kist_status kist_run_open(const char *runs_dir, const char *id, struct kist_run *ret,
				       struct kist_error *err);

/** kist_run_is_alive() - Whether its agent is at work; of kist_run_open(). */
bool kist_run_is_alive(const struct kist_run *run);

/** kist_run_beat() - Its agent lives; of kist_run_create(), every KIST_OWNER_BEAT_S. */
void kist_run_beat(const struct kist_run *run);

/** kist_run_lease() - The path of the file that is touched, absolute.  Errors: KIST_LIMIT, KIST_IO. */
KIST_CHECKED kist_status kist_run_lease(const struct kist_run *run, char ret[static PATH_MAX],
					struct kist_error *err);

/** kist_run_remove() - Removes the folder of a job that did not begin, and closes it. */
void kist_run_remove(struct kist_run *run);

/** kist_run_done() - Closes it; the folder stays.  May run twice. */
void kist_run_done(struct kist_run *run);
#define kist_auto_run __attribute__((cleanup(kist_run_done)))

/** kist_run_write() - Replaces run.json.  @facts: borrowed. */
KIST_CHECKED kist_status kist_run_write(const struct kist_run *run, const json_t *facts,
					struct kist_error *err);

/**
 * kist_run_write_file() - Replaces the file @name of the folder @dir_fd by @facts, canonical and as a line.
 *
 * Errors: KIST_LIMIT (KIST_RUN_FILE_MAX), KIST_NO_MEMORY, KIST_IO.
 */
KIST_CHECKED kist_status kist_run_write_file(int dir_fd, const char *name, const json_t *facts,
					     struct kist_error *err);

/** kist_run_read() - Reads run.json.  New reference.  Errors: KIST_NOT_FOUND, KIST_CORRUPT, KIST_IO. */
KIST_CHECKED kist_status kist_run_read(const struct kist_run *run, json_t **ret, struct kist_error *err);

/**
 * kist_run_event() - Adds a line of kind @type to artifacts.jsonl ("artifact") or events.jsonl.
 *
 * @facts: Given; NULL: nothing more.
 */
void kist_run_event(struct kist_run *run, const char *type, json_t *facts);

#endif
