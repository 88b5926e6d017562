/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "care/repair.h"
#include "store/mend.h"

static const struct kist_option options[] = {
	{ .name = "dry-run", .letter = 'n', .help = "say what would be done, and write nothing" },
	{ .name = NULL },
};

struct repair {
	struct kist_cli *cli;
	bool dry_run;
	json_t *steps;
	struct kist_log_mended log;
	struct kist_repaired store;
};

static json_t *ranges_json(const struct kist_repair_step *step)
{
	json_t *list = json_array();

	for (size_t i = 0; i < step->range_count; i++)
		(void)json_array_append_new(list, json_pack("{s:I,s:I}", "offset",
							    (json_int_t)step->ranges[i].offset, "size",
							    (json_int_t)step->ranges[i].len));
	return list;
}

static void note_step(void *ctx, const struct kist_repair_step *step)
{
	struct repair *repair = ctx;
	json_t *entry;

	if (!repair->cli->json) {
		/* What was done is the result; what could not be is why it fails. */
		const bool done = strcmp(step->did, "mended") == 0 || strcmp(step->did, "removed") == 0 ||
				  strcmp(step->did, "replaced") == 0;

		if (!done || !repair->cli->quiet)
			fprintf(done ? stdout : stderr, "%s%s %s %s: %s\n",
				done && repair->dry_run ? "(not done) " : "", step->did, step->what, step->id,
				step->text);
		return;
	}
	entry = json_pack("{s:s,s:s,s:s,s:s}", "what", step->what, "id", step->id, "did", step->did, "text",
			  step->text);
	if (entry && step->range_count > 0)
		(void)json_object_set_new(entry, "lost", ranges_json(step));
	if (entry)
		(void)json_array_append_new(repair->steps, entry);
}

static void note_commit(void *ctx, const struct kist_log_step *step)
{
	char id[64];

	if (step->first == step->last)
		snprintf(id, sizeof(id), "%" PRIu64, step->first);
	else
		snprintf(id, sizeof(id), "%" PRIu64 " to %" PRIu64, step->first, step->last);
	note_step(ctx, &(struct kist_repair_step){ .what = "commit",
						   .id = id,
						   .did = step->why ? "lost" : "mended",
						   .text = step->why ? step->why->text : "it is as it was" });
}

/* The log cannot be read to its end: whether the index of this host still knows what it said decides what to
 * do. */
static kist_status explain_log(struct repair *repair, struct kist_error *err)
{
	const uint64_t lost = repair->log.bad + repair->log.missing;
	struct kist_error why = KIST_ERROR_INIT;
	const bool known = kist_cli_open(repair->cli, false, &why) == KIST_OK;

	return kist_fail(
		err, KIST_CORRUPT,
		"%" PRIu64 " commit%s cannot be mended: put the file%s back from a copy of the store. %s",
		lost, kist_plural(lost), kist_plural(lost),
		known ? "The index of this host still knows what was in them: everything can be got here"
		      : "A host whose index has read them before may still get everything");
}

static kist_status repair_log(struct repair *repair, struct kist_error *err)
{
	const char *uri = repair->cli->paths.store;
	kist_auto_store struct kist_store *store = NULL;
	bool json_mended;

	KIST_TRY(kist_store_mend_json(uri, repair->dry_run, &json_mended, err));
	if (json_mended)
		note_step(repair, &(struct kist_repair_step){ .what = "file",
							      .id = "kist.json",
							      .did = "mended",
							      .text = "it is as it was" });
	if (json_mended && repair->dry_run)
		return kist_fail(err, KIST_CORRUPT,
				 "kist.json is damaged and can be mended; the rest can be looked at then");
	KIST_TRY(kist_store_open(uri, &store, err));
	KIST_TRY(kist_store_mend_log(store, repair->dry_run, note_commit, repair, &repair->log, err));
	if (repair->log.bad > 0 || repair->log.missing > 0)
		return explain_log(repair, err);
	if (repair->log.mended > 0 && repair->dry_run)
		return kist_fail(err, KIST_CORRUPT,
				 "commits are damaged and can be mended; the rest can be looked at then");
	return KIST_OK;
}

static kist_status repair_store(struct repair *repair, struct kist_error *err)
{
	struct kist_cli *cli = repair->cli;
	const struct kist_repair_options how = { .dry_run = repair->dry_run,
						 .each = note_step,
						 .ctx = repair };
	kist_status status;

	KIST_TRY(repair_log(repair, err));
	KIST_TRY(kist_cli_open(cli, false, err));
	kist_progress_start(&cli->progress, "repair");
	status = kist_repair_store(cli->flow, &how, &repair->store, err);
	kist_progress_end(&cli->progress);
	kist_plugins_note(cli, cli->flow);
	return status;
}

static void print(const struct repair *repair)
{
	const struct kist_repaired *store = &repair->store;

	printf("%s%" PRIu64 " commit%s, %" PRIu64 " mended; %" PRIu64 " pack%s, %" PRIu64 " mended, %" PRIu64
	       " replaced, %" PRIu64 " with losses\n",
	       repair->dry_run ? "(nothing was written) " : "", repair->log.commits,
	       kist_plural(repair->log.commits), repair->log.mended, store->packs, kist_plural(store->packs),
	       store->packs_mended, store->packs_replaced, store->packs_lost);
	if (store->packs_replaced > 0)
		printf("what was replaced takes room until 'kist gc' removes it\n");
}

static kist_status print_facts(const struct repair *repair, struct kist_error *err)
{
	const struct kist_repaired *store = &repair->store;

	return kist_print_json_take(
		kist_json_with_path(
			json_pack("{s:b,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:O}", "dry_run",
				  (int)repair->dry_run, "commits", (json_int_t)repair->log.commits,
				  "commits_mended", (json_int_t)repair->log.mended, "commits_lost",
				  (json_int_t)(repair->log.bad + repair->log.missing), "packs",
				  (json_int_t)store->packs, "packs_mended", (json_int_t)store->packs_mended,
				  "packs_replaced", (json_int_t)store->packs_replaced, "packs_lost",
				  (json_int_t)store->packs_lost, "packs_newer",
				  (json_int_t)store->packs_newer, "chunks_saved",
				  (json_int_t)store->chunks_saved, "artifacts_hurt",
				  (json_int_t)store->artifacts_hurt, "names_hurt",
				  (json_int_t)store->names_hurt, "checkpoints_mended",
				  (json_int_t)store->checkpoints_mended, "steps", repair->steps),
			"store", repair->cli->paths.store),
		err);
}

static enum kist_exit run(struct kist_cli *cli)
{
	kist_auto_json json_t *steps = json_array();
	struct repair repair = { .cli = cli, .dry_run = kist_cli_has(cli, "dry-run"), .steps = steps };
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = repair_store(&repair, &err);

	if (status != KIST_OK && status != KIST_CORRUPT)
		return kist_cli_fail(cli, &err, true);
	if (cli->json && print_facts(&repair, &why) != KIST_OK)
		return kist_cli_fail(cli, &why, false);
	if (!cli->json && !cli->quiet)
		print(&repair);
	return status == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, true);
}

const struct kist_command kist_command_repair = {
	.name = "repair",
	.arguments = "",
	.finds_damage = true,
	.summary = "make what is damaged whole again, as far as it can be proved",
	.options = options,
	.run = run,
};
