/* SPDX-License-Identifier: Apache-2.0 */
#include "job/state.h"

#include <string.h>

#include "support/suite.h"

#define ALL(q, s, f, x, t, l)                                                                                \
	{                                                                                                    \
		q, s, f, x, t, l                                                                             \
	}

START_TEST(only_what_the_table_says_may_follow)
{
	/* From row to column: queued, started, finished, failed, stopped, lost. */
	static const bool may[KIST_JOB_STATE_COUNT][KIST_JOB_STATE_COUNT] = {
		ALL(0, 1, 0, 1, 1, 1), ALL(0, 0, 1, 1, 1, 1), ALL(0, 0, 0, 0, 0, 0),
		ALL(0, 0, 0, 0, 0, 0), ALL(0, 0, 0, 0, 0, 0), ALL(0, 0, 1, 1, 1, 0),
	};

	for (unsigned from = 0; from < KIST_JOB_STATE_COUNT; from++) {
		for (unsigned to = 0; to < KIST_JOB_STATE_COUNT; to++) {
			const enum kist_job_state a = (enum kist_job_state)from;
			const enum kist_job_state b = (enum kist_job_state)to;

			ck_assert_msg(kist_job_state_may(a, b) == may[from][to], "%u to %u", from, to);
			ck_assert_int_eq(kist_job_state_check("job 'x'", a, b, NULL),
					 may[from][to] ? KIST_OK : KIST_INVALID);
		}
	}
}
END_TEST

START_TEST(a_refusal_says_what_it_is_and_what_it_cannot_become)
{
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_job_state_check("job 'x'", KIST_JOB_FINISHED, KIST_JOB_STARTED, &err),
			 KIST_INVALID);
	ck_assert_str_eq(err.text, "job 'x' is finished, which cannot become started");
	ck_assert_str_eq(err.code, "E_STATE");
	kist_error_clear(&err);
	ck_assert_int_eq(kist_job_state_check("job 'x'", KIST_JOB_LOST, KIST_JOB_LOST, &err), KIST_INVALID);
	ck_assert_str_eq(err.text, "job 'x' is lost already");
}
END_TEST

START_TEST(a_name_is_read_as_it_is_written)
{
	enum kist_job_state state;

	for (unsigned i = 0; i < KIST_JOB_STATE_COUNT; i++) {
		ck_assert(kist_job_state_parse(kist_job_state_name((enum kist_job_state)i), &state));
		ck_assert_uint_eq((unsigned)state, i);
	}
	ck_assert(!kist_job_state_parse("", &state));
	ck_assert(!kist_job_state_parse("Failed", &state));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("state");

	tcase_add_test(tcase, only_what_the_table_says_may_follow);
	tcase_add_test(tcase, a_refusal_says_what_it_is_and_what_it_cannot_become);
	tcase_add_test(tcase, a_name_is_read_as_it_is_written);
	return suite_run(tcase, "job/state");
}
