/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "support/suite.h"

#include "experiment/summary.h"

static json_t *sum_up(const char *cells_text)
{
	kist_auto_json json_t *version = json_loads(
		"{\"experiment\":\"e\",\"version\":2,\"state\":\"failed\",\"job\":\"e.v2\",\"params\":"
		"{\"replicates\":3,\"conditions\":[\"a\",\"b\"],\"metrics\":[\"loss\"]}}",
		0, NULL);
	kist_auto_json json_t *cells = json_loads(cells_text, 0, NULL);
	json_t *summary = NULL;

	ck_assert_ptr_nonnull(version);
	ck_assert_ptr_nonnull(cells);
	ck_assert_int_eq(kist_summary_make(version, cells, &summary, NULL), KIST_OK);
	return summary;
}

#define DONE(r, c, value)                                                                                    \
	"\"" #r "/" c "\":{\"replicate\":" #r ",\"condition\":\"" c                                          \
	"\",\"state\":\"finished\",\"job\":\"j\","                                                           \
	"\"attempts\":1,\"metrics\":{\"loss\":" value "}}"
#define OPEN(r, c, state)                                                                                    \
	"\"" #r "/" c "\":{\"replicate\":" #r ",\"condition\":\"" c "\",\"state\":\"" state                  \
	"\",\"job\":\"j\",\"attempts\":2,\"metrics\":{\"loss\":5},\"error\":\"why\"}"

static json_int_t count_of(const json_t *summary, const char *key)
{
	return json_integer_value(json_object_get(summary, key));
}

START_TEST(only_complete_cells_count)
{
	kist_auto_json json_t *summary = sum_up("{" DONE(0, "a", "1.0") "," DONE(1, "a", "4.0") "," OPEN(
		2, "a", "failed") "," OPEN(0, "b", "lost") "," DONE(1, "b", "7") "," DONE(9, "b", "7") "}");
	const json_t *a = json_array_get(json_object_get(summary, "metrics"), 0);
	const json_t *b = json_array_get(json_object_get(summary, "metrics"), 1);

	ck_assert_int_eq(count_of(summary, "complete"), 3);
	ck_assert_int_eq(count_of(summary, "failed"), 2);
	ck_assert_int_eq(count_of(summary, "missing"), 1);
	ck_assert_int_eq(count_of(summary, "total"), 6);
	ck_assert_int_eq(count_of(a, "n"), 2);
	ck_assert_double_eq(json_real_value(json_object_get(a, "mean")), 2.5);
	ck_assert_double_eq_tol(json_real_value(json_object_get(a, "spread")), 2.1213203435596424, 1e-15);
	ck_assert_double_eq(json_real_value(json_object_get(a, "max")), 4);
	ck_assert_int_eq(count_of(b, "n"), 1);
	ck_assert(json_is_null(json_object_get(b, "spread")));
}
END_TEST

START_TEST(values_near_a_large_mean_keep_their_spread)
{
	kist_auto_json json_t *summary = sum_up("{" DONE(0, "a", "1000000000000001") "," DONE(
		1, "a", "1000000000000002") "," DONE(2, "a", "1000000000000003") "}");
	const json_t *a = json_array_get(json_object_get(summary, "metrics"), 0);

	ck_assert_double_eq(json_real_value(json_object_get(a, "spread")), 1);
}
END_TEST

START_TEST(what_is_not_finite_is_text_and_csv_has_all)
{
	kist_auto_json json_t *summary =
		sum_up("{" DONE(0, "a", "\"NaN\"") "," DONE(0, "b", "\"-Infinity\"") "}");
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(10000);

	ck_assert_int_eq(kist_summary_csv(summary, &text, NULL), KIST_OK);
	ck_assert_str_eq(kist_buf_text(&text), "metric,condition,n,mean,spread,min,max\n"
					       "loss,a,1,NaN,,NaN,NaN\n"
					       "loss,b,1,-Infinity,,-Infinity,-Infinity\n");
}
END_TEST

START_TEST(of_nothing_there_is_nothing)
{
	kist_auto_json json_t *summary = sum_up("{}");
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(10000);

	ck_assert_int_eq(count_of(summary, "missing"), 6);
	ck_assert_int_eq(kist_summary_csv(summary, &text, NULL), KIST_OK);
	ck_assert_str_eq(kist_buf_text(&text),
			 "metric,condition,n,mean,spread,min,max\nloss,a,0,,,,\nloss,b,0,,,,\n");
}
END_TEST

/* Parameters that are over a limit, or say nothing: with two conditions there are half as many replicates. */
static const char *const odd[] = {
	"{\"replicates\":50001,\"conditions\":[\"a\",\"b\"],\"metrics\":[]}",
	"{\"replicates\":-1,\"conditions\":[\"a\"],\"metrics\":[]}",
	"{\"replicates\":1,\"conditions\":[],\"metrics\":[]}",
	"{\"replicates\":1,\"conditions\":[\"a\",5],\"metrics\":[]}",
	"{\"replicates\":1,\"conditions\":[\"a\"],\"metrics\":[null]}",
	"{}",
};

START_TEST(what_no_version_has_is_no_summary)
{
	kist_auto_json json_t *version =
		json_pack("{ss,si,ss,ss,so}", "experiment", "e", "version", 2, "state", "failed", "job",
			  "e.v2", "params", json_loads(odd[_i], 0, NULL));
	kist_auto_json json_t *cells = json_object();
	struct kist_error err = KIST_ERROR_INIT;
	kist_auto_json json_t *summary = NULL;

	ck_assert_ptr_nonnull(version);
	ck_assert_int_eq(kist_summary_make(version, cells, &summary, &err), KIST_CORRUPT);
	ck_assert_ptr_nonnull(strstr(err.text, "'e.v2'"));
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("summary");

	tcase_add_test(tcase, only_complete_cells_count);
	tcase_add_test(tcase, values_near_a_large_mean_keep_their_spread);
	tcase_add_test(tcase, what_is_not_finite_is_text_and_csv_has_all);
	tcase_add_test(tcase, of_nothing_there_is_nothing);
	tcase_add_loop_test(tcase, what_no_version_has_is_no_summary, 0, sizeof(odd) / sizeof(odd[0]));
	return suite_run(tcase, "summary");
}
