/* SPDX-License-Identifier: Apache-2.0 */
#include "flow/partial.h"

#include <string.h>

#include "base/file.h"
#include "flow/ahead.h"
#include "flow/gather.h"
#include "flow/locate.h"
#include "flow/partial_rows.h"
#include "object/array_head.h"

#define HEAD_SIZE_MAX ((size_t)128 << 10)

/* What is left of an array, and where its elements are. */
struct cut {
	size_t rank;
	int64_t shape[KIST_RANK_MAX];
	bool is_fortran;
	uint64_t elements;
	struct kist_gather gather;
};

/* The whole of what is smaller than a byte is one piece: nothing else can be taken of it. */
static kist_status cut_packed(const struct kist_array *array, const struct kist_axis *axes, struct cut *ret,
			      struct kist_error *err)
{
	for (size_t i = 0; i < array->rank; i++) {
		if (axes[i].is_index || axes[i].count != array->shape[i] || axes[i].step != 1)
			return kist_fail(err, KIST_UNSUPPORTED,
					 "elements of %u bits are packed: only all of '%.200s' can be read",
					 array->bits, array->name);
		ret->shape[i] = array->shape[i];
	}
	ret->rank = array->rank;
	ret->elements = array->elements;
	ret->gather = (struct kist_gather){ .offset = array->offset, .size = array->len };
	return KIST_OK;
}

/* Bytes from one element of dimension @i to the next; no product of sizes is beyond the array's length. */
static int64_t stride_of(const struct kist_array *array, size_t i)
{
	int64_t stride = (int64_t)(array->bits / 8);

	for (size_t j = array->is_fortran ? 0 : i + 1; j < (array->is_fortran ? i : array->rank); j++)
		stride *= array->shape[j];
	return stride;
}

static void cut_whole_bytes(const struct kist_array *array, const struct kist_axis *axes, struct cut *ret)
{
	size_t wide = 0;

	ret->gather =
		(struct kist_gather){ .offset = array->offset, .size = array->bits / 8, .rank = array->rank };
	ret->elements = 1;
	for (size_t i = 0; i < array->rank; i++) {
		/* From the dimension whose elements lie farthest apart to that whose lie next to each other. */
		const size_t at = array->is_fortran ? array->rank - 1 - i : i;

		ret->elements *= (uint64_t)axes[i].count;
		wide += axes[i].count > 1;
		ret->gather.count[at] = (uint64_t)axes[i].count;
		if (array->elements > 0) {
			const int64_t stride = stride_of(array, i);

			ret->gather.offset += (uint64_t)(axes[i].start * stride);
			ret->gather.stride[at] = stride * axes[i].step;
		}
		if (!axes[i].is_index)
			ret->shape[ret->rank++] = axes[i].count;
	}
	/* What has one order only is called row-major, as numpy does. */
	ret->is_fortran = array->is_fortran && wide > 1 && ret->elements > 0;
}

static kist_status cut_array(const struct kist_array *array, const struct kist_slice *slice, struct cut *ret,
			     struct kist_error *err)
{
	static const struct kist_slice all;
	struct kist_axis axes[KIST_RANK_MAX];

	KIST_TRY(kist_slice_resolve(slice ? slice : &all, array->rank, array->shape, axes, err));
	*ret = (struct cut){ .rank = 0 };
	if (array->bits % 8 != 0)
		return cut_packed(array, axes, ret, err);
	cut_whole_bytes(array, axes, ret);
	return KIST_OK;
}

static kist_status fail_format(const struct kist_array *array, const char *format, struct kist_error *err)
{
	return kist_fail(err, KIST_UNSUPPORTED,
			 "%s has no elements '%.100s': --format raw writes them without a head", format,
			 array->dtype);
}

static kist_status put_npy_head(const struct kist_array *array, struct kist_array_head *head,
				struct kist_buf *ret, struct kist_error *err)
{
	const struct kist_array_type *type = kist_array_type_find(array->dtype);

