/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "base/utf8.h"
#include "support/suite.h"

#include "preview/picture.h"
#include "preview/preview.h"

enum { TEXT, SVG, CSV, FORMATS };

static kist_status draw(int format, const char *title, const json_t *info, size_t width, struct kist_buf *ret)
{
	if (format == SVG)
		return kist_preview_svg(title, info, ret, NULL);
	return format == CSV ? kist_preview_csv(info, ret, NULL)
			     : kist_preview_text(title, info, width, ret, NULL);
}

/* What is drawn of @json.  Owned by the caller of kist_buf_done(). */
static const char *drawn(int format, const char *json, size_t width, struct kist_buf *ret)
{
	kist_auto_json json_t *info = json_loads(json, 0, NULL);

	ck_assert_msg(info != NULL, "%s", json);
	*ret = (struct kist_buf)KIST_BUF_INIT(KIST_PREVIEW_SIZE_MAX);
	ck_assert_int_eq(draw(format, "it", info, width, ret), KIST_OK);
	return kist_buf_text(ret);
}

static void has(int format, const char *json, const char *expected)
{
	struct kist_buf ret;
	const char *text = drawn(format, json, 80, &ret);

	ck_assert_msg(strstr(text, expected) != NULL, "%s", text);
	kist_buf_done(&ret);
}

static void has_not(int format, const char *json, const char *unexpected)
{
	struct kist_buf ret;
	const char *text = drawn(format, json, 80, &ret);

	ck_assert_msg(strstr(text, unexpected) == NULL, "%s", text);
	kist_buf_done(&ret);
}

#define ARRAY                                                                                                \
	"{\"kind\":\"tensor\",\"dtype\":\"float32\",\"shape\":[2,2],\"min\":-1.5,\"max\":2,"                 \
	"\"histogram\":{\"of\":9,\"counts\":[1,0,8]},"                                                       \
	"\"heat\":{\"from\":-1,\"to\":2,\"rows\":2,\"columns\":2,\"cells\":\"00ff..80\"},"                   \
	"\"curve\":{\"from\":0,\"to\":1,\"min\":\"0000\",\"mean\":\"8000\",\"max\":\"ffff\"}}"

START_TEST(an_array_is_drawn_in_each_format)
{
	has(TEXT, ARRAY, "histogram of 9 numbers\n");
	has(TEXT, ARRAY, "███   ███\n-1.5    2\n");
	has(TEXT, ARRAY, "\n  ██\n··▒▒\n");
	has(SVG, ARRAY, "<polyline fill=\"none\" stroke=\"#4477aa\" points=\"210.00,");
	has(SVG, ARRAY, "fill=\"#999999\"/>");
	has(CSV, ARRAY, "from,to,count\r\n-1.5,");
}
END_TEST

START_TEST(exponents_are_drawn_from_the_least_to_the_largest)
{
	const char *array = "{\"kind\":\"tensor\",\"exponents\":{\"of\":9,\"from\":-3,\"counts\":[1,0,8]}}";

	has(TEXT, array, "exponents of 9 numbers, from 2^-3 to 2^-1\n");
	has(SVG, array, "exponents of 9 numbers, from 2^-3 to 2^-1<");
	has_not(TEXT, "{\"kind\":\"tensor\",\"exponents\":{\"of\":9,\"counts\":[1]}}", "exponents");
	has_not(TEXT, "{\"kind\":\"tensor\",\"exponents\":{\"of\":9,\"from\":99999,\"counts\":[1]}}",
		"exponents");
}
END_TEST

START_TEST(the_most_frequent_texts_stand_in_one_line)
{
	const char *table =
		"{\"kind\":\"table\",\"columns\":[{\"name\":\"c\",\"type\":\"text\",\"distinct\":3,"
		"\"top\":[{\"value\":\"x\\u001b\",\"count\":7},{\"value\":\"y\",\"count\":2},5]}]}";

	has(TEXT, table, "\nc: x\\x1b (7)  y (2)");
	has(TEXT, table, "distinct");
	has(CSV, table, ",3,");
}
END_TEST

