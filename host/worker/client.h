/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKER_CLIENT_H
#define KIST_WORKER_CLIENT_H

#include "worker/channel.h"
#include "worker/shm.h"
#include "worker/supervise.h"
#include "worker/worker.h"

/*
 * The host's side: client.c (starting, loading, ending), client_type.c (the calls on serializers),
 * client_object.c (those on objects), client_task.c (those of function tasks), client_call.c (one call from
 * its begin to its end), client_take.c (what the worker asks for in it), client_examine.c (the call on many
 * inputs).
 *
 * Private to the room.
 */

/** Bytes of "plugin kist.numpy 1.0.0 (sha256 0123456789ab)", NUL included. */
#define PLUGIN_TITLE_SIZE ((size_t)320)

struct kist_worker_plugin {
	uint32_t index;
	struct kist_digest library;
	char *id;
	char title[PLUGIN_TITLE_SIZE]; /* "plugin <id> <version> (sha256 <12 digits>)" */
	size_t name_len;	       /* of the title without the digest */
	size_t type_count;
	char **types;
	size_t task_count;
	struct client_task *tasks;
};

/** struct client_task - A function task: as its manifest declares it (borrowed), and "task '<name>'". */
struct client_task {
	const struct kist_manifest_task *declared;
	char *verb;
};

/** struct client_object - What the host knows of an object in the worker; empty when @id is 0. */
struct client_object {
	uint64_t id;
	uint64_t last_id;			 /* that the slot had */
	const struct kist_worker_plugin *plugin; /* that made it; NULL: the worker itself */
	const char *type;			 /* that it was read as; NULL: of none */
	uint32_t kind;
	bool has_input;
	struct kist_input input; /* when the host reads it */
	bool is_reserved;	 /* empty, and a task in a lane may put something there */
};

struct kist_worker {
	struct kist_worker_options options;
	struct kist_child child;
	int wake; /* eventfd: kist_worker_cancel() */
	atomic_uint cancelled;
	struct kist_shm control;
	struct kist_shm in;
	struct kist_shm ring;
	uint8_t *buffer; /* KIST_MESSAGE_SIZE_MAX */
	uint8_t *copy;	 /* KIST_SLOT_SIZE: what came through the ring or goes into the window */
	uint32_t next_id;
	uint32_t log_count;	/* messages since a call, or a task in a lane, was begun */
	struct kist_error gone; /* set: the worker is gone */
	bool sealed;
	bool keep_tables;
	json_t *sandbox;
	size_t plugin_count;
	struct kist_worker_plugin *plugins[KIST_WORKER_PLUGINS_MAX];
	struct client_object objects[KIST_WORKER_OBJECTS_MAX];
	size_t lane_count;
	struct client_lane *lanes;
};

/** struct exchange - One call: what it is, where its bytes go, how far it is. */
struct exchange {
	struct kist_header header;
	struct kist_view payload;
	int fd;					 /* passed along, borrowed, or -1 */
	const char *verb;			 /* "describe" */
	const struct kist_worker_plugin *plugin; /* NULL: none */
	const char *type;			 /* NULL: none */
	const struct kist_input *input;		 /* of the call; NULL: none */
	const struct kist_output *output;	 /* NULL: nothing may be written */
	kist_status (*each_part)(void *ctx, const struct kist_part *part, struct kist_error *err);
	void (*each_issue)(void *ctx, int32_t severity, const struct kist_error *issue);
	struct kist_sample *samples; /* of EXAMINE; NULL: none */
	size_t sample_count;
	bool samples_behind; /* they go into the window, behind the payload */
	kist_status (*each_sample_part)(void *ctx, size_t index, const struct kist_part *part,
					struct kist_error *err);
	struct client_results *results; /* of CALL_TASK; NULL: none */
	void *ctx;

	/* How far it is. */
	struct kist_error failed; /* what a callback of the host said */
	struct kist_error found;  /* the first error that validate reported */
	uint64_t deadline_ns;
	uint64_t kill_ns; /* 0: not asked to end */
	bool by_deadline;
	bool in_part;
	uint64_t part_len;
	uint64_t part_written;
	uint64_t written;
	uint64_t layout_end;
	size_t sample_next; /* the first of which nothing was said */
	uint32_t part_count;
	uint32_t issue_count;
	uint64_t result;
	uint64_t limit_ms; /* of a task in a lane: its time; 0: it is in none */
};

/** struct client_results - What came of a task. */
struct client_results {
	size_t object_count;
	uint32_t kinds_allowed[KIST_SIGNATURE_ARGS_MAX]; /* as bits, of each object */
	uint32_t kinds[KIST_SIGNATURE_ARGS_MAX];
	uint64_t bits; /* of what it returned */
	bool came;
};

/** struct client_called - A call of a task: what it gives back, and where that goes. */
struct client_called {
	const struct kist_worker_plugin *plugin;
	const struct client_task *task;
	struct client_results results;
	struct client_object *slots[KIST_SIGNATURE_ARGS_MAX];
	uint64_t ids[KIST_SIGNATURE_ARGS_MAX];
	size_t out_count;
};

/** struct client_lane - A task that runs beside other calls. */
struct client_lane {
	bool is_busy;	/* a task was begun, and its end was not taken */
	bool has_ended; /* that task */
	struct client_called called;
	struct exchange exchange;
	kist_status status; /* how it ended */
	struct kist_error error;
};

/** Limits of one call, on the host's side. */
#define CLIENT_OUTPUT_MAX (1ull << 40)
#define CLIENT_PARTS_MAX  (1u << 20)
#define CLIENT_ISSUES_MAX 1000u
#define CLIENT_LOGS_MAX	  10000u

