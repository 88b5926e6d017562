/* SPDX-License-Identifier: Apache-2.0 */

/* A few texts, counted. */
#include <stdlib.h>

#include "onnx.h"

void onnx_set_done(struct onnx_set *set)
{
	free(set->counts.items);
	free(set->texts.items);
	*set = (struct onnx_set){ .counts = { .count = 0 } };
}

kist_status onnx_set_add(struct kist_call *call, struct onnx_set *set, const char *text, uint64_t *ret_count)
{
	struct onnx_count *counts = set->counts.items;
	const size_t size = strlen(text) + 1;
	struct onnx_count *added;
	char *kept;

	for (size_t i = 0; i < set->counts.count; i++) {
		if (strcmp((const char *)set->texts.items + counts[i].text, text) == 0) {
			*ret_count = ++counts[i].count;
			return KIST_OK;
		}
	}
	*ret_count = 0;
	if (set->counts.count == ONNX_OPS_MAX)
		return KIST_OK;
	MODEL_TRY(model_array_add(call, &set->counts, sizeof(*added), 1, &added));
	*added = (struct onnx_count){ .text = set->texts.count, .count = 1 };
	MODEL_TRY(model_array_add(call, &set->texts, 1, size, &kept));
	memcpy(kept, text, size);
	*ret_count = 1;
	return KIST_OK;
}