START_TEST(a_table_shows_its_first_lines_and_rows_from_all_over_it)
{
	const char *table = "{\"kind\":\"table\",\"columns\":[{\"name\":\"c\"}],\"head\":[\"c\",\"1\"],"
			    "\"sample\":{\"of\":9,\"rows\":[3,4],\"cells\":[[\"5<\",null,\"x\"],[\"9\"]]}}";

	has(TEXT, table, "\nfirst lines\nc\n1\n\nrows from all over it\n5<,,x\n9\n");
	has(SVG, table, ">5&lt;,,x<");
	has_not(TEXT, "{\"kind\":\"table\",\"columns\":[{\"name\":\"c\"}],\"head\":[\"c\"]}", "all over");
}
END_TEST

START_TEST(what_is_of_some_rows_only_says_of_how_many)
{
	const char *table =
		"{\"kind\":\"table\",\"rows\":9000,\"columns\":[{\"name\":\"c\",\"quantiles_of\":700},"
		"{\"name\":\"d\",\"distinct_of\":500,\"quantiles_of\":800}]}";

	has(TEXT, table, "sampled: distinct texts in 500, quantiles in 700 to 800 of 9000 rows\n");
	has(SVG, table, "sampled: distinct texts in 500, quantiles in 700 to 800 of 9000 rows");
	has_not(TEXT, "{\"kind\":\"table\",\"rows\":9,\"columns\":[{\"name\":\"c\"}]}", "sampled");
}
END_TEST

START_TEST(an_estimate_says_that_it_is_one)
{
	const char *table =
		"{\"kind\":\"table\",\"columns\":[{\"name\":\"c\",\"distinct\":7},"
		"{\"name\":\"d\",\"distinct\":3000,\"distinct_of\":5000,\"distinct_error\":0.01625,"
		"\"q05\":-1.5,\"quantiles_error\":0.015625}]}";

	has(TEXT, table, "distinct");
	has(TEXT, table, "~3000");
	has_not(TEXT, table, "~7");
	has(SVG, table, "distinct ~3000");
	has(SVG, table, "distinct 7");
	has(CSV, table, ",distinct,distinct_of,distinct_error,");
	has(CSV, table, ",3000,5000,0.01625,");
	has(CSV, table, ",q05,q25,median,q75,q95,quantiles_error,");
}
END_TEST

START_TEST(of_a_model_ratios_exponents_and_the_licence_are_told)
{
	const char *model =
		"{\"kind\":\"model\",\"metadata\":{\"license\":\"x\\u001b<y>\"},\"list\":["
		"{\"name\":\"w\",\"dtype\":\"float32\",\"ratio\":1.18}],\"floats\":{\"float32\":{"
		"\"bytes\":99,\"ratio\":1.25,\"exponents\":{\"of\":9,\"from\":-3,\"counts\":[1,0,8]}},"
		"\"float64\":5}}";

	has(TEXT, model, "license x\\x1b<y>\n");
	has(SVG, model, "license x\\x1b&lt;y&gt;<");
	has(TEXT, model, "1.18");
	has(TEXT, model, "\nfloat32\nbytes 99   ratio 1.25\n\nexponents of 9 numbers, from 2^-3 to 2^-1\n");
	has(SVG, model, "exponents of 9 numbers, from 2^-3 to 2^-1<");
	has(CSV, model, ",1.18\r\n");
	has(TEXT, "{\"kind\":\"model\",\"list\":[],\"properties\":{\"licence\":\"mine\"}}", "license mine\n");
	has(TEXT, "{\"kind\":\"model\",\"list\":[],\"metadata\":{\"general.license\":\"mit\"}}",
	    "license mit\n");
	has_not(TEXT, "{\"kind\":\"model\",\"list\":[],\"metadata\":{\"license\":5}}", "license");
}
END_TEST

