/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/care/sim.h"

#include <errno.h>
#include <string.h>

#include "store/checkpoints.h"
#include "store/state.h"

struct sim sim;

static __thread struct actor *self;

uint64_t draw(void)
{
	/* splitmix64 */
	uint64_t z = (sim.random += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

unsigned draw_below(unsigned limit)
{
	return (unsigned)(draw() % limit);
}

/* What would make a run differ from the next one: threads within a process, random numbers, the clock. */
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	return self ? EAGAIN : __real_pthread_create(thread, attr, run, arg);
}

ssize_t __wrap_getrandom(void *buf, size_t size, unsigned flags);
ssize_t __wrap_getrandom(void *buf, size_t size, unsigned flags)
{
	(void)flags;
	for (size_t i = 0; i < size; i++)
		((uint8_t *)buf)[i] = (uint8_t)draw();
	return (ssize_t)size;
}

int64_t __wrap_kist_wall_ns(void);
int64_t __wrap_kist_wall_ns(void)
{
	return (int64_t)(1000000000u + sim.step) * 1000000000;
}

/* Lets somebody else go first, maybe many of them. */
static void yield(struct actor *actor)
{
	if (actor != self)
		return;
	(void)pthread_mutex_lock(&sim.lock);
	sim.turn = NULL;
	(void)pthread_cond_signal(&sim.idle);
	while (sim.turn != actor)
		(void)pthread_cond_wait(&actor->turn, &sim.lock);
	(void)pthread_mutex_unlock(&sim.lock);
}

enum fault { FINE, NOT_DONE, DONE_AND_FAILED, TRIED_TWICE };

static enum fault next_fault(struct actor *actor)
{
	unsigned lot;

	yield(actor);
	if (actor->dead)
		return NOT_DONE;
	if (actor != self || draw_below(1000) >= sim.fault_rate)
		return FINE;
	lot = draw_below(100);
	if (lot < 15) {
		actor->stalled_to = sim.step + draw_below(600);
		yield(actor);
		return actor->dead ? NOT_DONE : FINE;
	}
	if (lot < 20)
		sim.full_to = sim.step + draw_below(200);
	if (lot < 26) {
		actor->dead = true;
		sim.killed++;
		return lot < 23 ? NOT_DONE : DONE_AND_FAILED;
	}
	actor->faults++;
	return lot < 50 ? NOT_DONE : lot < 75 ? DONE_AND_FAILED : TRIED_TWICE;
}

static kist_status break_off(struct kist_error *err)
{
	return kist_fail_errno(err, EIO, "made to fail");
}

static kist_status port_put_new(struct kist_backend *backend, const char *key, const struct kist_view *parts,
				size_t count, struct kist_error *err)
{
	struct actor *actor = (struct actor *)backend;
	const enum fault fault = next_fault(actor);

	if (fault == NOT_DONE)
		return break_off(err);
	if (actor == self && sim.step < sim.full_to) {
		actor->faults++;
		return kist_fail_errno(err, ENOSPC, "made to be full");
	}
	KIST_TRY(kist_backend_put_new(sim.real, key, parts, count, err));
	if (fault == TRIED_TWICE)
		return kist_fail(err, KIST_EXISTS, "made to be there already");
	return fault == DONE_AND_FAILED ? break_off(err) : KIST_OK;
}

static kist_status port_get(struct kist_backend *backend, const char *key, uint64_t offset, size_t size,
			    struct kist_buf *ret, struct kist_error *err)
{
	if (next_fault((struct actor *)backend) != FINE)
		return break_off(err);
	return kist_backend_get(sim.real, key, offset, size, ret, err);
}

static kist_status port_head(struct kist_backend *backend, const char *key, uint64_t *ret_size,
			     struct kist_error *err)
{
	if (next_fault((struct actor *)backend) != FINE)
		return break_off(err);
	return kist_backend_head(sim.real, key, ret_size, err);
}

struct old_list {
	struct actor *actor;
	kist_status (*each)(void *ctx, const char *key, uint64_t size, struct kist_error *err);
	void *ctx;
};

/* Now and then a pack that is there is not in the list. */
static kist_status list_most(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	const struct old_list *list = ctx;

	if (list->actor == self && sim.fault_rate > 0 && strncmp(key, "packs/", 6) == 0 && draw_below(8) == 0)
		return KIST_OK;
	return list->each(list->ctx, key, size, err);
}

static kist_status port_list(struct kist_backend *backend, const char *prefix,
			     kist_status (*each)(void *ctx, const char *key, uint64_t size,
						 struct kist_error *err),
			     void *ctx, struct kist_error *err)
{
	struct old_list list = { .actor = (struct actor *)backend, .each = each, .ctx = ctx };

	if (next_fault(list.actor) != FINE)
		return break_off(err);
	return kist_backend_list(sim.real, prefix, list_most, &list, err);
}

static kist_status port_delete(struct kist_backend *backend, const char *key, struct kist_error *err)
{
	const enum fault fault = next_fault((struct actor *)backend);

	if (fault == NOT_DONE)
		return break_off(err);
	KIST_TRY(kist_backend_delete(sim.real, key, err));
	return fault == FINE ? KIST_OK : break_off(err);
}

static kist_status port_replace(struct kist_backend *backend, const char *key, struct kist_view bytes,
				struct kist_error *err)
{
	const enum fault fault = next_fault((struct actor *)backend);

	if (fault == NOT_DONE)
		return break_off(err);
	KIST_TRY(kist_backend_replace(sim.real, key, bytes, err));
	return fault == FINE ? KIST_OK : break_off(err);
}

static void port_close(struct kist_backend *backend)
{
	(void)backend;
}

static const struct kist_backend_ops port_ops = {
	.scheme = "sim",
	.put_new = port_put_new,
	.get = port_get,
	.head = port_head,
	.list = port_list,
	.delete = port_delete,
	.replace = port_replace,
	.close = port_close,
};

/* A process begins: with no index, or, when it cannot even open the store, not now. */
bool sim_begin(struct actor *actor)
{
	actor->dead = false;
	actor->faults = 0;
	if (actor->flow.registry)
		return true;
	if (!actor->flow.store) {
		must(kist_store_open(SIM_URI, &actor->flow.store, NULL) == KIST_OK);
		kist_backend_close(actor->flow.store->backend);
		actor->flow.store->backend = &actor->base;
	}
	return kist_registry_open(actor->flow.store, NULL, &actor->flow.registry, NULL) == KIST_OK;
}

void sim_end(struct actor *actor)
{
	kist_registry_close(actor->flow.registry);
	actor->flow.registry = NULL;
	kist_chunk_reader_done(&actor->flow.chunk_reader);
	memset(&actor->flow.chunk_reader, 0, sizeof(actor->flow.chunk_reader));
}

void sim_pause(struct actor *actor)
{
	actor->stalled_to = sim.step + draw_below(1500);
	yield(actor);
}

/* Draws whose turn it is until all are done. */
static void run_all(void)
{
	(void)pthread_mutex_lock(&sim.lock);
	for (;;) {
		struct actor *ready[SIM_ACTORS_MAX];
		unsigned count = 0;
		unsigned left = 0;

		while (sim.turn)
			(void)pthread_cond_wait(&sim.idle, &sim.lock);
		for (unsigned i = 0; i < sim.actor_count; i++) {
			left += !sim.actors[i].finished;
			if (!sim.actors[i].finished && sim.actors[i].stalled_to <= sim.step)
				ready[count++] = &sim.actors[i];
		}
		if (left == 0)
			break;
		sim.step++;
		if (count == 0)
			continue;
		sim.turn = ready[draw_below(count)];
		(void)pthread_cond_signal(&sim.turn->turn);
	}
	(void)pthread_mutex_unlock(&sim.lock);
}

static void *live_thread(void *arg)
{
	struct actor *actor = arg;

	self = actor;
	yield(actor);
	sim.live(actor);
	sim_end(actor);
	(void)pthread_mutex_lock(&sim.lock);
	actor->finished = true;
	sim.turn = NULL;
	(void)pthread_cond_signal(&sim.idle);
	(void)pthread_mutex_unlock(&sim.lock);
	kist_store_close(actor->flow.store);
	return NULL;
}

void sim_open(uint64_t seed)
{
	memset(&sim, 0, sizeof(sim));
	sim.seed = seed;
	sim.random = seed;
	/* Every fourth run goes without faults: there nothing may fail at all. */
	sim.fault_rate = seed % 4 == 0 ? 0 : 1 + draw_below(25);
	(void)pthread_mutex_init(&sim.lock, NULL);
	(void)pthread_cond_init(&sim.idle, NULL);
	must(kist_store_create(SIM_URI, NULL) == KIST_OK);
	must(kist_backend_open(SIM_URI, false, &sim.real, NULL) == KIST_OK);
}

void sim_run(unsigned count, void (*live)(struct actor *actor))
{
	sim.live = live;
	sim.actor_count = count;
	for (unsigned i = 0; i < count; i++) {
		struct actor *actor = &sim.actors[i];

		actor->base.ops = &port_ops;
		actor->no = i;
		(void)pthread_cond_init(&actor->turn, NULL);
		sim.turn = actor;
		must(__real_pthread_create(&actor->thread, NULL, live_thread, actor) == 0);
		/* One after another up to their first turn: so that they all are where the lot finds them. */
		(void)pthread_mutex_lock(&sim.lock);
		while (sim.turn)
			(void)pthread_cond_wait(&sim.idle, &sim.lock);
		(void)pthread_mutex_unlock(&sim.lock);
	}
	run_all();
	for (unsigned i = 0; i < count; i++) {
		must(pthread_join(sim.actors[i].thread, NULL) == 0);
		(void)pthread_cond_destroy(&sim.actors[i].turn);
	}
}

static kist_status delete_key(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	(void)ctx;
	(void)size;
	return kist_backend_delete(sim.real, key, err);
}

void sim_close(void)
{
	must(kist_backend_list(sim.real, "", delete_key, NULL, NULL) == KIST_OK);
	kist_backend_close(sim.real);
	(void)pthread_cond_destroy(&sim.idle);
	(void)pthread_mutex_destroy(&sim.lock);
}

static kist_status see_key(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	(void)size;
	(void)err;
	snprintf(ctx, KIST_CHECKPOINT_KEY_SIZE, "%s", key);
	return KIST_OK;
}

bool sim_spoil_checkpoint(void)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT((size_t)1 << 20);
	char key[KIST_CHECKPOINT_KEY_SIZE] = "";

	must(kist_backend_list(sim.real, KIST_CHECKPOINT_PREFIX, see_key, key, NULL) == KIST_OK);
	if (!key[0])
		return false;
	must(kist_backend_get(sim.real, key, 0, bytes.size_max, &bytes, NULL) == KIST_OK);
	bytes.data[draw_below((unsigned)bytes.size)] ^= 0xa5;
	must(kist_backend_replace(sim.real, key, kist_buf_view(&bytes), NULL) == KIST_OK);
	return true;
}
