/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"
#include "base/mem.h"
#include "worker/serve.h"

/*
 * Loading in the worker.  The host has read and checked the manifest; what the loader compares the library
 * with comes along as plain fields, so that no JSON is parsed here.
 */

struct rebuilt {
	struct kist_manifest manifest; /* first: what is given out */
	struct kist_buf payload;       /* its texts */
	struct kist_manifest_type *types;
	struct kist_manifest_task *tasks;
};

static void rebuilt_free(struct rebuilt *rebuilt)
{
	if (!rebuilt)
		return;
	kist_buf_done(&rebuilt->payload);
	kist_free(rebuilt->types);
	kist_free(rebuilt->tasks);
	kist_free(rebuilt);
}

static void rebuilt_free_(struct rebuilt **slot)
{
	rebuilt_free(*slot);
}

static void get_type(struct kist_reader *reader, struct kist_manifest_type *ret)
{
	size_t len;

	ret->type = kist_get_text(reader, &len);
	ret->task = kist_get_text(reader, &len);
	ret->major = kist_get_u32(reader);
	ret->minor = kist_get_u32(reader);
	ret->minor_max = kist_get_u32(reader);
	ret->kinds = kist_get_u32(reader);
	ret->priority = kist_get_u32(reader);
}

static kist_status read_manifest(struct rebuilt *rebuilt, struct kist_error *err)
{
	struct kist_reader reader = { .rest = kist_buf_view(&rebuilt->payload) };
	struct kist_manifest *manifest = &rebuilt->manifest;
	size_t len;

	manifest->id = kist_get_text(&reader, &len);
	manifest->version = kist_get_text(&reader, &len);
	manifest->publisher = manifest->license = manifest->url = manifest->library_file = "";
	manifest->abi_major = kist_get_u32(&reader);
	manifest->abi_minor_required = kist_get_u32(&reader);
	manifest->needs_threads = kist_get_u32(&reader) != 0;
	manifest->is_ordinary = kist_get_u32(&reader) != 0;
	manifest->type_count = kist_get_u32(&reader);
	manifest->task_count = kist_get_u32(&reader);
	if (manifest->type_count > KIST_MANIFEST_TYPES_MAX || manifest->task_count > KIST_MANIFEST_TASKS_MAX)
		return kist_fail(err, KIST_INTERNAL, "a manifest larger than manifests are");
	rebuilt->types = kist_alloc(manifest->type_count + 1, sizeof(*rebuilt->types));
	rebuilt->tasks = kist_alloc(manifest->task_count + 1, sizeof(*rebuilt->tasks));
	if (!rebuilt->types || !rebuilt->tasks)
		return kist_fail_memory(err, manifest->type_count * sizeof(*rebuilt->types));
	for (size_t i = 0; i < manifest->type_count; i++)
		get_type(&reader, &rebuilt->types[i]);
	for (size_t i = 0; i < manifest->task_count; i++) {
		const char *symbol;

		rebuilt->tasks[i].name = kist_get_text(&reader, &len);
		rebuilt->tasks[i].signature = kist_get_text(&reader, &len);
		symbol = kist_get_text(&reader, &len);
		rebuilt->tasks[i].symbol = len > 0 ? symbol : NULL;
		if (!reader.bad)
			KIST_TRY(kist_signature_parse(rebuilt->tasks[i].signature, &rebuilt->tasks[i].call,
						      err));
	}
	manifest->types = rebuilt->types;
	manifest->tasks = rebuilt->tasks;
	if (!kist_reader_end(&reader))
		return kist_fail(err, KIST_INTERNAL, "a manifest that breaks the protocol");
	return KIST_OK;
}

/* Once for all calls.  Like the library they stay for the life of the process. */
static kist_status prepare_tasks(struct served_plugin *plugin, const struct kist_manifest *manifest,
				 struct kist_error *err)
{
	plugin->tasks = kist_alloc(manifest->task_count, sizeof(struct kist_task *));
	if (!plugin->tasks)
		return kist_fail_memory(err, manifest->task_count * sizeof(struct kist_task *));
	for (size_t i = 0; i < manifest->task_count; i++) {
		KIST_TRY(kist_task_prepare(&manifest->tasks[i].call, plugin->code.tasks[i], &plugin->tasks[i],
					   err));
	}
	return KIST_OK;
}

kist_status serve_load(struct server *server, uint64_t index, struct kist_view payload, int fd,
		       struct served_call *call)
{
	kist_auto_fd int library = fd;
	__attribute__((cleanup(rebuilt_free_))) struct rebuilt *rebuilt = kist_alloc(1, sizeof(*rebuilt));
	struct kist_error *err = &call->error;
	struct served_plugin *plugin;

	call->by_worker = true;
	if (index >= KIST_WORKER_PLUGINS_MAX || server->plugins[index].loaded || server->sealed || fd < 0)
		return kist_fail(err, KIST_INTERNAL, "a load that breaks the protocol");
	if (!rebuilt)
		return kist_fail_memory(err, sizeof(*rebuilt));
	rebuilt->payload = (struct kist_buf)KIST_BUF_INIT(KIST_WINDOW_SIZE);
	KIST_TRY(kist_buf_append(&rebuilt->payload, payload.data, payload.size, err));
	KIST_TRY(read_manifest(rebuilt, err));
	plugin = &server->plugins[index];
	serve_host_init(plugin, server, (uint32_t)index);
	call->base.host = &plugin->host;
	KIST_TRY(kist_load(kist_fd_move(&library), &rebuilt->manifest, &plugin->host, &call->base,
			   &plugin->code, err));
	KIST_TRY(prepare_tasks(plugin, &rebuilt->manifest, err));
	plugin->loaded = true;
	server->threads |= rebuilt->manifest.needs_threads;
	/* For the life of the process, like the library. */
	plugin->manifest = &rebuilt->manifest;
	rebuilt = NULL;
	return KIST_OK;
}
