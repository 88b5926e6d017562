/* SPDX-License-Identifier: Apache-2.0 */
#include "model_array.h"

#include <stdlib.h>

kist_status model_array_add(struct kist_call *call, struct model_array *array, size_t size, size_t count,
			    void *ret)
{
	if (count > array->capacity - array->count) {
		const size_t capacity = array->capacity + array->capacity / 2 + count + 64 / size;
		void *const items = realloc(array->items, capacity * size);

		if (!items)
			return model_no_memory(call);
		array->items = items;
		array->capacity = capacity;
	}
	/* Of nothing yet there is no place. */
	*(void **)ret = array->items ? (char *)array->items + array->count * size : NULL;
	array->count += count;
	return KIST_OK;
}
