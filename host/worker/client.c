/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/client.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"
#include "kist/plugin.h"

#define CALL_MS_USUAL  ((uint64_t)600000)
#define CALL_MS_MAX    ((uint64_t)7 * 86400000)
#define GRACE_MS_USUAL ((uint64_t)2000)
#define DESCRIBE_MAX   ((size_t)256 << 10)
#define PROBE_HEAD_MAX ((size_t)64 << 10)

/* Starting and ending. */

static void plugin_free(struct kist_worker_plugin *plugin)
{
	if (!plugin)
		return;
	for (size_t i = 0; plugin->types && i < plugin->type_count; i++)
		kist_free(plugin->types[i]);
	kist_free(plugin->types);
	kist_free(plugin->id);
	kist_free(plugin);
}

static void plugin_free_(struct kist_worker_plugin **slot)
{
	plugin_free(*slot);
}

void kist_worker_close(struct kist_worker *worker)
{
	char end[KIST_CHILD_END_SIZE];
	bool exited;

	if (!worker)
		return;
	kist_child_end(&worker->child, 0, end, &exited);
	for (size_t i = 0; i < worker->plugin_count; i++)
		plugin_free(worker->plugins[i]);
	kist_shm_done(&worker->control);
	kist_shm_done(&worker->in);
	kist_shm_done(&worker->ring);
	kist_fd_close(&worker->wake);
	json_decref(worker->sandbox);
	kist_free(worker->buffer);
	kist_free(worker->copy);
	kist_free(worker);
}

static uint64_t usual_memory(void)
{
	const uint64_t pages = (uint64_t)sysconf(_SC_PHYS_PAGES);

	return pages * (uint64_t)sysconf(_SC_PAGESIZE) / 4 * 3;
}

static kist_status make_worker(const struct kist_worker_options *options, struct kist_worker **ret,
			       struct kist_error *err)
{
	kist_auto_worker struct kist_worker *worker = kist_alloc(1, sizeof(*worker));

	if (!worker)
		return kist_fail_memory(err, sizeof(*worker));
	worker->child = (struct kist_child)KIST_CHILD_INIT;
	worker->control = worker->in = worker->ring = (struct kist_shm)KIST_SHM_INIT;
	worker->gone = (struct kist_error)KIST_ERROR_INIT;
	worker->options = *options;
	worker->options.call_ms_max = options->call_ms_max == 0 ? CALL_MS_USUAL : options->call_ms_max;
	if (worker->options.call_ms_max > CALL_MS_MAX)
		worker->options.call_ms_max = CALL_MS_MAX;
	worker->options.grace_ms = options->grace_ms == 0 ? GRACE_MS_USUAL : options->grace_ms;
	if (worker->options.grace_ms > CALL_MS_MAX)
		worker->options.grace_ms = CALL_MS_MAX;
	worker->options.memory_max = options->memory_max == 0 ? usual_memory() : options->memory_max;
	worker->buffer = kist_alloc(KIST_MESSAGE_SIZE_MAX, 1);
	worker->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (!worker->buffer)
		return kist_fail_memory(err, KIST_MESSAGE_SIZE_MAX);
	if (worker->wake < 0)
		return kist_fail_errno(err, errno, "cannot make an eventfd");
	KIST_TRY(kist_shm_create("kist-control", KIST_CONTROL_SIZE, &worker->control, err));
	*ret = kist_steal(worker);
	return KIST_OK;
}

static kist_status read_sandbox(struct kist_view payload, json_t **ret, struct kist_error *err)
{
	struct kist_reader reader = { .rest = payload };
	kist_auto_json json_t *list = json_array();
	const uint32_t count = kist_get_u32(&reader);
	size_t len;

	for (uint32_t i = 0; i < count && !reader.bad; i++) {
		const char *name = kist_get_text(&reader, &len);
		const char *state = kist_get_text(&reader, &len);
		const char *detail = kist_get_text(&reader, &len);

		if (json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "name", name, "state", state, "detail",
							  detail)) < 0)
			return kist_fail_memory(err, 0);
	}
	if (!list || !kist_reader_end(&reader))
		return kist_fail(err, KIST_INTERNAL, "the worker's greeting cannot be read");
	*ret = kist_steal(list);
	return KIST_OK;
}

