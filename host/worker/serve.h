/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKER_SERVE_H
#define KIST_WORKER_SERVE_H

#include <pthread.h>

#include "base/arena.h"
#include "object/kept_table.h"
#include "plugin/loader.h"
#include "task/call.h"
#include "worker/channel.h"
#include "worker/sandbox.h"
#include "worker/shm.h"

/*
 * The worker's side: takes calls from the host, makes them on plugins, answers.  Runs in kist-worker only.
 *
 * serve.c has the loop and the calls on serializers, serve_inspect.c those that look at bytes, and instances,
 * serve_object.c the objects, serve_task.c the calls of
 * function tasks, serve_lane.c the threads that such calls may run on,
 * serve_call.c and serve_source.c what a plugin sees of the host, serve_load.c loading,
 * serve_examine.c the examination of many inputs at once.
 *
 * Thread: one, but for the function of a task in a lane, and for logs, which a plugin's own threads may write too.
 */

struct server;

/** struct served_plugin - A plugin that is loaded. */
struct served_plugin {
	bool loaded;
	struct kist_loaded code;
	struct kist_manifest *manifest;
	struct kist_task **tasks; /* in the manifest's order */
	struct kist_host host;	  /* ctx: this struct, so that a log names its plugin */
	struct server *server;
	uint32_t index;
};

/** struct served_source - The bytes of one input, for a call or for the life of an object. */
struct served_source {
	struct kist_source base;
	struct server *server;
	int fd; /* -1: the host reads, unless @bytes has them */
	uint32_t id;
	struct kist_view bytes; /* all that there are; data is NULL: the host or @fd has them.  Borrowed. */
};

/** struct served_object - One slot of the table; empty when @id is 0. */
struct served_object {
	uint64_t id;
	struct kist_object object;
	struct served_source *source; /* NULL: it leans on no input */
	struct served_plugin *plugin; /* that made it; NULL: the worker itself */
	struct kist_kept_table *kept; /* of a table that is read more than once; else NULL */
	bool is_shared;		      /* others may want it after whoever reads it first */
	bool is_read;		      /* a table whose rows are gone */
};

/** struct served_lane - A thread that runs the functions of tasks, one at a time. */
struct served_lane {
	struct server *server;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	void (*run)(void *job); /* what to run; NULL: nothing */
	void *job;
	bool is_busy; /* of the server's thread alone: it has a job whose end was not seen yet */
	bool has_ended;
};

/** struct server - Everything. */
struct server {
	int socket;
	uint8_t *buffer; /* KIST_MESSAGE_SIZE_MAX */
	struct kist_shm control;
	struct kist_shm in;
	struct kist_shm ring;
	uint32_t call_id;
	uint64_t memory_max;
	bool sealed;
	bool threads;
	struct kist_sandbox sandbox;
	/* What the in window holds of a source that the host reads. */
	bool ahead_valid;
	uint32_t ahead_source;
	uint64_t ahead_offset;
	size_t ahead_len;
	/* Slots of the ring that the host still has. */
	bool slot_busy[KIST_RING_SLOTS];
	uint32_t slot_next;
	kist_status sink_status;
	struct served_plugin *plugins; /* KIST_WORKER_PLUGINS_MAX */
	struct served_plugin self;     /* whose host the worker's own objects are read with */
	struct served_object *objects; /* KIST_WORKER_OBJECTS_MAX */
	uint32_t lane_count;
	uint32_t lanes_busy;
	struct served_lane *lanes;
	int lane_end; /* eventfd: a lane has come to its end; made before the sandbox */
	/* An instance that validated, for a description; NULL: there is none. */
	const struct kist_loaded_type *review_type;
	void *review; /* may be NULL as any instance */
};

/** struct served_call - One call into a plugin. */
struct served_call {
	struct kist_call base;
	struct server *server;
	struct kist_error error;  /* what the plugin said, or the worker itself */
	struct kist_error breach; /* how it broke the contract */
	kist_status passed_on;	  /* the last failure that a source or sink gave it */
	bool by_worker;		  /* error holds words of the worker */
	uint32_t id;		  /* of its messages */
	uint32_t lane;		  /* 0: none */
	struct kist_arena arena;
	uint64_t progress_ns;
};

/** struct served_sink, served_layout, served_report - What a plugin writes to. */
struct served_sink {
	struct kist_sink base;
	struct served_call *call;
	size_t used;
	bool in_part;
	uint64_t announced;
	uint64_t written;
};
struct served_layout {
	struct kist_layout base;
	struct served_call *call;
	uint64_t size;
	uint64_t end;
	struct kist_writer waiting; /* parts that are not sent yet */
	uint32_t count;
	size_t size_max; /* of @waiting, which is never sent then; 0: it is sent as it fills */
};
struct served_report {
	struct kist_report base;
	struct served_call *call;
	uint32_t count;
};

/** struct served_request - A request: its payload in memory of its own, because the receive buffer and the window are used again. */
struct served_request {
	struct kist_header header;
	struct kist_buf payload;
	struct kist_reader reader;
	struct kist_arguments arguments;
	struct served_plugin *plugin;
	const struct kist_loaded_type *type;
	uint32_t input_kind;
	uint64_t input_size;
	int fd;
};

/** kist_serve() - Serves until the host closes the socket.  Returns the exit status. */
int kist_serve(int socket);

