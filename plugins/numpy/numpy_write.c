/* SPDX-License-Identifier: Apache-2.0 */
#include "numpy_plugin.h"

#include <stdlib.h>

/*
 * An array to write.  @axes is the tensor's dimensions in the order of the bytes, slowest first; an opaque
 * element's own dimension is the last of them and not one of @header.
 */
struct writer {
	struct npy_header header;
	const struct npy_memo *memo;
	DLDataType type;
	int rank;
	int axes[KIST_RANK_MAX];
	size_t item_size;
	size_t swap_width;
	struct npy_walk walk;
};

static kist_status refuse(struct kist_call *call, kist_status status, const char *code, const char *what)
{
	return kist_failf(call, status, code, KIST_NO_OFFSET, "%s", what);
}

/* The element type of a file for that of a tensor; 0 for none. */
static char kind_of(DLDataType type)
{
	switch (type.code) {
	case kDLBool:
		return type.bits == 8 ? 'b' : 0;
	case kDLInt:
	case kDLUInt:
		if (type.bits != 8 && type.bits != 16 && type.bits != 32 && type.bits != 64)
			return 0;
		return type.code == kDLInt ? 'i' : 'u';
	case kDLFloat:
		return type.bits == 16 || type.bits == 32 || type.bits == 64 ? 'f' : 0;
	case kDLComplex:
		return type.bits == 64 || type.bits == 128 ? 'c' : 0;
	case kDLBfloat:
		return type.bits == 16 ? 'V' : 0;
	default:
		/* numpy has no name for the kinds of 8-bit floating numbers: they are written as raw bytes.
		 */
		return type.code >= kDLFloat8_e3m4 && type.code <= kDLFloat8_e8m0fnu && type.bits == 8 ? 'V'
												       : 0;
	}
}

static kist_status set_dtype(struct kist_call *call, const DLTensor *tensor, struct npy_dtype *dtype)
{
	const char kind = kind_of(tensor->dtype);
	char descr[8] = { NPY_ORDER_NATIVE, kind };
	size_t len = 2;

	if (kind == 0 || tensor->dtype.lanes != 1)
		return kist_failf(call, KIST_UNSUPPORTED, "E_DTYPE", KIST_NO_OFFSET,
				  "npy has no element type for DLPack's code %d, %d bits, %d lanes",
				  tensor->dtype.code, tensor->dtype.bits, tensor->dtype.lanes);
	if (kind == 'V' && tensor->dtype.bits == 8)
		descr[0] = '|';
	len += npy_decimal(descr + len, tensor->dtype.bits / 8);
	if (npy_dtype_parse(descr, len, dtype) != NPY_DTYPE_OK)
		return refuse(call, KIST_INTERNAL, NULL, "an element type cannot be named");
	return KIST_OK;
}

static kist_status check_tensor(struct kist_call *call, const DLManagedTensorVersioned *managed)
{
	const DLTensor *tensor = &managed->dl_tensor;

	if (managed->version.major != DLPACK_MAJOR_VERSION)
		return kist_failf(call, KIST_UNSUPPORTED, "E_VERSION", KIST_NO_OFFSET,
				  "the tensor is of DLPack %u, not %d", managed->version.major,
				  DLPACK_MAJOR_VERSION);
	if (tensor->device.device_type != kDLCPU && tensor->device.device_type != kDLCUDAHost &&
	    tensor->device.device_type != kDLROCMHost && tensor->device.device_type != kDLCUDAManaged)
		return kist_failf(call, KIST_UNSUPPORTED, "E_DEVICE", KIST_NO_OFFSET,
				  "the tensor is on device %d, where the processor cannot read it",
				  (int)tensor->device.device_type);
	if (tensor->ndim < 0 || tensor->ndim > KIST_RANK_MAX)
		return kist_failf(call, KIST_UNSUPPORTED, "E_SHAPE", KIST_NO_OFFSET,
				  "the tensor has %d dimensions: 0 to %d are allowed", tensor->ndim,
				  KIST_RANK_MAX);
	if (tensor->ndim > 0 && !tensor->shape)
		return refuse(call, KIST_INVALID, "E_SHAPE", "the tensor has no shape");
	for (int i = 0; i < tensor->ndim; i++) {
		if (tensor->shape[i] < 0)
			return kist_failf(call, KIST_INVALID, "E_SHAPE", KIST_NO_OFFSET,
					  "dimension %d is negative (%lld)", i, (long long)tensor->shape[i]);
	}
	return KIST_OK;
}

/* A tensor that was read from a file is written with the type it had there, when it still looks the same. */
static const struct npy_memo *usable_memo(const DLManagedTensorVersioned *managed)
{
	const struct npy_memo *memo = npy_memo_of(managed);
	const DLTensor *tensor = &managed->dl_tensor;
	struct npy_element element;

	if (!memo)
		return NULL;
	element = npy_element_of(&memo->dtype);
	if (memcmp(&tensor->dtype, &element.type, sizeof(element.type)) != 0)
		return NULL;
	if (element.has_last && (tensor->ndim < 1 || tensor->shape[tensor->ndim - 1] != element.last))
		return NULL;
	return memo;
}

