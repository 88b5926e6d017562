/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/trial.h"

#include "base/mem.h"
#include "support/suite.h"

static struct kist_trial make_trial(void)
{
	return (struct kist_trial){
		.failed = 1,
		.skipped = 1,
		.results = json_pack("[{s:s,s:s,s:f,s:[{s:s}],s:s,s:s},{s:s,s:s,s:f,s:[],s:s,s:s}]", "check", "round-trip",
				     "of", "lab.<x>", "seconds", 0.25, "findings", "text", "a \"b\" & <c>", "skipped", "",
				     "output", "last\001words", "check", "probe", "of", "lab.x", "seconds", 0.0, "findings",
				     "skipped", "it has none", "output", ""),
	};
}

START_TEST(results_are_xml_whatever_they_say)
{
	const struct kist_manifest manifest = { .id = "lab.x", .version = "1.0.0" };
	const struct kist_kit_subject subject = { .manifest = (struct kist_manifest *)(uintptr_t)&manifest };
	kist_auto_trial struct kist_trial trial = make_trial();
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(4096);

	ck_assert_int_eq(kist_trial_junit(&subject, &trial, &text, NULL), KIST_OK);
	ck_assert_str_eq(kist_buf_text(&text),
			 "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
			 "<testsuite name=\"lab.x 1.0.0\" tests=\"2\" failures=\"1\" skipped=\"1\">\n"
			 "  <testcase classname=\"lab.&lt;x&gt;\" name=\"round-trip\" time=\"0.250\">\n"
			 "    <failure message=\"a &quot;b&quot; &amp; &lt;c&gt;\"/>\n"
			 "    <system-out>last?words</system-out>\n"
			 "  </testcase>\n"
			 "  <testcase classname=\"lab.x\" name=\"probe\" time=\"0.000\">\n"
			 "    <skipped message=\"it has none\"/>\n"
			 "  </testcase>\n"
			 "</testsuite>\n");
}
END_TEST

START_TEST(without_memory_it_says_so)
{
	const struct kist_manifest manifest = { .id = "lab.x", .version = "1.0.0" };
	const struct kist_kit_subject subject = { .manifest = (struct kist_manifest *)(uintptr_t)&manifest };
	kist_auto_trial struct kist_trial trial = make_trial();
	kist_status status = KIST_NO_MEMORY;

	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_buf struct kist_buf text = KIST_BUF_INIT(4096);

		kist_mem_fail_at(k);
		status = kist_trial_junit(&subject, &trial, &text, NULL);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_uint_lt(k, 100);
	}
	kist_mem_fail_at(0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("trial_junit");

	tcase_add_test(tcase, results_are_xml_whatever_they_say);
	tcase_add_test(tcase, without_memory_it_says_so);
	return suite_run(tcase, "trial_junit");
}
