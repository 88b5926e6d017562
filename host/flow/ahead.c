/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/ahead.h"

#include "base/mem.h"
#include "flow/load.h"
#include "pack/pool.h"

#define BATCHES 3

struct batch {
	size_t first; /* number of its first chunk */
	size_t count;
	size_t size;
	struct kist_location where[KIST_AHEAD_CHUNKS_MAX];
	kist_status status[KIST_AHEAD_CHUNKS_MAX];
	uint8_t *bytes; /* KIST_AHEAD_SIZE_MAX */
};

struct ahead {
	struct kist_flow *flow;
	const struct kist_object_chunk *chunks;
	size_t count;
	struct kist_hasher *whole;
	kist_status (*take)(void *ctx, struct kist_view bytes, struct kist_error *err);
	void *ctx;
	struct kist_pool *pool;
	struct kist_chunk_reader readers[KIST_POOL_WORKERS_MAX];
	/* Each step moves them on by one. */
	struct batch *given; /* proved, and on its way out */
	struct batch *held;  /* read, and being proved */
	struct batch *next;  /* being read */
	struct batch batches[BATCHES];
};

static void ahead_done(struct ahead **slot)
{
	struct ahead *ahead = *slot;

	if (!ahead)
		return;
	kist_pool_free(ahead->pool);
	for (size_t i = 0; i < KIST_POOL_WORKERS_MAX; i++)
		kist_chunk_reader_done(&ahead->readers[i]);
	for (size_t i = 0; i < BATCHES; i++)
		kist_free(ahead->batches[i].bytes);
	kist_free(ahead);
}

