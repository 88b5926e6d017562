/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_WORKER_CHANNEL_H
#define KIST_WORKER_CHANNEL_H

#include "worker/wire.h"

/*
 * A socket of whole messages, with descriptors.
 *
 * Never raises SIGPIPE.  Thread: sends may run at once with each other and with one receive.
 */

/** struct kist_message - A message as it came; @payload lies in the buffer it was received into. */
struct kist_message {
	struct kist_header header;
	struct kist_view payload;
	int fd; /* -1: none came */
};

/**
 * kist_channel_send() - Sends one message; waits while the other side does not read.
 *
 * @header:      Its len is set here.
 * @payload:     At most KIST_MESSAGE_INLINE_MAX bytes.
 * @fd:          A descriptor to pass along, borrowed, or -1.
 * @deadline_ns: On CLOCK_MONOTONIC; 0: none.
 *
 * Errors: KIST_CRASHED (the other side is gone), KIST_DEADLINE, KIST_LIMIT, KIST_IO.
 */
KIST_CHECKED kist_status kist_channel_send(int socket, struct kist_header header, struct kist_view payload,
					   int fd, uint64_t deadline_ns, struct kist_error *err);

/**
 * kist_channel_recv_soon() - Takes the next message, if one comes in the time that sleeping and waking would
 * take.
 *
 * Gives the processor away meanwhile, so that the other side may run on it.
 *
 * @ret_came: false: none came, and @ret is not set.
 *
 * Otherwise as kist_channel_recv().
 */
KIST_CHECKED kist_status kist_channel_recv_soon(int socket, uint8_t *buffer, bool take_fd, bool *ret_came,
						struct kist_message *ret, struct kist_error *err);

/**
 * kist_channel_recv() - Takes the next message, waiting for it.
 *
 * @buffer:  KIST_MESSAGE_SIZE_MAX bytes.
 * @take_fd: false: descriptors that came along are dropped by the kernel.
 * @ret:     Its fd is owned by the caller.
 *
 * Errors: KIST_CRASHED (the other side is gone), KIST_INTERNAL (that is no message), KIST_IO.
 */
KIST_CHECKED kist_status kist_channel_recv(int socket, uint8_t *buffer, bool take_fd,
					   struct kist_message *ret, struct kist_error *err);

#endif
