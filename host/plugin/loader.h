/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_PLUGIN_LOADER_H
#define KIST_PLUGIN_LOADER_H

#include "kist/plugin.h"
#include "plugin/manifest.h"

/*
 * Loading: maps a library into this process and checks what it says of itself.  Runs in the worker.
 *
 * A library is never unmapped, its descriptor is never closed.
 *
 * Thread: one load at a time.
 */

/** struct kist_loaded_type - One type, with a shadow of its interface: every member set or a stub. */
struct kist_loaded_type {
	const struct kist_type_decl *decl;
	ArtifactTaskInterface interface; /* struct_size is ours; missing optional members are NULL */
};

struct kist_loaded {
	const struct kist_plugin *plugin; /* NULL of an ordinary library */
	size_t type_count;
	struct kist_loaded_type *types; /* in the manifest's order */
	size_t task_count;
	void (**tasks)(void); /* in the manifest's order: their functions */
};

/**
 * kist_load() - Maps the library @fd with RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE, calls its entry once, and
 * checks that it equals @manifest both ways.  On failure nothing is registered.
 *
 * An ordinary library (manifest->is_ordinary) has no entry: the symbols of its tasks are looked up.
 *
 * @fd:  A sealed memory file, given to the loader for the life of the process (taken also on failure).
 * @ret: kist_loaded_done() it; the library itself stays.
 *
 * Errors: KIST_INCOMPATIBLE (ABI, struct sizes), KIST_INVALID (differs from the manifest; the text says in
 * what), KIST_UNSUPPORTED (cannot be mapped: the dynamic linker's words), what the entry itself gave.
 */
KIST_CHECKED kist_status kist_load(int fd, const struct kist_manifest *manifest, const struct kist_host *host,
				   struct kist_call *call, struct kist_loaded *ret, struct kist_error *err);
void kist_loaded_done(struct kist_loaded *loaded);

#endif
