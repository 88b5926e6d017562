/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/ahead.h"

#include "base/mem.h"
#include "flow/load.h"
#include "pack/pool.h"

/* What each core works on, and what they take next. */
#define RUNS_MORE 2
#define RUNS_MAX  ((size_t)KIST_POOL_WORKERS_MAX + RUNS_MORE)

struct ahead;

/* What follows a midstate in a run, as far as the next, hashed beside the whole. */
struct stretch {
	size_t chunk; /* of the run, that it begins with */
	size_t at;    /* in the bytes of the run */
	struct kist_hasher hasher;
};

/* Chunks that follow each other, read by one job. */
struct run {
	struct kist_pool_job job; /* first: a pointer to it is one to the run */
	struct ahead *ahead;
	size_t first; /* number of its first chunk */
	size_t count;
	size_t size;
	size_t stretch_count;
	struct stretch stretches[KIST_AHEAD_STRETCHES_MAX];
	struct kist_digest digests[KIST_AHEAD_CHUNKS_MAX]; /* of chunks, where they are to be proved */
	struct kist_location where[KIST_AHEAD_CHUNKS_MAX];
	kist_status status[KIST_AHEAD_CHUNKS_MAX];
	bool moved; /* a pack was gone */
	/* What the job came to. */
	kist_status outcome;
	struct kist_error why;
	struct kist_buf bytes;
};

/* Gives out one run. */
struct giver {
	struct kist_pool_job job; /* first, as above */
	struct ahead *ahead;
	struct run *given; /* NULL: none */
};

struct ahead {
	struct kist_flow *flow;
	const struct kist_object_chunk *chunks;
	size_t count;
	struct kist_whole *whole;
	/* One of the two. */
	kist_status (*take)(void *ctx, struct kist_view bytes, struct kist_error *err);
	kist_status (*put)(void *ctx, uint64_t offset, struct kist_view bytes, struct kist_error *err);
	void *ctx;
	struct kist_pool *pool;
	struct kist_chunk_reader readers[KIST_POOL_WORKERS_MAX];
	struct giver giver;
	size_t found; /* chunks that were found and are read, or were */
	/* A ring: what is on its way begins at @oldest. */
	size_t oldest;
	size_t under_way;
	size_t run_count;
	struct run runs[RUNS_MAX];
};

static void ahead_done(struct ahead **slot)
{
	struct ahead *ahead = *slot;

	if (!ahead)
		return;
	kist_pool_free(ahead->pool);
	for (size_t i = 0; i < KIST_POOL_WORKERS_MAX; i++)
		kist_chunk_reader_done(&ahead->readers[i]);
	for (size_t i = 0; i < RUNS_MAX; i++)
		kist_buf_done(&ahead->runs[i].bytes);
	kist_free(ahead);
}

static kist_status find_chunk(struct kist_flow *flow, const struct kist_object_chunk *chunk,
			      struct kist_location *ret, struct kist_error *err)
{
	KIST_TRY(kist_load_find(flow, &chunk->id, ret, err));
	if (ret->raw_len != chunk->len)
		return kist_fail_at(err, KIST_CORRUPT, "E_RECIPE", chunk->offset,
				    "a chunk has another length");
	return KIST_OK;
}

/* Whether a stretch begins with @chunk. */
static bool begins_stretch(const struct ahead *ahead, const struct kist_object_chunk *chunk)
{
	return ahead->whole && ahead->whole->midstates && chunk->midstate > 0;
}

/* Whether @chunk, which is not the first, is to be in the next run. */
static bool is_too_much(const struct run *run, const struct kist_object_chunk *chunk)
{
	return run->size + chunk->len > KIST_AHEAD_SIZE ||
	       (run->stretch_count == KIST_AHEAD_STRETCHES_MAX && begins_stretch(run->ahead, chunk));
}

static void add_chunk(struct run *run, const struct kist_object_chunk *chunk)
{
	if (begins_stretch(run->ahead, chunk))
		run->stretches[run->stretch_count++] =
			(struct stretch){ .chunk = run->count, .at = run->size };
	run->status[run->count++] = KIST_OK;
	run->size += chunk->len;
}

