/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_BASE_TIME_H
#define KIST_BASE_TIME_H

#include <stddef.h>
#include <stdint.h>

/*
 * Clocks.  Thread: pure.
 */

/** Bytes of "2026-01-31T12:00:00Z", NUL included. */
#define KIST_TIME_TEXT_SIZE ((size_t)32)

/** kist_now_ns() - CLOCK_MONOTONIC in nanoseconds. */
uint64_t kist_now_ns(void);

/** kist_wall_ns() - Nanoseconds since 1970, UTC. */
int64_t kist_wall_ns(void);

/** kist_time_text() - RFC 3339 in UTC with seconds. */
void kist_time_text(int64_t wall_ns, char ret_text[static KIST_TIME_TEXT_SIZE]);

#endif
