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
 * kist_settings_use() - Loads into cli->config, and sets what depends on it: cli->settings, quiet, paths.
 *
 * @command: Whose settings count; NULL: all do, and variables that are not set are no fault.
 *
 * Returns KIST_EXIT_DONE, or how the command ends: what is wrong has been said.
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
