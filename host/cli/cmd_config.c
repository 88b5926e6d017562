/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "cli/commands.h"
#include "cli/issues.h"
#include "cli/output.h"
#include "cli/settings.h"
#include "cli/table.h"
#include "config/find.h"

#define COLUMNS	  4
#define FROM_SIZE ((size_t)PATH_MAX + 64)

static const char *const titles[COLUMNS] = { "SETTING", "VALUE", "FROM", "INSTEAD OF" };

static const struct kist_option explain_options[] = {
	{ .name = "config", .argument = "FILE", .help = "with the settings of this job, too" },
	{ .name = NULL },
};

static const struct kist_option check_options[] = {
	{ .name = "as",
	  .argument = "project|user|job",
	  .help = "what kind of file it is; else its name says: kist.yaml, config.yaml, any other" },
	{ .name = NULL },
};

/* One setting or one member of a mapping, as JSON. */
struct explaining {
	const struct kist_cli *cli;
	const struct kist_config *config;
	json_t *rows; /* array */
};

static const struct kist_config_item *find_item(const struct kist_config_list *list, const char *member)
{
	for (size_t i = 0; i < list->count; i++) {
		if (strcmp(list->items[i].key, member) == 0)
			return &list->items[i];
	}
	return NULL;
}

static json_t *list_json(const struct kist_config_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++)
		(void)json_array_append_new(array,
					    kist_json_text(list->items[i].text, strlen(list->items[i].text)));
	return array;
}

static json_t *scalar_json(const struct kist_config_key *key, const struct kist_config_value *value)
{
	if (value->is_raw || (key->type != KIST_CONFIG_BOOLEAN && key->type != KIST_CONFIG_COUNT))
		return kist_json_text(value->scalar.text, strlen(value->scalar.text));
	return key->type == KIST_CONFIG_BOOLEAN ? json_boolean(value->scalar.number)
						: json_integer((json_int_t)value->scalar.number);
}

/* {"layer", "place"}, and of a file {"file", "line", "column"}. */
static json_t *from_json(const struct explaining *explaining, size_t k, unsigned layer,
			 struct kist_place place)
{
	const struct kist_config_file *file = kist_config_file_of(explaining->config, layer);
	char text[FROM_SIZE];
	json_t *from;

	kist_settings_from(explaining->config, k, layer, place, text, sizeof(text));
	from = json_pack("{ss,so}", "layer", kist_config_layer_name((enum kist_config_layer)layer), "place",
			 kist_json_text(text, strlen(text)));
	if (from && file && layer > KIST_LAYER_VARIABLE && layer < KIST_LAYER_BUILT_IN) {
		(void)json_object_set_new(from, "file", kist_json_text(file->shown, strlen(file->shown)));
		(void)json_object_set_new(from, "line", json_integer((json_int_t)place.line));
		(void)json_object_set_new(from, "column", json_integer((json_int_t)place.column));
	}
	return from;
}

static json_t *optional_text(const char *text)
{
	return text ? json_string(text) : json_null();
}

static void add_facts(const struct kist_config_key *key, json_t *row)
{
	char takes[160];

	kist_config_takes(key, takes);
	(void)json_object_set_new(row, "takes", json_string(takes));
	(void)json_object_set_new(row, "help", json_string(key->help));
	(void)json_object_set_new(row, "commands", optional_text(key->commands));
	(void)json_object_set_new(row, "variable", optional_text(key->variable));
	(void)json_object_set_new(row, "option", optional_text(key->option));
	(void)json_object_set_new(row, "built_in", optional_text(key->built_in));
}

/* What the layers behind the one that counts say. */
static json_t *overridden(const struct explaining *explaining, size_t k, const char *member, unsigned from)
{
	const struct kist_config_key *key = &kist_config_keys[k];
	json_t *list = json_array();

	for (; from < KIST_CONFIG_LAYERS; from++) {
		const struct kist_config_value *value = &explaining->config->values[k][from];
		const struct kist_config_item *item = member ? find_item(&value->list, member) : NULL;
		json_t *said;

		if (!value->is_set || (member && !item))
			continue;
		said = item ? kist_settings_item_json(item)
			    : (kist_config_is_list(key) ? list_json(&value->list) : scalar_json(key, value));
		(void)json_array_append_new(
			list, json_pack("{so,so}", "value", said, "from",
					from_json(explaining, k, from, item ? item->place : value->place)));
	}
	return list;
}

static void add_row(struct explaining *explaining, size_t k, json_t *name, json_t *value, json_t *from,
		    json_t *instead)
{
	json_t *row =
		json_pack("{so,so,so,so}", "key", name, "value", value, "from", from, "overrides", instead);

	if (row)
		add_facts(&kist_config_keys[k], row);
	(void)json_array_append_new(explaining->rows, row);
}

