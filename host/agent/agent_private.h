/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_AGENT_AGENT_PRIVATE_H
#define KIST_AGENT_AGENT_PRIVATE_H

#include "agent/agent.h"
#include "agent/relay.h"
#include "agent/server.h"
#include "agent/watch.h"

/*
 * The agent's inside: agent.c begins a job and ends it, attend.c looks after its program meanwhile.  Private to the room.
 *
 * Thread: [main]
 */

#define NS_PER_S  1000000000ull
#define NS_PER_MS 1000000ull

/** struct agent - All of one run. */
struct agent {
	const struct kist_agent_options *options;
	struct kist_agent_result *result;
	struct kist_job *job;
	struct kist_keeping keeping;
	struct kist_snapshot_options snapshot;
	json_t *manifest;
	struct kist_journal journal;
	struct kist_relay out;
	struct kist_relay err;
	struct kist_watch *watch;
	struct kist_program program;
	struct kist_server *server; /* NULL: none */
	int signals;		    /* signalfd; -1: none */
	sigset_t mask_before;
	int64_t began_ns;   /* wall clock */
	uint64_t settle_ns; /* when the folder is watched; 0: it is, or never will be */
	uint64_t beat_ns;   /* when the run folder is touched next */
	uint64_t limit_ns;  /* when the program is told to end; 0: never */
	uint64_t kill_ns;   /* when it is killed; 0: not yet */
	int asked;	    /* the signal by which somebody asked it to end; 0: nobody */
};

/** agent_go_on() - What has no place in the program's life is told, and left out. */
void agent_go_on(struct agent *agent, kist_status status, const struct kist_error *why);

/**
 * agent_attend() - Until the program has ended: passes signals on, keeps its time, hears of its files.
 *
 * On return agent->result->end is how it ended.
 */
void agent_attend(struct agent *agent);

/**
 * agent_wait_for_readers() - Until what the program printed is taken: who reads it may be slow.
 *
 * Whoever asks the agent to end meanwhile, and a time limit, are not made to wait for that.
 */
void agent_wait_for_readers(struct agent *agent);

/** agent_read_watch() - Takes what the watch has to tell, if there is one. */
void agent_read_watch(struct agent *agent);

#endif
