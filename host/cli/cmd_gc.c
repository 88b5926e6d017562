/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cli/commands.h"
#include "cli/measure.h"
#include "cli/output.h"
#include "cli/stop.h"
#include "care/collect.h"
#include "workflow/run.h"

/* Copying what lives in a pack needs room before the pack goes. */
#define WHEN_FULL "; make a little room there, and run gc again: it frees more than it takes"

static const struct kist_option options[] = {
	{ .name = "dry-run", .letter = 'n', .help = "say what would be removed, and remove nothing" },
	{ .name = "all", .letter = 'a', .help = "compact all packs that have anything dead in them" },
	{ .name = "cache", .help = "drop the results of steps that are kept for later runs, first" },
	{ .name = "grace",
	  .argument = "TIME",
	  .help = "how long a put may be silent before it counts as dead: seconds, or as 24h" },
	{ .name = NULL },
};

static void print(const struct kist_collected *done, bool dry_run)
{
	const uint64_t freed =
		done->bytes_deleted > done->bytes_written ? done->bytes_deleted - done->bytes_written : 0;
	char size[32];
	char kept[32];
	char dead[32];

	kist_size_text(freed, size);
	printf("%s %s: %" PRIu64 " artifact%s dropped, %" PRIu64 " pack%s removed, %" PRIu64
	       " of them compacted\n",
	       dry_run ? "would free" : "freed", size, done->artifacts, kist_plural(done->artifacts),
	       done->packs_deleted, kist_plural(done->packs_deleted), done->packs_compacted);
	kist_size_text(done->bytes_kept, kept);
	kist_size_text(done->bytes_dead, dead);
	printf("kept %s, %s of it dead\n", kept, dead);
	if (done->packs_unnamed > 0) {
		kist_size_text(done->bytes_unnamed, size);
		printf("left alone %s in %" PRIu64 " pack%s of puts that are under way or broke off lately\n",
		       size, done->packs_unnamed, kist_plural(done->packs_unnamed));
	}
}

static kist_status print_json(const struct kist_cli *cli, const struct kist_collected *done, bool dry_run,
			      struct kist_error *err)
{
	const int64_t freed = (int64_t)done->bytes_deleted - (int64_t)done->bytes_written;

	return kist_print_json_take(
		kist_json_with_path(
			json_pack("{s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:s}", "dry_run",
				  (int)dry_run, "freed_bytes", (json_int_t)freed, "artifacts",
				  (json_int_t)done->artifacts, "packs_deleted",
				  (json_int_t)done->packs_deleted, "bytes_deleted",
				  (json_int_t)done->bytes_deleted, "packs_compacted",
				  (json_int_t)done->packs_compacted, "packs_written",
				  (json_int_t)done->packs_written, "bytes_written",
				  (json_int_t)done->bytes_written, "bytes_kept", (json_int_t)done->bytes_kept,
				  "bytes_dead", (json_int_t)done->bytes_dead, "packs_unnamed",
				  (json_int_t)done->packs_unnamed, "bytes_unnamed",
				  (json_int_t)done->bytes_unnamed, "packs_damaged",
				  (json_int_t)done->packs_damaged, "short_of", done->short_of.text),
			"store", cli->paths.store),
		err);
}

static void print_notes(const struct kist_collected *done)
{
	(void)fflush(stdout);
	if (done->packs_damaged > 0)
		fprintf(stderr, "kist: gc: %" PRIu64 " damaged pack%s left alone; 'kist verify' tells more\n",
			done->packs_damaged, kist_plural(done->packs_damaged));
	if (done->short_of.status != KIST_OK)
		fprintf(stderr, "kist: gc: less was done than could be: %s" WHEN_FULL "\n",
			done->short_of.text);
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_collect_options how = {
		.dry_run = kist_cli_has(cli, "dry-run"),
		.all = kist_cli_has(cli, "all"),
		.grace_seconds = cli->settings.gc_grace_s,
	};
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_collected done;
	kist_status status;
	size_t cached;

	if (kist_cli_open(cli, false, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	if (kist_cli_has(cli, "cache") && !how.dry_run &&
	    kist_run_cache_drop(cli->flow, &cached, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	kist_stop_say("kist: gc: stopped; the store is whole, and the next gc goes on\n");
	kist_progress_start(&cli->progress, "gc");
	status = kist_collect(cli->flow, &how, &done, &err);
	kist_progress_end(&cli->progress);
	if (status == KIST_OK && cli->json)
		status = print_json(cli, &done, how.dry_run, &err);
	else if (status == KIST_OK && !cli->quiet)
		print(&done, how.dry_run);
	if (status != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	print_notes(&done);
	return KIST_EXIT_DONE;
}

const struct kist_command kist_command_gc = {
	.name = "gc",
	.arguments = "",
	.summary = "remove what no name leads to any more",
	.options = options,
	.when_full = WHEN_FULL,
	.run = run,
};
