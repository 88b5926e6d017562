/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/mem.h"
#include "object/check.h"
#include "support/suite.h"
#include "unit/object/produce.h"

START_TEST(every_kind_has_one_name_that_reads_back)
{
	static const char *const names[] = { "null", "bytes", "value", "tensor", "model", "table", "opaque" };

	for (uint32_t kind = 0; kind < KIST_KIND_COUNT; kind++) {
		uint32_t again = 99;

		ck_assert_str_eq(kist_kind_name(kind), names[kind]);
		ck_assert(kist_kind_parse(names[kind], &again));
		ck_assert_uint_eq(again, kind);
	}
	ck_assert_str_eq(kist_kind_name(KIST_KIND_COUNT), "unknown");
	ck_assert(!kist_kind_parse("unknown", &(uint32_t){ 0 }));
	ck_assert(!kist_kind_parse("", &(uint32_t){ 0 }));
}
END_TEST

static const struct {
	DLDataType dtype;
	const char *name;
	kist_status status;
	uint64_t bytes; /* of 3 elements */
} dtypes[] = {
	{ { kDLInt, 8, 1 }, "int8", KIST_OK, 3 },
	{ { kDLInt, 64, 1 }, "int64", KIST_OK, 24 },
	{ { kDLInt, 4, 1 }, "int4", KIST_OK, 2 },
	{ { kDLInt, 24, 1 }, "int24", KIST_UNSUPPORTED, 0 },
	{ { kDLInt, 0, 1 }, "int0", KIST_UNSUPPORTED, 0 },
	{ { kDLUInt, 32, 1 }, "uint32", KIST_OK, 12 },
	{ { kDLUInt, 8, 4 }, "uint8x4", KIST_OK, 12 },
	{ { kDLUInt, 8, 0 }, "uint8x0", KIST_UNSUPPORTED, 0 },
	{ { kDLUInt, 128, 1 }, "uint128", KIST_UNSUPPORTED, 0 },
	{ { kDLFloat, 16, 1 }, "float16", KIST_OK, 6 },
	{ { kDLFloat, 32, 1 }, "float32", KIST_OK, 12 },
	{ { kDLFloat, 64, 65535 }, "float64x65535", KIST_OK, 24 * 65535 },
	{ { kDLFloat, 80, 1 }, "float80", KIST_UNSUPPORTED, 0 },
	{ { kDLOpaqueHandle, 64, 1 }, "opaque64", KIST_UNSUPPORTED, 0 },
	{ { kDLBfloat, 16, 1 }, "bfloat16", KIST_OK, 6 },
	{ { kDLBfloat, 32, 1 }, "bfloat32", KIST_UNSUPPORTED, 0 },
	{ { kDLComplex, 64, 1 }, "complex64", KIST_OK, 24 },
	{ { kDLComplex, 128, 1 }, "complex128", KIST_OK, 48 },
	{ { kDLBool, 8, 1 }, "bool", KIST_OK, 3 },
	{ { kDLBool, 1, 1 }, "bool1", KIST_UNSUPPORTED, 0 },
	{ { kDLFloat8_e4m3fn, 8, 1 }, "float8_e4m3fn", KIST_OK, 3 },
	{ { kDLFloat8_e8m0fnu, 8, 1 }, "float8_e8m0fnu", KIST_OK, 3 },
	{ { kDLFloat6_e2m3fn, 6, 1 }, "float6_e2m3fn", KIST_OK, 3 },
	{ { kDLFloat4_e2m1fn, 4, 1 }, "float4_e2m1fn", KIST_OK, 2 },
	{ { kDLFloat4_e2m1fn, 4, 2 }, "float4_e2m1fnx2", KIST_OK, 3 },
	{ { 18, 8, 1 }, "code18_8", KIST_UNSUPPORTED, 0 },
	{ { 255, 255, 65535 }, "code255_255x65535", KIST_UNSUPPORTED, 0 },
};

