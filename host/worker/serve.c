/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/serve.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "object/check.h"

static void request_done(struct served_request *request)
{
	kist_arguments_done(&request->arguments);
	kist_buf_done(&request->payload);
	kist_fd_close(&request->fd);
}

/* The host is gone, or the two do not understand each other: nothing is left to do. */
void serve_lost(void)
{
	_exit(KIST_WORKER_EXIT_LOST);
}

void serve_send_as(const struct server *server, uint32_t id, struct kist_header header,
		   struct kist_view payload)
{
	header.id = id;
	if (kist_channel_send(server->socket, header, payload, -1, 0, NULL) != KIST_OK)
		serve_lost();
}

void serve_send(struct server *server, struct kist_header header, struct kist_view payload)
{
	serve_send_as(server, server->call_id, header, payload);
}

void serve_await(struct server *server, uint32_t op, struct kist_message *ret)
{
	for (;;) {
		if (kist_channel_recv(server->socket, server->buffer, false, ret, NULL) != KIST_OK)
			serve_lost();
		if (ret->header.op == KIST_OP_ACK && ret->header.a < KIST_RING_SLOTS) {
			server->slot_busy[ret->header.a] = false;
			if (server->sink_status == KIST_OK)
				server->sink_status = (kist_status)(int32_t)(uint32_t)ret->header.b;
		} else if (ret->header.op != op) {
			serve_lost();
		}
		if (ret->header.op == op)
			return;
	}
}

kist_status serve_flag(const struct server *server, uint32_t lane)
{
	struct kist_control *control = (struct kist_control *)(void *)server->control.data;

	switch (atomic_load_explicit(lane == 0 ? &control->cancel : &control->lanes[lane - 1],
				     memory_order_relaxed)) {
	case KIST_CANCEL_NO:
		return KIST_OK;
	case KIST_CANCEL_DEADLINE:
		return KIST_DEADLINE;
	default:
		return KIST_CANCELLED;
	}
}

void serve_within(const struct server *server, unsigned within)
{
	struct kist_control *control = (struct kist_control *)(void *)server->control.data;

	atomic_store_explicit(&control->within, within, memory_order_relaxed);
}

static void send_return(const struct server *server, uint32_t id, kist_status status, uint64_t result,
			uint32_t why, const struct kist_error *error)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;

	if (status != KIST_OK)
		kist_put_error(&writer, error);
	serve_send_as(
		server, id,
		(struct kist_header){ .op = KIST_OP_RETURN, .a = (uint32_t)status, .b = result, .c = why },
		kist_buf_view(&writer.buf));
}

/* Says how a call ended: what the plugin returned against what it said and did. */
void serve_finish(struct server *server, struct served_call *call, kist_status status, uint64_t result)
{
	if (status > KIST_OK || status < KIST_STATUS_MIN)
		(void)served_breach(call, "it returned the status %d", status);
	if (call->breach.status != KIST_OK)
		send_return(server, call->id, KIST_INTERNAL, 0, KIST_WHY_BREACH, &call->breach);
	else if (status == KIST_OK)
		send_return(server, call->id, KIST_OK, result, 0, NULL);
	else if (call->error.status == KIST_OK)
		send_return(server, call->id, status, 0, KIST_WHY_SILENT, &call->error);
	else
		send_return(server, call->id, status, 0, call->by_worker ? KIST_WHY_WORKER : KIST_WHY_PLUGIN,
			    &call->error);
	served_call_done(call);
}

static kist_status deserialize(struct server *server, struct served_request *request,
			       struct served_call *call, uint64_t *ret_kind)
{
	const ArtifactTaskInterface *interface = &request->type->interface;
	struct served_object *slot = &server->objects[request->header.a % KIST_WORKER_OBJECTS_MAX];
	struct served_source *source;
	kist_status status;
	void *instance;

