/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>

#include "base/mem.h"
#include "base/num.h"
#include "cli/commands.h"
#include "cli/measure.h"
#include "cli/output.h"
#include "cli/table.h"
#include "flow/record.h"
#include "care/usage.h"

/* All that is counted. */
struct counts {
	struct kist_registry_stats stats;
	uint64_t kept; /* sizes of all that has a name, each name counted */
	uint64_t dead;
	uint64_t missing; /* that names lead to: then what is dead is not known */
};

static void line(const char *what, uint64_t bytes, const char *more)
{
	char size[32];

	kist_size_text(bytes, size);
	printf("%-12s %10s  %s\n", what, size, more);
}

static double ratio(const struct counts *counts)
{
	return counts->stats.pack_bytes ? (double)counts->kept / (double)counts->stats.pack_bytes : 1.0;
}

static void print(const struct counts *counts)
{
	const struct kist_registry_stats *stats = &counts->stats;
	char text[128];

	snprintf(text, sizeof(text), "%" PRIu64 " name%s, %" PRIu64 " artifact%s, %" PRIu64 " commit%s",
		 stats->refs, kist_plural(stats->refs), stats->artifacts, kist_plural(stats->artifacts),
		 stats->commits, kist_plural(stats->commits));
	line("kept", counts->kept, text);
	snprintf(text, sizeof(text), "%" PRIu64 " chunk%s", stats->chunks, kist_plural(stats->chunks));
	line("distinct", stats->chunk_bytes, text);
	line("stored", stats->stored_bytes, "of these, compressed");
	snprintf(text, sizeof(text), "%" PRIu64 " pack%s", stats->packs, kist_plural(stats->packs));
	line("on disk", stats->pack_bytes, text);
	if (counts->missing == 0)
		line("dead", counts->dead, "that no name leads to");
	else
		printf("%-12s %10s  see below\n", "dead", "not known");
	if (stats->pack_bytes > 0)
		printf("%-12s %9.2fx  kept / on disk\n", "ratio", ratio(counts));
}

static kist_status add_row(void *ctx, const struct kist_kind_stats *kind, struct kist_error *err)
{
	struct kist_table *table = ctx;
	char text[32];

	KIST_TRY(kist_table_add_text(table, kind->is_chunk ? "chunk" : "artifact", err));
	KIST_TRY(kist_table_add_text(table, kind->name, err));
	snprintf(text, sizeof(text), "%" PRIu64, kind->count);
	KIST_TRY(kist_table_add_text(table, text, err));
	kist_size_text(kind->bytes, text);
	KIST_TRY(kist_table_add_text(table, text, err));
	kist_size_text(kind->stored_bytes, text);
	return kist_table_add_text(table, kind->is_chunk ? text : "", err);
}

static kist_status print_kinds(struct kist_cli *cli, struct kist_error *err)
{
	static const char *const titles[] = { "WHAT", "KIND", "COUNT", "RAW", "STORED" };
	kist_auto_table struct kist_table table = KIST_TABLE_INIT(5, titles);

	for (size_t i = 2; i < 5; i++)
		table.right[i] = true;
	KIST_TRY(kist_registry_each_kind(cli->flow->registry, add_row, &table, err));
	if (table.rows > 0 && !cli->quiet) {
		(void)putchar('\n');
		kist_table_print(&table, false);
	}
	return KIST_OK;
}

struct kinds {
	json_t *artifacts;
	json_t *chunks;
};

static kist_status add_kind(void *ctx, const struct kist_kind_stats *kind, struct kist_error *err)
{
	const struct kinds *kinds = ctx;
	json_t *entry = json_pack("{s:s,s:I,s:I}", kind->is_chunk ? "kind" : "encoding", kind->name, "count",
				  (json_int_t)kind->count, "bytes", (json_int_t)kind->bytes);

	if (!entry || json_array_append_new(kind->is_chunk ? kinds->chunks : kinds->artifacts, entry) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return kind->is_chunk ? kist_record_set_take(entry, "stored_bytes",
						     json_integer((json_int_t)kind->stored_bytes), err)
			      : KIST_OK;
}

static kist_status print_json(struct kist_cli *cli, const struct counts *counts, struct kist_error *err)
{
	const struct kist_registry_stats *stats = &counts->stats;
	kist_auto_json json_t *artifacts = json_array();
	kist_auto_json json_t *chunks = json_array();
	struct kinds kinds = { .artifacts = artifacts, .chunks = chunks };

	KIST_TRY(kist_registry_each_kind(cli->flow->registry, add_kind, &kinds, err));
	return kist_print_json_take(
		kist_json_with_path(
			json_pack("{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:o,s:I,s:f,s:O,s:O}", "commits",
				  (json_int_t)stats->commits, "names", (json_int_t)stats->refs, "artifacts",
				  (json_int_t)stats->artifacts, "chunks", (json_int_t)stats->chunks, "packs",
				  (json_int_t)stats->packs, "chunk_bytes", (json_int_t)stats->chunk_bytes,
				  "stored_bytes", (json_int_t)stats->stored_bytes, "pack_bytes",
				  (json_int_t)stats->pack_bytes, "object_bytes", (json_int_t)counts->kept,
				  "dead_bytes",
				  counts->missing ? json_null() : json_integer((json_int_t)counts->dead),
				  "missing", (json_int_t)counts->missing, "ratio", ratio(counts),
				  "artifact_kinds", artifacts, "chunk_kinds", chunks),
			"store", cli->paths.store),
		err);
}

static kist_status count(struct kist_cli *cli, struct counts *ret, struct kist_error *err)
{
	kist_auto_usage struct kist_usage usage = KIST_USAGE_INIT;

	KIST_TRY(kist_registry_get_stats(cli->flow->registry, &ret->stats, err));
	KIST_TRY(kist_usage_all(cli->flow, NULL, NULL, &usage, err));
	ret->dead = kist_usage_dead(&usage, &ret->stats);
	ret->missing = usage.missing;
	ret->kept = 0;
	for (size_t i = 0; i < kist_usage_count(&usage); i++) {
		/* What strangers wrote as sizes may pass 64 bits together. */
		if (!kist_add_u64(ret->kept, kist_usage_name(&usage, i)->size, &ret->kept) ||
		    ret->kept > INT64_MAX)
			ret->kept = INT64_MAX;
	}
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct counts counts;

	if (kist_cli_open(cli, false, &err) != KIST_OK || count(cli, &counts, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	if (!cli->json)
		print(&counts);
	if ((cli->json ? print_json(cli, &counts, &err) : print_kinds(cli, &err)) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return kist_cli_fail_lost(cli, counts.missing);
}

const struct kist_command kist_command_stats = {
	.name = "stats",
	.arguments = "",
	.summary = "count what is kept and what it takes",
	.run = run,
};
