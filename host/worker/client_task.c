/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "object/check.h"
#include "task/value.h"
#include "worker/client.h"

/*
 * Calls of function tasks: arguments are bound to the signature here, where nothing is hostile yet.
 *
 *     plugin u32, task u32
 *     for each argument of the signature that comes in, in order: its name text ("" of what is counted), how it
 *     is passed u32 (enum kist_task_pass), and what that says; a text for cstr is a text, for others bytes
 *     for each that goes out, in order: the object's id u64, the kinds it may have u32, its form u32
 */

/* What a call is made of, while it is bound. */
struct binding {
	struct kist_worker *worker;
	const struct kist_worker_plugin *plugin;
	const struct client_task *task;
	struct kist_writer *writer;
	struct client_called *called;
};

/* "plugin org.example.arrays 1.0.0: task 'scale': argument 'factor': " before what is in @err. */
static kist_status name_argument(const struct binding *binding, const char *name, struct kist_error *err)
{
	return kist_fail_context(err, "%.*s: %s: argument '%s'", (int)binding->plugin->name_len,
				 binding->plugin->title, binding->task->verb, name);
}

KIST_PRINTF(4, 5)
static kist_status fail_argument(const struct binding *binding, const char *name, struct kist_error *err,
				 const char *format, ...)
{
	char text[KIST_ERROR_TEXT_SIZE / 2];
	va_list args;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	return kist_fail_at(err, KIST_INVALID, "E_ARGUMENT", KIST_NO_OFFSET, "%.*s: %s: argument '%s': %s",
			    (int)binding->plugin->name_len, binding->plugin->title, binding->task->verb, name,
			    text);
}

static void put_bits(struct binding *binding, const struct kist_task_value *value)
{
	kist_put_u32(binding->writer, KIST_PASS_BITS);
	/* The union's members are all of 8 bytes: whichever is set, these are its bits. */
	kist_put_u64(binding->writer, value->natural);
}

/* JSON as it is, for json and object. */
static kist_status put_json(struct binding *binding, const json_t *value, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_WINDOW_SIZE);

	KIST_TRY(kist_json_canonical(value, &text, err));
	kist_put_u32(binding->writer, KIST_PASS_BYTES);
	kist_put_bytes(binding->writer, kist_buf_view(&text));
	return KIST_OK;
}

static kist_status put_value(struct binding *binding, const char *name, uint8_t c_type, const json_t *value,
			     struct kist_error *err)
{
	struct kist_task_value made;
	struct kist_error why = KIST_ERROR_INIT;

	if (c_type == KIST_TASK_JSON || c_type == KIST_TASK_OBJECT)
		return put_json(binding, value, err);
	if (kist_task_value_of_json(c_type, value, &made, &why) != KIST_OK) {
		(void)kist_fail_as(err, why.status, &why);
		return err ? name_argument(binding, name, err) : why.status;
	}
	if (c_type != KIST_TASK_CSTR) {
		put_bits(binding, &made);
		return KIST_OK;
	}
	kist_put_u32(binding->writer, KIST_PASS_BYTES);
	kist_put_text(binding->writer, made.bytes.data, made.bytes.size);
	return KIST_OK;
}

/* The kinds of object that an argument of this type takes as they are. */
static uint32_t kinds_for(uint8_t c_type)
{
	switch (c_type) {
	case KIST_TASK_TABLE:
		return KIST_KIND_BIT(KIST_KIND_TABLE);
	case KIST_TASK_BYTES:
		return KIST_KIND_BIT(KIST_KIND_BYTES);
	case KIST_TASK_JSON:
		return KIST_KIND_BIT(KIST_KIND_VALUE);
	case KIST_TASK_OBJECT:
		return KIST_KIND_BIT(KIST_KIND_COUNT) - 1;
	default:
		return c_type == KIST_TASK_TENSOR || c_type >= KIST_TASK_I8_ARRAY
			       ? KIST_KIND_BIT(KIST_KIND_TENSOR)
			       : 0;
	}
}

/* A value in the worker is as good as JSON here. */
static kist_status put_read_value(struct binding *binding, const char *name, uint8_t c_type, uint64_t object,
				  struct kist_error *err)
{
	kist_auto_json json_t *value = NULL;

	KIST_TRY(kist_worker_read_value(binding->worker, object, &value, err));
	return put_value(binding, name, c_type, value, err);
}

static kist_status put_object(struct binding *binding, const char *name, uint8_t c_type, uint64_t object,
			      struct kist_error *err)
{
	const struct client_object *slot = client_find_object(binding->worker, object);
	const uint32_t kinds = kinds_for(c_type);

