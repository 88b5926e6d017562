/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_FACTS_H
#define KIST_CLI_FACTS_H

#include "cli/cli.h"

/*
 * Artifacts as facts: the one JSON shape that put, ls, show and convert print, and what lines are made of.
 */

/**
 * kist_facts_artifact() - {"name","kind","encoding","size","sha256","artifact","summary","time"?,...}.
 *
 * @name:   Under which it is kept; NULL leaves it out.
 * @record: NULL when it cannot be read: {"name","artifact","lost":true}.
 */
KIST_CHECKED kist_status kist_facts_artifact(const char *name, size_t name_len, const json_t *record,
					     const struct kist_digest *id, json_t **ret,
					     struct kist_error *err);

/** kist_facts_escape_name() - For people: "name" of @object as kist_name_escape() gives it, "name_bytes" gone. */
KIST_CHECKED kist_status kist_facts_escape_name(json_t *object, struct kist_error *err);

/** kist_facts_size() - Bytes of what a record describes: of a tree, of all its files. */
uint64_t kist_facts_size(const json_t *record);

/**
 * kist_facts_print_names() - {"<key>": [the arguments from @first on], "artifact": "<@id>"} to standard
 * output; and where one is not UTF-8 "<key>_bytes", an array of hex digits, or null for one that is.
 *
 * @id: NULL leaves it out.
 */
KIST_CHECKED kist_status kist_facts_print_names(const struct kist_cli *cli, const char *key, size_t first,
						const struct kist_digest *id, struct kist_error *err);

/** kist_facts_default_name() - The last part of @path, without slashes at the end.  Borrowed from @path. */
const char *kist_facts_default_name(const char *path, size_t *ret_len);

#endif
