/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "object/check.h"
#include "object/made.h"
#include "worker/guard.h"
#include "worker/serve.h"

/*
 * Calls of function tasks in the worker.  What the host sends is bound and checked already (client_task.c); what
 * a task gives back is not.
 *
 * A plugin takes objects by pointer.  An ordinary library takes guarded copies (guard.h): its signature is only
 * what somebody wrote in a manifest.
 */

/* One argument: what the function sees, and what that stands on. */
struct place {
	const char *name;	    /* of the input; "" for others */
	struct served_object *from; /* NULL: no object */
	struct kist_object object;  /* lent, or written by the function */
	struct kist_object reader;  /* of a table that is lent */
	struct kist_region region;
	DLManagedTensorVersioned *tensor; /* written by the function */
	DLManagedTensorVersioned copy;
	struct kist_guard guard;
	uint32_t count_of;
	/* Of what the function writes. */
	uint64_t id;
	uint32_t kinds;
	uint32_t form;
};

struct task_run {
	struct server *server;
	struct served_call own_call;
	struct served_call *call; /* @own_call */
	struct served_plugin *plugin;
	const struct kist_task *task;
	const struct kist_signature *signature;
	struct kist_buf payload; /* that arguments lie in; of a lane's */
	struct place places[KIST_SIGNATURE_ARGS_MAX];
	struct kist_task_value values[KIST_SIGNATURE_ARGS_MAX];
	/* What came of the function. */
	struct kist_task_value returned;
	struct kist_error error;
	kist_status status;
};

static void run_done(struct task_run *run)
{
	for (size_t i = 0; i < run->signature->arg_count; i++) {
		kist_guard_done(&run->places[i].guard);
		kist_object_release(&run->places[i].reader);
	}
}

/* Who was lent an object may look at it and no more. */
static void lent_release(struct kist_object *object)
{
	object->release = NULL;
}

/* Arguments. */

static void lend(struct place *place, const struct kist_object *object, struct kist_task_value *value)
{
	place->object = *object;
	place->object.release = lent_release;
	value->pointer = value->type == KIST_TASK_OBJECT ? (void *)&place->object : object->value;
}

/* A table is read by the task: it gets a reader of its own, which begins with the first row. */
static kist_status lend_tables(struct task_run *run)
{
	for (size_t i = 0; i < run->signature->arg_count; i++) {
		struct place *place = &run->places[i];

		if (!place->from || (place->from->object.kind != KIST_KIND_TABLE && !place->from->is_read))
			continue;
		KIST_TRY(serve_fresh(place->from, true, run->call));
		run->call->by_worker = true;
		KIST_TRY(kist_kept_table_read(place->from->kept, &place->reader, &run->call->error));
		run->call->by_worker = false;
		lend(place, &place->reader, &run->values[i]);
	}
	return KIST_OK;
}

static void read_bytes(struct kist_reader *reader, struct place *place, struct kist_task_value *value)
{
	struct kist_view bytes;
	size_t len;

	if (value->type == KIST_TASK_CSTR) {
		value->bytes.data = kist_get_text(reader, &len);
		value->bytes.size = len;
		return;
	}
	bytes = kist_get_bytes(reader);
	if (value->type != KIST_TASK_OBJECT) {
		value->bytes.data = bytes.data;
		value->bytes.size = bytes.size;
		return;
	}
	place->region = (struct kist_region){ .struct_size = sizeof(place->region),
					      .flags = KIST_REGION_READ_ONLY,
					      .base = bytes.data,
					      .len = bytes.size };
	place->object = (struct kist_object){ .struct_size = sizeof(place->object),
					      .kind = KIST_KIND_VALUE,
					      .type = "kist.value",
					      .type_major = 1,
					      .value = &place->region,
					      .release = lent_release };
	value->pointer = &place->object;
}

static void read_object(struct task_run *run, struct kist_reader *reader, struct place *place,
			struct kist_task_value *value)
{
	struct served_object *slot = serve_find(run->server, kist_get_u64(reader));
	const struct kist_region *region;

