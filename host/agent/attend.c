/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/agent_private.h"
#include "base/time.h"
#include "flow/stamp.h"
#include "job/owner.h"

/* How far the times of files may be behind the clock: a tick of the kernel's. */
#define TICK_NS 10000000

void agent_go_on(struct agent *agent, kist_status status, const struct kist_error *why)
{
	if (status != KIST_OK)
		kist_keeping_warn(&agent->keeping, NULL, why);
}

static void take_file(void *ctx, const char *path)
{
	const struct agent *agent = ctx;

	kist_keeper_add(agent->keeping.keeper, path);
}

/* A file that was there when the watch began: what is older than the job is looked at in the end. */
static void take_old_file(void *ctx, const char *path)
{
	const struct agent *agent = ctx;
	char full[PATH_MAX];
	struct stat st;

	if (snprintf(full, sizeof(full), "%s/%s", agent->options->folder, path) < (int)sizeof(full) &&
	    stat(full, &st) == 0 && kist_stamp_ns(st.st_ctim) >= agent->began_ns - TICK_NS)
		kist_keeper_add(agent->keeping.keeper, path);
}

static void start_watch(struct agent *agent)
{
	const struct kist_watch_events old = { .each_file = take_old_file, .ctx = agent };
	struct kist_error why = KIST_ERROR_INIT;

	agent_go_on(agent, kist_watch_open(agent->options->folder, &old, &agent->watch, &why), &why);
}

static void take_signal(struct agent *agent, int signal)
{
	if (signal == KIST_AGENT_SIGNAL_KILL) {
		agent->asked = SIGKILL;
		kist_program_signal(&agent->program, SIGKILL);
		return;
	}
	switch (signal) {
	case SIGCHLD:
		kist_program_follow_stop(&agent->program);
		return;
	case SIGCONT:
		kist_program_go_on(&agent->program);
		return;
	case SIGUSR1:
		if (agent->keeping.keeper)
			kist_keeper_flush(agent->keeping.keeper);
		return;
	case SIGTERM:
	case SIGINT:
	case SIGHUP:
	case SIGQUIT:
		agent->asked = signal;
		break;
	default:
		break;
	}
	kist_program_signal(&agent->program, signal);
	kist_run_event(&agent->keeping.run, "signal", json_pack("{s:i}", "signal", signal));
}

static void read_signals(struct agent *agent)
{
	struct signalfd_siginfo info;

	while (read(agent->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		take_signal(agent, (int)info.ssi_signo);
}

/* How long a program has from its end until it is killed. */
static uint64_t grace_ns(const struct agent *agent)
{
	const uint64_t grace_s = agent->options->grace_s;

	return (grace_s > 0 ? grace_s : KIST_AGENT_GRACE_S) * NS_PER_S;
}

/* Tells a program that is past its time to end, and later ends it. */
static void keep_time(struct agent *agent)
{
	const int stop_signal = agent->options->stop_signal;
	const uint64_t now = kist_now_ns();

	if (agent->kill_ns > 0 && now >= agent->kill_ns) {
		kist_program_signal(&agent->program, SIGKILL);
		agent->kill_ns = now + grace_ns(agent);
	} else if (agent->kill_ns == 0 && agent->limit_ns > 0 && now >= agent->limit_ns) {
		agent->result->by_time = true;
		agent->kill_ns = now + grace_ns(agent);
		kist_program_signal(&agent->program, stop_signal ? stop_signal : SIGTERM);
	}
}

/* The earlier of two times, of which 0 is never. */
static uint64_t earlier(uint64_t a, uint64_t b)
{
	return a > 0 && (b == 0 || a < b) ? a : b;
}

/* Milliseconds until there is something to do about the time. */
static int patience_ms(const struct agent *agent)
{
	const uint64_t limit = agent->kill_ns > 0 ? agent->kill_ns : agent->limit_ns;
	const uint64_t until = earlier(agent->beat_ns, earlier(agent->settle_ns, limit));
	const uint64_t now = kist_now_ns();
	const uint64_t left_ms = until > now ? (until - now) / NS_PER_MS + 1 : 0;

	return left_ms < INT_MAX ? (int)left_ms : INT_MAX;
}

static void beat(struct agent *agent)
{
	const uint64_t now = kist_now_ns();

	if (now < agent->beat_ns)
		return;
	agent->beat_ns = now + KIST_OWNER_BEAT_S * NS_PER_S;
	kist_run_beat(&agent->keeping.run);
}

static void settle(struct agent *agent)
{
	if (agent->settle_ns == 0 || kist_now_ns() < agent->settle_ns)
		return;
	agent->settle_ns = 0;
	start_watch(agent);
}

void agent_read_watch(struct agent *agent)
{
	const struct kist_watch_events events = { .each_file = take_file, .ctx = agent };

	if (agent->watch)
		kist_watch_read(agent->watch, &events);
}

void agent_attend(struct agent *agent)
{
	struct pollfd waits[] = {
		{ .fd = agent->program.pid_fd, .events = POLLIN },
		{ .fd = agent->signals, .events = POLLIN },
		{ .fd = -1, .events = POLLIN },
	};

	for (;;) {
		if (poll(waits, 3, patience_ms(agent)) < 0)
			continue;
		if (waits[1].revents)
			read_signals(agent);
		if (waits[2].revents)
			agent_read_watch(agent);
		if (waits[0].revents && kist_program_reap(&agent->program, &agent->result->end))
			return;
		keep_time(agent);
		beat(agent);
		settle(agent);
		waits[2].fd = agent->watch ? kist_watch_fd(agent->watch) : -1;
	}
}

/* When a reader that takes nothing is not waited for any more; 0: never. */
static uint64_t patience_of_readers(const struct agent *agent)
{
	if (agent->asked == SIGKILL)
		return kist_now_ns();
	if (agent->asked || agent->result->by_time)
		return kist_now_ns() + grace_ns(agent);
	return agent->limit_ns > 0 ? agent->limit_ns + grace_ns(agent) : 0;
}

void agent_wait_for_readers(struct agent *agent)
{
	struct pollfd waits[] = {
		{ .fd = agent->out.over, .events = POLLIN },
		{ .fd = agent->err.over, .events = POLLIN },
		{ .fd = agent->signals, .events = POLLIN },
	};

	agent->kill_ns = 0;
	agent->settle_ns = 0;
	agent->limit_ns = patience_of_readers(agent);
	agent->asked = 0;
	kist_relay_stop(&agent->out);
	kist_relay_stop(&agent->err);
	while (waits[0].fd >= 0 || waits[1].fd >= 0) {
		if (poll(waits, 3, patience_ms(agent)) < 0)
			continue;
		for (int i = 0; i < 2; i++)
			waits[i].fd = waits[i].revents ? -1 : waits[i].fd;
		if (waits[2].revents)
			read_signals(agent);
		beat(agent);
		if (!agent->asked && (agent->limit_ns == 0 || kist_now_ns() < agent->limit_ns))
			continue;
		kist_relay_let_go(&agent->out);
		kist_relay_let_go(&agent->err);
		return;
	}
}
