/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/walk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "flow/path.h"
#include "support/suite.h"

/* Of a level: enough for two at once. */
#define FOLDERS	 40
#define NAME_LEN 250
/* And of what make_folders() makes. */
#define SHORT_LEN 16

static char dir[64];
static int dir_fd = -1;
static struct kist_walk walk;

static void setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/kist-walk-XXXXXX", tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir_fd, 0);
	walk = (struct kist_walk)KIST_WALK_INIT;
}

static void teardown(void)
{
	char command[128];

	kist_walk_done(&walk);
	(void)close(dir_fd);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	ck_assert_int_eq(system(command), 0);
}

static int enter(int fd, const char *name)
{
	int inner;

	ck_assert_int_eq(mkdirat(fd, name, 0700), 0);
	inner = openat(fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(inner, 0);
	return inner;
}

static void make(int fd, const char *name)
{
	const int file = openat(fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	ck_assert_int_ge(file, 0);
	(void)close(file);
}

/* FOLDERS of two files and a folder with one. */
static void make_folders(int fd)
{
	for (int i = 0; i < FOLDERS; i++) {
		char name[16];
		int inner;
		int inmost;

		snprintf(name, sizeof(name), "d%02d", i);
		inner = enter(fd, name);
		make(inner, "b");
		make(inner, "a");
		inmost = enter(inner, "in");
		make(inmost, "c");
		(void)close(inmost);
		(void)close(inner);
	}
}

static void check_order(void)
{
	for (size_t i = 1; i < kist_walk_count(&walk); i++)
		ck_assert_int_lt(strcmp(kist_walk_path(&walk, i - 1), kist_walk_path(&walk, i)), 0);
}

START_TEST(all_that_many_folders_hold_is_found)
{
	make_folders(dir_fd);
	make(dir_fd, "a");
	ck_assert_int_eq(kist_walk_folder(dir_fd, NULL, &walk, NULL), KIST_OK);
	ck_assert_uint_eq(kist_walk_count(&walk), 1 + 5 * FOLDERS);
	check_order();
	ck_assert_str_eq(kist_walk_path(&walk, 0), "a");
	for (int i = 0; i < FOLDERS; i++) {
		static const char *const in[] = { "", "/a", "/b", "/in", "/in/c" };

		for (size_t k = 0; k < 5; k++) {
			char path[32];

			snprintf(path, sizeof(path), "d%02d%s", i, in[k]);
			ck_assert_str_eq(kist_walk_path(&walk, 1 + 5 * (size_t)i + k), path);
		}
	}
}
END_TEST

/* What a walk has told of. */
struct told {
	size_t bad;
	size_t left_out;
	char last[KIST_TREE_PATH_SIZE_MAX + 1];
};

static kist_status note_bad(void *ctx, const char *path, const struct kist_error *why, struct kist_error *err)
{
	struct told *told = ctx;

	(void)err;
	ck_assert_int_eq(why->status, KIST_INVALID);
	snprintf(told->last, sizeof(told->last), "%s", path);
	told->bad++;
	return KIST_OK;
}

static void note_left_out(void *ctx, const char *path)
{
	struct told *told = ctx;

	snprintf(told->last, sizeof(told->last), "%s", path);
	told->left_out++;
}

START_TEST(the_folder_that_is_left_out_is_told_wherever_it_lies)
{
	make_folders(dir_fd);
	for (int i = 0; i < FOLDERS; i++) {
		struct told told = { .bad = 0 };
		struct stat st;
		const struct kist_walk_options how = {
			.left_out = &st, .each_bad = note_bad, .each_left_out = note_left_out, .ctx = &told
		};
		char name[16];

		kist_walk_done(&walk);
		walk = (struct kist_walk)KIST_WALK_INIT;
		snprintf(name, sizeof(name), i % 2 == 0 ? "d%02d" : "d%02d/in", i);
		ck_assert_int_eq(fstatat(dir_fd, name, &st, 0), 0);
		ck_assert_int_eq(kist_walk_folder(dir_fd, &how, &walk, NULL), KIST_OK);
		ck_assert_uint_eq(told.bad, 0);
		ck_assert_uint_eq(told.left_out, 1);
		ck_assert_str_eq(told.last, name);
		ck_assert_uint_eq(kist_walk_count(&walk), 5 * FOLDERS - (i % 2 == 0 ? 5 : 2));
		check_order();
	}
}
END_TEST

/* Of folders deep down, some hold a name that no path has room for. */
START_TEST(folders_that_cannot_be_listed_are_told_and_the_others_listed)
{
	struct told told = { .bad = 0 };
	const struct kist_walk_options how = { .each_bad = note_bad, .ctx = &told };
	char name[NAME_LEN + 1];
	struct kist_error err = KIST_ERROR_INIT;
	size_t depth = 0;
	int fd = dup(dir_fd);
	char bad[16];

	memset(name, 'n', NAME_LEN);
	name[NAME_LEN] = '\0';
	for (; (depth + 1) * (NAME_LEN + 1) + SHORT_LEN < KIST_TREE_PATH_SIZE_MAX; depth++) {
		const int inner = enter(fd, name);

		(void)close(fd);
		fd = inner;
	}
	make_folders(fd);
	for (int i = 5; i < FOLDERS; i += 7) {
		int inner;

		snprintf(bad, sizeof(bad), "d%02d", i);
		inner = openat(fd, bad, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		make(inner, name);
		(void)close(inner);
	}
	(void)close(fd);
	ck_assert_int_eq(kist_walk_folder(dir_fd, &how, &walk, NULL), KIST_OK);
	ck_assert_uint_eq(told.bad, 5);
	/* What was found before the name is kept with it, or not: none of it is put. */
	ck_assert_uint_ge(kist_walk_count(&walk), depth + FOLDERS + 4 * (FOLDERS - 5));
	check_order();
	kist_walk_done(&walk);
	walk = (struct kist_walk)KIST_WALK_INIT;
	ck_assert_int_eq(kist_walk_folder(dir_fd, NULL, &walk, &err), KIST_INVALID);
	ck_assert_str_eq(err.code, "E_PATH");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("walk");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, all_that_many_folders_hold_is_found);
	tcase_add_test(tcase, the_folder_that_is_left_out_is_told_wherever_it_lies);
	tcase_add_test(tcase, folders_that_cannot_be_listed_are_told_and_the_others_listed);
	return suite_run(tcase, "walk");
}
