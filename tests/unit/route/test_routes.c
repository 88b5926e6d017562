/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "route/routes.h"
#include "support/suite.h"

#define FIRST "kist-routes 1\n"
#define TIME  "2026-01-31T12:00:00Z"

static char folder[64];
static char file[96];

static void setup(void)
{
	snprintf(folder, sizeof(folder), "/tmp/kist-routes.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(file, sizeof(file), "%s/routes", folder);
}

static void teardown(void)
{
	char command[192];

	snprintf(command, sizeof(command), "chmod -R u+rwx %s; rm -rf %s", folder, folder);
	ck_assert_int_eq(system(command), 0);
}

static void write_file(const char *text)
{
	FILE *stream = fopen(file, "w");

	ck_assert_ptr_nonnull(stream);
	ck_assert_int_ge(fputs(text, stream), 0);
	ck_assert_int_eq(fclose(stream), 0);
	ck_assert_int_eq(chmod(file, 0600), 0);
}

static kist_status change(enum kist_route_change what, const char *key, const char *id, size_t *ret_count)
{
	kist_auto_json json_t *changes = json_pack("{s:s}", key, id);

	return kist_routes_change(folder, what, changes, ret_count, NULL);
}

static const char *id_of(const json_t *list, const char *key)
{
	const char *id = kist_json_get_text(list, key);

	return id ? id : "";
}

START_TEST(a_missing_file_or_folder_is_an_empty_list)
{
	kist_auto_routes struct kist_routes routes = KIST_ROUTES_INIT;

	ck_assert_int_eq(kist_routes_load(folder, &routes, NULL), KIST_OK);
	ck_assert_uint_eq(json_object_size(routes.times), 0);
	ck_assert_int_eq(kist_routes_load("/tmp/kist-routes-is-not-there", &routes, NULL), KIST_OK);
	ck_assert_ptr_nonnull(routes.times);
}
END_TEST

START_TEST(a_first_use_is_kept_and_a_later_one_changes_nothing)
{
	kist_auto_routes struct kist_routes routes = KIST_ROUTES_INIT;
	size_t count;

	ck_assert_int_eq(change(KIST_ROUTE_USE, "ext:csv", "kist.csv", &count), KIST_OK);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(change(KIST_ROUTE_USE, "ext:csv", "org.other", &count), KIST_OK);
	ck_assert_uint_eq(count, 0);
	ck_assert_int_eq(kist_routes_load(folder, &routes, NULL), KIST_OK);
	ck_assert_str_eq(id_of(routes.used, "ext:csv"), "kist.csv");
	ck_assert_uint_eq(json_object_size(routes.pinned), 0);
	ck_assert_uint_eq(strlen(id_of(routes.times, "ext:csv")), strlen(TIME));
}
END_TEST

START_TEST(a_pin_replaces_a_first_use_and_drops_leave_nothing)
{
	kist_auto_routes struct kist_routes routes = KIST_ROUTES_INIT;
	size_t count;

	ck_assert_int_eq(change(KIST_ROUTE_USE, "ext:csv", "kist.csv", NULL), KIST_OK);
	ck_assert_int_eq(change(KIST_ROUTE_PIN, "ext:csv", "org.other", &count), KIST_OK);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(change(KIST_ROUTE_PIN, "ext:csv", "org.other", &count), KIST_OK);
	ck_assert_uint_eq(count, 0);
	ck_assert_int_eq(change(KIST_ROUTE_PIN, "ext:csv", "org.third", &count), KIST_OK);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(change(KIST_ROUTE_USE, "ext:csv", "kist.csv", &count), KIST_OK);
	ck_assert_uint_eq(count, 0);
	ck_assert_int_eq(kist_routes_load(folder, &routes, NULL), KIST_OK);
	ck_assert_str_eq(id_of(routes.pinned, "ext:csv"), "org.third");
	ck_assert_uint_eq(json_object_size(routes.used), 0);
	ck_assert_int_eq(change(KIST_ROUTE_DROP, "ext:csv", "", &count), KIST_OK);
	ck_assert_uint_eq(count, 1);
	ck_assert_int_eq(change(KIST_ROUTE_DROP, "ext:csv", "", &count), KIST_OK);
	ck_assert_uint_eq(count, 0);
	ck_assert_int_eq(kist_routes_load(folder, &routes, NULL), KIST_OK);
	ck_assert_uint_eq(json_object_size(routes.times), 0);
}
END_TEST

START_TEST(the_file_is_sorted_text_for_the_owner_alone)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(4096);
	struct stat info;

	write_file(FIRST "ext:b org.b used " TIME "\next:a org.a pinned " TIME "\n");
	ck_assert_int_eq(change(KIST_ROUTE_DROP, "ext:b", "", NULL), KIST_OK);
	write_file(FIRST "ext:c org.c used " TIME "\next:b org.b used " TIME "\next:a org.a pinned " TIME "\n");
	ck_assert_int_eq(change(KIST_ROUTE_DROP, "ext:b", "", NULL), KIST_OK);
	ck_assert_int_eq(kist_read_file_at(AT_FDCWD, file, &text, NULL), KIST_OK);
	ck_assert_str_eq(kist_buf_text(&text), FIRST "ext:a org.a pinned " TIME "\next:c org.c used " TIME "\n");
	ck_assert_int_eq(stat(file, &info), 0);
	ck_assert_uint_eq(info.st_mode & 07777, 0600);
}
END_TEST

