/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "cli/table.h"
#include "route/routes.h"

static const char *const titles[] = { "KEY", "PLUGIN", "HOW", "SINCE", "STATE" };

struct listing {
	const struct kist_cli *cli;
	const struct kist_catalog *catalog;
	const struct kist_routes *routes;
	struct kist_table table;
	json_t *rows;
};

static void listing_done(struct listing *listing)
{
	kist_table_done(&listing->table);
	json_decref(listing->rows);
}

static kist_status add(struct listing *listing, const char *key, struct kist_error *err)
{
	const char *pin = kist_json_get_text(listing->routes->pinned, key);
	const char *id = pin ? pin : kist_json_get_text(listing->routes->used, key);
	const char *since = kist_json_get_text(listing->routes->times, key);
	const struct kist_catalog_entry *entry = kist_plugins_find(listing->catalog, id);
	const char *state = entry ? kist_plugins_state(&entry->refusal) : "not installed";
	const char *const cells[] = { key, id, pin ? "pinned" : "used", since, state };
	json_t *row;

	if (!listing->cli->json) {
		for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++)
			KIST_TRY(kist_table_add_text(&listing->table, cells[i], err));
		return KIST_OK;
	}
	row = json_pack("{s:s,s:s,s:s,s:s,s:s}", "key", key, "plugin", id, "how", pin ? "pinned" : "used",
			"since", since, "state", state);
	return row && json_array_append_new(listing->rows, row) == 0 ? KIST_OK
								     : kist_fail_memory(err, sizeof(json_t));
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static kist_status add_all(struct listing *listing, struct kist_error *err)
{
	const size_t count = json_object_size(listing->routes->times);
	kist_auto_mem const char **keys = kist_alloc(count ? count : 1, sizeof(*keys));
	const char *key;
	json_t *time;
	size_t n = 0;

	if (!keys)
		return kist_fail_memory(err, count * sizeof(*keys));
	json_object_foreach(listing->routes->times, key, time)
		keys[n++] = key;
	qsort(keys, n, sizeof(*keys), compare);
	for (size_t i = 0; i < n; i++)
		KIST_TRY(add(listing, keys[i], err));
	return KIST_OK;
}

static kist_status list(struct kist_cli *cli, struct kist_error *err)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	kist_auto_routes struct kist_routes routes = KIST_ROUTES_INIT;
	__attribute__((cleanup(listing_done))) struct listing listing = {
		.cli = cli,
		.routes = &routes,
		.table = KIST_TABLE_INIT(sizeof(titles) / sizeof(titles[0]), titles),
		.rows = json_array(),
	};

	KIST_TRY(kist_plugins_open(cli, &catalog, err));
	KIST_TRY(kist_routes_load(cli->paths.config_dir, &routes, err));
	listing.catalog = catalog;
	KIST_TRY(add_all(&listing, err));
	if (cli->json)
		return kist_print_json_take(json_incref(listing.rows), err);
	if (listing.table.rows > 0)
		kist_table_print(&listing.table, cli->quiet);
	else if (!cli->quiet)
		printf("no routes yet: each is recorded at its first use\n");
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;

	return list(cli, &err) == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, false);
}

const struct kist_command kist_command_plugin_routes = {
	.name = "plugin routes",
	.arguments = "",
	.summary = "list the routes: pinned, and recorded at first use",
	.run = run,
};
