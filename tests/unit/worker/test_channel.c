/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/file.h"
#include "base/time.h"
#include "support/suite.h"
#include "worker/channel.h"
#include "worker/shm.h"

static uint8_t buffer[KIST_MESSAGE_SIZE_MAX];
static int ends[2];

static void open_pair(void)
{
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static void close_pair(void)
{
	kist_fd_close(&ends[0]);
	kist_fd_close(&ends[1]);
}

START_TEST(a_message_arrives_whole_with_its_descriptor)
{
	static uint8_t payload[KIST_MESSAGE_INLINE_MAX];
	struct kist_message message;
	char text[4] = { 0 };
	int pipes[2];

	memset(payload, 'p', sizeof(payload));
	ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
	ck_assert_int_eq(kist_channel_send(ends[0], (struct kist_header){ .op = 3, .id = 4, .a = 5 },
					   kist_view_of(payload, sizeof(payload)), pipes[1], 0, NULL),
			 KIST_OK);
	kist_fd_close(&pipes[1]);
	ck_assert_int_eq(kist_channel_recv(ends[1], buffer, true, &message, NULL), KIST_OK);
	ck_assert_uint_eq(message.header.a, 5);
	ck_assert_uint_eq(message.payload.size, sizeof(payload));
	ck_assert_mem_eq(message.payload.data, payload, sizeof(payload));
	ck_assert_int_ge(message.fd, 0);
	ck_assert_int_eq(write(message.fd, "hey", 3), 3);
	ck_assert_int_eq(read(pipes[0], text, 3), 3);
	ck_assert_str_eq(text, "hey");
	kist_fd_close(&message.fd);
	kist_fd_close(&pipes[0]);
}
END_TEST

START_TEST(a_descriptor_that_nobody_takes_is_dropped)
{
	struct kist_message message;
	int pipes[2];
	char byte;

	ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
	ck_assert_int_eq(kist_channel_send(ends[0], (struct kist_header){ .op = 3 }, kist_view_of(NULL, 0),
					   pipes[1], 0, NULL),
			 KIST_OK);
	kist_fd_close(&pipes[1]);
	ck_assert_int_eq(kist_channel_recv(ends[1], buffer, false, &message, NULL), KIST_OK);
	ck_assert_int_eq(message.fd, -1);
	/* The last writer is gone, so the pipe has ended. */
	ck_assert_int_eq(read(pipes[0], &byte, 1), 0);
	kist_fd_close(&pipes[0]);
}
END_TEST

START_TEST(a_payload_of_one_byte_more_is_not_sent)
{
	static uint8_t payload[KIST_MESSAGE_INLINE_MAX + 1];

	ck_assert_int_eq(kist_channel_send(ends[0], (struct kist_header){ .op = 3 },
					   kist_view_of(payload, sizeof(payload)), -1, 0, NULL),
			 KIST_LIMIT);
}
END_TEST

START_TEST(what_is_no_message_is_refused)
{
	static uint8_t bytes[KIST_MESSAGE_SIZE_MAX + 100];
	static const size_t sizes[] = { 1, 31, 33, KIST_MESSAGE_SIZE_MAX, KIST_MESSAGE_SIZE_MAX + 1 };
	struct kist_message message;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		ck_assert_int_eq(send(ends[0], bytes, sizes[i], 0), (ssize_t)sizes[i]);
		ck_assert_int_eq(kist_channel_recv(ends[1], buffer, true, &message, NULL), KIST_INTERNAL);
	}
}
END_TEST

START_TEST(the_other_end_that_is_gone_is_no_signal)
{
	struct kist_message message;

	kist_fd_close(&ends[0]);
	ck_assert_int_eq(kist_channel_recv(ends[1], buffer, true, &message, NULL), KIST_CRASHED);
	ck_assert_int_eq(kist_channel_send(ends[1], (struct kist_header){ .op = 3 }, kist_view_of(NULL, 0),
					   -1, 0, NULL),
			 KIST_CRASHED);
}
END_TEST

START_TEST(an_end_that_does_not_read_meets_the_deadline)
{
	static uint8_t payload[KIST_MESSAGE_INLINE_MAX];
	kist_status status = KIST_OK;

	for (int i = 0; i < 1000 && status == KIST_OK; i++)
		status = kist_channel_send(ends[0], (struct kist_header){ .op = 3 },
					   kist_view_of(payload, sizeof(payload)), -1,
					   kist_now_ns() + 1000000, NULL);
	ck_assert_int_eq(status, KIST_DEADLINE);
}
END_TEST

START_TEST(a_window_is_shared_and_cannot_change_its_size)
{
	struct kist_shm ours = KIST_SHM_INIT;
	struct kist_shm theirs = KIST_SHM_INIT;

	ck_assert_int_eq(kist_shm_create("test", 8192, &ours, NULL), KIST_OK);
	ck_assert_int_lt(ftruncate(ours.fd, 4096), 0);
	ck_assert_int_lt(ftruncate(ours.fd, 16384), 0);
	ck_assert_int_lt(fcntl(ours.fd, F_ADD_SEALS, F_SEAL_WRITE), 0);
	ck_assert_int_eq(kist_shm_open_take(dup(ours.fd), 8192, &theirs, NULL), KIST_OK);
	ours.data[8191] = 42;
	ck_assert_uint_eq(theirs.data[8191], 42);
	kist_shm_done(&theirs);
	kist_shm_done(&theirs);
	kist_shm_done(&ours);
}
END_TEST

START_TEST(a_window_of_another_size_or_without_seals_is_refused)
{
	struct kist_shm ours = KIST_SHM_INIT;
	struct kist_shm theirs = KIST_SHM_INIT;
	const int open_file = memfd_create("unsealed", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	ck_assert_int_eq(kist_shm_create("test", 8192, &ours, NULL), KIST_OK);
	ck_assert_int_eq(kist_shm_open_take(dup(ours.fd), 4096, &theirs, NULL), KIST_INVALID);
	ck_assert_int_eq(ftruncate(open_file, 4096), 0);
	ck_assert_int_eq(kist_shm_open_take(open_file, 4096, &theirs, NULL), KIST_INVALID);
	ck_assert_int_eq(kist_shm_open_take(dup(ends[0]), 4096, &theirs, NULL), KIST_INVALID);
	ck_assert_ptr_null(theirs.data);
	kist_shm_done(&ours);
}
END_TEST

int main(void)
{
	TCase *tests = tcase_create("channel");

	tcase_add_checked_fixture(tests, open_pair, close_pair);
	tcase_add_test(tests, a_message_arrives_whole_with_its_descriptor);
	tcase_add_test(tests, a_descriptor_that_nobody_takes_is_dropped);
	tcase_add_test(tests, a_payload_of_one_byte_more_is_not_sent);
	tcase_add_test(tests, what_is_no_message_is_refused);
	tcase_add_test(tests, the_other_end_that_is_gone_is_no_signal);
	tcase_add_test(tests, an_end_that_does_not_read_meets_the_deadline);
	tcase_add_test(tests, a_window_is_shared_and_cannot_change_its_size);
	tcase_add_test(tests, a_window_of_another_size_or_without_seals_is_refused);
	return suite_run(tests, "channel");
}