#define A100 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
	const char *text;
	kist_status status;
	const char *said;
} hostile[] = {
	{ "", KIST_CORRUPT, "line 1: the file is empty" },
	{ "kist-routes 1", KIST_CORRUPT, "line 1: the file ends within this line" },
	{ "kist-routes 0\n", KIST_CORRUPT, "line 1: not 'kist-routes 1'" },
	{ "{\"ext:csv\":\"kist.csv\"}\n", KIST_CORRUPT, "line 1: not 'kist-routes 1'" },
	{ "kist-routes 2\n", KIST_INCOMPATIBLE, "newer kist (version 2)" },
	{ "kist-routes 99999999999999999999\n", KIST_CORRUPT, "line 1" },
	{ FIRST "\n", KIST_CORRUPT, "line 2: not 'KEY PLUGIN used|pinned TIME'" },
	{ FIRST "ext:csv kist.csv used\n", KIST_CORRUPT, "line 2: not 'KEY" },
	{ FIRST "ext:csv kist.csv used " TIME " more\n", KIST_CORRUPT, "line 2: not 'KEY" },
	{ FIRST "ext:csv  kist.csv used " TIME "\n", KIST_CORRUPT, "line 2" },
	{ FIRST "ext:csv kist.csv used " TIME "\nnonsense kist.csv used " TIME "\n", KIST_CORRUPT,
	  "line 3: the first word is no key such as 'ext:csv'" },
	{ FIRST "ext: kist.csv used " TIME "\n", KIST_CORRUPT, "line 2: the first word" },
	{ FIRST "ext:c\033[2Jsv kist.csv used " TIME "\n", KIST_CORRUPT, "line 2: the first word" },
	{ FIRST "kind:nonsense kist.csv used " TIME "\n", KIST_CORRUPT, "line 2: the first word" },
	{ FIRST "magic:0:9345 kist.csv used " TIME "\n", KIST_CORRUPT, "line 2: the first word" },
	{ FIRST "magic:0:934e554g kist.csv used " TIME "\n", KIST_CORRUPT, "line 2: the first word" },
	{ FIRST "ext:" A100 A100 " kist.csv used " TIME "\n", KIST_CORRUPT, "line 2: the first word" },
	{ FIRST "ext:csv ../../evil used " TIME "\n", KIST_CORRUPT, "line 2: the second word is no plugin's id" },
	{ FIRST "ext:csv kist.csv maybe " TIME "\n", KIST_CORRUPT, "line 2: the third word" },
	{ FIRST "ext:csv kist.csv used yesterday\n", KIST_CORRUPT, "line 2: the fourth word is no time" },
	{ FIRST "ext:csv kist.csv used 2026-01-31T12:00:00z\n", KIST_CORRUPT, "line 2: the fourth word is no time" },
	{ FIRST "ext:csv kist.csv used " TIME "\next:csv kist.csv pinned " TIME "\n", KIST_CORRUPT,
	  "line 3: its key stands twice" },
	{ FIRST "ext:csv kist.csv used " TIME "\r\n", KIST_CORRUPT, "line 2" },
	{ FIRST A100 A100 A100 "aaaaaaaaaaaaaaaaaaaaa\n", KIST_LIMIT, "line 2: longer than 320 bytes" },
	{ FIRST A100 A100 A100 "aaaaaaaaaaaaaaaaaaaa\n", KIST_CORRUPT, "line 2: not 'KEY" },
};

