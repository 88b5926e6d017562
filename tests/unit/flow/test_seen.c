/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/seen.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "support/suite.h"

static char dir[64];
static char file[128];
static const struct kist_digest log_digest = { { 7 } };

static void setup(void)
{
	const char *tmp = getenv("TMPDIR");

	snprintf(dir, sizeof(dir), "%s/kist-seen-XXXXXX", tmp && strlen(tmp) < 32 ? tmp : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(file, sizeof(file), "%s/seen", dir);
}

static void teardown(void)
{
	(void)unlink(file);
	(void)rmdir(dir);
}

static struct kist_seen_entry entry_of(unsigned number, uint64_t since)
{
	struct kist_seen_entry entry = { .key = { .device = 5,
						  .inode = number,
						  .name = kist_seen_name("name"),
						  .size = 1000 + number,
						  .mtime_ns = -5,
						  .ctime_ns = 1234567890123456789 },
					 .context = 99,
					 .since = since };

	entry.artifact = kist_digest_of(kist_view_of(&number, sizeof(number)));
	entry.sha256 = kist_digest_of(kist_view_of(&entry.artifact, sizeof(entry.artifact)));
	return entry;
}

/* Remembers the files @first..@end as of commit @since, beside those that were remembered before. */
static void remember(unsigned first, unsigned end, uint64_t since)
{
	kist_auto_seen struct kist_seen seen = KIST_SEEN_INIT;
	struct kist_digest digest;
	uint64_t head;

	ck_assert_int_eq(kist_seen_load(&seen, dir, &head, &digest, NULL), KIST_OK);
	/* Backwards: they are put in order when they are written. */
	for (unsigned i = end; i > first; i--) {
		const struct kist_seen_entry entry = entry_of(i - 1, since);

		ck_assert_int_eq(kist_seen_add(&seen, &entry, NULL), KIST_OK);
	}
	ck_assert_int_eq(kist_seen_save(&seen, dir, since, &log_digest, NULL), KIST_OK);
}

static size_t count_of(const struct kist_seen *seen)
{
	return seen->entries.size / sizeof(struct kist_seen_entry);
}

/* How many files are remembered, and how many of them as of @since. */
static size_t remembered(uint64_t since)
{
	kist_auto_seen struct kist_seen seen = KIST_SEEN_INIT;
	struct kist_digest digest;
	uint64_t head;
	size_t found = 0;

	ck_assert_int_eq(kist_seen_load(&seen, dir, &head, &digest, NULL), KIST_OK);
	for (size_t i = 0; i < count_of(&seen); i++) {
		struct kist_seen_entry entry;
		struct kist_seen_entry made;

		memcpy(&entry, seen.entries.data + i * sizeof(entry), sizeof(entry));
		made = entry_of((unsigned)entry.key.inode, 0);
		ck_assert(kist_digest_equal(&entry.artifact, &made.artifact));
		found += entry.since == since;
	}
	return found;
}

START_TEST(what_is_remembered_is_found_by_all_of_its_key)
{
	kist_auto_seen struct kist_seen seen = KIST_SEEN_INIT;
	const struct kist_seen_entry wanted = entry_of(40, 3);
	struct kist_seen_key key = wanted.key;
	const struct kist_seen_entry *found;
	struct kist_digest digest;
	uint64_t head;

	remember(0, 100, 3);
	ck_assert_int_eq(kist_seen_load(&seen, dir, &head, &digest, NULL), KIST_OK);
	ck_assert_uint_eq(head, 3);
	ck_assert(kist_digest_equal(&digest, &log_digest));
	ck_assert_uint_eq(count_of(&seen), 100);
	found = kist_seen_find(&seen, &key);
	ck_assert_ptr_nonnull(found);
	ck_assert_mem_eq(found, &wanted, sizeof(wanted));
	for (size_t i = 0; i < sizeof(key) / sizeof(uint64_t); i++) {
		uint64_t members[sizeof(key) / sizeof(uint64_t)];

		memcpy(members, &wanted.key, sizeof(members));
		members[i] += 1000;
		memcpy(&key, members, sizeof(key));
		ck_assert_msg(kist_seen_find(&seen, &key) == NULL, "member %zu does not count", i);
	}
}
END_TEST

START_TEST(names_differ)
{
	ck_assert_uint_ne(kist_seen_name("a.csv"), kist_seen_name("a.txt"));
	ck_assert_uint_ne(kist_seen_name(""), kist_seen_name("a"));
}
END_TEST

START_TEST(what_is_newer_takes_the_place_of_what_was_there)
{
	remember(0, 100, 3);
	remember(50, 150, 4);
	ck_assert_uint_eq(remembered(3), 50);
	ck_assert_uint_eq(remembered(4), 100);
}
END_TEST

START_TEST(nothing_is_written_when_all_is_there)
{
	struct stat before;
	struct stat after;

	remember(0, 100, 3);
	ck_assert_int_eq(stat(file, &before), 0);
	remember(20, 30, 3);
	ck_assert_int_eq(stat(file, &after), 0);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	remember(20, 30, 4);
	ck_assert_uint_eq(remembered(4), 10);
}
END_TEST

START_TEST(one_file_that_was_seen_twice_is_remembered_once)
{
	kist_auto_seen struct kist_seen seen = KIST_SEEN_INIT;
	struct kist_seen_entry entry = entry_of(1, 3);
	struct kist_seen_key key = entry.key;
	struct kist_digest digest;
	uint64_t head;

	for (int i = 0; i < 3; i++) {
		entry.key.ctime_ns++;
		ck_assert_int_eq(kist_seen_add(&seen, &entry, NULL), KIST_OK);
	}
	ck_assert_int_eq(kist_seen_save(&seen, dir, 3, &log_digest, NULL), KIST_OK);
	ck_assert_int_eq(kist_seen_load(&seen, dir, &head, &digest, NULL), KIST_OK);
	ck_assert_uint_eq(count_of(&seen), 1);
	ck_assert_ptr_null(kist_seen_find(&seen, &key));
	ck_assert_ptr_nonnull(kist_seen_find(&seen, &entry.key));
}
END_TEST

START_TEST(past_the_limit_the_oldest_go)
{
	remember(0, 1000, 3);
	remember(1000, KIST_SEEN_ENTRIES_MAX, 4);
	ck_assert_uint_eq(remembered(3), 1000);
	remember(KIST_SEEN_ENTRIES_MAX, KIST_SEEN_ENTRIES_MAX + 400, 5);
	ck_assert_uint_eq(remembered(3), 600);
	ck_assert_uint_eq(remembered(5), 400);
	/* More than the limit at once. */
	remember(0, KIST_SEEN_ENTRIES_MAX + 10, 6);
	ck_assert_uint_eq(remembered(6), KIST_SEEN_ENTRIES_MAX);
}
END_TEST

static void write_file(struct kist_view bytes)
{
	ck_assert_int_eq(kist_replace_file_at(AT_FDCWD, file, bytes, 0600, false, NULL), KIST_OK);
}

START_TEST(a_file_that_is_damaged_says_nothing)
{
	kist_auto_buf struct kist_buf good = KIST_BUF_INIT(1 << 20);
	kist_auto_seen struct kist_seen seen = KIST_SEEN_INIT;
	struct kist_digest digest;
	uint64_t head;

	remember(0, 3, 3);
	ck_assert_int_eq(kist_read_file_at(AT_FDCWD, file, &good, NULL), KIST_OK);
	for (size_t bit = 0; bit < 8 * good.size; bit++) {
		good.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		write_file(kist_buf_view(&good));
		good.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		ck_assert_int_eq(kist_seen_load(&seen, dir, &head, &digest, NULL), KIST_OK);
		ck_assert_uint_eq(count_of(&seen), 0);
	}
	for (size_t size = 0; size < good.size; size++) {
		write_file(kist_view_of(good.data, size));
		ck_assert_int_eq(kist_seen_load(&seen, dir, &head, &digest, NULL), KIST_OK);
		ck_assert_uint_eq(count_of(&seen), 0);
	}
	write_file(kist_buf_view(&good));
	ck_assert_int_eq(kist_seen_load(&seen, dir, &head, &digest, NULL), KIST_OK);
	ck_assert_uint_eq(count_of(&seen), 3);
}
END_TEST

START_TEST(a_file_out_of_order_says_nothing)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(1 << 20);
	kist_auto_seen struct kist_seen seen = KIST_SEEN_INIT;
	struct kist_digest digest;
	uint64_t head;

	remember(0, 3, 3);
	ck_assert_int_eq(kist_read_file_at(AT_FDCWD, file, &bytes, NULL), KIST_OK);
	/* The second entry once more in place of the first; the digest is made to fit. */
	memcpy(bytes.data + bytes.size - KIST_DIGEST_SIZE - 384,
	       bytes.data + bytes.size - KIST_DIGEST_SIZE - 256, 128);
	digest = kist_digest_of(kist_view_of(bytes.data, bytes.size - KIST_DIGEST_SIZE));
	memcpy(bytes.data + bytes.size - KIST_DIGEST_SIZE, digest.bytes, KIST_DIGEST_SIZE);
	write_file(kist_buf_view(&bytes));
	ck_assert_int_eq(kist_seen_load(&seen, dir, &head, &digest, NULL), KIST_OK);
	ck_assert_uint_eq(count_of(&seen), 0);
}
END_TEST