	if (!slot)
		serve_lost();
	place->from = slot;
	/* Last, since it may have to be read first. */
	if (slot->object.kind == KIST_KIND_TABLE || slot->is_read)
		return;
	if (value->type == KIST_TASK_BYTES || value->type == KIST_TASK_JSON) {
		region = slot->object.value;
		value->bytes.data = region->base;
		value->bytes.size = (size_t)region->len;
		return;
	}
	lend(place, &slot->object, value);
}

static void read_place(struct task_run *run, struct kist_reader *reader, size_t i)
{
	struct kist_task_value *value = &run->values[i];
	struct place *place = &run->places[i];
	size_t len;

	place->name = kist_get_text(reader, &len);
	switch (kist_get_u32(reader)) {
	case KIST_PASS_BITS:
		value->natural = kist_get_u64(reader);
		break;
	case KIST_PASS_BYTES:
		read_bytes(reader, place, value);
		break;
	case KIST_PASS_OBJECT:
		read_object(run, reader, place, value);
		break;
	case KIST_PASS_COUNT:
		place->count_of = kist_get_u32(reader);
		if (place->count_of >= run->signature->arg_count)
			serve_lost();
		break;
	default:
		serve_lost();
	}
}

static void read_out(struct kist_reader *reader, struct place *place, struct kist_task_value *value)
{
	place->id = kist_get_u64(reader);
	place->kinds = kist_get_u32(reader);
	place->form = kist_get_u32(reader);
	place->object = (struct kist_object)KIST_OBJECT_INIT;
	place->region = (struct kist_region){ .struct_size = sizeof(place->region) };
	value->pointer = value->type == KIST_TASK_TENSOR_OUT   ? (void *)&place->tensor
			 : value->type == KIST_TASK_OBJECT_OUT ? (void *)&place->object
							       : (void *)&place->region;
}

static void read_all(struct task_run *run, struct kist_reader *reader)
{
	const struct kist_signature *signature = run->signature;

	for (size_t i = 0; i < signature->arg_count; i++) {
		run->values[i].type = signature->args[i];
		run->places[i].count_of = UINT32_MAX;
		run->places[i].name = "";
		if (signature->args[i] == KIST_TASK_CALL)
			run->values[i].pointer = &run->call->base;
		else if (!kist_signature_is_out(signature->args[i]))
			read_place(run, reader, i);
	}
	for (size_t i = 0; i < signature->arg_count; i++) {
		if (kist_signature_is_out(signature->args[i]))
			read_out(reader, &run->places[i], &run->values[i]);
	}
	if (!kist_reader_end(reader))
		serve_lost();
}

/* Ordinary libraries. */

static kist_status refuse(const struct task_run *run, const struct place *place, const char *what)
{
	return kist_fail_at(&run->call->error, KIST_INVALID, "E_ARGUMENT", KIST_NO_OFFSET,
			    "argument '%s': %s", place->name, what);
}

/* The DLPack type of an array's elements. */
static DLDataType element_of(uint8_t type)
{
	static const DLDataType elements[] = { { kDLInt, 8, 1 },   { kDLInt, 16, 1 },  { kDLInt, 32, 1 },
					       { kDLInt, 64, 1 },  { kDLUInt, 8, 1 },  { kDLUInt, 16, 1 },
					       { kDLUInt, 32, 1 }, { kDLUInt, 64, 1 }, { kDLFloat, 32, 1 },
					       { kDLFloat, 64, 1 } };

	return elements[type - KIST_TASK_I8_ARRAY];
}

