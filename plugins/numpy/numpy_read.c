/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "numpy_plugin.h"

/* Where memory for elements begins: what any vector unit likes. */
#define DATA_ALIGNMENT 64

/*
 * A tensor with what it stands on: the mapped bytes of the file, or memory of its own.  The tensor is the
 * first member, so that its deleter finds the rest.
 */
struct npy_array {
	DLManagedTensorVersioned tensor;
	struct kist_region region;
	void *own;
	struct npy_memo memo;
	int64_t shape[KIST_RANK_MAX];
	int64_t strides[KIST_RANK_MAX];
};

static void array_delete(DLManagedTensorVersioned *tensor)
{
	struct npy_array *array = (struct npy_array *)(void *)tensor;

	if (array->region.release)
		array->region.release(&array->region);
	free(array->own);
	free(array->memo.descr);
	free(array);
}

static void array_cleanup(struct npy_array **array)
{
	if (*array)
		array_delete(&(*array)->tensor);
}

#define auto_array __attribute__((cleanup(array_cleanup)))

const struct npy_memo *npy_memo_of(const DLManagedTensorVersioned *tensor)
{
	/* The deleter is what tells our own tensors from those of others. */
	return tensor->deleter == array_delete ? &((const struct npy_array *)(const void *)tensor)->memo
					       : NULL;
}

static bool is_beyond_ascii(const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if ((uint8_t)text[i] >= 0x80)
			return true;
	}
	return false;
}

/* Text, records, raw bytes, dates and times are in the tensor as bytes or integers, which they are not. */
static void set_logical(struct npy_memo *memo, const char *text, size_t len)
{
	if (memo->dtype.kind == 'M' || memo->dtype.kind == 'm') {
		npy_dtype_name(&memo->dtype, memo->logical);
	} else if (npy_dtype_is_opaque(&memo->dtype)) {
		if (len >= sizeof(memo->logical) || is_beyond_ascii(text, len)) {
			text = "record";
			len = strlen(text);
		}
		memcpy(memo->logical, text, len);
		memo->logical[len] = '\0';
	}
}

/* Keeps the literal of the type: a plain one as numpy writes it, a list of fields as it stands. */
static kist_status keep_memo(struct kist_call *call, const struct npy_file *file, struct npy_memo *memo)
{
	const bool is_record = file->header.dtype.kind == 'R';
	const char *text = is_record ? file->text + file->header.descr_at : file->header.dtype.descr;
	const size_t len = is_record ? file->header.descr_len : strlen(text);
	const size_t quote = is_record ? 0 : 1;

	memo->dtype = file->header.dtype;
	memo->unicode = is_record && file->major == 3 && is_beyond_ascii(text, len);
	memo->descr_len = len + 2 * quote;
	memo->descr = malloc(memo->descr_len + 1);
	if (!memo->descr)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET,
				  "no memory for the element type");
	memo->descr[0] = '\'';
	memo->descr[memo->descr_len - quote] = '\'';
	memcpy(memo->descr + quote, text, len);
	set_logical(memo, text, len);
	return KIST_OK;
}

/* Shape and strides in elements of the tensor; an opaque element is one more dimension, the fastest. */
static void set_shape(struct npy_array *array, const struct npy_header *header)
{
	const struct npy_element element = npy_element_of(&header->dtype);
	DLTensor *tensor = &array->tensor.dl_tensor;
	const int rank = header->rank;
	int64_t stride = 1;

	if (element.has_last) {
		array->shape[rank] = element.last;
		array->strides[rank] = 1;
		stride = element.last;
	}
	for (int k = 0; k < rank; k++) {
		const int i = header->fortran ? k : rank - 1 - k;

		array->shape[i] = header->shape[i];
		array->strides[i] = stride;
		/* Strides of an empty array mean nothing, but are to stay small. */
		stride *= header->shape[i] > 0 && header->count > 0 ? header->shape[i] : 1;
	}
	tensor->ndim = rank + (element.has_last ? 1 : 0);
	tensor->dtype = element.type;
	tensor->device.device_type = kDLCPU;
	tensor->shape = array->shape;
	tensor->strides = array->strides;
	array->tensor.version = (DLPackVersion){ DLPACK_MAJOR_VERSION, DLPACK_MINOR_VERSION };
	array->tensor.manager_ctx = array;
	array->tensor.deleter = array_delete;
}

