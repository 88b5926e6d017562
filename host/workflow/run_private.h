/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKFLOW_RUN_PRIVATE_H
#define KIST_WORKFLOW_RUN_PRIVATE_H

#include "flow/load.h"
#include "flow/save.h"
#include "workflow/folder.h"
#include "workflow/guard.h"
#include "workflow/plan.h"
#include "workflow/run.h"
#include "workflow/trace.h"
#include "workflow/watch.h"

/*
 * The run, in parts: run.c (the order of all), run_input.c (artifact inputs, and the plugins), run_job.c (the record of
 * the job), run_value.c (values and references), run_task.c (function tasks), run_key.c (what a step's result depends
 * on), run_cache.c (results of earlier runs), run_command.c (commands), run_file.c (values as files and back),
 * run_keep.c (what is kept), run_source.c (what ran, kept with the job), run_made.c (digests of what is not kept).
 */

/** As often a commit is tried when a collector removed what it was going to share. */
#define KIST_RUN_COMMIT_TRIES_MAX 5

/** struct kist_value - What a reference leads to: JSON, an object of the worker, or a file. */
struct kist_value {
	json_t *json;	 /* or NULL */
	uint64_t object; /* 0: none */
	uint32_t kind;	 /* of the object */
	char *file;	 /* of a command; NULL: none */
	int fd;		 /* that the object reads from; -1: none */
	bool has_source;
	struct kist_digest source; /* what the object follows from: one source, one content */
};

#define KIST_VALUE_INIT                                                                                      \
	{                                                                                                    \
		.fd = -1                                                                                     \
	}
/** kist_value_done() - May run twice.  An object ends with its worker. */
void kist_value_done(struct kist_value *value);

/** struct kist_run_step - A step while it runs. */
struct kist_run_step {
	enum kist_job_state state;
	struct kist_value *values; /* of each output; NULL before it has ended */
	uint64_t started_ns;
	uint64_t took_ns;
	pid_t pid; /* of a command that runs; 0: none */
	int pid_fd;
	int out_fd;	      /* what it prints */
	char *folder;	      /* that it works in */
	uint64_t deadline_ns; /* 0: none */
	uint64_t asked_ns;    /* when it was asked to end; 0: it was not */
	bool by_time;	      /* for its time */
	char *error;
	bool is_cached; /* its outputs are those of an earlier run */
	size_t lane;	/* of the worker, that its function runs in; KIST_RUN_NO_LANE: none */
	bool has_key;
	struct kist_digest key; /* what the result of a function depends on */
};

#define KIST_RUN_NO_LANE SIZE_MAX

/** struct kist_run_input - An artifact input. */
struct kist_run_input {
	struct kist_artifact artifact;
	struct kist_route_target target;
	struct kist_object_reader reader;
	struct kist_value value;
};

struct kist_running {
	struct kist_flow *flow;
	struct kist_entrypoint *entrypoint;
	const struct kist_run_options *options;
	struct kist_plan plan;
	struct kist_job *job; /* NULL: nothing is recorded */
	struct kist_run_step *steps;
	struct kist_run_input *inputs;
	struct kist_trace trace;
	bool *kept;		      /* of each artifact output, then of each output */
	struct kist_digest *kept_ids; /* of each artifact output that is kept */
	size_t active;		      /* commands that run, and functions in lanes */
	bool has_failed;
	struct kist_run_folder folder;
	struct kist_guard guard;
	json_t *facts_artifacts;
	json_t *facts_outputs;
	struct kist_watch watch;
	struct kist_save *cache; /* results for later runs; NULL: none yet */
};

/** kist_running_find_inputs() - Finds the artifacts of all inputs, and who reads them. */
KIST_CHECKED kist_status kist_running_find_inputs(struct kist_running *running, struct kist_error *err);
/** kist_running_load_plugins() - Loads all plugins, before the first of them is used: that seals the worker. */
KIST_CHECKED kist_status kist_running_load_plugins(struct kist_running *running, struct kist_error *err);
/** kist_running_read_inputs() - Makes objects of the artifacts.  Errors: KIST_INVALID E_TYPE (another kind). */
KIST_CHECKED kist_status kist_running_read_inputs(struct kist_running *running, struct kist_error *err);

