/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/fetch.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "flow/stamp.h"
#include "support/suite.h"

/* More windows than are there at once. */
#define MANY 1300

static char dir[64];
static int dir_fd = -1;
static struct kist_walk walk;

static void setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/kist-fetch-XXXXXX", tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(dir_fd, 0);
	walk = (struct kist_walk)KIST_WALK_INIT;
}

static void teardown(void)
{
	for (size_t i = kist_walk_count(&walk); i > 0; i--) {
		if (unlinkat(dir_fd, kist_walk_path(&walk, i - 1), 0) != 0)
			(void)unlinkat(dir_fd, kist_walk_path(&walk, i - 1), AT_REMOVEDIR);
	}
	kist_walk_done(&walk);
	(void)close(dir_fd);
	(void)rmdir(dir);
}

/* A file whose times are long past, as almost all are. */
static void make(const char *name, size_t size)
{
	const int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	uint8_t *bytes = kist_alloc(size + 1, 1);

	ck_assert_int_ge(fd, 0);
	memset(bytes, name[0], size + 1);
	ck_assert_int_eq(write(fd, bytes, size), (ssize_t)size);
	kist_free(bytes);
	(void)close(fd);
}

/* Until the kernel's clock has passed the times of all files. */
static void settle(const char *last)
{
	struct timespec now;
	struct stat st;

	ck_assert_int_eq(fstatat(dir_fd, last, &st, 0), 0);
	do
		ck_assert_int_eq(clock_gettime(CLOCK_REALTIME_COARSE, &now), 0);
	while (!kist_stamp_is_settled(&st, now));
}

static struct kist_fetch *start(void)
{
	const struct kist_fetch_options options = { .dir_fd = dir_fd, .walk = &walk };
	struct kist_fetch *fetch = NULL;

	ck_assert_int_eq(kist_walk_folder(dir_fd, NULL, &walk, NULL), KIST_OK);
	ck_assert_int_eq(kist_fetch_open(&options, &fetch, NULL), KIST_OK);
	return fetch;
}

/* Entries of which the first is number @first. */
static void check_window(const struct kist_fetched *entries, size_t count, size_t first)
{
	uint8_t expected[MANY];

	for (size_t i = 0; i < count; i++) {
		ck_assert_str_eq(entries[i].path, kist_walk_path(&walk, first + i));
		ck_assert(entries[i].looked && entries[i].whole);
		ck_assert_uint_eq(entries[i].bytes.size, first + i);
		memset(expected, entries[i].path[0], sizeof(expected));
		ck_assert_mem_eq(entries[i].bytes.data, expected, first + i);
	}
}

START_TEST(all_entries_come_in_order_with_their_bytes_and_stay_beside_the_next_ones)
{
	const struct kist_fetched *entries;
	struct {
		const struct kist_fetched *entries;
		size_t count;
	} before[2] = { 0 };
	struct kist_fetch *fetch;
	size_t seen = 0;
	size_t count;
	char name[16];

	for (size_t i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "%c%04zu", (char)('a' + i / 50), i);
		make(name, i);
	}
	settle(name);
	fetch = start();
	while ((count = kist_fetch_next(fetch, &entries)) > 0) {
		ck_assert_uint_le(count, KIST_FETCH_ENTRIES_MAX);
		check_window(entries, count, seen);
		check_window(before[0].entries, before[0].count, seen - before[0].count);
		check_window(before[1].entries, before[1].count, seen - before[0].count - before[1].count);
		before[1] = before[0];
		before[0].entries = entries;
		before[0].count = count;
		seen += count;
	}
	ck_assert_uint_eq(seen, MANY);
	ck_assert_uint_eq(kist_fetch_next(fetch, &entries), 0);
	kist_fetch_close(fetch);
}
END_TEST

START_TEST(what_is_no_small_file_is_looked_at_only)
{
	const struct kist_fetched *entries;
	struct kist_fetch *fetch;

	make("a", KIST_FETCH_FILE_SIZE_MAX + 1);
	make("b", KIST_FETCH_FILE_SIZE_MAX);
	ck_assert_int_eq(mkdirat(dir_fd, "c", 0700), 0);
	ck_assert_int_eq(symlinkat("b", dir_fd, "d"), 0);
	ck_assert_int_eq(mkfifoat(dir_fd, "e", 0600), 0);
	settle("b");
	fetch = start();
	ck_assert_uint_eq(kist_fetch_next(fetch, &entries), 5);
	for (size_t i = 0; i < 5; i++) {
		ck_assert(entries[i].looked);
		ck_assert_int_eq(entries[i].whole, i == 1);
	}
	kist_fetch_close(fetch);
}
END_TEST

