/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/gather.h"

#include <string.h>

#include "base/file.h"
#include "base/num.h"

struct gathering {
	struct kist_object_reader *reader;
	struct kist_gather plan;
	int fd;
	struct kist_buf out;  /* on its way to @fd */
	struct kist_buf span; /* what is picked from */
};

static void gathering_done(struct gathering *gathering)
{
	kist_buf_done(&gathering->out);
	kist_buf_done(&gathering->span);
}

/* Pieces that follow each other without a gap are one; so a run of whole rows takes one read. */
static void join_pieces(struct kist_gather *plan)
{
	size_t kept = 0;

	/* A dimension of one piece says nothing. */
	for (size_t i = 0; i < plan->rank; i++) {
		plan->count[kept] = plan->count[i];
		plan->stride[kept] = plan->stride[i];
		kept += plan->count[i] != 1;
	}
	while (kept > 0 && plan->stride[kept - 1] >= 0 && (uint64_t)plan->stride[kept - 1] == plan->size) {
		plan->size *= plan->count[kept - 1];
		kept--;
	}
	plan->rank = kept;
}

static kist_status flush(struct gathering *gathering, struct kist_error *err)
{
	KIST_TRY(kist_flow_check_stop(gathering->reader->flow, err));
	KIST_TRY(kist_write_all(gathering->fd, kist_buf_view(&gathering->out), err));
	gathering->out.size = 0;
	return KIST_OK;
}

/* Room for @size bytes, at most KIST_GATHER_SPAN, of the output. */
static kist_status room(struct gathering *gathering, size_t size, uint8_t **ret, struct kist_error *err)
{
	if (size > KIST_GATHER_SPAN - gathering->out.size)
		KIST_TRY(flush(gathering, err));
	*ret = gathering->out.data + gathering->out.size;
	gathering->out.size += size;
	return KIST_OK;
}

static kist_status read_all(struct gathering *gathering, uint64_t offset, uint8_t *to, size_t size,
			    struct kist_error *err)
{
	size_t got = 0;

	KIST_TRY(kist_object_reader_read(gathering->reader, offset, to, size, &got, err));
	return got == size ? KIST_OK : kist_fail(err, KIST_CORRUPT, "its elements end behind the object");
}

static kist_status put_piece(struct gathering *gathering, uint64_t offset, struct kist_error *err)
{
	for (uint64_t at = 0; at < gathering->plan.size;) {
		const size_t step = (size_t)kist_min_u64(KIST_GATHER_SPAN, gathering->plan.size - at);
		uint8_t *to;

		KIST_TRY(room(gathering, step, &to, err));
		KIST_TRY(read_all(gathering, offset + at, to, step, err));
		at += step;
	}
	return KIST_OK;
}

/* @count pieces, @stride apart, that lie within one span. */
static kist_status put_span(struct gathering *gathering, uint64_t offset, int64_t stride, uint64_t count,
			    struct kist_error *err)
{
	const size_t size = (size_t)gathering->plan.size;
	const size_t gap = (size_t)(stride < 0 ? -stride : stride);
	const size_t reach = gap * (size_t)(count - 1);
	const uint8_t *from = gathering->span.data + (stride < 0 ? reach : 0);
	uint8_t *to;

	KIST_TRY(read_all(gathering, stride < 0 ? offset - reach : offset, gathering->span.data, reach + size,
			  err));
	KIST_TRY(room(gathering, size * (size_t)count, &to, err));
	for (uint64_t i = 0; i < count; i++)
		memcpy(to + i * size, from + (int64_t)i * stride, size);
	return KIST_OK;
}

/* The pieces of the last dimension, the first of them at @offset. */
static kist_status put_row(struct gathering *gathering, uint64_t offset, struct kist_error *err)
{
	const struct kist_gather *const plan = &gathering->plan;
	const size_t last = plan->rank - 1;
	const int64_t stride = plan->stride[last];
	const uint64_t gap = stride < 0 ? (uint64_t)-stride : (uint64_t)stride;
	uint64_t together = 1;

	if (plan->size <= gap && gap <= KIST_GATHER_SPAN / 2 && plan->size <= KIST_GATHER_SPAN / 2)
		together = (KIST_GATHER_SPAN - plan->size) / gap + 1;
	for (uint64_t i = 0; i < plan->count[last];) {
		const uint64_t count = kist_min_u64(together, plan->count[last] - i);
		const uint64_t at = offset + (uint64_t)((int64_t)i * stride);

		KIST_TRY(together > 1 ? put_span(gathering, at, stride, count, err)
				      : put_piece(gathering, at, err));
		i += count;
	}
	return KIST_OK;
}

/* Counts up @at, the last dimension but one first; false behind the last. */
static bool next_row(const struct kist_gather *plan, uint64_t *at, uint64_t *offset)
{
	for (size_t i = plan->rank - 1; i-- > 0;) {
		*offset += (uint64_t)plan->stride[i];
		if (++at[i] < plan->count[i])
			return true;
		*offset -= (uint64_t)(plan->stride[i] * (int64_t)plan->count[i]);
		at[i] = 0;
	}
	return false;
}

static kist_status put_all(struct gathering *gathering, struct kist_error *err)
{
	const struct kist_gather *const plan = &gathering->plan;
	uint64_t at[KIST_RANK_MAX] = { 0 };
	uint64_t offset = plan->offset;

	if (plan->rank == 0)
		return put_piece(gathering, offset, err);
	do
		KIST_TRY(put_row(gathering, offset, err));
	while (next_row(plan, at, &offset));
	return KIST_OK;
}

kist_status kist_gather(struct kist_object_reader *reader, const struct kist_gather *gather, int fd,
			struct kist_error *err)
{
	__attribute__((cleanup(gathering_done))) struct gathering gathering = {
		.reader = reader,
		.plan = *gather,
		.fd = fd,
		.out = KIST_BUF_INIT(KIST_GATHER_SPAN),
		.span = KIST_BUF_INIT(KIST_GATHER_SPAN),
	};

	for (size_t i = 0; i < gather->rank; i++) {
		if (gather->count[i] == 0)
			return KIST_OK;
	}
	join_pieces(&gathering.plan);
	KIST_TRY(kist_buf_reserve(&gathering.out, KIST_GATHER_SPAN, err));
	KIST_TRY(kist_buf_reserve(&gathering.span, KIST_GATHER_SPAN, err));
	KIST_TRY(put_all(&gathering, err));
	return flush(&gathering, err);
}