/**
 * client_call() - Makes one call and sees it through to its end, whatever the worker does.
 *
 * Errors: what the plugin gave; KIST_INTERNAL (it broke the contract), KIST_CRASHED, KIST_DEADLINE,
 * KIST_CANCELLED; what a callback gave.
 */
KIST_CHECKED kist_status client_call(struct kist_worker *worker, struct exchange *exchange,
				     struct kist_error *err);

/** client_send() - Sends the message that a call begins with.  Errors: as client_call(). */
KIST_CHECKED kist_status client_send(struct kist_worker *worker, const struct exchange *exchange,
				     struct kist_error *err);

/** client_wait() - Waits for the next message of the call, or for its deadline.  Errors: as client_call(). */
KIST_CHECKED kist_status client_wait(struct kist_worker *worker, struct exchange *exchange,
				     struct kist_error *err);

/** client_lost() - Ends a worker that can not go on, and keeps why: @status, and @format after the plugin's
 * name. */
kist_status client_lost(struct kist_worker *worker, const struct exchange *exchange, kist_status status,
			struct kist_error *err, const char *format, ...) KIST_PRINTF(5, 6);

/** client_died() - The socket ended: reaps the worker and says how it died. */
kist_status client_died(struct kist_worker *worker, const struct exchange *exchange, struct kist_error *err);

/** client_gone() - The error that ended the worker, again. */
kist_status client_gone(const struct kist_worker *worker, struct kist_error *err);

/** client_need_window() - Makes a window, and shows it to the worker, when it is first needed. */
KIST_CHECKED kist_status client_need_window(struct kist_worker *worker, enum kist_window which,
					    struct kist_error *err);

/** client_payload() - Makes what was written the payload of the call; borrowed from @writer. */
KIST_CHECKED kist_status client_payload(struct kist_worker *worker, const struct kist_writer *writer,
					struct exchange *exchange, struct kist_error *err);

/** client_broken() - client_lost() of a worker that sent what it may not: @how. */
kist_status client_broken(struct kist_worker *worker, const struct exchange *exchange, const char *how,
			  struct kist_error *err);

/** client_find_object() - The object @id, or NULL; client_unknown_object() says that there is none. */
struct client_object *client_find_object(struct kist_worker *worker, uint64_t id);
kist_status client_unknown_object(uint64_t id, struct kist_error *err);

/**
 * client_free_objects() - @count unused slots, and the ids that objects in them will have.
 *
 * Errors: KIST_LIMIT.
 */
KIST_CHECKED kist_status client_free_objects(struct kist_worker *worker, size_t count,
					     struct client_object **ret_slots, uint64_t *ret_ids,
					     struct kist_error *err);

/** client_take_kind() - The kind that a call gave as its result. */
KIST_CHECKED kist_status client_take_kind(struct kist_worker *worker, const struct exchange *exchange,
					  uint32_t *ret_kind, struct kist_error *err);

/** client_put_target() - What a call on a type begins with, when no input goes along. */
KIST_CHECKED kist_status client_put_target(struct kist_worker *worker, const struct kist_serializer_ref *ref,
					   struct exchange *exchange, struct kist_writer *writer,
					   struct kist_error *err);

/** client_data_call() - client_call() of what was written.  From the first on the worker is sealed: no plugin can be loaded after it. */
KIST_CHECKED kist_status client_data_call(struct kist_worker *worker, const struct kist_writer *writer,
					  struct exchange *exchange, struct kist_error *err);

/** client_write_samples() - The samples of a call as bytes, for which there is room.  Return: how many bytes. */
size_t client_write_samples(const struct exchange *exchange, uint8_t *to);
/** client_take_examined() - EXAMINED. */
KIST_CHECKED kist_status client_take_examined(struct kist_worker *worker, struct exchange *exchange,
					      const struct kist_message *message, struct kist_error *err);

/**
 * client_bind_task() - Binds the arguments of a task and finds room for what it gives.
 *
 * @ret: plugin and task are set before.
 */
KIST_CHECKED kist_status client_bind_task(struct kist_worker *worker, const struct kist_task_ref *ref,
					  const struct kist_task_arg *args, size_t arg_count,
					  struct kist_writer *writer, struct client_called *ret,
					  struct kist_error *err);
/** client_take_task() - What came of a task that has ended well, for the caller of kist_worker_call_task(). */
KIST_CHECKED kist_status client_take_task(struct kist_worker *worker, const struct client_called *called,
					  struct kist_task_result *ret_results, struct kist_error *err);
/** client_drop_results() - Gives up the objects of a task that has ended, and that nobody takes. */
void client_drop_results(struct kist_worker *worker, const struct client_called *called);
/** client_find_task() - The task that is meant.  Errors: KIST_INVALID. */
KIST_CHECKED kist_status client_find_task(const struct kist_task_ref *ref, struct client_called *ret,
					  struct kist_error *err);

/** client_lane_of() - The lane whose task the message @id is about, or NULL. */
struct client_lane *client_lane_of(struct kist_worker *worker, uint32_t id);
/** client_lanes_look() - Ends tasks whose time is over.  Return: when to look again, as kist_now_ns(); or UINT64_MAX. */
uint64_t client_lanes_look(struct kist_worker *worker);
/** client_lane_take() - Takes a message of a task in a lane. */
void client_lane_take(struct kist_worker *worker, struct client_lane *lane,
		      const struct kist_message *message);

/** client_take_log() - LOG. */
void client_take_log(struct kist_worker *worker, const struct kist_message *message);

/** client_take() - Does what a message of the worker asks for.  *@ret_done: it was RETURN. */
KIST_CHECKED kist_status client_take(struct kist_worker *worker, struct exchange *exchange,
				     const struct kist_message *message, bool *ret_done,
				     struct kist_error *err);

#endif
