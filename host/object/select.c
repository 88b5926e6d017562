/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/mem.h"
#include "object/columns.h"
#include "object/convert_parts.h"
#include "object/made.h"
#include "object/schema_copy.h"
#include "object/stream.h"

/* Some columns of a table.  Each batch is checked as it passes. */
struct selection {
	struct kist_object object; /* keeps the whole table */
	struct ArrowSchema schema; /* of the whole */
	struct kist_columns columns;
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

static kist_status next(struct selection *selection, struct ArrowArray *out, struct kist_error *err)
{
	kist_auto_array struct ArrowArray whole = { .release = NULL };

	KIST_TRY(kist_stream_next(selection->object.value, &selection->schema, &whole, err));
	return whole.release ? take_columns(selection, &whole, out, err) : KIST_OK;
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

kist_status kist_table_select(struct kist_object *object, const char *select, struct kist_object *ret,
			      struct kist_error *err)
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
	KIST_TRY(kist_stream_schema(object->value, &selection->schema, err));
	KIST_TRY(kist_columns_select(&selection->schema, select, &selection->columns, err));
	KIST_TRY(kist_object_of_stream(&stream, ret, err));
	kist_object_move(&kist_steal(selection)->object, object);
	return KIST_OK;
}