START_TEST(a_table_and_a_model_are_drawn_by_their_lists)
{
	const char *table =
		"{\"kind\":\"table\",\"rows\":2,\"columns\":[{\"name\":\"a\",\"type\":\"int64\","
		"\"min\":1,\"max\":3,\"histogram\":{\"of\":2,\"counts\":[1,1]}},{\"name\":\"b\"}]}";
	const char *model = "{\"kind\":\"model\",\"list\":[{\"name\":\"l.10.w\",\"bytes\":4},"
			    "{\"name\":\"l.9.w\",\"bytes\":4,\"status\":\"changed\"}]}";

	has(TEXT, table, "a     int64");
	has(TEXT, table, "██\n");
	has(CSV, table, "a,int64,");
	has(TEXT, model, "l  (2 tensors, 8 bytes)\n  9  (1 tensors, 4 bytes)\n    w");
	has(TEXT, model, "changed");
	has(SVG, model, "l.10.w");
}
END_TEST

START_TEST(what_is_hostile_is_made_harmless)
{
	const char *model = "{\"kind\":\"model\",\"list\":[{\"name\":\"\\u001b[31m</"
			    "text><script>&'\\\"\\ufffe\\u009b\"}]}";
	const char *formula = "{\"kind\":\"table\",\"columns\":[{\"name\":\"=1+\\\"2\\\",3\\n\"}]}";

	has_not(TEXT, model, "\x1b");
	has_not(TEXT, model, "\xc2\x9b");
	has(TEXT, model, "\\x1b[31m</text>");
	has_not(SVG, model, "\x1b");
	has_not(SVG, model, "<script");
	has_not(SVG, model, "\xef\xbf\xbe");
	has(SVG, model, "\\x1b[31m&lt;/text&gt;&lt;script&gt;&amp;&#39;&quot;");
	has(CSV, formula, "\n\"=1+\"\"2\"\",3\n\",");
}
END_TEST

START_TEST(controls_are_hidden_from_a_terminal)
{
	struct kist_buf text = KIST_BUF_INIT(64);

	ck_assert_int_eq(kist_buf_append(&text, "a\x1b\xc2\x9b\x7f\r\n\t\xc3\xa9", 10, NULL), KIST_OK);
	kist_preview_hide_controls(&text);
	ck_assert_mem_eq(text.data, "a????\r\n\t\xc3\xa9", 10);
	kist_buf_done(&text);
}
END_TEST

START_TEST(what_is_not_as_it_should_be_is_left_out)
{
	static const char *const infos[] = {
		"{}",
		"[]",
		"{\"histogram\":7,\"heat\":[],\"curve\":null}",
		"{\"histogram\":{\"of\":1,\"counts\":[]}}",
		"{\"histogram\":{\"of\":1,\"counts\":[-1]}}",
		"{\"histogram\":{\"of\":1,\"counts\":[0,0]}}",
		"{\"histogram\":{\"of\":1,\"counts\":{}},\"min\":{},\"max\":[[]]}",
		"{\"heat\":{\"rows\":0,\"columns\":1,\"cells\":\"\"}}",
		"{\"heat\":{\"rows\":65,\"columns\":1,\"cells\":\"\"}}",
		"{\"heat\":{\"rows\":2,\"columns\":2,\"cells\":\"00\"}}",
		"{\"heat\":{\"rows\":9223372036854775807,\"columns\":9223372036854775807,\"cells\":\"00\"}}",
		"{\"curve\":{\"mean\":\"00\",\"min\":\"\",\"max\":1}}",
		"{\"kind\":\"table\",\"columns\":[1,null,[],{},{\"name\":7,\"histogram\":{}}]}",
		"{\"kind\":\"model\",\"list\":[1,null,[],{},{\"name\":\"........................\"}]}",
	};

	for (size_t i = 0; i < sizeof(infos) / sizeof(infos[0]); i++) {
		for (int format = 0; format < FORMATS; format++) {
			has_not(format, infos[i], "█");
			has_not(format, infos[i], "<polyline");
		}
	}
}
END_TEST

