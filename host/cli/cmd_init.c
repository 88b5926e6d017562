/* SPDX-License-Identifier: Apache-2.0 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/commands.h"
#include "cli/output.h"

static bool is_store(const char *path)
{
	kist_auto_store struct kist_store *store = NULL;
	const kist_status status = kist_store_open(path, &store, NULL);

	return status == KIST_OK || status == KIST_INCOMPATIBLE || status == KIST_CORRUPT;
}

/* A store in a store would be taken for a part of it.  @uri is no store itself. */
static kist_status check_above(const char *uri, struct kist_error *err)
{
	static const char scheme[] = "file://";
	char path[PATH_MAX];
	char above[PATH_MAX];

	if (strncmp(uri, scheme, sizeof(scheme) - 1) == 0)
		uri += sizeof(scheme) - 1;
	if (snprintf(path, sizeof(path), "%s%s", uri[0] == '/' ? "" : "./", uri) >= (int)sizeof(path))
		return KIST_OK;
	/* Up to what is there already. */
	while (!realpath(path, above)) {
		char *slash = strrchr(path, '/');

		if (!slash || slash == path)
			return KIST_OK;
		*slash = '\0';
	}
	while (above[0] != '\0') {
		if (is_store(above))
			return kist_fail(err, KIST_INVALID,
					 "'%s' lies in the store '%s': choose another place", uri, above);
		*strrchr(above, '/') = '\0';
	}
	return KIST_OK;
}

/* Of a store that is there, sound or not, that is all there is to say. */
static kist_status check_there(const char *uri, struct kist_error *err)
{
	kist_auto_store struct kist_store *store = NULL;
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = kist_store_open(uri, &store, &why);

	if (status == KIST_OK)
		return kist_fail(err, KIST_EXISTS, "'%s' is a store already (%s): nothing was changed", uri,
				 kist_store_id(store));
	return status == KIST_CORRUPT || status == KIST_INCOMPATIBLE ? kist_fail_as(err, status, &why)
								     : KIST_OK;
}

static kist_status create(const char *uri, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = kist_store_create(uri, &why);

	/* Somebody else was faster. */
	if (status == KIST_EXISTS)
		KIST_TRY(check_there(uri, err));
	return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &why);
}

static enum kist_exit run(struct kist_cli *cli)
{
	const char *named = cli->paths.store_is_set ? cli->paths.store : ".kist";
	const char *uri = cli->argument_count ? cli->arguments[0] : named;
	struct kist_error err = KIST_ERROR_INIT;
	kist_auto_store struct kist_store *store = NULL;

	if (kist_cli_check_store(uri, &err) != KIST_OK)
		return kist_cli_usage(cli, "%s", err.text);
	if (check_there(uri, &err) != KIST_OK || check_above(uri, &err) != KIST_OK ||
	    create(uri, &err) != KIST_OK || kist_store_open(uri, &store, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	if (cli->json &&
	    kist_print_json_take(
		    kist_json_with_path(json_pack("{s:s}", "id", kist_store_id(store)), "store", uri),
		    &err) != KIST_OK)
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
