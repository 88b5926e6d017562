/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Entrypoints from hostile bytes: whatever is written, the check ends and tells; what it finds no fault with can be
 * put in order.
 */
#include <string.h>

#include "fuzz/fuzz.h"
#include "unit/workflow/offered.h"
#include "workflow/check.h"
#include "workflow/plan.h"

static void try_issues(const struct kist_issues *issues)
{
	for (size_t i = 0; i < issues->count; i++) {
		must(issues->items[i].text[0] != '\0' && issues->items[i].code[0] != '\0');
		must(i == 0 || issues->items[i - 1].place.line <= issues->items[i].place.line);
	}
}

/* Each step stands behind all that it waits for. */
static void try_plan(const struct kist_entrypoint *entrypoint)
{
	kist_auto_plan struct kist_plan plan = KIST_PLAN_INIT;

	must(kist_plan_make(entrypoint, &plan, NULL) == KIST_OK);
	must(plan.count == entrypoint->step_count);
	for (size_t i = 0; i < plan.count; i++) {
		for (size_t k = i; k < plan.count; k++)
			must(!kist_plan_needs(&plan, plan.order[i], plan.order[k]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct offered offered;
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_entrypoint struct kist_entrypoint *entrypoint = NULL;

	if (!offered.offer)
		offered_init(&offered);
	must(kist_entrypoint_read(kist_view_of(data, size), &issues, &entrypoint, NULL) == KIST_OK);
	must(entrypoint || issues.error_count > 0);
	if (entrypoint)
		must(kist_entrypoint_check(entrypoint, offered.offer, NULL, &issues, NULL) == KIST_OK);
	must(kist_issues_finish(&issues, NULL) == KIST_OK);
	try_issues(&issues);
	if (issues.error_count == 0)
		try_plan(entrypoint);
	return 0;
}
