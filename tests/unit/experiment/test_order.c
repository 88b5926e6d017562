/* SPDX-License-Identifier: Apache-2.0 */
#include "experiment/order.h"

#include <string.h>

#include "base/mem.h"
#include "support/suite.h"

/* Experiments "name<other,other": what each takes from. */
#define NAMES_MAX 8

struct graph {
	size_t count;
	struct kist_experiment experiments[NAMES_MAX];
	struct kist_experiment_input inputs[NAMES_MAX][NAMES_MAX];
	char names[NAMES_MAX][16];
	const struct kist_experiment *list[NAMES_MAX];
};

static void add(struct graph *graph, const char *text)
{
	struct kist_experiment *experiment = &graph->experiments[graph->count];
	struct kist_experiment_input *inputs = graph->inputs[graph->count];
	size_t len = strcspn(text, "<");

	memcpy(graph->names[graph->count], text, len);
	experiment->name = graph->names[graph->count];
	experiment->inputs = inputs;
	while (text[len]) {
		const char *other = text + len + 1;
		const size_t other_len = strcspn(other, ",");

		memcpy(inputs[experiment->input_count].experiment, other, other_len);
		inputs[experiment->input_count++].artifact = "a";
		len = (size_t)(other + other_len - text);
	}
	graph->list[graph->count++] = experiment;
}

/* The names in their order, with blanks between; or the code of the error. */
static void order(const char *const *texts, size_t count, char ret[static 128], struct kist_error *err)
{
	struct graph graph = { .count = 0 };
	size_t at[NAMES_MAX];

	for (size_t i = 0; i < count; i++)
		add(&graph, texts[i]);
	ret[0] = '\0';
	if (kist_experiments_order(graph.list, count, at, err) != KIST_OK) {
		strcpy(ret, err->code);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		strcat(ret, graph.names[at[i]]);
		strcat(ret, i + 1 < count ? " " : "");
	}
}

START_TEST(each_stands_behind_all_that_it_takes_from)
{
	static const char *const texts[] = { "d<b,c", "c<a", "x", "b<a,elsewhere", "a" };
	struct kist_error err = KIST_ERROR_INIT;
	char got[128];

	order(texts, 5, got, &err);
	ck_assert_str_eq(got, "x a c b d");
	order(texts, 0, got, &err);
	ck_assert_str_eq(got, "");
	ck_assert_int_eq(err.status, KIST_OK);
}
END_TEST

START_TEST(a_circle_is_told_without_those_that_only_lead_to_it)
{
	static const char *const texts[] = { "top<a", "a<b", "b<c", "c<a,base", "base" };
	static const char *const own[] = { "a<a" };
	struct kist_error err = KIST_ERROR_INIT;
	char got[128];

	order(texts, 5, got, &err);
	ck_assert_str_eq(got, "E_CYCLE");
	ck_assert_ptr_null(strstr(err.text, "top"));
	ck_assert_ptr_null(strstr(err.text, "base"));
	/* Whoever is named first is named last. */
	ck_assert_str_eq(err.text, "'c' takes from 'a', which takes from 'b', which takes from 'c'");
	err = (struct kist_error)KIST_ERROR_INIT;
	order(own, 1, got, &err);
	ck_assert_str_eq(got, "E_CYCLE");
	ck_assert_str_eq(err.text, "'a' takes from 'a'");
}
END_TEST

START_TEST(two_of_one_name_are_refused)
{
	static const char *const texts[] = { "a", "b", "a" };
	struct kist_error err = KIST_ERROR_INIT;
	char got[128];

	order(texts, 3, got, &err);
	ck_assert_str_eq(got, "E_NAME_TAKEN");
}
END_TEST

START_TEST(an_artifact_by_its_own_name_is_taken_from_nobody)
{
	struct graph graph = { .count = 0 };

	add(&graph, "b<a");
	ck_assert(kist_experiment_takes_from(&graph.experiments[0], "a"));
	ck_assert(!kist_experiment_takes_from(&graph.experiments[0], "b"));
	graph.inputs[0][0].artifact = NULL;
	ck_assert(!kist_experiment_takes_from(&graph.experiments[0], "a"));
}
END_TEST

START_TEST(the_allocation_may_fail)
{
	static const char *const texts[] = { "a" };
	struct kist_error err = KIST_ERROR_INIT;
	char got[128];

	kist_mem_fail_at(1);
	order(texts, 1, got, &err);
	kist_mem_fail_at(0);
	ck_assert_int_eq(err.status, KIST_NO_MEMORY);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("order");

	tcase_add_test(tcase, each_stands_behind_all_that_it_takes_from);
	tcase_add_test(tcase, a_circle_is_told_without_those_that_only_lead_to_it);
	tcase_add_test(tcase, two_of_one_name_are_refused);
	tcase_add_test(tcase, an_artifact_by_its_own_name_is_taken_from_nobody);
	tcase_add_test(tcase, the_allocation_may_fail);
	return suite_run(tcase, "order");
}
