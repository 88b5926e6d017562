/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "cli/signing.h"
#include "plugin/signed.h"

/* The path of a manifest: an argument that is one, or where the plugin with this id lies. */
static kist_status find_path(const struct kist_catalog *catalog, const char *text, const char **ret,
			     struct kist_error *err)
{
	const struct kist_catalog_entry *entry;

	*ret = text;
	if (strchr(text, '/') || kist_manifest_is_name(text))
		return KIST_OK;
	entry = kist_plugins_find(catalog, text);
	if (!entry)
		return kist_plugins_missing(catalog, text, err);
	*ret = entry->path;
	return KIST_OK;
}

static kist_status check(struct kist_cli *cli, const char *path, const struct kist_signing_manifest *manifest,
			 struct kist_key *ret_key, struct kist_error *err)
{
	kist_auto_grounds struct kist_grounds grounds = KIST_GROUNDS_INIT;
	const struct kist_key *key = NULL;
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_signing place;
	char note[512];
	kist_status status;

	KIST_TRY(kist_signing_find(cli, &place, err));
	KIST_TRY(kist_grounds_load(cli->paths.config_dir, place.site_config, &grounds, note, sizeof(note),
				   err));
	if (note[0] && !cli->quiet)
		fprintf(stderr, "kist: plugin verify: note: keys: %s\n", note);
	status = kist_signed_check_at(&grounds, manifest->dir_fd, manifest->name,
				      kist_buf_view(&manifest->text), manifest->manifest, &key, &why);
	if (status == KIST_NOT_FOUND)
		return kist_fail(err, KIST_DENIED,
				 "'%s' is not signed: there is no '%s" KIST_MINISIGN_SUFFIX "'", path,
				 manifest->name);
	if (status != KIST_OK)
		return kist_fail_as(err, status, &why);
	KIST_TRY(kist_grounds_check_revoked(&grounds, &manifest->digest, manifest->manifest, key->public.id,
					    err));
	KIST_TRY(kist_signing_check_library(path, manifest, err));
	*ret_key = *key;
	return KIST_OK;
}

static kist_status verify(struct kist_cli *cli, const char *argument, json_t *list, struct kist_error *err)
{
	kist_auto_signing_manifest struct kist_signing_manifest manifest = KIST_SIGNING_MANIFEST_INIT;
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	struct kist_key key;
	char id[KIST_KEY_ID_SIZE];
	char hex[KIST_DIGEST_HEX_SIZE];
	const char *path;

	KIST_TRY(kist_plugins_open(cli, &catalog, err));
	KIST_TRY(find_path(catalog, argument, &path, err));
	KIST_TRY(kist_signing_read(path, &manifest, err));
	KIST_TRY(check(cli, path, &manifest, &key, err));
	kist_key_id_text(key.public.id, id);
	kist_digest_hex(&manifest.digest, hex);
	if (json_array_append_new(
		    list,
		    kist_json_with_path(json_pack("{s:s,s:s,s:s,s:s,s:s}", "id", manifest.manifest->id,
						  "version", manifest.manifest->version, "manifest_sha256",
						  hex, "key", id, "scope", key.scope),
					"manifest", path)) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	if (!cli->quiet && !cli->json)
		printf("%s: %s %s, signed by key %s for '%s'%s%s%s; the library is the one that was signed\n",
		       path, manifest.manifest->id, manifest.manifest->version, id, key.scope,
		       key.note[0] ? " (" : "", key.note, key.note[0] ? ")" : "");
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	return kist_signing_each(cli, verify);
}

const struct kist_command kist_command_plugin_verify = {
	.name = "plugin verify",
	.arguments = "ID|MANIFEST...",
	.summary = "check who signed plugins, and that they are what was signed",
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.run = run,
};