/* Reads the data into memory of the tensor's own, and turns it round when @width is not 1. */
static kist_status read_data(struct kist_call *call, struct kist_source *source, const struct npy_file *file,
			     size_t width, struct npy_array *array)
{
	const uint64_t len = file->header.data_len;
	uint8_t *data;

	if (posix_memalign(&array->own, DATA_ALIGNMENT, (size_t)len) != 0) {
		array->own = NULL;
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET,
				  "no memory for %llu bytes of data", (unsigned long long)len);
	}
	data = array->own;
	for (uint64_t at = 0; at < len;) {
		const size_t step = len - at < NPY_CHUNK_SIZE ? (size_t)(len - at) : NPY_CHUNK_SIZE;

		NPY_TRY(call->poll(call));
		NPY_TRY(kist_read_exact(call, source, file->data_at + at, data + at, step));
		if (width > 1)
			npy_swap(data + at, step, width);
		at += step;
		call->progress(call, at, len);
	}
	array->tensor.dl_tensor.data = data;
	array->tensor.flags = DLPACK_FLAG_BITMASK_IS_COPIED;
	return KIST_OK;
}

/* Takes the bytes of the file as they are.  *@ret_done is false when they do not lie on the element's
 * boundary. */
static kist_status map_data(struct kist_source *source, const struct npy_file *file, size_t alignment,
			    struct npy_array *array, bool *ret_done)
{
	array->region.struct_size = sizeof(array->region);
	NPY_TRY(source->map(source, file->data_at, file->header.data_len, &array->region));
	*ret_done = (uintptr_t)array->region.base % alignment == 0;
	if (!*ret_done) {
		if (array->region.release)
			array->region.release(&array->region);
		array->region = (struct kist_region){ .struct_size = sizeof(array->region) };
		return KIST_OK;
	}
	/* The tensor of DLPack has no const; the flag says it. */
	memcpy(&array->tensor.dl_tensor.data, &array->region.base, sizeof(void *));
	array->tensor.flags = DLPACK_FLAG_BITMASK_READ_ONLY;
	return KIST_OK;
}

static kist_status fill_data(struct kist_call *call, struct kist_source *source, const struct npy_file *file,
			     struct npy_array *array)
{
	const struct npy_dtype *dtype = &file->header.dtype;
	const bool is_opaque = npy_dtype_is_opaque(dtype);
	const size_t width = is_opaque ? 1 : npy_dtype_width(dtype);
	const bool is_foreign = dtype->order != '|' && dtype->order != NPY_ORDER_NATIVE && width > 1;
	bool done = false;

	if (file->header.data_len == 0)
		return KIST_OK;
	if (!is_foreign)
		NPY_TRY(map_data(source, file, width, array, &done));
	return done ? KIST_OK : read_data(call, source, file, is_foreign ? width : 1, array);
}

static void object_release(struct kist_object *object)
{
	DLManagedTensorVersioned *tensor = object->value;

	object->value = NULL;
	object->release = NULL;
	if (tensor)
		tensor->deleter(tensor);
}

kist_status npy_check_rank(const struct npy_file *file, struct npy_fault *fault)
{
	if (!npy_element_of(&file->header.dtype).has_last || file->header.rank < KIST_RANK_MAX)
		return KIST_OK;
	*fault = (struct npy_fault){ .kind = NPY_FAULT_RANK,
				     .at = file->text_at + file->header.shape_at,
				     .what = "with one dimension for the bytes of an element there are more "
					     "than a tensor has",
				     .dimension = -1 };
	return KIST_UNSUPPORTED;
}

kist_status npy_tensor_read(struct kist_call *call, struct kist_source *source, const struct npy_file *file,
			    DLManagedTensorVersioned **ret_tensor)
{
	auto_array struct npy_array *array = calloc(1, sizeof(*array));

	if (!array)
		return kist_failf(call, KIST_NO_MEMORY, NULL, KIST_NO_OFFSET, "no memory for a tensor");
	set_shape(array, &file->header);
	NPY_TRY(keep_memo(call, file, &array->memo));
	NPY_TRY(fill_data(call, source, file, array));
	*ret_tensor = &array->tensor;
	array = NULL;
	return KIST_OK;
}

kist_status npy_deserialize(void *instance, struct kist_call *call, struct kist_source *source,
			    const struct kist_params *params, struct kist_object *ret_object)
{
	npy_auto_file struct npy_file file = { .major = 0 };
	DLManagedTensorVersioned *tensor = NULL;
	const struct npy_memo *memo;
	struct npy_fault fault;

	(void)instance;
	NPY_TRY(npy_file_open(call, source, params, &file));
	if (npy_check_rank(&file, &fault) != KIST_OK)
		return npy_fault_fail(&fault, call, KIST_UNSUPPORTED);
	NPY_TRY(npy_tensor_read(call, source, &file, &tensor));
	ret_object->kind = KIST_KIND_TENSOR;
	ret_object->flags = 0;
	ret_object->type = NPY_TYPE;
	ret_object->type_major = NPY_MAJOR;
	ret_object->type_minor = NPY_MINOR;
	ret_object->value = tensor;
	ret_object->priv = NULL;
	ret_object->release = object_release;
	memo = npy_memo_of(tensor);
	if (memo && memo->logical[0] != '\0')
		ret_object->logical = memo->logical;
	return KIST_OK;
}
