/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Experiments from hostile bytes: reading ends and tells, and what it finds no fault with has names that no path can be
 * escaped by, and as many cells as are allowed.
 */
#include <string.h>

#include "experiment/experiment.h"
#include "fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;
	kist_auto_experiment struct kist_experiment *experiment = NULL;

	must(kist_experiment_read(kist_view_of(data, size), &issues, &experiment, NULL) == KIST_OK);
	must(experiment || issues.error_count > 0);
	must(kist_issues_finish(&issues, NULL) == KIST_OK);
	if (issues.error_count > 0)
		return 0;
	must(kist_experiment_name_ok(experiment->name, strlen(experiment->name)));
	must(kist_experiment_cells(experiment) > 0 &&
	     kist_experiment_cells(experiment) <= KIST_EXPERIMENT_CELLS_MAX);
	for (size_t i = 0; i < experiment->condition_count; i++)
		must(kist_experiment_name_ok(experiment->conditions[i].name,
					     strlen(experiment->conditions[i].name)) &&
		     json_is_object(experiment->conditions[i].parameters));
	for (size_t i = 0; i < experiment->input_count; i++)
		must(!experiment->inputs[i].artifact ||
		     kist_experiment_name_ok(experiment->inputs[i].experiment,
					     strlen(experiment->inputs[i].experiment)));
	return 0;
}
