/* SPDX-License-Identifier: Apache-2.0 */
#include "base/xml.h"

#include "support/suite.h"

static const struct {
	const char *text;
	const char *as;
} rows[] = {
	{ "", "" },
	{ "plain", "plain" },
	{ "a \"b\" & <c> 'd'", "a &quot;b&quot; &amp; &lt;c&gt; &#39;d&#39;" },
	{ "tab\tand\nnewline", "tab\tand\nnewline" },
	{ "\x01\x1f\r\x7f", "???\x7f" },
	{ "gr\xc3\xb6\xc3\x9f"
	  "e",
	  "gr\xc3\xb6\xc3\x9f"
	  "e" },
	{ "\xef\xbf\xbe|\xef\xbf\xbf|\xef\xbf\xbd", "?|?|\xef\xbf\xbd" },
};

START_TEST(a_text_is_one_that_xml_may_have)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(100);

	ck_assert_int_eq(kist_buf_append(&text, "-", 1, NULL), KIST_OK);
	ck_assert_int_eq(kist_xml_append(&text, rows[_i].text, NULL), KIST_OK);
	ck_assert_str_eq(kist_buf_text(&text) + 1, rows[_i].as);
}
END_TEST

START_TEST(there_is_no_more_of_it_than_has_room)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(5);

	ck_assert_int_eq(kist_xml_append(&text, "&", NULL), KIST_OK);
	ck_assert_int_eq(kist_xml_append(&text, "&", NULL), KIST_LIMIT);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("xml");

	tcase_add_loop_test(tcase, a_text_is_one_that_xml_may_have, 0, (int)(sizeof(rows) / sizeof(rows[0])));
	tcase_add_test(tcase, there_is_no_more_of_it_than_has_room);
	return suite_run(tcase, "xml");
}