START_TEST(a_file_of_this_moment_is_left_to_others)
{
	const struct timespec ahead[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = 4102444800 } };
	const struct kist_fetched *entries;
	struct kist_fetch *fetch;
	struct timespec now = { .tv_sec = 1000, .tv_nsec = 5 };
	struct stat st = { .st_ctim = { .tv_sec = 1000, .tv_nsec = 4 } };

	ck_assert(kist_stamp_is_settled(&st, now));
	st.st_ctim.tv_nsec = 5;
	ck_assert(!kist_stamp_is_settled(&st, now));
	st.st_ctim.tv_sec = 1001;
	st.st_ctim.tv_nsec = 0;
	ck_assert(!kist_stamp_is_settled(&st, now));
	/* The time that a person sets says nothing: the inode's own does. */
	make("a", 3);
	ck_assert_int_eq(utimensat(dir_fd, "a", ahead, 0), 0);
	settle("a");
	fetch = start();
	ck_assert_uint_eq(kist_fetch_next(fetch, &entries), 1);
	ck_assert(entries[0].whole);
	kist_fetch_close(fetch);
}
END_TEST

START_TEST(what_is_gone_or_denied_is_left_to_others)
{
	const struct kist_fetch_options options = { .dir_fd = dir_fd, .walk = &walk };
	const struct kist_fetched *entries;
	struct kist_fetch *fetch = NULL;

	make("a", 3);
	make("b", 3);
	settle("b");
	ck_assert_int_eq(kist_walk_folder(dir_fd, NULL, &walk, NULL), KIST_OK);
	ck_assert_int_eq(unlinkat(dir_fd, "a", 0), 0);
	ck_assert_int_eq(kist_fetch_open(&options, &fetch, NULL), KIST_OK);
	ck_assert_uint_eq(kist_fetch_next(fetch, &entries), 2);
	ck_assert(!entries[0].looked && !entries[0].whole);
	ck_assert(entries[1].whole);
	kist_fetch_close(fetch);
}
END_TEST

START_TEST(what_has_become_something_else_is_not_read)
{
	const struct kist_fetch_options options = { .dir_fd = dir_fd, .walk = &walk };
	const struct kist_fetched *entries;
	struct kist_fetch *fetch = NULL;

	make("a", 3);
	make("b", 3);
	make("c", 3);
	make("d", 3);
	settle("d");
	ck_assert_int_eq(kist_walk_folder(dir_fd, NULL, &walk, NULL), KIST_OK);
	for (const char *const *name = (const char *const[]){ "a", "b", "c", NULL }; *name; name++)
		ck_assert_int_eq(unlinkat(dir_fd, *name, 0), 0);
	ck_assert_int_eq(symlinkat("d", dir_fd, "a"), 0);
	ck_assert_int_eq(mkdirat(dir_fd, "b", 0700), 0);
	ck_assert_int_eq(mkfifoat(dir_fd, "c", 0600), 0);
	ck_assert_int_eq(kist_fetch_open(&options, &fetch, NULL), KIST_OK);
	ck_assert_uint_eq(kist_fetch_next(fetch, &entries), 4);
	for (size_t i = 0; i < 4; i++)
		ck_assert(entries[i].looked && entries[i].whole == (i == 3));
	ck_assert(S_ISLNK(entries[0].st.st_mode));
	ck_assert(S_ISDIR(entries[1].st.st_mode));
	ck_assert(S_ISFIFO(entries[2].st.st_mode));
	kist_fetch_close(fetch);
}
END_TEST

static const void *knows_b(const void *ctx, const char *path, const struct stat *st)
{
	ck_assert(S_ISREG(st->st_mode));
	return strcmp(path, "b") == 0 ? ctx : NULL;
}

START_TEST(what_is_known_is_not_read)
{
	const int known = 0;
	const struct kist_fetch_options options = {
		.dir_fd = dir_fd, .walk = &walk, .find_known = knows_b, .ctx = &known
	};
	const struct kist_fetched *entries;
	struct kist_fetch *fetch = NULL;

	make("a", 3);
	make("b", 3);
	ck_assert_int_eq(mkdirat(dir_fd, "c", 0700), 0);
	settle("b");
	ck_assert_int_eq(kist_walk_folder(dir_fd, NULL, &walk, NULL), KIST_OK);
	ck_assert_int_eq(kist_fetch_open(&options, &fetch, NULL), KIST_OK);
	ck_assert_uint_eq(kist_fetch_next(fetch, &entries), 3);
	ck_assert(entries[0].whole && !entries[0].known);
	ck_assert(!entries[1].whole && entries[1].known == &known);
	ck_assert(!entries[2].known);
	kist_fetch_close(fetch);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("fetch");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, all_entries_come_in_order_with_their_bytes_and_stay_beside_the_next_ones);
	tcase_add_test(tcase, what_has_become_something_else_is_not_read);
	tcase_add_test(tcase, what_is_no_small_file_is_looked_at_only);
	tcase_add_test(tcase, a_file_of_this_moment_is_left_to_others);
	tcase_add_test(tcase, what_is_gone_or_denied_is_left_to_others);
	tcase_add_test(tcase, what_is_known_is_not_read);
	return suite_run(tcase, "fetch");
}
