/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_JOB_RECORD_H
#define KIST_JOB_RECORD_H

#include "base/digest.h"
#include "base/json.h"
#include "job/owner.h"
#include "job/state.h"

/*
 * The record of a job: what ran, with what, and what came of it.  Canonical JSON, of encoding kist.job@1.0.
 *
 *     {"kist_job":1, "id":"...", "kind":"exec", "state":"started", "revision":n, "project":"...",
 *      "user":"...", "parent":"<id of a job>"?, "entrypoint":"..."?, "command":["...", ...]?,
 *      "created":ns, "started":ns?, "ended":ns?, "owner":{...}?, "error":"..."?, "exit_status":n?, "signal":n?,
 *      "environment":"<sha256>"?, "source":"<artifact>"?, "files":[{"name":"<path>","artifact":"<id>"}, ...]?,
 *      "params":{"lr":0.1, ...}, "tags":{"team":"a", ...},
 *      "metrics":{"loss":{"steps":[0,1], "values":[0.5,"NaN"], "times":[ns,ns]}, ...},
 *      "inputs":[{"name":"...","artifact":"<id>"}, ...],
 *      "steps":[{"name":"...", "task":"...", "plugin":{"id","version","sha256"}?, "state":"...", "started"?, "ended"?,
 *                "key":"<sha256>"?, "cached":true?, "error"?, "inputs":[...], "outputs":[...]}, ...],
 *      "artifacts":[{"name":"...","name_bytes"?,"artifact":"<id>","step":"..."?,"partial":true?}, ...],
 *      "exports":[{"name":"...","file":"<path>","size":n,"sha256":"<sha256>"}, ...]?}
 *
 * Times are nanoseconds since 1970, UTC.  A value of a metric that is not finite is "NaN", "Infinity" or
 * "-Infinity".  "revision" rises with each commit.  Members that are not known are kept as they are.
 *
 * Limits: KIST_JOB_..._MAX below; a record that is over one is refused, when it is made and when it is read.
 * Thread: one struct kist_job, one thread at a time.
 * Source: docs/format/store.md, "Jobs"; docs/adr/0035-jobs-are-artifacts.md.
 */

#define KIST_JOB_VERSION       1
#define KIST_JOB_ENCODING      "kist.job@1.0"
#define KIST_JOB_SIZE_MAX      ((size_t)16 << 20) /* of the whole record */
#define KIST_JOB_ID_MAX	       ((size_t)128)
#define KIST_JOB_TEXT_MAX      ((size_t)1024) /* bytes of a project, a user, a step, a key */
#define KIST_JOB_ERROR_MAX     ((size_t)4096)
#define KIST_JOB_ARGUMENT_MAX  ((size_t)128 << 10)
#define KIST_JOB_COMMAND_MAX   ((size_t)10000)
#define KIST_JOB_PARAMS_MAX    ((size_t)4096)
#define KIST_JOB_TAGS_MAX      ((size_t)1024)
#define KIST_JOB_TAG_MAX       ((size_t)4096) /* bytes of what one says */
#define KIST_JOB_METRICS_MAX   ((size_t)1024)
#define KIST_JOB_POINTS_MAX    ((size_t)100000) /* of all metrics together */
#define KIST_JOB_STEPS_MAX     ((size_t)10000)
#define KIST_JOB_USES_MAX      ((size_t)10000) /* inputs of a job; inputs, and outputs, of a step */
#define KIST_JOB_ARTIFACTS_MAX ((size_t)50000)

struct kist_job {
	json_t *root;		      /* always a record that could be committed */
	json_t *base;		      /* as it was committed or read last; NULL: never */
	struct kist_digest committed; /* the artifact that base is */
	json_t *artifact_places;      /* "<name>" -> place in "artifacts"; NULL: not known */
	size_t points;		      /* of all metrics */
};

/** struct kist_job_options - What is known of a job before it begins.  All Borrowed for the call. */
struct kist_job_options {
	const char *id;	  /* kist_job_id_check(); NULL: a new one is made */
	const char *kind; /* what runs it: "exec", "run", "cell", "experiment"; 1..KIST_JOB_TEXT_MAX bytes */
	const char *project;	    /* NULL: "" */
	const char *parent;	    /* id of the job that it is a part of; or NULL */
	const char *entrypoint;	    /* name of what is run; or NULL */
	const char *const *command; /* arguments; what is not UTF-8 is shown as U+FFFD */
	size_t command_count;	    /* 0: none */
};

