/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "registry/db.h"
#include "registry/checked_file.h"
#include "support/suite.h"
#include "unit/registry/fake.h"

static struct kist_store *store;
static char id_folder[128];
static char folder[160];
static char file[192];

static void setup(void)
{
	make_dir();
	store = fake_new();
	snprintf(id_folder, sizeof(id_folder), "%s/%s", test_dir, store->id);
	snprintf(folder, sizeof(folder), "%s/%s", id_folder, FAKE_PLACE);
	snprintf(file, sizeof(file), "%s/index.sqlite", folder);
}

static void teardown(void)
{
	fake_free(store);
	remove_dir();
}

static void fill(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		char name[32];
		char content[32];

		snprintf(name, sizeof(name), "runs/%u", i);
		snprintf(content, sizeof(content), "content %u", i);
		fake_put(store, name, content, "");
	}
}

/* What a registry says that never saw the file. */
static char *truth(void)
{
	kist_auto_registry struct kist_registry *registry = must_open(store, NULL);

	return tell_all(registry);
}

static void check_says_truth(struct kist_registry *registry)
{
	char *expected = truth();
	char *said = tell_all(registry);

	ck_assert_str_eq(said, expected);
	free(said);
	free(expected);
}

/* Opens, compares, and gives how many packs had to be read for it. */
static unsigned long check_opens_right(void)
{
	const unsigned long before = store->index_reads;
	struct kist_registry *registry = must_open(store, test_dir);
	const unsigned long reads = store->index_reads - before;

	check_says_truth(registry);
	kist_registry_close(registry);
	return reads;
}

static void sql(const char *text)
{
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open_v2(file, &db, SQLITE_OPEN_READWRITE, kist_checked_vfs()), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
}

static bool in_file(void)
{
	struct stat about;

	return stat(file, &about) == 0 && about.st_size > 0;
}

START_TEST(the_index_is_made_once_and_then_used)
{
	struct stat about;

	fill(20);
	ck_assert_uint_eq(check_opens_right(), 20);
	ck_assert_uint_eq(check_opens_right(), 0);
	ck_assert_int_eq(stat(folder, &about), 0);
	ck_assert_uint_eq(about.st_mode & 0777, 0700);
	fill(1);
	ck_assert_uint_eq(check_opens_right(), 1);
}
END_TEST

START_TEST(an_empty_store_has_head_zero)
{
	const struct kist_digest zeros = { { 0 } };
	kist_auto_registry struct kist_registry *registry = must_open(store, test_dir);
	struct kist_digest digest;
	uint64_t head = 1;

	kist_registry_head(registry, &head, &digest);
	ck_assert_uint_eq(head, 0);
	ck_assert(kist_digest_equal(&digest, &zeros));
	must_fold(registry);
}
END_TEST

START_TEST(fold_takes_what_is_new)
{
	kist_auto_registry struct kist_registry *registry = must_open(store, test_dir);
	struct kist_digest digest;
	uint64_t head = 0;

	for (unsigned i = 1; i < 5; i++) {
		fill(i);
		must_fold(registry);
		check_says_truth(registry);
	}
	kist_registry_head(registry, &head, &digest);
	ck_assert_uint_eq(head, 10);
}
END_TEST

