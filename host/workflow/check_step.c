/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/num.h"
#include "workflow/check_private.h"

static void tell_task(struct kist_checking *checking, const struct kist_step *step, size_t count)
{
	const struct kist_offer_artifact *artifact;
	const char *nearest = kist_offer_nearest(checking->offer, step->task, false);

	if (count > 1) {
		kist_issue_add(checking->issues, step->task_place, "E_TASK_AMBIGUOUS",
			       "%zu plugins offer the task '%s'", count, step->task);
		kist_issue_hint(checking->issues, "write <plugin>/%s; 'kist plugin list' shows the plugins",
				step->task);
		return;
	}
	kist_issue_add(checking->issues, step->task_place, "E_TASK_UNKNOWN", "no plugin offers the task '%s'",
		       step->task);
	if (kist_offer_find_artifact(checking->offer, step->task, &artifact) > 0)
		kist_issue_hint(
			checking->issues,
			"it is an artifact task: these stand under artifact_outputs, not in the graph");
	else if (nearest)
		kist_issue_hint(checking->issues, "did you mean '%s'?", nearest);
	else
		kist_issue_hint(checking->issues, "'kist plugin list' shows the tasks that there are");
}

kist_status kist_checking_task(struct kist_checking *checking, struct kist_step *step)
{
	const struct kist_offer_function *function;
	size_t count;

	for (size_t i = 0; !step->task && i < step->output_count; i++) {
		if (step->outputs[i].type_node)
			KIST_TRY(kist_checking_expression(checking, step->outputs[i].type_node,
							  &step->outputs[i].type));
	}
	if (!step->task)
		return KIST_OK;
	count = kist_offer_find_function(checking->offer, step->task, &function);
	if (count != 1) {
		tell_task(checking, step, count);
		return KIST_OK;
	}
	step->outputs = kist_alloc(function->output_count, sizeof(*step->outputs));
	if (!step->outputs)
		return kist_fail_memory(checking->err, function->output_count * sizeof(*step->outputs));
	for (size_t i = 0; i < function->output_count; i++)
		step->outputs[i] = (struct kist_step_output){ .name = function->outputs[i].name,
							      .type = function->outputs[i].type };
	step->output_count = function->output_count;
	step->function = function;
	return KIST_OK;
}

/* Whether @node is the bare name of something that can be referred to. */
static bool is_forgotten_reference(const struct kist_checking *checking, const struct kist_node *node)
{
	struct kist_node guess = { .kind = KIST_NODE_TEXT };
	char text[KIST_DOCUMENT_KEY_MAX + 2];

	if (node->kind != KIST_NODE_TEXT || node->text[0] == '$' || node->len > KIST_DOCUMENT_KEY_MAX)
		return false;
	snprintf(text, sizeof(text), "$%s", node->text);
	guess.text = text;
	guess.len = node->len + 1;
	return kist_entrypoint_resolve(checking->entrypoint, &guess).kind != KIST_REFERENCE_BROKEN;
}

/* The value @node of input @input; its references count, whether or not there is such an input. */
static kist_status check_value(struct kist_checking *checking, const struct kist_step *step,
			       const struct kist_offer_input *input, const struct kist_node *node)
{
	const struct kist_type *given;
	char wanted[160];
	char said[300];

	KIST_TRY(kist_checking_infer(checking, node, &given));
	if (!input || kist_type_fits(given, input->type))
		return KIST_OK;
	kist_type_print(input->type, wanted, sizeof(wanted));
	kist_checking_describe(node, given, said, sizeof(said));
	kist_issue_add(checking->issues, node->place, "E_TYPE_MISMATCH",
		       "argument '%s' of task '%s' takes %s, but %s", input->name, step->task, wanted, said);
	if (is_forgotten_reference(checking, node))
		kist_issue_hint(checking->issues, "did you mean '$%s'?", node->text);
	return KIST_OK;
}

static const struct kist_offer_input *find_input(const struct kist_offer_function *function, const char *name,
						 size_t *ret_index)
{
	for (size_t i = 0; function && i < function->input_count; i++) {
		if (strcmp(function->inputs[i].name, name) != 0)
			continue;
		*ret_index = i;
		return &function->inputs[i];
	}
	return NULL;
}

