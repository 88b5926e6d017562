/* SPDX-License-Identifier: Apache-2.0 */
#include "kit/objects.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "object/convert.h"
#include "object/made.h"

#define LARGE_COUNT ((int64_t)1 << 20)

/* The last one is one that not every format has a name for. */
static const DLDataType dtypes[] = {
	{ kDLFloat, 64, 1 },   { kDLFloat, 32, 1 },    { kDLFloat, 16, 1 },  { kDLInt, 8, 1 },
	{ kDLInt, 16, 1 },     { kDLInt, 32, 1 },      { kDLInt, 64, 1 },    { kDLUInt, 8, 1 },
	{ kDLUInt, 16, 1 },    { kDLUInt, 32, 1 },     { kDLUInt, 64, 1 },   { kDLBool, 8, 1 },
	{ kDLComplex, 64, 1 }, { kDLComplex, 128, 1 }, { kDLBfloat, 16, 1 },
};
#define DTYPE_COUNT (sizeof(dtypes) / sizeof(dtypes[0]))

/* Rank, and sizes. */
static const struct {
	int32_t ndim;
	int64_t shape[4];
} shapes[] = { { 1, { 7 } }, { 2, { 3, 4 } },	 { 0, { 0 } },
	       { 1, { 0 } }, { 3, { 2, 0, 3 } }, { 3, { 1, 2, 3 } } };
#define SHAPE_COUNT (sizeof(shapes) / sizeof(shapes[0]))

/* What is special about the last ones. */
enum { SPECIAL_FORTRAN, SPECIAL_GAPS, SPECIAL_OFFSET, SPECIAL_NAN, SPECIAL_MANY, SPECIAL_COUNT };
static const char *const special_names[SPECIAL_COUNT] = { "in column-major order", "with gaps",
							  "behind an offset",
							  "with values that are no numbers",
							  "of 40000 elements" };

static int64_t count_of(int32_t ndim, const int64_t *shape)
{
	int64_t count = 1;

	for (int32_t i = 0; i < ndim; i++)
		count *= shape[i];
	return count;
}

/* Elements that are sound in every type: small numbers, and true and false. */
static void fill(uint8_t *to, DLDataType dtype, int64_t count)
{
	const size_t size = dtype.bits / 8u;

	for (int64_t i = 0; i < count; i++) {
		const double real = (double)(i % 100) / 2;
		const float single = (float)real;

		memset(to, 0, size);
		if (dtype.code == kDLFloat && size == 8)
			memcpy(to, &real, 8);
		else if (dtype.code == kDLFloat && size == 4)
			memcpy(to, &single, 4);
		else if (dtype.code == kDLFloat || dtype.code == kDLBfloat)
			to[1] = (uint8_t)(0x3c + i % 8);
		else
			to[0] = (uint8_t)(dtype.code == kDLBool ? i % 2 : i % 100);
		to += size;
	}
}

static kist_status make_tensor(DLDataType dtype, int32_t ndim, const int64_t *shape,
			       DLManagedTensorVersioned **ret, struct kist_error *err)
{
	const int64_t count = count_of(ndim, shape);
	kist_auto_mem uint8_t *data = kist_alloc((size_t)(count > 0 ? count : 1), dtype.bits / 8u);

	if (!data)
		return kist_fail_memory(err, (size_t)count * dtype.bits / 8u);
	fill(data, dtype, count);
	KIST_TRY(kist_tensor_wrap(data, dtype, ndim, shape, ret, err));
	(void)kist_steal(data);
	return KIST_OK;
}

static void make_special(int special, DLManagedTensorVersioned *tensor)
{
	static const uint64_t odd[] = { UINT64_C(0x7ff8000000000000), UINT64_C(0x7ff0000000000000),
					UINT64_C(0xfff0000000000000), UINT64_C(0x8000000000000000), 1 };
	DLTensor *inner = &tensor->dl_tensor;

	/* The memory is of 12 by 4 elements; what is told of it is less. */
	if (special == SPECIAL_FORTRAN) {
		inner->strides[0] = 1;
		inner->strides[1] = inner->shape[0];
	} else if (special == SPECIAL_GAPS) {
		inner->shape[0] = 5;
		inner->shape[1] = 2;
		inner->strides[0] = 8;
		inner->strides[1] = 3;
	} else if (special == SPECIAL_OFFSET) {
		inner->shape[0] = 4;
		inner->byte_offset = 64;
	} else if (special == SPECIAL_NAN) {
		memcpy(inner->data, odd, sizeof(odd));
	}
}

