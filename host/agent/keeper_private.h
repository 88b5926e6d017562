/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_KEEPER_PRIVATE_H
#define KIST_AGENT_KEEPER_PRIVATE_H

#include <limits.h>
#include <pthread.h>

#include "agent/files.h"
#include "agent/keeper.h"

/*
 * The keeper's inside: keeper.c has the thread and what others give it, keeper_files.c the road from a file to
 * a commit.  Private to the room.
 *
 * Thread: what stands above the line belongs to the mutex, what is below it to the keeper's thread.
 */

/** Of paths that wait; what is past it the last look finds. */
#define KIST_KEEPER_HINTS_MAX ((size_t)64 << 20)
/** Files that share a commit. */
#define KIST_KEEPER_GROUP_MAX ((size_t)256)
/** How often groups are divided when something cannot be kept: a store that takes nothing is not asked for ever. */
#define KIST_KEEPER_HALVES_MAX 64u

/** struct keeper_change - One change of the record that waits. */
struct keeper_change {
	struct keeper_change *next;
	kist_status (*change)(struct kist_job *job, const json_t *argument, struct kist_error *err);
	json_t *argument;
};

/** struct keeper_object - A file that was given to be kept. */
struct keeper_object {
	struct keeper_object *next;
	char *name;
	int fd;
	bool stuck; /* the store could not take it: it is tried again in the end */
};

/** Of objects, and of changes, that wait. */
#define KIST_KEEPER_OBJECTS_MAX ((size_t)64)
#define KIST_KEEPER_CHANGES_MAX ((size_t)16384)

/** Folders that may lie in the artifact folder and are none of the job's: the store, and those of runs. */
#define KEEPER_LEFT_OUT 2

struct kist_keeper {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t awake;
	pthread_cond_t room;   /* for more to wait */
	struct kist_buf hints; /* NUL-terminated paths */
	struct keeper_change *changes;
	struct keeper_change **last_change;
	size_t change_count;
	struct keeper_object *objects;
	struct keeper_object **last_object;
	size_t object_count; /* those that are held, too */
	size_t stuck_count;  /* of these */
	bool is_open;	     /* the store */
	bool flush;
	bool ending;
	bool ended;		   /* the thread has nothing more to do */
	bool dropped;		   /* nothing more is to be committed */
	bool awaited;		   /* somebody waits for the first record */
	bool begun;		   /* that was tried */
	struct kist_error refusal; /* why it is no record; or KIST_OK */
	/* ------ */
	struct kist_keeper_options options;
	struct kist_flow *flow; /* NULL: the store could not be opened so far */
	uint64_t next_open_ns;
	struct kist_files files;
	struct stat folder;			  /* that @left_out belongs to; st_ino 0: none so far */
	bool all_left_out;			  /* the folder lies in the store, or in the folder of runs */
	char left_out[KEEPER_LEFT_OUT][PATH_MAX]; /* below the folder; or empty */
	struct keeper_object *held;		  /* that are to be kept next */
	size_t bad_folders;			  /* at the last look */
	bool unseen;				  /* the last look could not be had */
	unsigned halves; /* how often a group that cannot be kept may still be divided: only in the end */
	size_t group_count;
	struct kist_file *group[KIST_KEEPER_GROUP_MAX]; /* that wait */
	struct kist_keeper_end end;
	struct kist_kept kept;
	size_t refused_changes;
	bool has_first_parts; /* those of the options are kept */
	bool changed;	      /* the job, since it was committed */
	uint64_t recorded_ns; /* when it was committed last; 0: never */
};

/** keeper_open() - Opens the store, unless that failed a moment ago.  @force: even then. */
KIST_CHECKED kist_status keeper_open(struct kist_keeper *keeper, bool force, struct kist_error *err);

/**
 * keeper_record_with_parts() - Commits the job's record, and with it @parts, and those of the options unless they are
 * kept already.
 */
KIST_CHECKED kist_status keeper_record_with_parts(struct kist_keeper *keeper,
						  const struct kist_keeper_parts *parts,
						  struct kist_error *err);

/** keeper_record() - Commits the job's record. */
KIST_CHECKED kist_status keeper_record(struct kist_keeper *keeper, struct kist_error *err);

/** keeper_name() - "jobs/<id>/<@path>".  @ret_name: KIST_NAME_SIZE_MAX + 1 bytes.  Errors: KIST_LIMIT. */
KIST_CHECKED kist_status keeper_name(const struct kist_keeper *keeper, const char *path, char *ret_name,
				     size_t *ret_len, struct kist_error *err);

/** keeper_add_artifact() - The record names @artifact, of @path, as far as a record names so many. */
KIST_CHECKED kist_status keeper_add_artifact(struct kist_keeper *keeper, const char *path,
					     const struct kist_digest *artifact, struct kist_error *err);

/** keeper_commit() - Commits what was gathered, and the record with it while it is short. */
KIST_CHECKED kist_status keeper_commit(struct kist_keeper *keeper, struct kist_save *save,
				       struct kist_error *err);

/**
 * keeper_try() - Calls @attempt, which keeps something in a commit; again when a collector came first.
 *
 * The record names nothing that is not in the store: what an attempt that failed has put into it is taken back.
 *
 * Errors: those of @attempt; KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status keeper_try(struct kist_keeper *keeper,
				    kist_status (*attempt)(struct kist_keeper *keeper, void *ctx,
							   struct kist_error *err),
				    void *ctx, struct kist_error *err);

/** keeper_note() - Remembers what went wrong, the first of it. */
void keeper_note(struct kist_keeper *keeper, const struct kist_error *why);

/** keeper_want() - The file at @path is to be kept, with the next group.  Keeps a group that is full. */
void keeper_want(struct kist_keeper *keeper, const char *path);

/** keeper_keep_group() - Keeps the files that wait.  What fails is told, and may be wanted again. */
void keeper_keep_group(struct kist_keeper *keeper);

/**
 * keeper_keep_objects() - Keeps the objects that are held.
 *
 * What fails is told.  One that the store could not take is held and tried again when it is the @last time.
 */
void keeper_keep_objects(struct kist_keeper *keeper, bool last);

/** keeper_drop_objects() - Drops them. */
void keeper_drop_objects(struct kist_keeper *keeper);

/** keeper_look() - Wants every file of the folder that is not kept as it is, and what could not be kept before. */
void keeper_look(struct kist_keeper *keeper);

/** keeper_count_failed() - The files that could not be kept. */
size_t keeper_count_failed(const struct kist_keeper *keeper);

#endif