START_TEST(element_types_have_names_and_sizes)
{
	static uint8_t data[1];
	const int64_t shape[] = { 3 };
	struct kist_object object;
	uint64_t bytes = 99;
	char name[32];

	kist_dtype_name(dtypes[_i].dtype, name);
	ck_assert_str_eq(name, dtypes[_i].name);
	produce_tensor(data, dtypes[_i].dtype, 1, shape, NULL, &object);
	ck_assert_int_eq(kist_tensor_check(object.value, &bytes, NULL), dtypes[_i].status);
	ck_assert_uint_eq(bytes, dtypes[_i].status == KIST_OK ? dtypes[_i].bytes : 99);
	kist_object_release(&object);
}
END_TEST

#define FLOAT64 ((DLDataType){ kDLFloat, 64, 1 })
#define BIG ((int64_t)1 << 62)

static const struct {
	const char *what;
	int32_t ndim;
	int64_t shape[3];
	bool has_strides;
	int64_t strides[3];
	uint64_t byte_offset;
	kist_status status;
	uint64_t bytes;
} shapes[] = {
	{ "rank 0", 0, { 0 }, false, { 0 }, 0, KIST_OK, 8 },
	{ "rank 0 with strides", 0, { 0 }, true, { 0 }, 0, KIST_OK, 8 },
	{ "row-major", 2, { 2, 3 }, true, { 3, 1 }, 0, KIST_OK, 48 },
	{ "column-major", 2, { 2, 3 }, true, { 1, 2 }, 0, KIST_OK, 48 },
	{ "broadcast", 2, { 2, 3 }, true, { 0, 0 }, 0, KIST_OK, 48 },
	{ "backwards", 1, { 3 }, true, { -1 }, 16, KIST_OK, 24 },
	{ "one size 0", 3, { 2, 0, 4 }, true, { 9, 9, 9 }, 0, KIST_OK, 0 },
	{ "size 0 hides an overflow", 3, { 0, BIG, BIG }, false, { 0 }, 0, KIST_LIMIT, 0 },
	{ "negative size", 1, { -1 }, false, { 0 }, 0, KIST_INVALID, 0 },
	{ "too many elements", 2, { BIG, 4 }, false, { 0 }, 0, KIST_LIMIT, 0 },
	{ "too many bytes", 1, { BIG / 16 }, false, { 0 }, 0, KIST_LIMIT, 0 },
	{ "the most bytes", 1, { BIG / 16 - 1 }, false, { 0 }, 0, KIST_OK, 0 },
	{ "stride overflow", 1, { 3 }, true, { INT64_MAX / 2 }, 0, KIST_LIMIT, 0 },
	{ "stride overflow in bytes", 1, { 2 }, true, { INT64_MAX / 4 }, 0, KIST_LIMIT, 0 },
	{ "smallest stride", 1, { 2 }, true, { INT64_MIN }, 0, KIST_LIMIT, 0 },
	{ "two strides that add up to too much", 2, { 2, 2 }, true, { INT64_MAX / 10, INT64_MAX / 10 }, 0, KIST_LIMIT,
	  0 },
	{ "before the start of memory", 1, { 2 }, true, { INT64_MIN / 8 }, 0, KIST_LIMIT, 0 },
	{ "byte offset", 1, { 2 }, false, { 0 }, UINT64_MAX, KIST_LIMIT, 0 },
	{ "byte offset with strides", 1, { 2 }, true, { 1 }, INT64_MAX, KIST_LIMIT, 0 },
	{ "negative rank", -1, { 0 }, false, { 0 }, 0, KIST_INVALID, 0 },
};

START_TEST(shapes_and_strides_are_checked_for_overflow)
{
	static double data[6];
	DLManagedTensorVersioned tensor = { .version = { 1, 0 },
					    .dl_tensor = { .data = data,
							   .device = { .device_type = kDLCPU },
							   .ndim = shapes[_i].ndim,
							   .dtype = FLOAT64,
							   .byte_offset = shapes[_i].byte_offset } };
	int64_t shape[3];
	int64_t strides[3];
	uint64_t bytes = 0;

	memcpy(shape, shapes[_i].shape, sizeof(shape));
	memcpy(strides, shapes[_i].strides, sizeof(strides));
	tensor.dl_tensor.shape = shape;
	tensor.dl_tensor.strides = shapes[_i].has_strides ? strides : NULL;
	ck_assert_msg(kist_tensor_check(&tensor, &bytes, NULL) == shapes[_i].status, "%s", shapes[_i].what);
	if (shapes[_i].bytes > 0)
		ck_assert_uint_eq(bytes, shapes[_i].bytes);
}
END_TEST

