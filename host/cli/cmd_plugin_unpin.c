/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/num.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "route/routes.h"

static const struct kist_option options[] = {
	{ .name = "all", .help = "drop every route, pinned or recorded" },
	{ .name = NULL },
};

static kist_status missing(const struct kist_routes *routes, const char *key, struct kist_error *err)
{
	struct kist_nearest nearest = KIST_NEAREST_INIT(key);
	const char *there;
	json_t *time;

	json_object_foreach(routes->times, there, time)
		kist_nearest_offer(&nearest, there);
	if (nearest.name)
		return kist_fail(err, KIST_NOT_FOUND, "there is no route '%s': did you mean '%s'?", key,
				 nearest.name);
	return kist_fail(err, KIST_NOT_FOUND, "there is no route '%s'; 'kist plugin routes' shows all", key);
}

/* All that are named, or none of them. */
static kist_status gather(const struct kist_cli *cli, json_t **ret, struct kist_error *err)
{
	kist_auto_routes struct kist_routes routes = KIST_ROUTES_INIT;
	kist_auto_json json_t *keys = json_object();

	KIST_TRY(kist_routes_load(cli->paths.config_dir, &routes, err));
	for (size_t i = 0; i < cli->argument_count; i++) {
		if (!json_object_get(routes.times, cli->arguments[i]))
			return missing(&routes, cli->arguments[i], err);
		if (json_object_set_new(keys, cli->arguments[i], json_true()) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	if (kist_cli_has(cli, "all") && json_object_update(keys, routes.times) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	*ret = kist_steal(keys);
	return KIST_OK;
}

static kist_status unpin(struct kist_cli *cli, struct kist_error *err)
{
	kist_auto_json json_t *keys = NULL;
	size_t count;

	KIST_TRY(gather(cli, &keys, err));
	if (json_object_size(keys) == 0)
		count = 0;
	else
		KIST_TRY(kist_routes_change(cli->paths.config_dir, KIST_ROUTE_DROP, keys, &count, err));
	if (cli->json)
		return kist_print_json_take(json_pack("{s:I}", "dropped", (json_int_t)count), err);
	if (!cli->quiet)
		printf("dropped: %zu route%s; the next use decides anew\n", count, kist_plural(count));
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;

	if ((cli->argument_count == 0) != kist_cli_has(cli, "all"))
		return kist_cli_usage(cli, "takes either KEYs or --all; 'kist plugin routes' shows the keys");
	return unpin(cli, &err) == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, false);
}

const struct kist_command kist_command_plugin_unpin = {
	.name = "plugin unpin",
	.arguments = "KEY...|--all",
	.summary = "drop routes, pinned or recorded: the next use decides anew",
	.options = options,
	.arguments_max = SIZE_MAX,
	.run = run,
};