static void tell_unknown_argument(struct kist_checking *checking, const struct kist_step *step,
				  const struct kist_node *node)
{
	const struct kist_offer_function *function = step->function;
	struct kist_nearest nearest = KIST_NEAREST_INIT(node->key);
	char list[200];
	size_t used = 0;

	list[0] = '\0';
	for (size_t i = 0; i < function->input_count; i++) {
		kist_nearest_offer(&nearest, function->inputs[i].name);
		if (used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", i ? ", " : "",
						 function->inputs[i].name);
	}
	kist_issue_add(checking->issues, node->key_place, "E_ARGUMENT_UNKNOWN",
		       "task '%s' has no argument '%s'", step->task, node->key);
	if (nearest.name)
		kist_issue_hint(checking->issues, "did you mean '%s'?", nearest.name);
	else if (used > 0)
		kist_issue_hint(checking->issues, "there are: %s", list);
}

static kist_status check_kwargs(struct kist_checking *checking, const struct kist_step *step,
				size_t positional)
{
	size_t index = 0;

	for (const struct kist_node *node = step->kwargs ? step->kwargs->first : NULL; node;
	     node = node->next) {
		const struct kist_offer_input *input = find_input(step->function, node->key, &index);

		if (step->function && !input)
			tell_unknown_argument(checking, step, node);
		if (input && index < positional)
			kist_issue_add(checking->issues, node->key_place, "E_ARGUMENT_TWICE",
				       "argument '%s' of task '%s' is given already, by its position",
				       node->key, step->task);
		KIST_TRY(check_value(checking, step, input, node));
	}
	return KIST_OK;
}

static void check_missing(struct kist_checking *checking, const struct kist_step *step, size_t positional)
{
	const struct kist_offer_function *function = step->function;

	for (size_t i = positional; i < function->input_count; i++) {
		char type[120];

		if (function->inputs[i].preset ||
		    (step->kwargs && kist_node_get(step->kwargs, function->inputs[i].name)))
			continue;
		kist_type_print(function->inputs[i].type, type, sizeof(type));
		kist_issue_add(checking->issues, step->task_place, "E_ARGUMENT_MISSING",
			       "step '%s' gives task '%s' no argument '%s' (%s), which has no default",
			       step->name, step->task, function->inputs[i].name, type);
	}
}

static kist_status check_arguments(struct kist_checking *checking, const struct kist_step *step)
{
	const struct kist_offer_function *function = step->function;
	const size_t count = kist_step_arg_count(step);
	const struct kist_node *node = kist_step_arg(step, 0);

	for (size_t i = 0; i < count; i++, node = step->has_one_arg ? NULL : node->next) {
		const bool is_known = function && i < function->input_count;

		if (function && i == function->input_count) {
			kist_issue_add(checking->issues, node->place, "E_ARITY",
				       "task '%s' takes %zu argument%s, %zu are given", step->task,
				       function->input_count, kist_plural(function->input_count), count);
			kist_issue_hint(checking->issues, "leave out what stands from here on");
		}
		KIST_TRY(check_value(checking, step, is_known ? &function->inputs[i] : NULL, node));
	}
	KIST_TRY(check_kwargs(checking, step, count));
	if (function)
		check_missing(checking, step, count);
	return KIST_OK;
}

static void check_dependencies(struct kist_checking *checking, const struct kist_step *step)
{
	const struct kist_node *all = step->dependencies;
	const struct kist_node *node = all && all->kind == KIST_NODE_LIST ? all->first : all;

	for (; node; node = all->kind == KIST_NODE_LIST ? node->next : NULL) {
		struct kist_nearest nearest = KIST_NEAREST_INIT(node->text + (node->text[0] == '$'));

		if (kist_step_find(checking->entrypoint, node->text) != SIZE_MAX)
			continue;
		for (size_t i = 0; i < checking->entrypoint->step_count; i++)
			kist_nearest_offer(&nearest, checking->entrypoint->steps[i].name);
		kist_issue_add(checking->issues, node->place, "E_STEP_UNKNOWN",
			       "step '%s' depends on '%s', which is no step", step->name, node->text);
		if (nearest.name)
			kist_issue_hint(checking->issues, "did you mean '%s'?", nearest.name);
	}
}

kist_status kist_checking_step(struct kist_checking *checking, struct kist_step *step)
{
	for (const struct kist_node *word = step->exec ? step->exec->first : NULL; word; word = word->next) {
		const struct kist_type *type;

		KIST_TRY(kist_checking_infer(checking, word, &type));
	}
	if (step->task)
		KIST_TRY(check_arguments(checking, step));
	check_dependencies(checking, step);
	return KIST_OK;
}