	if (slot->id != 0 || request->header.a == 0)
		serve_lost();
	source = kist_alloc(1, sizeof(*source));
	if (!source)
		return kist_fail_memory(&call->error, sizeof(*source));
	served_source_init(source, server, kist_fd_move(&request->fd),
			   (uint32_t)(request->header.a % KIST_WORKER_OBJECTS_MAX), request->input_size);
	slot->object = (struct kist_object){ .struct_size = sizeof(slot->object) };
	slot->source = source;
	status = serve_open_instance(request, call, &instance);
	if (status == KIST_OK) {
		status = interface->deserialize(instance, &call->base, &source->base,
						&request->arguments.params, &slot->object);
		serve_close_instance(request, call, instance);
	}
	if (status == KIST_OK && call->breach.status == KIST_OK) {
		struct kist_error error = KIST_ERROR_INIT;

		if (kist_object_check(&slot->object, &error) != KIST_OK)
			(void)served_breach(call, "%s", error.text);
	}
	if (status == KIST_OK && call->breach.status == KIST_OK) {
		slot->id = request->header.a;
		slot->plugin = request->plugin;
		slot->is_shared = request->header.c != 0;
		*ret_kind = slot->object.kind;
		return KIST_OK;
	}
	/* What a failed call left is not looked at again, and not freed: it may be half made. */
	if (status != KIST_OK && slot->object.release)
		(void)served_breach(call, "it failed and left an object");
	else if (slot->object.release)
		serve_release(server, &slot->object);
	slot->object = (struct kist_object){ .struct_size = sizeof(slot->object) };
	serve_free_source(kist_steal(slot->source));
	return status;
}

static kist_status serialize(struct server *server, const struct served_request *request,
			     struct served_call *call)
{
	const ArtifactTaskInterface *interface = &request->type->interface;
	struct served_object *slot = serve_find(server, request->header.a);
	struct served_sink sink;
	kist_status status;
	void *instance;

	if (!slot)
		serve_lost();
	/* What is wanted by nobody else is passed on as it is read. */
	KIST_TRY(serve_fresh(slot, slot->is_shared, call));
	served_sink_init(&sink, call);
	status = serve_open_instance(request, call, &instance);
	if (status != KIST_OK)
		return status;
	status = interface->serialize(instance, &call->base, &slot->object, &request->arguments.params,
				      &sink.base);
	serve_close_instance(request, call, instance);
	/* A part that a failure left open is no second fault. */
	if (status != KIST_OK)
		sink.in_part = false;
	served_sink_finish(&sink);
	slot->is_read = status == KIST_OK && slot->object.kind == KIST_KIND_TABLE && !slot->kept;
	return status;
}

static kist_status probe(const struct served_request *request, struct served_call *call, uint64_t *ret_score)
{
	const struct kist_view head = request->reader.rest;
	int32_t score = 0;

	if (request->type->interface.probe)
		KIST_TRY(request->type->interface.probe(head.data, head.size, request->input_size, &score));
	if (score < 0 || score > 100)
		return served_breach(call, "its probe gave the score %d", score);
	*ret_score = (uint64_t)score;
	return KIST_OK;
}

/* The loop. */

static void read_request(struct server *server, struct kist_message *message, struct served_request *ret)
{
	struct kist_view payload = message->payload;
	bool stays = false;

	ret->header = message->header;
	ret->fd = message->fd;
	ret->payload = (struct kist_buf)KIST_BUF_INIT(KIST_WINDOW_SIZE);
	ret->arguments = (struct kist_arguments)KIST_ARGUMENTS_INIT;
	if ((message->header.op & KIST_OP_IN_WINDOW) != 0) {
		if (!server->in.data)
			serve_lost();
		payload = kist_view_of(server->in.data, message->header.len);
		ret->header.op &= ~KIST_OP_IN_WINDOW;
		server->ahead_valid = false;
		/* No sample READs, so nothing else comes into the window before all are answered. */
		stays = ret->header.op == KIST_OP_EXAMINE;
	}
	if (!stays && kist_buf_append(&ret->payload, payload.data, payload.size, NULL) != KIST_OK)
		serve_lost();
	ret->reader = (struct kist_reader){ .rest = stays ? payload : kist_buf_view(&ret->payload) };
	server->call_id = ret->header.id;
}

