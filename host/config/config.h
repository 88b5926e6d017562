/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CONFIG_CONFIG_H
#define KIST_CONFIG_CONFIG_H

#include "config/file.h"

/*
 * What holds for one run of a command: the layers of enum kist_config_layer, put together.
 *
 * A list that a stronger layer has replaces that of a weaker one, but for KIST_CONFIG_ADDS; mappings are put
 * together member by member.  Of files that are not sound nothing is used.
 *
 * Thread: a config is constant once it is loaded.
 * Source: docs/guide/configuration.md, docs/adr/0044-one-table-of-settings.md.
 */

/** struct kist_config_given - One option of the command line, without "--", and its argument. */
struct kist_config_given {
	const char *option;
	const char *text;
};

/** struct kist_config_options - All Borrowed for the config's life. */
struct kist_config_options {
	const char *
		command; /* whose settings count; NULL: all do, and variables that are not set are no fault */
	size_t given_count;
	const struct kist_config_given *given;
	const char *overlay;  /* NULL: KIST_OVERLAY says */
	const char *job_file; /* NULL: none */
	const char *user_dir; /* where the user's file is; NULL: there is none */
	kist_variable variable;
};

/** The files there may be: a job's, a project's, a user's. */
#define KIST_CONFIG_FILES 3

struct kist_config {
	struct kist_arena arena;
	size_t file_count;
	struct kist_config_file files[KIST_CONFIG_FILES];
	char overlay[KIST_DOCUMENT_KEY_MAX + 1]; /* or "" */
	char passed_over[PATH_MAX];		 /* a project's file that is somebody else's; or "" */
	char fault[KIST_ERROR_TEXT_SIZE + 64];	 /* of an option or a variable; or "" */
	struct kist_config_value values[KIST_CONFIG_KEYS][KIST_CONFIG_LAYERS];
	struct kist_config_list merged[KIST_CONFIG_KEYS]; /* of lists and mappings: what holds */
	struct kist_settings settings;			  /* when it is sound */
};

/**
 * kist_config_load() - Reads what there is, and puts it together.
 *
 * @ret: kist_config_free() it.  Also of what is not sound: kist_config_is_sound().
 *
 * Errors: KIST_NOT_FOUND (the job's file, or the project's that KIST_CONFIG names); KIST_INVALID (an overlay
 * without a project's file; no regular file); KIST_DENIED, KIST_IO, KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_config_load(const struct kist_config_options *options, struct kist_config **ret,
					  struct kist_error *err);

/** kist_config_is_sound() - Whether nothing is wrong in files, options and variables that count. */
bool kist_config_is_sound(const struct kist_config *config);

/** kist_config_free() - Accepts NULL. */
void kist_config_free(struct kist_config *config);

static inline void kist_config_free_(struct kist_config **slot)
{
	kist_config_free(*slot);
}
#define kist_auto_config __attribute__((cleanup(kist_config_free_)))

/** kist_config_layer_of() - The strongest layer from @from on that has the setting; KIST_CONFIG_LAYERS: none. */
unsigned kist_config_layer_of(const struct kist_config *config, size_t key, unsigned from);

/** kist_config_file_of() - The file of a layer, or NULL. */
const struct kist_config_file *kist_config_file_of(const struct kist_config *config, unsigned layer);

#endif
