/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKFLOW_ENTRYPOINT_H
#define KIST_WORKFLOW_ENTRYPOINT_H

#include "task/type.h"
#include "document/document.h"
#include "workflow/offer.h"

/*
 * An entrypoint: what is to be run, as it is written.
 *
 *     types:            {<name>: definition}                               task/type.h
 *     parameters:       {<name>: default | {type: expression, default: value}}
 *     artifact_inputs:  {<name>: {type: expression} | type name}
 *     graph:            {<step>: positional | keyword | mixed | command}
 *     artifact_outputs: {<name>: {contents: $reference, task: name | {name:, args: {...}}}}
 *     outputs:          {<name>: {contents: $reference, file: path, task: ...?}}
 *
 *     positional  {<task>: [value, ...]}
 *     keyword     {<task>: {<input>: value}}
 *     mixed       {task: <task>, args: [value, ...], kwargs: {<input>: value}}
 *     command     {exec: [word, ...], outputs: {<name>: file | {file:, type:}}}
 *
 * Each form of a step may have "dependencies" (a step, or a list of them) and "timeout" (seconds).  A text that
 * begins with '$' is a reference wherever a value stands: $parameter, $step, $step.output, $input, $input.member.
 * "$$" at its front is one '$' of text.
 *
 * kist_entrypoint_read() looks at the form alone; kist_entrypoint_check() (workflow/check.h) at the rest.
 *
 * Limits: KIST_ENTRYPOINT_*_MAX.
 * Thread: one entrypoint, one thread at a time while it is read and checked; constant after that.
 * Source: docs/guide/workflows.md.
 */

#define KIST_ENTRYPOINT_NAME_LEN_MAX ((size_t)95)
/** Steps, parameters, artifact inputs, outputs: of each. */
#define KIST_ENTRYPOINT_ITEMS_MAX    ((size_t)1024)
#define KIST_ENTRYPOINT_FILE_LEN_MAX ((size_t)1024)
/** Seconds that a step may be given. */
#define KIST_ENTRYPOINT_TIMEOUT_MAX 2678400.0

/** struct kist_parameter - One parameter. */
struct kist_parameter {
	const char *name;
	const struct kist_node *node;
	const struct kist_node *type_node; /* or NULL: the type of its default */
	const struct kist_node *preset;	   /* its default, or NULL: it must be given */
	const struct kist_type *type;	   /* after the check */
	json_t *value;			   /* given, or the default; NULL: neither.  After the check */
	bool is_used;
};

/** struct kist_artifact_input - An artifact that is chosen when the entrypoint is run. */
struct kist_artifact_input {
	const char *name;
	const struct kist_node *node;
	const struct kist_node *type_node;
	const struct kist_type *type; /* after the check */
	bool is_used;
};

/** struct kist_step_output - What a step gives. */
struct kist_step_output {
	const char *name;
	const struct kist_type *type;
	const struct kist_node *type_node; /* of a command; or NULL */
	const char *file;		   /* that a command leaves; NULL: what it prints */
};

/** struct kist_step - One step of the graph. */
struct kist_step {
	const char *name;
	const struct kist_node *node;
	const char *task; /* NULL: a command */
	struct kist_place task_place;
	const struct kist_node *args;	      /* a list, or the only one; or NULL */
	bool has_one_arg;		      /* @args is it */
	const struct kist_node *kwargs;	      /* a mapping, or NULL */
	const struct kist_node *exec;	      /* the words of a command: a list; or NULL */
	const struct kist_node *dependencies; /* or NULL */
	double timeout_s;		      /* 0: none */
	size_t output_count;		      /* of a task: after the check */
	struct kist_step_output *outputs;
	const struct kist_offer_function *function; /* after the check; NULL: a command, or unknown */
};

/** struct kist_keep - What is kept: an artifact, or a file for people. */
struct kist_keep {
	const char *name;
	const struct kist_node *node;
	const struct kist_node *contents; /* a reference */
	const char *file;		  /* for people; else NULL */
	const char *task;		  /* artifact task, or NULL: by the file's name */
	struct kist_place task_place;
	const struct kist_node *args;		    /* of the task: a mapping; or NULL */
	const struct kist_offer_artifact *artifact; /* after the check */
};

struct kist_entrypoint {
	struct kist_document *document;
	struct kist_types *types;
	const struct kist_node *types_node; /* or NULL */
	size_t parameter_count;
	struct kist_parameter *parameters;
	size_t input_count;
	struct kist_artifact_input *inputs;
	size_t step_count;
	struct kist_step *steps;
	size_t artifact_count;
	struct kist_keep *artifacts;
	size_t output_count;
	struct kist_keep *outputs;
};

/**
 * kist_entrypoint_read() - Reads the text of an entrypoint.
 *
 * @issues: Every fault of its form is added here.
 * @ret:    kist_entrypoint_free() it.  NULL when there is nothing to look at further; else what is not wrong.
 *
 * Errors: KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_entrypoint_read(struct kist_view text, struct kist_issues *issues,
					      struct kist_entrypoint **ret, struct kist_error *err);
/** kist_entrypoint_free() - Accepts NULL. */
void kist_entrypoint_free(struct kist_entrypoint *entrypoint);

static inline void kist_entrypoint_free_(struct kist_entrypoint **slot)
{
	kist_entrypoint_free(*slot);
}
#define kist_auto_entrypoint __attribute__((cleanup(kist_entrypoint_free_)))

/** What a reference leads to. */
enum kist_reference_kind {
	KIST_REFERENCE_NONE = 0, /* the value is none */
	KIST_REFERENCE_PARAMETER,
	KIST_REFERENCE_INPUT,
	KIST_REFERENCE_STEP,
	KIST_REFERENCE_BROKEN /* nothing has this name */
};

/** struct kist_reference - A reference, read. */
struct kist_reference {
	enum kist_reference_kind kind;
	size_t index;			      /* of the parameter, input or step */
	const char *member;		      /* behind the dot; NULL: there is none */
	char name[KIST_DOCUMENT_KEY_MAX + 1]; /* before it; cut when it is longer */
};

/** kist_entrypoint_resolve() - What @node refers to. */
struct kist_reference kist_entrypoint_resolve(const struct kist_entrypoint *entrypoint,
					      const struct kist_node *node);

/** kist_node_literal() - The text of a value that is no reference, "$$" read as '$'. */
const char *kist_node_literal(const struct kist_node *node);

/** kist_step_find() - The index of step @name; SIZE_MAX: there is none. */
size_t kist_step_find(const struct kist_entrypoint *entrypoint, const char *name);

/** kist_step_arg() - The i-th positional argument, or NULL. */
const struct kist_node *kist_step_arg(const struct kist_step *step, size_t i);
/** kist_step_arg_count() - How many there are. */
size_t kist_step_arg_count(const struct kist_step *step);

#endif
