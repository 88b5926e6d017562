/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NUMPY_DTYPE_KERNEL_H
#define NUMPY_DTYPE_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The element type of an array, from the text that numpy calls its type string.
 *
 *     < f 4          order, kind, bytes of an element
 *     > M 8 [25us]   datetime64 and timedelta64: and the unit
 *     < U 3          text: the number counts code points of 4 bytes each
 *
 * Limits: an element of at most NPY_ITEM_SIZE_MAX bytes.  Allocates nothing.
 * Thread: pure functions.
 * Source: the numpy manual, "The array interface protocol", and "Data type objects (dtype)".
 */

/** Bytes of the largest element of a plain type; numpy counts them in a C int. */
#define NPY_ITEM_SIZE_MAX ((uint64_t)INT32_MAX)
/** Bytes of a canonical type string, NUL included. */
#define NPY_DESCR_SIZE 32

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define NPY_ORDER_NATIVE '<'
#else
#define NPY_ORDER_NATIVE '>'
#endif

/** What is wrong with a type string. */
enum npy_dtype_fault {
	NPY_DTYPE_OK,
	NPY_DTYPE_UNKNOWN, /* not a type, or one that has no portable bytes */
	NPY_DTYPE_PICKLED, /* its data would be a pickle */
	NPY_DTYPE_TOO_LARGE
};

/**
 * struct npy_dtype - One element.
 *
 * @kind:      'b' bool, 'i' 'u' 'f' 'c' numbers, 'S' bytes, 'U' text, 'M' datetime64, 'm' timedelta64,
 *             'V' raw bytes, 'R' a record (a structured type).
 * @order:     '<' or '>', or '|' where there is none.
 * @item_size: Bytes.
 * @logical:   What raw bytes of a size that numpy has no type for stand for, as the caller says: the type's
 *             code in DLPack; 0 for nothing.
 * @descr:     The type string as numpy writes it; empty for a record.
 */
struct npy_dtype {
	char kind;
	char order;
	uint8_t logical;
	uint64_t item_size;
	char descr[NPY_DESCR_SIZE];
};

/**
 * npy_dtype_parse() - Reads a type string ("<f4"), a type's name ("float64") or its character ("d").
 *
 * @text:      @len bytes of ASCII.
 * @ret_dtype: Set on NPY_DTYPE_OK only.
 */
enum npy_dtype_fault npy_dtype_parse(const char *text, size_t len, struct npy_dtype *ret_dtype);

/** npy_dtype_width() - Bytes of the number that byte order turns round: a half of a complex, 1 for bytes. */
size_t npy_dtype_width(const struct npy_dtype *dtype);

/** npy_dtype_is_opaque() - True when an element is a string of bytes to everybody but numpy. */
bool npy_dtype_is_opaque(const struct npy_dtype *dtype);

/**
 * npy_dtype_name() - The name numpy shows: "float32", "datetime64[ns]", "bytes".
 *
 * @ret_name: At least NPY_DESCR_SIZE + 16 bytes; NUL-terminated.
 */
void npy_dtype_name(const struct npy_dtype *dtype, char *ret_name);

/**
 * npy_decimal() - Writes @value in decimal.  Returns the digits written, at most 20, without a NUL.
 */
size_t npy_decimal(char *to, uint64_t value);

#endif
