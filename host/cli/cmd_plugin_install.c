/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/signing.h"
#include "plugin/install.h"

static const struct kist_option options[] = {
	{ .name = "trust", .help = "vouch for it: install it without a signature by a key that is known" },
	{ .name = "allow-downgrade", .help = "also when a newer version was here before" },
	{ .name = NULL },
};

static kist_status add_row(json_t *list, const struct kist_installed *done, struct kist_error *err)
{
	char hex[KIST_DIGEST_HEX_SIZE];
	char key[KIST_KEY_ID_SIZE] = "";

	kist_digest_hex(&done->digest, hex);
	if (done->signer)
		kist_key_id_text(done->signer, key);
	if (json_array_append_new(list,
				  kist_json_with_path(json_pack("{s:s,s:s,s:s,s:s,s:b}", "id", done->id,
								"version", done->version, "manifest_sha256",
								hex, "key", key, "replaced", done->replaced),
						      "manifest", done->path)) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return KIST_OK;
}

static kist_status install(struct kist_cli *cli, const char *source, json_t *list, struct kist_error *err)
{
	struct kist_signing place;
	struct kist_installed done = { .replaced = false };
	char key[KIST_KEY_ID_SIZE];

	KIST_TRY(kist_signing_find(cli, &place, err));
	KIST_TRY(kist_install(
		source,
		&(struct kist_install_options){ .plugins_dir = place.plugins_dir,
						.config_dir = cli->paths.config_dir,
						.site_config = place.site_config,
						.by_hand = kist_cli_has(cli, "trust"),
						.allow_downgrade = kist_cli_has(cli, "allow-downgrade") },
		&done, err));
	KIST_TRY(add_row(list, &done, err));
	if (cli->quiet || cli->json)
		return KIST_OK;
	kist_key_id_text(done.signer, key);
	printf("installed: %s %s, %s%s%s\n", done.id, done.version,
	       done.signer ? "signed by key " : "trusted by you", done.signer ? key : "",
	       done.replaced ? "; what was there before is gone" : "");
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	return kist_signing_each(cli, install);
}

const struct kist_command kist_command_plugin_install = {
	.name = "plugin install",
	.arguments = "FILE|FOLDER...",
	.summary = "check plugins, put them into your plugin folder and pin them",
	.options = options,
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.run = run,
};
