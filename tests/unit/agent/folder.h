/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_AGENT_FOLDER_H
#define TESTS_UNIT_AGENT_FOLDER_H

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/suite.h"

/*
 * A folder of its own for each test, which stands in it.
 */

static char folder_path[PATH_MAX];

/* The shell does what a test needs of files. */
static inline void sh(const char *command)
{
	ck_assert_int_eq(system(command), 0);
}

static inline void folder_setup(void)
{
	const char *temporary = getenv("TMPDIR");

	snprintf(folder_path, sizeof(folder_path), "%s/kist-agent-XXXXXX", temporary ? temporary : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(folder_path));
	ck_assert_int_eq(chdir(folder_path), 0);
}

static inline void folder_teardown(void)
{
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(setenv("folder", folder_path, 1), 0);
	sh("rm -rf \"$folder\"");
}

#endif
