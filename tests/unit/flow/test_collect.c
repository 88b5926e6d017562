/* SPDX-License-Identifier: Apache-2.0 */
#include <check.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backend/backend.h"
#include "flow/collect.h"
#include "flow/save_private.h"
#include "flow/tree.h"
#include "flow/verify.h"
#include "store/lean.h"
#include "store/state.h"

/*
 * Writers, collectors and readers on one store, on a backend that fails in every way it may: calls that do
 * nothing and fail, calls that are done and fail, replies that come back as those of a second try, long
 * stalls, a full disk, old lists, processes that stop for ever.  Only one of them runs at a time, and who is
 * next at every call of the backend is drawn by lot: the same seed gives the same run.
 *
 * KIST_SEED: this run alone.  KIST_RUNS: so many, from 1 on; KIST_FAULTS=long: 500.
 */

#define URI	     "memory:collect"
#define RUNS	     12
#define RUNS_LONG    500
#define WRITERS	     3
#define COLLECTORS   2
#define READERS	     2
#define ACTORS	     (WRITERS + COLLECTORS + READERS)
#define WRITER_TASKS 14
#define NAMES_EACH   4
#define NAMES	     (WRITERS * NAMES_EACH)
#define FILES	     6
#define CONTENTS     (FILES + 2) /* two are folders */
#define HALF_SIZE    ((size_t)66000)
#define ABSENT	     CONTENTS
#define TRIES_MAX    20

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

/* What may stand under a name: a set of contents, one bit each. */
struct wanted {
	unsigned now;
	unsigned ever;
	unsigned changes;
};

static struct {
	uint64_t seed;
	uint64_t random;
	uint64_t step;
	uint64_t full_to;
	unsigned fault_percent; /* of calls, in tenths */
	struct kist_backend *real;
	pthread_mutex_t lock;
	pthread_cond_t idle;
	struct actor *turn; /* who runs; NULL: whose turn it is is drawn */
	struct actor actors[ACTORS];
	struct wanted names[NAMES];
	unsigned working; /* writers that are not done */
} sim;

/* Over all runs: that everything happens at all. */
static struct {
	uint64_t put, again, tagged, dropped, lost, read, moved_on, compacted, deleted, forgotten, fenced,
		killed, collected;
} seen;

static uint8_t files[FILES][2 * HALF_SIZE];
static struct kist_digest file_sums[FILES];
static __thread struct actor *self;

