/* SPDX-License-Identifier: Apache-2.0 */
#include "job/state.h"

#include <stdint.h>
#include <string.h>

#define BIT(state) (1U << KIST_JOB_##state)

static const char *const names[KIST_JOB_STATE_COUNT] = {
	[KIST_JOB_QUEUED] = "queued", [KIST_JOB_STARTED] = "started", [KIST_JOB_FINISHED] = "finished",
	[KIST_JOB_FAILED] = "failed", [KIST_JOB_STOPPED] = "stopped", [KIST_JOB_LOST] = "lost",
};

/* What each may become. */
static const unsigned next[KIST_JOB_STATE_COUNT] = {
	[KIST_JOB_QUEUED] = BIT(STARTED) | BIT(FAILED) | BIT(STOPPED) | BIT(LOST),
	[KIST_JOB_STARTED] = BIT(FINISHED) | BIT(FAILED) | BIT(STOPPED) | BIT(LOST),
	[KIST_JOB_LOST] = BIT(FINISHED) | BIT(FAILED) | BIT(STOPPED),
};

const char *kist_job_state_name(enum kist_job_state state)
{
	return names[state];
}

bool kist_job_state_parse(const char *name, enum kist_job_state *ret)
{
	for (unsigned i = 0; i < KIST_JOB_STATE_COUNT; i++) {
		if (strcmp(names[i], name) == 0) {
			*ret = (enum kist_job_state)i;
			return true;
		}
	}
	return false;
}

bool kist_job_state_is_end(enum kist_job_state state)
{
	return state != KIST_JOB_QUEUED && state != KIST_JOB_STARTED;
}

bool kist_job_state_may(enum kist_job_state from, enum kist_job_state to)
{
	return (next[from] & (1U << to)) != 0;
}

kist_status kist_job_state_check(const char *what, enum kist_job_state from, enum kist_job_state to,
				 struct kist_error *err)
{
	if (kist_job_state_may(from, to))
		return KIST_OK;
	if (from == to)
		return kist_fail_at(err, KIST_INVALID, "E_STATE", KIST_NO_OFFSET, "%s is %s already", what,
				    names[to]);
	return kist_fail_at(err, KIST_INVALID, "E_STATE", KIST_NO_OFFSET, "%s is %s, which cannot become %s",
			    what, names[from], names[to]);
}
