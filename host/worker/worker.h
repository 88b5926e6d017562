/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKER_WORKER_H
#define KIST_WORKER_WORKER_H

#include "base/json.h"
#include "kist/stream.h"
#include "plugin/catalog.h"

/*
 * A worker: the process apart that maps plugins, holds typed objects, runs serializers and function tasks.
 *
 * One worker serves one run.  Its code can crash, hang, lie or write forever: the functions below then
 * return an error that names plugin, version, task, call and signal, and the host goes on.  After
 * KIST_CRASHED or KIST_DEADLINE the worker is gone; every later call on it gives the same error.
 *
 * The sandbox, from before the first byte of plugin code: no_new_privs, no other descriptors, rlimits,
 * Landlock (nothing but reading the system's libraries while loading, nothing at all after), seccomp.
 *
 * All plugins of a run are loaded before its first call on data (probe and after): that call seals the
 * sandbox, and loading another plugin then gives KIST_INVALID.
 *
 * Thread: one worker, one thread at a time; kist_worker_cancel() from any thread.  The worker dies with the
 * thread that started it.
 * Source: docs/guide/isolation.md.
 */

struct kist_worker;

/** A plugin loaded in a worker. */
struct kist_worker_plugin;

/** struct kist_worker_options - Zero for the defaults. */
struct kist_worker_options {
	const char *program;  /* path of kist-worker; never from the environment.  Required. */
	uint64_t call_ms_max; /* deadline of each call; 0: 10 minutes */
	uint64_t grace_ms;    /* between cancel and SIGKILL; 0: 2 s, or call_ms_max if less */
	uint64_t memory_max;  /* address space; 0: three quarters of the machine's memory */
	/* Log lines of plugins; may be NULL.  Called from the thread that is in a call. */
	void (*log)(void *ctx, const char *plugin_id, int32_t level, const char *text);
	void (*progress)(void *ctx, uint64_t done, uint64_t total); /* may be NULL */
	void *ctx;
};

/** struct kist_input - Serialized bytes for a worker to read. */
struct kist_input {
	int fd; /* a regular file open for reading only, read by the worker itself; -1: through @read */
	uint64_t size;
	/* Reads up to @len bytes at @offset; fewer only at the end.  Used when @fd is -1. */
	kist_status (*read)(void *ctx, uint64_t offset, void *buf, size_t len, size_t *ret_len,
			    struct kist_error *err);
	void *ctx;
};

/**
 * struct kist_output - Takes what a worker writes.
 *
 * @part: A part begins, at the offset that the host counted; NULL: it ended, and what follows is outside any
 *        part.  The member may be NULL.
 */
struct kist_output {
	kist_status (*part)(void *ctx, const struct kist_part *part, struct kist_error *err);
	kist_status (*write)(void *ctx, struct kist_view bytes, struct kist_error *err);
	void *ctx;
};

/** struct kist_serializer_ref - A type of a loaded plugin, with arguments that passed its schema. */
struct kist_serializer_ref {
	struct kist_worker_plugin *plugin;
	size_t type_index;    /* in the manifest */
	const json_t *params; /* object, or NULL.  Borrowed. */
};

/** kist_worker_start() - Spawns a worker and waits until it is ready (about 1 ms).  kist_worker_close() it.
 */
KIST_CHECKED kist_status kist_worker_start(const struct kist_worker_options *options,
					   struct kist_worker **ret, struct kist_error *err);

/** kist_worker_close() - Ends the worker and reaps it.  Accepts NULL.  No zombie, no descriptor stays. */
void kist_worker_close(struct kist_worker *worker);

static inline void kist_worker_close_(struct kist_worker **slot)
{
	kist_worker_close(*slot);
}
#define kist_auto_worker __attribute__((cleanup(kist_worker_close_)))

/**
 * kist_worker_load() - Loads the plugin of @entry; loaded once, the same answer again later.
 *
 * @entry: Its manifest must stay as long as the plugin's function tasks are called.
 * @ret: Borrowed until the worker closes.
 *
 * Errors: as kist_catalog_open_library() and kist_load(); KIST_CRASHED, KIST_DEADLINE.
 */
KIST_CHECKED kist_status kist_worker_load(struct kist_worker *worker, const struct kist_catalog_entry *entry,
					  struct kist_worker_plugin **ret, struct kist_error *err);