/* The next run begins a stretch, if it can: what is behind the begin of one is hashed in order. */
static void end_at_stretch(struct run *run)
{
	const struct ahead *ahead = run->ahead;
	const size_t next = run->first + run->count;
	const struct stretch *last;

	if (run->stretch_count == 0 || next == ahead->count || begins_stretch(ahead, &ahead->chunks[next]))
		return;
	last = &run->stretches[run->stretch_count - 1];
	if (last->chunk == 0)
		return;
	run->count = last->chunk;
	run->size = last->at;
	run->stretch_count--;
}

/* Finds the chunks of a run; it ends before one that cannot be found, unless that is its first. */
static kist_status find_run(struct ahead *ahead, struct run *run, struct kist_error *err)
{
	run->first = ahead->found;
	run->count = 0;
	run->size = 0;
	run->stretch_count = 0;
	run->moved = false;
	while (run->first + run->count < ahead->count && run->count < KIST_AHEAD_CHUNKS_MAX) {
		const struct kist_object_chunk *chunk = &ahead->chunks[run->first + run->count];
		const bool is_first = run->count == 0;
		kist_status status;

		if (!is_first && is_too_much(run, chunk))
			break;
		status = find_chunk(ahead->flow, chunk, &run->where[run->count], is_first ? err : NULL);
		if (status != KIST_OK && is_first)
			return status;
		if (status != KIST_OK)
			break;
		add_chunk(run, chunk);
	}
	end_at_stretch(run);
	return kist_buf_reserve(&run->bytes, run->size, err);
}

static const struct kist_object_chunk *chunk_of(const struct run *run, size_t i)
{
	return &run->ahead->chunks[run->first + i];
}

/* Where chunk @i of @run is read to. */
static uint8_t *bytes_of(const struct run *run, size_t i)
{
	return run->bytes.data + (chunk_of(run, i)->offset - chunk_of(run, 0)->offset);
}

static struct kist_view view_of(const struct run *run, size_t i)
{
	return kist_view_of(bytes_of(run, i), chunk_of(run, i)->len);
}

/* All bytes of stretch @i. */
static struct kist_view stretch_of(const struct run *run, size_t i)
{
	const size_t start = run->stretches[i].at;
	const size_t end = i + 1 < run->stretch_count ? run->stretches[i + 1].at : run->size;

	return kist_view_of(run->bytes.data + start, end - start);
}

/* The bytes before the first stretch, and how many chunks they are. */
static struct kist_view in_order_of(const struct run *run, size_t *ret_count)
{
	*ret_count = run->stretch_count > 0 ? run->stretches[0].chunk : run->count;
	return kist_view_of(run->bytes.data, run->stretch_count > 0 ? run->stretches[0].at : run->size);
}

static const struct kist_midstate *midstate_of(const struct run *run, size_t i)
{
	return &run->ahead->whole->midstates[chunk_of(run, run->stretches[i].chunk)->midstate - 1];
}

static struct kist_view without(struct kist_view bytes, size_t skip)
{
	skip = skip < bytes.size ? skip : bytes.size;
	return kist_view_of(bytes.data + skip, bytes.size - skip);
}

/* Where the whole alone is to be proved.  Two stretches at once are little more than one. */
static void hash_stretches(struct run *run, const size_t skip[KIST_AHEAD_STRETCHES_MAX])
{
	struct stretch *const stretches = run->stretches;

	if (run->stretch_count == 1)
		kist_hasher_add(&stretches[0].hasher, without(stretch_of(run, 0), skip[0]));
	else if (run->stretch_count == 2)
		kist_hasher_add_two(&stretches[0].hasher, without(stretch_of(run, 0), skip[0]),
				    &stretches[1].hasher, without(stretch_of(run, 1), skip[1]));
}