/* Elements and bytes; dimensions of 0 are left out of the bound, as when reading. */
static kist_status set_size(struct kist_call *call, struct npy_header *header)
{
	uint64_t bytes = header->dtype.item_size > 0 ? header->dtype.item_size : 1;
	bool empty = false;

	header->count = 1;
	for (int i = 0; i < header->rank; i++) {
		const uint64_t size = (uint64_t)header->shape[i];

		empty = empty || size == 0;
		if (__builtin_mul_overflow(bytes, size > 0 ? size : 1, &bytes) || bytes > INT64_MAX)
			return refuse(call, KIST_LIMIT, "E_OVERFLOW", "the array is beyond 2^63-1 bytes");
		header->count *= size;
	}
	header->data_len = empty ? 0 : header->count * header->dtype.item_size;
	return KIST_OK;
}

/*
 * True when a column-major copy would have other strides: only then does numpy call it so.  Elements of 0 bytes
 * count as others do.
 */
static bool has_two_orders(const struct npy_header *header)
{
	int wide = 0;

	for (int i = 0; i < header->rank; i++) {
		if (header->shape[i] == 0)
			return false;
		wide += header->shape[i] > 1;
	}
	return wide > 1;
}

/* Strides in bytes, those of a row-major tensor when it names none.  All places fit in an int64_t. */
static kist_status set_strides(struct kist_call *call, const DLTensor *tensor, size_t item_size,
			       int64_t *strides)
{
	int64_t row_major = (int64_t)item_size;
	uint64_t reach = 0;

	for (int i = tensor->ndim - 1; i >= 0; i--) {
		uint64_t far;

		strides[i] = row_major;
		row_major *= tensor->shape[i];
		if (tensor->shape[i] == 1)
			strides[i] = 0;
		else if (tensor->strides &&
			 __builtin_mul_overflow(tensor->strides[i], (int64_t)item_size, &strides[i]))
			return refuse(call, KIST_INVALID, "E_OVERFLOW", "a stride is beyond 2^63-1 bytes");
		far = strides[i] < 0 ? 0 - (uint64_t)strides[i] : (uint64_t)strides[i];
		if (__builtin_mul_overflow(far, (uint64_t)tensor->shape[i], &far) ||
		    __builtin_add_overflow(reach, far, &reach) || reach > INT64_MAX)
			return refuse(call, KIST_INVALID, "E_OVERFLOW",
				      "the strides reach beyond 2^63-1 bytes");
	}
	return KIST_OK;
}

static void set_axes(struct writer *writer, int tensor_rank)
{
	const int rank = writer->header.rank;

	writer->rank = tensor_rank;
	for (int i = 0; i < tensor_rank; i++)
		writer->axes[i] = writer->header.fortran && i < rank ? rank - 1 - i : i;
}

static kist_status set_walk(struct kist_call *call, const DLTensor *tensor, struct writer *writer)
{
	int64_t strides[KIST_RANK_MAX];
	uint64_t walk_size[KIST_RANK_MAX];
	int64_t walk_stride[KIST_RANK_MAX];
	uintptr_t base;

	if (writer->header.data_len == 0)
		return KIST_OK;
	if (!tensor->data || __builtin_add_overflow((uintptr_t)tensor->data, tensor->byte_offset, &base))
		return refuse(call, KIST_INVALID, "E_DATA", "the tensor has elements but no data");
	NPY_TRY(set_strides(call, tensor, writer->item_size, strides));
	for (int i = 0; i < writer->rank; i++) {
		walk_size[i] = (uint64_t)tensor->shape[writer->axes[i]];
		walk_stride[i] = strides[writer->axes[i]];
	}
	npy_walk_init(&writer->walk, (const uint8_t *)tensor->data + tensor->byte_offset, writer->item_size,
		      writer->rank, walk_size, walk_stride);
	return KIST_OK;
}

static kist_status plan(struct kist_call *call, const DLManagedTensorVersioned *managed, bool fortran,
			struct writer *writer)
{
	const DLTensor *tensor = &managed->dl_tensor;
	struct npy_header *header = &writer->header;

	NPY_TRY(check_tensor(call, managed));
	writer->memo = usable_memo(managed);
	writer->type = tensor->dtype;
	if (writer->memo)
		header->dtype = writer->memo->dtype;
	else
		NPY_TRY(set_dtype(call, tensor, &header->dtype));
	header->rank = tensor->ndim - (writer->memo && npy_element_of(&header->dtype).has_last ? 1 : 0);
	for (int i = 0; i < header->rank; i++)
		header->shape[i] = tensor->shape[i];
	NPY_TRY(set_size(call, header));
	header->fortran = fortran && has_two_orders(header);
	writer->item_size = tensor->dtype.bits / 8;
	writer->swap_width = 1;
	if (!npy_dtype_is_opaque(&header->dtype) && header->dtype.order != '|' &&
	    header->dtype.order != NPY_ORDER_NATIVE)
		writer->swap_width = npy_dtype_width(&header->dtype);
	set_axes(writer, tensor->ndim);
	return set_walk(call, tensor, writer);
}

