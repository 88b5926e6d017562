/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "flow/verify.h"

struct findings {
	const struct kist_cli *cli;
	json_t *list;
};

static void found(void *ctx, const struct kist_damage *damage)
{
	struct findings *findings = ctx;
	json_t *entry;

	if (!findings->cli->json) {
		fprintf(stderr, "damaged %s %s: %s\n", damage->what, damage->id, damage->why->text);
		return;
	}
	entry = json_pack("{s:s,s:s,s:s,s:s}", "what", damage->what, "id", damage->id, "status",
			  kist_status_name(damage->why->status), "text", damage->why->text);
	if (entry)
		(void)json_array_append_new(findings->list, entry);
}

static kist_status verify_one(struct kist_cli *cli, const char *name, json_t *list, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	char shown[1024];

	KIST_TRY(kist_registry_resolve(cli->flow->registry, name, strlen(name), &artifact, err));
	if (kist_verify_artifact(cli->flow, &artifact, err) != KIST_OK)
		return kist_fail_context(err, "%s", name);
	if (json_array_append_new(list, json_pack("{s:o,s:b}", "name", kist_json_text(name, strlen(name)),
						  "sound", true)) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	kist_text_escape(name, strlen(name), shown, sizeof(shown));
	if (!cli->json && !cli->quiet)
		printf("%s  sound\n", shown);
	return KIST_OK;
}

/* All are looked at, whatever one of them is like; damage is the worst that can be found. */
static enum kist_exit verify_named(struct kist_cli *cli)
{
	kist_auto_json json_t *list = json_array();
	enum kist_exit worst = KIST_EXIT_DONE;
	struct kist_error err = KIST_ERROR_INIT;

	for (size_t i = 0; i < cli->argument_count; i++) {
		struct kist_error why = KIST_ERROR_INIT;
		enum kist_exit one;

		if (verify_one(cli, cli->arguments[i], list, &why) == KIST_OK)
			continue;
		one = kist_cli_fail_one(cli, &why, true, cli->arguments[i], list);
		worst = one > worst ? one : worst;
	}
	if (cli->json && kist_print_json_take(json_incref(list), &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return worst;
}

static kist_status verify_all(struct kist_cli *cli, struct kist_error *err)
{
	struct findings findings = { .cli = cli, .list = json_array() };
	struct kist_verified done = { .damages = 0 };
	kist_status status;
	char size[32];

	kist_progress_start(cli, "verify");
	status = kist_verify_store(cli->flow, found, &findings, &done, err);
	kist_progress_end(cli);
	kist_size_text(done.bytes, size);
	if (cli->json)
		status = kist_print_json_take(json_pack("{s:I,s:I,s:I,s:I,s:O}", "commits",
							(json_int_t)done.commits, "packs",
							(json_int_t)done.packs, "artifacts",
							(json_int_t)done.artifacts, "bytes",
							(json_int_t)done.bytes, "damage", findings.list),
					      err) == KIST_OK
				 ? status
				 : KIST_IO;
	else if (status == KIST_OK && !cli->quiet)
		printf("sound: %" PRIu64 " commits, %" PRIu64 " packs (%s), %" PRIu64 " artifacts\n",
		       done.commits, done.packs, size, done.artifacts);
	json_decref(findings.list);
	return status;
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;

	if (kist_cli_open(cli, false, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	if (cli->argument_count > 0)
		return verify_named(cli);
	if (verify_all(cli, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	return KIST_EXIT_DONE;
}

const struct kist_command kist_command_verify = {
	.name = "verify",
	.arguments = "[NAME|DIGEST]...",
	.summary = "check every byte of what is kept, or of the whole store",
	.arguments_max = SIZE_MAX,
	.run = run,
};
