/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "object/check.h"
#include "worker/client.h"

/*
 * The calls of worker.h on objects that are in the worker.
 */

struct client_object *client_find_object(struct kist_worker *worker, uint64_t id)
{
	struct client_object *slot = &worker->objects[id % KIST_WORKER_OBJECTS_MAX];

	return id != 0 && slot->id == id ? slot : NULL;
}

kist_status client_unknown_object(uint64_t id, struct kist_error *err)
{
	return kist_fail(err, KIST_INVALID, "no object %llu is in this worker", (unsigned long long)id);
}

/* Ids of one slot differ by the number of slots. */
kist_status client_free_objects(struct kist_worker *worker, size_t count, struct client_object **ret_slots,
				uint64_t *ret_ids, struct kist_error *err)
{
	size_t found = 0;

	for (uint64_t i = 0; i < KIST_WORKER_OBJECTS_MAX && found < count; i++) {
		struct client_object *slot = &worker->objects[i];

		if (slot->id != 0 || slot->is_reserved)
			continue;
		slot->last_id = slot->last_id == 0 ? KIST_WORKER_OBJECTS_MAX + i
						   : slot->last_id + KIST_WORKER_OBJECTS_MAX;
		ret_ids[found] = slot->last_id;
		ret_slots[found++] = slot;
	}
	if (found < count)
		return kist_fail(err, KIST_LIMIT, "more than %u objects in one worker",
				 KIST_WORKER_OBJECTS_MAX);
	return KIST_OK;
}

kist_status client_take_kind(struct kist_worker *worker, const struct exchange *exchange, uint32_t *ret_kind,
			     struct kist_error *err)
{
	if (exchange->result >= KIST_KIND_COUNT)
		return client_lost(worker, exchange, KIST_INTERNAL, err,
				   "broke the worker's protocol in %s: an unknown kind", exchange->verb);
	*ret_kind = (uint32_t)exchange->result;
	return KIST_OK;
}

static struct exchange about(const struct client_object *slot, uint32_t op, const char *verb)
{
	return (struct exchange){ .header = { .op = op, .a = slot->id },
				  .fd = -1,
				  .verb = verb,
				  .plugin = slot->plugin,
				  .type = slot->type };
}

/* In place: the result may lean on what it was made of, and on its input. */
static kist_status replace(struct kist_worker *worker, struct client_object *slot, struct exchange *exchange,
			   struct kist_writer *writer, struct kist_error *err)
{
	uint32_t kind = 0;

	KIST_TRY(client_data_call(worker, writer, exchange, err));
	KIST_TRY(client_take_kind(worker, exchange, &kind, err));
	slot->last_id = slot->id + KIST_WORKER_OBJECTS_MAX;
	slot->id = slot->last_id;
	slot->kind = kind;
	return KIST_OK;
}

kist_status kist_worker_convert(struct kist_worker *worker, uint64_t object, uint32_t kinds,
				const char *select, uint64_t *ret_object, uint32_t *ret_kind,
				struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct client_object *slot = client_find_object(worker, object);
	struct exchange exchange;

	if (!slot)
		return client_unknown_object(object, err);
	exchange = about(slot, KIST_OP_CONVERT, "convert");
	kist_put_u32(&writer, kinds);
	kist_put_text(&writer, select, strlen(select));
	KIST_TRY(replace(worker, slot, &exchange, &writer, err));
	*ret_object = slot->id;
	*ret_kind = slot->kind;
	return KIST_OK;
}

kist_status kist_worker_rows(struct kist_worker *worker, uint64_t object, const char *select, uint64_t skip,
			     uint64_t count, uint64_t *ret_object, struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct client_object *slot = client_find_object(worker, object);
	struct exchange exchange;

	if (!slot)
		return client_unknown_object(object, err);
	exchange = about(slot, KIST_OP_ROWS, "taking rows");
	kist_put_u64(&writer, skip);
	kist_put_u64(&writer, count);
	kist_put_text(&writer, select, strlen(select));
	KIST_TRY(replace(worker, slot, &exchange, &writer, err));
	*ret_object = slot->id;
	return KIST_OK;
}

