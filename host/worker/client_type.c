/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"
#include "worker/client.h"

/*
 * The calls of worker.h on plugins and objects.
 */

#define PROBE_HEAD_MAX ((size_t)64 << 10)

/* Windows, made when they are first needed: their pages cost more than all the rest of a start. */

kist_status client_need_window(struct kist_worker *worker, enum kist_window which, struct kist_error *err)
{
	struct kist_shm *window = which == KIST_WINDOW_IN ? &worker->in : &worker->ring;
	const size_t size = which == KIST_WINDOW_IN ? KIST_WINDOW_SIZE : KIST_SLOT_SIZE * KIST_RING_SLOTS;
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;

	if (!worker->copy)
		worker->copy = kist_alloc(KIST_SLOT_SIZE, 1);
	if (!worker->copy)
		return kist_fail_memory(err, KIST_SLOT_SIZE);
	if (window->data || worker->gone.status != KIST_OK)
		return KIST_OK;
	KIST_TRY(kist_shm_create(which == KIST_WINDOW_IN ? "kist-in" : "kist-ring", size, window, err));
	status = kist_channel_send(worker->child.socket,
				   (struct kist_header){ .op = KIST_OP_WINDOW, .a = which },
				   kist_view_of(NULL, 0), window->fd,
				   kist_now_ns() + worker->options.call_ms_max * 1000000u, &why);
	/* A worker that is gone is found and named by the call itself, and @err is left to that. */
	if (status == KIST_OK || status == KIST_CRASHED)
		return KIST_OK;
	if (err)
		*err = why;
	return status;
}

kist_status client_payload(struct kist_worker *worker, const struct kist_writer *writer,
			   struct exchange *exchange, struct kist_error *err)
{
	if (writer->status != KIST_OK)
		return kist_fail(err, writer->status, "arguments of a call that are larger than %zu bytes",
				 KIST_WINDOW_SIZE);
	exchange->payload = kist_buf_view(&writer->buf);
	return exchange->payload.size > KIST_MESSAGE_INLINE_MAX
		       ? client_need_window(worker, KIST_WINDOW_IN, err)
		       : KIST_OK;
}

static void put_string(struct kist_writer *writer, const char *text)
{
	kist_put_text(writer, text, strlen(text));
}

/* Calls. */

kist_status kist_worker_ping(struct kist_worker *worker, struct kist_error *err)
{
	struct exchange exchange = { .header = { .op = KIST_OP_PING }, .fd = -1, .verb = "ping" };

	return client_call(worker, &exchange, err);
}