/** kist_running_begin_job() - Commits the record of a job that has started, unless nothing is to be written. */
KIST_CHECKED kist_status kist_running_begin_job(struct kist_running *running, struct kist_error *err);
/** kist_running_keep_source() - Saves the entrypoint's text and the files beside it that commands name. */
KIST_CHECKED kist_status kist_running_keep_source(struct kist_running *running, struct kist_save *save,
						  struct kist_error *err);
/**
 * kist_running_measure() - Takes note of the metrics: of a run whose steps have all finished.
 *
 * Errors: KIST_INVALID E_METRIC (one is no number).
 */
KIST_CHECKED kist_status kist_running_measure(struct kist_running *running, struct kist_error *err);
/** kist_running_end_job() - Commits what became of it; @why: what it failed with. */
KIST_CHECKED kist_status kist_running_end_job(struct kist_running *running, enum kist_job_state state,
					      const struct kist_error *why, struct kist_error *err);
/**
 * kist_running_note_taken() - Records what step @step takes: artifact inputs, and what is kept of other steps; of one of
 * which nothing is kept, the inputs that it follows from.
 */
KIST_CHECKED kist_status kist_running_note_taken(struct kist_running *running, size_t step,
						 struct kist_error *err);
/** kist_running_facts() - struct kist_run_result.  New reference. */
KIST_CHECKED kist_status kist_running_facts(const struct kist_running *running, enum kist_job_state state,
					    json_t **ret, struct kist_error *err);

/** kist_running_find() - What @node refers to; NULL: it is no reference, or one to a member. */
const struct kist_value *kist_running_find(const struct kist_running *running, const struct kist_node *node);

/** kist_running_is_known() - Whether all that @node refers to is there. */
bool kist_running_is_known(const struct kist_running *running, const struct kist_node *node);

/**
 * kist_running_json() - The value of @node with all that it refers to, as JSON.
 *
 * Errors: KIST_UNSUPPORTED (an object stands within a list or a mapping).
 */
KIST_CHECKED kist_status kist_running_json(struct kist_running *running, const struct kist_node *node,
					   json_t **ret, struct kist_error *err);

/** kist_running_object() - An object of the worker for @value; *@ret_is_new: it is to be dropped. */
KIST_CHECKED kist_status kist_running_object(struct kist_running *running, const struct kist_value *value,
					     uint64_t *ret, uint32_t *ret_kind, bool *ret_is_new,
					     struct kist_error *err);

/** kist_running_may_begin() - Whether the function of step @step may run beside all that runs now. */
bool kist_running_may_begin(const struct kist_running *running, size_t step);

/**
 * kist_running_begin() - Calls the function task of step @step, in a lane where it can run beside others.
 *
 * *@ret_ended: It has ended already; else kist_running_end() it.
 */
KIST_CHECKED kist_status kist_running_begin(struct kist_running *running, size_t step, bool *ret_ended,
					    struct kist_error *err);
/** kist_running_end() - What came of a function in a lane; waits for its end. */
KIST_CHECKED kist_status kist_running_end(struct kist_running *running, size_t step, struct kist_error *err);

/** kist_running_argument() - What is given for input @i of a function task; NULL: its default. */
const struct kist_node *kist_running_argument(const struct kist_step *step, size_t i);

/** kist_step_is_deterministic() - Whether it is a task that gives the same for the same, as its manifest says. */
bool kist_step_is_deterministic(const struct kist_step *step);

/** How JSON is written where 1 and 1.0 are to stay what they are. */
#define KIST_CACHE_JSON (JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY)

/**
 * kist_running_key() - What the result of step @step, a function task, depends on.
 *
 * Return: false when that cannot be told, or the task is not deterministic.
 */
bool kist_running_key(struct kist_running *running, size_t step, struct kist_digest *ret);

/** kist_value_set_source() - @value is "@name" of @of, read by the plugin of manifest @read_by when there is one. */
void kist_value_set_source(struct kist_value *value, const char *what, const struct kist_digest *of,
			   const struct kist_digest *read_by, const char *name);

