/* SPDX-License-Identifier: Apache-2.0 */
#include "experiment/experiment.h"

#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/nearest.h"
#include "base/num.h"

/* What the seeds are derived from begins with this, so that no other use of SHA-256 gives the same. */
#define SEED_DOMAIN "kist experiment seed"

struct reading {
	struct kist_experiment *experiment;
	struct kist_issues *issues;
	struct kist_error *err;
	const struct kist_node *root;
};

void kist_experiment_free(struct kist_experiment *experiment)
{
	if (!experiment)
		return;
	for (size_t i = 0; experiment->conditions && i < experiment->condition_count; i++)
		json_decref(experiment->conditions[i].parameters);
	kist_free(experiment->conditions);
	kist_free(experiment->inputs);
	json_decref(experiment->metrics);
	kist_document_free(experiment->document);
	kist_free(experiment);
}

bool kist_experiment_name_ok(const char *name, size_t len)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";

	return len > 0 && len <= KIST_EXPERIMENT_NAME_LEN_MAX && name[0] != '-' && name[0] != '_' &&
	       strspn(name, letters) >= len;
}

uint64_t kist_experiment_seed(const struct kist_experiment *experiment, uint64_t replicate)
{
	char text[sizeof(SEED_DOMAIN) + KIST_EXPERIMENT_NAME_LEN_MAX + 48];
	const int len = snprintf(text, sizeof(text), SEED_DOMAIN "\n%s\n%llu\n%llu", experiment->name,
				 (unsigned long long)experiment->seed, (unsigned long long)replicate);
	const struct kist_digest digest = kist_digest_of(kist_view_of(text, (size_t)len));

	return (uint64_t)digest.bytes[0] << 24 | (uint64_t)digest.bytes[1] << 16 |
	       (uint64_t)digest.bytes[2] << 8 | digest.bytes[3];
}

static void read_keys(struct reading *reading, const struct kist_node *map, const char *what,
		      const char *const *known, size_t count)
{
	for (const struct kist_node *node = map->first; node; node = node->next) {
		struct kist_nearest nearest = KIST_NEAREST_INIT(node->key);
		size_t i = 0;

		while (i < count && strcmp(known[i], node->key) != 0)
			kist_nearest_offer(&nearest, known[i++]);
		if (i < count)
			continue;
		kist_issue_add(reading->issues, node->key_place, "E_KEY_UNKNOWN", "%s has no '%s'", what,
			       node->key);
		if (nearest.name)
			kist_issue_hint(reading->issues, "did you mean '%s'?", nearest.name);
	}
}

/* A name; "" when it is none. */
static const char *read_name(struct reading *reading, const char *text, struct kist_place place,
			     const char *what)
{
	if (kist_experiment_name_ok(text, strlen(text)))
		return text;
	kist_issue_add(reading->issues, place, "E_NAME", "'%s' is no name for %s", text, what);
	kist_issue_hint(
		reading->issues,
		"a name has 1 to %zu letters, digits, '_' and '-', and begins with a letter or a digit",
		KIST_EXPERIMENT_NAME_LEN_MAX);
	return "";
}

/* Text @key, which must be there. */
static const struct kist_node *read_text(struct reading *reading, const char *key, const char *hint)
{
	const struct kist_node *node = kist_node_get(reading->root, key);

	if (node && node->kind == KIST_NODE_TEXT && node->len > 0)
		return node;
	kist_issue_add(reading->issues, node ? node->place : reading->root->place, "E_SCHEMA",
		       "'%s' must be a text", key);
	kist_issue_hint(reading->issues, "%s", hint);
	return NULL;
}

