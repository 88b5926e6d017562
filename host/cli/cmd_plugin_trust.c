/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "plugin/trust.h"

static void manifest_free(struct kist_manifest **slot)
{
	kist_manifest_free(*slot);
}

static bool is_library(struct kist_view text)
{
	return text.size >= 4 && memcmp(text.data, "\177ELF", 4) == 0;
}

static kist_status trust(struct kist_cli *cli, const char *path, json_t *list, struct kist_error *err)
{
	__attribute__((cleanup(manifest_free))) struct kist_manifest *manifest = NULL;
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_MANIFEST_SIZE_MAX);
	struct kist_digest digest;
	char hex[KIST_DIGEST_HEX_SIZE];

	KIST_TRY(kist_read_file_at(AT_FDCWD, path, &text, err));
	if (kist_manifest_parse(kist_buf_view(&text), &manifest, err) != KIST_OK)
		return kist_fail_context(err, "'%s' is no sound manifest%s", path,
					 is_library(kist_buf_view(&text))
						 ? " but a library: name the .plugin.json beside it"
						 : "");
	digest = kist_digest_of(kist_buf_view(&text));
	KIST_TRY(kist_catalog_measure(manifest, err));
	KIST_TRY(kist_trust_add(cli->paths.config_dir, &digest, manifest, err));
	kist_digest_hex(&digest, hex);
	if (json_array_append_new(list, json_pack("{s:s,s:s,s:s}", "id", manifest->id, "version",
						  manifest->version, "manifest_sha256", hex)) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	if (!cli->quiet && !cli->json)
		printf("trusted: %s %s, manifest %.16s; a changed manifest or library is refused\n",
		       manifest->id, manifest->version, hex);
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	kist_auto_json json_t *list = json_array();
	struct kist_error err = KIST_ERROR_INIT;
	enum kist_exit status = KIST_EXIT_DONE;

	for (size_t i = 0; i < cli->argument_count && status == KIST_EXIT_DONE; i++) {
		struct kist_error why = KIST_ERROR_INIT;

		if (trust(cli, cli->arguments[i], list, &why) != KIST_OK)
			status = kist_cli_fail_one(cli, &why, false, cli->arguments[i], list);
	}
	if (cli->json && kist_print_json_take(json_incref(list), &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return status;
}

const struct kist_command kist_command_plugin_trust = {
	.name = "plugin trust",
	.arguments = "MANIFEST...",
	.summary = "pin plugins: exactly these manifests and libraries may run",
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.run = run,
};
