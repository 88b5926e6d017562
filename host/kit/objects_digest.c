/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/buf.h"
#include "kit/objects.h"
#include "object/arrow_format.h"
#include "object/made.h"
#include "object/stream.h"
#include "worker/guard.h"

static void add(struct kist_hasher *hasher, const void *data, size_t size)
{
	kist_hasher_add(hasher, kist_view_of(data, size));
}

static void add_text(struct kist_hasher *hasher, const char *text)
{
	add(hasher, text ? text : "", text ? strlen(text) + 1 : 1);
}

static kist_status add_tensor(struct kist_hasher *hasher, const DLManagedTensorVersioned *tensor,
			      struct kist_error *err)
{
	const DLTensor *inner = &tensor->dl_tensor;
	struct kist_guard packed = KIST_GUARD_INIT;
	DLTensor whole = *inner;
	int64_t strides[KIST_RANK_MAX];
	int64_t step = 1;
	uint64_t bytes;

	KIST_TRY(kist_tensor_check(tensor, &bytes, err));
	add(hasher, &inner->dtype, sizeof(inner->dtype));
	/* A format of a fixed rank may have more dimensions of one element, or fewer. */
	for (int32_t i = 0; i < inner->ndim; i++) {
		if (inner->shape[i] != 1)
			add(hasher, &inner->shape[i], sizeof(inner->shape[i]));
	}
	for (int32_t i = inner->ndim - 1; i >= 0; i--) {
		strides[i] = step;
		step *= inner->shape[i];
	}
	if (!inner->strides)
		whole.strides = strides;
	KIST_TRY(kist_guard_tensor(&whole, &packed, err));
	add(hasher, packed.data, packed.size);
	kist_guard_done(&packed);
	return KIST_OK;
}

static kist_status digest_named(struct kist_tensor_map *map, struct kist_call *call, uint64_t i,
				struct kist_digest *ret, struct kist_error *err)
{
	DLManagedTensorVersioned *tensor = NULL;
	struct kist_hasher hasher;
	const char *name = NULL;
	kist_status status = map->get_name(map, i, &name);

	if (status != KIST_OK || !name)
		return kist_fail(err, KIST_INTERNAL, "tensor %llu of %llu has no name", (unsigned long long)i,
				 (unsigned long long)map->count);
	status = map->get(map, call, i, &tensor);
	if (status != KIST_OK)
		return kist_fail(err, status, "tensor '%.100s' cannot be had (%s)", name,
				 kist_status_name(status));
	if (!tensor)
		return kist_fail(err, KIST_INTERNAL, "tensor '%.100s' is NULL, and get returned KIST_OK",
				 name);
	kist_hasher_start(&hasher);
	add_text(&hasher, name);
	status = add_tensor(&hasher, tensor, err);
	kist_tensor_delete(tensor);
	*ret = kist_hasher_finish(&hasher);
	return status;
}

/* In any order: a format may have one of its own. */
static kist_status add_model(struct kist_hasher *hasher, struct kist_tensor_map *map, struct kist_call *call,
			     struct kist_error *err)
{
	struct kist_digest all = { { 0 } };

	for (uint64_t i = 0; i < map->count; i++) {
		struct kist_digest one;

		KIST_TRY(digest_named(map, call, i, &one, err));
		for (size_t k = 0; k < KIST_DIGEST_SIZE; k++)
			all.bytes[k] ^= one.bytes[k];
	}
	add(hasher, &map->count, sizeof(map->count));
	add(hasher, all.bytes, sizeof(all.bytes));
	return KIST_OK;
}

static bool is_valid(const struct ArrowArray *array, int64_t i)
{
	const uint8_t *bits = array->buffers[0];

	return !bits || (bits[(array->offset + i) / 8] >> ((array->offset + i) % 8) & 1);
}

