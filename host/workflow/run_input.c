/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "flow/convert.h"
#include "flow/find.h"
#include "flow/record.h"
#include "workflow/run_private.h"

/* What no plugin made is a file or a folder, where such is taken. */
static bool is_plain(const struct kist_artifact_input *input, const json_t *record)
{
	return !json_object_get(record, "plugin") &&
	       kist_type_may_hold(input->type,
				  kist_record_is_tree(record) ? &kist_type_tree : &kist_type_bytes);
}

/* Finds the artifacts of all inputs, and who reads them. */
kist_status kist_running_find_inputs(struct kist_running *running, struct kist_error *err)
{
	for (size_t i = 0; i < running->entrypoint->input_count; i++) {
		const struct kist_artifact_input *input = &running->entrypoint->inputs[i];
		const char *name = kist_json_get_text(running->options->inputs, input->name);
		struct kist_run_input *taken = &running->inputs[i];
		kist_status status;

		if (!name)
			return kist_fail(err, KIST_INVALID, "no artifact is given for the input '%s'",
					 input->name);
		status = kist_find(running->flow, name, strlen(name), &taken->artifact, err);
		if (status == KIST_OK && !is_plain(input, taken->artifact.record))
			status = kist_stored_target(running->flow, taken->artifact.record, &taken->target,
						    err);
		if (status != KIST_OK)
			return kist_fail_context(err, "artifact input '%s'", input->name);
	}
	return KIST_OK;
}

/* Gathers what is to be in the worker: each entry once. */
struct loading {
	struct kist_route_target targets[KIST_FLOW_PLUGINS_MAX];
	size_t count;
	struct kist_error *err;
};

static kist_status load_later(struct loading *loading, const struct kist_catalog_entry *entry)
{
	for (size_t i = 0; i < loading->count; i++) {
		if (loading->targets[i].entry == entry)
			return KIST_OK;
	}
	if (loading->count == KIST_FLOW_PLUGINS_MAX)
		return kist_fail(loading->err, KIST_LIMIT, "more than %d plugins in one run",
				 KIST_FLOW_PLUGINS_MAX);
	loading->targets[loading->count++].entry = entry;
	return KIST_OK;
}

/* Files of commands, and outputs without a task, go to whoever knows them: who that is shows only then. */
static kist_status load_all_types(struct kist_running *running, struct loading *loading)
{
	const struct kist_catalog *catalog;

	KIST_TRY(kist_flow_catalog(running->flow, &catalog, loading->err));
	for (size_t i = 0; i < catalog->entry_count; i++) {
		const struct kist_catalog_entry *entry = &catalog->entries[i];

		if (entry->manifest && entry->refusal.status == KIST_OK && entry->manifest->type_count > 0)
			KIST_TRY(load_later(loading, entry));
	}
	return KIST_OK;
}

/* For as many functions as may run beside each other. */
static kist_status start_lanes(const struct kist_running *running, struct kist_error *err)
{
	const struct kist_entrypoint *entrypoint = running->entrypoint;
	size_t count = 0;

	for (size_t i = 0; i < entrypoint->step_count; i++)
		count += entrypoint->steps[i].function != NULL;
	if (count > running->options->jobs)
		count = running->options->jobs;
	if (count > KIST_WORKER_LANES_MAX)
		count = KIST_WORKER_LANES_MAX;
	return count > 1 ? kist_worker_start_lanes(running->flow->worker, count, err) : KIST_OK;
}

/* All plugins are loaded before the first of them is used: that seals the worker. */
kist_status kist_running_load_plugins(struct kist_running *running, struct kist_error *err)
{
	const struct kist_entrypoint *entrypoint = running->entrypoint;
	struct loading loading = { .count = 0, .err = err };
	bool needs_types = entrypoint->output_count > 0;
	struct kist_route_target cache = { .entry = NULL };
	bool may_be_cached = false;

	for (size_t i = 0; i < entrypoint->step_count; i++) {
		needs_types = needs_types || entrypoint->steps[i].exec;
		may_be_cached = may_be_cached || kist_step_is_deterministic(&entrypoint->steps[i]);
		if (entrypoint->steps[i].function)
			KIST_TRY(load_later(&loading, entrypoint->steps[i].function->entry));
	}
	for (size_t i = 0; i < entrypoint->artifact_count; i++)
		KIST_TRY(load_later(&loading, entrypoint->artifacts[i].artifact->entry));
	for (size_t i = 0; i < entrypoint->input_count; i++) {
		if (running->inputs[i].target.entry)
			KIST_TRY(load_later(&loading, running->inputs[i].target.entry));
	}
	if (may_be_cached)
		kist_running_cache_target(running, &cache);
	if (cache.entry)
		KIST_TRY(load_later(&loading, cache.entry));
	if (needs_types)
		KIST_TRY(load_all_types(running, &loading));
	KIST_TRY(kist_flow_load(running->flow, loading.targets, loading.count, err));
	if (!running->flow->worker_used)
		KIST_TRY(start_lanes(running, err));
	running->flow->worker_used = true;
	return KIST_OK;
}

