/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/mem.h"
#include "worker/serve.h"

/*
 * Threads for the functions of tasks.  All that is before and after the function is done by the server's thread: a
 * lane touches nothing but its job.
 */

/* As the stack of a process usually is: the functions know no other. */
#define STACK_SIZE ((size_t)8 << 20)

static void *run_lane(void *ctx)
{
	struct served_lane *lane = ctx;
	const uint64_t one = 1;

	(void)pthread_mutex_lock(&lane->mutex);
	for (;;) {
		while (!lane->run)
			(void)pthread_cond_wait(&lane->changed, &lane->mutex);
		(void)pthread_mutex_unlock(&lane->mutex);
		lane->run(lane->job);
		(void)pthread_mutex_lock(&lane->mutex);
		lane->run = NULL;
		lane->has_ended = true;
		/* Only when it is full does it fail: then it is readable already. */
		if (write(lane->server->lane_end, &one, sizeof(one)) < 0 && errno != EAGAIN)
			serve_lost();
	}
	return NULL;
}

kist_status serve_lanes(struct server *server, uint64_t count, struct kist_error *err)
{
	if (count > KIST_CONTROL_LANES)
		return kist_fail(err, KIST_LIMIT, "more than %u lanes", KIST_CONTROL_LANES);
	if (server->sealed || server->lanes)
		return kist_fail(err, KIST_INVALID, "lanes are made once, before the first call on data");
	server->lanes = kist_alloc(count, sizeof(*server->lanes));
	if (!server->lanes)
		return kist_fail_memory(err, count * sizeof(*server->lanes));
	server->lane_count = (uint32_t)count;
	return KIST_OK;
}

static kist_status start_lane(struct served_lane *lane, const pthread_attr_t *attributes,
			      struct kist_error *err)
{
	int failed = pthread_mutex_init(&lane->mutex, NULL);

	if (!failed)
		failed = pthread_cond_init(&lane->changed, NULL);
	if (!failed)
		failed = pthread_create(&lane->thread, attributes, run_lane, lane);
	return failed ? kist_fail_errno(err, failed, "cannot start a thread for tasks") : KIST_OK;
}

kist_status serve_lanes_start(struct server *server, struct kist_error *err)
{
	pthread_attr_t attributes;
	kist_status status = KIST_OK;

	(void)pthread_attr_init(&attributes);
	(void)pthread_attr_setstacksize(&attributes, STACK_SIZE);
	for (uint32_t i = 0; i < server->lane_count && status == KIST_OK; i++) {
		server->lanes[i].server = server;
		status = start_lane(&server->lanes[i], &attributes, err);
	}
	(void)pthread_attr_destroy(&attributes);
	return status;
}

void serve_lane_run(struct server *server, uint32_t number, void (*run)(void *job), void *job)
{
	struct served_lane *lane = &server->lanes[number - 1];

	if (number > server->lane_count || lane->is_busy)
		serve_lost();
	lane->is_busy = true;
	server->lanes_busy++;
	(void)pthread_mutex_lock(&lane->mutex);
	lane->job = job;
	lane->run = run;
	(void)pthread_cond_signal(&lane->changed);
	(void)pthread_mutex_unlock(&lane->mutex);
}

static bool take_end(struct served_lane *lane)
{
	bool ended;

	(void)pthread_mutex_lock(&lane->mutex);
	ended = lane->has_ended;
	lane->has_ended = false;
	(void)pthread_mutex_unlock(&lane->mutex);
	return ended;
}

static void end_jobs(struct server *server)
{
	uint64_t count;

	if (read(server->lane_end, &count, sizeof(count)) < 0)
		return;
	for (uint32_t i = 0; i < server->lane_count; i++) {
		struct served_lane *lane = &server->lanes[i];

		if (!lane->is_busy || !take_end(lane))
			continue;
		lane->is_busy = false;
		server->lanes_busy--;
		serve_task_end(lane->job);
	}
}

void serve_lanes_wait(struct server *server)
{
	while (server->lanes_busy > 0) {
		struct pollfd fds[2] = { { .fd = server->socket, .events = POLLIN },
					 { .fd = server->lane_end, .events = POLLIN } };

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			serve_lost();
		if (fds[1].revents != 0)
			end_jobs(server);
		if (fds[0].revents != 0)
			return;
	}
}