/* Each chunk has two digests to be made of: its own and the whole's.  Both at once are little more than one. */
static void hash_chunks(struct run *run, const size_t skip[KIST_AHEAD_STRETCHES_MAX])
{
	size_t at = 0;
	size_t i;

	(void)in_order_of(run, &i);
	for (; i < run->count; i++) {
		const struct kist_view bytes = view_of(run, i);

		if (at + 1 < run->stretch_count && run->stretches[at + 1].chunk == i)
			at++;
		run->digests[i] = kist_hasher_add_beside(
			&run->stretches[at].hasher,
			without(bytes, run->stretches[at].chunk == i ? skip[at] : 0), bytes);
	}
}

/* Hashes what does not wait for the whole. */
static void hash_run(struct run *run)
{
	size_t skip[KIST_AHEAD_STRETCHES_MAX] = { 0 };

	for (size_t i = 0; i < run->stretch_count; i++)
		skip[i] = kist_hasher_resume(&run->stretches[i].hasher,
					     chunk_of(run, run->stretches[i].chunk)->offset,
					     midstate_of(run, i));
	if (run->ahead->put)
		hash_stretches(run, skip);
	else
		hash_chunks(run, skip);
}

static kist_status put_run(const struct run *run, struct kist_error *err)
{
	const struct ahead *ahead = run->ahead;

	if (!ahead->put)
		return KIST_OK;
	return ahead->put(ahead->ctx, chunk_of(run, 0)->offset, kist_view_of(run->bytes.data, run->size),
			  err);
}

static kist_status read_chunks(struct run *run, unsigned worker, struct kist_error *err)
{
	struct ahead *ahead = run->ahead;

	for (size_t i = 0; i < run->count; i++) {
		struct kist_error why = KIST_ERROR_INIT;

		/* What is put before the whole is known needs no proof but that: damage is looked for when it is wrong. */
		run->status[i] = (ahead->put ? kist_store_unpack_unsummed : kist_store_unpack_chunk)(
			ahead->flow->store, &ahead->readers[worker], &run->where[i], &chunk_of(run, i)->id,
			bytes_of(run, i), &why);
		/* A collector may have moved its pack: that is looked into when nothing else is read. */
		if (run->status[i] == KIST_NOT_FOUND)
			run->moved = true;
		else if (run->status[i] != KIST_OK)
			return kist_fail_as(err, why.status, &why);
	}
	if (run->moved)
		return KIST_OK;
	hash_run(run);
	return put_run(run, err);
}

static kist_status read_run(struct kist_pool_job *job, unsigned worker, struct kist_error *err)
{
	struct run *run = (struct run *)job;

	(void)err;
	run->why = (struct kist_error)KIST_ERROR_INIT;
	run->outcome = read_chunks(run, worker, &run->why);
	return KIST_OK;
}

static kist_status give_run(struct kist_pool_job *job, unsigned worker, struct kist_error *err)
{
	const struct giver *giver = (struct giver *)job;
	const struct ahead *ahead = giver->ahead;

	(void)worker;
	return ahead->take(ahead->ctx, kist_view_of(giver->given->bytes.data, giver->given->size), err);
}

/* Reads a chunk whose pack was gone from where it lies now, as often as collectors move it. */
static kist_status read_moved(struct run *run, size_t i, struct kist_error *err)
{
	struct ahead *ahead = run->ahead;
	const struct kist_object_chunk *chunk = chunk_of(run, i);
	struct kist_error why = KIST_ERROR_INIT;
	kist_status found;

	do {
		found = kist_load_find_again(ahead->flow, &chunk->id, &run->where[i], err);
		if (found != KIST_OK && found != KIST_EXISTS)
			return found;
		kist_error_clear(&why);
		if (run->where[i].raw_len != chunk->len)
			return kist_fail_at(err, KIST_CORRUPT, "E_RECIPE", chunk->offset,
					    "a chunk has another length");
		run->status[i] =
			kist_store_read_chunk_into(ahead->flow->store, &ahead->readers[0], &run->where[i],
						   &chunk->id, bytes_of(run, i), &why);
	} while (found == KIST_OK && run->status[i] == KIST_NOT_FOUND);
	if (run->status[i] == KIST_OK)
		return KIST_OK;
	(void)kist_fail_as(err, why.status, &why);
	return kist_lost_is_damage(run->status[i], err);
}

