/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "workflow/check_private.h"

kist_status kist_checking_status(struct kist_checking *checking, struct kist_place place, kist_status status,
				 const struct kist_error *why)
{
	if (status == KIST_LIMIT) {
		kist_issue_add(checking->issues, place, "E_LIMIT", "%s", why->text);
		return KIST_OK;
	}
	return status == KIST_OK ? KIST_OK : kist_fail_as(checking->err, status, why);
}

/* The node that became the JSON value @where, or NULL: both trees have one shape. */
static const struct kist_node *locate(const struct kist_node *node, const json_t *value, const json_t *where)
{
	const struct kist_node *found = value == where ? node : NULL;
	size_t i = 0;

	for (const struct kist_node *child = node->first; child && !found; child = child->next)
		found = locate(child,
			       node->kind == KIST_NODE_MAP ? json_object_get(value, child->key)
							   : json_array_get(value, i++),
			       where);
	return found;
}

/* What is wrong with a type: at the part that is, if that is in @node. */
static kist_status tell(struct kist_checking *checking, const struct kist_node *node, const json_t *value,
			const json_t *where, const struct kist_error *why)
{
	const struct kist_node *part = where ? locate(node, value, where) : NULL;

	if (why->status != KIST_INVALID)
		return kist_checking_status(checking, node->place, why->status, why);
	kist_issue_add(checking->issues, part ? part->place : node->place,
		       strcmp(why->code, "E_TYPE_UNKNOWN") == 0 ? "E_TYPE_UNKNOWN"
		       : strcmp(why->code, "E_TYPE_CYCLE") == 0 ? "E_TYPE_CYCLE"
		       : strcmp(why->code, "E_TYPE_NAME") == 0	? "E_TYPE_NAME"
								: "E_TYPE",
		       "%s", why->text);
	return KIST_OK;
}

kist_status kist_checking_expression(struct kist_checking *checking, const struct kist_node *node,
				     const struct kist_type **ret)
{
	struct kist_error why = KIST_ERROR_INIT;
	kist_auto_json json_t *value = NULL;
	const json_t *where = NULL;

	*ret = &kist_type_unknown;
	KIST_TRY(kist_node_json(node, NULL, NULL, &value, checking->err));
	if (kist_types_parse(checking->entrypoint->types, value, ret, &where, &why) == KIST_OK)
		return KIST_OK;
	*ret = &kist_type_unknown;
	return tell(checking, node, value, where, &why);
}

kist_status kist_checking_types(struct kist_checking *checking)
{
	const struct kist_node *map = checking->entrypoint->types_node;
	struct kist_types *types = checking->entrypoint->types;
	kist_auto_json json_t *value = NULL;

	if (!map)
		return KIST_OK;
	KIST_TRY(kist_node_json(map, NULL, NULL, &value, checking->err));
	for (const struct kist_node *node = map->first; node; node = node->next) {
		struct kist_error why = KIST_ERROR_INIT;

		if (kist_types_declare(types, node->key, json_object_get(value, node->key), &why) == KIST_OK)
			continue;
		if (why.status != KIST_INVALID)
			KIST_TRY(kist_checking_status(checking, node->key_place, why.status, &why));
		else
			kist_issue_add(checking->issues, node->key_place, "E_TYPE_NAME", "%s", why.text);
	}
	for (const struct kist_node *node = map->first; node; node = node->next) {
		struct kist_error why = KIST_ERROR_INIT;
		const struct kist_type *type;
		const json_t *where = NULL;

		/* A name that could not be declared has been told. */
		if (kist_types_find(types, node->key, &type, &where, &why) == KIST_OK ||
		    (!where && strcmp(why.code, "E_TYPE_UNKNOWN") == 0))
			continue;
		KIST_TRY(tell(checking, where && locate(map, value, where) ? map : node, value, where, &why));
	}
	return KIST_OK;
}

static void tell_unknown_name(struct kist_checking *checking, const struct kist_node *node, const char *name)
{
	const struct kist_entrypoint *entrypoint = checking->entrypoint;
	struct kist_nearest nearest = KIST_NEAREST_INIT(name);

	for (size_t i = 0; i < entrypoint->parameter_count; i++)
		kist_nearest_offer(&nearest, entrypoint->parameters[i].name);
	for (size_t i = 0; i < entrypoint->input_count; i++)
		kist_nearest_offer(&nearest, entrypoint->inputs[i].name);
	for (size_t i = 0; i < entrypoint->step_count; i++)
		kist_nearest_offer(&nearest, entrypoint->steps[i].name);
	kist_issue_add(checking->issues, node->place, "E_REFERENCE",
		       "'%s' leads nowhere: no parameter, artifact input or step is called '%s'", node->text,
		       name);
	if (nearest.name)
		kist_issue_hint(checking->issues, "did you mean '$%s'?", nearest.name);
	else
		kist_issue_hint(checking->issues, "write '$$' for a text that begins with '$'");
}

/* The outputs of a step, as one would refer to them. */
static void hint_outputs(struct kist_checking *checking, const struct kist_step *step)
{
	char list[200];
	size_t used = 0;

	list[0] = '\0';
	for (size_t i = 0; i < step->output_count && used < sizeof(list); i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used, "%s$%s.%s", i ? ", " : "",
					 step->name, step->outputs[i].name);
	if (used > 0)
		kist_issue_hint(checking->issues, "there are: %s", list);
}

