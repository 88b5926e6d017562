/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/time.h"
#include "base/utf8.h"
#include "worker/client.h"

/* How long a worker that closed its socket may take to die of it. */
#define DYING_MS 500
/* Of its last words, what fits a message. */
#define WORDS_SHOWN 320

static void set_cancel(const struct kist_worker *worker, unsigned how)
{
	struct kist_control *control = (struct kist_control *)(void *)worker->control.data;

	atomic_store(&control->cancel, how);
}

/* A task that runs beside the call, or the next after @lane that does; NULL: none. */
static const struct client_lane *beside(const struct kist_worker *worker, const struct exchange *exchange,
					const struct client_lane *lane)
{
	for (lane = lane ? lane + 1 : worker->lanes; lane && lane < worker->lanes + worker->lane_count;
	     lane++) {
		if (lane->is_busy && !lane->has_ended && &lane->exchange != exchange)
			return lane;
	}
	return NULL;
}

/* "plugin kist.npy 1.0 (sha256 0123456789ab)" or "the worker". */
static const char *who(const struct kist_worker *worker, const struct exchange *exchange)
{
	return exchange->plugin && !beside(worker, exchange, NULL) ? exchange->plugin->title : "the worker";
}

/* "describe of type 'kist.npy'", "describe of type 'kist.npy' (in its open)" */
static void what_call(const struct kist_worker *worker, const struct exchange *exchange, char *ret,
		      size_t size)
{
	static const char *const withins[] = { "", " (in its open)", " (in its close)", " (in its release)" };
	struct kist_control *control = (struct kist_control *)(void *)worker->control.data;
	const unsigned within = atomic_load(&control->within);
	const char *place = within < sizeof(withins) / sizeof(withins[0]) ? withins[within] : "";

	if (exchange->type)
		(void)snprintf(ret, size, "%s of type '%s'%s", exchange->verb, exchange->type, place);
	else
		(void)snprintf(ret, size, "%s%s", exchange->verb, exchange->results ? place : "");
}

/* And all that runs beside it: whichever of these it was cannot be told. */
static void what(const struct kist_worker *worker, const struct exchange *exchange, char *ret, size_t size)
{
	const struct client_lane *lane = NULL;
	size_t len;

	what_call(worker, exchange, ret, size);
	while ((lane = beside(worker, exchange, lane)) != NULL) {
		len = strlen(ret);
		(void)snprintf(ret + len, size - len, "%s%s", len > 0 ? " or " : "", lane->exchange.verb);
	}
}

kist_status client_gone(const struct kist_worker *worker, struct kist_error *err)
{
	return kist_fail_text(err, worker->gone.status, worker->gone.code, worker->gone.offset,
			      worker->gone.text, strlen(worker->gone.text));
}

/* The end of what the worker wrote to its output, on one line; "" when it was silent. */
static void last_words(const struct kist_child *child, char ret[static WORDS_SHOWN + 64])
{
	const size_t len = child->words_len < WORDS_SHOWN / 2 ? child->words_len : WORDS_SHOWN / 2;
	size_t end = len;
	const char *from = child->words + child->words_len - len;
	char text[WORDS_SHOWN];

	while (end > 0 && from[end - 1] == '\n')
		end--;
	ret[0] = '\0';
	if (end == 0)
		return;
	kist_text_escape(from, end, text, sizeof(text));
	(void)snprintf(ret, WORDS_SHOWN + 64, "; its last words: %s", text);
}

kist_status client_lost(struct kist_worker *worker, const struct exchange *exchange, kist_status status,
			struct kist_error *err, const char *format, ...)
{
	char end[KIST_CHILD_END_SIZE];
	char text[KIST_ERROR_TEXT_SIZE];
	va_list args;
	bool exited;

	va_start(args, format);
	if (vsnprintf(text, sizeof(text), format, args) < 0)
		text[0] = '\0';
	va_end(args);
	kist_child_end(&worker->child, 0, end, &exited);
	(void)kist_fail(&worker->gone, status, "%s %s", who(worker, exchange), text);
	return client_gone(worker, err);
}

