/* SPDX-License-Identifier: Apache-2.0 */
#ifndef CSV_VALIDATE_H
#define CSV_VALIDATE_H

#include "csv_types.h"

/*
 * The whole text is checked; after a fault the check goes on with the next line.
 *
 * Thread: one at a time.
 */

/* Issues that are reported; the check ends with the last one, and says so. */
#define CSV_ISSUES_MAX 900u

/**
 * csv_validate() - Check a text.
 *
 * @ret_profile: What the text holds; csv_profile_done() frees it.  May be NULL, and then less is done.
 * @ret_has:     Whether *@ret_profile is filled in: there was no fault.  NULL with it.
 *
 * Errors: KIST_NO_MEMORY, and the source's and poll's.  Faults of the text are issues.
 */
kist_status csv_validate(struct kist_call *call, struct kist_source *source, struct csv_dialect dialect,
			 struct kist_report *report, struct csv_profile *ret_profile, bool *ret_has);

#endif