static kist_status greet(struct kist_worker *worker, struct kist_error *err)
{
	struct exchange exchange = { .verb = "starting", .fd = -1 };
	struct kist_message message;
	kist_status status;

	exchange.deadline_ns = kist_now_ns() + worker->options.call_ms_max * 1000000u;
	status = kist_channel_send(worker->child.socket,
				   (struct kist_header){ .op = KIST_OP_CONFIG,
							 .a = worker->options.memory_max,
							 .b = KIST_PROTOCOL_VERSION },
				   kist_view_of(NULL, 0), worker->control.fd, exchange.deadline_ns, err);
	if (status == KIST_OK)
		status = client_wait(worker, &exchange, err);
	if (status == KIST_OK)
		status = kist_channel_recv(worker->child.socket, worker->buffer, false, &message, NULL);
	if (status == KIST_CRASHED)
		return client_died(worker, &exchange, err);
	KIST_TRY(status);
	if (message.header.op != KIST_OP_READY || message.header.b != KIST_PROTOCOL_VERSION)
		return kist_fail(err, KIST_INCOMPATIBLE, "the worker '%s' speaks another protocol",
				 worker->options.program);
	return read_sandbox(message.payload, &worker->sandbox, err);
}

kist_status kist_worker_start(const struct kist_worker_options *options, struct kist_worker **ret,
			      struct kist_error *err)
{
	kist_auto_worker struct kist_worker *worker = NULL;

	if (!options->program)
		return kist_fail(err, KIST_INVALID, "no worker program is named");
	KIST_TRY(make_worker(options, &worker, err));
	KIST_TRY(kist_child_start(options->program, &worker->child, err));
	KIST_TRY(greet(worker, err));
	worker->options.program = NULL;
	*ret = kist_steal(worker);
	return KIST_OK;
}

void kist_worker_cancel(struct kist_worker *worker)
{
	struct kist_control *control = (struct kist_control *)(void *)worker->control.data;
	const uint64_t one = 1;
	const int before = errno;

	atomic_store(&worker->cancelled, 1);
	atomic_store(&control->cancel, KIST_CANCEL_ASKED);
	if (write(worker->wake, &one, sizeof(one)) < 0) {
		/* Only when it is full: then it is readable already. */
	}
	errno = before;
}

/* Windows, made when they are first needed: their pages cost more than all the rest of a start. */

static kist_status need_window(struct kist_worker *worker, enum kist_window which, struct kist_error *err)
{
	struct kist_shm *window = which == KIST_WINDOW_IN ? &worker->in : &worker->ring;
	const size_t size = which == KIST_WINDOW_IN ? KIST_WINDOW_SIZE : KIST_SLOT_SIZE * KIST_RING_SLOTS;
	kist_status status;

	if (!worker->copy)
		worker->copy = kist_alloc(KIST_SLOT_SIZE, 1);
	if (!worker->copy)
		return kist_fail_memory(err, KIST_SLOT_SIZE);
	if (window->data || worker->gone.status != KIST_OK)
		return KIST_OK;
	KIST_TRY(kist_shm_create(which == KIST_WINDOW_IN ? "kist-in" : "kist-ring", size, window, err));
	status = kist_channel_send(worker->child.socket,
				   (struct kist_header){ .op = KIST_OP_WINDOW, .a = which }, kist_view_of(NULL, 0),
				   window->fd, kist_now_ns() + worker->options.call_ms_max * 1000000u, err);
	/* A worker that is gone is found and named by the call itself. */
	return status == KIST_CRASHED ? KIST_OK : status;
}

/* Loading. */

