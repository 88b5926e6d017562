/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>

#include "base/mem.h"
#include "base/time.h"
#include "worker/client.h"

/*
 * Tasks that run beside each other, and beside the calls of the thread that begins them.
 */

_Static_assert(KIST_WORKER_LANES_MAX == KIST_CONTROL_LANES, "each lane has its word");

struct client_lane *client_lane_of(struct kist_worker *worker, uint32_t id)
{
	for (size_t i = 0; i < worker->lane_count; i++) {
		struct client_lane *lane = &worker->lanes[i];

		if (lane->is_busy && !lane->has_ended && lane->exchange.header.id == id)
			return lane;
	}
	return NULL;
}

void client_lane_take(struct kist_worker *worker, struct client_lane *lane,
		      const struct kist_message *message)
{
	const uint32_t op = message->header.op;
	kist_status status;

	if (op == KIST_OP_PROGRESS || op == KIST_OP_RESULTS || op == KIST_OP_RETURN)
		status = client_take(worker, &lane->exchange, message, &lane->has_ended, &lane->error);
	else
		status = client_broken(worker, &lane->exchange, "a message that no task sends", &lane->error);
	if (status != KIST_OK)
		lane->has_ended = true;
	lane->status = status;
}

kist_status kist_worker_start_lanes(struct kist_worker *worker, size_t count, struct kist_error *err)
{
	struct exchange exchange = { .header = { .op = KIST_OP_LANES, .a = count },
				     .fd = -1,
				     .verb = "starting lanes" };

	if (worker->lanes || worker->sealed)
		return kist_fail(err, KIST_INVALID, "lanes are started once, before the first call on data");
	if (count == 0 || count > KIST_WORKER_LANES_MAX)
		return kist_fail(err, KIST_LIMIT, "1 to %zu lanes, not %zu", KIST_WORKER_LANES_MAX, count);
	KIST_TRY(client_call(worker, &exchange, err));
	worker->lanes = kist_alloc(count, sizeof(*worker->lanes));
	if (!worker->lanes)
		return kist_fail_memory(err, count * sizeof(*worker->lanes));
	worker->lane_count = count;
	return KIST_OK;
}

size_t kist_worker_lane_count(const struct kist_worker *worker)
{
	return worker->lane_count;
}

static atomic_uint *cancel_word(const struct kist_worker *worker, size_t lane)
{
	struct kist_control *control = (struct kist_control *)(void *)worker->control.data;

	return &control->lanes[lane];
}

static void reserve(const struct client_called *called, bool is_reserved)
{
	for (size_t i = 0; i < called->out_count; i++)
		called->slots[i]->is_reserved = is_reserved;
}

static kist_status begin(struct kist_worker *worker, struct client_lane *lane,
			 const struct kist_writer *writer, struct kist_error *err)
{
	struct exchange *exchange = &lane->exchange;

	KIST_TRY(client_payload(worker, writer, exchange, err));
	worker->sealed = true;
	exchange->header.id = ++worker->next_id;
	exchange->deadline_ns = kist_now_ns() + exchange->limit_ms * 1000000u;
	exchange->header.b = exchange->deadline_ns;
	lane->is_busy = true;
	KIST_TRY(client_send(worker, exchange, err));
	/* What stands in the window is read before the window is used again. */
	return exchange->payload.size > KIST_MESSAGE_INLINE_MAX ? kist_worker_ping(worker, err) : KIST_OK;
}

kist_status kist_worker_begin_task(struct kist_worker *worker, size_t number, const struct kist_task_ref *ref,
				   const struct kist_task_arg *args, size_t arg_count, uint64_t ms_max,
				   struct kist_error *err)
{
	kist_auto_writer struct kist_writer writer = KIST_WRITER_INIT;
	struct client_lane *lane = &worker->lanes[number];
	const uint64_t usual = worker->options.call_ms_max;
	kist_status status;

	if (worker->gone.status != KIST_OK)
		return client_gone(worker, err);
	*lane = (struct client_lane){ .error = KIST_ERROR_INIT };
	KIST_TRY(client_find_task(ref, &lane->called, err));
	lane->exchange = (struct exchange){ .header = { .op = KIST_OP_CALL_TASK, .c = (uint32_t)number + 1 },
					    .fd = -1,
					    .verb = lane->called.task->verb,
					    .plugin = ref->plugin,
					    .results = &lane->called.results,
					    .limit_ms = ms_max > 0 && ms_max < usual ? ms_max : usual };
	KIST_TRY(client_bind_task(worker, ref, args, arg_count, &writer, &lane->called, err));
	atomic_store(cancel_word(worker, number), KIST_CANCEL_NO);
	reserve(&lane->called, true);
	status = begin(worker, lane, &writer, err);
	if (status != KIST_OK) {
		reserve(&lane->called, false);
		lane->is_busy = false;
	}
	lane->exchange.payload = kist_view_of(NULL, 0);
	return status;
}

