/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKFLOW_TEMPLATE_H
#define KIST_WORKFLOW_TEMPLATE_H

#include "flow/save.h"
#include "workflow/entrypoint.h"

/*
 * Templates: entrypoints that are kept in a store to be used again, with a category, tags and versions.
 *
 * Version 3 of "train" is an artifact of encoding kist.template@1.0 under the name "kist:template/train/3":
 *
 *     {"kist_template":1, "name":"train", "version":3, "category":"models", "tags":["gpu", ...], "description":"...",
 *      "entrypoint":"<text>"}
 *
 * A version never changes; what is saved anew is the next one.  Parameters, their types and defaults are what the text
 * says, and stand nowhere else.
 *
 * Thread: one flow, one thread at a time.
 * Source: docs/format/store.md, "Jobs"; docs/guide/workflows.md.
 */

#define KIST_TEMPLATE_PREFIX	      KIST_NAME_OWN_PREFIX "template/"
#define KIST_TEMPLATE_ENCODING	      "kist.template@1.0"
#define KIST_TEMPLATE_VERSION	      1
#define KIST_TEMPLATE_TAGS_MAX	      ((size_t)64)
#define KIST_TEMPLATE_TEXT_MAX	      ((size_t)128) /* bytes of a name, a category, a tag */
#define KIST_TEMPLATE_DESCRIPTION_MAX ((size_t)4096)
#define KIST_TEMPLATE_VERSIONS_MAX    ((uint64_t)1000000)

/** struct kist_template - What one says.  All Borrowed for the call. */
struct kist_template {
	const char *name;	 /* letters, digits, '-', '_', '.' */
	const char *category;	 /* "" for none */
	const char *description; /* "" for none */
	const json_t *tags;	 /* list of texts; or NULL */
	struct kist_view text;	 /* of the entrypoint */
};

/**
 * kist_template_save() - Keeps it as the next version, unless it is what the newest one is.
 *
 * @ret_version: Of it.
 * @ret_new:     Whether it was kept now.
 *
 * Errors: KIST_INVALID (a name, a tag), KIST_LIMIT; as kist_save_commit().
 */
KIST_CHECKED kist_status kist_template_save(struct kist_flow *flow, const struct kist_template *made,
					    uint64_t *ret_version, bool *ret_new, struct kist_error *err);

/**
 * kist_template_load() - The template that @text means: "NAME", the newest version, or "NAME@VERSION".
 *
 * @ret: As it is kept.  New reference.
 *
 * Errors: KIST_NOT_FOUND; KIST_INVALID (@text); KIST_CORRUPT (it is damaged), KIST_INCOMPATIBLE (it is of a newer kist).
 */
KIST_CHECKED kist_status kist_template_load(struct kist_flow *flow, const char *text, json_t **ret,
					    struct kist_error *err);

/** struct kist_template_filter - Which are listed. */
struct kist_template_filter {
	const char *category; /* NULL: of any */
	const json_t *tags;   /* all of these; or NULL */
	bool all_versions;    /* else the newest of each name */
};

/** kist_template_list() - By name and version, without the entrypoints.  New reference. */
KIST_CHECKED kist_status kist_template_list(struct kist_flow *flow, const struct kist_template_filter *filter,
					    json_t **ret, struct kist_error *err);

/**
 * kist_template_remove() - Drops a version, "NAME@VERSION", or all of "NAME".  *@ret_count: how many.
 *
 * Errors: KIST_NOT_FOUND, KIST_INVALID; as kist_save_commit().
 */
KIST_CHECKED kist_status kist_template_remove(struct kist_flow *flow, const char *text, size_t *ret_count,
					      struct kist_error *err);

/**
 * kist_template_parameters() - [{"name", "type", "default"?}, ...] of an entrypoint that was checked.  New reference.
 */
KIST_CHECKED kist_status kist_template_parameters(const struct kist_entrypoint *entrypoint, json_t **ret,
						  struct kist_error *err);

#endif