static void write_file(const char *bytes, size_t size, off_t offset)
{
	const int fd = open(file, O_WRONLY | O_CREAT, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(pwrite(fd, bytes, size, offset), (ssize_t)size);
	close(fd);
}

static void spoil_page(int page)
{
	char bytes[4096];

	memset(bytes, 0xa5, sizeof(bytes));
	write_file(bytes, sizeof(bytes), 4096L * page);
}

static void spoil(int how)
{
	switch (how) {
	case 0:
		ck_assert_int_eq(unlink(file), 0);
		break;
	case 1:
		ck_assert_int_eq(truncate(file, 0), 0);
		break;
	case 2:
		ck_assert_int_eq(truncate(file, 100), 0);
		break;
	case 3:
		ck_assert_int_eq(truncate(file, 3 * 4096), 0);
		break;
	case 4:
		spoil_page(0);
		break;
	case 5:
		ck_assert_int_eq(truncate(file, 0), 0);
		write_file("garbage", 7, 0);
		break;
	case 6:
		sql("UPDATE meta SET version = version - 1");
		break;
	case 7:
		sql("UPDATE meta SET version = version + 1");
		break;
	case 8:
		sql("UPDATE meta SET store_id = 'ffffffffffffffffffffffffffffffff'");
		break;
	case 9:
		sql("UPDATE meta SET boot = 'another'");
		break;
	case 10:
		sql("UPDATE meta SET boot = 'another', head = 0");
		break;
	case 11:
		sql("UPDATE meta SET store_id = zeroblob(32)");
		break;
	case 12:
		sql("DELETE FROM meta");
		break;
	case 13:
		sql("DROP TABLE chunks");
		break;
	case 14:
		sql("UPDATE meta SET head_digest = 'short'");
		break;
	case 15:
		sql("PRAGMA journal_mode=WAL; UPDATE meta SET boot = 'x'");
		break;
	case 16:
		sql("DROP TABLE meta; CREATE TABLE other(a)");
		break;
	case 17:
		sql("UPDATE records SET record = x'7b7d'");
		break;
	case 18:
		sql("UPDATE refs SET artifact = x'00'");
		break;
	case 19:
		sql("UPDATE meta SET head = -1");
		break;
	default:
		spoil_page(how - 19);
	}
}
#define SPOIL_COUNT 30

START_TEST(a_spoiled_index_gives_the_same_answers)
{
	unsigned long reads;

	fill(30);
	check_opens_right();
	spoil(_i);
	reads = check_opens_right();
	/* A missing table shows only when it is asked; the rest is made again before it has said anything. */
	if (_i <= 16 && _i != 13)
		ck_assert_uint_eq(reads, 30);
	ck_assert(in_file());
	ck_assert_uint_eq(check_opens_right(), 0);
}
END_TEST

START_TEST(an_index_spoiled_while_open_gives_the_same_answers)
{
	kist_auto_registry struct kist_registry *registry = NULL;

	fill(30);
	registry = must_open(store, test_dir);
	check_says_truth(registry);
	/* Only what can befall a file: nobody else writes to it by SQL. */
	if (_i > 5 && _i < 20)
		return;
	spoil(_i);
	fill(2);
	must_fold(registry);
	check_says_truth(registry);
}
END_TEST

static void check_refused(const char *text)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_registry *registry = NULL;

	ck_assert_int_eq(kist_registry_open(store, test_dir, &registry, &err), KIST_CORRUPT);
	ck_assert_msg(strstr(err.text, text) && strstr(err.text, file), "%s", err.text);
	ck_assert(in_file());
}

static void drop_to(uint64_t head)
{
	while (store->head > head)
		json_decref(store->commits[store->head--]);
}

START_TEST(commits_that_are_gone_are_missed_until_the_index_is_deleted)
{
	fill(10);
	check_opens_right();
	/* Also by an index that is of before the last start, and not used for anything else. */
	if (_i == 1)
		sql("UPDATE meta SET boot = 'another'");
	drop_to(9);
	check_refused("lost commit 10,");
	drop_to(5);
	check_refused("lost commits 6 to 10,");
	check_refused("'log/00000000000000000006' is missing");
	fill(4);
	check_refused("lost commit 10,");
	fill(1);
	check_refused("'log/00000000000000000010' is not the one");
	fill(1);
	check_refused("'log/00000000000000000010' is not the one");
	ck_assert_int_eq(unlink(file), 0);
	check_opens_right();
	ck_assert_uint_eq(check_opens_right(), 0);
}
END_TEST

START_TEST(a_store_of_one_commit_that_lost_it_is_not_empty)
{
	fill(1);
	check_opens_right();
	drop_to(0);
	check_refused("lost commit 1,");
}
END_TEST

