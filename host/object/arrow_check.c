/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "base/le.h"
#include "object/arrow_format.h"
#include "object/check.h"

/* Data buffers of one array of views. */
#define VIEW_BUFFERS_MAX ((int64_t)1 << 20)

/* A node under check. */
struct node {
	const struct ArrowSchema *schema;
	const struct ArrowArray *array;
	struct kist_arrow_format format;
	int64_t end; /* offset + length */
};

static kist_status check_node(const struct ArrowSchema *schema, const struct ArrowArray *array,
			      struct kist_error *err);

static kist_status bad(const struct node *node, int64_t index, const char *text, struct kist_error *err)
{
	const char *const name = node->schema->name ? node->schema->name : "";

	if (index < 0)
		return kist_fail_at(err, KIST_INVALID, "E_ARRAY", KIST_NO_OFFSET, "column '%.64s': %s", name,
				    text);
	return kist_fail_at(err, KIST_INVALID, "E_ARRAY", KIST_NO_OFFSET, "column '%.64s', value %lld: %s",
			    name, (long long)index, text);
}

/* Buffers need not be aligned, so every read is a copy. */
static int64_t read_integer(const void *buffer, uint32_t bits, int64_t index)
{
	const uint8_t *const at = (const uint8_t *)buffer + index * (int64_t)(bits / 8);

	switch (bits) {
	case 8:
		return (int8_t)*at;
	case 16:
		return (int16_t)kist_le_read16(at);
	case 32:
		return (int32_t)kist_le_read32(at);
	default:
		return (int64_t)kist_le_read64(at);
	}
}

static bool is_null(const struct ArrowArray *array, int64_t index)
{
	const uint8_t *const bitmap = array->buffers[0];

	return bitmap && !(bitmap[index / 8] >> (index % 8) & 1);
}

static kist_status check_counts(struct node *node, struct kist_error *err)
{
	const struct ArrowArray *const array = node->array;
	const int64_t want = kist_arrow_buffers(&node->format);
	int64_t bits;

	if (!array->release)
		return bad(node, -1, "the array is released", err);
	if (array->length < 0 || array->offset < 0)
		return bad(node, -1, "the length or the offset is negative", err);
	if (__builtin_add_overflow(array->offset, array->length, &node->end) ||
	    __builtin_mul_overflow(node->end + (node->end < INT64_MAX), (int64_t)(node->format.bits | 8),
				   &bits))
		return kist_fail_at(err, KIST_LIMIT, "E_ARRAY", KIST_NO_OFFSET,
				    "column '%.64s': offset and length do not fit 63 bits",
				    node->schema->name ? node->schema->name : "");
	if (array->null_count < -1 || array->null_count > array->length)
		return bad(node, -1, "the null count is out of range", err);
	if (node->format.layout == KIST_ARROW_VIEW
		    ? array->n_buffers < want || array->n_buffers > VIEW_BUFFERS_MAX
		    : array->n_buffers != want)
		return bad(node, -1, "the number of buffers does not fit the format", err);
	if (array->n_buffers > 0 && !array->buffers)
		return bad(node, -1, "buffers at no address", err);
	if (array->n_children != node->schema->n_children)
		return bad(node, -1, "the number of children differs from the schema", err);
	if (array->n_children > 0 && !array->children)
		return bad(node, -1, "children at no address", err);
	if (!array->dictionary != !node->schema->dictionary)
		return bad(node, -1, "the dictionary differs from the schema", err);
	return KIST_OK;
}

static kist_status check_validity(const struct node *node, struct kist_error *err)
{
	const struct ArrowArray *const array = node->array;
	int64_t nulls = 0;

	if (!kist_arrow_has_validity(&node->format))
		return KIST_OK;
	if (!array->buffers[0])
		return array->null_count > 0 ? bad(node, -1, "nulls without a validity bitmap", err)
					     : KIST_OK;
	if (array->null_count < 0)
		return KIST_OK;
	for (int64_t i = array->offset; i < node->end; i++)
		nulls += is_null(array, i);
	return nulls == array->null_count ? KIST_OK
					  : bad(node, -1, "the null count is not that of the bitmap", err);
}

/* Offsets rise and stay below @limit; there is one more of them than values. */
static kist_status check_offsets(const struct node *node, int64_t limit, struct kist_error *err)
{
	const void *const offsets = node->array->buffers[1];
	int64_t before;

	/* An array of length 0 may have an offsets buffer of no bytes. */
	if (node->array->length == 0)
		return KIST_OK;
	if (!offsets)
		return bad(node, -1, "offsets at no address", err);
	before = read_integer(offsets, node->format.bits, node->array->offset);
	if (before < 0)
		return bad(node, node->array->offset, "the first offset is negative", err);
	for (int64_t i = node->array->offset; i < node->end; i++) {
		const int64_t after = read_integer(offsets, node->format.bits, i + 1);

		if (after < before)
			return bad(node, i, "offsets descend", err);
		if (after > limit)
			return bad(node, i, "the offset is past the end of the data", err);
		before = after;
	}
	return KIST_OK;
}