static char **copy_types(const struct kist_manifest *manifest)
{
	char **types = kist_alloc(manifest->type_count + 1, sizeof(*types));

	for (size_t i = 0; types && i < manifest->type_count; i++)
		types[i] = kist_strndup(manifest->types[i].type, strlen(manifest->types[i].type));
	return types;
}

static kist_status make_plugin(const struct kist_manifest *manifest, uint32_t index,
			       struct kist_worker_plugin **ret, struct kist_error *err)
{
	__attribute__((cleanup(plugin_free_))) struct kist_worker_plugin *plugin = kist_alloc(1, sizeof(*plugin));
	char hex[KIST_DIGEST_HEX_SIZE];

	if (!plugin)
		return kist_fail_memory(err, sizeof(*plugin));
	plugin->index = index;
	plugin->library = manifest->library_sha256;
	plugin->type_count = manifest->type_count;
	plugin->id = kist_strndup(manifest->id, strlen(manifest->id));
	plugin->types = copy_types(manifest);
	if (!plugin->id || !plugin->types)
		return kist_fail_memory(err, 0);
	for (size_t i = 0; i < plugin->type_count; i++) {
		if (!plugin->types[i])
			return kist_fail_memory(err, 0);
	}
	kist_digest_hex(&manifest->library_sha256, hex);
	(void)snprintf(plugin->title, sizeof(plugin->title), "plugin %.*s %.120s", KIST_ID_SIZE, manifest->id,
		       manifest->version);
	plugin->name_len = strlen(plugin->title);
	(void)snprintf(plugin->title + plugin->name_len, sizeof(plugin->title) - plugin->name_len,
		       " (sha256 %.12s)", hex);
	*ret = kist_steal(plugin);
	return KIST_OK;
}

static void put_string(struct kist_writer *writer, const char *text)
{
	kist_put_text(writer, text, strlen(text));
}

static void put_manifest(struct kist_writer *writer, const struct kist_manifest *manifest)
{
	put_string(writer, manifest->id);
	put_string(writer, manifest->version);
	kist_put_u32(writer, manifest->abi_major);
	kist_put_u32(writer, manifest->abi_minor_required);
	kist_put_u32(writer, manifest->needs_threads);
	kist_put_u32(writer, (uint32_t)manifest->type_count);
	kist_put_u32(writer, (uint32_t)manifest->task_count);
	for (size_t i = 0; i < manifest->type_count; i++) {
		const struct kist_manifest_type *type = &manifest->types[i];

		put_string(writer, type->type);
		put_string(writer, type->task);
		kist_put_u32(writer, type->major);
		kist_put_u32(writer, type->minor);
		kist_put_u32(writer, type->minor_max);
		kist_put_u32(writer, type->kinds);
		kist_put_u32(writer, type->priority);
	}
	for (size_t i = 0; i < manifest->task_count; i++) {
		put_string(writer, manifest->tasks[i].name);
		put_string(writer, manifest->tasks[i].signature);
	}
}

static kist_status finish_payload(struct kist_worker *worker, const struct kist_writer *writer,
				  struct exchange *exchange, struct kist_error *err)
{
	if (writer->status != KIST_OK)
		return kist_fail(err, writer->status, "arguments of a call that are larger than %zu bytes",
				 KIST_WINDOW_SIZE);
	exchange->payload = kist_buf_view(&writer->buf);
	return exchange->payload.size > KIST_MESSAGE_INLINE_MAX ? need_window(worker, KIST_WINDOW_IN, err) :
								  KIST_OK;
}

static kist_status load(struct kist_worker *worker, const struct kist_catalog_entry *entry,
			const struct kist_worker_plugin *plugin, struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct exchange exchange = { .header = { .op = KIST_OP_LOAD, .a = plugin->index },
				     .verb = "loading",
				     .plugin = plugin };
	kist_auto_fd int library = -1;

	KIST_TRY(kist_catalog_open_library(entry, &library, err));
	put_manifest(&writer, entry->manifest);
	KIST_TRY(finish_payload(worker, &writer, &exchange, err));
	exchange.fd = library;
	return client_call(worker, &exchange, err);
}

