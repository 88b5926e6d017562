/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "cli/issues.h"

static const char *variable(const char *name)
{
	return secure_getenv(name);
}

static kist_status load(const struct kist_cli *cli, const char *command, struct kist_config **ret,
			struct kist_error *err)
{
	kist_auto_mem struct kist_config_given *given = kist_alloc(cli->value_count + 1, sizeof(*given));
	const struct kist_config_options options = { .command = command,
						     .given_count = cli->value_count,
						     .given = given,
						     .overlay = kist_cli_value(cli, "overlay"),
						     .job_file = kist_cli_value(cli, "config"),
						     .user_dir = cli->paths.config_dir,
						     .variable = variable };

	if (!given)
		return kist_fail_memory(err, cli->value_count * sizeof(*given));
	for (size_t i = 0; i < cli->value_count; i++)
		given[i] = (struct kist_config_given){ .option = cli->values[i].option->name,
						       .text = cli->values[i].text };
	return kist_config_load(&options, ret, err);
}

/* "kist.yaml: 2 errors; nothing was done" */
static enum kist_exit tell_file(const struct kist_cli *cli, const struct kist_config_file *file)
{
	const struct kist_issue *first = &file->issues.items[0];
	char shown[256];

	for (size_t i = 0; i < file->issues.count && first->severity != KIST_SEVERITY_ERROR; i++)
		first = &file->issues.items[i];
	kist_issues_print(&file->issues, file->shown, stderr);
	kist_name_escape(file->shown, strlen(file->shown), shown, sizeof(shown));
	return kist_cli_usage(cli, "nothing was done: %s:%u:%u: %s%s%s", shown, first->place.line,
			      first->place.column, first->text, first->hint[0] ? "; " : "", first->hint);
}

static enum kist_exit tell(const struct kist_cli *cli, const struct kist_config *config)
{
	for (size_t i = 0; i < config->file_count; i++) {
		if (config->files[i].issues.error_count > 0)
			return tell_file(cli, &config->files[i]);
	}
	return kist_cli_usage(cli, "%s", config->fault);
}

/* A named store says where it was named; cli/paths.h finds one otherwise. */
static void find_store(const struct kist_cli *cli, struct kist_paths_wanted *ret, char *why, size_t why_size)
{
	static const char name[] = "default_storage";
	const struct kist_config *config = cli->config;
	const size_t key = (size_t)(kist_config_key_find(name) - kist_config_keys);
	const unsigned layer = kist_config_layer_of(config, key, KIST_LAYER_OPTION);
	char from[PATH_MAX + 64];

	if (layer == KIST_CONFIG_LAYERS)
		return;
	kist_settings_from(config, key, layer, config->values[key][layer].place, from, sizeof(from));
	snprintf(why, why_size, "named by %.400s", from);
	ret->store = cli->settings.store;
	ret->store_why = why;
	ret->is_named = layer <= KIST_LAYER_VARIABLE;
	ret->is_users = layer == KIST_LAYER_USER;
}

enum kist_exit kist_settings_use(struct kist_cli *cli, const char *command)
{
	struct kist_paths_wanted wanted = { .store = NULL };
	struct kist_error err = KIST_ERROR_INIT;
	char why[sizeof(cli->paths.store_why)];

	if (load(cli, command, &cli->config, &err) != KIST_OK)
		return err.status == KIST_NO_MEMORY ? kist_cli_fail(cli, &err, false)
						    : kist_cli_usage(cli, "%s", err.text);
	if (!kist_config_is_sound(cli->config))
		return tell(cli, cli->config);
	cli->settings = cli->config->settings;
	cli->quiet = cli->settings.log_level < KIST_SAY_ALL;
	cli->progress.allowed = !cli->quiet && !cli->json;
	/* So that nobody wonders why it says nothing. */
	if (cli->config->passed_over[0])
		kist_paths_pass_over(&cli->paths, cli->config->passed_over);
	find_store(cli, &wanted, why, sizeof(why));
	wanted.cache_dir = cli->settings.cache_dir;
	wanted.runs_dir = cli->settings.runs_dir;
	if (kist_paths_choose(&wanted, &cli->paths, &err) != KIST_OK)
		return kist_cli_fail(cli, &err, false);
	if (kist_cli_check_store(cli->paths.store, &err) != KIST_OK)
		return kist_cli_usage(cli, "%s", err.text);
	return KIST_EXIT_DONE;
}

void kist_settings_from(const struct kist_config *config, size_t key, unsigned layer, struct kist_place place,
			char *ret, size_t size)
{
	const struct kist_config_file *file = kist_config_file_of(config, layer);

	if (layer == KIST_LAYER_OPTION)
		snprintf(ret, size, "--%s", kist_config_keys[key].option);
	else if (layer == KIST_LAYER_VARIABLE)
		snprintf(ret, size, "%s", kist_config_keys[key].variable);
	else if (layer < KIST_LAYER_BUILT_IN && file)
		snprintf(ret, size, "%s:%u:%u", file->shown, place.line, place.column);
	else
		snprintf(ret, size, "built-in");
}

json_t *kist_settings_item_json(const struct kist_config_item *item)
{
	switch (item->kind) {
	case KIST_NODE_BOOLEAN:
		return json_boolean(item->integer);
	case KIST_NODE_INTEGER:
		return json_integer((json_int_t)item->integer);
	case KIST_NODE_NUMBER:
		return json_real(item->number);
	default:
		return kist_json_text(item->text, strlen(item->text));
	}
}
