/* SPDX-License-Identifier: Apache-2.0 */
#include "experiment/cell.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "flow/find.h"
#include "workflow/run.h"

/* The parameter that is given the replicate's seed. */
#define SEED_PARAMETER "seed"

void kist_cells_done(struct kist_cells *cells)
{
	for (size_t i = 0; cells->upstreams && i < cells->experiment->input_count; i++)
		json_decref(cells->upstreams[i].conditions);
	kist_free(cells->upstreams);
	cells->upstreams = NULL;
}

void kist_cell_done(struct kist_cell *cell)
{
	json_decref(cell->inputs);
	kist_entrypoint_free(cell->entrypoint);
	*cell = (struct kist_cell){ .inputs = NULL };
}

static kist_status find_upstream(const struct kist_cells *cells, struct kist_job_index *index, size_t i,
				 struct kist_issues *issues, struct kist_error *err)
{
	const struct kist_experiment_input *input = &cells->experiment->inputs[i];
	struct kist_upstream *upstream = &cells->upstreams[i];
	kist_auto_json json_t *versions = NULL;
	const json_t *params;
	const json_t *found;

	KIST_TRY(kist_versions_read(index, input->experiment, &versions, err));
	found = kist_version_find(versions, input->version);
	if (!found) {
		kist_issue_add(issues, input->place, "E_INPUT_MISSING",
			       "input '%s': there is no such version of the experiment '%s'", input->name,
			       input->experiment);
		kist_issue_hint(issues, "run that experiment first");
		return KIST_OK;
	}
	upstream->version = (uint64_t)json_integer_value(json_object_get(found, "version"));
	params = json_object_get(found, "params");
	upstream->replicates = (uint64_t)json_integer_value(json_object_get(params, "replicates"));
	upstream->conditions = json_incref(json_object_get(params, "conditions"));
	if (upstream->replicates == cells->experiment->replicates ||
	    (cells->modulo && upstream->replicates > 0))
		return KIST_OK;
	kist_issue_add(issues, input->place, "E_REPLICATES",
		       "input '%s': experiment '%s' has %" PRIu64 " replicates, and this one %" PRIu64,
		       input->name, input->experiment, upstream->replicates, cells->experiment->replicates);
	kist_issue_hint(issues, "make it as many, or say --map modulo");
	return KIST_OK;
}

/* An artifact that is named by itself is there, or no cell can be run. */
static kist_status check_named(const struct kist_experiment_input *input, struct kist_flow *flow,
			       struct kist_issues *issues, struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	struct kist_error why = KIST_ERROR_INIT;
	const kist_status status = kist_find(flow, input->text, strlen(input->text), &artifact, &why);

	if (status == KIST_OK)
		return KIST_OK;
	if (status != KIST_NOT_FOUND)
		return kist_fail_as(err, status, &why);
	kist_issue_add(issues, input->place, "E_INPUT_MISSING", "input '%s': %s", input->name, why.text);
	return KIST_OK;
}

kist_status kist_cells_find_upstreams(struct kist_cells *cells, struct kist_flow *flow,
				      struct kist_job_index *index, struct kist_issues *issues,
				      struct kist_error *err)
{
	cells->upstreams = kist_alloc(cells->experiment->input_count, sizeof(*cells->upstreams));
	if (!cells->upstreams)
		return kist_fail_memory(err, sizeof(*cells->upstreams));
	for (size_t i = 0; i < cells->experiment->input_count; i++) {
		const struct kist_experiment_input *input = &cells->experiment->inputs[i];

		KIST_TRY(input->artifact ? find_upstream(cells, index, i, issues, err)
					 : check_named(input, flow, issues, err));
	}
	return KIST_OK;
}

static bool has_condition(const json_t *conditions, const char *name)
{
	const json_t *one;
	size_t i;

	json_array_foreach(conditions, i, one) {
		if (json_is_string(one) && strcmp(json_string_value(one), name) == 0)
			return true;
	}
	return false;
}

/* Under which condition the other experiment has made it. */
static const char *pick_condition(const struct kist_experiment_input *input, const json_t *conditions,
				  const char *own)
{
	const char *only = json_string_value(json_array_get(conditions, 0));

	if (input->condition[0])
		return input->condition;
	if (has_condition(conditions, own))
		return own;
	return json_array_size(conditions) == 1 && only ? only : "baseline";
}

static kist_status find_input(const struct kist_cells *cells, struct kist_flow *flow, size_t i,
			      struct kist_cell *cell, struct kist_error *err)
{
	const struct kist_experiment_input *input = &cells->experiment->inputs[i];
	const struct kist_upstream *upstream = &cells->upstreams[i];
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	char cell_name[KIST_CELL_NAME_SIZE];
	char name[KIST_NAME_SIZE_MAX + 1];
	char hex[KIST_DIGEST_HEX_SIZE];
	int len;

