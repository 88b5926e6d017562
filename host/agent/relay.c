/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/relay.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

/* Waits until a descriptor of ours that others made non-blocking takes more. */
static bool wait_writable(int fd)
{
	struct pollfd wait = { .fd = fd, .events = POLLOUT };

	return poll(&wait, 1, -1) > 0 || errno == EINTR;
}

/*
 * false: nobody reads it any more.  A disk that is full is none of the program's trouble, which a closed pipe would
 * end: what it does not take is counted, and what comes next is tried again.
 */
static bool pass_on(struct kist_relay *relay, const uint8_t *bytes, size_t size)
{
	while (size > 0) {
		const ssize_t written = write(relay->to, bytes, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno == EAGAIN && wait_writable(relay->to))
			continue;
		if (written < 0 && errno == EPIPE)
			return false;
		if (written < 0) {
			relay->failed = errno;
			relay->lost += size;
			return true;
		}
		bytes += written;
		size -= (size_t)written;
	}
	return true;
}

/* Whether there is something to read, or an end; false once the relay is to end and the pipe is empty. */
static bool wait_readable(const struct kist_relay *relay)
{
	struct pollfd waits[] = { { .fd = relay->from, .events = POLLIN },
				  { .fd = relay->stop, .events = POLLIN } };

	while (poll(waits, 2, -1) < 0) {
		if (errno != EINTR)
			return false;
	}
	return waits[0].revents != 0;
}

static void *run(void *ctx)
{
	struct kist_relay *relay = ctx;
	uint8_t bytes[KIST_RELAY_SIZE];

	while (wait_readable(relay)) {
		const ssize_t size = read(relay->from, bytes, sizeof(bytes));

		if (size < 0 && errno == EINTR)
			continue;
		if (size <= 0)
			break;
		kist_journal_add(relay->journal, relay->stream, kist_view_of(bytes, (size_t)size));
		if (!pass_on(relay, bytes, (size_t)size))
			break;
	}
	/* When our reader is gone, so is the program's: its next write says so to it. */
	kist_fd_close(&relay->from);
	return NULL;
}

kist_status kist_relay_start(int *from, int to, enum kist_stream stream, struct kist_journal *journal,
			     struct kist_relay *ret, struct kist_error *err)
{
	int failed;

	ret->stop = eventfd(0, EFD_CLOEXEC);
	if (ret->stop < 0)
		return kist_fail_errno(err, errno, "cannot make an eventfd");
	ret->to = to;
	ret->failed = 0;
	ret->lost = 0;
	ret->stream = stream;
	ret->journal = journal;
	ret->from = *from;
	failed = pthread_create(&ret->thread, NULL, run, ret);
	if (failed != 0) {
		ret->from = -1;
		kist_fd_close(&ret->stop);
		return kist_fail_errno(err, failed, "cannot start a thread");
	}
	*from = -1;
	ret->running = true;
	return KIST_OK;
}

void kist_relay_end(struct kist_relay *relay)
{
	const uint64_t one = 1;

	if (!relay->running)
		return;
	(void)!write(relay->stop, &one, sizeof(one));
	(void)pthread_join(relay->thread, NULL);
	relay->running = false;
	kist_fd_close(&relay->stop);
}