/** kist_worker_ping() - One round trip. */
KIST_CHECKED kist_status kist_worker_ping(struct kist_worker *worker, struct kist_error *err);

/**
 * kist_worker_cancel() - Asks the call under way to end; it is killed after the grace.  [any-thread,
 * signal-safe]
 *
 * The call that ends by it gives KIST_CANCELLED.  When none is under way, or it ends otherwise before it sees
 * this, the next one does.
 */
void kist_worker_cancel(struct kist_worker *worker);

/** kist_worker_probe() - The type's own score 0..100 of @head; 0 when it has no probe. */
KIST_CHECKED kist_status kist_worker_probe(struct kist_worker *worker, const struct kist_serializer_ref *ref,
					   struct kist_view head, uint64_t total_size, int32_t *ret_score,
					   struct kist_error *err);

/** kist_worker_layout() - Calls @each for the typed parts of @input, in order; none when the type has no
 * layout. */
KIST_CHECKED kist_status kist_worker_layout(struct kist_worker *worker, const struct kist_serializer_ref *ref,
					    const struct kist_input *input,
					    kist_status (*each)(void *ctx, const struct kist_part *part,
								struct kist_error *err),
					    void *ctx, struct kist_error *err);

/**
 * kist_worker_validate() - Checks @input.  Errors found in the bytes come back as KIST_CORRUPT with the code,
 * offset and text of the first; all issues (up to 1,000) go to @each, which may be NULL.
 */
KIST_CHECKED kist_status kist_worker_validate(
	struct kist_worker *worker, const struct kist_serializer_ref *ref, const struct kist_input *input,
	void (*each)(void *ctx, int32_t severity, const struct kist_error *issue), void *ctx,
	struct kist_error *err);

/** kist_worker_describe() - What the type says of @input: a JSON object.  New reference; NULL when it cannot
 * describe. */
KIST_CHECKED kist_status kist_worker_describe(struct kist_worker *worker,
					      const struct kist_serializer_ref *ref,
					      const struct kist_input *input, json_t **ret,
					      struct kist_error *err);

/**
 * kist_worker_review() - kist_worker_validate(), then kist_worker_describe() on the same instance, which need not
 * read the bytes again.
 */
KIST_CHECKED kist_status kist_worker_review(struct kist_worker *worker, const struct kist_serializer_ref *ref,
					    const struct kist_input *input, json_t **ret,
					    struct kist_error *err);

/** struct kist_sample - One of many small inputs that are examined at once, and what came of it. */
struct kist_sample {
	struct kist_view bytes; /* Borrowed */
	bool is_sound;		/* laid out, validated and described, without any fault */
	struct kist_buf info;	/* of a sound one: kist_worker_describe() in canonical form; or empty */
};

/**
 * kist_worker_examine() - kist_worker_layout(), kist_worker_validate() and kist_worker_describe() of many inputs of
 * one type, in one call.
 *
 * It has the deadline of one call.  Of an input that is not sound, for whatever reason, it says nothing more: that
 * is asked for alone, with the same answer as if this call had never been.
 *
 * @samples:   As many of them from the front on as one message holds are examined.
 * @each:      Gets the parts of sample @index in order; of one that turns out not to be sound it may get some.
 * @ret_taken: How many were, sound or not; at least 1.
 *
 * Errors: KIST_CANCELLED; any other says that something is wrong with one of them or with the worker, and all are to
 * be asked for alone.  None is sound then.
 */
KIST_CHECKED kist_status kist_worker_examine(
	struct kist_worker *worker, const struct kist_serializer_ref *ref, struct kist_sample *samples,
	size_t count,
	kist_status (*each)(void *ctx, size_t index, const struct kist_part *part, struct kist_error *err),
	void *ctx, size_t *ret_taken, struct kist_error *err);

/**
 * kist_worker_deserialize() - Makes a typed object in the worker.
 *
 * @input:      Must stay readable until the object is dropped: it may be lazy.
 * @ret_object: A handle; kist_worker_drop() it, or let it end with the worker.
 * @ret_kind:   KIST_KIND_*.
 */
KIST_CHECKED kist_status kist_worker_deserialize(struct kist_worker *worker,
						 const struct kist_serializer_ref *ref,
						 const struct kist_input *input, uint64_t *ret_object,
						 uint32_t *ret_kind, struct kist_error *err);