static kist_status guard_tensor(struct task_run *run, size_t i)
{
	struct place *place = &run->places[i];
	const DLManagedTensorVersioned *tensor = place->from->object.value;
	const uint8_t type = run->values[i].type;
	char text[96];
	char name[32];

	if (type >= KIST_TASK_I8_ARRAY) {
		const DLDataType wanted = element_of(type);
		const DLDataType given = tensor->dl_tensor.dtype;

		kist_dtype_name(given, name);
		(void)snprintf(text, sizeof(text), "a tensor of %s was given, %s is expected", name,
			       kist_task_type_name(type));
		if (given.code != wanted.code || given.bits != wanted.bits || given.lanes != wanted.lanes)
			return refuse(run, place, text);
	}
	KIST_TRY(kist_guard_tensor(&tensor->dl_tensor, &place->guard, &run->call->error));
	place->copy = *tensor;
	place->copy.dl_tensor.data = place->guard.data;
	place->copy.dl_tensor.byte_offset = 0;
	place->copy.dl_tensor.strides = NULL;
	place->copy.deleter = NULL;
	place->copy.flags |= DLPACK_FLAG_BITMASK_READ_ONLY;
	run->values[i].pointer = type == KIST_TASK_TENSOR ? (void *)&place->copy : place->guard.data;
	return KIST_OK;
}

static kist_status guard_bytes(struct task_run *run, size_t i)
{
	struct kist_task_value *value = &run->values[i];
	struct place *place = &run->places[i];
	const size_t size = value->bytes.size + (value->type == KIST_TASK_CSTR);

	KIST_TRY(kist_guard_copy(value->bytes.data, size, &place->guard, &run->call->error));
	value->bytes.data = place->guard.data;
	return KIST_OK;
}

/* The number of elements of another argument. */
static kist_status count(struct task_run *run, size_t i)
{
	struct place *place = &run->places[i];
	const struct place *counted = &run->places[place->count_of];
	struct kist_task_value *value = &run->values[i];
	const DLTensor *tensor;
	/* Of the type's positive numbers. */
	const unsigned bits = value->type >= KIST_TASK_U8 ? 8u << (value->type - KIST_TASK_U8)
							  : (8u << (value->type - KIST_TASK_I8)) - 1;
	uint64_t elements = 1;

	if (!counted->from || counted->from->object.kind != KIST_KIND_TENSOR)
		serve_lost();
	tensor = &((const DLManagedTensorVersioned *)counted->from->object.value)->dl_tensor;
	for (int32_t k = 0; k < tensor->ndim; k++)
		elements *= (uint64_t)tensor->shape[k];
	if (bits < 64 && elements >> bits != 0)
		return refuse(run, counted, "it has more elements than the function can be told");
	value->natural = elements;
	return KIST_OK;
}

static kist_status guard_all(struct task_run *run)
{
	run->call->by_worker = true;
	for (size_t i = 0; i < run->signature->arg_count; i++) {
		const uint8_t type = run->values[i].type;

		if (run->places[i].count_of != UINT32_MAX)
			KIST_TRY(count(run, i));
		else if (type == KIST_TASK_TENSOR || type >= KIST_TASK_I8_ARRAY)
			KIST_TRY(guard_tensor(run, i));
		else if (type == KIST_TASK_CSTR || type == KIST_TASK_BYTES || type == KIST_TASK_JSON)
			KIST_TRY(guard_bytes(run, i));
	}
	run->call->by_worker = false;
	return KIST_OK;
}

/* Results. */

/* What was lent, or was given before, has an owner already. */
static bool is_taken(const struct task_run *run, size_t i, const void *value)
{
	for (size_t k = 0; value && k < run->signature->arg_count; k++) {
		const struct place *place = &run->places[k];

		if ((place->from && (place->from->object.value == value || place->reader.value == value)) ||
		    (k < i && kist_signature_is_out(run->signature->args[k]) && place->object.value == value))
			return true;
	}
	return false;
}

static kist_status take_tensor(struct task_run *run, struct place *place)
{
	if (!place->tensor)
		return served_breach(run->call, "it succeeded and gave no tensor");
	if (!place->tensor->deleter)
		return served_breach(run->call, "it gave a tensor without a deleter, which nobody owns");
	kist_object_of_tensor(place->tensor, &place->object);
	return KIST_OK;
}

