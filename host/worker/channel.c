/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/channel.h"

#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/file.h"
#include "base/time.h"

/* Twice what a sleep and a wake cost on the machines this was measured on. */
#define LINGER_NS 50000u

union control_room {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

static void attach_fd(struct msghdr *msg, union control_room *room, int fd)
{
	struct cmsghdr *head;

	memset(room, 0, sizeof(*room));
	msg->msg_control = room;
	msg->msg_controllen = sizeof(*room);
	head = CMSG_FIRSTHDR(msg);
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	head->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
}

/* Waits until the other side has read something; it may be hostile and never do. */
static kist_status wait_room(int socket, uint64_t deadline_ns, struct kist_error *err)
{
	struct pollfd wait = { .fd = socket, .events = POLLOUT };
	struct timespec timeout;
	const uint64_t now = kist_now_ns();

	if (deadline_ns > 0 && now >= deadline_ns)
		return kist_fail(err, KIST_DEADLINE, "the other side does not read its messages");
	if (deadline_ns > 0)
		timeout = (struct timespec){ .tv_sec = (time_t)((deadline_ns - now) / 1000000000u),
					     .tv_nsec = (long)((deadline_ns - now) % 1000000000u) };
	if (ppoll(&wait, 1, deadline_ns > 0 ? &timeout : NULL, NULL) < 0 && errno != EINTR)
		return kist_fail_errno(err, errno, "cannot wait for a socket");
	return KIST_OK;
}

kist_status kist_channel_send(int socket, struct kist_header header, struct kist_view payload, int fd,
			      uint64_t deadline_ns, struct kist_error *err)
{
	uint8_t head[KIST_MESSAGE_HEADER_SIZE];
	union control_room room;
	struct iovec parts[2] = { { .iov_base = head, .iov_len = sizeof(head) } };
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = payload.size > 0 ? 2 : 1 };

	if (payload.size > KIST_MESSAGE_INLINE_MAX)
		return kist_fail(err, KIST_LIMIT, "message of %zu bytes: at most %zu are allowed",
				 payload.size, KIST_MESSAGE_INLINE_MAX);
	if ((header.op & KIST_OP_IN_WINDOW) == 0)
		header.len = (uint32_t)payload.size;
	kist_header_write(&header, head);
	parts[1].iov_len = payload.size;
	memcpy(&parts[1].iov_base, &payload.data, sizeof(payload.data));
	if (fd >= 0)
		attach_fd(&msg, &room, fd);
	for (;;) {
		if (sendmsg(socket, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
			return KIST_OK;
		if (errno == EPIPE || errno == ECONNRESET || errno == ENOTCONN)
			return kist_fail(err, KIST_CRASHED, "the other side of the socket is gone");
		if (errno == EAGAIN)
			KIST_TRY(wait_room(socket, deadline_ns, err));
		else if (errno != EINTR)
			return kist_fail_errno(err, errno, "cannot send a message");
	}
}

static int detach_fd(struct msghdr *msg)
{
	const struct cmsghdr *head = msg->msg_controllen > 0 ? CMSG_FIRSTHDR(msg) : NULL;
	int fd = -1;

	if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS &&
	    head->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(&fd, CMSG_DATA(head), sizeof(fd));
	return fd;
}

/* One message, or none: *@ret_came. */
static kist_status receive(int socket, int flags, uint8_t *buffer, bool take_fd, bool *ret_came,
			   struct kist_message *ret, struct kist_error *err)
{
	kist_auto_fd int fd = -1;
	union control_room room;
	struct iovec part = { .iov_base = buffer, .iov_len = KIST_MESSAGE_SIZE_MAX };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	struct kist_header header;
	ssize_t size;

	if (take_fd) {
		msg.msg_control = &room;
		msg.msg_controllen = sizeof(room);
	}
	do
		size = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC | flags);
	while (size < 0 && errno == EINTR);
	*ret_came = size >= 0 || errno != EAGAIN;
	if (!*ret_came)
		return KIST_OK;
	if (size == 0 || (size < 0 && errno == ECONNRESET))
		return kist_fail(err, KIST_CRASHED, "the other side of the socket is gone");
	if (size < 0)
		return kist_fail_errno(err, errno, "cannot receive a message");
	fd = take_fd ? detach_fd(&msg) : -1;
	if ((msg.msg_flags & MSG_TRUNC) != 0 || (take_fd && (msg.msg_flags & MSG_CTRUNC) != 0) ||
	    !kist_header_read(buffer, (size_t)size, &header))
		return kist_fail(err, KIST_INTERNAL, "%zd bytes that are no message", size);
	*ret = (struct kist_message){ .header = header,
				      .payload = kist_view_of(buffer + KIST_MESSAGE_HEADER_SIZE,
							      (size_t)size - KIST_MESSAGE_HEADER_SIZE),
				      .fd = kist_fd_move(&fd) };
	return KIST_OK;
}

kist_status kist_channel_recv_soon(int socket, uint8_t *buffer, bool take_fd, bool *ret_came,
				   struct kist_message *ret, struct kist_error *err)
{
	const uint64_t end = kist_now_ns() + LINGER_NS;

	for (unsigned tries = 1;; tries++) {
		KIST_TRY(receive(socket, MSG_DONTWAIT, buffer, take_fd, ret_came, ret, err));
		if (*ret_came || kist_now_ns() >= end)
			return KIST_OK;
		/* A yield costs more than a look, and an answer often comes within a few looks. */
		if (tries % 8 == 0)
			(void)sched_yield();
	}
}

kist_status kist_channel_recv(int socket, uint8_t *buffer, bool take_fd, struct kist_message *ret,
			      struct kist_error *err)
{
	bool came;

	KIST_TRY(kist_channel_recv_soon(socket, buffer, take_fd, &came, ret, err));
	return came ? KIST_OK : receive(socket, 0, buffer, take_fd, &came, ret, err);
}