static void add_map(struct explaining *explaining, size_t k)
{
	const struct kist_config_key *key = &kist_config_keys[k];
	const struct kist_config_list *list = &explaining->config->merged[k];

	for (size_t i = 0; i < list->count; i++) {
		const struct kist_config_item *item = &list->items[i];

		add_row(explaining, k, json_sprintf("%s.%s", key->name, item->key),
			kist_settings_item_json(item), from_json(explaining, k, item->layer, item->place),
			overridden(explaining, k, item->key, item->layer + 1));
	}
	if (list->count == 0)
		add_row(explaining, k, json_string(key->name), json_object(),
			from_json(explaining, k, KIST_LAYER_BUILT_IN, (struct kist_place){ 0, 0 }),
			json_array());
}

/* The value is shown as it is written then. */
static void note_unset(const struct explaining *explaining, size_t k, const struct kist_config_value *value,
		       unsigned layer)
{
	char from[FROM_SIZE];

	if (!value->is_raw || explaining->cli->quiet)
		return;
	kist_settings_from(explaining->config, k, layer, value->place, from, sizeof(from));
	fprintf(stderr, "kist: config explain: note: %s: a variable in it is not set: '%s' fails\n", from,
		kist_config_keys[k].commands ? kist_config_keys[k].commands : "every command");
}

/* What holds when nothing says otherwise. */
static json_t *found_json(const struct explaining *explaining, const struct kist_config_key *key)
{
	const struct kist_paths *paths = &explaining->cli->paths;
	const char *found = NULL;

	if (kist_config_is_list(key))
		return json_array();
	if (key == kist_config_key_find("default_storage"))
		found = paths->store;
	else if (key == kist_config_key_find("local_cache"))
		found = paths->cache_dir;
	else if (key == kist_config_key_find("runs_dir"))
		found = paths->runs_dir;
	return found ? kist_json_text(found, strlen(found)) : json_null();
}

static void add_setting(struct explaining *explaining, size_t k)
{
	const struct kist_config *config = explaining->config;
	const struct kist_config_key *key = &kist_config_keys[k];
	const unsigned layer = kist_config_layer_of(config, k, KIST_LAYER_OPTION);
	const struct kist_config_value *value;
	unsigned behind = layer + 1;

	if (layer == KIST_CONFIG_LAYERS) {
		add_row(explaining, k, json_string(key->name), found_json(explaining, key),
			from_json(explaining, k, KIST_LAYER_BUILT_IN, (struct kist_place){ 0, 0 }),
			json_array());
		return;
	}
	value = &config->values[k][layer];
	note_unset(explaining, k, value, layer);
	if ((key->flags & KIST_CONFIG_ADDS) && layer == KIST_LAYER_OPTION)
		behind = kist_config_layer_of(config, k, behind) + 1;
	add_row(explaining, k, json_string(key->name),
		kist_config_is_list(key) ? list_json(&config->merged[k]) : scalar_json(key, value),
		from_json(explaining, k, layer, value->place), overridden(explaining, k, NULL, behind));
}

/* Whether @name is what was asked for, or in it: "limits" has "limits.time". */
static bool is_asked(const char *asked, const char *name)
{
	const size_t len = asked ? strlen(asked) : 0;

	return !asked || (strncmp(asked, name, len) == 0 && (name[len] == '\0' || name[len] == '.'));
}

static void drop_others(const char *asked, json_t *rows)
{
	for (size_t i = json_array_size(rows); i > 0; i--) {
		if (!is_asked(asked, kist_json_get_text(json_array_get(rows, i - 1), "key")))
			(void)json_array_remove(rows, i - 1);
	}
}

static kist_status fail_unknown(const char *asked, struct kist_error *err)
{
	struct kist_nearest nearest = KIST_NEAREST_INIT(asked);

	for (const struct kist_config_key *key = kist_config_keys; key->name; key++)
		kist_nearest_offer(&nearest, key->name);
	return kist_fail(err, KIST_NOT_FOUND, "there is no setting '%.100s'%s%s%s", asked,
			 nearest.name ? ": did you mean '" : "", nearest.name ? nearest.name : "",
			 nearest.name ? "'?" : "; 'kist config explain' lists them");
}

