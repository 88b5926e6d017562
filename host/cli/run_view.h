/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_CLI_RUN_VIEW_H
#define KIST_CLI_RUN_VIEW_H

#include "cli/cli.h"
#include "workflow/plan.h"
#include "workflow/run.h"

/*
 * What a run does, for people: on a terminal a tree of all steps that is drawn again with each change, else a
 * line for each step that has ended.
 *
 * Thread: [main]
 */

/** Steps that are drawn as a tree; more are told line by line. */
#define KIST_RUN_VIEW_STEPS_MAX 40

struct kist_run_view {
	const struct kist_entrypoint *entrypoint;
	struct kist_plan plan;
	enum kist_job_state *states;
	uint64_t *took_ns;
	bool *cached; /* of each step: its outputs are those of an earlier run */
	bool is_tree;
	bool is_drawn;
	bool is_quiet;
};

/** kist_run_view_init() - kist_run_view_done() it, also on failure. */
KIST_CHECKED kist_status kist_run_view_init(struct kist_run_view *view, const struct kist_cli *cli,
					    const struct kist_entrypoint *entrypoint, struct kist_error *err);
void kist_run_view_done(struct kist_run_view *view);

/** kist_run_view_event() - For struct kist_run_options; @ctx is the view. */
void kist_run_view_event(void *ctx, const struct kist_run_event *event);

#endif
