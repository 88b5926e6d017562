/* SPDX-License-Identifier: Apache-2.0 */
#include "plugin/folders.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

/* Bytes of the note of one folder; what does not fit is left out. */
#define NOTE_SIZE_MAX ((size_t)4096)

kist_status kist_folders_add(struct kist_folders *folders, const char *path, size_t path_len,
			     enum kist_tier tier, const char *note, struct kist_error *err)
{
	kist_auto_mem char *own_path = NULL;
	kist_auto_mem char *own_note = NULL;

	if (folders->count == KIST_CATALOG_DIRS_MAX)
		return kist_fail(err, KIST_LIMIT, "more than %d plugin folders", KIST_CATALOG_DIRS_MAX);
	own_path = kist_strndup(path, path_len);
	own_note = kist_strndup(note, strlen(note));
	if (!own_path || !own_note)
		return kist_fail_memory(err, path_len + strlen(note));
	folders->dirs[folders->count] = (struct kist_catalog_dir){
		.path = kist_steal(own_path),
		.tier = tier,
		.used = false,
		.note = kist_steal(own_note),
	};
	folders->fds[folders->count++] = -1;
	return KIST_OK;
}

kist_status kist_folders_note(struct kist_folders *folders, size_t i, const char *note,
			      struct kist_error *err)
{
	struct kist_catalog_dir *dir = &folders->dirs[i];
	kist_auto_mem char *old = NULL;
	const size_t size = strlen(dir->note) + strlen(note) + 3;
	char *joined;

	if (size > NOTE_SIZE_MAX)
		return KIST_OK;
	joined = kist_alloc(size, 1);
	if (!joined)
		return kist_fail_memory(err, size);
	snprintf(joined, size, "%s%s%s", dir->note, dir->note[0] ? "; " : "", note);
	old = (char *)(uintptr_t)dir->note;
	dir->note = joined;
	return KIST_OK;
}

/* Opens folder @i; one that does not pass gets its note. */
static kist_status open_one(struct kist_folders *folders, size_t i, struct kist_error *err)
{
	struct kist_catalog_dir *dir = &folders->dirs[i];
	struct kist_error why = KIST_ERROR_INIT;
	char *resolved;
	const kist_status status = kist_search_open_dir(dir->path, &resolved, &folders->fds[i], &why);

	if (status == KIST_NO_MEMORY)
		return kist_fail_as(err, status, &why);
	dir->refused = status == KIST_DENIED;
	if (status != KIST_OK)
		return kist_folders_note(folders, i, why.text, err);
	kist_free((void *)(uintptr_t)dir->path);
	dir->path = resolved;
	dir->used = true;
	/* Folders come in the order of falling distrust, so the later mention is the better one. */
	for (size_t k = 0; k < i; k++) {
		if (!folders->dirs[k].used || strcmp(folders->dirs[k].path, resolved) != 0)
			continue;
		folders->dirs[k].used = false;
		kist_fd_close(&folders->fds[k]);
		KIST_TRY(kist_folders_note(folders, k, "named again below", err));
	}
	return KIST_OK;
}

static kist_status add_and_open(struct kist_folders *folders, const char *path, size_t path_len,
				enum kist_tier tier, bool ignored, struct kist_error *err)
{
	if (ignored)
		return kist_folders_add(folders, path, path_len, tier,
					"ignored: this process has more rights than who started it", err);
	KIST_TRY(kist_folders_add(folders, path, path_len, tier, "", err));
	return open_one(folders, folders->count - 1, err);
}

static kist_status add_environment(struct kist_folders *folders, const struct kist_surroundings *surroundings,
				   struct kist_error *err)
{
	const char *path = surroundings->plugin_path ? surroundings->plugin_path : "";

	while (*path) {
		const size_t len = strcspn(path, ":");

		if (len > 0 && path[0] != '/')
			KIST_TRY(kist_folders_add(folders, path, len, KIST_TIER_ENV,
						  "ignored: KIST_PLUGIN_PATH takes absolute paths only",
						  err));
		else if (len > 0)
			KIST_TRY(
				add_and_open(folders, path, len, KIST_TIER_ENV, surroundings->elevated, err));
		path += len + (path[len] == ':');
	}
	return KIST_OK;
}

static kist_status add_user(struct kist_folders *folders, const struct kist_surroundings *surroundings,
			    struct kist_error *err)
{
	/* The XDG base directory specification: a relative path there is to be ignored. */
	const bool data = surroundings->data_home && surroundings->data_home[0] == '/';
	const bool home = surroundings->home && surroundings->home[0] == '/';
	char path[PATH_MAX];
	const int len =
		data   ? snprintf(path, sizeof(path), "%s/kist/plugins", surroundings->data_home)
		: home ? snprintf(path, sizeof(path), "%s/.local/share/kist/plugins", surroundings->home)
		       : 0;

	if (len <= 0 || len >= (int)sizeof(path))
		return KIST_OK;
	return add_and_open(folders, path, (size_t)len, KIST_TIER_USER, surroundings->elevated, err);
}

kist_status kist_folders_open(const struct kist_catalog_options *options,
			      const struct kist_surroundings *surroundings, struct kist_folders *ret,
			      struct kist_error *err)
{
	for (size_t i = 0; i < options->given_count; i++)
		KIST_TRY(add_and_open(ret, options->given[i], strlen(options->given[i]), KIST_TIER_GIVEN,
				      false, err));
	KIST_TRY(add_environment(ret, surroundings, err));
	KIST_TRY(add_user(ret, surroundings, err));
	if (surroundings->site_dir)
		KIST_TRY(add_and_open(ret, surroundings->site_dir, strlen(surroundings->site_dir),
				      KIST_TIER_SITE, false, err));
	if (options->system_dir)
		KIST_TRY(add_and_open(ret, options->system_dir, strlen(options->system_dir), KIST_TIER_SYSTEM,
				      false, err));
	return KIST_OK;
}

void kist_folders_close(struct kist_folders *folders)
{
	for (size_t i = 0; i < folders->count; i++)
		kist_fd_close(&folders->fds[i]);
}

void kist_folders_done(struct kist_folders *folders)
{
	kist_folders_close(folders);
	for (size_t i = 0; i < folders->count; i++) {
		kist_free((void *)(uintptr_t)folders->dirs[i].path);
		kist_free((void *)(uintptr_t)folders->dirs[i].note);
	}
	folders->count = 0;
}
