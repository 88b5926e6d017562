/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_JOB_FILTER_VALUE_H
#define KIST_JOB_FILTER_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Values in expressions over jobs.  All of the @len characters count.
 *
 * Thread: pure.
 */

/** kist_job_value_number() - A number, also an infinity; false for a NaN, and for what is none. */
bool kist_job_value_number(const char *text, size_t len, double *ret);

/** kist_job_value_age() - "90s", "15m", "12h", "30d", "2w"; in seconds. */
bool kist_job_value_age(const char *text, size_t len, double *ret);

/** kist_job_value_time() - "2026-01-31" or "2026-01-31T12:00:00Z"; in nanoseconds since 1970. */
bool kist_job_value_time(const char *text, size_t len, int64_t *ret);

#endif