START_TEST(a_file_that_others_can_write_says_nothing)
{
	kist_auto_seen struct kist_seen seen = KIST_SEEN_INIT;
	struct kist_digest digest;
	uint64_t head;

	remember(0, 3, 3);
	ck_assert_int_eq(chmod(file, 0620), 0);
	ck_assert_int_eq(kist_seen_load(&seen, dir, &head, &digest, NULL), KIST_OK);
	ck_assert_uint_eq(count_of(&seen), 0);
}
END_TEST

START_TEST(it_survives_every_failed_allocation)
{
	remember(0, 100, 3);
	for (unsigned long k = 1;; k++) {
		kist_auto_seen struct kist_seen seen = KIST_SEEN_INIT;
		const struct kist_seen_entry entry = entry_of(200, k);
		struct kist_digest digest;
		kist_status status;
		uint64_t head;

		kist_mem_fail_at(k);
		status = kist_seen_load(&seen, dir, &head, &digest, NULL);
		if (status == KIST_OK)
			status = kist_seen_add(&seen, &entry, NULL);
		if (status == KIST_OK)
			status = kist_seen_save(&seen, dir, 4, &log_digest, NULL);
		kist_mem_fail_at(0);
		if (status == KIST_OK)
			break;
		ck_assert_int_eq(status, KIST_NO_MEMORY);
		ck_assert_uint_eq(remembered(3), 100);
	}
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("seen");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, what_is_remembered_is_found_by_all_of_its_key);
	tcase_add_test(tcase, names_differ);
	tcase_add_test(tcase, what_is_newer_takes_the_place_of_what_was_there);
	tcase_add_test(tcase, nothing_is_written_when_all_is_there);
	tcase_add_test(tcase, one_file_that_was_seen_twice_is_remembered_once);
	tcase_add_test(tcase, past_the_limit_the_oldest_go);
	tcase_add_test(tcase, a_file_that_is_damaged_says_nothing);
	tcase_add_test(tcase, a_file_out_of_order_says_nothing);
	tcase_add_test(tcase, a_file_that_others_can_write_says_nothing);
	tcase_add_test(tcase, it_survives_every_failed_allocation);
	return suite_run(tcase, "seen");
}
