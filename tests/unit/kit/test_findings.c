/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/findings.h"

#include "support/suite.h"

START_TEST(findings_are_counted_by_level_and_found_by_check)
{
	kist_auto_findings struct kist_kit_findings findings = KIST_KIT_FINDINGS_INIT;

	ck_assert(!kist_kit_has(&findings, "license"));
	kist_kit_find(&findings, KIST_KIT_WARNING, "license", "it has %s", "none");
	kist_kit_find(&findings, KIST_KIT_NOTE, "url", "\xff is no UTF-8");
	ck_assert(kist_kit_has(&findings, "license"));
	ck_assert(!kist_kit_has(&findings, "licens"));
	ck_assert_uint_eq(findings.counts[KIST_KIT_ERROR], 0);
	ck_assert_uint_eq(findings.counts[KIST_KIT_WARNING], 1);
	ck_assert_uint_eq(findings.counts[KIST_KIT_NOTE], 1);
	ck_assert_str_eq(kist_json_get_text(json_array_get(findings.list, 0), "text"), "it has none");
	ck_assert_str_eq(kist_json_get_text(json_array_get(findings.list, 0), "level"), "warning");
	ck_assert_str_eq(kist_json_get_text(json_array_get(findings.list, 1), "text"), "\xef\xbf\xbd is no UTF-8");
}
END_TEST

START_TEST(more_than_are_kept_are_counted)
{
	kist_auto_findings struct kist_kit_findings findings = KIST_KIT_FINDINGS_INIT;

	for (int i = 0; i < KIST_KIT_FINDINGS_MAX + 3; i++)
		kist_kit_find(&findings, KIST_KIT_ERROR, "x", "%d", i);
	ck_assert_uint_eq(findings.counts[KIST_KIT_ERROR], KIST_KIT_FINDINGS_MAX + 3);
	ck_assert_uint_eq(json_array_size(findings.list), KIST_KIT_FINDINGS_MAX);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("findings");

	tcase_add_test(tcase, findings_are_counted_by_level_and_found_by_check);
	tcase_add_test(tcase, more_than_are_kept_are_counted);
	return suite_run(tcase, "findings");
}
