/* SPDX-License-Identifier: Apache-2.0 */
#include "object/check.h"

#include <stdio.h>
#include <string.h>

#include "base/num.h"
#include "base/utf8.h"

static const struct {
	const char *name;
	uint8_t bits; /* 0: the name is followed by the bits */
} codes[] = {
	[kDLInt] = { "int", 0 },
	[kDLUInt] = { "uint", 0 },
	[kDLFloat] = { "float", 0 },
	[kDLOpaqueHandle] = { "opaque", 0 },
	[kDLBfloat] = { "bfloat", 0 },
	[kDLComplex] = { "complex", 0 },
	[kDLBool] = { "bool", 8 },
	[kDLFloat8_e3m4] = { "float8_e3m4", 8 },
	[kDLFloat8_e4m3] = { "float8_e4m3", 8 },
	[kDLFloat8_e4m3b11fnuz] = { "float8_e4m3b11fnuz", 8 },
	[kDLFloat8_e4m3fn] = { "float8_e4m3fn", 8 },
	[kDLFloat8_e4m3fnuz] = { "float8_e4m3fnuz", 8 },
	[kDLFloat8_e5m2] = { "float8_e5m2", 8 },
	[kDLFloat8_e5m2fnuz] = { "float8_e5m2fnuz", 8 },
	[kDLFloat8_e8m0fnu] = { "float8_e8m0fnu", 8 },
	[kDLFloat6_e2m3fn] = { "float6_e2m3fn", 6 },
	[kDLFloat6_e3m2fn] = { "float6_e3m2fn", 6 },
	[kDLFloat4_e2m1fn] = { "float4_e2m1fn", 4 },
};
#define CODE_COUNT (sizeof(codes) / sizeof(codes[0]))

void kist_dtype_name(DLDataType dtype, char ret[static 32])
{
	char lanes[8] = "";

	if (dtype.lanes != 1)
		snprintf(lanes, sizeof(lanes), "x%u", dtype.lanes);
	if (dtype.code >= CODE_COUNT)
		snprintf(ret, 32, "code%u_%u%s", dtype.code, dtype.bits, lanes);
	else if (dtype.bits > 0 && codes[dtype.code].bits == dtype.bits)
		snprintf(ret, 32, "%s%s", codes[dtype.code].name, lanes);
	else
		snprintf(ret, 32, "%s%u%s", codes[dtype.code].name, dtype.bits, lanes);
}

static bool one_of(uint8_t bits, const char *set)
{
	return strchr(set, (char)bits) != NULL;
}

static bool dtype_known(DLDataType dtype)
{
	if (dtype.lanes == 0 || dtype.bits == 0 || dtype.code >= CODE_COUNT)
		return false;
	switch (dtype.code) {
	case kDLInt:
	case kDLUInt:
		return one_of(dtype.bits, "\4\10\20\40\100"); /* 4 8 16 32 64 */
	case kDLFloat:
		return one_of(dtype.bits, "\20\40\100");
	case kDLBfloat:
		return dtype.bits == 16;
	case kDLComplex:
		return one_of(dtype.bits, "\100\200"); /* 64 128 */
	case kDLOpaqueHandle:
		return false;
	default:
		return dtype.bits == codes[dtype.code].bits;
	}
}

static kist_status check_dtype(DLDataType dtype, struct kist_error *err)
{
	char name[32];

	if (dtype_known(dtype))
		return KIST_OK;
	kist_dtype_name(dtype, name);
	return kist_fail_at(err, KIST_UNSUPPORTED, "E_DTYPE", KIST_NO_OFFSET, "no such element type: %s",
			    name);
}

static kist_status overflow(struct kist_error *err)
{
	return kist_fail_at(err, KIST_LIMIT, "E_OVERFLOW", KIST_NO_OFFSET,
			    "the tensor is larger than any memory: shape and strides do not fit 63 bits");
}

