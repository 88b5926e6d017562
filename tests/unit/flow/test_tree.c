/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/tree.h"

#include <string.h>

#include "base/le.h"
#include "base/mem.h"
#include "support/suite.h"

static struct kist_tree_entry entry(enum kist_tree_kind kind, const char *path, const char *target)
{
	struct kist_tree_entry made = { .kind = kind, .mode = 0644, .path = kist_view_of(path, strlen(path)) };

	if (kind == KIST_TREE_FILE) {
		made.size = 7;
		memset(made.sha256.bytes, 0xab, KIST_DIGEST_SIZE);
		memset(made.artifact.bytes, 0xcd, KIST_DIGEST_SIZE);
		made.mtime_ns = 1234567890123456789;
	}
	if (target)
		made.target = kist_view_of(target, strlen(target));
	return made;
}

static kist_status add(struct kist_tree *tree, enum kist_tree_kind kind, const char *path, const char *target)
{
	const struct kist_tree_entry made = entry(kind, path, target);

	return kist_tree_add(tree, &made, NULL);
}

static struct kist_digest make(struct kist_tree *tree)
{
	ck_assert_int_eq(kist_tree_start(tree, NULL), KIST_OK);
	ck_assert_int_eq(add(tree, KIST_TREE_FOLDER, "a", NULL), KIST_OK);
	ck_assert_int_eq(add(tree, KIST_TREE_FILE, "a-b", NULL), KIST_OK);
	ck_assert_int_eq(add(tree, KIST_TREE_FILE, "a/\x01\n", NULL), KIST_OK);
	ck_assert_int_eq(add(tree, KIST_TREE_LINK, "a/link", "../a-b"), KIST_OK);
	return kist_tree_finish(tree);
}

struct seen {
	int count;
	struct kist_tree_entry last;
};

static kist_status see(void *ctx, const struct kist_tree_entry *found, struct kist_error *err)
{
	struct seen *seen = ctx;

	(void)err;
	seen->count++;
	seen->last = *found;
	return KIST_OK;
}

START_TEST(what_is_listed_is_read_back)
{
	kist_auto_tree struct kist_tree tree = KIST_TREE_INIT;
	const struct kist_digest digest = make(&tree);
	struct kist_digest read_digest;
	struct seen seen = { .count = 0 };

	ck_assert_int_eq(kist_tree_read(kist_buf_view(&tree.listing), see, &seen, &read_digest, NULL), KIST_OK);
	ck_assert_int_eq(seen.count, 4);
	ck_assert_int_eq(seen.last.kind, KIST_TREE_LINK);
	ck_assert_mem_eq(seen.last.target.data, "../a-b", 6);
	ck_assert(kist_digest_equal(&digest, &read_digest));
	ck_assert_uint_eq(tree.file_bytes, 14);
}
END_TEST

START_TEST(times_and_artifacts_do_not_count_for_the_digest)
{
	kist_auto_tree struct kist_tree one = KIST_TREE_INIT;
	kist_auto_tree struct kist_tree two = KIST_TREE_INIT;
	struct kist_tree_entry file = entry(KIST_TREE_FILE, "f", NULL);
	struct kist_digest first;
	struct kist_digest second;

	ck_assert_int_eq(kist_tree_start(&one, NULL), KIST_OK);
	ck_assert_int_eq(kist_tree_add(&one, &file, NULL), KIST_OK);
	first = kist_tree_finish(&one);
	file.mtime_ns++;
	file.artifact.bytes[0] ^= 1;
	ck_assert_int_eq(kist_tree_start(&two, NULL), KIST_OK);
	ck_assert_int_eq(kist_tree_add(&two, &file, NULL), KIST_OK);
	second = kist_tree_finish(&two);
	ck_assert(kist_digest_equal(&first, &second));
}
END_TEST

/* Which member is changed, so that the digest must change. */
START_TEST(everything_else_counts_for_the_digest)
{
	kist_auto_tree struct kist_tree one = KIST_TREE_INIT;
	kist_auto_tree struct kist_tree two = KIST_TREE_INIT;
	struct kist_tree_entry file = entry(KIST_TREE_FILE, "f", NULL);
	struct kist_digest first;
	struct kist_digest second;

	ck_assert_int_eq(kist_tree_start(&one, NULL), KIST_OK);
	ck_assert_int_eq(kist_tree_add(&one, &file, NULL), KIST_OK);
	first = kist_tree_finish(&one);
	if (_i == 0)
		file.mode ^= 0100;
	else if (_i == 1)
		file.size++;
	else if (_i == 2)
		file.sha256.bytes[31] ^= 1;
	else if (_i == 3)
		file.path = kist_view_of("g", 1);
	else
		file = entry(KIST_TREE_FOLDER, "f", NULL);
	ck_assert_int_eq(kist_tree_start(&two, NULL), KIST_OK);
	ck_assert_int_eq(kist_tree_add(&two, &file, NULL), KIST_OK);
	second = kist_tree_finish(&two);
	ck_assert(!kist_digest_equal(&first, &second));
}
END_TEST

