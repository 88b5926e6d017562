/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "bundle/export.h"
#include "cli/commands.h"
#include "cli/measure.h"
#include "cli/output.h"
#include "cli/stop.h"
#include "flow/record.h"

static const struct kist_option options[] = {
	{ .name = "bundle", .letter = 'b', .argument = "FILE", .help = "the file to write" },
	{ .name = "force", .letter = 'f', .help = "replace a file that is there" },
	{ .name = NULL },
};

static kist_status print(const struct kist_cli *cli, const char *path, const struct kist_bundle_sum *sum,
			 struct kist_error *err)
{
	char shown[1024];
	char size[32];
	char hex[KIST_DIGEST_HEX_SIZE];

	kist_digest_hex(&sum->digest, hex);
	if (cli->json) {
		json_t *facts =
			json_pack("{ss,sI,sI,sI,sI,sI}", "bundle", hex, "size", (json_int_t)sum->size,
				  "names", (json_int_t)sum->names, "jobs", (json_int_t)sum->jobs, "chunks",
				  (json_int_t)sum->chunks, "object_bytes", (json_int_t)sum->object_bytes);

		if (!facts)
			return kist_fail_memory(err, sizeof(json_t));
		KIST_TRY(kist_json_set_bytes(facts, "path", path, strlen(path), err));
		return kist_print_json_take(facts, err);
	}
	if (cli->quiet)
		return KIST_OK;
	kist_name_escape(path, strlen(path), shown, sizeof(shown));
	kist_size_text(sum->size, size);
	printf("%s: %s, %" PRIu64 " job%s, %" PRIu64 " name%s, bundle %.16s\n", shown, size, sum->jobs,
	       kist_plural(sum->jobs), sum->names, kist_plural(sum->names), hex);
	return KIST_OK;
}

static kist_status export(struct kist_cli *cli, const char *path, struct kist_error *err)
{
	kist_auto_bundle_names struct kist_bundle_names names = KIST_BUNDLE_NAMES_INIT;
	struct kist_bundle_sum sum;

	KIST_TRY(kist_cli_open(cli, false, err));
	cli->flow->stop = kist_stop_catch();
	for (size_t i = 0; i < cli->argument_count; i++)
		KIST_TRY(kist_bundle_gather(cli->flow, cli->arguments[i], &names, err));
	KIST_TRY(kist_bundle_names_sort(&names, err));
	kist_progress_start(&cli->progress, path);
	KIST_TRY(kist_bundle_export(cli->flow, &names, path, kist_cli_has(cli, "force"), &sum, err));
	kist_progress_end(&cli->progress);
	return print(cli, path, &sum, err);
}

static enum kist_exit run(struct kist_cli *cli)
{
	const char *path = kist_cli_value(cli, "bundle");
	struct kist_error err = KIST_ERROR_INIT;
	kist_status status;

	if (!path || !*path)
		return kist_cli_usage(cli, "say which file to write: --bundle FILE");
	status = export(cli, path, &err);
	kist_progress_end(&cli->progress);
	return status == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, true);
}

const struct kist_command kist_command_export = {
	.name = "export",
	.arguments = "JOB|NAME...",
	.summary = "write jobs, with all they took and made, into one file that can go elsewhere",
	.options = options,
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.when_full = "; make room there, or write it to another disk with --bundle FILE",
	.run = run,
};