static kist_status ahead_start(struct ahead *ahead, struct kist_error *err)
{
	ahead->given = &ahead->batches[0];
	ahead->held = &ahead->batches[1];
	ahead->next = &ahead->batches[2];
	for (size_t i = 0; i < BATCHES; i++) {
		ahead->batches[i].bytes = kist_alloc(KIST_AHEAD_SIZE_MAX, 1);
		if (!ahead->batches[i].bytes)
			return kist_fail_memory(err, KIST_AHEAD_SIZE_MAX);
	}
	return kist_pool_new(&ahead->pool, err);
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

/* Finds the chunks of the next batch, from @first on; none when all were found. */
static kist_status find_batch(struct ahead *ahead, size_t first, struct kist_error *err)
{
	struct batch *batch = ahead->next;

	batch->first = first;
	batch->count = 0;
	batch->size = 0;
	while (first + batch->count < ahead->count && batch->count < KIST_AHEAD_CHUNKS_MAX) {
		const struct kist_object_chunk *chunk = &ahead->chunks[first + batch->count];

		if (chunk->len > KIST_AHEAD_SIZE_MAX - batch->size)
			break;
		KIST_TRY(find_chunk(ahead->flow, chunk, &batch->where[batch->count], err));
		batch->status[batch->count++] = KIST_OK;
		batch->size += (size_t)chunk->len;
	}
	return KIST_OK;
}

/* Where chunk @i of @batch was read to. */
static struct kist_view chunk_of(const struct ahead *ahead, const struct batch *batch, size_t i)
{
	const struct kist_object_chunk *first = &ahead->chunks[batch->first];

	return kist_view_of(batch->bytes + (first[i].offset - first->offset), (size_t)first[i].len);
}

/* Each chunk has two digests to be made of: its own and the whole's.  Both at once are little more than one.
 */
static kist_status prove_held(struct ahead *ahead, struct kist_error *err)
{
	struct batch *held = ahead->held;

	for (size_t i = 0; i < held->count; i++) {
		const struct kist_view bytes = chunk_of(ahead, held, i);
		struct kist_digest digest;

		if (ahead->whole)
			digest = kist_hasher_add_beside(ahead->whole, bytes, bytes);
		else
			digest = kist_digest_of(bytes);
		held->status[i] = kist_store_prove_chunk(&held->where[i], &ahead->chunks[held->first + i].id,
							 &digest, err);
		if (held->status[i] != KIST_OK)
			return held->status[i];
	}
	return KIST_OK;
}

/* Job 0 proves the one batch, job 1 gives out the one before; the others read a chunk each of the next. */
static kist_status step_job(void *ctx, size_t index, unsigned worker, struct kist_error *err)
{
	struct ahead *ahead = ctx;
	const struct kist_view given = kist_view_of(ahead->given->bytes, ahead->given->size);
	struct batch *next = ahead->next;
	struct kist_error why = KIST_ERROR_INIT;
	const struct kist_object_chunk *chunk;

	if (index == 0)
		return prove_held(ahead, err);
	if (index == 1)
		return given.size > 0 ? ahead->take(ahead->ctx, given, err) : KIST_OK;
	index -= 2;
	chunk = &ahead->chunks[next->first + index];
	next->status[index] = kist_store_unpack_chunk(
		ahead->flow->store, &ahead->readers[worker], &next->where[index], &chunk->id,
		next->bytes + (chunk->offset - ahead->chunks[next->first].offset), &why);
	/* Its pack may have been moved by a collector: that is looked into when the others are done. */
	if (next->status[index] != KIST_OK && next->status[index] != KIST_NOT_FOUND)
		return kist_fail_as(err, why.status, &why);
	return KIST_OK;
}

/* Reads a chunk whose pack was gone from where it lies now, as often as collectors move it. */
static kist_status read_moved(struct ahead *ahead, size_t i, struct kist_error *err)
{
	struct batch *next = ahead->next;
	const struct kist_object_chunk *chunk = &ahead->chunks[next->first + i];
	uint8_t *at = next->bytes + (chunk->offset - ahead->chunks[next->first].offset);
	struct kist_error why = KIST_ERROR_INIT;
	kist_status found;

	do {
		found = kist_load_find_again(ahead->flow, &chunk->id, &next->where[i], err);
		if (found != KIST_OK && found != KIST_EXISTS)
			return found;
		kist_error_clear(&why);
		if (next->where[i].raw_len != chunk->len)
			return kist_fail_at(err, KIST_CORRUPT, "E_RECIPE", chunk->offset,
					    "a chunk has another length");
		next->status[i] = kist_store_read_chunk_into(ahead->flow->store, &ahead->readers[0],
							     &next->where[i], &chunk->id, at, &why);
	} while (found == KIST_OK && next->status[i] == KIST_NOT_FOUND);
	if (next->status[i] == KIST_OK)
		return KIST_OK;
	(void)kist_fail_as(err, why.status, &why);
	return kist_lost_is_damage(next->status[i], err);
}

static kist_status read_missing(struct ahead *ahead, struct kist_error *err)
{
	for (size_t i = 0; i < ahead->next->count; i++) {
		if (ahead->next->status[i] == KIST_NOT_FOUND)
			KIST_TRY(read_moved(ahead, i, err));
	}
	return KIST_OK;
}

/* So that putting the same bytes again writes them again. */
static void note_damage(const struct ahead *ahead, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (batch->status[i] == KIST_CORRUPT || batch->status[i] == KIST_NOT_FOUND)
			kist_load_suspect(ahead->flow, &batch->where[i]);
	}
}

static kist_status give_all(struct ahead *ahead, struct kist_error *err)
{
	const struct kist_object_chunk *last = &ahead->chunks[ahead->count - 1];
	size_t found = 0;

	do {
		struct batch *const given = ahead->given;
		kist_status status;

		KIST_TRY(find_batch(ahead, found, err));
		found += ahead->next->count;
		status = kist_pool_run(ahead->pool, ahead->next->count + 2, step_job, ahead, err);
		if (status == KIST_OK)
			status = read_missing(ahead, err);
		if (status != KIST_OK) {
			note_damage(ahead, ahead->held);
			note_damage(ahead, ahead->next);
			return status;
		}
		if (given->size > 0)
			kist_flow_progress(ahead->flow, ahead->chunks[given->first].offset + given->size,
					   last->offset + last->len);
		ahead->given = ahead->held;
		ahead->held = ahead->next;
		ahead->next = given;
	} while (ahead->given->count > 0 || ahead->held->count > 0);
	return KIST_OK;
}

kist_status kist_give_ahead(struct kist_flow *flow, const struct kist_object_chunk *chunks, size_t count,
			    struct kist_hasher *whole,
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
	KIST_TRY(ahead_start(ahead, err));
	return count > 0 ? give_all(ahead, err) : KIST_OK;
}