START_TEST(hostile_text_is_refused_by_file_line_and_remedy)
{
	kist_auto_routes struct kist_routes routes = KIST_ROUTES_INIT;
	struct kist_error err = KIST_ERROR_INIT;

	write_file(hostile[_i].text);
	ck_assert_int_eq(kist_routes_load(folder, &routes, &err), hostile[_i].status);
	ck_assert_msg(strstr(err.text, hostile[_i].said) != NULL, "row %d: %s", _i, err.text);
	ck_assert_ptr_nonnull(strstr(err.text, file));
	ck_assert(strstr(err.text, "delete the file") || strstr(err.text, "move the file away"));
	ck_assert_str_eq(err.code, "E_ROUTES");
	ck_assert_ptr_null(routes.times);
	/* What cannot be read is not written over either. */
	ck_assert_int_eq(change(KIST_ROUTE_USE, "ext:npy", "kist.numpy", NULL), hostile[_i].status);
}
END_TEST

START_TEST(a_zero_byte_is_refused)
{
	static const char text[] = FIRST "ext:csv\0 kist.csv used " TIME "\n";
	kist_auto_routes struct kist_routes routes = KIST_ROUTES_INIT;

	ck_assert_int_eq(kist_routes_parse(kist_view_of(text, sizeof(text) - 1), "x", &routes, NULL), KIST_CORRUPT);
}
END_TEST

START_TEST(as_many_routes_as_are_allowed_and_one_more)
{
	for (size_t extra = 0; extra < 2; extra++) {
		kist_auto_buf struct kist_buf text = KIST_BUF_INIT(KIST_ROUTES_SIZE_MAX);
		kist_auto_routes struct kist_routes routes = KIST_ROUTES_INIT;
		struct kist_error err = KIST_ERROR_INIT;

		ck_assert_int_eq(kist_buf_append(&text, FIRST, strlen(FIRST), NULL), KIST_OK);
		for (size_t i = 0; i < KIST_ROUTES_MAX + extra; i++)
			ck_assert_int_eq(kist_buf_appendf(&text, NULL, "ext:e%zu org.a used " TIME "\n", i), KIST_OK);
		ck_assert_int_eq(kist_routes_parse(kist_buf_view(&text), "x", &routes, &err),
				 extra ? KIST_LIMIT : KIST_OK);
		if (extra)
			ck_assert_ptr_nonnull(strstr(err.text, "line 4098"));
	}
}
END_TEST

START_TEST(a_full_list_takes_no_more_and_says_how_to_make_room)
{
	kist_auto_json json_t *changes = json_object();
	kist_auto_json json_t *one = json_pack("{s:s}", "ext:more", "org.a");
	struct kist_error err = KIST_ERROR_INIT;

	for (size_t i = 0; i < KIST_ROUTES_MAX; i++) {
		char key[32];

		snprintf(key, sizeof(key), "ext:e%zu", i);
		ck_assert_int_eq(json_object_set_new(changes, key, json_string("org.a")), 0);
	}
	ck_assert_int_eq(kist_routes_change(folder, KIST_ROUTE_USE, changes, NULL, NULL), KIST_OK);
	ck_assert_int_eq(kist_routes_change(folder, KIST_ROUTE_USE, one, NULL, &err), KIST_LIMIT);
	ck_assert_ptr_nonnull(strstr(err.text, "kist plugin unpin"));
	ck_assert_int_eq(change(KIST_ROUTE_PIN, "ext:e0", "org.b", NULL), KIST_OK);
}
END_TEST