static uint64_t read_count(struct reading *reading, const struct kist_node *map, const char *key, int64_t min,
			   uint64_t max, uint64_t preset)
{
	const struct kist_node *node = kist_node_get(map, key);

	if (!node)
		return preset;
	if (node->kind == KIST_NODE_INTEGER && node->integer >= min && (uint64_t)node->integer <= max)
		return (uint64_t)node->integer;
	kist_issue_add(reading->issues, node->place, "E_SCHEMA", "'%s' is a whole number from %lld to %llu",
		       key, (long long)min, (unsigned long long)max);
	return preset;
}

/* A mapping @key, or NULL. */
static const struct kist_node *read_map(struct reading *reading, const char *key, size_t max)
{
	const struct kist_node *node = kist_node_get(reading->root, key);

	if (!node || node->kind == KIST_NODE_NULL)
		return NULL;
	if (node->kind != KIST_NODE_MAP) {
		kist_issue_add(reading->issues, node->place, "E_SCHEMA", "'%s' is a mapping of names, not %s",
			       key, kist_node_kind_name(node->kind));
		return NULL;
	}
	if (node->count <= max)
		return node;
	kist_issue_add(reading->issues, node->key_place, "E_LIMIT", "more than %zu in '%s'", max, key);
	return NULL;
}

static kist_status read_condition(struct reading *reading, const struct kist_node *node, const json_t *common)
{
	struct kist_experiment *experiment = reading->experiment;
	struct kist_condition *condition = &experiment->conditions[experiment->condition_count];
	kist_auto_json json_t *own = NULL;

	condition->name = read_name(reading, node->key, node->key_place, "a condition");
	condition->place = node->key_place;
	condition->parameters = kist_json_copy(common);
	experiment->condition_count++;
	if (node->kind != KIST_NODE_MAP && node->kind != KIST_NODE_NULL) {
		kist_issue_add(reading->issues, node->place, "E_SCHEMA",
			       "condition '%s' is a mapping of parameters, not %s", node->key,
			       kist_node_kind_name(node->kind));
		return KIST_OK;
	}
	if (node->kind == KIST_NODE_MAP)
		KIST_TRY(kist_node_json(node, NULL, NULL, &own, reading->err));
	if (!condition->parameters || (own && json_object_update(condition->parameters, own) != 0))
		return kist_fail_memory(reading->err, sizeof(json_t));
	return KIST_OK;
}

static kist_status read_conditions(struct reading *reading)
{
	static const struct kist_node baseline = { .kind = KIST_NODE_NULL, .key = "baseline", .text = "" };
	const struct kist_node *map = read_map(reading, "conditions", KIST_EXPERIMENT_CONDITIONS_MAX);
	const struct kist_node *common_node = read_map(reading, "parameters", KIST_DOCUMENT_MEMBERS_MAX);
	struct kist_experiment *experiment = reading->experiment;
	kist_auto_json json_t *common = NULL;

	if (common_node)
		KIST_TRY(kist_node_json(common_node, NULL, NULL, &common, reading->err));
	else
		common = json_object();
	experiment->conditions =
		kist_alloc(map && map->count > 0 ? map->count : 1, sizeof(*experiment->conditions));
	if (!common || !experiment->conditions)
		return kist_fail_memory(reading->err, sizeof(*experiment->conditions));
	if (!map || map->count == 0)
		return read_condition(reading, &baseline, common);
	for (const struct kist_node *node = map->first; node; node = node->next)
		KIST_TRY(read_condition(reading, node, common));
	return KIST_OK;
}

/* "experiment[/v<n>]#[condition/]artifact"; false: it has not that form. */
static bool split_source(struct kist_experiment_input *input, const char *hash)
{
	const char *slash = memchr(input->text, '/', (size_t)(hash - input->text));
	const char *name_end = slash ? slash : hash;
	const char *behind = strchr(hash + 1, '/');

	input->artifact = behind ? behind + 1 : hash + 1;
	if (!kist_experiment_name_ok(input->text, (size_t)(name_end - input->text)) || !input->artifact[0])
		return false;
	snprintf(input->experiment, sizeof(input->experiment), "%.*s", (int)(name_end - input->text),
		 input->text);
	if (slash &&
	    (slash[1] != 'v' || !kist_u64_parse(slash + 2, (size_t)(hash - slash - 2), &input->version) ||
	     input->version == 0 || input->version > KIST_EXPERIMENT_VERSION_MAX))
		return false;
	if (!behind)
		return true;
	snprintf(input->condition, sizeof(input->condition), "%.*s", (int)(behind - hash - 1), hash + 1);
	return kist_experiment_name_ok(hash + 1, (size_t)(behind - hash - 1));
}

