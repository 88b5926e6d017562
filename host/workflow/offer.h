/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKFLOW_OFFER_H
#define KIST_WORKFLOW_OFFER_H

#include "plugin/catalog.h"
#include "task/type.h"

/*
 * What plugins offer to a workflow: function tasks with their inputs and outputs, artifact tasks with what they
 * take and the schema of their arguments.
 *
 * Names: "scale", or "org.example.demo/scale" when two plugins offer one.
 *
 * Thread: constant once it is read.
 */

/** struct kist_offer_input - One input of a function task, in the manifest's order. */
struct kist_offer_input {
	const char *name;
	const struct kist_type *type;
	const json_t *preset; /* its default; NULL: it must be given */
};

/** struct kist_offer_output - One of its outputs. */
struct kist_offer_output {
	const char *name;
	const struct kist_type *type;
};

/** struct kist_offer_function - A function task. */
struct kist_offer_function {
	const char *plugin; /* its id */
	const char *name;
	size_t input_count;
	const struct kist_offer_input *inputs;
	size_t output_count;
	const struct kist_offer_output *outputs;
	const struct kist_catalog_entry *entry; /* NULL in tests */
	size_t task_index;			/* in its manifest */
};

/** struct kist_offer_artifact - An artifact task. */
struct kist_offer_artifact {
	const char *plugin;
	const char *name;
	const struct kist_type *contents; /* what it can write */
	const struct kist_schema *schema; /* of its arguments */
	const struct kist_catalog_entry *entry;
	size_t type_index;
};

struct kist_offer;

/** kist_offer_new() - Nothing is offered yet.  kist_offer_free() it. */
KIST_CHECKED kist_status kist_offer_new(struct kist_offer **ret, struct kist_error *err);
/** kist_offer_free() - Accepts NULL. */
void kist_offer_free(struct kist_offer *offer);

static inline void kist_offer_free_(struct kist_offer **slot)
{
	kist_offer_free(*slot);
}
#define kist_auto_offer __attribute__((cleanup(kist_offer_free_)))

/**
 * kist_offer_read() - What the usable plugins of @catalog offer.
 *
 * @catalog: Borrowed for the life of the offer.
 *
 * Errors: KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_offer_read(const struct kist_catalog *catalog, struct kist_offer **ret,
					 struct kist_error *err);

/** kist_offer_types() - The registry that the types of its tasks live in; lives as long as the offer. */
struct kist_types *kist_offer_types(struct kist_offer *offer);

/** kist_offer_add_function() - Offers a task; inputs and outputs are copied, their names and defaults borrowed. */
KIST_CHECKED kist_status kist_offer_add_function(struct kist_offer *offer,
						 const struct kist_offer_function *function,
						 struct kist_error *err);
/** kist_offer_add_artifact() - The same for an artifact task. */
KIST_CHECKED kist_status kist_offer_add_artifact(struct kist_offer *offer,
						 const struct kist_offer_artifact *artifact,
						 struct kist_error *err);

/**
 * kist_offer_find_function() - The task that @text names.
 *
 * @ret: The first of them; NULL when there is none.
 * Gives how many plugins offer it.
 */
size_t kist_offer_find_function(const struct kist_offer *offer, const char *text,
				const struct kist_offer_function **ret);
/** kist_offer_find_artifact() - The same for an artifact task. */
size_t kist_offer_find_artifact(const struct kist_offer *offer, const char *text,
				const struct kist_offer_artifact **ret);

/** kist_offer_nearest() - The name that was meant by @text, of a function or an artifact task; NULL: none is near. */
const char *kist_offer_nearest(const struct kist_offer *offer, const char *text, bool is_artifact);

#endif
