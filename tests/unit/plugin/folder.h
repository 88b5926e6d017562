/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_PLUGIN_FOLDER_H
#define TESTS_UNIT_PLUGIN_FOLDER_H

#include <stdbool.h>

#include "plugin/search.h"

/*
 * Folders of their own for tests, with plugins in them.  All functions abort the test when the system
 * refuses.
 *
 * Thread: one test, one thread.
 */

#define FOLDER_PATH_SIZE 512

/** folder_make() - A new folder under $TMPDIR or /tmp; folder_remove() it. */
void folder_make(char ret[FOLDER_PATH_SIZE]);
void folder_remove(const char *path);

/** folder_write() - Writes @path below @root, making what leads to it. */
void folder_write(const char *root, const char *path, const void *data, size_t size);

/** folder_read() - The whole file, of at most @size bytes; returns how many. */
size_t folder_read(const char *path, void *ret, size_t size);

/** struct plugin_spec - A plugin to write; NULL and 0 for the defaults. */
struct plugin_spec {
	const char *folder;  /* below the root, "a" */
	const char *id;	     /* "org.example.demo" */
	const char *version; /* "1.0.0" */
	const char *name;    /* of the manifest: <id>.plugin.json */
	const void *library; /* its bytes */
	size_t library_size;
	const char *types; /* JSON with ' for " */
};

/** folder_plugin() - Writes a manifest and its library; gives the manifest's SHA-256. */
struct kist_digest folder_plugin(const char *root, const struct plugin_spec *spec);

/** folder_library() - The built library of the numpy plugin; NULL when it is not there.  Static. */
const void *folder_library(size_t *ret_size);

/** folder_catalog() - A catalog of @given alone, in plain surroundings. */
struct kist_catalog *folder_catalog(const char *given, const char *config_dir, enum kist_policy policy);

#endif