START_TEST(an_index_says_where_it_was_led_astray)
{
	fill(3);
	check_opens_right();
	sql(_i ? "UPDATE meta SET head = 1000" : "UPDATE meta SET head_digest = zeroblob(32)");
	check_refused(_i ? "lost commits 4 to 1000" : "is not the one");
}
END_TEST

START_TEST(commits_that_go_while_open_are_missed)
{
	kist_auto_registry struct kist_registry *registry = NULL;
	struct kist_error err = KIST_ERROR_INIT;

	fill(5);
	registry = must_open(store, _i ? test_dir : NULL);
	drop_to(3);
	ck_assert_int_eq(kist_registry_fold(registry, NULL), KIST_CORRUPT);
	fill(6);
	ck_assert_int_eq(kist_registry_fold(registry, &err), KIST_CORRUPT);
	ck_assert_msg(strstr(err.text, "is not the one"), "%s", err.text);
}
END_TEST

START_TEST(the_log_is_listed_when_opened_and_before_a_commit)
{
	kist_auto_registry struct kist_registry *registry = NULL;

	fill(3);
	registry = must_open(store, test_dir);
	ck_assert_uint_eq(store->lists, 1);
	must_fold(registry);
	ck_assert_uint_eq(store->lists, 2);
	fill(1);
	must_fold(registry);
	ck_assert_uint_eq(store->lists, 2);
	must_fold(registry);
	ck_assert_uint_eq(store->lists, 3);
	store->commit_status[2] = KIST_NOT_FOUND;
	ck_assert_int_eq(kist_registry_fold(registry, NULL), KIST_CORRUPT);
}
END_TEST

START_TEST(a_copy_elsewhere_has_an_index_of_its_own)
{
	struct kist_store *old = store;
	struct kist_store *copy = fake_new();

	fill(3);
	check_opens_right();
	copy->uri = "memory:elsewhere";
	store = copy;
	fill(2);
	ck_assert_uint_eq(check_opens_right(), 2);
	store = old;
	ck_assert_uint_eq(check_opens_right(), 0);
	store = copy;
	ck_assert_uint_eq(check_opens_right(), 0);
	/* A path is the same however it is written. */
	store->uri = "/tmp";
	ck_assert_uint_eq(check_opens_right(), 2);
	store->uri = "file:///tmp/../tmp/";
	ck_assert_uint_eq(check_opens_right(), 0);
	store = old;
	fake_free(copy);
}
END_TEST

START_TEST(a_lost_commit_is_not_the_end_of_the_log)
{
	kist_auto_registry struct kist_registry *registry = NULL;
	struct kist_registry *fresh = NULL;

	fill(3);
	registry = must_open(store, test_dir);
	fill(3);
	store->commit_status[4] = KIST_NOT_FOUND;
	ck_assert_int_eq(kist_registry_fold(registry, NULL), KIST_CORRUPT);
	ck_assert_int_eq(kist_registry_open(store, NULL, &fresh, NULL), KIST_CORRUPT);
	ck_assert_int_eq(kist_registry_open(store, test_dir, &fresh, NULL), KIST_CORRUPT);
	store->commit_status[4] = KIST_OK;
	must_fold(registry);
	check_says_truth(registry);
}
END_TEST