/**
 * kist_worker_keep_tables() - Says that objects that are deserialized from now on may be wanted by several.
 *
 * A table is a stream: without this serialize passes it on as it is read, and its rows are gone then.  With it
 * they are kept in memory from the first time they are read; those that tasks make or are given always are.
 */
void kist_worker_keep_tables(struct kist_worker *worker);

/** kist_worker_serialize() - Writes object @object to @output. */
KIST_CHECKED kist_status kist_worker_serialize(struct kist_worker *worker,
					       const struct kist_serializer_ref *ref, uint64_t object,
					       const struct kist_output *output, struct kist_error *err);

/**
 * kist_worker_convert() - Makes an object of another kind from @object (object/convert.h).
 *
 * @object:  Given on success: its handle is dead then, the new one takes its place.
 * @kinds:   KIST_KIND_BIT of the kinds that are wanted.
 * @select:  "" for all, a tensor's name, or column names "a,b".
 *
 * Errors: KIST_UNSUPPORTED (says from what to what, and what could be selected), KIST_NOT_FOUND (@select).
 */
KIST_CHECKED kist_status kist_worker_convert(struct kist_worker *worker, uint64_t object, uint32_t kinds,
					     const char *select, uint64_t *ret_object, uint32_t *ret_kind,
					     struct kist_error *err);

/**
 * kist_worker_rows() - Makes a table of some rows and columns of the table @object (object/convert.h).
 *
 * @object: Given on success, as above.
 * @select: "" for all columns, or their names "a,b".
 * @skip:   Rows that are left out at the front.
 * @count:  Rows at most.
 *
 * Errors: KIST_UNSUPPORTED (no table), KIST_NOT_FOUND (@select).
 */
KIST_CHECKED kist_status kist_worker_rows(struct kist_worker *worker, uint64_t object, const char *select,
					  uint64_t skip, uint64_t count, uint64_t *ret_object,
					  struct kist_error *err);

/** kist_worker_drop() - Releases an object. */
KIST_CHECKED kist_status kist_worker_drop(struct kist_worker *worker, uint64_t object,
					  struct kist_error *err);

/** kist_worker_kind() - The kind of an object, KIST_KIND_*. */
KIST_CHECKED kist_status kist_worker_kind(struct kist_worker *worker, uint64_t object, uint32_t *ret_kind,
					  struct kist_error *err);

/** Bytes of a value that kist_worker_read_value() reads. */
#define KIST_WORKER_VALUE_SIZE_MAX ((size_t)16 << 20)

/**
 * kist_worker_make() - An object of @bytes: KIST_KIND_BYTES, or KIST_KIND_VALUE of JSON text.
 *
 * @ret_object: kist_worker_drop() it.
 *
 * Errors: KIST_LIMIT (more than 1 MiB, or too many objects), KIST_INVALID (another kind).
 */
KIST_CHECKED kist_status kist_worker_make(struct kist_worker *worker, uint32_t kind, struct kist_view bytes,
					  uint64_t *ret_object, struct kist_error *err);

/** kist_worker_make_value() - kist_worker_make() of a value, in canonical form. */
KIST_CHECKED kist_status kist_worker_make_value(struct kist_worker *worker, const json_t *value,
						uint64_t *ret_object, struct kist_error *err);

/**
 * kist_worker_read() - Appends the bytes of an object of kind bytes or value to @ret.
 *
 * Errors: KIST_UNSUPPORTED (another kind), KIST_LIMIT (the buf's).
 */
KIST_CHECKED kist_status kist_worker_read(struct kist_worker *worker, uint64_t object, struct kist_buf *ret,
					  struct kist_error *err);

/** kist_worker_read_value() - A value as JSON.  @ret: new reference.  Errors: KIST_INTERNAL (no JSON). */
KIST_CHECKED kist_status kist_worker_read_value(struct kist_worker *worker, uint64_t object, json_t **ret,
						struct kist_error *err);

/** struct kist_task_ref - A function task of a loaded plugin. */
struct kist_task_ref {
	struct kist_worker_plugin *plugin;
	size_t task_index; /* in the manifest */
};

/**
 * struct kist_task_arg - One argument: at most one of the three is set; none: the default.
 *
 * @object: An object of the worker, which keeps it; 0: none.  A value is read as JSON where JSON is expected.
 * @value:  JSON, for numbers, texts, booleans and json.  Borrowed.
 * @bytes:  For bytes.  Borrowed; its data is not NULL, also when there are none.
 */
