/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_SETTINGS_H
#define KIST_CLI_SETTINGS_H

#include "cli/cli.h"

/*
 * The settings of a command: what options, variables and files say, for whoever reads cli->settings.
 *
 * In a setuid, setgid or file-capability process no variable is asked.
 */

/**
 * kist_settings_load() - Loads what there is.
 *
 * @command: Whose settings count; NULL: all do, and variables that are not set are no fault.
 * @ret:     kist_config_free() it, once nobody needs cli->settings.
 *
 * Errors: as kist_config_load().
 */
KIST_CHECKED kist_status kist_settings_load(const struct kist_cli *cli, const char *command,
					    struct kist_config **ret, struct kist_error *err);

/** kist_settings_tell() - Prints what is wrong in a config that is not sound.  KIST_EXIT_USAGE. */
enum kist_exit kist_settings_tell(const struct kist_cli *cli, const struct kist_config *config);

/**
 * kist_settings_use() - Loads into cli->config, and sets what depends on it: cli->settings, quiet, paths.
 *
 * @command: As in kist_settings_load().
 */
enum kist_exit kist_settings_use(struct kist_cli *cli, const char *command);

/**
 * kist_settings_from() - Where a value comes from: "--jobs", "KIST_JOBS", "kist.yaml:3:7", "built-in".
 *
 * @place: In the file of the layer.
 */
void kist_settings_from(const struct kist_config *config, size_t key, unsigned layer, struct kist_place place,
			char *ret, size_t size);

/** kist_settings_item_json() - A member of a mapping, as what YAML says that it is.  New reference, or NULL. */
json_t *kist_settings_item_json(const struct kist_config_item *item);

#endif
