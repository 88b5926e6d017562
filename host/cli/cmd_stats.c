/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "cli/commands.h"
#include "cli/output.h"

static void line(const char *what, uint64_t bytes, const char *more)
{
	char size[32];

	kist_size_text(bytes, size);
	printf("%-12s %10s  %s\n", what, size, more);
}

static void print(const struct kist_registry_stats *stats)
{
	char text[128];

	snprintf(text, sizeof(text), "%" PRIu64 " name%s, %" PRIu64 " artifact%s, %" PRIu64 " commit%s",
		 stats->refs, stats->refs == 1 ? "" : "s", stats->artifacts, stats->artifacts == 1 ? "" : "s",
		 stats->commits, stats->commits == 1 ? "" : "s");
	line("kept", stats->object_bytes, text);
	snprintf(text, sizeof(text), "%" PRIu64 " chunk%s", stats->chunks, stats->chunks == 1 ? "" : "s");
	line("distinct", stats->chunk_bytes, text);
	snprintf(text, sizeof(text), "%" PRIu64 " pack%s", stats->packs, stats->packs == 1 ? "" : "s");
	line("on disk", stats->pack_bytes, text);
	if (stats->pack_bytes > 0)
		printf("%-12s %9.2fx  kept / on disk\n", "ratio",
		       (double)stats->object_bytes / (double)stats->pack_bytes);
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_registry_stats stats;

	if (kist_cli_open(cli, false, &err) != KIST_OK ||
	    kist_registry_get_stats(cli->flow->registry, &stats, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	if (!cli->json) {
		print(&stats);
		return KIST_EXIT_DONE;
	}
	if (kist_print_json_take(
		    json_pack("{s:s,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I}", "store", cli->paths.store, "commits",
			      (json_int_t)stats.commits, "names", (json_int_t)stats.refs, "artifacts",
			      (json_int_t)stats.artifacts, "chunks", (json_int_t)stats.chunks, "packs",
			      (json_int_t)stats.packs, "chunk_bytes", (json_int_t)stats.chunk_bytes,
			      "pack_bytes", (json_int_t)stats.pack_bytes, "object_bytes",
			      (json_int_t)stats.object_bytes),
		    &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return KIST_EXIT_DONE;
}

const struct kist_command kist_command_stats = {
	.name = "stats",
	.arguments = "",
	.summary = "count what is kept and what it takes",
	.run = run,
};