START_TEST(a_tensor_of_another_major_is_not_looked_into)
{
	/* Everything behind the version is a trap. */
	DLManagedTensorVersioned tensor;
	struct kist_error err = KIST_ERROR_INIT;

	memset(&tensor, 0xa5, sizeof(tensor));
	tensor.version.major = 2;
	tensor.version.minor = 7;
	ck_assert_int_eq(kist_tensor_check(&tensor, NULL, &err), KIST_INCOMPATIBLE);
	ck_assert_str_eq(err.text, "a tensor of DLPack 2.7: only major 1 is known");
	tensor.version.major = 0;
	ck_assert_int_eq(kist_tensor_check(&tensor, NULL, NULL), KIST_INCOMPATIBLE);
}
END_TEST

START_TEST(only_memory_that_the_cpu_reads_is_taken)
{
	static const struct {
		int device;
		kist_status status;
	} rows[] = { { kDLCPU, KIST_OK },	  { kDLCUDA, KIST_UNSUPPORTED },	{ kDLCUDAHost, KIST_OK },
		     { kDLROCMHost, KIST_OK }, { kDLCUDAManaged, KIST_UNSUPPORTED }, { 0, KIST_UNSUPPORTED } };
	double data = 1;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const DLManagedTensorVersioned tensor = {
			.version = { 1, 0 },
			.dl_tensor = { .data = &data,
				       .device = { .device_type = (DLDeviceType)rows[i].device },
				       .dtype = FLOAT64 },
		};
		struct kist_error err = KIST_ERROR_INIT;

		ck_assert_int_eq(kist_tensor_check(&tensor, NULL, &err), rows[i].status);
		ck_assert_str_eq(err.code, rows[i].status == KIST_OK ? "" : "E_DEVICE");
	}
}
END_TEST

START_TEST(rank_64_is_taken_and_rank_65_is_not)
{
	int64_t shape[KIST_RANK_MAX + 1];
	double data = 1;
	DLManagedTensorVersioned tensor = { .version = { 1, 0 },
					    .dl_tensor = { .data = &data,
							   .device = { .device_type = kDLCPU },
							   .ndim = KIST_RANK_MAX,
							   .dtype = FLOAT64,
							   .shape = shape } };

	for (int i = 0; i <= KIST_RANK_MAX; i++)
		shape[i] = 1;
	ck_assert_int_eq(kist_tensor_check(&tensor, NULL, NULL), KIST_OK);
	tensor.dl_tensor.ndim++;
	ck_assert_int_eq(kist_tensor_check(&tensor, NULL, NULL), KIST_INVALID);
	tensor.dl_tensor.ndim = 1;
	tensor.dl_tensor.shape = NULL;
	ck_assert_int_eq(kist_tensor_check(&tensor, NULL, NULL), KIST_INVALID);
}
END_TEST

START_TEST(elements_need_an_address_unless_there_are_none)
{
	int64_t shape[] = { 0 };
	DLManagedTensorVersioned tensor = { .version = { 1, 0 },
					    .dl_tensor = { .device = { .device_type = kDLCPU },
							   .ndim = 1,
							   .dtype = FLOAT64,
							   .shape = shape } };

	ck_assert_int_eq(kist_tensor_check(&tensor, NULL, NULL), KIST_OK);
	shape[0] = 1;
	ck_assert_int_eq(kist_tensor_check(&tensor, NULL, NULL), KIST_INVALID);
}
END_TEST