	if (input->artifact) {
		kist_cell_name(input->experiment, upstream->version, cell->replicate % upstream->replicates,
			       pick_condition(input, upstream->conditions, cell->condition->name), cell_name);
		len = snprintf(name, sizeof(name), "%s/%s", cell_name, input->artifact);
	} else {
		len = snprintf(name, sizeof(name), "%s", input->text);
	}
	if (len >= (int)sizeof(name))
		return kist_fail(err, KIST_LIMIT, "input '%s': its name is too long", input->name);
	if (kist_find(flow, name, (size_t)len, &artifact, err) != KIST_OK)
		return kist_fail_context(err, "input '%s'", input->name);
	kist_digest_hex(&artifact.id, hex);
	return json_object_set_new(cell->inputs, input->name, json_string(hex)) == 0
		       ? KIST_OK
		       : kist_fail_memory(err, sizeof(json_t));
}

static bool has_parameter(const struct kist_entrypoint *entrypoint, const char *name)
{
	for (size_t i = 0; i < entrypoint->parameter_count; i++) {
		if (strcmp(entrypoint->parameters[i].name, name) == 0)
			return true;
	}
	return false;
}

static kist_status check(const struct kist_cells *cells, const struct kist_offer *offer,
			 struct kist_issues *issues, struct kist_cell *cell, struct kist_error *err)
{
	kist_auto_json json_t *parameters = kist_json_copy(cell->condition->parameters);
	const struct kist_given given = {
		.parameters = parameters, .inputs = cell->inputs, .are_values = true, .to_run = true
	};
	const uint64_t seed = kist_experiment_seed(cells->experiment, cell->replicate);

	if (!parameters)
		return kist_fail_memory(err, sizeof(json_t));
	if (has_parameter(cell->entrypoint, SEED_PARAMETER) && !json_object_get(parameters, SEED_PARAMETER) &&
	    json_object_set_new(parameters, SEED_PARAMETER, json_integer((json_int_t)seed)) != 0)
		return kist_fail_memory(err, sizeof(json_t));
	return kist_entrypoint_check(cell->entrypoint, offer, &given, issues, err);
}

/* What a command runs may lie beside the entrypoint; what is too large to be kept counts by its size and time. */
static kist_status add_script(const struct kist_cells *cells, const char *word, json_t *scripts,
			      struct kist_error *err)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(KIST_RUN_FILE_SIZE_MAX);
	char path[PATH_MAX];
	char shown[KIST_DIGEST_HEX_SIZE];
	struct kist_digest digest;
	struct stat status;

	if (!kist_run_path_beside(cells->folder, word, path) || stat(path, &status) != 0)
		return KIST_OK;
	if ((size_t)status.st_size < KIST_RUN_FILE_SIZE_MAX) {
		KIST_TRY(kist_read_file_at(AT_FDCWD, path, &bytes, err));
		digest = kist_digest_of(kist_buf_view(&bytes));
		kist_digest_hex(&digest, shown);
	} else {
		snprintf(shown, sizeof(shown), "%lld %lld.%09ld", (long long)status.st_size,
			 (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
	}
	return json_object_set_new(scripts, word, json_string(shown)) == 0
		       ? KIST_OK
		       : kist_fail_memory(err, sizeof(json_t));
}

static kist_status add_plugin(const struct kist_catalog_entry *entry, json_t *plugins, struct kist_error *err)
{
	char hex[KIST_DIGEST_HEX_SIZE];

	if (!entry)
		return KIST_OK;
	kist_digest_hex(&entry->manifest->library_sha256, hex);
	return json_object_set_new(plugins, entry->manifest->id,
				   json_pack("[ss]", entry->manifest->version, hex)) == 0
		       ? KIST_OK
		       : kist_fail_memory(err, sizeof(json_t));
}

/* The code of a cell, beside the entrypoint's text. */
static kist_status gather_code(const struct kist_cells *cells, const struct kist_entrypoint *entrypoint,
			       json_t *plugins, json_t *scripts, struct kist_error *err)
{
	for (size_t i = 0; i < entrypoint->step_count; i++) {
		const struct kist_step *step = &entrypoint->steps[i];

		if (step->function)
			KIST_TRY(add_plugin(step->function->entry, plugins, err));
		for (const struct kist_node *word = step->exec ? step->exec->first : NULL; word;
		     word = word->next) {
			if (kist_entrypoint_resolve(entrypoint, word).kind == KIST_REFERENCE_NONE)
				KIST_TRY(add_script(cells, kist_node_literal(word), scripts, err));
		}
	}
	for (size_t i = 0; i < entrypoint->artifact_count; i++)
		KIST_TRY(add_plugin(entrypoint->artifacts[i].artifact->entry, plugins, err));
	return KIST_OK;
}

static kist_status make_key(const struct kist_cells *cells, struct kist_cell *cell, struct kist_error *err)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT((size_t)16 << 20);
	kist_auto_json json_t *plugins = json_object();
	kist_auto_json json_t *scripts = json_object();
	kist_auto_json json_t *parameters = json_object();
	kist_auto_json json_t *whole = NULL;
	struct kist_digest digest = kist_digest_of(cells->text);
	char hex[KIST_DIGEST_HEX_SIZE];

	if (!plugins || !scripts || !parameters)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(gather_code(cells, cell->entrypoint, plugins, scripts, err));
	for (size_t i = 0; i < cell->entrypoint->parameter_count; i++) {
		const struct kist_parameter *parameter = &cell->entrypoint->parameters[i];

		if (parameter->value && json_object_set(parameters, parameter->name, parameter->value) != 0)
			return kist_fail_memory(err, sizeof(json_t));
	}
	kist_digest_hex(&digest, hex);
	whole = json_pack("{sI,ss,sO,sO,sO,sO,sO}", "kist_cell", (json_int_t)1, "entrypoint", hex, "plugins",
			  plugins, "scripts", scripts, "parameters", parameters, "inputs", cell->inputs,
			  "metrics", cells->experiment->metrics);
	if (!whole)
		return kist_fail_memory(err, sizeof(json_t));
	KIST_TRY(kist_json_canonical(whole, &text, err));
	digest = kist_digest_of(kist_buf_view(&text));
	kist_digest_hex(&digest, cell->key);
	return KIST_OK;
}

