/* SPDX-License-Identifier: Apache-2.0 */
#include "workflow/entrypoint.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "workflow/entrypoint_private.h"

void kist_entrypoint_free(struct kist_entrypoint *entrypoint)
{
	if (!entrypoint)
		return;
	for (size_t i = 0; i < entrypoint->parameter_count; i++)
		json_decref(entrypoint->parameters[i].value);
	for (size_t i = 0; i < entrypoint->step_count; i++)
		kist_free(entrypoint->steps[i].outputs);
	kist_free(entrypoint->parameters);
	kist_free(entrypoint->inputs);
	kist_free(entrypoint->steps);
	kist_free(entrypoint->artifacts);
	kist_free(entrypoint->outputs);
	kist_types_free(entrypoint->types);
	kist_document_free(entrypoint->document);
	kist_free(entrypoint);
}

size_t kist_step_find(const struct kist_entrypoint *entrypoint, const char *name)
{
	for (size_t i = 0; i < entrypoint->step_count; i++) {
		if (strcmp(entrypoint->steps[i].name, name) == 0)
			return i;
	}
	return SIZE_MAX;
}

const struct kist_node *kist_step_arg(const struct kist_step *step, size_t i)
{
	const struct kist_node *node = step->args;

	if (!node || step->has_one_arg)
		return i == 0 ? node : NULL;
	for (node = node->first; node && i > 0; i--)
		node = node->next;
	return node;
}

size_t kist_step_arg_count(const struct kist_step *step)
{
	if (!step->args)
		return 0;
	return step->has_one_arg ? 1 : step->args->count;
}

const char *kist_node_literal(const struct kist_node *node)
{
	return node->kind == KIST_NODE_TEXT && strncmp(node->text, "$$", 2) == 0 ? node->text + 1
										 : node->text;
}

static enum kist_reference_kind find_target(const struct kist_entrypoint *entrypoint, const char *name,
					    size_t *ret_index)
{
	for (size_t i = 0; i < entrypoint->parameter_count; i++) {
		if (strcmp(entrypoint->parameters[i].name, name) == 0) {
			*ret_index = i;
			return KIST_REFERENCE_PARAMETER;
		}
	}
	for (size_t i = 0; i < entrypoint->input_count; i++) {
		if (strcmp(entrypoint->inputs[i].name, name) == 0) {
			*ret_index = i;
			return KIST_REFERENCE_INPUT;
		}
	}
	*ret_index = kist_step_find(entrypoint, name);
	return *ret_index == SIZE_MAX ? KIST_REFERENCE_BROKEN : KIST_REFERENCE_STEP;
}

struct kist_reference kist_entrypoint_resolve(const struct kist_entrypoint *entrypoint,
					      const struct kist_node *node)
{
	struct kist_reference reference = { .kind = KIST_REFERENCE_NONE };
	const char *dot;

	if (node->kind != KIST_NODE_TEXT || node->text[0] != '$' || node->text[1] == '$')
		return reference;
	dot = strchr(node->text, '.');
	reference.member = dot ? dot + 1 : NULL;
	snprintf(reference.name, sizeof(reference.name), "%.*s",
		 (int)(dot ? dot - node->text - 1 : (ptrdiff_t)node->len - 1), node->text + 1);
	reference.kind = find_target(entrypoint, reference.name, &reference.index);
	return reference;
}

/* Items for the members of the mapping @node, of @size bytes each. */
static kist_status make_items(struct kist_reading *reading, const struct kist_node *node, size_t size,
			      void **ret)
{
	size_t count = node ? node->count : 0;

	if (count > KIST_ENTRYPOINT_ITEMS_MAX) {
		kist_issue_add(reading->issues, node->key_place, "E_LIMIT", "more than %zu in '%s'",
			       KIST_ENTRYPOINT_ITEMS_MAX, node->key);
		count = KIST_ENTRYPOINT_ITEMS_MAX;
	}
	*ret = kist_alloc(count, size);
	return *ret ? KIST_OK : kist_fail_memory(reading->err, count * size);
}

