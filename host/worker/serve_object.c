/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/mem.h"
#include "object/check.h"
#include "object/convert.h"
#include "object/made.h"
#include "worker/serve.h"

/*
 * The objects of a worker: where they are, how they end, and the calls that are about nothing else.
 */

struct served_object *serve_find(struct server *server, uint64_t id)
{
	struct served_object *slot = &server->objects[id % KIST_WORKER_OBJECTS_MAX];

	return id != 0 && slot->id == id ? slot : NULL;
}

void serve_free_source(struct served_source *source)
{
	if (!source)
		return;
	kist_fd_close(&source->fd);
	kist_free(source);
}

void serve_release(const struct server *server, struct kist_object *object)
{
	serve_within(server, KIST_WITHIN_RELEASE);
	kist_object_release(object);
	serve_within(server, KIST_WITHIN_CALL);
}

static void drop_object(struct served_object *slot)
{
	kist_object_release(&slot->object);
	kist_kept_table_unref(kist_steal(slot->kept));
	serve_free_source(kist_steal(slot->source));
	slot->is_read = false;
	slot->id = 0;
}

kist_status serve_fresh(struct served_object *slot, bool keep, struct served_call *call)
{
	kist_status status = KIST_OK;

	if (slot->is_read)
		status = kist_fail(&call->error, KIST_INVALID, "the rows of this table were read already");
	if (status == KIST_OK && keep && slot->object.kind == KIST_KIND_TABLE && !slot->kept) {
		status = kist_kept_table_new(&slot->object, &call->base, &slot->kept, &call->error);
		slot->is_read = status != KIST_OK;
	}
	if (status == KIST_OK && slot->kept) {
		kist_object_release(&slot->object);
		status = kist_kept_table_read(slot->kept, &slot->object, &call->error);
		slot->is_read = status != KIST_OK;
	}
	call->by_worker = status != KIST_OK;
	return status;
}

/* CONVERT and ROWS: another object in the place of one. */
static kist_status convert(struct server *server, struct served_request *request, struct served_call *call,
			   uint64_t *ret_kind)
{
	struct served_object *slot = serve_find(server, request->header.a);
	const bool is_rows = request->header.op == KIST_OP_ROWS;
	const uint64_t skip = is_rows ? kist_get_u64(&request->reader) : 0;
	const uint64_t count = is_rows ? kist_get_u64(&request->reader) : 0;
	const uint32_t kinds = is_rows ? 0 : kist_get_u32(&request->reader);
	size_t len;
	const char *select = kist_get_text(&request->reader, &len);
	struct kist_object made = { .struct_size = sizeof(made) };
	struct kist_error error = KIST_ERROR_INIT;
	kist_status status;

	if (!slot || request->reader.bad)
		serve_lost();
	KIST_TRY(serve_fresh(slot, false, call));
	status = is_rows ? kist_object_rows(&slot->object, select, skip, count, &made, &error)
			 : kist_object_convert(&slot->object, kinds, select, &call->base, &made, &error);
	if (status != KIST_OK) {
		slot->is_read = !slot->object.release;
		/* What the producer itself said is nearer to the cause than what the converter made of it. */
		if (call->error.status == KIST_OK) {
			call->error = error;
			call->by_worker = true;
		}
		return status;
	}
	/* What is kept is what it was made of: the result may lean on it, and holds it by itself. */
	slot->object = made;
	kist_kept_table_unref(kist_steal(slot->kept));
	slot->is_read = false;
	slot->id += KIST_WORKER_OBJECTS_MAX;
	*ret_kind = made.kind;
	return KIST_OK;
}

/* MAKE: an object of the host's own bytes. */
static kist_status make(struct server *server, struct served_request *request, struct served_call *call)
{
	struct served_object *slot = &server->objects[request->header.a % KIST_WORKER_OBJECTS_MAX];
	const uint32_t kind = kist_get_u32(&request->reader);
	const struct kist_view bytes = kist_get_bytes(&request->reader);

	if (!kist_reader_end(&request->reader) || slot->id != 0 || request->header.a == 0 ||
	    (kind != KIST_KIND_BYTES && kind != KIST_KIND_VALUE))
		serve_lost();
	KIST_TRY(kist_object_of_copy(bytes.data, bytes.size, kind, &slot->object, &call->error));
	slot->id = request->header.a;
	slot->plugin = NULL;
	return KIST_OK;
}

/* FETCH: the bytes of an object back to the host. */
static kist_status fetch(struct server *server, const struct served_request *request,
			 struct served_call *call)
{
	const struct served_object *slot = serve_find(server, request->header.a);
	const struct kist_region *region;
	struct served_sink sink;
	kist_status status;

	if (!slot || (slot->object.kind != KIST_KIND_BYTES && slot->object.kind != KIST_KIND_VALUE))
		serve_lost();
	region = slot->object.value;
	served_sink_init(&sink, call);
	status = sink.base.write(&sink.base, region->base, (size_t)region->len);
	served_sink_finish(&sink);
	return status;
}

static kist_status drop(struct server *server, const struct served_request *request)
{
	struct served_object *slot = serve_find(server, request->header.a);

	if (!slot)
		serve_lost();
	drop_object(slot);
	return KIST_OK;
}

void serve_object(struct server *server, struct served_request *request)
{
	const struct served_object *slot = serve_find(server, request->header.a);
	struct served_plugin *plugin = slot && slot->plugin ? slot->plugin : &server->self;
	struct served_call call;
	uint64_t result = 0;
	kist_status status;

	served_call_init(&call, server, &plugin->host, request->header.b);
	server->ahead_valid = false;
	status = serve_seal(server, &call.error);
	if (status != KIST_OK)
		call.by_worker = true;
	else if (request->header.op == KIST_OP_CONVERT || request->header.op == KIST_OP_ROWS)
		status = convert(server, request, &call, &result);
	else if (request->header.op == KIST_OP_MAKE)
		status = make(server, request, &call);
	else if (request->header.op == KIST_OP_FETCH)
		status = fetch(server, request, &call);
	else
		status = drop(server, request);
	serve_finish(server, &call, status, result);
}
