/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_NAMED_H
#define MODEL_NAMED_H

#include "kept.h"
#include "model_set.h"

/*
 * What a file would have imported and made when it is loaded: names, each known to be harmless or not.
 *
 * Limits: NAMED_MAX of either kind are told; more of those that are not known count as one.
 * Thread: a struct is used by one thread at a time.
 */

#define NAMED_MAX ((size_t)256)

/** struct named - Begins zeroed; named_done() frees it. */
struct named {
	struct model_set known;
	struct model_set unknown;
	bool has_more;
};

/** named_add() - Adds "module.name". */
kist_status named_add(struct kist_call *call, struct named *named, const char *name, bool is_known);
void named_done(struct named *named);

/**
 * named_tell() - Writes ,"verdict":...,"unknown_types":[...],"known_types":{...} and warns (E_GLOBALS) of what is
 * not known.
 */
void named_tell(const struct named *named, const struct kept *kept);

/** named_is_among() - Whether one of @count texts is @name. */
bool named_is_among(const char *const *list, size_t count, const char *name);

/** named_is_class() - Whether this is how a class is called, and no function or module. */
bool named_is_class(const char *name);

#endif