/* As one would write it: texts without quotes. */
static kist_status value_text(const json_t *value, struct kist_buf *ret, struct kist_error *err)
{
	const json_t *element;
	size_t i;

	ret->size = 0;
	if (json_is_string(value))
		return kist_buf_append(ret, json_string_value(value), json_string_length(value), err);
	if (json_is_null(value))
		return kist_buf_append(ret, "-", 1, err);
	if (!json_is_array(value))
		return kist_json_canonical_any(value, ret, err);
	KIST_TRY(kist_buf_append(ret, "[", 1, err));
	json_array_foreach((json_t *)(uintptr_t)value, i, element)
		KIST_TRY(kist_buf_appendf(ret, err, "%s%s", i ? ", " : "", json_string_value(element)));
	return kist_buf_append(ret, "]", 1, err);
}

static kist_status add_cell(struct kist_table *table, const struct kist_buf *text, struct kist_error *err)
{
	return kist_table_add(table, text->data ? (const char *)text->data : "", text->size, err);
}

static kist_status print_table(const struct explaining *explaining, struct kist_error *err)
{
	kist_auto_table struct kist_table table = KIST_TABLE_INIT(COLUMNS, titles);
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT((size_t)1 << 20);
	const json_t *row;
	size_t i;

	json_array_foreach(explaining->rows, i, row) {
		const json_t *instead = json_array_get(json_object_get(row, "overrides"), 0);

		KIST_TRY(kist_table_add_text(&table, kist_json_get_text(row, "key"), err));
		KIST_TRY(value_text(json_object_get(row, "value"), &text, err));
		KIST_TRY(add_cell(&table, &text, err));
		KIST_TRY(kist_table_add_text(&table,
					     kist_json_get_text(json_object_get(row, "from"), "place"), err));
		text.size = 0;
		if (instead) {
			KIST_TRY(value_text(json_object_get(instead, "value"), &text, err));
			KIST_TRY(kist_buf_appendf(
				&text, err, " (%s)",
				kist_json_get_text(json_object_get(instead, "from"), "place")));
		}
		KIST_TRY(add_cell(&table, &text, err));
	}
	kist_table_print(&table, explaining->cli->quiet);
	return KIST_OK;
}

static void print_line(const char *title, const char *prefix, const char *text)
{
	if (text)
		printf("  %-12s%s%s\n", title, prefix, text);
}

/* All there is to say of one setting, below its row. */
static kist_status print_one(const struct explaining *explaining, struct kist_error *err)
{
	const json_t *row = json_array_get(explaining->rows, 0);
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT((size_t)1 << 20);
	const json_t *instead;
	size_t i;

	json_array_foreach(json_object_get(row, "overrides"), i, instead) {
		if (i == 0)
			continue;
		KIST_TRY(value_text(json_object_get(instead, "value"), &text, err));
		KIST_TRY(kist_buf_appendf(&text, err, " (%s)",
					  kist_json_get_text(json_object_get(instead, "from"), "place")));
		print_line("instead of", "", kist_buf_text(&text));
	}
	print_line("is", "", kist_json_get_text(row, "help"));
	print_line("takes", "", kist_json_get_text(row, "takes"));
	print_line("built-in", "", kist_json_get_text(row, "built_in"));
	print_line("for", "", kist_json_get_text(row, "commands"));
	print_line("variable", "", kist_json_get_text(row, "variable"));
	print_line("option", "--", kist_json_get_text(row, "option"));
	return KIST_OK;
}

/* Variables that no setting has. */
static const char *const others[] = { "KIST_CONFIG", "KIST_OVERLAY", "KIST_PLUGIN_PATH", "KIST_JOB_ID",
				      "KIST_SOCKET" };

static bool is_known(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		if (strlen(others[i]) == len && memcmp(others[i], name, len) == 0)
			return true;
	}
	for (const struct kist_config_key *key = kist_config_keys; key->name; key++) {
		if (key->variable && strlen(key->variable) == len && memcmp(key->variable, name, len) == 0)
			return true;
	}
	return false;
}

/* Nobody else tells of a variable that is misspelt. */
static void note_variables(void)
{
	char name[KIST_NEAREST_LEN_MAX + 1];

	for (char **variable = environ; *variable; variable++) {
		const size_t len = strcspn(*variable, "=");
		struct kist_nearest nearest = KIST_NEAREST_INIT(name);

		if (strncmp(*variable, "KIST_", 5) != 0 || len >= sizeof(name) || is_known(*variable, len))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)len, *variable);
		for (const struct kist_config_key *key = kist_config_keys; key->name; key++) {
			if (key->variable)
				kist_nearest_offer(&nearest, key->variable);
		}
		for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
			kist_nearest_offer(&nearest, others[i]);
		if (nearest.name)
			fprintf(stderr,
				"kist: config explain: note: there is no variable '%s': did you mean '%s'?\n",
				name, nearest.name);
	}
}