START_TEST(paths_must_rise_and_stay_inside)
{
	kist_auto_tree struct kist_tree tree = KIST_TREE_INIT;

	ck_assert_int_eq(kist_tree_start(&tree, NULL), KIST_OK);
	ck_assert_int_eq(add(&tree, KIST_TREE_FILE, "b", NULL), KIST_OK);
	ck_assert_int_eq(add(&tree, KIST_TREE_FILE, "b", NULL), KIST_INTERNAL);
	ck_assert_int_eq(add(&tree, KIST_TREE_FILE, "a", NULL), KIST_INTERNAL);
	ck_assert_int_eq(add(&tree, KIST_TREE_FILE, "../c", NULL), KIST_INVALID);
	ck_assert_int_eq(add(&tree, KIST_TREE_LINK, "c", "../outside"), KIST_INVALID);
}
END_TEST

/* A listing by hand: what kist_tree_add() would not make. */
static kist_status read_forged(const char *first, enum kist_tree_kind first_kind, const char *second)
{
	kist_auto_tree struct kist_tree tree = KIST_TREE_INIT;
	struct seen seen = { .count = 0 };

	ck_assert_int_eq(kist_tree_start(&tree, NULL), KIST_OK);
	ck_assert_int_eq(add(&tree, first_kind, first, first_kind == KIST_TREE_LINK ? "x" : NULL), KIST_OK);
	ck_assert_int_eq(add(&tree, KIST_TREE_FILE, second, NULL), KIST_OK);
	(void)kist_tree_finish(&tree);
	return kist_tree_read(kist_buf_view(&tree.listing), see, &seen, NULL, NULL);
}

START_TEST(nothing_lies_under_a_file_or_a_link)
{
	ck_assert_int_eq(read_forged("d", KIST_TREE_FOLDER, "d/f"), KIST_OK);
	ck_assert_int_eq(read_forged("d", KIST_TREE_FILE, "d/f"), KIST_CORRUPT);
	ck_assert_int_eq(read_forged("d", KIST_TREE_LINK, "d/f"), KIST_CORRUPT);
	ck_assert_int_eq(read_forged("d", KIST_TREE_LINK, "d-f"), KIST_OK);
}
END_TEST

/* A link "d/l" to @to, and a link "m" to @target. */
static kist_status read_links(const char *to, const char *target)
{
	kist_auto_tree struct kist_tree tree = KIST_TREE_INIT;
	kist_status status;

	ck_assert_int_eq(kist_tree_start(&tree, NULL), KIST_OK);
	ck_assert_int_eq(add(&tree, KIST_TREE_FOLDER, "d", NULL), KIST_OK);
	ck_assert_int_eq(add(&tree, KIST_TREE_FOLDER, "d/e", NULL), KIST_OK);
	ck_assert_int_eq(add(&tree, KIST_TREE_LINK, "d/l", to), KIST_OK);
	ck_assert_int_eq(add(&tree, KIST_TREE_LINK, "m", target), KIST_OK);
	(void)kist_tree_finish(&tree);
	status = kist_tree_check_links(kist_buf_view(&tree.listing), NULL);
	ck_assert_int_eq(kist_tree_read(kist_buf_view(&tree.listing), NULL, NULL, NULL, NULL),
			 status == KIST_OK ? KIST_OK : KIST_CORRUPT);
	return status;
}

/* Through a link l -> "..", d/l/../x would be outside although it reads as if it were d/x. */
START_TEST(no_link_goes_up_behind_a_link)
{
	ck_assert_int_eq(read_links("..", "d/e/../x"), KIST_OK);
	ck_assert_int_eq(read_links("..", "d/e/../../d/l"), KIST_OK);
	ck_assert_int_eq(read_links("e/../e", "d/l/x"), KIST_OK);
	ck_assert_int_eq(read_links("..", "d/l/../x"), KIST_INVALID);
	ck_assert_int_eq(read_links("..", "d/./e//../l/./x/../../y"), KIST_INVALID);
	ck_assert_int_eq(read_links("../m/..", "d"), KIST_INVALID);
}
END_TEST