static kist_status check_input(const struct kist_artifact_input *input, uint32_t kind, struct kist_error *err)
{
	static const struct kist_type *const of_kinds[KIST_KIND_COUNT] = {
		[KIST_KIND_NULL] = &kist_type_null,	[KIST_KIND_BYTES] = &kist_type_bytes,
		[KIST_KIND_TENSOR] = &kist_type_tensor, [KIST_KIND_MODEL] = &kist_type_model,
		[KIST_KIND_TABLE] = &kist_type_table,	[KIST_KIND_VALUE] = &kist_type_unknown,
		[KIST_KIND_OPAQUE] = &kist_type_any,
	};
	const struct kist_type *given = kind < KIST_KIND_COUNT ? of_kinds[kind] : &kist_type_any;
	char wanted[160];

	if (kist_type_may_hold(input->type, given))
		return KIST_OK;
	kist_type_print(input->type, wanted, sizeof(wanted));
	return kist_fail_at(err, KIST_INVALID, "E_TYPE", KIST_NO_OFFSET, "it is %s, and %s is expected",
			    given->name, wanted);
}

/* "<folder>/<n>/<input>": called the same in every run, whatever the artifact is called. */
static kist_status write_input(struct kist_running *running, size_t i, struct kist_error *err)
{
	struct kist_run_input *taken = &running->inputs[i];
	const char *name = running->entrypoint->inputs[i].name;
	char folder[PATH_MAX];
	char path[PATH_MAX];

	KIST_TRY(kist_running_new_path(running, "", folder, err));
	KIST_TRY(kist_mkdirs_at(AT_FDCWD, folder, 0700, err));
	if (snprintf(path, sizeof(path), "%s/%s", folder, name) >= (int)sizeof(path))
		return kist_fail(err, KIST_LIMIT, "a path is too long");
	KIST_TRY(kist_load_path(running->flow, taken->artifact.record, path, false, err));
	taken->value.file = kist_strndup(path, strlen(path));
	return taken->value.file ? KIST_OK : kist_fail_memory(err, strlen(path));
}

static kist_status read_input(struct kist_running *running, size_t i, struct kist_error *err)
{
	struct kist_run_input *taken = &running->inputs[i];
	kist_auto_json json_t *params = NULL;
	struct kist_serializer_ref serializer;
	struct kist_input input;

	if (!taken->target.entry)
		return write_input(running, i, err);
	KIST_TRY(kist_flow_serializer(running->flow, &taken->target, false,
				      kist_record_read_params(taken->artifact.record), &serializer, &params,
				      err));
	KIST_TRY(kist_object_reader_open(running->flow, taken->artifact.record, &taken->reader, err));
	input = kist_object_reader_input(&taken->reader);
	kist_worker_keep_tables(running->flow->worker);
	KIST_TRY(kist_worker_deserialize(running->flow->worker, &serializer, &input, &taken->value.object,
					 &taken->value.kind, err));
	kist_value_set_source(&taken->value, "artifact", &taken->artifact.id, &taken->target.entry->digest,
			      taken->target.entry->manifest->types[taken->target.type_index].type);
	return check_input(&running->entrypoint->inputs[i], taken->value.kind, err);
}

kist_status kist_running_read_inputs(struct kist_running *running, struct kist_error *err)
{
	for (size_t i = 0; i < running->entrypoint->input_count; i++) {
		if (read_input(running, i, err) != KIST_OK)
			return kist_fail_context(err, "artifact input '%s'",
						 running->entrypoint->inputs[i].name);
	}
	return KIST_OK;
}