START_TEST(a_suspect_pack_is_read_but_not_leaned_on)
{
	kist_auto_registry struct kist_registry *registry = must_open(store, test_dir);
	const struct kist_chunk_index *index = kist_registry_index(registry);
	const uint32_t kind = KIST_CHUNK_DATA;
	const char *text = "bytes";
	const struct kist_digest id = fake_digest(text);
	struct kist_location where;
	struct kist_digest first;
	json_t *commit;

	for (int i = 0; i < 2; i++) {
		commit = fake_commit();
		fake_add_pack(commit, store, fake_pack(store, false, &text, &kind, 1));
		fake_append(store, commit);
		must_fold(registry);
		ck_assert_int_eq(index->find(index->ctx, &id, &where, NULL), KIST_OK);
		if (i > 0)
			break;
		first = where.pack;
		ck_assert_int_eq(kist_registry_suspect_pack(registry, &first, true, NULL), KIST_OK);
		ck_assert_int_eq(index->find(index->ctx, &id, &where, NULL), KIST_NOT_FOUND);
		ck_assert_int_eq(kist_registry_find_chunk(registry, &id, &where, NULL), KIST_OK);
		/* That stays so when the index is opened again, until somebody finds the pack sound. */
		kist_registry_close(registry);
		registry = must_open(store, test_dir);
		index = kist_registry_index(registry);
		ck_assert_int_eq(index->find(index->ctx, &id, &where, NULL), KIST_NOT_FOUND);
		ck_assert_int_eq(kist_registry_suspect_pack(registry, &first, false, NULL), KIST_OK);
		ck_assert_int_eq(index->find(index->ctx, &id, &where, NULL), KIST_OK);
	}
	/* What was written again is read from there, also by an index that is made anew. */
	ck_assert(!kist_digest_equal(&where.pack, &first));
	kist_registry_close(registry);
	registry = must_open(store, NULL);
	ck_assert_int_eq(kist_registry_find_chunk(registry, &id, &where, NULL), KIST_OK);
	ck_assert(!kist_digest_equal(&where.pack, &first));
}
END_TEST

START_TEST(a_cache_folder_that_cannot_be_written_costs_only_time)
{
	static const char *const places[] = { "/proc/kist", "/dev/null/kist", "file/below", "open" };
	kist_auto_registry struct kist_registry *registry = NULL;
	char path[192];

	fill(10);
	snprintf(path, sizeof(path), "%s/file", test_dir);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	/* A folder of the store's that others may write to. */
	snprintf(path, sizeof(path), "%s/open", test_dir);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/open/%s", test_dir, store->id);
	mkdir(path, 0700);
	snprintf(path, sizeof(path), "%s/open/%s/%s", test_dir, store->id, FAKE_PLACE);
	mkdir(path, 0700);
	ck_assert_int_eq(chmod(path, 0777), 0);
	snprintf(path, sizeof(path), "%s%s%s", _i < 2 ? "" : test_dir, _i < 2 ? "" : "/", places[_i]);
	registry = must_open(store, path);
	check_says_truth(registry);
	fill(3);
	must_fold(registry);
	check_says_truth(registry);
	snprintf(path, sizeof(path), "%s/open/%s/%s/index.sqlite", test_dir, store->id, FAKE_PLACE);
	ck_assert_int_ne(access(path, F_OK), 0);
}
END_TEST

/* As on a full disk: a file cannot grow past some size. */
START_TEST(a_full_disk_costs_only_time)
{
	static const rlim_t sizes[] = { 0, 4096, 16384, 40960, 65536 };
	kist_auto_registry struct kist_registry *registry = NULL;
	struct rlimit old;
	struct rlimit small;

	fill(1);
	registry = must_open(store, test_dir);
	fill(200);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = sizes[_i];
	(void)signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
	must_fold(registry);
	check_says_truth(registry);
	check_opens_right();
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
	check_opens_right();
	ck_assert_uint_eq(check_opens_right(), 0);
}
END_TEST

START_TEST(an_index_that_others_replace_is_left_to_them)
{
	kist_auto_registry struct kist_registry *first = NULL;
	kist_auto_registry struct kist_registry *second = NULL;

	fill(10);
	first = must_open(store, test_dir);
	ck_assert_int_eq(unlink(file), 0);
	second = must_open(store, test_dir);
	/* The first one reads on in its own file, and goes over to the new one when it has to write. */
	check_says_truth(first);
	fill(1);
	must_fold(first);
	check_says_truth(first);
	must_fold(second);
	check_says_truth(second);
	ck_assert_uint_eq(check_opens_right(), 0);
}
END_TEST

