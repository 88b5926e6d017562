/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "base/nearest.h"
#include "base/utf8.h"
#include "workflow/entrypoint_private.h"

/* Why @text is no name, or NULL.  A name becomes part of what an artifact is called, and of references. */
static const char *why_no_name(const char *text)
{
	if (text[0] == '\0')
		return "it is empty";
	if (strlen(text) > KIST_ENTRYPOINT_NAME_LEN_MAX)
		return "it is longer than 95 bytes";
	if (text[0] == '$' || text[0] == '-')
		return "it begins with '$' or '-'";
	for (; *text; text++) {
		if (*text == '.')
			return "it has a dot";
		if (*text == ' ' || *text == '\t' || *text == '\n')
			return "it has a blank";
		if (strchr("/\\#@:", *text) || (unsigned char)*text < 0x20 || *text == 0x7f)
			return "it has one of '/', '\\', '#', '@', ':' or a control character";
	}
	return NULL;
}

void kist_reading_name(struct kist_reading *reading, const struct kist_node *node, const char *what)
{
	const char *why = why_no_name(node->key);

	if (!why)
		return;
	kist_issue_add(reading->issues, node->key_place, "E_NAME", "'%s' is no name for a %s: %s", node->key,
		       what, why);
	kist_issue_hint(reading->issues, "use letters, digits, '_' and '-'");
}

static bool is_one_of(const char *text, const char *const *known)
{
	for (; *known; known++) {
		if (strcmp(*known, text) == 0)
			return true;
	}
	return false;
}

void kist_reading_keys(struct kist_reading *reading, const struct kist_node *map, const char *const *known,
		       const char *what)
{
	for (const struct kist_node *node = map->first; node; node = node->next) {
		struct kist_nearest nearest = KIST_NEAREST_INIT(node->key);

		if (is_one_of(node->key, known))
			continue;
		for (size_t i = 0; known[i]; i++)
			kist_nearest_offer(&nearest, known[i]);
		kist_issue_add(reading->issues, node->key_place, "E_KEY_UNKNOWN", "'%s' is no part of a%s %s",
			       node->key, strchr("aeiou", what[0]) ? "n" : "", what);
		if (nearest.name)
			kist_issue_hint(reading->issues, "did you mean '%s'?", nearest.name);
		else if (strcmp(node->key, "tasks") == 0)
			kist_issue_hint(reading->issues,
					"leave it out: tasks are declared by plugins ('kist plugin list')");
	}
}

/* Member @key of @map when it is of @kind or missing; another kind is told. */
static const struct kist_node *get(struct kist_reading *reading, const struct kist_node *map, const char *key,
				   enum kist_node_kind kind)
{
	const struct kist_node *node = kist_node_get(map, key);

	if (!node || node->kind == kind || node->kind == KIST_NODE_NULL)
		return node && node->kind == kind ? node : NULL;
	kist_issue_add(reading->issues, node->place, "E_SCHEMA", "'%s' takes %s, not %s", key,
		       kist_node_kind_name(kind), kist_node_kind_name(node->kind));
	return NULL;
}

static void read_timeout(struct kist_reading *reading, struct kist_step *step)
{
	const struct kist_node *node = kist_node_get(step->node, "timeout");

	if (!node || node->kind == KIST_NODE_NULL)
		return;
	if ((node->kind != KIST_NODE_INTEGER && node->kind != KIST_NODE_NUMBER) || node->number <= 0 ||
	    node->number > KIST_ENTRYPOINT_TIMEOUT_MAX) {
		kist_issue_add(reading->issues, node->place, "E_SCHEMA",
			       "'timeout' takes seconds: a number above 0, at most %.0f",
			       KIST_ENTRYPOINT_TIMEOUT_MAX);
		return;
	}
	step->timeout_s = node->number;
}

static void read_dependencies(struct kist_reading *reading, struct kist_step *step)
{
	const struct kist_node *node = kist_node_get(step->node, "dependencies");
	const struct kist_node *each = node && node->kind == KIST_NODE_LIST ? node->first : node;

	if (!node || node->kind == KIST_NODE_NULL)
		return;
	for (; each; each = node->kind == KIST_NODE_LIST ? each->next : NULL) {
		if (each->kind == KIST_NODE_TEXT)
			continue;
		kist_issue_add(reading->issues, each->place, "E_SCHEMA",
			       "'dependencies' takes the name of a step or a list of them, not %s",
			       kist_node_kind_name(each->kind));
		return;
	}
	step->dependencies = node;
}

