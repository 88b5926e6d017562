/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_view.h"

#include <stdio.h>
#include <unistd.h>

#include "base/mem.h"

#define NAME_WIDTH 24

static const struct {
	const char *sign;
	const char *word;
} looks[KIST_JOB_STATE_COUNT] = {
	[KIST_JOB_QUEUED] = { ".", "waits" },	   [KIST_JOB_STARTED] = { ">", "runs" },
	[KIST_JOB_FINISHED] = { "+", "finished" }, [KIST_JOB_FAILED] = { "x", "failed" },
	[KIST_JOB_STOPPED] = { "-", "stopped" },   [KIST_JOB_LOST] = { "?", "lost" },
};

kist_status kist_run_view_init(struct kist_run_view *view, const struct kist_cli *cli,
			       const struct kist_entrypoint *entrypoint, struct kist_error *err)
{
	*view = (struct kist_run_view){ .entrypoint = entrypoint,
					.plan = KIST_PLAN_INIT,
					.is_quiet = cli->quiet || cli->json };
	KIST_TRY(kist_plan_make(entrypoint, &view->plan, err));
	view->states = kist_alloc(view->plan.count, sizeof(*view->states));
	view->took_ns = kist_alloc(view->plan.count, sizeof(*view->took_ns));
	view->cached = kist_alloc(view->plan.count, sizeof(*view->cached));
	if (!view->states || !view->took_ns || !view->cached)
		return kist_fail_memory(err, view->plan.count * sizeof(*view->took_ns));
	view->is_tree = isatty(STDOUT_FILENO) == 1 && view->plan.count <= KIST_RUN_VIEW_STEPS_MAX;
	return KIST_OK;
}

void kist_run_view_done(struct kist_run_view *view)
{
	kist_plan_done(&view->plan);
	kist_free(view->states);
	kist_free(view->took_ns);
	kist_free(view->cached);
	view->states = NULL;
	view->took_ns = NULL;
	view->cached = NULL;
}

static void print_step(const struct kist_run_view *view, size_t step, int indent)
{
	const enum kist_job_state state = view->states[step];

	printf("%*s%s %-*s %s", indent, "", looks[state].sign,
	       NAME_WIDTH - indent > 0 ? NAME_WIDTH - indent : 0, view->entrypoint->steps[step].name,
	       view->cached[step] ? "cached" : looks[state].word);
	if (state > KIST_JOB_STARTED)
		printf("  %.1f ms", (double)view->took_ns[step] / 1e6);
	printf("\n");
}

/* All of it again, over what was drawn before. */
static void draw(struct kist_run_view *view)
{
	if (view->is_drawn)
		printf("\033[%zuA", view->plan.count);
	view->is_drawn = true;
	for (size_t i = 0; i < view->plan.count; i++) {
		const size_t step = view->plan.order[i];

		printf("\033[2K");
		print_step(view, step, (int)(2 * view->plan.levels[step]));
	}
	(void)fflush(stdout);
}

void kist_run_view_event(void *ctx, const struct kist_run_event *event)
{
	struct kist_run_view *view = ctx;

	view->states[event->step] = event->state;
	view->cached[event->step] = event->is_cached;
	view->took_ns[event->step] = event->took_ns;
	if (view->is_quiet)
		return;
	if (view->is_tree) {
		draw(view);
	} else if (event->state > KIST_JOB_STARTED) {
		print_step(view, event->step, 0);
		(void)fflush(stdout);
	}
}