static kist_status print_json(const struct explaining *explaining, struct kist_error *err)
{
	const struct kist_config *config = explaining->config;
	kist_auto_json json_t *files = json_array();
	json_t *whole;

	for (size_t i = 0; i < config->file_count; i++)
		(void)json_array_append_new(
			files,
			json_pack("{ss,so}", "layer", kist_config_layer_name(config->files[i].layer), "path",
				  kist_json_text(config->files[i].shown, strlen(config->files[i].shown))));
	whole = json_pack("{sO,so,sO}", "files", files, "overlay",
			  config->overlay[0] ? json_string(config->overlay) : json_null(), "settings",
			  explaining->rows);
	return whole ? kist_print_json_take(whole, err) : kist_fail_memory(err, sizeof(json_t));
}

static kist_status explain(struct explaining *explaining, const char *asked, struct kist_error *err)
{
	for (size_t k = 0; k < KIST_CONFIG_KEYS; k++) {
		if (kist_config_is_map(&kist_config_keys[k]))
			add_map(explaining, k);
		else
			add_setting(explaining, k);
	}
	drop_others(asked, explaining->rows);
	if (asked && json_array_size(explaining->rows) == 0)
		return fail_unknown(asked, err);
	if (explaining->cli->json)
		return print_json(explaining, err);
	KIST_TRY(print_table(explaining, err));
	return json_array_size(explaining->rows) == 1 ? print_one(explaining, err) : KIST_OK;
}

static enum kist_exit run_explain(struct kist_cli *cli)
{
	struct kist_error err = KIST_ERROR_INIT;
	kist_auto_json json_t *rows = json_array();
	struct explaining explaining = { .cli = cli, .rows = rows };
	const enum kist_exit failed = kist_settings_use(cli, NULL);

	if (failed)
		return failed;
	explaining.config = cli->config;
	if (!cli->quiet) {
		if (cli->paths.notes[0])
			fprintf(stderr, "kist: config explain: note: %s\n", cli->paths.notes);
		note_variables();
	}
	if (explain(&explaining, cli->argument_count ? cli->arguments[0] : NULL, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return KIST_EXIT_DONE;
}

/* What kind of file it is; false: --as says none. */
static bool read_kind(const struct kist_cli *cli, enum kist_config_layer *ret)
{
	static const char *const words[] = { "project", "user", "job" };
	static const enum kist_config_layer layers[] = { KIST_LAYER_PROJECT, KIST_LAYER_USER,
							 KIST_LAYER_JOB };
	const char *slash = strrchr(cli->arguments[0], '/');
	const char *name = slash ? slash + 1 : cli->arguments[0];
	size_t which = strcmp(name, KIST_CONFIG_PROJECT_FILE) == 0
			       ? 0
			       : (strcmp(name, KIST_CONFIG_USER_FILE) == 0 ? 1 : 2);

	if (!kist_cli_choose(cli, "as", words, sizeof(words) / sizeof(words[0]), &which))
		return false;
	*ret = layers[which];
	return true;
}

static kist_status print_check(const struct kist_cli *cli, const struct kist_config_file *file,
			       struct kist_error *err)
{
	KIST_TRY(kist_issues_tell(cli, &file->issues, file->shown, stdout, err));
	if (file->issues.error_count == 0 && !cli->quiet && !cli->json)
		printf("%s: nothing is wrong in it\n", file->shown);
	return KIST_OK;
}

static enum kist_exit run_check(struct kist_cli *cli)
{
	__attribute__((cleanup(kist_config_file_done))) struct kist_config_file file = { .document = NULL };
	struct kist_error err = KIST_ERROR_INIT;

	if (!read_kind(cli, &file.layer))
		return kist_cli_usage(cli, "--as takes project, user or job");
	if (snprintf(file.shown, sizeof(file.shown), "%s", cli->arguments[0]) >= (int)sizeof(file.shown))
		return kist_cli_usage(cli, "the path is too long");
	if (kist_config_file_open(&file, &err) != KIST_OK || print_check(cli, &file, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	return file.issues.error_count > 0 ? KIST_EXIT_FAILED : KIST_EXIT_DONE;
}

const struct kist_command kist_command_config_explain = {
	.name = "config explain",
	.arguments = "[SETTING]",
	.summary = "say which settings hold, and where each comes from",
	.options = explain_options,
	.arguments_max = 1,
	.no_settings = true,
	.run = run_explain,
};

const struct kist_command kist_command_config_check = {
	.name = "config check",
	.arguments = "FILE",
	.summary = "say what is wrong in a file of settings",
	.options = check_options,
	.arguments_min = 1,
	.arguments_max = 1,
	.no_settings = true,
	.run = run_check,
};
