/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_SNAPSHOT_H
#define KIST_AGENT_SNAPSHOT_H

#include <limits.h>

#include "agent/keeper.h"

/*
 * What a job ran in, and what it was made of, when it began: two files of the run folder, which are kept with the job.
 *
 * Thread: any; one run folder, one thread at a time.
 */

#define KIST_SNAPSHOT_ENVIRONMENT	   "environment.json"
#define KIST_SNAPSHOT_SOURCE		   "source.json"
#define KIST_SNAPSHOT_PART_ENVIRONMENT	   "environment"
#define KIST_SNAPSHOT_PART_SOURCE	   "source"
#define KIST_SNAPSHOT_ENCODING_ENVIRONMENT "kist.environment@1.0"
#define KIST_SNAPSHOT_ENCODING_SOURCE	   "kist.source@1.0"
#define KIST_SNAPSHOT_PARTS		   2

/** struct kist_snapshot_options - All Borrowed for the call. */
struct kist_snapshot_options {
	char *const *command;	/* ended by NULL */
	char *const *variables; /* of the program's environment; ended by NULL */
	size_t keep_count;	/* struct kist_environment_options */
	const char *const *keep;
	bool no_source;		/* what it was made of is not told */
	const json_t *manifest; /* what was asked for; only read; or NULL */
};

/** kist_snapshot_lock() - The digest of @manifest as it is written, as hex digits. */
KIST_CHECKED kist_status kist_snapshot_lock(const json_t *manifest, char ret[static KIST_DIGEST_HEX_SIZE],
					    struct kist_error *err);

/** kist_snapshot_write() - Makes the files in the folder @dir_fd.  Errors: KIST_NO_MEMORY, KIST_LIMIT, KIST_IO. */
KIST_CHECKED kist_status kist_snapshot_write(int dir_fd, const struct kist_snapshot_options *options,
					     struct kist_error *err);

/** struct kist_snapshot - What there is of it in a run folder, as a keeper takes it. */
struct kist_snapshot {
	char paths[KIST_SNAPSHOT_PARTS][PATH_MAX + 32];
	struct kist_keeper_part list[KIST_SNAPSHOT_PARTS]; /* its paths are those above */
	struct kist_keeper_parts parts;
};

/**
 * kist_snapshot_find() - The files that are there, and the digest of the environment for the record of @job.
 *
 * Errors: KIST_NO_MEMORY, KIST_LIMIT, KIST_IO.
 */
KIST_CHECKED kist_status kist_snapshot_find(int dir_fd, const char *folder, struct kist_job *job,
					    struct kist_snapshot *ret, struct kist_error *err);

#endif
