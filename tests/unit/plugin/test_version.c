/* SPDX-License-Identifier: Apache-2.0 */

#include "plugin/manifest.h"
#include "plugin/version.h"
#include "support/suite.h"

/* Each is older than the next. */
static const char *const ascending[] = {
	"",
	"01.0.0",
	"1.0",
	"1.0.0-",
	"1.0.0-01",
	"v1.0.0",
	"0.0.1",
	"0.1.0",
	"0.9.99",
	"1.0.0-0",
	"1.0.0-2",
	"1.0.0-10",
	"1.0.0-99999999999999999999999",
	"1.0.0-alpha",
	"1.0.0-alpha.1",
	"1.0.0-alpha.beta",
	"1.0.0-beta",
	"1.0.0-beta.2",
	"1.0.0-beta.11",
	"1.0.0-rc.1",
	"1.0.0-rc.1-x",
	"1.0.0",
	"1.0.10",
	"1.2.0",
	"1.10.0",
	"10.0.0",
	"99999999999999999999999.0.0",
};
#define COUNT ((int)(sizeof(ascending) / sizeof(ascending[0])))

START_TEST(versions_sort_as_semantic_versioning_says)
{
	for (int k = 0; k < COUNT; k++) {
		const int order = kist_version_compare(ascending[_i], ascending[k]);

		ck_assert_msg((order < 0) == (_i < k) && (order > 0) == (_i > k), "'%s' and '%s' give %d",
			      ascending[_i], ascending[k], order);
	}
}
END_TEST

START_TEST(build_metadata_does_not_count)
{
	ck_assert_int_eq(kist_version_compare("1.0.0+a", "1.0.0+b.5"), 0);
	ck_assert_int_eq(kist_version_compare("1.0.0-rc.1+a", "1.0.0-rc.1"), 0);
}
END_TEST

START_TEST(only_semantic_versions_are_valid)
{
	static const char *const invalid[] = { "1",	 "1.2",	       "1.2.3.4",  "1.2.3-",
					       "1.2.3+", "1.2.3-a..b", "1.2.3-01", "1.2.x",
					       " 1.2.3", "1.2.3 ",     "-1.2.3",   "1.2.3+a_b",
					       "1.02.3", "1.2.3-a+",   "1..3",	   "1.2.3-a.01" };

	for (size_t i = 0; i < sizeof(invalid) / sizeof(invalid[0]); i++)
		ck_assert_msg(!kist_version_valid(invalid[i]), "'%s'", invalid[i]);
	ck_assert(kist_version_valid("1.2.3-x-y.7.0a+01.-"));
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("all");

	tcase_add_loop_test(tests, versions_sort_as_semantic_versioning_says, 0, COUNT);
	tcase_add_test(tests, build_metadata_does_not_count);
	tcase_add_test(tests, only_semantic_versions_are_valid);
	return suite_run(tests, "version");
}