/* What @name is already, in the one room of names that references have; NULL: it is free. */
static const char *taken_by(const struct kist_entrypoint *entrypoint, const char *name)
{
	size_t index;

	switch (find_target(entrypoint, name, &index)) {
	case KIST_REFERENCE_PARAMETER:
		return "a parameter";
	case KIST_REFERENCE_INPUT:
		return "an artifact input";
	case KIST_REFERENCE_STEP:
		return "a step";
	default:
		return NULL;
	}
}

static bool is_free(struct kist_reading *reading, const struct kist_node *node)
{
	const char *other = taken_by(reading->entrypoint, node->key);

	if (!other)
		return true;
	kist_issue_add(reading->issues, node->key_place, "E_NAME_TAKEN", "'%s' is the name of %s already",
		       node->key, other);
	kist_issue_hint(reading->issues,
			"parameters, artifact inputs and steps are all referred to by '$name': rename one");
	return false;
}

static kist_status read_parameters(struct kist_reading *reading, const struct kist_node *map)
{
	static const char *const known[] = { "type", "default", NULL };
	struct kist_entrypoint *entrypoint = reading->entrypoint;
	void *items;

	KIST_TRY(make_items(reading, map, sizeof(*entrypoint->parameters), &items));
	entrypoint->parameters = items;
	for (const struct kist_node *node = map ? map->first : NULL;
	     node && entrypoint->parameter_count < KIST_ENTRYPOINT_ITEMS_MAX; node = node->next) {
		struct kist_parameter *parameter = &entrypoint->parameters[entrypoint->parameter_count];
		const bool is_told = node->kind == KIST_NODE_MAP;

		kist_reading_name(reading, node, "parameter");
		if (is_told)
			kist_reading_keys(reading, node, known, "parameter");
		*parameter =
			(struct kist_parameter){ .name = node->key,
						 .node = node,
						 .type_node = is_told ? kist_node_get(node, "type") : NULL,
						 .preset = is_told ? kist_node_get(node, "default") : node };
		entrypoint->parameter_count++;
		if (parameter->type_node || parameter->preset)
			continue;
		kist_issue_add(reading->issues, node->place, "E_SCHEMA",
			       "parameter '%s' has neither a type nor a default", node->key);
		kist_issue_hint(reading->issues, "a default that is a mapping is written {default: {...}}");
	}
	return KIST_OK;
}

static kist_status read_inputs(struct kist_reading *reading, const struct kist_node *map)
{
	static const char *const known[] = { "type", NULL };
	struct kist_entrypoint *entrypoint = reading->entrypoint;
	void *items;

	KIST_TRY(make_items(reading, map, sizeof(*entrypoint->inputs), &items));
	entrypoint->inputs = items;
	for (const struct kist_node *node = map ? map->first : NULL;
	     node && entrypoint->input_count < KIST_ENTRYPOINT_ITEMS_MAX; node = node->next) {
		const struct kist_node *type = node;
		const bool is_named = is_free(reading, node);

		kist_reading_name(reading, node, "artifact input");
		if (node->kind == KIST_NODE_MAP) {
			kist_reading_keys(reading, node, known, "artifact input");
			type = kist_node_get(node, "type");
		}
		if (!type || type->kind == KIST_NODE_NULL) {
			kist_issue_add(reading->issues, node->place, "E_SCHEMA",
				       "artifact input '%s' has no type", node->key);
			kist_issue_hint(reading->issues, "write {type: tensor}, or another type");
		}
		entrypoint->inputs[entrypoint->input_count++] = (struct kist_artifact_input){
			.name = node->key, .node = node, .type_node = type, .is_used = !is_named
		};
	}
	return KIST_OK;
}

static kist_status read_steps(struct kist_reading *reading, const struct kist_node *map)
{
	struct kist_entrypoint *entrypoint = reading->entrypoint;
	void *items;

	KIST_TRY(make_items(reading, map, sizeof(*entrypoint->steps), &items));
	entrypoint->steps = items;
	for (const struct kist_node *node = map ? map->first : NULL;
	     node && entrypoint->step_count < KIST_ENTRYPOINT_ITEMS_MAX; node = node->next) {
		kist_reading_name(reading, node, "step");
		(void)is_free(reading, node);
		/* Counted first: what a failing one already holds is freed with the rest. */
		KIST_TRY(kist_reading_step(reading, node, &entrypoint->steps[entrypoint->step_count++]));
	}
	return KIST_OK;
}

