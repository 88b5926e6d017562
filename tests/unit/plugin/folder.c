/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/plugin/folder.h"

#include <check.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "unit/plugin/quoted.h"

#define LIBRARY_SIZE_MAX ((size_t)4 << 20)
#define DEFAULT_TYPES                                                                                        \
	"[{'type':'org.example.mask','task':'MaskArtifactTask','major':1,'reads':['1.0'],'writes':'1.0',"    \
	"'kinds':['tensor'],'media_types':[],'extensions':['msk'],'magic':[],'priority':50,'params':{}}]"

void folder_make(char ret[FOLDER_PATH_SIZE])
{
	const char *base = getenv("TMPDIR");
	char resolved[FOLDER_PATH_SIZE];

	snprintf(resolved, sizeof(resolved), "%s/kist-test-XXXXXX", base && base[0] ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(resolved));
	/* Catalogs give resolved paths. */
	ck_assert_ptr_nonnull(realpath(resolved, ret));
}

static int remove_one(const char *path, const struct stat *info, int type, struct FTW *walk)
{
	(void)info;
	(void)type;
	(void)walk;
	return remove(path);
}

void folder_remove(const char *path)
{
	ck_assert_int_eq(nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void folder_write(const char *root, const char *path, const void *data, size_t size)
{
	struct kist_error err = KIST_ERROR_INIT;
	char whole[2 * FOLDER_PATH_SIZE];
	char *slash;

	snprintf(whole, sizeof(whole), "%s/%s", root, path);
	slash = strrchr(whole, '/');
	*slash = '\0';
	ck_assert_int_eq(kist_mkdirs_at(AT_FDCWD, whole, 0755, &err), KIST_OK);
	*slash = '/';
	ck_assert_msg(kist_replace_file_at(AT_FDCWD, whole, kist_view_of(data, size), 0644, false, &err) ==
			      KIST_OK,
		      "%s", err.text);
}

size_t folder_read(const char *path, void *ret, size_t size)
{
	FILE *file = fopen(path, "rb");
	size_t got;

	if (!file)
		return 0;
	got = fread(ret, 1, size, file);
	(void)fclose(file);
	return got;
}

static const char *or_default(const char *text, const char *preset)
{
	return text ? text : preset;
}

struct kist_digest folder_plugin(const char *root, const struct plugin_spec *spec)
{
	static const char no_library[] = "not a library";
	const void *library = spec->library ? spec->library : no_library;
	const size_t library_size = spec->library ? spec->library_size : sizeof(no_library) - 1;
	const struct kist_digest sum = kist_digest_of(kist_view_of(library, library_size));
	const char *folder = or_default(spec->folder, "a");
	const char *id = or_default(spec->id, "org.example.demo");
	char hex[KIST_DIGEST_HEX_SIZE];
	char quoted[8192];
	char text[8192];
	char path[FOLDER_PATH_SIZE];
	struct kist_view manifest;

	kist_digest_hex(&sum, hex);
	snprintf(quoted, sizeof(quoted),
		 "{'manifest_version':1,'id':'%s','version':'%s','abi':{'major':1,'minor_required':0},"
		 "'libraries':{'" KIST_PLATFORM "':{'file':'demo.so','size':%zu,'sha256':'%s'}},'types':%s}",
		 id, or_default(spec->version, "1.0.0"), library_size, hex,
		 or_default(spec->types, DEFAULT_TYPES));
	manifest = quoted_replace(quoted, NULL, NULL, text, sizeof(text));
	snprintf(path, sizeof(path), "%s/demo.so", folder);
	folder_write(root, path, library, library_size);
	if (spec->name)
		snprintf(path, sizeof(path), "%s/%s", folder, spec->name);
	else
		snprintf(path, sizeof(path), "%s/%s.plugin.json", folder, id);
	folder_write(root, path, manifest.data, manifest.size);
	return kist_digest_of(manifest);
}

const void *folder_library(size_t *ret_size)
{
	static uint8_t data[LIBRARY_SIZE_MAX];
	const char *build = getenv("top_builddir");
	char path[FOLDER_PATH_SIZE];

	snprintf(path, sizeof(path), "%s/plugins/numpy/kist-numpy.so", build ? build : ".");
	*ret_size = folder_read(path, data, sizeof(data));
	return *ret_size > 0 ? data : NULL;
}

struct kist_catalog *folder_catalog(const char *given, const char *config_dir, enum kist_policy policy)
{
	const struct kist_surroundings surroundings = { .elevated = false };
	const struct kist_catalog_options options = {
		.given = &given,
		.given_count = 1,
		.config_dir = config_dir,
		.policy = policy,
	};
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_catalog *catalog = NULL;

	ck_assert_msg(kist_catalog_open_in(&options, &surroundings, &catalog, &err) == KIST_OK, "%s",
		      err.text);
	return catalog;
}