static void put_argument(struct kist_writer *writer, const char *name, const json_t *value)
{
	if (json_is_string(value)) {
		const char *text = json_string_value(value);

		kist_put_u32(writer, KIST_PARAM_STRING);
		put_string(writer, name);
		kist_put_text(writer, text ? text : "", json_string_length(value));
	} else if (json_is_real(value)) {
		const double number = json_real_value(value);
		uint64_t bits;

		memcpy(&bits, &number, sizeof(bits));
		kist_put_u32(writer, KIST_PARAM_NUMBER);
		put_string(writer, name);
		kist_put_u64(writer, bits);
	} else {
		kist_put_u32(writer, json_is_integer(value) ? KIST_PARAM_INTEGER : KIST_PARAM_BOOL);
		put_string(writer, name);
		kist_put_u64(writer, json_is_integer(value) ? (uint64_t)json_integer_value(value)
							    : (uint64_t)json_is_true(value));
	}
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted by name, then the same as canonical JSON. */
static kist_status put_arguments(struct kist_writer *writer, const json_t *params, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_WINDOW_SIZE);
	const char *names[KIST_ARGUMENTS_MAX];
	size_t count = 0;
	const char *name;
	json_t *value;

	if (json_object_size(params) > KIST_ARGUMENTS_MAX)
		return kist_fail(err, KIST_LIMIT, "%zu arguments: at most %u are allowed",
				 json_object_size(params), KIST_ARGUMENTS_MAX);
	/* jansson's iterators do not know const. */
	json_object_foreach((json_t *)(uintptr_t)params, name, value)
		names[count++] = name;
	qsort(names, count, sizeof(names[0]), compare_names);
	kist_put_u32(writer, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		put_argument(writer, names[i], json_object_get(params, names[i]));
	if (params)
		KIST_TRY(kist_json_canonical(params, &text, err));
	else
		KIST_TRY(kist_buf_append(&text, "{}", 2, err));
	kist_put_text(writer, (const char *)text.data, text.size);
	return KIST_OK;
}

/* What each call on a type begins with; an input that the worker reads itself is opened for reading only. */
static kist_status put_target(struct kist_worker *worker, const struct kist_serializer_ref *ref,
			      const struct kist_input *input, uint64_t size, struct exchange *exchange,
			      struct kist_writer *writer, struct kist_error *err)
{
	const uint32_t kind = !input ? KIST_INPUT_NONE : input->fd >= 0 ? KIST_INPUT_FD : KIST_INPUT_HOST;

	if (ref->type_index >= ref->plugin->type_count)
		return kist_fail(err, KIST_INVALID, "plugin %s has no type %zu", ref->plugin->id,
				 ref->type_index);
	exchange->plugin = ref->plugin;
	exchange->type = ref->plugin->types[ref->type_index];
	exchange->input = input;
	exchange->fd = input ? input->fd : -1;
	if (kind == KIST_INPUT_FD && (fcntl(input->fd, F_GETFL) & O_ACCMODE) != O_RDONLY)
		return kist_fail(err, KIST_INVALID,
				 "an input that a worker reads must be open for reading only");
	if (kind == KIST_INPUT_HOST)
		KIST_TRY(client_need_window(worker, KIST_WINDOW_IN, err));
	kist_put_u32(writer, ref->plugin->index);
	kist_put_u32(writer, (uint32_t)ref->type_index);
	kist_put_u32(writer, kind);
	kist_put_u64(writer, size);
	return put_arguments(writer, ref->params, err);
}

kist_status client_put_target(struct kist_worker *worker, const struct kist_serializer_ref *ref,
			      struct exchange *exchange, struct kist_writer *writer, struct kist_error *err)
{
	return put_target(worker, ref, NULL, 0, exchange, writer, err);
}

kist_status client_data_call(struct kist_worker *worker, const struct kist_writer *writer,
			     struct exchange *exchange, struct kist_error *err)
{
	KIST_TRY(client_payload(worker, writer, exchange, err));
	worker->sealed = true;
	return client_call(worker, exchange, err);
}

kist_status kist_worker_probe(struct kist_worker *worker, const struct kist_serializer_ref *ref,
			      struct kist_view head, uint64_t total_size, int32_t *ret_score,
			      struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct exchange exchange = { .header = { .op = KIST_OP_PROBE }, .verb = "probe" };

	if (head.size > PROBE_HEAD_MAX)
		head.size = PROBE_HEAD_MAX;
	KIST_TRY(put_target(worker, ref, NULL, total_size, &exchange, &writer, err));
	if (writer.status == KIST_OK)
		writer.status = kist_buf_append(&writer.buf, head.data, head.size, err);
	KIST_TRY(client_data_call(worker, &writer, &exchange, err));
	*ret_score = exchange.result <= 100 ? (int32_t)exchange.result : 0;
	return KIST_OK;
}

kist_status kist_worker_layout(struct kist_worker *worker, const struct kist_serializer_ref *ref,
			       const struct kist_input *input,
			       kist_status (*each)(void *ctx, const struct kist_part *part,
						   struct kist_error *err),
			       void *ctx, struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct exchange exchange = {
		.header = { .op = KIST_OP_LAYOUT }, .verb = "layout", .each_part = each, .ctx = ctx
	};

	KIST_TRY(put_target(worker, ref, input, input->size, &exchange, &writer, err));
	return client_data_call(worker, &writer, &exchange, err);
}

static kist_status validate(struct kist_worker *worker, const struct kist_serializer_ref *ref,
			    const struct kist_input *input, uint64_t keep,
			    void (*each)(void *ctx, int32_t severity, const struct kist_error *issue),
			    void *ctx, struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct exchange exchange = { .header = { .op = KIST_OP_VALIDATE, .a = keep },
				     .verb = "validate",
				     .each_issue = each,
				     .ctx = ctx };

	KIST_TRY(put_target(worker, ref, input, input->size, &exchange, &writer, err));
	KIST_TRY(client_data_call(worker, &writer, &exchange, err));
	if (exchange.found.status != KIST_OK)
		return kist_fail_at(err, KIST_CORRUPT, exchange.found.code, exchange.found.offset, "%.*s: %s",
				    (int)ref->plugin->name_len, ref->plugin->title, exchange.found.text);
	return KIST_OK;
}

kist_status kist_worker_validate(struct kist_worker *worker, const struct kist_serializer_ref *ref,
				 const struct kist_input *input,
				 void (*each)(void *ctx, int32_t severity, const struct kist_error *issue),
				 void *ctx, struct kist_error *err)
{
	return validate(worker, ref, input, 0, each, ctx, err);
}

/* A description as it comes. */
struct description {
	const char *title; /* of the plugin */
	struct kist_buf text;
};

static void description_done(struct description *description)
{
	kist_buf_done(&description->text);
}

static kist_status keep_text(void *ctx, struct kist_view bytes, struct kist_error *err)
{
	struct description *description = ctx;

	if (bytes.size > KIST_DESCRIBE_SIZE_MAX - description->text.size)
		return kist_fail(err, KIST_LIMIT, "%s wrote more than %zu bytes in describe",
				 description->title, KIST_DESCRIBE_SIZE_MAX);
	return kist_buf_append(&description->text, bytes.data, bytes.size, err);
}

static kist_status describe(struct kist_worker *worker, const struct kist_serializer_ref *ref,
			    const struct kist_input *input, uint64_t keep, json_t **ret,
			    struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	__attribute__((cleanup(description_done))) struct description description = {
		.title = ref->plugin->title, .text = KIST_BUF_INIT(KIST_DESCRIBE_SIZE_MAX)
	};
	kist_auto_json json_t *value = NULL;
	const struct kist_output output = { .write = keep_text, .ctx = &description };
	struct exchange exchange = { .header = { .op = KIST_OP_DESCRIBE, .a = keep },
				     .verb = "describe",
				     .output = &output };
	struct kist_error error = KIST_ERROR_INIT;
	kist_status status;

	KIST_TRY(put_target(worker, ref, input, input->size, &exchange, &writer, err));
	KIST_TRY(client_need_window(worker, KIST_WINDOW_RING, err));
	KIST_TRY(client_data_call(worker, &writer, &exchange, err));
	if (exchange.result == 0) {
		*ret = NULL;
		return KIST_OK;
	}
	status = kist_json_parse(kist_buf_view(&description.text), &value, &error);
	if (status == KIST_NO_MEMORY)
		return kist_fail_as(err, status, &error);
	if (status != KIST_OK)
		return kist_fail(err, KIST_INTERNAL, "%s broke the contract in describe: no JSON: %s",
				 ref->plugin->title, error.text);
	if (!json_is_object(value))
		return kist_fail(err, KIST_INTERNAL, "%s broke the contract in describe: no JSON object",
				 ref->plugin->title);
	*ret = kist_steal(value);
	return KIST_OK;
}

kist_status kist_worker_describe(struct kist_worker *worker, const struct kist_serializer_ref *ref,
				 const struct kist_input *input, json_t **ret, struct kist_error *err)
{
	return describe(worker, ref, input, 0, ret, err);
}

kist_status kist_worker_review(struct kist_worker *worker, const struct kist_serializer_ref *ref,
			       const struct kist_input *input, json_t **ret, struct kist_error *err)
{
	KIST_TRY(validate(worker, ref, input, KIST_KEEP, NULL, NULL, err));
	return describe(worker, ref, input, KIST_KEEP, ret, err);
}

/* Objects. */

kist_status kist_worker_deserialize(struct kist_worker *worker, const struct kist_serializer_ref *ref,
				    const struct kist_input *input, uint64_t *ret_object, uint32_t *ret_kind,
				    struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct exchange exchange = { .header = { .op = KIST_OP_DESERIALIZE }, .verb = "deserialize" };
	struct client_object *slot;

	KIST_TRY(client_free_objects(worker, 1, &slot, &exchange.header.a, err));
	exchange.header.c = worker->keep_tables;
	KIST_TRY(put_target(worker, ref, input, input->size, &exchange, &writer, err));
	KIST_TRY(client_data_call(worker, &writer, &exchange, err));
	KIST_TRY(client_take_kind(worker, &exchange, ret_kind, err));
	slot->id = exchange.header.a;
	slot->plugin = ref->plugin;
	slot->type = ref->plugin->types[ref->type_index];
	slot->kind = *ret_kind;
	slot->has_input = input->fd < 0;
	slot->input = *input;
	*ret_object = slot->id;
	return KIST_OK;
}

kist_status kist_worker_serialize(struct kist_worker *worker, const struct kist_serializer_ref *ref,
				  uint64_t object, const struct kist_output *output, struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct exchange exchange = { .header = { .op = KIST_OP_SERIALIZE, .a = object },
				     .verb = "serialize",
				     .output = output };

	if (!client_find_object(worker, object))
		return client_unknown_object(object, err);
	KIST_TRY(put_target(worker, ref, NULL, 0, &exchange, &writer, err));
	KIST_TRY(client_need_window(worker, KIST_WINDOW_RING, err));
	return client_data_call(worker, &writer, &exchange, err);
}

kist_status kist_worker_sandbox(struct kist_worker *worker, json_t **ret, struct kist_error *err)
{
	(void)err;
	*ret = json_incref(worker->sandbox);
	return KIST_OK;
}
