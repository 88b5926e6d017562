/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/locate.h"

#include <string.h>

#include "base/nearest.h"
#include "base/num.h"
#include "object/array_head.h"

static bool is_kind(const json_t *info, const char *kind)
{
	const char *said = kist_json_get_text(info, "kind");

	return said && strcmp(said, kind) == 0;
}

static kist_status fail_unknown(const json_t *info, const char *part, struct kist_error *err)
{
	const json_t *list = json_object_get(info, "list");
	struct kist_nearest nearest = KIST_NEAREST_INIT(part);

	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = kist_json_get_text(json_array_get(list, i), "name");

		if (name)
			kist_nearest_offer(&nearest, name);
	}
	if (nearest.name)
		return kist_fail(err, KIST_NOT_FOUND, "it has no tensor '%.100s': did you mean '%.100s'?",
				 part, nearest.name);
	return kist_fail(err, KIST_NOT_FOUND,
			 "it has no tensor '%.200s': 'kist show' lists the %zu that it has", part,
			 json_array_size(list));
}

bool kist_array_is_left_out(const json_t *info, const char *part)
{
	const json_t *list = json_object_get(info, "list");
	uint64_t left_out = 0;

	if (!part || !kist_json_get_u64(info, "left_out", &left_out) || left_out == 0)
		return false;
	for (size_t i = 0; i < json_array_size(list); i++) {
		const char *name = kist_json_get_text(json_array_get(list, i), "name");

		if (name && strcmp(name, part) == 0)
			return false;
	}
	return true;
}

static kist_status find_part(const json_t *info, const char *part, const json_t **ret, struct kist_error *err)
{
	const json_t *list = json_object_get(info, "list");

	if (!part && json_array_size(list) != 1)
		return kist_fail(err, KIST_INVALID,
				 "it has %zu tensors: say which with --tensor ('kist show' lists them)",
				 json_array_size(list));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *row = json_array_get(list, i);
		const char *name = kist_json_get_text(row, "name");

		if (name && (!part || strcmp(name, part) == 0)) {
			*ret = row;
			return KIST_OK;
		}
	}
	return fail_unknown(info, part ? part : "", err);
}

static kist_status find_row(const json_t *info, const char *part, const json_t **ret, struct kist_error *err)
{
	if (is_kind(info, "model"))
		return find_part(info, part, ret, err);
	if (is_kind(info, "tensor") && !part) {
		*ret = info;
		return KIST_OK;
	}
	if (is_kind(info, "tensor"))
		return kist_fail(err, KIST_UNSUPPORTED,
				 "it is one array, which has no tensors to choose from: "
				 "--slice or --rows take a part of it");
	if (is_kind(info, "table"))
		return kist_fail(err, KIST_UNSUPPORTED,
				 "it is a table: --rows and --columns take a part of it");
	return kist_fail(err, KIST_UNSUPPORTED, "no plugin has said that it is an array, a table or a model");
}

static kist_status fail_shape(struct kist_error *err)
{
	return kist_fail(err, KIST_CORRUPT,
			 "its description contradicts itself: the record is not to be trusted");
}

static kist_status take_shape(const json_t *row, struct kist_array *array, struct kist_error *err)
{
	const json_t *shape = json_object_get(row, "shape");

	array->rank = json_array_size(shape);
	array->elements = 1;
	if (!json_is_array(shape) || array->rank > KIST_RANK_MAX)
		return fail_shape(err);
	for (size_t i = 0; i < array->rank; i++) {
		const json_t *size = json_array_get(shape, i);

		if (!json_is_integer(size) || json_integer_value(size) < 0)
			return fail_shape(err);
		array->shape[i] = (int64_t)json_integer_value(size);
		/* What is beyond all numbers is no count, but with a 0 behind it there are no elements. */
		if (!kist_mul_u64(array->elements, (uint64_t)array->shape[i], &array->elements))
			array->elements = UINT64_MAX;
	}
	return KIST_OK;
}

/* Elements that lie one behind the other: what is said of them fits the bytes there are. */
static kist_status take_size(struct kist_array *array, uint64_t object_size, struct kist_error *err)
{
	const struct kist_array_type *type = kist_array_type_find(array->dtype);
	uint64_t bits;

	if (array->len > object_size || array->offset > object_size - array->len)
		return fail_shape(err);
	if (type)
		array->bits = type->bits;
	else if (array->elements > 0 && array->len % array->elements == 0 &&
		 array->len / array->elements <= UINT32_MAX / 8)
		array->bits = (uint32_t)(array->len / array->elements) * 8;
	if (!kist_mul_u64(array->elements, array->bits, &bits) || bits % 8 != 0 || bits / 8 != array->len)
		return kist_fail(err, KIST_UNSUPPORTED,
				 "the elements of '%.200s' do not lie one behind the other: 'kist convert' "
				 "makes an array of them",
				 array->name);
	return KIST_OK;
}

/* Strides, in elements, that say column-major; row-major needs none. */
static kist_status take_strides(const json_t *row, struct kist_array *array, struct kist_error *err)
{
	const json_t *strides = json_object_get(row, "strides");
	int64_t step = 1;

	/* Elements that are not there lie in every order. */
	if (!strides || array->elements == 0)
		return KIST_OK;
	array->is_fortran = true;
	for (size_t i = 0; i < array->rank; i++) {
		const json_int_t stride = json_integer_value(json_array_get(strides, i));

		if (array->shape[i] > 1 && stride != step)
			return kist_fail(err, KIST_UNSUPPORTED,
					 "the elements of '%.200s' lie in an order of their own: 'kist "
					 "convert' makes an array of them",
					 array->name);
		step *= array->shape[i] > 0 ? array->shape[i] : 1;
	}
	return KIST_OK;
}

static bool says(const json_t *row, const char *key, const char *value)
{
	const char *said = kist_json_get_text(row, key);

	return said && strcmp(said, value) == 0;
}

kist_status kist_array_locate(const json_t *info, uint64_t object_size, const char *part,
			      struct kist_array *ret, struct kist_error *err)
{
	struct kist_array array = { .name = "data" };
	const json_t *row = info;

	KIST_TRY(find_row(info, part, &row, err));
	if (kist_json_get_text(row, "name"))
		array.name = kist_json_get_text(row, "name");
	array.dtype = kist_json_get_text(row, "dtype");
	array.descr = kist_json_get_text(row, "descr");
	array.is_fortran = says(row, "order", "F");
	array.is_big_endian = says(row, "byte_order", "big");
	if (!array.dtype || !kist_json_get_u64(row, "bytes", &array.len))
		return fail_shape(err);
	if (!kist_json_get_u64(row, "offset", &array.offset))
		return kist_fail(
			err, KIST_UNSUPPORTED,
			"the elements of '%.200s' are packed, so that no part of them can be read: 'kist "
			"convert' unpacks them",
			array.name);
	KIST_TRY(take_shape(row, &array, err));
	KIST_TRY(take_size(&array, object_size, err));
	KIST_TRY(take_strides(row, &array, err));
	*ret = array;
	return KIST_OK;
}
