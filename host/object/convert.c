/* SPDX-License-Identifier: Apache-2.0 */
#include "object/convert.h"

#include <stdio.h>

#include "kist/plugin.h"
#include "object/convert_parts.h"

#define KINDS_SIZE ((size_t)96)

static void kinds_text(uint32_t kinds, char ret[static KINDS_SIZE])
{
	size_t used = 0;

	ret[0] = '\0';
	for (uint32_t kind = 0; kind < KIST_KIND_COUNT; kind++) {
		if (kinds & KIST_KIND_BIT(kind))
			used += (size_t)snprintf(ret + used, KINDS_SIZE - used, "%s%s", used ? " or " : "",
						 kist_kind_name(kind));
	}
}

static kist_status refuse(const struct kist_object *object, uint32_t kinds, struct kist_error *err)
{
	char wanted[KINDS_SIZE];

	kinds_text(kinds, wanted);
	return kist_fail(err, KIST_UNSUPPORTED, "cannot make %s from %s", wanted[0] ? wanted : "nothing",
			 kist_kind_name(object->kind));
}

static bool wants(uint32_t kinds, uint32_t kind)
{
	return (kinds & KIST_KIND_BIT(kind)) != 0;
}

/* What the elements are when their storage does not say it: to convert the storage would make other values of
 * them. */
static kist_status check_meaning(const struct kist_object *object, uint32_t kinds, struct kist_error *err)
{
	if (!KIST_HAS(object, logical))
		return KIST_OK;
	if (wants(kinds, KIST_KIND_TABLE))
		return kist_fail_at(
			err, KIST_UNSUPPORTED, "E_DTYPE", KIST_NO_OFFSET,
			"elements of type %s have no column type: cannot make a table from the tensor",
			object->logical);
	return kist_fail_at(err, KIST_UNSUPPORTED, "E_DTYPE", KIST_NO_OFFSET,
			    "elements of type %s are no numbers: cannot make a model from the tensor",
			    object->logical);
}

static kist_status from_tensor(struct kist_object *object, uint32_t kinds, const char *select,
			       struct kist_object *ret, struct kist_error *err)
{
	if (*select != '\0')
		return kist_fail(err, KIST_UNSUPPORTED, "cannot select '%.64s': a tensor is one whole",
				 select);
	if (wants(kinds, KIST_KIND_TABLE) || wants(kinds, KIST_KIND_MODEL))
		KIST_TRY(check_meaning(object, kinds, err));
	if (wants(kinds, KIST_KIND_TABLE))
		return kist_tensor_to_table(object, ret, err);
	if (wants(kinds, KIST_KIND_MODEL))
		return kist_tensor_to_model(object, ret, err);
	return refuse(object, kinds, err);
}

static kist_status from_table(struct kist_object *object, uint32_t kinds, const char *select,
			      struct kist_call *call, struct kist_object *ret, struct kist_error *err)
{
	if (wants(kinds, KIST_KIND_TABLE))
		return kist_table_select(object, select, ret, err);
	if (wants(kinds, KIST_KIND_TENSOR))
		return kist_table_to_tensor(object, select, call, ret, err);
	return refuse(object, kinds, err);
}

kist_status kist_object_convert(struct kist_object *object, uint32_t kinds, const char *select,
				struct kist_call *call, struct kist_object *ret, struct kist_error *err)
{
	KIST_TRY(kist_object_check(object, err));
	if (*select == '\0' && wants(kinds, object->kind)) {
		kist_object_move(ret, object);
		return KIST_OK;
	}
	switch (object->kind) {
	case KIST_KIND_TENSOR:
		return from_tensor(object, kinds, select, ret, err);
	case KIST_KIND_TABLE:
		return from_table(object, kinds, select, call, ret, err);
	case KIST_KIND_MODEL:
		if (wants(kinds, KIST_KIND_TENSOR))
			return kist_model_to_tensor(object, select, call, ret, err);
		return refuse(object, kinds, err);
	default:
		return refuse(object, kinds, err);
	}
}