static kist_status check_shape(int32_t ndim, const int64_t *shape, struct kist_error *err)
{
	if (ndim < 0 || ndim > KIST_RANK_MAX)
		return kist_fail_at(err, KIST_INVALID, "E_SHAPE", KIST_NO_OFFSET,
				    "rank %d: 0 to %d are allowed", ndim, KIST_RANK_MAX);
	if (ndim > 0 && !shape)
		return kist_fail_at(err, KIST_INVALID, "E_SHAPE", KIST_NO_OFFSET, "rank %d without a shape",
				    ndim);
	for (int32_t i = 0; i < ndim; i++) {
		if (shape[i] < 0)
			return kist_fail_at(err, KIST_INVALID, "E_SHAPE", KIST_NO_OFFSET,
					    "index %d has the size %lld", i, (long long)shape[i]);
	}
	return KIST_OK;
}

/*
 * Elements, and bytes packed.  The sizes that are not 0 must fit also when another is 0: consumers multiply
 * them in any order.
 */
static kist_status measure(int32_t ndim, const int64_t *shape, uint64_t element_bits, uint64_t *ret_count,
			   uint64_t *ret_bytes, struct kist_error *err)
{
	uint64_t count = 1;
	uint64_t bits;
	bool empty = false;

	for (int32_t i = 0; i < ndim; i++) {
		empty = empty || shape[i] == 0;
		if (!kist_mul_u64(count, shape[i] == 0 ? 1 : (uint64_t)shape[i], &count))
			return overflow(err);
	}
	if (!kist_mul_u64(count, element_bits, &bits) || bits > UINT64_MAX - 7 || (bits + 7) / 8 > INT64_MAX)
		return overflow(err);
	*ret_count = empty ? 0 : count;
	*ret_bytes = empty ? 0 : (bits + 7) / 8;
	return KIST_OK;
}

static bool is_row_major(const DLTensor *tensor)
{
	int64_t want = 1;

	if (!tensor->strides)
		return true;
	for (int32_t i = tensor->ndim - 1; i >= 0; i--) {
		if (tensor->shape[i] != 1 && tensor->strides[i] != want)
			return false;
		want *= tensor->shape[i];
	}
	return true;
}

/*
 * The addresses that the strides reach, first to last byte, must not run over the ends of the address space.
 */
static kist_status check_strides(const DLTensor *tensor, int64_t element_size, struct kist_error *err)
{
	const uintptr_t base = (uintptr_t)tensor->data;
	int64_t below = 0;
	int64_t above = element_size;

	for (int32_t i = 0; i < tensor->ndim; i++) {
		int64_t reach;
		int64_t *const side = tensor->strides[i] < 0 ? &below : &above;

		if (__builtin_mul_overflow(tensor->shape[i] - 1, tensor->strides[i], &reach) ||
		    __builtin_mul_overflow(reach, element_size, &reach) ||
		    __builtin_add_overflow(*side, reach, side))
			return overflow(err);
	}
	if (tensor->byte_offset > INT64_MAX - (uint64_t)above ||
	    tensor->byte_offset + (uint64_t)above > UINTPTR_MAX - base ||
	    0 - (uint64_t)below > base + tensor->byte_offset)
		return overflow(err);
	return KIST_OK;
}

static kist_status check_device(DLDevice device, struct kist_error *err)
{
	const int32_t type = (int32_t)device.device_type;

	if (type == kDLCPU || type == kDLCUDAHost || type == kDLROCMHost)
		return KIST_OK;
	return kist_fail_at(err, KIST_UNSUPPORTED, "E_DEVICE", KIST_NO_OFFSET,
			    "the tensor lies on device type %d; copy it to the CPU first", type);
}

kist_status kist_tensor_check(const DLManagedTensorVersioned *tensor, uint64_t *ret_bytes,
			      struct kist_error *err)
{
	const DLTensor *const view = &tensor->dl_tensor;
	uint64_t element_bits;
	uint64_t count;
	uint64_t bytes;
	bool padded;