static void read_target(struct server *server, struct served_request *request)
{
	const uint32_t plugin = kist_get_u32(&request->reader);
	const uint32_t type = kist_get_u32(&request->reader);

	request->input_kind = kist_get_u32(&request->reader);
	request->input_size = kist_get_u64(&request->reader);
	if (request->reader.bad || plugin >= KIST_WORKER_PLUGINS_MAX || !server->plugins[plugin].loaded ||
	    type >= server->plugins[plugin].code.type_count ||
	    (request->input_kind == KIST_INPUT_FD) != (request->fd >= 0) ||
	    (request->input_kind == KIST_INPUT_HOST && !server->in.data))
		serve_lost();
	request->plugin = &server->plugins[plugin];
	request->type = &request->plugin->code.types[type];
}

kist_status serve_seal(struct server *server, struct kist_error *err)
{
	if (server->sealed)
		return KIST_OK;
	/* Threads have what was given up before they were started. */
	KIST_TRY(kist_sandbox_seal_files(&server->sandbox, err));
	KIST_TRY(serve_lanes_start(server, err));
	KIST_TRY(kist_sandbox_seal(&server->sandbox, server->threads, err));
	server->sealed = true;
	return KIST_OK;
}

static void run_call(struct server *server, struct served_request *request)
{
	struct served_call call;
	uint64_t result = 0;
	kist_status status;

	read_target(server, request);
	served_call_init(&call, server, &request->plugin->host, request->header.b);
	server->ahead_valid = false;
	status = serve_seal(server, &call.error);
	if (request->header.op != KIST_OP_DESCRIBE)
		serve_drop_kept(server);
	if (status == KIST_OK)
		status = kist_get_arguments(&request->reader, &request->arguments, &call.error);
	if (status != KIST_OK) {
		call.by_worker = true;
	} else if (request->reader.bad) {
		serve_lost();
	} else if (request->header.op == KIST_OP_PROBE) {
		status = probe(request, &call, &result);
	} else if (request->header.op == KIST_OP_DESERIALIZE) {
		status = deserialize(server, request, &call, &result);
	} else if (request->header.op == KIST_OP_SERIALIZE) {
		status = serialize(server, request, &call);
	} else if (request->header.op == KIST_OP_EXAMINE) {
		call.by_worker = true;
		status = serve_examine(request, &call.error);
	} else {
		status = serve_inspect(server, request, &call, &result);
	}
	serve_finish(server, &call, status, result);
}

static void run_load(struct server *server, struct served_request *request)
{
	struct served_call call;
	kist_status status;

	served_call_init(&call, server, NULL, request->header.b);
	status = serve_load(server, request->header.a, kist_buf_view(&request->payload),
			    kist_fd_move(&request->fd), &call);
	serve_finish(server, &call, status, 0);
}

static void run_lanes(struct server *server, const struct served_request *request)
{
	struct served_call call;
	kist_status status;

	served_call_init(&call, server, NULL, request->header.b);
	call.by_worker = true;
	status = serve_lanes(server, request->header.a, &call.error);
	serve_finish(server, &call, status, 0);
}

static void open_window(struct server *server, struct served_request *request)
{
	struct kist_shm *window = request->header.a == KIST_WINDOW_IN ? &server->in : &server->ring;
	const size_t size =
		request->header.a == KIST_WINDOW_IN ? KIST_WINDOW_SIZE : KIST_SLOT_SIZE * KIST_RING_SLOTS;

	if (window->data || kist_shm_open_take(kist_fd_move(&request->fd), size, window, NULL) != KIST_OK)
		serve_lost();
}

