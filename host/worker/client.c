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

/* Starting and ending. */

static void plugin_free(struct kist_worker_plugin *plugin)
{
	if (!plugin)
		return;
	for (size_t i = 0; plugin->types && i < plugin->type_count; i++)
		kist_free(plugin->types[i]);
	for (size_t i = 0; plugin->tasks && i < plugin->task_count; i++)
		kist_free(plugin->tasks[i].verb);
	kist_free(plugin->tasks);
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
	kist_free(worker->lanes);
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
	/* Who sets a short deadline does not want to wait two seconds more. */
	if (options->grace_ms == 0 && worker->options.grace_ms > worker->options.call_ms_max)
		worker->options.grace_ms = worker->options.call_ms_max;
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

		if (json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "name", name, "state", state,
							  "detail", detail)) < 0)
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
	const struct kist_header config = { .op = KIST_OP_CONFIG,
					    .a = worker->options.memory_max,
					    .b = KIST_PROTOCOL_VERSION };
	struct kist_message message;
	kist_status status;

	exchange.deadline_ns = kist_now_ns() + worker->options.call_ms_max * 1000000u;
	status = kist_channel_send(worker->child.socket, config, kist_view_of(NULL, 0), worker->control.fd,
				   exchange.deadline_ns, NULL);
	if (status == KIST_OK) {
		KIST_TRY(client_wait(worker, &exchange, err));
		status = kist_channel_recv(worker->child.socket, worker->buffer, false, &message, NULL);
	}
	if (status == KIST_CRASHED)
		return client_died(worker, &exchange, err);
	if (status != KIST_OK || message.header.op != KIST_OP_READY ||
	    message.header.b != KIST_PROTOCOL_VERSION)
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

/* Loading. */

static char **copy_types(const struct kist_manifest *manifest)
{
	char **types = kist_alloc(manifest->type_count + 1, sizeof(*types));

	for (size_t i = 0; types && i < manifest->type_count; i++)
		types[i] = kist_strndup(manifest->types[i].type, strlen(manifest->types[i].type));
	return types;
}

/* "task 'scale'", as messages say it. */
static kist_status name_tasks(const struct kist_manifest *manifest, struct kist_worker_plugin *plugin,
			      struct kist_error *err)
{
	plugin->tasks = kist_alloc(manifest->task_count, sizeof(*plugin->tasks));
	if (!plugin->tasks)
		return kist_fail_memory(err, manifest->task_count * sizeof(*plugin->tasks));
	plugin->task_count = manifest->task_count;
	for (size_t i = 0; i < manifest->task_count; i++) {
		char verb[160];

		(void)snprintf(verb, sizeof(verb), "task '%s'", manifest->tasks[i].name);
		plugin->tasks[i].declared = &manifest->tasks[i];
		plugin->tasks[i].verb = kist_strndup(verb, strlen(verb));
		if (!plugin->tasks[i].verb)
			return kist_fail_memory(err, sizeof(verb));
	}
	return KIST_OK;
}

static kist_status make_plugin(const struct kist_manifest *manifest, uint32_t index,
			       struct kist_worker_plugin **ret, struct kist_error *err)
{
	__attribute__((cleanup(plugin_free_))) struct kist_worker_plugin *plugin =
		kist_alloc(1, sizeof(*plugin));
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
	KIST_TRY(name_tasks(manifest, plugin, err));
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
	kist_put_u32(writer, manifest->is_ordinary);
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
		put_string(writer, manifest->tasks[i].symbol ? manifest->tasks[i].symbol : "");
	}
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
	KIST_TRY(client_payload(worker, &writer, &exchange, err));
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
		return kist_fail(
			err, KIST_INVALID,
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
