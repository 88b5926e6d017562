/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/flow.h"

#include <stdio.h>

#include "base/mem.h"
#include "registry/checkpoint.h"
#include "registry/collect.h"

kist_status kist_flow_open(const struct kist_flow_options *options, struct kist_flow **ret,
			   struct kist_error *err)
{
	kist_auto_flow struct kist_flow *flow = kist_alloc(1, sizeof(*flow));
	struct kist_digest head;

	if (!flow)
		return kist_fail_memory(err, sizeof(*flow));
	flow->worker_options = options->worker;
	flow->catalog_options = options->catalog;
	flow->cache_dir = options->cache_dir;
	flow->temp_dir = options->temp_dir ? options->temp_dir : "/tmp";
	flow->progress = options->progress;
	flow->progress_ctx = options->progress_ctx;
	KIST_TRY(kist_store_open(options->store_uri, &flow->store, err));
	KIST_TRY(kist_registry_open(flow->store, flow->cache_dir, &flow->registry, err));
	KIST_TRY(kist_registry_last_collected(flow->registry, &flow->collected, err));
	kist_registry_head(flow->registry, &flow->opened_at, &head);
	*ret = kist_steal(flow);
	return KIST_OK;
}

void kist_flow_done(struct kist_flow *flow)
{
	kist_worker_close(flow->worker);
	kist_registry_close(flow->registry);
	kist_store_close(flow->store);
	kist_catalog_close(flow->catalog);
	kist_chunk_reader_done(&flow->chunk_reader);
	kist_routes_done(&flow->routes);
	json_decref(flow->routes_new);
	*flow = (struct kist_flow){ .worker = NULL };
}

void kist_flow_close(struct kist_flow *flow)
{
	if (flow)
		kist_flow_done(flow);
	kist_free(flow);
}

kist_status kist_flow_catalog(struct kist_flow *flow, const struct kist_catalog **ret, struct kist_error *err)
{
	if (!flow->catalog)
		KIST_TRY(kist_catalog_open(&flow->catalog_options, &flow->catalog, err));
	*ret = flow->catalog;
	return KIST_OK;
}

void kist_flow_make_checkpoint(struct kist_flow *flow)
{
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_digest digest;
	uint64_t head;

	if (!flow->committed)
		return;
	kist_registry_head(flow->registry, &head, &digest);
	if (head / KIST_CHECKPOINT_COMMITS == flow->opened_at / KIST_CHECKPOINT_COMMITS)
		return;
	flow->opened_at = head;
	/* The next one who comes past a multiple tries, and who collects. */
	if (kist_registry_make_checkpoint(flow->registry, &why) != KIST_OK)
		return;
}

void kist_flow_set_note(struct kist_flow *flow, const char *text)
{
	/* The host's own words; what they quote was escaped when it was recorded. */
	flow->note.struct_size = sizeof(flow->note);
	if (text[0])
		(void)kist_fail_at(&flow->note, KIST_INVALID, NULL, KIST_NO_OFFSET, "%s", text);
}

void kist_flow_set_loud_note(struct kist_flow *flow, const char *text)
{
	if (flow->note_is_loud)
		return;
	kist_error_clear(&flow->note);
	kist_flow_set_note(flow, text);
	flow->note_is_loud = true;
}

/* Whether what is in the way is the file's place or rights, not what it holds. */
static bool is_out_of_reach(kist_status status)
{
	return status == KIST_DENIED || status == KIST_IO || status == KIST_NOT_FOUND ||
	       status == KIST_EXISTS || status == KIST_DEADLINE;
}

kist_status kist_flow_routes(struct kist_flow *flow, const struct kist_routes **ret, struct kist_error *err)
{
	const char *config_dir = flow->catalog_options.config_dir;
	struct kist_error why = KIST_ERROR_INIT;
	const struct kist_catalog *catalog;
	char note[KIST_ERROR_TEXT_SIZE];
	kist_status status;

	*ret = &flow->routes;
	if (flow->routes.times || !config_dir)
		return KIST_OK;
	KIST_TRY(kist_flow_catalog(flow, &catalog, err));
	if (catalog->elevated)
		return KIST_OK;
	status = kist_routes_load(config_dir, &flow->routes, &why);
	if (is_out_of_reach(status)) {
		snprintf(note, sizeof(note), "the recorded routes are passed over: %.880s", why.text);
		kist_flow_set_note(flow, note);
		return KIST_OK;
	}
	if (status != KIST_OK)
		return kist_fail_as(err, status, &why);
	return KIST_OK;
}

