/* SPDX-License-Identifier: Apache-2.0 */
#include "job/filter.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "support/suite.h"

/* What the expression comes to: SQL, then what its parameters are. */
static kist_status parse(const char *text, char *ret, size_t size, struct kist_error *err)
{
	kist_auto_job_filter struct kist_job_filter filter = KIST_JOB_FILTER_INIT;
	const struct kist_job_filter_value *values;
	size_t used;

	filter.now_ns = (int64_t)1000000 * 1000000000;
	KIST_TRY(kist_job_filter_parse(&filter, text, strlen(text), err));
	used = (size_t)snprintf(ret, size, "%.*s", (int)filter.sql.size, (const char *)filter.sql.data);
	values = (const void *)filter.values.data;
	for (size_t i = 0; i < filter.values.size / sizeof(*values); i++) {
		const struct kist_job_filter_value *value = &values[i];

		if (value->type == KIST_JOB_FILTER_TEXT)
			used += (size_t)snprintf(
				ret + used, size - used, " [%.*s]", (int)value->text_len,
				value->text_len ? (const char *)filter.texts.data + value->text_at : "");
		else if (value->type == KIST_JOB_FILTER_REAL)
			used += (size_t)snprintf(ret + used, size - used, " %g", value->real);
		else
			used += (size_t)snprintf(ret + used, size - used, " %lld", (long long)value->integer);
	}
	return KIST_OK;
}