kist_status client_died(struct kist_worker *worker, const struct exchange *exchange, struct kist_error *err)
{
	char end[KIST_CHILD_END_SIZE];
	char call[KIST_ERROR_TEXT_SIZE / 4];
	char words[WORDS_SHOWN + 64];
	bool exited;
	bool killed;

	what(worker, exchange, call, sizeof(call));
	kist_child_end(&worker->child, DYING_MS, end, &exited);
	last_words(&worker->child, words);
	killed = strncmp(end, "ended by", 8) == 0;
	if (killed)
		(void)kist_fail(&worker->gone, KIST_CRASHED, "%s closed its connection to the host in %s%s",
				who(worker, exchange), call, words);
	else if (exited && strtol(strrchr(end, ' ') + 1, NULL, 10) == KIST_WORKER_EXIT_LOST)
		(void)kist_fail(&worker->gone, KIST_CRASHED, "%s lost its connection to the host in %s%s",
				who(worker, exchange), call, words);
	else if (exited)
		(void)kist_fail(&worker->gone, KIST_CRASHED, "%s ended %s%s in %s%s", who(worker, exchange),
				who(worker, exchange)[0] == 'p' ? "the worker with " : "with ", end, call,
				words);
	else
		(void)kist_fail(&worker->gone, KIST_CRASHED, "%s crashed in %s: %s%s", who(worker, exchange),
				call, end, words);
	return client_gone(worker, err);
}

/* Time is over that the call had to end after it was asked to. */
static kist_status give_up(struct kist_worker *worker, const struct exchange *exchange,
			   struct kist_error *err)
{
	char call[KIST_ERROR_TEXT_SIZE / 4];

	what(worker, exchange, call, sizeof(call));
	if (exchange->by_deadline)
		return client_lost(worker, exchange, KIST_DEADLINE, err,
				   "took longer than %llu ms in %s and was ended",
				   (unsigned long long)worker->options.call_ms_max, call);
	return client_lost(worker, exchange, KIST_CANCELLED, err,
			   "did not stop within %llu ms of being cancelled in %s and was ended",
			   (unsigned long long)worker->options.grace_ms, call);
}

static void notice_cancel(struct kist_worker *worker, struct exchange *exchange)
{
	uint64_t count;

	if (read(worker->wake, &count, sizeof(count)) < 0 || exchange->kill_ns > 0 ||
	    atomic_load(&worker->cancelled) == 0)
		return;
	exchange->kill_ns = kist_now_ns() + worker->options.grace_ms * 1000000u;
}

kist_status client_wait(struct kist_worker *worker, struct exchange *exchange, struct kist_error *err)
{
	for (;;) {
		struct pollfd wait[3] = { { .fd = worker->child.socket, .events = POLLIN },
					  { .fd = worker->wake, .events = POLLIN },
					  { .fd = worker->child.log, .events = POLLIN } };
		const uint64_t end = exchange->kill_ns > 0 ? exchange->kill_ns : exchange->deadline_ns;
		const uint64_t beside_end = client_lanes_look(worker);
		const uint64_t now = kist_now_ns();
		const uint64_t left = end > now ? end - now : 0;
		const uint64_t until = beside_end < end ? beside_end : end;
		const uint64_t sleep = until > now ? until - now : 0;
		const struct timespec timeout = { .tv_sec = (time_t)(sleep / 1000000000u),
						  .tv_nsec = (long)(sleep % 1000000000u) };

		/* With what ran beside the call its worker has ended. */
		if (worker->gone.status != KIST_OK)
			return client_gone(worker, err);
		if (left == 0 && exchange->kill_ns > 0)
			return give_up(worker, exchange, err);
		if (left == 0) {
			exchange->by_deadline = true;
			exchange->kill_ns = now + worker->options.grace_ms * 1000000u;
			set_cancel(worker, KIST_CANCEL_DEADLINE);
			continue;
		}
		if (ppoll(wait, 3, &timeout, NULL) < 0 && errno != EINTR)
			return kist_fail_errno(err, errno, "cannot wait for the worker");
		if (wait[2].revents != 0)
			kist_child_listen(&worker->child);
		if (wait[1].revents != 0)
			notice_cancel(worker, exchange);
		if (wait[0].revents != 0)
			return KIST_OK;
	}
}