/** serve_load() - LOAD: puts a plugin at @index.  @fd is given. */
KIST_CHECKED kist_status serve_load(struct server *server, uint64_t index, struct kist_view payload, int fd,
				    struct served_call *call);

/** serve_open_instance() - Opens an instance of the type; serve_close_instance() it. */
KIST_CHECKED kist_status serve_open_instance(const struct served_request *request, struct served_call *call,
					     void **ret);
void serve_close_instance(const struct served_request *request, const struct served_call *call,
			  void *instance);

/**
 * serve_inspect() - LAYOUT, VALIDATE and DESCRIBE.
 *
 * @ret_has: Whether the type has such a method.
 */
KIST_CHECKED kist_status serve_inspect(struct server *server, const struct served_request *request,
				       struct served_call *call, uint64_t *ret_has);

/** serve_drop_kept() - Closes the instance that is kept for a description, if any. */
void serve_drop_kept(struct server *server);

/** serve_examine() - EXAMINE: takes the samples that are left of the request, and answers. */
KIST_CHECKED kist_status serve_examine(struct served_request *request, struct kist_error *err);

/** serve_lost() - The host is gone, or the two do not understand each other: ends the process. */
__attribute__((noreturn)) void serve_lost(void);

/** serve_within() - Notes what of a plugin runs (enum kist_within), for the host's messages. */
void serve_within(const struct server *server, unsigned within);

/** serve_seal() - The second step of the sandbox, before the first byte of data. */
KIST_CHECKED kist_status serve_seal(struct server *server, struct kist_error *err);

/** serve_finish() - Says how a call ended: what the plugin returned against what it said and did. */
void serve_finish(struct server *server, struct served_call *call, kist_status status, uint64_t result);

/** serve_find() - The object @id, or NULL. */
struct served_object *serve_find(struct server *server, uint64_t id);

/**
 * serve_fresh() - Makes sure that an object can be read from its beginning.
 *
 * @keep: It is a table, and will be read again.
 *
 * Errors: KIST_INVALID (its rows were read and not kept), and as kist_kept_table_new().
 */
KIST_CHECKED kist_status serve_fresh(struct served_object *slot, bool keep, struct served_call *call);

/** serve_release() - Releases an object that is in no slot. */
void serve_release(const struct server *server, struct kist_object *object);

/** serve_free_source() - Accepts NULL. */
void serve_free_source(struct served_source *source);

/** serve_object() - DROP, CONVERT, MAKE and FETCH. */
void serve_object(struct server *server, struct served_request *request);

/** serve_task() - CALL_TASK: begins it, and ends it unless it runs in a lane. */
void serve_task(struct server *server, struct served_request *request);
/** serve_task_end() - Ends a call that has run in a lane; it is given. */
void serve_task_end(void *job);

/** serve_lanes() - LANES.  Errors: KIST_LIMIT, KIST_INVALID (it comes too late, or again), KIST_NO_MEMORY. */
KIST_CHECKED kist_status serve_lanes(struct server *server, uint64_t count, struct kist_error *err);
/** serve_lanes_start() - Starts the threads, while there can be threads. */
KIST_CHECKED kist_status serve_lanes_start(struct server *server, struct kist_error *err);
/** serve_lane_run() - Has @run done on a lane, from 1 on, that is free.  @job: given. */
void serve_lane_run(struct server *server, uint32_t lane, void (*run)(void *job), void *job);
/** serve_lanes_wait() - Ends what has run in lanes, until there is a message from the host. */
void serve_lanes_wait(struct server *server);

/** serve_send_as() - A message of call @id to the host, from any thread; ends the process when it is gone. */
void serve_send_as(const struct server *server, uint32_t id, struct kist_header header,
		   struct kist_view payload);
/** serve_send() - A message of the call that the server's thread is in. */
void serve_send(struct server *server, struct kist_header header, struct kist_view payload);

/** serve_await() - The next message of kind @op; takes ACKs on the way.  Ends the process at any other. */
void serve_await(struct server *server, uint32_t op, struct kist_message *ret);

/** serve_flag() - KIST_OK, or how the host wants the call in @lane (0: that of the server's thread) to end. */
kist_status serve_flag(const struct server *server, uint32_t lane);

void served_call_init(struct served_call *call, struct server *server, const struct kist_host *host,
		      uint64_t deadline_ns);
void served_call_done(struct served_call *call);

/** served_breach() - Records that the plugin broke the contract; KIST_INVALID, for the plugin. */
kist_status served_breach(struct served_call *call, const char *format, ...) KIST_PRINTF(2, 3);

void served_source_init(struct served_source *source, struct server *server, int fd, uint32_t id,
			uint64_t size);
/** served_source_init_bytes() - A source over @bytes, borrowed. */
void served_source_init_bytes(struct served_source *source, struct server *server, struct kist_view bytes);
void served_sink_init(struct served_sink *sink, struct served_call *call);
/** served_sink_finish() - Sends what is left and waits until the host has all of it. */
void served_sink_finish(struct served_sink *sink);
void served_layout_init(struct served_layout *layout, struct served_call *call, uint64_t size);
/** served_layout_finish() - Sends what is left. */
void served_layout_finish(struct served_layout *layout);
void served_report_init(struct served_report *report, struct served_call *call);

/** serve_host_init() - The kist_host of one plugin. */
void serve_host_init(struct served_plugin *plugin, struct server *server, uint32_t index);

#endif