/** kist_job_new() - A queued job, of the user of this process.  kist_job_free() it.
 *
 * Errors: KIST_INVALID (id, parent, or a text that is too long), KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_job_new(const struct kist_job_options *options, struct kist_job **ret,
				      struct kist_error *err);
/** kist_job_free() - Accepts NULL. */
void kist_job_free(struct kist_job *job);

static inline void kist_job_free_(struct kist_job **slot)
{
	kist_job_free(*slot);
}
#define kist_auto_job __attribute__((cleanup(kist_job_free_)))

/**
 * kist_job_parse() - Reads a record and checks all of it.
 *
 * Errors: KIST_CORRUPT (E_JSON, E_JOB); KIST_INCOMPATIBLE (a newer version); KIST_LIMIT; KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_job_parse(struct kist_view text, struct kist_job **ret, struct kist_error *err);

/** kist_job_print() - Appends the record's canonical text to @ret.  Errors: KIST_LIMIT, KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_job_print(const struct kist_job *job, struct kist_buf *ret,
					struct kist_error *err);

/** kist_job_check() - Whether @root is a record.  @ret_points: of its metrics.  Errors: as kist_job_parse(). */
KIST_CHECKED kist_status kist_job_check(const json_t *root, size_t *ret_points, struct kist_error *err);

/**
 * kist_job_id_check() - Whether @id may be a job's: 1..KIST_JOB_ID_MAX letters, digits, '-', '_' and '.', the
 * first a letter or a digit.  Errors: KIST_INVALID.
 */
KIST_CHECKED kist_status kist_job_id_check(const char *id, size_t len, struct kist_error *err);

/** kist_job_id() - Borrowed.  kist_job_state() - The state that it is in. */
const char *kist_job_id(const struct kist_job *job);
enum kist_job_state kist_job_state(const struct kist_job *job);

/** kist_job_life() - Whether its owner is there: kist_owner_life(); unknown, too, when it has none. */
enum kist_owner_life kist_job_life(const struct kist_job *job);

/**
 * kist_job_set_state() - Lets the job become @state, now.  "started" takes note of process @pid as its owner, or
 * of none when @pid is 0.
 *
 * Errors: KIST_INVALID E_STATE (kist_job_state_may()); KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_job_set_state(struct kist_job *job, enum kist_job_state state, pid_t pid,
					    struct kist_error *err);

/**
 * kist_job_set_lease() - The file that its owner touches: struct kist_owner.  One that is no text, or too long, is left out.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_job_set_lease(struct kist_job *job, const char *path, struct kist_error *err);

/** kist_job_set_error() - What went wrong, for people; cut at KIST_JOB_ERROR_MAX bytes.  NULL: nothing. */
KIST_CHECKED kist_status kist_job_set_error(struct kist_job *job, const char *text, struct kist_error *err);

/** kist_job_set_exit() - How its command ended; @signal 0: by itself, with @status. */
KIST_CHECKED kist_status kist_job_set_exit(struct kist_job *job, int status, int signal,
					   struct kist_error *err);

/**
 * kist_job_set_environment() - A digest of what it ran in.  kist_job_set_source() - A snapshot of its source; of a run
 * the text of its entrypoint.
 */
KIST_CHECKED kist_status kist_job_set_environment(struct kist_job *job, const struct kist_digest *digest,
						  struct kist_error *err);
KIST_CHECKED kist_status kist_job_set_source(struct kist_job *job, const struct kist_digest *artifact,
					     struct kist_error *err);

/**
 * kist_job_add_file() - A file beside the source that it is run with, as it was then; again with the same path it
 * takes the place of the first.  @path: In a folder, UTF-8.
 */
KIST_CHECKED kist_status kist_job_add_file(struct kist_job *job, const char *path,
					   const struct kist_digest *artifact, struct kist_error *err);

/** struct kist_job_export - A file for people that a job has written; it is not kept.  All Borrowed for the call. */
struct kist_job_export {
	const char *name;
	const char *file;
	uint64_t size;
	struct kist_digest sha256;
};

