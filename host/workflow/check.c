/* SPDX-License-Identifier: Apache-2.0 */
#include "workflow/check.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "workflow/check_private.h"
#include "workflow/plan.h"

static json_t *literal_text(void *ctx, const struct kist_node *text, struct kist_error *err)
{
	const char *literal = kist_node_literal(text);

	(void)ctx;
	(void)err;
	return json_string(literal);
}

kist_status kist_literal_json(const struct kist_node *node, json_t **ret, struct kist_error *err)
{
	return kist_node_json(node, literal_text, NULL, ret, err);
}

/* The type of a JSON value; unknown when it has been told to be over a limit. */
static kist_status infer(struct kist_checking *checking, struct kist_place place, const json_t *value,
			 const struct kist_type **ret)
{
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = kist_types_infer(checking->entrypoint->types, value, ret, &why);

	if (status != KIST_OK)
		*ret = &kist_type_unknown;
	return kist_checking_status(checking, place, status, &why);
}

static kist_status check_default(struct kist_checking *checking, struct kist_parameter *parameter)
{
	const struct kist_node *node = parameter->preset;
	const struct kist_type *type;
	char wanted[160];
	char said[300];

	KIST_TRY(kist_literal_json(node, &parameter->value, checking->err));
	KIST_TRY(infer(checking, node->place, parameter->value, &type));
	if (kist_entrypoint_resolve(checking->entrypoint, node).kind != KIST_REFERENCE_NONE) {
		kist_issue_add(checking->issues, node->place, "E_REFERENCE",
			       "the default of parameter '%s' is a reference, '%s'", parameter->name,
			       node->text);
		kist_issue_hint(checking->issues, "write '$%s' if that text is meant", node->text);
	}
	if (!parameter->type_node)
		parameter->type = type;
	if (kist_type_may_hold(parameter->type, type))
		return KIST_OK;
	kist_type_print(parameter->type, wanted, sizeof(wanted));
	kist_checking_describe(node, type, said, sizeof(said));
	kist_issue_add(checking->issues, node->place, "E_TYPE_MISMATCH",
		       "parameter '%s' is declared as %s, but its default %s", parameter->name, wanted, said);
	return KIST_OK;
}

static kist_status check_parameter(struct kist_checking *checking, struct kist_parameter *parameter)
{
	parameter->type = &kist_type_unknown;
	if (parameter->type_node)
		KIST_TRY(kist_checking_expression(checking, parameter->type_node, &parameter->type));
	return parameter->preset ? check_default(checking, parameter) : KIST_OK;
}

/* What a text on a command line means: what YAML says, if that has the type; else the text itself. */
static kist_status read_given(struct kist_checking *checking, const struct kist_parameter *parameter,
			      const char *text, json_t **ret)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_document struct kist_document *document = NULL;
	kist_auto_json json_t *value = NULL;
	const struct kist_node *root;
	const struct kist_type *type;

	KIST_TRY(kist_document_parse(kist_view_of(text, strlen(text)), &issues, &document, checking->err));
	root = document ? kist_document_root(document) : NULL;
	if (root && root->kind != KIST_NODE_TEXT && issues.error_count == 0) {
		KIST_TRY(kist_node_json(root, NULL, NULL, &value, checking->err));
		KIST_TRY(infer(checking, (struct kist_place){ 0, 0 }, value, &type));
		if (kist_type_may_hold(parameter->type, type)) {
			*ret = json_incref(value);
			return KIST_OK;
		}
	}
	*ret = json_string(text);
	return *ret ? KIST_OK : kist_fail_memory(checking->err, strlen(text));
}

static kist_status give(struct kist_checking *checking, const struct kist_given *given,
			struct kist_parameter *parameter, const json_t *said)
{
	const struct kist_place nowhere = { 0, 0 };
	kist_auto_json json_t *value = NULL;
	const struct kist_type *type;
	char wanted[160];
	char was[160];

	if (given->are_values || !json_is_string(said))
		value = json_incref((json_t *)(uintptr_t)said);
	else
		KIST_TRY(read_given(checking, parameter, json_string_value(said), &value));
	KIST_TRY(infer(checking, nowhere, value, &type));
	if (kist_type_may_hold(parameter->type, type)) {
		json_decref(parameter->value);
		parameter->value = json_incref(value);
		return KIST_OK;
	}
	kist_type_print(parameter->type, wanted, sizeof(wanted));
	kist_type_print(type, was, sizeof(was));
	kist_issue_add(checking->issues, nowhere, "E_PARAMETER_VALUE",
		       "parameter '%s' is %s, but what is given%s%s%s is %s", parameter->name, wanted,
		       json_is_string(said) ? ", '" : "", json_is_string(said) ? json_string_value(said) : "",
		       json_is_string(said) ? "'," : "", was);
	if (!parameter->type_node)
		kist_issue_hint(
			checking->issues,
			"its type is that of its default: declare {type: ..., default: ...} for another");
	return KIST_OK;
}

static struct kist_parameter *find_parameter(struct kist_entrypoint *entrypoint, const char *name)
{
	for (size_t i = 0; i < entrypoint->parameter_count; i++) {
		if (strcmp(entrypoint->parameters[i].name, name) == 0)
			return &entrypoint->parameters[i];
	}
	return NULL;
}

