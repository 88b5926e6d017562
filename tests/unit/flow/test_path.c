/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/path.h"

#include <string.h>

#include "support/suite.h"

struct path_case {
	const char *path;
	size_t len;
	kist_status status;
};

#define PATH(text, status) { text, sizeof(text) - 1, status }

static const struct path_case paths[] = {
	PATH("a", KIST_OK),
	PATH("a/b/c", KIST_OK),
	PATH("...", KIST_OK),
	PATH("a b\nc", KIST_OK),
	PATH("\xff\xfe", KIST_OK),
	PATH("..a/b..", KIST_OK),
	PATH("", KIST_INVALID),
	PATH("/", KIST_INVALID),
	PATH("/a", KIST_INVALID),
	PATH("a/", KIST_INVALID),
	PATH("a//b", KIST_INVALID),
	PATH(".", KIST_INVALID),
	PATH("..", KIST_INVALID),
	PATH("a/..", KIST_INVALID),
	PATH("../a", KIST_INVALID),
	PATH("a/../b", KIST_INVALID),
	PATH("a/./b", KIST_INVALID),
	PATH("a\0b", KIST_INVALID),
};

START_TEST(a_path_stays_below_the_root)
{
	struct kist_error err = KIST_ERROR_INIT;

	ck_assert_int_eq(kist_tree_path_check(paths[_i].path, paths[_i].len, &err), paths[_i].status);
	if (paths[_i].status != KIST_OK)
		ck_assert_str_eq(err.code, "E_PATH");
}
END_TEST

START_TEST(names_and_paths_have_limits)
{
	char path[KIST_TREE_PATH_SIZE_MAX + 2];

	memset(path, 'a', sizeof(path));
	ck_assert_int_eq(kist_tree_path_check(path, 255, NULL), KIST_OK);
	ck_assert_int_eq(kist_tree_path_check(path, 256, NULL), KIST_INVALID);
	for (size_t i = 200; i < sizeof(path); i += 200)
		path[i] = '/';
	ck_assert_int_eq(kist_tree_path_check(path, KIST_TREE_PATH_SIZE_MAX, NULL), KIST_OK);
	ck_assert_int_eq(kist_tree_path_check(path, KIST_TREE_PATH_SIZE_MAX + 1, NULL), KIST_INVALID);
}
END_TEST

struct link_case {
	const char *path;
	const char *target;
	kist_status status;
};

static const struct link_case links[] = {
	{ "a", "b", KIST_OK },
	{ "d/a", "../b", KIST_OK },
	{ "d/e/a", "../../b/c", KIST_OK },
	{ "d/a", "./b", KIST_OK },
	{ "a", "..", KIST_INVALID },
	{ "a", "../b", KIST_INVALID },
	{ "d/a", "../../b", KIST_INVALID },
	{ "a", "/etc/passwd", KIST_INVALID },
	{ "a", "", KIST_INVALID },
	{ "a", "l/../x", KIST_OK },
	{ "a", "l/m/../../x", KIST_OK },
	{ "a", "l/../../x", KIST_INVALID },
	{ "d/a", "b/../../x", KIST_OK },
	{ "d/a", "b/../../../x", KIST_INVALID },
	{ "a", "b//..//..", KIST_INVALID },
	{ "d/a", ".././..", KIST_INVALID },
	{ "d/a", ".././b", KIST_OK },
};

START_TEST(a_link_stays_in_the_tree)
{
	ck_assert_int_eq(kist_tree_link_check(links[_i].path, strlen(links[_i].path), links[_i].target,
					      strlen(links[_i].target), NULL),
			 links[_i].status);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("path");

	tcase_add_loop_test(tests, a_path_stays_below_the_root, 0, sizeof(paths) / sizeof(paths[0]));
	tcase_add_loop_test(tests, a_link_stays_in_the_tree, 0, sizeof(links) / sizeof(links[0]));
	tcase_add_test(tests, names_and_paths_have_limits);
	return suite_run(tests, "path");
}
