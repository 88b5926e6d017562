/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NUMPY_PLUGIN_H
#define NUMPY_PLUGIN_H

#include "kist/helpers.h"
#include "numpy_header_kernel.h"
#include "numpy_kernel.h"

/*
 * The serializer of kist.npy: one .npy file is one tensor.
 *
 * What is read, written and refused stands in spec.md.
 *
 * Limits: NPY_HEADER_MAX, NPY_CHUNK_SIZE; before a header is checked no more is allocated than the header
 * and 1 MiB.  Thread: instances have no state, so everything here is [any-thread].
 */

#define NPY_TYPE  "kist.npy"
#define NPY_MAJOR 1u
#define NPY_MINOR 0u

/** Bytes of a header's text: at most, and when the caller names no limit (numpy's own). */
#define NPY_HEADER_MAX	   ((uint64_t)16 << 20)
#define NPY_HEADER_DEFAULT 10000

/** Bytes read, written or copied between two polls. */
#define NPY_CHUNK_SIZE ((size_t)1 << 20)

#define NPY_TRY(expr)                                                                                        \
	do {                                                                                                 \
		const kist_status try_status = (expr);                                                       \
		if (try_status != KIST_OK)                                                                   \
			return try_status;                                                                   \
	} while (0)

/** struct npy_file - The file whose header was read, @text.  Begins zeroed; npy_file_done() frees it. */
struct npy_file {
	struct npy_header header;
	uint8_t major;
	char *text;
	uint64_t text_at;
	uint64_t data_at;
};

/** npy_header_take() - npy_file_read() that leaves logical_dtype to npy_set_logical(). */
kist_status npy_header_take(struct kist_call *call, struct kist_source *source,
			    const struct kist_params *params, struct npy_file *ret_file,
			    struct npy_fault *ret_fault);

/**
 * npy_set_logical() - Takes the caller's word for what raw bytes stand for.
 *
 * @must_fit: Elements of another kind or size are refused (E_DTYPE, KIST_INVALID), else left as they are.
 */
kist_status npy_set_logical(struct kist_call *call, const struct kist_params *params, bool must_fit,
			    struct npy_dtype *dtype);

/**
 * npy_file_read() - Reads and checks the header, and that the source has all the data and no more.
 *
 * @params:    max_header, allow_trailing and logical_dtype.
 * @ret_file:  Set on success only.
 * @ret_fault: Its kind says whether the file is refused; the status returned goes with it.  A fault of kind
 *             NPY_FAULT_NONE with another status: the file could not be read, and the cause is recorded.
 *
 * Errors: KIST_CORRUPT, KIST_UNSUPPORTED, KIST_LIMIT with a fault; KIST_INVALID (parameters),
 * KIST_NO_MEMORY, and the source's.
 */
kist_status npy_file_read(struct kist_call *call, struct kist_source *source,
			  const struct kist_params *params, struct npy_file *ret_file,
			  struct npy_fault *ret_fault);

void npy_file_done(struct npy_file *file);

#define npy_auto_file __attribute__((cleanup(npy_file_done)))

/** npy_file_open() - npy_file_read() that records the fault with call->fail. */
kist_status npy_file_open(struct kist_call *call, struct kist_source *source,
			  const struct kist_params *params, struct npy_file *ret_file);

/** npy_logical_name() - The name of a type in npy_dtype.logical, or NULL. */
const char *npy_logical_name(uint8_t code);

/** npy_fault_code() - "E_SHAPE" and its like. */
const char *npy_fault_code(enum npy_fault_kind kind);

/** npy_fault_fail() - Records the fault, if there is one, with call->fail.  Returns @status. */
kist_status npy_fault_fail(const struct npy_fault *fault, struct kist_call *call, kist_status status);

/** npy_fault_text() - A fault in words. */
void npy_fault_text(const struct npy_fault *fault, char *to, size_t size);

/**
 * struct npy_element - An element as DLPack names it.
 *
 * @last: Elements of @type in an element of the file: the size of one more dimension, or 0 for none.
 */
struct npy_element {
	DLDataType type;
	int64_t last;
	bool has_last;
};

/** npy_element_of() - How a tensor shows @dtype: opaque ones as bytes, datetimes as int64. */
struct npy_element npy_element_of(const struct npy_dtype *dtype);

/**
 * npy_part_of() - The part "data" of an array.
 *
 * @shape: KIST_RANK_MAX sizes; filled in, borrowed by the part.
 */
void npy_part_of(const struct npy_header *header, uint64_t data_at, int64_t *shape,
		 struct kist_part *ret_part);

/** Bytes of the name of what elements are, NUL included; a longer list of fields is just "record". */
#define NPY_LOGICAL_SIZE 200

/**
 * struct npy_memo - What a tensor read from a file remembers of it, so that it is written as it was.
 *
 * @descr:   The literal of the element type, @descr_len bytes.
 * @unicode: The literal needs version 3.0.
 * @logical: What the elements are when the tensor's type does not say it, else empty.
 */
struct npy_memo {
	struct npy_dtype dtype;
	bool unicode;
	size_t descr_len;
	char *descr;
	char logical[NPY_LOGICAL_SIZE];
};

/** npy_memo_of() - The memo of a tensor that npy_deserialize() made, or NULL.  Borrowed. */
const struct npy_memo *npy_memo_of(const DLManagedTensorVersioned *tensor);

/** npy_check_rank() - KIST_UNSUPPORTED and @fault when a tensor has no room for one more dimension. */
kist_status npy_check_rank(const struct npy_file *file, struct npy_fault *fault);

/**
 * npy_tensor_read() - The tensor of a file whose header was read; it outlives @source and @file.
 *
 * Errors: KIST_NO_MEMORY, and what the source and poll give.
 */
kist_status npy_tensor_read(struct kist_call *call, struct kist_source *source, const struct npy_file *file,
			    DLManagedTensorVersioned **ret_tensor);

/** npy_flag() - The boolean parameter @name, false when it is not given. */
bool npy_flag(const struct kist_params *params, const char *name);

/* The methods of ArtifactTaskInterface. */
kist_status npy_serialize(void *instance, struct kist_call *call, const struct kist_object *object,
			  const struct kist_params *params, struct kist_sink *sink);
kist_status npy_deserialize(void *instance, struct kist_call *call, struct kist_source *source,
			    const struct kist_params *params, struct kist_object *ret_object);
kist_status npy_validate(void *instance, struct kist_call *call, struct kist_source *source,
			 const struct kist_params *params, struct kist_report *report);
kist_status npy_probe(const void *head, size_t len, uint64_t total_size, int32_t *ret_score);
kist_status npy_layout(void *instance, struct kist_call *call, struct kist_source *source,
		       const struct kist_params *params, struct kist_layout *layout);
kist_status npy_describe(void *instance, struct kist_call *call, struct kist_source *source,
			 const struct kist_params *params, struct kist_sink *sink);

#endif