/* Of other layouts nothing but the length: what they hold was checked when the batch came. */
static void add_cell(struct kist_hasher *hasher, const struct kist_arrow_format *format,
		     const struct ArrowArray *array, int64_t i)
{
	const int64_t at = array->offset + i;
	const uint8_t *values = array->buffers[1];

	if (format->layout == KIST_ARROW_FIXED && format->bits >= 8) {
		add(hasher, values + at * (int64_t)(format->bits / 8), format->bits / 8);
	} else if (format->layout == KIST_ARROW_FIXED) {
		const uint8_t bit = values[at / 8] >> (at % 8) & 1;

		add(hasher, &bit, 1);
	} else if (format->layout == KIST_ARROW_BINARY && format->bits == 32) {
		const int32_t *offsets = array->buffers[1];

		add(hasher, (const uint8_t *)array->buffers[2] + offsets[at],
		    (size_t)(offsets[at + 1] - offsets[at]));
		add(hasher, "", 1);
	} else if (format->layout == KIST_ARROW_BINARY) {
		const int64_t *offsets = array->buffers[1];

		add(hasher, (const uint8_t *)array->buffers[2] + offsets[at],
		    (size_t)(offsets[at + 1] - offsets[at]));
		add(hasher, "", 1);
	}
}

/* Each column has a hash of its own, since batches may end elsewhere. */
#define COLUMNS_HASHED 64

static kist_status add_table(struct kist_hasher *hasher, struct ArrowArrayStream *stream,
			     struct kist_error *err)
{
	kist_auto_schema struct ArrowSchema schema = { .release = NULL };
	struct kist_hasher of_columns[COLUMNS_HASHED];
	int64_t count;
	int64_t rows = 0;

	KIST_TRY(kist_stream_schema(stream, &schema, err));
	count = schema.n_children < COLUMNS_HASHED ? schema.n_children : COLUMNS_HASHED;
	for (int64_t c = 0; c < schema.n_children; c++) {
		add_text(hasher, schema.children[c]->name);
		add_text(hasher, schema.children[c]->format);
	}
	for (int64_t c = 0; c < count; c++)
		kist_hasher_start(&of_columns[c]);
	for (;;) {
		kist_auto_array struct ArrowArray batch = { .release = NULL };

		KIST_TRY(kist_stream_next(stream, &schema, &batch, err));
		if (!batch.release)
			break;
		rows += batch.length;
		for (int64_t c = 0; c < count; c++) {
			const struct ArrowArray *column = batch.children[c];
			struct kist_arrow_format format;

			if (!kist_arrow_format_parse(schema.children[c]->format, &format))
				continue;
			for (int64_t i = 0; i < batch.length && column->n_buffers >= 2; i++) {
				if (is_valid(column, batch.offset + i))
					add_cell(&of_columns[c], &format, column, batch.offset + i);
				else
					add(&of_columns[c], "null", 5);
			}
		}
	}
	add(hasher, &rows, sizeof(rows));
	for (int64_t c = 0; c < count; c++) {
		const struct kist_digest digest = kist_hasher_finish(&of_columns[c]);

		add(hasher, digest.bytes, sizeof(digest.bytes));
	}
	return KIST_OK;
}

kist_status kist_kit_object_digest(struct kist_object *object, struct kist_call *call,
				   struct kist_digest *ret, struct kist_error *err)
{
	const struct kist_region *region = object->value;
	struct kist_hasher hasher;

	KIST_TRY(kist_object_check(object, err));
	kist_hasher_start(&hasher);
	add(&hasher, &object->kind, sizeof(object->kind));
	switch (object->kind) {
	case KIST_KIND_BYTES:
	case KIST_KIND_VALUE:
		add(&hasher, region->base, (size_t)region->len);
		break;
	case KIST_KIND_TENSOR:
		KIST_TRY(add_tensor(&hasher, object->value, err));
		break;
	case KIST_KIND_MODEL:
		KIST_TRY(add_model(&hasher, object->value, call, err));
		break;
	case KIST_KIND_TABLE:
		KIST_TRY(add_table(&hasher, object->value, err));
		break;
	default:
		break;
	}
	*ret = kist_hasher_finish(&hasher);
	return KIST_OK;
}
