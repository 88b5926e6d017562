/* SPDX-License-Identifier: Apache-2.0 */
#include "model_set.h"

#include <stdlib.h>

void model_set_done(struct model_set *set)
{
	free(set->counts.items);
	free(set->texts.items);
	*set = (struct model_set){ .counts = { .count = 0 } };
}

const char *model_set_text(const struct model_set *set, size_t i)
{
	return (const char *)set->texts.items + ((const struct model_count *)set->counts.items)[i].text;
}

uint64_t model_set_count(const struct model_set *set, size_t i)
{
	return ((const struct model_count *)set->counts.items)[i].count;
}

kist_status model_set_add(struct kist_call *call, struct model_set *set, size_t max, const char *text,
			  uint64_t *ret_count)
{
	const size_t size = strlen(text) + 1;
	struct model_count *added;
	char *kept;

	for (size_t i = 0; i < set->counts.count; i++) {
		if (strcmp(model_set_text(set, i), text) == 0) {
			*ret_count = ++((struct model_count *)set->counts.items)[i].count;
			return KIST_OK;
		}
	}
	*ret_count = 0;
	if (set->counts.count >= max)
		return KIST_OK;
	MODEL_TRY(model_array_add(call, &set->counts, sizeof(*added), 1, &added));
	*added = (struct model_count){ .text = set->texts.count, .count = 1 };
	MODEL_TRY(model_array_add(call, &set->texts, 1, size, &kept));
	memcpy(kept, text, size);
	*ret_count = 1;
	return KIST_OK;
}

void model_set_put(const struct model_set *set, bool are_counted, struct model_out *out)
{
	model_out_text(out, are_counted ? "{" : "[");
	for (size_t i = 0; i < set->counts.count; i++) {
		const char *const text = model_set_text(set, i);

		if (i > 0)
			model_out_text(out, ",");
		model_out_string(out, text, strlen(text));
		if (!are_counted)
			continue;
		model_out_text(out, ":");
		model_out_number(out, model_set_count(set, i));
	}
	model_out_text(out, are_counted ? "}" : "]");
}
