/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/run.h"

#include <string.h>

#include "unit/agent/folder.h"

/* One that has begun, and is held by its agent. */
static void begin(struct kist_run *run)
{
	kist_auto_json json_t *facts = json_pack("{s:s}", "run_id", "one");

	ck_assert_int_eq(kist_run_create("runs", "one", run, NULL), KIST_OK);
	ck_assert_int_eq(kist_run_write(run, facts, NULL), KIST_OK);
}

START_TEST(who_asks_whether_it_lives_keeps_nobody_from_the_lock)
{
	kist_auto_run struct kist_run agent = KIST_RUN_INIT;
	kist_auto_run struct kist_run reader = KIST_RUN_INIT;
	kist_auto_run struct kist_run first = KIST_RUN_INIT;
	kist_auto_run struct kist_run second = KIST_RUN_INIT;

	begin(&agent);
	ck_assert_int_eq(kist_run_open("runs", "one", &reader, NULL), KIST_OK);
	ck_assert(kist_run_is_alive(&reader));
	ck_assert_int_eq(kist_run_open_dead("runs", "one", &first, NULL), KIST_EXISTS);
	kist_run_done(&first);
	kist_run_done(&agent);
	ck_assert(!kist_run_is_alive(&reader));
	ck_assert_int_eq(kist_run_open_dead("runs", "one", &first, NULL), KIST_OK);
	ck_assert(kist_run_is_alive(&reader));
	ck_assert_int_eq(kist_run_open_dead("runs", "one", &second, NULL), KIST_EXISTS);
}
END_TEST

START_TEST(one_that_has_not_begun_is_left_to_its_agent)
{
	kist_auto_run struct kist_run run = KIST_RUN_INIT;
	struct kist_error err = KIST_ERROR_INIT;

	sh("mkdir -p runs/new");
	ck_assert_int_eq(kist_run_open_dead("runs", "new", &run, &err), KIST_NOT_FOUND);
	ck_assert_str_eq(err.code, KIST_RUN_CODE_EMPTY);
	sh("[ -z \"$(ls runs/new)\" ]");
}
END_TEST

START_TEST(an_id_has_one_folder_that_is_its_users_alone)
{
	kist_auto_run struct kist_run run = KIST_RUN_INIT;
	kist_auto_run struct kist_run again = KIST_RUN_INIT;

	begin(&run);
	sh("[ $(stat -c %a runs) = 700 ] && [ $(stat -c %a runs/one) = 700 ]");
	ck_assert_int_eq(kist_run_create("runs", "one", &again, NULL), KIST_EXISTS);
	kist_run_remove(&run);
	sh("[ ! -e runs/one ]");
}
END_TEST

START_TEST(each_line_is_an_object_of_its_own)
{
	kist_auto_run struct kist_run run = KIST_RUN_INIT;

	begin(&run);
	kist_run_event(&run, "artifact", json_pack("{s:s}", "artifact_name", "a\nb"));
	kist_run_event(&run, "signal", json_pack("{s:i}", "signal", 15));
	kist_run_event(&run, "nothing", NULL);
	ck_assert_int_eq(run.failed.status, KIST_OK);
	sh("[ $(wc -l <runs/one/artifacts.jsonl) = 1 ] && [ $(wc -l <runs/one/events.jsonl) = 2 ]");
	sh("grep -q '\"run_id\":\"one\"' runs/one/artifacts.jsonl");
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("run");

	tcase_add_checked_fixture(cases, folder_setup, folder_teardown);
	tcase_add_test(cases, who_asks_whether_it_lives_keeps_nobody_from_the_lock);
	tcase_add_test(cases, one_that_has_not_begun_is_left_to_its_agent);
	tcase_add_test(cases, an_id_has_one_folder_that_is_its_users_alone);
	tcase_add_test(cases, each_line_is_an_object_of_its_own);
	return suite_run(cases, "agent/run");
}
