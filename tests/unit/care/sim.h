/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_UNIT_CARE_SIM_H
#define TESTS_UNIT_CARE_SIM_H

#include <check.h>
#include <inttypes.h>
#include <pthread.h>

#include "backend/backend.h"
#include "flow/flow.h"

/*
 * Processes on one store in memory, on a backend that fails in every way it may: calls that do nothing and
 * fail, calls that are done and fail, replies that come back as those of a second try, long stalls, a full
 * disk, old lists, processes that stop for ever.
 *
 * Each process is a thread, and only one of them runs at a time.  Who is next is drawn by lot at every call
 * of the backend, and so are the faults: the same seed gives the same run.  For that the program is linked
 * with -Wl,--wrap=pthread_create -Wl,--wrap=getrandom -Wl,--wrap=kist_wall_ns.
 */

#define SIM_URI	       "memory:sim"
#define SIM_ACTORS_MAX 16

struct actor {
	struct kist_backend base; /* how the store reaches it */
	pthread_t thread;
	pthread_cond_t turn;
	unsigned no;
	bool finished;
	bool dead;	 /* its process has stopped: nothing it does has an effect */
	unsigned faults; /* in its current task */
	uint64_t stalled_to;
	struct kist_flow flow;
};

extern struct sim {
	uint64_t seed;
	uint64_t random;
	uint64_t step;
	uint64_t full_to;
	unsigned fault_rate; /* of 1,000 calls */
	unsigned killed;
	struct kist_backend *real;
	pthread_mutex_t lock;
	pthread_cond_t idle;
	struct actor *turn; /* who runs; NULL: whose turn it is is drawn */
	unsigned actor_count;
	struct actor actors[SIM_ACTORS_MAX];
	void (*live)(struct actor *actor);
} sim;

#define must(condition)                                                                                      \
	ck_assert_msg(condition, "seed %" PRIu64 ", step %" PRIu64 ": " #condition, sim.seed, sim.step)

uint64_t draw(void);
unsigned draw_below(unsigned limit);

/** sim_open() - A new store, and a lot from @seed on. */
void sim_open(uint64_t seed);
/** sim_run() - @count processes, each of which does @live. */
void sim_run(unsigned count, void (*live)(struct actor *actor));
/** sim_close() - Removes the store. */
void sim_close(void);

/**
 * sim_begin() - Sees that the actor's process is there, with a store and a registry; false when it cannot be.
 * sim_end() - Ends the process.
 */
bool sim_begin(struct actor *actor);
void sim_end(struct actor *actor);

/** sim_pause() - The actor does something else for a while. */
void sim_pause(struct actor *actor);

/** sim_spoil_checkpoint() - Damages a checkpoint, which deceives nobody; false when there is none. */
bool sim_spoil_checkpoint(void);

#endif