/* Waits for what is being read.  Outcomes stay in the runs. */
static kist_status wait_for_all(struct ahead *ahead, struct kist_error *err)
{
	for (size_t i = 0; i < ahead->run_count; i++)
		KIST_TRY(kist_pool_wait(ahead->pool, &ahead->runs[i].job, err));
	return KIST_OK;
}

static kist_status read_missing(struct run *run, struct kist_error *err)
{
	KIST_TRY(wait_for_all(run->ahead, err));
	for (size_t i = 0; i < run->count; i++) {
		if (run->status[i] == KIST_NOT_FOUND)
			KIST_TRY(read_moved(run, i, err));
	}
	hash_run(run);
	return put_run(run, err);
}

static kist_status prove_run(struct run *run, struct kist_error *err)
{
	struct kist_whole *const whole = run->ahead->whole;
	size_t in_order;

	(void)in_order_of(run, &in_order);
	for (size_t i = 0; i < run->count; i++) {
		const struct kist_view bytes = view_of(run, i);

		if (i < in_order)
			run->digests[i] = whole ? kist_hasher_add_beside(&whole->hasher, bytes, bytes)
						: kist_digest_of(bytes);
		run->status[i] =
			kist_store_prove_chunk(&run->where[i], &chunk_of(run, i)->id, &run->digests[i], err);
		if (run->status[i] != KIST_OK)
			return run->status[i];
	}
	return KIST_OK;
}

/* The whole goes on over the stretches of @run; where a midstate is not what the whole comes to, over their bytes.
 */
static void join_stretches(struct run *run)
{
	for (size_t i = 0; i < run->stretch_count; i++) {
		struct kist_hasher *const whole = &run->ahead->whole->hasher;
		const struct kist_view bytes = stretch_of(run, i);

		if (!kist_hasher_join(whole, midstate_of(run, i), bytes, &run->stretches[i].hasher))
			kist_hasher_add(whole, bytes);
	}
}

static void tell_progress(const struct ahead *ahead, const struct run *run)
{
	const struct kist_object_chunk *last = &ahead->chunks[ahead->count - 1];

	kist_flow_progress(ahead->flow, chunk_of(run, 0)->offset + run->size, last->offset + last->len);
}

/* The oldest of the runs is done with. */
static void drop_oldest(struct ahead *ahead)
{
	tell_progress(ahead, &ahead->runs[ahead->oldest]);
	ahead->oldest = (ahead->oldest + 1) % ahead->run_count;
	ahead->under_way--;
}

/* Waits until the run that is on its way out is out. */
static kist_status finish_giving(struct ahead *ahead, struct kist_error *err)
{
	kist_status status;

	if (!ahead->giver.given)
		return KIST_OK;
	status = kist_pool_wait(ahead->pool, &ahead->giver.job, err);
	ahead->giver.given = NULL;
	if (status == KIST_OK)
		drop_oldest(ahead);
	return status;
}

/* Goes on with the whole, and passes a run that was read on. */
static kist_status pass_on(struct ahead *ahead, struct run *run, struct kist_error *err)
{
	size_t in_order;

	KIST_TRY(kist_pool_wait(ahead->pool, &run->job, err));
	if (run->outcome != KIST_OK)
		return kist_fail_as(err, run->outcome, &run->why);
	if (run->moved)
		KIST_TRY(read_missing(run, err));
	if (ahead->put) {
		kist_hasher_add(&ahead->whole->hasher, in_order_of(run, &in_order));
		join_stretches(run);
		drop_oldest(ahead);
		return KIST_OK;
	}
	KIST_TRY(prove_run(run, err));
	join_stretches(run);
	KIST_TRY(finish_giving(ahead, err));
	ahead->giver.given = run;
	kist_pool_add(ahead->pool, &ahead->giver.job);
	return KIST_OK;
}

