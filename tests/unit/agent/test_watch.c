/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/watch.h"

#include <poll.h>
#include <string.h>

#include "unit/agent/folder.h"

/* What was told, one line each. */
static char told[65536];

static void tell(void *ctx, const char *path)
{
	(void)ctx;
	ck_assert_uint_lt(strlen(told) + strlen(path) + 2, sizeof(told));
	strcat(strcat(told, path), "\n");
}

static bool was_told(const char *path)
{
	char line[PATH_MAX];

	snprintf(line, sizeof(line), "%s\n", path);
	for (const char *at = told; (at = strstr(at, line)); at++) {
		if (at == told || at[-1] == '\n')
			return true;
	}
	return false;
}

/* Reads until @path was told of. */
static void read_until(struct kist_watch *watch, const char *path)
{
	const struct kist_watch_events events = { .each_file = tell };
	struct pollfd wait = { .fd = kist_watch_fd(watch), .events = POLLIN };

	while (!was_told(path)) {
		ck_assert_int_eq(poll(&wait, 1, 60000), 1);
		kist_watch_read(watch, &events);
	}
}

/* Reads all that there is by now: the kernel tells in order. */
static void read_all(struct kist_watch *watch)
{
	sh("echo end >artifacts/end");
	read_until(watch, "end");
}

static struct kist_watch *open_watch(const char *path)
{
	struct kist_watch *watch = NULL;
	struct kist_error err = KIST_ERROR_INIT;

	told[0] = '\0';
	ck_assert_msg(kist_watch_open(path, NULL, &watch, &err) == KIST_OK, "%s", err.text);
	return watch;
}

START_TEST(a_file_is_told_of_when_it_is_closed_or_renamed_into_place)
{
	kist_auto_watch struct kist_watch *watch = NULL;

	sh("mkdir -p artifacts/sub; echo old >artifacts/old");
	watch = open_watch("artifacts/");
	sh("exec 3>artifacts/open; echo 1 >artifacts/a; echo 2 >b; mv b artifacts/sub/b; ln artifacts/a "
	   "artifacts/link");
	read_all(watch);
	ck_assert(was_told("a"));
	ck_assert(was_told("sub/b"));
	/* The shell has closed it by its end. */
	ck_assert(was_told("open"));
	ck_assert(!was_told("old"));
	ck_assert(!was_told("link"));
}
END_TEST

START_TEST(folders_that_are_made_later_are_watched_with_all_that_is_in_them)
{
	kist_auto_watch struct kist_watch *watch = NULL;

	sh("mkdir artifacts");
	watch = open_watch("artifacts");
	sh("mkdir -p artifacts/x/y/z; echo 1 >artifacts/x/y/z/deep; mkdir -p in/er; echo 2 >in/er/f; mv in "
	   "artifacts/in");
	read_until(watch, "x/y/z/deep");
	read_until(watch, "in/er/f");
	sh("echo 3 >artifacts/x/y/later; echo 4 >artifacts/in/er/later");
	read_until(watch, "x/y/later");
	read_until(watch, "in/er/later");
	ck_assert_int_eq(kist_watch_missed(watch)->status, KIST_OK);
}
END_TEST

START_TEST(a_folder_that_moves_is_known_by_its_new_name_alone)
{
	kist_auto_watch struct kist_watch *watch = NULL;

	sh("mkdir -p artifacts/a/sub artifacts/ab");
	watch = open_watch("artifacts");
	sh("mv artifacts/a artifacts/b");
	read_all(watch);
	told[0] = '\0';
	sh("echo 1 >artifacts/b/sub/f; echo 2 >artifacts/ab/f; mv artifacts/b away; echo 3 >away/sub/g");
	read_all(watch);
	ck_assert(was_told("b/sub/f"));
	ck_assert(was_told("ab/f"));
	ck_assert_ptr_null(strstr(told, "a/sub"));
	ck_assert_ptr_null(strchr(told, 'g'));
}
END_TEST

START_TEST(the_folder_may_come_later_and_go_and_come_again)
{
	kist_auto_watch struct kist_watch *watch = open_watch("out/of/artifacts");

	sh("mkdir -p out/of/artifacts; echo 1 >out/of/artifacts/first");
	read_until(watch, "first");
	sh("rm -r out/of/artifacts; mkdir out/of/artifacts; echo 2 >out/of/artifacts/second");
	read_until(watch, "second");
	sh("mkdir out/of/artifacts/sub; echo 3 >out/of/artifacts/sub/third");
	read_until(watch, "sub/third");
}
END_TEST

START_TEST(the_folder_may_be_this_one_or_a_link)
{
	kist_auto_watch struct kist_watch *here = open_watch(".");
	kist_auto_watch struct kist_watch *linked = NULL;

	sh("echo 1 >a");
	read_until(here, "a");
	sh("mkdir scratch; ln -s scratch artifacts");
	linked = open_watch("artifacts");
	sh("echo 2 >scratch/b; ln -s / scratch/loop");
	read_until(linked, "b");
	ck_assert_ptr_null(strstr(told, "loop"));
}
END_TEST

START_TEST(what_the_kernel_had_no_room_to_tell_is_looked_for)
{
	kist_auto_watch struct kist_watch *watch = NULL;

	sh("mkdir artifacts");
	watch = open_watch("artifacts");
	sh("i=0; while [ $i -lt 9000 ]; do : >artifacts/a; : >artifacts/b; i=$((i + 1)); done; mkdir "
	   "artifacts/late; "
	   "echo 1 >artifacts/late/f");
	read_until(watch, "late/f");
	told[0] = '\0';
	sh("echo 2 >artifacts/late/g");
	read_until(watch, "late/g");
}
END_TEST

START_TEST(a_folder_that_cannot_be_watched_says_so)
{
	struct kist_watch *watch = NULL;
	struct kist_error err = KIST_ERROR_INIT;

	if (geteuid() == 0)
		return;
	sh("mkdir -p locked/artifacts; chmod 0 locked");
	ck_assert_int_eq(kist_watch_open("locked/artifacts", NULL, &watch, &err), KIST_DENIED);
	sh("chmod 700 locked");
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("watch");

	tcase_add_checked_fixture(cases, folder_setup, folder_teardown);
	tcase_add_test(cases, a_file_is_told_of_when_it_is_closed_or_renamed_into_place);
	tcase_add_test(cases, folders_that_are_made_later_are_watched_with_all_that_is_in_them);
	tcase_add_test(cases, a_folder_that_moves_is_known_by_its_new_name_alone);
	tcase_add_test(cases, the_folder_may_come_later_and_go_and_come_again);
	tcase_add_test(cases, the_folder_may_be_this_one_or_a_link);
	tcase_add_test(cases, what_the_kernel_had_no_room_to_tell_is_looked_for);
	tcase_add_test(cases, a_folder_that_cannot_be_watched_says_so);
	return suite_run(cases, "agent/watch");
}
