/* SPDX-License-Identifier: Apache-2.0 */
#include "csv_sniff.h"
#include "csvtest.h"

static const struct {
	const char *text;
	char delimiter;
	int score;
} table[] = {
	{ "", ',', 0 },
	{ "a", ',', 5 },
	{ "a\nb\nc\n", ',', 5 },
	{ "a,b\n", ',', 15 },
	{ "a,b\n1,2\n", ',', 50 },
	{ "a,b\n1,2\n3,4\n5,6\n7,8\n", ',', 70 },
	{ "a\tb\n1\t2\n", '\t', 50 },
	{ "a;b\n1,5;2,5\n", ';', 50 },
	{ "a|b|c\n1|2|3\n", '|', 50 },
	{ "a,b;c,d\n1,2;3,4\n", ',', 50 },
	{ "a\tb,c\n1\t2,3\n", ',', 50 },
	{ "a,\"x;y;z\"\n1,\"p;q;r\"\n", ',', 50 },
	{ "a,\"x\ty\"\n1,\"p\tq\"\n", ',', 50 },
	{ "\"x;y\"\n\"p;q\"\n", ',', 5 },
	{ "\n\na;b\n\n1;2\n", ';', 50 },
	{ "a;b\n1,2\n3;4\n5;6\n", ';', 5 },
	{ "\xef\xbb\xbf"
	  "a;b\n1;2\n",
	  ';', 50 },
	{ "a,b\n1,\x01\n", ',', 0 },
	{ "a,b\n1,\xff\n", ',', 0 },
};

START_TEST(the_delimiter_is_found_and_the_score_is_sane)
{
	const uint8_t *text = (const uint8_t *)table[_i].text;
	const size_t len = strlen(table[_i].text);
	const size_t skip = csv_has_bom(text, len) ? CSV_BOM_SIZE : 0;

	ck_assert_int_eq(csv_sniff(&(struct csv_dialect){ 0 }, text + skip, len - skip, true).delimiter, table[_i].delimiter);
	ck_assert_int_eq(csv_probe_text(text, len, true), table[_i].score);
}
END_TEST

START_TEST(a_head_may_end_anywhere)
{
	char *text = malloc(CSV_HEAD_SIZE * 2);
	size_t len = 0;

	while (len < CSV_HEAD_SIZE + 100)
		len += (size_t)sprintf(text + len, "%zu,\xe2\x82\xac,\"a\nb\"\n", len);
	for (size_t cut = CSV_HEAD_SIZE - 20; cut <= CSV_HEAD_SIZE; cut++) {
		uint8_t *head = malloc(cut);

		memcpy(head, text, cut);
		ck_assert_int_eq(csv_probe_text(head, cut, false), 70);
		free(head);
	}
	free(text);
}
END_TEST

START_TEST(a_first_record_larger_than_the_head_still_has_a_delimiter)
{
	uint8_t *text = malloc(CSV_HEAD_SIZE);

	memset(text, 'x', CSV_HEAD_SIZE);
	text[10] = text[500] = ';';
	ck_assert_int_eq(csv_sniff(&(struct csv_dialect){ 0 }, text, CSV_HEAD_SIZE, false).delimiter, ';');
	ck_assert_int_eq(csv_probe_text(text, CSV_HEAD_SIZE, false), 15);
	free(text);
}
END_TEST

START_TEST(only_separators_may_separate)
{
	for (int c = 0; c < 256; c++) {
		const bool good = c > 0 && c < 128 && !strchr("\"\r\n+-._", c) &&
				  !((c | 32) >= 'a' && (c | 32) <= 'z') && !(c >= '0' && c <= '9');

		ck_assert_int_eq(csv_delimiter_allowed((uint8_t)c), good);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("sniff");

	tcase_add_loop_test(tcase, the_delimiter_is_found_and_the_score_is_sane, 0,
			    (int)(sizeof(table) / sizeof(table[0])));
	tcase_add_test(tcase, a_head_may_end_anywhere);
	tcase_add_test(tcase, a_first_record_larger_than_the_head_still_has_a_delimiter);
	tcase_add_test(tcase, only_separators_may_separate);
	return suite_run(tcase, "csv_sniff");
}