static kist_status check_given_parameters(struct kist_checking *checking, const struct kist_given *given)
{
	struct kist_entrypoint *entrypoint = checking->entrypoint;
	const struct kist_place nowhere = { 0, 0 };
	const char *name;
	json_t *said;

	json_object_foreach((json_t *)(uintptr_t)given->parameters, name, said) {
		struct kist_parameter *parameter = find_parameter(entrypoint, name);
		struct kist_nearest nearest = KIST_NEAREST_INIT(name);

		if (parameter) {
			KIST_TRY(give(checking, given, parameter, said));
			continue;
		}
		for (size_t i = 0; i < entrypoint->parameter_count; i++)
			kist_nearest_offer(&nearest, entrypoint->parameters[i].name);
		kist_issue_add(checking->issues, nowhere, "E_PARAMETER_UNKNOWN", "there is no parameter '%s'",
			       name);
		if (nearest.name)
			kist_issue_hint(checking->issues, "did you mean '%s'?", nearest.name);
	}
	for (size_t i = 0; given->to_run && i < entrypoint->parameter_count; i++) {
		if (entrypoint->parameters[i].value ||
		    json_object_get(given->parameters, entrypoint->parameters[i].name))
			continue;
		kist_issue_add(checking->issues, entrypoint->parameters[i].node->key_place,
			       "E_PARAMETER_MISSING", "parameter '%s' has no default and is not given",
			       entrypoint->parameters[i].name);
		kist_issue_hint(checking->issues, "say --param %s=VALUE", entrypoint->parameters[i].name);
	}
	return KIST_OK;
}

static void check_given_inputs(struct kist_checking *checking, const struct kist_given *given)
{
	const struct kist_entrypoint *entrypoint = checking->entrypoint;
	const struct kist_place nowhere = { 0, 0 };
	const char *name;
	json_t *said;

	json_object_foreach((json_t *)(uintptr_t)given->inputs, name, said) {
		struct kist_nearest nearest = KIST_NEAREST_INIT(name);
		bool found = false;

		for (size_t i = 0; i < entrypoint->input_count; i++) {
			found = found || strcmp(entrypoint->inputs[i].name, name) == 0;
			kist_nearest_offer(&nearest, entrypoint->inputs[i].name);
		}
		if (found)
			continue;
		kist_issue_add(checking->issues, nowhere, "E_INPUT_UNKNOWN",
			       "there is no artifact input '%s'", name);
		if (nearest.name)
			kist_issue_hint(checking->issues, "did you mean '%s'?", nearest.name);
	}
	for (size_t i = 0; given->to_run && i < entrypoint->input_count; i++) {
		if (json_object_get(given->inputs, entrypoint->inputs[i].name))
			continue;
		kist_issue_add(checking->issues, entrypoint->inputs[i].node->key_place, "E_INPUT_MISSING",
			       "no artifact is given for the input '%s'", entrypoint->inputs[i].name);
		kist_issue_hint(checking->issues, "say --input %s=NAME", entrypoint->inputs[i].name);
	}
}

static void warn_unused(struct kist_checking *checking)
{
	const struct kist_entrypoint *entrypoint = checking->entrypoint;

	for (size_t i = 0; i < entrypoint->parameter_count; i++) {
		if (!entrypoint->parameters[i].is_used)
			kist_issue_add(checking->issues, entrypoint->parameters[i].node->key_place,
				       "W_PARAMETER_UNUSED", "parameter '%s' is not used",
				       entrypoint->parameters[i].name);
	}
	for (size_t i = 0; i < entrypoint->input_count; i++) {
		if (!entrypoint->inputs[i].is_used)
			kist_issue_add(checking->issues, entrypoint->inputs[i].node->key_place,
				       "W_INPUT_UNUSED", "artifact input '%s' is not used",
				       entrypoint->inputs[i].name);
	}
}

static kist_status check_graph(struct kist_checking *checking)
{
	struct kist_entrypoint *entrypoint = checking->entrypoint;

	for (size_t i = 0; i < entrypoint->step_count; i++)
		KIST_TRY(kist_checking_task(checking, &entrypoint->steps[i]));
	for (size_t i = 0; i < entrypoint->step_count; i++)
		KIST_TRY(kist_checking_step(checking, &entrypoint->steps[i]));
	for (size_t i = 0; i < entrypoint->artifact_count; i++)
		KIST_TRY(kist_checking_keep(checking, &entrypoint->artifacts[i]));
	for (size_t i = 0; i < entrypoint->output_count; i++)
		KIST_TRY(kist_checking_keep(checking, &entrypoint->outputs[i]));
	return kist_plan_check(entrypoint, checking->issues, checking->err);
}

kist_status kist_entrypoint_check(struct kist_entrypoint *entrypoint, const struct kist_offer *offer,
				  const struct kist_given *given, struct kist_issues *issues,
				  struct kist_error *err)
{
	struct kist_checking checking = {
		.entrypoint = entrypoint, .offer = offer, .issues = issues, .err = err
	};

	KIST_TRY(kist_checking_types(&checking));
	for (size_t i = 0; i < entrypoint->parameter_count; i++)
		KIST_TRY(check_parameter(&checking, &entrypoint->parameters[i]));
	for (size_t i = 0; i < entrypoint->input_count; i++) {
		struct kist_artifact_input *input = &entrypoint->inputs[i];

		input->type = &kist_type_unknown;
		if (input->type_node && input->type_node->kind != KIST_NODE_NULL)
			KIST_TRY(kist_checking_expression(&checking, input->type_node, &input->type));
	}
	if (given) {
		KIST_TRY(check_given_parameters(&checking, given));
		check_given_inputs(&checking, given);
	}
	KIST_TRY(check_graph(&checking));
	warn_unused(&checking);
	return KIST_OK;
}