START_TEST(packed_elements_must_be_contiguous)
{
	static uint8_t data[8];
	int64_t shape[] = { 2, 4 };
	int64_t strides[] = { 4, 1 };
	DLManagedTensorVersioned tensor = { .version = { 1, 0 },
					    .dl_tensor = { .data = data,
							   .device = { .device_type = kDLCPU },
							   .ndim = 2,
							   .dtype = { kDLUInt, 4, 1 },
							   .shape = shape,
							   .strides = strides } };
	uint64_t bytes = 0;

	ck_assert_int_eq(kist_tensor_check(&tensor, &bytes, NULL), KIST_OK);
	ck_assert_uint_eq(bytes, 4);
	strides[0] = 8;
	ck_assert_int_eq(kist_tensor_check(&tensor, NULL, NULL), KIST_UNSUPPORTED);
	tensor.flags = DLPACK_FLAG_BITMASK_IS_SUBBYTE_TYPE_PADDED;
	ck_assert_int_eq(kist_tensor_check(&tensor, &bytes, NULL), KIST_OK);
	ck_assert_uint_eq(bytes, 8);
}
END_TEST

START_TEST(a_part_must_have_the_length_of_its_shape)
{
	const int64_t shape[] = { 2, 3 };
	const int64_t negative[] = { 2, -3 };
	char name[KIST_OBJECT_NAME_SIZE_MAX + 2];
	struct kist_part part = {
		.struct_size = sizeof(part), .name = "data", .len = 48, .dtype = FLOAT64, .ndim = 2, .shape = shape
	};

	ck_assert_int_eq(kist_part_check(&part, NULL), KIST_OK);
	part.len = 47;
	ck_assert_int_eq(kist_part_check(&part, NULL), KIST_INVALID);
	part.len = 0;
	ck_assert_int_eq(kist_part_check(&part, NULL), KIST_OK);
	part.shape = negative;
	ck_assert_int_eq(kist_part_check(&part, NULL), KIST_INVALID);
	part.shape = NULL;
	ck_assert_int_eq(kist_part_check(&part, NULL), KIST_INVALID);
	part.shape = shape;
	part.flags = 8;
	ck_assert_int_eq(kist_part_check(&part, NULL), KIST_INVALID);
	part.flags = KIST_PART_FORTRAN | KIST_PART_BIG_ENDIAN;
	ck_assert_int_eq(kist_part_check(&part, NULL), KIST_OK);
	part.name = "\xff";
	ck_assert_int_eq(kist_part_check(&part, NULL), KIST_INVALID);
	part.name = NULL;
	ck_assert_int_eq(kist_part_check(&part, NULL), KIST_OK);
	memset(name, 'n', sizeof(name));
	name[KIST_OBJECT_NAME_SIZE_MAX] = '\0';
	part.name = name;
	ck_assert_int_eq(kist_part_check(&part, NULL), KIST_OK);
	name[KIST_OBJECT_NAME_SIZE_MAX] = 'n';
	name[KIST_OBJECT_NAME_SIZE_MAX + 1] = '\0';
	ck_assert_int_eq(kist_part_check(&part, NULL), KIST_INVALID);
	part.name = "data";
	part.dtype.bits = 7;
	ck_assert_int_eq(kist_part_check(&part, NULL), KIST_UNSUPPORTED);
	part.dtype = (DLDataType){ 0, 0, 0 };
	part.len = 5;
	ck_assert_int_eq(kist_part_check(&part, NULL), KIST_OK);
	part.offset = UINT64_MAX - 3;
	ck_assert_int_eq(kist_part_check(&part, NULL), KIST_LIMIT);
	part.offset = 0;
	part.struct_size = 8;
	ck_assert_int_eq(kist_part_check(&part, NULL), KIST_INVALID);
}
END_TEST

static void no_release(struct kist_object *object)
{
	object->release = NULL;
}

START_TEST(bytes_and_values_are_checked_by_kind)
{
	struct kist_region region = { .struct_size = sizeof(region), .base = "{}", .len = 2 };
	struct kist_object object = { .struct_size = sizeof(object),
				      .kind = KIST_KIND_VALUE,
				      .type = "test.value",
				      .value = &region,
				      .release = no_release };

	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_OK);
	region.base = "\xc3\x28";
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_INVALID);
	object.kind = KIST_KIND_BYTES;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_OK);
	region.base = NULL;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_INVALID);
	region.len = 0;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_OK);
	object.kind = KIST_KIND_VALUE;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_INVALID);
	region.base = "x";
	region.len = UINT64_MAX;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_LIMIT);
	region.struct_size = 4;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_INVALID);
}
END_TEST