static kist_status check_binary(const struct node *node, struct kist_error *err)
{
	const struct ArrowArray *const array = node->array;

	KIST_TRY(check_offsets(node, INT64_MAX, err));
	if (array->length > 0 && !array->buffers[2] &&
	    read_integer(array->buffers[1], node->format.bits, node->end) >
		    read_integer(array->buffers[1], node->format.bits, array->offset))
		return bad(node, -1, "data at no address", err);
	return KIST_OK;
}

/* A view is: size i32, then 12 bytes of data, or prefix, index of the buffer i32, offset i32. */
static kist_status check_view(const struct node *node, int64_t index, struct kist_error *err)
{
	const struct ArrowArray *const array = node->array;
	const uint8_t *const view = (const uint8_t *)array->buffers[1] + 16 * index;
	const int64_t data_buffers = array->n_buffers - 3;
	const int64_t size = (int32_t)kist_le_read32(view);
	const int64_t buffer = (int32_t)kist_le_read32(view + 8);
	const int64_t offset = (int32_t)kist_le_read32(view + 12);
	int64_t room;

	if (size < 0)
		return bad(node, index, "the view's size is negative", err);
	if (size <= 12)
		return KIST_OK;
	if (buffer < 0 || buffer >= data_buffers || offset < 0)
		return bad(node, index, "the view names no data", err);
	room = read_integer(array->buffers[array->n_buffers - 1], 64, buffer);
	if (!array->buffers[2 + buffer] || room < 0 || offset > room || size > room - offset)
		return bad(node, index, "the view is past the end of its data", err);
	return KIST_OK;
}

static kist_status check_views(const struct node *node, struct kist_error *err)
{
	const struct ArrowArray *const array = node->array;

	if (array->length > 0 && !array->buffers[1])
		return bad(node, -1, "views at no address", err);
	if (array->n_buffers > 3 && !array->buffers[array->n_buffers - 1])
		return bad(node, -1, "sizes of the data buffers at no address", err);
	for (int64_t i = array->offset; i < node->end; i++) {
		if (!is_null(array, i))
			KIST_TRY(check_view(node, i, err));
	}
	return KIST_OK;
}

static kist_status check_list_view(const struct node *node, struct kist_error *err)
{
	const struct ArrowArray *const array = node->array;
	const int64_t limit = array->children[0]->length;

	if (array->length > 0 && (!array->buffers[1] || !array->buffers[2]))
		return bad(node, -1, "offsets or sizes at no address", err);
	for (int64_t i = array->offset; i < node->end; i++) {
		const int64_t offset = read_integer(array->buffers[1], node->format.bits, i);
		const int64_t size = read_integer(array->buffers[2], node->format.bits, i);

		if (offset < 0 || size < 0 || offset > limit || size > limit - offset)
			return bad(node, i, "the list is past the end of its child", err);
	}
	return KIST_OK;
}

static kist_status check_fixed(const struct node *node, struct kist_error *err)
{
	if (node->array->length > 0 && node->format.bits > 0 && !node->array->buffers[1])
		return bad(node, -1, "values at no address", err);
	return KIST_OK;
}

static kist_status check_fixed_list(const struct node *node, struct kist_error *err)
{
	int64_t need;

	if (__builtin_mul_overflow(node->end, (int64_t)node->format.width, &need) ||
	    need > node->array->children[0]->length)
		return bad(node, -1, "the child is too short", err);
	return KIST_OK;
}

static kist_status check_struct(const struct node *node, struct kist_error *err)
{
	for (int64_t i = 0; i < node->array->n_children; i++) {
		if (node->array->children[i]->length < node->end)
			return bad(node, -1, "a child is too short", err);
	}
	return KIST_OK;
}

static int64_t member_of(const struct kist_arrow_format *format, int64_t type_id)
{
	for (uint32_t i = 0; i < format->member_count; i++) {
		if (format->members[i] == type_id)
			return i;
	}
	return -1;
}

