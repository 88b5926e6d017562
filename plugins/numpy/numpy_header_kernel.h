/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NUMPY_HEADER_KERNEL_H
#define NUMPY_HEADER_KERNEL_H

#include "numpy_dtype_kernel.h"

/*
 * The header of an .npy file, read and written.
 *
 *     \x93 N U M P Y | major | minor | text length u16 LE (1.0) or u32 LE (2.0, 3.0) | text | data
 *     text: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }   blanks   \n
 *
 * The text is a Python literal, latin-1 before 3.0 and UTF-8 in it.  It is read by a parser of just this
 * literal, so nothing in it can run.
 *
 * Limits: rank NPY_RANK_MAX, NPY_DEPTH_MAX open brackets, NPY_FIELDS_MAX names.  Allocates nothing.
 * Thread: pure functions.
 * Source: the numpy manual, "numpy.lib.format", "Format specification".
 */

#define NPY_RANK_MAX   64
#define NPY_DEPTH_MAX  32
#define NPY_FIELDS_MAX 65536

/** Bytes before the text: magic, version, and the length of the text. */
#define NPY_MAGIC_SIZE 6
#define NPY_PREFIX_1   10
#define NPY_PREFIX_2   12

/** What is wrong with a file. */
enum npy_fault_kind {
	NPY_FAULT_NONE,
	NPY_FAULT_MAGIC,
	NPY_FAULT_VERSION,
	NPY_FAULT_TRUNCATED,
	NPY_FAULT_HEADER_SIZE,
	NPY_FAULT_SYNTAX,
	NPY_FAULT_FIELDS,
	NPY_FAULT_DEPTH,
	NPY_FAULT_SHAPE,
	NPY_FAULT_OVERFLOW,
	NPY_FAULT_OBJECT,
	NPY_FAULT_DTYPE,
	NPY_FAULT_DUPLICATE,
	NPY_FAULT_TRAILING,
	NPY_FAULT_RANK, /* a file may have it, a tensor not */
	NPY_FAULT_COUNT
};

/**
 * struct npy_fault - Where and what.
 *
 * @at:        Byte, counted from where the reader was told that its input begins.
 * @what:      A phrase; constant.
 * @dimension: Index of the dimension at fault, or -1.
 * @value:     What stands there, when @dimension is not -1.
 */
struct npy_fault {
	enum npy_fault_kind kind;
	uint64_t at;
	const char *what;
	int dimension;
	int64_t value;
};

/**
 * struct npy_header - What the text says.
 *
 * @descr_at, @descr_len: Where the literal of the element type stands in the text.
 * @shape_at:             Where the shape stands.
 * @count:                Elements; 0 when a dimension is 0.
 * @data_len:             Bytes of all elements, at most INT64_MAX.
 */
struct npy_header {
	struct npy_dtype dtype;
	bool fortran;
	int rank;
	int64_t shape[NPY_RANK_MAX];
	size_t descr_at;
	size_t descr_len;
	size_t shape_at;
	uint64_t count;
	uint64_t data_len;
};

/** struct npy_name - A slot of the table that finds names given twice. */
struct npy_name {
	uint32_t at; /* of the opening quote, plus 1; 0 is an empty slot */
	uint32_t record;
};

/** npy_names_count() - Slots that a text of @len bytes needs: a power of two, at most 2 * NPY_FIELDS_MAX. */
size_t npy_names_count(size_t len);

/**
 * npy_prefix_read() - Reads magic, version and the length of the text.
 *
 * @head:         The first @len bytes; fewer than NPY_PREFIX_2 only when the file ends there.
 * @ret_size:     Bytes before the text.
 * @ret_text_len: Bytes of the text.
 *
 * Returns false and fills @fault when it is not a header.
 */
bool npy_prefix_read(const uint8_t *head, size_t len, size_t *ret_size, uint64_t *ret_text_len,
		     struct npy_fault *fault);

/**
 * npy_header_read() - Reads the text.
 *
 * @text:       @len bytes, at most UINT32_MAX - 1.
 * @utf8:       Version 3.0: the text is UTF-8.
 * @names:      npy_names_count(@len) slots, any content.
 * @ret_header: Set on success only.
 *
 * Returns false and fills @fault, its place counted from @text, when the text is refused.
 */
bool npy_header_read(const uint8_t *text, size_t len, bool utf8, struct npy_name *names,
		     struct npy_header *ret_header, struct npy_fault *fault);

/**
 * struct npy_outline - A header to write.
 *
 * @descr:   The literal of the element type with its quotes or brackets, @descr_len bytes.
 * @unicode: @descr holds UTF-8 beyond ASCII, so that version 3.0 is needed.
 */
struct npy_outline {
	const char *descr;
	size_t descr_len;
	bool unicode;
	bool fortran;
	int rank;
	const int64_t *shape;
};

/** npy_header_size_max() - Bytes that npy_header_write() needs at most for a @descr_len. */
size_t npy_header_size_max(size_t descr_len);

/**
 * npy_header_write() - Writes the header just as numpy does: key order, spare blanks, alignment to 64.
 *
 * @to: npy_header_size_max() bytes.
 *
 * Returns the bytes written.
 */
size_t npy_header_write(char *to, const struct npy_outline *outline);

#endif
