/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/facts.h"
#include "cli/measure.h"
#include "cli/output.h"
#include "cli/preview.h"
#include "cli/table.h"
#include "cli/value.h"
#include "flow/compare.h"
#include "flow/find.h"
#include "flow/history.h"
#include "flow/load.h"
#include "flow/stored.h"
#include "flow/tree.h"
#include "preview/preview.h"

/* Entries of a tree that are shown to people; --json has all. */
#define ENTRIES_SHOWN 1000

static const struct kist_option options[] = {
	{ .name = "preview",
	  .letter = 'p',
	  .help = "draw what was understood: histograms, curves, maps, the tree of a model" },
	{ .name = "format", .argument = "FORMAT", .help = "of the preview: text, svg, csv or json" },
	{ .name = "output", .letter = 'o', .argument = "FILE", .help = "write the preview there" },
	{ .name = "against",
	  .argument = "NAME",
	  .help = "say which tensors are as they are in NAME, changed, new or gone" },
	{ .name = "changes", .help = "the same against what NAME meant before" },
	{ .name = NULL },
};

static const char *const titles[] = { "MODE", "SIZE", "SHA-256", "PATH" };

struct entries {
	struct kist_table table;
	json_t *list; /* NULL for people */
	uint64_t count;
};

static void entries_done(struct entries *entries)
{
	kist_table_done(&entries->table);
	json_decref(entries->list);
}

static kist_status add_json(json_t *list, const struct kist_tree_entry *entry, struct kist_error *err)
{
	json_t *object = json_object();
	const char kind[2] = { (char)entry->kind, '\0' };

	if (json_array_append_new(list, object) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_name_json(object, (const char *)entry->path.data, entry->path.size, err));
	KIST_TRY(kist_record_set_text(object, "kind", kind, err));
	KIST_TRY(kist_record_set_take(object, "mode", json_integer(entry->mode), err));
	KIST_TRY(kist_record_set_take(object, "mtime_ns", json_integer(entry->mtime_ns), err));
	if (entry->kind == KIST_TREE_FILE) {
		KIST_TRY(kist_record_set_take(object, "size", json_integer((json_int_t)entry->size), err));
		KIST_TRY(kist_record_set_digest(object, "artifact", &entry->artifact, err));
		KIST_TRY(kist_record_set_digest(object, "sha256", &entry->sha256, err));
	}
	if (entry->kind == KIST_TREE_LINK)
		return kist_json_set_bytes(object, "target", (const char *)entry->target.data,
					   entry->target.size, err);
	return KIST_OK;
}

/* "path", and of a link where it leads. */
static kist_status add_path(struct kist_table *table, const struct kist_tree_entry *entry,
			    struct kist_error *err)
{
	static const char arrow[] = " -> ";
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT((size_t)1 << 20);

	KIST_TRY(kist_buf_append(&text, entry->path.data, entry->path.size, err));
	if (entry->kind == KIST_TREE_LINK) {
		KIST_TRY(kist_buf_append(&text, arrow, sizeof(arrow) - 1, err));
		KIST_TRY(kist_buf_append(&text, entry->target.data, entry->target.size, err));
	}
	return kist_table_add_name(table, (const char *)text.data, text.size, err);
}

static kist_status add_entry(void *ctx, const struct kist_tree_entry *entry, struct kist_error *err)
{
	struct entries *entries = ctx;
	char mode[16];
	char size[32] = "";
	char hex[KIST_DIGEST_HEX_SIZE] = "";

	entries->count++;
	if (entries->list)
		return add_json(entries->list, entry, err);
	if (entries->count > ENTRIES_SHOWN)
		return KIST_OK;
	snprintf(mode, sizeof(mode), "%c %04" PRIo32, entry->kind == KIST_TREE_FILE ? '-' : (char)entry->kind,
		 entry->mode);
	if (entry->kind == KIST_TREE_FILE) {
		kist_size_text(entry->size, size);
		kist_digest_hex(&entry->sha256, hex);
		hex[16] = '\0';
	}
	KIST_TRY(kist_table_add_text(&entries->table, mode, err));
	KIST_TRY(kist_table_add_text(&entries->table, size, err));
	KIST_TRY(kist_table_add_text(&entries->table, hex, err));
	return add_path(&entries->table, entry, err);
}

static kist_status print_people(const json_t *facts, struct kist_error *err)
{
	kist_auto_json json_t *shown = json_deep_copy(facts);
	json_t *file;

	if (!shown)
		return kist_fail_memory(err, sizeof(json_t));
	file = json_object_get(shown, "file");
	KIST_TRY(kist_facts_escape_name(shown, err));
	if (file)
		KIST_TRY(kist_facts_escape_name(file, err));
	kist_preview_drop_pictures(json_object_get(shown, "info"));
	kist_print_value(shown, 0);
	return KIST_OK;
}

static kist_status show_tree(struct kist_cli *cli, const json_t *record, json_t *facts,
			     struct kist_error *err)
{
	kist_auto_buf struct kist_buf listing = KIST_BUF_INIT(KIST_TREE_SIZE_MAX);
	__attribute__((cleanup(entries_done))) struct entries entries = {
		.table = KIST_TABLE_INIT(sizeof(titles) / sizeof(titles[0]), titles),
		.list = cli->json ? json_array() : NULL,
	};

