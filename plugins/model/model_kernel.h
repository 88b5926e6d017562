/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_KERNEL_H
#define MODEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The pure part of the model plugin: element types, sizes and strided copies.  Allocates nothing.
 *
 * Numbers are little-endian, in files and in memory.  Pointers to elements need no alignment.
 *
 * Thread: any function may run on any thread; a struct is used by one thread at a time.
 * Source: huggingface/safetensors, src/tensor.rs, "Dtype"; DLPack, "DLDataTypeCode".
 */

/** Element types in the format's own order: a writer sorts by it, the last first. */
enum {
	MODEL_BOOL,
	MODEL_F4,
	MODEL_F6_E2M3,
	MODEL_F6_E3M2,
	MODEL_U8,
	MODEL_I8,
	MODEL_F8_E5M2,
	MODEL_F8_E4M3,
	MODEL_F8_E8M0,
	MODEL_F8_E4M3FNUZ,
	MODEL_F8_E5M2FNUZ,
	MODEL_I16,
	MODEL_U16,
	MODEL_F16,
	MODEL_BF16,
	MODEL_I32,
	MODEL_U32,
	MODEL_F32,
	MODEL_C64,
	MODEL_F64,
	MODEL_I64,
	MODEL_U64,
	MODEL_DTYPE_COUNT
};

/** struct model_dtype - One element type: its name in a file and in every description, its DLPack code, its
 * bits. */
struct model_dtype {
	const char *name;
	const char *common;
	uint8_t code;
	uint8_t bits;
};
extern const struct model_dtype model_dtypes[MODEL_DTYPE_COUNT];

/** model_dtype_find() - The element type with this DLPack code and one lane of @bits, or -1. */
int model_dtype_find(uint8_t code, uint8_t bits);

enum { MODEL_SIZE_OK, MODEL_SIZE_NEGATIVE, MODEL_SIZE_OVERFLOW, MODEL_SIZE_MISALIGNED };

/** struct model_size - Elements and bytes of a tensor, or why there is no such tensor. */
struct model_size {
	int fault;
	uint64_t count;
	uint64_t bytes;
};

/**
 * model_size_of() - Size of a row-major tensor.
 *
 * Overflow is told of the product of all dimensions that are not 0: then strides do not overflow either.
 */
struct model_size model_size_of(uint8_t dtype, const int64_t *shape, int32_t ndim);

/** model_gather() - Copies @count pieces of @size bytes, @stride bytes apart, to @to without gaps. */
void model_gather(uint8_t *to, const uint8_t *from, size_t count, ptrdiff_t stride, size_t size);

#endif