START_TEST(an_index_that_is_a_folder_costs_only_time)
{
	fill(3);
	mkdir(id_folder, 0700);
	mkdir(folder, 0700);
	mkdir(file, 0700);
	ck_assert_uint_eq(check_opens_right(), 3);
}
END_TEST

START_TEST(a_folder_that_is_removed_while_open_is_made_again)
{
	kist_auto_registry struct kist_registry *registry = NULL;

	fill(5);
	registry = must_open(store, test_dir);
	ck_assert_int_eq(unlink(file), 0);
	ck_assert_int_eq(rmdir(folder), 0);
	fill(1);
	must_fold(registry);
	check_says_truth(registry);
	ck_assert(in_file());
}
END_TEST

/* What processes share. */
struct shared {
	uint64_t head;
	pthread_barrier_t barrier;
};

/* Twenty commits, and one when all have made theirs. */
static int fold_beside_others(struct shared *shared)
{
	kist_auto_registry struct kist_registry *registry = NULL;

	if (kist_registry_open(store, test_dir, &registry, NULL) != KIST_OK)
		return 1;
	for (int k = 0; k < 21; k++) {
		if (k == 20)
			(void)pthread_barrier_wait(&shared->barrier);
		__atomic_fetch_add(&shared->head, 1, __ATOMIC_SEQ_CST);
		if (kist_registry_fold(registry, NULL) != KIST_OK)
			return 2;
	}
	return 0;
}

START_TEST(many_processes_fold_into_one_file)
{
	pthread_barrierattr_t across_processes;
	struct shared *shared;
	pid_t children[6];

	fill(600);
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(shared, MAP_FAILED);
	ck_assert_int_eq(pthread_barrierattr_init(&across_processes), 0);
	ck_assert_int_eq(pthread_barrierattr_setpshared(&across_processes, PTHREAD_PROCESS_SHARED), 0);
	ck_assert_int_eq(pthread_barrier_init(&shared->barrier, &across_processes, 6), 0);
	shared->head = store->head;
	store->shared_head = &shared->head;
	fill(126);
	for (size_t i = 0; i < 6; i++) {
		children[i] = fork();
		ck_assert_int_ge(children[i], 0);
		if (children[i] == 0) {
			if (i == 3)
				(void)unlink(file);
			_exit(fold_beside_others(shared));
		}
	}
	for (size_t i = 0; i < 6; i++) {
		int status = -1;

		ck_assert_int_eq(waitpid(children[i], &status, 0), children[i]);
		ck_assert_int_eq(status, 0);
	}
	ck_assert_uint_eq(shared->head, 726);
	/* Whoever had the file that was taken away went on with the new one. */
	ck_assert_uint_eq(check_opens_right(), 0);
	(void)munmap(shared, sizeof(*shared));
	store->shared_head = NULL;
}
END_TEST

START_TEST(a_journal_that_was_taken_away_says_that_the_file_has_moved)
{
	const struct kist_digest digest = { { 1 } };
	struct kist_db db = KIST_DB_INIT;
	char journal[sizeof(file) + 16];

	snprintf(journal, sizeof(journal), "%s-journal", file);
	check_opens_right();
	*strrchr(journal, '/') = '\0';
	ck_assert_int_eq(kist_db_open(journal, "0123456789abcdef0123456789abcdef", &db, NULL), KIST_OK);
	snprintf(journal, sizeof(journal), "%s-journal", file);
	ck_assert_int_eq(kist_db_begin(&db, NULL), KIST_OK);
	ck_assert_int_eq(kist_db_run(&db, KIST_SQL_SET_HEAD, NULL, "ud", (uint64_t)1, &digest), KIST_OK);
	/* As whoever finds a new file beside the old one's journal does. */
	ck_assert_int_eq(unlink(journal), 0);
	ck_assert_int_eq(kist_db_commit(&db, NULL), KIST_IO);
	ck_assert_int_eq(db.trouble, KIST_DB_MOVED);
	kist_db_close(&db);
}
END_TEST

