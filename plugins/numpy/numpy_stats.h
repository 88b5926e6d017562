/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NUMPY_STATS_H
#define NUMPY_STATS_H

#include "numpy_plugin.h"
#include "stats/stats_picture.h"

/*
 * Statistics of an array's numbers, in one pass over its file.
 *
 * Thread: no shared state.
 */

/** npy_stats_type() - Which numbers these are; STATS_NONE for what is no number. */
enum stats_type npy_stats_type(const struct npy_dtype *dtype);

/** npy_stats_room() - Bytes that npy_stats_gather() reads at once: of a small array no more than it has. */
size_t npy_stats_room(const struct npy_header *header);

/**
 * npy_stats_gather() - Adds all numbers.
 *
 * @chunk: npy_stats_room() bytes to read into.
 *
 * Errors: what the source and poll give.
 */
kist_status npy_stats_gather(struct kist_call *call, struct kist_source *source, const struct npy_file *file,
			     uint8_t *chunk, struct stats *stats, struct stats_sample *sample);

#endif