/* Charts, facts and tables stay within the terminal, whatever its width. */
START_TEST(lines_are_as_long_as_the_terminal_is_wide)
{
	const char *table =
		"{\"kind\":\"table\",\"rows\":2,\"columns\":[{\"name\":\"a long name of a column, it is\","
		"\"type\":\"float64\",\"min\":-1.25e-300,\"max\":3.12345e+300,\"mean\":1,\"std\":2}]}";
	const char *infos[] = { ARRAY, table };

	for (size_t i = 0; i < 2; i++) {
		for (size_t width = KIST_PREVIEW_WIDTH_MIN; width < 130; width += 7) {
			struct kist_buf ret;
			char *line = (char *)(uintptr_t)drawn(TEXT, infos[i], width, &ret);

			for (char *next; line && *line; line = next) {
				next = strchr(line, '\n');
				if (next)
					*next++ = '\0';
				ck_assert_msg(kist_utf8_width(line) <= width, "%zu: %s", width, line);
			}
			kist_buf_done(&ret);
		}
	}
}
END_TEST

START_TEST(pictures_are_dropped_from_what_is_printed_in_lines)
{
	kist_auto_json json_t *info = json_loads(ARRAY, 0, NULL);
	kist_auto_json json_t *model =
		json_loads("{\"list\":[{\"name\":\"a\",\"histogram\":{},\"offset\":1},7]}", 0, NULL);

	kist_preview_drop_pictures(info);
	kist_preview_drop_pictures(model);
	ck_assert_uint_eq(json_object_size(info), 5);
	ck_assert_uint_eq(json_object_size(json_array_get(json_object_get(model, "list"), 0)), 1);
}
END_TEST

START_TEST(no_memory_is_told_wherever_it_ends)
{
	static const char *const infos[] = { ARRAY, "{\"kind\":\"model\",\"list\":[{\"name\":\"a.b\"}]}",
					     "{\"kind\":\"table\",\"columns\":[{\"name\":\"a\"}]}" };

	for (size_t i = 0; i < 3; i++) {
		kist_auto_json json_t *info = json_loads(infos[i], 0, NULL);

		for (int format = 0; format < FORMATS; format++) {
			kist_status status = KIST_NO_MEMORY;

			for (unsigned long n = 1; status != KIST_OK && n < 100; n++) {
				kist_auto_buf struct kist_buf ret = KIST_BUF_INIT(KIST_PREVIEW_SIZE_MAX);

				kist_mem_fail_at(n);
				status = draw(format, "it", info, 80, &ret);
				kist_mem_fail_at(0);
				ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
			}
			ck_assert_int_eq(status, KIST_OK);
		}
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("preview");

	tcase_add_test(tcase, an_array_is_drawn_in_each_format);
	tcase_add_test(tcase, exponents_are_drawn_from_the_least_to_the_largest);
	tcase_add_test(tcase, the_most_frequent_texts_stand_in_one_line);
	tcase_add_test(tcase, a_table_shows_its_first_lines_and_rows_from_all_over_it);
	tcase_add_test(tcase, what_is_of_some_rows_only_says_of_how_many);
	tcase_add_test(tcase, an_estimate_says_that_it_is_one);
	tcase_add_test(tcase, of_a_model_ratios_exponents_and_the_licence_are_told);
	tcase_add_test(tcase, a_table_and_a_model_are_drawn_by_their_lists);
	tcase_add_test(tcase, what_is_hostile_is_made_harmless);
	tcase_add_test(tcase, controls_are_hidden_from_a_terminal);
	tcase_add_test(tcase, what_is_not_as_it_should_be_is_left_out);
	tcase_add_test(tcase, lines_are_as_long_as_the_terminal_is_wide);
	tcase_add_test(tcase, pictures_are_dropped_from_what_is_printed_in_lines);
	tcase_add_test(tcase, no_memory_is_told_wherever_it_ends);
	return suite_run(tcase, "preview");
}