kist_status kist_cell_make(const struct kist_cells *cells, struct kist_flow *flow,
			   const struct kist_offer *offer, uint64_t no, struct kist_issues *issues,
			   struct kist_cell *ret, struct kist_error *err)
{
	const struct kist_experiment *experiment = cells->experiment;
	const size_t before = issues->error_count;

	*ret = (struct kist_cell){ .replicate = no / experiment->condition_count,
				   .condition = &experiment->conditions[no % experiment->condition_count],
				   .inputs = json_object() };
	if (!ret->inputs)
		return kist_fail_memory(err, sizeof(json_t));
	for (size_t i = 0; i < experiment->input_count; i++)
		KIST_TRY(find_input(cells, flow, i, ret, err));
	KIST_TRY(kist_entrypoint_read(cells->text, issues, &ret->entrypoint, err));
	if (ret->entrypoint)
		KIST_TRY(check(cells, offer, issues, ret, err));
	return issues->error_count == before ? make_key(cells, ret, err) : KIST_OK;
}

static const struct kist_step_output *find_output(const struct kist_step *step, const char *name)
{
	for (size_t i = 0; i < step->output_count; i++) {
		if (name ? strcmp(step->outputs[i].name, name) == 0 : step->output_count == 1)
			return &step->outputs[i];
	}
	return NULL;
}

static void check_metrics(const struct kist_cells *cells, const struct kist_entrypoint *entrypoint,
			  struct kist_issues *issues)
{
	const struct kist_place place = cells->experiment->metrics_place;
	const char *name;
	json_t *said;

	json_object_foreach(cells->experiment->metrics, name, said) {
		const struct kist_node node = kist_node_of_text(said);
		const struct kist_reference reference = kist_entrypoint_resolve(entrypoint, &node);
		const struct kist_step_output *output =
			reference.kind == KIST_REFERENCE_STEP
				? find_output(&entrypoint->steps[reference.index], reference.member)
				: NULL;

		if (!output)
			kist_issue_add(issues, place, "E_REFERENCE",
				       "metric '%s': '%s' is no output of a step of the entrypoint", name,
				       node.text);
		else if (output->type && !kist_type_may_hold(&kist_type_number, output->type))
			kist_issue_add(issues, place, "E_METRIC", "metric '%s': '%s' is %s, and no number",
				       name, node.text, output->type->name);
	}
}

void kist_cells_check(const struct kist_cells *cells, const struct kist_entrypoint *entrypoint,
		      struct kist_issues *issues)
{
	const struct kist_experiment *experiment = cells->experiment;

	check_metrics(cells, entrypoint, issues);
	if (experiment->replicates < 2 || has_parameter(entrypoint, SEED_PARAMETER))
		return;
	kist_issue_add(issues, experiment->entrypoint_place, "W_SEED",
		       "nothing tells the %" PRIu64 " replicates apart: the entrypoint has no parameter '%s'",
		       experiment->replicates, SEED_PARAMETER);
	kist_issue_hint(issues, "give it one; each replicate has a seed of its own");
}
