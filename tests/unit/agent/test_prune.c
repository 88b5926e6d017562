/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/prune.h"

#include <sys/stat.h>

#include "agent/run.h"
#include "unit/agent/folder.h"

/* A run that ended @age_s ago. */
static void make(const char *id, bool is_whole, int age_s)
{
	const struct timespec times[] = { { .tv_sec = 1000000 - age_s }, { .tv_sec = 1000000 - age_s } };
	kist_auto_run struct kist_run run = KIST_RUN_INIT;
	kist_auto_json json_t *facts = json_pack("{s:s,s:b}", "run_id", id, "whole", is_whole);

	ck_assert_int_eq(kist_run_create("runs", id, &run, NULL), KIST_OK);
	ck_assert_int_eq(kist_run_write(&run, facts, NULL), KIST_OK);
	ck_assert_int_eq(utimensat(run.dir_fd, KIST_RUN_FILE, times, 0), 0);
}

static bool is_there(const char *id)
{
	char path[64];

	snprintf(path, sizeof(path), "runs/%s", id);
	return access(path, F_OK) == 0;
}

START_TEST(the_oldest_go_and_what_is_needed_stays)
{
	kist_auto_run struct kist_run running = KIST_RUN_INIT;
	kist_auto_json json_t *facts = json_pack("{s:s,s:b}", "run_id", "running", "whole", true);

	make("new", true, 1);
	make("b", true, 20);
	make("oldest-and-not-kept", false, 100);
	make("z", true, 50);
	make("a", true, 10);
	sh("mkdir runs/empty 'runs/.no id'; touch runs/file");
	ck_assert_int_eq(kist_run_create("runs", "running", &running, NULL), KIST_OK);
	ck_assert_int_eq(kist_run_write(&running, facts, NULL), KIST_OK);
	sh("touch -d @1 runs/running/run.json");
	kist_prune_runs("runs", 2);
	ck_assert(is_there("new") && is_there("a"));
	ck_assert(!is_there("b") && !is_there("z"));
	ck_assert(is_there("oldest-and-not-kept") && is_there("running") && is_there("empty") &&
		  is_there("file"));
	ck_assert(!kist_prune_run("runs", "running"));
	ck_assert(kist_prune_run("runs", "new"));
	ck_assert(!is_there("new"));
	ck_assert(!kist_prune_run("runs", "nobody"));
}
END_TEST

START_TEST(a_few_more_are_no_reason_to_look_and_0_is_all)
{
	char id[16];

	for (int i = 0; i < 18; i++) {
		snprintf(id, sizeof(id), "r%d", i);
		make(id, true, i);
	}
	kist_prune_runs("runs", 0);
	kist_prune_runs("runs", 16);
	ck_assert(is_there("r17"));
	kist_prune_runs("runs", 15);
	ck_assert(is_there("r14") && !is_there("r15") && !is_there("r17"));
	kist_prune_runs("nowhere", 1);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("prune");

	tcase_add_checked_fixture(cases, folder_setup, folder_teardown);
	tcase_add_test(cases, the_oldest_go_and_what_is_needed_stays);
	tcase_add_test(cases, a_few_more_are_no_reason_to_look_and_0_is_all);
	return suite_run(cases, "agent/prune");
}
