/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/output.h"

static enum kist_exit run(struct kist_cli *cli)
{
	const char *named = cli->paths.store_is_named ? cli->paths.store : ".kist";
	const char *uri = cli->argument_count ? cli->arguments[0] : named;
	struct kist_error err = KIST_ERROR_INIT;
	kist_auto_store struct kist_store *store = NULL;

	if (kist_store_check_uri(uri, &err) != KIST_OK)
		return kist_cli_usage(cli, "%s", err.text);
	/* Asked first: of a store that is there, that is all there is to say. */
	if (kist_store_open(uri, &store, NULL) == KIST_OK)
		(void)kist_fail(&err, KIST_EXISTS, "'%s' is a store already (%s): nothing was changed", uri,
				kist_store_id(store));
	if (err.status != KIST_OK || kist_store_create(uri, &err) != KIST_OK ||
	    kist_store_open(uri, &store, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	if (cli->json &&
	    kist_print_json_take(json_pack("{s:s,s:s}", "store", uri, "id", kist_store_id(store)), &err) !=
		    KIST_OK)
		return kist_cli_fail(cli, &err, false);
	if (!cli->json && !cli->quiet)
		printf("made the store '%s' (%s)\n", uri, kist_store_id(store));
	return KIST_EXIT_DONE;
}

const struct kist_command kist_command_init = {
	.name = "init",
	.arguments = "[URI]",
	.summary = "make a store: a folder; .kist when none is named",
	.arguments_max = 1,
	.run = run,
};
