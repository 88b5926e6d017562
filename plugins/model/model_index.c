/* SPDX-License-Identifier: Apache-2.0 */

/* The index of a file of tensors: filled in, looked at, freed. */
#include <stdlib.h>

#include "model_index.h"

void model_index_done(struct model_index *index)
{
	free(index->tensors.items);
	free(index->names.items);
	free(index->numbers.items);
	model_out_done(&index->meta);
	model_out_done(&index->texts);
	*index = (struct model_index){ 0 };
}

kist_status model_index_add(struct kist_call *call, struct model_index *index,
			    const struct model_entry *entry)
{
	const size_t ndim = (size_t)entry->ndim;
	struct model_tensor *tensor;
	int64_t *numbers;
	char *name;

	if (index->tensors.count == MODEL_TENSORS_MAX)
		return kist_failf(call, KIST_LIMIT, "E_LIMIT", entry->offset, "more than %zu tensors",
				  MODEL_TENSORS_MAX);
	MODEL_TRY(model_array_add(call, &index->tensors, sizeof(*tensor), 1, &tensor));
	*tensor = (struct model_tensor){ .stored_as = entry->stored_as,
					 .offset = entry->offset,
					 .len = entry->len,
					 .elements = entry->elements > 0
							     ? entry->elements
							     : model_element_count(entry->shape, entry->ndim),
					 .name = index->names.count,
					 .numbers = index->numbers.count,
					 .name_len = (uint32_t)entry->name_len,
					 .dtype = entry->dtype,
					 .ndim = (uint8_t)entry->ndim,
					 .has_strides = entry->strides != NULL,
					 .is_blocks = entry->elements > 0,
					 .is_coded = entry->is_coded };
	MODEL_TRY(model_array_add(call, &index->names, 1, entry->name_len + 1, &name));
	memcpy(name, entry->name, entry->name_len);
	name[entry->name_len] = '\0';
	MODEL_TRY(model_array_add(call, &index->numbers, sizeof(*numbers), entry->strides ? 2 * ndim : ndim,
				  &numbers));
	for (size_t i = 0; i < ndim; i++) {
		numbers[i] = entry->shape[i];
		if (entry->strides)
			numbers[ndim + i] = entry->strides[i];
	}
	return KIST_OK;
}

const struct model_tensor *model_index_at(const struct model_index *index, size_t i)
{
	return (const struct model_tensor *)index->tensors.items + i;
}

uint64_t model_index_bytes(const struct model_index *index, size_t i)
{
	const struct model_tensor *const tensor = model_index_at(index, i);

	return tensor->is_coded ? model_element_count(model_index_shape(index, i), tensor->ndim) *
					  (tensor->dtype.bits / 8)
				: tensor->len;
}

const char *model_index_name(const struct model_index *index, size_t i)
{
	return (const char *)index->names.items + model_index_at(index, i)->name;
}

const int64_t *model_index_shape(const struct model_index *index, size_t i)
{
	const int64_t *const numbers = index->numbers.items;

	/* When no tensor has a dimension there are none. */
	return numbers ? numbers + model_index_at(index, i)->numbers : NULL;
}

static int compare_names(const void *context, uint32_t a, uint32_t b)
{
	return strcmp(model_index_name(context, a), model_index_name(context, b));
}

kist_status model_index_twin(struct kist_call *call, const struct model_index *index, bool *ret_any,
			     size_t *ret)
{
	const size_t count = index->tensors.count;
	uint32_t *order = NULL;

	*ret_any = false;
	MODEL_TRY(model_order(call, count, compare_names, index, &order));
	for (size_t i = 1; i < count && !*ret_any; i++) {
		*ret_any = compare_names(index, order[i - 1], order[i]) == 0;
		*ret = order[i];
	}
	free(order);
	return KIST_OK;
}

uint64_t model_element_count(const int64_t *shape, int32_t ndim)
{
	bool is_empty = false;
	int64_t count = 1;

	/* Beside a 0 the others count too, so that strides do not overflow. */
	for (int32_t i = 0; i < ndim; i++) {
		is_empty = is_empty || shape[i] == 0;
		if (shape[i] > 0 && __builtin_mul_overflow(count, shape[i], &count))
			return UINT64_MAX;
	}
	return is_empty ? 0 : (uint64_t)count;
}
