/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_FIELD_H
#define KIST_PLUGIN_FIELD_H

#include "base/json.h"

/*
 * Strict reading of a JSON object's members: what is wrong is told with its path, "types[0].magic[1].hex:
 * ...".
 *
 * All errors are KIST_CORRUPT with the code E_MANIFEST, but for lists and texts past their limit: KIST_LIMIT.
 * Strings that are returned are borrowed from the value.  @ret is never the value it is read from.
 *
 * Thread: pure.
 */

#define KIST_FIELD_PATH_SIZE ((size_t)192)

/** struct kist_field - A value, and where it stands. */
struct kist_field {
	const json_t *value;
	char path[KIST_FIELD_PATH_SIZE]; /* "types[0]"; empty for the whole */
};

/** kist_field_fail() - "<path>: <formatted>". */
kist_status kist_field_fail(struct kist_error *err, kist_status status, const char *path, const char *format,
			    ...) KIST_PRINTF(4, 5);

/** kist_field_root() - The whole of a file: it must be an object. */
KIST_CHECKED kist_status kist_field_root(const json_t *value, struct kist_field *ret, struct kist_error *err);

/** kist_field_get() - Member @key of an object, of JSON type @type.  Without @required a missing one gives
 * value NULL. */
KIST_CHECKED kist_status kist_field_get(const struct kist_field *object, const char *key, json_type type,
					bool required, struct kist_field *ret, struct kist_error *err);

/** kist_field_list() - Member @key: an array of at most @count_max items; missing gives value NULL and 0
 * items. */
KIST_CHECKED kist_status kist_field_list(const struct kist_field *object, const char *key, size_t count_max,
					 struct kist_field *ret, size_t *ret_count, struct kist_error *err);

/** kist_field_item() - Item @i of a list, of JSON type @type. */
KIST_CHECKED kist_status kist_field_item(const struct kist_field *list, size_t i, json_type type,
					 struct kist_field *ret, struct kist_error *err);

/** kist_field_text() - Member @key: 1 to @len_max bytes without control characters. */
KIST_CHECKED kist_status kist_field_text(const struct kist_field *object, const char *key, size_t len_max,
					 const char **ret, struct kist_error *err);

/** kist_field_text_optional() - As kist_field_text(); "" when it is missing. */
KIST_CHECKED kist_status kist_field_text_optional(const struct kist_field *object, const char *key,
						  size_t len_max, const char **ret, struct kist_error *err);

/** kist_field_u64() - Member @key: an integer from @min to @max. */
KIST_CHECKED kist_status kist_field_u64(const struct kist_field *object, const char *key, uint64_t min,
					uint64_t max, uint64_t *ret, struct kist_error *err);

/** kist_name_dotted() - Reverse-DNS: at least two parts of [a-z0-9_-], joined by dots, @text shorter than
 * @size. */
bool kist_name_dotted(const char *text, size_t size);

/** kist_name_plain() - [A-Za-z_][A-Za-z0-9_.-]*, shorter than @size. */
bool kist_name_plain(const char *text, size_t size);

#endif