kist_status kist_worker_load(struct kist_worker *worker, const struct kist_catalog_entry *entry,
			     struct kist_worker_plugin **ret, struct kist_error *err)
{
	__attribute__((cleanup(plugin_free_))) struct kist_worker_plugin *plugin = NULL;
	const struct kist_manifest *manifest = entry->manifest;

	if (!manifest)
		return client_gone(&(struct kist_worker){ .gone = entry->refusal }, err);
	for (size_t i = 0; i < worker->plugin_count; i++) {
		if (strcmp(worker->plugins[i]->id, manifest->id) == 0 &&
		    kist_digest_equal(&worker->plugins[i]->library, &manifest->library_sha256)) {
			*ret = worker->plugins[i];
			return KIST_OK;
		}
	}
	if (worker->gone.status != KIST_OK)
		return client_gone(worker, err);
	if (worker->sealed)
		return kist_fail(err, KIST_INVALID,
				 "cannot load plugin %s: this worker has seen data; load all plugins of a run first",
				 manifest->id);
	if (worker->plugin_count == KIST_WORKER_PLUGINS_MAX)
		return kist_fail(err, KIST_LIMIT, "more than %u plugins in one run", KIST_WORKER_PLUGINS_MAX);
	KIST_TRY(make_plugin(manifest, (uint32_t)worker->plugin_count, &plugin, err));
	assert(plugin);
	KIST_TRY(load(worker, entry, plugin, err));
	worker->plugins[worker->plugin_count++] = plugin;
	*ret = kist_steal(plugin);
	return KIST_OK;
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
		kist_put_u64(writer, json_is_integer(value) ? (uint64_t)json_integer_value(value) :
							      (uint64_t)json_is_true(value));
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
		return kist_fail(err, KIST_LIMIT, "%zu arguments: at most %u are allowed", json_object_size(params),
				 KIST_ARGUMENTS_MAX);
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
		return kist_fail(err, KIST_INVALID, "plugin %s has no type %zu", ref->plugin->id, ref->type_index);
	exchange->plugin = ref->plugin;
	exchange->type = ref->plugin->types[ref->type_index];
	exchange->input = input;
	exchange->fd = input ? input->fd : -1;
	if (kind == KIST_INPUT_FD && (fcntl(input->fd, F_GETFL) & O_ACCMODE) != O_RDONLY)
		return kist_fail(err, KIST_INVALID, "an input that a worker reads must be open for reading only");
	if (kind == KIST_INPUT_HOST)
		KIST_TRY(need_window(worker, KIST_WINDOW_IN, err));
	kist_put_u32(writer, ref->plugin->index);
	kist_put_u32(writer, (uint32_t)ref->type_index);
	kist_put_u32(writer, kind);
	kist_put_u64(writer, size);
	return put_arguments(writer, ref->params, err);
}

/* From the first call on data the worker is sealed: no plugin can be loaded after it. */
static kist_status data_call(struct kist_worker *worker, struct kist_writer *writer, struct exchange *exchange,
			     struct kist_error *err)
{
	KIST_TRY(finish_payload(worker, writer, exchange, err));
	worker->sealed = true;
	return client_call(worker, exchange, err);
}

kist_status kist_worker_probe(struct kist_worker *worker, const struct kist_serializer_ref *ref,
			      struct kist_view head, uint64_t total_size, int32_t *ret_score, struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct exchange exchange = { .header = { .op = KIST_OP_PROBE }, .verb = "probe" };

	if (head.size > PROBE_HEAD_MAX)
		head.size = PROBE_HEAD_MAX;
	KIST_TRY(put_target(worker, ref, NULL, total_size, &exchange, &writer, err));
	if (writer.status == KIST_OK)
		writer.status = kist_buf_append(&writer.buf, head.data, head.size, err);
	KIST_TRY(data_call(worker, &writer, &exchange, err));
	*ret_score = exchange.result <= 100 ? (int32_t)exchange.result : 0;
	return KIST_OK;
}

