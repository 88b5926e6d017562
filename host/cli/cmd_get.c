/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "cli/commands.h"
#include "cli/facts.h"
#include "cli/measure.h"
#include "cli/output.h"
#include "cli/stop.h"
#include "flow/find.h"
#include "flow/load.h"
#include "flow/record.h"

static const struct kist_option options[] = {
	{ .name = "output",
	  .letter = 'o',
	  .argument = "PATH",
	  .help = "restore it there; a folder that is there takes it by its name; - is the standard output" },
	{ .name = "force", .letter = 'f', .help = "replace a file that is there" },
	{ .name = NULL },
};

/* "-o -": the bytes themselves; a file of that name is "./-". */
static bool to_stdout(const struct kist_cli *cli)
{
	const char *output = kist_cli_value(cli, "output");

	return output && strcmp(output, "-") == 0;
}

/* Several names, and "-o results/", need a folder: it is made when it is not there. */
static kist_status make_folder(const struct kist_cli *cli, struct kist_error *err)
{
	const char *output = kist_cli_value(cli, "output");
	const size_t len = output ? strlen(output) : 0;
	struct stat st;

	if (len == 0 || to_stdout(cli) || (cli->argument_count == 1 && output[len - 1] != '/'))
		return KIST_OK;
	if (stat(output, &st) == 0 && !S_ISDIR(st.st_mode))
		return kist_fail(err, KIST_INVALID, "'%s' is no folder, and %zu things have no place in it",
				 output, cli->argument_count);
	return kist_mkdirs_at(AT_FDCWD, output, 0777, err);
}

/*
 * Where it goes: PATH; in PATH when that is a folder; by its own name here.  A name is checked when it is set
 * and when it is read, so its last part is no "..".
 */
static kist_status destination(const struct kist_cli *cli, const char *name, char ret[static PATH_MAX],
			       struct kist_error *err)
{
	const char *output = kist_cli_value(cli, "output");
	size_t len;
	const char *base = kist_facts_default_name(name, &len);
	struct stat st;
	int used;

	KIST_TRY(kist_name_check(name, strlen(name), err));
	if (!output)
		used = snprintf(ret, PATH_MAX, "./%s", base);
	else if (stat(output, &st) == 0 && S_ISDIR(st.st_mode))
		used = snprintf(ret, PATH_MAX, "%s%s%s", output, output[strlen(output) - 1] == '/' ? "" : "/",
				base);
	else
		used = snprintf(ret, PATH_MAX, "%s", output);
	return used < PATH_MAX ? KIST_OK : kist_fail(err, KIST_INVALID, "the path is too long");
}

static kist_status add_facts(json_t *list, const char *name, const char *path,
			     const struct kist_artifact *artifact, struct kist_error *err)
{
	json_t *facts;

	KIST_TRY(kist_facts_artifact(name, strlen(name), artifact->record, &artifact->id, &facts, err));
	if (json_array_append_new(list, facts) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return kist_json_set_bytes(facts, "path", path, strlen(path), err);
}

static kist_status restore(struct kist_cli *cli, const char *name, const struct kist_artifact *artifact,
			   const char *path, struct kist_error *err)
{
	const kist_status status =
		path ? kist_load_path(cli->flow, artifact->record, path, kist_cli_has(cli, "force"), err)
		     : kist_load_stream(cli->flow, artifact->record, STDOUT_FILENO, err);

	/* These speak of packs and of bytes; what is told of the path names it. */
	return status == KIST_CORRUPT || status == KIST_IO ? kist_fail_context(err, "%s", name) : status;
}

static kist_status get_one(struct kist_cli *cli, const char *name, json_t *list, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	char path[PATH_MAX];
	char shown[1024];
	char size[32];

	KIST_TRY(kist_find(cli->flow, name, strlen(name), &artifact, err));
	if (to_stdout(cli))
		return restore(cli, name, &artifact, NULL, err);
	KIST_TRY(destination(cli, name, path, err));
	kist_progress_start(&cli->progress, name);
	KIST_TRY(restore(cli, name, &artifact, path, err));
	kist_progress_end(&cli->progress);
	if (cli->json)
		return add_facts(list, name, path, &artifact, err);
	if (cli->quiet)
		return KIST_OK;
	kist_name_escape(path, strlen(path), shown, sizeof(shown));
	kist_size_text(kist_facts_size(artifact.record), size);
	printf("%s  %s, verified\n", shown, size);
	return KIST_OK;
}

static enum kist_exit get_all(struct kist_cli *cli, json_t *list)
{
	enum kist_exit worst = KIST_EXIT_DONE;
	struct kist_error err = KIST_ERROR_INIT;

	if (kist_cli_open(cli, false, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	if (make_folder(cli, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	/* A write to a pipe that nobody reads ends by the signal alone; there is nothing to take away. */
	if (!to_stdout(cli))
		cli->flow->stop = kist_stop_catch();
	for (size_t i = 0; i < cli->argument_count; i++) {
		struct kist_error why = KIST_ERROR_INIT;
		const kist_status status = get_one(cli, cli->arguments[i], list, &why);

		kist_progress_end(&cli->progress);
		if (status != KIST_OK)
			worst = kist_exit_worse(worst,
						kist_cli_fail_one(cli, &why, true, cli->arguments[i], list));
		if (kist_flow_check_stop(cli->flow, NULL) != KIST_OK)
			break;
	}
	if (cli->json && kist_print_json_take(json_incref(list), &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return worst;
}

static enum kist_exit run(struct kist_cli *cli)
{
	kist_auto_json json_t *list = json_array();

	if (to_stdout(cli) && cli->json)
		return kist_cli_usage(cli,
				      "--json has no place where the bytes go: leave out one of it and -o -");
	return get_all(cli, list);
}

const struct kist_command kist_command_get = {
	.name = "get",
	.arguments = "NAME|DIGEST...",
	.summary = "restore files and folders, with modes and times",
	.options = options,
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.when_full = "; make room there, or restore it on another disk with -o PATH",
	.run = run,
};
