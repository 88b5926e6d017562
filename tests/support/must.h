/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_MUST_H
#define TESTS_SUPPORT_MUST_H

#include <stdio.h>
#include <stdlib.h>

/*
 * What must hold in helpers that run under Check as well as without it, in fuzz targets.
 */

/** must() - Ends the program when @truth is false. */
#define must(truth) ((truth) ? (void)0 : must_fail(#truth, __FILE__, __LINE__))

__attribute__((noreturn)) static inline void must_fail(const char *truth, const char *file, int line)
{
	fprintf(stderr, "%s:%d: must hold: %s\n", file, line, truth);
	abort();
}

#endif
