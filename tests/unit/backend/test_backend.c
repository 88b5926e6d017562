/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backend/kinds.h"
#include "base/mem.h"
#include "support/suite.h"

/* What every backend must do, on each of them: one table of kinds, one row of tests. */
enum kind { KIND_FILE, KIND_PLAIN, KIND_MEMORY, KIND_COUNT };

static char folder[64];
static struct kist_backend *backend;

static void remove_folder(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

static void open_kind(int kind)
{
	static int count;
	char uri[128];

	snprintf(folder, sizeof(folder), "/tmp/kist-backend-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	if (kind == KIND_MEMORY)
		snprintf(uri, sizeof(uri), "memory:test-%d", count++);
	else
		snprintf(uri, sizeof(uri), "file://%s/a/b", folder);
	ck_assert_int_eq(kist_backend_open(uri, true, &backend, NULL), KIST_OK);
	if (kind == KIND_PLAIN)
		kist_file_backend_be_plain(backend);
}

static void close_kind(void)
{
	kist_backend_close(backend);
	remove_folder();
}

static kist_status put(const char *key, const char *text)
{
	const struct kist_view parts[2] = { kist_view_of(text, strlen(text) / 2),
					    kist_view_of(text + strlen(text) / 2,
							 strlen(text) - strlen(text) / 2) };

	return kist_backend_put_new(backend, key, parts, 2, NULL);
}

static void expect(const char *key, uint64_t offset, size_t size, const char *text)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(1000);

	ck_assert_int_eq(kist_backend_get(backend, key, offset, size, &bytes, NULL), KIST_OK);
	ck_assert_str_eq(kist_buf_text(&bytes), text);
}

START_TEST(what_is_put_is_read_in_any_range)
{
	uint64_t size = 0;

	open_kind(_i);
	ck_assert_int_eq(put("packs/ab/one.pack", "0123456789"), KIST_OK);
	ck_assert_int_eq(kist_backend_head(backend, "packs/ab/one.pack", &size, NULL), KIST_OK);
	ck_assert_uint_eq(size, 10);
	expect("packs/ab/one.pack", 0, 10, "0123456789");
	expect("packs/ab/one.pack", 3, 4, "3456");
	expect("packs/ab/one.pack", 8, 100, "89");
	expect("packs/ab/one.pack", 10, 1, "");
	expect("packs/ab/one.pack", UINT64_MAX, 1, "");
	expect("packs/ab/one.pack", 0, 0, "");
	expect("packs/ab/one.pack", 0, SIZE_MAX, "0123456789");
	close_kind();
}
END_TEST

START_TEST(get_appends_and_keeps_to_the_limit)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(5);

	open_kind(_i);
	ck_assert_int_eq(put("k", "abc"), KIST_OK);
	ck_assert_int_eq(kist_backend_get(backend, "k", 0, 3, &bytes, NULL), KIST_OK);
	ck_assert_int_eq(kist_backend_get(backend, "k", 1, 2, &bytes, NULL), KIST_OK);
	ck_assert_str_eq(kist_buf_text(&bytes), "abcbc");
	ck_assert_int_eq(kist_backend_get(backend, "k", 1, 1, &bytes, NULL), KIST_LIMIT);
	ck_assert_uint_eq(bytes.size, 5);
	close_kind();
}
END_TEST

START_TEST(a_key_that_is_there_keeps_its_bytes)
{
	open_kind(_i);
	ck_assert_int_eq(put("log/1", "first"), KIST_OK);
	ck_assert_int_eq(put("log/1", "second"), KIST_EXISTS);
	expect("log/1", 0, 100, "first");
	ck_assert_int_eq(kist_backend_delete(backend, "log/1", NULL), KIST_OK);
	ck_assert_int_eq(put("log/1", "third"), KIST_OK);
	expect("log/1", 0, 100, "third");
	close_kind();
}
END_TEST

START_TEST(empty_bytes_are_bytes)
{
	uint64_t size = 1;

	open_kind(_i);
	ck_assert_int_eq(kist_backend_put_new(backend, "nothing", NULL, 0, NULL), KIST_OK);
	ck_assert_int_eq(kist_backend_head(backend, "nothing", &size, NULL), KIST_OK);
	ck_assert_uint_eq(size, 0);
	expect("nothing", 0, 10, "");
	close_kind();
}
END_TEST

