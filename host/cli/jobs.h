/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_JOBS_H
#define KIST_CLI_JOBS_H

#include <stdint.h>

/*
 * Jobs, as people read of them.
 *
 * Thread: pure.
 */

/** kist_job_took_text() - "1.5s", "2m05s", "3h20m" into @ret; "" when @started_ns is 0. */
void kist_job_took_text(uint64_t started_ns, uint64_t ended_ns, char ret[static 32]);

/** kist_job_number_text() - A value of a metric into @ret, also "nan" and "inf". */
void kist_job_number_text(double number, char ret[static 32]);

#endif
