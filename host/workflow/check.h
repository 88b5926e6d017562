/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKFLOW_CHECK_H
#define KIST_WORKFLOW_CHECK_H

#include "workflow/entrypoint.h"

/*
 * What an entrypoint means, checked before anything of it runs: every fault in one pass.
 *
 *     names      E_NAME, E_NAME_TAKEN, E_FILE, E_FILE_TAKEN             (with the form: workflow/entrypoint.h)
 *     form       E_YAML..., E_SCHEMA, E_KEY_UNKNOWN, E_STEP, E_LIMIT    (the same)
 *     types      E_TYPE, E_TYPE_NAME, E_TYPE_UNKNOWN, E_TYPE_CYCLE
 *     tasks      E_TASK_UNKNOWN, E_TASK_AMBIGUOUS
 *     arguments  E_ARITY, E_ARGUMENT_MISSING, E_ARGUMENT_UNKNOWN, E_ARGUMENT_TWICE, E_ARGUMENT_VALUE
 *     references E_REFERENCE, E_OUTPUT_UNKNOWN, E_OUTPUT_AMBIGUOUS, E_STEP_UNKNOWN, E_CYCLE
 *     types of what is connected  E_TYPE_MISMATCH
 *     what is given to a run      E_PARAMETER_UNKNOWN, E_PARAMETER_MISSING, E_PARAMETER_VALUE,
 *                                 E_INPUT_UNKNOWN, E_INPUT_MISSING
 *     unused     W_PARAMETER_UNUSED, W_INPUT_UNUSED
 *
 * What hangs on something that is wrong is not told again.
 */

/**
 * struct kist_given - What is given to a run.
 *
 * @parameters: {<name>: text} as on a command line, or values when @are_values; or NULL.
 * @inputs:     {<name>: name of an artifact}; or NULL.
 * @to_run:     It is to be run now: what has no default and is not given is a fault.
 */
struct kist_given {
	const json_t *parameters;
	const json_t *inputs;
	bool are_values;
	bool to_run;
};

/**
 * kist_entrypoint_check() - Checks all of it, and sets what "after the check" is said of.
 *
 * @offer: Borrowed by the entrypoint from now on.
 * @given: NULL: nothing.
 * @issues: Every fault is added here.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_entrypoint_check(struct kist_entrypoint *entrypoint,
					       const struct kist_offer *offer, const struct kist_given *given,
					       struct kist_issues *issues, struct kist_error *err);

/** kist_literal_json() - A value without references as JSON.  New reference.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_literal_json(const struct kist_node *node, json_t **ret,
					   struct kist_error *err);

#endif