kist_status kist_flow_use_route(struct kist_flow *flow, const char *key, const char *id,
				struct kist_error *err)
{
	/* Without a list there is nothing to add to: it was passed over. */
	if (!key[0] || !flow->routes.times || json_object_get(flow->routes.times, key))
		return KIST_OK;
	if (!flow->routes_new)
		flow->routes_new = json_object();
	if (json_object_set_new(flow->routes_new, key, json_string(id)) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return KIST_OK;
}

void kist_flow_record_routes(struct kist_flow *flow)
{
	struct kist_error why = KIST_ERROR_INIT;
	char note[KIST_ERROR_TEXT_SIZE];

	if (json_object_size(flow->routes_new) == 0)
		return;
	if (kist_routes_change(flow->catalog_options.config_dir, KIST_ROUTE_USE, flow->routes_new, NULL,
			       &why) != KIST_OK) {
		snprintf(note, sizeof(note), "the route is not recorded for next time: %.880s", why.text);
		kist_flow_set_note(flow, note);
	}
	/* This flow goes on as it began; the next one reads what stands in the file then. */
	json_object_clear(flow->routes_new);
}

static bool is_loaded(const struct kist_flow *flow, const struct kist_catalog_entry *entry)
{
	for (size_t i = 0; i < flow->loaded_count; i++) {
		if (flow->loaded[i] == entry)
			return true;
	}
	return false;
}

static void drop_worker(struct kist_flow *flow)
{
	kist_worker_close(flow->worker);
	flow->worker = NULL;
	flow->worker_used = false;
}

/*
 * What was loaded before goes into the new worker too, so that a run over many types settles on one worker.
 */
static kist_status start_worker(struct kist_flow *flow, struct kist_error *err)
{
	struct kist_worker_plugin *plugin;
	size_t kept = 0;

	drop_worker(flow);
	KIST_TRY(kist_worker_start(&flow->worker_options, &flow->worker, err));
	for (size_t i = 0; i < flow->loaded_count; i++) {
		/* One that no longer loads is left out; who needs it gets the reason from its own load. */
		if (kist_worker_load(flow->worker, flow->loaded[i], &plugin, NULL) == KIST_OK)
			flow->loaded[kept++] = flow->loaded[i];
		else if (kist_worker_ping(flow->worker, NULL) != KIST_OK)
			break;
	}
	flow->loaded_count = kept;
	return KIST_OK;
}

static kist_status load_one(struct kist_flow *flow, const struct kist_catalog_entry *entry,
			    struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_worker_plugin *plugin;
	kist_status status;

	if (is_loaded(flow, entry))
		return KIST_OK;
	if (flow->loaded_count == KIST_FLOW_PLUGINS_MAX)
		return kist_fail(err, KIST_LIMIT, "more than %d plugins in one run", KIST_FLOW_PLUGINS_MAX);
	/* The worker may die of it; the next use starts another. */
	status = kist_worker_load(flow->worker, entry, &plugin, &why);
	/* "Not found" is left for what people name. */
	if (status != KIST_OK)
		return kist_fail_as(err, status == KIST_NOT_FOUND ? KIST_UNSUPPORTED : status, &why);
	flow->loaded[flow->loaded_count++] = entry;
	return KIST_OK;
}

static bool all_loaded(const struct kist_flow *flow, const struct kist_route_target *targets, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (!is_loaded(flow, targets[i].entry))
			return false;
	}
	return true;
}

kist_status kist_flow_load(struct kist_flow *flow, const struct kist_route_target *targets, size_t count,
			   struct kist_error *err)
{
	const bool alive = flow->worker && kist_worker_ping(flow->worker, NULL) == KIST_OK;

	if (alive && all_loaded(flow, targets, count))
		return KIST_OK;
	if (!alive || flow->worker_used)
		KIST_TRY(start_worker(flow, err));
	for (size_t i = 0; i < count; i++)
		KIST_TRY(load_one(flow, targets[i].entry, err));
	return KIST_OK;
}

kist_status kist_flow_serializer(struct kist_flow *flow, const struct kist_route_target *target,
				 bool for_write, const json_t *params, struct kist_serializer_ref *ret,
				 json_t **ret_params, struct kist_error *err)
{
	const struct kist_manifest_type *type = &target->entry->manifest->types[target->type_index];
	struct kist_worker_plugin *plugin;
	kist_auto_json json_t *checked = NULL;

	KIST_TRY(kist_schema_apply(for_write ? type->serialize : type->deserialize, params, true, &checked,
				   err));
	KIST_TRY(kist_flow_load(flow, target, 1, err));
	KIST_TRY(kist_worker_load(flow->worker, target->entry, &plugin, err));
	flow->worker_used = true;
	*ret = (struct kist_serializer_ref){ .plugin = plugin,
					     .type_index = target->type_index,
					     .params = checked };
	*ret_params = kist_steal(checked);
	return KIST_OK;
}

void kist_flow_progress(const struct kist_flow *flow, uint64_t done, uint64_t total)
{
	if (flow->progress)
		flow->progress(flow->progress_ctx, done, total);
}