	/* Nothing behind the version may be read when the major is another. */
	if (tensor->version.major != DLPACK_MAJOR_VERSION)
		return kist_fail_at(err, KIST_INCOMPATIBLE, NULL, KIST_NO_OFFSET,
				    "a tensor of DLPack %u.%u: only major %d is known", tensor->version.major,
				    tensor->version.minor, DLPACK_MAJOR_VERSION);
	KIST_TRY(check_device(view->device, err));
	KIST_TRY(check_dtype(view->dtype, err));
	KIST_TRY(check_shape(view->ndim, view->shape, err));
	padded = (tensor->flags & DLPACK_FLAG_BITMASK_IS_SUBBYTE_TYPE_PADDED) && view->dtype.bits < 8;
	element_bits = (padded ? 8u : view->dtype.bits) * (uint64_t)view->dtype.lanes;
	KIST_TRY(measure(view->ndim, view->shape, element_bits, &count, &bytes, err));
	if (count > 0 && !view->data)
		return kist_fail_at(err, KIST_INVALID, "E_SHAPE", KIST_NO_OFFSET,
				    "the tensor has %llu elements at no address", (unsigned long long)count);
	if (count > 0 && element_bits % 8 != 0 && !is_row_major(view))
		return kist_fail_at(err, KIST_UNSUPPORTED, "E_DTYPE", KIST_NO_OFFSET,
				    "elements of %llu bits with strides; make the tensor contiguous first",
				    (unsigned long long)element_bits);
	if (count > 0 && element_bits % 8 == 0 && view->strides)
		KIST_TRY(check_strides(view, (int64_t)(element_bits / 8), err));
	else if (view->byte_offset > INT64_MAX - bytes ||
		 view->byte_offset + bytes > UINTPTR_MAX - (uintptr_t)view->data)
		return overflow(err);
	if (ret_bytes)
		*ret_bytes = bytes;
	return KIST_OK;
}

static kist_status invalid_part(const char *text, struct kist_error *err)
{
	return kist_fail_at(err, KIST_INVALID, "E_PART", KIST_NO_OFFSET, "%s", text);
}

kist_status kist_part_check(const struct kist_part *part, struct kist_error *err)
{
	uint64_t end;
	uint64_t count;
	uint64_t bytes;

	if (part->struct_size < KIST_SIZE_TO(struct kist_part, shape))
		return invalid_part("the part's struct_size is too small", err);
	if (part->flags & ~(uint32_t)(KIST_PART_FORTRAN | KIST_PART_BIG_ENDIAN | KIST_PART_STORAGE))
		return invalid_part("the part has unknown flags", err);
	if (part->name && (strnlen(part->name, KIST_OBJECT_NAME_SIZE_MAX + 1) > KIST_OBJECT_NAME_SIZE_MAX ||
			   !kist_utf8_valid(part->name, strlen(part->name))))
		return invalid_part("the name of the part is too long or not UTF-8", err);
	if (!kist_add_u64(part->offset, part->len, &end) || end > INT64_MAX)
		return kist_fail_at(err, KIST_LIMIT, "E_OVERFLOW", part->offset,
				    "the part ends past 63 bits");
	KIST_TRY(check_shape(part->ndim, part->shape, err));
	if (part->dtype.bits == 0)
		return KIST_OK;
	KIST_TRY(check_dtype(part->dtype, err));
	KIST_TRY(measure(part->ndim, part->shape, (uint64_t)part->dtype.bits * part->dtype.lanes, &count,
			 &bytes, err));
	if (part->len > 0 && part->len != bytes)
		return kist_fail_at(err, KIST_INVALID, "E_PART", part->offset,
				    "the part has %llu bytes where its shape asks for %llu",
				    (unsigned long long)part->len, (unsigned long long)bytes);
	return KIST_OK;
}
