/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/suite.h"

#include "base/mem.h"
#include "support/must.h"
#include "workflow/trace.h"

static const char text[] = "artifact_inputs: {left: tensor, right: tensor, idle: tensor}\n"
			   "graph:\n"
			   "  last:  {exec: [cat, $both, $free]}\n"
			   "  both:  {exec: [cat, $a, $b], outputs: {o: {file: o, type: tensor}}}\n"
			   "  a:     {scale: [$left, 2.0]}\n"
			   "  b:     {scale: {array: $right, factor: 3.0}, dependencies: a}\n"
			   "  late:  {scale: [$b, 1.0], dependencies: [both]}\n"
			   "  free:  {sample: [1]}\n"
			   "  deep:  {about: {point: {x: $left, y: [$free]}}}\n";

static const struct {
	const char *step;
	const char *inputs;
} wanted[] = {
	{ "last", "lr" }, { "both", "lr" }, { "a", "l" },    { "b", "r" },
	{ "late", "r" },  { "free", "" },   { "deep", "l" },
};

#define WANTED_COUNT (sizeof(wanted) / sizeof(wanted[0]))

static struct kist_entrypoint *entrypoint;

static void setup(void)
{
	kist_auto_issues struct kist_issues issues = KIST_ISSUES_INIT;

	must(kist_entrypoint_read(kist_view_of(text, strlen(text)), &issues, &entrypoint, NULL) == KIST_OK);
	must(entrypoint && issues.error_count == 0);
}

static void teardown(void)
{
	kist_entrypoint_free(entrypoint);
}

/* A letter for each input. */
static void print_marks(const bool *marks, char ret[static 4])
{
	size_t used = 0;

	for (size_t i = 0; i < 3; i++) {
		if (marks[i])
			ret[used++] = "lri"[i];
	}
	ret[used] = '\0';
}

START_TEST(a_step_follows_from_the_inputs_that_it_refers_to_through_others_and_no_more)
{
	kist_auto_plan struct kist_plan plan = KIST_PLAN_INIT;
	kist_auto_trace struct kist_trace trace = KIST_TRACE_INIT;

	ck_assert_int_eq(kist_plan_make(entrypoint, &plan, NULL), KIST_OK);
	ck_assert_int_eq(kist_trace_make(entrypoint, &plan, &trace, NULL), KIST_OK);
	ck_assert_uint_eq(entrypoint->step_count, WANTED_COUNT);
	for (size_t i = 0; i < WANTED_COUNT; i++) {
		const size_t step = kist_step_find(entrypoint, wanted[i].step);
		bool marks[3] = { false };
		char got[4];

		print_marks(trace.uses + step * trace.input_count, got);
		ck_assert_str_eq(got, wanted[i].inputs);
		kist_trace_mark_step(&trace, entrypoint, &entrypoint->steps[step], marks);
		print_marks(marks, got);
		ck_assert_str_eq(got, wanted[i].inputs);
	}
}
END_TEST

START_TEST(marks_that_are_set_stay)
{
	kist_auto_plan struct kist_plan plan = KIST_PLAN_INIT;
	kist_auto_trace struct kist_trace trace = KIST_TRACE_INIT;
	bool marks[3] = { false, false, true };
	char got[4];

	ck_assert_int_eq(kist_plan_make(entrypoint, &plan, NULL), KIST_OK);
	ck_assert_int_eq(kist_trace_make(entrypoint, &plan, &trace, NULL), KIST_OK);
	kist_trace_mark_step(&trace, entrypoint, &entrypoint->steps[kist_step_find(entrypoint, "a")], marks);
	print_marks(marks, got);
	ck_assert_str_eq(got, "li");
	kist_trace_done(&trace);
}
END_TEST

START_TEST(each_allocation_may_fail)
{
	kist_auto_plan struct kist_plan plan = KIST_PLAN_INIT;
	kist_status status = KIST_NO_MEMORY;

	ck_assert_int_eq(kist_plan_make(entrypoint, &plan, NULL), KIST_OK);
	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_trace struct kist_trace trace = KIST_TRACE_INIT;

		kist_mem_fail_at(k);
		status = kist_trace_make(entrypoint, &plan, &trace, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_uint_lt(k, 100);
	}
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("trace");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, a_step_follows_from_the_inputs_that_it_refers_to_through_others_and_no_more);
	tcase_add_test(tcase, marks_that_are_set_stay);
	tcase_add_test(tcase, each_allocation_may_fail);
	return suite_run(tcase, "trace");
}
