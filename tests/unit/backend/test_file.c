/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/kinds.h"
#include "base/file.h"
#include "base/mem.h"
#include "support/suite.h"

/* What only a folder can do to us: links, pipes, files left behind, places that are taken. */

static char folder[64];
static char root[96];

static void setup(void)
{
	snprintf(folder, sizeof(folder), "/tmp/kist-file-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(root, sizeof(root), "%s/store", folder);
}

static void teardown(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

static const char *below(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", root, name);
	return path;
}

static struct kist_backend *open_new(int plain)
{
	struct kist_backend *backend;

	ck_assert_int_eq(kist_backend_open(root, true, &backend, NULL), KIST_OK);
	if (plain)
		kist_file_backend_be_plain(backend);
	return backend;
}

static struct kist_backend *open_again(void)
{
	struct kist_backend *backend;

	ck_assert_int_eq(kist_backend_open(root, false, &backend, NULL), KIST_OK);
	return backend;
}

static kist_status put(struct kist_backend *backend, const char *key)
{
	const struct kist_view view = kist_view_of("bytes", 5);

	return kist_backend_put_new(backend, key, &view, 1, NULL);
}

/* Long, at a page and not; whole units, and with a rest; alone, and behind others. */
START_TEST(long_objects_are_written_as_they_are)
{
	static const size_t sizes[] = { 1 << 20, (1 << 20) + 1, (3 << 20) - 1, (1 << 20) - 1 };
	struct kist_backend *backend = open_new(0);
	uint8_t *const data = kist_alloc_pages(4 << 20);

	for (size_t i = 0; i < 4 << 20; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 7);
	for (size_t i = 0; i < 2 * sizeof(sizes) / sizeof(sizes[0]); i++) {
		const struct kist_view parts[2] = { kist_view_of(data + i % 2, sizes[i / 2]),
						    kist_view_of(data, sizes[i / 2]) };
		kist_auto_buf struct kist_buf back = KIST_BUF_INIT(8 << 20);
		char key[32];

		snprintf(key, sizeof(key), "packs/%zu", i);
		ck_assert_int_eq(kist_backend_put_new(backend, key, parts, 2, NULL), KIST_OK);
		ck_assert_int_eq(kist_backend_get(backend, key, 0, 8 << 20, &back, NULL), KIST_OK);
		ck_assert_uint_eq(back.size, 2 * sizes[i / 2]);
		ck_assert_int_eq(memcmp(back.data, parts[0].data, parts[0].size), 0);
		ck_assert_int_eq(memcmp(back.data + parts[0].size, data, parts[1].size), 0);
	}
	kist_free(data);
	kist_backend_close(backend);
}
END_TEST

/* An object that grows to @size bytes in pieces of up to @step. */
static struct kist_growing *grow(struct kist_backend *backend, const uint8_t *data, size_t size, size_t step)
{
	struct kist_growing *growing;

	ck_assert_int_eq(kist_backend_begin(backend, "packs", &growing, NULL), KIST_OK);
	ck_assert_ptr_nonnull(growing);
	for (size_t at = 0; at < size; at += step) {
		const struct kist_view piece = kist_view_of(data + at, at + step < size ? step : size - at);

		ck_assert_int_eq(kist_growing_add(growing, piece, NULL), KIST_OK);
	}
	return growing;
}

static void expect_bytes(struct kist_backend *backend, const char *key, const uint8_t *data, size_t size)
{
	kist_auto_buf struct kist_buf back = KIST_BUF_INIT(8 << 20);

	ck_assert_int_eq(kist_backend_get(backend, key, 0, 8 << 20, &back, NULL), KIST_OK);
	ck_assert_uint_eq(back.size, size);
	ck_assert_int_eq(memcmp(back.data, data, size), 0);
}

static int entries_of(const char *name)
{
	char command[512];
	FILE *pipe;
	int count = -1;

	snprintf(command, sizeof(command), "find '%s' -type f | wc -l", below(name));
	pipe = popen(command, "r");
	ck_assert_ptr_nonnull(pipe);
	ck_assert_int_eq(fscanf(pipe, "%d", &count), 1);
	ck_assert_int_eq(pclose(pipe), 0);
	return count;
}

/* Whole units that go past the cache, and others; with a name by a link, and by a copy. */
START_TEST(what_grows_is_seen_when_it_has_its_key)
{
	static const size_t steps[] = { 1 << 20, (1 << 20) + 512, 5 << 20, 100 << 10 };
	const size_t size = (4 << 20) + 77;
	uint8_t *const data = kist_alloc_pages(size);

	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(i * 2654435761u >> 7);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct kist_backend *const backend = i == 0 ? open_new(0) : open_again();
		struct kist_growing *const growing = grow(backend, data, size, steps[i]);
		struct stat info;
		char key[32];

		snprintf(key, sizeof(key), "packs/%02zu/p", i);
		ck_assert_int_eq(entries_of("packs"), (int)i);
		if (_i == 1)
			kist_file_backend_be_plain(backend);
		ck_assert_int_eq(kist_growing_put(growing, key, NULL), KIST_OK);
		kist_growing_drop(growing);
		expect_bytes(backend, key, data, size);
		ck_assert_int_eq(stat(below(key), &info), 0);
		ck_assert_uint_eq(info.st_mode & 0222, 0);
		kist_backend_close(backend);
	}
	kist_free(data);
}
END_TEST

START_TEST(what_grows_replaces_nothing_and_leaves_nothing)
{
	struct kist_backend *const backend = open_new(0);
	const uint8_t *const other = (const uint8_t *)"other";
	struct kist_growing *growing;

	ck_assert_int_eq(put(backend, "packs/1"), KIST_OK);
	growing = grow(backend, other, 5, 2);
	if (_i == 1)
		kist_file_backend_be_plain(backend);
	ck_assert_int_eq(kist_growing_put(growing, "packs/1", NULL), KIST_EXISTS);
	ck_assert_int_eq(kist_growing_put(growing, "packs/../2", NULL), KIST_INVALID);
	kist_growing_drop(growing);
	kist_growing_drop(NULL);
	ck_assert_int_eq(entries_of("packs"), 1);
	expect_bytes(backend, "packs/1", (const uint8_t *)"bytes", 5);
	kist_backend_close(backend);
}
END_TEST

START_TEST(what_grows_has_a_largest_size_and_a_folder_of_ours)
{
	struct kist_backend *const backend = open_new(0);
	struct kist_growing *growing = grow(backend, (const uint8_t *)"x", 1, 1);

	/* Never read: the sum is checked first. */
	ck_assert_int_eq(kist_growing_add(growing, kist_view_of("y", KIST_OBJECT_SIZE_MAX), NULL),
			 KIST_LIMIT);
	kist_growing_drop(growing);
	ck_assert_int_eq(kist_backend_begin(backend, "../x", &growing, NULL), KIST_INVALID);
	ck_assert_ptr_null(growing);
	kist_file_backend_be_plain(backend);
	ck_assert_int_eq(kist_backend_begin(backend, "packs", &growing, NULL), KIST_OK);
	ck_assert_ptr_null(growing);
	kist_backend_close(backend);
}
END_TEST

START_TEST(only_the_uris_of_ours_are_taken)
{
	static const char *const wrong[] = { "",	  "s3://bucket/x", "http://x", "file://host/x",
					     "file:x",	  "gs://b",	   "memory:",  "memory:..",
					     "memory:a/b" };
	struct kist_backend *backend;

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_msg(kist_backend_open(wrong[i], false, &backend, NULL) == KIST_INVALID, "uri %zu",
			      i);
	ck_assert_int_eq(kist_backend_open(root, false, &backend, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_backend_open("memory:never-made", false, &backend, NULL), KIST_NOT_FOUND);
	kist_backend_close(NULL);
}
END_TEST

START_TEST(only_a_new_or_an_empty_folder_becomes_a_store)
{
	struct kist_backend *backend;

	ck_assert_int_eq(mkdir(root, 0700), 0);
	kist_backend_close(open_new(0));
	ck_assert_int_eq(mkdir(below("sub"), 0700), 0);
	ck_assert_int_eq(kist_backend_open(root, true, &backend, NULL), KIST_EXISTS);
	ck_assert_int_eq(kist_backend_open(root, false, &backend, NULL), KIST_OK);
	kist_backend_close(backend);
}
END_TEST

START_TEST(symbolic_links_are_never_followed)
{
	struct kist_backend *backend = open_new(_i);
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(100);
	char outside[96];
	uint64_t size;
	struct stat info;

	snprintf(outside, sizeof(outside), "%s/outside", folder);
	ck_assert_int_eq(mkdir(outside, 0700), 0);
	ck_assert_int_eq(put(backend, "real/one"), KIST_OK);
	ck_assert_int_eq(symlink(outside, below("away")), 0);
	ck_assert_int_eq(symlink("real/one", below("alias")), 0);
	ck_assert_int_eq(put(backend, "away/x"), KIST_DENIED);
	ck_assert_int_ne(stat(below("away/x"), &info), 0);
	ck_assert_int_eq(kist_backend_get(backend, "alias", 0, 5, &bytes, NULL), KIST_DENIED);
	ck_assert_int_eq(kist_backend_head(backend, "alias", &size, NULL), KIST_DENIED);
	ck_assert_int_eq(kist_backend_head(backend, "away/x", &size, NULL), KIST_DENIED);
	ck_assert_int_eq(put(backend, "alias"), KIST_EXISTS);
	/* The link is removed, not what it names. */
	ck_assert_int_eq(kist_backend_delete(backend, "alias", NULL), KIST_OK);
	ck_assert_int_eq(kist_backend_get(backend, "real/one", 0, 5, &bytes, NULL), KIST_OK);
	kist_backend_close(backend);
}
END_TEST

START_TEST(a_pipe_does_not_hold_a_reader_up)
{
	struct kist_backend *backend = open_new(_i);
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(100);

	ck_assert_int_eq(mkfifo(below("pipe"), 0600), 0);
	ck_assert_int_eq(kist_backend_get(backend, "pipe", 0, 5, &bytes, NULL), KIST_DENIED);
	kist_backend_close(backend);
}
END_TEST

static kist_status count_key(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	(void)key;
	(void)size;
	(void)err;
	++*(int *)ctx;
	return KIST_OK;
}

START_TEST(what_a_crash_left_behind_is_not_listed)
{
	struct kist_backend *backend = open_new(_i);
	kist_auto_fd int fd = -1;
	int count = 0;

	ck_assert_int_eq(put(backend, "log/1"), KIST_OK);
	ck_assert_int_eq(kist_open_at(AT_FDCWD, below("log/TMP-0123"), O_CREAT | O_WRONLY, 0600, &fd, NULL),
			 KIST_OK);
	ck_assert_int_eq(symlink("1", below("log/2")), 0);
	ck_assert_int_eq(kist_backend_list(backend, "log/", count_key, &count, NULL), KIST_OK);
	ck_assert_int_eq(count, 1);
	kist_backend_close(backend);
}
END_TEST

START_TEST(nothing_but_the_object_is_left_by_a_put)
{
	struct kist_backend *backend = open_new(_i);
	char command[512];

	ck_assert_int_eq(put(backend, "log/1"), KIST_OK);
	ck_assert_int_eq(put(backend, "log/1"), KIST_EXISTS);
	snprintf(command, sizeof(command), "test \"$(ls -A '%s')\" = 1", below("log"));
	ck_assert_int_eq(system(command), 0);
	kist_backend_close(backend);
}
END_TEST

START_TEST(an_object_cannot_be_written_to)
{
	struct kist_backend *backend = open_new(_i);
	struct stat info;

	ck_assert_int_eq(put(backend, "log/1"), KIST_OK);
	ck_assert_int_eq(stat(below("log/1"), &info), 0);
	ck_assert_uint_eq(info.st_mode & 0222, 0);
	kist_backend_close(backend);
}
END_TEST

/* More files than are kept open. */
START_TEST(many_files_are_read_in_turn)
{
	struct kist_backend *backend = open_new(_i);

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 50; i++) {
			kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(100);
			char key[32];
			struct kist_view view = kist_view_of(key, 0);

			view.size = (size_t)snprintf(key, sizeof(key), "packs/%d", i);
			if (round == 0)
				ck_assert_int_eq(kist_backend_put_new(backend, key, &view, 1, NULL), KIST_OK);
			ck_assert_int_eq(kist_backend_get(backend, key, 0, 100, &bytes, NULL), KIST_OK);
			ck_assert_str_eq(kist_buf_text(&bytes), key);
		}
	}
	kist_backend_close(backend);
}
END_TEST

