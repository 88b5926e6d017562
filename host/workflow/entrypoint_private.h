/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKFLOW_ENTRYPOINT_PRIVATE_H
#define KIST_WORKFLOW_ENTRYPOINT_PRIVATE_H

#include "workflow/entrypoint.h"

/*
 * The reading of an entrypoint, in two files: entrypoint.c (its parts), step.c (one step, one thing to keep).
 */

struct kist_reading {
	struct kist_entrypoint *entrypoint;
	struct kist_issues *issues;
	struct kist_error *err;
};

/** kist_reading_name() - Tells when the key of @node is no name for a @what. */
void kist_reading_name(struct kist_reading *reading, const struct kist_node *node, const char *what);

/** kist_reading_keys() - Tells of each key of @map that is none of @known. */
void kist_reading_keys(struct kist_reading *reading, const struct kist_node *map, const char *const *known,
		       const char *what);

/** kist_reading_step() - Reads a step.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_reading_step(struct kist_reading *reading, const struct kist_node *node,
					   struct kist_step *ret);

/** kist_reading_keep() - Reads what is to be kept; @first up to @ret are those before it. */
void kist_reading_keep(struct kist_reading *reading, const struct kist_node *node, bool for_people,
		       const struct kist_keep *first, struct kist_keep *ret);

#endif