/* Structs of version 1.0 are taken by every later host, those of a newer plugin too; shorter ones are not. */
START_TEST(structs_of_other_builds_are_taken_from_version_1_0_on)
{
	static const char *const names[] = { "a", NULL };
	struct kist_part part = { .name = "data" };
	struct kist_region region = { .base = "{}", .len = 2 };
	struct kist_object value = { .kind = KIST_KIND_VALUE, .value = &region, .release = no_release };
	kist_auto_object struct kist_object model = KIST_OBJECT_INIT;
	struct kist_tensor_map *map;

	produce_model(names, &model);
	map = model.value;
	for (uint32_t size = 0; size < 256; size++) {
		region.struct_size = map->struct_size = 1024;
		value.struct_size = model.struct_size = part.struct_size = size;
		ck_assert_int_eq(kist_object_check(&value, NULL), size < 56 ? KIST_INVALID : KIST_OK);
		ck_assert_int_eq(kist_part_check(&part, NULL), size < 48 ? KIST_INVALID : KIST_OK);
		value.struct_size = model.struct_size = 1024;
		region.struct_size = map->struct_size = size;
		ck_assert_int_eq(kist_object_check(&value, NULL), size < 40 ? KIST_INVALID : KIST_OK);
		ck_assert_int_eq(kist_object_check(&model, NULL), size < 56 ? KIST_INVALID : KIST_OK);
	}
}
END_TEST

START_TEST(the_head_of_an_object_is_checked)
{
	char type[KIST_TYPE_NAME_SIZE_MAX + 2];
	struct kist_object object = { .struct_size = sizeof(object), .release = no_release };

	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_OK);
	object.value = &object;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_INVALID);
	object.kind = KIST_KIND_OPAQUE;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_OK);
	object.kind = KIST_KIND_COUNT;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_INVALID);
	object.kind = KIST_KIND_OPAQUE;
	memset(type, 't', sizeof(type));
	type[KIST_TYPE_NAME_SIZE_MAX] = '\0';
	object.type = type;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_OK);
	type[KIST_TYPE_NAME_SIZE_MAX] = 't';
	type[KIST_TYPE_NAME_SIZE_MAX + 1] = '\0';
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_INVALID);
	object.type = "\xff";
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_INVALID);
	object.type = NULL;
	object.release = NULL;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_INVALID);
	object.release = no_release;
	object.struct_size = 8;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_INVALID);
	object.struct_size = sizeof(object);
	object.kind = KIST_KIND_TENSOR;
	object.value = NULL;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_INVALID);
}
END_TEST

START_TEST(a_model_needs_unique_names_in_utf8_and_json_metadata)
{
	static const char *const good[] = { "b", "a", "c", NULL };
	static const char *const twice[] = { "b", "a", "b", NULL };
	static const char *const invalid[] = { "b", "\xff", NULL };
	struct kist_error err = KIST_ERROR_INIT;
	struct kist_object object;
	struct kist_tensor_map *map;

	produce_model(good, &object);
	map = object.value;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_OK);
	map->meta = "{\"a\":1}";
	map->meta_len = 7;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_OK);
	map->meta_len = 6;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_CORRUPT);
	map->meta = "[]";
	map->meta_len = 2;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_INVALID);
	map->meta = NULL;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_INVALID);
	map->meta_len = 0;
	map->count = KIST_MODEL_TENSORS_MAX + 1;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_LIMIT);
	map->count = 3;
	map->ctx = (void *)(uintptr_t)twice;
	ck_assert_int_eq(kist_object_check(&object, &err), KIST_INVALID);
	ck_assert_str_eq(err.text, "the model has two tensors 'b'");
	map->ctx = (void *)(uintptr_t)invalid;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_INVALID);
	map->get = NULL;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_INVALID);
	map->struct_size = 4;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_INVALID);
	kist_object_release(&object);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

