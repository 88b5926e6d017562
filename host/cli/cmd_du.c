/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/measure.h"
#include "cli/output.h"
#include "cli/table.h"
#include "flow/find.h"
#include "flow/record.h"
#include "care/usage.h"

static const struct kist_option options[] = {
	{ .name = "why",
	  .argument = "NAME|DIGEST",
	  .help = "which names lead to an artifact, a chunk or a pack" },
	{ .name = NULL },
};

static bool is_argument(void *ctx, const char *name, size_t len)
{
	const struct kist_cli *cli = ctx;

	for (size_t i = 0; i < cli->argument_count; i++) {
		if (strlen(cli->arguments[i]) == len && memcmp(cli->arguments[i], name, len) == 0)
			return true;
	}
	return false;
}

static kist_status find_arguments(struct kist_cli *cli, struct kist_error *err)
{
	for (size_t i = 0; i < cli->argument_count; i++) {
		struct kist_digest artifact;

		KIST_TRY(kist_registry_find_ref(cli->flow->registry, cli->arguments[i],
						strlen(cli->arguments[i]), &artifact, err));
	}
	return KIST_OK;
}

static kist_status add_size(struct kist_table *table, uint64_t size, struct kist_error *err)
{
	char text[32];

	kist_size_text(size, text);
	return kist_table_add_text(table, text, err);
}

static kist_status add_row(struct kist_table *table, const struct kist_usage_name *name,
			   struct kist_error *err)
{
	KIST_TRY(add_size(table, name->own, err));
	KIST_TRY(add_size(table, name->stored - name->own, err));
	KIST_TRY(add_size(table, name->stored, err));
	KIST_TRY(add_size(table, name->size, err));
	return kist_table_add_name(table, name->name, name->name_len, err);
}