/* Has as many runs read as there is room for.  What cannot be found is told when it is the next. */
static kist_status add_runs(struct ahead *ahead, struct kist_error *err)
{
	while (ahead->under_way < ahead->run_count && ahead->found < ahead->count) {
		struct run *run = &ahead->runs[(ahead->oldest + ahead->under_way) % ahead->run_count];
		struct kist_error why = KIST_ERROR_INIT;
		const kist_status status = find_run(ahead, run, &why);

		if (status != KIST_OK)
			return ahead->under_way > 0 ? KIST_OK : kist_fail_as(err, status, &why);
		ahead->found += run->count;
		ahead->under_way++;
		kist_pool_add(ahead->pool, &run->job);
	}
	return KIST_OK;
}

static kist_status give_all(struct ahead *ahead, struct kist_error *err)
{
	for (;;) {
		size_t given;

		KIST_TRY(add_runs(ahead, err));
		given = ahead->giver.given ? 1 : 0;
		if (ahead->under_way > given)
			KIST_TRY(pass_on(ahead, &ahead->runs[(ahead->oldest + given) % ahead->run_count],
					 err));
		else if (given > 0)
			KIST_TRY(finish_giving(ahead, err));
		else
			return KIST_OK;
	}
}

/* So that putting the same bytes again writes them again. */
static void note_damage(const struct ahead *ahead)
{
	for (size_t i = 0; i < ahead->run_count; i++) {
		const struct run *run = &ahead->runs[i];

		for (size_t k = 0; k < run->count; k++) {
			if (run->status[k] == KIST_CORRUPT || run->status[k] == KIST_NOT_FOUND)
				kist_load_suspect(ahead->flow, &run->where[k]);
		}
	}
}

static kist_status go_ahead(struct ahead *ahead, struct kist_error *err)
{
	kist_status status;

	for (size_t i = 0; i < RUNS_MAX; i++) {
		ahead->runs[i].job.run = read_run;
		ahead->runs[i].ahead = ahead;
		ahead->runs[i].bytes = (struct kist_buf)KIST_BUF_INIT(KIST_AHEAD_SIZE);
	}
	ahead->giver.job.run = give_run;
	ahead->giver.ahead = ahead;
	KIST_TRY(kist_pool_new(&ahead->pool, err));
	ahead->run_count = kist_pool_workers(ahead->pool) + RUNS_MORE;
	status = give_all(ahead, err);
	if (status == KIST_OK)
		return KIST_OK;
	/* What was proved before still goes out. */
	(void)finish_giving(ahead, NULL);
	kist_pool_drop(ahead->pool);
	note_damage(ahead);
	return status;
}

kist_status kist_give_ahead(struct kist_flow *flow, const struct kist_object_chunk *chunks, size_t count,
			    struct kist_whole *whole,
			    kist_status (*take)(void *ctx, struct kist_view bytes, struct kist_error *err),
			    void *ctx, struct kist_error *err)
{
	__attribute__((cleanup(ahead_done))) struct ahead *ahead = kist_alloc(1, sizeof(*ahead));

	if (!ahead)
		return kist_fail_memory(err, sizeof(*ahead));
	ahead->flow = flow;
	ahead->chunks = chunks;
	ahead->count = count;
	ahead->whole = whole;
	ahead->take = take;
	ahead->ctx = ctx;
	return go_ahead(ahead, err);
}

kist_status kist_spread_ahead(struct kist_flow *flow, const struct kist_object_chunk *chunks, size_t count,
			      struct kist_whole *whole,
			      kist_status (*put)(void *ctx, uint64_t offset, struct kist_view bytes,
						 struct kist_error *err),
			      void *ctx, struct kist_error *err)
{
	__attribute__((cleanup(ahead_done))) struct ahead *ahead = kist_alloc(1, sizeof(*ahead));

	if (!ahead)
		return kist_fail_memory(err, sizeof(*ahead));
	ahead->flow = flow;
	ahead->chunks = chunks;
	ahead->count = count;
	ahead->whole = whole;
	ahead->put = put;
	ahead->ctx = ctx;
	return go_ahead(ahead, err);
}