kist_status kist_worker_layout(struct kist_worker *worker, const struct kist_serializer_ref *ref,
			       const struct kist_input *input,
			       kist_status (*each)(void *ctx, const struct kist_part *part, struct kist_error *err),
			       void *ctx, struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct exchange exchange = {
		.header = { .op = KIST_OP_LAYOUT }, .verb = "layout", .each_part = each, .ctx = ctx
	};

	KIST_TRY(put_target(worker, ref, input, input->size, &exchange, &writer, err));
	return data_call(worker, &writer, &exchange, err);
}

kist_status kist_worker_validate(struct kist_worker *worker, const struct kist_serializer_ref *ref,
				 const struct kist_input *input,
				 void (*each)(void *ctx, int32_t severity, const struct kist_error *issue), void *ctx,
				 struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct exchange exchange = {
		.header = { .op = KIST_OP_VALIDATE }, .verb = "validate", .each_issue = each, .ctx = ctx
	};

	KIST_TRY(put_target(worker, ref, input, input->size, &exchange, &writer, err));
	KIST_TRY(data_call(worker, &writer, &exchange, err));
	if (exchange.found.status != KIST_OK)
		return kist_fail_text(err, KIST_CORRUPT, exchange.found.code, exchange.found.offset,
				      exchange.found.text, strlen(exchange.found.text));
	return KIST_OK;
}

static kist_status keep_text(void *ctx, struct kist_view bytes, struct kist_error *err)
{
	return kist_buf_append(ctx, bytes.data, bytes.size, err);
}

kist_status kist_worker_describe(struct kist_worker *worker, const struct kist_serializer_ref *ref,
				 const struct kist_input *input, json_t **ret, struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(DESCRIBE_MAX);
	kist_auto_json json_t *value = NULL;
	const struct kist_output output = { .write = keep_text, .ctx = &text };
	struct exchange exchange = {
		.header = { .op = KIST_OP_DESCRIBE }, .verb = "describe", .output = &output
	};
	struct kist_error error = KIST_ERROR_INIT;

	KIST_TRY(put_target(worker, ref, input, input->size, &exchange, &writer, err));
	KIST_TRY(need_window(worker, KIST_WINDOW_RING, err));
	KIST_TRY(data_call(worker, &writer, &exchange, err));
	if (exchange.result == 0) {
		*ret = NULL;
		return KIST_OK;
	}
	if (kist_json_parse(kist_buf_view(&text), &value, &error) != KIST_OK)
		return kist_fail(err, error.status == KIST_NO_MEMORY ? KIST_NO_MEMORY : KIST_INTERNAL,
				 "%s broke the contract in describe: no JSON: %s", ref->plugin->title, error.text);
	if (!json_is_object(value))
		return kist_fail(err, KIST_INTERNAL, "%s broke the contract in describe: no JSON object",
				 ref->plugin->title);
	*ret = kist_steal(value);
	return KIST_OK;
}

/* Objects. */

static struct client_object *find_object(struct kist_worker *worker, uint64_t id)
{
	struct client_object *slot = &worker->objects[id % KIST_WORKER_OBJECTS_MAX];

	return id != 0 && slot->id == id ? slot : NULL;
}

static kist_status unknown_object(uint64_t id, struct kist_error *err)
{
	return kist_fail(err, KIST_INVALID, "no object %llu is in this worker", (unsigned long long)id);
}

/* An unused slot; its next id is kept in @ret_id.  Ids of one slot differ by the number of slots. */
static struct client_object *free_object(struct kist_worker *worker, uint64_t *ret_id)
{
	for (uint64_t i = 0; i < KIST_WORKER_OBJECTS_MAX; i++) {
		struct client_object *slot = &worker->objects[i];

		if (slot->id != 0)
			continue;
		slot->last_id = slot->last_id == 0 ? KIST_WORKER_OBJECTS_MAX + i :
						     slot->last_id + KIST_WORKER_OBJECTS_MAX;
		*ret_id = slot->last_id;
		return slot;
	}
	return NULL;
}