START_TEST(a_link_under_which_something_lies_is_found_past_other_names)
{
	kist_auto_tree struct kist_tree tree = KIST_TREE_INIT;

	ck_assert_int_eq(kist_tree_start(&tree, NULL), KIST_OK);
	ck_assert_int_eq(add(&tree, KIST_TREE_LINK, "d", "x"), KIST_OK);
	ck_assert_int_eq(add(&tree, KIST_TREE_FILE, "d-e", NULL), KIST_OK);
	ck_assert_int_eq(add(&tree, KIST_TREE_FILE, "d/f", NULL), KIST_OK);
	(void)kist_tree_finish(&tree);
	ck_assert_int_eq(kist_tree_read(kist_buf_view(&tree.listing), NULL, NULL, NULL, NULL), KIST_CORRUPT);
}
END_TEST

START_TEST(a_file_under_which_something_lies_is_found_past_thousands_of_names)
{
	kist_auto_tree struct kist_tree tree = KIST_TREE_INIT;
	char path[KIST_TREE_PATH_SIZE_MAX + 1] = "";
	size_t len = 0;

	/* "a", "aa", ..., and the same below "aa...ab/": each is the beginning of all that follow. */
	ck_assert_int_eq(kist_tree_start(&tree, NULL), KIST_OK);
	while (len < 15 * 256) {
		for (int i = 0; i < 254; i++) {
			path[len++] = 'a';
			path[len] = '\0';
			ck_assert_int_eq(add(&tree, KIST_TREE_FILE, path, NULL), KIST_OK);
		}
		memcpy(path + len, "b/", 3);
		len += 2;
	}
	memcpy(path + len, "f", 2);
	ck_assert_int_eq(add(&tree, KIST_TREE_FILE, path, NULL), KIST_OK);
	kist_le_write64(tree.listing.data + 8, tree.count);
	ck_assert_int_eq(kist_tree_read(kist_buf_view(&tree.listing), NULL, NULL, NULL, NULL), KIST_OK);
	memcpy(path + len, "f/g", 4);
	ck_assert_int_eq(add(&tree, KIST_TREE_FILE, path, NULL), KIST_OK);
	kist_le_write64(tree.listing.data + 8, tree.count);
	ck_assert_int_eq(kist_tree_read(kist_buf_view(&tree.listing), NULL, NULL, NULL, NULL), KIST_CORRUPT);
}
END_TEST

START_TEST(every_truncation_is_found)
{
	kist_auto_tree struct kist_tree tree = KIST_TREE_INIT;

	(void)make(&tree);
	for (size_t size = 0; size < tree.listing.size; size++)
		ck_assert_int_eq(kist_tree_read(kist_view_of(tree.listing.data, size), NULL, NULL, NULL, NULL),
				 KIST_CORRUPT);
}
END_TEST

START_TEST(every_flipped_bit_changes_the_digest_or_is_refused)
{
	kist_auto_tree struct kist_tree tree = KIST_TREE_INIT;
	const struct kist_digest digest = make(&tree);
	size_t silent = 0;

	for (size_t bit = 0; bit < tree.listing.size * 8; bit++) {
		struct kist_digest found;

		tree.listing.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (kist_tree_read(kist_buf_view(&tree.listing), NULL, NULL, &found, NULL) == KIST_OK)
			silent += kist_digest_equal(&digest, &found);
		tree.listing.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	/* Times and artifact ids are proved by the chunk that holds the listing, not by the tree's digest. */
	ck_assert_uint_eq(silent, 4 * (8 + 32) * 8);
}
END_TEST

START_TEST(every_failed_allocation_is_reported)
{
	for (unsigned long k = 1;; k++) {
		kist_auto_tree struct kist_tree tree = KIST_TREE_INIT;
		struct kist_tree_entry file = entry(KIST_TREE_FILE, "f", NULL);
		kist_status status;

		kist_mem_fail_at(k);
		status = kist_tree_start(&tree, NULL);
		if (status == KIST_OK)
			status = kist_tree_add(&tree, &file, NULL);
		kist_mem_fail_at(0);
		if (status == KIST_OK)
			break;
		ck_assert_int_eq(status, KIST_NO_MEMORY);
	}
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("tree");

	tcase_add_test(tests, what_is_listed_is_read_back);
	tcase_add_test(tests, times_and_artifacts_do_not_count_for_the_digest);
	tcase_add_loop_test(tests, everything_else_counts_for_the_digest, 0, 5);
	tcase_add_test(tests, paths_must_rise_and_stay_inside);
	tcase_add_test(tests, nothing_lies_under_a_file_or_a_link);
	tcase_add_test(tests, no_link_goes_up_behind_a_link);
	tcase_add_test(tests, a_link_under_which_something_lies_is_found_past_other_names);
	tcase_add_test(tests, a_file_under_which_something_lies_is_found_past_thousands_of_names);
	tcase_add_test(tests, every_truncation_is_found);
	tcase_add_test(tests, every_flipped_bit_changes_the_digest_or_is_refused);
	tcase_add_test(tests, every_failed_allocation_is_reported);
	return suite_run(tests, "tree");
}
