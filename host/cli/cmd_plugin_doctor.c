/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "cli/table.h"
#include "route/routes.h"

#define PINGS 1000

/* Loads one plugin in a worker of its own, so that what it does there is said and harms no other. */
static kist_status try_plugin(struct kist_cli *cli, const struct kist_catalog_entry *entry,
			      struct kist_error *err)
{
	const struct kist_worker_options options = kist_cli_worker_options(cli);
	kist_auto_worker struct kist_worker *worker = NULL;
	struct kist_worker_plugin *plugin;

	KIST_TRY(kist_worker_start(&options, &worker, err));
	return kist_worker_load(worker, entry, &plugin, err);
}

/* Not trusted and shadowed are decisions, not faults. */
static bool is_fault(const struct kist_error *refusal)
{
	return refusal->status != KIST_OK && refusal->status != KIST_DENIED && refusal->status != KIST_EXISTS;
}

static kist_status check_plugins(struct kist_cli *cli, const struct kist_catalog *catalog, json_t *rows,
				 bool *ret_bad, struct kist_error *err)
{
	for (size_t i = 0; i < catalog->entry_count; i++) {
		const struct kist_catalog_entry *entry = &catalog->entries[i];
		struct kist_error why = entry->refusal;
		json_t *row;

		if (is_fault(&why) || (why.status == KIST_OK && try_plugin(cli, entry, &why) != KIST_OK))
			*ret_bad = true;
		row = json_pack("{s:s,s:s,s:s,s:s}", "state",
				why.status == KIST_OK ? "loads" : kist_status_name(why.status), "reason",
				why.status == KIST_OK ? "" : why.text, "code", why.code, "remedy",
				kist_plugins_remedy(&why));
		row = kist_json_with_path(row, "plugin", entry->manifest ? entry->manifest->id : entry->path);
		row = kist_json_with_path(row, "manifest", entry->path);
		if (!row || json_array_append_new(rows, row) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return KIST_OK;
}

/* Folders that are passed over, wholly or in part; one that is not there is nothing to tell, unless it was
 * named. */
static kist_status check_folders(const struct kist_catalog *catalog, json_t *rows, struct kist_error *err)
{
	for (size_t i = 0; i < catalog->dir_count; i++) {
		const struct kist_catalog_dir *dir = &catalog->dirs[i];
		json_t *row;

		if (!dir->note[0] || (!dir->refused && !dir->used && dir->tier < KIST_TIER_ENV))
			continue;
		row = kist_json_with_path(json_pack("{s:s}", "note", dir->note), "folder", dir->path);
		if (!row || json_array_append_new(rows, row) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return KIST_OK;
}

/* A pin to a plugin that cannot be used refuses every put that it is for. */
static void check_pins(const struct kist_catalog *catalog, const struct kist_routes *routes,
		       struct kist_error *ret_why)
{
	const char *key;
	json_t *id;

	json_object_foreach(routes->pinned, key, id) {
		const struct kist_catalog_entry *entry = kist_plugins_find(catalog, json_string_value(id));

		if (entry && entry->refusal.status == KIST_OK)
			continue;
		(void)kist_fail(
			ret_why, KIST_NOT_FOUND,
			"'%s' is pinned to plugin '%s', which is %s%.400s; 'kist plugin unpin %s' drops "
			"the pin",
			key, json_string_value(id), entry ? "refused: " : "not installed",
			entry ? entry->refusal.text : "", key);
	}
}

/* A recorded route is passed over with a note when its plugin is gone: no fault, but no surprise either. */
static kist_status check_used(const struct kist_catalog *catalog, const struct kist_routes *routes,
			      json_t *rows, struct kist_error *err)
{
	char remedy[KIST_ERROR_TEXT_SIZE];
	const char *key;
	json_t *id;

	json_object_foreach(routes->used, key, id) {
		json_t *row;

		if (kist_plugins_find(catalog, json_string_value(id)))
			continue;
		snprintf(remedy, sizeof(remedy), "install it, or 'kist plugin unpin %s' forgets the route",
			 key);
		row = json_pack("{s:s,s:O,s:s}", "key", key, "plugin", id, "remedy", remedy);
		if (!row || json_array_append_new(rows, row) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return KIST_OK;
}

static kist_status check_routes(struct kist_cli *cli, const struct kist_catalog *catalog, json_t *facts,
				bool *ret_bad, struct kist_error *err)
{
	kist_auto_routes struct kist_routes routes = KIST_ROUTES_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	json_t *gone = json_array();

	if (json_object_set_new(facts, "routes_gone", gone) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	if (kist_routes_load(cli->paths.config_dir, &routes, &why) == KIST_OK) {
		check_pins(catalog, &routes, &why);
		KIST_TRY(check_used(catalog, &routes, gone, err));
	}
	if (why.status != KIST_OK)
		*ret_bad = true;
	if (json_object_set_new(facts, "routes", json_string(why.status == KIST_OK ? "sound" : why.text)) !=
	    0)
		return kist_fail_memory(err, sizeof(json_t));
	return KIST_OK;
}

static kist_status check_all(struct kist_cli *cli, json_t *facts, bool *ret_bad, struct kist_error *err)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	json_t *plugins = json_array();
	json_t *folders = json_array();

	if (json_object_set_new(facts, "plugins", plugins) != 0 ||
	    json_object_set_new(facts, "folders", folders) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_plugins_open(cli, &catalog, err));
	KIST_TRY(check_plugins(cli, catalog, plugins, ret_bad, err));
	KIST_TRY(check_folders(catalog, folders, err));
	return check_routes(cli, catalog, facts, ret_bad, err);
}

static kist_status measure(struct kist_cli *cli, json_t *facts, struct kist_error *err)
{
	const struct kist_worker_options options = kist_cli_worker_options(cli);
	kist_auto_worker struct kist_worker *worker = NULL;
	uint64_t start = kist_now_ns();
	uint64_t ready;
	json_t *sandbox;

	KIST_TRY(kist_worker_start(&options, &worker, err));
	ready = kist_now_ns() - start;
	KIST_TRY(kist_worker_sandbox(worker, &sandbox, err));
	if (json_object_set_new(facts, "sandbox", sandbox) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	start = kist_now_ns();
	for (int i = 0; i < PINGS; i++)
		KIST_TRY(kist_worker_ping(worker, err));
	if (json_object_set_new(facts, "worker_ready_us", json_integer((json_int_t)(ready / 1000))) != 0 ||
	    json_object_set_new(facts, "round_trip_us",
				json_real((double)(kist_now_ns() - start) / 1000 / PINGS)) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return KIST_OK;
}

static kist_status print_table(const json_t *rows, const char *const *titles, const char *const *keys,
			       struct kist_error *err)
{
	kist_auto_table struct kist_table table = KIST_TABLE_INIT(3, titles);

	for (size_t i = 0; i < 3 * json_array_size(rows); i++)
		KIST_TRY(kist_table_add_text(
			&table, kist_json_get_text(json_array_get(rows, i / 3), keys[i % 3]), err));
	kist_table_print(&table, false);
	return KIST_OK;
}

static void print_routes(const json_t *gone)
{
	const json_t *row;
	size_t i;

	json_array_foreach(gone, i, row)
		printf("route %s: plugin '%s' is not installed; %s\n", kist_json_get_text(row, "key"),
		       kist_json_get_text(row, "plugin"), kist_json_get_text(row, "remedy"));
}

static kist_status print_people(const json_t *facts, struct kist_error *err)
{
	static const char *const sandbox_titles[] = { "SANDBOX", "STATE", "DETAIL" };
	static const char *const sandbox_keys[] = { "name", "state", "detail" };
	static const char *const plugin_titles[] = { "PLUGIN", "STATE", "REASON" };
	static const char *const plugin_keys[] = { "plugin", "state", "reason" };
	const json_t *plugins = json_object_get(facts, "plugins");
	const json_t *folders = json_object_get(facts, "folders");

	KIST_TRY(print_table(json_object_get(facts, "sandbox"), sandbox_titles, sandbox_keys, err));
	printf("\na worker is ready in %.1f ms; a call takes %.0f us there and back\n\n",
	       (double)json_integer_value(json_object_get(facts, "worker_ready_us")) / 1000,
	       json_real_value(json_object_get(facts, "round_trip_us")));
	KIST_TRY(print_table(plugins, plugin_titles, plugin_keys, err));
	printf("\n");
	for (size_t i = 0; i < json_array_size(plugins); i++) {
		const json_t *row = json_array_get(plugins, i);
		const char *remedy = kist_json_get_text(row, "remedy");
		const char *path = kist_json_get_text(row, "manifest");
		char shown[1024];

		if (!remedy[0])
			continue;
		kist_text_escape(path, strlen(path), shown, sizeof(shown));
		printf("%s: %s\n", shown, remedy);
	}
	for (size_t i = 0; i < json_array_size(folders); i++) {
		const json_t *row = json_array_get(folders, i);

		printf("folder %s: %s\n", kist_json_get_text(row, "folder"), kist_json_get_text(row, "note"));
	}
	printf("routes: %s\n", kist_json_get_text(facts, "routes"));
	print_routes(json_object_get(facts, "routes_gone"));
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	kist_auto_json json_t *facts = json_object();
	struct kist_error err = KIST_ERROR_INIT;
	bool bad = false;

	if (measure(cli, facts, &err) != KIST_OK || check_all(cli, facts, &bad, &err) != KIST_OK ||
	    (cli->json ? kist_print_json_take(json_incref(facts), &err) : print_people(facts, &err)) !=
		    KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return bad ? KIST_EXIT_FAILED : KIST_EXIT_DONE;
}

const struct kist_command kist_command_plugin_doctor = {
	.name = "plugin doctor",
	.arguments = "",
	.summary = "try the worker, its sandbox and every plugin",
	.run = run,
};
