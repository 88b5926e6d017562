/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BUNDLE_MANIFEST_H
#define KIST_BUNDLE_MANIFEST_H

#include "bundle/walk.h"

/*
 * The manifest of a bundle: what it says of its names and jobs, which is what anybody can find in its chunks.
 *
 *     {"kistpack":1,
 *      "names":[{"name":"...","name_bytes"?,"artifact":"<id>","kind":"tensor","encoding":"kist.npy@1.0",
 *                "sha256":"<sha256>","size":n}, ...],                       in the order of their bytes
 *      "jobs":[{"id":"...","kind":"run","state":"finished","record":"<artifact>","entrypoint":"<text>"?,
 *               "parameters":{...},"seeds":{...},"inputs":[{"name","artifact"}, ...],
 *               "files":[{"name","artifact"}, ...],
 *               "steps":[{"name","task"?,"plugin":{"id","version","sha256"}?,"key"?,"state"}, ...],
 *               "results":[{"name","artifact","step"?}, ...],"exports":[{"name","file","size","sha256"}, ...]}, ...],
 *      "plugins":[{"id":"...","version":"...","sha256":"..."}, ...]}
 *
 * It is made by whoever writes a bundle, and made again by whoever reads one: a manifest that says anything else is
 * refused.  So nothing in it can be a lie.
 *
 * Names of kist's own are those of jobs and of their parts, and of jobs that have ended.
 *
 * Thread: one list, one thread at a time.
 * Source: docs/format/bundle.md.
 */

#define KIST_BUNDLE_MANIFEST_VERSION 1

/** The artifacts that a job took: "kist:part/<id>/<this><number>", in a bundle. */
#define KIST_BUNDLE_INPUT_PART "input/"

/** struct kist_bundle_name - A name, and what it means. */
struct kist_bundle_name {
	char *name; /* NUL-terminated; without any NUL in it */
	size_t len;
	struct kist_digest artifact;
};

/** struct kist_bundle_names - Names in the order of their bytes, each once. */
struct kist_bundle_names {
	struct kist_buf list; /* of struct kist_bundle_name */
};

#define KIST_BUNDLE_NAMES_INIT                                                                               \
	{                                                                                                    \
		.list = KIST_BUF_INIT(SIZE_MAX / 2)                                                          \
	}
/** kist_bundle_names_done() - May run twice. */
void kist_bundle_names_done(struct kist_bundle_names *names);
#define kist_auto_bundle_names __attribute__((cleanup(kist_bundle_names_done)))

static inline size_t kist_bundle_names_count(const struct kist_bundle_names *names)
{
	return names->list.size / sizeof(struct kist_bundle_name);
}

static inline const struct kist_bundle_name *kist_bundle_names_at(const struct kist_bundle_names *names,
								  size_t i)
{
	return (const struct kist_bundle_name *)(const void *)names->list.data + i;
}

/** kist_bundle_names_add() - Adds a name, not in order.  Errors: KIST_INVALID (it can be no name), KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_bundle_names_add(struct kist_bundle_names *names, const char *name, size_t len,
					       const struct kist_digest *artifact, struct kist_error *err);

/**
 * kist_bundle_names_sort() - Puts them in order; what stands there twice is there once.
 *
 * Errors: KIST_INVALID (a name means two things).
 */
KIST_CHECKED kist_status kist_bundle_names_sort(struct kist_bundle_names *names, struct kist_error *err);

/** kist_bundle_names_has() - Whether there is such a name, of names in order. */
bool kist_bundle_names_has(const struct kist_bundle_names *names, const char *name, size_t len);

/**
 * kist_bundle_names_read() - The names that a manifest lists.
 *
 * Errors: KIST_CORRUPT with the code E_BUNDLE (also: not in order, one twice, one that leaves a folder, one of kist's
 * own that is no job's); KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_bundle_names_read(const json_t *manifest, struct kist_bundle_names *ret,
						struct kist_error *err);

/**
 * kist_bundle_describe() - Walks to all that @names need, and says what a manifest says.
 *
 * @names: In order.
 * @ret:   New reference.
 *
 * Errors: as kist_bundle_walk_artifact() and kist_job_parse(); KIST_INVALID with the code E_STATE (a job that has not
 * ended); KIST_CORRUPT (a record of a job under another job's name).
 */
KIST_CHECKED kist_status kist_bundle_describe(struct kist_bundle_walk *walk,
					      const struct kist_bundle_names *names, json_t **ret,
					      struct kist_error *err);

#endif
