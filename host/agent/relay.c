/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/relay.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

/* Wakes a thread that waits for a reader; nobody else sends it, and it does nothing. */
#define WAKE_SIGNAL SIGURG
/* How often: one that comes just before the waiting begins wakes nobody. */
#define WAKE_MS 10

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
		const bool let_go = atomic_load(&relay->let_go);
		const ssize_t written = let_go ? -1 : write(relay->to, bytes, size);

		if (let_go) {
			relay->lost += size;
			return true;
		}
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

/* What is left to read once the relay is to end. */
struct rest {
	bool is_known;
	size_t size;
};

/* Whether there is something to read, or an end; false once the relay is to end and what was there then is read. */
static bool wait_readable(const struct kist_relay *relay, struct rest *rest)
{
	struct pollfd waits[] = { { .fd = relay->from, .events = POLLIN },
				  { .fd = relay->stop, .events = POLLIN } };
	int size = 0;

	if (rest->is_known)
		return rest->size > 0;
	while (poll(waits, 2, -1) < 0) {
		if (errno != EINTR)
			return false;
	}
	if (!waits[1].revents)
		return true;
	/* Somebody may go on for ever. */
	rest->is_known = true;
	rest->size = ioctl(relay->from, FIONREAD, &size) == 0 ? (size_t)size : 0;
	return rest->size > 0;
}

static void pass_all(struct kist_relay *relay)
{
	uint8_t bytes[KIST_RELAY_SIZE];
	struct rest rest = { .is_known = false };

	while (wait_readable(relay, &rest)) {
		const size_t most = rest.is_known && rest.size < sizeof(bytes) ? rest.size : sizeof(bytes);
		const ssize_t size = read(relay->from, bytes, most);

		if (size < 0 && errno == EINTR)
			continue;
		if (size <= 0)
			return;
		rest.size -= rest.is_known ? (size_t)size : 0;
		kist_journal_add(relay->journal, relay->stream, kist_view_of(bytes, (size_t)size));
		if (!pass_on(relay, bytes, (size_t)size))
			return;
	}
}

static void *run(void *ctx)
{
	struct kist_relay *relay = ctx;
	const uint64_t one = 1;
	sigset_t wake;

	(void)sigemptyset(&wake);
	(void)sigaddset(&wake, WAKE_SIGNAL);
	(void)pthread_sigmask(SIG_UNBLOCK, &wake, NULL);
	pass_all(relay);
	/* When our reader is gone, so is the program's: its next write says so to it. */
	kist_fd_close(&relay->from);
	(void)!write(relay->over, &one, sizeof(one));
	return NULL;
}

kist_status kist_relay_start(int *from, int to, enum kist_stream stream, struct kist_journal *journal,
			     struct kist_relay *ret, struct kist_error *err)
{
	int failed;

	ret->stop = eventfd(0, EFD_CLOEXEC);
	ret->over = eventfd(0, EFD_CLOEXEC);
	if (ret->stop < 0 || ret->over < 0) {
		failed = errno;
		kist_fd_close(&ret->stop);
		kist_fd_close(&ret->over);
		return kist_fail_errno(err, failed, "cannot make an eventfd");
	}
	atomic_init(&ret->let_go, false);
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
		kist_fd_close(&ret->over);
		return kist_fail_errno(err, failed, "cannot start a thread");
	}
	*from = -1;
	ret->running = true;
	return KIST_OK;
}

void kist_relay_stop(struct kist_relay *relay)
{
	const uint64_t one = 1;

	if (relay->running)
		(void)!write(relay->stop, &one, sizeof(one));
}

static void wake_up(int signal)
{
	(void)signal;
}

void kist_relay_let_go(struct kist_relay *relay)
{
	/* Without SA_RESTART: that is what it is for. */
	const struct sigaction wake = { .sa_handler = wake_up };
	struct pollfd over = { .fd = relay->over, .events = POLLIN };

	if (!relay->running || sigaction(WAKE_SIGNAL, &wake, NULL) != 0)
		return;
	atomic_store(&relay->let_go, true);
	while (poll(&over, 1, WAKE_MS) <= 0)
		(void)pthread_kill(relay->thread, WAKE_SIGNAL);
}

void kist_relay_end(struct kist_relay *relay)
{
	if (!relay->running)
		return;
	kist_relay_stop(relay);
	(void)pthread_join(relay->thread, NULL);
	relay->running = false;
	kist_fd_close(&relay->stop);
	kist_fd_close(&relay->over);
}
