/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_SUITE_H
#define TESTS_SUPPORT_SUITE_H

#include <check.h>
#include <stdlib.h>

/*
 * The end of a test program: runs one case and gives what main returns.
 */
static inline int suite_run(TCase *tcase, const char *name)
{
	Suite *const suite = suite_create(name);
	SRunner *const runner = srunner_create(suite);
	int failed;

	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
