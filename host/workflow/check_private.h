/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKFLOW_CHECK_PRIVATE_H
#define KIST_WORKFLOW_CHECK_PRIVATE_H

#include "workflow/check.h"

/*
 * The check, in four files: check.c (parameters, inputs, what is given, the order of all), check_type.c (types as
 * they are written and as they are inferred), check_step.c (steps and their arguments), check_keep.c (what is kept).
 */

struct kist_checking {
	struct kist_entrypoint *entrypoint;
	const struct kist_offer *offer;
	struct kist_issues *issues;
	struct kist_error *err;
};

/** kist_checking_types() - Declares and reads all definitions. */
KIST_CHECKED kist_status kist_checking_types(struct kist_checking *checking);

/** kist_checking_expression() - The type that @node writes down; one that is wrong is told, and unknown. */
KIST_CHECKED kist_status kist_checking_expression(struct kist_checking *checking,
						  const struct kist_node *node, const struct kist_type **ret);

/**
 * kist_checking_infer() - The type of a value with all that it refers to, which counts as used.
 *
 * A reference that leads nowhere is told, and its type unknown.
 */
KIST_CHECKED kist_status kist_checking_infer(struct kist_checking *checking, const struct kist_node *node,
					     const struct kist_type **ret);

/** kist_checking_describe() - "'$rows' is integer", for messages: a value and its type. */
void kist_checking_describe(const struct kist_node *node, const struct kist_type *type, char *ret,
			    size_t size);

/** kist_checking_status() - A limit of types is a fault of what is written at @place; the rest goes on up. */
KIST_CHECKED kist_status kist_checking_status(struct kist_checking *checking, struct kist_place place,
					      kist_status status, const struct kist_error *why);

/** kist_checking_task() - Finds the task of a step, or the types of a command's outputs. */
KIST_CHECKED kist_status kist_checking_task(struct kist_checking *checking, struct kist_step *step);
/** kist_checking_step() - Its arguments, the words of its command, its dependencies. */
KIST_CHECKED kist_status kist_checking_step(struct kist_checking *checking, struct kist_step *step);
/** kist_checking_keep() - Contents, task and arguments of what is kept. */
KIST_CHECKED kist_status kist_checking_keep(struct kist_checking *checking, struct kist_keep *keep);

#endif
