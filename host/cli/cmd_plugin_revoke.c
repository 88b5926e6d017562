/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/signing.h"
#include "plugin/trust.h"

static const struct kist_option options[] = {
	{ .name = "undo", .help = "take a revocation back" },
	{ .name = NULL },
};

/* A SHA-256, the id of a key, or a manifest, which stands for its SHA-256. */
static kist_status read_what(const char *text, struct kist_revocation *ret, struct kist_error *err)
{
	kist_auto_signing_manifest struct kist_signing_manifest manifest = KIST_SIGNING_MANIFEST_INIT;
	const size_t len = strlen(text);

	*ret = (struct kist_revocation){ .key = 0 };
	if (kist_key_id_read(text, len, &ret->key) || kist_digest_parse(text, len, &ret->digest))
		return KIST_OK;
	KIST_TRY(kist_signing_read(text, &manifest, err));
	ret->digest = manifest.digest;
	return KIST_OK;
}

static kist_status revoke(struct kist_cli *cli, const char *text, json_t *list, struct kist_error *err)
{
	const bool undo = kist_cli_has(cli, "undo");
	char shown[KIST_DIGEST_HEX_SIZE];
	struct kist_revocation what;
	struct kist_signing place;

	KIST_TRY(kist_signing_find(cli, &place, err));
	KIST_TRY(read_what(text, &what, err));
	KIST_TRY(kist_trust_revoke(cli->paths.config_dir, &what, undo, err));
	if (what.key)
		kist_key_id_text(what.key, shown);
	else
		kist_digest_hex(&what.digest, shown);
	if (json_array_append_new(
		    list, json_pack("{s:s,s:b}", what.key ? "key" : "sha256", shown, "revoked", !undo)) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	if (!cli->quiet && !cli->json)
		printf(undo ? "no longer revoked: %s %s\n" : "revoked: %s %s; nothing of it runs any more\n",
		       what.key ? "key" : "SHA-256", shown);
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	return kist_signing_each(cli, revoke);
}

const struct kist_command kist_command_plugin_revoke = {
	.name = "plugin revoke",
	.arguments = "KEYID|SHA256|MANIFEST...",
	.summary = "let nothing of a key, a manifest or a library run any more",
	.options = options,
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.run = run,
};
