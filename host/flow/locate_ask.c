/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/num.h"
#include "flow/convert.h"
#include "flow/locate.h"
#include "object/array_head.h"

struct search {
	const char *name;
	struct kist_array array;
	bool found;
};

static kist_status fail_order(const struct search *search, struct kist_error *err)
{
	return kist_fail(
		err, KIST_UNSUPPORTED,
		"the elements of '%.200s' do not lie one behind the other: 'kist convert' makes an array of "
		"them",
		search->name);
}

/* The host has checked the part. */
static kist_status take_part(void *ctx, const struct kist_part *part, struct kist_error *err)
{
	const struct kist_array_type *type = kist_array_type_of(part->dtype);
	struct search *search = ctx;
	struct kist_array *array = &search->array;

	if (search->found || !part->name || strcmp(part->name, search->name) != 0)
		return KIST_OK;
	if (!type || (part->flags & KIST_PART_STORAGE) != 0)
		return fail_order(search, err);
	*array = (struct kist_array){ .name = search->name,
				      .dtype = type->name,
				      .offset = part->offset,
				      .len = part->len,
				      .elements = 1,
				      .bits = type->bits,
				      .is_fortran = (part->flags & KIST_PART_FORTRAN) != 0,
				      .is_big_endian = (part->flags & KIST_PART_BIG_ENDIAN) != 0,
				      .rank = (size_t)part->ndim };
	for (size_t i = 0; i < array->rank; i++) {
		array->shape[i] = part->shape[i];
		if (!kist_mul_u64(array->elements, (uint64_t)part->shape[i], &array->elements))
			return fail_order(search, err);
	}
	search->found = true;
	return KIST_OK;
}

kist_status kist_array_ask(struct kist_flow *flow, const json_t *record, struct kist_object_reader *reader,
			   const char *part, struct kist_array *ret, struct kist_error *err)
{
	const struct kist_input input = kist_object_reader_input(reader);
	struct search search = { .name = part };
	kist_auto_json json_t *params = NULL;
	struct kist_serializer_ref serializer;
	struct kist_route_target target;
	uint64_t bytes;

	KIST_TRY(kist_stored_target(flow, record, &target, err));
	KIST_TRY(kist_flow_serializer(flow, &target, false, kist_record_read_params(record), &serializer,
				      &params, err));
	KIST_TRY(kist_worker_layout(flow->worker, &serializer, &input, take_part, &search, err));
	if (!search.found)
		return kist_fail(
			err, KIST_NOT_FOUND,
			"it has no tensor '%.200s' of its own: those that share their bytes with another one "
			"go by the name of one of them",
			part);
	if (!kist_mul_u64(search.array.elements, search.array.bits, &bytes) || bytes % 8 != 0 ||
	    bytes / 8 != search.array.len)
		return fail_order(&search, err);
	*ret = search.array;
	return KIST_OK;
}