START_TEST(what_is_not_there_is_not_found)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(10);
	uint64_t size;

	open_kind(_i);
	ck_assert_int_eq(put("packs/ab/one", "x"), KIST_OK);
	ck_assert_int_eq(kist_backend_get(backend, "no", 0, 1, &bytes, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_backend_get(backend, "no/such/key", 0, 1, &bytes, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_backend_head(backend, "packs/ab/two", &size, NULL), KIST_NOT_FOUND);
	/* What leads to a key is none. */
	ck_assert_int_eq(kist_backend_head(backend, "packs/ab", &size, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_backend_get(backend, "packs", 0, 1, &bytes, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_backend_delete(backend, "packs/ab", NULL), KIST_OK);
	ck_assert_int_eq(kist_backend_delete(backend, "no/such", NULL), KIST_OK);
	expect("packs/ab/one", 0, 1, "x");
	close_kind();
}
END_TEST

START_TEST(what_was_deleted_is_gone_though_it_was_read_before)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(10);

	open_kind(_i);
	ck_assert_int_eq(put("a/b", "x"), KIST_OK);
	expect("a/b", 0, 1, "x");
	ck_assert_int_eq(kist_backend_delete(backend, "a/b", NULL), KIST_OK);
	ck_assert_int_eq(kist_backend_get(backend, "a/b", 0, 1, &bytes, NULL), KIST_NOT_FOUND);
	close_kind();
}
END_TEST

START_TEST(hostile_keys_are_refused_by_every_operation)
{
	static const char *const keys[] = { "",	    "/",      "/a",	  "a/",	  "a//b",  ".",
					    "..",   "a/../b", "a/.",	  "../a", "A",	   "a b",
					    "a\nb", "a\\b",   "\xc3\xa9", "a:b",  "TMP-1", "a/./b" };
	char longest[KIST_KEY_SIZE_MAX + 2];
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(10);
	uint64_t size;

	open_kind(_i);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		ck_assert_msg(put(keys[i], "x") == KIST_INVALID, "key %zu", i);
		ck_assert_int_eq(kist_backend_get(backend, keys[i], 0, 1, &bytes, NULL), KIST_INVALID);
		ck_assert_int_eq(kist_backend_head(backend, keys[i], &size, NULL), KIST_INVALID);
		ck_assert_int_eq(kist_backend_delete(backend, keys[i], NULL), KIST_INVALID);
	}
	memset(longest, 'a', sizeof(longest));
	longest[KIST_KEY_SIZE_MAX + 1] = '\0';
	ck_assert_int_eq(put(longest, "x"), KIST_INVALID);
	longest[KIST_KEY_SIZE_MAX] = '\0';
	ck_assert_int_eq(put(longest, "x"), KIST_OK);
	ck_assert_int_eq(put("..a/...", "dots are no harm"), KIST_OK);
	close_kind();
}
END_TEST

START_TEST(an_object_has_a_largest_size)
{
	/* Never read: the sum is checked first. */
	const struct kist_view parts[2] = { kist_view_of("x", KIST_OBJECT_SIZE_MAX), kist_view_of("y", 1) };

	open_kind(_i);
	ck_assert_int_eq(kist_backend_put_new(backend, "k", parts, 2, NULL), KIST_LIMIT);
	close_kind();
}
END_TEST

static kist_status join(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	return kist_buf_appendf(ctx, err, "%s=%llu ", key, (unsigned long long)size);
}

static void expect_list(const char *prefix, const char *text)
{
	kist_auto_buf struct kist_buf found = KIST_BUF_INIT(1000);

	ck_assert_int_eq(kist_backend_list(backend, prefix, join, &found, NULL), KIST_OK);
	ck_assert_str_eq(kist_buf_text(&found), text);
}

START_TEST(keys_are_listed_in_byte_order)
{
	static const char *const keys[] = { "b", "a/c", "a-b", "a0", "a/b/c", "ab/c", "a.b", "a/b0" };

	open_kind(_i);
	expect_list("", "");
	expect_list("a/", "");
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		ck_assert_int_eq(put(keys[i], keys[i]), KIST_OK);
	expect_list("", "a-b=3 a.b=3 a/b/c=5 a/b0=4 a/c=3 a0=2 ab/c=4 b=1 ");
	expect_list("a/", "a/b/c=5 a/b0=4 a/c=3 ");
	expect_list("a/b", "a/b/c=5 a/b0=4 ");
	expect_list("a", "a-b=3 a.b=3 a/b/c=5 a/b0=4 a/c=3 a0=2 ab/c=4 ");
	expect_list("a/b/c", "a/b/c=5 ");
	expect_list("a/b/c/", "");
	expect_list("no", "");
	close_kind();
}
END_TEST

struct names {
	size_t count;
	bool c;
	bool b0;
};

static kist_status see_name(void *ctx, const char *name, struct kist_error *err)
{
	struct names *names = ctx;

	(void)err;
	names->count++;
	names->c = names->c || strcmp(name, "c") == 0;
	names->b0 = names->b0 || strcmp(name, "b0") == 0;
	return KIST_OK;
}

static kist_status stop_name(void *ctx, const char *name, struct kist_error *err)
{
	(void)name;
	++*(int *)ctx;
	return kist_fail(err, KIST_CANCELLED, "enough");
}

START_TEST(names_are_those_of_one_folder)
{
	static const char *const keys[] = { "b", "a/c", "a-b", "a0", "a/b/c", "ab/c", "a.b", "a/b0" };
	static const char *const wrong[] = { "", "a", "/", "../", "A/", "a//" };
	struct names names = { .count = 0 };
	int calls = 0;

	open_kind(_i);
	ck_assert_int_eq(kist_backend_names(backend, "a/", see_name, &names, NULL), KIST_OK);
	ck_assert_uint_eq(names.count, 0);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		ck_assert_int_eq(put(keys[i], keys[i]), KIST_OK);
	ck_assert_int_eq(kist_backend_names(backend, "a/", see_name, &names, NULL), KIST_OK);
	ck_assert_uint_eq(names.count, 2);
	ck_assert(names.c && names.b0);
	ck_assert_int_eq(kist_backend_names(backend, "a/", stop_name, &calls, NULL), KIST_CANCELLED);
	ck_assert_int_eq(calls, 1);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		ck_assert_int_eq(kist_backend_names(backend, wrong[i], see_name, &names, NULL), KIST_INVALID);
	close_kind();
}
END_TEST

START_TEST(hostile_prefixes_are_refused)
{
	static const char *const prefixes[] = { "/", "../", "a/../", "a//", "A", "./", "\n" };

	open_kind(_i);
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		ck_assert_int_eq(kist_backend_list(backend, prefixes[i], join, NULL, NULL), KIST_INVALID);
	close_kind();
}
END_TEST

static kist_status stop(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	(void)key;
	(void)size;
	++*(int *)ctx;
	return kist_fail(err, KIST_CANCELLED, "enough");
}

START_TEST(a_failure_of_each_ends_the_walk)
{
	int calls = 0;

	open_kind(_i);
	ck_assert_int_eq(put("a", ""), KIST_OK);
	ck_assert_int_eq(put("b", ""), KIST_OK);
	ck_assert_int_eq(kist_backend_list(backend, "", stop, &calls, NULL), KIST_CANCELLED);
	ck_assert_int_eq(calls, 1);
	close_kind();
}
END_TEST

static kist_status delete_it(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	(void)ctx;
	(void)size;
	return kist_backend_delete(backend, key, err);
}

START_TEST(each_may_use_the_backend)
{
	open_kind(_i);
	ck_assert_int_eq(put("a/a", ""), KIST_OK);
	ck_assert_int_eq(put("a/b", ""), KIST_OK);
	ck_assert_int_eq(kist_backend_list(backend, "a/", delete_it, NULL, NULL), KIST_OK);
	expect_list("", "");
	close_kind();
}
END_TEST

#define RACERS 8

static void *race(void *arg)
{
	int *wins = arg;

	for (int i = 0; i < 50; i++) {
		char key[32];

		snprintf(key, sizeof(key), "log/%d", i);
		*wins += put(key, "the bytes of one of them") == KIST_OK;
	}
	return NULL;
}

START_TEST(of_many_that_put_one_key_exactly_one_succeeds)
{
	pthread_t threads[RACERS];
	int wins[RACERS] = { 0 };
	int sum = 0;

	open_kind(_i);
	for (int i = 0; i < RACERS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, race, &wins[i]), 0);
	for (int i = 0; i < RACERS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
		sum += wins[i];
	}
	ck_assert_int_eq(sum, 50);
	expect("log/49", 0, 100, "the bytes of one of them");
	close_kind();
}
END_TEST

