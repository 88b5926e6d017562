/* SPDX-License-Identifier: Apache-2.0 */
#ifndef MODEL_MODEL_INDEX_H
#define MODEL_MODEL_INDEX_H

#include "model_array.h"

/*
 * The index of a file of tensors, whatever its format: what each is, and where its bytes lie in the file.  A
 * format fills one in, having checked all of it against the file; the methods of its type are made of that.
 *
 * Numbers in files are little-endian.
 *
 * Limits: MODEL_TENSORS_MAX, MODEL_NAME_SIZE_MAX, KIST_RANK_MAX.
 * Thread: a struct is used by one thread at a time.
 */

#define MODEL_TENSORS_MAX   ((size_t)1 << 20)
#define MODEL_NAME_SIZE_MAX ((size_t)65536)

/**
 * struct model_entry - A tensor as a format found it.
 *
 * @name:      UTF-8 of @name_len bytes, unique.  Borrowed.
 * @stored_as: What the format calls its elements.  Static.
 * @dtype:     Bytes (UInt, 8) when DLPack has no such elements.
 * @strides:   In elements, not negative; NULL: row-major without gaps.
 * @offset:    Of the first byte of the tensor's stretch in the file, of @len bytes; all its elements lie in it.
 * @elements:  How many they are, where that is not the product of the sizes; else 0.
 * @is_coded:  That stretch is what model_format.decode makes the elements of, row-major.
 */
struct model_entry {
	const char *name;
	size_t name_len;
	const char *stored_as;
	DLDataType dtype;
	int32_t ndim;
	const int64_t *shape;
	const int64_t *strides;
	uint64_t offset;
	uint64_t len;
	uint64_t elements;
	bool is_coded;
};

struct model_tensor {
	const char *stored_as;
	uint64_t offset;
	uint64_t len;
	uint64_t elements;
	size_t name;	/* place in names, NUL-terminated */
	size_t numbers; /* place of the sizes, and behind them of the strides, if any */
	uint32_t name_len;
	DLDataType dtype;
	uint8_t ndim;
	bool has_strides;
	bool is_blocks; /* its elements are less than the bytes say, or more */
	bool is_coded;
};

/**
 * struct model_index - Owned; begins zeroed; model_index_done() frees it.
 *
 * @meta:  Metadata of the whole as a JSON object; empty when there is none.
 * @meta_left_out: Members that found no room there.
 * @texts: The same as an object of strings, which is what all formats can hold: what is no string there is the
 *         text of its JSON.
 */
struct model_index {
	struct model_array tensors;
	struct model_array names;
	struct model_array numbers;
	struct model_out meta;
	struct model_out texts;
	uint64_t meta_left_out;
	uint64_t absent;
};

void model_index_done(struct model_index *index);

/** model_index_add() - Errors: KIST_LIMIT (more than MODEL_TENSORS_MAX), KIST_NO_MEMORY. */
kist_status model_index_add(struct kist_call *call, struct model_index *index,
			    const struct model_entry *entry);

const struct model_tensor *model_index_at(const struct model_index *index, size_t i);
/** model_index_bytes() - Bytes of all elements of tensor @i. */
uint64_t model_index_bytes(const struct model_index *index, size_t i);
const char *model_index_name(const struct model_index *index, size_t i);
const int64_t *model_index_shape(const struct model_index *index, size_t i);

/** model_index_twin() - Finds two tensors of one name; *@ret_any: there are, and *@ret is one of them. */
kist_status model_index_twin(struct kist_call *call, const struct model_index *index, bool *ret_any,
			     size_t *ret);

/** model_element_count() - The product of the sizes; UINT64_MAX when that of those but 0 is not below 2^63. */
uint64_t model_element_count(const int64_t *shape, int32_t ndim);

/**
 * struct model_format - What the methods of a type need to know of its format.
 *
 * @read: Reads all that says where tensors lie, and checks it against the size of the source.  Breaks of the
 *        format go to @fault.  What was read is done by the caller, also after a failure.
 * @prove: The same without an index, for validate; NULL: @read.
 * @decode: Makes the @size bytes of the elements of a tensor that is coded; NULL when there are none.
 * @check: What validate looks at besides, as check sums, and what it warns of; NULL: nothing.
 */
struct model_format {
	const char *type;
	const char *name;
	uint32_t major;
	uint32_t minor;
	kist_status (*read)(struct kist_call *call, struct kist_source *source, struct model_index *index,
			    struct model_fault *fault);
	kist_status (*prove)(struct kist_call *call, struct kist_source *source, struct model_fault *fault);
	kist_status (*decode)(struct kist_call *call, struct kist_source *source, uint64_t offset,
			      uint64_t len, uint8_t *to, uint64_t size);
	kist_status (*check)(struct kist_call *call, struct kist_source *source, struct kist_report *report,
			     struct model_fault *fault);
};

/* Methods.  @instance is the struct model_format. */

kist_status model_refuse_write(void *instance, struct kist_call *call, const struct kist_object *object,
			       const struct kist_params *params, struct kist_sink *sink);
kist_status model_deserialize(void *instance, struct kist_call *call, struct kist_source *source,
			      const struct kist_params *params, struct kist_object *ret_object);
kist_status model_validate(void *instance, struct kist_call *call, struct kist_source *source,
			   const struct kist_params *params, struct kist_report *report);
kist_status model_layout(void *instance, struct kist_call *call, struct kist_source *source,
			 const struct kist_params *params, struct kist_layout *layout);
/** One JSON object of at most 256 KiB: what the index says, and statistics, in one pass. */
kist_status model_describe(void *instance, struct kist_call *call, struct kist_source *source,
			   const struct kist_params *params, struct kist_sink *sink);

/**
 * model_tensor_make() - A tensor over the bytes of @entry, which it maps and owns; it outlives the source's
 * object.
 *
 * Errors: KIST_NO_MEMORY, and what the source's map gives.
 */
kist_status model_tensor_make(struct kist_call *call, struct kist_source *source,
			      const struct model_entry *entry, DLManagedTensorVersioned **ret_tensor);

#endif