/* Why @file is no path below a folder of ours, or NULL. */
static const char *why_no_file(const char *file)
{
	if (file[0] == '\0' || strlen(file) > KIST_ENTRYPOINT_FILE_LEN_MAX)
		return "it is empty or too long";
	for (const char *part = file; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL) {
		const size_t len = strcspn(part, "/");

		if (len == 0)
			return "it is absolute, or has an empty part";
		if (len > 255)
			return "one of its parts is too long";
		if (strspn(part, ".") >= len)
			return "it has a part of dots only";
	}
	for (const char *at = file; *at; at++) {
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return "it has a control character";
	}
	return NULL;
}

static const char *read_file(struct kist_reading *reading, const struct kist_node *node)
{
	const char *why = why_no_file(node->text);

	if (!why)
		return node->text;
	kist_issue_add(reading->issues, node->place, "E_FILE", "'%s' is no file of an output: %s", node->text,
		       why);
	kist_issue_hint(reading->issues, "write a path like 'plots/loss.svg', below the folder of the run");
	return NULL;
}

/* "weights: w.npy" or "weights: {file: w.npy, type: tensor}" */
static void read_command_output(struct kist_reading *reading, const struct kist_node *node,
				struct kist_step_output *ret)
{
	static const char *const known[] = { "file", "type", NULL };
	const struct kist_node *file = node->kind == KIST_NODE_TEXT ? node : NULL;

	*ret = (struct kist_step_output){ .name = node->key, .type = &kist_type_bytes };
	kist_reading_name(reading, node, "output of a step");
	if (node->kind == KIST_NODE_MAP) {
		kist_reading_keys(reading, node, known, "output of a step");
		file = get(reading, node, "file", KIST_NODE_TEXT);
		ret->type_node = kist_node_get(node, "type");
	}
	if (file) {
		ret->file = read_file(reading, file);
		return;
	}
	kist_issue_add(reading->issues, node->place, "E_SCHEMA", "output '%s' has no file", node->key);
	kist_issue_hint(reading->issues,
			"write the file that the command leaves: {file: model.npy, type: tensor}");
}

static kist_status read_command_outputs(struct kist_reading *reading, struct kist_step *step)
{
	const struct kist_node *map = get(reading, step->node, "outputs", KIST_NODE_MAP);
	const size_t count = map ? map->count : 1;

	step->outputs = kist_alloc(count, sizeof(*step->outputs));
	if (!step->outputs)
		return kist_fail_memory(reading->err, count * sizeof(*step->outputs));
	for (const struct kist_node *node = map ? map->first : NULL; node; node = node->next)
		read_command_output(reading, node, &step->outputs[step->output_count++]);
	/* Without files: what it prints. */
	if (!map)
		step->outputs[step->output_count++] =
			(struct kist_step_output){ .name = "stdout", .type = &kist_type_string };
	return KIST_OK;
}

static kist_status read_command(struct kist_reading *reading, struct kist_step *step)
{
	static const char *const known[] = { "exec", "outputs", "dependencies", "timeout", NULL };

	kist_reading_keys(reading, step->node, known, "step that is a command");
	step->exec = get(reading, step->node, "exec", KIST_NODE_LIST);
	if (!step->exec || step->exec->count == 0) {
		kist_issue_add(reading->issues, step->node->place, "E_STEP", "step '%s' has an empty command",
			       step->name);
		kist_issue_hint(reading->issues, "write exec: [<program>, <argument>, ...]");
		step->exec = NULL;
	}
	for (const struct kist_node *word = step->exec ? step->exec->first : NULL; word; word = word->next) {
		if (word->kind < KIST_NODE_LIST && word->kind != KIST_NODE_NULL)
			continue;
		kist_issue_add(reading->issues, word->place, "E_SCHEMA", "a word of a command is no %s",
			       word->kind == KIST_NODE_NULL   ? "null"
			       : word->kind == KIST_NODE_LIST ? "list"
							      : "mapping");
	}
	return read_command_outputs(reading, step);
}

