/* SPDX-License-Identifier: Apache-2.0 */
#include "config/config.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "config/find.h"
#include "config/merge.h"

/* Names the project's file in place of the search, or says that there is none. */
#define VARIABLE_FILE	 "KIST_CONFIG"
#define VARIABLE_NO_FILE "none"
#define VARIABLE_OVERLAY "KIST_OVERLAY"

void kist_config_free(struct kist_config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->file_count; i++)
		kist_config_file_done(&config->files[i]);
	kist_arena_done(&config->arena);
	kist_free(config);
}

bool kist_config_is_sound(const struct kist_config *config)
{
	for (size_t i = 0; i < config->file_count; i++) {
		if (config->files[i].issues.error_count > 0)
			return false;
	}
	return !config->fault[0];
}

const struct kist_config_file *kist_config_file_of(const struct kist_config *config, unsigned layer)
{
	for (size_t i = 0; i < config->file_count; i++) {
		if (config->files[i].layer == layer ||
		    (layer == KIST_LAYER_OVERLAY && config->files[i].layer == KIST_LAYER_PROJECT))
			return &config->files[i];
	}
	return NULL;
}

unsigned kist_config_layer_of(const struct kist_config *config, size_t key, unsigned from)
{
	while (from < KIST_CONFIG_LAYERS && !config->values[key][from].is_set)
		from++;
	return from;
}

static kist_status add_file(struct kist_config *config, enum kist_config_layer layer, const char *path,
			    struct kist_error *err)
{
	struct kist_config_file *file = &config->files[config->file_count];

	if (snprintf(file->shown, sizeof(file->shown), "%s", path) >= (int)sizeof(file->shown))
		return kist_fail(err, KIST_INVALID, "the path of a file of settings is too long");
	file->layer = layer;
	config->file_count++;
	return kist_config_file_open(file, err);
}

static kist_status add_project(struct kist_config *config, const struct kist_config_options *options,
			       struct kist_error *err)
{
	const char *named = options->variable(VARIABLE_FILE);
	char path[PATH_MAX];

	if (named && named[0] && strcmp(named, VARIABLE_NO_FILE) != 0) {
		const kist_status status = add_file(config, KIST_LAYER_PROJECT, named, err);

		if (status != KIST_OK)
			(void)kist_fail_context(err, "the file that " VARIABLE_FILE " names");
		return status;
	}
	if ((named && named[0]) || !kist_config_find_project(path, config->passed_over))
		return KIST_OK;
	return add_file(config, KIST_LAYER_PROJECT, path, err);
}

/* It need not be there. */
static kist_status add_user(struct kist_config *config, const struct kist_config_options *options,
			    struct kist_error *err)
{
	struct kist_error why = KIST_ERROR_INIT;
	char path[PATH_MAX];
	kist_status status;

	if (!options->user_dir || snprintf(path, sizeof(path), "%s/%s", options->user_dir,
					   KIST_CONFIG_USER_FILE) >= (int)sizeof(path))
		return KIST_OK;
	status = add_file(config, KIST_LAYER_USER, path, &why);
	if (status != KIST_NOT_FOUND)
		return status == KIST_OK ? KIST_OK : kist_fail_as(err, status, &why);
	kist_config_file_done(&config->files[--config->file_count]);
	return KIST_OK;
}

static kist_status read_files(struct kist_config *config, const struct kist_config_options *options,
			      struct kist_error *err)
{
	if (options->job_file)
		KIST_TRY(add_file(config, KIST_LAYER_JOB, options->job_file, err));
	KIST_TRY(add_project(config, options, err));
	return add_user(config, options, err);
}

/* Which part of the project's file counts, too. */
static kist_status choose_overlay(struct kist_config *config, const struct kist_config_options *options,
				  const struct kist_node **ret, struct kist_error *err)
{
	const char *variable = options->variable(VARIABLE_OVERLAY);
	const char *name = options->overlay ? options->overlay : variable;
	struct kist_config_file *file =
		(struct kist_config_file *)(uintptr_t)kist_config_file_of(config, KIST_LAYER_PROJECT);

	*ret = NULL;
	if (!name || !name[0])
		return KIST_OK;
	if (!file)
		return kist_fail(err, KIST_INVALID, "%s chooses an overlay, and there is no %s here or above",
				 options->overlay ? "--overlay" : VARIABLE_OVERLAY, KIST_CONFIG_PROJECT_FILE);
	if (!file->document || file->issues.error_count > 0)
		return KIST_OK;
	*ret = kist_config_file_overlay(file, name);
	if (*ret)
		snprintf(config->overlay, sizeof(config->overlay), "%s", name);
	return KIST_OK;
}

static kist_status load(struct kist_config *config, const struct kist_config_options *options,
			struct kist_error *err)
{
	const struct kist_node *overlay;

	KIST_TRY(read_files(config, options, err));
	KIST_TRY(choose_overlay(config, options, &overlay, err));
	if (!kist_config_is_sound(config))
		return KIST_OK;
	KIST_TRY(kist_config_merge(config, options, overlay, err));
	for (size_t i = 0; i < config->file_count; i++)
		KIST_TRY(kist_issues_finish(&config->files[i].issues, err));
	return KIST_OK;
}

kist_status kist_config_load(const struct kist_config_options *options, struct kist_config **ret,
			     struct kist_error *err)
{
	kist_auto_config struct kist_config *config = kist_alloc(1, sizeof(*config));

	if (!config)
		return kist_fail_memory(err, sizeof(*config));
	KIST_TRY(load(config, options, err));
	*ret = kist_steal(config);
	return KIST_OK;
}
