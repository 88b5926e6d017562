/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/num.h"
#include "base/utf8.h"
#include "bundle/import.h"
#include "cli/commands.h"
#include "cli/measure.h"
#include "cli/output.h"
#include "cli/stop.h"

static const struct kist_option options[] = {
	{ .name = "prefix", .letter = 'p', .argument = "NAME", .help = "set people's names below this one" },
	{ .name = "replace", .help = "also names that mean something else here" },
	{ .name = "dry-run", .letter = 'n', .help = "check it, say what would be done, and write nothing" },
	{ .name = NULL },
};

static kist_status print_json(const struct kist_bundle_checked *checked, const struct kist_imported *done,
			      bool dry_run, struct kist_error *err)
{
	const json_t *manifest = checked->manifest;
	char hex[KIST_DIGEST_HEX_SIZE];
	json_t *facts;

	kist_digest_hex(&checked->sum.digest, hex);
	facts = json_pack("{ss,sI,sb,sI,sI,sI,sI,sI,sO,sO,sO}", "bundle", hex, "size",
			  (json_int_t)checked->sum.size, "dry_run", dry_run, "set", (json_int_t)done->set,
			  "same", (json_int_t)done->same, "replaced", (json_int_t)done->replaced,
			  "chunks_new", (json_int_t)done->chunks_new, "bytes_new",
			  (json_int_t)done->bytes_new, "names", done->names, "jobs",
			  json_object_get(manifest, "jobs"), "plugins", json_object_get(manifest, "plugins"));
	return facts ? kist_print_json_take(facts, err) : kist_fail_memory(err, sizeof(json_t));
}

static void print_names(const struct kist_imported *done)
{
	const json_t *row;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)done->names, i, row) {
		const char *name = kist_json_get_text(row, "name");
		char shown[1024];

		kist_name_escape(name, strlen(name), shown, sizeof(shown));
		printf("%-8s  %s\n", kist_json_get_text(row, "state"), shown);
	}
}

static kist_status print(const struct kist_cli *cli, const struct kist_bundle_checked *checked,
			 const struct kist_imported *done, bool dry_run, struct kist_error *err)
{
	char size[32];

	if (cli->json)
		return print_json(checked, done, dry_run, err);
	if (cli->quiet)
		return KIST_OK;
	print_names(done);
	kist_size_text(done->bytes_new, size);
	printf("%" PRIu64 " job%s, %" PRIu64 " name%s: %s", checked->sum.jobs, kist_plural(checked->sum.jobs),
	       checked->sum.names, kist_plural(checked->sum.names),
	       dry_run ? "sound; nothing was written" : "all verified");
	printf(dry_run ? "\n" : ", %s new\n", size);
	return KIST_OK;
}

static kist_status import(struct kist_cli *cli, struct kist_error *err)
{
	const struct kist_import_options how = { .prefix = kist_cli_value(cli, "prefix"),
						 .replace = kist_cli_has(cli, "replace"),
						 .dry_run = kist_cli_has(cli, "dry-run") };
	kist_auto_fd int fd = -1;
	kist_auto_bundle struct kist_bundle bundle = KIST_BUNDLE_INIT;
	kist_auto_bundle_checked struct kist_bundle_checked checked = KIST_BUNDLE_CHECKED_INIT;
	kist_auto_imported struct kist_imported done = { .names = NULL };

	/* Not to wait for whoever writes to a FIFO: a bundle is a regular file. */
	KIST_TRY(kist_open_at(AT_FDCWD, cli->arguments[0], O_RDONLY | O_NONBLOCK, 0, &fd, err));
	KIST_TRY(kist_bundle_open(fd, &bundle, err));
	KIST_TRY(kist_bundle_check(&bundle, &checked, err));
	KIST_TRY(kist_cli_open(cli, !how.dry_run, err));
	cli->flow->stop = kist_stop_catch();
	kist_progress_start(&cli->progress, cli->arguments[0]);
	KIST_TRY(kist_bundle_import(cli->flow, &checked, &how, &done, err));
	kist_progress_end(&cli->progress);
	return print(cli, &checked, &done, how.dry_run, err);
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;
	const kist_status status = import(cli, &err);

	kist_progress_end(&cli->progress);
	/* What is wrong with a bundle is no damage of the store; once that is open, it may be. */
	return status == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, cli->flow);
}

const struct kist_command kist_command_import = {
	.name = "import",
	.arguments = "FILE",
	.summary = "check a bundle, and take all of it into the store at once",
	.options = options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