	entries.table.right[1] = true;
	KIST_TRY(kist_load_listing(cli->flow, record, &listing, err));
	KIST_TRY(kist_tree_read(kist_buf_view(&listing), add_entry, &entries, NULL, err));
	if (cli->json)
		return kist_record_set_take(facts, "tree", json_incref(entries.list), err);
	KIST_TRY(print_people(facts, err));
	printf("\n");
	kist_table_print(&entries.table, cli->quiet);
	if (entries.count > ENTRIES_SHOWN)
		printf("... and %" PRIu64 " more; --json lists all\n", entries.count - ENTRIES_SHOWN);
	return KIST_OK;
}

static kist_status gather(struct kist_cli *cli, const struct kist_artifact *artifact, json_t **ret,
			  struct kist_error *err)
{
	static const char *const copied[] = { "plugin", "params", "read_params", "parents", "file" };
	const char *name = cli->arguments[0];
	kist_auto_json json_t *facts = NULL;
	struct kist_digest named;

	/* Asked by digest, the name is not known; asked by name, it is what was asked. */
	if (kist_registry_find_ref(cli->flow->registry, name, strlen(name), &named, NULL) != KIST_OK)
		name = NULL;
	KIST_TRY(kist_facts_artifact(name, name ? strlen(name) : 0, artifact->record, &artifact->id, &facts,
				     err));
	for (size_t i = 0; i < sizeof(copied) / sizeof(copied[0]); i++) {
		json_t *value = json_object_get(artifact->record, copied[i]);

		if (value)
			KIST_TRY(kist_record_set_take(facts, copied[i], json_incref(value), err));
	}
	*ret = kist_steal(facts);
	return KIST_OK;
}

static kist_status add_stored(struct kist_cli *cli, const json_t *record, json_t *facts,
			      struct kist_error *err)
{
	struct kist_stored stored;
	json_t *value;

	KIST_TRY(kist_stored_look(cli->flow, record, &stored, err));
	if (stored.chunks == 0)
		return KIST_OK;
	KIST_TRY(kist_stored_json(&stored, &value, err));
	return kist_record_set_take(facts, "stored", value, err);
}

static bool is_compared(const struct kist_cli *cli)
{
	return kist_cli_value(cli, "against") || kist_cli_has(cli, "changes");
}

/* Sets in @info what became of each tensor, or of the array, since another version. */
static kist_status compare(struct kist_cli *cli, const json_t *record, json_t *info, struct kist_error *err)
{
	const char *other = kist_cli_value(cli, "against");
	const char *name = cli->arguments[0];
	kist_auto_artifact struct kist_artifact old = KIST_ARTIFACT_INIT;
	kist_auto_json json_t *old_info = NULL;

	KIST_TRY(other ? kist_find(cli->flow, other, strlen(other), &old, err)
		       : kist_history_previous(cli->flow, name, strlen(name), &old, err));
	KIST_TRY(kist_load_info(cli->flow, old.record, &old_info, err));
	return kist_compare_infos(cli->flow, record, info, old.record, old_info, err);
}

static bool is_drawn(const struct kist_cli *cli)
{
	return kist_cli_has(cli, "preview") || kist_cli_value(cli, "format") || kist_cli_value(cli, "output");
}

static kist_status draw(struct kist_cli *cli, const json_t *record, struct kist_error *err)
{
	enum kist_preview_format format = KIST_PREVIEW_TEXT;
	kist_auto_json json_t *info = NULL;

	(void)kist_preview_format_read(cli, &format);
	KIST_TRY(kist_load_info(cli->flow, record, &info, err));
	if (!info)
		return kist_fail(err, KIST_UNSUPPORTED,
				 "no plugin has said anything about it, so that there is nothing to draw");
	if (is_compared(cli))
		KIST_TRY(compare(cli, record, info, err));
	KIST_TRY(kist_preview_add_head(cli->flow, record, info, err));
	return kist_preview_print(cli, cli->arguments[0], info, cli->json ? KIST_PREVIEW_JSON : format, err);
}

static kist_status show(struct kist_cli *cli, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	kist_auto_json json_t *facts = NULL;
	kist_auto_json json_t *info = NULL;
	bool is_tree;

	KIST_TRY(kist_find(cli->flow, cli->arguments[0], strlen(cli->arguments[0]), &artifact, err));
	if (is_drawn(cli))
		return draw(cli, artifact.record, err);
	KIST_TRY(gather(cli, &artifact, &facts, err));
	is_tree = kist_record_is_tree(artifact.record);
	if (is_tree)
		KIST_TRY(show_tree(cli, artifact.record, facts, err));
	else
		KIST_TRY(add_stored(cli, artifact.record, facts, err));
	KIST_TRY(kist_load_info(cli->flow, artifact.record, &info, err));
	if (is_compared(cli))
		KIST_TRY(compare(cli, artifact.record, info, err));
	if (info)
		KIST_TRY(kist_record_set_take(facts, "info", json_incref(info), err));
	if (cli->json)
		return kist_print_json_take(json_incref(facts), err);
	return is_tree ? KIST_OK : print_people(facts, err);
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;
	enum kist_preview_format format;

	if (kist_cli_value(cli, "against") && kist_cli_has(cli, "changes"))
		return kist_cli_usage(cli, "--changes is --against what NAME meant before: give one of them");
	if (!kist_preview_format_read(cli, &format))
		return kist_cli_usage(cli, "'%s' is no format: text, svg, csv or json",
				      kist_cli_value(cli, "format"));
	if (kist_cli_open(cli, false, &err) != KIST_OK || show(cli, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, true);
	return KIST_EXIT_DONE;
}

const struct kist_command kist_command_show = {
	.name = "show",
	.arguments = "NAME|DIGEST",
	.summary = "say what was understood: shape, columns, tensors, entries",
	.options = options,
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
