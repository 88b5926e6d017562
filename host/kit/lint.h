/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_KIT_LINT_H
#define KIST_KIT_LINT_H

#include "kit/findings.h"
#include "kit/subject.h"
#include "worker/worker.h"

/*
 * Static checks of a plugin: nothing of it runs, but for its entry, in a worker, in lint_load.c.
 *
 *     lint_manifest.c   what the manifest says, and leaves out
 *     lint_library.c    what the library is: the ELF gate, and what an author does better
 *     lint_load.c       what the library says of itself, against the manifest
 *
 * An error is what kist refuses; a warning is what will go wrong for somebody; a note is advice.
 *
 * Thread: pure.
 * Source: docs/guide/plugin-kit.md lists every check.
 */

/**
 * kist_lint() - All of it.
 *
 * @worker: What to start a worker with; NULL: nothing is loaded.
 */
void kist_lint(const struct kist_kit_subject *subject, const struct kist_worker_options *worker,
	       struct kist_kit_findings *findings);

/** kist_lint_manifest(), kist_lint_library() - The two halves of it. */
void kist_lint_manifest(const struct kist_kit_subject *subject, struct kist_kit_findings *findings);
void kist_lint_library(const struct kist_kit_subject *subject, struct kist_kit_findings *findings);

/** kist_lint_load() - Loads it in a worker of its own: its entry, and what it says there. */
void kist_lint_load(const struct kist_kit_subject *subject, const struct kist_worker_options *worker,
		    struct kist_kit_findings *findings);

#endif
