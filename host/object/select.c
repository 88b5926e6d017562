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

struct batch {
	const void *buffers[1];
	struct ArrowArray **children;
	struct ArrowArray *arrays;
};

static void batch_release(struct ArrowArray *array)
{
	struct batch *const own = array->private_data;

	for (int64_t i = 0; own->arrays && i < array->n_children; i++)
		kist_array_release(&own->arrays[i]);
	kist_free(own->arrays);
	kist_free(own->children);
	kist_free(own);
	array->release = NULL;
}

static kist_status new_batch(const struct ArrowArray *whole, size_t count, struct ArrowArray *ret,
			     struct kist_error *err)
{
	struct batch *const own = kist_alloc(1, sizeof(*own));

	if (!own)
		return kist_fail_memory(err, sizeof(*own));
	own->arrays = kist_alloc(count, sizeof(*own->arrays));
	own->children = kist_alloc(count, sizeof(*own->children));
	*ret = (struct ArrowArray){ .length = whole->length,
				    .offset = whole->offset,
				    .n_buffers = 1,
				    .n_children = (int64_t)count,
				    .buffers = own->buffers,
				    .children = own->children,
				    .release = batch_release,
				    .private_data = own };
	return own->arrays && own->children ? KIST_OK : kist_fail_memory(err, count * sizeof(*own->arrays));
}

/* Moves the selected columns out of @whole; the others are left to its release. */
static kist_status take_columns(const struct selection *selection, struct ArrowArray *whole,
				struct ArrowArray *ret, struct kist_error *err)
{
	kist_auto_array struct ArrowArray part = { .release = NULL };
	struct batch *own;

	KIST_TRY(new_batch(whole, selection->columns.count, &part, err));
	own = part.private_data;
	for (size_t i = 0; i < selection->columns.count; i++) {
		struct ArrowArray *const from = whole->children[selection->columns.indices[i]];

		/* A hostile batch may name the same struct twice. */
		if (!from->release)
			return kist_fail_at(err, KIST_INVALID, "E_ARRAY", KIST_NO_OFFSET,
					    "two columns of a batch are the same");
		own->arrays[i] = *from;
		own->children[i] = &own->arrays[i];
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