START_TEST(checking_a_model_survives_every_failed_allocation)
{
	static const char *const names[] = { "a", "b", NULL };
	struct kist_object object;
	unsigned long k = 1;

	produce_model(names, &object);
	for (;; k++) {
		kist_status status;

		kist_mem_fail_at(k);
		status = kist_object_check(&object, NULL);
		if (status == KIST_OK)
			break;
		ck_assert_int_eq(status, KIST_NO_MEMORY);
	}
	kist_mem_fail_at(0);
	ck_assert_uint_gt(k, 1);
	kist_object_release(&object);
}
END_TEST

START_TEST(a_stream_without_a_function_is_refused)
{
	struct producer producer = { .schema = produce_schema("+s", "", NULL), .fail_at = -1 };
	struct kist_object object;
	struct ArrowArrayStream *stream;
	int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *);
	void (*release)(struct ArrowArrayStream *);

	produce_table(&producer, &object);
	stream = object.value;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_OK);
	get_next = stream->get_next;
	stream->get_next = NULL;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_INVALID);
	stream->get_next = get_next;
	release = stream->release;
	stream->release = NULL;
	ck_assert_int_eq(kist_object_check(&object, NULL), KIST_INVALID);
	stream->release = release;
	kist_object_release(&object);
	ck_assert_int_eq(produce_live(), 0);
}
END_TEST

static int sticky_calls;
static void sticky_release(struct kist_object *object)
{
	(void)object;
	sticky_calls++;
}

START_TEST(an_object_is_released_once_even_when_its_release_forgets_to_say_so)
{
	struct kist_object object = { .struct_size = sizeof(object), .release = sticky_release };

	sticky_calls = 0;
	kist_object_release(&object);
	ck_assert_ptr_null(object.release);
	kist_object_release(&object);
	ck_assert_int_eq(sticky_calls, 1);
	ck_assert_uint_eq(object.struct_size, sizeof(object));
}
END_TEST

START_TEST(a_moved_object_leaves_an_empty_one)
{
	struct kist_object from = { .struct_size = sizeof(from), .kind = KIST_KIND_OPAQUE, .release = no_release };
	struct kist_object to = KIST_OBJECT_INIT;

	kist_object_move(&to, &from);
	ck_assert_uint_eq(to.kind, KIST_KIND_OPAQUE);
	ck_assert(to.release == no_release);
	ck_assert_ptr_null(from.release);
	ck_assert_uint_eq(from.kind, KIST_KIND_NULL);
	kist_object_release(&to);
}
END_TEST

int main(void)
{
	TCase *const tcase = tcase_create("check");

	tcase_add_test(tcase, every_kind_has_one_name_that_reads_back);
	tcase_add_loop_test(tcase, element_types_have_names_and_sizes, 0, (int)(sizeof(dtypes) / sizeof(dtypes[0])));
	tcase_add_loop_test(tcase, shapes_and_strides_are_checked_for_overflow, 0,
			    (int)(sizeof(shapes) / sizeof(shapes[0])));
	tcase_add_test(tcase, a_tensor_of_another_major_is_not_looked_into);
	tcase_add_test(tcase, only_memory_that_the_cpu_reads_is_taken);
	tcase_add_test(tcase, rank_64_is_taken_and_rank_65_is_not);
	tcase_add_test(tcase, elements_need_an_address_unless_there_are_none);
	tcase_add_test(tcase, packed_elements_must_be_contiguous);
	tcase_add_test(tcase, a_part_must_have_the_length_of_its_shape);
	tcase_add_test(tcase, bytes_and_values_are_checked_by_kind);
	tcase_add_test(tcase, structs_of_other_builds_are_taken_from_version_1_0_on);
	tcase_add_test(tcase, the_head_of_an_object_is_checked);
	tcase_add_test(tcase, a_model_needs_unique_names_in_utf8_and_json_metadata);
	tcase_add_test(tcase, checking_a_model_survives_every_failed_allocation);
	tcase_add_test(tcase, a_stream_without_a_function_is_refused);
	tcase_add_test(tcase, an_object_is_released_once_even_when_its_release_forgets_to_say_so);
	tcase_add_test(tcase, a_moved_object_leaves_an_empty_one);
	return suite_run(tcase, "check");
}