static kist_status make_nth_tensor(size_t i, char ret_name[static KIST_KIT_OBJECT_NAME_SIZE],
				   struct kist_object *ret, struct kist_error *err)
{
	const size_t plain = DTYPE_COUNT * SHAPE_COUNT;
	const int special = i >= plain ? (int)(i - plain) : -1;
	const int64_t shape[2] = { special == SPECIAL_MANY ? 10000 : 12, 4 };
	DLManagedTensorVersioned *tensor = NULL;
	char name[32];

	if (special >= SPECIAL_COUNT)
		return KIST_NOT_FOUND;
	if (special < 0) {
		/* Shape by shape, so that the first ones are of all types. */
		const size_t s = i / DTYPE_COUNT;

		KIST_TRY(make_tensor(dtypes[i % DTYPE_COUNT], shapes[s].ndim, shapes[s].shape, &tensor, err));
		kist_dtype_name(dtypes[i % DTYPE_COUNT], name);
		snprintf(ret_name, KIST_KIT_OBJECT_NAME_SIZE, "a tensor of %s, rank %d, %lld elements", name,
			 shapes[s].ndim, (long long)count_of(shapes[s].ndim, shapes[s].shape));
	} else {
		KIST_TRY(make_tensor(dtypes[0], 2, shape, &tensor, err));
		make_special(special, tensor);
		snprintf(ret_name, KIST_KIT_OBJECT_NAME_SIZE, "a tensor of float64 %s",
			 special_names[special]);
	}
	kist_object_of_tensor(tensor, ret);
	return KIST_OK;
}

/* Models: tensors of the types in order, made when they are asked for. */

static const struct {
	uint64_t count;
	const char *meta;
} models[] = {
	{ 1, NULL }, { 3, NULL }, { 0, NULL }, { 2, "{\"made_by\":\"kist\",\"step\":\"7\"}" }, { 15, NULL }
};
#define MODEL_COUNT (sizeof(models) / sizeof(models[0]))

static const char *const tensor_names[] = {
	"weight", "layer.0.bias", "gr\303\266\303\237e", "a", "b", "c", "d", "e", "f", "g", "h", "i", "j",
	"k",	  "with blank",
};

static kist_status model_name(struct kist_tensor_map *map, uint64_t i, const char **ret_name)
{
	if (i >= map->count)
		return KIST_INVALID;
	*ret_name = tensor_names[i];
	return KIST_OK;
}

static kist_status model_get(struct kist_tensor_map *map, struct kist_call *call, uint64_t i,
			     DLManagedTensorVersioned **ret_tensor)
{
	const int64_t large = LARGE_COUNT / 8;
	const int64_t shape[2] = { (int64_t)i + 1, 5 };

	(void)call;
	if (i >= map->count)
		return KIST_INVALID;
	if (map->ctx)
		return make_tensor(dtypes[0], 1, &large, ret_tensor, NULL);
	return make_tensor(dtypes[i % (DTYPE_COUNT - 1)], 2, shape, ret_tensor, NULL);
}

static void model_release(struct kist_object *object)
{
	kist_free(object->value);
	object->release = NULL;
}

static kist_status make_model(uint64_t count, const char *meta, bool is_large, struct kist_object *ret,
			      struct kist_error *err)
{
	struct kist_tensor_map *map = kist_alloc(1, sizeof(*map));

	if (!map)
		return kist_fail_memory(err, sizeof(*map));
	*map = (struct kist_tensor_map){ .struct_size = sizeof(*map),
					 .ctx = is_large ? map : NULL,
					 .count = count,
					 .meta = meta,
					 .meta_len = meta ? strlen(meta) : 0,
					 .get_name = model_name,
					 .get = model_get };
	kist_object_of_model(map, model_release, ret);
	return KIST_OK;
}

