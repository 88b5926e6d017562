/* SPDX-License-Identifier: Apache-2.0 */
#include "numpy_stats.h"

enum stats_type npy_stats_type(const struct npy_dtype *dtype)
{
	static const struct {
		char kind;
		uint8_t size;
		uint8_t type;
	} rows[] = { { 'b', 1, STATS_BOOL }, { 'i', 1, STATS_I8 },  { 'u', 1, STATS_U8 },
		     { 'i', 2, STATS_I16 },  { 'u', 2, STATS_U16 }, { 'i', 4, STATS_I32 },
		     { 'u', 4, STATS_U32 },  { 'i', 8, STATS_I64 }, { 'u', 8, STATS_U64 },
		     { 'f', 2, STATS_F16 },  { 'f', 4, STATS_F32 }, { 'f', 8, STATS_F64 } };

	if (dtype->logical == kDLBfloat && dtype->item_size == 2)
		return STATS_BF16;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].kind == dtype->kind && rows[i].size == dtype->item_size)
			return (enum stats_type)rows[i].type;
	}
	return STATS_NONE;
}

size_t npy_stats_room(const struct npy_header *header)
{
	const uint64_t len = header->data_len;

	return len > 0 && len < NPY_CHUNK_SIZE ? (size_t)len : NPY_CHUNK_SIZE;
}

kist_status npy_stats_gather(struct kist_call *call, struct kist_source *source, const struct npy_file *file,
			     uint8_t *chunk, struct stats *stats, struct stats_sample *sample)
{
	const struct npy_dtype *const dtype = &file->header.dtype;
	const uint64_t len = file->header.data_len;
	const size_t item_size = (size_t)dtype->item_size;
	const size_t width = dtype->order == '|' || dtype->order == NPY_ORDER_NATIVE ? 1 : item_size;
	const size_t room = npy_stats_room(&file->header);

	for (uint64_t at = 0; at < len;) {
		const size_t step = len - at < room ? (size_t)(len - at) : room;

		NPY_TRY(call->poll(call));
		NPY_TRY(kist_read_exact(call, source, file->data_at + at, chunk, step));
		if (width > 1)
			npy_swap(chunk, step, width);
		stats_add(stats, chunk, step / item_size);
		stats_sample_add(sample, chunk, step / item_size);
		at += step;
		call->progress(call, at, len);
	}
	stats_finish(stats);
	return KIST_OK;
}
