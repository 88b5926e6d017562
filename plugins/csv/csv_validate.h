/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_VALIDATE_H
#define CSV_VALIDATE_H

#include "csv_dialect.h"
#include "kist/plugin.h"

/*
 * The whole text is checked; after a fault the check goes on with the next line.
 *
 * Thread: one at a time.
 */

/* Issues that are reported; the check ends with the last one, and says so. */
#define CSV_ISSUES_MAX 900u

/** csv_validate() - Errors: KIST_NO_MEMORY, and the source's and poll's.  Faults of the text are issues. */
kist_status csv_validate(struct kist_call *call, struct kist_source *source, struct csv_dialect dialect,
			 struct kist_report *report);

#endif