static void read_mixed(struct kist_reading *reading, const struct kist_node *task, struct kist_step *step)
{
	static const char *const known[] = { "task", "args", "kwargs", "dependencies", "timeout", NULL };

	kist_reading_keys(reading, step->node, known, "step that says 'task'");
	if (task->kind != KIST_NODE_TEXT) {
		kist_issue_add(reading->issues, task->place, "E_STEP",
			       "'task' takes the name of a task, not %s", kist_node_kind_name(task->kind));
		return;
	}
	step->task = task->text;
	step->task_place = task->place;
	step->args = kist_node_get(step->node, "args");
	step->kwargs = get(reading, step->node, "kwargs", KIST_NODE_MAP);
	if (step->args && step->args->kind == KIST_NODE_NULL)
		step->args = NULL;
	step->has_one_arg = step->args && step->args->kind != KIST_NODE_LIST;
}

/* {<task>: [..]} or {<task>: {..}}: the one key that means nothing else. */
static void read_short(struct kist_reading *reading, struct kist_step *step)
{
	static const char *const known[] = { "dependencies", "timeout", NULL };
	const struct kist_node *only = NULL;

	for (const struct kist_node *node = step->node->first; node; node = node->next) {
		struct kist_nearest nearest = KIST_NEAREST_INIT(node->key);

		if (is_one_of(node->key, known))
			continue;
		if (!only) {
			only = node;
			continue;
		}
		kist_issue_add(reading->issues, node->key_place, "E_STEP",
			       "step '%s' has '%s' and '%s': a step runs one task", step->name, only->key,
			       node->key);
		for (size_t i = 0; known[i]; i++)
			kist_nearest_offer(&nearest, known[i]);
		if (nearest.name)
			kist_issue_hint(reading->issues, "did you mean '%s'?", nearest.name);
		else
			kist_issue_hint(reading->issues,
					"write {task: <name>, args: [...], kwargs: {...}}, or two steps");
	}
	if (!only) {
		kist_issue_add(reading->issues, step->node->place, "E_STEP", "step '%s' runs no task",
			       step->name);
		kist_issue_hint(reading->issues, "write {<task>: [<argument>, ...]}");
		return;
	}
	step->task = only->key;
	step->task_place = only->key_place;
	step->kwargs = only->kind == KIST_NODE_MAP ? only : NULL;
	step->args = only->kind == KIST_NODE_MAP || only->kind == KIST_NODE_NULL ? NULL : only;
	step->has_one_arg = step->args && only->kind != KIST_NODE_LIST;
}

kist_status kist_reading_step(struct kist_reading *reading, const struct kist_node *node,
			      struct kist_step *ret)
{
	const struct kist_node *task = kist_node_get(node, "task");

	*ret = (struct kist_step){ .name = node->key, .node = node, .task_place = node->place };
	if (node->kind != KIST_NODE_MAP) {
		kist_issue_add(reading->issues, node->place, "E_STEP", "step '%s' is a mapping, not %s",
			       node->key, kist_node_kind_name(node->kind));
		kist_issue_hint(reading->issues, "write {<task>: [<argument>, ...]}");
		return KIST_OK;
	}
	read_dependencies(reading, ret);
	read_timeout(reading, ret);
	if (kist_node_get(node, "exec"))
		return read_command(reading, ret);
	if (task)
		read_mixed(reading, task, ret);
	else
		read_short(reading, ret);
	return KIST_OK;
}

