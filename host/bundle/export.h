/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BUNDLE_EXPORT_H
#define KIST_BUNDLE_EXPORT_H

#include "bundle/manifest.h"
#include "flow/flow.h"

/*
 * Writing a bundle: jobs with all they took and made, and things by name, out of a store into one file.
 *
 * The same things give the same bytes, on whatever day and machine.
 *
 * Thread: one flow, one thread at a time.
 */

/** struct kist_bundle_sum - What is in a bundle. */
struct kist_bundle_sum {
	struct kist_digest digest; /* what it is told by */
	uint64_t size;		   /* of the file */
	uint64_t names;
	uint64_t jobs;
	uint64_t chunks;
	uint64_t object_bytes;
};

/** kist_bundle_flow_source() - The chunks of a store.  @flow: Borrowed. */
struct kist_bundle_source kist_bundle_flow_source(struct kist_flow *flow);

/**
 * kist_bundle_gather() - Adds what @text means to @names: what has that name, else the job of that id.
 *
 * Of a job: its record, its parts, what it made, and what it took.
 *
 * Errors: KIST_NOT_FOUND (neither a name nor a job; something that the job took or made is not kept any more);
 * KIST_INVALID (a name of kist's own); as kist_job_find() and kist_job_load().
 */
KIST_CHECKED kist_status kist_bundle_gather(struct kist_flow *flow, const char *text,
					    struct kist_bundle_names *names, struct kist_error *err);

/**
 * kist_bundle_export() - Writes the file @path, whole or not at all.
 *
 * @names: In order.
 * @force: A file that is there is replaced.
 *
 * Errors: KIST_EXISTS; as kist_bundle_describe() and kist_load_chunk(); KIST_LIMIT (nobody would take it), KIST_IO.
 */
KIST_CHECKED kist_status kist_bundle_export(struct kist_flow *flow, const struct kist_bundle_names *names,
					    const char *path, bool force, struct kist_bundle_sum *ret,
					    struct kist_error *err);

#endif
