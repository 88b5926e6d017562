/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/commands.h"
#include "flow/find.h"
#include "flow/load.h"
#include "flow/partial.h"

static const struct kist_option options[] = {
	{ .name = "tensor", .argument = "NAME", .help = "of a model: this tensor alone" },
	{ .name = "slice", .argument = "SLICE", .help = "of an array or a tensor: as numpy does, 0:10,:,-1" },
	{ .name = "rows",
	  .argument = "FROM:TO",
	  .help = "of a table, or the first dimension of an array: from FROM up to TO" },
	{ .name = "columns", .argument = "NAMES", .help = "of a table: these columns, a,b" },
	{ .name = "format",
	  .argument = "FORMAT",
	  .help = "of an array that is taken out: npy, safetensors or raw" },
	{ .name = "stats", .help = "say on the standard error how much was read" },
	{ .name = NULL },
};

/* What the options say. */
struct wanted {
	bool is_part;
	struct kist_slice slice;
	struct kist_partial partial;
};

static bool read_format(const struct kist_cli *cli, enum kist_partial_format *ret)
{
	static const char *const names[] = { "npy", "safetensors", "raw" };
	size_t chosen = KIST_PARTIAL_NPY;
	const bool is_one = kist_cli_choose(cli, "format", names, sizeof(names) / sizeof(names[0]), &chosen);

	*ret = (enum kist_partial_format)chosen;
	return is_one;
}

/* One range; a single number means the row that it names, and the dimension stays. */
static kist_status read_rows(const char *text, struct kist_slice *ret, struct kist_error *err)
{
	struct kist_slice_item *const item = &ret->items[0];

	KIST_TRY(kist_slice_read(text, ret, err));
	if (ret->count != 1 || item->kind == KIST_SLICE_ELLIPSIS)
		return kist_fail(err, KIST_INVALID, "--rows takes FROM:TO, not '%.100s'", text);
	if (item->kind == KIST_SLICE_INDEX) {
		item->kind = KIST_SLICE_RANGE;
		/* Behind the last row stands nothing that -1 + 1 could name. */
		item->has_stop = item->start != -1;
		item->stop = item->start + 1;
	}
	return KIST_OK;
}

static enum kist_exit read_options(struct kist_cli *cli, struct wanted *wanted)
{
	const char *slice = kist_cli_value(cli, "slice");
	const char *rows = kist_cli_value(cli, "rows");
	struct kist_error err = KIST_ERROR_INIT;

	*wanted = (struct wanted){ .partial = { .tensor = kist_cli_value(cli, "tensor"),
						.columns = kist_cli_value(cli, "columns"),
						.is_rows = rows,
						.has_format = kist_cli_has(cli, "format") } };
	wanted->is_part = wanted->partial.tensor || wanted->partial.columns || slice || rows;
	if (!read_format(cli, &wanted->partial.format))
		return kist_cli_usage(cli, "'%s' is no format: npy, safetensors or raw",
				      kist_cli_value(cli, "format"));
	if ((kist_cli_has(cli, "format") || kist_cli_has(cli, "stats")) && !wanted->is_part)
		return kist_cli_usage(
			cli, "--format and --stats are of what --tensor, --slice, --rows or --columns take "
			     "out");
	if (slice && rows)
		return kist_cli_usage(cli, "--rows is the first dimension of --slice: give one of them");
	if (wanted->is_part && cli->argument_count != 1)
		return kist_cli_usage(cli, "parts are taken of one thing at a time");
	if ((slice && kist_slice_read(slice, &wanted->slice, &err) != KIST_OK) ||
	    (rows && read_rows(rows, &wanted->slice, &err) != KIST_OK))
		return kist_cli_usage(cli, "%s", err.text);
	if (slice || rows)
		wanted->partial.slice = &wanted->slice;
	return KIST_EXIT_DONE;
}

static void tell_read(const struct kist_partial_read *read)
{
	fprintf(stderr, "read %" PRIu64 " of %" PRIu64 " chunks, %" PRIu64 " of %" PRIu64 " bytes\n",
		read->chunks, read->chunks_total, read->bytes, read->bytes_total);
}

static kist_status write_one(struct kist_cli *cli, const char *name, const struct wanted *wanted,
			     struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_partial_read read = { 0 };
	kist_status status;

	KIST_TRY(kist_find(cli->flow, name, strlen(name), &artifact, err));
	status = wanted->is_part ? kist_partial_write(cli->flow, artifact.record, &wanted->partial,
						      STDOUT_FILENO, &read, err)
				 : kist_load_stream(cli->flow, artifact.record, STDOUT_FILENO, err);
	if (status != KIST_OK)
		return kist_fail_context(err, "%s", name);
	if (kist_cli_has(cli, "stats"))
		tell_read(&read);
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct wanted wanted;
	const enum kist_exit usage = read_options(cli, &wanted);

	if (usage != KIST_EXIT_DONE)
		return usage;
	if (kist_cli_open(cli, false, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	for (size_t i = 0; i < cli->argument_count; i++) {
		if (write_one(cli, cli->arguments[i], &wanted, &err) != KIST_OK)
			return kist_cli_fail(cli, &err, true);
	}
	return KIST_EXIT_DONE;
}

const struct kist_command kist_command_cat = {
	.name = "cat",
	.arguments = "NAME|DIGEST...",
	.summary = "write bytes, or a part of what they hold, to the standard output",
	.options = options,
	.no_json = true,
	.arguments_min = 1,
	.arguments_max = SIZE_MAX,
	.when_full = "; make room where the output goes",
	.run = run,
};