static kist_status begin(struct kist_worker *worker, struct exchange *exchange, struct kist_error *err)
{
	set_cancel(worker, KIST_CANCEL_NO);
	/* After the flag was cleared, so that a cancel from now on is seen by one side or the other. */
	if (atomic_load(&worker->cancelled) != 0) {
		atomic_store(&worker->cancelled, 0);
		return kist_fail(err, KIST_CANCELLED, "cancelled");
	}
	exchange->header.id = ++worker->next_id;
	exchange->deadline_ns = kist_now_ns() + worker->options.call_ms_max * 1000000u;
	exchange->header.b = exchange->deadline_ns;
	exchange->failed = (struct kist_error)KIST_ERROR_INIT;
	exchange->found = (struct kist_error)KIST_ERROR_INIT;
	return client_send(worker, exchange, err);
}

kist_status client_send(struct kist_worker *worker, const struct exchange *exchange, struct kist_error *err)
{
	struct kist_view payload = exchange->payload;
	struct kist_header header = exchange->header;
	kist_status status;

	worker->log_count = 0;
	if (payload.size > KIST_MESSAGE_INLINE_MAX || exchange->samples_behind) {
		memcpy(worker->in.data, payload.data, payload.size);
		header.op |= KIST_OP_IN_WINDOW;
		header.len = (uint32_t)payload.size;
		if (exchange->samples_behind)
			header.len +=
				(uint32_t)client_write_samples(exchange, worker->in.data + payload.size);
		payload = kist_view_of(NULL, 0);
	}
	status = kist_channel_send(worker->child.socket, header, payload, exchange->fd, exchange->deadline_ns,
				   NULL);
	if (status == KIST_CRASHED)
		return client_died(worker, exchange, err);
	if (status != KIST_OK)
		return client_lost(worker, exchange, status, err, "takes no messages");
	return KIST_OK;
}

/* Whether nothing but a message is waited for; a worker that never stops sending does not outlive its time.
 */
static bool may_linger(struct kist_worker *worker, const struct exchange *exchange)
{
	return atomic_load(&worker->cancelled) == 0 && exchange->kill_ns == 0 &&
	       kist_now_ns() < exchange->deadline_ns;
}

static kist_status see_through(struct kist_worker *worker, struct exchange *exchange, struct kist_error *err)
{
	struct kist_message message;
	bool done = false;

	while (!done) {
		kist_status status = KIST_OK;
		bool came = false;

		if (may_linger(worker, exchange))
			status = kist_channel_recv_soon(worker->child.socket, worker->buffer, false, &came,
							&message, NULL);
		if (status == KIST_OK && !came) {
			KIST_TRY(client_wait(worker, exchange, err));
			status = kist_channel_recv(worker->child.socket, worker->buffer, false, &message,
						   NULL);
		}
		if (status == KIST_CRASHED)
			return client_died(worker, exchange, err);
		if (status != KIST_OK)
			return client_lost(worker, exchange, KIST_INTERNAL, err,
					   "broke the worker's protocol: no message");
		KIST_TRY(client_take(worker, exchange, &message, &done, err));
	}
	return KIST_OK;
}

kist_status client_call(struct kist_worker *worker, struct exchange *exchange, struct kist_error *err)
{
	struct kist_error own = KIST_ERROR_INIT;
	kist_status status;

	if (worker->gone.status != KIST_OK)
		return client_gone(worker, err);
	KIST_TRY(begin(worker, exchange, err));
	status = see_through(worker, exchange, &own);
	if (status == KIST_CANCELLED)
		atomic_store(&worker->cancelled, 0);
	/* What made the host stop the call says more than that it was stopped. */
	if (exchange->failed.status != KIST_OK) {
		own = exchange->failed;
		status = own.status;
	}
	if (status != KIST_OK)
		(void)kist_fail_text(err, status, own.code, own.offset, own.text, strlen(own.text));
	return status;
}