START_TEST(an_expression_becomes_sql_with_parameters)
{
	static const char *const cases[][2] = {
		{ "", "1" },
		{ "  \n", "1" },
		{ "project = churn", "(((j.project <> '' AND j.project = ?))) [churn]" },
		{ "user != \"a \\\"b\\\\\"", "(((j.user <> '' AND j.user <> ?))) [a \"b\\]" },
		{ "state=failed", "(((j.state <> '' AND j.state = ?))) [failed]" },
		{ "project ~ ch*[n]?", "(((j.project <> '' AND j.project GLOB ?))) [ch*[n]?]" },
		{ "kind", "((ifnull(j.kind <> '', 0)))" },
		{ "created > 2026-01-31", "((ifnull(j.created > ?, 0))) 1769817600000000000" },
		{ "ended<=2026-01-31T00:00:01Z", "((ifnull(j.ended <= ?, 0))) 1769817601000000000" },
		{ "created > 1h", "((ifnull(j.created > ?, 0))) 996400000000000" },
		{ "duration >= 1.5", "((ifnull(j.duration >= ?, 0))) 1.5" },
		{ "duration < 2h", "((ifnull(j.duration < ?, 0))) 7200" },
		{ "param.lr > 0.1", "((EXISTS (SELECT 1 FROM params k WHERE k.job = j.no AND k.key = ? AND "
				    "k.num > ?))) [lr] 0.1" },
		{ "param.lr = \"0.1\"", "((EXISTS (SELECT 1 FROM params k WHERE k.job = j.no AND k.key = ? "
					"AND k.text = ?))) [lr] [0.1]" },
		{ "param.\"a b\"",
		  "((EXISTS (SELECT 1 FROM params k WHERE k.job = j.no AND k.key = ?))) [a b]" },
		{ "metric.a.b.min < -1e3", "((EXISTS (SELECT 1 FROM metrics k WHERE k.job = j.no AND k.key = "
					   "? AND k.min < ?))) [a.b] -1000" },
		{ "metric.\"a.min\".max = inf", "((EXISTS (SELECT 1 FROM metrics k WHERE k.job = j.no AND "
						"k.key = ? AND k.max = ?))) [a.min] inf" },
		{ "tag.a and not tag.b or (tag.c)",
		  "((EXISTS (SELECT 1 FROM tags k WHERE k.job = j.no AND k.key = ?) AND NOT "
		  "EXISTS (SELECT 1 FROM tags k WHERE k.job = j.no AND k.key = ?)) OR "
		  "(((EXISTS (SELECT 1 FROM tags k WHERE k.job = j.no AND k.key = ?))))) [a] [b] [c]" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kist_error err = KIST_ERROR_INIT;
		char text[1024];

		ck_assert_msg(parse(cases[i][0], text, sizeof(text), &err) == KIST_OK, "%s: %s", cases[i][0],
			      err.text);
		ck_assert_str_eq(text, cases[i][1]);
	}
}
END_TEST

START_TEST(what_is_wrong_is_said_with_its_place)
{
	static const struct {
		const char *text;
		uint64_t offset;
		const char *why;
	} cases[] = {
		{ "projet = a", 0, "did you mean 'project'" },
		{ "state = finshed", 8, "did you mean 'finished'" },
		{ "project =", 9, "a value is expected" },
		{ "project = a b", 12, "or the end is expected" },
		{ "(project = a", 12, "closing bracket" },
		{ "project = \"a", 10, "not closed" },
		{ "created > soon", 10, "a time is expected" },
		{ "created > 2026-13-40", 10, "a time is expected" },
		{ "duration > long", 11, "a number of seconds" },
		{ "metric.a = b", 11, "a number is expected" },
		{ "metric.a ~ 1", 9, "a pattern goes with a text" },
		{ "metric.a = nan", 11, "a number is expected" },
		{ "param. = 1", 6, "a name is expected" },
		{ "param = 1", 0, "there is no field 'param'" },
		{ "a = 1 or", 0, "there is no field 'a'" },
		{ "kind or", 7, "a field is expected" },
		{ "\xff", UINT64_MAX, "not UTF-8" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kist_error err = KIST_ERROR_INIT;
		char text[1024];

		ck_assert_int_eq(parse(cases[i].text, text, sizeof(text), &err), KIST_INVALID);
		ck_assert_str_eq(err.code, "E_FILTER");
		ck_assert_msg(err.offset == cases[i].offset, "%s: %llu", cases[i].text,
			      (unsigned long long)err.offset);
		ck_assert_msg(strstr(err.text, cases[i].why), "%s: %s", cases[i].text, err.text);
	}
}
END_TEST

/* @count times @front, then "kind", then as often @back; Owned by the caller. */
static char *nest(const char *front, size_t count, const char *back)
{
	struct kist_buf text = KIST_BUF_INIT((size_t)1 << 20);
	char *copy;

	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(kist_buf_appendf(&text, NULL, "%s", front), KIST_OK);
	ck_assert_int_eq(kist_buf_appendf(&text, NULL, "kind"), KIST_OK);
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(kist_buf_appendf(&text, NULL, "%s", back), KIST_OK);
	copy = kist_strndup((const char *)text.data, text.size);
	kist_buf_done(&text);
	return copy;
}

START_TEST(there_is_an_end_to_nesting_and_length)
{
	static const struct {
		const char *front;
		size_t count;
		const char *back;
		kist_status status;
	} cases[] = {
		{ "(", KIST_JOB_FILTER_DEPTH_MAX - 1, ")", KIST_OK },
		{ "(", KIST_JOB_FILTER_DEPTH_MAX, ")", KIST_LIMIT },
		{ "not ", KIST_JOB_FILTER_DEPTH_MAX - 1, "", KIST_OK },
		{ "not ", KIST_JOB_FILTER_DEPTH_MAX, "", KIST_LIMIT },
		{ "kind or ", KIST_JOB_FILTER_TESTS_MAX - 1, "", KIST_OK },
		{ "kind or ", KIST_JOB_FILTER_TESTS_MAX, "", KIST_LIMIT },
		{ " ", KIST_JOB_FILTER_TEXT_MAX - 4, "", KIST_OK },
		{ " ", KIST_JOB_FILTER_TEXT_MAX - 3, "", KIST_LIMIT },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kist_auto_mem char *text = nest(cases[i].front, cases[i].count, cases[i].back);
		static char sql[(size_t)1 << 16];

		ck_assert_msg(parse(text, sql, sizeof(sql), NULL) == cases[i].status, "case %zu", i);
	}
}
END_TEST

START_TEST(an_order_is_a_field_and_a_direction)
{
	static const char *const cases[][2] = {
		{ "created:desc", "j.created IS NULL OR j.created = '', j.created DESC" },
		{ "project", "j.project IS NULL OR j.project = '', j.project ASC" },
		{ "metric.loss.min:asc",
		  "(SELECT k.min FROM metrics k WHERE k.job = j.no AND k.key = ?) ASC NULLS LAST" },
		{ "tag.a:desc",
		  "(SELECT k.text FROM tags k WHERE k.job = j.no AND k.key = ?) DESC NULLS LAST" },
	};
	static const char *const bad[] = { "", "created:down", "colour", "created desc", "param" };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		kist_auto_job_filter struct kist_job_filter filter = KIST_JOB_FILTER_INIT;

		ck_assert_int_eq(kist_job_filter_sort(&filter, cases[i][0], strlen(cases[i][0]), NULL),
				 KIST_OK);
		ck_assert_uint_eq(filter.sql.size, strlen(cases[i][1]));
		ck_assert_mem_eq(filter.sql.data, cases[i][1], filter.sql.size);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		kist_auto_job_filter struct kist_job_filter filter = KIST_JOB_FILTER_INIT;

		ck_assert_int_eq(kist_job_filter_sort(&filter, bad[i], strlen(bad[i]), NULL), KIST_INVALID);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("filter");

	tcase_add_test(tcase, an_expression_becomes_sql_with_parameters);
	tcase_add_test(tcase, what_is_wrong_is_said_with_its_place);
	tcase_add_test(tcase, there_is_an_end_to_nesting_and_length);
	tcase_add_test(tcase, an_order_is_a_field_and_a_direction);
	return suite_run(tcase, "job/filter");
}
