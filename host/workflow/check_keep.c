/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/nearest.h"
#include "kist/host.h"
#include "plugin/argument.h"
#include "workflow/check_private.h"

static void tell_task(struct kist_checking *checking, const struct kist_keep *keep, size_t count)
{
	const struct kist_offer_function *function;
	const char *nearest = kist_offer_nearest(checking->offer, keep->task, true);

	if (count > 1) {
		kist_issue_add(checking->issues, keep->task_place, "E_TASK_AMBIGUOUS",
			       "%zu plugins offer the artifact task '%s'", count, keep->task);
		kist_issue_hint(checking->issues, "write <plugin>/%s; 'kist plugin list' shows the plugins",
				keep->task);
		return;
	}
	kist_issue_add(checking->issues, keep->task_place, "E_TASK_UNKNOWN",
		       "no plugin offers the artifact task '%s'", keep->task);
	if (nearest)
		kist_issue_hint(checking->issues, "did you mean '%s'?", nearest);
	else if (kist_offer_find_function(checking->offer, keep->task, &function) > 0)
		kist_issue_hint(checking->issues, "it is a function task: these stand in the graph");
	else
		kist_issue_hint(checking->issues, "'kist plugin list' shows the tasks that there are");
}

static const struct kist_type *type_of_argument(const struct kist_argument *argument)
{
	switch (argument->kind) {
	case KIST_PARAM_BOOL:
		return &kist_type_boolean;
	case KIST_PARAM_INTEGER:
		return &kist_type_integer;
	case KIST_PARAM_NUMBER:
		return &kist_type_number;
	default:
		return &kist_type_string;
	}
}

static void hint_arguments(struct kist_checking *checking, const struct kist_schema *schema)
{
	const struct kist_argument *argument;
	char list[200];
	size_t used = 0;

	for (size_t i = 0; (argument = kist_schema_at(schema, i)) != NULL && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
					 argument->name);
	kist_issue_hint(checking->issues, "%s%s", used > 0 ? "it takes: " : "it takes none",
			used > 0 ? list : "");
}

static const struct kist_argument *find_argument(struct kist_checking *checking, const struct kist_keep *keep,
						 const struct kist_node *node)
{
	const struct kist_schema *schema = keep->artifact->schema;
	struct kist_nearest nearest = KIST_NEAREST_INIT(node->key);
	const struct kist_argument *argument;

	for (size_t i = 0; (argument = kist_schema_at(schema, i)) != NULL; i++) {
		if (strcmp(argument->name, node->key) == 0)
			return argument;
		kist_nearest_offer(&nearest, argument->name);
	}
	kist_issue_add(checking->issues, node->key_place, "E_ARGUMENT_UNKNOWN",
		       "artifact task '%s' has no argument '%s'", keep->task, node->key);
	if (nearest.name)
		kist_issue_hint(checking->issues, "did you mean '%s'?", nearest.name);
	else
		hint_arguments(checking, schema);
	return NULL;
}

/* The value of an argument as far as it is known before the run: a literal, a parameter's; else NULL. */
static kist_status known_value(struct kist_checking *checking, const struct kist_node *node, json_t **ret)
{
	const struct kist_reference reference = kist_entrypoint_resolve(checking->entrypoint, node);

	*ret = NULL;
	if (reference.kind == KIST_REFERENCE_NONE)
		return kist_literal_json(node, ret, checking->err);
	if (reference.kind == KIST_REFERENCE_PARAMETER && !reference.member)
		*ret = json_incref(checking->entrypoint->parameters[reference.index].value);
	return KIST_OK;
}

static kist_status check_argument(struct kist_checking *checking, const struct kist_keep *keep,
				  const struct kist_node *node)
{
	const struct kist_argument *argument = keep->artifact ? find_argument(checking, keep, node) : NULL;
	struct kist_error why = KIST_ERROR_INIT;
	kist_auto_json json_t *value = NULL;
	kist_auto_json json_t *checked = NULL;
	const struct kist_type *given;
	char said[300];

	KIST_TRY(kist_checking_infer(checking, node, &given));
	if (!argument)
		return KIST_OK;
	if (node->kind < KIST_NODE_LIST)
		KIST_TRY(known_value(checking, node, &value));
	if (value) {
		if (kist_argument_check(argument, value, false, &checked, &why) != KIST_OK)
			kist_issue_add(checking->issues, node->place, "E_ARGUMENT_VALUE",
				       "artifact task '%s': %s", keep->task, why.text);
		return KIST_OK;
	}
	if (kist_type_fits(given, type_of_argument(argument)))
		return KIST_OK;
	kist_checking_describe(node, given, said, sizeof(said));
	kist_issue_add(checking->issues, node->place, "E_TYPE_MISMATCH",
		       "argument '%s' of artifact task '%s' takes %s, but %s", argument->name, keep->task,
		       type_of_argument(argument)->name, said);
	return KIST_OK;
}

static kist_status check_arguments(struct kist_checking *checking, const struct kist_keep *keep)
{
	const struct kist_argument *argument;

	for (const struct kist_node *node = keep->args ? keep->args->first : NULL; node; node = node->next)
		KIST_TRY(check_argument(checking, keep, node));
	for (size_t i = 0; keep->artifact && (argument = kist_schema_at(keep->artifact->schema, i)) != NULL;
	     i++) {
		if (!argument->required || argument->preset ||
		    (keep->args && kist_node_get(keep->args, argument->name)))
			continue;
		kist_issue_add(checking->issues, keep->task_place, "E_ARGUMENT_MISSING",
			       "artifact task '%s' needs the argument '%s', which has no default", keep->task,
			       argument->name);
	}
	return KIST_OK;
}

static kist_status check_contents(struct kist_checking *checking, const struct kist_keep *keep)
{
	const struct kist_type *given;
	char wanted[160];
	char said[300];

	KIST_TRY(kist_checking_infer(checking, keep->contents, &given));
	/* Of what may be anything only the run can tell. */
	if (!keep->artifact || given == &kist_type_any || kist_type_fits(given, keep->artifact->contents))
		return KIST_OK;
	kist_type_print(keep->artifact->contents, wanted, sizeof(wanted));
	kist_checking_describe(keep->contents, given, said, sizeof(said));
	kist_issue_add(checking->issues, keep->contents->place, "E_TYPE_MISMATCH",
		       "artifact task '%s' writes %s, but %s", keep->task, wanted, said);
	return KIST_OK;
}

kist_status kist_checking_keep(struct kist_checking *checking, struct kist_keep *keep)
{
	const struct kist_offer_artifact *artifact = NULL;
	const size_t count =
		keep->task ? kist_offer_find_artifact(checking->offer, keep->task, &artifact) : 0;

	keep->artifact = count == 1 ? artifact : NULL;
	if (keep->task && count != 1)
		tell_task(checking, keep, count);
	if (keep->contents)
		KIST_TRY(check_contents(checking, keep));
	return check_arguments(checking, keep);
}
