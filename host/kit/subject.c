/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/subject.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"

#define LIBRARY_SIZE_MAX ((size_t)1 << 30)

/* The one manifest in the folder subject->path, which is put in its place. */
static kist_status find_manifest(struct kist_kit_subject *subject, struct kist_error *err)
{
	kist_auto_dir DIR *folder = opendir(subject->path);
	const size_t len = strlen(subject->path);
	const struct dirent *entry;
	bool found = false;
	char name[NAME_MAX + 1] = "";

	if (!folder)
		return kist_fail_open(err, errno, subject->path);
	while ((entry = readdir(folder))) {
		if (!kist_manifest_is_name(entry->d_name))
			continue;
		if (found)
			return kist_fail(err, KIST_AMBIGUOUS,
					 "the folder '%s' holds several manifests, '%s' and '%s': name one",
					 subject->path, name, entry->d_name);
		found = true;
		snprintf(name, sizeof(name), "%s", entry->d_name);
	}
	if (!found)
		return kist_fail(err, KIST_NOT_FOUND,
				 "the folder '%s' holds no manifest <id>" KIST_MANIFEST_SUFFIX
				 ": build the plugin first, or name its manifest",
				 subject->path);
	if ((size_t)snprintf(subject->path + len, sizeof(subject->path) - len, "/%s", name) >=
	    sizeof(subject->path) - len)
		return kist_fail(err, KIST_LIMIT, "the path of '%s' is too long", name);
	return KIST_OK;
}

/* Only a basename stands in a manifest that was read. */
static kist_status read_library(struct kist_kit_subject *subject)
{
	const int folder = (int)(strrchr(subject->path, '/') - subject->path);
	struct kist_error *err = &subject->library_error;

	if (subject->manifest->is_system)
		return kist_catalog_measure(subject->manifest, err);
	if ((size_t)snprintf(subject->library_path, sizeof(subject->library_path), "%.*s/%s", folder,
			     subject->path, subject->manifest->library_file) >= sizeof(subject->library_path))
		return kist_fail(err, KIST_LIMIT, "its path is too long");
	return kist_read_file_at(AT_FDCWD, subject->library_path, &subject->library, err);
}

kist_status kist_kit_subject_open(const char *path, struct kist_kit_subject *ret, struct kist_error *err)
{
	struct stat st;

	*ret = (struct kist_kit_subject){ .text = KIST_BUF_INIT(KIST_MANIFEST_SIZE_MAX),
					  .manifest_error = KIST_ERROR_INIT,
					  .library = KIST_BUF_INIT(LIBRARY_SIZE_MAX),
					  .library_error = KIST_ERROR_INIT,
					  .entry = { .tier = KIST_TIER_GIVEN, .refusal = KIST_ERROR_INIT } };
	if (!realpath(path, ret->path) || stat(ret->path, &st) != 0)
		return kist_fail_open(err, errno, path);
	if (S_ISDIR(st.st_mode))
		KIST_TRY(find_manifest(ret, err));
	KIST_TRY(kist_read_file_at(AT_FDCWD, ret->path, &ret->text, err));
	ret->entry.path = ret->path;
	ret->entry.digest = kist_digest_of(kist_buf_view(&ret->text));
	if (kist_json_parse(kist_buf_view(&ret->text), &ret->json, &ret->manifest_error) != KIST_OK ||
	    kist_manifest_parse(kist_buf_view(&ret->text), &ret->manifest, &ret->manifest_error) != KIST_OK)
		return KIST_OK;
	ret->entry.manifest = ret->manifest;
	/* A library that is not there is a finding. */
	(void)(read_library(ret) == KIST_OK);
	return KIST_OK;
}

void kist_kit_subject_done(struct kist_kit_subject *subject)
{
	kist_buf_done(&subject->text);
	kist_buf_done(&subject->library);
	json_decref(subject->json);
	kist_manifest_free(subject->manifest);
	subject->json = NULL;
	subject->manifest = NULL;
}
