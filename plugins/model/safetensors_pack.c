/* SPDX-License-Identifier: Apache-2.0 */

/* The bytes of a tensor, written without gaps whatever its strides. */
#include <stdlib.h>

#include "safetensors.h"

bool safetensors_is_contiguous(const DLTensor *tensor)
{
	int64_t expected = 1;

	for (int32_t i = tensor->ndim - 1; i >= 0 && tensor->strides; i--) {
		if (tensor->shape[i] == 0)
			return true;
		if (tensor->shape[i] != 1 && tensor->strides[i] != expected)
			return false;
		expected *= tensor->shape[i];
	}
	return true;
}

static kist_status put_bytes(struct safetensors_packer *packer, const uint8_t *bytes, uint64_t len)
{
	while (len > 0) {
		const size_t step = len < MODEL_STEP_SIZE ? (size_t)len : MODEL_STEP_SIZE;

		MODEL_TRY(packer->call->poll(packer->call));
		MODEL_TRY(packer->sink->write(packer->sink, bytes, step));
		bytes += step;
		len -= step;
	}
	return KIST_OK;
}

/*
 * A strided tensor as rows of pieces: the last dimensions that lie without gaps are one piece, the dimension
 * before them is a row, and an odometer runs over the others.
 */
struct strided {
	const DLTensor *tensor;
	const uint8_t *base;
	size_t piece;
	int32_t row;
	int64_t at[KIST_RANK_MAX];
};

static ptrdiff_t byte_stride(const struct strided *strided, int32_t dimension)
{
	const uint64_t size = strided->tensor->dtype.bits / 8;

	return (ptrdiff_t)((uint64_t)strided->tensor->strides[dimension] * size);
}

static struct strided look_at(const DLTensor *tensor, const uint8_t *base)
{
	struct strided strided = { .tensor = tensor, .base = base, .row = tensor->ndim - 1 };
	int64_t expected = 1;

	while (strided.row > 0 &&
	       (tensor->shape[strided.row] == 1 || tensor->strides[strided.row] == expected)) {
		expected *= tensor->shape[strided.row];
		strided.row--;
	}
	strided.piece = (size_t)expected * (tensor->dtype.bits / 8);
	return strided;
}

/* Goes to the next row; false after the last. */
static bool next_row(struct strided *strided)
{
	for (int32_t i = strided->row - 1; i >= 0; i--) {
		if (++strided->at[i] < strided->tensor->shape[i])
			return true;
		strided->at[i] = 0;
	}
	return false;
}

static const uint8_t *row_begin(const struct strided *strided)
{
	uintptr_t at = (uintptr_t)strided->base;

	for (int32_t i = 0; i < strided->row; i++)
		at += (uintptr_t)strided->at[i] * (uintptr_t)byte_stride(strided, i);
	return (const uint8_t *)at;
}

/* Adds one row to the buffer, of which *@used bytes are full, and writes the buffer whenever it is. */
static kist_status pack_row(struct safetensors_packer *packer, const struct strided *strided, size_t *used)
{
	const ptrdiff_t stride = byte_stride(strided, strided->row);
	const size_t piece = strided->piece;
	uint64_t left = (uint64_t)strided->tensor->shape[strided->row];
	uintptr_t from = (uintptr_t)row_begin(strided);

	while (left > 0) {
		const size_t room = (MODEL_STEP_SIZE - *used) / piece;
		const size_t count = left < room ? (size_t)left : room;

		if (count == 0) {
			MODEL_TRY(put_bytes(packer, packer->buffer, *used));
			*used = 0;
			continue;
		}
		model_gather(packer->buffer + *used, (const uint8_t *)from, count, stride, piece);
		*used += count * piece;
		from += (uintptr_t)stride * count;
		left -= count;
	}
	return KIST_OK;
}

/* Pieces that the buffer cannot hold are written from where they are. */
static kist_status put_row(struct safetensors_packer *packer, const struct strided *strided)
{
	const ptrdiff_t stride = byte_stride(strided, strided->row);
	uintptr_t from = (uintptr_t)row_begin(strided);

	for (int64_t i = 0; i < strided->tensor->shape[strided->row]; i++) {
		MODEL_TRY(put_bytes(packer, (const uint8_t *)from, strided->piece));
		from += (uintptr_t)stride;
	}
	return KIST_OK;
}

static kist_status put_strided(struct safetensors_packer *packer, const DLTensor *tensor, const uint8_t *base)
{
	struct strided strided = look_at(tensor, base);
	size_t used = 0;

	if (!packer->buffer)
		packer->buffer = malloc(MODEL_STEP_SIZE);
	if (!packer->buffer)
		return model_no_memory(packer->call);
	do {
		if (strided.piece > MODEL_STEP_SIZE)
			MODEL_TRY(put_row(packer, &strided));
		else
			MODEL_TRY(pack_row(packer, &strided, &used));
	} while (next_row(&strided));
	return put_bytes(packer, packer->buffer, used);
}

kist_status safetensors_pack(struct safetensors_packer *packer, const DLTensor *tensor, uint64_t size)
{
	const uint8_t *base = (const uint8_t *)((uintptr_t)tensor->data + (uintptr_t)tensor->byte_offset);

	if (safetensors_is_contiguous(tensor))
		return put_bytes(packer, base, size);
	return put_strided(packer, tensor, base);
}

void safetensors_packer_done(struct safetensors_packer *packer)
{
	free(packer->buffer);
	packer->buffer = NULL;
}
