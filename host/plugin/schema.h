/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_SCHEMA_H
#define KIST_PLUGIN_SCHEMA_H

#include "base/json.h"

/*
 * The arguments of a task: a subset of JSON Schema, from the manifest.
 *
 *     {"<name>": {"type": "boolean"|"integer"|"number"|"string", "default": v, "enum": [...], "minimum": n,
 *                 "maximum": n, "maxLength": n, "pattern": "<POSIX extended>", "required": true,
 *                 "by_extension": {"<extension>": v}, "description": "..."}}
 *
 * Limits: 64 arguments, 32 enum values, names [a-z][a-z0-9_]{0,62}.
 * Thread: a schema is constant.
 */

struct kist_schema;
struct kist_argument;

/** kist_schema_parse() - Reads @value (borrowed); kist_schema_free() the result.  Errors: KIST_CORRUPT
 * E_MANIFEST. */
KIST_CHECKED kist_status kist_schema_parse(const json_t *value, struct kist_schema **ret,
					   struct kist_error *err);
void kist_schema_free(struct kist_schema *schema);

/**
 * kist_schema_apply() - Checks arguments and fills in defaults.
 *
 * @arguments: Object, or NULL for none.  A string is read as the argument's type when @from_text (--param).
 * @ret:       New reference: an object with every argument that has a value.
 *
 * Errors: KIST_INVALID with the code E_PARAM: unknown (with the nearest name), missing, type, range; the text
 * names the argument, what was given and what is expected.
 */
KIST_CHECKED kist_status kist_schema_apply(const struct kist_schema *schema, const json_t *arguments,
					   bool from_text, json_t **ret, struct kist_error *err);

/**
 * kist_schema_for_name() - Adds what the extension of a name asks for to the arguments that are given.
 *
 * A string of "by_extension" {"tsv": v} counts when @name ends with ".tsv", in any case of letters; the
 * longest wins.  What is given stays.
 *
 * @arguments: Object, or NULL for none.
 * @ret:       New reference, to be given to kist_schema_apply().
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_schema_for_name(const struct kist_schema *schema, const json_t *arguments,
					      const char *name, size_t name_len, json_t **ret,
					      struct kist_error *err);

/** kist_schema_at() - The i-th argument; NULL past their end.  Borrowed. */
const struct kist_argument *kist_schema_at(const struct kist_schema *schema, size_t i);

/** kist_schema_json() - The schema for people and tools.  New reference. */
json_t *kist_schema_json(const struct kist_schema *schema);

#endif