/** kist_job_add_export() - Takes note of it. */
KIST_CHECKED kist_status kist_job_add_export(struct kist_job *job, const struct kist_job_export *made,
					     struct kist_error *err);

/** kist_job_set_param() - Any JSON value; a copy of it is kept.  Errors: KIST_INVALID, KIST_LIMIT, KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_job_set_param(struct kist_job *job, const char *key, const json_t *value,
					    struct kist_error *err);

/** kist_job_set_tag() - @text NULL takes the tag away.  Errors: KIST_INVALID, KIST_LIMIT, KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_job_set_tag(struct kist_job *job, const char *key, const char *text,
					  struct kist_error *err);

/**
 * kist_job_add_metric() - One more point of series @name.
 *
 * @step:  Any; most count up.
 * @value: Also NaN and infinities, which are kept.
 * @time:  Nanoseconds since 1970; 0: now.
 *
 * Errors: KIST_INVALID (name), KIST_LIMIT (KIST_JOB_POINTS_MAX, KIST_JOB_METRICS_MAX), KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_job_add_metric(struct kist_job *job, const char *name, int64_t step,
					     double value, int64_t time, struct kist_error *err);

/** kist_job_add_input() - An artifact that the job as a whole takes.  @name: As what, UTF-8. */
KIST_CHECKED kist_status kist_job_add_input(struct kist_job *job, const char *name,
					    const struct kist_digest *artifact, struct kist_error *err);

/** struct kist_job_step - A step when it is added.  All Borrowed for the call. */
struct kist_job_step {
	const char *name;      /* of which the job has one */
	const char *task;      /* or NULL */
	const char *plugin_id; /* NULL: no plugin; else all three are given */
	const char *plugin_version;
	const struct kist_digest *plugin_sha256;
	bool cached; /* its outputs are those of an earlier job */
};

/** kist_job_add_step() - A queued step.  Errors: KIST_EXISTS (the name), KIST_LIMIT, KIST_INVALID, KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_job_add_step(struct kist_job *job, const struct kist_job_step *step,
					   struct kist_error *err);

/**
 * kist_job_set_step_state() - Lets the step become @state, now.  @error: why it failed, or NULL.
 *
 * Errors: KIST_NOT_FOUND (no such step), KIST_INVALID E_STATE, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_job_set_step_state(struct kist_job *job, const char *step,
						 enum kist_job_state state, const char *error,
						 struct kist_error *err);

/** kist_job_set_step_cached() - The step was not run: its outputs are those of an earlier job. */
KIST_CHECKED kist_status kist_job_set_step_cached(struct kist_job *job, const char *step,
						  struct kist_error *err);

/** kist_job_set_step_key() - What the step's result depends on, as one digest. */
KIST_CHECKED kist_status kist_job_set_step_key(struct kist_job *job, const char *step,
					       const struct kist_digest *key, struct kist_error *err);

/** kist_job_add_step_input(), kist_job_add_step_output() - What the step takes and gives.  @name: As what. */
KIST_CHECKED kist_status kist_job_add_step_input(struct kist_job *job, const char *step, const char *name,
						 const struct kist_digest *artifact, struct kist_error *err);
KIST_CHECKED kist_status kist_job_add_step_output(struct kist_job *job, const char *step, const char *name,
						  const struct kist_digest *artifact, struct kist_error *err);

/** struct kist_job_artifact - What a job has kept under a name.  All Borrowed for the call. */
struct kist_job_artifact {
	const char *name; /* under which it is found; kist_name_check() */
	size_t name_len;
	struct kist_digest artifact;
	const char *step; /* that made it; or NULL */
	bool partial;	  /* of a job that did not come to its end */
};

/** kist_job_add_artifact() - Takes the place of what the job had under that name.  Errors: as for a step. */
KIST_CHECKED kist_status kist_job_add_artifact(struct kist_job *job, const struct kist_job_artifact *artifact,
					       struct kist_error *err);

/** kist_job_set_artifacts_take() - Sets the whole list, as after a commit that failed.  @artifacts: a copy of what
 * it was. */
void kist_job_set_artifacts_take(struct kist_job *job, json_t *artifacts);

/** kist_job_mark_partial() - Marks all artifacts as those of a job that did not come to its end. */
KIST_CHECKED kist_status kist_job_mark_partial(struct kist_job *job, struct kist_error *err);

#endif
