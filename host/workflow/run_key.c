/* SPDX-License-Identifier: Apache-2.0 */
#include <gnu/libc-version.h>
#include <string.h>

#include "base/file.h"
#include "kist/plugin.h"
#include "workflow/run_private.h"

/*
 * What a step's result depends on, as one digest: its code, and its arguments in the order of the signature.
 *
 * Each part is told from the next: texts end with a NUL, which JSON text does not hold, digests have one length, and
 * each argument begins with a letter for what it is.  JSON is not in canonical form here: that writes 1.0 as 1 and
 * -0.0 as 0, which a task may tell apart.
 */

/* With that of kist, which passes arguments on; the C library, which tasks call, is added. */
#define KEY_VERSION "kist.step 1 " PACKAGE_VERSION

static int take_text(const char *text, size_t len, void *ctx)
{
	kist_hasher_add(ctx, kist_view_of(text, len));
	return 0;
}

static void add_text(struct kist_hasher *hasher, const char *text)
{
	kist_hasher_add(hasher, kist_view_of(text, strlen(text) + 1));
}

static void add_digest(struct kist_hasher *hasher, const struct kist_digest *digest)
{
	kist_hasher_add(hasher, kist_view_of(digest->bytes, sizeof(digest->bytes)));
}

static bool add_json(struct kist_hasher *hasher, const json_t *json)
{
	add_text(hasher, "json");
	if (json_dump_callback(json, take_text, hasher, KIST_CACHE_JSON) != 0)
		return false;
	add_text(hasher, "");
	return true;
}

static void add_bytes(struct kist_hasher *hasher, const char *what, struct kist_view bytes)
{
	const struct kist_digest digest = kist_digest_of(bytes);

	add_text(hasher, what);
	add_digest(hasher, &digest);
}

/* An object by where it comes from, or by its bytes when it has such. */
static bool add_object(struct kist_running *running, struct kist_hasher *hasher,
		       const struct kist_value *value)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_WORKER_VALUE_SIZE_MAX);

	if (value->has_source) {
		add_text(hasher, "object");
		add_digest(hasher, &value->source);
		return true;
	}
	if ((value->kind != KIST_KIND_VALUE && value->kind != KIST_KIND_BYTES) ||
	    kist_worker_read(running->flow->worker, value->object, &bytes, NULL) != KIST_OK)
		return false;
	add_bytes(hasher, value->kind == KIST_KIND_VALUE ? "value" : "bytes", kist_buf_view(&bytes));
	return true;
}

/* As large as a task takes it. */
static bool add_file(struct kist_hasher *hasher, const char *path)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT((size_t)1 << 20);

	if (kist_read_file_at(AT_FDCWD, path, &bytes, NULL) != KIST_OK)
		return false;
	add_bytes(hasher, "bytes", kist_buf_view(&bytes));
	return true;
}

static bool add_argument(struct kist_running *running, struct kist_hasher *hasher,
			 const struct kist_offer_input *input, const struct kist_node *node)
{
	const struct kist_value *value = node ? kist_running_find(running, node) : NULL;
	kist_auto_json json_t *json = NULL;

	if (!node)
		return input->preset && add_json(hasher, input->preset);
	if (value && value->object != 0)
		return add_object(running, hasher, value);
	if (value && value->file)
		return add_file(hasher, value->file);
	return kist_running_json(running, node, &json, NULL) == KIST_OK && add_json(hasher, json);
}

bool kist_step_is_deterministic(const struct kist_step *step)
{
	const struct kist_offer_function *function = step->function;

	return function &&
	       (function->entry->manifest->tasks[function->task_index].caps & KIST_CAP_DETERMINISTIC);
}

bool kist_running_key(struct kist_running *running, size_t step, struct kist_digest *ret)
{
	const struct kist_step *made_of = &running->entrypoint->steps[step];
	const struct kist_offer_function *function = made_of->function;
	const struct kist_manifest *manifest = function->entry->manifest;
	const struct kist_manifest_task *task = &manifest->tasks[function->task_index];
	struct kist_hasher hasher;

	if (!kist_step_is_deterministic(made_of))
		return false;
	kist_hasher_start(&hasher);
	add_text(&hasher, KEY_VERSION);
	add_text(&hasher, gnu_get_libc_version());
	add_text(&hasher, manifest->id);
	add_text(&hasher, manifest->version);
	/* The library of the system that a manifest names may change without it. */
	add_digest(&hasher, &manifest->library_sha256);
	add_digest(&hasher, &function->entry->digest);
	add_text(&hasher, task->name);
	add_text(&hasher, task->signature);
	for (size_t i = 0; i < function->input_count; i++) {
		if (!add_argument(running, &hasher, &function->inputs[i], kist_running_argument(made_of, i)))
			return false;
	}
	*ret = kist_hasher_finish(&hasher);
	return true;
}

void kist_value_set_source(struct kist_value *value, const char *what, const struct kist_digest *of,
			   const struct kist_digest *read_by, const char *name)
{
	struct kist_hasher hasher;

	kist_hasher_start(&hasher);
	add_text(&hasher, what);
	add_digest(&hasher, of);
	if (read_by)
		add_digest(&hasher, read_by);
	add_text(&hasher, name);
	value->source = kist_hasher_finish(&hasher);
	value->has_source = true;
}
