/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/signing.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/output.h"
#include "plugin/search.h"

kist_status kist_signing_find(struct kist_cli *cli, struct kist_signing *ret, struct kist_error *err)
{
	const char *key = kist_cli_value(cli, "key");
	struct kist_surroundings surroundings;

	kist_surroundings_get(&surroundings);
	if (surroundings.elevated)
		return kist_fail(
			err, KIST_DENIED,
			"this process has more rights than who started it: plugins are not changed by it");
	ret->site_config = surroundings.site_config;
	if (snprintf(ret->plugins_dir, PATH_MAX, "%s/plugins", cli->paths.data_dir) >= PATH_MAX ||
	    snprintf(ret->secret, PATH_MAX, "%s%s", key ? key : cli->paths.config_dir,
		     key ? "" : "/sign.key") >= PATH_MAX)
		return kist_fail(err, KIST_INVALID, "a path is longer than %d bytes", PATH_MAX - 1);
	return KIST_OK;
}

enum kist_exit kist_signing_each(struct kist_cli *cli,
				 kist_status (*each)(struct kist_cli *cli, const char *argument, json_t *list,
						     struct kist_error *err))
{
	kist_auto_json json_t *list = json_array();
	struct kist_error err = KIST_ERROR_INIT;
	enum kist_exit worst = KIST_EXIT_DONE;

	for (size_t i = 0; i < cli->argument_count; i++) {
		struct kist_error why = KIST_ERROR_INIT;

		if (each(cli, cli->arguments[i], list, &why) != KIST_OK)
			worst = kist_exit_worse(worst,
						kist_cli_fail_one(cli, &why, false, cli->arguments[i], list));
	}
	if (cli->json && kist_print_json_take(json_incref(list), &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return worst;
}

void kist_signing_manifest_done(struct kist_signing_manifest *manifest)
{
	kist_buf_done(&manifest->text);
	kist_manifest_free(manifest->manifest);
	kist_fd_close(&manifest->dir_fd);
}

kist_status kist_signing_read(const char *path, struct kist_signing_manifest *ret, struct kist_error *err)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	KIST_TRY(kist_read_file_at(AT_FDCWD, path, &ret->text, err));
	if (kist_manifest_parse(kist_buf_view(&ret->text), &ret->manifest, err) != KIST_OK)
		return kist_fail_context(err, "'%s' is no sound manifest", path);
	ret->digest = kist_digest_of(kist_buf_view(&ret->text));
	ret->name = slash ? slash + 1 : path;
	snprintf(folder, sizeof(folder), "%.*s", slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	return kist_open_at(AT_FDCWD, folder, O_RDONLY | O_DIRECTORY, 0, &ret->dir_fd, err);
}

kist_status kist_signing_check_library(const char *path, const struct kist_signing_manifest *manifest,
				       struct kist_error *err)
{
	char with_folder[PATH_MAX];
	const struct kist_catalog_entry entry = { .manifest = manifest->manifest,
						  .path = with_folder,
						  .tier = KIST_TIER_GIVEN,
						  .digest = manifest->digest,
						  .refusal = KIST_ERROR_INIT };
	kist_auto_fd int fd = -1;

	/* A path of an entry has a folder. */
	snprintf(with_folder, sizeof(with_folder), "%s%s", strchr(path, '/') ? "" : "./", path);
	KIST_TRY(kist_catalog_measure(manifest->manifest, err));
	return kist_catalog_open_library(&entry, &fd, err);
}
