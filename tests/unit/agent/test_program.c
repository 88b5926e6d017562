/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/program.h"

#include <poll.h>
#include <signal.h>
#include <string.h>

#include "base/file.h"
#include "unit/agent/folder.h"

static kist_status start(const char *script, struct kist_program *ret, struct kist_error *err)
{
	char *const arguments[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char *)(uintptr_t)script, NULL };

	return kist_program_start(arguments, environ, ret, err);
}

static struct kist_program_end wait_for(struct kist_program *program)
{
	struct pollfd wait = { .fd = program->pid_fd, .events = POLLIN };
	struct kist_program_end end;

	ck_assert_int_eq(poll(&wait, 1, 60000), 1);
	ck_assert(kist_program_reap(program, &end));
	return end;
}

static void read_text(int fd, char *ret, size_t size)
{
	kist_auto_buf struct kist_buf text = KIST_BUF_INIT(size);

	ck_assert_int_eq(kist_read_all(fd, &text, NULL), KIST_OK);
	snprintf(ret, size, "%s", kist_buf_text(&text));
}

START_TEST(its_output_and_its_end_are_its_own)
{
	kist_auto_program struct kist_program program = KIST_PROGRAM_INIT;
	struct kist_program_end end;
	char text[64];

	ck_assert_int_eq(start("echo out; echo err >&2; exit 7", &program, NULL), KIST_OK);
	read_text(program.out, text, sizeof(text));
	ck_assert_str_eq(text, "out\n");
	read_text(program.err, text, sizeof(text));
	ck_assert_str_eq(text, "err\n");
	end = wait_for(&program);
	ck_assert_int_eq(end.status, 7);
	ck_assert_int_eq(end.signal, 0);
	ck_assert_int_eq(program.pid, 0);
}
END_TEST

START_TEST(a_signal_reaches_all_of_its_group)
{
	kist_auto_program struct kist_program program = KIST_PROGRAM_INIT;
	struct kist_program_end end;
	char byte;

	ck_assert_int_eq(start("(echo x; sleep 600) & wait", &program, NULL), KIST_OK);
	ck_assert_int_eq(read(program.out, &byte, 1), 1);
	kist_program_signal(&program, SIGKILL);
	end = wait_for(&program);
	ck_assert_int_eq(end.signal, SIGKILL);
	/* The pipe's end says that nobody is left. */
	while (read(program.out, &byte, 1) > 0)
		continue;
	kist_program_signal(&program, SIGKILL);
}
END_TEST

START_TEST(it_starts_with_the_signals_of_a_fresh_program)
{
	kist_auto_program struct kist_program program = KIST_PROGRAM_INIT;
	sigset_t set;
	char text[256];
	unsigned long long blocked;
	unsigned long long ignored;

	for (int number = 1; number < NSIG; number++)
		(void)signal(number, SIG_DFL);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGTTOU, SIG_IGN);
	/* Who started the agent by nohup(1) means it. */
	(void)signal(SIGHUP, SIG_IGN);
	(void)sigfillset(&set);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	ck_assert_int_eq(start("grep -E 'Sig(Blk|Ign)' /proc/self/status", &program, NULL), KIST_OK);
	read_text(program.out, text, sizeof(text));
	/* Signals 32 and 33 are the C library's own. */
	ck_assert_int_eq(sscanf(text, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored), 2);
	ck_assert_uint_eq(blocked, 0);
	ck_assert_uint_eq(ignored & ~0x180000000ull, 1u << (SIGHUP - 1));
	(void)wait_for(&program);
}
END_TEST

START_TEST(what_cannot_be_started_is_told_apart)
{
	struct kist_program program = KIST_PROGRAM_INIT;
	struct kist_error err = KIST_ERROR_INIT;
	char *missing[] = { (char[]){ "./missing" }, NULL };
	char *denied[] = { (char[]){ "./plain" }, NULL };

	sh("echo x >plain");
	ck_assert_int_eq(kist_program_start(missing, environ, &program, &err), KIST_NOT_FOUND);
	kist_error_clear(&err);
	ck_assert_int_eq(kist_program_start(denied, environ, &program, &err), KIST_DENIED);
	ck_assert_int_eq(program.pid, 0);
}
END_TEST

START_TEST(it_is_looked_up_in_the_path_that_it_is_given)
{
	kist_auto_program struct kist_program program = KIST_PROGRAM_INIT;
	char *const tool[] = { (char[]){ "tool" }, NULL };
	char *const nothing[] = { (char[]){ "" }, NULL };
	char *const shell[] = { (char[]){ "sh" }, (char[]){ "-c" }, (char[]){ ":" }, NULL };
	char *const own[] = { (char[]){ "PATH=/nowhere:plain:own:" }, NULL };
	char *const here[] = { (char[]){ "PATH=/nowhere:" }, NULL };
	char *const nowhere[] = { (char[]){ "PATH=/nowhere" }, NULL };
	char *const none[] = { NULL };
	char text[64];

	sh("mkdir own plain tool; echo x >plain/tool; printf '#!/bin/sh\\necho own\\n' >own/tool; chmod +x "
	   "own/tool");
	ck_assert_int_eq(kist_program_start(tool, own, &program, NULL), KIST_OK);
	read_text(program.out, text, sizeof(text));
	ck_assert_str_eq(text, "own\n");
	(void)wait_for(&program);
	/* Ours has a shell. */
	ck_assert_int_eq(kist_program_start(shell, nowhere, &program, NULL), KIST_NOT_FOUND);
	ck_assert_int_eq(kist_program_start(tool, here, &program, NULL), KIST_DENIED);
	ck_assert_int_eq(kist_program_start(nothing, here, &program, NULL), KIST_NOT_FOUND);
	kist_program_done(&program);
	ck_assert_int_eq(kist_program_start(shell, none, &program, NULL), KIST_OK);
	(void)wait_for(&program);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("program");

	tcase_add_checked_fixture(cases, folder_setup, folder_teardown);
	tcase_add_test(cases, its_output_and_its_end_are_its_own);
	tcase_add_test(cases, a_signal_reaches_all_of_its_group);
	tcase_add_test(cases, it_starts_with_the_signals_of_a_fresh_program);
	tcase_add_test(cases, what_cannot_be_started_is_told_apart);
	tcase_add_test(cases, it_is_looked_up_in_the_path_that_it_is_given);
	return suite_run(cases, "agent/program");
}