static const struct kist_type *type_of_step(struct kist_checking *checking, const struct kist_node *node,
					    const struct kist_step *step, const char *output)
{
	if (step->task && !step->function)
		return &kist_type_unknown;
	for (size_t i = 0; output && i < step->output_count; i++) {
		if (strcmp(step->outputs[i].name, output) == 0)
			return step->outputs[i].type;
	}
	if (!output && step->output_count == 1)
		return step->outputs[0].type;
	if (!output && step->output_count > 1)
		kist_issue_add(checking->issues, node->place, "E_OUTPUT_AMBIGUOUS",
			       "step '%s' has %zu outputs: say which", step->name, step->output_count);
	else if (output && step->output_count > 0)
		kist_issue_add(checking->issues, node->place, "E_OUTPUT_UNKNOWN",
			       "step '%s' has no output '%s'", step->name, output);
	else
		kist_issue_add(checking->issues, node->place, "E_OUTPUT_UNKNOWN",
			       "step '%s' gives nothing that can be referred to", step->name);
	hint_outputs(checking, step);
	return &kist_type_unknown;
}

/* Of a parameter or an artifact input: all of it, or one member of a mapping whose members are known. */
static const struct kist_type *type_of_member(struct kist_checking *checking, const struct kist_node *node,
					      const struct kist_type *type, const char *member)
{
	char text[120];

	if (!member || type->form == KIST_TYPE_UNKNOWN)
		return type;
	for (size_t i = 0; type->form == KIST_TYPE_RECORD && i < type->part_count; i++) {
		if (strcmp(type->keys[i], member) == 0)
			return type->parts[i];
	}
	kist_type_print(type, text, sizeof(text));
	kist_issue_add(checking->issues, node->place, "E_OUTPUT_UNKNOWN", "'%s': there is no '%s' in %s",
		       node->text, member, text);
	kist_issue_hint(checking->issues, "only members of {mapping: {<name>: ...}} can be referred to");
	return &kist_type_unknown;
}

static const struct kist_type *type_of_reference(struct kist_checking *checking, const struct kist_node *node,
						 const struct kist_reference *reference)
{
	struct kist_entrypoint *entrypoint = checking->entrypoint;

	switch (reference->kind) {
	case KIST_REFERENCE_PARAMETER:
		entrypoint->parameters[reference->index].is_used = true;
		return type_of_member(checking, node, entrypoint->parameters[reference->index].type,
				      reference->member);
	case KIST_REFERENCE_INPUT:
		entrypoint->inputs[reference->index].is_used = true;
		return type_of_member(checking, node, entrypoint->inputs[reference->index].type,
				      reference->member);
	case KIST_REFERENCE_STEP:
		return type_of_step(checking, node, &entrypoint->steps[reference->index], reference->member);
	default:
		tell_unknown_name(checking, node, reference->name);
		return &kist_type_unknown;
	}
}

static const struct kist_type *type_of_scalar(const struct kist_node *node)
{
	static const struct kist_type *const types[] = { &kist_type_null, &kist_type_boolean,
							 &kist_type_integer, &kist_type_number,
							 &kist_type_string };

	return types[node->kind];
}

static kist_status infer_parts(struct kist_checking *checking, const struct kist_node *node,
			       const struct kist_type **ret)
{
	kist_auto_mem const struct kist_type **parts = kist_alloc(node->count, sizeof(*parts));
	kist_auto_mem const char **keys = kist_alloc(node->count, sizeof(*keys));
	struct kist_type_parts made = { .form = node->kind == KIST_NODE_LIST ? KIST_TYPE_TUPLE
									     : KIST_TYPE_RECORD,
					.count = node->count,
					.parts = parts };
	struct kist_error why = KIST_ERROR_INIT;
	kist_status status;
	size_t i = 0;

	if (!parts || !keys)
		return kist_fail_memory(checking->err, node->count * sizeof(*parts));
	for (const struct kist_node *child = node->first; child; child = child->next) {
		keys[i] = child->key;
		KIST_TRY(kist_checking_infer(checking, child, &parts[i++]));
	}
	made.keys = node->kind == KIST_NODE_LIST ? NULL : keys;
	status = kist_types_make(checking->entrypoint->types, &made, ret, &why);
	if (status != KIST_OK)
		*ret = &kist_type_unknown;
	return kist_checking_status(checking, node->place, status, &why);
}

kist_status kist_checking_infer(struct kist_checking *checking, const struct kist_node *node,
				const struct kist_type **ret)
{
	const struct kist_reference reference = kist_entrypoint_resolve(checking->entrypoint, node);

	if (reference.kind != KIST_REFERENCE_NONE) {
		*ret = type_of_reference(checking, node, &reference);
		return KIST_OK;
	}
	if (node->kind >= KIST_NODE_LIST)
		return infer_parts(checking, node, ret);
	*ret = type_of_scalar(node);
	return KIST_OK;
}

void kist_checking_describe(const struct kist_node *node, const struct kist_type *type, char *ret,
			    size_t size)
{
	char text[160];

	kist_type_print(type, text, sizeof(text));
	if (node->kind < KIST_NODE_LIST && node->kind != KIST_NODE_NULL)
		snprintf(ret, size, "'%.80s' is %s", node->text, text);
	else
		snprintf(ret, size, "this is %s", text);
}
