/* SPDX-License-Identifier: Apache-2.0 */
#include "worker/guard.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

kist_status kist_guard_alloc(size_t size, struct kist_guard *ret, struct kist_error *err)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);
	/* One page at least: what is empty has an address all the same. */
	const size_t pages = size / page + (size % page != 0 || size == 0);
	size_t map_size;
	uint8_t *map;

	if (__builtin_mul_overflow(pages + 2, page, &map_size))
		return kist_fail(err, KIST_NO_MEMORY, "no memory for %zu bytes", size);
	map = mmap(NULL, map_size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (map == MAP_FAILED)
		return kist_fail_errno(err, errno, "no memory for %zu bytes", size);
	*ret = (struct kist_guard){
		.map = map, .map_size = map_size, .data = map + map_size - page - size, .size = size
	};
	if (mprotect(map + page, map_size - 2 * page, PROT_READ | PROT_WRITE) == 0)
		return KIST_OK;
	(void)kist_fail_errno(err, errno, "no memory for %zu bytes", size);
	kist_guard_done(ret);
	return KIST_NO_MEMORY;
}

kist_status kist_guard_seal(const struct kist_guard *guard, struct kist_error *err)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	if (mprotect((uint8_t *)guard->map + page, guard->map_size - 2 * page, PROT_READ) != 0)
		return kist_fail_errno(err, errno, "cannot protect %zu bytes", guard->size);
	return KIST_OK;
}

kist_status kist_guard_copy(const void *data, size_t size, struct kist_guard *ret, struct kist_error *err)
{
	KIST_TRY(kist_guard_alloc(size, ret, err));
	if (size > 0)
		memcpy(ret->data, data, size);
	return kist_guard_seal(ret, err);
}

/* Copies what lies under @axis of the tensor, and gives where the next goes. */
static uint8_t *gather(const DLTensor *tensor, int32_t axis, const uint8_t *from, uint8_t *to)
{
	const size_t size = ((size_t)tensor->dtype.bits * tensor->dtype.lanes + 7) / 8;

	if (axis == tensor->ndim) {
		memcpy(to, from, size);
		return to + size;
	}
	for (int64_t i = 0; i < tensor->shape[axis]; i++)
		to = gather(tensor, axis + 1, from + i * tensor->strides[axis] * (int64_t)size, to);
	return to;
}

static bool is_packed(const DLTensor *tensor)
{
	int64_t step = 1;

	for (int32_t i = tensor->ndim - 1; tensor->strides && i >= 0; i--) {
		if (tensor->shape[i] != 1 && tensor->strides[i] != step)
			return false;
		step *= tensor->shape[i];
	}
	return true;
}

kist_status kist_guard_tensor(const DLTensor *tensor, struct kist_guard *ret, struct kist_error *err)
{
	const uint8_t *data = (const uint8_t *)tensor->data + tensor->byte_offset;
	size_t size = ((size_t)tensor->dtype.bits * tensor->dtype.lanes + 7) / 8;

	for (int32_t i = 0; i < tensor->ndim; i++)
		size *= (size_t)tensor->shape[i];
	if (size == 0 || is_packed(tensor))
		return kist_guard_copy(data, size, ret, err);
	KIST_TRY(kist_guard_alloc(size, ret, err));
	(void)gather(tensor, 0, data, ret->data);
	return kist_guard_seal(ret, err);
}

void kist_guard_done(struct kist_guard *guard)
{
	if (guard->map)
		(void)munmap(guard->map, guard->map_size);
	*guard = (struct kist_guard)KIST_GUARD_INIT;
}