/* "task: Name" or "task: {name: Name, args: {...}}" */
static void read_keep_task(struct kist_reading *reading, const struct kist_node *task, struct kist_keep *keep)
{
	static const char *const known[] = { "name", "args", "kwargs", NULL };
	const struct kist_node *name = task->kind == KIST_NODE_TEXT ? task : NULL;
	const struct kist_node *args;

	if (task->kind == KIST_NODE_MAP) {
		kist_reading_keys(reading, task, known, "artifact task");
		name = get(reading, task, "name", KIST_NODE_TEXT);
		args = kist_node_get(task, "args");
		if (args && args->kind == KIST_NODE_LIST && args->count > 0) {
			kist_issue_add(reading->issues, args->place, "E_SCHEMA",
				       "an artifact task takes its arguments by name");
			kist_issue_hint(reading->issues, "write args: {<name>: <value>}");
			args = NULL;
		} else if (!args || args->kind == KIST_NODE_LIST) {
			args = get(reading, task, "kwargs", KIST_NODE_MAP);
		} else {
			args = get(reading, task, "args", KIST_NODE_MAP);
		}
		keep->args = args;
		if (kist_node_get(task, "kwargs") && kist_node_get(task, "kwargs") != args)
			kist_issue_add(reading->issues, kist_node_get(task, "kwargs")->key_place, "E_SCHEMA",
				       "'args' and 'kwargs' mean the same here: write one of them");
	}
	if (!name) {
		kist_issue_add(reading->issues, task->place, "E_SCHEMA", "'%s' names no artifact task",
			       keep->name);
		kist_issue_hint(reading->issues, "write task: {name: NumpyArrayArtifactTask}, or another");
		return;
	}
	keep->task = name->text;
	keep->task_place = name->place;
}

/* Whether @a is @b, or a folder that @b lies in. */
static bool is_in(const char *a, const char *b)
{
	const size_t len = strlen(b);

	return strncmp(a, b, len) == 0 && (a[len] == '\0' || a[len] == '/');
}

static void check_file_free(struct kist_reading *reading, const struct kist_node *node,
			    const struct kist_keep *first, const struct kist_keep *keep)
{
	for (; keep->file && first < keep; first++) {
		if (!first->file || (!is_in(first->file, keep->file) && !is_in(keep->file, first->file)))
			continue;
		kist_issue_add(reading->issues, node->place, "E_FILE_TAKEN",
			       "'%s' is written by output '%s' already", keep->file, first->name);
		kist_issue_hint(reading->issues, "give each output a file of its own");
		return;
	}
}

void kist_reading_keep(struct kist_reading *reading, const struct kist_node *node, bool for_people,
		       const struct kist_keep *first, struct kist_keep *ret)
{
	static const char *const known[] = { "contents", "task", NULL };
	static const char *const known_of_file[] = { "contents", "file", "task", NULL };
	const struct kist_node *task;
	const struct kist_node *file;

	*ret = (struct kist_keep){ .name = node->key, .node = node, .task_place = node->place };
	if (node->kind != KIST_NODE_MAP) {
		kist_issue_add(reading->issues, node->place, "E_SCHEMA", "'%s' is a mapping, not %s",
			       node->key, kist_node_kind_name(node->kind));
		kist_issue_hint(reading->issues,
				for_people ? "write {contents: $step, file: <path>}"
					   : "write {contents: $step, task: {name: <artifact task>}}");
		return;
	}
	kist_reading_keys(reading, node, for_people ? known_of_file : known,
			  for_people ? "output" : "artifact output");
	ret->contents = kist_node_get(node, "contents");
	if (!ret->contents ||
	    kist_entrypoint_resolve(reading->entrypoint, ret->contents).kind == KIST_REFERENCE_NONE) {
		kist_issue_add(reading->issues, ret->contents ? ret->contents->place : node->place,
			       "E_SCHEMA", "'%s' says no reference as its contents", node->key);
		kist_issue_hint(reading->issues, "write contents: $<step>, or $<step>.<output>");
		ret->contents = NULL;
	}
	task = kist_node_get(node, "task");
	if (task)
		read_keep_task(reading, task, ret);
	if (!for_people && !task) {
		kist_issue_add(reading->issues, node->place, "E_SCHEMA", "'%s' names no artifact task",
			       node->key);
		kist_issue_hint(reading->issues, "write task: {name: NumpyArrayArtifactTask}, or another");
	}
	file = for_people ? get(reading, node, "file", KIST_NODE_TEXT) : NULL;
	if (file) {
		ret->file = read_file(reading, file);
		check_file_free(reading, file, first, ret);
	} else if (for_people) {
		kist_issue_add(reading->issues, node->place, "E_SCHEMA", "output '%s' has no file",
			       node->key);
	}
}