/* A file that was put in place of another, as a test or a repair does. */
START_TEST(a_kept_file_is_not_read_once_the_name_stands_for_another)
{
	struct kist_backend *backend = open_new(_i);
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(100);

	ck_assert_int_eq(put(backend, "k"), KIST_OK);
	ck_assert_int_eq(kist_backend_get(backend, "k", 0, 5, &bytes, NULL), KIST_OK);
	ck_assert_int_eq(
		kist_replace_file_at(AT_FDCWD, below("k"), kist_view_of("other", 5), 0600, false, NULL),
		KIST_OK);
	ck_assert_int_eq(kist_backend_get(backend, "k", 0, 5, &bytes, NULL), KIST_OK);
	ck_assert_str_eq(kist_buf_text(&bytes), "bytesother");
	kist_backend_close(backend);
}
END_TEST

int main(void)
{
	const TTest *const both[] = {
		symbolic_links_are_never_followed,
		a_pipe_does_not_hold_a_reader_up,
		what_a_crash_left_behind_is_not_listed,
		nothing_but_the_object_is_left_by_a_put,
		an_object_cannot_be_written_to,
		many_files_are_read_in_turn,
		a_kept_file_is_not_read_once_the_name_stands_for_another,
	};
	TCase *tests = tcase_create("file");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, long_objects_are_written_as_they_are);
	tcase_add_loop_test(tests, what_grows_is_seen_when_it_has_its_key, 0, 2);
	tcase_add_loop_test(tests, what_grows_replaces_nothing_and_leaves_nothing, 0, 2);
	tcase_add_test(tests, what_grows_has_a_largest_size_and_a_folder_of_ours);
	tcase_add_test(tests, only_the_uris_of_ours_are_taken);
	tcase_add_test(tests, only_a_new_or_an_empty_folder_becomes_a_store);
	for (size_t i = 0; i < sizeof(both) / sizeof(both[0]); i++)
		tcase_add_loop_test(tests, both[i], 0, 2);
	return suite_run(tests, "file");
}
