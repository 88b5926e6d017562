/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/plugins.h"
#include "cli/table.h"
#include "cli/value.h"

static const char *const titles[] = { "TYPE", "FOR", "ARGUMENT", "IS", "DEFAULT", "MEANS" };

static kist_status add_cell(struct kist_table *table, const json_t *value, struct kist_error *err)
{
	char text[512];

	kist_cell_text(value, text, sizeof(text));
	return kist_table_add_text(table, text, err);
}

static kist_status add_arguments(struct kist_table *table, const char *type, const char *what,
				 const json_t *arguments, struct kist_error *err)
{
	const char *name;
	json_t *argument;

	json_object_foreach((json_t *)(uintptr_t)arguments, name, argument) {
		const json_t *one_of = json_object_get(argument, "enum");

		KIST_TRY(kist_table_add_text(table, type, err));
		KIST_TRY(kist_table_add_text(table, what, err));
		KIST_TRY(kist_table_add_text(table, name, err));
		KIST_TRY(add_cell(table, one_of ? one_of : json_object_get(argument, "type"), err));
		KIST_TRY(add_cell(table, json_object_get(argument, "default"), err));
		KIST_TRY(add_cell(table, json_object_get(argument, "description"), err));
	}
	return KIST_OK;
}

/* The arguments of all types in a table of their own: they are what a user looks for. */
static kist_status print_arguments(json_t *types, struct kist_error *err)
{
	kist_auto_table struct kist_table table = KIST_TABLE_INIT(sizeof(titles) / sizeof(titles[0]), titles);
	json_t *type;
	size_t i;

	json_array_foreach(types, i, type) {
		const char *name = kist_json_get_text(type, "type");

		KIST_TRY(add_arguments(&table, name, "writing", json_object_get(type, "serialize"), err));
		KIST_TRY(add_arguments(&table, name, "reading", json_object_get(type, "deserialize"), err));
	}
	if (table.rows > 0) {
		printf("\n");
		kist_table_print(&table, false);
	}
	return KIST_OK;
}

static const char *const task_titles[] = { "TASK", "HAS", "NAMED", "OF TYPE", "DEFAULT", "MEANS" };

static kist_status add_places(struct kist_table *table, const char *task, const char *what, json_t *places,
			      struct kist_error *err)
{
	json_t *place;
	size_t i;

	json_array_foreach(places, i, place) {
		KIST_TRY(kist_table_add_text(table, task, err));
		KIST_TRY(kist_table_add_text(table, what, err));
		KIST_TRY(kist_table_add_text(table, kist_json_get_text(place, "name"), err));
		KIST_TRY(add_cell(table, json_object_get(place, "type"), err));
		KIST_TRY(add_cell(table, json_object_get(place, "default"), err));
		KIST_TRY(add_cell(table, json_object_get(place, "description"), err));
	}
	return KIST_OK;
}

/* What each function task takes and gives. */
static kist_status print_tasks(json_t *tasks, struct kist_error *err)
{
	kist_auto_table struct kist_table table =
		KIST_TABLE_INIT(sizeof(task_titles) / sizeof(task_titles[0]), task_titles);
	json_t *task;
	size_t i;

	json_array_foreach(tasks, i, task) {
		const char *name = kist_json_get_text(task, "name");

		KIST_TRY(add_places(&table, name, "input", json_object_get(task, "inputs"), err));
		KIST_TRY(add_places(&table, name, "output", json_object_get(task, "outputs"), err));
	}
	if (table.rows > 0) {
		printf("\n");
		kist_table_print(&table, false);
	}
	return KIST_OK;
}

static kist_status print_people(json_t *facts, struct kist_error *err)
{
	json_t *types = json_object_get(facts, "types");
	json_t *tasks = json_object_get(facts, "tasks");
	kist_auto_json json_t *kept = kist_json_copy(types);
	kist_auto_json json_t *kept_tasks = kist_json_copy(tasks);

	for (size_t i = 0; i < json_array_size(types); i++) {
		(void)json_object_del(json_array_get(types, i), "serialize");
		(void)json_object_del(json_array_get(types, i), "deserialize");
	}
	for (size_t i = 0; i < json_array_size(tasks); i++) {
		(void)json_object_del(json_array_get(tasks, i), "inputs");
		(void)json_object_del(json_array_get(tasks, i), "outputs");
	}
	if (json_array_size(tasks) == 0)
		(void)json_object_del(facts, "tasks");
	kist_print_value(facts, 0);
	KIST_TRY(print_arguments(kept, err));
	return print_tasks(kept_tasks, err);
}

static kist_status print_and_drop(json_t *facts, struct kist_error *err)
{
	const kist_status status = print_people(facts, err);

	json_decref(facts);
	return status;
}

static kist_status inspect(struct kist_cli *cli, struct kist_error *err)
{
	kist_auto_catalog struct kist_catalog *catalog = NULL;
	const struct kist_catalog_entry *entry;
	struct kist_error why;
	json_t *facts;

	KIST_TRY(kist_plugins_open(cli, &catalog, err));
	entry = kist_plugins_find(catalog, cli->arguments[0]);
	if (!entry)
		return kist_plugins_missing(catalog, cli->arguments[0], err);
	kist_plugins_check(cli, catalog, entry, &why);
	KIST_TRY(kist_plugins_facts(entry, &why, true, &facts, err));
	if (cli->json)
		return kist_print_json_take(facts, err);
	return print_and_drop(facts, err);
}

static enum kist_exit run(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;

	return inspect(cli, &err) == KIST_OK ? KIST_EXIT_DONE : kist_cli_fail(cli, &err, false);
}

const struct kist_command kist_command_plugin_inspect = {
	.name = "plugin inspect",
	.arguments = "ID|MANIFEST",
	.summary = "say what a plugin offers: types, tasks, arguments",
	.arguments_min = 1,
	.arguments_max = 1,
	.run = run,
};