START_TEST(a_killed_fold_leaves_an_index_that_goes_on)
{
	fill(1000);
	for (int i = 0; i < 8; i++) {
		const pid_t child = fork();

		ck_assert_int_ge(child, 0);
		if (child == 0) {
			struct kist_registry *registry = NULL;

			_exit(kist_registry_open(store, test_dir, &registry, NULL) != KIST_OK);
		}
		for (volatile int spin = 0; spin < i * 2000000; spin++)
			;
		kill(child, SIGKILL);
		ck_assert_int_eq(waitpid(child, NULL, 0), child);
	}
	check_opens_right();
}
END_TEST

START_TEST(a_failed_allocation_is_no_false_success)
{
	kist_status status = KIST_NO_MEMORY;

	fill(3);
	for (unsigned long k = 1; status != KIST_OK; k++) {
		struct kist_error err = KIST_ERROR_INIT;
		struct kist_registry *registry = NULL;
		char *said = NULL;
		char *expected;

		ck_assert_uint_lt(k, 1000);
		kist_mem_fail_at(k);
		status = kist_registry_open(store, test_dir, &registry, &err);
		kist_mem_fail_at(0);
		ck_assert_msg(status == KIST_OK || status == KIST_NO_MEMORY, "%lu: %d %s", k, status,
			      err.text);
		if (status != KIST_OK)
			continue;
		expected = truth();
		said = tell_all(registry);
		ck_assert_str_eq(said, expected);
		free(said);
		free(expected);
		kist_registry_close(registry);
	}
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("registry");

	tcase_add_checked_fixture(tcase, setup, teardown);
	tcase_add_test(tcase, the_index_is_made_once_and_then_used);
	tcase_add_test(tcase, an_empty_store_has_head_zero);
	tcase_add_test(tcase, fold_takes_what_is_new);
	tcase_add_loop_test(tcase, a_spoiled_index_gives_the_same_answers, 0, SPOIL_COUNT);
	tcase_add_loop_test(tcase, an_index_spoiled_while_open_gives_the_same_answers, 0, SPOIL_COUNT);
	tcase_add_loop_test(tcase, commits_that_are_gone_are_missed_until_the_index_is_deleted, 0, 2);
	tcase_add_test(tcase, a_store_of_one_commit_that_lost_it_is_not_empty);
	tcase_add_loop_test(tcase, an_index_says_where_it_was_led_astray, 0, 2);
	tcase_add_loop_test(tcase, commits_that_go_while_open_are_missed, 0, 2);
	tcase_add_test(tcase, the_log_is_listed_when_opened_and_before_a_commit);
	tcase_add_test(tcase, a_copy_elsewhere_has_an_index_of_its_own);
	tcase_add_test(tcase, a_lost_commit_is_not_the_end_of_the_log);
	tcase_add_test(tcase, a_suspect_pack_is_read_but_not_leaned_on);
	tcase_add_loop_test(tcase, a_cache_folder_that_cannot_be_written_costs_only_time, 0, 4);
	tcase_add_loop_test(tcase, a_full_disk_costs_only_time, 0, 5);
	tcase_add_test(tcase, an_index_that_others_replace_is_left_to_them);
	tcase_add_test(tcase, an_index_that_is_a_folder_costs_only_time);
	tcase_add_test(tcase, a_folder_that_is_removed_while_open_is_made_again);
	tcase_add_test(tcase, many_processes_fold_into_one_file);
	tcase_add_test(tcase, a_journal_that_was_taken_away_says_that_the_file_has_moved);
	tcase_add_test(tcase, a_killed_fold_leaves_an_index_that_goes_on);
	tcase_add_test(tcase, a_failed_allocation_is_no_false_success);
	return suite_run(tcase, "registry/registry");
}
