/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_TASK_TYPES_PRIVATE_H
#define KIST_TASK_TYPES_PRIVATE_H

#include "task/type.h"

/*
 * The registry of types, for the files of this room: types.c makes types, type_read.c reads definitions.
 */

/** struct kist_types_named - A definition: read when its name is first used. */
struct kist_types_named {
	char *name;
	json_t *definition;
	enum { KIST_TYPES_UNREAD, KIST_TYPES_BEING_READ, KIST_TYPES_READ } state;
	const struct kist_type *type;
};

/** struct kist_types - See type.h. */
struct kist_types {
	struct kist_types_named named[KIST_TYPES_NAMED_MAX];
	size_t named_count;
	struct kist_types_block *blocks;
	size_t count;
};

/** kist_types_find_builtin() - The type that is built in under @name, or NULL. */
const struct kist_type *kist_types_find_builtin(const char *name);
/** kist_types_find_named() - The definition of @name, or NULL. */
struct kist_types_named *kist_types_find_named(struct kist_types *types, const char *name);

#endif