static void dispatch(struct server *server, struct served_request *request)
{
	switch (request->header.op) {
	case KIST_OP_WINDOW:
		open_window(server, request);
		return;
	case KIST_OP_PING:
		send_return(server, server->call_id, KIST_OK, 0, 0, NULL);
		return;
	case KIST_OP_LOAD:
		run_load(server, request);
		return;
	case KIST_OP_LANES:
		run_lanes(server, request);
		return;
	case KIST_OP_DROP:
	case KIST_OP_CONVERT:
	case KIST_OP_ROWS:
	case KIST_OP_MAKE:
	case KIST_OP_FETCH:
		serve_object(server, request);
		return;
	case KIST_OP_CALL_TASK:
		serve_task(server, request);
		return;
	case KIST_OP_PROBE:
	case KIST_OP_LAYOUT:
	case KIST_OP_VALIDATE:
	case KIST_OP_DESCRIBE:
	case KIST_OP_DESERIALIZE:
	case KIST_OP_SERIALIZE:
	case KIST_OP_EXAMINE:
		run_call(server, request);
		return;
	default:
		serve_lost();
	}
}

static void serve_one(struct server *server, struct kist_message *message)
{
	__attribute__((cleanup(request_done))) struct served_request request = { .fd = -1 };

	read_request(server, message, &request);
	dispatch(server, &request);
}

static void send_ready(struct server *server)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;

	kist_put_u32(&writer, (uint32_t)server->sandbox.count);
	for (size_t i = 0; i < server->sandbox.count; i++) {
		const struct kist_sandbox_item *item = &server->sandbox.items[i];

		kist_put_text(&writer, item->name, strlen(item->name));
		kist_put_text(&writer, item->state, strlen(item->state));
		kist_put_text(&writer, item->detail, strlen(item->detail));
	}
	serve_send(server, (struct kist_header){ .op = KIST_OP_READY, .b = KIST_PROTOCOL_VERSION },
		   kist_buf_view(&writer.buf));
}

/* CONFIG comes first, and READY answers it when the sandbox is on. */
static kist_status start(struct server *server, struct kist_error *err)
{
	struct kist_message message;

	KIST_TRY(kist_channel_recv(server->socket, server->buffer, true, &message, err));
	if (message.header.op != KIST_OP_CONFIG || message.header.b != KIST_PROTOCOL_VERSION ||
	    message.fd < 0)
		return kist_fail(err, KIST_INCOMPATIBLE, "the host speaks another protocol");
	KIST_TRY(kist_shm_open_take(message.fd, KIST_CONTROL_SIZE, &server->control, err));
	KIST_TRY(kist_sandbox_enter(message.header.a, &server->sandbox, err));
	send_ready(server);
	return KIST_OK;
}

int kist_serve(int socket)
{
	static uint8_t buffer[KIST_MESSAGE_SIZE_MAX];
	static struct served_plugin plugins[KIST_WORKER_PLUGINS_MAX];
	static struct served_object objects[KIST_WORKER_OBJECTS_MAX];
	static struct server server;
	struct kist_error error = KIST_ERROR_INIT;

	server = (struct server){ .socket = socket,
				  .buffer = buffer,
				  .control = KIST_SHM_INIT,
				  .in = KIST_SHM_INIT,
				  .ring = KIST_SHM_INIT,
				  .plugins = plugins,
				  .objects = objects,
				  .lane_end = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
	serve_host_init(&server.self, &server, KIST_WORKER_PLUGINS_MAX);
	if (server.lane_end < 0 || start(&server, &error) != KIST_OK) {
		/* The host shows it: it reads this output. */
		(void)fprintf(stderr, "%s\n", error.text);
		return KIST_WORKER_EXIT_LOST;
	}
	for (;;) {
		struct kist_message message;
		kist_status status;

		serve_lanes_wait(&server);
		status = kist_channel_recv(socket, buffer, true, &message, NULL);
		if (status != KIST_OK)
			return status == KIST_CRASHED ? 0 : KIST_WORKER_EXIT_LOST;
		serve_one(&server, &message);
	}
}
