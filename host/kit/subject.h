/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_KIT_SUBJECT_H
#define KIST_KIT_SUBJECT_H

#include <limits.h>

#include "base/json.h"
#include "plugin/catalog.h"

/*
 * The plugin that is looked at: its manifest as text, as JSON and as read, and its library's bytes.
 *
 * Thread: constant once opened.
 */

/** struct kist_kit_subject - What could be had of it; members after the first that could not are empty. */
struct kist_kit_subject {
	char path[PATH_MAX]; /* of the manifest, whole */
	struct kist_buf text;
	json_t *json; /* NULL: it is none */
	struct kist_manifest *manifest;
	struct kist_error manifest_error; /* why @json or @manifest is NULL */
	char library_path[PATH_MAX];
	struct kist_buf library;
	struct kist_error library_error; /* why @library is empty */
	struct kist_catalog_entry entry; /* for a worker */
};

#define kist_auto_subject __attribute__((cleanup(kist_kit_subject_done)))
#define KIST_KIT_SUBJECT_INIT                                                                                \
	{                                                                                                    \
		.json = NULL                                                                                 \
	}

/**
 * kist_kit_subject_open() - Reads what there is of the plugin at @path: a manifest, or a folder with one.
 *
 * A manifest or a library that is wrong is no failure: it is what is looked for.
 *
 * @ret: kist_kit_subject_done() it, also on failure.
 *
 * Errors: KIST_NOT_FOUND (no file; a folder without a manifest), KIST_AMBIGUOUS (a folder with several),
 * KIST_LIMIT, KIST_IO.
 */
KIST_CHECKED kist_status kist_kit_subject_open(const char *path, struct kist_kit_subject *ret,
					       struct kist_error *err);
void kist_kit_subject_done(struct kist_kit_subject *subject);

#endif
