/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "cli/table.h"

/* Tasks of one row, in bytes, which are columns: names are ASCII. */
#define TASKS_WIDTH 60

static const char *const titles[] = { "PLUGIN", "VERSION", "STATE", "FROM", "TASKS, OR WHY NOT" };

static const char *task_name(const struct kist_manifest *manifest, size_t i)
{
	return i < manifest->type_count ? manifest->types[i].task
					: manifest->tasks[i - manifest->type_count].name;
}

/* The cell of the tasks; those that find no place in it go into rows of their own below. */
static kist_status add_tasks(struct kist_table *table, const struct kist_manifest *manifest,
			     struct kist_error *err)
{
	const size_t count = manifest->type_count + manifest->task_count;
	kist_auto_buf struct kist_buf line = KIST_BUF_INIT(KIST_CELL_SIZE_MAX);

	for (size_t i = 0; i < count; i++) {
		const char *name = task_name(manifest, i);

		if (line.size > 0 && line.size + strlen(name) > TASKS_WIDTH) {
			KIST_TRY(kist_table_add(table, (const char *)line.data, line.size, err));
			for (size_t c = 0; c + 1 < table->columns; c++)
				KIST_TRY(kist_table_add_text(table, "", err));
			line.size = 0;
		}
		KIST_TRY(kist_buf_append(&line, name, strlen(name), err));
		if (i + 1 < count)
			KIST_TRY(kist_buf_append(&line, ", ", 2, err));
	}
	return kist_table_add(table, (const char *)line.data, line.size, err);
}

static kist_status add_row(struct kist_table *table, const struct kist_catalog_entry *entry,
			   const struct kist_error *why, struct kist_error *err)
{
	const struct kist_manifest *manifest = entry->manifest;

	KIST_TRY(kist_table_add_text(table, manifest ? manifest->id : entry->path, err));
	KIST_TRY(kist_table_add_text(table, manifest ? manifest->version : "", err));
	KIST_TRY(kist_table_add_text(table, kist_plugins_state(why), err));
	KIST_TRY(kist_table_add_text(table, kist_tier_name(entry->tier), err));
	if (why->status == KIST_OK && manifest)
		return add_tasks(table, manifest, err);
	return kist_table_add_text(table, why->text, err);
}

static kist_status list(struct kist_cli *cli, struct kist_error *err)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	kist_auto_json json_t *all = json_array();
	kist_auto_table struct kist_table table = KIST_TABLE_INIT(sizeof(titles) / sizeof(titles[0]), titles);

	KIST_TRY(kist_plugins_open(cli, &catalog, err));
	for (size_t i = 0; i < catalog->entry_count; i++) {
		struct kist_error why;
		json_t *facts;

		kist_plugins_check(cli, catalog, &catalog->entries[i], &why);
		if (!cli->json) {
			KIST_TRY(add_row(&table, &catalog->entries[i], &why, err));
			continue;
		}
		KIST_TRY(kist_plugins_facts(&catalog->entries[i], &why, false, &facts, err));
		if (json_array_append_new(all, facts) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	if (cli->json)
		return kist_print_json_take(json_incref(all), err);
	kist_table_print(&table, cli->quiet);
	return KIST_OK;
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;

	return list(cli, &err) == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, false);
}

const struct kist_command kist_command_plugin_list = {
	.name = "plugin list",
	.arguments = "",
	.summary = "list the plugins, also those that are refused, with the reason",
	.run = run,
};