kist_status kist_worker_drop(struct kist_worker *worker, uint64_t object, struct kist_error *err)
{
	struct client_object *slot = client_find_object(worker, object);
	struct exchange exchange;

	if (!slot)
		return client_unknown_object(object, err);
	exchange = about(slot, KIST_OP_DROP, "releasing an object");
	KIST_TRY(client_call(worker, &exchange, err));
	slot->id = 0;
	return KIST_OK;
}

void kist_worker_keep_tables(struct kist_worker *worker)
{
	worker->keep_tables = true;
}

kist_status kist_worker_kind(struct kist_worker *worker, uint64_t object, uint32_t *ret_kind,
			     struct kist_error *err)
{
	const struct client_object *slot = client_find_object(worker, object);

	if (!slot)
		return client_unknown_object(object, err);
	*ret_kind = slot->kind;
	return KIST_OK;
}

kist_status kist_worker_make(struct kist_worker *worker, uint32_t kind, struct kist_view bytes,
			     uint64_t *ret_object, struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct exchange exchange = { .header = { .op = KIST_OP_MAKE }, .fd = -1, .verb = "making an object" };
	struct client_object *slot;

	if (kind != KIST_KIND_BYTES && kind != KIST_KIND_VALUE)
		return kist_fail(err, KIST_INVALID, "an object of kind %s is not made of bytes alone",
				 kist_kind_name(kind));
	KIST_TRY(client_free_objects(worker, 1, &slot, &exchange.header.a, err));
	kist_put_u32(&writer, kind);
	kist_put_bytes(&writer, bytes);
	KIST_TRY(client_data_call(worker, &writer, &exchange, err));
	*slot = (struct client_object){ .id = exchange.header.a, .last_id = exchange.header.a, .kind = kind };
	*ret_object = slot->id;
	return KIST_OK;
}

kist_status kist_worker_make_value(struct kist_worker *worker, const json_t *value, uint64_t *ret_object,
				   struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_WINDOW_SIZE);

	KIST_TRY(kist_json_canonical(value, &text, err));
	return kist_worker_make(worker, KIST_KIND_VALUE, kist_buf_view(&text), ret_object, err);
}

static kist_status append(void *ctx, struct kist_view bytes, struct kist_error *err)
{
	return kist_buf_append(ctx, bytes.data, bytes.size, err);
}

kist_status kist_worker_read(struct kist_worker *worker, uint64_t object, struct kist_buf *ret,
			     struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	const struct client_object *slot = client_find_object(worker, object);
	const struct kist_output output = { .write = append, .ctx = ret };
	struct exchange exchange;

	if (!slot)
		return client_unknown_object(object, err);
	if (slot->kind != KIST_KIND_BYTES && slot->kind != KIST_KIND_VALUE)
		return kist_fail(err, KIST_UNSUPPORTED, "an object of kind %s has no bytes to read",
				 kist_kind_name(slot->kind));
	exchange = about(slot, KIST_OP_FETCH, "reading an object");
	exchange.output = &output;
	KIST_TRY(client_need_window(worker, KIST_WINDOW_RING, err));
	return client_data_call(worker, &writer, &exchange, err);
}

kist_status kist_worker_read_value(struct kist_worker *worker, uint64_t object, json_t **ret,
				   struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_WORKER_VALUE_SIZE_MAX);
	const struct client_object *slot = client_find_object(worker, object);
	struct kist_error why = KIST_ERROR_INIT;

	if (slot && slot->kind != KIST_KIND_VALUE)
		return kist_fail(err, KIST_UNSUPPORTED, "an object of kind %s is no value",
				 kist_kind_name(slot->kind));
	KIST_TRY(kist_worker_read(worker, object, &text, err));
	if (kist_json_parse(kist_buf_view(&text), ret, &why) == KIST_OK)
		return KIST_OK;
	if (why.status == KIST_NO_MEMORY)
		return kist_fail_as(err, why.status, &why);
	return kist_fail_at(err, KIST_INTERNAL, why.code, why.offset,
			    "%s broke the contract: it made a value that is no JSON: %s",
			    slot && slot->plugin ? slot->plugin->title : "the worker", why.text);
}