START_TEST(no_allocation_that_fails_is_overlooked)
{
	open_kind(_i);
	for (unsigned long k = 1;; k++) {
		kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(10);
		kist_status status;

		ck_assert_uint_lt(k, 100);
		kist_mem_fail_at(k);
		status = put("a/b", "x");
		if (status == KIST_OK)
			status = kist_backend_get(backend, "a/b", 0, 1, &bytes, NULL);
		if (status == KIST_OK)
			status = kist_backend_list(backend, "", delete_it, NULL, NULL);
		kist_mem_fail_at(0);
		ck_assert_int_eq(kist_backend_delete(backend, "a/b", NULL), KIST_OK);
		/* Remembering a synced folder may fail unseen, so that one success is not yet the end. */
		if (status == KIST_OK && k > 20)
			break;
		if (status != KIST_OK)
			ck_assert_int_eq(status, KIST_NO_MEMORY);
	}
	close_kind();
}
END_TEST

int main(void)
{
	const TTest *const tests[] = {
		what_is_put_is_read_in_any_range,
		get_appends_and_keeps_to_the_limit,
		a_key_that_is_there_keeps_its_bytes,
		empty_bytes_are_bytes,
		what_is_not_there_is_not_found,
		what_was_deleted_is_gone_though_it_was_read_before,
		hostile_keys_are_refused_by_every_operation,
		an_object_has_a_largest_size,
		keys_are_listed_in_byte_order,
		names_are_those_of_one_folder,
		hostile_prefixes_are_refused,
		a_failure_of_each_ends_the_walk,
		each_may_use_the_backend,
		of_many_that_put_one_key_exactly_one_succeeds,
		no_allocation_that_fails_is_overlooked,
	};
	TCase *all = tcase_create("every kind");

	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_loop_test(all, tests[i], 0, KIND_COUNT);
	return suite_run(all, "backend");
}
