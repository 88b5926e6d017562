/* SPDX-License-Identifier: Apache-2.0 */
#include "model_kernel.h"

#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "elements are used as they stand in a file, which is little-endian"
#endif

const struct model_dtype model_dtypes[MODEL_DTYPE_COUNT] = {
	[MODEL_BOOL] = { "BOOL", "bool", 6, 8 },
	[MODEL_F4] = { "F4", "float4_e2m1fn", 17, 4 },
	[MODEL_F6_E2M3] = { "F6_E2M3", "float6_e2m3fn", 15, 6 },
	[MODEL_F6_E3M2] = { "F6_E3M2", "float6_e3m2fn", 16, 6 },
	[MODEL_U8] = { "U8", "uint8", 1, 8 },
	[MODEL_I8] = { "I8", "int8", 0, 8 },
	[MODEL_F8_E5M2] = { "F8_E5M2", "float8_e5m2", 12, 8 },
	[MODEL_F8_E4M3] = { "F8_E4M3", "float8_e4m3fn", 10, 8 },
	[MODEL_F8_E8M0] = { "F8_E8M0", "float8_e8m0fnu", 14, 8 },
	[MODEL_F8_E4M3FNUZ] = { "F8_E4M3FNUZ", "float8_e4m3fnuz", 11, 8 },
	[MODEL_F8_E5M2FNUZ] = { "F8_E5M2FNUZ", "float8_e5m2fnuz", 13, 8 },
	[MODEL_I16] = { "I16", "int16", 0, 16 },
	[MODEL_U16] = { "U16", "uint16", 1, 16 },
	[MODEL_F16] = { "F16", "float16", 2, 16 },
	[MODEL_BF16] = { "BF16", "bfloat16", 4, 16 },
	[MODEL_I32] = { "I32", "int32", 0, 32 },
	[MODEL_U32] = { "U32", "uint32", 1, 32 },
	[MODEL_F32] = { "F32", "float32", 2, 32 },
	[MODEL_C64] = { "C64", "complex64", 5, 64 },
	[MODEL_F64] = { "F64", "float64", 2, 64 },
	[MODEL_I64] = { "I64", "int64", 0, 64 },
	[MODEL_U64] = { "U64", "uint64", 1, 64 },
};

int model_dtype_find(uint8_t code, uint8_t bits)
{
	for (int i = 0; i < MODEL_DTYPE_COUNT; i++) {
		if (model_dtypes[i].code == code && model_dtypes[i].bits == bits)
			return i;
	}
	return -1;
}

struct model_size model_size_of(uint8_t dtype, const int64_t *shape, int32_t ndim)
{
	int64_t bits = model_dtypes[dtype].bits;
	bool empty = false;

	for (int32_t i = 0; i < ndim; i++) {
		if (shape[i] < 0)
			return (struct model_size){ .fault = MODEL_SIZE_NEGATIVE };
		if (shape[i] == 0)
			empty = true;
		else if (__builtin_mul_overflow(bits, shape[i], &bits))
			return (struct model_size){ .fault = MODEL_SIZE_OVERFLOW };
	}
	if (empty)
		return (struct model_size){ .fault = MODEL_SIZE_OK };
	if (bits % 8 != 0)
		return (struct model_size){ .fault = MODEL_SIZE_MISALIGNED };
	return (struct model_size){ .count = (uint64_t)bits / model_dtypes[dtype].bits,
				    .bytes = (uint64_t)bits / 8 };
}

/* The size is a constant in each call, so that a copy is one load and one store. */
static inline void gather(uint8_t *to, const uint8_t *from, size_t count, ptrdiff_t stride, size_t size)
{
	for (size_t i = 0; i < count; i++) {
		memcpy(to, from, size);
		to += size;
		from = (const uint8_t *)((uintptr_t)from + (uintptr_t)stride);
	}
}

void model_gather(uint8_t *to, const uint8_t *from, size_t count, ptrdiff_t stride, size_t size)
{
	switch (size) {
	case 1:
		gather(to, from, count, stride, 1);
		break;
	case 2:
		gather(to, from, count, stride, 2);
		break;
	case 4:
		gather(to, from, count, stride, 4);
		break;
	case 8:
		gather(to, from, count, stride, 8);
		break;
	default:
		gather(to, from, count, stride, size);
		break;
	}
}
