/* SPDX-License-Identifier: Apache-2.0 */
#include "tasks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#define TEXT_MAX ((size_t)64 << 10)

/* Not Check's own: the bench uses this file too. */
__attribute__((noreturn)) static void stop(const char *why)
{
	(void)fprintf(stderr, "%s\n", why);
	exit(1);
}

static const char *below(const char *variable, const char *name, char *ret, size_t size)
{
	const char *top = getenv(variable);

	(void)snprintf(ret, size, "%s/%s", top ? top : ".", name);
	return ret;
}

static void take_log(void *ctx, const char *id, int32_t level, const char *text)
{
	struct tasks *tasks = ctx;

	(void)snprintf(tasks->log, sizeof(tasks->log), "%s %d %s", id, level, text);
	tasks->logs++;
}

static void take_progress(void *ctx, uint64_t done, uint64_t total)
{
	struct tasks *tasks = ctx;

	(void)done;
	(void)total;
	tasks->progress++;
}

struct kist_worker_options tasks_options(struct tasks *tasks)
{
	static char program[4096];

	return (struct kist_worker_options){ .program = below("top_builddir", "host/worker/kist-worker", program,
							      sizeof(program)),
					     .call_ms_max = 60000,
					     .grace_ms = 100,
					     .log = take_log,
					     .progress = take_progress,
					     .ctx = tasks };
}

/* @text with @mark, which stands in it once, replaced. */
static void fill(char *text, const char *mark, const char *by)
{
	char *at = strstr(text, mark);
	char rest[TEXT_MAX];

	if (!at)
		return;
	(void)snprintf(rest, sizeof(rest), "%s", at + strlen(mark));
	(void)snprintf(at, TEXT_MAX - (size_t)(at - text), "%s%s", by, rest);
}

static void read_manifest(struct tasks *tasks, const char *name, const char *library_path)
{
	kist_auto_buf struct kist_buf library = KIST_BUF_INIT((size_t)64 << 20);
	kist_auto_buf struct kist_buf file = KIST_BUF_INIT(TEXT_MAX / 2);
	struct kist_error error = KIST_ERROR_INIT;
	static char text[TEXT_MAX];
	struct kist_digest digest;
	char path[4096];
	char hex[KIST_DIGEST_HEX_SIZE];
	char size[32];

	if (kist_read_file_at(AT_FDCWD, library_path, &library, &error) != KIST_OK ||
	    kist_read_file_at(AT_FDCWD, below("top_srcdir", name, path, sizeof(path)), &file, &error) != KIST_OK)
		stop(error.text);
	(void)snprintf(text, sizeof(text), "%.*s", (int)file.size, (const char *)file.data);
	digest = kist_digest_of(kist_buf_view(&library));
	kist_digest_hex(&digest, hex);
	(void)snprintf(size, sizeof(size), "%zu", library.size);
	fill(text, "@SIZE@", size);
	fill(text, "@SHA256@", hex);
	if (kist_manifest_parse(kist_view_of(text, strlen(text)), &tasks->manifest, &error) != KIST_OK)
		stop(error.text);
}

static void load(struct tasks *tasks, const char *name, const char *library)
{
	struct kist_error error = KIST_ERROR_INIT;
	char built[256];

	(void)snprintf(built, sizeof(built), "tests/unit/worker/%s", library);
	read_manifest(tasks, name, below("top_builddir", built, tasks->path, sizeof(tasks->path)));
	tasks->entry = (struct kist_catalog_entry){
		.manifest = tasks->manifest, .path = tasks->path, .tier = KIST_TIER_GIVEN, .refusal = KIST_ERROR_INIT
	};
	if (kist_worker_load(tasks->worker, &tasks->entry, &tasks->plugin, &error) != KIST_OK)
		stop(error.text);
}

void tasks_start(struct tasks *tasks, const char *name, const char *library,
		 const struct kist_worker_options *options)
{
	const struct kist_worker_options usual = tasks_options(tasks);
	struct kist_error error = KIST_ERROR_INIT;

	*tasks = (struct tasks){ .worker = NULL };
	if (kist_worker_start(options ? options : &usual, &tasks->worker, &error) != KIST_OK)
		stop(error.text);
	load(tasks, name, library);
}

void tasks_join(struct tasks *tasks, const struct tasks *first, const char *name, const char *library)
{
	*tasks = (struct tasks){ .worker = first->worker, .joined = true };
	load(tasks, name, library);
}

void tasks_stop(struct tasks *tasks)
{
	if (!tasks->joined)
		kist_worker_close(tasks->worker);
	kist_manifest_free(tasks->manifest);
	*tasks = (struct tasks){ .worker = NULL };
}

struct kist_task_ref tasks_ref(const struct tasks *tasks, const char *name)
{
	for (size_t i = 0; i < tasks->manifest->task_count; i++) {
		if (strcmp(tasks->manifest->tasks[i].name, name) == 0)
			return (struct kist_task_ref){ .plugin = tasks->plugin, .task_index = i };
	}
	stop(name);
}

kist_status tasks_call(struct tasks *tasks, const char *name, const struct kist_task_arg *args, size_t count,
		       struct kist_task_result *ret, struct kist_error *err)
{
	const struct kist_task_ref ref = tasks_ref(tasks, name);

	return kist_worker_call_task(tasks->worker, &ref, args, count, ret, err);
}

json_t *tasks_value(const char *json)
{
	struct kist_error error = KIST_ERROR_INIT;
	char text[4096];
	json_t *value;

	(void)snprintf(text, sizeof(text), "%s", json);
	for (char *at = text; *at; at++)
		*at = *at == '\'' ? '"' : *at;
	if (kist_json_parse(kist_view_of(text, strlen(text)), &value, &error) != KIST_OK)
		stop(error.text);
	return value;
}

kist_status tasks_json(struct tasks *tasks, const char *name, const char *json, struct kist_task_result *ret,
		       struct kist_error *err)
{
	struct kist_task_arg args[KIST_SIGNATURE_ARGS_MAX] = { { .object = 0 } };
	kist_auto_json json_t *list = tasks_value(json);

	for (size_t i = 0; i < json_array_size(list); i++)
		args[i].value = json_array_get(list, i);
	return tasks_call(tasks, name, args, json_array_size(list), ret, err);
}
