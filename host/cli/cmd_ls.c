/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/facts.h"
#include "cli/json_list.h"
#include "cli/measure.h"
#include "cli/table.h"
#include "flow/record.h"

/* On a terminal, whose line is soon full. */
#define DIGEST_SHOWN 12
#define TIME_SHOWN   16

static const struct kist_option options[] = {
	{ .name = "long", .letter = 'l', .help = "whole digests on a terminal too" },
	{ .name = "names", .help = "names alone, one a line" },
	{ .name = "null", .letter = '0', .help = "names alone, each ended by a NUL byte, for xargs -0" },
	{ .name = NULL },
};

struct listing {
	const struct kist_cli *cli;
	bool names; /* alone */
	char end;   /* of a name */
	struct kist_table table;
	struct kist_json_list facts; /* for --json */
	bool is_whole;		     /* digests and times */
	uint64_t count;
	uint64_t lost;
};

static const char *const titles[] = { "NAME", "KIND", "SIZE", "SHA-256", "SET", "HOLDS" };

static void listing_done(struct listing *listing)
{
	kist_table_done(&listing->table);
	kist_json_list_done(&listing->facts);
}

static kist_status add_facts(struct listing *listing, const struct kist_ref *ref,
			     const struct kist_artifact *artifact, struct kist_error *err)
{
	kist_auto_json json_t *facts = NULL;

	KIST_TRY(kist_facts_artifact(ref->name, ref->name_len, artifact->record, &artifact->id, &facts, err));
	KIST_TRY(kist_record_set_text(facts, "time", ref->time, err));
	return kist_json_list_add_take(&listing->facts, kist_steal(facts), err);
}

static kist_status add_row(struct listing *listing, const struct kist_ref *ref,
			   const struct kist_artifact *artifact, struct kist_error *err)
{
	char hex[KIST_DIGEST_HEX_SIZE] = "";
	char size[32] = "";

	if (artifact->record) {
		kist_digest_hex(&artifact->sha256, hex);
		hex[listing->is_whole ? KIST_DIGEST_HEX_SIZE - 1 : DIGEST_SHOWN] = '\0';
		kist_size_text(kist_facts_size(artifact->record), size);
	}
	KIST_TRY(kist_table_add_name(&listing->table, ref->name, ref->name_len, err));
	KIST_TRY(kist_table_add_text(&listing->table,
				     artifact->record ? kist_json_get_text(artifact->record, "kind") : "lost",
				     err));
	KIST_TRY(kist_table_add_text(&listing->table, size, err));
	KIST_TRY(kist_table_add_text(&listing->table, hex, err));
	KIST_TRY(kist_table_add(&listing->table, ref->time,
				strnlen(ref->time, listing->is_whole ? SIZE_MAX : TIME_SHOWN), err));
	return kist_table_add_text(&listing->table,
				   artifact->record ? kist_json_get_text(artifact->record, "summary")
						    : "its record is damaged or gone",
				   err);
}

static kist_status add(void *ctx, const struct kist_ref *ref, const struct kist_artifact *artifact,
		       struct kist_error *err)
{
	struct listing *listing = ctx;

	listing->count++;
	listing->lost += !artifact->record;
	if (listing->names) {
		/* For programs: the bytes as they are. */
		fwrite(ref->name, 1, ref->name_len, stdout);
		(void)putchar(listing->end);
		return KIST_OK;
	}
	return listing->cli->json ? add_facts(listing, ref, artifact, err)
				  : add_row(listing, ref, artifact, err);
}

static kist_status list(struct listing *listing, struct kist_error *err)
{
	const struct kist_cli *cli = listing->cli;
	const char *prefix = cli->argument_count ? cli->arguments[0] : "";

	KIST_TRY(
		kist_registry_each_given_ref(cli->flow->registry, prefix, strlen(prefix), add, listing, err));
	if (cli->json)
		return kist_json_list_end(&listing->facts, err);
	if (listing->names)
		return KIST_OK;
	if (listing->count > 0)
		kist_table_print(&listing->table, cli->quiet);
	else if (prefix[0])
		return kist_fail(err, KIST_NOT_FOUND, "no name begins with '%s'", prefix);
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	const bool null = kist_cli_has(cli, "null");
	__attribute__((cleanup(listing_done))) struct listing listing = {
		.cli = cli,
		.names = null || kist_cli_has(cli, "names"),
		.end = null ? '\0' : '\n',
		.table = KIST_TABLE_INIT(sizeof(titles) / sizeof(titles[0]), titles),
		.facts = KIST_JSON_LIST_INIT,
		.is_whole = kist_cli_has(cli, "long") || !isatty(STDOUT_FILENO),
	};
	struct kist_error err = KIST_ERROR_INIT;

	if (cli->json && listing.names)
		return kist_cli_usage(cli, "--names and --null print no JSON");
	listing.table.right[2] = true;
	listing.table.outliers[0] = true;
	listing.table.streams = true;
	listing.table.quiet = cli->quiet;
	if (kist_cli_open(cli, false, &err) != KIST_OK || list(&listing, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	return kist_cli_fail_lost(cli, listing.lost);
}

const struct kist_command kist_command_ls = {
	.name = "ls",
	.arguments = "[PREFIX]",
	.summary = "list what is kept: the digest is what sha256sum prints",
	.options = options,
	.arguments_max = 1,
	.run = run,
};