static kist_status check_union(const struct node *node, struct kist_error *err)
{
	const struct ArrowArray *const array = node->array;
	const bool dense = node->format.layout == KIST_ARROW_DENSE_UNION;

	if (array->length > 0 && (!array->buffers[0] || (dense && !array->buffers[1])))
		return bad(node, -1, "type ids or offsets at no address", err);
	if (!dense)
		KIST_TRY(check_struct(node, err));
	for (int64_t i = array->offset; i < node->end; i++) {
		const int64_t member = member_of(&node->format, read_integer(array->buffers[0], 8, i));
		int64_t offset;

		if (member < 0)
			return bad(node, i, "the type id is none of the union's", err);
		offset = dense ? read_integer(array->buffers[1], 32, i) : i;
		if (offset < 0 || offset >= array->children[member]->length)
			return bad(node, i, "the offset is past the end of the member", err);
	}
	return KIST_OK;
}

static kist_status check_run_ends(const struct node *node, struct kist_error *err)
{
	const struct ArrowArray *const ends = node->array->children[0];
	const uint32_t bits = node->schema->children[0]->format[0] == 's'   ? 16
			      : node->schema->children[0]->format[0] == 'i' ? 32
									    : 64;
	int64_t before = 0;

	if (ends->null_count > 0 || (ends->length > 0 && ends->buffers[0] && ends->null_count != 0))
		return bad(node, -1, "run ends must not be null", err);
	if (node->array->children[1]->length < ends->length)
		return bad(node, -1, "fewer values than runs", err);
	for (int64_t i = ends->offset; i < ends->offset + ends->length; i++) {
		const int64_t after = read_integer(ends->buffers[1], bits, i);

		if (after <= before)
			return bad(node, i, "run ends do not rise", err);
		before = after;
	}
	return before >= node->end ? KIST_OK : bad(node, -1, "the runs end before the array", err);
}

static kist_status check_indices(const struct node *node, struct kist_error *err)
{
	const struct ArrowArray *const array = node->array;
	const bool is_signed = node->format.number == KIST_ARROW_SIGNED;
	const uint64_t mask = node->format.bits == 64 ? UINT64_MAX : ((uint64_t)1 << node->format.bits) - 1;

	for (int64_t i = array->offset; i < node->end; i++) {
		int64_t index;

		if (is_null(array, i))
			continue;
		index = read_integer(array->buffers[1], node->format.bits, i);
		if ((is_signed ? (uint64_t)index : (uint64_t)index & mask) >=
		    (uint64_t)array->dictionary->length)
			return bad(node, i, "the index is past the end of the dictionary", err);
	}
	return KIST_OK;
}

static kist_status check_layout(const struct node *node, struct kist_error *err)
{
	switch (node->format.layout) {
	case KIST_ARROW_FIXED:
		return check_fixed(node, err);
	case KIST_ARROW_BINARY:
		return check_binary(node, err);
	case KIST_ARROW_VIEW:
		return check_views(node, err);
	case KIST_ARROW_LIST:
	case KIST_ARROW_MAP:
		return check_offsets(node, node->array->children[0]->length, err);
	case KIST_ARROW_LISTVIEW:
		return check_list_view(node, err);
	case KIST_ARROW_FIXED_LIST:
		return check_fixed_list(node, err);
	case KIST_ARROW_STRUCT:
		return check_struct(node, err);
	case KIST_ARROW_SPARSE_UNION:
	case KIST_ARROW_DENSE_UNION:
		return check_union(node, err);
	case KIST_ARROW_RUN_END:
		return check_run_ends(node, err);
	default:
		return KIST_OK;
	}
}

static kist_status check_children(const struct node *node, struct kist_error *err)
{
	const struct ArrowArray *const array = node->array;

	for (int64_t i = 0; i < array->n_children; i++) {
		if (!array->children[i])
			return bad(node, -1, "a child at no address", err);
		KIST_TRY(check_node(node->schema->children[i], array->children[i], err));
	}
	return array->dictionary ? check_node(node->schema->dictionary, array->dictionary, err) : KIST_OK;
}

static kist_status check_node(const struct ArrowSchema *schema, const struct ArrowArray *array,
			      struct kist_error *err)
{
	struct node node = { .schema = schema, .array = array };

	if (!kist_arrow_format_parse(schema->format, &node.format))
		return bad(&node, -1, "the schema was not checked", err);
	KIST_TRY(check_counts(&node, err));
	KIST_TRY(check_validity(&node, err));
	KIST_TRY(check_children(&node, err));
	KIST_TRY(check_layout(&node, err));
	return array->dictionary ? check_indices(&node, err) : KIST_OK;
}

kist_status kist_array_check(const struct ArrowSchema *schema, const struct ArrowArray *array,
			     struct kist_error *err)
{
	return check_node(schema, array, err);
}