static kist_status write_header(struct kist_call *call, const struct writer *writer, struct kist_sink *sink)
{
	const struct npy_header *header = &writer->header;
	char quoted[NPY_DESCR_SIZE + 2] = "'";
	struct npy_outline outline = {
		.descr = quoted, .fortran = header->fortran, .rank = header->rank, .shape = header->shape
	};
	kist_status status;
	char *text;

	if (writer->memo) {
		outline.descr = writer->memo->descr;
		outline.descr_len = writer->memo->descr_len;
		outline.unicode = writer->memo->unicode;
	} else {
		outline.descr_len = strlen(header->dtype.descr) + 2;
		memcpy(quoted + 1, header->dtype.descr, outline.descr_len - 2);
		quoted[outline.descr_len - 1] = '\'';
	}
	text = malloc(npy_header_size_max(outline.descr_len));
	if (!text)
		return refuse(call, KIST_NO_MEMORY, NULL, "no memory for the header");
	status = sink->write(sink, text, npy_header_write(text, &outline));
	free(text);
	return status;
}

/* The part of a tensor whose type a file cannot name, a bfloat16, still has it. */
static kist_status begin_part(const struct writer *writer, struct kist_sink *sink)
{
	int64_t shape[KIST_RANK_MAX];
	struct kist_part part;
	struct npy_header header = writer->header;

	if (!writer->memo && header.dtype.kind == 'V')
		header.dtype.kind = 'u';
	npy_part_of(&header, 0, shape, &part);
	if (!writer->memo)
		part.dtype = writer->type;
	return sink->begin(sink, &part);
}

/* The bytes as they lie. */
static kist_status write_flat(struct kist_call *call, const struct writer *writer, struct kist_sink *sink)
{
	const uint64_t len = writer->header.data_len;

	for (uint64_t at = 0; at < len;) {
		const size_t step = len - at < NPY_CHUNK_SIZE ? (size_t)(len - at) : NPY_CHUNK_SIZE;

		NPY_TRY(call->poll(call));
		NPY_TRY(sink->write(sink, writer->walk.base + at, step));
		at += step;
		call->progress(call, at, len);
	}
	return KIST_OK;
}

/* @chunk: @size bytes to gather elements in. */
static kist_status write_chunks(struct kist_call *call, struct writer *writer, struct kist_sink *sink,
				uint8_t *chunk, size_t size)
{
	const uint64_t len = writer->header.data_len;

	for (uint64_t at = 0; at < len;) {
		const size_t step = len - at < size ? (size_t)(len - at) : size;

		NPY_TRY(call->poll(call));
		npy_walk_fill(&writer->walk, chunk, step / writer->item_size);
		if (writer->swap_width > 1)
			npy_swap(chunk, step, writer->swap_width);
		NPY_TRY(sink->write(sink, chunk, step));
		at += step;
		call->progress(call, at, len);
	}
	return KIST_OK;
}

static kist_status write_gathered(struct kist_call *call, struct writer *writer, struct kist_sink *sink)
{
	const uint64_t len = writer->header.data_len;
	const size_t size = len < NPY_CHUNK_SIZE ? (size_t)len : NPY_CHUNK_SIZE;
	uint8_t *const chunk = malloc(size);
	kist_status status;

	if (!chunk)
		return refuse(call, KIST_NO_MEMORY, NULL, "no memory to gather elements in");
	status = write_chunks(call, writer, sink, chunk, size);
	free(chunk);
	return status;
}

kist_status npy_serialize(void *instance, struct kist_call *call, const struct kist_object *object,
			  const struct kist_params *params, struct kist_sink *sink)
{
	struct writer writer = { .memo = NULL };

	(void)instance;
	if (object->kind != KIST_KIND_TENSOR)
		return refuse(call, KIST_UNSUPPORTED, "E_KIND", "npy holds a tensor and nothing else");
	if (!object->value)
		return refuse(call, KIST_INVALID, "E_DATA", "the object has no tensor");
	NPY_TRY(plan(call, object->value, npy_flag(params, "fortran_order"), &writer));
	NPY_TRY(write_header(call, &writer, sink));
	NPY_TRY(begin_part(&writer, sink));
	if (writer.header.data_len > 0) {
		if (writer.swap_width == 1 && npy_walk_is_flat(&writer.walk))
			NPY_TRY(write_flat(call, &writer, sink));
		else
			NPY_TRY(write_gathered(call, &writer, sink));
	}
	return sink->end(sink);
}