static kist_status make_nth_model(size_t i, char ret_name[static KIST_KIT_OBJECT_NAME_SIZE],
				  struct kist_object *ret, struct kist_error *err)
{
	if (i >= MODEL_COUNT)
		return KIST_NOT_FOUND;
	snprintf(ret_name, KIST_KIT_OBJECT_NAME_SIZE, "a model of %llu tensors%s",
		 (unsigned long long)models[i].count, models[i].meta ? " with metadata" : "");
	return make_model(models[i].count, models[i].meta, false, ret, err);
}

static kist_status make_nth_bytes(size_t i, char ret_name[static KIST_KIT_OBJECT_NAME_SIZE],
				  struct kist_object *ret, struct kist_error *err)
{
	static const size_t sizes[] = { 256, 1, 0, 40000 };
	kist_auto_mem uint8_t *bytes = kist_alloc(40000, 1);

	if (i >= sizeof(sizes) / sizeof(sizes[0]))
		return KIST_NOT_FOUND;
	if (!bytes)
		return kist_fail_memory(err, sizes[i]);
	for (size_t k = 0; k < sizes[i]; k++)
		bytes[k] = (uint8_t)(k ^ k >> 8);
	snprintf(ret_name, KIST_KIT_OBJECT_NAME_SIZE, "%zu bytes", sizes[i]);
	return kist_object_of_copy(bytes, sizes[i], KIST_KIND_BYTES, ret, err);
}

static kist_status make_nth_value(size_t i, char ret_name[static KIST_KIT_OBJECT_NAME_SIZE],
				  struct kist_object *ret, struct kist_error *err)
{
	static const char *const texts[] = { "{\"a\":[1,2.5,\"x\"]}", "1", "\"text\"", "[]", "null", "true",
					     "\"\\u00e4\\n\\\"\"" };

	if (i >= sizeof(texts) / sizeof(texts[0]))
		return KIST_NOT_FOUND;
	snprintf(ret_name, KIST_KIT_OBJECT_NAME_SIZE, "the value %s", texts[i]);
	return kist_object_of_copy(texts[i], strlen(texts[i]), KIST_KIND_VALUE, ret, err);
}

kist_status kist_kit_object(uint32_t kind, size_t i, char ret_name[static KIST_KIT_OBJECT_NAME_SIZE],
			    struct kist_object *ret, struct kist_error *err)
{
	switch (kind) {
	case KIST_KIND_TENSOR:
		return make_nth_tensor(i, ret_name, ret, err);
	case KIST_KIND_MODEL:
		return make_nth_model(i, ret_name, ret, err);
	case KIST_KIND_TABLE:
		return kist_kit_table(i, ret_name, ret, err);
	case KIST_KIND_BYTES:
		return make_nth_bytes(i, ret_name, ret, err);
	case KIST_KIND_VALUE:
		return make_nth_value(i, ret_name, ret, err);
	default:
		return KIST_NOT_FOUND;
	}
}

kist_status kist_kit_object_large(uint32_t kind, struct kist_object *ret, struct kist_error *err)
{
	const int64_t shape[2] = { LARGE_COUNT / 4, 4 };
	kist_auto_object struct kist_object object = KIST_OBJECT_INIT;
	DLManagedTensorVersioned *tensor = NULL;
	kist_auto_mem uint8_t *bytes = NULL;

	switch (kind) {
	case KIST_KIND_TENSOR:
	case KIST_KIND_TABLE:
		KIST_TRY(make_tensor(dtypes[0], 2, shape, &tensor, err));
		kist_object_of_tensor(tensor, &object);
		if (kind == KIST_KIND_TABLE)
			return kist_object_convert(&object, KIST_KIND_BIT(KIST_KIND_TABLE), "", NULL, ret,
						   err);
		kist_object_move(ret, &object);
		return KIST_OK;
	case KIST_KIND_MODEL:
		return make_model(8, NULL, true, ret, err);
	case KIST_KIND_BYTES:
		bytes = kist_alloc((size_t)LARGE_COUNT, 8);
		if (!bytes)
			return kist_fail_memory(err, (size_t)LARGE_COUNT * 8);
		return kist_object_of_copy(bytes, (size_t)LARGE_COUNT * 8, kind, ret, err);
	default:
		return KIST_NOT_FOUND;
	}
}
