/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/mem.h"
#include "base/num.h"
#include "object/columns.h"
#include "object/convert.h"
#include "object/convert_parts.h"
#include "object/made.h"
#include "object/schema_copy.h"
#include "object/stream.h"

/* Some columns of a table, and a stretch of its rows.  Each batch is checked as it passes. */
struct selection {
	struct kist_object object; /* keeps the whole table */
	struct ArrowSchema schema; /* of the whole */
	struct kist_columns columns;
	uint64_t skip; /* rows before the stretch */
	uint64_t left; /* rows of it */
	struct kist_error error;
};

/* Moves the selected columns out of @whole; the others are left to its release. */
static kist_status take_columns(const struct selection *selection, struct ArrowArray *whole,
				struct ArrowArray *ret, struct kist_error *err)
{
	kist_auto_array struct ArrowArray part = { .release = NULL };

	KIST_TRY(kist_batch_new(whole->length, (int64_t)selection->columns.count, &part, err));
	part.offset = whole->offset;
	for (size_t i = 0; i < selection->columns.count; i++) {
		struct ArrowArray *const from = whole->children[selection->columns.indices[i]];

		/* A hostile batch may name the same struct twice. */
		if (!from->release)
			return kist_fail_at(err, KIST_INVALID, "E_ARRAY", KIST_NO_OFFSET,
					    "two columns of a batch are the same");
		*part.children[i] = *from;
		from->release = NULL;
	}
	*ret = part;
	part.release = NULL;
	return KIST_OK;
}

/* Narrows a batch to the rows that are wanted; false when it has none, but for one that is empty anyway. */
static bool take_rows(struct selection *selection, struct ArrowArray *whole)
{
	const bool is_empty = whole->length == 0;
	const uint64_t skipped = kist_min_u64(selection->skip, (uint64_t)whole->length);

	selection->skip -= skipped;
	whole->offset += (int64_t)skipped;
	whole->length = (int64_t)kist_min_u64((uint64_t)whole->length - skipped, selection->left);
	selection->left -= (uint64_t)whole->length;
	return is_empty || whole->length > 0;
}

static kist_status next(struct selection *selection, struct ArrowArray *out, struct kist_error *err)
{
	kist_auto_array struct ArrowArray whole = { .release = NULL };

	while (selection->left > 0) {
		KIST_TRY(kist_stream_next(selection->object.value, &selection->schema, &whole, err));
		if (!whole.release)
			return KIST_OK;
		if (take_rows(selection, &whole))
			return take_columns(selection, &whole, out, err);
		kist_array_release(&whole);
	}
	return KIST_OK;
}

static int stream_get_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
	struct selection *const selection = stream->private_data;

	*out = (struct ArrowSchema){ .release = NULL };
	kist_error_clear(&selection->error);
	return kist_status_errno(kist_schema_copy(&selection->schema, selection->columns.indices,
						  selection->columns.count, out, &selection->error));
}

static int stream_get_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
	struct selection *const selection = stream->private_data;

	*out = (struct ArrowArray){ .release = NULL };
	kist_error_clear(&selection->error);
	return kist_status_errno(next(selection, out, &selection->error));
}

static const char *stream_get_last_error(struct ArrowArrayStream *stream)
{
	const struct selection *const selection = stream->private_data;

	return selection->error.status == KIST_OK ? NULL : selection->error.text;
}

static void selection_free(struct selection *selection)
{
	kist_object_release(&selection->object);
	kist_schema_release(&selection->schema);
	kist_columns_done(&selection->columns);
	kist_free(selection);
}

static void selection_free_(struct selection **slot)
{
	if (*slot)
		selection_free(*slot);
}

static void stream_release(struct ArrowArrayStream *stream)
{
	selection_free(stream->private_data);
	stream->release = NULL;
}

static kist_status select_part(struct kist_object *object, const char *select, uint64_t skip, uint64_t count,
			       struct kist_object *ret, struct kist_error *err)
{
	__attribute__((cleanup(selection_free_))) struct selection *selection =
		kist_alloc(1, sizeof(*selection));
	struct ArrowArrayStream stream = { .get_schema = stream_get_schema,
					   .get_next = stream_get_next,
					   .get_last_error = stream_get_last_error,
					   .release = stream_release,
					   .private_data = selection };

	if (!selection)
		return kist_fail_memory(err, sizeof(*selection));
	selection->skip = skip;
	selection->left = count;
	KIST_TRY(kist_stream_schema(object->value, &selection->schema, err));
	KIST_TRY(kist_columns_select(&selection->schema, select, &selection->columns, err));
	KIST_TRY(kist_object_of_stream(&stream, ret, err));
	kist_object_move(&kist_steal(selection)->object, object);
	return KIST_OK;
}

kist_status kist_table_select(struct kist_object *object, const char *select, struct kist_object *ret,
			      struct kist_error *err)
{
	return select_part(object, select, 0, UINT64_MAX, ret, err);
}

kist_status kist_object_rows(struct kist_object *object, const char *select, uint64_t skip, uint64_t count,
			     struct kist_object *ret, struct kist_error *err)
{
	KIST_TRY(kist_object_check(object, err));
	if (object->kind != KIST_KIND_TABLE)
		return kist_fail(err, KIST_UNSUPPORTED, "only a table has rows and columns, not a %s",
				 kist_kind_name(object->kind));
	return select_part(object, select, skip, count, ret, err);
}
