/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CONFIG_FILE_H
#define KIST_CONFIG_FILE_H

#include <limits.h>

#include "config/interpolate.h"
#include "config/key.h"

/*
 * One file of settings: of a project (kist.yaml), of a user (config.yaml), of a job.
 *
 *     project: churn
 *     default_storage: ${SCRATCH:-/srv}/store
 *     limits: {time: 12h}
 *     overlays:                     # of a project: --overlay or KIST_OVERLAY chooses one
 *       test: {limits: {time: 10m}}
 *
 * Nothing in it is executed.  Every fault of it is told, with its place: E_YAML..., E_SCHEMA, E_KEY_UNKNOWN,
 * E_CONFIG_VALUE, E_CONFIG_VARIABLE, E_CONFIG_PLACE, E_CONFIG_TRUST.
 *
 * Limits: those of document/document.h; KIST_CONFIG_ITEMS_MAX.
 * Thread: one file, one thread at a time.
 * Source: docs/guide/configuration.md.
 */

/** Where values come from, the strongest first. */
enum kist_config_layer {
	KIST_LAYER_OPTION = 0, /* the command line */
	KIST_LAYER_VARIABLE,
	KIST_LAYER_JOB,
	KIST_LAYER_OVERLAY, /* of the project's file */
	KIST_LAYER_PROJECT,
	KIST_LAYER_USER,
	KIST_LAYER_BUILT_IN
};
#define KIST_CONFIG_LAYERS 7

/** kist_config_layer_name() - "project".  Static. */
const char *kist_config_layer_name(enum kist_config_layer layer);

/** struct kist_config_file - All zero, with @layer and @shown, before it is read. */
struct kist_config_file {
	enum kist_config_layer layer;	/* JOB, PROJECT or USER */
	char shown[PATH_MAX];		/* its path, for messages */
	char folder[PATH_MAX];		/* that relative paths are from */
	bool is_shared;			/* somebody but root and this user may write it */
	struct kist_document *document; /* NULL: there is none, or it cannot be read to its end */
	struct kist_issues issues;
};

/**
 * kist_config_file_open() - Opens, reads and checks file->shown.
 *
 * What is wrong in it stands in file->issues.
 *
 * Errors: KIST_NOT_FOUND; KIST_INVALID (no regular file); KIST_DENIED, KIST_IO, KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_config_file_open(struct kist_config_file *file, struct kist_error *err);

/** kist_config_file_parse() - The same for a text that was read.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_config_file_parse(struct kist_config_file *file, struct kist_view text,
						struct kist_error *err);

/** kist_config_file_overlay() - The mapping of this overlay, or NULL; it is told then which there are. */
const struct kist_node *kist_config_file_overlay(struct kist_config_file *file, const char *name);

/** kist_config_file_find() - Where @key stands below @root, the file's own or an overlay; or NULL. */
const struct kist_node *kist_config_file_find(const struct kist_node *root,
					      const struct kist_config_key *key);

/** struct kist_config_value - What one layer says of one setting. */
struct kist_config_value {
	bool is_set;
	bool is_raw; /* variables in it are not set, and nobody needs them: @scalar is as it is written */
	struct kist_config_scalar scalar;
	struct kist_config_list list; /* of lists and mappings */
	struct kist_place place;
};

/** struct kist_config_reading - How a value of a file is read. */
struct kist_config_reading {
	struct kist_config_file *file;
	unsigned layer;		/* enum kist_config_layer: of an overlay it is not the file's */
	kist_variable variable; /* NULL: it is only checked, as far as it holds no variables */
	struct kist_arena *arena;
	bool is_lenient; /* a variable that is not set is no fault: nobody needs the value */
};

/** kist_config_file_read() - The value at @node; faults go to the file's issues.  Errors: KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_config_file_read(const struct kist_config_reading *reading,
					       const struct kist_config_key *key,
					       const struct kist_node *node, struct kist_config_value *ret,
					       struct kist_error *err);

/** kist_config_file_done() - May run twice. */
void kist_config_file_done(struct kist_config_file *file);

#endif