	head->type = array->descr ? array->descr : type ? type->npy : NULL;
	return head->type ? kist_npy_head(head, ret, err) : fail_format(array, "npy", err);
}

static kist_status put_safetensors_head(const struct kist_array *array, struct kist_array_head *head,
					struct kist_buf *ret, struct kist_error *err)
{
	const struct kist_array_type *type = kist_array_type_find(array->dtype);

	if (!type || !type->safetensors)
		return fail_format(array, "safetensors", err);
	if (array->is_big_endian || head->is_fortran)
		return kist_fail(err, KIST_UNSUPPORTED,
				 "safetensors has no %s elements: --format npy keeps them as they are",
				 head->is_fortran ? "column-major" : "big-endian");
	head->type = type->safetensors;
	return kist_safetensors_head(head, ret, err);
}

static kist_status put_head(const struct kist_array *array, const struct cut *cut,
			    enum kist_partial_format format, int fd, struct kist_error *err)
{
	kist_auto_buf struct kist_buf bytes = KIST_BUF_INIT(HEAD_SIZE_MAX);
	struct kist_array_head head = { .is_fortran = cut->is_fortran,
					.rank = cut->rank,
					.shape = cut->shape,
					.name = array->name,
					.bytes = cut->elements * array->bits / 8 };

	if (format == KIST_PARTIAL_NPY)
		KIST_TRY(put_npy_head(array, &head, &bytes, err));
	else if (format == KIST_PARTIAL_SAFETENSORS)
		KIST_TRY(put_safetensors_head(array, &head, &bytes, err));
	return kist_write_all(fd, kist_buf_view(&bytes), err);
}

void kist_partial_tell(const struct kist_object_reader *reader, struct kist_partial_read *ret)
{
	*ret = (struct kist_partial_read){
		.chunks = reader->chunks_read,
		.chunks_total = reader->entries.size / sizeof(struct kist_object_chunk),
		.bytes = reader->bytes_read,
		.bytes_total = reader->content.size,
	};
}

static kist_status write_array(struct kist_flow *flow, const json_t *record, const json_t *info,
			       const struct kist_partial *partial, int fd, struct kist_partial_read *ret_read,
			       struct kist_error *err)
{
	kist_auto_object_reader struct kist_object_reader reader = KIST_OBJECT_READER_INIT;
	struct kist_array array;
	struct cut cut;

	KIST_TRY(kist_object_reader_open(flow, record, &reader, err));
	if (kist_array_is_left_out(info, partial->tensor))
		KIST_TRY(kist_array_ask(flow, record, &reader, partial->tensor, &array, err));
	else
		KIST_TRY(kist_array_locate(info, reader.content.size, partial->tensor, &array, err));
	if (partial->columns)
		return kist_fail(err, KIST_UNSUPPORTED,
				 "only a table has columns: --slice takes a part of an array");
	KIST_TRY(cut_array(&array, partial->slice, &cut, err));
	KIST_TRY(put_head(&array, &cut, partial->format, fd, err));
	KIST_TRY(kist_gather(&reader, &cut.gather, fd, err));
	if (ret_read)
		kist_partial_tell(&reader, ret_read);
	return KIST_OK;
}

kist_status kist_partial_write(struct kist_flow *flow, const json_t *record,
			       const struct kist_partial *partial, int fd, struct kist_partial_read *ret_read,
			       struct kist_error *err)
{
	kist_auto_json json_t *info = NULL;
	const char *kind;

	if (kist_record_is_tree(record))
		return kist_fail(err, KIST_UNSUPPORTED, "it is a folder: name a file in it");
	KIST_TRY(kist_load_info(flow, record, &info, err));
	kind = kist_json_get_text(info, "kind");
	if (kind && strcmp(kind, "table") == 0 && !partial->tensor && (!partial->slice || partial->is_rows))
		return kist_partial_rows(flow, record, info, partial, fd, ret_read, err);
	return write_array(flow, record, info, partial, fd, ret_read, err);
}
