/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/facts.h"
#include "cli/measure.h"
#include "cli/output.h"
#include "flow/convert.h"
#include "flow/find.h"
#include "care/verify.h"

static const struct kist_option options[] = {
	{ .name = "task", .argument = "TASK", .help = "the artifact task that writes it (needed)" },
	{ .name = "name",
	  .letter = 'n',
	  .argument = "NAME",
	  .help = "keep it under this name; else NAME.EXTENSION" },
	{ .name = "select", .letter = 's', .argument = "PART", .help = "a tensor's name, or columns: a,b" },
	{ .name = "param",
	  .letter = 'p',
	  .argument = "KEY=VALUE",
	  .help = "an argument for the task",
	  .many = true },
	{ .name = "description", .letter = 'd', .argument = "TEXT", .help = "say what it is" },
	{ .name = NULL },
};

/* "train.csv" by a task whose files are called .npy becomes "train.npy". */
static kist_status default_name(struct kist_cli *cli, const char *task, const char *name, char *ret,
				size_t size, struct kist_error *err)
{
	const struct kist_catalog *catalog;
	const char *slash = strrchr(task, '/'); /* "kist.numpy/NumpyArrayArtifactTask" */
	const char *base = strrchr(name, '/');
	const char *dot = strrchr(base ? base : name, '.');
	const int stem = (int)(dot && dot != name ? dot - name : (ptrdiff_t)strlen(name));

	KIST_TRY(kist_flow_catalog(cli->flow, &catalog, err));
	for (size_t i = 0; i < catalog->entry_count; i++) {
		const struct kist_manifest *manifest = catalog->entries[i].manifest;

		for (size_t t = 0; manifest && t < manifest->type_count; t++) {
			const struct kist_manifest_type *type = &manifest->types[t];

			if (strcmp(type->task, slash ? slash + 1 : task) != 0 || type->extension_count == 0)
				continue;
			snprintf(ret, size, "%.*s.%s", stem, name, type->extensions[0]);
			return KIST_OK;
		}
	}
	snprintf(ret, size, "%.*s.%s", stem, name, task);
	return KIST_OK;
}

/* Who does not say a name does not mean to move one. */
static kist_status check_free(struct kist_cli *cli, const char *name, struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_digest there;
	const kist_status status =
		kist_registry_find_ref(cli->flow->registry, name, strlen(name), &there, &why);

	if (status == KIST_NOT_FOUND)
		return KIST_OK;
	if (status != KIST_OK)
		return kist_fail_as(err, status, &why);
	return kist_fail(
		err, KIST_EXISTS,
		"'%s' is kept already: say --name NAME, or --name '%s' to move the name to what is made",
		name, name);
}

static kist_status convert(struct kist_cli *cli, bool *ret_kept, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	kist_auto_save struct kist_save *save = NULL;
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	kist_auto_json json_t *params = NULL;
	const char *name = cli->arguments[0];
	const char *select = kist_cli_value(cli, "select");
	char own_name[KIST_NAME_SIZE_MAX + 64];
	struct kist_save_options how = { .name = kist_cli_value(cli, "name"),
					 .description = kist_cli_value(cli, "description") };
	json_t *facts;
	char shown[1024];

	KIST_TRY(kist_cli_params(cli, &params, err));
	KIST_TRY(kist_find(cli->flow, name, strlen(name), &artifact, err));
	if (!how.name) {
		KIST_TRY(default_name(cli, kist_cli_value(cli, "task"), name, own_name, sizeof(own_name),
				      err));
		how.name = own_name;
	}
	how.name_len = strlen(how.name);
	KIST_TRY(kist_save_open(cli->flow, &save, err));
	KIST_TRY(kist_convert(save, &artifact, kist_cli_value(cli, "task"), select ? select : "", params,
			      &how, &saved, err));
	if (how.name == own_name)
		KIST_TRY(check_free(cli, own_name, err));
	KIST_TRY(kist_save_commit(save, err));
	*ret_kept = true;
	KIST_TRY(kist_facts_artifact(how.name, how.name_len, saved.record, &saved.artifact, &facts, err));
	if (cli->json)
		return kist_print_json_take(facts, err);
	if (!cli->quiet) {
		const char *summary = kist_json_get_text(facts, "summary");
		char size[32];

		kist_name_escape(how.name, how.name_len, shown, sizeof(shown));
		kist_size_text(kist_facts_size(saved.record), size);
		printf("%s  %s  %s  %s  %.16s\n", shown, kist_json_get_text(facts, "kind"), size,
		       summary ? summary : "", kist_json_get_text(facts, "sha256"));
	}
	json_decref(facts);
	return KIST_OK;
}

/* A plugin may refuse what is kept: damage of the store is what a check of the artifact finds, too. */
static bool is_of_store(struct kist_cli *cli)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	const char *name = cli->arguments[0];
	kist_status status = kist_find(cli->flow, name, strlen(name), &artifact, NULL);

	if (status == KIST_OK)
		status = kist_verify_artifact(cli->flow, &artifact, NULL);
	return status == KIST_CORRUPT;
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;
	bool kept = false;
	kist_status status;

	if (!kist_cli_has(cli, "task"))
		return kist_cli_usage(
			cli, "say with --task what is to write it; 'kist plugin list' shows the tasks");
	if (kist_cli_open(cli, false, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	status = convert(cli, &kept, &err);
	if (kept && (status != KIST_OK || !kist_output_is_whole()))
		return kist_cli_fail_kept(cli, &err);
	if (status != KIST_OK)
		return kist_cli_fail(cli, &err, status == KIST_CORRUPT && is_of_store(cli));
	return KIST_EXIT_DONE;
}

const struct kist_command kist_command_convert = {
	.name = "convert",
	.arguments = "NAME|DIGEST",
	.summary = "write what is kept by another artifact task",
	.options = options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