static void ask_to_end(struct kist_worker *worker, size_t number, unsigned how)
{
	struct exchange *exchange = &worker->lanes[number].exchange;

	if (exchange->kill_ns > 0)
		return;
	exchange->by_deadline = how == KIST_CANCEL_DEADLINE;
	exchange->kill_ns = kist_now_ns() + worker->options.grace_ms * 1000000u;
	atomic_store(cancel_word(worker, number), how);
}

void kist_worker_cancel_task(struct kist_worker *worker, size_t lane)
{
	if (worker->lanes[lane].is_busy && !worker->lanes[lane].has_ended)
		ask_to_end(worker, lane, KIST_CANCEL_ASKED);
}

/* One whose time is over is asked to end, and then ended with its worker. */
static void end_overdue(struct kist_worker *worker)
{
	const uint64_t now = kist_now_ns();

	for (size_t i = 0; i < worker->lane_count && worker->gone.status == KIST_OK; i++) {
		struct client_lane *lane = &worker->lanes[i];
		const struct exchange *exchange = &lane->exchange;

		if (!lane->is_busy || lane->has_ended)
			continue;
		if (exchange->kill_ns == 0 && now >= exchange->deadline_ns)
			ask_to_end(worker, i, KIST_CANCEL_DEADLINE);
		if (exchange->kill_ns == 0 || now < exchange->kill_ns)
			continue;
		lane->has_ended = true;
		lane->status = client_lost(
			worker, exchange, exchange->by_deadline ? KIST_DEADLINE : KIST_CANCELLED,
			&lane->error,
			exchange->by_deadline ? "took longer than %llu ms in %s and was ended"
					      : "did not stop within %llu ms of being cancelled in %s and "
						"was ended",
			(unsigned long long)(exchange->by_deadline ? exchange->limit_ms
								   : worker->options.grace_ms),
			exchange->verb);
	}
}

uint64_t client_lanes_look(struct kist_worker *worker)
{
	uint64_t next = UINT64_MAX;

	end_overdue(worker);
	for (size_t i = 0; i < worker->lane_count; i++) {
		const struct exchange *exchange = &worker->lanes[i].exchange;
		const uint64_t end = exchange->kill_ns > 0 ? exchange->kill_ns : exchange->deadline_ns;

		if (worker->lanes[i].is_busy && !worker->lanes[i].has_ended && end < next)
			next = end;
	}
	return next;
}

/* No call is under way but those in lanes. */
static const struct exchange nothing = { .verb = "a lane" };

static void take(struct kist_worker *worker, const struct kist_message *message)
{
	struct client_lane *lane = client_lane_of(worker, message->header.id);

	if (message->header.op == KIST_OP_LOG)
		client_take_log(worker, message);
	else if (lane)
		client_lane_take(worker, lane, message);
	else
		(void)client_broken(worker, &nothing, "a message of another call", NULL);
}

/* Takes one message, if there is one. */
static bool take_one(struct kist_worker *worker)
{
	struct pollfd fds[2] = { { .fd = worker->child.socket, .events = POLLIN },
				 { .fd = worker->child.log, .events = POLLIN } };
	struct kist_message message;
	kist_status status;

	if (poll(fds, 2, 0) <= 0)
		return false;
	if (fds[1].revents != 0)
		kist_child_listen(&worker->child);
	if (fds[0].revents == 0)
		return false;
	status = kist_channel_recv(worker->child.socket, worker->buffer, false, &message, NULL);
	if (status == KIST_OK)
		take(worker, &message);
	else if (status == KIST_CRASHED)
		(void)client_died(worker, &(struct exchange){ .verb = "" }, NULL);
	else
		(void)client_broken(worker, &nothing, "no message", NULL);
	return worker->gone.status == KIST_OK;
}

bool kist_worker_task_ended(struct kist_worker *worker, size_t number)
{
	struct client_lane *lane = &worker->lanes[number];

	while (worker->gone.status == KIST_OK && take_one(worker))
		;
	end_overdue(worker);
	if (worker->gone.status != KIST_OK && !lane->has_ended) {
		lane->has_ended = true;
		lane->status = client_gone(worker, &lane->error);
	}
	return lane->has_ended;
}

kist_status kist_worker_end_task(struct kist_worker *worker, size_t number,
				 struct kist_task_result *ret_results, struct kist_error *err)
{
	struct client_lane *lane = &worker->lanes[number];

	while (!kist_worker_task_ended(worker, number)) {
		struct pollfd wait = { .fd = worker->child.socket, .events = POLLIN };

		(void)poll(&wait, 1, KIST_WORKER_LOOK_MS);
	}
	reserve(&lane->called, false);
	lane->is_busy = false;
	if (lane->status == KIST_OK)
		return client_take_task(worker, &lane->called, ret_results, err);
	/* One that was late has given all the same. */
	if (lane->called.results.came)
		client_drop_results(worker, &lane->called);
	return kist_fail_as(err, lane->status, &lane->error);
}

int kist_worker_socket(const struct kist_worker *worker)
{
	return worker->child.socket;
}