static kist_status read_inputs(struct reading *reading)
{
	const struct kist_node *map = read_map(reading, "inputs", KIST_EXPERIMENT_INPUTS_MAX);
	struct kist_experiment *experiment = reading->experiment;

	experiment->inputs = kist_alloc(map ? map->count : 0, sizeof(*experiment->inputs));
	if (!experiment->inputs)
		return kist_fail_memory(reading->err, sizeof(*experiment->inputs));
	for (const struct kist_node *node = map ? map->first : NULL; node; node = node->next) {
		struct kist_experiment_input *input = &experiment->inputs[experiment->input_count++];
		const char *hash = node->kind == KIST_NODE_TEXT ? strchr(node->text, '#') : NULL;

		input->name = node->key;
		input->place = node->place;
		input->text = node->text;
		if (node->kind == KIST_NODE_TEXT && node->len > 0 && (!hash || split_source(input, hash)))
			continue;
		kist_issue_add(reading->issues, node->place, "E_SCHEMA", "input '%s' names no artifact: '%s'",
			       node->key, node->text);
		kist_issue_hint(
			reading->issues,
			"write the name of an artifact, or experiment#artifact, experiment/v2#artifact, "
			"experiment#condition/artifact");
	}
	return KIST_OK;
}

static kist_status read_metric(struct reading *reading, const struct kist_node *node)
{
	const char *dot = strrchr(node->text, '.');
	const char *name = node->key ? node->key : dot ? dot + 1 : node->text + 1;

	if (node->kind != KIST_NODE_TEXT || node->len < 2 || node->text[0] != '$' || !name[0]) {
		kist_issue_add(reading->issues, node->place, "E_REFERENCE",
			       "a metric is an output of a step, not '%s'", node->text);
		kist_issue_hint(reading->issues, "write {loss: $step.loss}, or [$step.loss]");
		return KIST_OK;
	}
	if (json_object_get(reading->experiment->metrics, name)) {
		kist_issue_add(reading->issues, node->place, "E_NAME_TAKEN", "there is a metric '%s' already",
			       name);
		return KIST_OK;
	}
	return json_object_set_new(reading->experiment->metrics, name, json_string(node->text)) == 0
		       ? KIST_OK
		       : kist_fail_memory(reading->err, sizeof(json_t));
}

static kist_status read_metrics(struct reading *reading)
{
	const struct kist_node *node = kist_node_get(reading->root, "metrics");

	reading->experiment->metrics = json_object();
	if (!reading->experiment->metrics)
		return kist_fail_memory(reading->err, sizeof(json_t));
	if (!node || node->kind == KIST_NODE_NULL)
		return KIST_OK;
	reading->experiment->metrics_place = node->key_place;
	if (node->kind != KIST_NODE_MAP && node->kind != KIST_NODE_LIST) {
		kist_issue_add(reading->issues, node->place, "E_SCHEMA",
			       "'metrics' is a mapping or a list, not %s", kist_node_kind_name(node->kind));
		return KIST_OK;
	}
	if (node->count > KIST_EXPERIMENT_METRICS_MAX) {
		kist_issue_add(reading->issues, node->key_place, "E_LIMIT", "more than %zu metrics",
			       KIST_EXPERIMENT_METRICS_MAX);
		return KIST_OK;
	}
	for (const struct kist_node *child = node->first; child; child = child->next)
		KIST_TRY(read_metric(reading, child));
	return KIST_OK;
}