static kist_status add_name_json(json_t *list, const struct kist_usage_name *name, struct kist_error *err)
{
	json_t *entry =
		json_pack("{s:I,s:I,s:I,s:I,s:I}", "size", (json_int_t)name->size, "stored_bytes",
			  (json_int_t)name->stored, "exclusive_bytes", (json_int_t)name->own, "shared_bytes",
			  (json_int_t)(name->stored - name->own), "chunks", (json_int_t)name->chunks);

	if (!entry || json_array_append_new(list, entry) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return kist_name_json(entry, name->name, name->name_len, err);
}

static kist_status usage_json(const struct kist_cli *cli, const struct kist_usage *usage, uint64_t dead,
			      struct kist_error *err)
{
	kist_auto_json json_t *names = json_array();
	const bool some = cli->argument_count > 0;

	for (size_t i = 0; i < kist_usage_count(usage); i++) {
		if (!some || kist_usage_name(usage, i)->chosen)
			KIST_TRY(add_name_json(names, kist_usage_name(usage, i), err));
	}
	return kist_print_json_take(json_pack("{s:O,s:I,s:I,s:o,s:I}", "names", names, "freed_bytes",
					      (json_int_t)(some ? usage->together : usage->stored),
					      "stored_bytes", (json_int_t)usage->stored, "dead_bytes",
					      usage->missing ? json_null() : json_integer((json_int_t)dead),
					      "missing", (json_int_t)usage->missing),
				    err);
}

static void print_line(const char *what, uint64_t bytes)
{
	char text[32];

	kist_size_text(bytes, text);
	printf("%s: %s\n", what, text);
}

static kist_status usage_table(const struct kist_cli *cli, const struct kist_usage *usage, uint64_t dead,
			       struct kist_error *err)
{
	static const char *const titles[] = { "RM FREES", "SHARED", "STORED", "SIZE", "NAME" };
	kist_auto_table struct kist_table table = KIST_TABLE_INIT(5, titles);

	for (size_t i = 0; i < 4; i++)
		table.right[i] = true;
	for (size_t i = 0; i < kist_usage_count(usage); i++) {
		if (cli->argument_count == 0 || kist_usage_name(usage, i)->chosen)
			KIST_TRY(add_row(&table, kist_usage_name(usage, i), err));
	}
	kist_table_print(&table, cli->quiet);
	if (cli->quiet)
		return KIST_OK;
	if (cli->argument_count > 1)
		print_line("rm of all of these frees", usage->together);
	if (cli->argument_count == 0) {
		print_line("all names together", usage->stored);
		if (usage->missing == 0)
			print_line("that no name leads to", dead);
	}
	return KIST_OK;
}

static kist_status usage(struct kist_cli *cli, uint64_t *ret_missing, struct kist_error *err)
{
	kist_auto_usage struct kist_usage all = KIST_USAGE_INIT;
	struct kist_registry_stats stats;
	uint64_t dead;

	KIST_TRY(find_arguments(cli, err));
	KIST_TRY(kist_usage_all(cli->flow, is_argument, cli, &all, err));
	KIST_TRY(kist_registry_get_stats(cli->flow->registry, &stats, err));
	dead = kist_usage_dead(&all, &stats);
	*ret_missing = all.missing;
	return cli->json ? usage_json(cli, &all, dead, err) : usage_table(cli, &all, dead, err);
}

struct holders {
	struct kist_table table;
	json_t *list;
	size_t count;
};

static void holders_done(struct holders *holders)
{
	kist_table_done(&holders->table);
	json_decref(holders->list);
}

static kist_status add_holder(void *ctx, const struct kist_holder *holder, struct kist_error *err)
{
	struct holders *holders = ctx;
	json_t *entry = json_pack("{s:I}", "stored_bytes", (json_int_t)holder->stored);

	holders->count++;
	if (!entry || json_array_append_new(holders->list, entry) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_name_json(entry, holder->name, holder->name_len, err));
	if (holder->path.size > 0)
		KIST_TRY(kist_json_set_bytes(entry, "path", (const char *)holder->path.data,
					     holder->path.size, err));
	KIST_TRY(add_size(&holders->table, holder->stored, err));
	KIST_TRY(kist_table_add_name(&holders->table, holder->name, holder->name_len, err));
	return kist_table_add_name(&holders->table, holder->path.size ? (const char *)holder->path.data : "",
				   holder->path.size, err);
}

/* What is asked about: a name or digest as everywhere, else a chunk or a pack by all of its digits. */
static kist_status find_wanted(struct kist_cli *cli, const char *text, struct kist_digest *ret_id,
			       struct kist_idset *wanted, const char **ret_what, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = kist_find(cli->flow, text, strlen(text), &artifact, &why);

	if (status == KIST_OK)
		*ret_id = artifact.id;
	else if (status != KIST_NOT_FOUND || !kist_digest_parse(text, strlen(text), ret_id))
		return kist_fail_as(err, status, &why);
	if (kist_usage_wanted(cli->flow, ret_id, wanted, ret_what, err) == KIST_OK)
		return KIST_OK;
	if (err->status != KIST_NOT_FOUND)
		return err->status;
	kist_error_clear(err);
	return kist_fail(err, KIST_NOT_FOUND, "nothing here has the digest '%s': no artifact, chunk or pack",
			 text);
}

static kist_status why(struct kist_cli *cli, struct kist_idset *wanted, uint64_t *ret_missing,
		       struct kist_error *err)
{
	static const char *const titles[] = { "HOLDS", "NAME", "FILE" };
	__attribute__((cleanup(holders_done))) struct holders holders = { .table = KIST_TABLE_INIT(3, titles),
									  .list = json_array() };
	char hex[KIST_DIGEST_HEX_SIZE];
	struct kist_digest id;
	const char *what;

	holders.table.right[0] = true;
	KIST_TRY(find_wanted(cli, kist_cli_value(cli, "why"), &id, wanted, &what, err));
	KIST_TRY(kist_usage_why(cli->flow, wanted, add_holder, &holders, ret_missing, err));
	kist_digest_hex(&id, hex);
	if (cli->json)
		return kist_print_json_take(json_pack("{s:s,s:s,s:I,s:O}", "what", what, "id", hex, "chunks",
						      (json_int_t)wanted->count, "names", holders.list),
					    err);
	if (holders.count > 0)
		kist_table_print(&holders.table, cli->quiet);
	else if (!cli->quiet)
		printf("no name leads to the %s %s\n", what, hex);
	return KIST_OK;
}

static kist_status run_why(struct kist_cli *cli, uint64_t *ret_missing, struct kist_error *err)
{
	struct kist_idset wanted = KIST_IDSET_INIT;
	const kist_status status = why(cli, &wanted, ret_missing, err);

	kist_idset_done(&wanted);
	return status;
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;
	const bool asks = kist_cli_has(cli, "why");
	uint64_t missing = 0;

	if (asks && cli->argument_count > 0)
		return kist_cli_usage(cli, "--why takes one name or digest, and no names beside it");
	if (kist_cli_open(cli, false, &err) != KIST_OK ||
	    (asks ? run_why(cli, &missing, &err) : usage(cli, &missing, &err)) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	return kist_cli_fail_lost(cli, missing);
}

const struct kist_command kist_command_du = {
	.name = "du",
	.arguments = "[NAME]...",
	.summary = "what holds the bytes, and what dropping a name would free",
	.options = options,
	.arguments_max = SIZE_MAX,
	.run = run,
};