static kist_status take_kind(struct kist_worker *worker, const struct exchange *exchange, uint32_t *ret_kind,
			     struct kist_error *err)
{
	if (exchange->result >= KIST_KIND_COUNT)
		return client_lost(worker, exchange, KIST_INTERNAL, err,
				   "broke the worker's protocol in %s: an unknown kind", exchange->verb);
	*ret_kind = (uint32_t)exchange->result;
	return KIST_OK;
}

kist_status kist_worker_deserialize(struct kist_worker *worker, const struct kist_serializer_ref *ref,
				    const struct kist_input *input, uint64_t *ret_object, uint32_t *ret_kind,
				    struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct exchange exchange = { .header = { .op = KIST_OP_DESERIALIZE }, .verb = "deserialize" };
	struct client_object *slot = free_object(worker, &exchange.header.a);

	if (!slot)
		return kist_fail(err, KIST_LIMIT, "more than %u objects in one worker", KIST_WORKER_OBJECTS_MAX);
	KIST_TRY(put_target(worker, ref, input, input->size, &exchange, &writer, err));
	KIST_TRY(data_call(worker, &writer, &exchange, err));
	KIST_TRY(take_kind(worker, &exchange, ret_kind, err));
	slot->id = exchange.header.a;
	slot->plugin = ref->plugin;
	slot->type_index = ref->type_index;
	slot->has_input = input->fd < 0;
	slot->input = *input;
	*ret_object = slot->id;
	return KIST_OK;
}

kist_status kist_worker_serialize(struct kist_worker *worker, const struct kist_serializer_ref *ref, uint64_t object,
				  const struct kist_output *output, struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct exchange exchange = {
		.header = { .op = KIST_OP_SERIALIZE, .a = object }, .verb = "serialize", .output = output
	};

	if (!find_object(worker, object))
		return unknown_object(object, err);
	KIST_TRY(put_target(worker, ref, NULL, 0, &exchange, &writer, err));
	KIST_TRY(need_window(worker, KIST_WINDOW_RING, err));
	return data_call(worker, &writer, &exchange, err);
}

kist_status kist_worker_convert(struct kist_worker *worker, uint64_t object, uint32_t kinds, const char *select,
				uint64_t *ret_object, uint32_t *ret_kind, struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct exchange exchange = { .header = { .op = KIST_OP_CONVERT, .a = object }, .verb = "convert" };
	struct client_object *slot = find_object(worker, object);

	if (!slot)
		return unknown_object(object, err);
	KIST_TRY(put_target(worker,
			    &(struct kist_serializer_ref){ .plugin = slot->plugin,
							   .type_index = slot->type_index },
			    NULL, 0, &exchange, &writer, err));
	kist_put_u32(&writer, kinds);
	put_string(&writer, select);
	KIST_TRY(data_call(worker, &writer, &exchange, err));
	KIST_TRY(take_kind(worker, &exchange, ret_kind, err));
	/* In place: the result may lean on what it was made of, and on its input. */
	slot->id = slot->last_id = object + KIST_WORKER_OBJECTS_MAX;
	*ret_object = slot->id;
	return KIST_OK;
}

kist_status kist_worker_drop(struct kist_worker *worker, uint64_t object, struct kist_error *err)
{
	struct exchange exchange = {
		.header = { .op = KIST_OP_DROP, .a = object }, .fd = -1, .verb = "releasing an object"
	};
	struct client_object *slot = find_object(worker, object);

	if (!slot)
		return unknown_object(object, err);
	exchange.plugin = slot->plugin;
	exchange.type = slot->plugin->types[slot->type_index];
	KIST_TRY(client_call(worker, &exchange, err));
	slot->id = 0;
	return KIST_OK;
}

kist_status kist_worker_sandbox(struct kist_worker *worker, json_t **ret, struct kist_error *err)
{
	(void)err;
	*ret = json_incref(worker->sandbox);
	return KIST_OK;
}
