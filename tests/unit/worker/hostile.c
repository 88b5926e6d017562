/* SPDX-License-Identifier: Apache-2.0 */
#include "hostile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/time.h"

static void need(bool good)
{
	if (!good)
		abort();
}

void hostile_open(struct hostile *hostile)
{
	struct kist_worker *worker = kist_alloc(1, sizeof(*worker));
	static char id[] = "test.hostile";
	int ends[2];

	need(worker && socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) == 0);
	*hostile = (struct hostile){ .worker = worker, .other = ends[1] };
	worker->child = (struct kist_child)KIST_CHILD_INIT;
	worker->child.socket = ends[0];
	worker->gone = (struct kist_error)KIST_ERROR_INIT;
	worker->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	worker->options.call_ms_max = 60000;
	worker->options.grace_ms = 100;
	worker->buffer = kist_alloc(KIST_MESSAGE_SIZE_MAX, 1);
	worker->copy = kist_alloc(KIST_SLOT_SIZE, 1);
	need(worker->buffer && worker->copy);
	need(kist_shm_create("control", KIST_CONTROL_SIZE, &worker->control, NULL) == KIST_OK);
	need(kist_shm_create("in", KIST_WINDOW_SIZE, &worker->in, NULL) == KIST_OK);
	need(kist_shm_create("ring", KIST_SLOT_SIZE * KIST_RING_SLOTS, &worker->ring, NULL) == KIST_OK);
	hostile->plugin.id = id;
	(void)snprintf(hostile->plugin.title, sizeof(hostile->plugin.title), "plugin test.hostile 1.0");
	hostile->plugin.name_len = strlen(hostile->plugin.title);
}

void hostile_close(struct hostile *hostile)
{
	kist_fd_close(&hostile->worker->child.socket);
	kist_fd_close(&hostile->other);
	kist_worker_close(hostile->worker);
}

static kist_status take_bytes(void *ctx, struct kist_view bytes, struct kist_error *err)
{
	struct hostile *hostile = ctx;

	(void)err;
	hostile->taken += bytes.size;
	return KIST_OK;
}

static kist_status take_part(void *ctx, const struct kist_part *part, struct kist_error *err)
{
	struct hostile *hostile = ctx;

	(void)part;
	(void)err;
	hostile->parts++;
	return KIST_OK;
}

static void take_issue(void *ctx, int32_t severity, const struct kist_error *issue)
{
	struct hostile *hostile = ctx;

	(void)severity;
	(void)issue;
	hostile->issues++;
}

static kist_status give_bytes(void *ctx, uint64_t offset, void *buf, size_t len, size_t *ret_len,
			      struct kist_error *err)
{
	struct hostile *hostile = ctx;

	(void)offset;
	(void)err;
	hostile->reads++;
	memset(buf, 'x', len);
	*ret_len = len;
	return KIST_OK;
}

struct exchange hostile_exchange(struct hostile *hostile, uint32_t op)
{
	static struct kist_input input;
	static struct kist_output output;

	input = (struct kist_input){ .fd = -1, .size = 100, .read = give_bytes, .ctx = hostile };
	output = (struct kist_output){ .part = take_part, .write = take_bytes, .ctx = hostile };
	return (struct exchange){
		.header = { .op = op, .id = 5 },
		.fd = -1,
		.verb = "call",
		.plugin = &hostile->plugin,
		.type = "test.hostile",
		.input = op == KIST_OP_SERIALIZE ? NULL : &input,
		.output = op == KIST_OP_SERIALIZE || op == KIST_OP_DESCRIBE ? &output : NULL,
		.each_part = op == KIST_OP_LAYOUT ? take_part : NULL,
		.each_issue = take_issue,
		.ctx = hostile,
		.failed = KIST_ERROR_INIT,
		.found = KIST_ERROR_INIT,
		.deadline_ns = kist_now_ns() + 60000000000u,
	};
}

kist_status hostile_take(struct hostile *hostile, struct exchange *exchange, const struct kist_header *header,
			 struct kist_view payload, bool *ret_done, struct kist_error *err)
{
	struct kist_message message = { .header = *header, .payload = payload, .fd = -1 };
	uint8_t drain[KIST_MESSAGE_HEADER_SIZE];
	kist_status status;

	*ret_done = false;
	message.header.len = (uint32_t)payload.size;
	status = client_take(hostile->worker, exchange, &message, ret_done, err);
	/* The answer, when there is one, so that the socket never fills. */
	(void)recv(hostile->other, drain, sizeof(drain), MSG_DONTWAIT);
	return status;
}
