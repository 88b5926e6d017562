/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_PLUGINS_H
#define KIST_CLI_PLUGINS_H

#include "cli/cli.h"

/*
 * What the plugin commands share: the catalog without a store, entries as facts.
 */

/** kist_plugins_open() - The catalog; kist_catalog_close() it. */
KIST_CHECKED kist_status kist_plugins_open(struct kist_cli *cli, struct kist_catalog **ret,
					   struct kist_error *err);

/**
 * kist_plugins_check() - Why @entry cannot be used, its library looked at too; status KIST_OK when it can.
 */
void kist_plugins_check(const struct kist_cli *cli, const struct kist_catalog *catalog,
			const struct kist_catalog_entry *entry, struct kist_error *ret_why);

/**
 * kist_plugins_facts() - One entry as JSON.
 *
 * @why:   What kist_plugins_check() said of it.
 * @whole: With types, arguments and tasks.
 */
KIST_CHECKED kist_status kist_plugins_facts(const struct kist_catalog_entry *entry,
					    const struct kist_error *why, bool whole, json_t **ret,
					    struct kist_error *err);

/**
 * kist_plugins_find() - By id or by the manifest's path; of two with one id, the usable one.  NULL for none.
 */
const struct kist_catalog_entry *kist_plugins_find(const struct kist_catalog *catalog, const char *text);

/** kist_plugins_missing() - KIST_NOT_FOUND: there is no such plugin, and which one is near. */
kist_status kist_plugins_missing(const struct kist_catalog *catalog, const char *id, struct kist_error *err);

/** kist_plugins_note() - Prints what the flow passed over; with --quiet only when a kind was lost by it. */
void kist_plugins_note(const struct kist_cli *cli, const struct kist_flow *flow);

/** kist_plugins_state() - "ready", or why not, in one word: "denied", "corrupt". */
const char *kist_plugins_state(const struct kist_error *why);

/** kist_plugins_sandbox() - Starts a worker and says what of the sandbox is in force.  New reference. */
KIST_CHECKED kist_status kist_plugins_sandbox(struct kist_cli *cli, json_t **ret, struct kist_error *err);

/** kist_plugins_remedy() - What to do about a plugin that is not ready; "" when nothing is to be done. */
const char *kist_plugins_remedy(const struct kist_error *why);

/**
 * kist_plugins_file() - Opens @path as input for a worker.  Errors: KIST_NOT_FOUND, KIST_INVALID (no regular
 * file).
 */
KIST_CHECKED kist_status kist_plugins_file(const char *path, struct kist_input *ret, struct kist_error *err);

#endif