	if (!slot)
		return client_unknown_object(object, err);
	if (kinds == 0 && slot->kind == KIST_KIND_VALUE)
		return put_read_value(binding, name, c_type, object, err);
	if ((kinds & KIST_KIND_BIT(slot->kind)) == 0)
		return fail_argument(binding, name, err, "an object of kind %s was given, %s is expected",
				     kist_kind_name(slot->kind), kist_task_type_name(c_type));
	kist_put_u32(binding->writer, KIST_PASS_OBJECT);
	kist_put_u64(binding->writer, object);
	return KIST_OK;
}

static kist_status put_bytes(struct binding *binding, const char *name, uint8_t c_type,
			     struct kist_view bytes, struct kist_error *err)
{
	if (c_type != KIST_TASK_BYTES)
		return fail_argument(binding, name, err, "bytes were given, %s is expected",
				     kist_task_type_name(c_type));
	kist_put_u32(binding->writer, KIST_PASS_BYTES);
	kist_put_bytes(binding->writer, bytes);
	return KIST_OK;
}

static kist_status bind_input(struct binding *binding, const struct kist_manifest_input *input,
			      const struct kist_task_arg *arg, struct kist_error *err)
{
	const struct kist_manifest_task *task = binding->task->declared;
	const uint8_t c_type = task->call.args[input->position];

	kist_put_text(binding->writer, input->name, strlen(input->name));
	if (arg && arg->object != 0)
		return put_object(binding, input->name, c_type, arg->object, err);
	if (arg && arg->bytes.data)
		return put_bytes(binding, input->name, c_type, arg->bytes, err);
	if (arg && arg->value)
		return put_value(binding, input->name, c_type, arg->value, err);
	if (!input->preset)
		return fail_argument(binding, input->name, err, "it is missing, and has no default");
	return put_value(binding, input->name, c_type, input->preset, err);
}

static uint32_t form_of(uint8_t c_type, const struct kist_manifest_output *output)
{
	if (c_type != KIST_TASK_REGION_OUT)
		return KIST_FORM_ITSELF;
	if (output->kinds == KIST_KIND_BIT(KIST_KIND_BYTES))
		return KIST_FORM_BYTES;
	return output->is_text ? KIST_FORM_TEXT : KIST_FORM_JSON;
}

static kist_status bind_outputs(struct binding *binding, struct kist_error *err)
{
	const struct kist_manifest_task *task = binding->task->declared;
	struct client_called *called = binding->called;
	size_t count = 0;

	for (size_t i = 0; i < task->output_count; i++)
		called->out_count += task->outputs[i].position < KIST_SIGNATURE_ARGS_MAX;
	KIST_TRY(client_free_objects(binding->worker, called->out_count, called->slots, called->ids, err));
	for (size_t i = 0; i < task->output_count; i++) {
		const struct kist_manifest_output *output = &task->outputs[i];

		if (output->position == KIST_SIGNATURE_ARGS_MAX)
			continue;
		called->results.kinds_allowed[count] = output->kinds;
		kist_put_u64(binding->writer, called->ids[count]);
		kist_put_u32(binding->writer, output->kinds);
		kist_put_u32(binding->writer, form_of(task->call.args[output->position], output));
		count++;
	}
	called->results.object_count = count;
	return KIST_OK;
}

kist_status client_bind_task(struct kist_worker *worker, const struct kist_task_ref *ref,
			     const struct kist_task_arg *args, size_t arg_count, struct kist_writer *writer,
			     struct client_called *ret, struct kist_error *err)
{
	struct binding all = {
		.worker = worker, .plugin = ref->plugin, .task = ret->task, .writer = writer, .called = ret
	};
	struct binding *binding = &all;
	const struct kist_manifest_task *task = binding->task->declared;

	if (arg_count > task->input_count)
		return kist_fail_at(err, KIST_INVALID, "E_ARGUMENT", KIST_NO_OFFSET,
				    "%.*s: %s: %zu arguments, it takes %zu", (int)ref->plugin->name_len,
				    ref->plugin->title, binding->task->verb, arg_count, task->input_count);
	kist_put_u32(binding->writer, ref->plugin->index);
	kist_put_u32(binding->writer, (uint32_t)ref->task_index);
	for (size_t i = 0, k = 0; i < task->input_count || k < task->count_count;) {
		if (k < task->count_count &&
		    (i == task->input_count || task->counts[k].position < task->inputs[i].position)) {
			kist_put_text(binding->writer, "", 0);
			kist_put_u32(binding->writer, KIST_PASS_COUNT);
			kist_put_u32(binding->writer, (uint32_t)task->counts[k++].of);
			continue;
		}
		KIST_TRY(bind_input(binding, &task->inputs[i], i < arg_count ? &args[i] : NULL, err));
		i++;
	}
	return bind_outputs(binding, err);
}

