/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/suite.h"

#include "unit/registry/fake.h"

static struct kist_store *store;
static char file[256];

static void setup(void)
{
	make_dir();
	store = fake_new();
	snprintf(file, sizeof(file), "%s/%s/%s/index.sqlite", test_dir, store->id, FAKE_PLACE);
	for (unsigned i = 0; i < 30; i++) {
		char name[32];
		char content[32];

		snprintf(name, sizeof(name), "runs/%u", i);
		snprintf(content, sizeof(content), "content %u", i);
		fake_put(store, name, content, "");
	}
}

static void teardown(void)
{
	fake_free(store);
	remove_dir();
}

/* Opens the index, which must say what one says that never saw the file; gives how many packs had to be read
 * for it. */
static unsigned long check_opens_right(void)
{
	kist_auto_registry struct kist_registry *fresh = must_open(store, NULL);
	const unsigned long before = store->index_reads;
	kist_auto_registry struct kist_registry *registry = must_open(store, test_dir);
	const unsigned long reads = store->index_reads - before;
	char *expected = tell_all(fresh);
	char *said = tell_all(registry);

	ck_assert_str_eq(said, expected);
	free(said);
	free(expected);
	return reads;
}

/* One bit of each hundred bytes, each time another one: no answer is ever wrong, and a name is never hidden.
 */
START_TEST(no_flipped_bit_of_the_index_changes_an_answer)
{
	struct stat about;
	unsigned long made_again = 0;

	check_opens_right();
	ck_assert_int_eq(stat(file, &about), 0);
	for (off_t at = _i; at < about.st_size; at += 97) {
		const int fd = open(file, O_RDWR);
		uint8_t byte = 0;

		ck_assert_int_eq(pread(fd, &byte, 1, at), 1);
		byte ^= (uint8_t)(1u << (at % 8));
		ck_assert_int_eq(pwrite(fd, &byte, 1, at), 1);
		close(fd);
		made_again += check_opens_right() > 0;
		ck_assert_int_eq(access(file, F_OK), 0);
	}
	ck_assert_uint_gt(made_again, 100);
}
END_TEST

START_TEST(pages_in_each_others_place_are_not_believed)
{
	uint8_t pages[2 * 4096];
	int fd;

	check_opens_right();
	fd = open(file, O_RDWR);
	ck_assert_int_eq(pread(fd, pages, sizeof(pages), 4096), (ssize_t)sizeof(pages));
	ck_assert_int_eq(pwrite(fd, pages, 4096, 8192), 4096);
	ck_assert_int_eq(pwrite(fd, pages + 4096, 4096, 4096), 4096);
	close(fd);
	check_opens_right();
	ck_assert_uint_eq(check_opens_right(), 0);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("checked_file");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_loop_test(tcase, no_flipped_bit_of_the_index_changes_an_answer, 0, 3);
	tcase_add_test(tcase, pages_in_each_others_place_are_not_believed);
	return suite_run(tcase, "checked_file");
}
