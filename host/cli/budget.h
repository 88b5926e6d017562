/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_BUDGET_H
#define KIST_CLI_BUDGET_H

#include <stdbool.h>
#include <stdint.h>

/*
 * How much a command may do: "90s", "15m", "2h", "1d", or "500MB", "10GiB", "64K".  Thread: pure.
 */

/** Years and exbibytes are not for a budget. */
#define KIST_BUDGET_MS_MAX   ((uint64_t)366 * 24 * 3600 * 1000)
#define KIST_BUDGET_SIZE_MAX ((uint64_t)1 << 60)

/** struct kist_budget - One of the two is 0. */
struct kist_budget {
	uint64_t ms;
	uint64_t size; /* bytes */
};

/** kist_budget_parse() - Reads @text: digits, maybe with a point, and a unit; more than nothing.  false: it
 * is none. */
bool kist_budget_parse(const char *text, struct kist_budget *ret);

#endif
