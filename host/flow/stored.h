/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_FLOW_STORED_H
#define KIST_FLOW_STORED_H

#include "flow/flow.h"

/*
 * How an object lies in the store: chunks, bytes, filters.
 *
 * Thread: one flow, one thread at a time.
 */

/** struct kist_stored - Of the chunks of an object's bytes; one that comes twice counts twice. */
struct kist_stored {
	uint64_t chunks;
	uint64_t raw_bytes;
	uint64_t stored_bytes;		      /* with the heads of their records */
	uint64_t filtered[KIST_FILTER_COUNT]; /* chunks by enum kist_filter_id */
};

/**
 * kist_stored_look() - Reads the recipe of @record's object, and of each chunk the head of its record.
 *
 * Errors: KIST_CORRUPT, KIST_NOT_FOUND (a pack is gone), KIST_IO.
 */
KIST_CHECKED kist_status kist_stored_look(struct kist_flow *flow, const json_t *record,
					  struct kist_stored *ret, struct kist_error *err);

/**
 * kist_stored_json() - New reference: {"chunks":n,"raw_bytes":n,"stored_bytes":n,"filters":{"delta":n, ...}},
 * with the filters that occur.
 */
KIST_CHECKED kist_status kist_stored_json(const struct kist_stored *stored, json_t **ret,
					  struct kist_error *err);

#endif
