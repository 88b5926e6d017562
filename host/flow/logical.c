/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/logical.h"

#include <string.h>

#include "base/mem.h"
#include "kist/host.h"
#include "object/check.h"
#include "plugin/argument.h"

#define ARGUMENT "logical_dtype"

void kist_logical_init(struct kist_logical *logical, const struct kist_schema *reading)
{
	const struct kist_argument *argument;

	*logical = (struct kist_logical){ .choices = NULL };
	for (size_t i = 0; (argument = kist_schema_at(reading, i)); i++) {
		if (argument->kind == KIST_PARAM_STRING && strcmp(argument->name, ARGUMENT) == 0)
			logical->choices = argument->choices;
	}
}

void kist_logical_add(struct kist_logical *logical, const struct kist_part *part)
{
	char name[sizeof(logical->name)] = "";
	bool is_choice = false;
	const json_t *choice;
	size_t i;

	kist_dtype_name(part->dtype, name);
	json_array_foreach(logical->choices, i, choice)
		is_choice = is_choice || strcmp(json_string_value(choice), name) == 0;
	if (!is_choice)
		return;
	if (logical->name[0] != '\0' && strcmp(logical->name, name) != 0)
		logical->is_mixed = true;
	memcpy(logical->name, name, sizeof(name));
}

kist_status kist_logical_params(const struct kist_logical *logical, json_t **ret, struct kist_error *err)
{
	json_t *params = NULL;

	if (logical->name[0] != '\0' && !logical->is_mixed) {
		params = json_pack("{ss}", ARGUMENT, logical->name);
		if (!params)
			return kist_fail_memory(err, sizeof(json_t));
	}
	*ret = params;
	return KIST_OK;
}