START_TEST(a_file_that_others_can_write_is_denied)
{
	kist_auto_routes struct kist_routes routes = KIST_ROUTES_INIT;
	struct kist_error err = KIST_ERROR_INIT;

	write_file(FIRST);
	ck_assert_int_eq(chmod(file, 0622), 0);
	ck_assert_int_eq(kist_routes_load(folder, &routes, &err), KIST_DENIED);
	ck_assert_ptr_nonnull(strstr(err.text, "chmod go-w"));
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(symlink("/etc/hostname", file), 0);
	ck_assert_int_eq(kist_routes_load(folder, &routes, NULL), KIST_DENIED);
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(mkfifo(file, 0600), 0);
	ck_assert_int_eq(kist_routes_load(folder, &routes, NULL), KIST_DENIED);
}
END_TEST

START_TEST(who_holds_the_folder_for_long_holds_nobody_up_for_ever)
{
	kist_auto_fd int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ck_assert_int_eq(flock(fd, LOCK_EX), 0);
	ck_assert_int_eq(change(KIST_ROUTE_USE, "ext:csv", "kist.csv", NULL), KIST_DEADLINE);
	kist_fd_close(&fd);
	ck_assert_int_eq(change(KIST_ROUTE_USE, "ext:csv", "kist.csv", NULL), KIST_OK);
}
END_TEST

#define WRITERS 8

START_TEST(writers_at_once_lose_no_entry)
{
	kist_auto_routes struct kist_routes routes = KIST_ROUTES_INIT;
	pid_t children[WRITERS];

	for (int i = 0; i < WRITERS; i++) {
		children[i] = fork();
		ck_assert_int_ge(children[i], 0);
		if (children[i] == 0) {
			char key[32];

			for (int k = 0; k < 4; k++) {
				snprintf(key, sizeof(key), "ext:w%d-%d", i, k);
				if (change(KIST_ROUTE_USE, key, "org.a", NULL) != KIST_OK)
					_exit(1);
			}
			_exit(0);
		}
	}
	for (int i = 0; i < WRITERS; i++) {
		int status;

		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_int_eq(kist_routes_load(folder, &routes, NULL), KIST_OK);
	ck_assert_uint_eq(json_object_size(routes.used), (size_t)WRITERS * 4);
}
END_TEST

START_TEST(running_out_of_memory_changes_nothing)
{
	kist_status status = KIST_NO_MEMORY;

	write_file(FIRST "ext:a org.a used " TIME "\n");
	for (unsigned long k = 1; status != KIST_OK; k++) {
		kist_auto_routes struct kist_routes routes = KIST_ROUTES_INIT;
		kist_auto_json json_t *changes = json_pack("{s:s}", "ext:b", "org.b");

		kist_mem_fail_at(k);
		status = kist_routes_change(folder, KIST_ROUTE_USE, changes, NULL, NULL);
		kist_mem_fail_at(0);
		ck_assert(status == KIST_OK || status == KIST_NO_MEMORY);
		ck_assert_int_eq(kist_routes_load(folder, &routes, NULL), KIST_OK);
		ck_assert_uint_eq(json_object_size(routes.used), status == KIST_OK ? 2 : 1);
		ck_assert_uint_lt(k, 100);
	}
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof((table)[0])))

int main(void)
{
	TCase *tests = tcase_create("all");

	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, a_missing_file_or_folder_is_an_empty_list);
	tcase_add_test(tests, a_first_use_is_kept_and_a_later_one_changes_nothing);
	tcase_add_test(tests, a_pin_replaces_a_first_use_and_drops_leave_nothing);
	tcase_add_test(tests, the_file_is_sorted_text_for_the_owner_alone);
	tcase_add_loop_test(tests, hostile_text_is_refused_by_file_line_and_remedy, 0, COUNT(hostile));
	tcase_add_test(tests, a_zero_byte_is_refused);
	tcase_add_test(tests, as_many_routes_as_are_allowed_and_one_more);
	tcase_add_test(tests, a_full_list_takes_no_more_and_says_how_to_make_room);
	tcase_add_test(tests, a_file_that_others_can_write_is_denied);
	tcase_add_test(tests, who_holds_the_folder_for_long_holds_nobody_up_for_ever);
	tcase_add_test(tests, writers_at_once_lose_no_entry);
	tcase_add_test(tests, running_out_of_memory_changes_nothing);
	return suite_run(tests, "routes");
}
