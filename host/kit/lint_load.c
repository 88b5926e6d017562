/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/lint.h"

/* What a wrong struct_size, a missing method or a name that differs is called is the loader's to say. */
void kist_lint_load(const struct kist_kit_subject *subject, const struct kist_worker_options *worker,
		    struct kist_kit_findings *findings)
{
	kist_auto_worker struct kist_worker *started = NULL;
	struct kist_error why = KIST_ERROR_INIT;
	struct kist_worker_plugin *plugin;

	if (kist_worker_start(worker, &started, &why) != KIST_OK)
		kist_kit_find(findings, KIST_KIT_WARNING, "load", "no worker could be started to load it: %s",
			      why.text);
	else if (kist_worker_load(started, &subject->entry, &plugin, &why) != KIST_OK)
		kist_kit_find(findings, KIST_KIT_ERROR, "load", "it does not load: %s", why.text);
}

void kist_lint(const struct kist_kit_subject *subject, const struct kist_worker_options *worker,
	       struct kist_kit_findings *findings)
{
	kist_lint_manifest(subject, findings);
	if (!subject->manifest)
		return;
	kist_lint_library(subject, findings);
	/* What the gate refuses no worker loads. */
	if (worker && findings->counts[KIST_KIT_ERROR] == 0)
		kist_lint_load(subject, worker, findings);
}
