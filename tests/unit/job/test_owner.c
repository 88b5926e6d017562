/* SPDX-License-Identifier: Apache-2.0 */
#include "job/owner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support/suite.h"

START_TEST(who_is_there_is_alive_and_who_has_ended_is_gone)
{
	struct kist_owner owner;
	int pipe_fds[2];
	pid_t child;
	char byte;

	ck_assert_int_eq(pipe(pipe_fds), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		(void)close(pipe_fds[1]);
		(void)!read(pipe_fds[0], &byte, 1);
		_exit(0);
	}
	(void)close(pipe_fds[0]);
	ck_assert_int_eq(kist_owner_of(child, &owner, NULL), KIST_OK);
	ck_assert_int_eq(kist_owner_life(&owner), KIST_OWNER_ALIVE);
	(void)close(pipe_fds[1]);
	/* Ended, and nobody has looked yet. */
	ck_assert_int_eq(waitid(P_PID, (id_t)child, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	ck_assert_int_eq(kist_owner_life(&owner), KIST_OWNER_GONE);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	ck_assert_int_eq(kist_owner_life(&owner), KIST_OWNER_GONE);
	ck_assert_int_eq(kist_owner_of(child, &owner, NULL), KIST_NOT_FOUND);
}
END_TEST

START_TEST(a_pid_that_came_again_is_another_process)
{
	struct kist_owner owner;

	ck_assert_int_eq(kist_owner_of(getpid(), &owner, NULL), KIST_OK);
	owner.start++;
	ck_assert_int_eq(kist_owner_life(&owner), KIST_OWNER_GONE);
}
END_TEST

START_TEST(of_another_machine_or_container_nothing_is_known)
{
	struct kist_owner owner;
	struct kist_owner other;

	ck_assert_int_eq(kist_owner_of(getpid(), &owner, NULL), KIST_OK);
	other = owner;
	other.pid_namespace++;
	ck_assert_int_eq(kist_owner_life(&other), KIST_OWNER_UNKNOWN);
	other = owner;
	other.start = 0;
	ck_assert_int_eq(kist_owner_life(&other), KIST_OWNER_UNKNOWN);
	other = owner;
	other.boot[0] = other.boot[0] == 'x' ? 'y' : 'x';
	/* The same machine, started again: only where it has an id can that be told. */
	ck_assert_int_eq(kist_owner_life(&other), owner.machine[0] ? KIST_OWNER_GONE : KIST_OWNER_UNKNOWN);
	other.machine[0] = other.machine[0] == 'x' ? 'y' : 'x';
	ck_assert_int_eq(kist_owner_life(&other), KIST_OWNER_UNKNOWN);
}
END_TEST

START_TEST(a_lease_tells_of_another_machine_where_its_file_is_seen)
{
	const struct timespec late[] = { { .tv_sec = 1000 }, { .tv_sec = 1000 } };
	char folder[] = "/tmp/kist-owner-XXXXXX";
	kist_auto_json json_t *object = NULL;
	struct kist_owner owner;
	FILE *file;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(kist_owner_of(getpid(), &owner, NULL), KIST_OK);
	owner.pid_namespace++;
	snprintf(owner.lease, sizeof(owner.lease), "%s/heartbeat", folder);
	ck_assert_int_eq(kist_owner_life(&owner), KIST_OWNER_UNKNOWN);
	file = fopen(owner.lease, "w");
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(kist_owner_json(&owner, &object, NULL), KIST_OK);
	ck_assert(kist_owner_from_json(object, &owner));
	ck_assert_int_eq(kist_owner_life(&owner), KIST_OWNER_ALIVE);
	ck_assert_int_eq(kist_owner_signal(&owner, 0, NULL, NULL), KIST_UNSUPPORTED);
	ck_assert_int_eq(futimens(fileno(file), late), 0);
	ck_assert_int_eq(kist_owner_life(&owner), KIST_OWNER_GONE);
	/* What is seen here needs no lease. */
	owner.pid_namespace--;
	ck_assert_int_eq(kist_owner_life(&owner), KIST_OWNER_ALIVE);
	owner.pid_namespace++;
	/* Whatever else is called otherwise is none. */
	snprintf(owner.lease, sizeof(owner.lease), "/etc/hostname");
	ck_assert_int_eq(kist_owner_life(&owner), KIST_OWNER_UNKNOWN);
	ck_assert_int_eq(fclose(file), 0);
	snprintf(owner.lease, sizeof(owner.lease), "%s/heartbeat", folder);
	ck_assert_int_eq(unlink(owner.lease), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

START_TEST(what_is_written_is_read)
{
	kist_auto_json json_t *object = NULL;
	struct kist_owner owner;
	struct kist_owner again;

	ck_assert_int_eq(kist_owner_of(getpid(), &owner, NULL), KIST_OK);
	ck_assert_int_eq(kist_owner_json(&owner, &object, NULL), KIST_OK);
	ck_assert(kist_owner_from_json(object, &again));
	ck_assert_str_eq(again.host, owner.host);
	ck_assert_str_eq(again.machine, owner.machine);
	ck_assert_str_eq(again.boot, owner.boot);
	ck_assert_uint_eq(again.start, owner.start);
	ck_assert_int_eq(kist_owner_life(&again), KIST_OWNER_ALIVE);
	ck_assert_int_eq(json_object_del(object, "pid"), 0);
	ck_assert(!kist_owner_from_json(object, &again));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("owner");

	tcase_add_test(tcase, who_is_there_is_alive_and_who_has_ended_is_gone);
	tcase_add_test(tcase, a_pid_that_came_again_is_another_process);
	tcase_add_test(tcase, of_another_machine_or_container_nothing_is_known);
	tcase_add_test(tcase, a_lease_tells_of_another_machine_where_its_file_is_seen);
	tcase_add_test(tcase, what_is_written_is_read);
	return suite_run(tcase, "job/owner");
}
