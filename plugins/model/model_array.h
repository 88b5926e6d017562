/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_MODEL_ARRAY_H
#define MODEL_MODEL_ARRAY_H

#include "model.h"

/*
 * Arrays whose length is known when they are full.
 *
 * Thread: a struct is used by one thread at a time.
 */

/** An array that grows.  Begins zeroed; free() its items. */
struct model_array {
	void *items;
	size_t count;
	size_t capacity;
};

/** model_array_add() - Adds @count items of @size bytes.  *@ret is the first, to be filled in. */
kist_status model_array_add(struct kist_call *call, struct model_array *array, size_t size, size_t count,
			    void *ret);

#endif