struct kist_task_arg {
	uint64_t object;
	const json_t *value;
	struct kist_view bytes;
};

/**
 * struct kist_task_result - One output: an object, or JSON.
 *
 * @name:   As in the manifest.  Borrowed.
 * @value:  What the function returned; NaN and infinities are "NaN", "Infinity" and "-Infinity".  NULL: none.
 * @object: kist_worker_drop() it; 0: none.
 * @kind:   Of the object.
 */
struct kist_task_result {
	const char *name;
	json_t *value;
	uint64_t object;
	uint32_t kind;
};

/**
 * kist_worker_call_task() - Calls a function task.
 *
 * Arguments are checked and completed before anything is sent: number, type, range.  A table is given to the
 * task from its first row on, however often it was read.
 *
 * @ref:     Its manifest (that of the catalog entry which was loaded) is still there.
 * @args:    One for each input of the manifest, in order; missing ones at the end have their defaults.
 * @ret_results: Room for each output of the manifest; set on success only, in order.  kist_task_results_done()
 *           drops the JSON of them, not the objects.
 *
 * Errors: KIST_INVALID with the code E_ARGUMENT, and the plugin, the task and the argument in the text;
 * KIST_LIMIT (arguments of more than 1 MiB, too many objects); what the task gave; as all calls.
 */
KIST_CHECKED kist_status kist_worker_call_task(struct kist_worker *worker, const struct kist_task_ref *ref,
					       const struct kist_task_arg *args, size_t arg_count,
					       struct kist_task_result *ret_results, struct kist_error *err);

/** Tasks that run beside each other in one worker. */
#define KIST_WORKER_LANES_MAX ((size_t)64)
/** How often somebody who waits for tasks in lanes should look, at least. */
#define KIST_WORKER_LOOK_MS 50

/**
 * kist_worker_start_lanes() - Lets @count tasks run beside each other, and beside the other calls, in this worker.
 *
 * Before the first call on data, and once.  @count: 1 to KIST_WORKER_LANES_MAX.
 */
KIST_CHECKED kist_status kist_worker_start_lanes(struct kist_worker *worker, size_t count,
						 struct kist_error *err);
/** kist_worker_lane_count() - How many there are; 0 before they are started. */
size_t kist_worker_lane_count(const struct kist_worker *worker);

/**
 * kist_worker_begin_task() - Begins a call of a function task in a lane that is free, and does not wait for it.
 *
 * Until kist_worker_end_task() the objects that it was given stay, and nothing else is done with them but reading.
 * Tables, models and trees are not given to a task in a lane.
 *
 * @lane:   From 0 on.
 * @ms_max: Its time; 0, or more than that of every call: as every call.  Who does not end then ends with the worker.
 *
 * Errors: as kist_worker_call_task(), of its arguments.
 */
KIST_CHECKED kist_status kist_worker_begin_task(struct kist_worker *worker, size_t lane,
						const struct kist_task_ref *ref,
						const struct kist_task_arg *args, size_t arg_count,
						uint64_t ms_max, struct kist_error *err);
/** kist_worker_cancel_task() - Asks the task in @lane to end, if there is one. */
void kist_worker_cancel_task(struct kist_worker *worker, size_t lane);
/** kist_worker_task_ended() - Whether the task in @lane has come to its end, or its worker; does not wait. */
bool kist_worker_task_ended(struct kist_worker *worker, size_t lane);
/** kist_worker_end_task() - Waits for the end of the task in @lane, which is free then.  As kist_worker_call_task(). */
KIST_CHECKED kist_status kist_worker_end_task(struct kist_worker *worker, size_t lane,
					      struct kist_task_result *ret_results, struct kist_error *err);
/** kist_worker_socket() - Can be read when a task in a lane has something to say.  Borrowed, for poll only. */
int kist_worker_socket(const struct kist_worker *worker);

/** kist_task_results_done() - Drops the references to JSON; may run twice. */
void kist_task_results_done(struct kist_task_result *results, size_t count);

/**
 * kist_worker_sandbox() - What protects this machine from plugins: for "plugin doctor".
 *
 * @ret: New reference: [{"name":"landlock","state":"in force"|"not available"|...,"detail":"ABI 4"}, ...], as
 * a worker that was just started found it for itself.
 */
KIST_CHECKED kist_status kist_worker_sandbox(struct kist_worker *worker, json_t **ret,
					     struct kist_error *err);

#endif