static kist_status read_keeps(struct kist_reading *reading, const struct kist_node *map, bool for_people,
			      struct kist_keep **ret, size_t *ret_count)
{
	void *items;

	KIST_TRY(make_items(reading, map, sizeof(**ret), &items));
	*ret = items;
	for (const struct kist_node *node = map ? map->first : NULL;
	     node && *ret_count < KIST_ENTRYPOINT_ITEMS_MAX; node = node->next) {
		kist_reading_name(reading, node, for_people ? "output" : "artifact output");
		kist_reading_keep(reading, node, for_people, *ret, &(*ret)[*ret_count]);
		++*ret_count;
	}
	return KIST_OK;
}

/* A part of the entrypoint: a mapping, or nothing. */
static const struct kist_node *get_part(struct kist_reading *reading, const struct kist_node *root,
					const char *key)
{
	const struct kist_node *node = kist_node_get(root, key);

	if (!node || node->kind == KIST_NODE_NULL || node->kind == KIST_NODE_MAP)
		return node && node->kind == KIST_NODE_MAP ? node : NULL;
	kist_issue_add(reading->issues, node->place, "E_SCHEMA", "'%s' is a mapping of names, not %s", key,
		       kist_node_kind_name(node->kind));
	return NULL;
}

static kist_status read_parts(struct kist_reading *reading, const struct kist_node *root)
{
	static const char *const known[] = { "types", "parameters",	  "artifact_inputs",
					     "graph", "artifact_outputs", "outputs",
					     NULL };
	struct kist_entrypoint *entrypoint = reading->entrypoint;
	const struct kist_node *graph;

	kist_reading_keys(reading, root, known, "entrypoint");
	entrypoint->types_node = get_part(reading, root, "types");
	KIST_TRY(read_parameters(reading, get_part(reading, root, "parameters")));
	KIST_TRY(read_inputs(reading, get_part(reading, root, "artifact_inputs")));
	graph = get_part(reading, root, "graph");
	if (!graph || graph->count == 0) {
		const struct kist_node *node = kist_node_get(root, "graph");

		kist_issue_add(reading->issues, node ? node->key_place : root->place, "E_SCHEMA",
			       "there is no step: 'graph' is missing or empty");
		kist_issue_hint(reading->issues, "write graph: {<step>: {<task>: [<argument>, ...]}}");
	}
	KIST_TRY(read_steps(reading, graph));
	KIST_TRY(read_keeps(reading, get_part(reading, root, "artifact_outputs"), false,
			    &entrypoint->artifacts, &entrypoint->artifact_count));
	return read_keeps(reading, get_part(reading, root, "outputs"), true, &entrypoint->outputs,
			  &entrypoint->output_count);
}

kist_status kist_entrypoint_read(struct kist_view text, struct kist_issues *issues,
				 struct kist_entrypoint **ret, struct kist_error *err)
{
	kist_auto_entrypoint struct kist_entrypoint *entrypoint = kist_alloc(1, sizeof(*entrypoint));
	struct kist_reading reading = { .entrypoint = entrypoint, .issues = issues, .err = err };
	const struct kist_node *root;

	*ret = NULL;
	if (!entrypoint)
		return kist_fail_memory(err, sizeof(*entrypoint));
	KIST_TRY(kist_types_new(&entrypoint->types, err));
	KIST_TRY(kist_document_parse(text, issues, &entrypoint->document, err));
	root = entrypoint->document ? kist_document_root(entrypoint->document) : NULL;
	if (!root)
		return KIST_OK;
	if (root->kind != KIST_NODE_MAP) {
		kist_issue_add(issues, root->place, "E_SCHEMA", "an entrypoint is a mapping, not %s",
			       kist_node_kind_name(root->kind));
		return KIST_OK;
	}
	KIST_TRY(read_parts(&reading, root));
	*ret = kist_steal(entrypoint);
	return KIST_OK;
}
