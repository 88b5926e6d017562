/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/signing.h"
#include "plugin/install.h"
#include "route/routes.h"

static const struct kist_option options[] = {
	{ .name = "force", .help = "also when routes lead to it; they are dropped" },
	{ .name = NULL },
};

/* Moves the routes that lead to @id out of @from into @ret. */
static kist_status gather(const json_t *from, const char *id, json_t *ret, struct kist_error *err)
{
	const char *key;
	json_t *plugin;

	json_object_foreach((json_t *)(uintptr_t)from, key, plugin) {
		if (strcmp(json_string_value(plugin), id) == 0 && json_object_set(ret, key, plugin) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	return KIST_OK;
}

static kist_status routes_to(const struct kist_cli *cli, const char *id, json_t **ret, struct kist_error *err)
{
	kist_auto_routes struct kist_routes routes = KIST_ROUTES_INIT;
	kist_auto_json json_t *found = json_object();

	if (!found)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_routes_load(cli->paths.config_dir, &routes, err));
	KIST_TRY(gather(routes.pinned, id, found, err));
	KIST_TRY(gather(routes.used, id, found, err));
	*ret = kist_steal(found);
	return KIST_OK;
}

static kist_status remove_plugin(struct kist_cli *cli, const char *id, json_t *list, struct kist_error *err)
{
	kist_auto_json json_t *routes = NULL;
	struct kist_signing place;
	size_t count;

	KIST_TRY(kist_signing_find(cli, &place, err));
	KIST_TRY(routes_to(cli, id, &routes, err));
	count = json_object_size(routes);
	if (count > 0 && !kist_cli_has(cli, "force"))
		return kist_fail(
			err, KIST_EXISTS,
			"%zu route%s to '%s', as '%s' ('kist plugin routes' shows all): drop them with 'kist "
			"plugin unpin', or say --force",
			count, count == 1 ? " leads" : "s lead", id,
			json_object_iter_key(json_object_iter(routes)));
	if (kist_uninstall(place.plugins_dir, cli->paths.config_dir, id, err) != KIST_OK)
		return err->status == KIST_NOT_FOUND
			       ? kist_fail_context(err, "'%s' was not installed by 'kist plugin install'", id)
			       : err->status;
	/* After the plugin: should this fail, a route leads nowhere, and says so. */
	if (count > 0)
		KIST_TRY(kist_routes_change(cli->paths.config_dir, KIST_ROUTE_DROP, routes, NULL, err));
	if (json_array_append_new(list,
				  json_pack("{s:s,s:I}", "id", id, "routes_dropped", (json_int_t)count)) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	if (!cli->quiet && !cli->json && count > 0)
		printf("removed: %s, and %zu route%s to it\n", id, count, count == 1 ? "" : "s");
	else if (!cli->quiet && !cli->json)
		printf("removed: %s\n", id);
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	return kist_signing_each(cli, remove_plugin);
}

const struct kist_command kist_command_plugin_remove = {
	.name = "plugin remove",
	.arguments = "ID...",
	.summary = "remove plugins that were installed, with their pins",
	.options = options,
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.run = run,
};