/* A text becomes the JSON string that says it. */
static kist_status take_text(struct task_run *run, struct place *place)
{
	const struct kist_region *region = &place->region;
	kist_auto_json json_t *string = NULL;
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_WORKER_TEXT_SIZE_MAX);

	if (!kist_utf8_valid(region->base, (size_t)region->len) ||
	    (region->len > 0 && memchr(region->base, 0, (size_t)region->len)))
		return served_breach(run->call, "it gave a text that is not UTF-8, or holds a NUL");
	string = json_stringn_nocheck(region->len > 0 ? region->base : "", (size_t)region->len);
	if (!string)
		return kist_fail_memory(&run->call->error, (size_t)region->len);
	KIST_TRY(kist_json_canonical(string, &text, &run->call->error));
	KIST_TRY(kist_object_of_copy(text.data, text.size, KIST_KIND_VALUE, &place->object,
				     &run->call->error));
	kist_region_release(&place->region);
	return KIST_OK;
}

static kist_status take_region(struct task_run *run, struct place *place)
{
	const uint32_t kind = place->form == KIST_FORM_BYTES ? KIST_KIND_BYTES : KIST_KIND_VALUE;
	struct kist_region *region = &place->region;

	if ((!region->base && region->len > 0) || region->len > PTRDIFF_MAX)
		return served_breach(run->call, "it gave a region of %llu bytes at no address",
				     (unsigned long long)region->len);
	run->call->by_worker = true;
	if (place->form == KIST_FORM_TEXT)
		KIST_TRY(take_text(run, place));
	else if (region->release)
		KIST_TRY(kist_object_of_region(region, kind, &place->object, &run->call->error));
	else /* It may be of the call's own memory, which ends with it. */
		KIST_TRY(kist_object_of_copy(region->base, (size_t)region->len, kind, &place->object,
					     &run->call->error));
	run->call->by_worker = false;
	return KIST_OK;
}

static kist_status take_out(struct task_run *run, size_t i)
{
	struct kist_error error = KIST_ERROR_INIT;
	struct place *place = &run->places[i];

	if (run->values[i].type == KIST_TASK_TENSOR_OUT && !is_taken(run, i, place->tensor))
		KIST_TRY(take_tensor(run, place));
	else if (run->values[i].type == KIST_TASK_TENSOR_OUT)
		place->object.value = place->tensor;
	else if (run->values[i].type == KIST_TASK_REGION_OUT)
		KIST_TRY(take_region(run, place));
	if (is_taken(run, i, place->object.value))
		return served_breach(run->call, "it gave back what was lent to it, or gave one thing twice");
	if (kist_object_check(&place->object, &error) != KIST_OK)
		return served_breach(run->call, "%s", error.text);
	if ((place->kinds & KIST_KIND_BIT(place->object.kind)) == 0)
		return served_breach(run->call, "it gave an object of kind %s",
				     kist_kind_name(place->object.kind));
	return KIST_OK;
}

static void keep(struct task_run *run, struct place *place)
{
	struct served_object *slot = &run->server->objects[place->id % KIST_WORKER_OBJECTS_MAX];

	if (place->id == 0 || slot->id != 0)
		serve_lost();
	slot->id = place->id;
	slot->object = place->object;
	slot->source = NULL;
	slot->plugin = run->plugin;
	slot->is_shared = true;
}

static kist_status take_all(struct task_run *run)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;

	for (size_t i = 0; i < run->signature->arg_count; i++) {
		if (kist_signature_is_out(run->values[i].type))
			KIST_TRY(take_out(run, i));
	}
	for (size_t i = 0; i < run->signature->arg_count; i++) {
		if (!kist_signature_is_out(run->values[i].type))
			continue;
		keep(run, &run->places[i]);
		kist_put_u32(&writer, run->places[i].object.kind);
	}
	kist_put_u64(&writer, run->signature->ret > KIST_TASK_STATUS ? run->returned.natural : 0);
	serve_send_as(run->server, run->call->id, (struct kist_header){ .op = KIST_OP_RESULTS },
		      kist_buf_view(&writer.buf));
	return KIST_OK;
}

