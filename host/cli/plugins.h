/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_PLUGINS_H
#define KIST_CLI_PLUGINS_H

#include "cli/cli.h"

/*
 * What the plugin commands share: the catalog without a store, entries as facts.
 */

/** kist_plugins_open() - The catalog; kist_catalog_close() it. */
KIST_CHECKED kist_status kist_plugins_open(struct kist_cli *cli, struct kist_catalog **ret, struct kist_error *err);

/** kist_plugins_facts() - One entry as JSON.  @whole: with types, arguments and tasks. */
KIST_CHECKED kist_status kist_plugins_facts(const struct kist_catalog_entry *entry, bool whole, json_t **ret,
					    struct kist_error *err);

/** kist_plugins_state() - "ready", or why it is refused, in one word: "denied", "corrupt". */
const char *kist_plugins_state(const struct kist_catalog_entry *entry);

/** kist_plugins_file() - Opens @path as input for a worker.  Errors: KIST_NOT_FOUND, KIST_INVALID (no regular file). */
KIST_CHECKED kist_status kist_plugins_file(const char *path, struct kist_input *ret, struct kist_error *err);

#endif
