/* SPDX-License-Identifier: Apache-2.0 */

/* A stable merge sort of indexes that polls on its way. */
#include <stdlib.h>

#include "model.h"

/* Comparisons between two polls. */
#define POLL_COMPARISONS 8192

struct sorter {
	struct kist_call *call;
	model_compare compare;
	const void *context;
	unsigned long comparisons;
};

static kist_status merge(struct sorter *sorter, const uint32_t *from, uint32_t *to, size_t left, size_t all)
{
	size_t l = 0;
	size_t r = left;

	for (size_t i = 0; i < all; i++) {
		bool take_left = l < left;

		if (l < left && r < all) {
			take_left = sorter->compare(sorter->context, from[l], from[r]) <= 0;
			if (++sorter->comparisons % POLL_COMPARISONS == 0)
				MODEL_TRY(sorter->call->poll(sorter->call));
		}
		to[i] = take_left ? from[l++] : from[r++];
	}
	return KIST_OK;
}

static kist_status merge_all(struct sorter *sorter, uint32_t *items, uint32_t *scratch, size_t count)
{
	uint32_t *from = items;
	uint32_t *to = scratch;

	for (size_t width = 1; width < count; width *= 2) {
		uint32_t *swap = from;

		for (size_t at = 0; at < count; at += 2 * width) {
			const size_t all = count - at < 2 * width ? count - at : 2 * width;
			const size_t left = all < width ? all : width;

			MODEL_TRY(merge(sorter, from + at, to + at, left, all));
		}
		from = to;
		to = swap;
	}
	if (from != items)
		memcpy(items, from, count * sizeof(*items));
	return KIST_OK;
}

kist_status model_sort(struct kist_call *call, uint32_t *items, size_t count, model_compare compare,
		       const void *context)
{
	struct sorter sorter = { .call = call, .compare = compare, .context = context };
	uint32_t *scratch;
	kist_status status;

	if (count < 2)
		return KIST_OK;
	scratch = malloc(count * sizeof(*scratch));
	if (!scratch)
		return model_no_memory(call);
	status = merge_all(&sorter, items, scratch, count);
	free(scratch);
	return status;
}

kist_status model_order(struct kist_call *call, size_t count, model_compare compare, const void *context,
			uint32_t **ret)
{
	uint32_t *const order = malloc((count + 1) * sizeof(*order));
	kist_status status;

	if (!order)
		return model_no_memory(call);
	for (uint32_t i = 0; i < count; i++)
		order[i] = i;
	status = model_sort(call, order, count, compare, context);
	if (status == KIST_OK)
		*ret = order;
	else
		free(order);
	return status;
}