/* The worker's word for what came back is a number of 64 bits; the type may hold less. */
static bool is_of_type(const struct kist_task_value *value, const json_t *json)
{
	struct kist_task_value back;

	return kist_task_value_of_json(value->type, json, &back, NULL) == KIST_OK;
}

/* What the function returned, if the task has that for an output: the last. */
static kist_status take_returned(const struct client_called *called, json_t **ret, struct kist_error *err)
{
	const struct kist_manifest_task *task = called->task->declared;
	struct kist_task_value value = { .type = task->call.ret };
	struct kist_error why = KIST_ERROR_INIT;

	*ret = NULL;
	if (task->output_count == called->out_count)
		return KIST_OK;
	value.natural = called->results.bits;
	if (kist_task_value_json(&value, ret, &why) == KIST_OK && is_of_type(&value, *ret))
		return KIST_OK;
	json_decref(*ret);
	*ret = NULL;
	if (why.status == KIST_OK)
		return kist_fail(err, KIST_INTERNAL,
				 "%s broke the worker's protocol in %s: a number of another type",
				 called->plugin->title, called->task->verb);
	return kist_fail_at(err, why.status, why.code[0] ? why.code : NULL, KIST_NO_OFFSET, "%.*s: %s: %s",
			    (int)called->plugin->name_len, called->plugin->title, called->task->verb,
			    why.text);
}

static void give_results(const struct client_called *called, json_t *returned, struct kist_task_result *ret)
{
	const struct kist_manifest_task *task = called->task->declared;
	size_t count = 0;

	for (size_t i = 0; i < task->output_count; i++) {
		struct client_object *slot;

		ret[i] = (struct kist_task_result){ .name = task->outputs[i].name };
		if (task->outputs[i].position == KIST_SIGNATURE_ARGS_MAX) {
			ret[i].value = returned;
			continue;
		}
		slot = called->slots[count];
		*slot = (struct client_object){ .id = called->ids[count],
						.last_id = called->ids[count],
						.plugin = called->plugin,
						.kind = called->results.kinds[count] };
		ret[i].object = slot->id;
		ret[i].kind = slot->kind;
		count++;
	}
}

void client_drop_results(struct kist_worker *worker, const struct client_called *called)
{
	struct kist_task_result made[KIST_MANIFEST_OUTPUTS_MAX];

	give_results(called, NULL, made);
	for (size_t i = 0; i < called->out_count; i++) {
		if (kist_worker_drop(worker, called->ids[i], NULL) != KIST_OK)
			break;
	}
}

kist_status client_take_task(struct kist_worker *worker, const struct client_called *called,
			     struct kist_task_result *ret_results, struct kist_error *err)
{
	json_t *returned = NULL;
	const kist_status status = take_returned(called, &returned, err);

	if (status == KIST_OK)
		give_results(called, returned, ret_results);
	else
		client_drop_results(worker, called);
	return status;
}

kist_status client_find_task(const struct kist_task_ref *ref, struct client_called *ret,
			     struct kist_error *err)
{
	if (ref->task_index >= ref->plugin->task_count)
		return kist_fail(err, KIST_INVALID, "plugin %s has no task %zu", ref->plugin->id,
				 ref->task_index);
	*ret = (struct client_called){ .plugin = ref->plugin, .task = &ref->plugin->tasks[ref->task_index] };
	return KIST_OK;
}

kist_status kist_worker_call_task(struct kist_worker *worker, const struct kist_task_ref *ref,
				  const struct kist_task_arg *args, size_t arg_count,
				  struct kist_task_result *ret_results, struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct client_called called;
	struct exchange exchange = { .header = { .op = KIST_OP_CALL_TASK },
				     .fd = -1,
				     .plugin = ref->plugin,
				     .results = &called.results };

	KIST_TRY(client_find_task(ref, &called, err));
	exchange.verb = called.task->verb;
	KIST_TRY(client_bind_task(worker, ref, args, arg_count, &writer, &called, err));
	KIST_TRY(client_data_call(worker, &writer, &exchange, err));
	return client_take_task(worker, &called, ret_results, err);
}

void kist_task_results_done(struct kist_task_result *results, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		json_decref(results[i].value);
		results[i].value = NULL;
	}
}
