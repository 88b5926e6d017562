/* SPDX-License-Identifier: Apache-2.0 */
#ifndef KIST_OBJECT_ARRAY_HEAD_H
#define KIST_OBJECT_ARRAY_HEAD_H

#include <stdbool.h>

#include "base/buf.h"
#include "kist/dlpack.h"

/*
 * Names of element types, and what stands before the elements in a file that holds one array: .npy or .safetensors.
 *
 * The host cuts arrays out of objects that any plugin may have described, without that plugin; these two heads are
 * all it writes by itself.
 *
 * Thread: pure.
 * Source: the numpy manual, "numpy.lib.format"; plugins/model/spec.md; docs/adr/0032-parts-are-read-by-the-host.md.
 */

/** struct kist_array_type - An element type under its common name. */
struct kist_array_type {
	const char *name;	 /* "float32" */
	uint32_t bits;		 /* of one element */
	const char *npy;	 /* "<f4"; NULL when numpy has no such elements */
	const char *safetensors; /* "F32"; NULL likewise */
	uint8_t code;		 /* DLPack's */
};

/** kist_array_type_find() - The type called @name, or NULL. */
const struct kist_array_type *kist_array_type_find(const char *name);

/** kist_array_type_of() - That of DLPack's @dtype, or NULL. */
const struct kist_array_type *kist_array_type_of(DLDataType dtype);

/** struct kist_array_head - What a head says. */
struct kist_array_head {
	const char *
		type; /* of npy a type string "<f4", or the literal of a structured type; of safetensors "F32" */
	bool is_fortran; /* of npy: the elements stand in column-major order */
	size_t rank;	 /* 0..KIST_RANK_MAX */
	const int64_t *shape;
	const char *name; /* of safetensors: of the tensor, UTF-8 */
	uint64_t bytes;	  /* of safetensors: of all elements */
};

/**
 * kist_npy_head() - Appends the head of a .npy file to @ret: the bytes that numpy writes.
 *
 * Errors: KIST_UNSUPPORTED (a type that would end the head), KIST_LIMIT, KIST_NO_MEMORY.
 */
KIST_CHECKED kist_status kist_npy_head(const struct kist_array_head *head, struct kist_buf *ret,
				       struct kist_error *err);

/** kist_safetensors_head() - The same of a .safetensors file with one tensor.  Errors: KIST_LIMIT, KIST_NO_MEMORY. */
KIST_CHECKED kist_status kist_safetensors_head(const struct kist_array_head *head, struct kist_buf *ret,
					       struct kist_error *err);

#endif
