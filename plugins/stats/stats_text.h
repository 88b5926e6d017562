/* SPDX-License-Identifier: Apache-2.0 */
#ifndef STATS_TEXT_H
#define STATS_TEXT_H

#include "stats_kernel.h"
#include "stats_out.h"

/*
 * Statistics as JSON, in the one form that all plugins use (docs/guide/objects.md).
 *
 * Thread: pure.
 */

/** Bytes that stats_put() takes at most, NUL included. */
#define STATS_TEXT_SIZE 320

/** stats_put_item() - The number of @type at @at, exact; integers beyond 63 bits are strings of digits. */
void stats_put_item(struct stats_out *out, enum stats_type type, const void *at);

/** stats_put() - "min":...,"max":...,"mean":...,"std":...,"zero":... of finished statistics, without braces. */
void stats_put(struct stats_out *out, const struct stats *stats);

#endif