/** kist_running_cache_target() - The artifact task that tensors are kept by; no entry: there is none. */
void kist_running_cache_target(struct kist_running *running, struct kist_route_target *ret);

/**
 * kist_running_recall() - Gives step @step the outputs that an earlier run kept under @key.
 *
 * Return: false when there are none, or they cannot be read: whatever is wrong, the step is to be run.
 */
bool kist_running_recall(struct kist_running *running, size_t step, const struct kist_digest *key);

/** kist_running_remember() - Gathers the outputs of step @step for later runs, if they can be given back exactly. */
void kist_running_remember(struct kist_running *running, size_t step, const struct kist_digest *key);

/**
 * kist_running_commit_cache() - Commits what was gathered, together with the record of the job.
 *
 * Return: false when there was nothing, or it could not be: nothing is committed then, the record neither.
 */
bool kist_running_commit_cache(struct kist_running *running);

/** kist_running_start() - Starts the command of step @step. */
KIST_CHECKED kist_status kist_running_start(struct kist_running *running, size_t step,
					    struct kist_error *err);
/**
 * kist_running_wait() - Waits until a command, or a function in a lane, ends.
 *
 * @wait: false: looks and does not wait.
 * @ret_step: The step that has ended; SIZE_MAX: none.
 */
void kist_running_wait(struct kist_running *running, bool wait, size_t *ret_step);
/** kist_running_reap() - Takes the end of the command of step @step, and its outputs. */
KIST_CHECKED kist_status kist_running_reap(struct kist_running *running, size_t step, struct kist_error *err);

/** kist_running_new_path() - A path in the folder of the run for a new file with this extension ("": none). */
KIST_CHECKED kist_status kist_running_new_path(struct kist_running *running, const char *extension,
					       char ret[static PATH_MAX], struct kist_error *err);
/** kist_running_write() - Writes @value to a new file and gives its path: kist_free() it. */
KIST_CHECKED kist_status kist_running_write(struct kist_running *running, const struct kist_value *value,
					    char **ret, struct kist_error *err);
/** kist_running_write_to() - Writes it to @fd; an object by @target, or as fits it, with @params. */
KIST_CHECKED kist_status kist_running_write_to(struct kist_running *running, const struct kist_value *value,
					       const struct kist_route_target *target, const json_t *params,
					       int fd, struct kist_error *err);
/** kist_running_read() - The file @path of a command as a value of type @type. */
KIST_CHECKED kist_status kist_running_read(struct kist_running *running, const char *path,
					   const struct kist_type *type, struct kist_value *ret,
					   struct kist_error *err);

/** kist_digest_file() - Size and SHA-256 of all that @fd gives from its begin on. */
KIST_CHECKED kist_status kist_digest_file(int fd, uint64_t *ret_size, struct kist_digest *ret,
					  struct kist_error *err);

/** kist_running_contents() - The value of @keep: what the reference leads to, or a value made for it, in @own. */
KIST_CHECKED kist_status kist_running_contents(struct kist_running *running, const struct kist_keep *keep,
					       struct kist_value *own, const struct kist_value **ret,
					       struct kist_error *err);
/** kist_running_check_kind() - Whether the artifact task of @keep writes such objects.  Errors: KIST_INVALID E_TYPE. */
KIST_CHECKED kist_status kist_running_check_kind(const struct kist_keep *keep, uint32_t kind,
						 struct kist_error *err);
/** kist_running_write_contents() - Writes an output for people to @fd. */
KIST_CHECKED kist_status kist_running_write_contents(struct kist_running *running,
						     const struct kist_keep *keep, int fd,
						     struct kist_error *err);
/** kist_running_tell_made() - Tells options->made of the artifact output or output @keep, which is known. */
KIST_CHECKED kist_status kist_running_tell_made(struct kist_running *running, const struct kist_keep *keep,
						struct kist_error *err);

/** kist_running_keep() - Keeps all that is known and not kept yet, with the job's record. */
KIST_CHECKED kist_status kist_running_keep(struct kist_running *running, struct kist_error *err);

#endif