#define must(condition)                                                                                      \
	ck_assert_msg(condition, "seed %" PRIu64 ", step %" PRIu64 ": " #condition, sim.seed, sim.step)

static uint64_t draw(void)
{
	/* splitmix64 */
	uint64_t z = (sim.random += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static unsigned draw_below(unsigned limit)
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
	if (actor != self || draw_below(1000) >= sim.fault_percent)
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
		seen.killed++;
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

	if (list->actor == self && sim.fault_percent > 0 && strncmp(key, "packs/", 6) == 0 &&
	    draw_below(8) == 0)
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
	.close = port_close,
};

/* A process begins: with no index, or, when it cannot even open the store, not now. */
static bool begin(struct actor *actor)
{
	actor->dead = false;
	actor->faults = 0;
	if (actor->flow.registry)
		return true;
	if (!actor->flow.store) {
		must(kist_store_open(URI, &actor->flow.store, NULL) == KIST_OK);
		kist_backend_close(actor->flow.store->backend);
		actor->flow.store->backend = &actor->base;
	}
	return kist_registry_open(actor->flow.store, NULL, &actor->flow.registry, NULL) == KIST_OK;
}

static void end(struct actor *actor)
{
	kist_registry_close(actor->flow.registry);
	actor->flow.registry = NULL;
	kist_chunk_reader_done(&actor->flow.chunk_reader);
	memset(&actor->flow.chunk_reader, 0, sizeof(actor->flow.chunk_reader));
}

/* After a task: a process that was stopped is replaced, and so is one now and then. */
static void maybe_end(struct actor *actor)
{
	if (actor->dead || draw_below(4) == 0)
		end(actor);
}

static kist_status put_bytes(struct kist_save *save, enum kist_chunk_kind kind, struct kist_view bytes,
			     const struct kist_digest *digest, struct kist_digest *ret,
			     struct kist_error *err)
{
	kist_auto_saved struct kist_saved saved = KIST_SAVED_INIT;
	kist_auto_json json_t *record =
		json_pack("{s:s,s:s}", "kind", kind == KIST_CHUNK_TREE ? "tree" : "bytes", "encoding", "e");
	/* A chunk for each half of a file. */
	const struct kist_content_part halves[] = {
		{ .offset = 0, .len = HALF_SIZE, .element_size = 1 },
		{ .offset = HALF_SIZE, .len = HALF_SIZE, .element_size = 1 },
	};
	struct kist_content made;

	KIST_TRY(kist_content_start(&save->content, save->writer, kind, bytes.size, halves,
				    kind == KIST_CHUNK_DATA ? 2 : 0, err));
	KIST_TRY(kist_content_write(&save->content, bytes, err));
	KIST_TRY(kist_content_finish(&save->content, &made, err));
	KIST_TRY(kist_record_set_content(record, &made, digest ? digest : &made.sha256, err));
	KIST_TRY(kist_save_record(save, record, &saved, err));
	*ret = saved.artifact;
	return KIST_OK;
}

static kist_status put_folder(struct kist_save *save, unsigned first, struct kist_digest *ret,
			      struct kist_error *err)
{
	kist_auto_tree struct kist_tree tree = KIST_TREE_INIT;
	struct kist_digest digest;

	KIST_TRY(kist_tree_start(&tree, err));
	for (unsigned i = first; i < first + 3; i++) {
		struct kist_tree_entry entry = { .kind = KIST_TREE_FILE,
						 .mode = 0644,
						 .size = sizeof(files[i]) };
		const char name = (char)('a' + i);

		entry.path = kist_view_of(&name, 1);
		entry.sha256 = file_sums[i];
		KIST_TRY(put_bytes(save, KIST_CHUNK_DATA, kist_view_of(files[i], sizeof(files[i])), NULL,
				   &entry.artifact, err));
		KIST_TRY(kist_tree_add(&tree, &entry, err));
	}
	digest = kist_tree_finish(&tree);
	return put_bytes(save, KIST_CHUNK_TREE, kist_buf_view(&tree.listing), &digest, ret, err);
}

static void name_of(unsigned no, char ret[static 16])
{
	snprintf(ret, 16, "w%u/%u", no / NAMES_EACH, no % NAMES_EACH);
}

static kist_status put_once(struct actor *actor, unsigned name, unsigned content, struct kist_error *err)
{
	kist_auto_save struct kist_save *save = NULL;
	struct kist_digest artifact;
	char text[16];

	name_of(name, text);
	KIST_TRY(kist_save_open(&actor->flow, &save, err));
	save->content.sizes = (struct kist_cut_sizes){ .typed = KIST_CUT_SIZE_MIN, .cdc = KIST_CUT_SIZE_MIN };
	if (content < FILES)
		KIST_TRY(put_bytes(save, KIST_CHUNK_DATA,
				   kist_view_of(files[content], sizeof(files[content])), NULL, &artifact,
				   err));
	else
		KIST_TRY(put_folder(save, content == FILES ? 0 : 3, &artifact, err));
	KIST_TRY(kist_save_ref(save, text, strlen(text), &artifact, "put", err));
	return kist_save_commit(save, err);
}

/* A change of a name: begun, then acknowledged, refused, or nobody knows. */
static void change_begins(unsigned name, unsigned contents)
{
	sim.names[name].changes++;
	sim.names[name].now |= contents;
	sim.names[name].ever |= contents;
}

static void change_ends(unsigned name, unsigned before, unsigned contents, kist_status status)
{
	sim.names[name].changes++;
	if (status == KIST_OK)
		sim.names[name].now = contents;
	else if (status != KIST_IO)
		sim.names[name].now = before;
	else
		seen.lost++;
}

static void put(struct actor *actor, unsigned name)
{
	const unsigned content = draw_below(CONTENTS);
	const unsigned before = sim.names[name].now;
	struct kist_error err = KIST_ERROR_INIT;
	kist_status status = KIST_CANCELLED;

	change_begins(name, 1u << content);
	for (int tries = 0; status == KIST_CANCELLED && tries < TRIES_MAX; tries++) {
		kist_error_clear(&err);
		status = put_once(actor, name, content, &err);
		seen.again += status == KIST_CANCELLED;
	}
	ck_assert_msg(status == KIST_OK || status == KIST_CANCELLED ||
			      (status == KIST_IO && (actor->faults || actor->dead)) ||
			      (status == KIST_EXISTS && actor->faults),
		      "seed %" PRIu64 ", step %" PRIu64 ": put: %s", sim.seed, sim.step, err.text);
	seen.put += status == KIST_OK;
	change_ends(name, before, 1u << content, status);
}

static void tag(struct actor *actor, unsigned name)
{
	kist_auto_save struct kist_save *save = NULL;
	const unsigned from = draw_below(NAMES);
	const unsigned before = sim.names[name].now;
	/* What the other name means is read now, and it may change before the commit. */
	const unsigned may_be = sim.names[from].ever;
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_digest artifact;
	kist_status status;
	char text[16];
	char other[16];

	name_of(name, text);
	name_of(from, other);
	status = kist_registry_find_ref(actor->flow.registry, other, strlen(other), &artifact, &err);
	if (status != KIST_OK)
		return;
	change_begins(name, may_be);
	status = kist_save_open(&actor->flow, &save, &err);
	if (status == KIST_OK)
		status = kist_save_ref(save, text, strlen(text), &artifact, "tag", &err);
	if (status == KIST_OK)
		status = kist_save_commit(save, &err);
	ck_assert_msg(status == KIST_OK || status == KIST_NOT_FOUND ||
			      (status == KIST_IO && (actor->faults || actor->dead)),
		      "seed %" PRIu64 ", step %" PRIu64 ": tag: %s", sim.seed, sim.step, err.text);
	seen.tagged += status == KIST_OK;
	change_ends(name, before, may_be, status);
}

static void drop(struct actor *actor, unsigned name)
{
	kist_auto_save struct kist_save *save = NULL;
	const unsigned before = sim.names[name].now;
	struct kist_error err = KIST_ERROR_INIT;
	kist_status status;
	char text[16];

	name_of(name, text);
	change_begins(name, 1u << ABSENT);
	status = kist_save_open(&actor->flow, &save, &err);
	if (status == KIST_OK)
		status = kist_save_ref(save, text, strlen(text), NULL, "rm", &err);
	if (status == KIST_OK)
		status = kist_save_commit(save, &err);
	must(status == KIST_OK || (status == KIST_IO && (actor->faults || actor->dead)));
	seen.dropped += status == KIST_OK;
	change_ends(name, before, 1u << ABSENT, status);
}

static void write_something(struct actor *actor)
{
	const unsigned name = actor->no * NAMES_EACH + draw_below(NAMES_EACH);
	const unsigned lot = draw_below(10);

	if (lot < 5)
		put(actor, name);
	else if (lot < 7)
		tag(actor, name);
	else
		drop(actor, name);
}

/* Which content it is, by its digest and all of its bytes; or what is wrong. */
static kist_status read_artifact(struct kist_flow *flow, const struct kist_digest *id, unsigned *ret,
				 struct kist_error *err)
{
	kist_auto_artifact struct kist_artifact artifact = KIST_ARTIFACT_INIT;
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(4 * HALF_SIZE);
	const char *kind;

	KIST_TRY(kist_registry_get_artifact(flow->registry, id, &artifact, err));
	kind = kist_json_get_text(artifact.record, "kind");
	if (strcmp(kind, "tree") == 0) {
		KIST_TRY(kist_load_listing(flow, artifact.record, &bytes, err));
		/* The first path tells which of the two it is. */
		*ret = bytes.data[16 + 88] == 'a' ? FILES : FILES + 1;
		return kist_verify_artifact(flow, &artifact, err);
	}
	KIST_TRY(kist_load_bytes(flow, artifact.record, &bytes, err));
	for (*ret = 0; *ret < FILES; ++*ret) {
		if (bytes.size == sizeof(files[*ret]) && memcmp(bytes.data, files[*ret], bytes.size) == 0)
			return KIST_OK;
	}
	must(!"bytes that nobody put");
	return KIST_INTERNAL;
}

static kist_status read_name(struct kist_flow *flow, unsigned name, unsigned *ret, struct kist_error *err)
{
	struct kist_digest artifact;
	char text[16];

	name_of(name, text);
	KIST_TRY(kist_registry_fold(flow->registry, err));
	KIST_TRY(kist_registry_find_ref(flow->registry, text, strlen(text), &artifact, err));
	return read_artifact(flow, &artifact, ret, err);
}

static void read_something(struct actor *actor)
{
	const unsigned name = draw_below(NAMES);
	const struct wanted before = sim.names[name];
	struct kist_error err = KIST_ERROR_INIT;
	unsigned content = ABSENT;
	const kist_status status = read_name(&actor->flow, name, &content, &err);
	const bool stayed = sim.names[name].changes == before.changes;

	if (status == KIST_IO && (actor->faults || actor->dead))
		return;
	ck_assert_msg(status == KIST_OK || status == KIST_NOT_FOUND,
		      "seed %" PRIu64 ", step %" PRIu64 ": read: %s", sim.seed, sim.step, err.text);
	if (status == KIST_OK)
		must(sim.names[name].ever & 1u << content);
	else
		must(!stayed || before.now == 0 || before.now & 1u << ABSENT);
	if (stayed && status == KIST_OK)
		must(before.now & 1u << content);
	seen.read += status == KIST_OK;
	seen.moved_on += !stayed;
}

static void collect_something(struct actor *actor)
{
	static const uint64_t graces[] = { 0, 300, 100000 };
	const struct kist_collect_options how = { .all = draw_below(2),
						  .grace_seconds = graces[draw_below(3)] };
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_collected done;
	const kist_status status = kist_collect(&actor->flow, &how, &done, &err);

	ck_assert_msg(
		status == KIST_OK || status == KIST_CANCELLED ||
			((status == KIST_IO || status == KIST_EXISTS) && (actor->faults || actor->dead)),
		"seed %" PRIu64 ", step %" PRIu64 ": collect: %s", sim.seed, sim.step, err.text);
	if (status != KIST_OK)
		return;
	seen.collected++;
	seen.compacted += done.packs_compacted;
	seen.deleted += done.packs_deleted;
	seen.forgotten += done.artifacts;
}

static void *live(void *arg)
{
	struct actor *actor = arg;

	self = actor;
	yield(actor);
	for (int task = 0; actor->no < WRITERS ? task < WRITER_TASKS : sim.working > 0; task++) {
		if (begin(actor)) {
			if (actor->no < WRITERS)
				write_something(actor);
			else if (actor->no < WRITERS + COLLECTORS)
				collect_something(actor);
			else
				read_something(actor);
		}
		maybe_end(actor);
	}
	end(actor);
	sim.working -= actor->no < WRITERS;
	(void)pthread_mutex_lock(&sim.lock);
	actor->finished = true;
	sim.turn = NULL;
	(void)pthread_cond_signal(&sim.idle);
	(void)pthread_mutex_unlock(&sim.lock);
	kist_store_close(actor->flow.store);
	return NULL;
}

/* Draws whose turn it is until all are done. */
static void run_all(void)
{
	(void)pthread_mutex_lock(&sim.lock);
	for (;;) {
		struct actor *ready[ACTORS];
		unsigned count = 0;
		unsigned left = 0;

		while (sim.turn)
			(void)pthread_cond_wait(&sim.idle, &sim.lock);
		for (unsigned i = 0; i < ACTORS; i++) {
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

/* Afterwards, with nothing failing any more: from an index that is made anew. */
static void check_all(struct kist_flow *flow)
{
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_verified verified;

	for (unsigned name = 0; name < NAMES; name++) {
		unsigned content = ABSENT;
		struct kist_error why = KIST_ERROR_INIT;
		const kist_status status = read_name(flow, name, &content, &why);

		ck_assert_msg(status == KIST_OK ||
				      (status == KIST_NOT_FOUND &&
				       (sim.names[name].now == 0 || sim.names[name].now & 1u << ABSENT)),
			      "seed %" PRIu64 ": name %u: %s", sim.seed, name, why.text);
		if (status == KIST_OK)
			must(sim.names[name].now & 1u << content);
	}
	ck_assert_msg(kist_verify_store(flow, NULL, NULL, &verified, &err) == KIST_OK, "seed %" PRIu64 ": %s",
		      sim.seed, err.text);
}

static void check_end(void)
{
	const struct kist_collect_options all = { .all = true };
	struct kist_flow flow = { .store = NULL };
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_save *save = NULL;
	struct kist_collected done;

	must(kist_store_open(URI, &flow.store, NULL) == KIST_OK);
	ck_assert_msg(kist_registry_open(flow.store, NULL, &flow.registry, &err) == KIST_OK,
		      "seed %" PRIu64 ": %s", sim.seed, err.text);
	check_all(&flow);
	must(kist_collect(&flow, &all, &done, NULL) == KIST_OK);
	must(kist_collect(&flow, &all, &done, NULL) == KIST_OK);
	must(done.packs_deleted == 0 && done.artifacts == 0 && done.packs_unnamed == 0 &&
	     done.bytes_dead == 0);
	check_all(&flow);
	/* And nothing is left when nothing has a name. */
	must(kist_save_open(&flow, &save, NULL) == KIST_OK);
	for (unsigned name = 0; name < NAMES; name++) {
		char text[16];

		name_of(name, text);
		must(kist_save_ref(save, text, strlen(text), NULL, "rm", NULL) == KIST_OK);
	}
	must(kist_save_commit(save, NULL) == KIST_OK);
	kist_save_close(save);
	must(kist_collect(&flow, &all, &done, NULL) == KIST_OK);
	must(done.bytes_kept == 0 && done.packs_unnamed == 0 && done.packs_damaged == 0);
	kist_registry_close(flow.registry);
	kist_store_close(flow.store);
	kist_chunk_reader_done(&flow.chunk_reader);
}

static kist_status delete_key(void *ctx, const char *key, uint64_t size, struct kist_error *err)
{
	(void)ctx;
	(void)size;
	return kist_backend_delete(sim.real, key, err);
}

static void simulate(uint64_t seed)
{
	memset(&sim, 0, sizeof(sim));
	sim.seed = seed;
	sim.random = seed;
	/* Every fourth run goes without faults: there nothing may fail at all. */
	sim.fault_percent = seed % 4 == 0 ? 0 : 1 + draw_below(25);
	sim.working = WRITERS;
	(void)pthread_mutex_init(&sim.lock, NULL);
	(void)pthread_cond_init(&sim.idle, NULL);
	must(kist_store_create(URI, NULL) == KIST_OK);
	must(kist_backend_open(URI, false, &sim.real, NULL) == KIST_OK);
	for (unsigned i = 0; i < NAMES; i++)
		sim.names[i] = (struct wanted){ .now = 1u << ABSENT, .ever = 1u << ABSENT };
	for (unsigned i = 0; i < ACTORS; i++) {
		struct actor *actor = &sim.actors[i];

		actor->base.ops = &port_ops;
		actor->no = i;
		(void)pthread_cond_init(&actor->turn, NULL);
		sim.turn = actor;
		must(__real_pthread_create(&actor->thread, NULL, live, actor) == 0);
		/* One after another up to their first turn: so that they all are where the lot finds them. */
		(void)pthread_mutex_lock(&sim.lock);
		while (sim.turn)
			(void)pthread_cond_wait(&sim.idle, &sim.lock);
		(void)pthread_mutex_unlock(&sim.lock);
	}
	run_all();
	for (unsigned i = 0; i < ACTORS; i++) {
		must(pthread_join(sim.actors[i].thread, NULL) == 0);
		(void)pthread_cond_destroy(&sim.actors[i].turn);
	}
	check_end();
	must(kist_backend_list(sim.real, "", delete_key, NULL, NULL) == KIST_OK);
	kist_backend_close(sim.real);
	(void)pthread_cond_destroy(&sim.idle);
	(void)pthread_mutex_destroy(&sim.lock);
}

static void make_files(void)
{
	/* Halves are shared between files, so that what dies with one lives on in another. */
	for (unsigned i = 0; i < FILES; i++) {
		for (size_t k = 0; k < HALF_SIZE; k++) {
			files[i][k] = (uint8_t)(k >> 8 ^ (i / 2) * 17);
			files[i][HALF_SIZE + k] = (uint8_t)(k >> 7 ^ (i % 3) * 29);
		}
		file_sums[i] = kist_digest_of(kist_view_of(files[i], sizeof(files[i])));
	}
}

START_TEST(nothing_acknowledged_is_lost_whatever_the_order_and_the_faults)
{
	const char *seed = getenv("KIST_SEED");
	const char *count = getenv("KIST_RUNS");
	const char *faults = getenv("KIST_FAULTS");
	const uint64_t usual = faults && strcmp(faults, "long") == 0 ? RUNS_LONG : RUNS;
	const uint64_t runs = count ? strtoull(count, NULL, 10) : usual;

	make_files();
	if (seed) {
		simulate(strtoull(seed, NULL, 10));
		printf("%" PRIu64 " steps\n", sim.step);
		return;
	}
	for (uint64_t i = 1; i <= runs; i++)
		simulate(i);
	printf("%" PRIu64 " put, %" PRIu64 " of them again, %" PRIu64 " tagged, %" PRIu64 " dropped, %" PRIu64
	       " lost replies, %" PRIu64 " read, %" PRIu64 " changed meanwhile\n",
	       seen.put, seen.again, seen.tagged, seen.dropped, seen.lost, seen.read, seen.moved_on);
	printf("%" PRIu64 " collections: %" PRIu64 " packs deleted, %" PRIu64 " compacted, %" PRIu64
	       " artifacts forgotten; %" PRIu64 " processes killed\n",
	       seen.collected, seen.deleted, seen.compacted, seen.forgotten, seen.killed);
	ck_assert(seen.again > 0 && seen.moved_on > 0 && seen.compacted > 0 && seen.lost > 0 &&
		  seen.killed > 0);
}
END_TEST

static uint64_t steps_of(uint64_t seed)
{
	simulate(seed);
	return sim.step ^ sim.random;
}

START_TEST(the_same_seed_gives_the_same_run)
{
	make_files();
	ck_assert_uint_eq(steps_of(3), steps_of(3));
	ck_assert_uint_ne(steps_of(3), steps_of(5));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("collect");
	TCase *tests = tcase_create("collect");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tests, 3600);
	tcase_add_test(tests, nothing_acknowledged_is_lost_whatever_the_order_and_the_faults);
	tcase_add_test(tests, the_same_seed_gives_the_same_run);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