static void read_retention(struct reading *reading)
{
	static const char *const known[] = { "versions", "large", "large_size" };
	struct kist_experiment *experiment = reading->experiment;
	const struct kist_node *node = kist_node_get(reading->root, "retention");

	if (!node || node->kind != KIST_NODE_MAP) {
		experiment->keep_versions =
			read_count(reading, reading->root, "retention", 1, KIST_EXPERIMENT_VERSION_MAX, 0);
		return;
	}
	read_keys(reading, node, "retention", known, sizeof(known) / sizeof(known[0]));
	experiment->keep_versions = read_count(reading, node, "versions", 1, KIST_EXPERIMENT_VERSION_MAX, 0);
	experiment->keep_large = read_count(reading, node, "large", 1, KIST_EXPERIMENT_VERSION_MAX, 0);
	experiment->large_size =
		read_count(reading, node, "large_size", 1, INT64_MAX, KIST_EXPERIMENT_LARGE_SIZE);
	if (experiment->keep_large == 0 && kist_node_get(node, "large_size"))
		kist_issue_add(reading->issues, node->place, "E_SCHEMA",
			       "'large_size' says what 'large' is about, and there is no 'large'");
}

static kist_status read_all(struct reading *reading)
{
	static const char *const known[] = { "name",   "entrypoint", "replicates",
					     "seed",   "parameters", "conditions",
					     "inputs", "metrics",    "retention" };
	struct kist_experiment *experiment = reading->experiment;
	const struct kist_node *name;
	const struct kist_node *entrypoint;

	read_keys(reading, reading->root, "an experiment", known, sizeof(known) / sizeof(known[0]));
	name = read_text(reading, "name", "it is what results are found under: noise-study");
	experiment->name = name ? read_name(reading, name->text, name->place, "an experiment") : "";
	entrypoint = read_text(reading, "entrypoint", "it is a file beside this one: train.yaml");
	experiment->entrypoint = entrypoint ? entrypoint->text : "";
	experiment->entrypoint_place = entrypoint ? entrypoint->place : reading->root->place;
	experiment->replicates =
		read_count(reading, reading->root, "replicates", 1, KIST_EXPERIMENT_REPLICATES_MAX, 1);
	experiment->seed = read_count(reading, reading->root, "seed", 0, INT64_MAX, 0);
	read_retention(reading);
	KIST_TRY(read_conditions(reading));
	KIST_TRY(read_inputs(reading));
	KIST_TRY(read_metrics(reading));
	if (kist_experiment_cells(experiment) > KIST_EXPERIMENT_CELLS_MAX)
		kist_issue_add(reading->issues, reading->root->place, "E_LIMIT",
			       "more than %llu cells: conditions times replicates",
			       (unsigned long long)KIST_EXPERIMENT_CELLS_MAX);
	return KIST_OK;
}

kist_status kist_experiment_read(struct kist_view text, struct kist_issues *issues,
				 struct kist_experiment **ret, struct kist_error *err)
{
	kist_auto_experiment struct kist_experiment *experiment = kist_alloc(1, sizeof(*experiment));
	struct reading reading = { .experiment = experiment, .issues = issues, .err = err };

	*ret = NULL;
	if (!experiment)
		return kist_fail_memory(err, sizeof(*experiment));
	KIST_TRY(kist_document_parse(text, issues, &experiment->document, err));
	if (!experiment->document)
		return KIST_OK;
	reading.root = kist_document_root(experiment->document);
	if (reading.root->kind != KIST_NODE_MAP) {
		kist_issue_add(issues, reading.root->place, "E_SCHEMA", "an experiment is a mapping, not %s",
			       kist_node_kind_name(reading.root->kind));
		return KIST_OK;
	}
	KIST_TRY(read_all(&reading));
	*ret = kist_steal(experiment);
	return KIST_OK;
}
