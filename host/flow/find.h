/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_FIND_H
#define KIST_FLOW_FIND_H

#include "flow/flow.h"
#include "registry/registry.h"

/*
 * Finding what a person names: by name, by digest, or as a file in a folder that is kept.
 *
 * Thread: one flow, one thread at a time.
 */

/**
 * kist_find() - What @text names, as kist_registry_resolve() finds it; else, when @text is "NAME/PATH" and
 * NAME that of a tree, the file PATH in it.
 *
 * The longest NAME counts.  The record of a file in a tree has mode and time as the tree has them; all else
 * is as it was kept, its id too.
 *
 * Errors: as kist_registry_resolve(); KIST_NOT_FOUND (the tree has no such path); KIST_INVALID (the path is a
 * folder or a link); KIST_CORRUPT (the tree or its file is damaged).
 */
KIST_CHECKED kist_status kist_find(struct kist_flow *flow, const char *text, size_t len,
				   struct kist_artifact *ret, struct kist_error *err);

#endif