/* A task that fails leaves nothing behind. */
static void check_failed(struct task_run *run)
{
	for (size_t i = 0; i < run->signature->arg_count; i++) {
		const struct place *place = &run->places[i];

		if (kist_signature_is_out(run->values[i].type) &&
		    (place->tensor || place->object.release || place->region.release))
			(void)served_breach(run->call, "it failed and left an object");
	}
}

/* All that is needed before the function is called. */
static kist_status prepare(struct task_run *run)
{
	const kist_status status = serve_seal(run->server, &run->call->error);

	run->call->by_worker = status != KIST_OK;
	KIST_TRY(status);
	KIST_TRY(lend_tables(run));
	return run->plugin->manifest->is_ordinary ? guard_all(run) : KIST_OK;
}

/* The function itself; maybe on a thread of its own. */
static void call_function(void *job)
{
	struct task_run *run = job;

	run->status = kist_task_call(run->task, run->values, run->signature->arg_count, &run->returned,
				     &run->error);
}

static kist_status judge(struct task_run *run)
{
	kist_status status = run->status;

	/* A function that returns a number has no other way to fail. */
	if (status == KIST_OK && run->signature->ret != KIST_TASK_STATUS)
		status = run->call->error.status;
	if (status != KIST_OK)
		check_failed(run);
	/* The arguments are of the signature's types, so this can only be what the function returned. */
	if (status == KIST_INTERNAL && run->call->error.status == KIST_OK)
		(void)served_breach(run->call, "%s", run->error.text);
	if (status != KIST_OK)
		return status;
	if (run->call->error.status != KIST_OK)
		return served_breach(run->call, "it reported a failure and returned as if there was none");
	return take_all(run);
}

static void finish(struct task_run *run, kist_status status)
{
	run_done(run);
	serve_finish(run->server, run->call, status, 0);
}

void serve_task_end(void *job)
{
	struct task_run *run = job;

	finish(run, judge(run));
	kist_buf_done(&run->payload);
	kist_free(run);
}

static void begin(struct task_run *run, struct server *server, struct served_request *request)
{
	const uint32_t plugin = kist_get_u32(&request->reader);
	const uint32_t index = kist_get_u32(&request->reader);

	if (request->reader.bad || plugin >= KIST_WORKER_PLUGINS_MAX || !server->plugins[plugin].loaded ||
	    index >= server->plugins[plugin].code.task_count || request->header.c > server->lane_count)
		serve_lost();
	run->server = server;
	run->plugin = &server->plugins[plugin];
	run->call = &run->own_call;
	run->signature = &run->plugin->manifest->tasks[index].call;
	run->task = run->plugin->tasks[index];
	run->returned.type = KIST_TASK_VOID;
	run->error = (struct kist_error)KIST_ERROR_INIT;
	served_call_init(run->call, server, &run->plugin->host, request->header.b);
	run->call->lane = request->header.c;
	server->ahead_valid = false;
	read_all(run, &request->reader);
}

static void run_in_lane(struct server *server, struct served_request *request)
{
	struct task_run *run = kist_alloc(1, sizeof(*run));
	struct served_call call;
	kist_status status;

	if (!run) {
		served_call_init(&call, server, NULL, request->header.b);
		call.by_worker = true;
		serve_finish(server, &call, kist_fail_memory(&call.error, sizeof(*run)), 0);
		return;
	}
	begin(run, server, request);
	/* The arguments lie in it. */
	run->payload = request->payload;
	request->payload = (struct kist_buf)KIST_BUF_INIT(0);
	status = prepare(run);
	if (status == KIST_OK) {
		serve_lane_run(server, run->call->lane, call_function, run);
		return;
	}
	finish(run, status);
	kist_buf_done(&run->payload);
	kist_free(run);
}

void serve_task(struct server *server, struct served_request *request)
{
	struct task_run run = { .server = server };
	kist_status status;

	if (request->header.c > 0) {
		run_in_lane(server, request);
		return;
	}
	begin(&run, server, request);
	status = prepare(&run);
	if (status == KIST_OK) {
		call_function(&run);
		status = judge(&run);
	}
	finish(&run, status);
}
