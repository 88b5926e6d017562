/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/relay.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>

#include "base/file.h"
#include "unit/agent/folder.h"

static struct kist_journal journal;
static int in[2];
static int out[2];

static void setup(void)
{
	kist_auto_fd int dir = -1;

	folder_setup();
	dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	journal = (struct kist_journal)KIST_JOURNAL_INIT;
	ck_assert_int_eq(kist_journal_open(&journal, dir, NULL), KIST_OK);
	ck_assert_int_eq(pipe(in), 0);
	ck_assert_int_eq(pipe(out), 0);
	(void)signal(SIGPIPE, SIG_IGN);
}

static void teardown(void)
{
	kist_journal_done(&journal);
	for (int i = 0; i < 2; i++) {
		kist_fd_close(&in[i]);
		kist_fd_close(&out[i]);
	}
	folder_teardown();
}

/* What the journal's file @name holds. */
static size_t journal_read(const char *name, uint8_t *bytes, size_t size)
{
	kist_auto_fd int fd = open(name, O_RDONLY | O_CLOEXEC);
	size_t got = 0;

	ck_assert_int_eq(kist_pread_full(fd, bytes, size, 0, &got, NULL), KIST_OK);
	return got;
}

START_TEST(what_comes_is_passed_on_and_noted_with_its_time)
{
	struct kist_relay relay = KIST_RELAY_INIT;
	struct kist_journal_entry entry;
	uint8_t bytes[64];
	const uint8_t given[] = { 'a', 0, 0xff, '\n' };

	ck_assert_int_eq(kist_relay_start(&in[0], out[1], KIST_STREAM_ERR, &journal, &relay, NULL), KIST_OK);
	ck_assert_int_eq(in[0], -1);
	ck_assert_int_eq(write(in[1], given, sizeof(given)), sizeof(given));
	kist_fd_close(&in[1]);
	ck_assert_int_eq(read(out[0], bytes, sizeof(bytes)), sizeof(given));
	ck_assert_mem_eq(bytes, given, sizeof(given));
	kist_relay_end(&relay);
	kist_relay_end(&relay);
	ck_assert_uint_eq(journal_read(KIST_JOURNAL_TEXT_NAME, bytes, sizeof(bytes)), sizeof(given));
	ck_assert_mem_eq(bytes, given, sizeof(given));
	ck_assert_uint_eq(journal_read(KIST_JOURNAL_TIMES_NAME, bytes, sizeof(bytes)),
			  KIST_JOURNAL_ENTRY_SIZE);
	ck_assert(kist_journal_entry_read(bytes, &entry));
	ck_assert_uint_eq(entry.size, sizeof(given));
	ck_assert_int_eq(entry.stream, KIST_STREAM_ERR);
	bytes[12] = 3;
	ck_assert(!kist_journal_entry_read(bytes, &entry));
}
END_TEST

START_TEST(the_end_takes_what_is_in_the_pipe_and_waits_for_nobody)
{
	struct kist_relay relay = KIST_RELAY_INIT;
	uint8_t bytes[64];

	ck_assert_int_eq(kist_relay_start(&in[0], out[1], KIST_STREAM_OUT, &journal, &relay, NULL), KIST_OK);
	ck_assert_int_eq(write(in[1], "last", 4), 4);
	/* The other end stays open, as with a program that left a child behind. */
	kist_relay_end(&relay);
	ck_assert_int_eq(read(out[0], bytes, sizeof(bytes)), 4);
}
END_TEST

START_TEST(a_reader_that_goes_away_is_felt_by_the_writer)
{
	struct kist_relay relay = KIST_RELAY_INIT;

	kist_fd_close(&out[0]);
	ck_assert_int_eq(kist_relay_start(&in[0], out[1], KIST_STREAM_OUT, &journal, &relay, NULL), KIST_OK);
	while (write(in[1], "y\n", 2) == 2)
		continue;
	kist_relay_end(&relay);
}
END_TEST

START_TEST(a_full_disk_does_not_hold_back_the_program)
{
	struct kist_relay relay = KIST_RELAY_INIT;
	uint8_t bytes[64];

	kist_fd_close(&journal.text_fd);
	journal.text_fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	ck_assert_int_ge(journal.text_fd, 0);
	ck_assert_int_eq(kist_relay_start(&in[0], out[1], KIST_STREAM_OUT, &journal, &relay, NULL), KIST_OK);
	ck_assert_int_eq(write(in[1], "on", 2), 2);
	ck_assert_int_eq(read(out[0], bytes, sizeof(bytes)), 2);
	kist_relay_end(&relay);
	ck_assert_int_eq(journal.failed.status, KIST_IO);
	ck_assert_uint_eq(journal.size, 0);
}
END_TEST

START_TEST(where_output_finds_no_room_the_program_goes_on_and_the_journal_has_it)
{
	struct kist_relay relay = KIST_RELAY_INIT;
	kist_auto_fd int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
	uint8_t bytes[64];

	ck_assert_int_ge(full, 0);
	ck_assert_int_eq(kist_relay_start(&in[0], full, KIST_STREAM_OUT, &journal, &relay, NULL), KIST_OK);
	for (int i = 0; i < 50000; i++)
		ck_assert_int_eq(write(in[1], "on", 2), 2);
	kist_relay_end(&relay);
	ck_assert_int_eq(relay.failed, ENOSPC);
	ck_assert_uint_eq(relay.lost, 100000);
	ck_assert_uint_eq(journal.size, 100000);
	ck_assert_uint_eq(journal_read(KIST_JOURNAL_TEXT_NAME, bytes, sizeof(bytes)), sizeof(bytes));
}
END_TEST

START_TEST(a_reader_that_does_not_read_is_let_go_when_asked_for)
{
	struct kist_relay relay = KIST_RELAY_INIT;
	char bytes[1 << 12] = "";
	size_t given = 0;

	/* More than the pipe to the reader takes. */
	ck_assert_int_eq(kist_relay_start(&in[0], out[1], KIST_STREAM_OUT, &journal, &relay, NULL), KIST_OK);
	while (given < (size_t)100 << 10)
		given += (size_t)write(in[1], bytes, sizeof(bytes));
	kist_relay_stop(&relay);
	kist_relay_let_go(&relay);
	kist_relay_end(&relay);
	ck_assert_int_eq(relay.failed, 0);
	ck_assert_uint_gt(relay.lost, 0);
	ck_assert_uint_eq(journal.size, given);
}
END_TEST

int main(void)
{
	TCase *cases = tcase_create("relay");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, what_comes_is_passed_on_and_noted_with_its_time);
	tcase_add_test(cases, the_end_takes_what_is_in_the_pipe_and_waits_for_nobody);
	tcase_add_test(cases, a_reader_that_goes_away_is_felt_by_the_writer);
	tcase_add_test(cases, a_full_disk_does_not_hold_back_the_program);
	tcase_add_test(cases, a_reader_that_does_not_read_is_let_go_when_asked_for);
	tcase_add_test(cases, where_output_finds_no_room_the_program_goes_on_and_the_journal_has_it);
	return suite_run(cases, "agent/relay");
}
